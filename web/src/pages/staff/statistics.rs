//! `/staff/statistics`: figures by library and month for any range of days, as tables, drawings and files. Staff see
//! the own library's, admins those of all.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::statistics::{Figures, Month, Range, Rates, by_library_and_month, sums};
use daemon::store::{Account, NewAuditLine};
use indexer::bib::LibraryCode;
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::sheets::{self, Cell, Sheet};
use super::{Ui, is_admin, page, render, unfit};
use crate::error::{BadRequest, WebError};
use crate::i18n::{Lang, grouped};
use crate::login::{Admin, Staff};
use crate::money::{fen, yuan};
use crate::reader::{Fields, Reader};
use crate::requests::zone;
use crate::state::App;
use crate::wire::library_name;
use crate::{ask, blocking, counter};

/// Months that a drawing shows.
const MOST_MONTHS: usize = 60;
/// Width of a bar, with the gap behind it.
const BAR: usize = 14;
const HEIGHT: u32 = 120;
/// Pixels that a year takes.
const YEAR_SHOWN: usize = 756;

#[derive(Template)]
#[template(path = "staff/statistics.html")]
struct StatisticsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    from: String,
    to: String,
    /// Address and name.
    years: Vec<(String, String)>,
    csv: String,
    xlsx: String,
    chart: Chart,
    sheets: Vec<Sheet>,
    /// Name, label, yuan.
    rates: [(&'static str, &'static str, String); 3],
}

/// Bars by month.
struct Chart {
    label: String,
    width: usize,
    /// In pixels: few months are not blown up, many are scrolled through.
    shown: usize,
    bars: Vec<Bar>,
    months: Vec<(usize, String)>,
}

struct Bar {
    x: usize,
    y: u32,
    height: u32,
    class: &'static str,
    title: String,
}

/// `GET /staff/statistics?from=&to=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account, None).await;
    page(&app, &reader, result)
}

/// `GET /staff/statistics/csv?from=&to=`
pub(crate) async fn csv(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let write = |sheets: Vec<Sheet>| Ok(sheets::csv(&sheets).into_bytes());
    let result = file(&app, &reader, &account, ("text/csv; charset=utf-8", "csv"), write).await;
    page(&app, &reader, result)
}

/// `GET /staff/statistics/xlsx?from=&to=`
pub(crate) async fn xlsx(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let kind = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx");
    let result = file(&app, &reader, &account, kind, |sheets| sheets::xlsx(&sheets)).await;
    page(&app, &reader, result)
}

/// `POST /staff/statistics`: `lent`, `borrowed`, `parcel` in yuan; admins alone say what is paid.
pub(crate) async fn set(
    State(app): State<App>,
    reader: Reader,
    Admin(account): Admin,
    Fields(sent): Fields,
) -> Response {
    let rate = |name| fen(sent.get(name).unwrap_or("0"));
    let (Some(lent), Some(borrowed), Some(parcel)) = (rate("lent"), rate("borrowed"), rate("parcel")) else {
        let fault = Some(reader.lang.t("statistics.no_money").to_owned());
        return unfit(page(&app, &reader, shown(&app, &reader, account, fault).await));
    };
    let own = app.clone();
    let set = blocking::run(app.turns(), move || {
        let note = format!("{} · {} · {}", yuan(lent), yuan(borrowed), yuan(parcel));
        let line = NewAuditLine {
            account: account.id,
            library: &account.library,
            what: "rates",
            subject: "",
            note: &note,
        };
        let rates = Rates { lent, borrowed, parcel };
        own.store()?.set_rates(&rates, &line, Timestamp::now()).map_err(WebError::internal)
    });
    let result = set.await.map(|()| Redirect::to("/staff/statistics").into_response());
    page(&app, &reader, result)
}

async fn file(
    app: &App,
    reader: &Reader,
    account: &Account,
    (kind, ending): (&str, &str),
    write: impl FnOnce(Vec<Sheet>) -> Result<Vec<u8>, WebError>,
) -> Result<Response, WebError> {
    let range = range(app, reader)?;
    let bytes = write(counted(app, account, range).await?.sheets(app, reader.lang))?;
    let name = format!("attachment; filename=\"lianmu-{}-{}.{ending}\"", range.from, range.to);
    let about = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((about, bytes).into_response())
}

fn today(app: &App) -> Date {
    Timestamp::now().to_zoned_datetime(zone(app)).date()
}

