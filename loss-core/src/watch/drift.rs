use core::f64::consts::LN_2;
use core::fmt;

use super::state::{Count, Empty, Seen, measure, see};
use crate::error::{Parameter, ParameterError, StateError};
use crate::fingerprint::Fingerprint;
use crate::sums::counts::Counts;
use crate::sums::error::FinishError;
use crate::sums::state::{FixedSums, Sums};

type BinSums<const B: usize> = (Seen, Bins<B>);

/// A histogram of logits without labels, to be compared with a stored one: whether the inputs, or the model, are still what was accepted.
///
/// B bins of equal width from `low` to `high`; what lies outside is counted in the first or the last. A logit z is in bin
/// ⌊(z − low)·(B/(high − low))⌋, computed in `f32`.
///
/// With aᵢ and bᵢ the shares of bin i here and in the reference, of n and m pixels:
///
/// | [`Drift`] | formula | range |
/// |---|---|---|
/// | population stability index | Σ (a′ᵢ − b′ᵢ) ln (a′ᵢ/b′ᵢ), a′ᵢ = (nᵢ + ½)/(n + B/2), so that an empty bin leaves it finite | [0, 2 ln (2·10¹⁸)) |
/// | Kolmogorov–Smirnov distance | maxₖ \|Σᵢ≤ₖ aᵢ − Σᵢ≤ₖ bᵢ\| | [0, 1] |
/// | Jensen–Shannon divergence | ½ Σ aᵢ ln (2aᵢ/(aᵢ+bᵢ)) + ½ Σ bᵢ ln (2bᵢ/(aᵢ+bᵢ)), in nats | [0, ln 2] |
///
/// All three are 0 if the shares are equal, but for the ½ in the first. The third is symmetric, and so are the others.
///
/// **Error bound.** Differences of shares are made of integers: relative error at most 1e−13, of the Kolmogorov–Smirnov distance 4e−16.
///
/// **False alarms.** [`AlarmLevel`](super::AlarmLevel) of any of them over images: see there. Were the pixels independent, (1/n + 1/m)⁻¹ times the
/// first, and 8 times that of the third, would be near χ² with B − 1 degrees of freedom. Pixels of an image are not, and such a threshold would raise an alarm at nearly
/// every image. The 0.1 ("some change") and 0.25 ("a change") that credit scoring uses for the first have no stated rate.
///
/// **State.** Valid and rejected pixels, then B counts.
///
/// ```
/// use loss_core::watch::LogitBins;
///
/// let (mut accepted, mut today) = (LogitBins::<4>::new(-4.0, 4.0)?, LogitBins::<4>::new(-4.0, 4.0)?);
/// accepted.extend([-3.0, -1.0, 1.0, 3.0]);
/// today.extend([-3.0, 1.0, 1.0, 30.0]);
/// let drift = today.drift(&accepted)?;
/// assert_eq!(drift.kolmogorov_smirnov, 0.25);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Siddiqi, *Credit risk scorecards*, 2006, and Yurdakul and Naranjo, *Statistical properties of the population stability index*, Journal of Risk Model
/// Validation 2020; Smirnov, *Table for estimating the goodness of fit of empirical distributions*, Annals of Mathematical Statistics 1948; Lin, *Divergence measures based
/// on the Shannon entropy*, IEEE Transactions on Information Theory 1991.
#[derive(Clone, Debug)]
#[must_use]
pub struct LogitBins<const B: usize> {
    range: BinRange,
    sums: BinSums<B>,
}

/// Where bins lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BinRange {
    low: f32,
    high: f32,
    bins_per_logit: f32,
}

impl BinRange {
    pub(super) fn new<const B: usize>(low: f32, high: f32) -> Result<Self, ParameterError> {
        const { assert!(B >= 2 && B <= 1024, "from 2 to 1024 bins") };
        let width = high - low;
        let bins_per_logit = B as f32 / width;
        let accepted = width > 0.0 && width.is_finite() && low.is_finite() && bins_per_logit.is_finite();
        ParameterError::check(Parameter::Range, width.into(), accepted, "two finite logits, the lower one first")?;
        Ok(Self { low, high, bins_per_logit })
    }

    pub(super) fn fingerprint<const B: usize>(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(B as f64).number(self.low.into()).number(self.high.into());
    }
}

/// Counts of pixels by bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bins<const B: usize>([Count; B]);

impl<const B: usize> Bins<B> {
    pub(super) const EMPTY: Self = Self([Count(0); B]);

    #[inline(always)]
    pub(super) fn add(&mut self, range: &BinRange, logit: f32, times: u64) {
        // A conversion to an integer cuts off and stops at the ends.
        let bin = (((logit - range.low) * range.bins_per_logit) as i32).clamp(0, B as i32 - 1);
        if let Some(count) = self.0.get_mut(bin as usize) {
            count.add(times);
        }
    }

    fn total(&self) -> i64 {
        self.0.iter().fold(0, |total, count| total.saturating_add(count.0))
    }

