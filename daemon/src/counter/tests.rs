//! Two desks of one machine carry a request through its whole life, and neither touches what is another library's.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use super::*;
use crate::requests::RequestForm;
use crate::store::{AccountRole, Direction, LinkReason, NewAccount, NewRequest, Submitted};
use crate::trial::{self, request_form};

struct Hall {
    counter: Counter,
    reader: Account,
    borrower: Account,
    lender: Account,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    format!("2026-{text}+08:00").parse().unwrap()
}

const MORNING: &str = "11-30T09:00:00";

fn staff(store: &Store, library: &str, role: AccountRole) -> Account {
    let barcode = format!("S-{library}-{}", role.name());
    let new = NewAccount { name: "李红", role, ..trial::new_account(library, &barcode) };
    store.add_account(&new, at(MORNING)).unwrap();
    store.account(library, &barcode).unwrap().unwrap()
}

impl Hall {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (borrower, lender) =
            (staff(&store, "BJFU", AccountRole::Staff), staff(&store, "PKU", AccountRole::Staff));
        let reader = trial::reader(&store, at(MORNING));
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let (rules, calendar) = (Rules::default(), Calendar::default());
        let counter = Counter { store, rules, calendar, zone, can_ask_status: false };
        Self { counter, reader, borrower, lender, _folder: folder }
    }

    fn submit(&self, n: u8, form: &RequestForm) -> RequestId {
        let id = RequestId::new(at(MORNING), [n; 10]);
        let new = NewRequest {
            id,
            number: &format!("BJFU-261130-{n:06}"),
            account: self.reader.id,
            library: &LibraryCode::new("BJFU"),
            form,
            party: Party::Reader,
            key: None,
            is_barred: false,
        };
        assert_eq!(self.counter.store.submit_request(&new, at(MORNING)).unwrap(), Submitted::New);
        id
    }

    fn asked(&self, n: u8) -> RequestId {
        let id = self.submit(n, &request_form());
        self.counter.store.carry_here(at(MORNING)).unwrap();
        id
    }

    fn clerk(&self, side: Side) -> Clerk<'_> {
        let account = if side == Side::Borrowing { &self.borrower } else { &self.lender };
        Clerk { account, side }
    }

    fn act(&self, side: Side, id: RequestId, act: Act, words: &Words) -> std::result::Result<State, NotDone> {
        self.counter.act(self.clerk(side), id, act, words, at("11-30T10:00:00")).unwrap()
    }

    /// A request whose reader has the book until that day.
    fn on_loan(&self, due: &str) -> RequestId {
        let id = self.asked(1);
        let ship = Words { day: Some(date(due)), ..Words::default() };
        self.act(Side::Lending, id, Act::Ship, &ship).unwrap();
        self.act(Side::Borrowing, id, Act::Receive, &Words::default()).unwrap();
        self.act(Side::Borrowing, id, Act::CheckOut, &Words::default()).unwrap();
        id
    }

    fn state(&self, id: RequestId) -> State {
        self.counter.store.request(id).unwrap().unwrap().state
    }

    fn waiting(&self, side: Side, time: &str) -> Vec<(RequestId, Attention)> {
        let all = self.counter.work(self.clerk(side), &WorkFilter::default(), at(time)).unwrap();
        all.iter().filter_map(|work| Some((work.item.request.id, work.attention?))).collect()
    }
}