/// The days asked for; without any the year of account that today belongs to.
fn range(app: &App, reader: &Reader) -> Result<Range, WebError> {
    let year = Range::account_year(today(app));
    let wrong = |name, value: &str, allowed: String| {
        WebError::from(BadRequest::WrongValue { name, value: value.to_owned(), allowed })
    };
    let day = |name: &'static str, usual: Date| {
        let Some(text) = reader.asked.get(name) else { return Ok(usual) };
        let day = text.parse::<Date>().ok().filter(|day| (1900..=2999).contains(&day.year()));
        day.ok_or_else(|| wrong(name, text, "YYYY-MM-DD".to_owned()))
    };
    let range = Range { from: day("from", year.from)?, to: day("to", year.to)? };
    if range.to < range.from {
        return Err(wrong("to", &range.to.to_string(), format!("≥ {}", range.from)));
    }
    Ok(range)
}

/// What was counted.
struct Counted {
    range: Range,
    figures: BTreeMap<(String, Month), Figures>,
    /// Sender, month, how many.
    parcels: Vec<(String, String, u32)>,
    rates: Rates,
}

async fn counted(app: &App, account: &Account, range: Range) -> Result<Counted, WebError> {
    let own = app.clone();
    let library = (!is_admin(account)).then(|| account.library.clone());
    blocking::run(app.turns(), move || {
        let desk = counter::counter(&own)?;
        let begin = |day: Date| {
            let zoned = day.to_zoned_datetime(desk.zone.clone()).map_err(WebError::internal)?;
            Ok::<_, WebError>(zoned.timestamp())
        };
        let moments = (begin(range.from)?, begin(range.to.saturating_add(Span::new().days(1)))?);
        let facts =
            desk.store.facts(moments, library.as_deref(), |at| desk.day(at)).map_err(WebError::internal)?;
        let mut figures =
            by_library_and_month(&facts, range, |lender, from, to| desk.work_days(lender, from, to));
        let mut parcels = desk.store.parcels_by_month(range.from, range.to).map_err(WebError::internal)?;
        if let Some(library) = &library {
            figures.retain(|(of, _), _| of == library);
            parcels.retain(|(of, ..)| of == library);
        }
        let rates = desk.store.rates().map_err(WebError::internal)?;
        Ok(Counted { range, figures, parcels, rates })
    })
    .await
}

impl Counted {
    fn sheets(&self, app: &App, lang: Lang) -> Vec<Sheet> {
        vec![self.by_month(app, lang), self.subsidies(app, lang), self.courier(app, lang)]
    }

    fn whole(&self) -> Figures {
        sums(&self.figures, |_| ()).into_values().next().unwrap_or_default()
    }

    fn by_month(&self, app: &App, lang: Lang) -> Sheet {
        let head = [
            "statistics.library",
            "statistics.month",
            "statistics.lent",
            "statistics.borrowed",
            "statistics.asked",
            "statistics.filled",
            "statistics.rate",
            "statistics.median",
            "statistics.p90",
        ];
        let cells = |name: String, month: String, figures: &Figures| {
            let mut cells = vec![Cell::Text(name), Cell::Text(month)];
            cells.extend(cells_of(figures));
            cells
        };
        let rows = self
            .figures
            .iter()
            .map(|((code, month), figures)| cells(name(app, code), month.to_string(), figures));
        let total = cells(lang.t("statistics.total").to_owned(), String::new(), &self.whole());
        Sheet::new(lang, "statistics.by_month", &head, rows.collect(), total)
    }

    fn subsidies(&self, app: &App, lang: Lang) -> Sheet {
        let head = ["statistics.library", "statistics.lent", "statistics.borrowed", "statistics.subsidy"];
        let cells = |label: String, figures: &Figures| {
            vec![
                Cell::Text(label),
                Cell::Count(figures.lent.into()),
                Cell::Count(figures.borrowed.into()),
                Cell::Money(self.rates.subsidy(figures)),
            ]
        };
        let by_library = sums(&self.figures, |(library, _)| library.clone());
        let rows = by_library.iter().map(|(code, figures)| cells(name(app, code), figures)).collect();
        let total = cells(lang.t("statistics.total").to_owned(), &self.whole());
        Sheet::new(lang, "statistics.subsidies", &head, rows, total)
    }

    fn courier(&self, app: &App, lang: Lang) -> Sheet {
        let head = ["statistics.month", "statistics.sender", "statistics.parcels", "statistics.cost"];
        let cells = |month: &str, sender: String, n: u32| {
            let cost = self.rates.parcel.saturating_mul(n.into());
            vec![Cell::Text(month.to_owned()), Cell::Text(sender), Cell::Count(n.into()), Cell::Money(cost)]
        };
        let rows = self.parcels.iter().map(|(code, month, n)| cells(month, name(app, code), *n)).collect();
        let n = self.parcels.iter().map(|(.., n)| n).sum();
        let total = cells(lang.t("statistics.total"), String::new(), n);
        Sheet::new(lang, "statistics.courier", &head, rows, total)
    }

