//! The signed distance map of a mask, for the [boundary loss](crate::boundary::BoundaryAccumulator).
//!
//! The caller lends the memory: nothing is allocated, and no `std` is needed.

use core::fmt;

use crate::error::LengthError;
use crate::number::real::Real;

/// The reason why a distance map cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DistanceError {
    /// A slice does not match the width and height.
    Length(LengthError),
    /// The image is wider or higher than 2²⁴ pixels.
    Size {
        /// The width of the image.
        width: usize,
        /// The height of the image.
        height: usize,
    },
}

impl fmt::Display for DistanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DistanceError::Length(error) => error.fmt(f),
            DistanceError::Size { width, height } => {
                write!(f, "an image of {width} × {height} pixels; neither may be above 2^24")
            }
        }
    }
}

impl core::error::Error for DistanceError {}

/// The number of scratch integers that [`signed_distance_map`] needs: three times the width.
#[must_use]
pub const fn scratch_length(width: usize) -> usize {
    width.saturating_mul(3)
}

const LARGEST_SIDE: usize = 1 << 24;
/// The column distance in a column without a pixel of the other class.
const NONE: u32 = u32::MAX;

/// Writes the signed Euclidean distance φ of every pixel to the mask's boundary, in pixels.
///
/// - Outside the mask: the distance to the nearest pixel inside, at least 1.
/// - Inside: 1 minus the distance to the nearest pixel outside. So the mask's outermost pixels have 0, and the others are negative.
/// - An empty or a full mask has no boundary: φ is 0 everywhere.
///
/// This is the convention of the authors' `one_hot2dist`, except for a full mask, for which the SciPy transform that it calls is undefined.
/// Distances are between centres of pixels, and the outside of the image is neither class. Pixels are stored row by row.
///
/// The distances are exact: integers until the root, which is rounded once to `f64` and then to `f32`. The time is proportional to the number of
/// pixels: two passes along the columns, and for each row the lower envelope of the parabolas (x − i)² + gᵢ², where gᵢ are the column distances.
///
/// ```
/// use loss_core::boundary::distance::{scratch_length, signed_distance_map};
///
/// let mask = [
///     false, false, false, false, //
///     false, true, true, false, //
/// ];
/// let (mut distances, mut scratch) = ([0.0; 8], [0; scratch_length(4)]);
/// signed_distance_map(&mask, 4, 2, &mut scratch, &mut distances)?;
/// let root = 2f32.sqrt();
/// assert_eq!(distances, [root, 1.0, 1.0, root, 1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), loss_core::boundary::distance::DistanceError>(())
/// ```
///
/// Kervadec et al., *Boundary loss for highly unbalanced segmentation*, 2019; Felzenszwalb and Huttenlocher, *Distance Transforms of
/// Sampled Functions*, 2012; in integers, Meijster et al., *A General Algorithm for Computing Distance Transforms in Linear Time*, 2000.
///
/// # Errors
/// [`DistanceError`] if the mask or the map does not have width × height pixels, the scratch is shorter than [`scratch_length`], or a
/// side is longer than 2²⁴. Nothing is written then.
pub fn signed_distance_map(
    mask: &[bool],
    width: usize,
    height: usize,
    scratch: &mut [u32],
    map: &mut [f32],
) -> Result<(), DistanceError> {
    if width > LARGEST_SIDE || height > LARGEST_SIDE {
        return Err(DistanceError::Size { width, height });
    }
    let pixels = width.checked_mul(height).ok_or(DistanceError::Size { width, height })?;
    let check = |slice, length, expected, holds| {
        if holds { Ok(()) } else { Err(DistanceError::Length(LengthError { slice, length, expected })) }
    };
    check("the mask", mask.len(), pixels, mask.len() == pixels)?;
    check("the map", map.len(), pixels, map.len() == pixels)?;
    let needed = scratch_length(width);
    check("the scratch", scratch.len(), needed, scratch.len() >= needed)?;

    let (some_inside, some_outside) = (mask.iter().any(|&inside| inside), mask.iter().any(|&inside| !inside));
    if !some_inside || !some_outside {
        map.fill(0.0);
        return Ok(());
    }
    column_distances(mask, width, height, map);
    for y in 0..height {
        for side in [true, false] {
            // `None` would mean an index out of its slice, which cannot happen.
            let _: Option<()> = row_distances(mask, side, width, y, scratch, map);
        }
    }
    Ok(())
}

