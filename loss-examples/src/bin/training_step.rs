//! Gradient descent on a linear model: loss and gradient from the library, the chain rule from the model.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::{Bce, Dice, Loss, Plane, Pointwise, class_weights};

fn main() -> Result<(), Box<dyn Error>> {
    // Each pixel has one feature. Foreground is where it exceeds 1.5, in about a tenth of the pixels.
    let features: Vec<f32> = (0..4000).map(|i| ((i * 7919) % 4001) as f32 / 4001.0 * 3.35 - 1.675).collect();
    let mask: Vec<bool> = features.iter().map(|&x| x > 1.35).collect();

    let foreground = mask.iter().filter(|&&target| target).count();
    let pos_weight = class_weights::pos_weight(foreground as f64, (mask.len() - foreground) as f64);
    let pos_weight = pos_weight.ok_or("no foreground")? as f32;
    let loss = Bce::new().pos_weight(pos_weight.sqrt())?.mean() + Dice::new(1.0)?;

    let (mut slope, mut offset) = (0.0f32, 0.0f32);
    let mut gradient = vec![0.0; features.len()];
    for step in 0..=200 {
        let logits: Vec<f32> = features.iter().map(|&x| slope * x + offset).collect();
        let plane = Plane::new(&logits, &mask)?;
        let mut sums = loss.accumulator();
        sums.extend_plane(plane);
        let total = sums.finish()?;
        if step % 50 == 0 {
            let dice = total.hard().dice().unwrap_or(0.0);
            println!("step {step:3}: loss {:.4}, Dice of the prediction {dice:.4}", total.value());
        }
        total.write_gradient(plane, &mut gradient)?;
        let by_slope: f32 = gradient.iter().zip(&features).map(|(g, x)| g * x).sum();
        slope -= 4.0 * by_slope;
        offset -= 4.0 * gradient.iter().sum::<f32>();
    }
    Ok(())
}
