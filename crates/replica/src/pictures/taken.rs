//! The moment a photograph was taken, in the three spellings that the service used.

use std::fmt;

const TICKS_PER_SECOND: u64 = 10_000_000;
const DAY: u64 = 24 * 60 * 60;

/// A moment, in .NET ticks: units of 100 ns since the beginning of the year 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken(u64);

impl Taken {
    pub(crate) fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// As EXIF writes it: `2010:06:05 14:03:59`.
    pub(crate) fn exif(self) -> String {
        let Calendar { year, month, day, hour, minute, second, .. } = self.calendar();
        format!("{year:04}:{month:02}:{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// As HTTP writes it (RFC 9110, section 5.6.7): `Sat, 05 Jun 2010 14:03:59 GMT`.
    pub(crate) fn http(self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let Calendar { year, month, day, hour, minute, second, weekday } = self.calendar();
        let (weekday, month) = (DAYS[weekday], MONTHS[month as usize - 1]);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    fn calendar(self) -> Calendar {
        let seconds = self.0 / TICKS_PER_SECOND;
        let (days, rest) = (seconds / DAY, seconds % DAY);
        // From days to the date as in Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`,
        // whose years begin in March of the year 0, 306 days before the first of January of the year 1.
        let shifted = days + 306;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Calendar {
            year: year_of_era + era * 400 + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: rest / 3_600,
            minute: rest / 60 % 60,
            second: rest % 60,
            // The first day of the year 1 was a Monday.
            weekday: (days % 7) as usize,
        }
    }
}

struct Calendar {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    /// 0 is Monday.
    weekday: usize,
}

/// The ticks, 18 digits in our days.
impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_as_dotnet_reads_them() {
        // `new DateTime(2010, 1, 1).Ticks`, and the last second of a leap day.
        let new_year = Taken::from_ticks(633_979_008_000_000_000);
        assert_eq!(new_year.http(), "Fri, 01 Jan 2010 00:00:00 GMT");
        let leap_day = Taken::from_ticks((63_397_900_800 + (365 + 365 + 31 + 29) * DAY - 1) * TICKS_PER_SECOND);
        assert_eq!(leap_day.exif(), "2012:02:29 23:59:59");
        assert_eq!(leap_day.http(), "Wed, 29 Feb 2012 23:59:59 GMT");
    }
}
