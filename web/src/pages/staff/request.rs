//! `/staff/requests/{id}` and `/staff/lending/{id}`: one request at the counter, with everything that can be done.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::counter::{AskNext, Clerk, NotDone, Packing, Whole};
use daemon::keys::random;
use daemon::requests::{Act, Side, Wants};
use daemon::store::{Account, LinkReason};
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::lenders::{self, Lender};
use super::{Choosable, Ui, is_admin, page, render};
use crate::ask::Asked;
use crate::blocking;
use crate::counter::{self, Row};
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::reader::{Fields, Reader};
use crate::requests::{moment, zone};
use crate::state::App;
use crate::timeline::{EventRow, event_row, notes};
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "staff/request.html")]
struct RequestPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: Option<String>,
    place: &'static str,
    back: &'static str,
    row: Row,
    rows: Vec<(&'static str, String)>,
    plain: Vec<counter::Button>,
    /// The usual next step is among them.
    is_plain_next: bool,
    forms: Vec<ActForm>,
    events: Vec<EventRow>,
    refused: Vec<EventRow>,
    audit: Vec<Line>,
    links: Vec<(String, String, String)>,
    lenders: Vec<Lender>,
    /// Libraries of which nothing shows that they hold it.
    others: Vec<Choosable>,
    rest: Option<String>,
    record_id: String,
}

/// An act that needs more than a press.
struct ActForm {
    code: &'static str,
    label: String,
    about: &'static str,
    has_day: bool,
    day: String,
    has_parcel: bool,
    is_out: bool,
    needs_words: bool,
}

/// What somebody at this desk did.
pub(super) struct Line {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) subject: String,
    pub(super) notes: Vec<String>,
}

/// `GET /staff/requests/{id}`
pub(crate) async fn borrowing(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    Staff(account): Staff,
) -> Response {
    let result = shown(&app, &reader, account, Side::Borrowing, id, None).await;
    page(&app, &reader, result)
}

/// `GET /staff/lending/{id}`
pub(crate) async fn lending(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    Staff(account): Staff,
) -> Response {
    let result = shown(&app, &reader, account, Side::Lending, id, None).await;
    page(&app, &reader, result)
}

/// `POST /staff/requests/{id}`: `act` with what it wants, or `act=ask_next`.
pub(crate) async fn borrow(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    Staff(account): Staff,
    Fields(sent): Fields,
) -> Response {
    acted(app, reader, account, Side::Borrowing, id, sent).await
}

/// `POST /staff/lending/{id}`: `act` with what it wants.
pub(crate) async fn lend(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    Staff(account): Staff,
    Fields(sent): Fields,
) -> Response {
    acted(app, reader, account, Side::Lending, id, sent).await
}

