//! What holds for all, from the hub to everybody's desk: what libraries say of themselves with their lending rules,
//! members, the common calendar, notices, what is paid for loans and parcels, the keys by which consortium cards are
//! checked.
//!
//! The hub publishes whatever differs from what it published last; a branch puts what it was told where pages and
//! desk look for it.

use std::collections::BTreeMap;
use std::path::Path;

use indexer::files::{FileLayer, replace_file};
use serde::{Deserialize, Serialize};

use crate::central::Item;
use crate::keys::to_hex;
use crate::requests::Calendar;
use crate::store::{Notice, Store};
use crate::{Error, Result};

/// Kind of an item with what one library says of itself, its lending rules among it; by its code.
pub const LIBRARY: &str = "library";
/// Kind of the item with the common calendar.
pub const CALENDAR: &str = "calendar";
/// Kind of the item with the table of members.
pub const MEMBERS: &str = "members";
/// Kind of the item with the consortium's notices.
pub const NOTICES: &str = "notices";
/// Kind of an item with the keys by which one library signs its cards; by its code.
pub const CARD_KEYS: &str = "card-keys";
/// Kind of the item with what the consortium pays for loans and parcels.
pub const RATES: &str = "rates";
/// So many notices are published.
const MOST_NOTICES: u32 = 200;

/// The table of members that a hub overrides its own with, as it stands in `members.tsv`.
#[derive(Serialize, Deserialize)]
struct MembersTable {
    tsv: String,
}

/// The keys by which the cards of a library are checked, in hexadecimal digits; none where what it signed is believed no
/// more.
#[derive(Serialize, Deserialize)]
pub(crate) struct CardKeys {
    pub(crate) keys: Vec<String>,
}

/// The calendar in force.
pub fn calendar(store: &Store) -> Result<Calendar> {
    Ok(store.policy_of::<Calendar>(CALENDAR)?.pop().unwrap_or_default())
}

/// At a hub: publishes the common calendar.
pub(crate) fn publish_calendar(store: &Store, calendar: &Calendar) -> Result<()> {
    store.publish(CALENDAR, "", &json(calendar)?)?;
    Ok(())
}

/// At a hub: publishes libraries, members, notices, rates and keys of cards where they have changed. The calendar is published
/// by those who decide it.
pub fn publish(store: &Store, data_dir: &Path) -> Result<()> {
    if let Some(tsv) = members_of(data_dir)? {
        let table = MembersTable { tsv };
        store.publish(MEMBERS, "", &json(&table)?)?;
    }
    for (code, facts) in store.all_facts()? {
        store.publish(LIBRARY, code.as_str(), &json(&facts)?)?;
    }
    let notices: Vec<Notice> =
        store.all_notices(MOST_NOTICES)?.into_iter().filter(|notice| notice.library.is_none()).collect();
    let is_published = !store.policy_of::<serde_json::Value>(NOTICES)?.is_empty();
    if !notices.is_empty() || is_published {
        store.publish(NOTICES, "", &json(&notices)?)?;
    }
    if let Some(rates) = store.rates_set()? {
        store.publish(RATES, "", &json(&rates)?)?;
    }
    publish_card_keys(store)
}

fn publish_card_keys(store: &Store) -> Result<()> {
    // A library whose last key was taken back has to be told of too.
    let names = store.policy()?.into_iter().filter_map(|item| match item {
        Item::Policy { kind, name, .. } if kind == CARD_KEYS => Some((name, Vec::new())),
        _ => None,
    });
    let mut of_libraries: BTreeMap<String, Vec<String>> = names.collect();
    for (library, key) in store.card_keys()? {
        of_libraries.entry(library).or_default().push(to_hex(&key));
    }
    for (library, keys) in of_libraries {
        store.publish(CARD_KEYS, &library, &json(&CardKeys { keys })?)?;
    }
    Ok(())
}

/// At a branch: puts members where they are looked for.
pub fn take_over(store: &Store, data_dir: &Path, files: &dyn FileLayer) -> Result<()> {
    let Some(table) = store.policy_of::<MembersTable>(MEMBERS)?.pop() else { return Ok(()) };
    if members_of(data_dir)?.as_ref() == Some(&table.tsv) {
        return Ok(());
    }
    let path = data_dir.join("members.tsv");
    replace_file(files, &path, table.tsv.as_bytes()).map_err(Error::writing(&path))
}

