//! The reader's desk: takes requests, withdraws and renews them, by the rules of `requests` over the store.
//!
//! It decides the same whether the centre can be reached or not, and never waits for it. Clock and randomness are
//! given.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Result;
use crate::reason::said;
use crate::requests::{
    Bar, Doubt, Event, Fault, LenderRules, NotSubmitted, Open, Party, RequestForm, RequestId, Rules,
    Standing, State, SubmitTimes, Withdrawal, WithdrawalBar, number_of,
};
use crate::store::{Account, NewRequest, RequestFilter, Store, StoredRequest, Submitted};

/// The desk of one machine.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Where requests are kept.
    pub store: Store,
    /// What lenders allow.
    pub rules: Rules,
    /// Requests that a reader may have open at once; 0: no limit.
    pub most_open: u32,
    /// In which days are counted.
    pub zone: TimeZone,
}

/// What a reader sends.
#[derive(Clone, Debug)]
pub struct Asking<'a> {
    /// Who.
    pub account: &'a Account,
    /// The form, tidied.
    pub form: &'a RequestForm,
    /// Not from a holding, but by the blank form.
    pub is_direct: bool,
    /// The entry is a set, so a volume must be named.
    pub is_set: bool,
    /// The reader's own library holds the entry.
    pub is_held_at_home: bool,
    /// Without it only warnings are said, and nothing is kept.
    pub is_confirmed: bool,
    /// Hash of the idempotency key, and of what came with it.
    pub key: Option<([u8; 32], [u8; 32])>,
}

/// What a reader should know before sending; with it the way is open all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// 本馆有藏: the own library holds it.
    OwnCopy,
    /// The same was asked for by this reader and has not ended.
    Duplicate,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// Values or rules stand against it; nothing was kept.
    Refused {
        /// Of the values.
        faults: Vec<Fault>,
        /// Of the lender.
        bars: Vec<NotSubmitted>,
    },
    /// The key brought something else before; nothing was kept.
    OtherBody,
    /// It would be taken; nothing was kept yet.
    Unconfirmed {
        /// What should be known.
        warnings: Vec<Warning>,
        /// Values that may be wrong.
        doubts: Vec<Doubt>,
    },
    /// It is on the disk.
    Kept {
        /// The request.
        request: Box<StoredRequest>,
        /// What should be known.
        warnings: Vec<Warning>,
    },
}

/// Why a reader cannot have something done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A withdrawal is not possible.
    Withdrawal(WithdrawalBar),
    /// The lender renews no more often than that.
    Renewals(u8),
    /// The request does not stand where this can happen.
    Bar(Bar),
}

impl Desk {
    /// Looks at a form and keeps the request if nothing stands against it; durable when it returns.
    pub fn take(&self, asking: &Asking<'_>, now: Timestamp, random: [u8; 16]) -> Result<Taken> {
        let Asking { account, form, .. } = *asking;
        let faults = form.faults(asking.is_set);
        let rules = self.rules.of(&form.supplier);
        let bars = rules.bars(self.day(now), asking.is_direct, &self.open(account, &rules, now)?);
        if !faults.is_empty() {
            return Ok(Taken::Refused { faults, bars });
        }
        let warnings = self.warnings(asking)?;
        if !asking.is_confirmed {
            if !bars.is_empty() {
                return Ok(Taken::Refused { faults, bars });
            }
            let doubts = form.doubts(self.day(now).year());
            return Ok(Taken::Unconfirmed { warnings, doubts });
        }
        let (for_id, for_number) = random.split_at(10);
        let id = RequestId::new(now, array(for_id));
        let library = LibraryCode::new(account.library.as_str());
        let new = NewRequest {
            id,
            number: &number_of(&account.library, self.day(now), array(for_number)),
            account: account.id,
            library: &library,
            form,
            party: Party::Reader,
            key: asking.key,
            is_barred: !bars.is_empty(),
        };
        let kept = match self.store.submit_request(&new, now)? {
            Submitted::OtherBody => return Ok(Taken::OtherBody),
            Submitted::Barred => return Ok(Taken::Refused { faults, bars }),
            Submitted::New => id,
            Submitted::Known(known) => known,
        };
        let request = self.store.request(kept)?;
        Ok(request.map_or(Taken::OtherBody, |request| Taken::Kept { request: Box::new(request), warnings }))
    }

