//! Everything made of sums: exact sums, histograms, messages, means over images, and the output of the firmware.

use std::ffi::CStr;

use loss_core::boundary::distance;
use loss_core::extend::{ExactSum, LogSumExp};
use loss_core::{Bce, Dice, EmptyImage, Histogram, Loss, Plane, Pointwise, Quantisation, class_weights};

use crate::binary::state;
use crate::data::{PIXELS, Pixels, Random, kinds};
use crate::lines::{Lines, bits, bytes, counts, debug, integers, numbers, outcome, some_bits, word};

/// Adds all lines.
pub fn all(lines: &mut Lines) {
    sums(lines);
    histogram(lines);
    messages(lines);
    image_mean(lines);
    masks(lines);
}

fn sums(lines: &mut Lines) {
    for Pixels { name, logits, .. } in kinds() {
        let mut sum = ExactSum::<7>::ZERO;
        logits.iter().for_each(|&term| sum.add(term));
        let mut more = ExactSum::<7>::ZERO;
        for &term in logits.iter().filter(|term| term.is_finite()) {
            more.add_f64(f64::from(term) * 1.1);
            more.add_times(term, 12_345_678_901);
        }
        let mut rest = sum;
        rest.subtract(&more);
        let mut exponentials = LogSumExp::new();
        logits.iter().for_each(|&term| exponentials.push(term));
        lines.line(
            &format!("sums, {name}"),
            &[
                ("digits", integers(&sum.digits())),
                ("sum", bits(sum.to_f64())),
                ("of_f64_and_times", integers(&more.digits())),
                ("difference", integers(&rest.digits())),
                ("log_sum_exp", bits(exponentials.value())),
                ("terms", format!("{}/{}", exponentials.terms(), exponentials.rejected())),
            ],
        );
    }
}

fn histogram(lines: &mut Lines) {
    let mut random = Random::new(50);
    let codes: Vec<i8> = random.many(PIXELS, |random| random.bits() as i8);
    let targets: Vec<u8> = random.many(PIXELS, |random| (random.bits() % 33).min(1) as u8);
    let mut histogram = Histogram::<i8>::new(Quantisation::new(0.0627, -7).unwrap());
    histogram.extend_codes(&codes, &targets).unwrap();
    let mut counted = Vec::new();
    histogram.for_each_of_state(|integer| counted.push(integer));
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    let curves = histogram.curves();
    lines.line(
        "histogram",
        &[
            ("state", integers(&counted)),
            ("counts", counts(histogram.counts())),
            ("fingerprint", word(histogram.fingerprint())),
            ("json", bytes(&serde_json::to_vec(&histogram).unwrap())),
            ("postcard", bytes(&postcard::to_stdvec(&histogram).unwrap())),
            ("bce_and_dice", integers(&state(&histogram.accumulator(&loss)))),
            ("lovasz_hinge", outcome(&histogram.lovasz_hinge(), |lovasz| bits(lovasz.value()))),
            ("lovasz_sigmoid", outcome(&histogram.lovasz_sigmoid(), |lovasz| bits(lovasz.value()))),
            ("roc_auc", outcome(&curves, |curves| some_bits(curves.roc_auc()))),
            ("average_precision", outcome(&curves, |curves| some_bits(curves.average_precision()))),
            (
                "calibration_error",
                outcome(&curves, |curves| bits(curves.calibration::<10>().expected_calibration_error())),
            ),
        ],
    );
    // A line of its own: see `.ci/machines` on s390x.
    lines.line("brier score", &[("value", outcome(&curves, |curves| bits(curves.brier_score())))]);
}

/// Checks that messages are read as they were written.
fn messages(lines: &mut Lines) {
    let pixels = &kinds()[0];
    let empty = (Bce::new().mean() + Dice::new(1.0).unwrap()).accumulator();
    let mut sums = empty.clone();
    sums.extend_plane(Plane::new(&pixels.logits, &pixels.targets).unwrap());
    let json = serde_json::to_string(&sums).unwrap();
    let mut read = empty.clone();
    let outcome_of_json = read.deserialize(&mut serde_json::Deserializer::from_str(&json));
    lines.agree(&state(&read), &state(&sums), || "json, read".to_owned());
    let message = postcard::to_stdvec(&sums).unwrap();
    let mut read = empty;
    let outcome_of_postcard = read.deserialize(&mut postcard::Deserializer::from_bytes(&message));
    lines.agree(&state(&read), &state(&sums), || "postcard, read".to_owned());
    lines.line(
        "messages",
        &[
            ("json", json),
            ("postcard", debug(&message)),
            ("json_read", outcome(&outcome_of_json, debug)),
            ("postcard_read", outcome(&outcome_of_postcard, debug)),
        ],
    );
}

fn image_mean(lines: &mut Lines) {
    let mut mean = Dice::new(1e-5).unwrap().image_mean(EmptyImage::Count);
    for Pixels { logits, targets, .. } in kinds() {
        mean.extend_plane(Plane::new(&logits, &targets).unwrap());
        if mean.end_image_valid().is_err() {
            mean.discard_image();
        }
    }
    lines.line(
        "mean over images",
        &[
            ("state", integers(&mean.state())),
            ("fingerprint", word(mean.fingerprint())),
            ("value", outcome(&mean.finish(), |&value| bits(value))),
        ],
    );
}

/// Masks and counts that are computed before a training.
fn masks(lines: &mut Lines) {
    const WIDTH: usize = 37;
    const HEIGHT: usize = 29;
    let mut random = Random::new(60);
    let mask = random.many(WIDTH * HEIGHT, |random| random.bits() % 11 == 0);
    let mut map = vec![0.0; WIDTH * HEIGHT];
    let mut memory = vec![0; distance::scratch_length(WIDTH)];
    let drawn = distance::signed_distance_map(&mask, WIDTH, HEIGHT, &mut memory, &mut map);
    lines.line("distance map", &[("of", debug(&drawn)), ("map", numbers(&map))]);
    let mut weights = [0.0; 4];
    let all = class_weights::effective_number(0.999, &[1.0, 20.0, 3e9, 0.0], &mut weights);
    lines.line("class weights", &[("of", debug(&all)), ("weights", weights.map(bits).join(","))]);
}

/// The output of the boards.
pub fn firmware(lines: &mut Lines) {
    let mut text = String::new();
    let outcome = firmware_report::report(&mut |line: &CStr| text += &format!("firmware: {}", line.to_string_lossy()));
    lines.text(&text);
    lines.line("firmware", &[("outcome", debug(&outcome))]);
}
