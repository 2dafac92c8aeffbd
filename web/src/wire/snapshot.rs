//! Where the catalogue of a branch comes from, as the API and `lianmu status` say it.

use daemon::sync::status::Status;
use jiff::Timestamp;
use serde::Serialize;

/// Where the catalogue of this machine comes from.
#[derive(Serialize)]
pub(crate) struct SnapshotStatus {
    pub(crate) source: Option<String>,
    pub(crate) newest: Option<String>,
    pub(crate) published_at: Option<String>,
    pub(crate) days_old: Option<i64>,
    pub(crate) freshness: &'static str,
    pub(crate) state: &'static str,
    pub(crate) reached: bool,
    pub(crate) last_try: Option<String>,
    pub(crate) last_contact: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) bytes_fetched: u64,
    pub(crate) bytes_from_neighbours: u64,
}

impl SnapshotStatus {
    /// The document of a status.
    pub(crate) fn new(status: &Status, now: Timestamp) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            source: status.source.clone(),
            newest: status.newest.clone(),
            published_at: text(status.published_at),
            days_old: status.days_old(now),
            freshness: status.freshness,
            state: status.state,
            reached: status.is_reached,
            last_try: text(status.last_try),
            last_contact: text(status.last_contact),
            reason: status.reason.clone(),
            bytes_fetched: status.bytes,
            bytes_from_neighbours: status.bytes_from_neighbours,
        }
    }
}