    fn chart(&self, lang: Lang) -> Chart {
        let by_month = sums(&self.figures, |(_, month)| *month);
        let months = self.range.months(MOST_MONTHS);
        let most = by_month.values().map(|one| one.lent.max(one.borrowed)).max().unwrap_or(0).max(1);
        let bar = |x, class, key, month: Month, n: u32| {
            let height = u64::from(n) * u64::from(HEIGHT) / u64::from(most);
            let height = u32::try_from(height).unwrap_or(HEIGHT);
            let title = format!("{month} {}: {}", lang.t(key), grouped(n.into()));
            Bar { x, y: HEIGHT - height, height, class, title }
        };
        let width = months.len() * BAR * 3;
        let place = |at: usize| at * BAR * 3 + BAR / 2;
        let mut bars = Vec::new();
        for (at, month) in months.iter().enumerate() {
            let Some(figures) = by_month.get(month) else { continue };
            bars.push(bar(place(at), "lent", "statistics.lent", *month, figures.lent));
            bars.push(bar(place(at) + BAR, "borrowed", "statistics.borrowed", *month, figures.borrowed));
        }
        Chart {
            label: lang.t("statistics.chart").to_owned(),
            width,
            shown: (width * 3 / 2).min(width.max(YEAR_SHOWN)),
            bars,
            // `26-11`: the century goes without saying.
            months: (0..)
                .zip(&months)
                .map(|(at, month)| (place(at), month.to_string()[2..].to_owned()))
                .collect(),
        }
    }
}

fn name(app: &App, code: &str) -> String {
    library_name(&app.members(), &LibraryCode::new(code))
}

fn cells_of(figures: &Figures) -> [Cell; 7] {
    let share = (figures.asked > 0).then(|| f64::from(figures.filled) / f64::from(figures.asked));
    let nothing = || Cell::Text(String::new());
    let days = |hundredths| figures.days_of(hundredths).map_or_else(nothing, |n| Cell::Count(n.into()));
    [
        Cell::Count(figures.lent.into()),
        Cell::Count(figures.borrowed.into()),
        Cell::Count(figures.asked.into()),
        Cell::Count(figures.filled.into()),
        share.map_or_else(nothing, Cell::Share),
        days(50),
        days(90),
    ]
}

async fn shown(
    app: &App,
    reader: &Reader,
    account: Account,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let (range, lang) = (range(app, reader)?, reader.lang);
    let counted = counted(app, &account, range).await?;
    let link = |path: &str, range: Range| {
        let (from, to) = (range.from.to_string(), range.to.to_string());
        ask::link(path, [("from", from.as_str()), ("to", to.as_str())])
    };
    let year = |back: i16| {
        let year = Range::account_year(today(app).saturating_sub(Span::new().years(back)));
        let label = format!("{} – {}", Month::of(year.from), Month::of(year.to));
        (link("/staff/statistics", year), label)
    };
    let Rates { lent, borrowed, parcel } = counted.rates;
    let rates = [
        ("lent", "statistics.rate_lent", yuan(lent)),
        ("borrowed", "statistics.rate_borrowed", yuan(borrowed)),
        ("parcel", "statistics.rate_parcel", yuan(parcel)),
    ];
    render(&StatisticsPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault,
        from: range.from.to_string(),
        to: range.to.to_string(),
        years: (0..3).map(year).collect(),
        csv: link("/staff/statistics/csv", range),
        xlsx: link("/staff/statistics/xlsx", range),
        chart: counted.chart(lang),
        sheets: counted.sheets(app, lang),
        rates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_of_few_months_is_no_larger_than_one_of_a_year() {
        for (to, width, shown) in
            [("2026-01-31", 42, 63), ("2026-12-31", 504, 756), ("2029-12-31", 2_016, 2_016)]
        {
            let range = Range { from: jiff::civil::date(2026, 1, 1), to: to.parse().expect("a day") };
            let (figures, parcels, rates) = (BTreeMap::new(), Vec::new(), Rates::default());
            let chart = Counted { range, figures, parcels, rates }.chart(Lang::En);
            assert_eq!((chart.width, chart.shown), (width, shown), "{to}");
        }
    }
}
