//! The course's loss curves: 1000 pixels, 50 of them foreground at probability p, the others at 0.05.

use std::path::Path;

use loss_core::{Bce, Dice, Focal, Iou, Loss, Pointwise};

use crate::arrays::read_f64;
use crate::binary::OneSidedFocal;
use crate::compare::Checks;
use crate::vocabulary::Series;

const BACKGROUND_LOGIT: f64 = -2.9444389791664403;

fn value(loss: impl Loss, foreground: f32) -> f64 {
    let mut sums = loss.accumulator();
    sums.extend((0..50).map(|_| (foreground, true)));
    sums.extend((0..950).map(|_| (BACKGROUND_LOGIT as f32, false)));
    sums.finish().expect("valid pixels").value()
}

pub fn check(folder: &Path, series: &Series, checks: &mut Checks) {
    let rows = read_f64(folder, &series.file);
    assert_eq!(series.shape.iter().product::<usize>(), rows.len());
    let width = series.columns.len();
    let logit_column = series.columns.iter().position(|column| column == "logit_p").expect("a column logit_p");
    for row in rows.chunks_exact(width) {
        let logit = row[logit_column] as f32;
        for (column, &expected) in series.columns.iter().zip(row) {
            let value = match column.as_str() {
                "p" | "logit_p" => continue,
                "bce" => value(Bce::new().mean(), logit),
                "dice" => value(Dice::new(1e-6).unwrap(), logit),
                "iou" => value(Iou::new(1e-6).unwrap(), logit),
                "focal_as_written" => value(OneSidedFocal { gamma: 2.0 }.mean(), logit),
                "focal_correct" => value(Focal::new(2.0).unwrap().mean(), logit),
                other => panic!("an unknown column {other}"),
            };
            checks.value(column, value, expected);
        }
    }
}
