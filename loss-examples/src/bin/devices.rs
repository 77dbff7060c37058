//! Ten thousand devices send the sums of their camera rows. Messages arrive shuffled, twice, damaged, or with another loss.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;

use loss_core::{Bce, Dice, Loss, Pointwise};
use loss_examples::messages::{Host, Id, message};
use rand::{SeedableRng, seq::SliceRandom};

const WIDTH: u32 = 24;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let (loss, other) = (Bce::new().mean() + Dice::new(1e-5)?, Bce::new().mean() + Dice::new(1.0)?);

    // Each device has one to three rows of the image, and sends a message after each.
    let (mut whole, mut messages, mut row) = (loss.counting_accumulator(), Vec::new(), 0);
    for device in 0..10_000 {
        for sequence in 0..=device % 3 {
            let pixels =
                (row * WIDTH..).take(WIDTH as usize).map(|i| ((i * 7919 % 997) as f32 / 80.0 - 9.0, i * 97 % 23 == 0));
            whole.extend(pixels.clone());
            let (mut sums, mut strange) = (loss.counting_accumulator(), other.counting_accumulator());
            sums.extend(pixels.clone());
            strange.extend(pixels);
            let id = Id { device, sequence };
            let sent = message(id, &sums)?;
            let mut damaged = sent.clone();
            damaged[row as usize % sent.len()] ^= 1 << (row / 100 % 8);
            messages.extend((row % 8 == 0).then(|| sent.clone())); // twice
            messages.extend((row % 100 == 0).then_some(damaged));
            messages.extend((row % 500 == 0).then(|| message(id, &strange)).transpose()?);
            messages.push(sent);
            row += 1;
        }
    }
    messages.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));

    let (mut host, mut outcomes) = (Host::new(loss.counting_accumulator()), BTreeMap::new());
    for bytes in &messages {
        let merged = |new| if new { "merged" } else { "merged before" }.to_string();
        let outcome = host.receive(bytes).map_or_else(|reason| format!("refused: {reason}"), merged);
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    assert!(host.total == whole, "equal bits, whatever the way of the messages");

    messages.sort_by_key(|message| message.len());
    let [min, median, max] = [0, messages.len() / 2, messages.len() - 1].map(|i| messages[i].len());
    println!("{} messages of {min} to {max} bytes, median {median}", messages.len());
    outcomes.iter().for_each(|(outcome, count)| println!("{count:6} {outcome}"));
    let (one, all) = (whole.finish()?, host.total.finish()?);
    println!("one device   {:016x}, {} pixels", one.value().to_bits(), one.counts().pixels());
    println!("all devices  {:016x}, loss {:.6}", all.value().to_bits(), all.value());
    Ok(())
}
