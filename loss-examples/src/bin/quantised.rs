//! Logits of a quantised model, counted once. Every loss, every γ and the best threshold then come from the counts.
#![forbid(unsafe_code)]

use std::error::Error;

use loss_core::sorted::{HardMining, TopK};
use loss_core::{Bce, Confusion, Dice, Focal, Histogram, Pointwise, Quantisation, Tversky};

fn main() -> Result<(), Box<dyn Error>> {
    // A model converter writes these two beside an int8 output: logit = 0.05·(code − 12).
    let quantisation = Quantisation::new(0.05, 12)?;
    let mask: Vec<u8> = (0..100_000u64).map(|i| u8::from((i * 104_729) % 23 == 0)).collect();
    let code = |(i, &target): (usize, &u8)| ((i * 7919) % 120) as i32 - 100 + 60 * i32::from(target);
    let codes: Vec<i8> = mask.iter().enumerate().map(|pixel| code(pixel) as i8).collect();

    // One increment per pixel. Histograms of tiles, frames and devices merge by addition.
    let mut histogram = Histogram::new(quantisation);
    for (codes, mask) in codes.chunks(9_973).zip(mask.chunks(9_973)) {
        let mut tile = Histogram::new(quantisation);
        tile.extend_codes(codes, mask)?;
        histogram.merge(&tile)?;
    }

    let bce_dice = histogram.accumulator(&(Bce::new().mean() + Dice::new(1.0)?)).finish()?;
    println!("BCE + Dice      {:.6}", bce_dice.value());
    println!("Tversky         {:.6}", histogram.accumulator(&Tversky::new(0.3, 0.7, 1.0)?).finish()?.value());
    for gamma in [1.0, 2.0, 3.0] {
        println!("focal, γ = {gamma}    {:.6}", histogram.accumulator(&Focal::new(gamma)?.mean()).finish()?.value());
    }
    println!("Lovász hinge    {:.6}", histogram.lovasz_hinge()?.value());
    println!("top 10 % of BCE {:.6}", TopK::percent(10.0)?.histogram(Bce::new(), &histogram)?.value());

    let curves = histogram.curves()?;
    println!("ROC AUC         {:.6}", curves.roc_auc().ok_or("one class alone")?);
    println!("calibration     {:.6}", curves.calibration::<15>().expected_calibration_error());
    let (best, dice) = curves.best_threshold(Confusion::dice).ok_or("no foreground")?;
    println!("best threshold  code {} (p = {:.4}), Dice {dice:.6}", best.code, best.probability);

    // The second pass is one table look-up per pixel, with the bits of a pass over the logits.
    let gradient = bce_dice.gradient();
    let mut slopes = vec![0.0; codes.len()];
    histogram.gradient_table(|pixel| gradient.at(pixel)).write(&codes, &mask, &mut slopes)?;
    assert_eq!(slopes[7], gradient.at((quantisation.logit(codes[7].into()), mask[7])));
    Ok(())
}
