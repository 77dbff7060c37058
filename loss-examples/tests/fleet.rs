//! A fleet has the bits of one machine, whatever its network does.

use std::process::Command;

use loss_core::Loss;
use loss_examples::fleet::{
    Exchange, Gradient, Outcome, Server, Sums, add_loss, first_head, gradient, loss, message, pixels, sgd,
};

#[test]
fn every_network_gives_the_bits_of_one_machine() {
    let mut weights = Vec::new();
    for seed in ["1", "2", "3"] {
        let output = Command::new(env!("CARGO_BIN_EXE_fleet")).arg(seed).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("one machine and 100 devices: equal bits in 12 steps"), "{text}");
        assert!(text.contains(" 2400 merged"), "{text}");
        // Of each trouble there was some.
        for nothing in ["messages: 0 lost", " 0 damaged", " 0 too late", " 0 repeated", "\n0 confirmations"] {
            assert!(!text.contains(nothing), "{text}");
        }
        weights.push(text.lines().filter(|line| line.starts_with("step")).map(str::to_owned).collect::<Vec<_>>());
    }
    assert!(weights.iter().all(|steps| *steps == weights[0]));
    let losses: Vec<f64> = weights[0]
        .iter()
        .map(|line| line.split("loss ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(losses[11] < 0.6 * losses[0], "{losses:?}");
}

fn state_of(device: u32) -> Sums {
    let mut sums = loss().unwrap().counting_accumulator();
    add_loss(&mut sums, &first_head().unwrap().layer(), &pixels(device));
    sums
}

fn sent(exchange: Exchange, device: u32) -> Vec<u8> {
    let sums = state_of(device);
    message(exchange, device, sums.fingerprint(), |to| sums.for_each_of_state(to)).unwrap()
}

#[test]
fn repeated_late_and_damaged_messages_change_nothing() {
    let empty = loss().unwrap().counting_accumulator();
    let mut server = Server::new(Exchange::Loss(3), empty.clone());
    assert_eq!(server.receive(&sent(Exchange::Loss(3), 8)).unwrap(), (8, Outcome::Merged));
    let once = server.total.clone();
    assert!(once == state_of(8) && once != empty);
    assert_eq!(server.receive(&sent(Exchange::Loss(3), 8)).unwrap(), (8, Outcome::Repeated));
    for other in [Exchange::Loss(2), Exchange::Loss(4), Exchange::Gradient(3)] {
        assert_eq!(server.receive(&sent(other, 9)).unwrap(), (9, Outcome::Late));
    }
    let whole = sent(Exchange::Loss(3), 9);
    for bit in 0..8 * whole.len() {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(server.receive(&damaged).is_err(), "bit {bit}");
    }
    assert!(server.total == once);
    assert_eq!(server.receive(&whole).unwrap(), (9, Outcome::Merged));
}

/// A gradient at other weights, or at the loss of other pixels, is refused though its exchange is right.
#[test]
fn gradients_of_another_round_are_refused() {
    let mut head = first_head().unwrap();
    let (layer, sums) = (head.layer(), state_of(1));
    let right = gradient(&layer, &sums, &pixels(1)).unwrap();
    let of_other_pixels = gradient(&layer, &state_of(2), &pixels(1)).unwrap();
    head.step(&right, &sgd().unwrap()).unwrap();
    let of_other_weights = gradient(&head.layer(), &sums, &pixels(1)).unwrap();
    let mut server = Server::new(Exchange::Gradient(0), Gradient::new(&layer, &sums));
    for wrong in [&of_other_pixels, &of_other_weights] {
        let bytes = message(Exchange::Gradient(0), 1, wrong.fingerprint(), |to| wrong.for_each_of_state(to)).unwrap();
        assert!(server.receive(&bytes).unwrap_err().to_string().contains("another loss"));
    }
    let bytes = message(Exchange::Gradient(0), 1, right.fingerprint(), |to| right.for_each_of_state(to)).unwrap();
    assert_eq!(server.receive(&bytes).unwrap(), (1, Outcome::Merged));
    assert!(server.total == right);
}
