//! From `--images` and `--masks` to images for training, and the settings that follow from them.

use std::collections::BTreeMap;
use std::ffi::OsString;

use sha2::{Digest, Sha256};

use super::config::{Config, RealImages};
use super::dataset::Real;
use super::error::RunError;
use crate::arguments::{ClassesArgument, Foreground, RunArguments};
use crate::error::Error;
use crate::images::{EXTENSIONS, Image, Mask};
use crate::paths::{Files, Named, find_with, pair};

/// The user's images, and how they are split.
pub(crate) struct OwnImages {
    pub(crate) real: Real,
    described: RealImages,
}

impl OwnImages {
    /// `None` if no images were named.
    pub(crate) fn read(arguments: &RunArguments, config: &Config) -> Result<Option<Self>, RunError> {
        if arguments.images.is_empty() {
            return Ok(None);
        }
        let (images, masks) = (files("--images", &arguments.images)?, files("--masks", &arguments.masks)?);
        let partners = pair(&images, &masks, None).map_err(|error| Error::Usage(error.to_string()))?.partners;
        let mut hash = Sha256::new();
        let mut pairs: Vec<(Image, Mask)> = Vec::new();
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for (image, partner) in images.paths.iter().zip(partners) {
            let Some(mask) = masks.paths.get(partner) else { continue };
            let (image, mask) = (Image::read(image)?, Mask::read(mask)?);
            for length in [image.width, image.height, image.channels] {
                hash.update(length.to_le_bytes());
            }
            if let Some((twin, _)) = pairs.iter().find(|(other, _)| other.is_same_as(&image)) {
                return Err(RunError::from(Error::Usage(format!(
                    "{} and {}: are the same image under two names, so one could be trained with while the other is held out; leave one of them out",
                    twin.name, image.name
                ))));
            }
            image.numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
            mask.values.iter().for_each(|value| hash.update(value.to_le_bytes()));
            mask.values.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
            pairs.push((image, mask));
        }
        let masks: Vec<&Mask> = pairs.iter().map(|(_, mask)| mask).collect();
        let foreground = foreground(&masks, &counts, arguments.classes.as_ref(), arguments.foreground.as_ref())?;
        let pixels = counts.values().sum::<u64>().max(1) as f64;
        let name = |value: u32| {
            let names = arguments.classes.iter().flat_map(|classes| &classes.names);
            names.into_iter().nth(value as usize).cloned().unwrap_or_else(|| value.to_string())
        };
        /// Beyond this many values, the values are objects.
        const MOST_SHARES: usize = 16;
        let shares = counts.iter().take(MOST_SHARES).map(|(value, count)| (name(*value), *count as f64 / pixels));
        let shares = shares.collect();
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let real = Real::new(pairs, |value| foreground.contains(&value))?;
        let size = arguments.crop.unwrap_or(config.data.size);
        let folds = arguments.folds.unwrap_or(3);
        real.check(size, folds)?;
        let described = RealImages { sha256, images: real.len(), folds, foreground, shares };
        Ok(Some(Self { real, described }))
    }

    /// The settings for these images.
    pub(crate) fn settings(&self, config: Config, crop: Option<usize>) -> Config {
        let mut config = config;
        config.data.size = crop.unwrap_or(config.data.size);
        // Four digits are enough for a share, and keep it readable.
        config.data.share = format!("{:.3e}", self.real.share()).parse().unwrap_or(0.5);
        config.data.rare_shares = vec![config.data.share];
        config.data.label_noise = 0.0;
        config.sensitivity.size = config.sensitivity.size.min(config.data.size);
        config.images = Some(self.described.clone());
        config
    }

    /// A description of the images, for the user.
    pub(crate) fn told(&self) -> String {
        let [low, high] = self.real.extremes();
        let colours = if self.real.channels == 1 { "grey" } else { "in colours" };
        let shares: Vec<String> =
            self.described.shares.iter().map(|(name, share)| format!("{name} {:.2} %", 100.0 * share)).collect();
        format!(
            "{} images, {colours}; foreground {:.2} % of all pixels, {:.2} % to {:.2} % of an image; values of the masks: {}; {} folds, split by image",
            self.real.len(),
            100.0 * self.real.share(),
            100.0 * low,
            100.0 * high,
            shares.join(", "),
            self.described.folds
        )
    }
}

/// The files of an option.
fn files(option: &'static str, arguments: &[OsString]) -> Result<Files, RunError> {
    let mut files = Files { option, paths: Vec::new(), named: Named::OneByOne };
    for argument in arguments {
        let found = find_with(argument, EXTENSIONS).map_err(Error::from)?;
        files.paths.extend(found.paths);
        if found.named == Named::Together {
            files.named = Named::Together;
        }
    }
    Ok(files)
}

/// The values that count as foreground.
fn foreground(
    masks: &[&Mask],
    counts: &BTreeMap<u32, u64>,
    classes: Option<&ClassesArgument>,
    asked: Option<&Foreground>,
) -> Result<Vec<u32>, RunError> {
    let usage = |text: String| RunError::from(Error::Usage(text));
    let found: Vec<u32> = counts.keys().copied().collect();
    let first_with = |value: u32| {
        masks.iter().find(|mask| mask.values.contains(&value)).map_or_else(String::new, |mask| mask.name.clone())
    };
    if let Some(classes) = classes
        && let Some(beyond) = found.iter().find(|value| **value as usize >= classes.count)
    {
        return Err(usage(format!(
            "{}: has the label {beyond}, but --classes gives {} classes, 0 to {}",
            first_with(*beyond),
            classes.count,
            classes.count - 1
        )));
    }
    let chosen: Vec<u32> = match (asked, &found[..]) {
        (Some(Foreground::Values(values)), _) => {
            if let Some(missing) = values.iter().find(|value| !counts.contains_key(value)) {
                return Err(usage(format!(
                    "--foreground {missing}: no mask has this value; they have {}",
                    listed(&found)
                )));
            }
            values.clone()
        }
        (Some(Foreground::NonZero), _) => found.iter().copied().filter(|value| *value != 0).collect(),
        (None, _) if classes.is_some() => found.iter().copied().filter(|value| *value != 0).collect(),
        (None, [0, 1] | [1]) => vec![1],
        (None, [0, 255] | [255]) => vec![255],
        (None, [0]) => Vec::new(),
        (None, _) => {
            let odd = found.iter().copied().find(|value| ![0, 1, 255].contains(value)).unwrap_or(255);
            return Err(usage(format!(
                "{}: has the value {odd}, and the masks have {}, which is neither 0 and 1 nor 0 and 255. If the values are classes, \
             --classes N makes all but 0 foreground, and --foreground VALUES some of them. If they number objects, --foreground nonzero \
             makes every object foreground",
                first_with(odd),
                listed(&found)
            )));
        }
    };
    let pixels: u64 = chosen.iter().filter_map(|value| counts.get(value)).sum();
    let all: u64 = counts.values().sum();
    if pixels == 0 || pixels == all {
        let what = if pixels == 0 { "no foreground" } else { "nothing but foreground" };
        return Err(usage(format!(
            "the masks have {what} ({}), so there is nothing to learn; set the foreground with --foreground VALUES",
            listed(&found)
        )));
    }
    Ok(chosen)
}

/// Some values: "0, 3, 7 and 122 others".
fn listed(values: &[u32]) -> String {
    const MOST: usize = 6;
    let mut texts: Vec<String> = values.iter().take(MOST).map(u32::to_string).collect();
    if values.len() > MOST {
        texts.push(format!("{} others", values.len() - MOST));
    }
    crate::report::numbers::listed(&texts)
}
