//! Every event in every state, as a table, and what holds of any sequence of them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::super::event::Event;
use super::super::standing::Standing;
use super::super::state::State;
use super::{Bar, Step};

const DUE: Date = date(2026, 12, 31);

/// One of each; an answer may be yes or no.
fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("submit", Event::Submit),
        ("edit", Event::Edit),
        ("transmit", Event::Transmit),
        ("receipt", Event::CentreReceipt),
        ("reject", Event::Reject),
        ("expire", Event::Expire),
        ("cancel?", Event::AskCancel),
        ("acknowledge", Event::Acknowledge),
        ("accept", Event::Accept),
        ("condition", Event::Condition),
        ("agree", Event::AgreeCondition),
        ("refuse", Event::RefuseCondition),
        ("unfill", Event::Unfill),
        ("retry", Event::OfferRetry),
        ("cancel-yes", Event::AnswerCancel { granted: true }),
        ("cancel-no", Event::AnswerCancel { granted: false }),
        ("ship", Event::Ship { due: Some(DUE) }),
        ("receive", Event::Receive),
        ("check-out", Event::CheckOut),
        ("overdue", Event::BecomeOverdue),
        ("overdue-not", Event::TakeBackOverdue),
        ("renew?", Event::AskRenew),
        ("renew-yes", Event::AnswerRenew { granted: true, due: Some(DUE) }),
        ("renew-no", Event::AnswerRenew { granted: false, due: None }),
        ("recall", Event::Recall { due: None }),
        ("return", Event::Return),
        ("check-in", Event::CheckIn),
        ("lose", Event::Lose),
        ("close", Event::Close),
        ("status?", Event::AskStatus),
        ("status", Event::TellStatus),
    ]
}

/// Per state: what leads where; `~` stands for a late report. All else is refused.
const TABLE: &[(State, &str)] = &[
    (State::Draft, "submit>queued"),
    (State::Queued, "edit>draft transmit>sent expire>expired cancel?>cancelled"),
    (
        State::Sent,
        "transmit>sent receipt>at_centre reject>rejected cancel?>cancel_pending acknowledge>acknowledged \
         accept>accepted condition>conditional unfill>unfilled retry>retry_possible cancel-yes>cancelled cancel-no~ \
         ship>shipped receive>sent renew-yes~ renew-no~ recall~ check-in~ close>cancelled status?>sent status~",
    ),
    (
        State::AtCentre,
        "receipt~ reject>rejected cancel?>cancel_pending acknowledge>acknowledged accept>accepted \
         condition>conditional unfill>unfilled retry>retry_possible cancel-yes>cancelled cancel-no~ ship>shipped \
         receive>at_centre renew-yes~ renew-no~ recall~ check-in~ close>cancelled status?>at_centre status~",
    ),
    (
        State::Acknowledged,
        "receipt~ cancel?>cancel_pending acknowledge~ accept>accepted condition>conditional unfill>unfilled \
         retry>retry_possible cancel-yes>cancelled cancel-no~ ship>shipped receive>acknowledged renew-yes~ renew-no~ \
         recall~ check-in~ close>cancelled status?>acknowledged status~",
    ),
    (
        State::Conditional,
        "receipt~ cancel?>cancel_pending acknowledge~ accept>accepted condition~ agree>accepted \
         refuse>cancel_pending unfill>unfilled retry>retry_possible cancel-yes>cancelled cancel-no~ ship>shipped \
         receive>conditional renew-yes~ renew-no~ recall~ check-in~ close>cancelled status?>conditional status~",
    ),
    (
        State::Accepted,
        "receipt~ cancel?>cancel_pending acknowledge~ accept~ condition~ unfill>unfilled retry>retry_possible \
         cancel-yes>cancelled cancel-no~ ship>shipped receive>accepted renew-yes~ renew-no~ recall~ check-in~ \
         close>cancelled status?>accepted status~",
    ),
    (
        State::Shipped,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship>shipped receive>received \
         renew-yes>shipped renew-no~ recall>shipped check-in>completed lose>lost close>completed status?>shipped status~",
    ),
    (
        State::Received,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship~ check-out>on_loan \
         renew?>received renew-yes>received renew-no>received recall>recalled return>returning check-in>completed lose>lost close>completed status?>received status~",
    ),
    (
        State::OnLoan,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship~ overdue>overdue \
         renew?>on_loan renew-yes>on_loan renew-no>on_loan recall>recalled return>returning check-in>completed \
         lose>lost close>completed status?>on_loan status~",
    ),
    (
        State::Overdue,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship~ \
         overdue-not>on_loan renew?>overdue renew-yes>on_loan renew-no>overdue recall>recalled return>returning check-in>completed lose>lost \
         close>completed status?>overdue status~",
    ),
    (
        State::Recalled,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship~ renew-yes~ \
         renew-no>recalled recall~ return>returning check-in>completed lose>lost close>completed status?>recalled status~",
    ),
    (
        State::Returning,
        "receipt~ acknowledge~ accept~ condition~ unfill~ retry~ cancel-yes~ cancel-no~ ship~ renew-yes~ \
         renew-no~ recall~ check-in>completed lose>lost close>completed status?>returning status~",
    ),
];

