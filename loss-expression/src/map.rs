//! The loss of each pixel by a sum of losses.

/// Sums the maps of the terms.
pub(crate) struct MapOfTerms<'a> {
    map: &'a mut [f32],
    sums: Vec<f64>,
    part: Vec<f32>,
}

impl<'a> MapOfTerms<'a> {
    pub(crate) fn new(map: &'a mut [f32]) -> Self {
        let (sums, part) = (vec![0.0; map.len()], vec![0.0; map.len()]);
        Self { map, sums, part }
    }

    /// The map of the next term, to be written.
    pub(crate) fn part(&mut self) -> &mut [f32] {
        &mut self.part
    }

    /// Adds the written map to the sum, times a coefficient.
    pub(crate) fn add(&mut self, coefficient: f64) {
        for (sum, part) in self.sums.iter_mut().zip(&self.part) {
            *sum += coefficient * f64::from(*part);
        }
    }

    /// Writes the sum of all terms.
    pub(crate) fn finish(self) {
        // Numbers beyond `f32` become its largest, as in the sums; `clamp` keeps the NaN of a rejected pixel.
        for (to, sum) in self.map.iter_mut().zip(self.sums) {
            *to = sum.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        }
    }
}
