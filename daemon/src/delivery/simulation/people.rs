//! What people do: readers ask and withdraw, librarians of both sides do whatever comes next, somebody tends the queue.

use jiff::tz::TimeZone;

use super::world::{N_BUSY, World, library};
use crate::desk::{Asking, Desk, Taken};
use crate::harvest::Clock;
use crate::requests::{Event, Party, RequestId, Rules, State};
use crate::store::{QueueDecision, Store};
use crate::trial;

impl World {
    pub(super) fn submit(&mut self, place: usize) {
        let random: [u8; 16] = std::array::from_fn(|_| self.dice.next() as u8);
        // Of the others, mostly one that is busy too.
        let n = self.machines.len();
        let n_likely = if self.dice.percent(70) { n.min(N_BUSY as usize) } else { n };
        let lender = self.dice.below(n_likely as u64) as usize;
        let lender = library(if lender == place { (lender + 1) % n } else { lender });
        let form = crate::requests::RequestForm { supplier: lender.to_string(), ..trial::request_form() };
        let machine = &mut self.machines[place];
        let desk = desk(&machine.store);
        let asking = Asking {
            account: &machine.reader,
            form: &form,
            is_direct: false,
            is_set: false,
            is_held_at_home: false,
            is_confirmed: true,
            key: None,
        };
        if let Taken::Kept { request, .. } = desk.take(&asking, machine.clock.now(), random).unwrap() {
            machine.accepted.push(request.id);
        }
    }

    pub(super) fn withdraw(&mut self, place: usize) {
        let own = self.own(place);
        if own.is_empty() {
            return;
        }
        let id = own[self.dice.below(own.len() as u64) as usize];
        let machine = &self.machines[place];
        if let Some(request) = machine.store.request(id).unwrap() {
            // Whether it may be is the desk's to say.
            let _ = desk(&machine.store).withdraw(&request, machine.clock.now()).unwrap();
        }
    }

    fn own(&self, place: usize) -> Vec<RequestId> {
        let mut own = Vec::new();
        self.machines[place]
            .store
            .each_request(|request, _| {
                if request.is_own {
                    own.push(request.id);
                }
            })
            .unwrap();
        own
    }

    // Whatever a librarian of this library can do next, on either side.
    pub(super) fn librarian(&mut self, place: usize) {
        let mut known = Vec::new();
        self.machines[place].store.each_request(|request, _| known.push(request)).unwrap();
        if known.is_empty() {
            return;
        }
        let request = known.swap_remove(self.dice.below(known.len() as u64) as usize);
        let (party, event) = if request.is_own {
            let event = match request.state {
                State::Conditional => Event::AgreeCondition,
                State::Shipped => Event::Receive,
                State::Received => Event::CheckOut,
                State::OnLoan if self.dice.percent(40) => Event::AskRenew,
                State::OnLoan | State::Recalled => Event::Return,
                _ => return,
            };
            (Party::Requester, event)
        } else {
            let granted = self.dice.percent(50);
            let event = match request.state {
                State::AtCentre => Event::Acknowledge,
                State::Acknowledged if granted => Event::Condition,
                State::Acknowledged | State::Conditional => Event::Accept,
                State::CancelPending => Event::AnswerCancel { granted },
                State::Accepted if self.dice.percent(10) => Event::Unfill,
                State::Accepted => Event::Ship { due: None },
                State::Returning => Event::CheckIn,
                _ => return,
            };
            (Party::Lender, event)
        };
        let machine = &self.machines[place];
        let by = (&machine.library, party);
        let _ = machine.store.record_event(request.id, by, &event, "", machine.clock.now()).unwrap();
    }

    pub(super) fn queue(&mut self, place: usize) {
        let messages = self.machines[place].store.messages().unwrap();
        if messages.is_empty() {
            return;
        }
        let message = &messages[self.dice.below(messages.len() as u64) as usize];
        let decision =
            [QueueDecision::Hold, QueueDecision::Release, QueueDecision::Retry, QueueDecision::Cancel]
                [self.dice.below(4) as usize];
        let machine = &self.machines[place];
        let _ = machine
            .store
            .decide_message((message.request, message.n), decision, machine.clock.now())
            .unwrap();
    }
}

fn desk(store: &Store) -> Desk {
    Desk { store: store.clone(), rules: Rules::default(), most_open: 0, zone: TimeZone::UTC }
}
