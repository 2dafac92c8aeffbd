//! The librarians' counter: what waits, what can be done, and doing it, for the library that asks and for the one
//! that lends.
//!
//! A librarian sees and changes what belongs to the own library alone; whoever asks for more gets nothing, and that
//! is written down. Clock and randomness are given.

mod loans;
mod next;
mod pack;

use indexer::bib::LibraryCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Result;
use crate::requests::{
    Act, Attention, Bar, Calendar, Due, Event, Look, NotSubmitted, Party, RequestId, Rules, Shipment, Side,
    Standing, State, acts, attention, work_days,
};
use crate::store::{
    Account, AuditLine, Deed, Link, NewAuditLine, NewParcel, Store, StoredRequest, WorkFilter, WorkItem,
};

pub use loans::{Told, extend_loans, look_after_loans};
pub use next::{AskNext, Holder, came_in_part};
pub use pack::Packing;

/// The counter of one machine.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Where requests are kept.
    pub store: Store,
    /// What lenders allow.
    pub rules: Rules,
    /// The days that the consortium has agreed on.
    pub calendar: Calendar,
    /// In which days are counted.
    pub zone: TimeZone,
    /// Requests go to a system that tells how they stand when it is asked. Our hub tells each change by itself.
    pub can_ask_status: bool,
}

/// Who stands at the counter.
#[derive(Clone, Copy, Debug)]
pub struct Clerk<'a> {
    /// The person.
    pub account: &'a Account,
    /// Which of the two desks.
    pub side: Side,
}

impl Clerk<'_> {
    fn library(&self) -> LibraryCode {
        LibraryCode::new(self.account.library.as_str())
    }

    /// Whether a request is one of this desk.
    pub fn owns(&self, request: &StoredRequest) -> bool {
        match self.side {
            Side::Borrowing => request.library.as_str() == self.account.library,
            Side::Lending => request.form.supplier == self.account.library && has_left(request.state),
        }
    }
}

// What never left is nobody's business but the own library's.
fn has_left(state: State) -> bool {
    !matches!(state, State::Draft | State::Queued | State::Sent | State::Rejected | State::Expired)
}

/// A request on the list.
#[derive(Clone, Debug)]
pub struct Work {
    /// The request.
    pub item: WorkItem,
    /// Why it waits for a librarian.
    pub attention: Option<Attention>,
    /// What can be done, the usual next step first.
    pub acts: Vec<Act>,
    /// What was sent, where something was.
    pub shipment: Option<Shipment>,
}

/// One request with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// As on the list.
    pub work: Work,
    /// How it stands.
    pub standing: Standing,
    /// The request that it follows.
    pub before: Option<Link>,
    /// Those that follow it.
    pub after: Vec<Link>,
    /// What was done to it at this desk, and by whom.
    pub audit: Vec<AuditLine>,
}

/// What a librarian says with an act.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// A due date.
    pub day: Option<Date>,
    /// What travels.
    pub shipment: Shipment,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub enum NotDone {
    /// There is no such request.
    Unknown,
    /// It belongs to another library; that was written down.
    NotYours,
    /// It cannot happen to this request as it stands.
    Bar(RequestId, Bar),
    /// A reason must be given.
    NoWords,
    /// A day that is today or later must be given.
    NoDay,
    /// Too long.
    TooLong,
    /// Rules stand against the lender.
    Lender(NotSubmitted),
    /// Another lender is asked for it, and has not said no.
    AskedElsewhere(Link),
    /// The reader's account is gone.
    NoReader,
    /// Nothing was ticked.
    Nothing,
    /// What was ticked does not go to one library.
    TwoPlaces,
}

/// Bytes of a reason.
const MOST_WORDS: usize = 2_000;
/// Barcodes of one request.
const MOST_BARCODES: usize = 200;
/// Ended requests stay on the list for so long.
const SHOWN_AFTER_END: SignedDuration = SignedDuration::from_hours(14 * 24);
/// What came of something.
pub type Done<T> = Result<std::result::Result<T, NotDone>>;

impl Counter {
    /// The list of a desk: what waits for a librarian first, the most urgent and the longest waiting on top.
    pub fn work(&self, clerk: Clerk<'_>, filter: &WorkFilter, now: Timestamp) -> Result<Vec<Work>> {
        let since = now.checked_sub(SHOWN_AFTER_END).unwrap_or(now);
        let filter = WorkFilter { ended_since: since, ..filter.clone() };
        let items = self.store.work(clerk.side, &clerk.library(), &filter)?;
        let mut all: Vec<Work> =
            items.into_iter().map(|item| self.looked_at(clerk.side, item, now)).collect();
        // Stable: what does not wait stays in the order of the latest change.
        all.sort_by_key(|work| {
            let waits = work.attention.map(|attention| (attention, work.item.request.changed));
            (waits.is_none(), waits)
        });
        Ok(all)
    }

    fn looked_at(&self, side: Side, item: WorkItem, now: Timestamp) -> Work {
        let (standing, _) = item.history.standing();
        let look = Look {
            standing,
            idle_days: self.work_days(
                &item.request.form.supplier,
                self.day(item.request.changed),
                self.day(now),
            ),
            today: self.day(now),
            is_followed: item.is_followed,
            is_untold: item.is_untold,
        };
        let sent =
            item.history.events().filter(|recorded| matches!(recorded.event, Event::Ship { .. })).last();
        Work {
            attention: attention(side, &look),
            acts: acts(side, &standing).into_iter().filter(|act| self.knows(*act)).collect(),
            shipment: sent.map(|recorded| Shipment::of_note(&recorded.note)),
            item,
        }
    }

