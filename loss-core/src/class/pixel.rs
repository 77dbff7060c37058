use super::softmax::Exponentials;
use crate::input::link::{Link, Logits};
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// The function that makes probabilities of logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activation {
    /// Softmax, for classes that exclude each other: p_c = exp(z_c) / Σ exp(z_k).
    #[default]
    Softmax,
    /// Sigmoids, for independent classes: p_c = sigmoid(z_c).
    Sigmoid,
}

impl Activation {
    /// The name of the option in fingerprints.
    pub(super) fn code(self) -> &'static str {
        match self {
            Activation::Softmax => "activation=softmax",
            Activation::Sigmoid => "activation=sigmoid",
        }
    }
}

/// A pixel of C classes after its activation: every quantity that a loss may read.
///
/// Past the number of classes in use, targets, probabilities and losses are 0.
#[derive(Clone, Copy, Debug)]
pub struct ClassPixel<R, const C: usize> {
    /// The number of classes in use, at most C.
    pub classes: usize,
    /// The function that made the probabilities.
    pub activation: Activation,
    /// The targets t_c, one-hot for a label.
    pub target: [R; C],
    /// The probabilities p_c.
    pub p: [R; C],
    /// 1 − p_c; for the likeliest class it comes from the sum of the other exponentials.
    pub q: [R; C],
    /// −ln p_c, by log-sum-exp. It is infinite where the difference of two logits is beyond `f32`; only a single pixel (LANES = 1) has such logits.
    pub cross_entropy: [R; C],
}

// Loops and not `fold` or `for_each`: a closure inside of those is compiled without the level's instructions wherever they are not inlined,
// which for several classes they mostly are not.
impl<R: Real, const C: usize> ClassPixel<R, C> {
    /// Takes the softmax of the first `classes` logits.
    #[inline(always)]
    pub fn softmax(classes: usize, logits: &[R; C], target: [R; C]) -> Self {
        let zero = R::splat(0.0);
        let mut largest = R::splat(f32::MIN);
        for &z in logits.iter().take(classes) {
            largest = largest.max(z);
        }
        let (mut p, mut q, mut cross_entropy) = ([zero; C], [zero; C], [zero; C]);
        let mut exponentials = Exponentials::new();
        for (((&z, gap), e), is_largest) in logits.iter().zip(&mut cross_entropy).zip(&mut p).zip(&mut q).take(classes)
        {
            *gap = largest - z;
            *e = gap.exp_neg();
            *is_largest = exponentials.add(*gap, *e);
        }
        let shares = exponentials.finish();
        for ((p, q), loss) in p.iter_mut().zip(&mut q).zip(&mut cross_entropy).take(classes) {
            [*p, *q, *loss] = shares.class(*loss, *p, *q);
        }
        Self { classes, activation: Activation::Softmax, target, p, q, cross_entropy }
    }

    /// −ln p_c, limited to the largest `f32`. Slopes use it where p_c is 0 and −ln p_c would be infinite.
    #[inline(always)]
    pub(super) fn finite_cross_entropy(&self) -> [R; C] {
        if R::LANES > 1 { self.cross_entropy } else { self.cross_entropy.map(|loss| loss.min(R::splat(f32::MAX))) }
    }

    /// Σ share_c·(−ln p_c). A class whose share is 0 adds nothing, even where −ln p_c is infinite.
    #[inline(always)]
    pub(crate) fn weigh_cross_entropy(&self, shares: &[R; C]) -> R {
        let zero = R::splat(0.0);
        let mut sum = zero;
        for (&share, &loss) in shares.iter().zip(&self.cross_entropy).take(self.classes) {
            let product = share * loss;
            sum = sum + if R::LANES > 1 { product } else { R::select(zero.ge(share), zero, product) };
        }
        sum
    }

    /// 1 if the logit of a class changes the probabilities of the others, 0 if not.
    #[inline(always)]
    pub(super) fn coupling(&self) -> R {
        match self.activation {
            Activation::Softmax => R::splat(1.0),
            Activation::Sigmoid => R::splat(0.0),
        }
    }

    /// Takes a sigmoid of each of the first `classes` logits.
    #[inline(always)]
    pub fn sigmoids(classes: usize, logits: &[R; C], target: [R; C]) -> Self {
        let zero = R::splat(0.0);
        let (mut p, mut q, mut cross_entropy) = ([zero; C], [zero; C], [zero; C]);
        for (((&z, p), q), loss) in logits.iter().zip(&mut p).zip(&mut q).zip(&mut cross_entropy).take(classes) {
            let pixel = Logits.pixel(z, zero);
            (*p, *q, *loss) = (pixel.p, pixel.q, pixel.foreground_loss);
        }
        Self { classes, activation: Activation::Sigmoid, target, p, q, cross_entropy }
    }

    /// Adds to `by_logit` the gradient by the logits, from g_c = ∂L/∂p_c: g_k p_k (1−p_k) for sigmoids, and
    /// p_k (g_k(1−p_k) − Σ_{c≠k} g_c p_c) for a softmax.
    ///
    /// The sum over the other classes adds those before k and those after k. Subtracting k from the sum over all would leave
    /// nothing where p_k is near 1.
    #[inline(always)]
    pub fn add_through_activation(&self, by_probability: &[R; C], by_logit: &mut [R; C]) {
        if self.activation == Activation::Sigmoid {
            let classes = by_logit.iter_mut().zip(&self.p).zip(&self.q).zip(by_probability).take(self.classes);
            for (((out, &p), &q), &g) in classes {
                *out = *out + through_sigmoid(p, q, g);
            }
            return;
        }
        let mut before = [R::splat(0.0); C];
        let mut sum = R::splat(0.0);
        for ((before, &p), &g) in before.iter_mut().zip(&self.p).zip(by_probability).take(self.classes) {
            *before = sum;
            sum = sum + g * p;
        }
        let mut after = R::splat(0.0);
        let classes = by_logit.iter_mut().zip(&before).zip(&self.p).zip(&self.q).zip(by_probability);
        let unused = C.saturating_sub(self.classes);
        for ((((out, &before), &p), &q), &g) in classes.rev().skip(unused) {
            *out = *out + through_softmax(p, q, g, before + after);
            after = after + g * p;
        }
    }
}

/// The slope by the logit of a class, given its slope g by p.
#[inline(always)]
pub(super) fn through_sigmoid<R: Real>(p: R, q: R, g: R) -> R {
    g * (p * q)
}

/// The slope by the logit of a class, given its slope g by p, and Σ g p over the other classes.
#[inline(always)]
pub(super) fn through_softmax<R: Real>(p: R, q: R, g: R, others: R) -> R {
    p * (g * q - others)
}

/// A class against the rest as a pixel of a binary loss, with slopes by p. Its input is 1 where the class is predicted, 0 elsewhere.
#[inline(always)]
pub(super) fn against_the_rest<R: Real>(predicted: R, target: R, p: R, q: R, cross_entropy: R) -> Pixel<R> {
    let (zero, one) = (R::splat(0.0), R::splat(1.0));
    Pixel {
        input: predicted,
        logit: zero,
        target,
        background: one - target,
        p,
        q,
        foreground_loss: cross_entropy,
        background_loss: zero,
        p_slope: one,
        foreground_slope: zero,
        background_slope: zero,
    }
}
