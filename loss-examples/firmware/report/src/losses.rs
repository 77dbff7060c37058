//! The losses that are reported and measured.

use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy, PerClass};
use loss_core::extend::ExactValue;
use loss_core::{Bce, Dice, Focal, Loss, ParameterError, Pointwise, Quantisation, Tversky};

/// How many classes the camera and the random pixels have.
pub const CLASSES: usize = 5;

/// BCE + Dice.
///
/// # Errors
/// None: the parameters are in range.
pub fn bce_dice() -> Result<impl ExactValue, ParameterError> {
    Ok(Bce::new().mean() + Dice::new(1e-5)?)
}

/// Focal + Tversky.
///
/// # Errors
/// None: the parameters are in range.
pub fn focal_tversky() -> Result<impl Loss, ParameterError> {
    Ok(Focal::new(2.0)?.alpha(0.25)?.mean() + Tversky::new(0.3, 0.7, 1e-5)?)
}

/// Cross-entropy + the mean Dice of the classes.
///
/// # Errors
/// None: the parameters are in range.
pub fn cross_entropy_dice<const C: usize>() -> Result<impl ClassLoss<C>, ParameterError> {
    Ok(CrossEntropy::new().mean() + PerClass::new(Dice::new(1e-5)?))
}

/// What the codes of the camera's model stand for.
///
/// # Errors
/// None: the parameters are in range.
pub fn quantisation() -> Result<Quantisation, ParameterError> {
    Quantisation::new(0.0625, 0)
}
