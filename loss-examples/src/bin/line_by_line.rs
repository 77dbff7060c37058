//! A sensor delivers an image row by row. Only one row is ever in memory.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::{Focal, Loss, Plane, Pointwise, Tversky};

const WIDTH: usize = 96;
const HEIGHT: usize = 96;

/// Reads a row of logits and of the mask: a disc, predicted a little to the right of its place.
fn read_row(y: usize, logits: &mut [f32; WIDTH], mask: &mut [bool; WIDTH]) {
    let distance = |x: f32| ((x - 48.0).powi(2) + (y as f32 - 48.0).powi(2)).sqrt();
    for (x, (logit, target)) in logits.iter_mut().zip(mask).enumerate() {
        *target = distance(x as f32) < 12.0;
        *logit = 14.0 - distance(x as f32 - 3.0);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let loss = Focal::new(2.0)?.alpha(0.25)?.mean() + Tversky::new(0.3, 0.7, 1e-5)?;
    let mut sums = loss.accumulator();
    let (mut logits, mut mask) = ([0.0; WIDTH], [false; WIDTH]);
    for y in 0..HEIGHT {
        read_row(y, &mut logits, &mut mask);
        sums.extend_plane(Plane::new(&logits, &mask)?);
    }
    let total = sums.finish()?;
    println!("{} pixels, {} foreground", total.counts().pixels(), total.support());
    println!("focal + Tversky {:.6}", total.value());
    let (precision, recall) = (total.hard().precision(), total.hard().recall());
    println!("precision {:.4}, recall {:.4}", precision.unwrap_or(f64::NAN), recall.unwrap_or(f64::NAN));
    Ok(())
}
