//! What a board printed, beside what this machine computes.

use std::ffi::CStr;

/// The report of this machine.
pub fn host_report() -> Result<Vec<String>, String> {
    let mut text = Vec::new();
    let mut output = |line: &CStr| text.push(line.to_string_lossy().trim_end().to_owned());
    firmware_report::report(&mut output).map_err(|error| format!("this machine has no report: {error:?}"))?;
    Ok(text)
}

/// Whether all lines are equal; if not, the first that differs.
pub fn equal(expected: &[String], given: &[String]) -> Result<(), String> {
    for (index, expected) in expected.iter().enumerate() {
        match given.get(index) {
            Some(given) if given == expected => {}
            Some(given) => return Err(format!("line {} differs\n  board: {given}\n  host:  {expected}", index + 1)),
            None => return Err(format!("line {} is missing: {expected}", index + 1)),
        }
    }
    match given.get(expected.len()) {
        None => Ok(()),
        Some(more) => Err(format!("line {} is one too many: {more}", expected.len() + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(String::from).collect()
    }

    #[test]
    fn any_difference_is_found() {
        let host = lines("a\nb\nc");
        assert_eq!(equal(&host, &host), Ok(()));
        for (board, word) in
            [("a\nx\nc", "line 2 differs"), ("a\nb", "line 3 is missing"), ("a\nb\nc\nd", "line 4 is one")]
        {
            let error = equal(&host, &lines(board)).expect_err("the lines differ");
            assert!(error.starts_with(word), "{error}");
        }
    }

    #[test]
    fn a_changed_bit_is_found() {
        let host = host_report().expect("a report");
        for (index, line) in host.iter().enumerate() {
            // The last character of a line is a digit of a state, a value or a checksum, or a letter of a name.
            let mut changed = line.clone().into_bytes();
            changed.last_mut().map(|last| *last ^= 1).expect("no line is empty");
            let mut board = host.clone();
            board[index] = String::from_utf8(changed).expect("text");
            let error = equal(&host, &board).expect_err("a bit differs");
            assert!(error.starts_with(&format!("line {} differs", index + 1)), "{error}");
        }
    }

    /// States that were added as integers, and counted pixels, have the bits of what they stand for.
    #[test]
    fn other_ways_to_the_same_sums_agree() {
        let report = host_report().expect("a report");
        let after = |line: &str, words: &str| {
            line.strip_prefix(words).and_then(|rest| rest.split(' ').next()).map(str::to_owned)
        };
        let (mut added, mut counted) = (0, 0);
        for section in report.split(|line| ["camera", "vector", "random"].iter().any(|word| line.starts_with(word))) {
            let find = |words: &str| section.iter().find_map(|line| after(line, words));
            for name in ["bce+dice", "bce+dice counted", "focal+tversky", "ce+dice", "int8 bce+dice"] {
                if let Some(otherwise) = find(&format!("{name} added otherwise checksum ")) {
                    assert_eq!(Some(otherwise), find(&format!("{name} state checksum ")), "{name}");
                    added += 1;
                }
            }
            if let Some(value) = find("bce+dice counted value ") {
                assert_eq!(Some(value), find("bce+dice value "));
                counted += 1;
            }
        }
        assert!(added > 30 && counted > 8, "{added} states, {counted} values");
    }

    /// The values of the parts, where a case of the reference vectors says what they should be.
    #[test]
    fn report_has_the_reference_values() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../loss-core/tests/vectors");
        let text = std::fs::read_to_string(format!("{folder}/cases.json")).expect("the vectors' list");
        let cases: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let cases = cases.get("cases").unwrap_or(&cases).as_array().expect("a list of cases");
        let report = host_report().expect("a report");
        for (vector, part, case, field) in [
            ("pub_bin", "bce+dice part bce", "torch_bce_mean", "value"),
            ("seed000", "bce+dice part bce", "seed000_bce_logits", "value"),
            ("ext_hard", "bce+dice part bce", "ext_bce_hard", "value_mean"),
            ("pub_bin_soft", "bce+dice part bce", "torch_bce_soft", "value"),
            ("pub_cls", "ce+dice part ce", "torch_ce_mean", "value"),
        ] {
            let case = cases.iter().find(|one| one["name"] == case).unwrap_or_else(|| panic!("no case {case}"));
            let expected = case[field].as_f64().unwrap_or_else(|| panic!("no {field}: {case}"));
            let after = report.iter().skip_while(|line| **line != format!("vector {vector}"));
            let line = after.into_iter().find(|line| line.starts_with(part)).expect("a line of the part");
            let bits = line.split("0x").nth(1).and_then(|rest| rest.get(..16)).expect("bits");
            let value = f64::from_bits(u64::from_str_radix(bits, 16).expect("hexadecimal digits"));
            assert!((value - expected).abs() <= 1e-6 * expected.abs(), "{vector} {part}: {value}, expected {expected}");
            let decimal: f64 = line.rsplit(' ').next().expect("a decimal").parse().expect("a number");
            assert!((decimal - value).abs() <= 1e-9 * value.abs(), "{line}");
        }
    }
}
