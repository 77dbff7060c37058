use quickcheck::{Arbitrary, Gen, quickcheck};

use super::apportion::apportion;
use super::{BinarySet, Cut, ImageSet, Labelling, PairSet, Real, RealError, Split, binary, damage, damage_shares};
use crate::run::config::{Config, Damage, Data, Preset, Shapes};

/// Images with the labels that the settings ask for.
fn as_set(data: &Data, share: f64, seed: u64, split: Split) -> BinarySet {
    binary(data, share, Labelling::Swapped(data.label_noise), seed, split)
}

const SPLITS: [Split; 2] = [Split::Training, Split::HeldOut];

/// Settings as a user could choose them.
#[derive(Clone, Debug)]
struct Settings {
    data: Data,
    damage: Damage,
    seed: u64,
}

impl Arbitrary for Settings {
    fn arbitrary(g: &mut Gen) -> Settings {
        let mut unit = || f64::from(u32::arbitrary(g)) / f64::from(u32::MAX);
        let mut between = |low: f64, high: f64| low + (high - low) * unit();
        let mut whole = |low: usize, high: usize| between(low as f64, high as f64 + 0.999) as usize;
        let (size, training_images, held_out_images) = (8 * whole(2, 12), whole(1, 5), whole(1, 5));
        let (damaged, kept) = (whole(1, 4), whole(1, 4));
        let data = Data {
            size,
            training_images,
            held_out_images,
            share: libm::exp(between(libm::log(0.001), libm::log(0.5))),
            rare_shares: Vec::new(),
            contrast: between(0.2, 2.0),
            noise: between(0.0, 1.0),
            soft_edge: between(0.0, 3.0),
            label_noise: between(0.0, 0.2),
            shapes: Shapes {
                blobs: between(0.0, 1.0),
                ellipses: between(0.0, 1.0),
                roads: between(0.0, 1.0),
                small_objects: between(0.0, 1.0),
            },
        };
        // From a few buildings to more than there is room for.
        let crowd = libm::exp(between(libm::log(0.003), libm::log(1.0)));
        let mut share = || crowd * between(0.02, 1.0);
        let damage = Damage {
            shares: [1.0, share(), share(), share(), share()],
            training_images: damaged,
            held_out_images: kept,
            class_weights: [1.0; 5],
            lambdas: [0.0; 3],
        };
        Settings { data, damage, seed: u64::arbitrary(g) }
    }
}

/// Settings much as the default ones.
fn usual() -> Settings {
    let shapes = Shapes { blobs: 1.0, ellipses: 1.0, roads: 1.0, small_objects: 1.0 };
    let data = Data {
        size: 64,
        training_images: 24,
        held_out_images: 8,
        share: 0.05,
        rare_shares: Vec::new(),
        contrast: 1.0,
        noise: 0.4,
        soft_edge: 1.5,
        label_noise: 0.05,
        shapes,
    };
    let damage = Damage {
        shares: [96.0, 2.7, 0.1, 0.1, 0.1],
        training_images: 40,
        held_out_images: 20,
        class_weights: [1.0; 5],
        lambdas: [0.0; 3],
    };
    Settings { data, damage, seed: 7 }
}

fn count(labels: &[u8], class: u8) -> usize {
    labels.iter().filter(|&&label| label == class).count()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, number) = values.fold((0.0, 0.0), |(sum, number), value| (sum + value, number + 1.0));
    sum / number
}

