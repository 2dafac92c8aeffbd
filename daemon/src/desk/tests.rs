//! The desk takes what may be taken, says what stands against the rest, and keeps to what the lender allows.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use super::*;
use crate::requests::{FaultCode, Field};
use crate::trial::{self, request_form as form};

struct Hall {
    desk: Desk,
    reader: Account,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-30T{text}:00+08:00").parse().unwrap()
}

impl Hall {
    fn new(most_open: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let reader = trial::reader(&store, at("08:00"));
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        Self { desk: Desk { store, rules: Rules::default(), most_open, zone }, reader, _folder: folder }
    }

    fn asking<'a>(&'a self, form: &'a RequestForm) -> Asking<'a> {
        Asking {
            account: &self.reader,
            form,
            is_direct: false,
            is_set: false,
            is_held_at_home: false,
            is_confirmed: true,
            key: None,
        }
    }

    fn kept(&self, form: &RequestForm, random: u8) -> (StoredRequest, Vec<Warning>) {
        match self.desk.take(&self.asking(form), at("09:00"), [random; 16]).unwrap() {
            Taken::Kept { request, warnings } => (*request, warnings),
            other => panic!("{other:?}"),
        }
    }

    fn happens(&self, request: &StoredRequest, party: Party, event: &Event, time: &str) {
        let by = (&request.library, party);
        self.desk.store.record_event(request.id, by, event, "", at(time)).unwrap().unwrap().unwrap();
    }

    fn again(&self, request: &StoredRequest) -> StoredRequest {
        self.desk.store.request(request.id).unwrap().unwrap()
    }
}

#[test]
fn a_request_is_taken_and_a_second_one_like_it_is_warned_of() {
    let hall = Hall::new(10);
    let (request, warnings) = hall.kept(&form(), 1);
    assert_eq!((request.state, warnings), (State::Queued, vec![]));
    assert!(request.number.starts_with("BJFU-261130-"), "{}", request.number);
    let same = form();
    let look = Asking { is_confirmed: false, is_held_at_home: true, ..hall.asking(&same) };
    let taken = hall.desk.take(&look, at("09:01"), [2; 16]).unwrap();
    let warnings = vec![Warning::OwnCopy, Warning::Duplicate];
    assert_eq!(taken, Taken::Unconfirmed { warnings, doubts: vec![] });
    assert_eq!(hall.desk.store.open_requests(hall.reader.id).unwrap(), 1, "looking keeps nothing");
    let other = RequestForm { volume: "下册".into(), ..form() };
    assert_eq!(hall.kept(&other, 3).1, vec![], "another volume is another request");
}

#[test]
fn values_and_rules_stand_against_a_request() {
    let hall = Hall::new(1);
    let refused = |form: &RequestForm, is_direct| {
        let asking = Asking { is_direct, ..hall.asking(form) };
        match hall.desk.take(&asking, at("09:00"), [9; 16]).unwrap() {
            Taken::Refused { faults, bars } => (faults, bars),
            other => panic!("{other:?}"),
        }
    };
    let national = RequestForm { supplier: "NLC".into(), ..form() };
    assert_eq!(refused(&national, true).1, vec![NotSubmitted::NoDirectForm]);
    let no_year = RequestForm { year: String::new(), ..form() };
    let fault = Fault { field: Field::Year, code: FaultCode::Missing };
    assert_eq!(refused(&no_year, false), (vec![fault], vec![]));
    hall.kept(&national, 1);
    assert_eq!(refused(&form(), false).1, vec![NotSubmitted::TooManyOpen(1)]);
}

#[test]
fn a_key_sent_again_is_answered_as_before_whatever_changed_meanwhile() {
    let hall = Hall::new(1);
    let form = form();
    let asking = Asking { key: Some(([1; 32], [2; 32])), ..hall.asking(&form) };
    let Taken::Kept { request, .. } = hall.desk.take(&asking, at("09:00"), [1; 16]).unwrap() else {
        panic!()
    };
    let Taken::Kept { request: again, .. } = hall.desk.take(&asking, at("09:05"), [2; 16]).unwrap() else {
        panic!("the limit of one open request is no reason to forget it")
    };
    assert_eq!(again.id, request.id);
    let other = Asking { key: Some(([1; 32], [3; 32])), ..asking };
    assert_eq!(hall.desk.take(&other, at("09:05"), [3; 16]).unwrap(), Taken::OtherBody);
}

