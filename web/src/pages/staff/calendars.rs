//! `/staff/calendars`: closed days, Saturdays on which people work, common vacations. Staff keep the calendar of their
//! own library, admins all of them and the consortium's.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::settings::Role;
use daemon::store::{Account, CalendarEntry, DayKind, Store};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::{Choosable, DAYS, Ui, page, render, unfit};
use super::{bound_to, is_admin, senders};
use crate::ask::Asked;
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::reader::{Fields, Reader};
use crate::requests::zone;
use crate::state::App;
use crate::wire::library_name;

/// Characters of a note.
const MOST_NOTE: usize = 60;

#[derive(Template)]
#[template(path = "staff/calendars.html")]
struct CalendarsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: bool,
    owners: Vec<Choosable>,
    kinds: Vec<Choosable>,
    first: String,
    last: String,
    exempt: String,
    note: String,
    rows: Vec<Row>,
    week: Week,
}

/// The week of the own desk: number and name of a day, and whether it is closed.
struct Week {
    library: String,
    days: Vec<(usize, &'static str, bool)>,
}

struct Row {
    id: i64,
    owner: String,
    kind: &'static str,
    days: String,
    exempt: String,
    note: String,
    may_remove: bool,
}

/// `GET /staff/calendars`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(staff): Staff) -> Response {
    let result = shown(&app, &reader, &staff, &Asked::default(), None).await;
    page(&app, &reader, result)
}

async fn shown(
    app: &App,
    reader: &Reader,
    staff: &Account,
    typed: &Asked,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let reading = app.clone();
    let (entries, weekdays) = blocking::run(app.turns(), move || {
        let store = reading.store()?;
        let entries = store.calendar_entries().map_err(WebError::internal)?;
        Ok((entries, store.closed_weekdays().map_err(WebError::internal)?))
    })
    .await?;
    let (lang, members) = (reader.lang, app.members());
    let name = |code: &str| library_name(&members, &LibraryCode::new(code));
    let row = |entry: CalendarEntry| Row {
        id: entry.id,
        may_remove: bound_to(staff).is_none_or(|code| entry.library.as_deref() == Some(code)),
        owner: entry.library.as_deref().map_or_else(|| lang.t("notices.consortium").to_owned(), name),
        kind: kind_words(entry.kind, lang),
        days: if entry.first == entry.last {
            entry.first.to_string()
        } else {
            format!("{} – {}", entry.first, entry.last)
        },
        exempt: entry.exempt.join(" "),
        note: entry.note,
    };
    let kind = |kind: DayKind| Choosable {
        value: kind.code().to_owned(),
        label: kind_words(kind, lang).to_owned(),
        chosen: typed.get("kind") == Some(kind.code()),
    };
    // Only the consortium agrees on vacations.
    let kinds = DayKind::ALL.into_iter().filter(|kind| is_admin(staff) || *kind != DayKind::Vacation);
    let is_closed = |day: usize| {
        let own = weekdays.iter().find(|(library, _)| *library == staff.library);
        own.is_some_and(|(_, days)| days.iter().any(|closed| usize::try_from(*closed) == Ok(day)))
    };
    let days =
        DAYS.into_iter().enumerate().map(|(n, key)| (n + 1, lang.find(key).unwrap_or(key), is_closed(n + 1)));
    let text = |name: &str| typed.get(name).unwrap_or_default().to_owned();
    render(&CalendarsPage {
        ui: Ui::new(app, reader),
        who: staff.name.clone(),
        is_admin: is_admin(staff),
        fault,
        said: reader.asked.has("said", "kept"),
        owners: senders(app, staff, typed.get("library"), lang),
        kinds: kinds.map(kind).collect(),
        first: text("first"),
        last: text("last"),
        exempt: text("exempt"),
        note: text("note"),
        rows: entries.into_iter().map(row).collect(),
        week: Week { library: name(&staff.library), days: days.collect() },
    })
}

