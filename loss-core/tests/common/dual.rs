//! Dual numbers: a value with its derivative, both `f64`. With derivative 0 they are the `f64` reference.

use std::ops::{Add, Div, Mul, Neg, Sub};

use loss_core::extend::{Logistic, Real};

#[derive(Clone, Copy, Debug)]
pub struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl Dual {
    pub fn constant(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }

    pub fn variable(value: f64) -> Self {
        Self { value, slope: 1.0 }
    }

    /// f(self), given f and f′ here.
    fn chain(self, value: f64, derivative: f64) -> Self {
        Self { value, slope: derivative * self.slope }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { value: self.value * other.value, slope: self.slope * other.value + self.value * other.slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, slope: (self.slope - value * other.slope) / other.value }
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }
}

impl Real for Dual {
    const LANES: usize = 1;

    type Mask = bool;

    fn splat(x: f32) -> Self {
        Self::constant(f64::from(x))
    }

    fn abs(self) -> Self {
        if self.value < 0.0 { -self } else { self }
    }

    fn min(self, other: Self) -> Self {
        if self.value < other.value { self } else { other }
    }

    fn max(self, other: Self) -> Self {
        if self.value > other.value { self } else { other }
    }

    fn ge(self, other: Self) -> bool {
        self.value >= other.value
    }

    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    fn exp_neg(self) -> Self {
        let e = (-self.value).exp();
        self.chain(e, -e)
    }

    fn one_minus_exp_neg(self) -> Self {
        self.chain(-(-self.value).exp_m1(), (-self.value).exp())
    }

    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), 1.0 / (1.0 + self.value))
    }

    fn ln(self) -> Self {
        self.chain(self.value.ln(), 1.0 / self.value)
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, 0.5 / root)
    }

    fn logistic(self) -> Logistic<Self> {
        let e = self.value;
        let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
        Logistic {
            small: self.chain(small, large * large),
            large: self.chain(large, -large * large),
            softplus: self.chain(e.ln_1p(), large),
        }
    }
}
