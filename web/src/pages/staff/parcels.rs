//! `/staff/parcels`: what is ready to go, packed into parcels by library, and the list that the courier signs (交接单).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::counter::{Clerk, NotDone, Packing, Work};
use daemon::keys::random;
use daemon::requests::{Act, Side};
use daemon::store::{Account, Direction, Parcel, WorkFilter};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Ui, is_admin, page, render, unfit};
use crate::ask;
use crate::blocking;
use crate::counter::{self, Row};
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::reader::{Fields, Reader};
use crate::requests::zone;
use crate::state::App;
use crate::wire::library_name;

/// Requests in one parcel at most.
const MOST_IN_ONE: usize = 100;
/// Days of parcels that are listed.
const LISTED_DAYS: i64 = 31;

#[derive(Template)]
#[template(path = "staff/parcels.html")]
struct ParcelsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: Option<String>,
    ready: Vec<Ready>,
    parcels: Vec<Shown>,
    today: String,
}

/// What could go into one parcel.
struct Ready {
    n: usize,
    goes: &'static str,
    is_out: bool,
    place: &'static str,
    to: String,
    due: String,
    rows: Vec<Row>,
}

/// A parcel in a language.
pub(super) struct Shown {
    pub(super) number: String,
    pub(super) is_out: bool,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) tracking: String,
    pub(super) day: String,
    pub(super) items: Vec<daemon::store::ParcelItem>,
    pub(super) n_items: usize,
}

impl Shown {
    pub(super) fn new(app: &App, parcel: Parcel) -> Self {
        let name = |code: &str| library_name(&app.members(), &LibraryCode::new(code));
        // Who gave no barcode gave one item all the same.
        let n_items = parcel.items.iter().map(|item| item.barcodes.len().max(1)).sum();
        Self {
            is_out: parcel.goes == Direction::Out,
            from: name(&parcel.sender),
            to: name(&parcel.recipient),
            number: parcel.number,
            tracking: parcel.tracking,
            day: parcel.day,
            items: parcel.items,
            n_items,
        }
    }
}

#[derive(Template)]
#[template(path = "staff/handover.html")]
struct HandoverPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    day: String,
    from: String,
    parcels: Vec<Shown>,
    n_items: usize,
}

/// `GET /staff/parcels`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account, None).await;
    page(&app, &reader, result)
}

/// `POST /staff/parcels`: `goes`, `id` of what was ticked, the words of each with its id behind their names.
pub(crate) async fn pack(
    State(app): State<App>,
    reader: Reader,
    Staff(account): Staff,
    Fields(sent): Fields,
) -> Response {
    let (own, who) = (app.clone(), account.clone());
    let packed = blocking::run(app.turns(), move || {
        let goes = sent.get("goes").and_then(Direction::from_code).ok_or(WebError::NotFound)?;
        let mut items = Vec::new();
        for id in sent.all("id").take(MOST_IN_ONE) {
            items.push((counter::id_of(id)?, counter::words(&sent, id)));
        }
        let tracking = counter::words(&sent, "").shipment.tracking;
        let packing = Packing { goes, items, tracking };
        let desk = counter::counter(&own)?;
        desk.pack(&who, &packing, Timestamp::now(), random().map_err(WebError::internal)?)
            .map_err(WebError::internal)
    });
    match packed.await {
        Ok(Ok(number)) => {
            Redirect::to(&ask::link("/staff/parcels", [("packed", number.as_str())])).into_response()
        }
        Ok(Err(why @ (NotDone::Unknown | NotDone::NotYours))) => {
            page(&app, &reader, Err(counter::refused(&why, reader.lang)))
        }
        Ok(Err(why)) => {
            let fault = Some(counter::not_done(&why, reader.lang));
            unfit(page(&app, &reader, shown(&app, &reader, account, fault).await))
        }
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}

async fn shown(
    app: &App,
    reader: &Reader,
    account: Account,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let (own, who, lang) = (app.clone(), account.clone(), reader.lang);
    let (ready, parcels, today) = blocking::run(app.turns(), move || {
        let desk = counter::counter(&own)?;
        let now = Timestamp::now();
        let today = desk.day(now);
        let from = today.saturating_sub(jiff::Span::new().days(LISTED_DAYS));
        let parcels = desk.store.parcels(&who.library, from, today).map_err(WebError::internal)?;
        let mut ready = Vec::new();
        for (side, goes) in [(Side::Lending, Direction::Out), (Side::Borrowing, Direction::Back)] {
            let clerk = Clerk { account: &who, side };
            let work = desk.work(clerk, &WorkFilter::default(), now).map_err(WebError::internal)?;
            let due = desk.due_of(&who.library, now).day.to_string();
            by_place(&own, side, goes, &due, work, lang, &mut ready);
        }
        Ok((ready, parcels, today))
    })
    .await?;
    render(&ParcelsPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault,
        said: reader.asked.get("packed").map(|number| lang.fill("counter.packed", &[("number", number)])),
        ready,
        parcels: parcels.into_iter().map(|parcel| Shown::new(app, parcel)).collect(),
        today: today.to_string(),
    })
}