quickcheck! {
    fn shares_are_exact_and_values_finite(settings: Settings) -> bool {
        let Settings { data, seed, .. } = settings;
        SPLITS.into_iter().all(|split| {
            let set = as_set(&data, data.share, seed, split);
            let pixels = data.size * data.size * set.len();
            let expected = (data.share * pixels as f64).round() as usize;
            set.len() == if split == Split::Training { data.training_images } else { data.held_out_images }
                && [&set.masks, &set.labels].iter().all(|labels| labels.len() == pixels)
                && set.images.len() == pixels
                && [&set.masks, &set.labels].iter().all(|labels| count(labels, 1) == expected)
                && count(&set.masks, 0) == pixels - expected
                && (expected < set.len() || (0..set.len()).all(|index| set.mask(index).contains(&1)))
                && set.images.iter().all(|value| value.is_finite())
        })
    }

    fn held_out_labels_are_the_truth(settings: Settings) -> bool {
        let set = as_set(&settings.data, settings.data.share, settings.seed, Split::HeldOut);
        set.labels == set.masks
    }

    fn a_seed_decides_the_bytes(settings: Settings) -> bool {
        let Settings { data, damage: classes, seed } = settings;
        let make = |seed, split| (as_set(&data, data.share, seed, split), damage(&data, &classes, seed, split));
        let (first, again) = (make(seed, Split::Training), make(seed, Split::Training));
        let (other, held_out) = (make(seed.wrapping_add(1), Split::Training), make(seed, Split::HeldOut));
        let area = data.size * data.size;
        // The first images, since the splits may have different numbers of them.
        let differ = |a: &[f32], b: &[f32]| a[..area] != b[..area];
        first == again
            && [other, held_out].iter().all(|set| {
                differ(&first.0.images, &set.0.images)
                    && differ(&first.1.before, &set.1.before)
                    && differ(&first.1.after, &set.1.after)
            })
    }

    fn damage_classes_are_exact_and_values_finite(settings: Settings) -> bool {
        let Settings { data, damage: classes, seed } = settings;
        let shares = damage_shares(&classes);
        SPLITS.into_iter().all(|split| {
            let set = damage(&data, &classes, seed, split);
            let pixels = data.size * data.size * set.len();
            set.labels.len() == pixels
                && (1..=4u8).all(|class| {
                    count(&set.labels, class) == (shares[usize::from(class)] * pixels as f64).round() as usize
                })
                && [&set.before, &set.after].iter().all(|images| images.len() == pixels)
                && set.before.iter().chain(&set.after).all(|value| value.is_finite())
        })
    }

    fn parts_sum_to_the_total_within_their_bounds(total: u16, weights: Vec<u16>, least: u8, room: u8) -> bool {
        let (least, most) = (usize::from(least % 8), usize::from(least % 8) + usize::from(room));
        let total = usize::from(total) % (2 * most * weights.len() + 1);
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        let parts = apportion(total, &weights, least, most);
        let possible = total.clamp(least * weights.len(), most * weights.len());
        parts.len() == weights.len()
            && parts.iter().sum::<usize>() == possible
            && parts.iter().all(|part| (least..=most).contains(part))
    }
}

#[test]
fn parts_are_in_proportion() {
    assert_eq!(apportion(10, &[1.0, 2.0, 1.0], 0, 100), [3, 5, 2]);
    assert_eq!(apportion(10, &[1.0, 8.0, 1.0], 0, 6), [2, 6, 2]);
    assert_eq!(apportion(4, &[0.0, 1.0, 0.0], 1, 6), [1, 2, 1]);
}

#[test]
fn label_noise_swaps_the_asked_number_at_the_boundary() {
    let Settings { mut data, seed, .. } = usual();
    for noise in [0.0, 0.05, 0.15] {
        data.label_noise = noise;
        let set = as_set(&data, data.share, seed, Split::Training);
        let lost = set.masks.iter().zip(&set.labels).filter(|&(&mask, &label)| mask == 1 && label == 0).count();
        let asked = noise * count(&set.masks, 1) as f64;
        // Each image rounds by less than one pixel.
        assert!((lost as f64 - asked).abs() <= data.training_images as f64, "{lost} of {asked}");
        assert_eq!(lost == 0, noise == 0.0);
        for image in 0..set.len() {
            let mask = set.mask(image);
            for index in (0..mask.len()).filter(|&index| mask[index] != set.label(image)[index]) {
                let (x, y) = (index % data.size, index / data.size);
                let other = |dx: usize, dy: usize| {
                    let (x, y) = ((x + dx).checked_sub(1), (y + dy).checked_sub(1));
                    let at = x.zip(y).filter(|&(x, y)| x < data.size && y < data.size);
                    at.is_some_and(|(x, y)| mask[y * data.size + x] != mask[index])
                };
                assert!(other(0, 1) || other(2, 1) || other(1, 0) || other(1, 2), "pixel {index} of image {image}");
            }
        }
    }
}

