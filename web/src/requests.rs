//! What pages and API share about requests: how a form reaches the desk, and how the desk's answers are said.

use daemon::desk::{Asking, Desk, Refusal, Taken, Warning};
use daemon::keys::random;
use daemon::requests::{
    Bar, Fault, FaultCode, Field, LenderRules, MOST_NOTE_CHARACTERS, NotSubmitted, RequestForm, RequestId,
    State, WithdrawalBar,
};
use daemon::store::{Account, RequestFilter, StoredRequest};
use indexer::bib::LibraryCode;
use indexer::cluster::describes_set;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ask::Asked;
use crate::error::{BadRequest, WebError};
use crate::i18n::Lang;
use crate::state::App;

/// A value that is refused, with its sentence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Fault422 {
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

/// What a reader sent, whoever read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) form: RequestForm,
    pub(crate) is_confirmed: bool,
    /// Hash of the idempotency key, and of what came with it.
    pub(crate) key: Option<([u8; 32], [u8; 32])>,
}

/// What came of it.
pub(crate) enum Reply {
    Faults(Vec<Fault422>),
    Desk(Taken),
}

/// The desk of this machine. It opens the store, so it blocks.
pub(crate) fn desk(app: &App) -> Result<Desk, WebError> {
    let store = app.store()?;
    let (rules, _) =
        daemon::calendars::in_force(&store, app.directory().rules().clone()).map_err(WebError::internal)?;
    Ok(Desk { store, rules, most_open: app.settings().policy.max_requests, zone: zone(app) })
}

/// In which days are counted and shown.
pub(crate) fn zone(app: &App) -> TimeZone {
    TimeZone::get(&app.settings().timezone).unwrap_or(TimeZone::UTC)
}

/// Hands a form to the desk. It blocks.
pub(crate) fn take(app: &App, account: &Account, sent: Sent, lang: Lang) -> Result<Reply, WebError> {
    let form = sent.form.tidied();
    let supplier = LibraryCode::new(form.supplier.as_str());
    let is_unknown = !form.supplier.is_empty() && app.members().get(&supplier).is_none();
    let about = About::of(app, &form.record_id, account, &supplier);
    let random = random().map_err(WebError::internal)?;
    let asking = Asking {
        account,
        form: &form,
        is_direct: !about.is_at_supplier,
        is_set: about.is_set,
        is_held_at_home: about.is_at_home,
        is_confirmed: sent.is_confirmed && !is_unknown,
        key: sent.key,
    };
    let taken = desk(app)?.take(&asking, Timestamp::now(), random).map_err(WebError::internal)?;
    let mut faults = match &taken {
        Taken::Refused { faults, bars } => all_faults(faults, bars, lang),
        _ => Vec::new(),
    };
    if is_unknown {
        let message = lang.fill("error.unknown_library", &[("code", &form.supplier)]);
        faults.push(Fault422 { field: "supplier", message });
    }
    Ok(if faults.is_empty() { Reply::Desk(taken) } else { Reply::Faults(faults) })
}

/// What the catalogue says of the record that a request names.
#[derive(Default)]
struct About {
    is_at_supplier: bool,
    is_at_home: bool,
    is_set: bool,
}

impl About {
    // A record that is not here, or not the lender's, makes the form a blank one.
    fn of(app: &App, record_id: &str, account: &Account, supplier: &LibraryCode) -> Self {
        let entry = app.open().filter(|_| !record_id.is_empty()).and_then(|open| open.find(record_id).ok());
        entry.map_or_else(Self::default, |entry| {
            let holds = |code: &str| entry.holdings.iter().any(|held| held.library.as_str() == code);
            Self {
                is_at_supplier: holds(supplier.as_str()),
                is_at_home: holds(&account.library),
                is_set: entry.bib.extent.as_deref().is_some_and(describes_set),
            }
        })
    }
}

