//! BCE + Dice of four pixels, and its gradient.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::{Bce, Dice, Loss, Plane, Pointwise};

fn main() -> Result<(), Box<dyn Error>> {
    let loss = Bce::new().mean() + Dice::new(1e-5)?;

    let logits = [2.0, -1.0, 0.5, -3.0];
    let mask = [1u8, 1, 0, 0];
    let mut sums = loss.accumulator();
    sums.extend(logits.iter().zip(&mask));

    let total = sums.finish()?;
    println!("loss {:.6}", total.value());
    for part in total.parts() {
        println!("  {} {:.6}", part.name, part.value);
    }
    println!("IoU of the prediction {:.6}", total.hard().iou().unwrap_or(f64::NAN));

    let mut gradient = [0.0; 4];
    total.write_gradient(Plane::new(&logits, &mask)?, &mut gradient)?;
    println!("gradient {gradient:.6?}");
    Ok(())
}
