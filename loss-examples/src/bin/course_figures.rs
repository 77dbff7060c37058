//! The synthetic batch of a course, and the figures that the course prints for it.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::path::Path;

use loss_core::{Bce, Dice, Iou, Loss, Pointwise};
use npyz::{Deserialize, NpyFile};

fn read<T: Deserialize>(name: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-core/tests/vectors").join(name);
    Ok(NpyFile::new(File::open(path)?)?.into_vec()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let probabilities: Vec<f32> = read("seed000.probs.npy")?;
    let targets: Vec<u8> = read("seed000.targets.npy")?;

    let loss = (Bce::new().mean() + Dice::new(1e-6)?) + Iou::new(1e-6)?;
    let mut sums = loss.probability_accumulator(1e-6)?;
    sums.extend(probabilities.iter().zip(&targets));
    let printed = [0.998_311_519_6, 0.860_679_090_0, 0.925_123_631_9];
    for (part, printed) in sums.finish()?.parts().zip(printed) {
        println!("{:5} {:.7}, the course prints {printed:.7}", part.name, part.value);
    }
    Ok(())
}
