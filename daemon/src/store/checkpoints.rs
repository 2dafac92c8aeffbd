//! What fetchers remember from one run to the next: checkpoints, hashes of files, OAI identifiers.

use indexer::archive::RecordKey;
use rusqlite::{OptionalExtension, params};

use super::{Cached, Store};
use crate::Result;
use crate::harvest::{Checkpoints, Identifiers, KnownFiles};
use crate::settings::SourceId;

/// The checkpoint of one source.
pub struct SourceCheckpoints {
    /// Where it is kept.
    pub store: Store,
    /// Whose it is.
    pub source: SourceId,
}

impl Checkpoints for SourceCheckpoints {
    fn load(&self) -> Result<Option<String>> {
        self.store.read(|connection| {
            connection
                .row("SELECT text FROM checkpoints WHERE source = ?1", [self.source.as_str()], |row| {
                    row.get(0)
                })
                .optional()
        })
    }

    fn save(&self, text: &str) -> Result<()> {
        self.store.write(|transaction| {
            transaction.run(
                "INSERT INTO checkpoints (source, text) VALUES (?1, ?2) ON CONFLICT (source) DO UPDATE SET text = \
                 excluded.text",
                params![self.source.as_str(), text],
            )?;
            Ok(())
        })
    }

    fn clear(&self) -> Result<()> {
        self.store.write(|transaction| {
            transaction.run("DELETE FROM checkpoints WHERE source = ?1", [self.source.as_str()])?;
            Ok(())
        })
    }
}

/// The files of one source that had their turn.
pub struct SourceFiles {
    /// Where it is kept.
    pub store: Store,
    /// Whose they are.
    pub source: SourceId,
    /// Whether files that could not be used may have another turn: a person asked for it.
    pub refused_again: bool,
}

impl KnownFiles for SourceFiles {
    fn is_known(&self, hash: &str) -> Result<bool> {
        let verdict: Option<String> = self.store.read(|connection| {
            connection
                .row(
                    "SELECT verdict FROM known_files WHERE source = ?1 AND hash = ?2",
                    [self.source.as_str(), hash],
                    |row| row.get(0),
                )
                .optional()
        })?;
        Ok(verdict.is_some_and(|verdict| verdict == "taken" || !self.refused_again))
    }
}

/// The OAI identifiers of one source.
pub struct SourceIdentifiers {
    /// Where they are kept.
    pub store: Store,
    /// Whose they are.
    pub source: SourceId,
}

impl Identifiers for SourceIdentifiers {
    fn learn(&self, pairs: &[(String, RecordKey)]) -> Result<()> {
        self.store.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO identifiers (source, record_key, identifier) VALUES (?1, ?2, ?3) ON CONFLICT \
                 (source, record_key) DO UPDATE SET identifier = excluded.identifier WHERE identifier <> \
                 excluded.identifier",
            )?;
            for (identifier, key) in pairs {
                insert.execute(params![self.source.as_str(), key.as_bytes(), identifier])?;
            }
            Ok(())
        })
    }

    fn keys_of(&self, identifier: &str) -> Result<Vec<RecordKey>> {
        self.store.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT record_key FROM identifiers WHERE source = ?1 AND identifier = ?2 ORDER BY record_key",
                )?
                .query_map([self.source.as_str(), identifier], |row| Ok(RecordKey::from_bytes(row.get(0)?)))?
                .collect()
        })
    }
}

impl Store {
    /// Notes that files had their turn; `taken` where their data came in force or a person may still decide.
    pub fn know_files(&self, source: &SourceId, hashes: &[String], taken: bool, run: &str) -> Result<()> {
        let verdict = if taken { "taken" } else { "refused" };
        self.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO known_files (source, hash, verdict, run) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (source, \
                 hash) DO UPDATE SET verdict = excluded.verdict, run = excluded.run",
            )?;
            for hash in hashes {
                insert.execute(params![source.as_str(), hash, verdict, run])?;
            }
            Ok(())
        })
    }
}
