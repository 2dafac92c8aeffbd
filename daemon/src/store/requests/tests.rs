//! Requests, their events and messages are kept together, and a key makes one of them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use super::*;
use crate::trial;

struct Desk {
    store: Store,
    account: AccountId,
    library: LibraryCode,
    _folder: tempfile::TempDir,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn id(n: u8) -> RequestId {
    RequestId::new(at(i64::from(n)), [n; 10])
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let account = trial::reader(&store, at(0)).id;
        Self { store, account, library: LibraryCode::new("BJFU"), _folder: folder }
    }

    fn submit(&self, n: u8, title: &str, key: Option<([u8; 32], [u8; 32])>) -> Submitted {
        let form = RequestForm { title: title.into(), supplier: "PKU".into(), ..RequestForm::default() };
        let number = format!("BJFU-261129-{n:06}");
        let new = NewRequest {
            id: id(n),
            number: &number,
            account: self.account,
            library: &self.library,
            form: &form,
            party: Party::Reader,
            key,
            is_barred: false,
        };
        self.store.submit_request(&new, at(n.into())).unwrap()
    }

    fn happens(&self, n: u8, party: Party, event: &Event) -> std::result::Result<State, Bar> {
        let by = (&self.library, party);
        let standing = self.store.record_event(id(n), by, event, "", at(100)).unwrap().unwrap();
        standing.map(|standing| standing.state)
    }

    fn messages(&self) -> Vec<(u32, String, &'static str)> {
        let all = self.store.messages().unwrap();
        all.into_iter().map(|message| (message.n, message.kind, message.delivery.code())).collect()
    }

    fn titles(&self, filter: &RequestFilter) -> (u32, Vec<String>) {
        let (total, found) = self.store.requests_of(self.account, filter).unwrap();
        (total, found.into_iter().map(|request| request.form.title).collect())
    }
}

#[test]
fn a_request_is_there_with_its_event_and_its_message() {
    let desk = Desk::new();
    assert_eq!(desk.submit(1, "森林培育学", None), Submitted::New);
    let request = desk.store.request(id(1)).unwrap().unwrap();
    assert_eq!((request.state, request.account, request.created), (State::Queued, Some(desk.account), at(1)));
    assert_eq!(desk.messages(), vec![(1, "request".to_owned(), "pending")]);
    let history = desk.store.history(id(1)).unwrap();
    assert_eq!(
        history.events().map(|recorded| recorded.event.clone()).collect::<Vec<_>>(),
        vec![Event::Submit]
    );
    assert_eq!(history.standing().0.state, request.state);
    assert_eq!(desk.store.open_requests(desk.account).unwrap(), 1);
}

#[test]
fn the_same_key_brings_the_same_request() {
    let desk = Desk::new();
    let key = Some(([7; 32], [1; 32]));
    assert_eq!(desk.submit(1, "森林培育学", key), Submitted::New);
    assert_eq!(desk.submit(2, "森林培育学", key), Submitted::Known(id(1)));
    assert_eq!(desk.submit(3, "树木学", Some(([7; 32], [2; 32]))), Submitted::OtherBody);
    assert_eq!((desk.titles(&RequestFilter::default()).0, desk.messages().len()), (1, 1));
}

#[test]
fn what_is_withdrawn_at_home_is_never_sent() {
    let desk = Desk::new();
    desk.submit(1, "森林培育学", None);
    assert_eq!(desk.happens(1, Party::Reader, &Event::AskCancel), Ok(State::Cancelled));
    assert_eq!(desk.messages(), vec![(1, "request".to_owned(), "dead")]);
    assert_eq!(desk.happens(1, Party::Reader, &Event::AskCancel), Err(Bar::Ended(State::Cancelled)));
    assert_eq!(desk.store.history(id(1)).unwrap().events().count(), 2);
    assert_eq!(desk.store.open_requests(desk.account).unwrap(), 0);
    assert_eq!(desk.store.requests_since(&desk.library, "PKU", at(0)).unwrap(), 0);
}

#[test]
fn what_was_sent_is_withdrawn_by_a_message_behind_it() {
    let desk = Desk::new();
    desk.submit(1, "森林培育学", None);
    desk.happens(1, Party::Branch, &Event::Transmit).unwrap();
    assert_eq!(desk.happens(1, Party::Reader, &Event::AskCancel), Ok(State::CancelPending));
    let expected = [(1, "request".to_owned(), "pending"), (2, "cancel".to_owned(), "pending")];
    assert_eq!(desk.messages(), expected);
    let due = "2026-12-29".parse().unwrap();
    assert_eq!(desk.happens(1, Party::Lender, &Event::Ship { due: Some(due) }), Ok(State::Shipped));
    let request = desk.store.request(id(1)).unwrap().unwrap();
    assert_eq!((request.state, request.due, request.changed), (State::Shipped, Some(due), at(100)));
    assert_eq!(desk.store.requests_since(&desk.library, "PKU", at(0)).unwrap(), 1);
    assert_eq!(
        desk.store.record_event(id(9), (&desk.library, Party::Reader), &Event::Edit, "", at(1)).unwrap(),
        None
    );
}

#[test]
fn a_list_is_filtered_and_cut_into_pages() {
    let desk = Desk::new();
    for n in 1..=45 {
        desk.submit(n, if n % 2 == 0 { "树木学 JAVA" } else { "森林培育学" }, None);
    }
    desk.happens(3, Party::Reader, &Event::AskCancel).unwrap();
    let page = |page| desk.titles(&RequestFilter { page, ..RequestFilter::default() });
    assert_eq!((page(1).0, page(1).1.len(), page(3).1.len(), page(4).1.len()), (45, 20, 5, 0));
    let total = |filter: RequestFilter| desk.titles(&filter).0;
    assert_eq!(total(RequestFilter { words: " java".into(), ..RequestFilter::default() }), 22);
    assert_eq!(total(RequestFilter { words: "261129-000007".into(), ..RequestFilter::default() }), 1);
    assert_eq!(total(RequestFilter { words: "%".into(), ..RequestFilter::default() }), 0);
    assert_eq!(total(RequestFilter { state: Some(State::Cancelled), ..RequestFilter::default() }), 1);
    assert_eq!(total(RequestFilter { supplier: "THU".into(), ..RequestFilter::default() }), 0);
    let span = RequestFilter { from: Some(at(10)), until: Some(at(20)), ..RequestFilter::default() };
    assert_eq!(total(span), 10);
    let mut n_all = 0;
    desk.store
        .each_request(|request, history| {
            assert_eq!(history.standing().0.state, request.state);
            n_all += 1;
        })
        .unwrap();
    assert_eq!(n_all, 45);
}
