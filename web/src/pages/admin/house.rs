//! `/admin`, `/admin/generations`, `/admin/users`, `/admin/settings`: what there is; what is changed by commands.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::Account;

use super::super::staff::readers::state_words;
use super::super::today;
use super::standing::{Matter, is_unconfirmed, matters, to_settle};
use super::{Frame, Ui, local, page, render, size, with_store};
use crate::error::WebError;
use crate::i18n::grouped;
use crate::login::Admin;
use crate::reader::Reader;
use crate::reviews::ReviewSays;
use crate::state::App;

#[derive(Template)]
#[template(path = "admin/home.html")]
struct HomePage {
    ui: Ui,
    frame: Frame,
    matters: Vec<Matter>,
    reviews: Vec<ReviewSays>,
    more_reviews: Option<String>,
    unconfirmed: Vec<String>,
}

/// `/admin`
pub(crate) async fn home(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let lang = reader.lang;
    let looked = with_store(&app, move |app, store| {
        let archive = app.archive();
        let codes = archive.libraries().map_err(WebError::internal)?;
        let unconfirmed = codes.iter().filter(|code| is_unconfirmed(archive, code)).map(ToString::to_string);
        let found = (matters(app, store, lang)?, to_settle(app)?, unconfirmed.collect::<Vec<_>>());
        Ok(found)
    });
    let result = looked.await.and_then(|(matters, (reviews, n_reviews), unconfirmed)| {
        let frame = Frame::of(&app, &admin, None);
        let n_more = n_reviews.saturating_sub(reviews.len()) as u64;
        let more_reviews = (n_more > 0).then(|| lang.fill("admin.reviews_more", &[("n", &grouped(n_more))]));
        render(&HomePage { ui: Ui::new(&app, &reader), frame, matters, reviews, more_reviews, unconfirmed })
    });
    page(&app, &reader, result)
}

/// A table with its head.
#[derive(Template)]
#[template(path = "admin/table.html")]
pub(super) struct TablePage<'a> {
    pub(super) ui: Ui,
    pub(super) frame: Frame,
    pub(super) title: &'a str,
    pub(super) lead: &'a str,
    pub(super) head: Vec<&'a str>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) command: &'a str,
}

/// `/admin/generations`
pub(crate) async fn generations(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let rows = with_store(&app, |app, _| {
        let folder = app.data_dir().join("catalogue");
        let current = std::fs::read_to_string(folder.join("current")).unwrap_or_default();
        let mut rows = Vec::new();
        for item in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = item.file_name().to_string_lossy().into_owned();
            if !item.path().join("manifest.json").is_file() {
                continue;
            }
            let files = std::fs::read_dir(item.path()).into_iter().flatten().flatten();
            let bytes: u64 = files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
            let in_force = if name == current.trim() { "●" } else { "" };
            rows.push(vec![in_force.to_owned(), name, size(bytes)]);
        }
        rows.sort_by(|a, b| b[1].cmp(&a[1]));
        Ok(rows)
    });
    let lang = reader.lang;
    let result = rows.await.and_then(|rows| {
        let entries = app.open().map(|open| open.catalogue.manifest().entries).unwrap_or_default();
        let mut lead = lang.fill("admin.generations_lead", &[("n", &grouped(entries))]);
        if let Some(fares) = app.snapshot() {
            let came = [("bytes", &*size(fares.bytes)), ("near", &*size(fares.bytes_from_neighbours))];
            lead += &lang.fill("admin.generations_came", &came);
        }
        render(&TablePage {
            ui: Ui::new(&app, &reader),
            frame: Frame::of(&app, &admin, None),
            title: lang.t("admin.generations"),
            lead: &lead,
            head: ["admin.in_force", "admin.generation", "admin.bytes"].map(|key| lang.t(key)).into(),
            rows,
            command: "lianmu build",
        })
    });
    page(&app, &reader, result)
}

/// An account in the list of all.
struct UserRow {
    id: String,
    name: String,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/users.html")]
struct UsersPage<'a> {
    ui: Ui,
    frame: Frame,
    head: Vec<&'a str>,
    rows: Vec<UserRow>,
    command: &'a str,
}

/// `/admin/users`
pub(crate) async fn users(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let accounts = with_store(&app, |_, store| store.accounts().map_err(WebError::internal)).await;
    let (lang, today) = (reader.lang, today(&app));
    let result = accounts.and_then(|accounts| {
        let row = |account: Account| UserRow {
            id: account.id.to_string(),
            cells: vec![
                lang.label("account_role", account.role.name()),
                account.library.clone(),
                account.barcode.clone(),
                account.email.clone(),
                local(&app, Some(account.created)),
                state_words(&account, &today, lang),
            ],
            name: account.name,
        };
        let head = [
            "admin.role",
            "login.library",
            "account.barcode",
            "admin.email",
            "admin.created",
            "readers.state",
        ];
        render(&UsersPage {
            ui: Ui::new(&app, &reader),
            frame: Frame::of(&app, &admin, None),
            head: head.map(|key| lang.t(key)).into(),
            rows: accounts.into_iter().map(row).collect(),
            command: "lianmu user add --library BJFU --barcode 0002 --name … --email … --role staff\n\
                      lianmu user password --library BJFU 0002 --password-stdin",
        })
    });
    page(&app, &reader, result)
}

/// `/admin/settings`
pub(crate) async fn settings(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let lang = reader.lang;
    let rows = app.settings().in_force().iter().map(|setting| {
        let line = setting.to_string();
        let (what, origin) = line.rsplit_once("  # ").unwrap_or((&line, ""));
        let (key, value) = what.split_once(" = ").unwrap_or((&setting.key, "—"));
        // An address or a command may hold a password.
        let is_secret = ["location", "command", "password"].iter().any(|part| key.contains(part));
        let value = if is_secret && value != "—" && value != "\"\"" { "…" } else { value };
        vec![key.to_owned(), value.to_owned(), lang.label("origin", &origin.replace(' ', "-"))]
    });
    let result = render(&TablePage {
        ui: Ui::new(&app, &reader),
        frame: Frame::of(&app, &admin, None),
        title: lang.t("admin.settings"),
        lead: lang.t("admin.settings_lead"),
        head: ["admin.key", "admin.value", "admin.origin"].map(|key| lang.t(key)).into(),
        rows: rows.collect(),
        command: "lianmu serve --print-config",
    });
    page(&app, &reader, result)
}
