//! Where images are in arrays, and voxels in space.

use crate::arguments::{AxisOrder, ScoreArguments};
use crate::arrays::{Array, Format, Space};
use crate::score::ScoreError;

use super::Inputs;

/// Two places of a voxel that lie no further apart than this share of it are one.
const SAME_PLACE: f64 = 0.1;

/// Gives volumes the order of axes of the arrays beside them, and checks that volumes lie in the same place.
pub(super) fn orient(input: &mut Array, beside: Vec<&mut Array>, arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let mut all: Vec<&mut Array> = std::iter::once(input).chain(beside).collect();
    let (volumes, others): (Vec<&&mut Array>, Vec<_>) = all.iter().partition(|array| array.format() == Format::Volume);
    let Some(volume) = volumes.first() else { return Ok(()) };
    for other in volumes.iter().skip(1) {
        if !arguments.ignore_affine {
            check_places(volume, other)?;
        }
    }
    let Some(other) = others.first() else { return Ok(()) };
    let tail = |array: &Array, length: usize| -> Vec<u64> {
        let shape = array.shape();
        shape.get(shape.len().saturating_sub(length)..).unwrap_or_default().to_vec()
    };
    let zyx = tail(volume, volume.space().map_or(3, |space| space.spacing.len()));
    let xyz: Vec<u64> = zyx.iter().rev().copied().collect();
    let squeezed = crate::arrays::squeezed(other.shape());
    let ends = |axes: &[u64]| tail(other, axes.len()) == axes || squeezed == crate::arrays::squeezed(axes);
    let order = match (arguments.axes, ends(&zyx), ends(&xyz)) {
        (Some(order), ..) => order,
        (None, true, true) => {
            return Err(ScoreError::usage(format!(
                "{}: the shape {} fits {} of {} both as (z, y, x) and as (x, y, z); --axes zyx if SimpleITK or nnU-Net wrote \
                 it, --axes xyz if nibabel did",
                other.name(),
                other.shape_text(),
                volume.shape_text(),
                volume.name()
            )));
        }
        (None, false, true) => AxisOrder::Xyz,
        (None, ..) => AxisOrder::Zyx,
    };
    if order == AxisOrder::Xyz {
        for array in &mut all {
            if array.format() == Format::Volume {
                **array = array.as_xyz();
            }
        }
    }
    Ok(())
}

/// Distances as --spacing takes them. A header has them as `f32`, whose digits they are given.
fn listed(spacing: &[f64]) -> String {
    spacing.iter().map(|along| (*along as f32).to_string()).collect::<Vec<_>>().join(",")
}

/// Refuses two volumes whose voxels of the same index lie in different places.
fn check_places(a: &Array, b: &Array) -> Result<(), ScoreError> {
    let (Some(first), Some(second)) = (a.space(), b.space()) else { return Ok(()) };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-3 * a.abs().max(b.abs());
    let spacings = first.spacing.iter().zip(&second.spacing).all(|(a, b)| close(*a, *b));
    let voxel = first.spacing.iter().copied().fold(f64::INFINITY, f64::min);
    let corners = |space: &Space| -> Option<Vec<[f64; 3]>> {
        let affine = space.affine?;
        let far: Vec<f64> = a.shape().iter().rev().take(3).map(|length| length.saturating_sub(1) as f64).collect();
        let at = |corner: usize| {
            let index = |axis: usize| if corner >> axis & 1 == 1 { far.get(axis).copied().unwrap_or(0.0) } else { 0.0 };
            affine.map(|[x, y, z, start]| x * index(0) + y * index(1) + z * index(2) + start)
        };
        Some((0..8).map(at).collect())
    };
    let apart = match (corners(first), corners(second)) {
        (Some(a), Some(b)) => {
            let distance =
                |(a, b): (&[f64; 3], &[f64; 3])| (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt();
            a.iter().zip(&b).map(distance).fold(0.0, f64::max)
        }
        _ => 0.0,
    };
    if spacings && apart <= SAME_PLACE * voxel {
        return Ok(());
    }
    let what = if spacings {
        format!("their headers put the same voxel up to {apart:.4} mm apart (another orientation or origin)")
    } else {
        format!("the spacings {} and {} differ", listed(&first.spacing), listed(&second.spacing))
    };
    Err(ScoreError::usage(format!(
        "{}: does not lie where {} does: {what}; resample one to the other, or --ignore-affine compares voxel by voxel",
        b.name(),
        a.name()
    )))
}

/// Where the images are in the arrays of one file, and how far apart their pixels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) images: u64,
    /// Binary masks of each image, if there are several.
    pub(crate) channels: u64,
    /// The axes of an image: two or three, or one where pixels have no place.
    pub(crate) shape: Vec<usize>,
    pub(crate) spacing: Vec<f64>,
    /// "mm", or "px" where nothing says how far apart pixels are.
    pub(crate) unit: &'static str,
}

