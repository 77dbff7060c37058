//! Checks, on every machine, the sizes that the documentation promises to small devices.

use crate::class::ConfusionMatrix;
use crate::head::{Head, HeadGradient, Layer};
use crate::loss::combine::Sum;
use crate::loss::reduction::Reduced;
use crate::pointwise::Bce;
use crate::region::Dice;
use crate::stream::accumulator::{Accumulator, CountingAccumulator};
use crate::watch::{
    Agreement, AlarmLevel, ClassEntropy, ExpectedDice, ForegroundShare, LogitBins, PredictiveEntropy, Watch,
};

const _: () = {
    type BceDice = Sum<Reduced<Bce>, Dice>;
    assert!(size_of::<CountingAccumulator<BceDice>>() == 240 && size_of::<Accumulator<BceDice>>() == 328);
    assert!(8 * CountingAccumulator::<BceDice>::STATE_LENGTH == 184 && 8 * Accumulator::<BceDice>::STATE_LENGTH == 328);
};

const _: () = {
    assert!(size_of::<Agreement>() == 104 && size_of::<ExpectedDice>() == 80 && size_of::<ForegroundShare>() == 56);
    assert!(size_of::<PredictiveEntropy>() == 40 && size_of::<ClassEntropy<5>>() == 40);
    assert!(size_of::<LogitBins<16>>() == 32 + 8 * 16 && size_of::<Watch<16>>() == 256);
    assert!(Watch::<16>::STATE_LENGTH == 32 && size_of::<AlarmLevel<10>>() == 8 + 8 * 10);
    assert!(size_of::<Head<8, 1>>() == 152 && size_of::<Layer<8, 1>>() == 36);
    assert!(size_of::<HeadGradient<i8, 8, 1>>() == 208 && size_of::<ConfusionMatrix<5>>() == 232);
};
