//! Who belongs together: the branches of a hub with their keys, the codes by which they enrol, the hub of a branch.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::events::history_of;
use super::feed::tell;
use super::requests::one;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::central::{Fares, Item};
use crate::delivery::{LETTER_VERSION, Letter};
use crate::keys::PublicKeys;
use crate::requests::{Party, RequestId};

/// A branch, as its hub knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Code of its library.
    pub library: LibraryCode,
    /// Its keys.
    pub keys: PublicKeys,
    /// When it enrolled.
    pub enrolled: Timestamp,
    /// When it was here last.
    pub last_contact: Option<Timestamp>,
    /// By how many seconds its clock is ahead of the hub's.
    pub skew: i64,
    /// How far it has read its feed.
    pub acked: i64,
    /// What it said of its catalogue last.
    pub fares: Fares,
}

/// The hub, as its branch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Code of the library whose branch this machine is.
    pub library: LibraryCode,
    /// Where the hub is.
    pub url: String,
    /// Its keys.
    pub keys: PublicKeys,
}

const CODE: &str = "SELECT library, until, used_by FROM enrol_codes WHERE hash = ?1";
const USE: &str = "UPDATE enrol_codes SET used_by = ?2 WHERE hash = ?1";
const ENROL: &str = "INSERT INTO branches (library, signing, sealing, enrolled) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO \
                     UPDATE SET signing = excluded.signing, sealing = excluded.sealing, enrolled = excluded.enrolled";
const BRANCH: &str = "SELECT library, signing, sealing, enrolled, last_contact, skew, acked, generation, bytes, \
                      trouble FROM branches WHERE library = ?1";
const BRANCHES: &str = "SELECT library, signing, sealing, enrolled, last_contact, skew, acked, generation, bytes, \
                        trouble FROM branches ORDER BY library";
const CONCERNED: &str = "SELECT id FROM requests WHERE (library = ?1 OR supplier = ?1) AND EXISTS (SELECT 1 FROM inbox \
                         WHERE inbox.branch = requests.library AND inbox.request = requests.id) ORDER BY created, id";

impl Store {
    /// Keeps the hash of a one-time code for a library.
    pub fn add_enrol_code(&self, hash: [u8; 32], library: &LibraryCode, until: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let values = params![hash, library.as_str(), until.as_second()];
            transaction
                .run("INSERT INTO enrol_codes (hash, library, until) VALUES (?1, ?2, ?3)", values)
                .map(drop)
        })
    }

    /// Enrols a branch by a code that was not used, or by the same machine only; `None` where it is not good, or not for
    /// the library that is wanted. What the hub knows of the library's requests is told to the new branch.
    pub fn enrol(
        &self,
        hash: [u8; 32],
        wanted: Option<&LibraryCode>,
        keys: PublicKeys,
        now: Timestamp,
    ) -> Result<Option<LibraryCode>> {
        self.write(|transaction| {
            let code = transaction
                .row(CODE, [hash], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<Vec<u8>>>(2)?))
                })
                .optional()?;
            let Some((library, until, used_by)) = code else { return Ok(None) };
            let library = LibraryCode::new(library);
            if wanted.is_some_and(|wanted| *wanted != library) {
                return Ok(None);
            }
            match used_by {
                Some(key) if key == keys.signing => return Ok(Some(library)),
                None if now.as_second() <= until => {}
                _ => return Ok(None),
            }
            transaction.run(USE, params![hash, keys.signing])?;
            let values = params![library.as_str(), keys.signing, keys.sealing, now.as_second()];
            transaction.run(ENROL, values)?;
            tell_all(transaction, &library)?;
            Ok(Some(library))
        })
    }

    /// A branch of this hub.
    pub fn branch(&self, library: &LibraryCode) -> Result<Option<Branch>> {
        self.read(|connection| connection.row(BRANCH, [library.as_str()], branch_of).optional())
    }

    /// All branches of this hub.
    pub fn branches(&self) -> Result<Vec<Branch>> {
        self.read(|connection| connection.prepare_cached(BRANCHES)?.query_map([], branch_of)?.collect())
    }

    /// The hub of this branch.
    pub fn hub(&self) -> Result<Option<Hub>> {
        self.read(|connection| {
            let hub = |row: &rusqlite::Row<'_>| {
                Ok(Hub {
                    library: LibraryCode::new(row.get::<_, String>(0)?),
                    url: row.get(1)?,
                    keys: PublicKeys { signing: row.get(2)?, sealing: row.get(3)? },
                })
            };
            connection.row("SELECT library, url, signing, sealing FROM hub", [], hub).optional()
        })
    }

    /// This machine is a branch of that hub from now on; another hub's feed begins at its beginning.
    pub fn set_hub(&self, hub: &Hub) -> Result<()> {
        self.write(|transaction| {
            transaction.run("DELETE FROM hub WHERE signing <> ?1", [hub.keys.signing])?;
            let values = params![hub.library.as_str(), hub.url, hub.keys.signing, hub.keys.sealing];
            let is_other = transaction
                .run("UPDATE hub SET library = ?1, url = ?2, sealing = ?4 WHERE signing = ?3", values)?
                == 0;
            if is_other {
                transaction.run(
                    "INSERT INTO hub (id, library, url, signing, sealing) VALUES (1, ?1, ?2, ?3, ?4)",
                    values,
                )?;
                transaction.run("UPDATE machine SET cursor = 0, mark = ''", [])?;
            }
            transaction.run("UPDATE machine SET nudges = nudges + 1", []).map(drop)
        })
    }
}

// A branch that enrols learns what the hub knows of its library's requests, as letters of the hub's writing.
fn tell_all(transaction: &Transaction<'_>, library: &LibraryCode) -> rusqlite::Result<()> {
    let ids: Vec<[u8; 16]> = transaction
        .prepare(CONCERNED)?
        .query_map([library.as_str()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids.into_iter().map(RequestId::from_bytes) {
        let Some(request) = one(transaction, id)? else { continue };
        let (events, theirs) = history_of(transaction, id)?
            .events()
            .cloned()
            .partition(|recorded| recorded.party == Party::Centre);
        let letter = Letter {
            v: LETTER_VERSION,
            request: id,
            n: 0,
            prev: 0,
            kind: "known".to_owned(),
            number: request.number.clone(),
            library: request.library.clone(),
            supplier: LibraryCode::new(request.form.supplier.as_str()),
            created: request.created,
            patron: request.patron.clone(),
            form: Some(request.form.clone()),
            events: theirs,
        };
        let letter =
            letter.to_json().map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))?;
        let item = Item::Letter { from: String::new(), letter, events, was: None };
        tell(transaction, library.as_str(), &item, Some(id))?;
    }
    Ok(())
}

fn branch_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Branch> {
    Ok(Branch {
        library: LibraryCode::new(row.get::<_, String>(0)?),
        keys: PublicKeys { signing: row.get(1)?, sealing: row.get(2)? },
        enrolled: instant(row.get(3)?),
        last_contact: row.get::<_, Option<i64>>(4)?.map(instant),
        skew: row.get(5)?,
        acked: row.get(6)?,
        fares: Fares {
            generation: row.get(7)?,
            bytes: row.get::<_, i64>(8)?.unsigned_abs(),
            trouble: row.get(9)?,
        },
    })
}
