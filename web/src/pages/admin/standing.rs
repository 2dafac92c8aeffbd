//! How the house stands, for the first page of admins: what wants a decision or a look.

use daemon::alert;
use daemon::settings::{Role, Source};
use daemon::store::Store;
use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use indexer::pipeline::stored_profile;
use jiff::{SignedDuration, Timestamp};

use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::reviews::{ReviewSays, reviews};
use crate::state::App;

/// Something that a person should look at.
pub(super) struct Matter {
    pub(super) href: String,
    pub(super) what: String,
    pub(super) reason: String,
    pub(super) state: &'static str,
}

/// Whether a library's profile is a guess that nobody has looked at.
pub(super) fn is_unconfirmed(archive: &Archive, code: &LibraryCode) -> bool {
    let stored = archive.library(code).ok().and_then(|library| stored_profile(&library).ok().flatten());
    stored.is_some_and(|stored| !stored.confirmed)
}

/// After so long a message that waits is looked at.
const SLOW: SignedDuration = SignedDuration::from_hours(24);

/// Messages that were not taken, or wait for long.
fn in_the_queue(store: &Store, lang: Lang) -> Result<Vec<Matter>, WebError> {
    let now = Timestamp::now();
    let since = now.checked_sub(SLOW).unwrap_or(now);
    let (n_slow, n_rejected) = store.troubled_messages(since).map_err(WebError::internal)?;
    let matter = |n: u32, state, key: &str, href: &str| Matter {
        href: href.to_owned(),
        what: lang.t("admin.queue").to_owned(),
        reason: lang.fill(key, &[("n", &grouped(n.into()))]),
        state,
    };
    let all = [
        (n_rejected, "rejected", "admin.n_rejected", "/admin/queue?state=rejected"),
        (n_slow, "slow", "admin.n_slow", "/admin/queue"),
    ];
    let some = all.into_iter().filter(|(n, ..)| *n > 0);
    Ok(some.map(|(n, state, key, href)| matter(n, state, key, href)).collect())
}

/// So many entries to settle are named.
const MAX_REVIEWS: usize = 20;

/// The first entries that a person has to settle, and how many there are. Those of a branch are settled at its hub.
pub(super) fn to_settle(app: &App) -> Result<(Vec<ReviewSays>, usize), WebError> {
    match app.open() {
        Some(open) if app.settings().role != Role::Branch => reviews(&open, MAX_REVIEWS),
        _ => Ok((Vec::new(), 0)),
    }
}

/// Held runs first, then messages in trouble, then sources that fare badly.
pub(super) fn matters(app: &App, store: &Store, lang: Lang) -> Result<Vec<Matter>, WebError> {
    let mut matters = Vec::new();
    for hold in store.open_holds().map_err(WebError::internal)? {
        matters.push(Matter {
            href: format!("/admin/runs/{}", hold.run),
            what: format!("{} {}", hold.library, hold.run),
            reason: lang.reason(&hold.reason),
            state: "held",
        });
    }
    matters.extend(in_the_queue(store, lang)?);
    let sources: &[Source] = &app.settings().sources;
    let healths = alert::healths(store, sources, Timestamp::now()).map_err(WebError::internal)?;
    for (source, health) in sources.iter().zip(healths) {
        if !matches!(health.state, "ok" | "new" | "held") {
            matters.push(Matter {
                href: "/admin/sources".to_owned(),
                what: format!("{} {}", source.library, source.shown()),
                reason: health.reason.map(|reason| lang.reason(&reason)).unwrap_or_default(),
                state: health.state,
            });
        }
    }
    Ok(matters)
}
