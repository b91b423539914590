//! When a job that repeats is due.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// So long after the end of each run.
    Every(Duration),
    /// Once on each day of a place. A time that the clocks leave out runs at the next that there is; a time that comes
    /// twice runs at the first.
    Daily {
        at: NaiveTime,
        #[serde(with = "zone")]
        zone: Tz,
    },
}

/// A zone has left out a whole day when it changed sides of the date line.
const LONGEST_GAP_MINUTES: i64 = 24 * 60;

impl Schedule {
    pub fn next_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Every(period) => now + TimeDelta::from_std(*period).unwrap_or(TimeDelta::MAX),
            Self::Daily { at, zone } => {
                let today = now.with_timezone(zone).date_naive();
                let days = (0..3).filter_map(|n| today.checked_add_days(Days::new(n)));
                let mut times = days.filter_map(|day| on(day, *at, *zone));
                times.find(|time| *time > now).unwrap_or(now + TimeDelta::days(1))
            }
        }
    }
}

fn on(day: NaiveDate, at: NaiveTime, zone: Tz) -> Option<DateTime<Utc>> {
    let filter = day.and_time(at);
    let moments = (0..=LONGEST_GAP_MINUTES).filter_map(|n| filter.checked_add_signed(TimeDelta::minutes(n)));
    let mut real = moments.filter_map(|local| zone.from_local_datetime(&local).earliest());
    real.next().map(|time| time.to_utc())
}

mod zone {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
    pub fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        format!("{text}Z").parse().unwrap()
    }

    fn daily(at: &str, zone: &str) -> Schedule {
        Schedule::Daily { at: at.parse().unwrap(), zone: zone.parse().unwrap() }
    }

    #[test]
    fn a_daily_time_is_that_of_the_clocks_of_the_place() {
        #[rustfmt::skip]
        let cases = [
            // zone, time there, now, next
            ("UTC", "07:00", "2026-11-28T06:59:59", "2026-11-28T07:00:00"),
            ("UTC", "07:00", "2026-11-28T07:00:00", "2026-11-29T07:00:00"),
            ("Europe/Berlin", "07:00", "2026-11-28T05:00:00", "2026-11-28T06:00:00"),
            ("Europe/Berlin", "07:00", "2026-07-01T04:00:00", "2026-07-01T05:00:00"),
            // It is tomorrow there already.
            ("Pacific/Auckland", "07:00", "2026-11-28T12:00:00", "2026-11-28T18:00:00"),
            // From winter to summer 02:30 is left out: at 03:00, and at 02:30 on the next day.
            ("Europe/Berlin", "02:30", "2026-03-28T23:30:00", "2026-03-29T01:00:00"),
            ("Europe/Berlin", "02:30", "2026-03-29T01:00:00", "2026-03-30T00:30:00"),
            ("America/New_York", "02:00", "2026-03-08T06:30:00", "2026-03-08T07:00:00"),
            // From summer to winter 02:30 comes twice: at the first, and then on the next day.
            ("Europe/Berlin", "02:30", "2026-10-24T22:30:00", "2026-10-25T00:30:00"),
            ("Europe/Berlin", "02:30", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
            ("Europe/Berlin", "02:30", "2026-10-25T01:15:00", "2026-10-26T01:30:00"),
            // Half an hour only.
            ("Australia/Lord_Howe", "02:15", "2026-10-03T15:00:00", "2026-10-03T15:30:00"),
            // Midnight itself is left out.
            ("America/Asuncion", "00:00", "2023-09-30T12:00:00", "2023-10-01T04:00:00"),
            // There was no 30 December.
            ("Pacific/Apia", "12:00", "2011-12-29T22:00:00", "2011-12-30T10:00:00"),
            ("Pacific/Apia", "12:00", "2011-12-30T10:00:00", "2011-12-30T22:00:00"),
        ];
        for (zone, at, now, next) in cases {
            assert_eq!(daily(at, zone).next_after(utc(now)), utc(next), "{at} in {zone} after {now}");
        }
    }

    #[test]
    fn each_day_of_a_year_has_one_run_in_every_zone() {
        for zone in chrono_tz::TZ_VARIANTS {
            let schedule = Schedule::Daily { at: NaiveTime::from_hms_opt(2, 30, 0).unwrap(), zone };
            let (mut now, mut days) = (utc("2026-01-01T12:00:00"), std::collections::BTreeSet::new());
            for _ in 0..365 {
                now = schedule.next_after(now);
                days.insert(now.with_timezone(&zone).date_naive());
            }
            assert_eq!(days.len(), 365, "{zone}");
        }
    }

    #[test]
    fn a_period_counts_from_the_end_of_a_run() {
        let now = utc("2026-11-28T06:59:59");
        assert_eq!(Schedule::Every(Duration::from_mins(10)).next_after(now), now + TimeDelta::minutes(10));
    }

    #[test]
    fn a_schedule_comes_back_from_json_as_it_went() {
        for schedule in [daily("07:30", "Europe/Berlin"), Schedule::Every(Duration::from_secs(5))] {
            let json = serde_json::to_value(schedule).unwrap();
            assert_eq!(serde_json::from_value::<Schedule>(json).unwrap(), schedule);
        }
    }
}
