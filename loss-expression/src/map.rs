//! The loss of each pixel by a sum of losses.

/// Sums the maps of terms.
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

    /// Where the map of a term goes, …
    pub(crate) fn part(&mut self) -> &mut [f32] {
        &mut self.part
    }

    /// … which then enters the sum with this coefficient.
    pub(crate) fn add(&mut self, coefficient: f64) {
        for (sum, part) in self.sums.iter_mut().zip(&self.part) {
            *sum += coefficient * f64::from(*part);
        }
    }

    /// Writes the sum.
    pub(crate) fn finish(self) {
        // What lies beyond f32 is its largest number, as in the sums; `clamp` keeps the NaN of a rejected pixel.
        for (to, sum) in self.map.iter_mut().zip(self.sums) {
            *to = sum.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        }
    }
}
