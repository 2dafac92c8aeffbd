//! `/me/requests/{id}`: one request, what happened to it, and what can be done.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use daemon::requests::{Event, History, Recorded, State as RequestState, Withdrawal};
use daemon::store::{Account, StoredRequest};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::requests::done;
use super::way::{WayStep, way};
use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::reader::{Fields, Reader};
use crate::requests::{self, minutes_left, moment, state_words};
use crate::state::App;
use crate::timeline::{EventRow, event_row};
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/request.html")]
struct RequestPage {
    ui: Ui,
    id: String,
    number: String,
    title: String,
    state: &'static str,
    state_words: &'static str,
    as_of: String,
    said: Option<String>,
    rows: Vec<(&'static str, String)>,
    events: Vec<EventRow>,
    way: Vec<WayStep>,
    may_withdraw: bool,
    withdrawal: Option<String>,
    may_renew: bool,
    /// Another may follow.
    has_ended: bool,
    record_id: String,
}

/// `GET /me/requests/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
    reader: Reader,
) -> Response {
    let said = reader.asked.has("kept", "1").then(|| reader.lang.t("request.kept").to_owned());
    let result = shown(&app, account, id, &reader, said).await;
    page(&app, &reader, result)
}

/// `POST /me/requests/{id}`: `act=withdraw|renew`
pub(crate) async fn act(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
    reader: Reader,
    Fields(sent): Fields,
) -> Response {
    let (acting, lang, who, of) = (app.clone(), reader.lang, account.clone(), id.clone());
    let said = blocking::run(app.turns(), move || done(&acting, &who, &of, sent.get("act"), lang)).await;
    let result = match said {
        Ok(said) => shown(&app, account, id, &reader, Some(said)).await,
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

async fn shown(
    app: &App,
    account: Account,
    id: String,
    reader: &Reader,
    said: Option<String>,
) -> Result<Response, WebError> {
    let reading = app.clone();
    let (request, history, withdrawal) = blocking::run(app.turns(), move || {
        let request = requests::own(&reading, &account, &id)?;
        let history = reading.store()?.history(request.id).map_err(WebError::internal)?;
        let withdrawal = requests::desk(&reading)?.withdrawal(&request, Timestamp::now());
        Ok((request, history, withdrawal.map_err(WebError::internal)?))
    })
    .await?;
    let (lang, zone) = (reader.lang, requests::zone(app));
    let (standing, _) = history.standing();
    let is_lent = matches!(request.state, RequestState::OnLoan | RequestState::Overdue);
    render(&RequestPage {
        ui: Ui::new(app, reader),
        id: request.id.to_string(),
        number: request.number.clone(),
        title: request.form.title.clone(),
        state: request.state.code(),
        state_words: state_words(request.state, lang),
        as_of: moment(request.changed, &zone),
        said,
        rows: rows(app, &request, lang),
        events: told(&history).map(|recorded| event_row(recorded, &zone, lang)).collect(),
        way: way(&history, request.state, &zone, lang),
        may_withdraw: matches!(withdrawal, Withdrawal::AtHome | Withdrawal::Message { .. }),
        withdrawal: about_withdrawal(withdrawal, request.state, &zone, lang),
        has_ended: request.state.is_final(),
        may_renew: is_lent && !standing.renewal_asked,
        record_id: request.form.record_id.clone(),
    })
}

// That the centre has the request is news once; what it confirms afterwards is between machines.
fn told(history: &History) -> impl Iterator<Item = &Recorded> {
    let mut is_there = false;
    history.events().filter(move |recorded| {
        recorded.event != Event::CentreReceipt || !std::mem::replace(&mut is_there, true)
    })
}

// What the reader may expect of the button, or why there is none. What has ended or is lent says so by itself.
fn about_withdrawal(
    withdrawal: Withdrawal,
    state: RequestState,
    zone: &TimeZone,
    lang: Lang,
) -> Option<String> {
    match withdrawal {
        Withdrawal::AtHome => Some(lang.t("request.withdrawal_is_certain").to_owned()),
        Withdrawal::Message { until: Some(until) } => {
            let gaps = [("until", moment(until, zone)), ("n", minutes_left(until).to_string())];
            let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Some(lang.fill("request.withdrawal_may_lose", &gaps))
        }
        Withdrawal::Message { until: None } => Some(lang.t("request.withdrawal_in_doubt").to_owned()),
        Withdrawal::Barred(_) if state.is_final() || state.is_lent() || state == RequestState::Returning => {
            None
        }
        Withdrawal::Barred(bar) => {
            Some(requests::refusal(daemon::desk::Refusal::Withdrawal(bar), zone, lang))
        }
    }
}

pub(super) fn rows(app: &App, request: &StoredRequest, lang: Lang) -> Vec<(&'static str, String)> {
    let form = &request.form;
    let supplier = library_name(&app.members(), &LibraryCode::new(form.supplier.as_str()));
    let due = request.due.map(|day| day.to_string()).unwrap_or_default();
    let delivery = match form.delivery.as_str() {
        "pickup" => "request.delivery_pickup",
        _ => "request.delivery_courier",
    };
    let delivery = lang.t(delivery).to_owned();
    let all = [
        ("request.number", request.number.clone()),
        ("request.created", moment(request.created, &requests::zone(app))),
        ("request.due", due),
        ("request.supplier", supplier),
        ("field.author", form.author.clone()),
        ("request.year", form.year.clone()),
        ("field.publisher", form.publisher.clone()),
        ("field.isbn", form.isbn.clone()),
        ("field.issn", form.issn.clone()),
        ("request.material_type", form.material_type.clone()),
        ("field.call_number", form.call_number.clone()),
        ("request.volume", form.volume.clone()),
        ("request.delivery", delivery),
        ("request.recipient", form.recipient.clone()),
        ("request.phone", form.phone.clone()),
        ("request.email", form.email.clone()),
        ("request.note", form.note.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