fn members_of(data_dir: &Path) -> Result<Option<String>> {
    let path = data_dir.join("members.tsv");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::reading(&path)(cause)),
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|source| Error::Run { source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;
    use indexer::files::Disk;
    use jiff::Timestamp;

    use super::*;
    use crate::directory::{Directory, LibraryFacts};
    use crate::keys::PublicKeys;
    use crate::requests::LenderRules;
    use crate::statistics::Rates;
    use crate::store::NewAuditLine;

    fn now() -> Timestamp {
        "2026-11-30T08:00:00Z".parse().unwrap()
    }

    fn notice(title: &str, library: Option<&str>) -> Notice {
        let (title, library) = (title.to_owned(), library.map(str::to_owned));
        let (markdown, day) = ("…".to_owned(), "2026-11-30".to_owned());
        Notice { id: 0, library, title, markdown, day, until: None }
    }

    #[test]
    fn a_lender_learns_by_which_keys_cards_are_checked_and_which_count_no_more() {
        let (hub_dir, branch_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (hub, branch) = (Store::open(hub_dir.path()).unwrap(), Store::open(branch_dir.path()).unwrap());
        let (lender, home) = (LibraryCode::new("PKU"), LibraryCode::new("BJFU"));
        for (n, library) in [&lender, &home].into_iter().enumerate() {
            let code = [n as u8; 32];
            hub.add_enrol_code(code, library, now()).unwrap();
            hub.enrol(code, None, PublicKeys { signing: code, sealing: code }, now()).unwrap().unwrap();
        }
        let told = |after| {
            publish(&hub, hub_dir.path()).unwrap();
            let fed = hub.feed(&lender, after, &branch.machine().unwrap().mark, now()).unwrap();
            branch.take_in(&lender, after, &fed.items, now()).unwrap();
            branch.card_keys().unwrap()
        };
        let cursor = || branch.machine().unwrap().cursor;
        let key_of = |library: &str, n: u8| (library.to_owned(), [n; 32]);
        branch.know_card_key("BJFU", [9; 32], now()).unwrap();
        hub.note_card_key(&home, [7; 32], now()).unwrap();
        hub.note_card_key(&home, [7; 32], now()).unwrap();
        assert_eq!(told(0), [key_of("BJFU", 9), key_of("BJFU", 7)], "beside what people entered");
        hub.note_card_key(&home, [8; 32], now()).unwrap();
        hub.forget_card_key("BJFU", [7; 32]).unwrap();
        assert_eq!(told(cursor()), [key_of("BJFU", 9), key_of("BJFU", 8)]);
        hub.forget_card_key("BJFU", [8; 32]).unwrap();
        hub.note_card_key(&home, [8; 32], now()).unwrap();
        assert_eq!(told(cursor()), [key_of("BJFU", 9)], "what the hub took back does not return by itself");
        assert_eq!(branch.own_card_key(&home).unwrap(), Some([9; 32]));
        assert_eq!(branch.own_card_key(&lender).unwrap(), None);
    }

    #[test]
    fn what_the_consortium_pays_is_known_at_its_branches() {
        let (hub_dir, branch) = (tempfile::tempdir().unwrap(), Store::in_memory());
        let (hub, library) = (Store::open(hub_dir.path()).unwrap(), LibraryCode::new("BJFU"));
        hub.add_enrol_code([0; 32], &library, now()).unwrap();
        hub.enrol([0; 32], None, PublicKeys { signing: [1; 32], sealing: [2; 32] }, now()).unwrap().unwrap();
        let admin = crate::trial::reader(&hub, now()).id;
        let told = |after| {
            publish(&hub, hub_dir.path()).unwrap();
            let fed = hub.feed(&library, after, &branch.machine().unwrap().mark, now()).unwrap();
            branch.take_in(&library, after, &fed.items, now()).unwrap();
            (branch.rates().unwrap(), fed.items.len())
        };
        assert_eq!(told(0), (Rates::default(), 0), "nobody has said anything");
        for parcel in [800, 0] {
            let rates = Rates { lent: 1_000, borrowed: 250, parcel };
            let (what, subject, note) = ("rates", "", "");
            let line = NewAuditLine { account: admin, library: "BJFU", what, subject, note };
            hub.set_rates(&rates, &line, now()).unwrap();
            let after = branch.machine().unwrap().cursor;
            assert_eq!(told(after), (rates, 1));
        }
    }

    #[test]
    fn what_a_hub_decides_that_was_put_back_counts_from_its_older_version_on() {
        let (hub, branch, library) = (Store::in_memory(), Store::in_memory(), LibraryCode::new("BJFU"));
        hub.add_enrol_code([0; 32], &library, now()).unwrap();
        hub.enrol([0; 32], None, PublicKeys { signing: [1; 32], sealing: [2; 32] }, now()).unwrap().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let decide = |hub: &Store, word: &str| hub.publish("calendar", "", &serde_json::json!(word)).unwrap();
        let in_force = |hub: &Store| {
            let fed = hub.feed(&library, 0, "", now()).unwrap();
            branch.take_in(&library, branch.machine().unwrap().cursor, &fed.items, now()).unwrap();
            branch.policy_of::<String>("calendar").unwrap()
        };
        decide(&hub, "one");
        hub.copy_to(&folder.path().join("hub.db"));
        for word in ["two", "three", "four"] {
            decide(&hub, word);
        }
        assert_eq!(in_force(&hub), ["four"]);
        let hub = Store::of_copy(&folder.path().join("hub.db"));
        branch.begin_feed_again(hub.stand().unwrap()).unwrap();
        assert_eq!(in_force(&hub), ["one"]);
        decide(&hub, "another two");
        assert_eq!(in_force(&hub), ["another two"]);
    }

    #[test]
    fn what_the_hub_decides_is_in_force_at_its_branches_and_the_higher_version_wins() {
        let (hub_dir, branch_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (hub, branch) = (Store::open(hub_dir.path()).unwrap(), Store::open(branch_dir.path()).unwrap());
        let library = LibraryCode::new("BJFU");
        hub.add_enrol_code([0; 32], &library, now()).unwrap();
        hub.enrol([0; 32], None, PublicKeys { signing: [1; 32], sealing: [2; 32] }, now()).unwrap().unwrap();
        std::fs::write(hub_dir.path().join("members.tsv"), "code\tname\n").unwrap();
        hub.add_notice(&notice("寒假停止服务", None)).unwrap();
        hub.add_notice(&notice("本馆装修", Some("PKU"))).unwrap();
        let own = branch.add_notice(&notice("林大闭馆", Some("BJFU"))).unwrap();
        publish(&hub, hub_dir.path()).unwrap();
        publish(&hub, hub_dir.path()).unwrap();
        let facts = |days| LibraryFacts {
            rules: Some(LenderRules { loan_days: days, ..LenderRules::default() }),
            ..LibraryFacts::default()
        };
        let days_of_pku =
            |store: &Store| Directory::of(store.all_facts().unwrap()).rules().of("PKU").loan_days;
        for days in [40, 50] {
            hub.keep_facts(&LibraryCode::new("PKU"), &facts(days)).unwrap();
            publish(&hub, hub_dir.path()).unwrap();
        }
        let fed = hub.feed(&library, 0, "", now()).unwrap();
        assert_eq!(fed.items.len(), 4, "what has not changed is not published again");
        assert!(branch.take_in(&library, 0, &fed.items, now()).unwrap());
        take_over(&branch, branch_dir.path(), &Disk).unwrap();
        assert_eq!(days_of_pku(&branch), 50);
        assert_eq!(std::fs::read_to_string(branch_dir.path().join("members.tsv")).unwrap(), "code\tname\n");
        let titles = |store: &Store| -> Vec<String> {
            let mut titles: Vec<String> =
                store.all_notices(9).unwrap().into_iter().map(|notice| notice.title).collect();
            titles.sort();
            titles
        };
        assert_eq!(titles(&branch), ["寒假停止服务", "林大闭馆"]);
        // An older version that comes by stick changes nothing.
        branch.keep_policy(&hub.policy().unwrap()).unwrap();
        let old = crate::central::Item::Policy {
            kind: LIBRARY.into(),
            name: "PKU".into(),
            version: 1,
            body: json(&facts(1)).unwrap(),
        };
        branch.keep_policy(&[old]).unwrap();
        assert_eq!(days_of_pku(&branch), 50);
        assert!(branch.remove_notice(own, None).unwrap(), "a library's own notice stays its own");
    }
}
