//! States as messages, in a text format and in a binary one.

use loss_core::class::{ClassAccumulator, ClassLoss, ClassPointwise, CrossEntropy, PerClass};
use loss_core::{Bce, Dice, Focal, Loss, Pointwise, STATE_VERSION};
use quickcheck::quickcheck;

#[test]
fn round_trips() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let mut sums = loss.accumulator();
    sums.extend([(0.5, 1.0, 1.0), (-3e38, 0.25, 2.5), (f32::NAN, 0.0, 1.0), (1.0, 0.0, 0.0)]);

    let text = serde_json::to_string(&sums).unwrap();
    let mut read = loss.accumulator();
    read.deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
    assert_eq!(read, sums);
    assert_eq!(read.counts(), sums.counts());

    let bytes = postcard::to_stdvec(&sums).unwrap();
    let mut read = loss.accumulator();
    read.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap();
    assert_eq!(read, sums);
}

#[test]
fn classes_travel_too() {
    let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1e-5).unwrap());
    let mut sums = loss.class_accumulator();
    sums.extend([([0.5, -1.0, 3e38], 1u8), ([0.0, 0.25, -2.5], 2)]);
    let bytes = postcard::to_stdvec(&sums).unwrap();
    let mut read = loss.class_accumulator();
    read.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap();
    assert!(read == sums);
    let mut other: ClassAccumulator<_, 3> = loss.class_accumulator().ignoring(255);
    assert!(other.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).is_err(), "another reading of labels");
}

#[test]
fn what_does_not_belong_is_refused() {
    let loss = Focal::new(2.0).unwrap().mean();
    let mut sums = loss.accumulator();
    sums.push((0.5, true));
    let text = serde_json::to_string(&sums).unwrap();
    let refuse = |text: &str, why: &str| {
        let mut other = Focal::new(2.0).unwrap().mean().accumulator();
        other.push((-1.5, false));
        let before = other.clone();
        let error = other.deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(other, before, "nothing changes");
    };
    let other = STATE_VERSION + 1;
    refuse(&text.replacen(&format!("[{STATE_VERSION},"), &format!("[{other},"), 1), &format!("format version {other}"));
    refuse(&text.replacen(&format!("[{STATE_VERSION},"), "[1,", 1), "format version 1");
    refuse(&text.replace(&sums.fingerprint().to_string(), "12345"), "another loss");
    refuse(&format!("{},0]", &text[..text.len() - 1]), "integers");
    refuse(&text[..text.len() - 3], "EOF");
    refuse(&format!("[{STATE_VERSION}]"), "fingerprint");
    // The last integer is complete, and the text after it is not JSON.
    refuse(&format!("{} x]", &text[..text.len() - 1]), "expected `,` or `]`");
}

quickcheck! {
    fn a_damaged_message_is_read_or_changes_nothing(position: usize, byte: u8, at_the_end: bool) -> bool {
        let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
        let mut sums = loss.accumulator();
        sums.extend([(0.5, 1.0, 1.0), (-3.25, 0.25, 2.5)]);
        let mut text = serde_json::to_vec(&sums).unwrap();
        let length = text.len();
        // In a place after all integers.
        let position = if at_the_end { length - 1 - position % 4 } else { position % length };
        text[position] = byte;
        let mut read = loss.accumulator();
        read.push((1.5, false));
        let before = read.clone();
        read.deserialize(&mut serde_json::Deserializer::from_slice(&text)).is_ok() || read == before
    }
}

#[test]
fn counted_pixels_travel_in_fewer_bytes() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let (mut counted, mut weighted) = (loss.counting_accumulator(), loss.accumulator());
    let pixels = [(0.5, 1, true), (-3e38, 0, true), (f32::NAN, 0, true), (1.0, 255, true), (1.0, 9, false)];
    counted.extend(pixels);
    weighted.extend(pixels);
    let bytes = postcard::to_stdvec(&counted).unwrap();
    let mut read = loss.counting_accumulator();
    read.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap();
    assert_eq!((&read, read.counts()), (&counted, weighted.counts()));

    let other = postcard::to_stdvec(&weighted).unwrap();
    assert!(bytes.len() < other.len());
    let refused = read.deserialize(&mut postcard::Deserializer::from_bytes(&other));
    assert!(refused.is_err() && read == counted, "the fingerprint tells them apart");
    assert!(weighted.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).is_err());
}
