//! The schedule as tables: ordinary nights, windows, changes of the clock, clocks that jump, sleep.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::str::FromStr;

use jiff::civil;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn here(zone_name: &str, text: &str) -> Timestamp {
    text.parse::<civil::DateTime>().unwrap().to_zoned_datetime(zone(zone_name)).unwrap().timestamp()
}

fn shanghai(text: &str) -> Timestamp {
    here("Asia/Shanghai", text)
}

fn timetable(window: &str) -> Timetable {
    Timetable { zone: zone("Asia/Shanghai"), window: Window::parse(window) }
}

fn source(cron: &str, last_try: Option<Timestamp>) -> Scheduled {
    Scheduled {
        source: SourceId::from("BJFU-folder-1"),
        cron: (!cron.is_empty()).then(|| Cron::from_str(cron).unwrap()),
        known_since: shanghai("2026-01-01T00:00"),
        last_try,
        tries_in_vain: 0,
        is_running: false,
        is_paused: false,
        is_wanted: false,
        has_arrivals: false,
    }
}

#[track_caller]
fn check(now: Timestamp, timetable: &Timetable, source: &Scheduled, expect: Option<Why>) {
    let decided: Vec<Why> =
        next(now, timetable, std::slice::from_ref(source)).into_iter().map(|d| d.why).collect();
    assert_eq!(decided, Vec::from_iter(expect), "at {now}, last tried at {:?}", source.last_try);
}

const NIGHTLY: &str = "30 1 * * *";

#[test]
fn an_ordinary_night() {
    let plan = timetable("01:00-05:00");
    let yesterday = Some(shanghai("2026-11-24T01:41"));
    for (now, expect) in [
        ("2026-11-24T12:00", None),
        ("2026-11-25T01:29", None),
        ("2026-11-25T01:41", Some(Why::Due)),
        ("2026-11-25T02:30", Some(Why::Missed)),
        ("2026-11-25T04:59", Some(Why::Missed)),
        ("2026-11-25T09:00", Some(Why::Missed)),
    ] {
        check(shanghai(now), &plan, &source(NIGHTLY, yesterday), expect);
    }
    let tonight = Some(shanghai("2026-11-25T01:41"));
    check(shanghai("2026-11-25T01:42"), &plan, &source(NIGHTLY, tonight), None);
    check(shanghai("2026-11-25T23:00"), &plan, &source(NIGHTLY, tonight), None);
}

#[test]
fn the_window_binds_scheduled_runs_only() {
    let plan = timetable("01:00-05:00");
    let at_noon = source("0 12 * * *", Some(shanghai("2026-11-24T01:05")));
    check(shanghai("2026-11-24T12:05"), &plan, &at_noon, None);
    check(shanghai("2026-11-24T20:00"), &plan, &at_noon, None);
    check(shanghai("2026-11-25T01:00"), &plan, &at_noon, Some(Why::Due));
    // A window that passes midnight.
    let late = timetable("22:00-02:00");
    check(shanghai("2026-11-24T22:00"), &late, &at_noon, Some(Why::Due));
    check(shanghai("2026-11-25T01:59"), &late, &at_noon, Some(Why::Missed));
    let noon = shanghai("2026-11-24T12:30");
    for (change, expect) in [
        ((|s: &mut Scheduled| s.is_wanted = true) as fn(&mut Scheduled), Some(Why::ByHand)),
        (|s| (s.is_wanted, s.is_paused) = (true, true), Some(Why::ByHand)),
        (|s| (s.is_wanted, s.is_running) = (true, true), None),
        (|s| (s.cron, s.has_arrivals) = (None, true), Some(Why::Arrival)),
        (|s| (s.cron, s.has_arrivals, s.is_paused) = (None, true, true), None),
        (|s| (s.cron, s.has_arrivals, s.is_running) = (None, true, true), None),
        (|s| s.cron = None, None),
        // A folder with a schedule waits for its time.
        (|s| s.has_arrivals = true, None),
    ] {
        let mut changed = source("0 12 * * *", Some(shanghai("2026-11-24T12:20")));
        change(&mut changed);
        check(noon, &plan, &changed, expect);
    }
}

#[test]
fn a_night_slept_through_is_made_up_for() {
    let plan = timetable("01:00-05:00");
    let last = Some(shanghai("2026-11-20T01:35"));
    check(shanghai("2026-11-25T08:00"), &plan, &source(NIGHTLY, last), Some(Why::Missed));
    check(shanghai("2026-11-25T08:00"), &timetable(""), &source(NIGHTLY, last), Some(Why::Missed));
    // A source that was configured this morning has missed nothing.
    let fresh = Scheduled { known_since: shanghai("2026-11-25T07:00"), ..source(NIGHTLY, None) };
    check(shanghai("2026-11-25T08:00"), &plan, &fresh, None);
    check(shanghai("2026-11-26T01:41"), &plan, &fresh, Some(Why::Due));
}