async fn acted(app: App, reader: Reader, account: Account, side: Side, id: String, sent: Asked) -> Response {
    let to_list = sent.has("back", "list");
    let (own, who, of) = (app.clone(), account.clone(), id.clone());
    let done = blocking::run(app.turns(), move || done(&own, &who, side, &of, &sent)).await;
    let place = counter::place(side);
    match done {
        Ok(Ok(Came { number, .. })) if to_list => {
            Redirect::to(&crate::ask::link(place, [("done", number.as_str())])).into_response()
        }
        Ok(Ok(Came { id, .. })) => Redirect::to(&format!("{place}/{id}?done=1")).into_response(),
        Ok(Err(why @ (NotDone::Unknown | NotDone::NotYours))) => {
            page(&app, &reader, Err(counter::refused(&why, reader.lang)))
        }
        Ok(Err(why)) => {
            let fault = Some(counter::not_done(&why, reader.lang));
            let result = shown(&app, &reader, account, side, id, fault).await;
            let mut response = page(&app, &reader, result);
            let status = match why {
                NotDone::Bar(..) | NotDone::AskedElsewhere(_) => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            *response.status_mut() = status;
            response
        }
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}

/// Where to go when it is done.
struct Came {
    id: String,
    number: String,
}

fn done(
    app: &App,
    account: &Account,
    side: Side,
    id: &str,
    sent: &Asked,
) -> Result<Result<Came, NotDone>, WebError> {
    let (id, now) = (counter::id_of(id)?, Timestamp::now());
    let desk = counter::counter(app)?;
    let number = |id| {
        let request = desk.store.request(id).map_err(WebError::internal)?;
        Ok::<_, WebError>(request.map(|request| request.number).unwrap_or_default())
    };
    if side == Side::Borrowing && sent.has("act", "ask_next") {
        let supplier = sent.get("supplier").unwrap_or_default();
        if app.members().get(&LibraryCode::new(supplier)).is_none() {
            return Ok(Err(NotDone::Nothing));
        }
        let next = AskNext {
            supplier,
            call_number: sent.get("call_number").unwrap_or_default(),
            rest: sent.get("rest"),
        };
        let asked = desk
            .ask_next(account, id, &next, now, random().map_err(WebError::internal)?)
            .map_err(WebError::internal)?;
        return asked
            .map_or_else(|why| Ok(Err(why)), |id| Ok(Ok(Came { id: id.to_string(), number: number(id)? })));
    }
    let Some(act) = sent.get("act").and_then(Act::from_code) else { return Err(WebError::NotFound) };
    let (clerk, words) = (Clerk { account, side }, counter::words(sent, ""));
    let done = match Packing::of_one(side, act, id, &words) {
        Some(packing) => {
            let random = random().map_err(WebError::internal)?;
            desk.pack(account, &packing, now, random).map(|done| done.map(drop))
        }
        None => desk.act(clerk, id, act, &words, now).map(|done| done.map(drop)),
    };
    done.map_err(WebError::internal)?
        .map_or_else(|why| Ok(Err(why)), |()| Ok(Ok(Came { id: id.to_string(), number: number(id)? })))
}

async fn shown(
    app: &App,
    reader: &Reader,
    account: Account,
    side: Side,
    id: String,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let (own, who, lang) = (app.clone(), account.clone(), reader.lang);
    let (whole, (lenders, others), due) = blocking::run(app.turns(), move || {
        let desk = counter::counter(&own)?;
        let (id, now) = (counter::id_of(&id)?, Timestamp::now());
        let found = desk.one(Clerk { account: &who, side }, id, now).map_err(WebError::internal)?;
        let whole = found.map_err(|why| counter::refused(&why, lang))?;
        let lenders = lenders::offered(&own, &desk, side, &whole, lang)?;
        let due = desk.due_of(&whole.work.item.request.form.supplier, now).day.to_string();
        Ok((whole, lenders, due))
    })
    .await?;
    let (request, zone) = (&whole.work.item.request, zone(app));
    let (plain, more): (Vec<Act>, Vec<Act>) =
        whole.work.acts.iter().partition(|act| act.wants() == Wants::Nothing);
    let (_, refused) = whole.work.item.history.standing();
    render(&RequestPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault,
        said: reader.asked.has("done", "1").then(|| lang.t("counter.done_here").to_owned()),
        place: counter::place(side),
        back: if side == Side::Lending { "counter.lending" } else { "counter.borrowing" },
        row: Row::new(app, side, &whole.work, lang),
        rows: rows(app, side, &whole, lang),
        is_plain_next: whole.work.acts.first().is_some_and(|act| act.wants() == Wants::Nothing),
        plain: plain.into_iter().map(|act| counter::button(act, lang)).collect(),
        forms: more.into_iter().map(|act| act_form(act, &due, lang)).collect(),
        events: whole.work.item.history.events().map(|one| event_row(one, &zone, lang)).collect(),
        refused: refused.iter().map(|one| event_row(&one.recorded, &zone, lang)).collect(),
        audit: whole.audit.iter().map(|line| audit_line(line, &zone, lang)).collect(),
        links: links(app, &whole, side, lang),
        lenders,
        others,
        rest: whole.work.shipment.as_ref().map(|sent| sent.missing.clone()).filter(|text| !text.is_empty()),
        record_id: request.form.record_id.clone(),
    })
}

/// A line of the audit log in a language.
pub(super) fn audit_line(line: &daemon::store::AuditLine, zone: &jiff::tz::TimeZone, lang: Lang) -> Line {
    Line {
        at: moment(line.at, zone),
        who: line.who.clone().unwrap_or_else(|| lang.t("counter.erased").to_owned()),
        what: match Act::from_code(&line.what) {
            Some(act) => counter::act_words(act, lang),
            None => lang.label("counter_did", &line.what),
        },
        subject: line.subject.clone(),
        notes: notes(&line.note, lang),
    }
}

fn act_form(act: Act, due: &str, lang: Lang) -> ActForm {
    ActForm {
        code: act.code(),
        label: counter::act_words(act, lang),
        about: match act {
            Act::Unfill | Act::OfferRetry => lang.t("counter.about_unfill"),
            Act::Condition => lang.t("counter.about_condition"),
            Act::SupplyHere => lang.t("counter.about_supply_here"),
            Act::Close => lang.t("counter.about_close"),
            Act::Recall => lang.t("counter.about_recall"),
            _ => "",
        },
        has_day: act == Act::Ship || act.wants() == Wants::Day,
        day: if matches!(act, Act::Ship | Act::GrantRenew) { due.to_owned() } else { String::new() },
        has_parcel: act.wants() == Wants::Parcel,
        is_out: act == Act::Ship,
        needs_words: act.wants() == Wants::Words,
    }
}

// The lender learns what is asked for and by which library, not by whom.
fn rows(app: &App, side: Side, whole: &Whole, lang: Lang) -> Vec<(&'static str, String)> {
    let (request, zone) = (&whole.work.item.request, zone(app));
    let form = &request.form;
    let name = |code: &str| library_name(&app.members(), &LibraryCode::new(code));
    let delivery = match form.delivery.as_str() {
        "pickup" => "request.delivery_pickup",
        _ => "request.delivery_courier",
    };
    let sent = whole.work.shipment.clone().unwrap_or_default();
    let for_all = [
        ("request.number", request.number.clone()),
        ("request.created", moment(request.created, &zone)),
        ("counter.borrower", name(request.library.as_str())),
        ("request.supplier", name(&form.supplier)),
        ("request.due", request.due.map(|day| day.to_string()).unwrap_or_default()),
        ("field.author", form.author.clone()),
        ("request.year", form.year.clone()),
        ("field.publisher", form.publisher.clone()),
        ("field.isbn", form.isbn.clone()),
        ("field.issn", form.issn.clone()),
        ("field.call_number", form.call_number.clone()),
        ("request.volume", form.volume.clone()),
        ("request.material_type", form.material_type.clone()),
        ("request.delivery", lang.t(delivery).to_owned()),
        ("request.note", form.note.clone()),
        ("counter.barcodes", sent.barcodes.join(" ")),
        ("counter.tracking", sent.tracking),
        ("counter.missing", sent.missing),
    ];
    let of_reader = [
        ("counter.reader", whole.work.item.reader.clone().unwrap_or_default()),
        ("request.recipient", form.recipient.clone()),
        ("request.phone", form.phone.clone()),
        ("request.email", form.email.clone()),
    ];
    let of_reader = of_reader.into_iter().filter(|_| side == Side::Borrowing);
    for_all.into_iter().chain(of_reader).filter(|(_, value)| !value.is_empty()).collect()
}

// Label, address, text.
fn links(app: &App, whole: &Whole, side: Side, lang: Lang) -> Vec<(String, String, String)> {
    if side == Side::Lending {
        return Vec::new();
    }
    let link = |key: &str, link: &daemon::store::Link| {
        let supplier = library_name(&app.members(), &LibraryCode::new(link.supplier.as_str()));
        let label = lang.t(key).to_owned();
        (label, format!("/staff/requests/{}", link.id), format!("{} {supplier}", link.number))
    };
    let key_after = |one: &daemon::store::Link| match one.why {
        LinkReason::Next => "counter.followed_by",
        LinkReason::Rest => "counter.rest_in",
    };
    let before = whole.before.iter().map(|one| link("counter.follows", one));
    before.chain(whole.after.iter().map(|one| link(key_after(one), one))).collect()
}
