//! What happened to a request, as readers and librarians are told it: when, what, by whom, with which words.

use daemon::requests::{EXTENDED, Event, Party, Recorded, Shipment};
use jiff::tz::TimeZone;

use crate::i18n::Lang;
use crate::requests::moment;

/// One event.
pub(crate) struct EventRow {
    pub(crate) at: String,
    pub(crate) what: String,
    pub(crate) who: &'static str,
    pub(crate) notes: Vec<String>,
}

/// An event in a language.
pub(crate) fn event_row(recorded: &Recorded, zone: &TimeZone, lang: Lang) -> EventRow {
    if recorded.note == EXTENDED {
        return extended(recorded, zone, lang);
    }
    EventRow {
        at: moment(recorded.at, zone),
        what: what(recorded, lang),
        who: party(recorded.party, lang),
        notes: notes(&recorded.note, lang),
    }
}

fn what(recorded: &Recorded, lang: Lang) -> String {
    let is_answer = matches!(recorded.event, Event::AnswerCancel { .. } | Event::AnswerRenew { .. });
    if is_answer && recorded.party == Party::Branch {
        // The lender never heard the question.
        return lang.t("request.did_not_take").to_owned();
    }
    with_value(lang.t(event_key(&recorded.event)), &recorded.event, lang)
}

// It comes as the answer to a renewal, but nobody asked.
fn extended(recorded: &Recorded, zone: &TimeZone, lang: Lang) -> EventRow {
    let due = match recorded.event {
        Event::AnswerRenew { due, .. } => due,
        _ => None,
    };
    EventRow {
        at: moment(recorded.at, zone),
        what: with_value(lang.t("request.did_extend"), &Event::Ship { due }, lang),
        who: party(recorded.party, lang),
        notes: Vec::new(),
    }
}

/// Who acted.
pub(crate) fn party(party: Party, lang: Lang) -> &'static str {
    lang.t(match party {
        Party::Reader => "request.by_reader",
        Party::Requester => "request.by_requester",
        Party::Lender => "request.by_lender",
        Party::Centre => "request.by_centre",
        Party::Branch => "request.by_branch",
    })
}

/// The lines of a note; what travels is named in the language, and what the program said is said in it.
pub(crate) fn notes(note: &str, lang: Lang) -> Vec<String> {
    let Shipment { barcodes, tracking, parcel, missing, words } = Shipment::of_note(note);
    let parts = [
        ("counter.note_barcodes", barcodes.join(" ")),
        ("counter.note_tracking", tracking),
        ("counter.note_parcel", parcel),
        ("counter.note_missing", missing),
    ];
    let named = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let named = named.map(|(key, text)| lang.fill(key, &[("text", &text)]));
    named.chain(words.lines().map(|line| lang.reason(line))).collect()
}

// An answer is yes or no, a loan has a day.
fn with_value(said: &str, event: &Event, lang: Lang) -> String {
    let (granted, due) = match event {
        Event::AnswerCancel { granted } => (Some(*granted), None),
        Event::AnswerRenew { granted, due } => (Some(*granted), *due),
        Event::Ship { due } | Event::Recall { due } => (None, *due),
        _ => (None, None),
    };
    let answer = granted.map(|yes| lang.t(if yes { "counter.yes" } else { "counter.no" }).to_owned());
    let due = due.map(|day| lang.fill("counter.due_on", &[("day", &day.to_string())]));
    [Some(said.to_owned()), answer, due].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn event_key(event: &Event) -> &'static str {
    match event {
        Event::Submit => "request.did_submit",
        Event::Edit => "request.did_edit",
        Event::Transmit => "request.did_transmit",
        Event::CentreReceipt => "request.did_centre_receipt",
        Event::Reject => "request.did_reject",
        Event::Expire => "request.did_expire",
        Event::AskCancel => "request.did_ask_cancel",
        Event::Acknowledge => "request.did_acknowledge",
        Event::Accept => "request.did_accept",
        Event::Condition => "request.did_condition",
        Event::AgreeCondition => "request.did_agree_condition",
        Event::RefuseCondition => "request.did_refuse_condition",
        Event::Unfill => "request.did_unfill",
        Event::OfferRetry => "request.did_offer_retry",
        Event::AnswerCancel { .. } => "request.did_answer_cancel",
        Event::Ship { .. } => "request.did_ship",
        Event::Receive => "request.did_receive",
        Event::CheckOut => "request.did_check_out",
        Event::BecomeOverdue => "request.did_become_overdue",
        Event::TakeBackOverdue => "request.did_take_back_overdue",
        Event::AskRenew => "request.did_ask_renew",
        Event::AnswerRenew { .. } => "request.did_answer_renew",
        Event::Recall { .. } => "request.did_recall",
        Event::Return => "request.did_return",
        Event::CheckIn => "request.did_check_in",
        Event::Lose => "request.did_lose",
        Event::Close => "request.did_close",
        Event::AskStatus => "request.did_ask_status",
        Event::TellStatus => "request.did_tell_status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_says_is_said_in_the_language_and_what_people_say_stays() {
        let said = |note: &str, lang| notes(note, lang).join(" | ");
        let parcel = "条码 A001\n运单 SF123\n缺 第二册\nmind the 封面";
        assert_eq!(
            said(parcel, Lang::En),
            "Barcodes A001 | Tracking number SF123 | Not included: 第二册 | mind the 封面"
        );
        let withdrawn = "withdrawn from the queue by a librarian";
        assert_eq!(said(withdrawn, Lang::ZhHans), "馆员从发送队列中撤销");
        assert_eq!(said(withdrawn, Lang::En), withdrawn);
    }
}
