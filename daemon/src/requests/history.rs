//! The events of a request, from however many replicas, and what they come to.

use std::collections::BTreeMap;

use indexer::bib::LibraryCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
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
            match after(standing, recorded) {
                Ok(Step::To(next)) => standing = next,
                Ok(Step::Late) => {}
                Err(bar) => refused.push(Refused { recorded: recorded.clone(), bar }),
            }
        }
        (standing, refused)
    }

    /// How often a renewal was asked for and granted; a day that the lender moved by itself is none.
    pub fn n_renewals(&self) -> usize {
        let (mut standing, mut n_renewals) = (Standing::default(), 0);
        for recorded in self.events.values() {
            if let Ok(Step::To(next)) = after(standing, recorded) {
                let is_yes = matches!(recorded.event, Event::AnswerRenew { granted: true, .. });
                n_renewals += usize::from(is_yes && standing.renewal_asked);
                standing = next;
            }
        }
        n_renewals
    }

    /// When it was first said to have happened.
    pub fn first(&self, is: impl Fn(&Event) -> bool) -> Option<Timestamp> {
        self.events.values().find(|recorded| is(&recorded.event)).map(|recorded| recorded.at)
    }
}

fn after(standing: Standing, recorded: &Recorded) -> Result<Step, Option<Bar>> {
    if !recorded.event.may_come_from(recorded.party) {
        return Err(None);
    }
    // A branch that had not heard of the later day yet says that the earlier one has passed.
    if recorded.event == Event::BecomeOverdue && standing.due.is_some_and(|due| is_before(recorded.at, due)) {
        return Ok(Step::Late);
    }
    standing.after(&recorded.event).map_err(Some)
}

// Whether a day has not passed at a moment, wherever the clock stands that says so.
fn is_before(at: Timestamp, day: Date) -> bool {
    at.to_zoned_datetime(TimeZone::UTC).date().saturating_add(1.day()) <= day
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
    fn a_day_that_was_moved_before_it_passed_makes_nothing_overdue_and_is_no_renewal() {
        let day = |month, day| Some(jiff::civil::date(2026, month, day));
        let mut events = journey();
        let due = day(12, 1);
        events[5].event = Event::Ship { due };
        let moved = Event::AnswerRenew { granted: true, due: day(12, 31) };
        events.push(recorded(6, "PKU", 3, Party::Lender, moved.clone()));
        events.push(recorded(7, "BJFU", 5, Party::Requester, Event::CheckOut));
        let mut overdue = recorded(8, "BJFU", 6, Party::Branch, Event::BecomeOverdue);
        overdue.at = "2026-12-02T01:00:00+08:00".parse().unwrap();
        let told_late = of(&[&events[..], &[overdue.clone()]].concat());
        let (standing, refused) = told_late.standing();
        assert_eq!((standing.state, standing.due, refused.len()), (State::OnLoan, day(12, 31), 0));
        overdue.at = "2027-01-01T01:00:00+08:00".parse().unwrap();
        assert_eq!(of(&[&events[..], &[overdue]].concat()).standing().0.state, State::Overdue);
        assert_eq!(told_late.n_renewals(), 0);
        events.push(recorded(9, "BJFU", 7, Party::Reader, Event::AskRenew));
        events.push(recorded(10, "PKU", 4, Party::Lender, moved));
        assert_eq!(of(&events).n_renewals(), 1);
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
