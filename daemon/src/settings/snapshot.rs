//! `[snapshot]`: out of which repository a branch pulls, or into which a hub publishes, when, and how much may come.

use std::path::{Path, PathBuf};

use super::check::{self, Fault, Setting};
use crate::harvest::schedule::Window;

/// Where generations come from or go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// A folder or an `http(s):` address; at a branch, where it is not set, what its hub serves.
    pub repository: Option<String>,
    /// Minutes between two looks, but for some jitter; 0: by hand alone.
    pub minutes: u32,
    /// Megabytes that may come in a day; `None` is no limit.
    pub megabytes: Option<u64>,
    /// Kilobits that may come in a second; 0 is no limit.
    pub kilobits: u64,
    /// When generations may come, as `18:00-07:00`; `None`: always.
    pub window: Option<String>,
    /// Whether the members' original records come along: `[catalogue] marc`.
    pub originals: bool,
}

impl Snapshot {
    /// The folder of the repository, where it is one.
    pub fn folder(&self) -> Option<PathBuf> {
        self.repository.as_ref().filter(|place| !place.contains("://")).map(PathBuf::from)
    }
}

pub(super) fn snapshot(settings: &[Setting], folder: &Path, faults: &mut Vec<Fault>) -> Snapshot {
    let text = |key: &str| Some(check::text(settings, key)).filter(|text| !text.is_empty());
    let number = |key: &str| u64::try_from(check::number(settings, key)).unwrap_or(0);
    let window = text("snapshot.window");
    if window.is_some_and(|window| Window::parse(window).is_none()) {
        faults.push(Fault::new("snapshot.window", "is no part of the day, such as 18:00-07:00"));
    }
    let is_hub = check::text(settings, "central.kind") == "hub";
    let of_hub = text("central.url").filter(|_| is_hub && check::text(settings, "role") == "branch");
    let of_hub = of_hub.map(|url| format!("{}/repository", url.trim_end_matches('/')));
    let own = text("snapshot.repository").map(|place| match place.contains("://") {
        true => place.to_owned(),
        false => folder.join(place).display().to_string(),
    });
    Snapshot {
        repository: own.or(of_hub),
        minutes: u32::try_from(number("snapshot.minutes")).unwrap_or(0),
        kilobits: number("snapshot.kilobits"),
        megabytes: Some(number("snapshot.megabytes")).filter(|n| *n > 0),
        window: window.map(str::to_owned),
        originals: check::flag(settings, "catalogue.marc"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_branch_pulls_from_its_hub_unless_it_is_told_otherwise() {
        let parse = |text: &str| Settings::parse(text, Path::new("/etc/lianmu/lianmu.toml"));
        let repository = |text: &str| parse(text).unwrap().snapshot.repository;
        let hub = "[central]\nkind = \"hub\"\nurl = \"https://ill.example.org/\"\n";
        assert_eq!(repository(""), None);
        assert_eq!(repository(hub), None, "a standalone delivers there and pulls nothing");
        assert_eq!(
            repository(&format!("role = \"branch\"\n{hub}")).as_deref(),
            Some("https://ill.example.org/repository")
        );
        let stick = format!("role = \"branch\"\n{hub}[snapshot]\nrepository = \"stick\"\n");
        assert_eq!(repository(&stick).as_deref(), Some("/etc/lianmu/stick"));
        assert!(
            parse("[snapshot]\nwindow = \"at night\"").unwrap_err().to_string().contains("snapshot.window")
        );
    }
}
