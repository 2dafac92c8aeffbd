//! `/admin/runs` and `/admin/runs/{id}`: what was done to the archives, what is on its way, and what wants a decision.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use daemon::jobs::Request;
use daemon::report::Report;
use daemon::runs::{History, Run};
use daemon::store::{Decision, Hold, OpenRun, Phase, Store};
use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use serde::Deserialize;

use super::quality_table::flaw_sentence;
use super::{Frame, Ui, ask_daemon, back_to, local, page, render, said, size, with_store};
use crate::ask;
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

/// Runs on a page.
const PER_PAGE: usize = 50;
/// Rejects that a page shows; the folder holds all.
const MAX_REJECTS: usize = 50;

#[derive(Template)]
#[template(path = "admin/runs.html")]
struct RunsPage {
    ui: Ui,
    frame: Frame,
    library: String,
    open: Vec<Progress>,
    rows: Vec<Row>,
    older: Option<String>,
    newer: Option<String>,
    n_damaged: usize,
}

/// A run on its way.
pub(super) struct Progress {
    run: String,
    shown: String,
    phase: String,
    bytes: String,
    items: String,
    began: String,
}

impl Progress {
    fn of(app: &App, run: &OpenRun, lang: Lang) -> Self {
        Self {
            run: run.run.clone(),
            shown: run.shown.clone(),
            phase: lang.label("phase", run.phase.name()),
            bytes: size(run.bytes),
            items: grouped(run.items),
            began: local(app, Some(run.began)),
        }
    }
}

struct Row {
    run: String,
    library: String,
    source: String,
    mode: String,
    state: &'static str,
    state_label: String,
    counts: [String; 5],
    reason: String,
    undone: bool,
}

fn row(history: &History, run: &Run, lang: Lang) -> Row {
    Row {
        run: run.run.clone(),
        library: run.library.clone(),
        source: run.source.clone(),
        mode: lang.label("run_mode", &run.mode),
        state: run.state.name(),
        state_label: lang.label("run_state", run.state.name()),
        counts: [run.seen, run.new, run.changed, run.deleted, run.rejected].map(grouped),
        reason: run.reason.as_deref().map(|reason| lang.reason(reason)).unwrap_or_default(),
        undone: history.undone_by(&run.run).is_some(),
    }
}

/// The word for a mode in the locales.
pub(super) fn mode_name(mode: ImportMode) -> &'static str {
    match mode {
        ImportMode::Full => "full",
        ImportMode::Delta => "delta",
        ImportMode::Delete => "delete",
    }
}

/// `/admin/runs`
pub(crate) async fn list(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let asking = reader.clone();
    let page_no: usize =
        reader.asked.get("page").and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, 100_000);
    let library = reader.asked.get("library").unwrap_or_default().to_owned();
    let wanted = library.clone();
    let looked = with_store(&app, move |app, store| {
        let history = History::of_all(app.data_dir()).map_err(WebError::internal)?;
        let is_wanted = |code: &str| wanted.is_empty() || wanted == code;
        let open = store.runs_on_their_way().map_err(WebError::internal)?;
        let open =
            open.iter().filter(|run| is_wanted(&run.library)).map(|run| Progress::of(app, run, asking.lang));
        let all = history.runs.iter().rev().filter(|run| is_wanted(&run.run.library));
        let mut rows = all.skip((page_no - 1) * PER_PAGE).map(|run| row(&history, &run.run, asking.lang));
        let shown: Vec<Row> = rows.by_ref().take(PER_PAGE).collect();
        let has_more = rows.next().is_some();
        Ok((open.collect::<Vec<_>>(), shown, has_more, history.n_damaged, said(store, &asking)?))
    });
    let result = looked.await.and_then(|(open, rows, has_more, n_damaged, said)| {
        let link = |n: usize| {
            reader.asked.link("/admin/runs", &["page", "job"], &[("page", n.to_string().as_str())])
        };
        render(&RunsPage {
            ui: Ui::new(&app, &reader),
            frame: Frame::of(&app, &admin, said),
            library,
            open,
            rows,
            older: has_more.then(|| link(page_no + 1)),
            newer: (page_no > 1).then(|| link(page_no - 1)),
            n_damaged,
        })
    });
    page(&app, &reader, result)
}

#[derive(Template)]
#[template(path = "admin/run.html")]
struct RunPage {
    ui: Ui,
    frame: Frame,
    id: String,
    library: String,
    open: Option<Progress>,
    ended: Option<Ended>,
    report: Option<Report>,
    /// File, byte and what is wrong.
    rejects: Vec<(String, u64, String)>,
    /// The pause after which the page comes again without a script.
    again: Option<String>,
    quiet: String,
}

