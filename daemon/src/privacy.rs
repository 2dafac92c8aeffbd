//! What happens to personal data by itself: who wished to be erased is erased as soon as nothing stands against it,
//! requests that ended long ago become anonymous, and no byte of either stays in the data directory.

use std::path::Path;

use jiff::Timestamp;

use crate::Result;
use crate::purchases::Purchases;
use crate::store::{Account, Pending, Store};

const A_DAY: i64 = 86_400;
/// Registrations that nobody confirms are kept so many seconds.
const UNCONFIRMED: i64 = 60 * A_DAY;

/// Erases an account if nothing stands against it; otherwise it waits, and what for is said.
pub fn erase(store: &Store, data_dir: &Path, account: &Account, now: Timestamp) -> Result<Pending> {
    if account.erase_wanted.is_none() {
        store.want_erase(account.id, Some(now))?;
    }
    let pending = store.pending_of(account.id)?;
    if pending.is_none() {
        Purchases::of(data_dir).forget(account)?;
        store.erase_account(account.id, now)?;
    }
    Ok(pending)
}

/// One round; `keep_days` is how long what has ended keeps its reader, 0 for ever. Days are those that the machine has
/// lived: a wall clock that stands ten years ahead for a minute takes nobody's requests away.
pub(crate) fn tidy(store: &Store, data_dir: &Path, keep_days: u32, now: Timestamp) -> Result<()> {
    for account in store.erasures_wanted()? {
        erase(store, data_dir, &account, now)?;
    }
    if keep_days > 0 {
        while store.anonymise_requests(i64::from(keep_days) * A_DAY, now)? > 0 {}
    }
    store.have_others_forget(now)?;
    store.drop_registrations(UNCONFIRMED, now)?;
    store.scrub(data_dir)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;

    use super::*;
    use crate::purchases::Purchase;
    use crate::requests::{Event, Party};
    use crate::trial::{kept_request, reader};

    #[test]
    fn who_waits_is_erased_as_soon_as_the_last_request_ends() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let account = reader(&store, now);
        let request = kept_request(&store, account.id, now);
        let library = Some(LibraryCode::new("BJFU"));
        let (title, contact) = ("三体".to_owned(), format!("{} {}", account.name, account.email));
        let wish = Purchase { library, title, contact, ..Purchase::default() };
        Purchases::of(folder.path()).suggest(&wish, now).unwrap();
        let pending = erase(&store, folder.path(), &account, now).unwrap();
        assert_eq!(pending, Pending { requests: 1, fen: 0 });
        tidy(&store, folder.path(), 180, now).unwrap();
        assert!(store.account_by_id(account.id).unwrap().is_some(), "it waits");
        let home = LibraryCode::new("BJFU");
        store.record_event(request, (&home, Party::Reader), &Event::AskCancel, "", now).unwrap();
        tidy(&store, folder.path(), 180, now).unwrap();
        assert!(store.account_by_id(account.id).unwrap().is_none());
        let list = Purchases::of(folder.path()).list().unwrap();
        assert_eq!(
            (list.suggestions.len(), list.suggestions[0].suggested.purchase.contact.as_str()),
            (1, "")
        );
        for file in ["state.db", "state.db-wal", "archive/purchases.jsonl"] {
            let bytes = std::fs::read(folder.path().join(file)).unwrap();
            for word in [&account.name, &account.email] {
                assert!(
                    !bytes.windows(word.len()).any(|window| window == word.as_bytes()),
                    "{word} in {file}"
                );
            }
        }
    }
}
