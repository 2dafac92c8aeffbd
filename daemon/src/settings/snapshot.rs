//! `[snapshot]`: out of which repository a branch pulls, or into which a hub publishes, when, and how much may come.

use std::path::{Path, PathBuf};

use super::check::{self, Fault, Setting};
use crate::harvest::schedule::Window;

/// Where generations come from or go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// A folder, an `http(s):` address or a bucket; at a branch, where it is not set, what its hub serves.
    pub repository: Option<String>,
    /// By what a bucket is reached.
    pub access: BucketAccess,
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
    /// Addresses of machines that are asked for files before the repository is.
    pub neighbours: Vec<String>,
    /// Whether this machine gives its own files to others.
    pub share: bool,
}

/// By what a bucket of an S3-compatible store is reached; what is not said here the environment says, by the names
/// that all programs for such stores read (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketAccess {
    /// Address of the store.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Whether the bucket stands in the name of the host and not in the path.
    pub bucket_is_host: bool,
    /// Name of the key that signs.
    pub access_key: Option<String>,
    /// File whose first line is its secret.
    pub secret_file: Option<PathBuf>,
}

impl Snapshot {
    /// The bucket, where it is one.
    pub fn bucket(&self) -> Option<&str> {
        self.repository.as_deref().filter(|place| place.starts_with("s3://"))
    }

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
    let neighbours: Vec<String> = check::texts(settings, "snapshot.neighbours")
        .map(|address| address.trim_end_matches('/').to_owned())
        .collect();
    let is_web = |address: &&String| address.starts_with("http://") || address.starts_with("https://");
    if neighbours.iter().any(|address| !is_web(&address)) {
        faults.push(Fault::new("snapshot.neighbours", "holds what is no http: or https: address"));
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
        access: BucketAccess {
            endpoint: text("snapshot.endpoint").map(str::to_owned),
            region: text("snapshot.region").map(str::to_owned),
            bucket_is_host: check::text(settings, "snapshot.addressing") == "host",
            access_key: text("snapshot.access_key").map(str::to_owned),
            secret_file: text("snapshot.secret_file").map(|file| folder.join(file)),
        },
        minutes: u32::try_from(number("snapshot.minutes")).unwrap_or(0),
        kilobits: number("snapshot.kilobits"),
        megabytes: Some(number("snapshot.megabytes")).filter(|n| *n > 0),
        window: window.map(str::to_owned),
        originals: check::flag(settings, "catalogue.marc"),
        neighbours,
        share: check::flag(settings, "snapshot.share"),
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
        let bucket = parse(
            "[snapshot]\nrepository = \"s3://catalogue/union\"\nendpoint = \"https://s3.example.org\"\nregion = \
             \"bj\"\naddressing = \"host\"\naccess_key = \"lianmu\"\nsecret_file = \"s3.secret\"",
        );
        let bucket = bucket.unwrap().snapshot;
        assert_eq!((bucket.bucket(), bucket.folder()), (Some("s3://catalogue/union"), None));
        assert!(bucket.access.bucket_is_host);
        assert_eq!(bucket.access.secret_file.as_deref(), Some(Path::new("/etc/lianmu/s3.secret")));
        let near =
            parse("[snapshot]\nneighbours = [\"http://192.168.10.5:8046/\"]\nshare = true").unwrap().snapshot;
        assert_eq!((near.neighbours, near.share), (vec!["http://192.168.10.5:8046".to_owned()], true));
        assert!(!parse("").unwrap().snapshot.share, "nothing is given out unless it is said");
        let fault = parse("[snapshot]\nneighbours = [\"192.168.10.5\"]").unwrap_err().to_string();
        assert!(fault.contains("snapshot.neighbours"), "{fault}");
        assert!(
            parse("[snapshot]\nwindow = \"at night\"").unwrap_err().to_string().contains("snapshot.window")
        );
    }
}