/// Writes the distance of each pixel, along its column, to the nearest pixel of the other class; infinite if there is none.
///
/// They are whole numbers up to 2²⁴, which an `f32` holds exactly.
fn column_distances(mask: &[bool], width: usize, height: usize, map: &mut [f32]) {
    map.fill(f32::INFINITY);
    // Downwards, each pixel follows from the one above it; upwards, the smaller of both distances stays.
    for y in 1..height {
        each_pair(mask, width, y, map, |same, above, below| *below = if same { *above + 1.0 } else { 1.0 });
    }
    for y in (1..height).rev() {
        each_pair(mask, width, y, map, |same, above, below| {
            let from_below = if same { *below + 1.0 } else { 1.0 };
            *above = Real::min(*above, from_below);
        });
    }
}

/// Visits the pixels of row y with those above them, and passes on whether both are of the same class.
fn each_pair(mask: &[bool], width: usize, y: usize, map: &mut [f32], act: impl Fn(bool, &mut f32, &mut f32)) {
    let start = (y - 1) * width;
    let classes = mask.iter().skip(start).zip(mask.iter().skip(start + width));
    let Some((above, below)) = map.get_mut(start..).and_then(|rows| rows.split_at_mut_checked(width)) else { return };
    for ((above, below), (class_above, class_below)) in above.iter_mut().zip(below).zip(classes) {
        act(class_above == class_below, above, below);
    }
}

/// Replaces the column distances of row y by the signed distances, at the pixels that are not of the class `side`.
///
/// The squared distance at x is the least (x − i)² + gᵢ² over the row's pixels i, where gᵢ is the column distance to the class. A stack keeps the
/// pixels whose parabola is the lowest somewhere, and the x from which it is.
fn row_distances(
    mask: &[bool],
    side: bool,
    width: usize,
    y: usize,
    scratch: &mut [u32],
    map: &mut [f32],
) -> Option<()> {
    let (start, end) = (y * width, (y + 1) * width);
    let (mask, map) = (mask.get(start..end)?, map.get_mut(start..end)?);
    let (column, stack) = scratch.split_at_mut_checked(width)?;
    let (sites, starts) = stack.split_at_mut_checked(width)?;
    for ((g, &class), &distance) in column.iter_mut().zip(mask).zip(map.iter()) {
        *g = match distance {
            _ if class == side => 0,
            _ if distance.is_finite() => distance as u32,
            _ => NONE,
        };
    }
    let squared = |site: u32| column.get(site as usize).map(|&g| i64::from(g) * i64::from(g));
    let parabola = |x: u32, site: u32| {
        let apart = i64::from(x) - i64::from(site);
        squared(site).map(|squared| apart * apart + squared)
    };

    let width = width as u32;
    let mut depth = 0usize;
    for (site, _) in (0..width).zip(column.iter()).filter(|&(_, &g)| g != NONE) {
        let mut start = 0;
        while let Some(top) = depth.checked_sub(1) {
            let (below, from) = (*sites.get(top)?, *starts.get(top)?);
            if parabola(from, below)? > parabola(from, site)? {
                depth = top;
                continue;
            }
            // The last x at which the lower parabola is not above the new one.
            let (i, j) = (i64::from(below), i64::from(site));
            let crossing = (j * j - i * i + squared(site)? - squared(below)?).checked_div(2 * (j - i))?;
            start = crossing + 1;
            break;
        }
        if start < i64::from(width) {
            *sites.get_mut(depth)? = site;
            *starts.get_mut(depth)? = start as u32;
            depth += 1;
        }
    }

    for ((x, &class), distance) in (0..width).zip(mask).zip(map).rev() {
        let top = depth.checked_sub(1)?;
        if class != side {
            let root = libm::sqrt(parabola(x, *sites.get(top)?)? as f64);
            *distance = if side { root } else { 1.0 - root } as f32;
        }
        if x == *starts.get(top)? {
            depth = top;
        }
    }
    Some(())
}
