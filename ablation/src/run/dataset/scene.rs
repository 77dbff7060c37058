//! The ground below the objects: texture, distractors, noise.

use super::canvas::{Canvas, soft_step};
use super::random::Stream;
use super::shape::{Kind, Shape};

/// About the variance of [`ground`].
const GROUND_VARIANCE: f64 = 0.06;

/// The background: texture of range 1 around 0, with faint shapes that are not objects.
pub(super) fn ground(size: usize, stream: &mut Stream) -> Vec<f64> {
    let mut ground = texture(size, stream);
    add_distractors(&mut ground, size, stream);
    ground
}

/// A smooth texture around 0 with a range of about 1: four octaves of value noise, each with half the amplitude of the one before.
///
/// The coarsest octave has cells of half the image.
pub(super) fn texture(size: usize, stream: &mut Stream) -> Vec<f64> {
    let mut texture = vec![0.0; size * size];
    let mut amplitude = 0.45;
    for cells in [2.0, 4.0, 8.0, 16.0] {
        add_octave(&mut texture, size, (size as f64 / cells).max(2.0), amplitude, stream);
        amplitude /= 2.0;
    }
    texture
}

/// Adds values in ±amplitude, drawn at the corners of a lattice and interpolated between them.
fn add_octave(texture: &mut [f64], size: usize, cell: f64, amplitude: f64, stream: &mut Stream) {
    // The lattice begins at a random place, so that its lines differ between images.
    let (shift_x, shift_y) = (stream.unit(), stream.unit());
    let corners = (size as f64 / cell).ceil() as usize + 3;
    let lattice: Vec<f64> = (0..corners * corners).map(|_| stream.between(-amplitude, amplitude)).collect();
    let locate = |pixel: usize, shift: f64| {
        let at = pixel as f64 / cell + shift;
        let t = at.fract();
        (at as usize, t * t * t * (t * (6.0 * t - 15.0) + 10.0))
    };
    let columns: Vec<(usize, f64)> = (0..size).map(|x| locate(x, shift_x)).collect();
    for (y, row) in texture.chunks_exact_mut(size.max(1)).enumerate() {
        let (row_cell, down) = locate(y, shift_y);
        for (pixel, &(column_cell, across)) in row.iter_mut().zip(&columns) {
            let corner = |dx: usize, dy: usize| {
                lattice.get((row_cell + dy) * corners + column_cell + dx).copied().unwrap_or_default()
            };
            let upper = corner(0, 0) + across * (corner(1, 0) - corner(0, 0));
            let lower = corner(0, 1) + across * (corner(1, 1) - corner(0, 1));
            *pixel += upper + down * (lower - upper);
        }
    }
}

/// Adds two to five faint patches and lines with wide edges, so that brightness alone does not identify the objects.
fn add_distractors(ground: &mut [f64], size: usize, stream: &mut Stream) {
    let side = size as f64;
    let mut canvas = Canvas::new(size, 4.0);
    let mut brightness = Vec::new();
    for object in 0..2 + stream.below(4) {
        let kind = match stream.below(3) {
            0 => Kind::Blob,
            1 => Kind::Ellipse,
            _ => Kind::Road,
        };
        let area = side * side * stream.between(0.004, 0.03);
        let place = [stream.between(0.0, side), stream.between(0.0, side)];
        Shape::random(kind, area, place, side, stream).draw(object, &mut canvas);
        let sign = if stream.unit() < 0.75 { 1.0 } else { -1.0 };
        brightness.push(sign * stream.between(0.2, 0.4));
    }
    for ((pixel, &depth), &object) in ground.iter_mut().zip(canvas.depth()).zip(canvas.object()) {
        *pixel += brightness.get(object).copied().unwrap_or_default() * soft_step(depth, 4.0);
    }
}

/// The scaling of scenes to mean about 0 and standard deviation about 1: by constants of the settings, the same for all images.
pub(super) struct Scale {
    noise: f64,
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// Makes the scale for objects that are brighter by `contrast` and cover a share of the pixels.
    pub(super) fn new(share: f64, contrast: f64, noise: f64) -> Scale {
        let share = share.clamp(0.0, 1.0);
        let variance = GROUND_VARIANCE + noise * noise + share * (1.0 - share) * contrast * contrast;
        Scale { noise, mean: share * contrast, deviation: variance.sqrt() }
    }

    /// Adds each pixel's noise and standardises it.
    pub(super) fn finish(&self, scene: &[f64], stream: &mut Stream, into: &mut Vec<f32>) {
        into.extend(
            scene.iter().map(|value| ((value + self.noise * stream.normal() - self.mean) / self.deviation) as f32),
        );
    }
}