#[test]
fn foreground_varies_between_images_and_is_brighter() {
    let Settings { data, seed, .. } = usual();
    for share in [0.05, 0.01, 0.001] {
        let set = as_set(&data, share, seed, Split::Training);
        let counts: Vec<usize> = (0..set.len()).map(|index| count(set.mask(index), 1)).collect();
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most >= &(2 * least), "{counts:?}");
        assert!(*most as f64 <= 4.1 * (*least as f64).max(2.0), "{counts:?}");
        let of = |class| mean(set.images.iter().zip(&set.masks).filter(|p| *p.1 == class).map(|p| f64::from(*p.0)));
        assert!(of(1) - of(0) > 0.8, "{} and {}", of(1), of(0));
    }
}

#[test]
fn images_are_about_standardised() {
    let Settings { data, damage: classes, seed } = usual();
    let pairs = damage(&data, &classes, seed, Split::Training);
    for values in [as_set(&data, data.share, seed, Split::Training).images, pairs.before, pairs.after] {
        let average = mean(values.iter().map(|&value| f64::from(value)));
        let deviation = mean(values.iter().map(|&value| (f64::from(value) - average).powi(2))).sqrt();
        assert!(average.abs() < 0.1 && (deviation - 1.0).abs() < 0.1, "{average} ± {deviation}");
    }
}

/// Where an image has the same number of foreground pixels, it is the same among more images.
#[test]
fn an_image_depends_on_the_others_by_its_share_only() {
    let Settings { mut data, seed, .. } = usual();
    let few = as_set(&data, 1.0 / 4096.0, seed, Split::HeldOut);
    data.held_out_images += 5;
    let more = as_set(&data, 1.0 / 4096.0, seed, Split::HeldOut);
    // With as many pixels as images, each has one.
    for index in 0..few.len() {
        assert_eq!(few.image(index), more.image(index));
        assert_eq!(few.mask(index), more.mask(index));
    }
    assert!(few.image(few.len()).is_empty());
}

fn change(set: &PairSet, class: u8) -> f64 {
    let pixels = set.before.iter().zip(&set.after).zip(&set.labels);
    mean(pixels.filter(|pixel| *pixel.1 == class).map(|((&before, &after), _)| f64::from(before - after).abs()))
}

#[test]
fn damaged_buildings_change_more_than_others() {
    let Settings { data, damage: mut classes, seed } = usual();
    for shares in [[96.0, 2.7, 0.1, 0.1, 0.1], [80.0, 5.0, 5.0, 5.0, 5.0]] {
        classes.shares = shares;
        let set = damage(&data, &classes, seed, Split::Training);
        let [background, none, minor, major, destroyed] = [0, 1, 2, 3, 4].map(|class| change(&set, class));
        assert!((background - none).abs() < 0.15, "{background} and {none}");
        assert!(minor > none + 0.1 && major > minor && destroyed > major, "{none} {minor} {major} {destroyed}");
    }
}

#[test]
fn buildings_of_rare_classes_are_spread() {
    let Settings { data, damage: classes, seed } = usual();
    let set = damage(&data, &classes, seed, Split::Training);
    for class in 2..=4 {
        let counts: Vec<usize> = (0..set.len()).map(|index| count(set.label(index), class)).collect();
        let images = counts.iter().filter(|&&count| count > 0).count();
        // 165 pixels in buildings of about 37.
        assert!((4..=5).contains(&images), "class {class} in {images} images");
        assert!(counts.iter().all(|&count| count < 60), "{counts:?}");
    }
}

