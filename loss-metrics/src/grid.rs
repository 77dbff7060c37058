//! Where the pixels of a mask are.

use std::fmt;

/// The pixels of an image, or the voxels of a volume: how many there are along each axis, and how far apart.
///
/// Arrays are in C order: the last axis varies fastest.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Grid {
    /// Two axes have a first one of length 1.
    shape: [usize; 3],
    spacing: [f64; 3],
    dimensions: usize,
}

/// A grid, or the masks on it, cannot be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GridError {
    /// There are two or three axes.
    Axes {
        /// How many were given.
        given: usize,
    },
    /// A spacing for each axis is needed.
    Spacings {
        /// How many were given.
        given: usize,
        /// How many axes there are.
        axes: usize,
    },
    /// A spacing is a finite number above 0.
    Spacing {
        /// The one that is not.
        given: f64,
    },
    /// A mask has another number of pixels than the grid.
    Length {
        /// How many it has.
        given: usize,
        /// How many the grid has.
        pixels: usize,
    },
}

impl fmt::Display for GridError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GridError::Axes { given } => write!(f, "{given} axes; a grid has 2 or 3"),
            GridError::Spacings { given, axes } => write!(f, "{given} spacings for {axes} axes; each axis has one"),
            GridError::Spacing { given } => write!(f, "a spacing of {given}; it must be finite and above 0"),
            GridError::Length { given, pixels } => write!(f, "a mask of {given} pixels on a grid of {pixels}"),
        }
    }
}

impl std::error::Error for GridError {}

impl Grid {
    /// A grid of this shape, (height, width) or (depth, height, width), with the distance between neighbours along each axis.
    ///
    /// # Errors
    /// [`GridError`] unless there are 2 or 3 axes, and a finite spacing above 0 for each.
    pub fn new(shape: &[usize], spacing: &[f64]) -> Result<Self, GridError> {
        if spacing.len() != shape.len() {
            return Err(GridError::Spacings { given: spacing.len(), axes: shape.len() });
        }
        if let Some(given) = spacing.iter().find(|spacing| !(spacing.is_finite() && **spacing > 0.0)) {
            return Err(GridError::Spacing { given: *given });
        }
        match (shape, spacing) {
            ([height, width], [y, x]) => {
                Ok(Self { shape: [1, *height, *width], spacing: [1.0, *y, *x], dimensions: 2 })
            }
            ([depth, height, width], [z, y, x]) => {
                Ok(Self { shape: [*depth, *height, *width], spacing: [*z, *y, *x], dimensions: 3 })
            }
            _ => Err(GridError::Axes { given: shape.len() }),
        }
    }

    /// A grid whose unit of length is the pixel.
    ///
    /// # Errors
    /// [`GridError::Axes`] unless there are 2 or 3 axes.
    pub fn of_pixels(shape: &[usize]) -> Result<Self, GridError> {
        Self::new(shape, &vec![1.0; shape.len()])
    }

    /// 2 or 3.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many pixels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The area or volume of a pixel.
    #[must_use]
    pub fn pixel(&self) -> f64 {
        self.spacing.iter().product()
    }

    /// The length of the diagonal, √Σ (nᵢ sᵢ)²: no distance between two pixels is as large, so it stands for that to a mask that is empty.
    #[must_use]
    pub fn diagonal(&self) -> f64 {
        let side = |(length, spacing): (&usize, &f64)| (*length as f64 * spacing).powi(2);
        // The first axis of an image is none.
        self.shape.iter().zip(&self.spacing).skip(3 - self.dimensions).map(side).sum::<f64>().sqrt()
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub(crate) fn spacing(&self) -> [f64; 3] {
        self.spacing
    }

    /// The same spacing, of another shape.
    pub(crate) fn resized(&self, shape: [usize; 3]) -> Self {
        Self { shape, ..*self }
    }

    /// The distance in the array between neighbours along each axis.
    pub(crate) fn strides(&self) -> [usize; 3] {
        let [_, height, width] = self.shape;
        [height * width, width, 1]
    }
}

/// Which of the two masks have a pixel: what every metric's policy for empty masks goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Both.
    Both,
    /// The truth alone: an object was missed. Every score has its worst value.
    Missed,
    /// The prediction alone: a false alarm.
    FalseAlarm,
    /// Neither: there is nothing to score, and no score.
    Absent,
}

