//! `/admin/libraries/{code}`: the holdings profile, tried on the library's own records before it is confirmed; and
//! the way to bring a file by a page.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use daemon::jobs::Request;
use daemon::store::Store;
use indexer::archive::LibraryArchive;
use indexer::bib::LibraryCode;
use indexer::mapping::{Dialect, HoldingsProfile};
use indexer::pipeline::{self, Preview, stored_profile};

use super::profile_form::{ProfileForm, ROLES};
use super::{Frame, Said, Ui, ask_daemon, back_to, page, render, said, with_store};
use crate::ask::Asked;
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::Admin;
use crate::pages::Choosable;
use crate::reader::Reader;
use crate::state::App;

/// Records of a preview.
const N_PREVIEW: usize = 20;

#[derive(Template)]
#[template(path = "admin/library.html")]
struct LibraryPage {
    ui: Ui,
    frame: Frame,
    code: String,
    name: String,
    records: String,
    stored_name: Option<String>,
    confirmed: bool,
    form: ProfileForm,
    roles: Vec<(&'static str, String)>,
    built_in: Vec<Choosable>,
    faults: Vec<String>,
    evidence: Vec<String>,
    previews: Vec<Shown>,
    is_tried: bool,
    max_upload: String,
}

/// A record in the preview.
struct Shown {
    control_number: String,
    title: String,
    fields: Vec<String>,
    holdings: Vec<String>,
}

fn shown(preview: Preview, lang: Lang) -> Shown {
    let holding = |holding: &indexer::bib::Holding| {
        let copies = if holding.copies > 0 {
            lang.fill("profile.copies", &[("n", &holding.copies.to_string())])
        } else {
            String::new()
        };
        let parts = [
            holding.location.clone().unwrap_or_default(),
            holding.call_number.clone().unwrap_or_default(),
            copies,
            holding.coverage.clone().unwrap_or_default(),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    Shown {
        holdings: preview.holdings.iter().take(8).map(holding).collect(),
        control_number: preview.control_number,
        title: preview.title,
        fields: preview.fields,
    }
}

/// What the page is made of, whichever way it was asked for.
struct Looked {
    said: Option<Said>,
    records: u64,
    stored: Option<(String, bool)>,
    form: ProfileForm,
    faults: Vec<String>,
    evidence: Vec<String>,
    previews: Vec<Shown>,
    is_tried: bool,
}

fn member(app: &App, code: &str) -> Result<LibraryCode, WebError> {
    let known = LibraryCode::new(code);
    app.members().get(&known).map(|_| known).ok_or_else(|| WebError::UnknownLibrary(code.to_owned()))
}

fn look(
    app: &App,
    store: &Store,
    code: &LibraryCode,
    reader: &Reader,
    tried: Option<ProfileForm>,
    guess: bool,
) -> Result<Looked, WebError> {
    let library = app.archive().library(code).map_err(WebError::internal)?;
    let stamp = library.stamp().map_err(WebError::internal)?;
    let stored = stored_profile(&library).map_err(WebError::internal)?;
    let in_force =
        stored.as_ref().map_or_else(|| HoldingsProfile::default_for(Dialect::Cnmarc), |s| s.profile.clone());
    let mut looked = Looked {
        said: said(store, reader)?,
        records: stamp.map_or(0, |stamp| stamp.n_records),
        stored: stored.map(|stored| (stored.profile.name, stored.confirmed)),
        is_tried: tried.is_some() || guess,
        form: tried.unwrap_or_else(|| ProfileForm::of(&in_force)),
        faults: Vec::new(),
        evidence: Vec::new(),
        previews: Vec::new(),
    };
    if stamp.is_none() {
        return Ok(looked);
    }
    if guess {
        let guess = pipeline::guess_again(&library).map_err(WebError::internal)?;
        looked.form = ProfileForm::of(&guess.profile);
        looked.evidence = guess.evidence.iter().map(ToString::to_string).collect();
    }
    match looked.form.profile(reader.lang) {
        Ok(profile) => looked.previews = previews(&library, &profile, reader.lang)?,
        Err(faults) => looked.faults = faults,
    }
    Ok(looked)
}

fn previews(library: &LibraryArchive, profile: &HoldingsProfile, lang: Lang) -> Result<Vec<Shown>, WebError> {
    let previews = pipeline::preview_profile(library, profile, N_PREVIEW).map_err(WebError::internal)?;
    Ok(previews.into_iter().map(|preview| shown(preview, lang)).collect())
}

fn rendered(
    app: &App,
    reader: &Reader,
    admin: &Admin,
    code: &LibraryCode,
    looked: Looked,
) -> Result<Response, WebError> {
    let lang = reader.lang;
    let tried = looked.form.name.clone();
    let built_in = HoldingsProfile::built_in().into_iter().map(|profile| Choosable {
        chosen: profile.name == tried,
        label: profile.name.clone(),
        value: profile.name,
    });
    render(&LibraryPage {
        ui: Ui::new(app, reader),
        frame: Frame::of(app, admin, looked.said),
        name: app.members().get(code).map(|l| l.name.clone()).unwrap_or_default(),
        code: code.to_string(),
        records: grouped(looked.records),
        confirmed: looked.stored.as_ref().is_some_and(|(_, confirmed)| *confirmed),
        stored_name: looked.stored.map(|(name, _)| name),
        form: looked.form,
        roles: ROLES.iter().map(|(_, word)| (*word, lang.label("holdings_role", word))).collect(),
        built_in: built_in.collect(),
        faults: looked.faults,
        evidence: looked.evidence,
        previews: looked.previews,
        is_tried: looked.is_tried,
        max_upload: super::size(super::upload::MAX_BYTES),
    })
}

/// `GET /admin/libraries/{code}`; `?profile=NAME` tries a built-in profile.
pub(crate) async fn show(
    State(app): State<App>,
    Path(code): Path<String>,
    reader: Reader,
    admin: Admin,
) -> Response {
    let result = async {
        let code = member(&app, &code)?;
        let (asking, wanted) = (reader.clone(), code.clone());
        let built_in = reader.asked.get("profile").and_then(HoldingsProfile::named);
        let tried = built_in.map(|profile| ProfileForm::of(&profile));
        let looked =
            with_store(&app, move |app, store| look(app, store, &wanted, &asking, tried, false)).await?;
        rendered(&app, &reader, &admin, &code, looked)
    };
    let result = result.await;
    page(&app, &reader, result)
}

/// `POST /admin/libraries/{code}`: preview, guess again, or confirm.
pub(crate) async fn act(
    State(app): State<App>,
    Path(code): Path<String>,
    reader: Reader,
    admin: Admin,
    body: Bytes,
) -> Response {
    let sent = Asked::parse(std::str::from_utf8(&body).ok());
    let result = async {
        let code = member(&app, &code)?;
        let form = ProfileForm::sent(&sent);
        let act = sent.get("act").unwrap_or_default();
        if act == "confirm"
            && let Ok(profile) = form.profile(reader.lang)
        {
            tracing::info!(by = %admin.0.id, library = %code, "an admin confirms a holdings profile");
            return confirm(&app, code, reader.lang, profile).await;
        }
        let is_guess = act == "guess";
        let (asking, wanted) = (reader.clone(), code.clone());
        let tried = (!is_guess).then_some(form);
        let looked =
            with_store(&app, move |app, store| look(app, store, &wanted, &asking, tried, is_guess)).await?;
        rendered(&app, &reader, &admin, &code, looked)
    };
    let result: Result<Response, WebError> = result.await;
    page(&app, &reader, result.map(IntoResponse::into_response))
}

// What a profile reads differently is seen only where every record of the library is read again.
async fn confirm(
    app: &App,
    code: LibraryCode,
    lang: Lang,
    profile: HoldingsProfile,
) -> Result<Response, WebError> {
    with_store(app, move |app, _| {
        let library = app.archive().library(&code).map_err(WebError::internal)?;
        let stored = stored_profile(&library).map_err(WebError::internal)?;
        let is_other = stored.is_none_or(|stored| stored.profile != profile);
        let request = Request::ConfirmProfile { library: code.to_string(), profile };
        let mut requests = vec![request];
        if is_other {
            requests.push(Request::Build { full: true });
        }
        let job = ask_daemon(app, lang, &requests)?;
        Ok(back_to(&format!("/admin/libraries/{code}"), job))
    })
    .await
}