/// While a withdrawal is under way, by the state it was asked for in.
const CANCELLING: &[(State, &str)] = &[
    (
        State::Sent,
        "transmit>cancel_pending receipt>cancel_pending reject>rejected acknowledge>cancel_pending \
         accept>cancel_pending condition>cancel_pending unfill>unfilled retry>retry_possible \
         cancel-yes>cancelled cancel-no>sent ship>shipped receive>cancel_pending renew-yes~ renew-no~ recall~ \
         check-in~ close>cancelled status?>cancel_pending status~",
    ),
    (
        State::Accepted,
        "receipt~ acknowledge~ accept~ condition~ unfill>unfilled retry>retry_possible cancel-yes>cancelled \
         cancel-no>accepted ship>shipped receive>cancel_pending renew-yes~ renew-no~ recall~ check-in~ \
         close>cancelled status?>cancel_pending status~",
    ),
];

fn said(standing: Standing, event: &Event) -> Option<String> {
    match standing.after(event) {
        Ok(Step::To(next)) => Some(format!(">{}", next.state)),
        Ok(Step::Late) => Some("~".to_owned()),
        Err(_) => None,
    }
}

fn check(standing: Standing, row: &str) {
    let found: Vec<String> = events()
        .iter()
        .filter_map(|(name, event)| said(standing, event).map(|said| format!("{name}{said}")))
        .collect();
    assert_eq!(found, row.split_whitespace().collect::<Vec<_>>(), "in {standing:?}");
}

fn at(state: State) -> Standing {
    Standing { state, ..Standing::default() }
}

#[test]
fn every_event_in_every_state() {
    for (state, row) in TABLE {
        check(at(*state), row);
    }
    let in_tables = TABLE.len() + 1 + State::ALL.iter().filter(|state| state.is_final()).count();
    assert_eq!(in_tables, State::ALL.len());
}

#[test]
fn every_event_while_a_withdrawal_is_under_way() {
    for (before, row) in CANCELLING {
        let Ok(Step::To(standing)) = at(*before).after(&Event::AskCancel) else { panic!("{before}") };
        assert_eq!(standing.state, State::CancelPending);
        check(standing, row);
    }
}

#[test]
fn what_has_ended_only_takes_notes() {
    for state in State::ALL.into_iter().filter(|state| state.is_final()) {
        for (name, event) in events() {
            let after = at(state).after(&event);
            let expected = if event.is_report() { Ok(Step::Late) } else { Err(Bar::Ended(state)) };
            assert_eq!(after, expected, "{name} in {state}");
        }
    }
}

fn after_all(events: &[Event]) -> Standing {
    events.iter().fold(Standing::default(), |standing, event| match standing.after(event) {
        Ok(Step::To(next)) => next,
        _ => standing,
    })
}

#[test]
fn a_no_goes_back_to_what_the_lender_said_meanwhile() {
    let events = [Event::Submit, Event::Transmit, Event::AskCancel, Event::CentreReceipt, Event::Accept];
    let standing = after_all(&events);
    assert_eq!(standing.state, State::CancelPending);
    let Ok(Step::To(back)) = standing.after(&Event::AnswerCancel { granted: false }) else { panic!() };
    assert_eq!(back, at(State::Accepted));
}

#[test]
fn what_was_received_before_it_was_sent_is_there_when_that_is_said() {
    let events = [Event::Submit, Event::Transmit, Event::Receive, Event::Ship { due: Some(DUE) }];
    let standing = after_all(&events);
    assert_eq!((standing.state, standing.due), (State::Received, Some(DUE)));
    let cancelling = [Event::Submit, Event::Transmit, Event::AskCancel, Event::Receive];
    let standing = after_all(&[&cancelling[..], &[Event::Ship { due: None }]].concat());
    assert_eq!(standing.state, State::Received);
}

