//! Fuzzes states and messages. An accepted one has a normal form that reads back the same, its values are numbers, and nothing panics
//! later. A refused one changes nothing.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use loss_core::class::{ClassAccumulator, ClassLoss, ClassPointwise, CrossEntropy, GeneralisedDice, PerClass};
use loss_core::extend::{AnyOverlap, Link, SharedSums};
use loss_core::{Accumulator, AnyLoss, Dice, Histogram, Logits, Loss, Quantisation, STATE_VERSION, StateError};
use loss_fuzz::{any_loss, number};

fuzz_target!(|data: &[u8]| {
    // Too few bytes, or parameters out of range, make no case.
    let _ = case(&mut Unstructured::new(data));
});

fn case(bytes: &mut Unstructured) -> Result<()> {
    match bytes.int_in_range(0..=7)? {
        0..=3 => {
            let Some(loss) = any_loss(bytes)? else { return Ok(()) };
            let mut sums = loss.accumulator();
            sums.push((0.5, 0.25, 2.0));
            if read(&mut sums, bytes)? {
                use_sums(sums, |sums| sums.push((-1.5, 0.25, 3.0)));
            }
        }
        4 | 5 => {
            let Some(loss) = any_loss(bytes)? else { return Ok(()) };
            let mut sums = loss.counting_accumulator();
            sums.push((0.5, true));
            if read(&mut sums, bytes)? {
                use_sums(sums, |sums| sums.push((-1.5, true)));
            }
        }
        6 => {
            let Ok(dice) = Dice::new(number(bytes)?.into()) else { return Ok(()) };
            let Ok(generalised) = GeneralisedDice::new(number(bytes)?.into()) else { return Ok(()) };
            let dice = PerClass::new(dice.overlap(AnyOverlap::Squared));
            let mut sums = (CrossEntropy::new().mean() + dice + generalised).class_accumulator();
            sums.push(([0.5, -0.5, 2.0], 1u8));
            if read(&mut sums, bytes)? {
                use_class_sums(sums);
            }
        }
        _ => {
            let Ok(quantisation) = Quantisation::new(0.25, bytes.arbitrary::<i8>()?.into()) else { return Ok(()) };
            let mut histogram = Histogram::<i8>::new(quantisation);
            histogram.push(3, true);
            if read(&mut histogram, bytes)? {
                use_histogram(histogram);
            }
        }
    }
    Ok(())
}

/// The functions that accumulators and histograms have in common.
trait Stateful: Clone + PartialEq {
    fn integers(&self) -> Vec<i64>;
    fn identity(&self) -> u64;
    fn load(&mut self, state: Vec<i64>) -> Result<(), StateError>;
    fn to_json(&self) -> String;
    fn read_json(&mut self, text: &[u8]) -> serde_json::Result<()>;
    fn to_postcard(&self) -> Vec<u8>;
    fn read_postcard(&mut self, bytes: &[u8]) -> postcard::Result<()>;
    fn add(&mut self, other: &Self) -> Result<(), StateError>;
}

macro_rules! stateful {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> Stateful for $type {
            fn integers(&self) -> Vec<i64> {
                let mut integers = Vec::with_capacity(self.state_length());
                self.for_each_of_state(|integer| integers.push(integer));
                integers
            }

            fn identity(&self) -> u64 {
                self.fingerprint()
            }

            fn load(&mut self, state: Vec<i64>) -> Result<(), StateError> {
                self.load_state(state)
            }

            fn to_json(&self) -> String {
                serde_json::to_string(self).unwrap()
            }

            fn read_json(&mut self, text: &[u8]) -> serde_json::Result<()> {
                let mut deserializer = serde_json::Deserializer::from_slice(text);
                self.deserialize(&mut deserializer)
            }

            fn to_postcard(&self) -> Vec<u8> {
                postcard::to_stdvec(self).unwrap()
            }

            fn read_postcard(&mut self, bytes: &[u8]) -> postcard::Result<()> {
                self.deserialize(&mut postcard::Deserializer::from_bytes(bytes))
            }

            fn add(&mut self, other: &Self) -> Result<(), StateError> {
                self.merge(other)
            }
        }
    };
}

stateful!([L: Loss, K: Link, C: SharedSums] Accumulator<L, K, C>);
stateful!([L: ClassLoss<C>, const C: usize] ClassAccumulator<L, C>);
stateful!([] Histogram<i8>);

/// Reads a state from bytes and returns whether it was accepted.
fn read<S: Stateful>(to: &mut S, bytes: &mut Unstructured) -> Result<bool> {
    let before = to.integers();
    let accepted = match bytes.int_in_range(0..=4)? {
        0 | 1 => {
            let length = if bytes.ratio(15, 16)? { before.len() } else { bytes.int_in_range(0..=before.len() + 2)? };
            let state = (0..length).map(|_| integer(bytes)).collect::<Result<_>>()?;
            to.load(state).is_ok()
        }
        2 => {
            let mut text = format!("[{STATE_VERSION},{}", to.identity());
            for _ in 0..before.len() {
                text.push_str(&format!(",{}", integer(bytes)?));
            }
            text.push(']');
            let mut text = text.into_bytes();
            change(&mut text, bytes)?;
            to.read_json(&text).is_ok()
        }
        3 => {
            let mut message = to.to_postcard();
            change(&mut message, bytes)?;
            to.read_postcard(&message).is_ok()
        }
        _ => {
            let json = bytes.arbitrary()?;
            let message = bytes.bytes(bytes.len())?;
            if json { to.read_json(message).is_ok() } else { to.read_postcard(message).is_ok() }
        }
    };
    if !accepted {
        assert_eq!(to.integers(), before, "refused, and yet changed");
    }
    Ok(accepted)
}

