//! Makes the comparisons of answers that benches make before they time anything, over small images.
#![forbid(unsafe_code)]

use loss_bench::answers;
use loss_bench::data::{ClassImage, Image};
use loss_bench::groups::workspace;
use loss_bench::roofline::{par_read, read};

#[test]
fn textbook_code() {
    answers::check_textbook(&Image::new(97));
}

#[test]
fn paths() {
    answers::check_paths(&Image::new(97));
}

#[test]
fn losses() {
    answers::check_losses(&Image::new(97));
}

#[test]
fn classes() {
    answers::check_classes::<2>(&ClassImage::new(33, 2));
    answers::check_classes::<5>(&ClassImage::new(97, 5));
    answers::check_classes::<21>(&ClassImage::new(97, 21));
}

#[test]
fn other_sums_in_the_same_loop() {
    answers::check_plain_sums(&Image::new(96));
}

#[test]
fn a_wrong_answer_is_found() {
    let panics = |check: fn()| std::panic::catch_unwind(check).is_err();
    assert!(panics(|| answers::check_value("a value", 1.0, 1.1, 0.01)));
    assert!(panics(|| answers::check_gradient("slopes", &[0.0, 1.0], &[0.0, -1.0], 0.01)));
    answers::check_gradient("slopes", &[0.0, 1.0], &[0.0, 1.001], 0.01);
}

#[test]
fn all_is_read() {
    let image = Image::new(97);
    let sum = image.logits.iter().fold(0u32, |sum, logit| sum.wrapping_add(logit.to_bits()));
    let words = image.mask.chunks_exact(4);
    // The last bytes, which fill no block, are added one by one.
    let whole = image.mask.len() / 128 * 32;
    let mask =
        words.take(whole).fold(sum, |sum, word| sum.wrapping_add(u32::from_le_bytes(word.try_into().expect("four"))));
    let rest = image.mask[whole * 4..].iter().fold(mask, |sum, &target| sum.wrapping_add(target.into()));
    assert_eq!(read(&image.logits, &image.mask), rest);
    let image = Image::new(512);
    assert_eq!(par_read(&image.logits, &image.mask), read(&image.logits, &image.mask));
}

#[test]
fn images_are_like_those_of_a_model() {
    for side in [96, 512] {
        let image = Image::new(side);
        assert_eq!(image.pixels(), side * side);
        let share = image.mask.iter().map(|&target| f64::from(target)).sum::<f64>() / image.pixels() as f64;
        assert!((0.03..0.12).contains(&share), "{share} of the pixels are foreground");
        let mean = image.logits.iter().map(|&logit| f64::from(logit)).sum::<f64>() / image.pixels() as f64;
        assert!((-2.5..-1.0).contains(&mean), "the mean logit is {mean}");
        assert!(image.logits.iter().all(|logit| logit.abs() < 14.0));
    }
}

#[test]
fn the_workspace_is_found() {
    assert!(workspace().join("loss-core").join("Cargo.toml").exists());
}
