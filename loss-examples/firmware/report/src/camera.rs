//! A camera that gives an image row by row: a disc that moves from frame to frame, seen by a noisy model.

use heapless::Vec;
use loss_core::Sample;
use loss_core::class::ClassSample;

use crate::losses::CLASSES;
use crate::pixels::{ClassPixels, CodePixels, Half, Pixels};
use crate::random::Xorshift;

/// Pixels in a row.
pub const WIDTH: usize = 96;
/// Rows in a frame.
pub const HEIGHT: u32 = 96;

/// A row of an image: what the model gave, and the truth.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Logits of the foreground.
    pub logits: Vec<f32, WIDTH>,
    /// The same as the model's `i8` codes, see [`quantisation`](crate::losses::quantisation).
    pub codes: Vec<i8, WIDTH>,
    /// Whether a pixel is foreground.
    pub mask: Vec<bool, WIDTH>,
    /// Logits of the classes.
    pub class_logits: Vec<[f32; CLASSES], WIDTH>,
    /// Background, or in which quarter of the disc a pixel lies.
    pub labels: Vec<u8, WIDTH>,
}

impl Row {
    /// An empty row.
    pub const fn new() -> Self {
        Self { logits: Vec::new(), codes: Vec::new(), mask: Vec::new(), class_logits: Vec::new(), labels: Vec::new() }
    }

    /// Takes a row of a frame.
    #[inline(never)]
    pub fn capture(&mut self, frame: u32, y: u32) {
        self.logits.clear();
        self.codes.clear();
        self.mask.clear();
        self.class_logits.clear();
        self.labels.clear();
        // A row has random numbers of its own, so that a second pass can read it again.
        let mut random = Xorshift::new(frame.wrapping_mul(HEIGHT).wrapping_add(y));
        let centre = (32 + (frame % 4 * 8) as i32, 48);
        for x in 0..WIDTH as i32 {
            let (right, down) = (x.wrapping_sub(centre.0), (y as i32).wrapping_sub(centre.1));
            let inside = 576i32.wrapping_sub(right.wrapping_mul(right)).wrapping_sub(down.wrapping_mul(down));
            let foreground = inside > 0;
            let label = if foreground { 1 + u8::from(right > 0) + 2 * u8::from(down > 0) } else { 0 };
            let logit = inside.clamp(-1500, 1500).wrapping_mul(4).wrapping_add(noise(&mut random));
            let class_logits = core::array::from_fn(|class| {
                let signal = if class == usize::from(label) { 1536 } else { 0 };
                to_logit(noise(&mut random).wrapping_add(signal))
            });
            // The row has room for `WIDTH` pixels.
            let _ = self.logits.push(to_logit(logit));
            let _ = self.codes.push((logit >> 6).clamp(-128, 127) as i8);
            let _ = self.mask.push(foreground);
            let _ = self.class_logits.push(class_logits);
            let _ = self.labels.push(label);
        }
    }
}

/// A whole number in [−2048, 2048).
fn noise(random: &mut Xorshift) -> i32 {
    random.bits() as i32 >> 20
}

/// In steps of 2⁻¹⁰.
fn to_logit(steps: i32) -> f32 {
    steps as f32 * (1.0 / 1024.0)
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Which one.
    pub number: u32,
}

impl Frame {
    fn each_row(self, half: Half, mut act: impl FnMut(&Row)) {
        let mut row = Row::new();
        for y in half.of(0..HEIGHT) {
            row.capture(self.number, y);
            act(&row);
        }
    }
}

impl Pixels for Frame {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(Sample)) {
        self.each_row(half, |row| row.logits.iter().zip(&row.mask).for_each(|pixel| act(pixel.into())));
    }
}

impl ClassPixels<CLASSES> for Frame {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(ClassSample<CLASSES>)) {
        self.each_row(half, |row| {
            row.class_logits.iter().zip(&row.labels).for_each(|(&logits, &label)| act((logits, label).into()));
        });
    }
}

impl CodePixels for Frame {
    fn for_each(&self, half: Half, act: &mut dyn FnMut(i8, bool)) {
        self.each_row(half, |row| row.codes.iter().zip(&row.mask).for_each(|(&code, &target)| act(code, target)));
    }
}