fn all_faults(faults: &[Fault], bars: &[NotSubmitted], lang: Lang) -> Vec<Fault422> {
    let of_values = faults.iter().map(|fault| Fault422 {
        field: fault.field.name(),
        message: lang.fill(fault_key(fault.code), &[("max", &most(fault.field).to_string())]),
    });
    let of_lender = bars.iter().map(|bar| Fault422 { field: "supplier", message: bar_sentence(bar, lang) });
    of_values.chain(of_lender).collect()
}

fn most(field: Field) -> usize {
    if field == Field::Note { MOST_NOTE_CHARACTERS } else { 300 }
}

fn fault_key(code: FaultCode) -> &'static str {
    match code {
        FaultCode::Missing => "request.missing",
        FaultCode::TooLong => "request.too_long",
        FaultCode::NoYear => "request.no_year",
        FaultCode::NoDelivery => "request.no_delivery",
        FaultCode::NoEmail => "request.no_email",
        FaultCode::Unprintable => "request.unprintable",
    }
}

pub(crate) fn bar_sentence(bar: &NotSubmitted, lang: Lang) -> String {
    match bar {
        NotSubmitted::LendsNothing => lang.t("request.lends_nothing").to_owned(),
        NotSubmitted::NoDirectForm => lang.t("request.no_direct_form").to_owned(),
        NotSubmitted::ClosedUntil(day) => lang.fill("request.closed_until", &[("day", &day.to_string())]),
        NotSubmitted::TooManyOpen(n) => lang.fill("request.too_many_open", &[("n", &n.to_string())]),
        NotSubmitted::QuotaUsed(n) => lang.fill("request.quota_used", &[("n", &n.to_string())]),
    }
}

/// What a lender allows, in a line.
pub(crate) fn rules_line(rules: &LenderRules, lang: Lang) -> String {
    if rules.lends_nothing {
        return lang.t("request.lends_nothing").to_owned();
    }
    let with = |key: &str, n: &dyn ToString| lang.fill(key, &[("n", &n.to_string())]);
    let renewal = match rules.renewals {
        0 => lang.t("rule.no_renewal").to_owned(),
        n => with("rule.renewals", &n),
    };
    let withdrawal = if rules.no_patron_cancel {
        lang.t("rule.no_withdrawal").to_owned()
    } else {
        with("rule.withdrawal", &rules.cancel_minutes)
    };
    let others = [
        rules.no_direct_form.then(|| lang.t("rule.no_direct_form").to_owned()),
        (rules.monthly_quota > 0).then(|| with("rule.quota", &rules.monthly_quota)),
    ];
    let all = [with("rule.days", &rules.loan_days), renewal, withdrawal].into_iter();
    let all: Vec<String> = all.chain(others.into_iter().flatten()).collect();
    all.join(if lang == Lang::En { "; " } else { "；" })
}

/// Code and sentence of a warning.
pub(crate) fn warning(warning: Warning, lang: Lang) -> (&'static str, &'static str) {
    match warning {
        Warning::OwnCopy => ("own-copy", lang.t("request.own_copy")),
        Warning::Duplicate => ("duplicate", lang.t("request.duplicate")),
    }
}

/// Why something cannot be done to a request.
pub(crate) fn refusal(refusal: Refusal, zone: &TimeZone, lang: Lang) -> String {
    let key = match refusal {
        Refusal::Withdrawal(WithdrawalBar::TooLate(until)) => {
            return lang.fill("request.too_late", &[("until", &moment(until, zone))]);
        }
        Refusal::Renewals(n) => return lang.fill("request.renewed_enough", &[("n", &n.to_string())]),
        Refusal::Withdrawal(WithdrawalBar::Lender) => "request.lender_takes_no_withdrawal",
        Refusal::Withdrawal(WithdrawalBar::UnderWay) => "request.withdrawal_under_way",
        Refusal::Withdrawal(WithdrawalBar::Shipped) => "request.shipped_already",
        Refusal::Withdrawal(WithdrawalBar::Ended) | Refusal::Bar(Bar::Ended(_)) => "request.has_ended",
        Refusal::Bar(Bar::RenewalAsked) => "request.renewal_asked",
        Refusal::Bar(Bar::NotIn(_)) => "request.not_now",
    };
    lang.t(key).to_owned()
}

