use core::fmt;

use crate::error::StateError;

/// The level from which a score raises an alarm, at a stated rate of false alarms.
///
/// It is calibrated on n images (or frames, hours, batches) that are known to be good: one score for each, larger meaning more suspect, of whichever measure. A new score
/// **above** the level raises an alarm. The level of a rate α is the k-th largest of the n scores, k = ⌊α·(n + 1)⌋.
///
/// **Rate of false alarms.** At most k/(n + 1) ≤ α, and exactly that if no two scores are equal. That is so because n + 1 scores of which each may as well be the new
/// one as any other (they are *exchangeable*; independent images of one kind are) have the new one among the k largest with probability k/(n + 1). Nothing is assumed of their
/// distribution, nor of the pixels within an image, which may depend on each other as they like; n may be any number. It is the rate over calibrations and
/// images: for one calibration it scatters by about √(α(1−α)/n). Scores that follow each other closely, as frames of a video, are not exchangeable: take one of so many. Of several measures, give
/// each its share of α.
///
/// **Size.** The level of a rate needs n ≥ 1/α − 1 scores: 99 for 1 %. K is how many of the largest are kept, so k may be up to K: with K = 1, 99 scores give the
/// level of 1 %, with K = 10, 999 do, and scatter less. 8 + 8·K bytes.
///
/// **Merging.** The K largest of all scores do not depend on the order, nor on which device saw which. Unlike those of sums, its state does not add:
/// [`merge`](Self::merge) two of them.
///
/// ```
/// use loss_core::watch::AlarmLevel;
///
/// let mut level = AlarmLevel::<2>::new();
/// for score in [0.31, 0.12, 0.25, 0.44, 0.18, 0.09, 0.27, 0.22, 0.15] {
///     level.calibrate(score)?;
/// }
/// assert_eq!(level.at(0.1)?, 0.44); // k = 1
/// assert_eq!(level.at(0.2)?, 0.31); // k = 2
/// assert!(level.at(0.05).is_err()); // would take 19 scores
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Vovk, Gammerman and Shafer, *Algorithmic learning in a random world*, 2005; Laxhammar and Falkman, *Conformal prediction for distribution-independent
/// anomaly detection in streaming vessel data*, 2010; Bates et al., *Testing for outliers with conformal p-values*, Annals of Statistics 2023.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct AlarmLevel<const K: usize> {
    /// In falling order; −∞ where there are fewer.
    largest: [f64; K],
    scores: i64,
}

/// Why there is no level.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AlarmError {
    /// A score is infinite or no number.
    Score(f64),
    /// A rate is not between 0 and 1.
    Rate(f64),
    /// So few scores can be all below a new one too often.
    TooFew {
        /// How many scores there are.
        scores: i64,
        /// The lowest rate that they have a level for.
        lowest_rate: f64,
    },
    /// More of the largest scores would have to be kept.
    TooMany {
        /// K.
        kept: usize,
        /// The highest rate that there is a level for.
        highest_rate: f64,
    },
}

impl fmt::Display for AlarmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Score(score) => write!(f, "a score is {score}; it must be finite"),
            Self::Rate(rate) => write!(f, "a rate of false alarms is {rate}; it must be between 0 and 1"),
            Self::TooFew { scores, lowest_rate } => {
                write!(f, "{scores} scores have a level for rates from {lowest_rate} on: calibrate with more")
            }
            Self::TooMany { kept, highest_rate } => {
                write!(
                    f,
                    "the {kept} largest scores have a level for rates up to {highest_rate}: use a type with a larger K"
                )
            }
        }
    }
}

impl core::error::Error for AlarmError {}

impl<const K: usize> AlarmLevel<K> {
    /// How many integers the state has.
    pub const STATE_LENGTH: usize = 1 + K;

    /// Of no scores.
    pub const fn new() -> Self {
        const { assert!(K >= 1, "at least the largest score is kept") };
        Self { largest: [f64::NEG_INFINITY; K], scores: 0 }
    }

    /// Adds the score of an image that is known to be good.
    ///
    /// # Errors
    /// [`AlarmError::Score`], and nothing is added, if it is not finite.
    pub fn calibrate(&mut self, score: f64) -> Result<(), AlarmError> {
        if !score.is_finite() {
            return Err(AlarmError::Score(score));
        }
        self.insert(score);
        self.scores = self.scores.saturating_add(1);
        Ok(())
    }

    fn insert(&mut self, score: f64) {
        let mut carried = score;
        for kept in &mut self.largest {
            if carried > *kept {
                core::mem::swap(kept, &mut carried);
            }
        }
    }

    /// Adds the scores of another.
    pub fn merge(&mut self, other: &Self) {
        other.largest.into_iter().filter(|score| score.is_finite()).for_each(|score| self.insert(score));
        self.scores = self.scores.saturating_add(other.scores);
    }

    /// How many scores there are.
    #[must_use]
    pub fn scores(&self) -> i64 {
        self.scores
    }

    /// The level of a rate of false alarms: a score above it raises an alarm.
    ///
    /// # Errors
    /// [`AlarmError`] if the rate is not between 0 and 1, or if there are too few scores for it, or more of the largest ones would have to be kept.
    pub fn at(&self, rate: f64) -> Result<f64, AlarmError> {
        if !(rate > 0.0 && rate < 1.0) {
            return Err(AlarmError::Rate(rate));
        }
        let places = self.scores as f64 + 1.0;
        let rank = rate * places;
        // A rate such as 0.1 is no number of `f64`; ten times it is meant to be 1.
        let rank = (rank * (1.0 + 4.0 * f64::EPSILON)) as usize;
        match rank.checked_sub(1) {
            None => Err(AlarmError::TooFew { scores: self.scores, lowest_rate: 1.0 / places }),
            Some(index) => match self.largest.get(index) {
                Some(level) => Ok(*level),
                None => Err(AlarmError::TooMany { kept: K, highest_rate: K as f64 / places }),
            },
        }
    }

    /// The state: how many scores there are, then the bits of the largest K as `f64`, in falling order; those of −∞ where there are fewer. It does **not** add.
    pub fn state(&self) -> impl Iterator<Item = i64> + use<K> {
        core::iter::once(self.scores).chain(self.largest.map(|score| score.to_bits() as i64))
    }

    /// The scores of a state.
    ///
    /// # Errors
    /// [`StateError`] if there are more or fewer integers than [`STATE_LENGTH`](Self::STATE_LENGTH), or if no scores can have made it.
    pub fn from_state(state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        let mut level = Self::new();
        let mut integers = state.into_iter();
        let mut given = 0usize;
        let mut next = || {
            let integer = integers.next().ok_or(StateError::Length { expected: Self::STATE_LENGTH, given });
            given = given.wrapping_add(1);
            integer
        };
        level.scores = next()?;
        if level.scores < 0 {
            return Err(StateError::NegativeCount { index: 0 });
        }
        let mut last = f64::INFINITY;
        for (index, kept) in (1..=K).zip(&mut level.largest) {
            *kept = f64::from_bits(next()? as u64);
            // Either there is such a score, or it is −∞.
            let exists = index as i64 <= level.scores;
            if !(*kept <= last && kept.is_finite() == exists && *kept < f64::INFINITY) {
                return Err(StateError::OutOfRange { index });
            }
            last = *kept;
        }
        match integers.next() {
            None => Ok(level),
            Some(_) => Err(StateError::Length { expected: Self::STATE_LENGTH, given: Self::STATE_LENGTH + 1 }),
        }
    }
}

impl<const K: usize> Default for AlarmLevel<K> {
    fn default() -> Self {
        Self::new()
    }
}
