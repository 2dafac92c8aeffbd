//! Whom to ask when a lender cannot, or sent a part, and asking.

use jiff::{SignedDuration, Timestamp};

use super::{Clerk, Counter, Done, NotDone};
use crate::Result;
use crate::requests::{
    Bar, Candidate, Event, History, NotSubmitted, Open, Party, Ranked, RequestForm, RequestId, Shipment,
    Side, number_of, rank,
};
use crate::store::{Account, Link, LinkReason, NewAuditLine, NewRequest, StoredRequest};

/// How far back it is looked how fast a lender answers.
const LATELY: SignedDuration = SignedDuration::from_hours(180 * 24);

/// A library that holds what is asked for, as the catalogue says.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Its code.
    pub code: String,
    /// Where the book stands.
    pub call_number: String,
    /// Whether it may be lent.
    pub lendable: Option<bool>,
    /// Whether the catalogue shows it there.
    pub holds: bool,
}

/// Whom to ask, with what changed.
#[derive(Clone, Debug)]
pub struct AskNext<'a> {
    /// Code of the lender.
    pub supplier: &'a str,
    /// Where the book stands there.
    pub call_number: &'a str,
    /// For the rest of what was sent in part: which volume.
    pub rest: Option<&'a str>,
}

impl Counter {
    /// The libraries that could be asked for the same, the best first, each with the reason.
    pub fn lenders(
        &self,
        request: &StoredRequest,
        holders: Vec<Holder>,
        now: Timestamp,
    ) -> Result<Vec<Ranked>> {
        let since = now.checked_sub(LATELY).unwrap_or(now);
        let asked = match request.account {
            Some(account) => self.store.asked_for(account, &request.form.title, since)?,
            None => vec![request.form.supplier.clone()],
        };
        let mut candidates = Vec::with_capacity(holders.len());
        for holder in holders.into_iter().filter(|holder| holder.code != request.library.as_str()) {
            let load = self.store.load_of(&holder.code, since)?;
            let bars = self.bars(request, &holder.code, !holder.holds, now)?;
            candidates.push(Candidate {
                was_asked: asked.contains(&holder.code),
                bars,
                load: load.open,
                hours: median(load.answered_in)
                    .map(|seconds| u32::try_from(seconds / 3600).unwrap_or(u32::MAX)),
                call_number: holder.call_number,
                holds: holder.holds,
                lendable: holder.lendable,
                code: holder.code,
            });
        }
        Ok(rank(candidates))
    }

    // The reader's own limit does not count here: the request takes the place of another one.
    fn bars(
        &self,
        request: &StoredRequest,
        supplier: &str,
        is_direct: bool,
        now: Timestamp,
    ) -> Result<Vec<NotSubmitted>> {
        let rules = self.rules.of(supplier);
        let month = self.day(now).first_of_month().to_zoned_datetime(self.zone.clone());
        let since = month.map_or(now, |month| month.timestamp());
        let this_month = self.store.requests_since(&request.library, supplier, since)?;
        Ok(rules.bars(self.day(now), is_direct, &Open { this_month, ..Open::default() }))
    }

    /// Asks another lender for the same, or for the rest of what was sent in part; durable when it returns.
    pub fn ask_next(
        &self,
        account: &Account,
        id: RequestId,
        next: &AskNext<'_>,
        now: Timestamp,
        random: [u8; 16],
    ) -> Done<RequestId> {
        let clerk = Clerk { account, side: Side::Borrowing };
        let Some(request) = self.store.request(id)? else { return Ok(Err(NotDone::Unknown)) };
        if !clerk.owns(&request) {
            self.refuse(clerk, &request, "ask_next", now)?;
            return Ok(Err(NotDone::NotYours));
        }
        let Some(reader) = request.account else { return Ok(Err(NotDone::NoReader)) };
        // What is under way with one lender is not asked of a second one.
        let is_open = next.rest.is_none() && !request.state.is_final();
        if is_open || next.rest.is_some() && !came_in_part(&self.store.history(id)?) {
            return Ok(Err(NotDone::Bar(id, Bar::NotIn(request.state))));
        }
        let form = RequestForm {
            supplier: next.supplier.to_owned(),
            call_number: next.call_number.to_owned(),
            volume: next.rest.map_or_else(|| request.form.volume.clone(), str::to_owned),
            ..request.form.clone()
        }
        .tidied();
        let why = if next.rest.is_some() { LinkReason::Rest } else { LinkReason::Next };
        // Before the rules are asked: a quota that the first press used up does not bar the second.
        if let Some(open) = self.store.open_after((id, why), &form.volume)? {
            return Ok(asked_already(open, &form.supplier));
        }
        if let Some(bar) = self.bars(&request, next.supplier, false, now)?.into_iter().next() {
            return Ok(Err(NotDone::Lender(bar)));
        }
        if !form.faults(false).is_empty() {
            return Ok(Err(NotDone::NoWords));
        }
        let (for_id, for_number) = random.split_at(10);
        let new = NewRequest {
            id: RequestId::new(now, bytes(for_id)),
            number: &number_of(request.library.as_str(), self.day(now), bytes(for_number)),
            account: reader,
            library: &request.library,
            form: &form,
            party: Party::Requester,
            key: None,
            is_barred: false,
        };
        let line = NewAuditLine {
            account: account.id,
            library: &account.library,
            what: "ask_next",
            subject: &request.number,
            note: new.number,
        };
        let open = self.store.submit_following(&new, (id, why), &line, now)?;
        Ok(open.map_or(Ok(new.id), |open| asked_already(open, &form.supplier)))
    }
}

// The same button pressed twice asks once; two lenders are not asked for one thing at a time.
fn asked_already(open: Link, supplier: &str) -> std::result::Result<RequestId, NotDone> {
    if open.supplier == supplier { Ok(open.id) } else { Err(NotDone::AskedElsewhere(open)) }
}

/// Whether a part of what was asked for was sent, and the rest was not.
pub fn came_in_part(history: &History) -> bool {
    let sent = history.events().filter(|recorded| matches!(recorded.event, Event::Ship { .. })).last();
    sent.is_some_and(|recorded| !Shipment::of_note(&recorded.note).missing.is_empty())
}

fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}
