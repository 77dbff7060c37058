//! Building damage in five classes, 96 % of it background: a lecture's worked figures, and why accuracy is misleading.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::Dice;
use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy, PerClass, SoftmaxFocal};

const CLASSES: [&str; 5] = ["background", "intact", "minor", "major", "destroyed"];
const WEIGHTS: [f64; 5] = [1.0, 5.0, 20.0, 20.0, 20.0];

/// Logits at which one class has probability p and the others share the rest.
fn logits(class: usize, p: f32) -> [f32; 5] {
    std::array::from_fn(|c| if c == class { (p / ((1.0 - p) / 4.0)).ln() } else { 0.0 })
}

fn main() -> Result<(), Box<dyn Error>> {
    let plain = CrossEntropy::new();
    let weighted = plain.weights(WEIGHTS)?;
    for (class, p) in [(4u8, 0.2), (0, 0.95)] {
        let of = |sum: f64| format!("{sum:.3}");
        let mut sums = (plain.sum() + weighted.sum()).class_accumulator();
        sums.push((logits(usize::from(class), p), class));
        let values: Vec<String> = sums.finish()?.parts().map(|part| of(part.value)).collect();
        println!("{} at p = {p}: cross-entropy {}, weighted {}", CLASSES[usize::from(class)], values[0], values[1]);
    }

    // A model that predicts background everywhere with certainty, over 9900 pixels with the data set's shares (which are rounded, and sum to 99 %).
    let loss = SoftmaxFocal::new(2.0)?.weights(WEIGHTS)?.mean() + PerClass::new(Dice::new(1e-6)?);
    let mut sums = loss.class_accumulator();
    for (class, count) in [9600, 270, 10, 10, 10].into_iter().enumerate() {
        (0..count).for_each(|_| sums.push((logits(0, 0.99), class as u8)));
    }
    let total = sums.finish()?;
    let score = |score: Option<f64>| score.map_or("-".to_owned(), |score| format!("{score:.4}"));
    println!(
        "accuracy {}, of a guess without a model {}",
        score(total.accuracy()),
        score(total.accuracy_of_background())
    );
    for class in total.classes() {
        let (dice, recall) = (score(class.hard.dice()), score(class.hard.recall()));
        println!("  {:10} support {:5}, Dice {dice:>6}, recall {recall:>6}", CLASSES[class.class], class.support());
    }
    println!("focal + Dice {:.4}", total.value());
    Ok(())
}
