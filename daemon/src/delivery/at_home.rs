//! The hub's own readers: the hub is a branch of its own, and its messages need no line.

use std::sync::Arc;

use indexer::bib::LibraryCode;

use super::destination::{Destination, Outcome, Parcel, Trouble};
use super::letter::Letter;
use crate::central::MOST_LETTERS;
use crate::harvest::Clock;
use crate::requests::Party;
use crate::store::Store;

/// From this machine to itself.
pub(crate) struct AtHome {
    pub(crate) store: Store,
    /// Under which name the hub records.
    pub(crate) hub: LibraryCode,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Destination for AtHome {
    fn most(&self) -> usize {
        MOST_LETTERS
    }

    fn probe(&mut self) -> Result<(), Trouble> {
        let noted = self.store.note_contact(None, self.clock.now());
        noted.map_err(|cause| away(cause.to_string()))
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble> {
        let mut outcomes = Vec::new();
        for parcel in parcels {
            let Ok(letter) = Letter::parse(&parcel.body) else {
                outcomes.push(Outcome::Rejected { reason: "the letter cannot be read".to_owned() });
                continue;
            };
            let is_lender = letter.events.iter().any(|recorded| recorded.party == Party::Lender);
            let writer = if is_lender { &letter.supplier } else { &letter.library };
            let now = self.clock.now();
            let replies = self.store.take_letters(writer, std::slice::from_ref(&parcel.body), &self.hub, now);
            outcomes.extend(replies.map_err(|cause| away(cause.to_string()))?.into_iter().map(Outcome::from));
        }
        Ok(outcomes)
    }
}

fn away(reason: String) -> Trouble {
    Trouble::Away { reason, wish: None, may_have_arrived: true }
}
