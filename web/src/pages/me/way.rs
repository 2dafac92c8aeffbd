//! The way of a request as five steps with their times: what is done, where it is now, what is to come.

use daemon::requests::{Event, History, State};
use jiff::tz::TimeZone;

use crate::i18n::Lang;
use crate::requests::moment;

/// One step.
pub(super) struct WayStep {
    /// `done`, `now`, `next`
    pub(super) class: &'static str,
    /// Key of its name.
    pub(super) name: &'static str,
    /// When it was reached.
    pub(super) at: String,
}

/// Key of its name, and which events it is reached by.
type Step = (&'static str, fn(&Event) -> bool);

/// How many of the five steps are done; `None` for what goes no such way any more.
fn reached(state: State) -> Option<usize> {
    Some(match state {
        State::Queued => 1,
        State::Sent => 2,
        State::AtCentre => 3,
        State::Acknowledged | State::Conditional | State::Accepted | State::Shipped => 4,
        State::Received | State::OnLoan | State::Overdue | State::Recalled | State::Returning => 5,
        _ => return None,
    })
}

/// The steps, or none where the request has ended or is being withdrawn.
pub(super) fn way(history: &History, state: State, zone: &TimeZone, lang: Lang) -> Vec<WayStep> {
    let Some(reached) = reached(state) else { return Vec::new() };
    let steps: [Step; 5] = [
        ("request.did_submit", |e| *e == Event::Submit),
        ("request.did_transmit", |e| *e == Event::Transmit),
        ("request.did_centre_receipt", |e| *e == Event::CentreReceipt),
        ("request.did_acknowledge", |e| matches!(e, Event::Acknowledge | Event::Accept | Event::Ship { .. })),
        ("request.did_receive", |e| matches!(e, Event::Receive | Event::CheckOut)),
    ];
    let step = |(number, (name, is_it)): (usize, Step)| {
        let at = history.first(is_it).map(|at| moment(at, zone));
        let is_done = number < reached;
        WayStep {
            class: match number + 1 {
                n if n == reached => "now",
                _ if is_done => "done",
                _ => "next",
            },
            name,
            // A step that nobody reported was passed all the same.
            at: at
                .unwrap_or_else(|| if is_done { lang.t("request.passed").to_owned() } else { String::new() }),
        }
    };
    steps.into_iter().enumerate().map(step).collect()
}
