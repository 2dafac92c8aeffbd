//! The events of a request, from however many replicas, and what they come to.

use std::collections::BTreeMap;

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Event, Party};
use super::standing::Standing;
use super::transition::{Bar, Step};

/// An event as it is kept: written once, never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Counts up over all who know the request: who writes an event takes one more than the highest number known
    /// there. It orders events; no wall clock does.
    pub clock: u64,
    /// The library at which it was recorded. Together with `life` and `seq` it identifies the event.
    pub library: LibraryCode,
    /// Counts up from 1 over the events that this library recorded of this request.
    pub seq: u32,
    /// Which life of that library's database wrote it: one that was put back from an older copy may give a number
    /// out once more, but never in the same life.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub life: u32,
    /// When, by that library's wall clock; to be shown, not to be compared.
    pub at: Timestamp,
    /// Who acted.
    pub party: Party,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

fn is_zero(life: &u32) -> bool {
    *life == 0
}

/// An event that cannot have happened where it stands in the order: of two decisions that contradict each other
/// the later one. It is kept, and its author is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The event.
    pub recorded: Recorded,
    /// Why; `None` where this party has no say in it.
    pub bar: Option<Bar>,
}

/// All events of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    // In the order in which they count.
    events: BTreeMap<(u64, LibraryCode, u32, u32), Recorded>,
}

impl History {
    /// Takes in an event; the same once more changes nothing.
    pub fn add(&mut self, recorded: Recorded) {
        let place = (recorded.clock, recorded.library.clone(), recorded.life, recorded.seq);
        self.events.entry(place).or_insert(recorded);
    }

    /// In the order in which they count.
    pub fn events(&self) -> impl Iterator<Item = &Recorded> {
        self.events.values()
    }

    /// The number that the next event takes.
    pub fn next_clock(&self) -> u64 {
        self.events.keys().next_back().map_or(1, |(clock, ..)| clock.saturating_add(1))
    }

    /// The number of the next event that `library` records of this request.
    pub fn next_seq(&self, library: &LibraryCode) -> u32 {
        let own = self.events.keys().filter(|(_, at, ..)| at == library).map(|(.., seq)| *seq);
        own.max().map_or(1, |seq| seq.saturating_add(1))
    }

    /// Whether this very event is among them.
    pub fn has(&self, recorded: &Recorded) -> bool {
        let place = (recorded.clock, recorded.library.clone(), recorded.life, recorded.seq);
        self.events.contains_key(&place)
    }

    /// How the request stands, and which events did not count.
    pub fn standing(&self) -> (Standing, Vec<Refused>) {
        let (mut standing, mut refused) = (Standing::default(), Vec::new());
        for recorded in self.events.values() {
            let may = recorded.event.may_come_from(recorded.party);
            let step = if may { standing.after(&recorded.event).map_err(Some) } else { Err(None) };
            match step {
                Ok(Step::To(next)) => standing = next,
                Ok(Step::Late) => {}
                Err(bar) => refused.push(Refused { recorded: recorded.clone(), bar }),
            }
        }
        (standing, refused)
    }

    /// When it was first said to have happened.
    pub fn first(&self, is: impl Fn(&Event) -> bool) -> Option<Timestamp> {
        self.events.values().find(|recorded| is(&recorded.event)).map(|recorded| recorded.at)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::super::state::State;
    use super::*;

    fn recorded(clock: u64, library: &str, seq: u32, party: Party, event: Event) -> Recorded {
        let at = Timestamp::UNIX_EPOCH;
        Recorded {
            clock,
            library: LibraryCode::new(library),
            seq,
            life: 0,
            at,
            party,
            event,
            note: String::new(),
        }
    }

    fn journey() -> Vec<Recorded> {
        vec![
            recorded(1, "BJFU", 1, Party::Reader, Event::Submit),
            recorded(2, "BJFU", 2, Party::Branch, Event::Transmit),
            recorded(3, "HUB", 1, Party::Centre, Event::CentreReceipt),
            recorded(4, "PKU", 1, Party::Lender, Event::Accept),
            recorded(4, "BJFU", 3, Party::Reader, Event::AskCancel),
            recorded(5, "PKU", 2, Party::Lender, Event::Ship { due: None }),
            recorded(6, "BJFU", 4, Party::Requester, Event::Receive),
        ]
    }

    fn of(events: &[Recorded]) -> History {
        let mut history = History::default();
        events.iter().cloned().for_each(|event| history.add(event));
        history
    }

    #[test]
    fn the_goods_win_over_a_withdrawal_that_crossed_them() {
        let history = of(&journey());
        let (standing, refused) = history.standing();
        assert_eq!((standing.state, refused, history.next_clock()), (State::Received, Vec::new(), 7));
    }

    #[test]
    fn of_two_decisions_at_once_one_counts_and_the_other_is_named() {
        let mut events = journey()[..1].to_vec();
        let expired = recorded(2, "BJFU", 3, Party::Branch, Event::Expire);
        events.extend([recorded(2, "BJFU", 2, Party::Reader, Event::AskCancel), expired.clone()]);
        let (standing, refused) = of(&events).standing();
        assert_eq!(standing.state, State::Cancelled);
        let bar = Some(Bar::Ended(State::Cancelled));
        assert_eq!(refused, vec![Refused { recorded: expired, bar }]);
    }

    #[test]
    fn nobody_speaks_for_another() {
        let mut events = journey()[..3].to_vec();
        events.push(recorded(4, "BJFU", 3, Party::Reader, Event::Ship { due: None }));
        let (standing, refused) = of(&events).standing();
        assert_eq!((standing.state, refused.len(), refused[0].bar), (State::AtCentre, 1, None));
    }

    #[test]
    fn an_event_is_kept_as_it_was() {
        for event in journey() {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Recorded>(&text).unwrap(), event, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_and_repetitions_do_not_matter(
            order in proptest::collection::vec(0usize..7, 0..30),
        ) {
            let events = journey();
            let mut arrived: Vec<Recorded> = order.iter().map(|at| events[*at].clone()).collect();
            arrived.extend(events.iter().cloned());
            prop_assert_eq!(of(&arrived), of(&events));
        }
    }
}