#[test]
fn clocks_that_are_put_forward_and_back() {
    let plan = Timetable { zone: zone("Europe/Berlin"), window: None };
    let berlin = |text| here("Europe/Berlin", text);
    // 29 March 2026: 02:00 becomes 03:00, so 02:30 does not come; the run is not lost, and comes once.
    let mut spring = source("30 2 * * *", Some(berlin("2026-03-28T02:45")));
    let mut begun = Vec::new();
    let mut at = berlin("2026-03-29T00:00");
    while at < berlin("2026-03-30T12:00") {
        if !next(at, &plan, std::slice::from_ref(&spring)).is_empty() {
            spring.last_try = Some(at);
            begun.push(at.to_zoned_datetime(zone("Europe/Berlin")).to_string());
        }
        at += SignedDuration::from_mins(5);
    }
    assert_eq!(begun.len(), 2, "one each night: {begun:?}");
    // 25 October 2026: 02:30 comes twice, the run once a night.
    let mut autumn = source("30 2 * * *", Some(berlin("2026-10-24T02:45")));
    let mut begun = Vec::new();
    let mut at = berlin("2026-10-25T00:00");
    while at < berlin("2026-10-26T12:00") {
        if !next(at, &plan, std::slice::from_ref(&autumn)).is_empty() {
            autumn.last_try = Some(at);
            begun.push(at.to_zoned_datetime(zone("Europe/Berlin")).to_string());
        }
        at += SignedDuration::from_mins(5);
    }
    assert!((2..=3).contains(&begun.len()), "{begun:?}");
}

#[test]
fn a_clock_that_jumps_a_day_costs_at_most_one_run_too_many() {
    let plan = timetable("01:00-05:00");
    let day = SignedDuration::from_hours(24);
    let ran = shanghai("2026-11-25T01:41");
    // A day back, in the night: the last try lies in the future and proves nothing.
    check(shanghai("2026-11-25T02:00") - day, &plan, &source(NIGHTLY, Some(ran)), Some(Why::Missed));
    // A day forward: a night was missed.
    check(shanghai("2026-11-25T02:00") + day, &plan, &source(NIGHTLY, Some(ran)), Some(Why::Missed));
    // The clock was in the year 2040 once.
    let far = Some(shanghai("2040-01-01T00:00"));
    check(shanghai("2026-11-25T01:45"), &plan, &source(NIGHTLY, far), Some(Why::Due));
    // Put right by a minute: no second run.
    check(ran - SignedDuration::from_mins(1), &plan, &source(NIGHTLY, Some(ran)), None);
    // Configured while the clock was ahead.
    let ahead = Scheduled { known_since: shanghai("2040-01-01T00:00"), ..source(NIGHTLY, None) };
    check(shanghai("2026-11-25T01:29"), &plan, &ahead, None);
}

#[test]
fn what_was_in_vain_is_tried_again_in_the_same_night() {
    let plan = timetable("01:00-05:00");
    let tried = |minutes: i64, in_vain| {
        let begun = shanghai("2026-11-25T01:41");
        let source = Scheduled { tries_in_vain: in_vain, ..source(NIGHTLY, Some(begun)) };
        (begun + SignedDuration::from_mins(minutes), source)
    };
    for (minutes, in_vain, expect) in [
        (9, 1, None),
        (10, 1, Some(Why::Again)),
        (15, 2, None),
        (20, 2, Some(Why::Again)),
        (100, 5, None),
        (120, 5, Some(Why::Again)),
        (120, 6, None),
        (120, 0, None),
        // The window has closed.
        (240, 1, None),
    ] {
        let (now, source) = tried(minutes, in_vain);
        check(now, &plan, &source, expect);
    }
}

#[test]
fn forty_six_libraries_do_not_begin_at_once() {
    let plan = timetable("");
    let sources: Vec<Scheduled> = (0..46)
        .map(|n| Scheduled {
            source: SourceId::from(format!("LIB{n}-http-{n}").as_str()),
            ..source(NIGHTLY, Some(shanghai("2026-11-24T01:45")))
        })
        .collect();
    let begun = |minute: i64| {
        next(shanghai("2026-11-25T01:30") + SignedDuration::from_mins(minute), &plan, &sources).len()
    };
    assert!(begun(0) < 10, "{}", begun(0));
    assert!((10..40).contains(&begun(5)), "{}", begun(5));
    assert_eq!(begun(10), 46);
    // Every five minutes means every five minutes.
    let often = source("*/5 * * * *", Some(shanghai("2026-11-25T01:30")));
    check(shanghai("2026-11-25T01:35:31"), &plan, &often, Some(Why::Due));
    let due = due_next(shanghai("2026-11-25T12:00"), &plan, &sources[0]).unwrap();
    assert!((shanghai("2026-11-26T01:30")..=shanghai("2026-11-26T01:40")).contains(&due), "{due}");
    let at_noon = source("0 12 * * *", None);
    let due = due_next(shanghai("2026-11-25T13:00"), &timetable("01:00-05:00"), &at_noon).unwrap();
    assert_eq!(due, shanghai("2026-11-27T01:00"));
}

#[test]
fn windows_are_read() {
    for (text, good) in [
        ("01:00-05:00", true),
        ("22:00 - 04:30", true),
        ("1:00-5:00", true),
        ("", false),
        ("01:00", false),
        ("24:00-05:00", false),
        ("01:60-05:00", false),
        ("01:00-01:00", false),
        ("+1:00-05:00", false),
    ] {
        assert_eq!(Window::parse(text).is_some(), good, "{text}");
    }
}
