//! Places in the palette: a loss has the same colour in all figures of the report.

pub(super) const BCE: usize = 0;
pub(super) const BCE_DICE: usize = 1;
pub(super) const DICE: usize = 2;
pub(super) const IOU: usize = 3;
pub(super) const FOCAL: usize = 4;
pub(super) const TVERSKY: usize = 5;
/// For lines that are not losses of the report, such as naive code.
pub(super) const OTHER: usize = 7;
