//! `/admin/queue`: the messages on their way, what stands in their way, and what a person decides about each.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::requests::{DeliveryState, RequestId};
use daemon::store::{MESSAGES_A_PAGE, QueueDecision, QueueRefusal, QueuedMessage};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Frame, Ui, is_hub, local, page, render, with_store};
use crate::ask;
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

const PATH: &str = "/admin/queue";

#[derive(Template)]
#[template(path = "admin/queue.html")]
struct QueuePage {
    ui: Ui,
    frame: Frame,
    /// This page with its choice, to come back to.
    here: String,
    /// What stands between this machine and the centre.
    trouble: Option<String>,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
}

/// A state to look at alone.
struct Choice {
    href: String,
    label: String,
    n: String,
    here: bool,
}

struct Row {
    key: String,
    number: String,
    kind: String,
    to: String,
    state: &'static str,
    state_words: String,
    attempts: String,
    next_try: String,
    created: String,
    error: String,
    /// What may be decided, by name and in words.
    acts: Vec<(&'static str, &'static str)>,
}

fn row(app: &App, message: &QueuedMessage, lang: Lang) -> Row {
    // What is held is let go, not tried.
    let all = [
        ("retry", "queue.retry", QueueDecision::Retry),
        ("release", "queue.release", QueueDecision::Release),
        ("hold", "queue.hold", QueueDecision::Hold),
        ("cancel", "queue.cancel", QueueDecision::Cancel),
    ];
    let is_held = message.delivery == DeliveryState::Held;
    let is_offered = |decision| message.may(decision) && !(is_held && decision == QueueDecision::Retry);
    let acts = all.into_iter().filter(|(.., decision)| is_offered(*decision));
    Row {
        key: format!("{}#{}", message.request, message.n),
        number: format!("{}#{}", message.number, message.n),
        kind: lang.label("message_kind", &message.kind),
        to: message.recipient.clone(),
        state: message.delivery.code(),
        state_words: lang.label("delivery", message.delivery.code()),
        attempts: grouped(message.attempts.into()),
        next_try: local(app, message.next_try),
        created: local(app, Some(message.created)),
        error: lang.reason(message.last_error.as_deref().unwrap_or_default()),
        acts: acts.map(|(name, words, _)| (name, lang.t(words))).collect(),
    }
}

/// `GET /admin/queue?state=&page=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let result = shown(&app, &reader, &admin).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, reader: &Reader, admin: &Admin) -> Result<Response, WebError> {
    let lang = reader.lang;
    let state = reader.asked.get("state").and_then(DeliveryState::from_code);
    let asked_page = reader.asked.get("page").and_then(|text| text.parse().ok());
    let page_no: u32 = asked_page.unwrap_or(1).clamp(1, 100_000);
    let (machine, depths, messages) = with_store(app, move |_, store| {
        let read = || Ok((store.machine()?, store.depths()?, store.messages_page(state, page_no)?));
        read().map_err(|cause: daemon::Error| WebError::internal(cause))
    })
    .await?;
    let n_of = |wanted: Option<DeliveryState>| -> u32 {
        depths.iter().filter(|depth| wanted.is_none_or(|w| w == depth.delivery)).map(|depth| depth.n).sum()
    };
    let choice = |wanted: Option<DeliveryState>| Choice {
        href: ask::link(PATH, wanted.map(|state| ("state", state.code()))),
        label: wanted
            .map_or_else(|| lang.t("queue.all").to_owned(), |state| lang.label("delivery", state.code())),
        n: grouped(n_of(wanted).into()),
        here: wanted == state,
    };
    let link = |n: u32| {
        let n = n.to_string();
        let named = state.map(|state| ("state", state.code()));
        ask::link(PATH, named.into_iter().chain([("page", n.as_str())]))
    };
    let oldest = depths.iter().filter(|depth| depth.delivery.is_waiting()).map(|depth| depth.oldest).min();
    let mut facts = vec![("queue.oldest", local(app, oldest))];
    if !is_hub(app) {
        facts.push(("queue.last_contact", local(app, machine.last_contact)));
    }
    let now = Timestamp::now();
    if let Some(left) = machine.drill_left(now) {
        facts.push(("queue.drill", local(app, Some(now + left))));
    }
    facts.retain(|(_, value)| !value.is_empty());
    render(&QueuePage {
        ui: Ui::new(app, reader),
        frame: Frame::of(app, admin, None),
        here: link(page_no),
        trouble: machine.trouble.map(|trouble| lang.reason(&trouble)),
        facts,
        choices: [None].into_iter().chain(DeliveryState::ALL.map(Some)).map(choice).collect(),
        rows: messages.iter().map(|message| row(app, message, lang)).collect(),
        newer: (page_no > 1).then(|| link(page_no - 1)),
        older: (messages.len() == MESSAGES_A_PAGE as usize).then(|| link(page_no + 1)),
    })
}

/// What a button sends.
#[derive(Deserialize)]
pub(crate) struct Decided {
    message: String,
    act: String,
}

/// `POST /admin/queue`: `message=ID#N`, `act=hold|release|retry|cancel`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    _admin: Admin,
    Form(decided): Form<Decided>,
) -> Response {
    let decision = match decided.act.as_str() {
        "hold" => Some(QueueDecision::Hold),
        "release" => Some(QueueDecision::Release),
        "retry" => Some(QueueDecision::Retry),
        "cancel" => Some(QueueDecision::Cancel),
        _ => None,
    };
    let key =
        decided.message.rsplit_once('#').and_then(|(id, n)| RequestId::parse(id).zip(n.parse::<u32>().ok()));
    let lang = reader.lang;
    let done = with_store(&app, move |_, store| {
        let (Some(key), Some(decision)) = (key, decision) else { return Err(WebError::NotFound) };
        let decided = store.decide_message(key, decision, Timestamp::now()).map_err(WebError::internal)?;
        decided.map_err(|refusal| WebError::Refused(refused(refusal, lang)))?;
        if matches!(decision, QueueDecision::Release | QueueDecision::Retry) {
            store.nudge().map_err(WebError::internal)?;
        }
        Ok(())
    });
    let back = ask::link(
        PATH,
        ["state", "page"].into_iter().filter_map(|name| Some((name, reader.asked.get(name)?))),
    );
    let result = done.await.map(|()| Redirect::to(&back).into_response());
    page(&app, &reader, result)
}

fn refused(refusal: QueueRefusal, lang: Lang) -> String {
    lang.t(match refusal {
        QueueRefusal::NotThere => "queue.not_there",
        QueueRefusal::OnItsWay => "queue.on_its_way",
        QueueRefusal::MayHaveArrived => "queue.may_have_arrived",
        QueueRefusal::MustBeTold => "queue.must_be_told",
        QueueRefusal::Stands(_) => "queue.stands",
        QueueRefusal::RequestEnded(_) => "request.has_ended",
    })
    .to_owned()
}
