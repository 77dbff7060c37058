//! The loss of a batch, and the gradient that the network's backward pass begins with.
#![forbid(unsafe_code)]

use loss_core::prelude::*;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let loss = Bce::new().mean() + Dice::new(1e-5)?;
    let batch = Plane::new(&[2.0, -1.0, 0.5, -3.0], &[1u8, 1, 0, 0])?; // logits, targets
    let mut sums = loss.accumulator();
    sums.extend_plane(batch);
    let total = sums.finish()?;
    let mut gradient = [0.0; 4]; // ∂loss/∂logit
    total.write_gradient(batch, &mut gradient)?;
    println!("loss {:.6}, gradient {gradient:.4?}", total.value());
    // prints: loss 1.013696, gradient [-0.0682, -0.2547, 0.1927, 0.0190]
    Ok(())
}
