//! Checks, on every machine, the sizes that the documentation promises to small devices.

use crate::loss::combine::Sum;
use crate::loss::reduction::Reduced;
use crate::pointwise::Bce;
use crate::region::Dice;
use crate::stream::accumulator::{Accumulator, CountingAccumulator};

const _: () = {
    type BceDice = Sum<Reduced<Bce>, Dice>;
    assert!(size_of::<CountingAccumulator<BceDice>>() == 240 && size_of::<Accumulator<BceDice>>() == 328);
    assert!(8 * CountingAccumulator::<BceDice>::STATE_LENGTH == 184 && 8 * Accumulator::<BceDice>::STATE_LENGTH == 328);
};
