//! Counts of the quality reports, one row a state of a library's archive.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::{Cached, Store};
use crate::Result;
use crate::quality::counts_to_json;

/// How many records of a state have which kind of fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityRow {
    /// Number of the state.
    pub state: u64,
    /// The day as which its data counts.
    pub day: String,
    /// Records that were looked at.
    pub records: u64,
    /// Records by the name of the fault.
    pub by_kind: BTreeMap<String, u64>,
}

/// Rows of a library that are kept: some years of nights.
const KEPT: i64 = 1500;

impl Store {
    /// Whether a state was looked at.
    pub fn has_quality(&self, library: &str, state: u64) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM quality WHERE library = ?1 AND state = ?2)")?
                .query_row(params![library, signed(state)], |row| row.get(0))
        })
    }

    /// Keeps what was counted.
    pub fn keep_quality(&self, library: &str, row: &QualityRow) -> Result<()> {
        let counts = counts_to_json(&row.by_kind)?;
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO quality (library, state, day, records, counts) VALUES (?1, ?2, ?3, ?4, ?5) ON \
                 CONFLICT (library, state) DO UPDATE SET day = excluded.day, records = excluded.records, counts = \
                 excluded.counts",
                params![library, signed(row.state), row.day, signed(row.records), counts],
            )?;
            transaction.run(
                "DELETE FROM quality WHERE library = ?1 AND state NOT IN (SELECT state FROM quality WHERE library \
                 = ?1 ORDER BY state DESC LIMIT ?2)",
                params![library, KEPT],
            )?;
            Ok(())
        })
    }

    /// The latest rows of a library, oldest first.
    pub fn quality_rows(&self, library: &str, n_wanted: u32) -> Result<Vec<QualityRow>> {
        let mut rows: Vec<QualityRow> = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT state, day, records, counts FROM quality WHERE library = ?1 ORDER BY state DESC LIMIT ?2",
                )?
                .query_map(params![library, n_wanted], from_row)?
                .collect()
        })?;
        rows.reverse();
        Ok(rows)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<QualityRow> {
    let (state, records, counts): (i64, i64, String) = (row.get(0)?, row.get(2)?, row.get(3)?);
    Ok(QualityRow {
        state: u64::try_from(state).unwrap_or(0),
        day: row.get(1)?,
        records: u64::try_from(records).unwrap_or(0),
        // Counts of a later version that this one cannot read are no counts.
        by_kind: serde_json::from_str(&counts).unwrap_or_default(),
    })
}