// What goes out has been promised; what goes back stands at the desk, or is fetched from its reader.
fn by_place(
    app: &App,
    side: Side,
    goes: Direction,
    due: &str,
    work: Vec<Work>,
    lang: Lang,
    ready: &mut Vec<Ready>,
) {
    let act = if goes == Direction::Out { Act::Ship } else { Act::Return };
    let is_due = |work: &&Work| {
        let promised =
            side == Side::Borrowing || work.item.request.state == daemon::requests::State::Accepted;
        promised && work.acts.contains(&act)
    };
    for one in work.iter().filter(is_due) {
        let row = Row::new(app, side, one, lang);
        match ready.iter_mut().find(|known| known.goes == goes.code() && known.to == row.other) {
            Some(known) if known.rows.len() < MOST_IN_ONE => known.rows.push(row),
            Some(_) => {}
            None => ready.push(Ready {
                n: ready.len() + 1,
                goes: goes.code(),
                is_out: goes == Direction::Out,
                place: counter::place(side),
                to: row.other.clone(),
                due: due.to_owned(),
                rows: vec![row],
            }),
        }
    }
}

/// `GET /staff/parcels/handover?day=&parcel=`: to be printed and signed.
pub(crate) async fn handover(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = handed(&app, &reader, account).await;
    page(&app, &reader, result)
}

async fn handed(app: &App, reader: &Reader, account: Account) -> Result<Response, WebError> {
    let today = Timestamp::now().to_zoned_datetime(zone(app)).date();
    let day: Date = match reader.asked.get("day") {
        Some(day) => day.parse().map_err(|_| WebError::NotFound)?,
        None => today,
    };
    let parcels = chosen(app, &account, reader.asked.get("parcel"), day).await?;
    let parcels: Vec<Shown> = parcels.into_iter().map(|parcel| Shown::new(app, parcel)).collect();
    render(&HandoverPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        from: library_name(&app.members(), &LibraryCode::new(account.library.as_str())),
        who: account.name,
        fault: None,
        day: parcels.first().map_or_else(|| day.to_string(), |parcel| parcel.day.clone()),
        n_items: parcels.iter().map(|parcel| parcel.n_items).sum(),
        parcels,
    })
}

/// One parcel of the own library, or all that it sent on a day.
pub(super) async fn chosen(
    app: &App,
    account: &Account,
    number: Option<&str>,
    day: Date,
) -> Result<Vec<Parcel>, WebError> {
    let (own, who, number) = (app.clone(), account.clone(), number.map(str::to_owned));
    blocking::run(app.turns(), move || {
        let store = own.store()?;
        let Some(number) = number else {
            return store.parcels(&who.library, day, day).map_err(WebError::internal);
        };
        let found = store.parcel(&number).map_err(WebError::internal)?.ok_or(WebError::NotFound)?;
        if found.sender != who.library && found.recipient != who.library {
            counter::note_refused(&own, &who, "parcel", &number)?;
            return Err(WebError::Forbidden);
        }
        Ok(vec![found])
    })
    .await
}
