//! The times of jiff as croner wants to see them; the rules of a time zone stay with jiff.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::{CivilDateTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, ZonedDateTime};

/// A time in a zone.
#[derive(Clone)]
pub(super) struct Moment(pub(super) ZonedDateTime);

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let at = &self.0;
        CivilDateTime::from_ymd_hms_opt(
            i32::from(at.year()),
            at.month().unsigned_abs().into(),
            at.day().unsigned_abs().into(),
            at.hour().unsigned_abs().into(),
            at.minute().unsigned_abs().into(),
            at.second().unsigned_abs().into(),
        )
        .expect("the parts of a date and time of jiff are in range")
    }

    fn civil_weekday(&self) -> Weekday {
        match self.0.weekday() {
            jiff::civil::Weekday::Monday => Weekday::Monday,
            jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
            jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
            jiff::civil::Weekday::Thursday => Weekday::Thursday,
            jiff::civil::Weekday::Friday => Weekday::Friday,
            jiff::civil::Weekday::Saturday => Weekday::Saturday,
            jiff::civil::Weekday::Sunday => Weekday::Sunday,
        }
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let wall = wall_time(civil).ok_or(CronError::InvalidDate)?;
        let zone = self.0.time_zone();
        let in_zone = |offset: jiff::tz::Offset| {
            let at = offset.to_timestamp(wall).map_err(|_| CronError::InvalidDate)?;
            Ok(Self(at.to_zoned_datetime(zone.clone())))
        };
        Ok(match zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolution::Single(in_zone(offset)?),
            AmbiguousOffset::Fold { before, after } => {
                Resolution::Ambiguous(in_zone(before)?, in_zone(after)?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

fn wall_time(civil: CivilDateTime) -> Option<DateTime> {
    DateTime::new(
        civil.year().try_into().ok()?,
        civil.month().try_into().ok()?,
        civil.day().try_into().ok()?,
        civil.hour().try_into().ok()?,
        civil.minute().try_into().ok()?,
        civil.second().try_into().ok()?,
        0,
    )
    .ok()
}
