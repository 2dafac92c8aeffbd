//! The line to a system that speaks ISO 18626: one message a call, the same bytes at every try.
//!
//! That system is the centre, or a peer that asked here and is told at its own address. The standard promises nothing about repetition. After a try whose end is not known, "I have it already" means that
//! it arrived then; without such a try it is an error like any other.

use std::sync::Arc;
use std::time::Duration;

use indexer::bib::LibraryCode;
use ureq::http::header::RETRY_AFTER;
use ureq::tls::RootCerts;
use ureq::{Agent, Body, http::Response};

use super::destination::{Destination, Outcome, Parcel, Receipt, Trouble};
use super::letter::Letter;
use crate::central::iso18626::{
    About, Agency, Confirmation, MOST_BYTES, Message, read, requesting, supplying, write,
};
use crate::harvest::{Clock, agent_for, has_left, sentence_of};
use crate::requests::{Event, Party};
use crate::settings::{CentralKind, Peer, Role, Settings};
use crate::store::Store;

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// By what peers say that they know a request; the standard has no word for it.
const KNOWN: [&str; 3] = ["already exists", "already received", "duplicate request"];

/// Where messages go, and by which names.
#[derive(Clone)]
pub(crate) struct IsoWay {
    /// Whose address is called.
    to: Peer,
    is_to_centre: bool,
    /// All that are known, by whose agency ids others are named.
    peers: Vec<Peer>,
    /// Whose machine this is; a hub may be nobody's.
    home: Option<LibraryCode>,
}

impl IsoWay {
    /// The way to the centre that is configured; `None` where none is, or nobody knows whose machine this is.
    pub(crate) fn of(settings: &Settings) -> Option<Self> {
        if settings.role == Role::Hub || settings.central.kind != CentralKind::Iso18626 {
            return None;
        }
        let (home, url) = (settings.library.clone()?, settings.central.url.clone()?);
        let peers = settings.peers.clone();
        let centre = peers.iter().find(|peer| peer.url.trim_end_matches('/') == url).cloned();
        let to = centre.unwrap_or_else(|| Peer::at(url));
        Some(Self { to, is_to_centre: true, peers, home: Some(home) })
    }

    /// The way to a peer that asked here: to its own address, or by the centre that speaks ISO 18626 where it has none.
    pub(crate) fn to(settings: &Settings, peer: &Peer) -> Option<Self> {
        if peer.url.is_empty() {
            return Self::of(settings).map(|way| Self { is_to_centre: false, ..way });
        }
        let (peers, home) = (settings.peers.clone(), settings.library.clone());
        Some(Self { to: peer.clone(), is_to_centre: false, peers, home })
    }
}