fn because(text: &str) -> Words {
    Words { shipment: Shipment { words: text.into(), ..Shipment::default() }, ..Words::default() }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn a_loan_from_the_desk_of_one_library_to_that_of_another_and_back() {
    use Side::{Borrowing, Lending};
    let hall = Hall::new();
    let id = hall.submit(1, &request_form());
    assert_eq!(hall.waiting(Lending, MORNING), vec![], "nothing is seen that has not left");
    assert_eq!(hall.counter.store.carry_here(at(MORNING)).unwrap(), 1);
    assert_eq!(hall.counter.store.carry_here(at(MORNING)).unwrap(), 0);
    assert_eq!(
        (hall.state(id), hall.waiting(Lending, MORNING)),
        (State::AtCentre, vec![(id, Attention::OurMove)])
    );
    let quiet = Words::default();
    assert_eq!(hall.act(Lending, id, Act::Accept, &quiet), Ok(State::Accepted));
    let sent = Words {
        shipment: Shipment { barcodes: vec!["00123".into()], tracking: "SF1".into(), ..Shipment::default() },
        ..Words::default()
    };
    assert_eq!(hall.act(Lending, id, Act::Ship, &sent), Ok(State::Shipped));
    let request = hall.counter.store.request(id).unwrap().unwrap();
    assert_eq!(request.due, Some(date("2026-12-30")), "by the rules of the lender");
    for (side, act, state) in [
        (Borrowing, Act::Receive, State::Received),
        (Borrowing, Act::CheckOut, State::OnLoan),
        (Borrowing, Act::AskRenew, State::OnLoan),
    ] {
        assert_eq!(hall.act(side, id, act, &quiet), Ok(state), "{act:?}");
    }
    assert_eq!(hall.waiting(Lending, "11-30T11:00:00"), vec![(id, Attention::RenewalAsked)]);
    let later = Words { day: Some(date("2027-01-15")), ..Words::default() };
    assert_eq!(hall.act(Lending, id, Act::GrantRenew, &quiet), Err(NotDone::NoDay));
    assert_eq!(hall.act(Lending, id, Act::GrantRenew, &later), Ok(State::OnLoan));
    let sooner = Words { day: Some(date("2026-12-05")), ..Words::default() };
    assert_eq!(hall.act(Lending, id, Act::Recall, &sooner), Ok(State::Recalled));
    assert_eq!(hall.act(Borrowing, id, Act::Return, &quiet), Ok(State::Returning));
    assert_eq!(hall.act(Lending, id, Act::CheckIn, &quiet), Ok(State::Completed));
    let whole = hall.counter.one(hall.clerk(Lending), id, at("11-30T12:00:00")).unwrap().unwrap();
    let done: Vec<&str> = whole.audit.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(done, ["accept", "ship", "grant_renew", "recall", "check_in"]);
    assert_eq!(whole.work.shipment.unwrap().tracking, "SF1");
}

#[test]
fn nobody_touches_what_is_another_librarys() {
    let hall = Hall::new();
    let id = hall.asked(1);
    let other = staff(&hall.counter.store, "RUC", AccountRole::Admin);
    for side in [Side::Borrowing, Side::Lending] {
        let clerk = Clerk { account: &other, side };
        let now = at("11-30T10:00:00");
        assert!(hall.counter.work(clerk, &WorkFilter::default(), now).unwrap().is_empty());
        assert_eq!(hall.counter.one(clerk, id, now).unwrap().err(), Some(NotDone::NotYours));
        let tried = hall.counter.act(clerk, id, Act::Accept, &Words::default(), now).unwrap();
        assert_eq!(tried, Err(NotDone::NotYours));
    }
    let swapped = Clerk { account: &hall.borrower, side: Side::Lending };
    let tried = hall.counter.act(swapped, id, Act::Accept, &Words::default(), at(MORNING)).unwrap();
    assert_eq!(tried, Err(NotDone::NotYours), "the borrower does not answer for the lender");
    let next = AskNext { supplier: "RUC", call_number: "x", rest: None };
    let tried = hall.counter.ask_next(&other, id, &next, at(MORNING), [1; 16]).unwrap();
    assert_eq!(tried, Err(NotDone::NotYours));
    let lines = hall.counter.store.audit_of("RUC", 20, 0).unwrap();
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.what == "refused" && line.subject == "BJFU-261130-000001"));
    assert_eq!(hall.state(id), State::AtCentre);
}

#[test]
fn what_must_be_said_is_asked_for() {
    let hall = Hall::new();
    let id = hall.asked(1);
    let quiet = Words::default();
    assert_eq!(hall.act(Side::Lending, id, Act::Unfill, &quiet), Err(NotDone::NoWords));
    assert_eq!(hall.act(Side::Lending, id, Act::Unfill, &because(&"长".repeat(700))), Err(NotDone::TooLong));
    let past = Words { day: Some(date("2026-11-01")), ..Words::default() };
    assert_eq!(hall.act(Side::Lending, id, Act::Ship, &past), Err(NotDone::NoDay));
    assert_eq!(
        hall.act(Side::Borrowing, id, Act::CheckOut, &quiet),
        Err(NotDone::Bar(id, Bar::NotIn(State::AtCentre)))
    );
    let unknown = RequestId::new(at(MORNING), [9; 10]);
    assert_eq!(hall.act(Side::Lending, unknown, Act::Accept, &quiet), Err(NotDone::Unknown));
    assert_eq!(hall.act(Side::Borrowing, id, Act::Close, &because("读者已购书")), Ok(State::Cancelled));
    let history = hall.counter.store.history(id).unwrap();
    assert_eq!(history.events().last().unwrap().note, "读者已购书");
}