#[test]
fn a_renewal_is_asked_for_once_and_moves_the_day() {
    let lent = Standing { due: Some(DUE), ..at(State::Overdue) };
    let Ok(Step::To(asked)) = lent.after(&Event::AskRenew) else { panic!() };
    assert_eq!(asked.after(&Event::AskRenew), Err(Bar::RenewalAsked));
    let later = date(2027, 1, 31);
    let yes = Event::AnswerRenew { granted: true, due: Some(later) };
    assert_eq!(asked.after(&yes), Ok(Step::To(Standing { due: Some(later), ..at(State::OnLoan) })));
    let no = Event::AnswerRenew { granted: false, due: None };
    assert_eq!(asked.after(&no), Ok(Step::To(lent)));
    let Ok(Step::To(recalled)) = asked.after(&Event::Recall { due: None }) else { panic!() };
    assert_eq!((recalled.state, recalled.due), (State::Recalled, Some(DUE)));
}

#[test]
fn the_lender_says_the_day_as_long_as_nothing_has_come() {
    let sent = Standing { due: Some(DUE), ..at(State::Shipped) };
    let later = date(2027, 1, 31);
    let Ok(Step::To(told)) = sent.after(&Event::Ship { due: Some(later) }) else { panic!() };
    assert_eq!(told, Standing { due: Some(later), ..sent });
    assert_eq!(told.after(&Event::Ship { due: Some(later) }), Ok(Step::To(told)));
    assert_eq!(told.after(&Event::Ship { due: None }), Ok(Step::Late), "no day says nothing new");
    let there = Standing { due: Some(DUE), ..at(State::OnLoan) };
    assert_eq!(there.after(&Event::Ship { due: Some(later) }), Ok(Step::Late));
}

#[test]
fn a_lender_that_hears_of_no_check_out_renews_all_the_same() {
    let there = Standing { due: Some(DUE), ..at(State::Received) };
    let Ok(Step::To(asked)) = there.after(&Event::AskRenew) else { panic!() };
    assert_eq!((asked.state, asked.renewal_asked), (State::Received, true));
    assert_eq!(asked.after(&Event::AskRenew), Err(Bar::RenewalAsked));
    let later = date(2027, 1, 31);
    let yes = Event::AnswerRenew { granted: true, due: Some(later) };
    assert_eq!(asked.after(&yes), Ok(Step::To(Standing { due: Some(later), ..there })));
    assert_eq!(asked.after(&Event::AnswerRenew { granted: false, due: None }), Ok(Step::To(there)));
}

#[test]
fn a_withdrawal_that_seemed_to_have_failed_counts_when_the_lender_grants_it() {
    let asked = [Event::Submit, Event::Transmit, Event::Accept, Event::AskCancel];
    let no = Event::AnswerCancel { granted: false };
    let standing = after_all(&[&asked[..], std::slice::from_ref(&no)].concat());
    assert_eq!(standing, at(State::Accepted));
    let yes = Event::AnswerCancel { granted: true };
    assert_eq!(standing.after(&yes), Ok(Step::To(at(State::Cancelled))));
    assert_eq!(at(State::Shipped).after(&yes), Ok(Step::Late), "the goods win");
}

fn any_event() -> impl Strategy<Value = Event> {
    proptest::sample::select(events()).prop_map(|(_, event)| event)
}

proptest! {
    #[test]
    fn nothing_that_left_becomes_unsent_and_nothing_that_ended_goes_on(
        events in proptest::collection::vec(any_event(), 0..40),
    ) {
        let mut standing = Standing::default();
        let (mut has_left, mut ended) = (false, None);
        for event in &events {
            let Ok(Step::To(next)) = standing.after(event) else { continue };
            prop_assert_eq!(ended, None);
            has_left |= *event == Event::Transmit;
            prop_assert!(!has_left || !next.state.is_at_home());
            prop_assert_eq!(next.before_cancel.is_some(), next.state == State::CancelPending);
            prop_assert!(!next.renewal_asked || next.state.is_lent());
            ended = next.state.is_final().then_some(next.state);
            standing = next;
        }
    }

    #[test]
    fn a_report_twice_is_a_report_once(
        events in proptest::collection::vec(any_event(), 0..20), twice in any_event(),
    ) {
        prop_assume!(twice.is_report());
        let once = after_all(&[&events[..], std::slice::from_ref(&twice)].concat());
        let again = after_all(&[&events[..], &[twice.clone(), twice]].concat());
        prop_assert_eq!(once, again);
    }
}