fn kind_words(kind: DayKind, lang: Lang) -> &'static str {
    lang.find(&format!("day_kind.{}", kind.code())).unwrap_or_default()
}

/// `POST /staff/calendars`: new days, `remove` with a number, or `act=week` with the `closed` days of the week.
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Fields(sent): Fields,
) -> Response {
    let (acting, who, typed) = (app.clone(), staff.clone(), sent.clone());
    let result = match blocking::run(app.turns(), move || done(&acting, &who, &typed)).await {
        Ok(None) => Ok(Redirect::to("/staff/calendars?said=kept").into_response()),
        Ok(Some(fault)) => {
            let fault = Some(reader.lang.t(fault).to_owned());
            shown(&app, &reader, &staff, &sent, fault).await.map(unfit)
        }
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

/// The key of what is wrong; nothing where it is kept.
fn done(app: &App, staff: &Account, sent: &Asked) -> Result<Option<&'static str>, WebError> {
    let store = app.store()?;
    if sent.has("act", "week") {
        let days: Vec<i8> = sent.all("closed").filter_map(|day| day.parse().ok()).collect();
        store.set_closed_weekdays(&staff.library, &days).map_err(WebError::internal)?;
        return Ok(None);
    }
    if let Some(id) = sent.get("remove") {
        let id = id.parse().map_err(|_| WebError::NotFound)?;
        let is_there = store.remove_calendar_entry(id, bound_to(staff)).map_err(WebError::internal)?;
        if !is_there {
            return Err(WebError::NotFound);
        }
        return published(app, &store);
    }
    let entry = match entry(app, staff, sent) {
        Ok(entry) => entry,
        Err(fault) => return Ok(Some(fault)),
    };
    store.add_calendar_entry(&entry, staff.id, Timestamp::now()).map_err(WebError::internal)?;
    published(app, &store)
}

// What the consortium decides at its hub is in force at every branch.
fn published(app: &App, store: &Store) -> Result<Option<&'static str>, WebError> {
    if app.settings().role == Role::Hub {
        daemon::calendars::publish(store).map_err(WebError::internal)?;
    }
    // What is lent from here follows at once; at branches, when they have heard of it.
    daemon::counter::extend_loans(store, &zone(app), Timestamp::now()).map_err(WebError::internal)?;
    Ok(None)
}

fn entry(app: &App, staff: &Account, sent: &Asked) -> Result<CalendarEntry, &'static str> {
    let library = sent.get("library").map(str::to_owned);
    let is_member = |code: &str| app.members().get(&LibraryCode::new(code)).is_some();
    if library.as_deref().is_some_and(|code| !is_member(code)) {
        return Err("staff.no_such_library");
    }
    if bound_to(staff).is_some_and(|own| library.as_deref() != Some(own)) {
        return Err("staff.not_yours");
    }
    let kind = sent.get("kind").and_then(DayKind::from_code).ok_or("calendar.no_kind")?;
    if kind == DayKind::Vacation && (library.is_some() || !is_admin(staff)) {
        return Err("calendar.vacation_is_common");
    }
    let day = |name: &str| sent.get(name).and_then(|text| text.parse::<Date>().ok());
    let first = day("first").ok_or("staff.no_day")?;
    let last = if sent.get("last").is_some() { day("last").ok_or("staff.no_day")? } else { first };
    if last < first {
        return Err("calendar.wrong_order");
    }
    let exempt = sent.get("exempt").unwrap_or_default().to_ascii_uppercase();
    let exempt: Vec<String> =
        exempt.split([' ', ',', '，', '、']).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if exempt.iter().any(|code| !is_member(code)) {
        return Err("staff.no_such_library");
    }
    let note = sent.get("note").unwrap_or_default().replace(char::is_control, " ");
    if note.chars().count() > MOST_NOTE {
        return Err("staff.too_long");
    }
    Ok(CalendarEntry { id: 0, library, kind, first, last, exempt, note })
}