#[test]
fn a_parcel_holds_what_goes_to_one_library_or_nothing_happens() {
    let hall = Hall::new();
    let (first, second, third) = (hall.asked(1), hall.asked(2), hall.asked(3));
    let item = |id, barcode: &str| {
        let shipment = Shipment { barcodes: vec![barcode.into()], ..Shipment::default() };
        (id, Words { shipment, ..Words::default() })
    };
    let packing = |items| Packing { goes: Direction::Out, items, tracking: "SF100".into() };
    let pack = |items| hall.counter.pack(&hall.lender, &packing(items), at(MORNING), [1; 6]).unwrap();
    hall.act(Side::Borrowing, third, Act::Close, &because("不需要了")).unwrap();
    let refused = pack(vec![item(first, "00123"), item(third, "00125")]);
    assert_eq!(refused, Err(NotDone::Bar(third, Bar::Ended(State::Cancelled))));
    assert_eq!(hall.state(first), State::AtCentre, "all or nothing");
    let number = pack(vec![item(first, "00123"), item(second, "00124")]).unwrap();
    assert_eq!((hall.state(first), hall.state(second)), (State::Shipped, State::Shipped));
    let parcel = hall.counter.store.parcel(&number).unwrap().unwrap();
    assert_eq!(
        (parcel.recipient.as_str(), parcel.items.len(), parcel.tracking.as_str()),
        ("BJFU", 2, "SF100")
    );
    assert_eq!((&*parcel.items[0].barcodes[0], &*parcel.items[0].call_number), ("00123", "S72/12"));
    let day = date("2026-11-30");
    assert_eq!(hall.counter.store.parcels("PKU", day, day).unwrap(), vec![parcel]);
    let months = hall.counter.store.parcels_by_month(date("2026-11-01"), day).unwrap();
    assert_eq!(months, vec![("PKU".to_owned(), "2026-11".to_owned(), 1)]);
    assert_eq!(pack(vec![]), Err(NotDone::Nothing));
}

#[test]
fn what_goes_with_a_courier_is_a_parcel_also_when_it_goes_alone() {
    let hall = Hall::new();
    let (first, second, fetched) = (hall.asked(1), hall.asked(2), hall.asked(3));
    let words = |tracking: &str, barcode: &str| {
        let (tracking, barcodes) = (tracking.to_owned(), vec![barcode.to_owned()]);
        Words { shipment: Shipment { tracking, barcodes, ..Shipment::default() }, ..Words::default() }
    };
    let send = |id, words: &Words, n| {
        let packing = Packing::of_one(Side::Lending, Act::Ship, id, words).unwrap();
        hall.counter.pack(&hall.lender, &packing, at("11-30T10:00:00"), [n; 6]).unwrap().unwrap()
    };
    let one = send(first, &words("SF7", "00123"), 1);
    assert_eq!(send(second, &words("SF7", "00124"), 2), one, "the courier has one parcel of this number");
    let parcel = hall.counter.store.parcel(&one).unwrap().unwrap();
    assert_eq!((parcel.tracking.as_str(), parcel.items.len()), ("SF7", 2));
    assert_eq!(Packing::of_one(Side::Lending, Act::Ship, fetched, &words(" ", "1")).map(drop), None);
    assert_eq!(Packing::of_one(Side::Borrowing, Act::Receive, first, &words("SF8", "1")).map(drop), None);
    let day = date("2026-11-30");
    assert_eq!(hall.counter.store.parcels_by_month(day, day).unwrap()[0].2, 1);
}

