//! What the pages of the counter share: the counter itself, its words, and how a form reaches it.

use daemon::counter::{Counter, NotDone, Words, Work};
use daemon::requests::{Act, Attention, Bar, Because, RequestId, Shipment, Side, Wants};
use daemon::settings::CentralKind;
use daemon::store::Account;
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use crate::ask::Asked;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::requests::{bar_sentence, moment, state_words, zone};
use crate::state::App;
use crate::wire::library_name;

/// The counter of this machine. It opens the store, so it blocks.
pub(crate) fn counter(app: &App) -> Result<Counter, WebError> {
    let store = app.store()?;
    let (rules, calendar) =
        daemon::calendars::in_force(&store, app.directory().rules().clone()).map_err(WebError::internal)?;
    let can_ask_status = app.settings().central.kind == CentralKind::Iso18626;
    Ok(Counter { store, rules, calendar, zone: zone(app), can_ask_status })
}

/// Address of the list of a side.
pub(crate) fn place(side: Side) -> &'static str {
    match side {
        Side::Borrowing => "/staff/requests",
        Side::Lending => "/staff/lending",
    }
}

/// Something to press, or to go to where more must be said.
pub(crate) struct Button {
    pub(crate) code: &'static str,
    pub(crate) label: String,
    pub(crate) is_plain: bool,
}

/// The button of an act.
pub(crate) fn button(act: Act, lang: Lang) -> Button {
    Button { code: act.code(), label: act_words(act, lang), is_plain: act.wants() == Wants::Nothing }
}

/// An act as a button says it.
pub(crate) fn act_words(act: Act, lang: Lang) -> String {
    lang.label("counter_act", act.code())
}

/// Why a request waits.
pub(crate) fn attention_words(attention: Attention, lang: Lang) -> String {
    let text = lang.label("counter_why", attention.code());
    match attention {
        Attention::Silence(days) => lang.fill("counter_why.silence", &[("n", &days.to_string())]),
        _ => text,
    }
}

/// A request as a row of a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) volume: String,
    pub(crate) call_number: String,
    pub(crate) other: String,
    pub(crate) reader: String,
    pub(crate) state: &'static str,
    pub(crate) state_words: &'static str,
    pub(crate) since: String,
    pub(crate) due: String,
    pub(crate) why: Option<String>,
    pub(crate) next: Option<Button>,
}

impl Row {
    pub(crate) fn new(app: &App, side: Side, work: &Work, lang: Lang) -> Self {
        let (request, form) = (&work.item.request, &work.item.request.form);
        let other = match side {
            Side::Borrowing => LibraryCode::new(form.supplier.as_str()),
            Side::Lending => request.library.clone(),
        };
        Self {
            id: request.id.to_string(),
            number: request.number.clone(),
            title: form.title.clone(),
            volume: form.volume.clone(),
            call_number: form.call_number.clone(),
            other: library_name(&app.members(), &other),
            reader: work.item.reader.clone().unwrap_or_default(),
            state: request.state.code(),
            state_words: state_words(request.state, lang),
            since: moment(request.changed, &zone(app)),
            due: request.due.map(|day| day.to_string()).unwrap_or_default(),
            why: work.attention.map(|attention| attention_words(attention, lang)),
            next: work.acts.first().map(|act| button(*act, lang)),
        }
    }
}

/// What was typed with an act; `of` is put behind the names of the fields where a form holds several requests.
pub(crate) fn words(asked: &Asked, of: &str) -> Words {
    let text = |name: &str| {
        let name = if of.is_empty() { name.to_owned() } else { format!("{name}-{of}") };
        let typed = asked.get(&name).unwrap_or_default();
        typed.chars().map(|c| if c.is_control() && !matches!(c, '\n') { ' ' } else { c }).collect::<String>()
    };
    Words {
        day: text("due").trim().parse().ok(),
        shipment: Shipment {
            barcodes: Shipment::barcodes_of(&text("barcodes")),
            tracking: text("tracking"),
            parcel: String::new(),
            missing: text("missing"),
            words: text("words"),
        },
    }
}

/// Why nothing was done, as a sentence.
pub(crate) fn not_done(why: &NotDone, lang: Lang) -> String {
    let key = match why {
        NotDone::Lender(bar) => return bar_sentence(bar, lang),
        NotDone::AskedElsewhere(open) => {
            let gaps = [("number", open.number.as_str()), ("supplier", open.supplier.as_str())];
            return lang.fill("counter.asked_elsewhere", &gaps);
        }
        NotDone::Unknown => "error.not_found",
        NotDone::NotYours => "counter.not_yours",
        NotDone::Bar(_, Bar::Ended(_)) => "request.has_ended",
        NotDone::Bar(_, Bar::RenewalAsked) => "request.renewal_asked",
        NotDone::Bar(_, Bar::NotIn(_)) => "request.not_now",
        NotDone::NoWords => "counter.no_words",
        NotDone::NoDay => "counter.no_day",
        NotDone::TooLong => "staff.too_long",
        NotDone::NoReader => "counter.no_reader",
        NotDone::Nothing => "request.none_ticked",
        NotDone::TwoPlaces => "counter.two_places",
    };
    lang.t(key).to_owned()
}

/// The error of what could not be done: another library's request is a closed door, not a missing page.
pub(crate) fn refused(why: &NotDone, lang: Lang) -> WebError {
    match why {
        NotDone::Unknown => WebError::NotFound,
        NotDone::NotYours => WebError::Forbidden,
        other => WebError::Refused(not_done(other, lang)),
    }
}

/// Why a library is asked first, or last.
pub(crate) fn because(because: &Because, lang: Lang) -> String {
    match because {
        Because::Barred(bar) => bar_sentence(bar, lang),
        Because::WasAsked => lang.t("counter.was_asked").to_owned(),
        Because::NotLendable => lang.t("counter.not_lendable").to_owned(),
        Because::HoldsNone => lang.t("counter.holds_none").to_owned(),
        Because::Open { load, hours: Some(hours) } => {
            lang.fill("counter.open_known", &[("load", &load.to_string()), ("hours", &hours.to_string())])
        }
        Because::Open { load, hours: None } => lang.fill("counter.open", &[("load", &load.to_string())]),
    }
}

/// Writes down that somebody asked for what belongs to another library.
pub(crate) fn note_refused(app: &App, account: &Account, what: &str, subject: &str) -> Result<(), WebError> {
    tracing::warn!(account = %account.id, library = account.library, what, subject, "refused");
    let line = daemon::store::NewAuditLine {
        account: account.id,
        library: &account.library,
        what: "refused",
        subject,
        note: what,
    };
    app.store()?.note_audit(&line, Timestamp::now()).map_err(WebError::internal)
}

/// The id in an address.
pub(crate) fn id_of(text: &str) -> Result<RequestId, WebError> {
    RequestId::parse(text).ok_or(WebError::NotFound)
}
