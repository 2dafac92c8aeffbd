//! `/admin/branches`: what a hub knows of its branches: which catalogue each has, when it was here, what it lacks.
//! On other machines there is no such page.

use axum::extract::State;
use axum::response::Response;
use daemon::central::Worry;
use daemon::store::Branch;
use jiff::Timestamp;

use super::house::TablePage;
use super::{Frame, Ui, is_hub, local, page, render, size, with_store};
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

/// `/admin/branches`
pub(crate) async fn show(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let result = shown(&app, &reader, &admin).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, reader: &Reader, admin: &Admin) -> Result<Response, WebError> {
    if !is_hub(app) {
        return Err(WebError::NotFound);
    }
    let branches = with_store(app, |_, store| store.branches().map_err(WebError::internal)).await?;
    let (lang, now) = (reader.lang, Timestamp::now());
    let open = app.open();
    let newest = open.as_ref().map(|open| open.catalogue.generation());
    let row = |branch: &Branch| {
        let worry = Worry::of(branch, newest, now);
        vec![
            branch.library.to_string(),
            branch.fares.generation.clone().unwrap_or_else(|| "—".to_owned()),
            local(app, branch.last_contact),
            size(branch.fares.bytes),
            worry.map_or_else(|| lang.t("branches.well").to_owned(), |worry| words(&worry, lang)),
            local(app, Some(branch.enrolled)),
        ]
    };
    let head = ["login.library", "branches.generation", "branches.heard", "branches.bytes", "branches.fares"];
    let head = head.into_iter().chain(["branches.enrolled"]).map(|key| lang.t(key)).collect();
    let n = branches.len().to_string();
    render(&TablePage {
        ui: Ui::new(app, reader),
        frame: Frame::of(app, admin, None),
        title: lang.t("branches.title"),
        lead: &lang.fill("branches.lead", &[("n", &n), ("newest", newest.unwrap_or("—"))]),
        head,
        rows: branches.iter().map(row).collect(),
        command: "lianmu branch enrol --library BJFU\nlianmu branch list",
    })
}

fn words(worry: &Worry, lang: Lang) -> String {
    lang.fill(&format!("branch_worry.{}", worry.code()), &[("value", &worry.value())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worry_has_words() {
        let worries = [
            Worry::NeverHere,
            Worry::Silent(30),
            Worry::Trouble("×".to_owned()),
            Worry::Clock(-200),
            Worry::Clock(200),
            Worry::Behind,
        ];
        for worry in worries {
            for lang in Lang::ALL {
                let said = words(&worry, lang);
                assert!(
                    !said.contains("branch_worry.") && said.contains(&worry.value()),
                    "{worry:?}: {said}"
                );
            }
        }
    }
}
