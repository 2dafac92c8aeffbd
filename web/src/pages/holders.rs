//! Who has a book: the table of holders on a record's page.

use indexer::bib::{Entry, Lendable, LibraryCode, LibraryHolding};

use super::beside::own_catalogue;
use crate::fresh::{Trouble, trouble};
use crate::reader::Reader;
use crate::requests;
use crate::state::{App, Open};
use crate::wire::library_name;

/// One holding, for a row of the table.
pub(super) struct HoldingRow {
    pub(super) library: String,
    pub(super) code: String,
    pub(super) home: bool,
    pub(super) location: Option<String>,
    pub(super) call_number: Option<String>,
    pub(super) coverage: Option<String>,
    pub(super) copies: String,
    pub(super) lendable: String,
    pub(super) state: &'static str,
    pub(super) as_of: String,
    pub(super) trouble: Option<Trouble>,
    /// A request may go to it: not what may not be lent, nor what stands here.
    pub(super) can_be_asked_for: bool,
    /// What the lender allows.
    pub(super) rules: String,
    /// The book in the lender's own catalogue.
    pub(super) own: Option<String>,
}

/// A request may go to it: not what may not be lent, nor what stands here, nor to who lends nothing.
pub(super) fn can_be_asked_for(app: &App, held: &LibraryHolding, home: Option<&LibraryCode>) -> bool {
    !matches!(held.holding.lendable, Lendable::No { .. })
        && home != Some(&held.library)
        && !app.directory().rules().of(held.library.as_str()).lends_nothing
}

/// The reader's own library first, then in list order.
pub(super) fn holdings(app: &App, open: &Open, entry: &Entry, reader: &Reader) -> Vec<HoldingRow> {
    let (members, lang, home) = (app.members(), reader.lang, reader.home(app));
    let (fresh, directory) = (app.freshness(), app.directory());
    let place = |code: &LibraryCode| {
        let position = members.iter().position(|l| l.code == *code).unwrap_or(usize::MAX);
        (home.as_ref() != Some(code), position)
    };
    let mut held: Vec<_> = entry.holdings.iter().collect();
    held.sort_by_key(|h| place(&h.library));
    let row = |held: &LibraryHolding| {
        let holding = &held.holding;
        let (state, lendable) = match &holding.lendable {
            Lendable::Yes => ("yes", lang.t("record.yes").to_owned()),
            Lendable::No { reason } if reason.is_empty() => ("no", lang.t("record.no").to_owned()),
            Lendable::No { reason } => ("no", lang.fill("record.no_because", &[("reason", reason)])),
            Lendable::Unknown => ("unknown", lang.t("record.unknown").to_owned()),
        };
        HoldingRow {
            library: library_name(&members, &held.library),
            code: held.library.to_string(),
            home: home.as_ref() == Some(&held.library),
            location: holding.location.clone(),
            call_number: holding.call_number.clone(),
            coverage: holding.coverage.clone(),
            copies: match holding.copies {
                0 => lang.t("record.unknown_copies").to_owned(),
                n => n.to_string(),
            },
            can_be_asked_for: can_be_asked_for(app, held, home.as_ref()),
            rules: requests::rules_line(&directory.rules().of(held.library.as_str()), lang),
            lendable,
            state,
            as_of: open.library(&held.library).and_then(|l| l.as_of.clone()).unwrap_or_default(),
            trouble: trouble(fresh.get(&held.library), app.settings(), lang),
            own: own_catalogue(app.opac_url(&held.library).as_deref(), entry, &held.library),
        }
    };
    held.into_iter().map(row).collect()
}
