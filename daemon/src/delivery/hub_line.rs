//! The line to our hub: letters go by POST, the feed comes by GET, every call and every answer is signed.
//!
//! An answer that the hub did not sign for this very call is nobody's: a portal, a proxy, another program. Nothing in
//! it is believed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexer::bib::LibraryCode;
use indexer::files::Disk;
use jiff::Timestamp;
use ureq::http::header::RETRY_AFTER;
use ureq::http::{HeaderMap, Response};
use ureq::tls::RootCerts;
use ureq::{Agent, Body};

use super::destination::{Destination, Outcome, Parcel, Trouble};
use crate::central::{
    AUTHOR, FEED_PATH, Fares, FeedAnswer, LETTERS_PATH, LettersAnswer, LettersCall, MOST_LETTERS, SIGNATURE,
    TIME, answer_text, call_text,
};
use crate::harvest::{Clock, agent_for, has_left, retry_after, sentence_of};
use crate::keys::{Identity, from_hex, is_signed, to_hex};
use crate::store::{Hub, Store};
use crate::sync::{Site, status};

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
const MOST_ANSWER: u64 = 16 << 20;
/// Bytes of letters in one call, so that a slow line gets it through in time.
const MOST_CALL: usize = 256 << 10;

/// A line to the hub, for one branch.
pub(crate) struct HubLine {
    agent: Agent,
    hub: Hub,
    identity: Identity,
    store: Store,
    data_dir: PathBuf,
    clock: Arc<dyn Clock>,
}

impl HubLine {
    pub(crate) fn new(
        hub: Hub,
        (identity, roots): (Identity, RootCerts),
        store: Store,
        data_dir: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let agent = agent_for(&hub.url, roots, CONNECT, ANSWER);
        Self { agent, hub, identity, store, data_dir, clock }
    }

    fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<T, Trouble> {
        let time = self.clock.now().to_string();
        let branch = self.hub.library.as_str();
        let signature = self.identity.sign(call_text(method, path, branch, &time, body).as_bytes());
        let url = format!("{}{path}", self.hub.url);
        let signed = [(AUTHOR, branch), (TIME, time.as_str()), (SIGNATURE, &to_hex(&signature))];
        let answer = if method == "GET" {
            signed.iter().fold(self.agent.get(&url), |call, (name, value)| call.header(*name, *value)).call()
        } else {
            let call = self.agent.post(&url).header("content-type", "application/json");
            signed.iter().fold(call, |call, (name, value)| call.header(*name, *value)).send(body)
        };
        let answer = answer.map_err(|cause| Trouble::Away {
            may_have_arrived: has_left(&cause),
            reason: sentence_of(cause),
            wish: None,
        })?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = read(answer)?;
        let is_from_hub = headers
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok())
            .and_then(from_hex::<64>)
            .is_some_and(|theirs| {
                let text = answer_text(&signature, status, &body);
                is_signed(&self.hub.keys.signing, text.as_bytes(), &theirs)
            });
        self.document(status, &headers, &body, is_from_hub)
    }

    fn document<T: serde::de::DeserializeOwned>(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        is_from_hub: bool,
    ) -> Result<T, Trouble> {
        let wish = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wish = wish.and_then(|value| retry_after(value, self.clock.now()));
        let reason = format!("the hub's address answered {status}");
        match status {
            401 | 403 => {
                Err(Trouble::Unwelcome { reason: format!("{reason}: it does not know this machine") })
            }
            408 | 425 | 429 | 502..=504 => Err(Trouble::Away { reason, wish, may_have_arrived: true }),
            200 | 409 | 413 | 422 if is_from_hub => serde_json::from_slice(body).map_err(|cause| {
                Trouble::Sick { reason: format!("the hub's answer cannot be read: {cause}") }
            }),
            200 => Err(Trouble::Sick { reason: "somebody answered who is not the hub".to_owned() }),
            _ => Err(Trouble::Sick { reason }),
        }
    }

    /// One answer of the feed, taken in; whether there is more. The hub may think about it for so long.
    pub(super) fn read_feed(&self, wait: Duration) -> Result<bool, Trouble> {
        let machine = self.store.machine().map_err(own)?;
        let (after, mark) = (machine.cursor, machine.mark);
        let own_key = self.store.own_card_key(&self.hub.library).map_err(own)?;
        let card = own_key.map(|key| format!("&card={}", to_hex(&key))).unwrap_or_default();
        let wait = if wait.is_zero() { String::new() } else { format!("&wait={}", wait.as_secs()) };
        let fares = status::of(&self.data_dir, self.clock.now()).map_err(own)?;
        let fares = fares.map_or_else(String::new, |status| format!("&{}", Fares::of(&status).to_query()));
        let is_new_here = !status::trusts_somebody(&self.data_dir);
        let root = if is_new_here { "&root=none" } else { "" };
        let path = format!("{FEED_PATH}?after={after}&mark={mark}{card}{fares}{wait}{root}");
        let answer: FeedAnswer = self.call("GET", &path, b"")?;
        if let Some(root) = answer.root.as_ref().filter(|_| is_new_here) {
            self.trust(root);
        }
        take_answer(&self.store, &self.hub.library, after, &answer, self.clock.now()).map_err(own)
    }
}