#[test]
fn what_one_cannot_another_is_asked_for() {
    let hall = Hall::new();
    let id = hall.asked(1);
    let next = AskNext { supplier: "RUC", call_number: "S7/9", rest: None };
    let ask = |next: &AskNext<'_>, n| {
        hall.counter.ask_next(&hall.borrower, id, next, at("11-30T11:00:00"), [n; 16]).unwrap()
    };
    assert!(matches!(ask(&next, 1), Err(NotDone::Bar(..))), "it is under way with one lender");
    hall.act(Side::Lending, id, Act::Unfill, &because("在架未找到")).unwrap();
    assert_eq!(hall.waiting(Side::Borrowing, "11-30T11:00:00"), vec![(id, Attention::NoLender)]);
    let request = hall.counter.store.request(id).unwrap().unwrap();
    let holder =
        |code: &str| Holder { code: code.into(), call_number: "S7/9".into(), lendable: None, holds: true };
    let holders = ["BJFU", "PKU", "RUC"].map(holder).into();
    let ranked = hall.counter.lenders(&request, holders, at("11-30T11:00:00")).unwrap();
    let codes: Vec<&str> = ranked.iter().map(|one| one.candidate.code.as_str()).collect();
    assert_eq!(codes, ["RUC", "PKU"], "not the own library, and last who was asked");
    let new = ask(&next, 2).unwrap();
    let request = hall.counter.store.request(new).unwrap().unwrap();
    assert_eq!((request.form.supplier.as_str(), request.state), ("RUC", State::Queued));
    assert_eq!(request.account, Some(hall.reader.id));
    let (before, after) = hall.counter.store.links(new).unwrap();
    assert_eq!((before.map(|link| link.id), after), (Some(id), vec![]));
    assert_eq!(hall.waiting(Side::Borrowing, "11-30T11:00:00"), vec![]);
    assert_eq!(ask(&next, 3), Ok(new), "pressed twice");
    let elsewhere = AskNext { supplier: "BIT", ..next.clone() };
    let refused = |asked| matches!(asked, Err(NotDone::AskedElsewhere(open)) if open.id == new);
    assert!(refused(ask(&elsewhere, 4)), "while RUC is asked");
    let ruc = LibraryCode::new("RUC");
    let unfills = |id| {
        hall.counter.store.carry_here(at(MORNING)).unwrap();
        let by = (&ruc, Party::Lender);
        hall.counter.store.record_event(id, by, &Event::Unfill, "", at(MORNING)).unwrap().unwrap().unwrap();
    };
    staff(&hall.counter.store, "RUC", AccountRole::Staff);
    unfills(new);
    let third = hall.counter.ask_next(&hall.borrower, new, &elsewhere, at("11-30T12:00:00"), [5; 16]);
    let third = third.unwrap().unwrap();
    assert_eq!(ask(&elsewhere, 6), Ok(third), "it has taken the place of both");
}

#[test]
fn of_a_part_the_rest_becomes_a_request() {
    let hall = Hall::new();
    let id = hall.asked(1);
    let part =
        Words { shipment: Shipment { missing: "下册".into(), ..Shipment::default() }, ..Words::default() };
    let next = AskNext { supplier: "RUC", call_number: "S7/9", rest: Some("下册") };
    let ask = || hall.counter.ask_next(&hall.borrower, id, &next, at("11-30T11:00:00"), [2; 16]).unwrap();
    assert!(matches!(ask(), Err(NotDone::Bar(..))));
    hall.act(Side::Lending, id, Act::Ship, &part).unwrap();
    let rest = ask().unwrap();
    assert_eq!(hall.counter.store.request(rest).unwrap().unwrap().form.volume, "下册");
    assert_eq!(hall.counter.store.links(id).unwrap().1[0].why, LinkReason::Rest);
    assert_eq!(ask(), Ok(rest), "pressed twice");
    let other = AskNext { rest: Some("附册"), ..next.clone() };
    let other = hall.counter.ask_next(&hall.borrower, id, &other, at("11-30T11:00:00"), [3; 16]).unwrap();
    assert!(other.is_ok_and(|id| id != rest), "another volume is another thing");
}

#[test]
fn the_clock_makes_loans_overdue_and_reminds_once() {
    let hall = Hall::new();
    let id = hall.on_loan("2026-12-10");
    let look = |time: &str| {
        let told = look_after_loans(&hall.counter.store, &hall.counter.zone, at(time)).unwrap();
        told.into_iter().map(|told| told.reminder).collect::<Vec<_>>()
    };
    use crate::requests::Reminder;
    assert_eq!(look("12-02T23:00:00"), vec![]);
    assert_eq!(look("12-03T00:10:00"), vec![Reminder::Week]);
    assert_eq!(look("12-04T09:00:00"), vec![]);
    assert_eq!(look("12-09T09:00:00"), vec![Reminder::Day]);
    assert_eq!(look("12-11T09:00:00"), vec![Reminder::Overdue]);
    assert_eq!((hall.state(id), look("12-12T09:00:00")), (State::Overdue, vec![]));
    hall.act(Side::Borrowing, id, Act::Return, &Words::default()).unwrap();
    assert_eq!(look("12-20T09:00:00"), vec![]);
}

