//! BCE + Dice of rows as a camera gives them: no heap, no copy of the image.
#![forbid(unsafe_code)]

use loss_core::prelude::*;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let loss = Bce::new().mean() + Dice::new(1e-5)?;
    let mut sums = loss.counting_accumulator(); // 240 bytes on the stack, no heap
    for (logits, mask) in [([2.0, -1.0], [true, true]), ([0.5, -3.0], [false, false])] {
        sums.extend(logits.into_iter().zip(mask)); // one row of the camera
    }
    println!("loss {:.6} from {} pixels", sums.value()?, sums.counts().pixels());
    // prints: loss 1.013696 from 4 pixels
    Ok(())
}