/// A line to a system, for one machine.
pub(crate) struct IsoLine {
    agent: Agent,
    way: IsoWay,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl IsoLine {
    pub(crate) fn new(way: IsoWay, store: Store, clock: Arc<dyn Clock>) -> Self {
        let agent = agent_for(&way.to.url, RootCerts::PlatformVerifier, CONNECT, ANSWER);
        Self { agent, way, store, clock }
    }

    fn post(&self, xml: &str, parcel: &Parcel, sent: &Message) -> Result<Outcome, Trouble> {
        let call = self.agent.post(&self.way.to.url).header("content-type", "application/xml; charset=utf-8");
        let answer = call.send(xml.as_bytes()).map_err(|cause| Trouble::Away {
            may_have_arrived: has_left(&cause),
            reason: sentence_of(cause),
            wish: None,
        })?;
        let status = answer.status().as_u16();
        let wish = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        // A date would be the peer's, by the peer's clock.
        let wish = wish.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
        let reason = format!("the peer's address answered {status}");
        match status {
            200 => {}
            401 | 403 => return Err(Trouble::Unwelcome { reason }),
            408 | 425 | 429 | 502..=504 => {
                return Err(Trouble::Away { reason, wish, may_have_arrived: true });
            }
            400 | 404 | 405 | 410 | 413 | 415 | 422 => return Ok(Outcome::Rejected { reason }),
            _ => return Err(Trouble::Sick { reason }),
        }
        let body = body_of(answer)?;
        let Ok(Message::Confirmation(confirmation)) = read(&body) else {
            return Err(Trouble::Sick { reason: "the peer's answer is no confirmation".to_owned() });
        };
        let outcome = outcome(&confirmation, sent, parcel.may_have_arrived)?;
        self.note_contact().map(|()| outcome)
    }

    // What the machine knows of its contact is about the centre.
    fn note_contact(&self) -> Result<(), Trouble> {
        if !self.way.is_to_centre {
            return Ok(());
        }
        let noted = self.store.note_contact(None, self.clock.now());
        noted.map_err(|cause| Trouble::Away { reason: cause.to_string(), wish: None, may_have_arrived: true })
    }

    fn agency_of(&self, library: &LibraryCode) -> Agency {
        let (way, is_home) = (&self.way, self.way.home.as_ref() == Some(library));
        if is_home && !way.to.own_agency.is_empty() {
            return Agency { scheme: way.to.own_scheme.clone(), value: way.to.own_agency.clone() };
        }
        match way.peers.iter().find(|peer| peer.library == *library) {
            Some(peer) if !is_home => Agency { scheme: peer.scheme.clone(), value: peer.agency.clone() },
            // What is not known by name is the centre's to find.
            None if !is_home && way.is_to_centre => {
                Agency { scheme: way.to.scheme.clone(), value: way.to.agency.clone() }
            }
            _ => Agency { scheme: "LIANMU".to_owned(), value: library.to_string() },
        }
    }

    /// What a letter says in the words of the standard; `None`: it has none for it.
    fn message(&self, letter: &Letter) -> Result<Option<Message>, String> {
        let theirs = self.store.number_at_peer(letter.request).map_err(|cause| cause.to_string())?;
        let number = theirs.as_deref().unwrap_or(&letter.number);
        let secret = self.way.to.secret();
        let own = self.agency_of(self.way.home.as_ref().unwrap_or(&letter.supplier));
        let about = About {
            supplier: self.agency_of(&letter.supplier),
            requester: self.agency_of(&letter.library),
            request: number,
            authentication: secret.map(|secret| (own.value, secret)),
            form: letter.form.as_ref(),
            patron: &letter.patron,
            previous: None,
        };
        Ok(nth(letter, &about))
    }
}

// The n-th message of a letter's writer is that of the n-th event that others must hear of.
fn nth(letter: &Letter, about: &About<'_>) -> Option<Message> {
    let place = usize::try_from(letter.n).ok()?.checked_sub(1)?;
    let of_lender = |party| party == Party::Lender;
    if letter.events.iter().any(|recorded| of_lender(recorded.party)) {
        let events: Vec<_> = letter.events.iter().filter(|recorded| of_lender(recorded.party)).collect();
        let recorded = events.get(place)?;
        return supplying(about, recorded, events[..place].iter().copied());
    }
    let has_come =
        |before: usize| letter.events[..before].iter().any(|recorded| recorded.event == Event::Receive);
    let mut messages = letter.events.iter().enumerate().filter_map(|(at, recorded)| {
        // Without the form the request itself cannot be written again, but it counts.
        let message = requesting(about, recorded, has_come(at));
        (message.is_some() || recorded.event == Event::Submit).then_some(message)
    });
    messages.nth(place).flatten()
}

fn outcome(confirmation: &Confirmation, sent: &Message, may_have_arrived: bool) -> Result<Outcome, Trouble> {
    let expected = sent.confirmed(None, confirmation.at);
    let is_ours = expected.is_some_and(|expected| {
        expected.which == confirmation.which
            && confirmation.request.as_ref().is_none_or(|request| Some(request) == expected.request.as_ref())
    });
    if !is_ours {
        return Err(Trouble::Sick { reason: "the peer confirmed another message".to_owned() });
    }
    Ok(match &confirmation.error {
        None => Outcome::Delivered(Receipt::Ok),
        Some((_, value)) if may_have_arrived && is_known(value) => Outcome::Delivered(Receipt::Ok),
        Some((kind, value)) => Outcome::Rejected { reason: format!("{}: {value}", kind.code()) },
    })
}

fn is_known(value: &str) -> bool {
    let value = value.to_lowercase();
    KNOWN.iter().any(|words| value.contains(words))
}

fn body_of(answer: Response<Body>) -> Result<Vec<u8>, Trouble> {
    let body = answer.into_body().into_with_config().limit(MOST_BYTES as u64).read_to_vec();
    body.map_err(|cause| Trouble::Away {
        reason: format!("the answer broke off: {cause}"),
        wish: None,
        may_have_arrived: true,
    })
}

impl Destination for IsoLine {
    fn most(&self) -> usize {
        1
    }

