//! How far probabilities can be believed.

/// Units of a stored probability: 2⁻⁴⁰.
const UNITS: f64 = (1u64 << 40) as f64;

/// Probabilities in bins, each with how often it was right. Reliabilities add, and no score depends on the order of the pixels: probabilities are summed in whole
/// units of 2⁻⁴⁰, which moves a score by less than 10⁻¹².
///
/// The k-th of B bins of equal width holds (k/B, (k+1)/B], the first also 0. With nₖ pixels in a bin, of n:
///
/// | score | formula | the same figures |
/// |---|---|---|
/// | [`expected_error`](Self::expected_error) | ECE = Σ nₖ/n · \|share right − mean probability\| | MetricsReloaded (10 bins) of probabilities above 0 |
/// | [`maximum_error`](Self::maximum_error) | MCE, the largest such gap of a bin | |
/// | [`brier`](Self::brier) | mean of (p − t)²; of classes Σ over classes | scikit-learn; MetricsReloaded of classes |
///
/// **Binary:** the probability is that of foreground, and "right" is foreground. **Classes:** the probability is that of the predicted class, Guo's confidence, and "right" is
/// that it is the true one. **Range.** [0, 1], the Brier score of classes [0, 2]; 0 is perfect. **No pixels:** no score. Streams; no image is needed as a whole.
///
/// Naeini, Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian binning*, 2015; Guo, Pleiss, Sun and Weinberger, *On calibration of modern neural
/// networks*, 2017; Brier, *Verification of forecasts expressed in terms of probability*, 1950.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reliability {
    bins: Vec<Bin>,
    squares: u128,
}

/// The pixels of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bin {
    pixels: u64,
    right: u64,
    probability: u128,
}

/// A bin as numbers, for a reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityBin {
    /// How many pixels it has.
    pub pixels: u64,
    /// Their mean probability; none in an empty bin.
    pub mean_probability: Option<f64>,
    /// The share of them that is right; none in an empty bin.
    pub share_right: Option<f64>,
}

impl Reliability {
    /// No pixels, in so many bins, at least one. Guo et al. take 15.
    pub fn new(bins: usize) -> Self {
        Self { bins: vec![Bin::default(); bins.max(1)], squares: 0 }
    }

    /// Adds a pixel: the probability of foreground, and whether it is. What is outside [0, 1], or no number, is taken for the nearest end.
    pub fn push(&mut self, probability: f32, is_foreground: bool) {
        let p = unit(probability);
        let target = f64::from(u8::from(is_foreground));
        self.add(p, is_foreground);
        self.squares += whole((p - target) * (p - target));
    }

    /// Adds a pixel of classes: the probability of each, and the true one.
    pub fn push_classes(&mut self, probabilities: impl IntoIterator<Item = f32>, label: usize) {
        let (mut confidence, mut predicted) = (0.0, 0);
        for (class, probability) in probabilities.into_iter().enumerate() {
            let p = unit(probability);
            let target = f64::from(u8::from(class == label));
            self.squares += whole((p - target) * (p - target));
            if p > confidence {
                (confidence, predicted) = (p, class);
            }
        }
        self.add(confidence, predicted == label);
    }

    fn add(&mut self, p: f64, is_right: bool) {
        let last = self.bins.len() - 1;
        // A product with a number of bins is exact: 24 bits times a few.
        let place = ((p * self.bins.len() as f64).ceil() as usize).saturating_sub(1).min(last);
        if let Some(bin) = self.bins.get_mut(place) {
            bin.pixels += 1;
            bin.right += u64::from(is_right);
            bin.probability += whole(p);
        }
    }

    /// Adds the pixels of another reliability. `false`, and nothing is added, if it has another number of bins.
    pub fn merge(&mut self, other: &Self) -> bool {
        let fits = self.bins.len() == other.bins.len();
        if fits {
            for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
                bin.pixels += more.pixels;
                bin.right += more.right;
                bin.probability += more.probability;
            }
            self.squares += other.squares;
        }
        fits
    }

    /// The sums as integers: the squares, then of each bin its pixels, how many are right, and the probabilities. They add.
    #[must_use]
    pub fn sums(&self) -> Vec<u128> {
        let of_bin = |bin: &Bin| [u128::from(bin.pixels), u128::from(bin.right), bin.probability];
        std::iter::once(self.squares).chain(self.bins.iter().flat_map(of_bin)).collect()
    }

    /// From such integers; none if they are no sums.
    #[must_use]
    pub fn of_sums(sums: &[u128]) -> Option<Self> {
        let (squares, bins) = sums.split_first()?;
        let (bins, rest) = bins.as_chunks::<3>();
        let bin = |[pixels, right, probability]: &[u128; 3]| {
            let bin = Bin {
                pixels: u64::try_from(*pixels).ok()?,
                right: u64::try_from(*right).ok()?,
                probability: *probability,
            };
            (bin.right <= bin.pixels && bin.probability <= u128::from(bin.pixels) << 40).then_some(bin)
        };
        let bins: Vec<Bin> = bins.iter().map(bin).collect::<Option<_>>()?;
        (!bins.is_empty() && rest.is_empty()).then_some(Self { bins, squares: *squares })
    }

    /// How many pixels there are.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        self.bins.iter().map(|bin| bin.pixels).sum()
    }

    /// The bins, of the lowest probabilities first.
    pub fn bins(&self) -> impl Iterator<Item = ReliabilityBin> + '_ {
        self.bins.iter().map(|bin| {
            let of = |number: f64| (bin.pixels > 0).then(|| number / bin.pixels as f64);
            ReliabilityBin {
                pixels: bin.pixels,
                mean_probability: of(bin.probability as f64 / UNITS),
                share_right: of(bin.right as f64),
            }
        })
    }

    /// How far right and probability are apart in each bin, times its pixels.
    fn gaps(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.bins.iter().map(|bin| (bin.pixels, (bin.right as f64 - bin.probability as f64 / UNITS).abs()))
    }

    /// ECE.
    #[must_use]
    pub fn expected_error(&self) -> Option<f64> {
        let pixels = self.pixels();
        (pixels > 0).then(|| self.gaps().map(|(_, gap)| gap).sum::<f64>() / pixels as f64)
    }

    /// MCE.
    #[must_use]
    pub fn maximum_error(&self) -> Option<f64> {
        self.gaps().filter(|(pixels, _)| *pixels > 0).map(|(pixels, gap)| gap / pixels as f64).reduce(f64::max)
    }

    /// The Brier score.
    #[must_use]
    pub fn brier(&self) -> Option<f64> {
        let pixels = self.pixels();
        (pixels > 0).then(|| self.squares as f64 / UNITS / pixels as f64)
    }
}

fn unit(probability: f32) -> f64 {
    f64::from(if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) })
}

fn whole(number: f64) -> u128 {
    (number * UNITS).round_ties_even() as u128
}
