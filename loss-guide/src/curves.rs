//! The curves of a loss: its value, and its gradient by the logit, over the probability p.

use loss_core::boundary::distance;
use loss_core::list::{Facts, Needs};

use crate::error::Error;
use crate::subject::{CLASSES, Pixels, Subject, is_of_classes};

/// A curve: points of (p, number).
pub(crate) type Curve = Vec<(f64, f64)>;

/// What the pixels of a picture are, which depends on what the loss is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// One pixel: the loss is a sum over pixels.
    Pixel,
    /// An image of a hundred pixels.
    Image,
    /// One pixel of three classes.
    ClassPixel,
    /// A hundred pixels of three classes.
    ClassImage,
}

impl Scene {
    pub(crate) fn of(facts: &Facts) -> Self {
        match (is_of_classes(facts), facts.is_pointwise) {
            (false, true) => Self::Pixel,
            (false, false) => Self::Image,
            (true, true) => Self::ClassPixel,
            (true, false) => Self::ClassImage,
        }
    }

    /// What the two curves are of: the first is drawn as a full line, the second dashed.
    pub(crate) fn names(self) -> [&'static str; 2] {
        match self {
            Self::Pixel => ["foreground pixel (t = 1)", "background pixel (t = 0)"],
            Self::Image => ["foreground", "background"],
            Self::ClassPixel => ["the true class", "another class"],
            Self::ClassImage => ["the rare class", "the common class"],
        }
    }

    /// The title of the panel of values, and what lies along its axis.
    pub(crate) fn of_values(self) -> [&'static str; 2] {
        match self {
            Self::Pixel => ["value", "p, probability of foreground"],
            Self::Image => ["value", "p of all pixels of that kind"],
            Self::ClassPixel => ["value", "p of the true class"],
            Self::ClassImage => ["value", "p of the right class, all pixels of it"],
        }
    }

    /// The same of the gradients.
    pub(crate) fn of_slopes(self) -> [&'static str; 2] {
        match self {
            Self::Pixel => ["gradient ∂ℓ/∂z", "p, probability of foreground"],
            Self::Image => ["gradient 100·∂L/∂z of one pixel", "p of that pixel"],
            Self::ClassPixel => ["gradient ∂ℓ/∂z", "p of the true class"],
            Self::ClassImage => ["gradient 100·∂L/∂z of one pixel", "p of the right class at that pixel"],
        }
    }

    /// The same in a few words, for a picture that stands alone.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Pixel | Self::ClassPixel => "",
            Self::Image => {
                "An image of 100 pixels: 12 of foreground, half found. Left, all pixels of a kind move to p; right, one moves."
            }
            Self::ClassImage => {
                "100 pixels: 80, 15 and 5 of three classes, half found. Left, all pixels of a class move to p; right, one moves."
            }
        }
    }

    /// What a reader has to know of the pixels.
    pub(crate) fn caption(self) -> &'static str {
        match self {
            Self::Pixel => {
                "Left: the loss of one pixel over p, the probability that the network gives to foreground. Right: its gradient by the logit z. \
                 Below 0, a training step raises the logit; above 0, it lowers it."
            }
            Self::Image => {
                "An image of 100 pixels has 12 pixels of foreground. The network finds half of it: p lies between 0.45 and 0.95 in the foreground, \
                 and between 0.02 and 0.5 in the background. Left: the loss when all foreground pixels (full line) or all background pixels \
                 (dashed) move to the same p, and the others stay. Right: the gradient of one pixel by its logit z, when only this pixel moves, \
                 times 100, which makes it comparable with the gradient of a mean over pixels."
            }
            Self::ClassPixel => {
                "One pixel of three classes; the two wrong classes share the rest of the probability evenly. Left: the loss of the pixel. Right: \
                 its gradient by the logit of the true class (full line) and by the logit of one of the others (dashed)."
            }
            Self::ClassImage => {
                "100 pixels of three classes: 80 of the common class 0, 15 of class 1, and 5 of the rare class 2. The right class has p between \
                 0.35 and 0.9, and the two others share the rest. Left: the loss when all pixels of the rare class (full line) or of the common \
                 class (dashed) move to the same p. Right: the gradient of one pixel by the logit of its right class when it alone moves, times 100."
            }
        }
    }
}

/// The values and slopes of the two kinds of pixels of a scene.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curves {
    pub(crate) values: [Curve; 2],
    pub(crate) slopes: [Curve; 2],
}

/// The logit of a probability.
pub(crate) fn logit(p: f64) -> f32 {
    (p / (1.0 - p)).ln() as f32
}

/// `count` numbers from the first to the last, evenly.
pub(crate) fn evenly(first: f64, last: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = (last - first) / (count.max(2) - 1) as f64;
    (0..count).map(move |index| first + step * index as f64)
}

/// The curves of a loss, at so many probabilities.
pub(crate) fn curves(facts: &Facts, arguments: &[(&str, &str)], points: usize) -> Result<Curves, Error> {
    let subject = Subject::new(facts, arguments)?;
    let mut curves = Curves { values: Default::default(), slopes: Default::default() };
    let scene = Scene::of(facts);
    for p in evenly(0.01, 0.99, points) {
        let at = match scene {
            Scene::Pixel => pixel(&subject, p)?,
            Scene::Image => image(&subject, facts.needs, p)?,
            Scene::ClassPixel => class_pixel(&subject, p)?,
            Scene::ClassImage => class_image(&subject, p)?,
        };
        for (kind, (value, slope)) in at.into_iter().enumerate() {
            curves.values[kind].push((p, value));
            curves.slopes[kind].push((p, slope));
        }
    }
    // One pixel has one value, whichever logit is looked at.
    if scene == Scene::ClassPixel {
        curves.values[1].clear();
    }
    Ok(curves)
}

