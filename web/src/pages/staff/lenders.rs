//! Which libraries a librarian may ask next: those that hold the book, by what the catalogue shows, and all others.

use daemon::counter::{Counter, Holder, Whole, came_in_part};
use daemon::requests::{Ranked, Side, State};
use daemon::store::StoredRequest;
use indexer::bib::{Lendable, LibraryCode};
use jiff::Timestamp;

use super::Choosable;
use crate::counter;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::state::App;
use crate::wire::library_name;

/// A library that could be asked.
pub(super) struct Lender {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) call_number: String,
    pub(super) because: String,
    pub(super) may: bool,
}

// Those that hold it in their order, and all others that may be asked.
pub(super) fn offered(
    app: &App,
    desk: &Counter,
    side: Side,
    whole: &Whole,
    lang: Lang,
) -> Result<(Vec<Lender>, Vec<Choosable>), WebError> {
    let item = &whole.work.item;
    let ended = matches!(
        item.request.state,
        State::Unfilled | State::RetryPossible | State::Rejected | State::Expired | State::Lost
    );
    let wanted = ended || came_in_part(&item.history);
    if side == Side::Lending || !wanted || item.is_followed || item.request.account.is_none() {
        return Ok((Vec::new(), Vec::new()));
    }
    let holders = holders(app, &item.request);
    let ranked = desk.lenders(&item.request, holders, Timestamp::now()).map_err(WebError::internal)?;
    let name = |code: &str| library_name(&app.members(), &LibraryCode::new(code));
    let (holding, others): (Vec<Ranked>, Vec<Ranked>) =
        ranked.into_iter().partition(|one| one.candidate.holds);
    let lender = |one: Ranked| Lender {
        name: name(&one.candidate.code),
        because: counter::because(&one.because, lang),
        may: one.may_be_asked(),
        call_number: one.candidate.call_number,
        code: one.candidate.code,
    };
    let choosable = |one: Ranked| Choosable {
        label: name(&one.candidate.code),
        value: one.candidate.code,
        chosen: false,
    };
    let others = others.into_iter().filter(Ranked::may_be_asked).map(choosable);
    Ok((holding.into_iter().map(lender).collect(), others.collect()))
}

// What the catalogue shows; of the other members nothing is known.
fn holders(app: &App, request: &StoredRequest) -> Vec<Holder> {
    let id = &request.form.record_id;
    let entry = app.open().filter(|_| !id.is_empty()).and_then(|open| open.find_now(id).ok());
    let mut holders: Vec<Holder> = Vec::new();
    for held in entry.iter().flat_map(|entry| &entry.holdings) {
        let lendable = match held.holding.lendable {
            Lendable::Yes => Some(true),
            Lendable::No { .. } => Some(false),
            Lendable::Unknown => None,
        };
        let call_number = held.holding.call_number.clone().unwrap_or_default();
        let holder = Holder { code: held.library.to_string(), call_number, lendable, holds: true };
        match holders.iter_mut().find(|known| known.code == holder.code) {
            // Of several copies one that may be lent counts.
            Some(known) if known.lendable != Some(true) && lendable == Some(true) => *known = holder,
            Some(_) => {}
            None => holders.push(holder),
        }
    }
    for library in app.members().iter() {
        if !holders.iter().any(|known| known.code == library.code.as_str()) {
            let code = library.code.to_string();
            holders.push(Holder { code, call_number: String::new(), lendable: None, holds: false });
        }
    }
    holders
}
