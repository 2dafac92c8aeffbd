//! What a lender allows (DOMAIN §8.1, §8.4): data, so that a branch without a line decides as the centre would.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::due::Suspension;
use super::standing::Standing;
use super::state::State;

/// A member's rules; a policy item (CONTRACT §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LenderRules {
    /// Code of the library.
    pub code: String,
    /// Lends to no other library.
    pub lends_nothing: bool,
    /// May not be named in the blank form (国图借书除外).
    pub no_direct_form: bool,
    /// Its readers' withdrawals are not taken once a request has left.
    pub no_patron_cancel: bool,
    /// How long after sending a reader may withdraw, in minutes.
    pub cancel_minutes: u32,
    /// Loan period in days.
    pub loan_days: u16,
    /// How often a loan may be renewed.
    pub renewals: u8,
    /// Requests that one library may send it a month; 0: no limit.
    pub monthly_quota: u32,
    /// What an item costs, in fen.
    pub fee: u64,
    /// Until that day, which is included, an item costs nothing.
    pub free_until: Option<Date>,
    /// Its own closed days.
    pub closures: Vec<Suspension>,
    /// Days of the week on which its desk is closed; 1 is Monday.
    pub closed_weekdays: Vec<i8>,
    /// Days on which it is open all the same (调休).
    pub working_days: Vec<Suspension>,
}

impl Default for LenderRules {
    fn default() -> Self {
        Self {
            code: String::new(),
            lends_nothing: false,
            no_direct_form: false,
            no_patron_cancel: false,
            cancel_minutes: 60,
            loan_days: 30,
            renewals: 1,
            monthly_quota: 0,
            fee: 0,
            free_until: None,
            closures: Vec::new(),
            closed_weekdays: Vec::new(),
            working_days: Vec::new(),
        }
    }
}

/// When a request was made and sent, by the branch's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmitTimes {
    /// When the reader pressed the button.
    pub submitted: Timestamp,
    /// When it first left; `None` while it has not.
    pub sent: Option<Timestamp>,
    /// The clock was set, or found wrong, since `submitted`.
    pub clock_is_doubtful: bool,
}

/// What becomes of a reader's withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Certain: nothing has left the branch.
    AtHome,
    /// A message that may lose the race, until this moment. `None`: the clock is in doubt, the reader keeps the
    /// right, and staff see why.
    Message {
        /// End of the window.
        until: Option<Timestamp>,
    },
    /// Not by the reader; a librarian may still ask.
    Barred(WithdrawalBar),
}

/// Why a reader cannot withdraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalBar {
    /// The lender takes none.
    Lender,
    /// The window ended then.
    TooLate(Timestamp),
    /// A withdrawal is under way.
    UnderWay,
    /// The item is on its way, or lent.
    Shipped,
    /// The request has ended.
    Ended,
}

/// How much is open already, when a request is made or sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// This reader's requests that have not ended.
    pub of_reader: u32,
    /// How many a reader may have; 0: no limit.
    pub most_of_reader: u32,
    /// Requests of this library to this lender this month.
    pub this_month: u32,
}

/// Why a request cannot go to a lender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSubmitted {
    /// It lends to no other library.
    LendsNothing,
    /// Only from a holding, not by the blank form.
    NoDirectForm,
    /// It is closed until that day, which is included.
    ClosedUntil(Date),
    /// The reader has as many open as may be.
    TooManyOpen(u32),
    /// The month's quota is used up.
    QuotaUsed(u32),
}

impl LenderRules {
    /// What an item costs that is sent on a day, in fen.
    pub fn fee_on(&self, day: Date) -> u64 {
        if self.free_until.is_some_and(|last| day <= last) { 0 } else { self.fee }
    }

    /// Whether a reader may withdraw. The window begins when the lender could first see the request: offline the
    /// hour does not run out at home.
    pub fn withdrawal(&self, standing: &Standing, times: &SubmitTimes, now: Timestamp) -> Withdrawal {
        match standing.state {
            State::Draft | State::Queued => Withdrawal::AtHome,
            State::Sent | State::AtCentre | State::Acknowledged | State::Conditional | State::Accepted => {
                self.withdrawal_once_sent(times, now)
            }
            State::CancelPending => Withdrawal::Barred(WithdrawalBar::UnderWay),
            state if state.is_final() => Withdrawal::Barred(WithdrawalBar::Ended),
            _ => Withdrawal::Barred(WithdrawalBar::Shipped),
        }
    }