/// Value and slope of each kind of pixel.
type At = [(f64, f64); 2];

fn pixel(subject: &Subject, p: f64) -> Result<At, Error> {
    let of = |target: u8| -> Result<(f64, f64), Error> {
        let pixels = Pixels { logits: vec![logit(p)], targets: vec![target], distances: Vec::new() };
        let evaluated = subject.evaluate(&pixels)?;
        Ok((evaluated.value, f64::from(evaluated.gradient[0])))
    };
    Ok([of(1)?, of(0)?])
}

const SIDE: usize = 10;
/// A pixel inside the shape, and one far away from it.
const INSIDE: usize = 4 * SIDE + 4;
const FAR: usize = 9 * SIDE + 9;

/// The image of region losses: a shape of 3 × 4 pixels that is half found.
pub(crate) fn half_found() -> Pixels {
    let is_foreground = |place: usize| (3..6).contains(&(place / SIDE)) && (3..7).contains(&(place % SIDE));
    let mask: Vec<bool> = (0..SIDE * SIDE).map(is_foreground).collect();
    let foreground = mask.iter().filter(|&&is| is).count();
    let mut found = evenly(0.45, 0.95, foreground);
    let mut alarms = evenly(0.02, 0.5, mask.len() - foreground);
    let mut p = |&is: &bool| if is { found.next() } else { alarms.next() };
    let logits = mask.iter().map(|is| logit(p(is).unwrap_or(0.5))).collect();
    Pixels { logits, targets: mask.into_iter().map(u8::from).collect(), distances: Vec::new() }
}

/// How far each pixel of the image lies from the boundary of its shape.
fn distances(pixels: &Pixels) -> Result<Vec<f32>, Error> {
    let mask: Vec<bool> = pixels.targets.iter().map(|&target| target == 1).collect();
    let mut distances = vec![0.0; mask.len()];
    let mut scratch = vec![0; distance::scratch_length(SIDE)];
    distance::signed_distance_map(&mask, SIDE, mask.len() / SIDE, &mut scratch, &mut distances)
        .map_err(|cause| Error::Loss { loss: "boundary".to_owned(), cause: cause.to_string() })?;
    Ok(distances)
}

fn image(subject: &Subject, needs: Needs, p: f64) -> Result<At, Error> {
    let mut still = half_found();
    if needs == Needs::DistanceMap {
        still.distances = distances(&still)?;
    }
    let of = |target: u8, one: usize| -> Result<(f64, f64), Error> {
        let mut all = still.clone();
        for (place, logit_of) in all.logits.iter_mut().enumerate() {
            if still.targets[place] == target {
                *logit_of = logit(p);
            }
        }
        let mut alone = still.clone();
        alone.logits[one] = logit(p);
        let slope = subject.evaluate(&alone)?.gradient[one];
        Ok((subject.evaluate(&all)?.value, still.targets.len() as f64 * f64::from(slope)))
    };
    Ok([of(1, INSIDE)?, of(0, FAR)?])
}

/// The logit that gives its class p while those of the other classes are 0.
fn class_logit(p: f64) -> f32 {
    ((CLASSES - 1) as f64 * p / (1.0 - p)).ln() as f32
}

fn class_pixel(subject: &Subject, p: f64) -> Result<At, Error> {
    let mut logits = vec![0.0; CLASSES];
    logits[1] = class_logit(p);
    let evaluated = subject.evaluate(&Pixels { logits, targets: vec![1], distances: Vec::new() })?;
    Ok([1, 2].map(|class| (evaluated.value, f64::from(evaluated.gradient[class]))))
}

const CLASS_PIXELS: [usize; CLASSES] = [80, 15, 5];

fn class_image(subject: &Subject, p: f64) -> Result<At, Error> {
    let pixels: usize = CLASS_PIXELS.iter().sum();
    let targets: Vec<u8> =
        CLASS_PIXELS.iter().enumerate().flat_map(|(class, &count)| vec![class as u8; count]).collect();
    let mut still = Pixels { logits: vec![0.0; CLASSES * pixels], targets, distances: Vec::new() };
    let mut place = 0;
    for (class, count) in CLASS_PIXELS.into_iter().enumerate() {
        for p in evenly(0.35, 0.9, count) {
            still.logits[class * pixels + place] = class_logit(p);
            place += 1;
        }
    }
    let of = |class: usize| -> Result<(f64, f64), Error> {
        let first: usize = CLASS_PIXELS[..class].iter().sum();
        let one = class * pixels + first + CLASS_PIXELS[class] / 2;
        let mut all = still.clone();
        all.logits[class * pixels + first..][..CLASS_PIXELS[class]].fill(class_logit(p));
        let mut alone = still.clone();
        alone.logits[one] = class_logit(p);
        let slope = subject.evaluate(&alone)?.gradient[one];
        Ok((subject.evaluate(&all)?.value, pixels as f64 * f64::from(slope)))
    };
    Ok([of(CLASSES - 1)?, of(0)?])
}