    fn knows(&self, act: Act) -> bool {
        act != Act::AskStatus || self.can_ask_status
    }

    /// One request of this desk.
    pub fn one(&self, clerk: Clerk<'_>, id: RequestId, now: Timestamp) -> Done<Whole> {
        let Some(request) = self.store.request(id)? else { return Ok(Err(NotDone::Unknown)) };
        if !clerk.owns(&request) {
            self.refuse(clerk, &request, "look", now)?;
            return Ok(Err(NotDone::NotYours));
        }
        let history = self.store.history(id)?;
        let (before, after) = self.store.links(id)?;
        let audit = self.store.audit_about(&clerk.account.library, &request.number)?;
        let reader = match (clerk.side, request.account) {
            (Side::Borrowing, Some(account)) => {
                self.store.account_by_id(account)?.map(|account| account.name)
            }
            _ => None,
        };
        let standing = history.standing().0;
        let is_untold = self.store.is_untold(&request, clerk.side)?;
        let item = WorkItem { request, history, is_followed: !after.is_empty(), is_untold, reader };
        Ok(Ok(Whole { work: self.looked_at(clerk.side, item, now), standing, before, after, audit }))
    }

    /// Does one thing to one request; durable when it returns.
    pub fn act(
        &self,
        clerk: Clerk<'_>,
        id: RequestId,
        act: Act,
        words: &Words,
        now: Timestamp,
    ) -> Done<State> {
        let Some(request) = self.store.request(id)? else { return Ok(Err(NotDone::Unknown)) };
        let deed = match self.deed(clerk, &request, act, words, now)? {
            Ok(deed) => deed,
            Err(why) => return Ok(Err(why)),
        };
        match self.do_all(clerk, &[deed], None, now)? {
            Ok(()) => Ok(Ok(self.store.request(id)?.map_or(request.state, |request| request.state))),
            Err(why) => Ok(Err(why)),
        }
    }

    fn deed(
        &self,
        clerk: Clerk<'_>,
        request: &StoredRequest,
        act: Act,
        words: &Words,
        now: Timestamp,
    ) -> Done<Deed> {
        if !clerk.owns(request) {
            self.refuse(clerk, request, act.code(), now)?;
            return Ok(Err(NotDone::NotYours));
        }
        let standing = self.store.history(request.id)?.standing().0;
        if !self.knows(act) || !act.is_possible(clerk.side, &standing) {
            let state = standing.state;
            let bar = if state.is_final() { Bar::Ended(state) } else { Bar::NotIn(state) };
            return Ok(Err(NotDone::Bar(request.id, bar)));
        }
        if let Some(why) = lacking(act, words, self.day(now)) {
            return Ok(Err(why));
        }
        let day = match act {
            Act::Ship => Some(words.day.unwrap_or_else(|| self.due_of(&request.form.supplier, now).day)),
            _ => words.day,
        };
        let note = words.shipment.to_note();
        Ok(Ok(Deed { id: request.id, act, event: act.event(standing.state, day), note }))
    }

    fn do_all(
        &self,
        clerk: Clerk<'_>,
        deeds: &[Deed],
        parcel: Option<&NewParcel<'_>>,
        now: Timestamp,
    ) -> Done<()> {
        let party = if clerk.side == Side::Lending { Party::Lender } else { Party::Requester };
        let done = self.store.do_deeds(deeds, (&clerk.library(), party), clerk.account.id, parcel, now)?;
        Ok(match done {
            None => Err(NotDone::Unknown),
            Some(Err((id, bar))) => Err(NotDone::Bar(id, bar)),
            Some(Ok(())) => Ok(()),
        })
    }

    /// By which day something that a lender issues now shall be back.
    pub fn due_of(&self, lender: &str, now: Timestamp) -> Due {
        Due::of_loan(self.day(now), &self.rules.of(lender), &self.calendar)
    }

    fn refuse(&self, clerk: Clerk<'_>, request: &StoredRequest, what: &str, now: Timestamp) -> Result<()> {
        tracing::warn!(account = %clerk.account.id, library = clerk.account.library, request = %request.id, what,
            "a librarian asked for another library's request");
        let line = NewAuditLine {
            account: clerk.account.id,
            library: &clerk.account.library,
            what: "refused",
            subject: &request.number,
            note: what,
        };
        self.store.note_audit(&line, now)
    }

    /// The day of a moment where this machine stands.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// Working days of a lender's desk between two days.
    pub fn work_days(&self, lender: &str, from: Date, to: Date) -> u32 {
        work_days(from, to, &self.rules.of(lender), &self.calendar)
    }
}

// What an act needs and does not have.
fn lacking(act: Act, words: &Words, today: Date) -> Option<NotDone> {
    use crate::requests::Wants;
    let said = &words.shipment;
    let length = said.to_note().len();
    if length > MOST_WORDS || said.barcodes.len() > MOST_BARCODES {
        return Some(NotDone::TooLong);
    }
    let is_past = words.day.is_some_and(|day| day < today);
    match act.wants() {
        Wants::Words if said.words.trim().is_empty() => Some(NotDone::NoWords),
        Wants::Day if words.day.is_none() || is_past => Some(NotDone::NoDay),
        Wants::Parcel if is_past => Some(NotDone::NoDay),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
