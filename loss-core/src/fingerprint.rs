//! A number that tells two losses apart.

/// A 64-bit FNV-1a hash of a loss: its structure, names, options and parameters.
///
/// Sums may be merged only if they were made by the same loss; the fingerprint, which travels beside a state and never
/// inside it, tells whether they were. It is the same on every machine, and from release to release: options have names
/// of their own (`empty_mask=zero`), and an option that a later release adds is hashed only where it is not the default.
///
/// A combined loss is the list of its losses, each with its whole coefficient. So it has one fingerprint, however it was
/// written: with types, as an array, or chosen at run time; `2·(A + B)` or `2·A + 2·B`; with a coefficient of 1 or none.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hash: u64,
    /// What the losses that are added now are multiplied by.
    coefficient: f64,
    /// Whether a loss begins here: before its name, its coefficient is hashed.
    begins: bool,
}

impl Fingerprint {
    pub(crate) const fn new() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, coefficient: 1.0, begins: false }
    }

    /// Goes on from a hash.
    pub(crate) const fn resumed(hash: u64) -> Self {
        Self { hash, ..Self::new() }
    }

    fn byte(&mut self, byte: u8) {
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// −0 is 0: by the bits, where an addition of `f64`s is a call that takes flash.
    fn eight_bytes(&mut self, number: f64) {
        let bits = number.to_bits();
        let bits = if bits << 1 == 0 { 0 } else { bits };
        bits.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
    }

    /// Adds one loss of a sum, by its coefficient in the sum and by what adds the loss: a loss of losses calls it for each
    /// of them. A sum in a sum is one list, and coefficients of coefficients are multiplied.
    #[inline]
    pub fn loss(&mut self, coefficient: f64, add: impl FnOnce(&mut Self)) {
        let outer = self.coefficient;
        if coefficient != 1.0 {
            self.coefficient = product(outer, coefficient);
        }
        self.begins = true;
        add(self);
        self.begins = false;
        self.coefficient = outer;
    }

    // This and the next two stand in flash once: a loss has many names and parameters, each a loop that would be unrolled.

    /// Begins a loss, if one begins here.
    #[inline(never)]
    fn begin(&mut self) {
        if self.begins {
            self.begins = false;
            self.byte(b'+');
            self.byte(0xff);
            self.eight_bytes(self.coefficient);
        }
    }

    /// Adds the name of a loss or of an option.
    #[inline(never)]
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.begin();
        name.bytes().for_each(|byte| self.byte(byte));
        self.byte(0xff);
        self
    }

    /// Adds a parameter; −0 is 0.
    #[inline(never)]
    pub fn number(&mut self, parameter: f64) -> &mut Self {
        self.begin();
        self.eight_bytes(parameter);
        self
    }

    /// The hash.
    #[must_use]
    pub const fn finish(&self) -> u64 {
        self.hash
    }
}

/// Of nothing yet: for sums of one's own that stand beside the library's.
impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

/// a·b. Where that is no number it is one and the same NaN: which one a processor makes differs.
fn product(a: f64, b: f64) -> f64 {
    let product = a * b;
    if product.is_nan() { f64::NAN } else { product }
}