#[test]
fn a_withdrawal_is_certain_at_home_and_a_message_after_that() {
    let hall = Hall::new(10);
    let (request, _) = hall.kept(&form(), 1);
    assert_eq!(hall.desk.withdraw(&request, at("23:00")).unwrap(), Ok(State::Cancelled));
    let (request, _) = hall.kept(&form(), 2);
    hall.happens(&request, Party::Branch, &Event::Transmit, "14:00");
    assert_eq!(hall.desk.withdraw(&request, at("15:01")).unwrap(), {
        Err(Refusal::Withdrawal(WithdrawalBar::TooLate(at("15:00"))))
    });
    assert_eq!(hall.desk.withdraw(&request, at("14:59")).unwrap(), Ok(State::CancelPending));
    let again = hall.desk.withdraw(&request, at("14:59")).unwrap();
    assert_eq!(again, Err(Refusal::Withdrawal(WithdrawalBar::UnderWay)));
}

#[test]
fn a_loan_is_renewed_as_often_as_the_lender_says() {
    let hall = Hall::new(10);
    let (request, _) = hall.kept(&form(), 1);
    assert_eq!(hall.desk.renew(&request, at("10:00")).unwrap(), Err(Refusal::Bar(Bar::NotIn(State::Queued))));
    let day = |day: &str| Some(day.parse().unwrap());
    for (party, event) in [
        (Party::Branch, Event::Transmit),
        (Party::Lender, Event::Ship { due: day("2026-12-30") }),
        (Party::Requester, Event::Receive),
        (Party::Requester, Event::CheckOut),
    ] {
        hall.happens(&request, party, &event, "11:00");
    }
    assert_eq!(hall.desk.renew(&hall.again(&request), at("12:00")).unwrap(), Ok(State::OnLoan));
    let granted = Event::AnswerRenew { granted: true, due: day("2027-01-30") };
    hall.happens(&request, Party::Lender, &granted, "13:00");
    let lent = hall.again(&request);
    assert_eq!(lent.due, day("2027-01-30"));
    assert_eq!(hall.desk.renew(&lent, at("14:00")).unwrap(), Err(Refusal::Renewals(1)));
}

#[test]
fn with_the_clock_a_day_off_no_reader_loses_a_right() {
    for (hours_off, is_skew) in [(-24, false), (24, false), (24, true), (-24, true)] {
        let hall = Hall::new(10);
        let store = &hall.desk.store;
        store.begin_life(1, at("09:00")).unwrap();
        let (request, _) = hall.kept(&form(), 1);
        hall.happens(&request, Party::Branch, &Event::Transmit, "09:01");
        let later = at("09:01") + jiff::SignedDuration::from_mins(90);
        let off = jiff::SignedDuration::from_hours(hours_off);
        // By the clock as it stands the hour is over.
        let sure = hall.desk.withdrawal(&hall.again(&request), later).unwrap();
        assert!(matches!(sure, Withdrawal::Barred(WithdrawalBar::TooLate(_))), "{sure:?}");
        if is_skew {
            store.note_contact(Some(off.as_secs()), later).unwrap();
        } else {
            store.live_on(std::time::Duration::from_secs(90 * 60), later + off).unwrap().unwrap();
        }
        let now = if is_skew { later } else { later + off };
        let doubtful = hall.desk.withdrawal(&hall.again(&request), now).unwrap();
        assert_eq!(doubtful, Withdrawal::Message { until: None }, "{hours_off} {is_skew}");
        assert_eq!(hall.desk.withdraw(&hall.again(&request), now).unwrap(), Ok(State::CancelPending));
        let history = store.history(request.id).unwrap();
        let last = history.events().last().unwrap();
        assert!(last.note.contains("the clock is in doubt"), "staff see why: {}", last.note);
        // A request that is made an hour later is counted by the clock again.
        store
            .live_on(std::time::Duration::from_secs(3600), now + jiff::SignedDuration::from_hours(1))
            .unwrap();
        let (later_one, _) = hall.kept(&RequestForm { title: "树木学".into(), ..form() }, 2);
        assert_eq!(store.clock_fault_since(later_one.id).unwrap(), None);
    }
}

#[test]
fn a_clock_that_goes_right_raises_no_doubt() {
    let hall = Hall::new(10);
    let store = &hall.desk.store;
    store.begin_life(1, at("09:00")).unwrap();
    let (request, _) = hall.kept(&form(), 1);
    for minutes in 1..60 {
        let now = at("09:00") + jiff::SignedDuration::from_mins(minutes);
        assert_eq!(store.live_on(std::time::Duration::from_secs(60), now).unwrap(), None);
        store.note_contact(Some(30), now).unwrap();
    }
    assert_eq!(store.clock_fault_since(request.id).unwrap(), None);
    // Off for a night, and on again.
    store.begin_life(2, at("22:00")).unwrap();
    assert_eq!(store.clock_fault_since(request.id).unwrap(), None);
    store.begin_life(3, at("08:00")).unwrap();
    assert!(store.clock_fault_since(request.id).unwrap().is_some(), "back in time");
}
