//! `/staff/cards`: a lender looks whether a consortium card is good, without asking anybody; and the keys for that.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::Account;
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::super::{Ui, page, render, today, unfit};
use super::is_admin;
use crate::ask::Asked;
use crate::blocking;
use crate::card::{self, Claims, Doubt, Signer};
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::reader::{Fields, Reader};
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "staff/cards.html")]
struct CardsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    verdict: Option<Verdict>,
    own_key: Option<String>,
    keys: Vec<Key>,
}

struct Verdict {
    is_good: bool,
    sentence: String,
    claims: Option<Claims>,
    library: String,
}

struct Key {
    code: String,
    library: String,
    shown: String,
}

/// `GET /staff/cards`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(staff): Staff) -> Response {
    let result = shown(&app, &reader, &staff, None, None).await;
    page(&app, &reader, result)
}

async fn shown(
    app: &App,
    reader: &Reader,
    staff: &Account,
    verdict: Option<Verdict>,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let reading = app.clone();
    let (own_key, keys) = blocking::run(app.turns(), move || {
        let own = Signer::find(reading.data_dir()).map_err(WebError::Internal)?.map(|signer| signer.public());
        let mut keys = reading.store()?.card_keys().map_err(WebError::internal)?;
        keys.retain(|(_, key)| Some(*key) != own);
        Ok((own.map(|key| card::show_key(&key)), keys))
    })
    .await?;
    let members = app.members();
    let key = |(code, key): (String, [u8; 32])| Key {
        library: library_name(&members, &LibraryCode::new(code.as_str())),
        shown: card::show_key(&key),
        code,
    };
    render(&CardsPage {
        ui: Ui::new(app, reader),
        who: staff.name.clone(),
        is_admin: is_admin(staff),
        fault,
        verdict,
        own_key,
        keys: keys.into_iter().map(key).collect(),
    })
}

/// `POST /staff/cards`: `code` to look at; `act=know|forget` with `library` and `key`, for admins.
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Fields(sent): Fields,
) -> Response {
    let result = match sent.get("act") {
        Some(act @ ("know" | "forget")) if is_admin(&staff) => {
            keys_changed(&app, &reader, &staff, act == "know", &sent).await
        }
        Some("know" | "forget") => Err(WebError::Forbidden),
        _ => looked_at(&app, &reader, &staff, &sent).await,
    };
    page(&app, &reader, result)
}

async fn keys_changed(
    app: &App,
    reader: &Reader,
    staff: &Account,
    is_new: bool,
    sent: &Asked,
) -> Result<Response, WebError> {
    let library = LibraryCode::new(sent.get("library").unwrap_or_default());
    let key = sent.get("key").and_then(card::parse_key);
    let is_known = app.members().get(&library).is_some();
    let Some(key) = key.filter(|_| is_known || !is_new) else {
        let fault = Some(reader.lang.t("card.bad_key").to_owned());
        return Ok(unfit(shown(app, reader, staff, None, fault).await?));
    };
    let changing = app.clone();
    blocking::run(app.turns(), move || {
        let store = changing.store()?;
        let done = if is_new {
            store.know_card_key(library.as_str(), key, Timestamp::now())
        } else {
            store.forget_card_key(library.as_str(), key)
        };
        done.map_err(WebError::internal)
    })
    .await?;
    Ok(Redirect::to("/staff/cards").into_response())
}

async fn looked_at(app: &App, reader: &Reader, staff: &Account, sent: &Asked) -> Result<Response, WebError> {
    let code = sent.get("code").unwrap_or_default().to_owned();
    let (looking, today, lang) = (app.clone(), today(app), reader.lang);
    let verdict = blocking::run(app.turns(), move || verdict(&looking, &code, &today, lang)).await?;
    shown(app, reader, staff, Some(verdict), None).await
}

fn verdict(app: &App, code: &str, today: &str, lang: Lang) -> Result<Verdict, WebError> {
    let store = app.store()?;
    let own = Signer::find(app.data_dir()).map_err(WebError::Internal)?.map(|signer| signer.public());
    let known = store.card_keys().map_err(WebError::internal)?;
    let claims = match card::check(code, own, &known) {
        Ok(claims) => claims,
        // What stands below the bars says nothing by itself, unless the card was issued here.
        Err(doubt) => match issued_here(app, code)? {
            Some(claims) if doubt == Doubt::NoCard => claims,
            _ => return Ok(bad(doubt_key(doubt), None, app, lang)),
        },
    };
    let here = store.card(&claims.number).map_err(WebError::internal)?;
    let (first, last) = (claims.first.to_string(), claims.last.to_string());
    let key = match here {
        Some(card) if card.withdrawn.is_some() || card.account.is_none() => "card.withdrawn",
        _ if today < first.as_str() => "card.too_early",
        _ if today > last.as_str() => "card.run_out",
        _ => {
            let library = library_name(&app.members(), &LibraryCode::new(claims.library.as_str()));
            let sentence = lang.t("card.good").to_owned();
            return Ok(Verdict { is_good: true, sentence, claims: Some(claims), library });
        }
    };
    Ok(bad(key, Some(claims), app, lang))
}

fn issued_here(app: &App, number: &str) -> Result<Option<Claims>, WebError> {
    let store = app.store()?;
    let Some(card) = store.card(number.trim()).map_err(WebError::internal)? else { return Ok(None) };
    let holder = card.account.map(|id| store.account_by_id(id)).transpose().map_err(WebError::internal)?;
    let (library, name) = holder.flatten().map_or_else(Default::default, |a| (a.library, a.name));
    Ok(Some(Claims { library, number: card.number, name, first: card.first, last: card.last }))
}

fn bad(key: &str, claims: Option<Claims>, app: &App, lang: Lang) -> Verdict {
    let code = claims.as_ref().map(|claims| LibraryCode::new(claims.library.as_str()));
    let library = code.map(|code| library_name(&app.members(), &code)).unwrap_or_default();
    Verdict { is_good: false, sentence: lang.t(key).to_owned(), claims, library }
}

fn doubt_key(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NoCard => "card.no_card",
        Doubt::UnknownKey => "card.unknown_key",
        Doubt::Forged => "card.forged",
    }
}