#[test]
fn shares_are_scaled_to_one() {
    let Settings { damage: mut classes, .. } = usual();
    let shares = damage_shares(&classes);
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((shares[1] - 2.7 / 99.0).abs() < 1e-12);
    classes.shares = [0.0; 5];
    assert_eq!(damage_shares(&classes), [1.0, 0.0, 0.0, 0.0, 0.0]);
}

/// No setting may panic, hang or lose its count, not even those without sense.
#[test]
fn extreme_settings_are_exact() {
    let Settings { mut data, damage: mut classes, seed } = usual();
    (data.size, data.training_images, classes.training_images) = (16, 3, 3);
    data.shapes = Shapes { blobs: 0.0, ellipses: f64::NAN, roads: -1.0, small_objects: 0.0 };
    for share in [0.0, 0.97, 1.0] {
        let set = as_set(&data, share, seed, Split::Training);
        assert_eq!(count(&set.masks, 1), (share * 768.0).round() as usize);
        assert_eq!(count(&set.labels, 1), count(&set.masks, 1));
    }
    classes.shares = [0.0, 1.0, 1.0, 1.0, 1.0];
    let set = damage(&data, &classes, seed, Split::Training);
    assert_eq!([0, 1, 2, 3, 4].map(|class| count(&set.labels, class)), [0, 192, 192, 192, 192]);
    data.training_images = 0;
    assert_eq!(as_set(&data, 0.1, seed, Split::Training).len(), 0);
    classes.training_images = 0;
    assert_eq!(damage(&data, &classes, seed, Split::Training).len(), 0);
}

/// Soft labels are shares of the annotators; their majority is the hard label, and only boundaries are in doubt.
#[test]
fn soft_labels_are_means_of_annotators() {
    let data = Data { size: 32, training_images: 6, ..Config::preset(Preset::Default).data };
    let set = binary(&data, 0.1, Labelling::Mean { annotators: 4, noise: 0.3 }, 5, Split::Training);
    assert_eq!(set.soft.len(), set.labels.len());
    for (soft, label) in set.soft.iter().zip(&set.labels) {
        assert!([0.0, 0.25, 0.5, 0.75, 1.0].contains(soft));
        assert_eq!(*label == 1, *soft >= 0.5);
    }
    assert!(set.soft.iter().any(|soft| *soft > 0.0 && *soft < 1.0), "some pixels are in doubt");
    let sum: f64 = set.soft.iter().map(|soft| f64::from(*soft)).sum();
    assert!(
        (sum - set.masks.iter().map(|mask| f64::from(*mask)).sum::<f64>()).abs() < 1e-6,
        "swaps keep the foreground's size"
    );
}

#[test]
fn half_of_the_images_are_empty_and_the_others_as_they_were() {
    let data = Data { size: 32, training_images: 6, held_out_images: 5, ..Config::preset(Preset::Default).data };
    for split in [Split::Training, Split::HeldOut] {
        let [whole, half] =
            [Labelling::Swapped(0.0), Labelling::HalfEmpty].map(|labelling| binary(&data, 0.1, labelling, 5, split));
        for index in 0..whole.len() {
            let is_empty = half.mask(index).iter().all(|label| *label == 0);
            assert_eq!(is_empty, index % 2 == 1);
            assert!(is_empty || (half.mask(index) == whole.mask(index) && half.image(index) == whole.image(index)));
        }
        assert_eq!(half.labels, half.masks);
    }
}

