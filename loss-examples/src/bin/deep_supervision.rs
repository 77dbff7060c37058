//! A decoder supervised at three scales, each with its own loss. The label maps are reduced row by row.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::Dice;
use loss_core::class::{ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, Layout, PerClass, SoftmaxFocal};
use loss_core::deep_supervision::{Majority, Strides, total};

const SIZE: usize = 32;

/// Labels of a disc of class 1 with a core of class 2.
fn label(x: usize, y: usize) -> u8 {
    match (x as f32 - 15.0).hypot(y as f32 - 17.0) {
        d if d < 4.0 => 2,
        d if d < 10.0 => 1,
        _ => 0,
    }
}

/// The loss of logits as a network might give them at this scale.
fn scale_loss(loss: impl ClassLoss<3>, labels: &[u8]) -> Result<f64, Box<dyn Error>> {
    let logit = |i: usize, class: usize| if usize::from(labels[i]) == class { 1.5 } else { (i % 7) as f32 * 0.2 };
    let logits: Vec<f32> = (0..3).flat_map(|class| (0..labels.len()).map(move |i| logit(i, class))).collect();
    let mut sums = ClassAccumulator::new(loss);
    let plane = ClassPlane::new(3, Layout::Planar, &logits, labels)?;
    sums.extend_plane(plane);
    let finished = sums.finish()?;
    let mut gradient = vec![0.0; logits.len()];
    finished.gradient_times(0.5).write(plane, &mut gradient)?; // λ is the upstream factor
    Ok(finished.value())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut quarter, mut counts) = (Strides::new(4), [0; SIZE / 8 * 3]);
    let mut eighth = Majority::new(8, 3, 255, &mut counts);
    let (mut full, mut by_4, mut by_8) = (Vec::new(), Vec::new(), Vec::new());
    let mut row = [0; SIZE];
    for y in 0..SIZE {
        let labels: [u8; SIZE] = std::array::from_fn(|x| label(x, y));
        full.extend(labels);
        by_4.extend(quarter.push_row(&labels, &mut row)?.map(|length| row[..length].to_vec()).unwrap_or_default());
        by_8.extend(eighth.push_row(&labels, &mut row)?.map(|length| row[..length].to_vec()).unwrap_or_default());
    }
    let focal = SoftmaxFocal::new(2.0)?.mean();
    let both = focal + PerClass::new(Dice::new(1e-6)?);
    let values = [scale_loss(both, &full)?, scale_loss(both, &by_4)?, scale_loss(focal, &by_8)?];
    println!("{} labels at full size, {} at 1/4, {} at 1/8", full.len(), by_4.len(), by_8.len());
    println!("losses {values:.4?}, total {:.6}", total(&[1.0, 0.6, 0.4], &values));
    Ok(())
}
