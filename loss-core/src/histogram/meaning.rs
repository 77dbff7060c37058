use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits, Probabilities};

/// What the codes of a histogram stand for: [`Logits`] or [`Probabilities`].
pub trait Meaning: Link + sealed::Meaning {}

impl Meaning for Logits {}
impl Meaning for Probabilities {}

pub(crate) mod sealed {
    use crate::fingerprint::Fingerprint;

    /// What differs where no losses are: losses know a [`Link`](crate::extend::Link).
    pub trait Meaning {
        /// Adds what tells histograms of these codes from those of logits.
        fn fingerprint_of_codes(fingerprint: &mut Fingerprint);

        /// The probability p that an input stands for, and 1 − p.
        fn shares(input: f32) -> [f32; 2];

        /// The logit of it.
        fn logit(input: f32) -> f32;
    }
}

impl sealed::Meaning for Logits {
    fn fingerprint_of_codes(_: &mut Fingerprint) {}

    fn shares(logit: f32) -> [f32; 2] {
        let pixel = Logits.pixel(logit, 0.0);
        [pixel.p, pixel.q]
    }

    fn logit(logit: f32) -> f32 {
        logit
    }
}

impl sealed::Meaning for Probabilities {
    fn fingerprint_of_codes(fingerprint: &mut Fingerprint) {
        fingerprint.name("probabilities");
    }

    fn shares(p: f32) -> [f32; 2] {
        [p, 1.0 - p]
    }

    fn logit(p: f32) -> f32 {
        let p = f64::from(p);
        (libm::log(p) - libm::log1p(-p)) as f32
    }
}