#[test]
fn a_clock_that_stood_wrong_leaves_no_loan_overdue_and_keeps_no_reminder_back() {
    use std::time::Duration;

    use crate::requests::Reminder;
    let hall = Hall::new();
    let id = hall.on_loan("2026-12-10");
    let store = &hall.counter.store;
    let look = |now: Timestamp| {
        let told = look_after_loans(store, &hall.counter.zone, now).unwrap();
        told.into_iter().map(|told| told.reminder).collect::<Vec<_>>()
    };
    let (second, ten_years) = (Duration::from_secs(1), SignedDuration::from_hours(3650 * 24));
    store.begin_life(1, at("12-04T09:00:00")).unwrap();
    assert_eq!(look(at("12-04T09:00:00")), vec![Reminder::Week]);
    // For as long as it is in doubt it does nothing, seen already or not.
    let ahead = at("12-04T09:00:01") + ten_years;
    assert_eq!(look(ahead), vec![]);
    store.live_on(second, ahead).unwrap();
    assert_eq!((look(ahead), hall.state(id)), (vec![], State::OnLoan));
    // Nobody puts it right for a day: then it is believed.
    let believed = ahead + SignedDuration::from_hours(24);
    store.live_on(second * 86_400, believed).unwrap();
    assert_eq!((look(believed), hall.state(id)), (vec![Reminder::Overdue], State::Overdue));
    // Put right, and believed again: the loan is as it was, and reminders come in their time.
    store.live_on(second, at("12-05T09:00:02")).unwrap();
    assert_eq!((look(at("12-05T09:00:02")), hall.state(id)), (vec![], State::Overdue));
    store.live_on(second * 86_400, at("12-06T09:00:02")).unwrap();
    assert_eq!((look(at("12-06T09:00:02")), hall.state(id)), (vec![], State::OnLoan));
    for (day, reminder) in
        [("12-07", None), ("12-09", Some(Reminder::Day)), ("12-11", Some(Reminder::Overdue))]
    {
        let now = at(&format!("{day}T09:00:00"));
        store.note_contact(Some(0), now).unwrap();
        store.live_on(second * 86_400, now).unwrap();
        store.note_contact(Some(0), now).unwrap();
        assert_eq!(look(now), reminder.into_iter().collect::<Vec<_>>(), "{day}");
    }
    assert_eq!(hall.state(id), State::Overdue);
}

#[test]
fn the_common_vacation_moves_what_is_out() {
    use crate::store::{Answer, CalendarEntry, DayKind};
    let hall = Hall::new();
    let store = &hall.counter.store;
    let (early, lent, late, recalled) = (hall.asked(1), hall.asked(2), hall.asked(3), hall.asked(4));
    let sends = |id, time: &str, due: &str| {
        let words = Words { day: Some(date(due)), ..Words::default() };
        hall.counter.act(hall.clerk(Side::Lending), id, Act::Ship, &words, at(time)).unwrap().unwrap();
    };
    sends(early, MORNING, "2026-12-30");
    for (id, due) in [(lent, "2027-01-02"), (late, "2027-04-01"), (recalled, "2027-01-02")] {
        sends(id, "12-03T09:00:00", due);
    }
    let now = |act, id| hall.act(Side::Borrowing, id, act, &Words::default()).unwrap();
    now(Act::Receive, lent);
    now(Act::CheckOut, lent);
    let sooner = Words { day: Some(date("2026-12-24")), ..Words::default() };
    hall.act(Side::Lending, recalled, Act::Recall, &sooner).unwrap();
    let vacation = |exempt: &[&str], last| {
        let exempt = exempt.iter().map(|code| (*code).to_owned()).collect();
        let (kind, first, note) = (DayKind::Vacation, date("2026-12-01"), String::new());
        let entry = CalendarEntry { id: 0, library: None, kind, first, last: date(last), exempt, note };
        store.add_calendar_entry(&entry, hall.lender.id, at(MORNING)).unwrap();
    };
    let extend = |time: &str| extend_loans(store, &hall.counter.zone, at(time)).unwrap();
    let due = |id| store.request(id).unwrap().unwrap().due.unwrap().to_string();
    vacation(&["PKU"], "2027-03-15");
    assert_eq!(extend("12-04T09:00:00"), 0, "the lender takes no part");
    vacation(&["NLC"], "2027-03-01");
    assert_eq!((extend("12-04T09:00:00"), extend("12-04T09:00:00")), (1, 0), "and once");
    let days = [due(early), due(lent), due(late), due(recalled)];
    assert_eq!(days, ["2026-12-30", "2027-03-01", "2027-04-01", "2026-12-24"]);
    let letter = &store.letters(hall.reader.id, 1).unwrap()[0];
    assert_eq!(letter.answer, Some(Answer::Extended));
    assert_eq!((letter.day.as_str(), letter.text.as_str()), ("2027-03-01", ""));
    assert_eq!(store.history(lent).unwrap().n_renewals(), 0);
}
