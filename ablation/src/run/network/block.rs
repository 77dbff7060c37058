//! A block as one operation of the framework: one node of its graph, with its own gradient.

use ablation_kernels::{Extent, Kept, Learned, Shape, backward, forward};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};

/// Convolution 3 × 3, group normalisation, leaky ReLU, for a tensor (batch, channels, height, width).
pub(super) fn block(x: Tensor<4>, kernels: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, groups: usize) -> Tensor<4> {
    let [x, kernels] = [x, kernels].map(Tensor::into_dispatch);
    let [scale, shift] = [scale, shift].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as Blocks>::block(x, kernels, scale, shift, groups))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait Blocks: Backend {
    fn block(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        groups: usize,
    ) -> FloatTensor<Self>;
}

type FlexTensor = FloatTensor<Flex>;

fn shape(x: &FlexTensor, kernels: &FlexTensor, groups: usize) -> Shape {
    let [images, from, height, width] = x.shape().dims();
    let [to, ..] = kernels.shape().dims::<4>();
    Shape { images, from, to, groups, extent: Extent { width, height } }
}

fn run(
    x: &FlexTensor,
    kernels: &FlexTensor,
    scale: &FlexTensor,
    shift: &FlexTensor,
    groups: usize,
) -> (FlexTensor, Kept) {
    let shape = shape(x, kernels, groups);
    let learned = Learned { kernels: kernels.storage(), scale: scale.storage(), shift: shift.storage() };
    let forward = forward(shape, x.storage(), learned);
    let dims = [shape.images, shape.to, shape.extent.height, shape.extent.width];
    (tensor(forward.output, dims), forward.kept)
}

fn tensor<const D: usize>(numbers: Vec<f32>, dims: [usize; D]) -> FlexTensor {
    Flex::float_from_data(TensorData::new(numbers, dims), &Default::default())
}

impl Blocks for Flex {
    fn block(x: FlexTensor, kernels: FlexTensor, scale: FlexTensor, shift: FlexTensor, groups: usize) -> FlexTensor {
        let [x, kernels, scale, shift] = [x, kernels, scale, shift].map(|tensor| tensor.to_contiguous());
        run(&x, &kernels, &scale, &shift, groups).0
    }
}

/// The values that the gradient is made from.
#[derive(Clone, Debug)]
struct State {
    x: FlexTensor,
    kernels: FlexTensor,
    scale: FlexTensor,
    shift: FlexTensor,
    kept: Kept,
    groups: usize,
}

#[derive(Debug)]
struct BlockGradient;

impl Backward<Flex, 4> for BlockGradient {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { x, kernels, scale, shift, kept, groups } = ops.state;
        let shape = shape(&x, &kernels, groups);
        let slopes = grads.consume::<Flex>(&ops.node).to_contiguous().storage::<f32>().to_vec();
        let learned = Learned { kernels: kernels.storage(), scale: scale.storage(), shift: shift.storage() };
        let [of_x, of_kernels, of_scale, of_shift] = ops.parents;
        let found = backward(shape, x.storage(), learned, &kept, slopes, of_x.is_some());
        if let (Some(node), Some(slopes)) = (of_x, found.input) {
            grads.register::<Flex>(node.id, tensor(slopes, x.shape().dims::<4>()));
        }
        if let Some(node) = of_kernels {
            grads.register::<Flex>(node.id, tensor(found.kernels, kernels.shape().dims::<4>()));
        }
        if let Some(node) = of_scale {
            grads.register::<Flex>(node.id, tensor(found.scale, [shape.to]));
        }
        if let Some(node) = of_shift {
            grads.register::<Flex>(node.id, tensor(found.shift, [shape.to]));
        }
    }
}

impl<C: CheckpointStrategy> Blocks for Autodiff<Flex, C> {
    fn block(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        groups: usize,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), kernels.node(), scale.node(), shift.node()];
        let [x, kernels, scale, shift] =
            [x, kernels, scale, shift].map(|tensor| tensor.into_primitive().to_contiguous());
        let (output, kept) = run(&x, &kernels, &scale, &shift, groups);
        match BlockGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(State { x, kernels, scale, shift, kept, groups }, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