    fn withdrawal_once_sent(&self, times: &SubmitTimes, now: Timestamp) -> Withdrawal {
        if self.no_patron_cancel {
            return Withdrawal::Barred(WithdrawalBar::Lender);
        }
        let began = times.sent.map_or(times.submitted, |sent| sent.max(times.submitted));
        // Sent in the future, or at no time known: somebody's clock is wrong.
        let is_doubtful = times.clock_is_doubtful || times.sent.is_none() || now < began;
        let window = SignedDuration::from_mins(self.cancel_minutes.into());
        let until = began.checked_add(window).ok().filter(|_| !is_doubtful);
        match until {
            Some(until) if now > until => Withdrawal::Barred(WithdrawalBar::TooLate(until)),
            until => Withdrawal::Message { until },
        }
    }

    /// Everything that keeps a request from this lender on a day; asked when it is made and again when it is sent
    /// (DOMAIN §8.4 rule 7).
    pub fn bars(&self, today: Date, is_direct: bool, open: &Open) -> Vec<NotSubmitted> {
        let closed_until = self.closures.iter().filter(|days| days.holds(today)).map(|days| days.to).max();
        let reader_is_full = open.most_of_reader > 0 && open.of_reader >= open.most_of_reader;
        let quota_is_used = self.monthly_quota > 0 && open.this_month >= self.monthly_quota;
        [
            self.lends_nothing.then_some(NotSubmitted::LendsNothing),
            (is_direct && self.no_direct_form).then_some(NotSubmitted::NoDirectForm),
            closed_until.map(NotSubmitted::ClosedUntil),
            reader_is_full.then_some(NotSubmitted::TooManyOpen(open.most_of_reader)),
            quota_is_used.then_some(NotSubmitted::QuotaUsed(self.monthly_quota)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-30T{text}:00+08:00").parse().unwrap()
    }

    fn in_state(state: State) -> Standing {
        Standing { state, ..Standing::default() }
    }

    fn times(sent: Option<&str>) -> SubmitTimes {
        SubmitTimes { submitted: at("09:00"), sent: sent.map(at), clock_is_doubtful: false }
    }

    #[test]
    fn a_withdrawal_by_time_state_and_lender() {
        let usual = LenderRules::default();
        let national = LenderRules { no_patron_cancel: true, ..LenderRules::default() };
        let message = |until| Withdrawal::Message { until: Some(at(until)) };
        let barred = Withdrawal::Barred;
        let too_late = |until| barred(WithdrawalBar::TooLate(at(until)));
        let online = times(Some("09:00"));
        let offline = times(Some("14:00"));
        for (rules, state, times, now, expected) in [
            (&usual, State::Queued, times(None), "23:00", Withdrawal::AtHome),
            (&national, State::Queued, times(None), "23:00", Withdrawal::AtHome),
            (&usual, State::Sent, online, "09:59", message("10:00")),
            (&usual, State::Acknowledged, online, "10:00", message("10:00")),
            (&usual, State::Accepted, online, "10:01", too_late("10:00")),
            // The line was down till two: the hour begins when the lender could see the request.
            (&usual, State::Sent, offline, "14:59", message("15:00")),
            (&usual, State::AtCentre, offline, "15:01", too_late("15:00")),
            (&national, State::Sent, online, "09:01", barred(WithdrawalBar::Lender)),
            (&usual, State::CancelPending, online, "09:01", barred(WithdrawalBar::UnderWay)),
            (&usual, State::Shipped, online, "09:01", barred(WithdrawalBar::Shipped)),
            (&usual, State::OnLoan, online, "09:01", barred(WithdrawalBar::Shipped)),
            (&usual, State::Unfilled, online, "09:01", barred(WithdrawalBar::Ended)),
        ] {
            let found = rules.withdrawal(&in_state(state), &times, at(now));
            assert_eq!(found, expected, "{state} at {now}, sent {:?}", times.sent);
        }
    }

    /// Every state at eight moments with three lenders. H: at home, M: a message, T: too late, L: the lender takes none,
    /// U: one is under way, S: shipped, E: ended.
    #[test]
    fn every_state_at_every_time_with_every_lender() {
        // Sent at nine and asked at 9:10, 9:30, 10:01; sent at two, as the line was down, and asked at 14:10, 14:30,
        // 15:01; sent nobody knows when; sent at nine by a clock that was set since.
        let (online, offline) = (times(Some("09:00")), times(Some("14:00")));
        let doubtful = SubmitTimes { clock_is_doubtful: true, ..online };
        let moments = [
            (online, "09:10"),
            (online, "09:30"),
            (online, "10:01"),
            (offline, "14:10"),
            (offline, "14:30"),
            (offline, "15:01"),
            (times(None), "23:00"),
            (doubtful, "23:00"),
        ];
        let lenders = [
            LenderRules::default(),
            LenderRules { cancel_minutes: 15, ..LenderRules::default() },
            LenderRules { no_patron_cancel: true, ..LenderRules::default() },
        ];
        let before_it_goes = ["MMTMMTMM", "MTTMTTMM", "LLLLLLLL"];
        let all = |letter: &'static str| [letter; 3].map(|letter| letter.repeat(8));
        let expected = |state| match state {
            State::Draft | State::Queued => all("H"),
            State::Sent | State::AtCentre | State::Acknowledged | State::Conditional | State::Accepted => {
                before_it_goes.map(str::to_owned)
            }
            State::CancelPending => all("U"),
            State::Shipped
            | State::Received
            | State::OnLoan
            | State::Overdue
            | State::Recalled
            | State::Returning => all("S"),
            State::Completed
            | State::Unfilled
            | State::Rejected
            | State::Expired
            | State::Cancelled
            | State::RetryPossible
            | State::Lost => all("E"),
        };
        for state in State::ALL {
            let found = lenders.each_ref().map(|lender| {
                let cells = moments.iter().map(|(times, now)| {
                    match lender.withdrawal(&in_state(state), times, at(now)) {
                        Withdrawal::AtHome => 'H',
                        Withdrawal::Message { .. } => 'M',
                        Withdrawal::Barred(WithdrawalBar::TooLate(_)) => 'T',
                        Withdrawal::Barred(WithdrawalBar::Lender) => 'L',
                        Withdrawal::Barred(WithdrawalBar::UnderWay) => 'U',
                        Withdrawal::Barred(WithdrawalBar::Shipped) => 'S',
                        Withdrawal::Barred(WithdrawalBar::Ended) => 'E',
                    }
                });
                cells.collect::<String>()
            });
            assert_eq!(found, expected(state), "{state}");
        }
    }

    #[test]
    fn the_free_period_ends_with_its_day() {
        let rules = LenderRules { fee: 500, free_until: Some(date(2026, 12, 31)), ..LenderRules::default() };
        assert_eq!((rules.fee_on(date(2026, 12, 31)), rules.fee_on(date(2027, 1, 1))), (0, 500));
        assert_eq!(LenderRules::default().fee_on(date(2026, 12, 31)), 0);
    }

    #[test]
    fn with_the_clock_in_doubt_the_reader_keeps_the_right() {
        let rules = LenderRules::default();
        let (sent, day) = (in_state(State::Sent), SignedDuration::from_hours(24));
        let kept = Withdrawal::Message { until: None };
        let online = times(Some("09:00"));
        assert_eq!(rules.withdrawal(&sent, &online, at("09:30") - day), kept, "set back a day");
        assert_eq!(rules.withdrawal(&sent, &times(None), at("23:00")), kept, "sent nobody knows when");
        let doubtful = SubmitTimes { clock_is_doubtful: true, ..online };
        assert_eq!(rules.withdrawal(&sent, &doubtful, at("09:30") + day), kept, "set forward a day");
        // A clock set back between the two: the later moment counts.
        let crossed = SubmitTimes { sent: Some(at("08:00")), ..online };
        let until = Some(at("10:00"));
        assert_eq!(rules.withdrawal(&sent, &crossed, at("09:59")), Withdrawal::Message { until });
    }

    #[test]
    fn what_keeps_a_request_from_a_lender() {
        let closures = vec![Suspension { from: date(2026, 12, 1), to: date(2026, 12, 3) }];
        let rules =
            LenderRules { no_direct_form: true, monthly_quota: 500, closures, ..LenderRules::default() };
        let open = Open { of_reader: 9, most_of_reader: 10, this_month: 499 };
        let day = date(2026, 11, 30);
        assert_eq!(rules.bars(day, false, &open), vec![]);
        assert_eq!(rules.bars(day, true, &open), vec![NotSubmitted::NoDirectForm]);
        let full = Open { of_reader: 10, this_month: 500, ..open };
        let expected = [NotSubmitted::TooManyOpen(10), NotSubmitted::QuotaUsed(500)];
        assert_eq!(rules.bars(day, false, &full), expected);
        let closed = NotSubmitted::ClosedUntil(date(2026, 12, 3));
        assert_eq!(rules.bars(date(2026, 12, 2), false, &open), vec![closed]);
        let unlimited = Open { of_reader: 99, most_of_reader: 0, this_month: 0 };
        assert_eq!(rules.bars(day, false, &unlimited), vec![]);
    }
}
