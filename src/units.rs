//! Numbers with units on the command line, and what options of several verbs say of themselves.
//!
//! Enters: a word; leaves: a number in one unit, or what is wrong with the word. Nothing is rounded or wrapped silently.

use std::num::NonZeroUsize;
use std::time::Duration;

use assay_differential::generate::Profile;

/// What is said of an option that takes a profile.
pub(crate) fn profiles() -> String {
    let names: Vec<_> = Profile::names().collect();
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    format!("How cases are made: {} or {last}", others.join(", "))
}

/// A number from 0 on.
pub(crate) fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// A number from 1 on.
pub(crate) fn count(word: &str) -> Result<NonZeroUsize, String> {
    word.parse().map_err(|_| "expected a whole number from 1 on".to_owned())
}

/// A duration: `250ms`, `10s`, `2m`, `1h`; seconds without a unit. It must not be zero.
pub(crate) fn duration(word: &str) -> Result<Duration, String> {
    let end = word.find(|char: char| !char.is_ascii_digit()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(end);
    let number: u64 =
        digits.parse().map_err(|_| "expected a duration such as 250ms, 10s or 2m".to_owned())?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        other => return Err(format!("unknown unit `{other}`; the units are ms, s, m and h")),
    };
    match millis {
        None => Err("that is too long".to_owned()),
        Some(0) => Err("it must not be zero".to_owned()),
        Some(millis) => Ok(Duration::from_millis(millis)),
    }
}

/// A share in per cent: `5`, `2.5%`; more than none and less than all.
pub(crate) fn percent(word: &str) -> Result<f64, String> {
    let digits = word.strip_suffix('%').unwrap_or(word);
    match digits.trim().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent / 100.0),
        _ => Err("expected per cents between 0 and 100, such as 5 or 2.5%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{count, duration, number, percent};

    #[test]
    fn shares_are_neither_nothing_nor_everything() {
        assert_eq!((percent("5"), percent("2.5%")), (Ok(0.05), Ok(0.025)));
        for word in ["", "0", "-1", "100", "nan", "inf", "x%"] {
            assert!(percent(word).is_err(), "{word}");
        }
    }

    #[test]
    fn numbers_are_whole_and_not_negative() {
        assert_eq!((number("0"), number("18446744073709551615")), (Ok(0), Ok(u64::MAX)));
        assert_eq!(count("3").map(usize::from), Ok(3));
        for word in ["", "-1", "1.5", "x", "0x10", "18446744073709551616"] {
            assert!(number(word).is_err() && count(word).is_err(), "{word}");
        }
        assert!(count("0").is_err());
    }

    #[test]
    fn durations_have_units() {
        for (word, millis) in
            [("250ms", 250), ("10s", 10_000), ("10", 10_000), ("2m", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(duration(word), Ok(Duration::from_millis(millis)));
        }
    }

    #[test]
    fn nonsense_is_no_duration() {
        for word in
            ["", "-1", "1.5s", "s", "1d", "0", "0ms", "18446744073709551615s", "99999999999999999999", "1 s"]
        {
            assert!(duration(word).is_err(), "{word}");
        }
    }
}
