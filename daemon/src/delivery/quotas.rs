//! What is asked once more when a request leaves: it may have waited for weeks, and others may have left meanwhile.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Result;
use crate::directory::Directory;
use crate::requests::{NotSubmitted, Open, Rules};
use crate::settings::Settings;
use crate::store::Store;

/// How many requests may be on their way.
#[derive(Clone, Debug)]
pub struct Quotas {
    rules: Rules,
    most_of_reader: u32,
    month_began: Timestamp,
}

impl Quotas {
    /// As they stand now.
    pub fn of(store: &Store, settings: &Settings, now: Timestamp) -> Result<Self> {
        let rules = Directory::of(store.all_facts()?).rules().clone();
        let zone = TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC);
        let first = now.to_zoned_datetime(zone.clone()).date().first_of_month();
        let month_began = first.to_zoned_datetime(zone).map_or(now, |first| first.timestamp());
        Ok(Self { rules, most_of_reader: settings.policy.max_requests, month_began })
    }

    /// When this month began.
    pub(crate) fn month_began(&self) -> Timestamp {
        self.month_began
    }

    /// How many requests a reader may have under way; 0: as many as there are.
    pub(crate) fn most_of_reader(&self) -> u32 {
        self.most_of_reader
    }

    /// Whether this lender has a quota.
    pub(crate) fn has_quota(&self, lender: &str) -> bool {
        self.rules.of(lender).monthly_quota > 0
    }

    /// Why a request to this lender has to wait, as a sentence; `gone` is what has left and counts.
    pub(crate) fn stands_against(&self, lender: &str, gone: Open) -> Option<String> {
        let rules = self.rules.of(lender);
        let open = Open { most_of_reader: self.most_of_reader, ..gone };
        // Closed days bind who asks; what was accepted waits for the lender at the lender's.
        let day = jiff::civil::Date::MIN;
        rules.bars(day, false, &open).into_iter().find_map(|bar| match bar {
            NotSubmitted::QuotaUsed(n) => {
                Some(format!("the {n} requests a month to {lender} are used up: it goes when a month begins"))
            }
            NotSubmitted::TooManyOpen(n) => {
                Some(format!("the reader has {n} requests under way: it goes when one of them has ended"))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;
    use jiff::SignedDuration;

    use super::*;
    use crate::delivery::{Outcome, Receipt, Settlement};
    use crate::directory::LibraryFacts;
    use crate::requests::{Event, LenderRules, Party, RequestId};
    use crate::store::{CENTRE, NewRequest};
    use crate::trial;

    fn at(days: i64) -> Timestamp {
        "2026-11-28T02:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(days * 24)
    }

    struct Branch {
        store: Store,
        settings: Settings,
    }

    impl Branch {
        fn new(monthly_quota: u32, max_requests: u32) -> Self {
            let store = Store::in_memory();
            let rules = LenderRules { monthly_quota, ..LenderRules::default() };
            let facts = LibraryFacts { rules: Some(rules), ..LibraryFacts::default() };
            store.keep_facts(&trial::code("PKU"), &facts).unwrap();
            let text = format!("library = \"BJFU\"\n[policy]\nmax_requests = {max_requests}\n");
            let branch = Self { store, settings: trial::settings(&text) };
            let reader = trial::reader(&branch.store, at(0));
            for n in 0..3u8 {
                let new = NewRequest {
                    id: RequestId::new(at(0), [n; 10]),
                    number: &format!("BJFU-{n}"),
                    account: reader.id,
                    library: &LibraryCode::new("BJFU"),
                    form: &trial::request_form(),
                    party: Party::Reader,
                    key: None,
                    is_barred: false,
                };
                branch.store.submit_request(&new, at(0)).unwrap();
            }
            branch
        }

        /// What goes on a day, and is delivered.
        fn send(&self, now: Timestamp) -> Vec<RequestId> {
            let heads = self.store.heads(CENTRE, 9, now).unwrap();
            let quotas = Quotas::of(&self.store, &self.settings, now).unwrap();
            let parcels = self.store.take_to_send(&heads, Some(&quotas), now).unwrap();
            for parcel in &parcels {
                let ended = Settlement::Ended(Outcome::Delivered(Receipt::Ok));
                self.store.settle(&[((parcel.request, parcel.n), ended)], now).unwrap();
            }
            parcels.iter().map(|parcel| parcel.request).collect()
        }
    }

    #[test]
    fn a_months_quota_is_asked_once_more_when_requests_leave() {
        let branch = Branch::new(2, 0);
        assert_eq!(branch.send(at(0)).len(), 2);
        let waits =
            branch.store.messages().unwrap().into_iter().find(|message| message.attempts == 0).unwrap();
        let said = "the 2 requests a month to PKU are used up: it goes when a month begins";
        assert_eq!(waits.last_error.as_deref(), Some(said));
        assert_eq!(branch.send(at(1)).len(), 0, "the same month");
        assert_eq!(branch.send(at(3)), [waits.request], "the first of December");
    }

    #[test]
    fn what_a_reader_has_under_way_is_asked_once_more() {
        let branch = Branch::new(0, 2);
        let gone = branch.send(at(0));
        assert_eq!(gone.len(), 2);
        assert_eq!(branch.send(at(1)).len(), 0);
        let by = (&trial::code("PKU"), Party::Lender);
        branch.store.record_event(gone[0], by, &Event::Unfill, "", at(1)).unwrap().unwrap().unwrap();
        assert_eq!(branch.send(at(2)).len(), 1);
    }
}
