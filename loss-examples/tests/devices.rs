//! Ten thousand devices, whose messages arrive in any order.

use std::process::Command;

use loss_core::{Bce, Dice, Loss, Pointwise};
use loss_examples::messages::{Host, Id, message};

#[test]
fn every_order_gives_the_bits_of_one_device() {
    for seed in ["1", "2", "3", "4", "5"] {
        let output = Command::new(env!("CARGO_BIN_EXE_devices")).arg(seed).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        for line in [
            "22739 messages of 55 to 69 bytes, median 65",
            " 19999 merged\n",
            "  2500 merged before\n",
            "    40 refused: the state belongs to another loss: fingerprint",
            "one device   3ffa775c6e837ae4, 479976 pixels",
            "all devices  3ffa775c6e837ae4, loss",
        ] {
            assert!(text.contains(line), "seed {seed} printed\n{text}instead of a line with {line}");
        }
        let refused = text.lines().filter(|line| line.contains("refused") && !line.contains("another loss"));
        let damaged: u32 = refused.map(|line| line.split_whitespace().next().unwrap().parse::<u32>().unwrap()).sum();
        assert_eq!(damaged, 200, "seed {seed} printed\n{text}");
    }
}

/// If any bit of a message changes, or the message breaks off anywhere, nothing of it is merged.
#[test]
fn damage_is_always_seen() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let mut sums = loss.counting_accumulator();
    sums.extend([(0.75, true), (-3e38, false), (17.5, false), (f32::NAN, true)]);
    let sent = message(Id { device: 300, sequence: 7 }, &sums).unwrap();
    let mut host = Host::new(loss.counting_accumulator());
    for bit in 0..8 * sent.len() {
        let mut damaged = sent.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(host.receive(&damaged).is_err(), "bit {bit}");
    }
    for length in 0..sent.len() {
        assert!(host.receive(&sent[..length]).is_err(), "{length} bytes");
    }
    assert!(host.total == loss.counting_accumulator() && host.seen.is_empty());
    assert!(host.receive(&sent).unwrap() && !host.receive(&sent).unwrap());
    assert!(host.total == sums);
}
