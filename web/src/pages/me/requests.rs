//! `/me/requests`: the reader's requests, with what can be done to several of them at once.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::requests::{State as RequestState, Withdrawal};
use daemon::store::{Account, REQUESTS_A_PAGE, RequestFilter, StoredRequest};
use jiff::Timestamp;

use super::{Choosable, Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::reader::{Fields, Reader};
use crate::requests::{self, minutes_left, moment, state_words};
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/requests.html")]
struct RequestsPage {
    ui: Ui,
    name: String,
    filter: FilterForm,
    is_filtered: bool,
    total: String,
    rows: Vec<Row>,
    /// Ticks all boxes, without a script.
    tick_all: String,
    here: String,
    all_ticked: bool,
    said: Vec<String>,
    page_of: String,
    newer: Option<String>,
    older: Option<String>,
}

struct FilterForm {
    from: String,
    to: String,
    q: String,
    states: Vec<Choosable>,
    suppliers: Vec<Choosable>,
}

struct Row {
    id: String,
    number: String,
    title: String,
    supplier: String,
    state: &'static str,
    state_words: &'static str,
    created: String,
    due: String,
    as_of: String,
    /// How long it can still be withdrawn.
    left: Option<String>,
}

/// `GET /me/requests?from=&to=&state=&supplier=&q=&page=`
pub(crate) async fn list(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let result = shown(&app, account, &reader, Vec::new()).await;
    page(&app, &reader, result)
}

/// `POST /me/requests`: `act=withdraw|renew` with the `id`s that were ticked; `act=refresh` reads anew and has whatever
/// waits for the centre tried at once, without waiting for it.
pub(crate) async fn act(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    Fields(sent): Fields,
) -> Response {
    let (acting, lang, who) = (app.clone(), reader.lang, account.clone());
    if sent.has("act", "refresh") {
        let nudged =
            blocking::run(app.turns(), move || acting.store()?.nudge().map_err(WebError::internal)).await;
        return page(&app, &reader, nudged.map(|()| Redirect::to(&here(&reader)).into_response()));
    }
    let done = blocking::run(app.turns(), move || {
        let ids = sent.all("id").take(REQUESTS_A_PAGE as usize);
        ids.map(|id| done(&acting, &who, id, sent.get("act"), lang)).collect::<Result<Vec<_>, _>>()
    });
    let result = match done.await {
        Ok(said) if said.is_empty() => {
            shown(&app, account, &reader, vec![lang.t("request.none_ticked").to_owned()]).await
        }
        Ok(said) => shown(&app, account, &reader, said).await,
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

/// The list as it is filtered.
fn here(reader: &Reader) -> String {
    reader.asked.link("/me/requests", &["tick"], &[])
}

/// Does it, and says what came of it.
pub(super) fn done(
    app: &App,
    account: &Account,
    id: &str,
    act: Option<&str>,
    lang: Lang,
) -> Result<String, WebError> {
    let request = requests::own(app, account, id)?;
    let (desk, now) = (requests::desk(app)?, Timestamp::now());
    let (done, key) = match act {
        Some("withdraw") => (desk.withdraw(&request, now), "request.withdrawn"),
        Some("renew") => (desk.renew(&request, now), "request.renewal_sent"),
        _ => return Err(WebError::NotFound),
    };
    let sentence = match done.map_err(WebError::internal)? {
        Ok(RequestState::CancelPending) => lang.t("request.withdrawal_sent").to_owned(),
        Ok(_) => lang.t(key).to_owned(),
        Err(refusal) => requests::refusal(refusal, &requests::zone(app), lang),
    };
    Ok(format!("{} {}: {sentence}", request.number, request.form.title))
}

async fn shown(
    app: &App,
    account: Account,
    reader: &Reader,
    said: Vec<String>,
) -> Result<Response, WebError> {
    let zone = requests::zone(app);
    let filter = requests::filter(&reader.asked, &zone)?;
    let (reading, wanted) = (app.clone(), filter.clone());
    let (total, found) = blocking::run(app.turns(), move || {
        let desk = requests::desk(&reading)?;
        let (total, found) = desk.store.requests_of(account.id, &wanted).map_err(WebError::internal)?;
        let with_time = |request: StoredRequest| {
            let withdrawal = desk.withdrawal(&request, Timestamp::now()).map_err(WebError::internal)?;
            Ok((request, withdrawal))
        };
        Ok((total, found.into_iter().map(with_time).collect::<Result<Vec<_>, WebError>>()?))
    })
    .await?;
    let pages = total.div_ceil(REQUESTS_A_PAGE).max(1);
    let link = |page: u32| reader.asked.link("/me/requests", &["page"], &[("page", &page.to_string())]);
    let (number, lang) = (filter.page, reader.lang);
    let gaps = [("page", number.to_string()), ("pages", pages.to_string())];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    render(&RequestsPage {
        ui: Ui::new(app, reader),
        name: account.name,
        is_filtered: ["from", "to", "q", "state", "supplier"].iter().any(|n| reader.asked.get(n).is_some()),
        filter: filter_form(app, reader, &filter),
        total: lang.fill("request.total", &[("n", &total.to_string())]),
        rows: found.iter().map(|(request, withdrawal)| row(app, request, *withdrawal, lang)).collect(),
        tick_all: reader.asked.link("/me/requests", &["tick"], &[("tick", "all")]),
        here: here(reader),
        all_ticked: reader.asked.has("tick", "all"),
        said,
        page_of: lang.fill("search.page_of", &gaps),
        newer: (number > 1).then(|| link(number - 1)),
        older: (number < pages).then(|| link(number + 1)),
    })
}

fn row(app: &App, request: &StoredRequest, withdrawal: Withdrawal, lang: Lang) -> Row {
    let zone = &requests::zone(app);
    let supplier = indexer::bib::LibraryCode::new(request.form.supplier.as_str());
    Row {
        id: request.id.to_string(),
        number: request.number.clone(),
        title: request.form.title.clone(),
        supplier: library_name(&app.members(), &supplier),
        state: request.state.code(),
        state_words: state_words(request.state, lang),
        created: moment(request.created, zone),
        due: request.due.map_or_else(|| "—".to_owned(), |day| day.to_string()),
        as_of: moment(request.changed, zone),
        left: match withdrawal {
            Withdrawal::Message { until: Some(until) } => {
                Some(lang.fill("request.minutes_left", &[("n", &minutes_left(until).to_string())]))
            }
            _ => None,
        },
    }
}

fn filter_form(app: &App, reader: &Reader, filter: &RequestFilter) -> FilterForm {
    let asked = |name| reader.asked.get(name).unwrap_or_default().to_owned();
    let state = |state: RequestState| Choosable {
        value: state.code().to_owned(),
        label: state_words(state, reader.lang).to_owned(),
        chosen: filter.state == Some(state),
    };
    let members = app.members();
    let supplier = |library: &indexer::library::Library| Choosable {
        value: library.code.to_string(),
        label: library.name.clone(),
        chosen: library.code.as_str() == filter.supplier,
    };
    FilterForm {
        from: asked("from"),
        to: asked("to"),
        q: asked("q"),
        states: RequestState::ALL.into_iter().filter(|s| *s != RequestState::Draft).map(state).collect(),
        suppliers: members.iter().map(supplier).collect(),
    }
}
