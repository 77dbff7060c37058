//! Pixels of several kinds: random, extreme, subnormal, not finite. They are the same on every machine.

use firmware_report::random::Xorshift;

/// The number of pixels in a set: more than a tile, and not a multiple of any register.
pub const PIXELS: usize = 1207;

/// Random numbers.
#[derive(Debug)]
pub struct Random(Xorshift);

impl Random {
    /// Makes a generator whose numbers depend on the seed.
    pub fn new(seed: u32) -> Self {
        Self(Xorshift::new(seed))
    }

    /// 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0.bits()
    }

    /// A number in [low, high].
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.bits() >> 8) as f32 / 16_777_216.0)
    }

    /// A logit like those of a network in training.
    pub fn moderate(&mut self) -> f32 {
        self.between(-14.0, 9.0)
    }

    /// Any `f32`.
    pub fn any(&mut self) -> f32 {
        f32::from_bits(self.bits())
    }

    /// Any finite `f32`.
    pub fn finite(&mut self) -> f32 {
        loop {
            let number = self.any();
            if number.is_finite() {
                return number;
            }
        }
    }

    /// 0 or 1.
    pub fn hard(&mut self) -> f32 {
        (self.bits() & 1) as f32
    }

    /// Any `f32` in [0, 1], drawn by its bits, so small numbers are frequent.
    pub fn unit(&mut self) -> f32 {
        f32::from_bits(self.bits() % (1f32.to_bits() + 1))
    }

    /// A weight in range, or 0.
    pub fn weight(&mut self) -> f32 {
        let (least, most) = ((1.0 / 4_294_967_296.0f32).to_bits(), 4_294_967_296.0f32.to_bits());
        if self.bits() % 4 == 0 { 0.0 } else { f32::from_bits(least + self.bits() % (most - least + 1)) }
    }

    /// One element of a slice.
    pub fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.bits() as usize % from.len()]
    }

    /// Draws a number of values.
    pub fn many<T>(&mut self, count: usize, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count).map(|_| draw(self)).collect()
    }
}

/// Pixels of one kind.
#[derive(Debug)]
pub struct Pixels {
    pub name: &'static str,
    pub logits: Vec<f32>,
    pub targets: Vec<f32>,
    pub weights: Option<Vec<f32>>,
}

/// Logits at which something changes: the piece of a polynomial, an exponential that becomes subnormal or 0, a term below 2⁻⁶⁴.
const CORNERS: [f32; 24] = [
    0.0,
    -0.0,
    1e-45,
    -1e-45,
    1e-38,
    -1e-38,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    17.0,
    -17.0,
    28.0,
    -28.0,
    87.3,
    88.0,
    -88.8,
    103.9,
    -104.0,
    1e-30,
    -1e-30,
    9.313_226e-10,
    0.5,
    16.0,
    27.7258,
];

/// All kinds of pixels.
pub fn kinds() -> Vec<Pixels> {
    let mut random = Random::new(20);
    type Draw = fn(&mut Random) -> f32;
    let kinds: [(&str, Draw, Draw, Option<Draw>); 8] = [
        ("moderate, hard", Random::moderate, Random::hard, None),
        ("sure, hard", |random| random.between(-120.0, 120.0), Random::hard, None),
        ("soft", |random| random.between(-20.0, 20.0), |random| random.between(0.0, 1.0), None),
        (
            "soft, weighted",
            |random| random.between(-20.0, 20.0),
            |random| random.between(0.0, 1.0),
            Some(|random| if random.bits() % 4 == 0 { 0.0 } else { random.between(0.25, 40.0) }),
        ),
        ("any finite", Random::finite, Random::unit, None),
        (
            "any finite, any weight",
            Random::finite,
            |random| if random.bits() & 1 == 0 { random.hard() } else { random.unit() },
            Some(Random::weight),
        ),
        (
            "corners",
            |random| random.choose(&CORNERS),
            |random| random.choose(&[0.0, 1.0, 1e-45, 1e-38, 0.5, 0.999_999_94, 0.3]),
            None,
        ),
        (
            "any, NaN and infinite too",
            Random::any,
            |random| if random.bits() % 8 == 0 { random.any() } else { random.hard() },
            Some(|random| if random.bits() % 8 == 0 { random.any() } else { 1.0 }),
        ),
    ];
    let mut all: Vec<Pixels> = kinds
        .into_iter()
        .map(|(name, logit, target, weight)| Pixels {
            name,
            logits: random.many(PIXELS, logit),
            targets: random.many(PIXELS, target),
            weights: weight.map(|weight| random.many(PIXELS, weight)),
        })
        .collect();
    // Lengths around a register and a tile.
    for (name, length) in [("none", 0), ("one", 1), ("seven", 7), ("33", 33), ("1023", 1023), ("1025", 1025)] {
        let (logits, targets) = (random.many(length, Random::moderate), random.many(length, Random::hard));
        all.push(Pixels { name, logits, targets, weights: None });
    }
    all
}