impl HubLine {
    // The hub signed the answer, so the root is its own. Requests do not wait for snapshots.
    fn trust(&self, root: &str) {
        let (files, clock) = (Arc::new(Disk), Arc::clone(&self.clock));
        let site = Site { data_dir: self.data_dir.clone(), files, clock };
        match status::pin_root(&site, root.as_bytes()) {
            Ok(_) => tracing::info!("the snapshots of the hub are trusted from now on"),
            Err(cause) => tracing::warn!(%cause, "the snapshots of the hub cannot be trusted yet"),
        }
    }
}

impl Destination for HubLine {
    fn most(&self) -> usize {
        MOST_LETTERS
    }

    fn probe(&mut self) -> Result<(), Trouble> {
        while self.read_feed(Duration::ZERO)? {}
        Ok(())
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble> {
        let mut outcomes = Vec::new();
        let mut rest = parcels;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|parcel| {
                bytes += parcel.body.len();
                bytes <= MOST_CALL
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let call = LettersCall { letters: now.iter().map(|parcel| parcel.body.clone()).collect() };
            let body =
                serde_json::to_vec(&call).map_err(|cause| Trouble::Sick { reason: cause.to_string() })?;
            match self.call::<LettersAnswer>("POST", LETTERS_PATH, &body) {
                Ok(answer) if answer.replies.len() == now.len() => {
                    outcomes.extend(answer.replies.into_iter().map(Outcome::from));
                }
                Ok(_) => {
                    return Err(Trouble::Sick { reason: "the hub answered for other letters".to_owned() });
                }
                // Those before have their effect; sent again they get the same answer.
                Err(trouble) => return Err(trouble),
            }
            rest = later;
        }
        Ok(outcomes)
    }
}

/// Takes in an answer of the feed; whether there is more to ask for.
pub(super) fn take_answer(
    store: &Store,
    me: &LibraryCode,
    after: i64,
    answer: &FeedAnswer,
    now: Timestamp,
) -> crate::Result<bool> {
    store.note_contact(skew(now, answer.time), now)?;
    if answer.reset {
        tracing::error!("the hub was put back from an older copy: what it may have forgotten is sent again");
        store.begin_feed_again()?;
        return Ok(true);
    }
    store.take_in(me, after, &answer.items, now)?;
    Ok(answer.more)
}

fn read(answer: Response<Body>) -> Result<Vec<u8>, Trouble> {
    answer.into_body().into_with_config().limit(MOST_ANSWER).read_to_vec().map_err(|cause| Trouble::Away {
        reason: format!("the answer broke off: {cause}"),
        wish: None,
        may_have_arrived: true,
    })
}

// Our own store, not the line: nothing is sent either way.
fn own(cause: crate::Error) -> Trouble {
    Trouble::Away {
        reason: format!("this machine's own state.db: {cause}"),
        wish: None,
        may_have_arrived: true,
    }
}

// By how many seconds this machine's clock is ahead.
fn skew(now: Timestamp, theirs: Timestamp) -> i64 {
    now.as_second() - theirs.as_second()
}