/// A run that is over, with what may be done about it.
struct Ended {
    row: Row,
    numbers: Vec<(&'static str, String)>,
    bytes: String,
    seconds: String,
    undone_by: Option<String>,
    may_decide: bool,
    may_undo: bool,
    decided: Option<String>,
}

/// What the store and the archive know of a run.
struct Known {
    open: Option<OpenRun>,
    hold: Option<Hold>,
    history: History,
}

fn known(app: &App, store: &Store, id: &str) -> Result<Known, WebError> {
    let open = store.run(id).map_err(WebError::internal)?;
    // A name ends in the code of its library, but what a name is made of is the archive's affair.
    let history = match &open {
        Some(run) => {
            let archive = Archive::open(app.data_dir()).map_err(WebError::internal)?;
            let library =
                archive.library(&LibraryCode::new(run.library.as_str())).map_err(WebError::internal)?;
            History::of(&library).map_err(WebError::internal)?
        }
        None => History::of_all(app.data_dir()).map_err(WebError::internal)?,
    };
    let hold = store.held_run(id).map_err(WebError::internal)?;
    if open.is_none() && history.find(id).is_none() {
        return Err(WebError::NotFound);
    }
    Ok(Known { open, hold, history })
}

fn ended(known: &Known, id: &str, lang: Lang) -> Option<Ended> {
    let written = known.history.find(id)?;
    let run = &written.run;
    let undone_by = known.history.undone_by(id).map(|undo| undo.run.run.clone());
    let decided = known.hold.as_ref().and_then(|hold| hold.decided.as_ref());
    let numbers = [
        ("runs.seen", run.seen),
        ("runs.new", run.new),
        ("runs.changed", run.changed),
        ("runs.same", run.same),
        ("runs.rejected", run.rejected),
        ("runs.duplicate", run.duplicate),
        ("runs.deleted", run.deleted),
        ("runs.repaired", run.repaired),
    ];
    Some(Ended {
        row: row(&known.history, run, lang),
        numbers: numbers.map(|(key, n)| (key, grouped(n))).into(),
        bytes: size(run.bytes),
        seconds: format!("{:.1}", run.seconds),
        may_decide: known.hold.as_ref().is_some_and(|hold| hold.decided.is_none()),
        may_undo: undone_by.is_none()
            && written.effect.as_ref().is_some_and(|effect| effect.before != effect.after),
        undone_by,
        decided: decided.map(|decision| match decision {
            Decision::Released { became } => lang.fill("runs.released", &[("run", became)]),
            Decision::Discarded => lang.t("runs.discarded").to_owned(),
        }),
    })
}

/// `GET /admin/runs/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    admin: Admin,
) -> Response {
    let (asking, wanted) = (reader.clone(), id.clone());
    let looked = with_store(&app, move |app, store| Ok((known(app, store, &wanted)?, said(store, &asking)?)));
    let result = looked.await.and_then(|(known, said)| {
        let lang = reader.lang;
        let path = format!("/admin/runs/{id}");
        let on_its_way = known.open.as_ref().filter(|run| run.phase != Phase::Ended);
        let ended = ended(&known, &id, lang);
        let is_quiet = reader.asked.get("refresh") == Some("off");
        let is_moving = on_its_way.is_some() || said.as_ref().is_some_and(|said| said.is_waiting);
        let report: Option<Report> =
            known.open.as_ref().and_then(|run| serde_json::from_str(run.report.as_deref()?).ok());
        let rejects = report.iter().flat_map(|report| &report.rejects).take(MAX_REJECTS);
        let rejects =
            rejects.map(|reject| (reject.file.clone(), reject.offset, flaw_sentence(&reject.code, lang)));
        let library = known.open.as_ref().map(|run| run.library.clone());
        render(&RunPage {
            ui: Ui::new(&app, &reader),
            frame: Frame::of(&app, &admin, said),
            library: library.or_else(|| ended.as_ref().map(|e| e.row.library.clone())).unwrap_or_default(),
            open: on_its_way.map(|run| Progress::of(&app, run, lang)),
            ended,
            rejects: rejects.collect(),
            report,
            again: (is_moving && !is_quiet).then(|| "5".to_owned()),
            quiet: ask::link(&path, [("refresh", "off")]),
            id,
        })
    });
    page(&app, &reader, result)
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    act: String,
}

/// `POST /admin/runs/{id}`
pub(crate) async fn act(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    admin: Admin,
    Form(pressed): Form<Pressed>,
) -> Response {
    tracing::info!(by = %admin.0.id, run = id, act = pressed.act, "an admin decides on a run");
    let lang = reader.lang;
    let done = with_store(&app, move |app, store| {
        let known = known(app, store, &id)?;
        let ended = ended(&known, &id, lang);
        let path = format!("/admin/runs/{id}");
        let request = match pressed.act.as_str() {
            "release" if ended.as_ref().is_some_and(|e| e.may_decide) => Request::Release { run: id },
            "discard" if ended.as_ref().is_some_and(|e| e.may_decide) => Request::Discard { run: id },
            "undo" if ended.as_ref().is_some_and(|e| e.may_undo) => Request::Undo { run: id },
            "release" | "discard" | "undo" => {
                return Err(WebError::Refused(lang.t("runs.decided_already").to_owned()));
            }
            _ => return Err(WebError::NotFound),
        };
        Ok(back_to(&path, ask_daemon(app, lang, &[request])?))
    });
    page(&app, &reader, done.await)
}
