//! `lianmu doctor`: how disk, clock, keys, catalogue, queue and the line to the centre fare, in sentences that say what to
//! do. It changes nothing and needs no daemon.

use std::path::Path;

use indexer::archive::Archive;
use indexer::pipeline;
use jiff::Timestamp;
use serde::Serialize;

use crate::Result;
use crate::keys::Identity;
use crate::reason;
use crate::requests::DeliveryState;
use crate::settings::{CentralKind, Role, Settings};
use crate::store::{CLOCK_TOLERANCE, Machine, Store};

/// What was looked at, and what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `disk`, `clock`, `keys`, `catalogue`, `decisions`, `queue`, `centre` or `daemon`.
    pub check: &'static str,
    /// Nothing need be done.
    pub ok: bool,
    /// How it is.
    pub sentence: String,
    /// What to do; empty where nothing need be done.
    pub remedy: String,
}

fn well(check: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { check, ok: true, sentence: sentence.into(), remedy: String::new() }
}

fn ill(check: &'static str, sentence: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { check, ok: false, sentence: sentence.into(), remedy: remedy.into() }
}

/// Less than that is too little for a night's catalogue.
const LITTLE_SPACE: u64 = 2 << 30;
/// Nothing should wait longer, and the centre should have answered since.
const A_DAY: i64 = 86_400;

const ENROL: &str = "have `lianmu branch enrol` run at the hub, then run `lianmu enrol` here";
const ENROL_ANEW: &str = "enrol anew: have `lianmu branch enrol` run at the hub, then run `lianmu enrol` here; what waits is \
                          kept and goes then";

/// Looks at everything, in a fixed order.
pub fn examine(data_dir: &Path, settings: &Settings, now: Timestamp) -> Result<Vec<Finding>> {
    let store = data_dir.join("state.db").is_file().then(|| Store::open(data_dir)).transpose()?;
    let machine = store.as_ref().map(Store::machine).transpose()?.unwrap_or_default();
    let mut findings = vec![daemon(data_dir)?, disk(data_dir), catalogue(data_dir), decisions(data_dir)];
    findings.push(keys(data_dir, settings, store.as_ref(), &machine)?);
    findings.push(clock(store.as_ref(), now)?);
    findings.push(queue(store.as_ref(), now)?);
    findings.push(centre(settings, store.as_ref(), &machine, now)?);
    Ok(findings)
}