    // The standard knows no greeting: that somebody answers HTTP is all that can be seen.
    fn probe(&mut self) -> Result<(), Trouble> {
        match self.agent.get(&self.way.to.url).call() {
            Ok(_) => self.note_contact(),
            Err(cause) => {
                Err(Trouble::Away { reason: sentence_of(cause), wish: None, may_have_arrived: false })
            }
        }
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble> {
        let mut outcomes = Vec::new();
        for parcel in parcels {
            let rejected = |reason: String| Ok(Outcome::Rejected { reason });
            let outcome = match Letter::parse(&parcel.body) {
                Err(cause) => rejected(format!("the letter cannot be read: {cause}")),
                Ok(letter) => match self.message(&letter) {
                    Err(cause) => Ok(Outcome::Later { reason: cause, wish: None }),
                    // Nothing that the standard could tell: it is told by nothing.
                    Ok(None) => Ok(Outcome::Delivered(Receipt::Ok)),
                    Ok(Some(message)) => self.post(&write(&message), parcel, &message),
                },
            }?;
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::Timestamp;

    use super::*;
    use crate::central::iso18626::{Action, ErrorType, Header, Requesting};

    fn sent() -> Message {
        let agency = |value: &str| Agency { scheme: "LIANMU".into(), value: value.into() };
        let header = Header {
            supplier: agency("PKU"),
            requester: agency("BJFU"),
            multiple_item: String::new(),
            at: Timestamp::UNIX_EPOCH,
            request: "r1".into(),
            supplier_request: None,
            authentication: None,
        };
        Message::Requesting(Box::new(Requesting { header, action: Action::Cancel, note: String::new() }))
    }

    #[test]
    fn i_have_it_already_counts_only_after_a_try_whose_end_is_not_known() {
        let now = Timestamp::UNIX_EPOCH;
        let ok = sent().confirmed(None, now).unwrap();
        let delivered = Ok(Outcome::Delivered(Receipt::Ok));
        assert_eq!(outcome(&ok, &sent(), false), delivered);
        let known = "requestingAgencyRequestId: request with a given ID already exists".to_owned();
        let again = sent().confirmed(Some((ErrorType::UnrecognisedDataValue, known)), now).unwrap();
        assert_eq!(outcome(&again, &sent(), true), delivered);
        assert!(matches!(outcome(&again, &sent(), false), Ok(Outcome::Rejected { .. })));
        let other = sent().confirmed(Some((ErrorType::UnsupportedActionType, "no".into())), now).unwrap();
        let reason = "UnsupportedActionType: no".to_owned();
        assert_eq!(outcome(&other, &sent(), true), Ok(Outcome::Rejected { reason }));
        let of_another = Confirmation { request: Some("r2".into()), ..ok };
        assert!(matches!(outcome(&of_another, &sent(), true), Err(Trouble::Sick { .. })));
    }
}