impl Geometry {
    /// Of files whose classes were found. `needs_place`: for metrics, what is ambiguous is refused.
    pub(crate) fn of(inputs: &Inputs, arguments: &ScoreArguments, needs_place: bool) -> Result<Self, ScoreError> {
        let beside = &inputs.targets;
        let of_classes = inputs.classes.is_some();
        // The array that has more axes says more of what they are.
        let mut shape = inputs.pixel_shape();
        if !of_classes && beside.shape().len() > shape.len() {
            shape = beside.shape().to_vec();
        }
        let format = |format| [&inputs.input, beside].into_iter().find(|array| array.format() == format);
        let volume = format(Format::Volume).and_then(Array::space);
        let said = match (arguments.dims, &arguments.spacing[..]) {
            (Some(dims), []) => Some(usize::from(dims)),
            (Some(dims), spacing) if spacing.len() != usize::from(dims) => {
                return Err(ScoreError::usage(format!(
                    "--spacing has {} numbers, and --dims says {dims} axes",
                    spacing.len()
                )));
            }
            (_, spacing @ ([_, _] | [_, _, _])) => Some(spacing.len()),
            (_, []) => None,
            (_, spacing) => {
                let message = format!("--spacing has {} numbers; an image has 2 axes, or 3", spacing.len());
                return Err(ScoreError::usage(message));
            }
        };
        let of_file = volume.map(|space| space.spacing.len()).or_else(|| format(Format::Picture).map(|_| 2));
        let dims = match said.or(of_file) {
            Some(dims) => dims,
            None => Self::guess(inputs, &shape, of_classes, needs_place)?,
        };
        // A picture may stand beside an array with axes of length 1 after its own.
        while shape.len() > dims && shape.last() == Some(&1) && of_file.is_some() {
            shape.pop();
        }
        let Some(start) = shape.len().checked_sub(dims) else {
            return Err(ScoreError::usage(format!(
                "{}: the shape {} has fewer than the {dims} axes of an image",
                inputs.input.name(),
                inputs.input.shape_text()
            )));
        };
        let (leading, image) = shape.split_at(start);
        let leading: Vec<u64> = leading.to_vec();
        let (images, channels) = match (&leading[..], of_classes) {
            ([], _) => (1, 1),
            ([images], _) => (*images, 1),
            ([images, channels], false) => (*images, *channels),
            (all, true) => (all.iter().product(), 1),
            ([images, rest @ ..], false) => (*images, rest.iter().product()),
        };
        let image: Vec<usize> = image.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect();
        let (spacing, unit) = Self::spacing(inputs, volume, arguments, image.len())?;
        Ok(Self { images, channels, shape: image, spacing, unit })
    }

    /// How many axes an image has, where only the shape tells.
    fn guess(inputs: &Inputs, shape: &[u64], of_classes: bool, needs_place: bool) -> Result<usize, ScoreError> {
        if of_classes {
            // Axis 1 is that of classes, and axis 0 that of images; or axis 0 is that of classes.
            let axes = if inputs.class_axis == Some(0) || shape.len() < inputs.input.shape().len() - 1 {
                shape.len()
            } else {
                shape.len().saturating_sub(1)
            };
            return Ok(axes.clamp(1, 3));
        }
        let long = shape.iter().filter(|length| **length != 1).count();
        match shape {
            [] | [_] => Ok(shape.len()),
            [_, _] => Ok(2),
            [1, ..] if shape.len() == 3 => Ok(2),
            [_, 1, _, _] => Ok(2),
            [_, _, _, _, _] => Ok(3),
            _ if long <= 2 => Ok(2),
            _ if !needs_place => Ok(if shape.len() == 3 { 2 } else { shape.len() - 2 }.min(3)),
            _ => {
                let readings = if shape.len() == 3 {
                    format!(
                        "--dims 2 takes {} images (height, width), --dims 3 one volume (depth, height, width)",
                        shape[0]
                    )
                } else {
                    "--dims 2 takes (N, C, height, width), --dims 3 (N, depth, height, width)".to_owned()
                };
                Err(ScoreError::usage(format!(
                    "{}: the shape {} may be that of images or of volumes, and means over images, distances and objects depend on it: {readings}",
                    inputs.input.name(),
                    inputs.input.shape_text()
                )))
            }
        }
    }

    fn spacing(
        inputs: &Inputs,
        volume: Option<&Space>,
        arguments: &ScoreArguments,
        axes: usize,
    ) -> Result<(Vec<f64>, &'static str), ScoreError> {
        let given = &arguments.spacing;
        match volume {
            Some(space) if given.is_empty() => match &space.other_spacing {
                None => Ok((space.spacing.clone(), "mm")),
                Some(other) => Err(ScoreError::usage(format!(
                    "{}: the header has two spacings, {} (pixdim) and {} (of the affine); give the right one: --spacing {} or \
                     --spacing {}",
                    inputs.input.name(),
                    listed(&space.spacing),
                    listed(other),
                    listed(&space.spacing),
                    listed(other)
                ))),
            },
            Some(space) => {
                let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-3 * a.abs().max(*b);
                let said = std::iter::once(&space.spacing).chain(&space.other_spacing);
                let mut same = said.filter(|said| said.len() == given.len() && said.iter().zip(given).all(close));
                if let Some(spacing) = same.next() {
                    return Ok((spacing.clone(), "mm"));
                }
                Err(ScoreError::usage(format!(
                    "{}: --spacing {} differs from the header's {} (in the order of the axes as they are read, {}); leave \
                     --spacing out, or mend the header",
                    inputs.input.name(),
                    listed(given),
                    listed(&space.spacing),
                    inputs.input.shape_text()
                )))
            }
            None if given.is_empty() => Ok((vec![1.0; axes], "px")),
            None => Ok((given.clone(), "mm")),
        }
    }

    /// With each channel as an image: labels have none.
    pub(crate) fn without_channels(self) -> Self {
        Self { images: self.images * self.channels, channels: 1, ..self }
    }

    /// The pixels of an image.
    pub(crate) fn pixels(&self) -> usize {
        self.shape.iter().product()
    }
}