/// The state as a reader is told it.
pub(crate) fn state_words(state: State, lang: Lang) -> &'static str {
    lang.t(match state {
        State::Draft => "request.state_draft",
        State::Queued => "request.state_queued",
        State::Sent => "request.state_sent",
        State::AtCentre => "request.state_at_centre",
        State::Acknowledged => "request.state_acknowledged",
        State::Conditional => "request.state_conditional",
        State::Accepted => "request.state_accepted",
        State::CancelPending => "request.state_cancel_pending",
        State::Shipped => "request.state_shipped",
        State::Received => "request.state_received",
        State::OnLoan => "request.state_on_loan",
        State::Overdue => "request.state_overdue",
        State::Recalled => "request.state_recalled",
        State::Returning => "request.state_returning",
        State::Completed => "request.state_completed",
        State::Unfilled => "request.state_unfilled",
        State::Rejected => "request.state_rejected",
        State::Expired => "request.state_expired",
        State::Cancelled => "request.state_cancelled",
        State::RetryPossible => "request.state_retry_possible",
        State::Lost => "request.state_lost",
    })
}

/// What is asked for; days are those of the house, `to` included.
pub(crate) fn filter(asked: &Asked, zone: &TimeZone) -> Result<RequestFilter, BadRequest> {
    let asked = |name| asked.get(name);
    let wrong = |name, value: &str, allowed: &str| BadRequest::WrongValue {
        name,
        value: value.to_owned(),
        allowed: allowed.to_owned(),
    };
    let begin_of = |name: &'static str, days_later: i64| {
        let text = match asked(name) {
            Some(text) => text,
            None => return Ok(None),
        };
        let day: Option<Date> = text.parse().ok();
        let later = day.and_then(|day| day.checked_add(jiff::Span::new().days(days_later)).ok());
        let begin = later.and_then(|day| day.to_zoned_datetime(zone.clone()).ok());
        begin.map(|begin| Some(begin.timestamp())).ok_or_else(|| wrong(name, text, "YYYY-MM-DD"))
    };
    let state = asked("state").map(|code| {
        let codes = || State::ALL.map(State::code).join(" ");
        State::from_code(code).ok_or_else(|| wrong("state", code, &codes()))
    });
    let page = asked("page").map(|page| {
        let number = page.parse().ok().filter(|page| (1..=100_000).contains(page));
        number.ok_or_else(|| BadRequest::WrongNumber {
            name: "page",
            value: page.to_owned(),
            allowed: "1–100000".to_owned(),
        })
    });
    Ok(RequestFilter {
        from: begin_of("from", 0)?,
        until: begin_of("to", 1)?,
        state: state.transpose()?,
        supplier: asked("supplier").unwrap_or_default().to_owned(),
        words: asked("q").unwrap_or_default().to_owned(),
        page: page.transpose()?.unwrap_or(1),
    })
}

/// A request of this reader; that of another one is no more there than one that never was.
pub(crate) fn own(app: &App, account: &Account, id: &str) -> Result<StoredRequest, WebError> {
    let Some(id) = RequestId::parse(id) else { return Err(WebError::NotFound) };
    let request = app.store()?.request(id).map_err(WebError::internal)?;
    if let Some(other) = request.as_ref().filter(|request| request.account != Some(account.id)) {
        tracing::warn!(account = %account.id, request = %other.id, "asked for another reader's request");
    }
    request.filter(|request| request.account == Some(account.id)).ok_or(WebError::NotFound)
}

/// Minutes until a window ends, the one that has begun included.
pub(crate) fn minutes_left(until: Timestamp) -> i64 {
    until.duration_since(Timestamp::now()).as_mins().max(0) + 1
}

/// A time as it is where this machine stands.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
