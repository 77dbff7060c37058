//! The other crates give the same answers, over a small image and without a clock.
#![forbid(unsafe_code)]

use loss_bench::answers::{check_gradient, check_value, reference};
use loss_bench::data::Image;
use loss_bench_rivals::{Burn, Candle, Ndarray, Oxicuda, Rival};

fn check<R: Rival>(has_gradient: bool) {
    let image = Image::new(96);
    let (value, slopes) = reference(&image);
    let rival = R::new(&image);
    check_value(R::NAME, rival.value(), value, 1e-5);
    let gradient = rival.value_and_gradient();
    assert_eq!(gradient.is_some(), has_gradient, "{}", R::NAME);
    if let Some((given, gradient)) = gradient {
        check_value(R::NAME, given, value, 1e-5);
        check_gradient(R::NAME, &R::slopes(gradient), &slopes, 1e-4);
    }
}

#[test]
fn of_burn() {
    check::<Burn>(true);
}

#[test]
fn of_candle() {
    check::<Candle>(true);
}

#[test]
fn of_ndarray() {
    check::<Ndarray>(true);
}

#[test]
fn of_oxicuda_vision() {
    check::<Oxicuda>(false);
}
