//! How a machine becomes a branch: it shows a one-time code and its keys to the hub, and keeps the hub's.
//!
//! Killed at any moment it can be run again: the keys are made once, and the same code is good for the same keys.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indexer::bib::LibraryCode;
use indexer::files::FileLayer;

use crate::central::{CODE_LENGTH, ENROL_PATH, Enrolled, Enrolling};
use crate::harvest::{Clock, agent_for, sentence_of};
use crate::keys::{Identity, PublicKeys, from_hex, to_hex};
use crate::store::{Hub, Store};
use crate::{Error, Result, authority};

const PATIENCE: Duration = Duration::from_secs(30);
const MOST_ANSWER: u64 = 16 << 20;

/// Enrols the machine of a data directory at the hub at `url`. `library` is the one that it is configured for.
pub fn enrol(
    data_dir: &Path,
    files: &dyn FileLayer,
    url: &str,
    code: &str,
    library: Option<&LibraryCode>,
    clock: &Arc<dyn Clock>,
) -> Result<Hub> {
    let url = url.trim_end_matches('/');
    let refused = |reason: String| Error::Enrolment { url: url.to_owned(), reason };
    if !may_be_a_hub(url) {
        return Err(refused(
            "a hub is reached by https:; http: is for a hub on this very machine".to_owned(),
        ));
    }
    let (code, mark) = taken_apart(code);
    let store = Store::open(data_dir)?;
    let identity = Identity::load_or_make(data_dir, files)?;
    let enrolling = Enrolling {
        code,
        signing: to_hex(&identity.public().signing),
        sealing: to_hex(&identity.public().sealing),
        library: library.map(LibraryCode::to_string).unwrap_or_default(),
    };
    let root = match mark {
        Some(mark) => Some(authority::fetch(url, &mark).map_err(refused)?),
        None => None,
    };
    let roots = root.as_deref().and_then(authority::roots_of);
    let roots = roots.unwrap_or_else(|| authority::roots_for(data_dir, url));
    let body = serde_json::to_vec(&enrolling).map_err(|cause| refused(cause.to_string()))?;
    let answer = agent_for(url, roots, PATIENCE, PATIENCE)
        .post(format!("{url}{ENROL_PATH}"))
        .header("content-type", "application/json")
        .send(&body[..])
        .map_err(|cause| refused(sentence_of(cause)))?;
    let status = answer.status().as_u16();
    let body = answer.into_body().into_with_config().limit(MOST_ANSWER).read_to_vec();
    let body = body.map_err(|cause| refused(cause.to_string()))?;
    if status != 200 {
        return Err(refused(said(&body).unwrap_or_else(|| format!("it answered {status}"))));
    }
    let enrolled: Enrolled =
        serde_json::from_slice(&body).map_err(|_| refused("it answered as no hub does".to_owned()))?;
    let keys = from_hex(&enrolled.signing).zip(from_hex(&enrolled.sealing));
    let Some((signing, sealing)) = keys else { return Err(refused("it showed no keys".to_owned())) };
    let hub = Hub {
        library: LibraryCode::new(enrolled.library),
        url: url.to_owned(),
        keys: PublicKeys { signing, sealing },
    };
    if let Some(root) = &root {
        authority::keep(data_dir, files, url, root)?;
    }
    store.keep_policy(&enrolled.policy)?;
    store.set_hub(&hub)?;
    store.note_contact(None, clock.now())?;
    Ok(hub)
}

// The code, and the mark of the hub's root where it has one of its own. People copy both in small letters and with blanks.
fn taken_apart(code: &str) -> (String, Option<String>) {
    let mut code: String =
        code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let has_mark = code.is_ascii() && code.len() == CODE_LENGTH + authority::MARK_LENGTH;
    let mark = has_mark.then(|| code.split_off(CODE_LENGTH));
    (code, mark)
}

// What a problem document says.
fn said(body: &[u8]) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
    problem.get("detail").or_else(|| problem.get("title"))?.as_str().map(str::to_owned)
}

fn may_be_a_hub(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Credentials before a host, or a host that only begins like this machine, are somewhere else.
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{may_be_a_hub, taken_apart};

    #[test]
    fn a_code_may_name_a_root() {
        let (code, mark) = ("A".repeat(25), "0F".repeat(16));
        assert_eq!(taken_apart(&code), (code.clone(), None));
        let both = format!(" {}-{} ", code.to_lowercase(), mark.to_lowercase());
        assert_eq!(taken_apart(&both), (code, Some(mark)));
    }

    #[test]
    fn without_encryption_only_this_machine_is_a_hub() {
        for (url, expect) in [
            ("https://ill.example.org", true),
            ("http://127.0.0.1:8046", true),
            ("http://localhost:8046/hub", true),
            ("http://[::1]:8046", true),
            ("http://ill.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("http://127.0.0.1@example.org", false),
            ("http://10.0.0.5", false),
            ("ftp://127.0.0.1", false),
            ("127.0.0.1:8046", false),
        ] {
            assert_eq!(may_be_a_hub(url), expect, "{url}");
        }
    }
}
