//! The hash that identifies a loss.

/// A 64-bit FNV-1a hash of a loss: its structure, names, options and parameters.
///
/// Sums merge only if the same loss made them. The fingerprint decides that. It is stored beside a state, never inside it. It is equal on every machine and
/// from release to release: each option has a name of its own (`empty_mask=zero`), and an option added by a later release is hashed only where it differs from
/// its default.
///
/// A combined loss hashes as the list of its losses, each with its whole coefficient. So the fingerprint does not depend on how the loss is written: with types,
/// as an array or chosen at run time; as `2·(A + B)` or `2·A + 2·B`; with a coefficient of 1 or with none.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hash: u64,
    /// The coefficient of the losses that are added now.
    coefficient: f64,
    /// Whether the next name begins a loss. Its coefficient is hashed before the name.
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

    /// Hashes the bits of the number, with −0 as 0. The test is on the bits because adding `f64`s is a call that takes flash.
    fn eight_bytes(&mut self, number: f64) {
        let bits = number.to_bits();
        let bits = if bits << 1 == 0 { 0 } else { bits };
        bits.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
    }

    /// Adds one loss of a sum: its coefficient in the sum, and the function that adds the loss. A loss made of losses calls this for each of them. Nested sums
    /// become one list, and nested coefficients are multiplied.
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

    // This function and the next two are not inlined: a loss has many names and parameters, and each would unroll a loop into flash.

    /// Begins a loss if the next name begins one.
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

    /// Adds an integer of a state.
    #[inline(never)]
    pub(crate) fn integer(&mut self, integer: i64) {
        integer.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
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

/// a·b. If the product is NaN, it is always the same NaN; processors differ in which one they make.
fn product(a: f64, b: f64) -> f64 {
    let product = a * b;
    if product.is_nan() { f64::NAN } else { product }
}
