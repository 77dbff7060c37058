//! Numbers as the report writes them, in sentences, captions, tables and at axes.

/// The largest number of decimals shown.
const MOST_DECIMALS: usize = 8;

/// The number of decimals that shows this many digits: 3 for two digits of 0.044; 3 for 0.
pub(crate) fn decimals_for(value: f64, digits: usize) -> usize {
    const OF_ZERO: usize = 3;
    if value == 0.0 || !value.is_finite() {
        return OF_ZERO;
    }
    // The exponent is read from the written number, which does not depend on a logarithm.
    let written = format!("{:.*e}", digits.saturating_sub(1), value);
    let exponent: i64 = written.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let decimals = i64::try_from(digits).unwrap_or(1) - 1 - exponent;
    usize::try_from(decimals).unwrap_or(0).min(MOST_DECIMALS)
}

/// A number with these decimals and a proper minus sign (−); a zero has no minus.
///
/// A number that would be shown as 0 but is not 0 is shown with one digit and an exponent.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let mut text = format!("{:.decimals$}", value.abs());
    let shown_as_zero = !text.contains(|character: char| ('1'..='9').contains(&character)) && value.is_finite();
    if shown_as_zero && value != 0.0 && decimals >= MOST_DECIMALS {
        text = format!("{:.0e}", value.abs()).replace("e-", "e−");
    } else if shown_as_zero {
        return text;
    }
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A number with a number of significant digits: as a decimal fraction between 10⁻⁴ and 10⁷, with an exponent outside.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if value == 0.0 || !value.is_finite() {
        return minus(format!("{value}"));
    }
    let scientific = format!("{:.*e}", digits - 1, value);
    // The exponent after rounding, so that 0.9996 with three digits is 1.00.
    let exponent: i32 = scientific.rsplit('e').next().and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        minus(format!("{value:.decimals$}"))
    } else {
        let mantissa = scientific.split('e').next().unwrap_or_default();
        let power = power_of_ten(exponent);
        minus(if mantissa == "1" { power } else { format!("{mantissa}·{power}") })
    }
}

/// A share in percent with up to three significant digits: "12.3 %", "5 %".
pub(crate) fn percent(share: f64) -> String {
    let digits = significant(100.0 * share, 3);
    let short = if digits.contains('.') && !digits.contains('·') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits.as_str()
    };
    format!("{short} %")
}

/// A share in percent with all digits of its setting, "0.1 %". For measured shares use [`percent`].
pub(crate) fn percent_as_set(share: f64) -> String {
    // Shares are settings such as 0.001, and a hundred times that is not exactly 0.1.
    let percent = (share * 100.0 * 1e9).round() / 1e9;
    format!("{percent} %")
}

/// A share as part of an anchor or a file name, which have no points or percent signs.
pub(crate) fn anchor(share: f64) -> String {
    percent_as_set(share).replace(['.', ' '], "-").replace('%', "percent")
}

/// A share close to all: "more than 99.9 %" where three digits would show 100.
pub(crate) fn most(share: f64) -> String {
    if share > 0.999 && share < 1.0 { "more than 99.9 %".to_owned() } else { percent(share) }
}

/// How many times smaller or larger something is, if it is 1/`ratio` of a reference.
pub(crate) fn times_smaller(ratio: f64) -> String {
    if ratio >= 1.0 {
        format!("{} times smaller", significant(ratio, 3))
    } else {
        format!("{} times larger", significant(1.0 / ratio, 3))
    }
}

/// A logit, a share or another short number as it was set: "0.25", "−3".
pub(crate) fn plain(value: f64) -> String {
    minus(format!("{value}"))
}

/// "a", "a and b", "a, b and c".
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn minus(text: String) -> String {
    text.replace('-', "−")
}

/// "10⁻³".
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let digit = |character| match character {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    };
    format!("10{}", exponent.to_string().chars().map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text() {
        let cases = [
            (-0.25, 2, "−0.25"),
            (-0.001, 2, "0.00"),
            (0.0, 3, "0.000"),
            (12.96, 1, "13.0"),
            (-3e-12, 8, "−3e−12"),
            (0.5, 0, "0"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(number(value, decimals), text);
        }
        for (value, digits, decimals) in
            [(0.044, 2, 3), (0.0996, 2, 2), (123.0, 2, 0), (0.0, 2, 3), (1e-20, 2, 8), (-0.5, 1, 1)]
        {
            assert_eq!(decimals_for(value, digits), decimals, "{value}");
        }
    }

    #[test]
    fn digits_are_significant() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1.00"),
            (0.9996, "1.00"),
            (-12.345, "−12.3"),
            (1234.5, "1234"),
            (0.000123456, "0.000123"),
            (0.0000123456, "1.23·10⁻⁵"),
            (98_765_432.1, "9.88·10⁷"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(significant(value, 3), expected);
        }
        assert_eq!(significant(1e-7, 1), "10⁻⁷");
        for (share, expected) in [(0.05432, "5.43 %"), (0.05, "5 %"), (0.5, "50 %"), (1e-7, "1.00·10⁻⁵ %")] {
            assert_eq!(percent(share), expected);
        }
        assert_eq!((most(0.9996), most(0.42), most(1.0)), ("more than 99.9 %".into(), "42 %".into(), "100 %".into()));
        assert_eq!(times_smaller(0.5), "2.00 times larger");
        assert_eq!(times_smaller(4.0), "4.00 times smaller");
    }

    #[test]
    fn shares_read_well() {
        assert_eq!([0.05, 0.01, 0.001, 0.125].map(percent_as_set), ["5 %", "1 %", "0.1 %", "12.5 %"]);
    }

    /// Three digits read back are within half a unit of the third.
    #[test]
    fn no_number_is_changed_by_more_than_its_digits() {
        fn close(mantissa: i32, exponent: i8) -> bool {
            let value = f64::from(mantissa) * libm::exp10(f64::from(exponent % 12));
            let ascii = |c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c).map(|digit| digit.to_string());
            let text: String = significant(value, 3)
                .replace("·10", "e")
                .replace(['−', '⁻'], "-")
                .chars()
                .map(|c| ascii(c).unwrap_or_else(|| c.to_string()))
                .collect();
            (text.parse::<f64>().unwrap() - value).abs() <= 0.00501 * value.abs()
        }
        quickcheck::quickcheck(close as fn(i32, i8) -> bool);
    }

    #[test]
    fn lists_read_as_sentences() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&items[..0]), "");
        assert_eq!(listed(&items[..1]), "a");
        assert_eq!(listed(&items[..2]), "a and b");
        assert_eq!(listed(&items), "a, b and c");
    }
}