/// Every distance is computed within the mask's own image, once.
#[test]
fn distances_are_those_of_each_image() {
    let data = Data { size: 16, training_images: 4, ..Config::preset(Preset::Default).data };
    let set = binary(&data, 0.2, Labelling::Swapped(0.0), 5, Split::Training);
    let first = set.distances().as_ptr();
    for index in 0..set.len() {
        for (at, (distance, inside)) in set.distance(index).iter().zip(set.mask(index)).enumerate() {
            let (x, y) = ((at % 16) as f64, (at / 16) as f64);
            let others = set.mask(index).iter().enumerate().filter(|(_, other)| *other != inside);
            let nearest =
                others.map(|(other, _)| (((other % 16) as f64 - x).powi(2) + ((other / 16) as f64 - y).powi(2)).sqrt());
            let nearest = nearest.fold(f64::INFINITY, f64::min) as f32;
            let expected = if *inside == 1 { 1.0 - nearest } else { nearest };
            assert!((distance - expected).abs() < 1e-5, "{distance} {expected}");
        }
    }
    assert_eq!(first, set.distances().as_ptr());
}

mod of_files {
    use super::*;
    use crate::images::{Image, Mask};

    /// Images of one value each, with a square of foreground.
    fn real(sizes: &[(usize, usize)]) -> Real {
        let pair = |(place, &(width, height)): (usize, &(usize, usize))| {
            let mut values = vec![0; width * height];
            values[0] = 1;
            let numbers = (0..width * height).map(|pixel| (place * 100_000 + pixel) as f32).collect();
            let name = format!("{place}.png");
            (Image { name: name.clone(), width, height, channels: 1, numbers }, Mask { name, width, height, values })
        };
        Real::new(sizes.iter().enumerate().map(pair).collect(), |value| value == 1).unwrap()
    }

    fn cut() -> Cut {
        Cut { size: 16, folds: 3, training: 20, held_out: 100 }
    }

    /// No image gives crops to both sides, each is held out by one of the seeds in turn, and no pixel is judged twice.
    #[test]
    fn images_are_split_and_not_crops() {
        let real = real(&[(40, 33), (16, 16), (50, 20), (17, 64), (32, 32), (48, 16)]);
        real.check(16, 3).unwrap();
        let tiles = 2 * 2 + 1 + 3 + 4 + 4 + 3;
        let mut held_out = 0;
        for seed in 0..3 {
            let [training, judged] = real.sets(cut(), Labelling::Swapped(0.0), seed);
            assert_eq!(training.len(), 20);
            let numbers = |set: &BinarySet| -> std::collections::BTreeSet<u32> {
                set.images.iter().map(|number| number.to_bits()).collect()
            };
            assert_eq!(numbers(&judged).len(), judged.images.len(), "no pixel twice");
            assert!(numbers(&training).is_disjoint(&numbers(&judged)));
            held_out += judged.len();
            assert_eq!(real.sets(cut(), Labelling::Swapped(0.0), seed), [training, judged]);
        }
        assert_eq!(held_out, tiles);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let told = |result: Result<(), RealError>| result.unwrap_err().to_string();
        assert!(
            told(real(&[(40, 33), (20, 90)]).check(32, 2))
                .contains("1.png: is 20 × 90 pixels, and a crop is 32 × 32; give --crop 16")
        );
        assert!(told(real(&[(40, 33)]).check(16, 2)).contains("crops of one image are no test"));
        assert!(told(real(&[(40, 33), (40, 33)]).check(16, 3)).contains("give fewer --folds"));
        let image = |channels| Image {
            name: format!("{channels}.png"),
            width: 1,
            height: 1,
            channels,
            numbers: vec![0.0; channels],
        };
        let mask = |width| Mask { name: "m.png".to_owned(), width, height: 1, values: vec![0; width] };
        let mixed = Real::new(vec![(image(1), mask(1)), (image(3), mask(1))], |_| true).unwrap_err().to_string();
        assert!(mixed.contains("3.png: has three channels, and 1.png has one channel"), "{mixed}");
        let other = Real::new(vec![(image(1), mask(2))], |_| true).unwrap_err().to_string();
        assert!(other.contains("m.png: is 2 × 1 pixels, and its image 1.png is 1 × 1"), "{other}");
    }
}
