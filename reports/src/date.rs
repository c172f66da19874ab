//! Days and times of the civil calendar, in UTC. Pure; reads no clock.

use std::fmt;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// The date that many days after the first of January 1970. Years are counted from March, so that leap days come last.
    pub fn of_days(days: u64) -> Self {
        // Nothing here was written after the year 9999.
        let days = days.min(2_932_896) + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months = (5 * day_of_year + 2) / 153;
        let month = if months < 10 { months + 3 } else { months - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: (day_of_year - (153 * months + 2) / 5 + 1) as u8 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A moment, in milliseconds since 1970, as `2026-11-22 16:20:05 UTC`.
pub(crate) fn moment(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    format!("{} {:02}:{:02}:{:02} UTC", Date::of_days(day), rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::{Date, moment};

    #[test]
    fn days_become_dates() {
        for (days, date) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22")]
        {
            assert_eq!(Date::of_days(days).to_string(), date);
        }
        assert_eq!(Date::of_days(u64::MAX).year, 9999);
    }

    #[test]
    fn a_moment_has_a_time_of_day() {
        assert_eq!(moment(1_700_000_000_999), "2023-11-14 22:13:20 UTC");
    }
}