impl Presence {
    /// Of whether truth and prediction have a pixel.
    #[must_use]
    pub fn of(truth: bool, prediction: bool) -> Self {
        match (truth, prediction) {
            (true, true) => Self::Both,
            (true, false) => Self::Missed,
            (false, true) => Self::FalseAlarm,
            (false, false) => Self::Absent,
        }
    }
}

/// A true and a predicted mask on one grid.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pair<'a> {
    grid: Grid,
    truth: &'a [bool],
    prediction: &'a [bool],
}

impl<'a> Pair<'a> {
    /// The two masks, in C order.
    ///
    /// # Errors
    /// [`GridError::Length`] unless both have a value for each pixel of the grid.
    pub fn new(grid: Grid, truth: &'a [bool], prediction: &'a [bool]) -> Result<Self, GridError> {
        match [truth, prediction].iter().find(|mask| mask.len() != grid.len()) {
            Some(mask) => Err(GridError::Length { given: mask.len(), pixels: grid.len() }),
            None => Ok(Self { grid, truth, prediction }),
        }
    }

    /// The grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The true mask.
    #[must_use]
    pub fn truth(&self) -> &'a [bool] {
        self.truth
    }

    /// The predicted mask.
    #[must_use]
    pub fn prediction(&self) -> &'a [bool] {
        self.prediction
    }

    /// Which of the masks have a pixel.
    #[must_use]
    pub fn presence(&self) -> Presence {
        Presence::of(self.truth.contains(&true), self.prediction.contains(&true))
    }

    /// The smallest box that holds all pixels of both masks, as its first corner and its shape; `None` if there are none.
    pub(crate) fn bounds(&self) -> Option<([usize; 3], [usize; 3])> {
        let [_, height, width] = self.grid.shape;
        let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
        let mut any = false;
        let rows = self.truth.chunks(width.max(1)).zip(self.prediction.chunks(width.max(1)));
        for (row, (truth, prediction)) in rows.enumerate() {
            let inside = |(truth, prediction): (&bool, &bool)| *truth || *prediction;
            let Some(first) = truth.iter().zip(prediction).position(inside) else { continue };
            let last = truth.iter().zip(prediction).rposition(inside).unwrap_or(first);
            any = true;
            let place = [(row / height, row / height), (row % height, row % height), (first, last)];
            for ((low, high), (first, last)) in low.iter_mut().zip(&mut high).zip(place) {
                (*low, *high) = ((*low).min(first), (*high).max(last));
            }
        }
        any.then(|| (low, std::array::from_fn(|axis| high[axis] + 1 - low[axis])))
    }
}

/// Copies a box of a mask into one that has so many pixels more at the end of each axis.
pub(crate) fn cropped(
    mask: &[bool],
    grid: Grid,
    corner: [usize; 3],
    shape: [usize; 3],
    padding: [usize; 3],
) -> Vec<bool> {
    let [depth, height, width] = std::array::from_fn(|axis| shape[axis] + padding[axis]);
    let [plane, row, _] = grid.strides();
    let mut copy = vec![false; depth * height * width];
    for z in 0..shape[0] {
        for y in 0..shape[1] {
            let from = (corner[0] + z) * plane + (corner[1] + y) * row + corner[2];
            let to = (z * height + y) * width;
            if let (Some(to), Some(from)) = (copy.get_mut(to..to + shape[2]), mask.get(from..from + shape[2])) {
                to.copy_from_slice(from);
            }
        }
    }
    copy
}
