//! Values of targets, exact whatever their type.

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};

use crate::arrays::DType;
use loss_expression::Short;

/// A value of a target: in a file, or as it is given on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Integer(i128),
    /// A number that is no integer below 2^53, or is not finite.
    Float(f64),
}

impl Value {
    /// The value as it is in files of this type: a decimal fraction is rounded to the type, as NumPy rounds it.
    pub(crate) fn in_type(self, dtype: DType) -> Self {
        let Value::Float(number) = self else { return self };
        match dtype {
            DType::F16 => f16::from_f64(number).to_f64().into(),
            DType::BF16 => bf16::from_f64(number).to_f64().into(),
            DType::F32 => f64::from(number as f32).into(),
            _ => self,
        }
    }

    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Value::Integer(integer) => integer as f64,
            Value::Float(number) => number,
        }
    }

    pub(crate) fn is_integer(self) -> bool {
        matches!(self, Value::Integer(_))
    }

    pub(crate) fn is_nan(self) -> bool {
        matches!(self, Value::Float(number) if number.is_nan())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        const EXACT: f64 = (1_u64 << 53) as f64;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            Value::Integer(number as i128)
        } else {
            Value::Float(number)
        }
    }
}

/// Equal values are the same number; NaN is one of them.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            _ if self.is_nan() && other.is_nan() => std::cmp::Ordering::Equal,
            // An integer above 2^53 and a float of that size: the float is a whole number, too.
            (Value::Integer(a), Value::Float(b)) if b.is_finite() && b.fract() == 0.0 => a.cmp(&(*b as i128)),
            (Value::Float(a), Value::Integer(b)) if a.is_finite() && a.fract() == 0.0 => (*a as i128).cmp(b),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(integer) => write!(f, "{integer}"),
            // The digits that tell it from other f32, if it is one: 0.3, not 0.30000001192092896.
            Value::Float(number) if number.is_finite() && f64::from(*number as f32) == *number => {
                let text = format!("{:?}", *number as f32);
                f.write_str(text.strip_suffix(".0").unwrap_or(&text))
            }
            Value::Float(number) => fmt::Display::fmt(&Short(*number), f),
        }
    }
}

impl FromStr for Value {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(integer) = text.parse() {
            return Ok(Value::Integer(integer));
        }
        text.parse::<f64>().map(Value::from).map_err(|_| "accepted: a number, such as 255 or -1, or nan".to_owned())
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                (Ok(integer), _) => serializer.serialize_i64(integer),
                (_, Ok(integer)) => serializer.serialize_u64(integer),
                _ => serializer.serialize_f64(*integer as f64),
            },
            Value::Float(number) => serializer.serialize_f64(*number),
        }
    }
}

/// Values as text: `0, 1 and 255`, with `and 12 more` after the first few.
pub(crate) struct Values<'a>(pub(crate) &'a [Value]);

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        let shown: Vec<String> = self.0.iter().take(MOST).map(Value::to_string).collect();
        let more = self.0.len().saturating_sub(MOST);
        match (&shown[..], more) {
            (_, 1..) => write!(f, "{} and {more} more", shown.join(", ")),
            ([rest @ .., last], 0) if !rest.is_empty() => write!(f, "{} and {last}", rest.join(", ")),
            _ => f.write_str(&shown.join("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_exactly() {
        let value = |text: &str| text.parse::<Value>().expect("a value");
        assert_eq!(value("255.0"), value("255"));
        assert_eq!(value("nan"), Value::from(f64::NAN));
        assert_ne!(value("9007199254740993"), value("9007199254740992"));
        assert_ne!(value("18446744073709551615"), value("18446744073709551616"));
        assert_eq!(value("0.1").in_type(DType::F32), Value::from(f64::from(0.1f32)));
        assert_ne!(value("0.1").in_type(DType::F32), value("0.1"));
        assert_eq!(value("1e39").to_string(), "1e39");
        assert_eq!(Value::from(f64::from(0.3f32)).to_string(), "0.3");
        assert_eq!(value("0.3").to_string(), "0.3");
        assert!("a".parse::<Value>().is_err());
        let values: Vec<Value> = [0, 1, 255].map(Value::Integer).to_vec();
        assert_eq!(Values(&values).to_string(), "0, 1 and 255");
        assert_eq!(Values(&values[..1]).to_string(), "0");
    }
}
