//! Scenes for fine-tuning: warm discs among bright ones, seen by a camera with two channels, visible and infrared, row by row.

use crate::random::Xorshift;

/// Pixels in a row, and rows in a scene.
pub const SIDE: usize = 48;
/// Visible and infrared.
pub const CHANNELS: usize = 2;
/// Warm discs, which are foreground, and as many bright ones, which are not.
const DISCS: usize = 3;

/// How a camera turns signals into codes: gain·signal/256 + offset, with noise.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    /// By channel.
    pub gain: [i32; CHANNELS],
    /// By channel.
    pub offset: [i32; CHANNELS],
    /// Noise is within ± this.
    pub noise: i32,
}

impl Camera {
    /// The camera that the network was trained with.
    pub const ACCEPTED: Self = Self { gain: [256, 256], offset: [0, 0], noise: 24 };

    /// Another one: five eighths of the light, and more noise.
    pub const SHIFTED: Self = Self { gain: [160, 160], offset: [0, 0], noise: 28 };
}

/// A row of a scene.
#[derive(Clone, Copy, Debug)]
pub struct SceneRow {
    /// Codes by channel.
    pub codes: [[i8; SIDE]; CHANNELS],
    /// Whether a pixel is foreground.
    pub mask: [bool; SIDE],
}

impl SceneRow {
    /// Nothing.
    pub const EMPTY: Self = Self { codes: [[0; SIDE]; CHANNELS], mask: [false; SIDE] };
}

/// A disc.
#[derive(Clone, Copy, Debug, Default)]
struct Disc {
    x: i32,
    y: i32,
    squared_radius: i32,
}

impl Disc {
    fn draw(random: &mut Xorshift) -> Self {
        let mut below = |end: u32| (random.bits() >> 8).checked_rem(end).unwrap_or_default();
        let (x, y, radius) = (below(SIDE as u32), below(SIDE as u32), 4 + below(5));
        Self { x: x as i32, y: y as i32, squared_radius: (radius * radius) as i32 }
    }

    fn contains(&self, x: i32, y: i32) -> bool {
        let (right, down) = (x.wrapping_sub(self.x), y.wrapping_sub(self.y));
        right.wrapping_mul(right).wrapping_add(down.wrapping_mul(down)) < self.squared_radius
    }
}

/// A scene, which can be seen again row by row.
#[derive(Clone, Debug)]
pub struct Scene {
    number: u32,
    camera: Camera,
    warm: [Disc; DISCS],
    bright: [Disc; DISCS],
}

impl Scene {
    /// A scene seen by a camera.
    pub fn new(number: u32, camera: Camera) -> Self {
        let mut random = Xorshift::new(number);
        let [mut warm, mut bright] = [[Disc::default(); DISCS]; 2];
        warm.iter_mut().chain(&mut bright).for_each(|disc| *disc = Disc::draw(&mut random));
        Self { number, camera, warm, bright }
    }

    /// Takes a row; beyond the ends the first and the last are repeated.
    #[inline(never)]
    pub fn row(&self, y: i32, row: &mut SceneRow) {
        let y = y.clamp(0, SIDE as i32 - 1);
        // A row has random numbers of its own, so that another pass can read it again.
        let mut random = Xorshift::new(self.number.wrapping_mul(SIDE as u32).wrapping_add(y as u32) ^ 0x5bd1_e995);
        let [visible, infrared] = &mut row.codes;
        for (x, ((visible, infrared), mask)) in
            (0..SIDE as i32).zip(visible.iter_mut().zip(infrared).zip(&mut row.mask))
        {
            let hits = |discs: &[Disc]| discs.iter().any(|disc| disc.contains(x, y));
            let (warm, bright) = (hits(&self.warm), hits(&self.bright));
            let either = |light: i32, holds: bool| if holds { light } else { 0 };
            let texture = (x ^ y) & 7;
            let signals = [
                70 + (x >> 1) + 2 * texture + either(25, warm) + either(70, bright),
                50 + (y >> 1) + either(75, warm) + either(15, bright),
            ];
            *mask = warm;
            for (channel, to) in (0..CHANNELS).zip([visible, infrared]) {
                let at = |of: &[i32; CHANNELS]| of.get(channel).copied().unwrap_or_default();
                let noise = ((random.bits() >> 16) as i32)
                    .wrapping_mul(self.camera.noise.wrapping_mul(2).wrapping_add(1))
                    >> 16;
                let light =
                    (at(&signals).wrapping_mul(at(&self.camera.gain)) >> 8).wrapping_add(at(&self.camera.offset));
                let code = light.wrapping_add(noise).wrapping_sub(self.camera.noise).wrapping_sub(128);
                *to = code.clamp(-128, 127) as i8;
            }
        }
    }
}
