//! What the consortium decided for all: rules, members, calendars, notices, each with a version. The higher one wins.

use rusqlite::{OptionalExtension, Transaction, params};

use super::cards::put_card_keys;
use super::contents::Notice;
use super::facts::put_facts;
use super::feed::{ALL, tell};
use super::statistics::put_rates;
use super::{Cached, Store};
use crate::central::Item;
use crate::{Result, policy};

const PUT: &str = "INSERT INTO policy (kind, name, version, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET \
                   version = excluded.version, body = excluded.body WHERE excluded.version > policy.version";
const ONE: &str = "SELECT version, body FROM policy WHERE kind = ?1 AND name = ?2";
const ALL_ITEMS: &str = "SELECT kind, name, version, body FROM policy ORDER BY kind, name";
const OF_KIND: &str = "SELECT body FROM policy WHERE kind = ?1 ORDER BY name";

impl Store {
    /// Publishes something under the next version, if it differs from what is published; all branches are told with
    /// the same stroke.
    pub fn publish(&self, kind: &str, name: &str, body: &serde_json::Value) -> Result<bool> {
        self.write(|transaction| {
            let known = transaction
                .row(ONE, [kind, name], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))
                .optional()?;
            let text = body.to_string();
            if known.as_ref().is_some_and(|(_, known)| *known == text) {
                return Ok(false);
            }
            let version = known.map_or(1, |(version, _)| version + 1);
            transaction.run(PUT, params![kind, name, version, text])?;
            let (kind, name) = (kind.to_owned(), name.to_owned());
            tell(transaction, ALL, &Item::Policy { kind, name, version, body: body.clone() }, None)?;
            Ok(true)
        })
    }

    /// Everything that is in force.
    pub fn policy(&self) -> Result<Vec<Item>> {
        self.read(|connection| {
            let item = |row: &rusqlite::Row<'_>| {
                let body: String = row.get(3)?;
                Ok(Item::Policy {
                    kind: row.get(0)?,
                    name: row.get(1)?,
                    version: row.get(2)?,
                    body: super::requests::parsed(3, &body)?,
                })
            };
            connection.prepare_cached(ALL_ITEMS)?.query_map([], item)?.collect()
        })
    }

    /// The documents of one kind; one that this version cannot read is left out.
    pub fn policy_of<T: serde::de::DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        let bodies: Vec<String> = self.read(|connection| {
            connection.prepare_cached(OF_KIND)?.query_map([kind], |row| row.get(0))?.collect()
        })?;
        let parsed = bodies.iter().map(|body| serde_json::from_str(body));
        Ok(parsed
            .filter_map(|body| {
                body.inspect_err(|cause| tracing::warn!(kind, %cause, "a policy item is not understood")).ok()
            })
            .collect())
    }

    /// Keeps items that another machine published.
    pub fn keep_policy(&self, items: &[Item]) -> Result<()> {
        self.write(|transaction| {
            for item in items {
                if let Item::Policy { kind, name, version, body } = item {
                    put_policy(transaction, kind, name, *version, &body.to_string())?;
                }
            }
            Ok(())
        })
    }
}

// The consortium's notices are those of the newest item, and no others.
fn put_notices(transaction: &Transaction<'_>, body: &str) -> rusqlite::Result<()> {
    let Ok(notices) = serde_json::from_str::<Vec<Notice>>(body) else {
        tracing::warn!("the consortium's notices are not understood; those from before stay");
        return Ok(());
    };
    transaction.run("DELETE FROM notices WHERE library IS NULL", [])?;
    for Notice { title, markdown, day, until, .. } in notices {
        transaction.run(
            "INSERT INTO notices (library, title, markdown, day, until) VALUES (NULL, ?1, ?2, ?3, ?4)",
            params![title, markdown, day, until],
        )?;
    }
    Ok(())
}

/// Keeps an item; whether it is newer than what was there.
pub(super) fn put_policy(
    transaction: &Transaction<'_>,
    kind: &str,
    name: &str,
    version: u32,
    body: &str,
) -> rusqlite::Result<bool> {
    let is_newer = transaction.run(PUT, params![kind, name, version, body])? > 0;
    match kind {
        policy::NOTICES if is_newer => put_notices(transaction, body)?,
        policy::CARD_KEYS if is_newer => put_card_keys(transaction, name, body)?,
        policy::RATES if is_newer => put_rates(transaction, body)?,
        policy::LIBRARY if is_newer => put_facts(transaction, name, body)?,
        _ => {}
    }
    Ok(is_newer)
}
