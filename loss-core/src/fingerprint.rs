//! A number that tells two losses apart.

/// A 64-bit FNV-1a hash of a loss: its structure, names, options and parameters.
///
/// Sums may be merged only if they were made by the same loss; the fingerprint, which travels beside a state and never
/// inside it, tells whether they were. It is the same on every machine, and from release to release: options have names
/// of their own (`empty_mask=zero`), and an option that a later release adds is hashed only where it is not the default.
#[derive(Clone, Debug)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    // This and the next stand in flash once: a loss has many names and parameters, each a loop that would be unrolled.

    /// Adds the name of a loss or of an option.
    #[inline(never)]
    pub fn name(&mut self, name: &str) -> &mut Self {
        name.bytes().for_each(|byte| self.byte(byte));
        self.byte(0xff);
        self
    }

    /// Adds a parameter; −0 is 0.
    #[inline(never)]
    pub fn number(&mut self, parameter: f64) -> &mut Self {
        (parameter + 0.0).to_bits().to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
        self
    }

    pub(crate) const fn finish(&self) -> u64 {
        self.0
    }
}
