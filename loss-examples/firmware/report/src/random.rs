//! Random numbers that are the same on every machine, and pixels made of them.

use loss_core::Sample;
use loss_core::class::ClassSample;

use crate::losses::CLASSES;
use crate::pixels::{ClassPixels, CodePixels, Half, Pixels};

/// Marsaglia's xorshift generator of 32 bits: shifts only, because a Cortex-M0 multiplies 64 bits slowly.
#[derive(Clone, Debug)]
pub struct Xorshift(u32);

impl Xorshift {
    /// A generator. Neighbouring seeds give unlike numbers.
    pub fn new(seed: u32) -> Self {
        // The state must not be 0; an odd multiplier spreads the seeds, and the lowest bit is set.
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9) | 1);
        random.bits();
        random.bits();
        random
    }

    /// The next 32 bits.
    #[inline]
    pub fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A logit in [−8, 8) and a bit, from the next 32 bits.
    #[inline]
    fn pixel(&mut self) -> (f32, bool) {
        let bits = self.bits();
        (logit(bits), bits & 1 == 1)
    }
}

/// The upper 24 bits as a logit in [−8, 8): exact, so that no machine rounds.
#[inline]
fn logit(bits: u32) -> f32 {
    (bits as i32 >> 8) as f32 * (1.0 / 1_048_576.0)
}

/// So many random pixels.
#[derive(Clone, Copy, Debug)]
pub struct RandomPixels {
    /// Where the numbers begin.
    pub seed: u32,
    /// How many.
    pub count: u32,
}

impl RandomPixels {
    fn of(self, half: Half, mut act: impl FnMut(&mut Xorshift)) {
        let mut random = Xorshift::new(self.seed.wrapping_add(half as u32));
        half.of(0..self.count).for_each(|_| act(&mut random));
    }
}

impl Pixels for RandomPixels {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(Sample)) {
        self.of(half, |random| act(random.pixel().into()));
    }
}

/// So many random pixels of every kind: soft targets, weights, ignored pixels, logits of any size, and some that are rejected.
#[derive(Clone, Copy, Debug)]
pub struct MixedPixels(pub RandomPixels);

impl Pixels for MixedPixels {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(Sample)) {
        self.0.of(half, |random| {
            let (size, kind) = (random.bits(), random.bits());
            // Products with powers of two, which no machine rounds.
            let scale = (1u32 << (size % 12)) as f32;
            let input = match kind % 61 {
                0 => f32::NAN,
                1 => f32::INFINITY,
                // So large that no weight takes its loss beyond f32, which would leave the sum without a value.
                2 => f32::MAX * (1.0 / 4096.0),
                _ => logit(random.bits()) * scale,
            };
            let share = ((kind >> 8) % 257) as f32 * (1.0 / 256.0);
            let target = if kind & 64 == 0 { share } else { (kind >> 8 & 1) as f32 };
            let weight = match size >> 29 {
                0 => 0.0,
                1..=3 => 1.0,
                4 => -1.0,
                more => more as f32 * (1.0 / 1024.0) * scale,
            };
            act(Sample { input, target, weight });
        });
    }
}

impl ClassPixels<CLASSES> for RandomPixels {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(ClassSample<CLASSES>)) {
        self.of(half, |random| {
            let label = (random.bits() % CLASSES as u32) as u8;
            let logits = core::array::from_fn(|_| logit(random.bits()));
            act((logits, label).into());
        });
    }
}

impl CodePixels for RandomPixels {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(i8, bool)) {
        self.of(half, |random| {
            let bits = random.bits();
            act((bits >> 24) as i8, bits & 1 == 1);
        });
    }
}
