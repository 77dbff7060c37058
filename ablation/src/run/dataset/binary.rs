//! Images of objects on a background, with binary masks.

use super::apportion::{apportion, share_of};
use super::label_noise::swap_at_boundary;
use super::objects::objects;
use super::random::{Purpose, Stream};
use super::scene::{Scale, ground};
use super::{ImageSet, Split, image};
use crate::run::config::Data;

/// Images of one channel, stored one after the other and row by row, with their masks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BinarySet {
    /// Width and height.
    pub(crate) size: usize,
    /// Mean about 0, standard deviation about 1.
    pub(crate) images: Vec<f32>,
    /// What the network is trained with, 0 or 1: the masks, in training with label noise.
    pub(crate) labels: Vec<u8>,
    /// The truth, 0 or 1.
    pub(crate) masks: Vec<u8>,
}

impl ImageSet for BinarySet {
    fn len(&self) -> usize {
        self.masks.len().checked_div(self.size * self.size).unwrap_or(0)
    }

    fn size(&self) -> usize {
        self.size
    }

    fn inputs(&self, index: usize) -> Vec<&[f32]> {
        vec![self.image(index)]
    }
}

impl BinarySet {
    /// The pixels of an image; empty beyond the last.
    pub(crate) fn image(&self, index: usize) -> &[f32] {
        image(&self.images, self.size, index)
    }

    /// The labels of an image; empty beyond the last.
    pub(crate) fn label(&self, index: usize) -> &[u8] {
        image(&self.labels, self.size, index)
    }

    /// The true mask of an image; empty beyond the last.
    pub(crate) fn mask(&self, index: usize) -> &[u8] {
        image(&self.masks, self.size, index)
    }
}

/// Images whose foreground is round(share · pixels) of all their pixels, exactly.
///
/// Each image has 0.4 to 1.6 times the mean's foreground, and at least one pixel where there are as many as images. Besides that
/// number, an image depends on the settings, the seed, the split and its index only.
pub(crate) fn binary(data: &Data, share: f64, seed: u64, split: Split) -> BinarySet {
    let count = match split {
        Split::Training => data.training_images,
        Split::HeldOut => data.held_out_images,
    };
    let area = data.size * data.size;
    let total = share_of(count * area, share);
    let weights: Vec<f64> =
        (0..count).map(|index| Stream::new(seed, Purpose::Quota, split, index).between(0.4, 1.6)).collect();
    let quotas = apportion(total, &weights, usize::from(total >= count), area);

    let scale = Scale::new(share, data.contrast, data.noise);
    let pixels = count * area;
    let mut set = BinarySet {
        size: data.size,
        images: Vec::with_capacity(pixels),
        labels: Vec::with_capacity(pixels),
        masks: Vec::with_capacity(pixels),
    };
    for (index, quota) in quotas.into_iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::BinaryScene, split, index);
        let mut scene = ground(data.size, &mut stream);
        let objects = objects(data, quota, &mut stream);
        for (pixel, brightness) in scene.iter_mut().zip(&objects.brightness) {
            *pixel += brightness;
        }
        scale.finish(&scene, &mut stream, &mut set.images);
        match split {
            Split::Training => {
                let mut stream = Stream::new(seed, Purpose::LabelNoise, split, index);
                set.labels.extend(swap_at_boundary(&objects.mask, data.size, data.label_noise, &mut stream));
            }
            Split::HeldOut => set.labels.extend(&objects.mask),
        }
        set.masks.extend(objects.mask);
    }
    set
}