    pub(super) fn drift(&self, reference: &Self) -> Drift {
        let (n, m) = (self.total(), reference.total());
        let (mut here, mut there) = (0i64, 0i64);
        let mut drift = Drift { population_stability: 0.0, kolmogorov_smirnov: 0.0, jensen_shannon: 0.0 };
        let mut farthest = 0;
        for (&Count(a), &Count(b)) in self.0.iter().zip(&reference.0) {
            (here, there) = (here.saturating_add(a), there.saturating_add(b));
            farthest = farthest.max(difference([here, n], [there, m]).unsigned_abs());

            // Both shares times their totals, so that the differences are exact.
            let [a, b] = [a, b].map(i128::from);
            let (n, m) = (i128::from(n), i128::from(m));
            let (over, under) = ([a.wrapping_mul(2).wrapping_add(1), b.wrapping_mul(2).wrapping_add(1)], B as i128);
            let wholes = [n, m].map(|whole| whole.wrapping_mul(2).wrapping_add(under));
            let [more, less] =
                [over[0].wrapping_mul(wholes[1]), over[1].wrapping_mul(wholes[0])].map(|share| share as f64);
            let apart = over[0].wrapping_mul(wholes[1]).wrapping_sub(over[1].wrapping_mul(wholes[0])) as f64;
            let whole = wholes[0] as f64 * wholes[1] as f64;
            // ln (a/b) by the one of both that is not negative, so that log1p keeps its digits.
            let logarithm = if apart < 0.0 { -libm::log1p(-apart / more) } else { libm::log1p(apart / less) };
            drift.population_stability += apart / whole * logarithm;

            let [a, b] = [a.wrapping_mul(m), b.wrapping_mul(n)];
            let sum = a.wrapping_add(b) as f64;
            if sum > 0.0 {
                let share = sum / (2.0 * n as f64 * m as f64);
                let (apart, less) = (a.wrapping_sub(b).unsigned_abs() as f64, a.min(b).wrapping_mul(2) as f64);
                drift.jensen_shannon += share * spread(apart / sum, less / sum);
            }
        }
        drift.kolmogorov_smirnov = farthest as f64 / (n as f64 * m as f64);
        drift
    }
}

/// a/n − b/m, times n·m.
fn difference([a, n]: [i64; 2], [b, m]: [i64; 2]) -> i128 {
    i128::from(a).wrapping_mul(m.into()).wrapping_sub(i128::from(b).wrapping_mul(n.into()))
}

/// ½((1+d) ln (1+d) + (1−d) ln (1−d)) for d in [0, 1] and what is left of 1, both of which are known to all digits.
fn spread(d: f64, rest: f64) -> f64 {
    if d < 0.5 {
        // d·artanh d + ½ ln (1 − d²), of which little cancels.
        return 0.5 * (d * libm::log1p(2.0 * d / rest) + libm::log1p(-d * d));
    }
    if rest == 0.0 {
        return LN_2;
    }
    0.5 * ((1.0 + d) * libm::log(1.0 + d) + rest * libm::log(rest))
}

/// How far two histograms of logits lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Drift {
    /// The population stability index.
    pub population_stability: f64,
    /// The Kolmogorov–Smirnov distance.
    pub kolmogorov_smirnov: f64,
    /// The Jensen–Shannon divergence, in nats.
    pub jensen_shannon: f64,
}

/// Why two histograms cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DriftError {
    /// Their bins differ.
    Bins(StateError),
    /// This one has no result.
    Here(FinishError),
    /// The reference has no result.
    Reference(FinishError),
}

impl fmt::Display for DriftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bins(_) => f.write_str("the bins of the two histograms differ in number or range"),
            Self::Here(error) => write!(f, "this histogram: {error}"),
            Self::Reference(error) => write!(f, "the reference: {error}"),
        }
    }
}

impl core::error::Error for DriftError {}

/// What both must be to be compared.
pub(super) fn check([here, there]: [Counts; 2], [expected, given]: [u64; 2]) -> Result<(), DriftError> {
    if expected != given {
        return Err(DriftError::Bins(StateError::OtherLoss { expected, given }));
    }
    FinishError::of_all(here, None).map_err(DriftError::Here)?;
    FinishError::of_valid(there).map_err(DriftError::Reference)
}

impl<const B: usize> LogitBins<B> {
    /// Of no pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless `low` is below `high`, and both are finite.
    pub fn new(low: f32, high: f32) -> Result<Self, ParameterError> {
        Ok(Self { range: BinRange::new::<B>(low, high)?, sums: (Seen::default(), Bins::EMPTY) })
    }

    /// Adds a pixel by its logit. If it is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, logit: f32) {
        self.push_times(logit, 1);
    }

    /// Adds so many pixels of one logit.
    #[inline]
    pub fn push_times(&mut self, logit: f32, times: u64) {
        let (seen, bins) = &mut self.sums;
        if see(seen, logit.is_finite(), times) {
            bins.add(&self.range, logit, times);
        }
    }

    /// How many pixels lie in each bin.
    #[must_use]
    pub fn bins(&self) -> [i64; B] {
        self.sums.1.0.map(|Count(count)| count)
    }

    /// How far these logits lie from those of a reference.
    ///
    /// # Errors
    /// [`DriftError`] if the bins differ, if either has no pixel, or if a pixel was rejected here.
    pub fn drift(&self, reference: &Self) -> Result<Drift, DriftError> {
        check([self.counts(), reference.counts()], [self.fingerprint(), reference.fingerprint()])?;
        Ok(self.sums.1.drift(&reference.sums.1))
    }

    /// Tells the kind and the bins from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.range.fingerprint::<B>(fingerprint.name("logit bins"));
        fingerprint.finish()
    }
}

measure!([const B: usize] LogitBins<B>, <BinSums<B> as FixedSums>::LENGTH);

impl<const B: usize> Sums for Bins<B> {
    fn merge(&mut self, other: &Self) {
        Sums::merge(&mut self.0, &other.0);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.save(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.load(from)
    }
}

impl<const B: usize> FixedSums for Bins<B> {
    const LENGTH: usize = B;
}

impl<const B: usize> Empty for Bins<B> {
    fn empty(&mut self) {
        *self = Self::EMPTY;
    }
}

/// Logits.
impl<const B: usize> Extend<f32> for LogitBins<B> {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, logits: I) {
        logits.into_iter().for_each(|logit| self.push(logit));
    }
}