fn daemon(data_dir: &Path) -> Result<Finding> {
    Ok(if crate::lock::daemon_runs(data_dir)? {
        well("daemon", "a daemon runs on this data directory")
    } else {
        ill("daemon", "no daemon runs, so nothing is fetched and no request is sent", "start `lianmu serve`")
    })
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

fn disk(data_dir: &Path) -> Finding {
    match free_bytes(data_dir) {
        None => well("disk", "how much space is free cannot be told on this system"),
        Some(free) if free < LITTLE_SPACE => ill(
            "disk",
            format!("only {} MiB are free where the data directory lies", free >> 20),
            "make room: requests are still taken, but the next catalogue may not find its place",
        ),
        Some(free) => well("disk", format!("{} GiB are free where the data directory lies", free >> 30)),
    }
}

fn catalogue(data_dir: &Path) -> Finding {
    let current = std::fs::read_to_string(data_dir.join("catalogue").join("current")).unwrap_or_default();
    let name = current.trim();
    if name.is_empty() {
        return ill("catalogue", "there is no catalogue yet", "run `lianmu import`, then `lianmu build`");
    }
    match indexer::search::Catalogue::open(&data_dir.join("catalogue")) {
        Ok(_) => {
            well("catalogue", format!("generation {name} opens, and all its files are as they were written"))
        }
        Err(cause) => ill(
            "catalogue",
            format!("generation {name} cannot be opened: {}", chain(&cause)),
            "run `lianmu build --full`",
        ),
    }
}

fn decisions(data_dir: &Path) -> Finding {
    let archive = Archive::open(data_dir).map_err(pipeline::Error::from);
    match archive.and_then(|archive| pipeline::decisions(&archive)) {
        Ok(decisions) => {
            well("decisions", format!("all {} decisions about records can be read", decisions.len()))
        }
        Err(cause) => ill(
            "decisions",
            format!("what was decided about records cannot be read: {}", chain(&cause)),
            "put archive/decisions.jsonl back from a backup, or correct that line; no catalogue is built before, and \
             the one in force stays",
        ),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

// What the carrier heard last.
fn is_trouble(machine: &Machine, code: &str) -> bool {
    machine.trouble.as_deref().and_then(reason::read).is_some_and(|trouble| trouble.code == code)
}

fn is_unknown(machine: &Machine) -> bool {
    is_trouble(machine, "line-unknown-here")
}

fn keys(data_dir: &Path, settings: &Settings, store: Option<&Store>, machine: &Machine) -> Result<Finding> {
    let identity = match Identity::load(data_dir) {
        Ok(identity) => identity,
        Err(cause) => {
            return Ok(ill("keys", cause.to_string(), "put keys/ back from a backup, or enrol anew"));
        }
    };
    let hub = store.map(Store::hub).transpose()?.flatten();
    Ok(match (settings.role, identity, hub) {
        (Role::Hub, None, _) => ill("keys", "this hub has no keys yet", "start `lianmu serve` once"),
        (Role::Hub, Some(_), _) => well("keys", "this hub has its keys"),
        (Role::Branch, _, None) if settings.central.kind == CentralKind::Iso18626 => {
            well("keys", "this machine speaks ISO 18626 with its centre and needs no keys")
        }
        (Role::Branch, _, None) => ill("keys", "this branch is not enrolled", ENROL),
        (_, Some(_), Some(hub)) if is_unknown(machine) => ill(
            "keys",
            format!("{} does not know this machine as the branch of {} any more", hub.url, hub.library),
            ENROL_ANEW,
        ),
        (_, Some(_), Some(hub)) => {
            well("keys", format!("this machine is enrolled for {} at {}", hub.library, hub.url))
        }
        (_, None, Some(_)) => {
            ill("keys", "this machine is enrolled, but its keys are gone", "put keys/ back, or enrol anew")
        }
        (Role::Standalone, _, None) => well("keys", "this machine needs no keys"),
    })
}

fn clock(store: Option<&Store>, now: Timestamp) -> Result<Finding> {
    if let Some(seconds) = store.map(|store| store.clock_doubt(now)).transpose()?.flatten() {
        return Ok(doubted(seconds));
    }
    let fault = store.map(Store::last_clock_fault).transpose()?.flatten();
    let recent = fault.filter(|fault| (now.as_second() - fault.at.as_second()).abs() < A_DAY);
    Ok(match recent {
        None => well("clock", "nothing speaks against the clock of this machine"),
        Some(fault) if fault.is_skew => ill(
            "clock",
            format!("at {} the clock was {} s ahead of the centre's", fault.at, fault.seconds),
            format!("have the system keep its time (NTP); up to {CLOCK_TOLERANCE} s do no harm"),
        ),
        Some(fault) => ill(
            "clock",
            format!("at {} the clock was set by {} s", fault.at, fault.seconds),
            "see that the clock is right now; readers keep their right to withdraw meanwhile",
        ),
    })
}

// What only a day of the calendar decides waits.
fn doubted(seconds: i64) -> Finding {
    let side = if seconds > 0 { "ahead" } else { "behind" };
    ill(
        "clock",
        format!(
            "the clock may be {} s {side}: until that is settled nothing becomes overdue and nobody is reminded",
            seconds.saturating_abs()
        ),
        "set it right (NTP); if it is right already, it is believed within a day, or as soon as the centre's says the same",
    )
}

fn queue(store: Option<&Store>, now: Timestamp) -> Result<Finding> {
    let depths = store.map(Store::depths).transpose()?.unwrap_or_default();
    let n_waiting: u32 = depths.iter().filter(|depth| depth.delivery.is_waiting()).map(|depth| depth.n).sum();
    let n_rejected: u32 =
        depths.iter().filter(|depth| depth.delivery == DeliveryState::Rejected).map(|depth| depth.n).sum();
    let oldest = depths.iter().filter(|depth| depth.delivery.is_waiting()).map(|depth| depth.oldest).min();
    let is_old = oldest.is_some_and(|oldest| now.as_second() - oldest.as_second() > A_DAY);
    Ok(match (n_waiting, oldest) {
        (_, Some(oldest)) if is_old => ill(
            "queue",
            format!("{n_waiting} messages wait, the eldest since {oldest}"),
            "`lianmu queue list` says what stands in their way; a stick carries them too (`lianmu queue export`)",
        ),
        _ if n_rejected > 0 => ill(
            "queue",
            format!("{n_waiting} messages wait, {n_rejected} were not taken by the other side"),
            "`lianmu queue list` shows the reasons",
        ),
        _ => well("queue", format!("{n_waiting} messages wait")),
    })
}

fn centre(settings: &Settings, store: Option<&Store>, machine: &Machine, now: Timestamp) -> Result<Finding> {
    let has_centre = settings.role == Role::Hub || settings.central.kind != CentralKind::None;
    if let Some(left) = machine.drill_left(now).filter(|_| has_centre) {
        return Ok(drilling(settings.role, left.as_secs()));
    }
    if settings.role == Role::Hub {
        let branches = store.map(Store::branches).transpose()?.unwrap_or_default();
        let silent: Vec<String> = branches
            .iter()
            .filter(|branch| branch.last_contact.is_none_or(|at| now.as_second() - at.as_second() > A_DAY))
            .map(|branch| branch.library.to_string())
            .collect();
        return Ok(if silent.is_empty() {
            well(
                "centre",
                format!("this is the centre; all its {} branches were here within a day", branches.len()),
            )
        } else {
            ill(
                "centre",
                format!("not heard from for a day: {}", silent.join(", ")),
                "ask there for `lianmu doctor`",
            )
        });
    }
    if settings.central.kind == CentralKind::None {
        return Ok(well("centre", "no centre is configured: requests stay on this machine"));
    }
    // What a drill left behind is nobody's trouble.
    let trouble = machine.trouble.as_ref().filter(|_| !is_trouble(machine, "line-drill"));
    Ok(match (trouble, machine.last_contact) {
        (None, Some(at)) if now.as_second() - at.as_second() < A_DAY => {
            well("centre", format!("the centre answered last at {at}"))
        }
        (Some(_), at) if is_unknown(machine) => ill(
            "centre",
            format!("the centre does not know this machine; it answered last {}", last(at)),
            ENROL_ANEW,
        ),
        (Some(trouble), at) => ill(
            "centre",
            format!("the centre cannot be reached: {trouble}; it answered last {}", last(at)),
            "look at the line and at [central]; requests are kept and go by themselves",
        ),
        (None, at) => ill(
            "centre",
            at.map_or("the centre has never answered".to_owned(), |at| {
                format!("the centre answered last at {at}")
            }),
            "see that `lianmu serve` runs and that the machine is enrolled",
        ),
    })
}

fn last(contact: Option<Timestamp>) -> String {
    contact.map_or("never".to_owned(), |at| format!("at {at}"))
}

fn drilling(role: Role, seconds: i64) -> Finding {
    let minutes = seconds.saturating_add(59) / 60;
    let whom = if role == Role::Hub { "this centre takes itself" } else { "the centre is taken" };
    ill(
        "centre",
        format!("a drill: {whom} for away, for {minutes} minutes more"),
        "nothing is wrong; `lianmu drill --minutes 0` ends it",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::cluster::{Decision, DecisionKind};

    use super::*;
    use crate::keys::Identity;
    use crate::store::Hub;
    use crate::trial::{code, settings};

    const URL: &str = "https://hub.example.org";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    /// A branch that is enrolled and has heard its hub.
    struct Branch {
        folder: tempfile::TempDir,
        store: Store,
    }

    impl Branch {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let identity = Identity::load_or_make(folder.path(), &indexer::files::Disk).unwrap();
            let store = Store::open(folder.path()).unwrap();
            store.begin_life(1, at(0)).unwrap();
            let hub = Hub { library: code("BJFU"), url: URL.to_owned(), keys: identity.public() };
            store.set_hub(&hub).unwrap();
            store.note_contact(Some(0), at(0)).unwrap();
            Self { folder, store }
        }

        fn finding(&self, check: &str, second: i64) -> Finding {
            let settings = settings(&format!(
                "role = \"branch\"\nlibrary = \"BJFU\"\n[central]\nkind = \"hub\"\nurl = \"{URL}\"\n"
            ));
            let mut all = examine(self.folder.path(), &settings, at(second)).unwrap();
            all.remove(all.iter().position(|finding| finding.check == check).unwrap())
        }
    }

    #[test]
    fn of_a_drill_it_says_how_to_end_it() {
        let branch = Branch::new();
        assert!(branch.finding("centre", 10).ok);
        branch.store.drill(300, at(10)).unwrap();
        branch.store.note_trouble(&reason::said("line-drill", &[])).unwrap();
        let drill = branch.finding("centre", 20);
        assert!(!drill.ok && drill.sentence.contains("for 5 minutes more"), "{drill:?}");
        assert!(drill.remedy.contains("lianmu drill --minutes 0"), "{drill:?}");
        branch.store.drill(0, at(30)).unwrap();
        assert!(branch.finding("centre", 31).ok, "what it left behind says nothing of the line");
    }

    #[test]
    fn who_is_not_known_at_the_hub_any_more_is_told_to_enrol_anew() {
        let branch = Branch::new();
        assert!(branch.finding("keys", 10).sentence.contains("enrolled for BJFU"));
        branch.store.note_trouble("the hub's address answered 401: it does not know this machine").unwrap();
        for check in ["keys", "centre"] {
            let finding = branch.finding(check, 10);
            assert!(!finding.ok && finding.remedy.contains("enrol anew"), "{finding:?}");
            assert!(!finding.sentence.contains("is enrolled"), "{finding:?}");
        }
        branch.store.note_trouble("the hub's address answered 503").unwrap();
        assert!(branch.finding("keys", 10).ok);
        assert!(branch.finding("centre", 10).remedy.contains("look at the line"));
    }

    #[test]
    fn damaged_decisions_are_said_with_their_line() {
        let branch = Branch::new();
        assert!(branch.finding("decisions", 10).sentence.contains("all 0 decisions"));
        let archive = Archive::open(branch.folder.path()).unwrap();
        let records = ["012005000123", "012005000124"].map(|number| (code("BJFU"), number.to_owned()));
        let decision = Decision { kind: DecisionKind::Join, records: records.to_vec(), note: None };
        pipeline::decide(&archive, &[decision]).unwrap();
        assert!(branch.finding("decisions", 10).ok);
        let path = archive.root().join("decisions.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("0124", "0125")).unwrap();
        let finding = branch.finding("decisions", 10);
        assert!(!finding.ok && finding.sentence.contains("line 1 of "), "{finding:?}");
        assert!(finding.remedy.contains("from a backup"), "{finding:?}");
    }

    #[test]
    fn a_clock_in_doubt_is_said() {
        let branch = Branch::new();
        assert!(branch.finding("clock", 10).ok);
        branch.store.begin_life(2, at(3650 * A_DAY)).unwrap();
        let doubt = branch.finding("clock", 3650 * A_DAY);
        assert!(!doubt.ok && doubt.sentence.contains("315360000 s ahead"), "{doubt:?}");
    }
}