    fn open(&self, account: &Account, rules: &LenderRules, now: Timestamp) -> Result<Open> {
        let month = self.day(now).first_of_month().to_zoned_datetime(self.zone.clone());
        let since = month.map_or(now, |month| month.timestamp());
        let library = LibraryCode::new(account.library.as_str());
        Ok(Open {
            of_reader: self.store.open_requests(account.id)?,
            most_of_reader: self.most_open,
            this_month: self.store.requests_since(&library, &rules.code, since)?,
        })
    }

    fn warnings(&self, asking: &Asking<'_>) -> Result<Vec<Warning>> {
        let form = asking.form;
        let words = RequestFilter { words: form.title.clone(), page: 1, ..RequestFilter::default() };
        let (_, alike) = self.store.requests_of(asking.account.id, &words)?;
        let is_same = |known: &StoredRequest| {
            !known.state.is_final()
                && (!form.record_id.is_empty() && known.form.record_id == form.record_id
                    || known.form.title == form.title && known.form.year == form.year)
                && known.form.volume == form.volume
        };
        let own = asking.is_held_at_home.then_some(Warning::OwnCopy);
        let same = alike.iter().any(is_same).then_some(Warning::Duplicate);
        Ok(own.into_iter().chain(same).collect())
    }

    /// Whether a reader may withdraw a request now.
    pub fn withdrawal(&self, request: &StoredRequest, now: Timestamp) -> Result<Withdrawal> {
        let history = self.store.history(request.id)?;
        let times = SubmitTimes {
            submitted: request.created,
            sent: history.first(|event| *event == Event::Transmit),
            clock_is_doubtful: self.store.clock_fault_since(request.id)?.is_some(),
        };
        let (standing, _) = history.standing();
        Ok(self.rules.of(&request.form.supplier).withdrawal(&standing, &times, now))
    }

    /// Withdraws a reader's request; durable when it returns.
    pub fn withdraw(
        &self,
        request: &StoredRequest,
        now: Timestamp,
    ) -> Result<std::result::Result<State, Refusal>> {
        match self.withdrawal(request, now)? {
            Withdrawal::Barred(bar) => Ok(Err(Refusal::Withdrawal(bar))),
            Withdrawal::AtHome | Withdrawal::Message { .. } => {
                let note = self.doubt(request)?;
                self.record(request, &Event::AskCancel, &note, now)
            }
        }
    }

    /// Asks the lender for a later due date; durable when it returns.
    pub fn renew(
        &self,
        request: &StoredRequest,
        now: Timestamp,
    ) -> Result<std::result::Result<State, Refusal>> {
        let rules = self.rules.of(&request.form.supplier);
        let history = self.store.history(request.id)?;
        if history.n_renewals() >= usize::from(rules.renewals)
            && matches!(request.state, State::OnLoan | State::Overdue)
        {
            return Ok(Err(Refusal::Renewals(rules.renewals)));
        }
        // Whoever has not fetched it yet has nothing to keep for longer.
        if request.state == State::Received {
            return Ok(Err(Refusal::Bar(Bar::NotIn(request.state))));
        }
        self.record(request, &Event::AskRenew, "", now)
    }

    fn record(
        &self,
        request: &StoredRequest,
        event: &Event,
        note: &str,
        now: Timestamp,
    ) -> Result<std::result::Result<State, Refusal>> {
        let by = (&request.library, Party::Reader);
        let recorded = self.store.record_event(request.id, by, event, note, now)?;
        let standing: std::result::Result<Standing, Bar> = recorded.unwrap_or(Err(Bar::NotIn(request.state)));
        Ok(standing.map(|standing| standing.state).map_err(Refusal::Bar))
    }

    // Staff see why a withdrawal was taken that by the clock came too late.
    fn doubt(&self, request: &StoredRequest) -> Result<String> {
        let fault = self.store.clock_fault_since(request.id)?.filter(|_| !request.state.is_at_home());
        Ok(fault.map_or_else(String::new, |fault| {
            let code = if fault.is_skew { "clock-ahead" } else { "clock-set" };
            said(code, &[("since", &fault.at.to_string()), ("n", &fault.seconds.to_string())])
        }))
    }

    fn day(&self, now: Timestamp) -> jiff::civil::Date {
        now.to_zoned_datetime(self.zone.clone()).date()
    }
}

// The pieces are as long as they are taken.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

#[cfg(test)]
mod tests;
