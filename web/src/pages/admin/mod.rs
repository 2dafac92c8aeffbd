//! Pages for those who run the machine. What they change goes through the daemon's queue of jobs, as a command beside
//! it would: the page is back at once and says how far the job is.

pub(crate) mod branches;
pub(crate) mod events;
pub(crate) mod house;
pub(crate) mod libraries;
pub(crate) mod profile;
pub(crate) mod profile_form;
pub(crate) mod purchases;
pub(crate) mod quality;
pub(crate) mod quality_table;
pub(crate) mod queue;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod sources;
mod standing;
pub(crate) mod upload;

use axum::response::{IntoResponse, Redirect, Response};
use daemon::jobs::{self, Answer, Request};
use daemon::settings::Role;
use daemon::store::{AccountRole, JobId, JobState, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Ui, page, render};
use crate::ask;
use crate::blocking;
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::{Admin, Staff};
use crate::reader::Reader;
use crate::state::App;

/// What every page of this kind shows around its content.
pub(super) struct Frame {
    /// Name of whoever is signed in.
    who: String,
    /// Whether the pages of admins are offered too.
    is_admin: bool,
    /// Whether that of branches is.
    is_hub: bool,
    /// What became of the job that was asked for last.
    said: Option<Said>,
}

/// A sentence about a job.
pub(super) struct Said {
    sentence: String,
    /// Its run.
    run: Option<String>,
    is_waiting: bool,
    is_bad: bool,
}

impl Frame {
    fn of(app: &App, admin: &Admin, said: Option<Said>) -> Self {
        Self { who: admin.0.name.clone(), is_admin: true, is_hub: is_hub(app), said }
    }

    fn of_staff(app: &App, staff: &Staff) -> Self {
        let is_admin = staff.0.role == AccountRole::Admin;
        Self { who: staff.0.name.clone(), is_admin, is_hub: is_admin && is_hub(app), said: None }
    }

    /// Whether the page shall come again by itself: only while there is something to wait for.
    fn is_waiting(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.is_waiting)
    }
}

fn is_hub(app: &App) -> bool {
    app.settings().role == Role::Hub
}

/// Looks into the store, off the async threads.
async fn with_store<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&App, &Store) -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let inside = app.clone();
    blocking::run(app.turns(), move || look(&inside, &inside.store()?)).await
}

/// Asks the daemon for jobs, in this order; the number of the first, for which the page waits.
fn ask_daemon(app: &App, lang: Lang, requests: &[Request]) -> Result<JobId, WebError> {
    let mut first = None;
    for request in requests {
        let job = match jobs::ask(app.data_dir(), request, Timestamp::now()) {
            Ok(job) => job,
            Err(daemon::Error::NoDaemon) => {
                return Err(WebError::Refused(lang.t("admin.no_daemon").to_owned()));
            }
            Err(cause) => return Err(WebError::internal(cause)),
        };
        first.get_or_insert(job);
    }
    Ok(first.unwrap_or(JobId::numbered(0)))
}

/// Back to a page, which then says how far the job is.
fn back_to(path: &str, job: JobId) -> Response {
    Redirect::to(&ask::link(path, [("job", job.number().to_string().as_str())])).into_response()
}

/// How far the job in the address is.
fn said(store: &Store, reader: &Reader) -> Result<Option<Said>, WebError> {
    let Some(number) = reader.asked.get("job").and_then(|text| text.parse().ok()) else { return Ok(None) };
    let lang = reader.lang;
    let say = |key: &str, is_waiting| Said {
        sentence: lang.t(key).to_owned(),
        run: None,
        is_waiting,
        is_bad: false,
    };
    Ok(match store.job(JobId::numbered(number)).map_err(WebError::internal)? {
        None => None,
        Some(JobState::Asked) => Some(say("admin.job_asked", true)),
        Some(JobState::Taken) => Some(say("admin.job_taken", true)),
        Some(JobState::Done(text)) => Some(match serde_json::from_str(&text) {
            Ok(answer) => of_answer(answer, lang),
            Err(_) => say("admin.job_done", false),
        }),
    })
}

fn of_answer(answer: Answer, lang: Lang) -> Said {
    let say =
        |key: &str| Said { sentence: lang.t(key).to_owned(), run: None, is_waiting: false, is_bad: false };
    match answer {
        Answer::Ran { run, .. } => Said {
            sentence: lang.fill("admin.job_ran", &[("state", &lang.label("run_state", run.state.name()))]),
            is_bad: !run.state.is_good(),
            run: Some(run.run),
            is_waiting: false,
        },
        Answer::Harvested { runs } => {
            let n_good = runs.iter().filter(|run| run.state.is_good()).count();
            let gaps = [("n", grouped(runs.len() as u64)), ("good", grouped(n_good as u64))];
            let gaps = gaps.each_ref().map(|(name, value)| (*name, value.as_str()));
            Said { is_bad: n_good < runs.len(), sentence: lang.fill("admin.job_harvested", &gaps), ..say("") }
        }
        Answer::Undone { run, .. } => Said { run: Some(run.run), ..say("admin.job_undone") },
        Answer::Discarded => say("admin.job_discarded"),
        Answer::Confirmed { changed: true } => say("admin.job_profile_changed"),
        Answer::Confirmed { changed: false } => say("admin.job_profile_same"),
        Answer::Failed { message } => Said {
            sentence: lang.fill("admin.job_failed", &[("message", &message)]),
            is_bad: true,
            ..say("")
        },
        Answer::Built { .. } | Answer::Decided { .. } | Answer::Pulled { .. } | Answer::Switched { .. } => {
            say("admin.job_done")
        }
    }
}

/// A time as it is where this machine stands.
pub(super) fn local(app: &App, time: Option<Timestamp>) -> String {
    let zone = TimeZone::get(&app.settings().timezone).unwrap_or(TimeZone::UTC);
    time.map(|time| time.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
