//! How a source fares, in one word and a reason; when that is worth telling somebody.
//!
//! Pure: from what the store knows and the time. `overdue` is a state of a source, never of a run.

use jiff::{SignedDuration, Timestamp};

use crate::reason::said;
use crate::store::SourceRow;

/// Without a good run for so long a source is overdue.
pub const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// How a source fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `new`, `ok`, `partial`, `failed`, `held`, `overdue` or `paused`.
    pub state: &'static str,
    /// Why, where it is not well.
    pub reason: Option<String>,
}

/// How a source fares now; `held` is the reason of a run of it that waits for a decision.
pub fn of(row: &SourceRow, held: Option<&str>, now: Timestamp) -> Health {
    let last_reason = || row.last_reason.clone();
    if row.paused {
        return Health { state: "paused", reason: None };
    }
    // A clock that was ahead when the source was configured, or ran, makes nothing overdue and nothing young.
    let since = row.last_good.unwrap_or(row.known_since);
    let is_overdue = since > now + OVERDUE_AFTER || now.duration_since(since) > OVERDUE_AFTER;
    if is_overdue {
        let last = last_reason().or_else(|| held.map(str::to_owned));
        let since = since.min(now).strftime("%Y-%m-%d %H:%M UTC");
        let since = since.to_string();
        let reason = match last {
            Some(last) => said("overdue-last", &[("since", &since), ("last", &last)]),
            None => said("overdue", &[("since", &since)]),
        };
        return Health { state: "overdue", reason: Some(reason) };
    }
    if let Some(reason) = held {
        return Health { state: "held", reason: Some(reason.to_owned()) };
    }
    match row.last_state.as_deref() {
        None => Health { state: "new", reason: None },
        Some("partial") => Health { state: "partial", reason: last_reason() },
        Some("failed") => Health { state: "failed", reason: last_reason() },
        // The run was held, and has been decided since.
        Some(_) => Health { state: "ok", reason: None },
    }
}

/// Whether somebody is to be told of a change: from well to unwell, between ills, and back.
pub fn is_news(told: Option<&str>, state: &str) -> bool {
    let was = told.unwrap_or("new");
    let is_well = |state: &str| matches!(state, "new" | "ok");
    was != state && !(is_well(was) && is_well(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SourceId;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + hours * 3600).expect("a time")
    }

    fn row(last_state: Option<&str>, last_good: Option<i64>) -> SourceRow {
        SourceRow {
            source: SourceId::from("BJFU-folder-1"),
            library: "BJFU".to_owned(),
            known_since: at(0),
            last_try: Some(at(0)),
            last_run: None,
            last_state: last_state.map(str::to_owned),
            last_reason: last_state.filter(|state| *state != "ok").map(|_| "超时".to_owned()),
            tries_in_vain: 0,
            last_good: last_good.map(at),
            fingerprint: None,
            paused: false,
            told: None,
        }
    }

    #[test]
    fn a_source_has_one_state() {
        for (row, held, hour, state, reason) in [
            (row(None, None), None, 1, "new", None),
            (row(None, None), None, 49, "overdue", Some("no good run since")),
            (row(Some("ok"), Some(0)), None, 48, "ok", None),
            (row(Some("ok"), Some(0)), None, 49, "overdue", Some("no good run since")),
            (row(Some("failed"), Some(0)), None, 24, "failed", Some("超时")),
            (row(Some("failed"), Some(0)), None, 49, "overdue", Some("超时")),
            (row(Some("partial"), Some(0)), None, 24, "partial", Some("超时")),
            (row(Some("held"), Some(0)), Some("too few"), 24, "held", Some("too few")),
            (row(Some("ok-nothing-new"), Some(20)), Some("too few"), 24, "held", Some("too few")),
            (row(Some("held"), Some(0)), None, 24, "ok", None),
            // The clock was in the year 2040 when it ran.
            (row(Some("ok"), Some(120_000)), None, 24, "overdue", Some("no good run since")),
            (row(Some("ok"), Some(40)), None, 24, "ok", None),
            (SourceRow { paused: true, ..row(Some("failed"), None) }, None, 99, "paused", None),
        ] {
            let health = of(&row, held, at(hour));
            assert_eq!(health.state, state, "{row:?}");
            assert_eq!(health.reason.is_some(), reason.is_some(), "{health:?}");
            assert!(
                reason.is_none_or(|word| health.reason.as_ref().is_some_and(|r| r.contains(word))),
                "{health:?}"
            );
        }
    }

    #[test]
    fn only_changes_are_news() {
        for (told, state, expect) in [
            (None, "ok", false),
            (None, "new", false),
            (None, "failed", true),
            (Some("ok"), "failed", true),
            (Some("failed"), "failed", false),
            (Some("failed"), "overdue", true),
            (Some("overdue"), "ok", true),
            (Some("ok"), "ok", false),
        ] {
            assert_eq!(is_news(told, state), expect, "{told:?} {state}");
        }
    }
}