/// Overwrites some bytes of a message.
fn change(message: &mut [u8], bytes: &mut Unstructured) -> Result<()> {
    for _ in 0..bytes.int_in_range(0..=3)? {
        if let Some(last) = message.len().checked_sub(1) {
            message[bytes.int_in_range(0..=last)?] = bytes.arbitrary()?;
        }
    }
    Ok(())
}

fn integer(bytes: &mut Unstructured) -> Result<i64> {
    Ok(match bytes.arbitrary::<u8>()? {
        0..=127 => 0,
        128..=159 => bytes.arbitrary::<u8>()?.into(),
        160..=191 => bytes.arbitrary::<u32>()?.into(),
        192..=207 => -i64::from(bytes.arbitrary::<u8>()?),
        208..=223 => i64::from(bytes.arbitrary::<u8>()?) << bytes.int_in_range(0..=55)?,
        224 => i64::MAX,
        225 => i64::MIN,
        226..=235 => i64::MAX - i64::from(bytes.arbitrary::<u8>()?),
        _ => bytes.arbitrary()?,
    })
}

/// Checks the properties of every accepted state.
fn check_state<S: Stateful>(sums: &S) {
    let normal = sums.integers();
    let mut again = sums.clone();
    again.load(normal.clone()).expect("the normal form");
    assert_eq!(again.integers(), normal, "read again");
    again.read_json(sums.to_json().as_bytes()).expect("JSON");
    assert_eq!(again.integers(), normal, "read from JSON");
    again.read_postcard(&sums.to_postcard()).expect("postcard");
    assert_eq!(again.integers(), normal, "read from postcard");
    assert!(again == *sums);
    // The sum may be too large for the state, but must not panic.
    let _ = again.add(sums);
}

fn use_sums<C: SharedSums>(
    mut sums: Accumulator<AnyLoss, Logits, C>,
    push: impl Fn(&mut Accumulator<AnyLoss, Logits, C>),
) {
    check_state(&sums);
    check_values(&sums);
    push(&mut sums);
    check_values(&sums);
    let copy = sums.clone();
    if sums.merge(&copy).is_ok() {
        check_values(&sums);
    }
}

fn check_values<C: SharedSums>(sums: &Accumulator<AnyLoss, Logits, C>) {
    let _ = sums.finish();
    let Ok(finished) = sums.finish_valid() else { return };
    let loss = sums.loss();
    assert!(finished.value().is_finite(), "{loss:?} is {}", finished.value());
    let gradient = finished.gradient();
    for sample in [(0.5f32, 1.0f32), (-3.0, 0.0), (88.0, 0.25), (-1e30, 1.0)] {
        assert!(gradient.at(sample).is_finite(), "{loss:?} has the slope {} at {sample:?}", gradient.at(sample));
    }
    for part in finished.parts() {
        assert!(part.value.is_finite(), "{loss:?} has a part {}", part.value);
    }
    for confusion in [finished.soft(), finished.hard()] {
        let scores =
            [confusion.dice(), confusion.iou(), confusion.precision(), confusion.recall(), confusion.accuracy()];
        assert!(scores.into_iter().flatten().all(|score| !score.is_nan()), "{confusion:?}");
    }
}

fn use_class_sums<L: ClassLoss<C>, const C: usize>(mut sums: ClassAccumulator<L, C>) {
    check_state(&sums);
    let copy = sums.clone();
    for _ in 0..2 {
        if let Ok(finished) = sums.finish_valid() {
            assert!(finished.value().is_finite(), "the loss is {}", finished.value());
            let slopes = finished.gradient().at(([0.25; C], 0u8));
            assert!(slopes.iter().all(|slope| slope.is_finite()), "{slopes:?}");
            assert!(finished.parts().all(|part| part.value.is_finite()));
            assert!(finished.accuracy().is_none_or(|accuracy| !accuracy.is_nan()));
        }
        sums.push(([-0.25; C], 0u8, 3.0));
        let _ = sums.merge(&copy);
    }
}

fn use_histogram(mut histogram: Histogram<i8>) {
    check_state(&histogram);
    histogram.push(-4, false);
    if let Ok(curves) = histogram.curves_valid() {
        let shares = [curves.roc_auc(), curves.average_precision(), Some(curves.brier_score())];
        assert!(shares.into_iter().flatten().all(|share| (0.0..=1.0).contains(&share)), "{shares:?}");
    }
    for lovasz in [histogram.lovasz_hinge(), histogram.lovasz_sigmoid()].into_iter().flatten() {
        assert!(lovasz.value().is_finite(), "{}", lovasz.value());
    }
}
