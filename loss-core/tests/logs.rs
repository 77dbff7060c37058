//! Values, states and errors in a log of `defmt`: the bytes that a board would send.

use std::cell::UnsafeCell;
use std::sync::Mutex;

use loss_core::watch::Agreement;
use loss_core::{Bce, Dice, Loss, Pointwise};

/// What was logged.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

#[defmt::global_logger]
struct Logger;

/// The encoder that `defmt` hands frames to.
struct Encoder(UnsafeCell<defmt::Encoder>);

// SAFETY: one test uses it, in one thread.
unsafe impl Sync for Encoder {}

static ENCODER: Encoder = Encoder(UnsafeCell::new(defmt::Encoder::new()));

fn take(bytes: &[u8]) {
    LOG.lock().unwrap().extend_from_slice(bytes);
}

// SAFETY: frames do not overlap, because one test logs, in one thread.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: as above.
        unsafe { (*ENCODER.0.get()).start_frame(take) }
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: as above.
        unsafe { (*ENCODER.0.get()).end_frame(take) }
    }

    unsafe fn write(bytes: &[u8]) {
        take(bytes);
        // SAFETY: as above.
        unsafe { (*ENCODER.0.get()).write(bytes, |_| ()) }
    }
}

defmt::timestamp!("");

/// What a log has of one thing, without the coding of frames.
fn logged(log: impl FnOnce()) -> Vec<u8> {
    LOG.lock().unwrap().clear();
    log();
    LOG.lock().unwrap().clone()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_log_has_states_values_and_errors() {
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    let mut sums = loss.counting_accumulator();
    sums.extend([(0.75, true), (-1.5, false), (3.25, true)]);
    let bytes = logged(|| defmt::println!("{}", sums));
    assert!(holds(&bytes, &sums.fingerprint().to_le_bytes()));
    sums.for_each_of_state(|integer| assert!(holds(&bytes, &integer.to_le_bytes()), "{integer}"));

    let total = sums.finish().unwrap();
    let bytes = logged(|| defmt::println!("{} {}", total.hard(), total.soft()));
    for weight in [total.hard().true_positive, total.soft().false_negative] {
        assert!(holds(&bytes, &weight.to_bits().to_le_bytes()));
    }

    let error = Dice::new(-2.625).unwrap_err();
    assert!(holds(&logged(|| defmt::println!("{}", error)), &error.given.to_bits().to_le_bytes()));
    let error = sums.load_state([0; 22]).unwrap_err();
    assert!(holds(&logged(|| defmt::println!("{}", error)), &22u32.to_le_bytes()));

    let mut agreement = Agreement::new();
    agreement.push(1.25, -0.5);
    let bytes = logged(|| defmt::println!("{}", agreement));
    agreement.for_each_of_state(|integer| assert!(holds(&bytes, &integer.to_le_bytes()), "{integer}"));
}
