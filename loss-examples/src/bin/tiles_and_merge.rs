//! Tiles on threads, merged in any order, and a state that travels as plain integers.
#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::mpsc;

use loss_core::{Accumulator, Bce, Dice, Loss, Plane, Pointwise};

fn main() -> Result<(), Box<dyn Error>> {
    let loss = Bce::new().mean() + Dice::new(1.0)?;
    let logits: Vec<f32> = (0..100_000).map(|i| ((i * 7919) % 1000) as f32 / 100.0 - 6.0).collect();
    let mask: Vec<u8> = (0..100_000).map(|i| u8::from((i * 104_729) % 23 == 0)).collect();

    let mut whole = loss.accumulator();
    whole.extend_plane(Plane::new(&logits, &mask)?);

    // Each tile sends its state, which is integers that add.
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for (logits, mask) in logits.chunks(9_973).zip(mask.chunks(9_973)) {
            let (send, mut tile) = (send.clone(), loss.accumulator());
            scope.spawn(move || {
                tile.extend(logits.iter().zip(mask));
                let mut state = vec![0i64; tile.state_length()];
                tile.write_state(&mut state).map(|()| send.send(state))
            });
        }
    });
    drop(send);
    let mut sum = vec![0i64; whole.state_length()];
    for state in receive {
        sum.iter_mut().zip(state).for_each(|(sum, integer)| *sum += integer);
    }

    let merged = Accumulator::from_state(loss, sum)?;
    assert!(merged == whole, "equal bits, whatever the split and the order");
    println!("whole  {:016x}", whole.finish()?.value().to_bits());
    println!("merged {:016x}", merged.finish()?.value().to_bits());
    Ok(())
}
