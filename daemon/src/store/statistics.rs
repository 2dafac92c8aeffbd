//! What of all requests is needed to count them.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension, Transaction, params};

use super::audit::{NewAuditLine, put_audit};
use super::events::history_of;
use super::requests::{json, parsed};
use super::{Cached, Store};
use crate::Result;
use crate::requests::RequestId;
use crate::statistics::{Fact, Rates};

// What happened in a range was followed by a change not before its beginning.
const CHANGED: &str = "SELECT id, library, supplier FROM requests WHERE changed >= ?1 AND created < ?2 AND state <> \
                       'draft' AND (?3 IS NULL OR library = ?3 OR supplier = ?3)";
// Of what went out in parcels how many barcodes were given.
const SENT_ITEMS: &str = "SELECT i.request, sum(length(i.barcodes) - length(replace(i.barcodes, ' ', '')) + (i.barcodes <> \
                          '')) FROM parcel_items i JOIN parcels p ON p.number = i.parcel WHERE p.goes = 'out' GROUP BY \
                          i.request";
const SET_RATES: &str =
    "INSERT INTO rates (id, body) VALUES (1, ?1) ON CONFLICT DO UPDATE SET body = excluded.body";

impl Store {
    /// The facts of all requests that could count between two moments, of one library or of all.
    pub fn facts(
        &self,
        (from, until): (Timestamp, Timestamp),
        library: Option<&str>,
        day_of: impl Fn(Timestamp) -> Date,
    ) -> Result<Vec<Fact>> {
        self.read(|connection| {
            let in_parcels: HashMap<[u8; 16], u32> = connection
                .prepare_cached(SENT_ITEMS)?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let mut statement = connection.prepare_cached(CHANGED)?;
            let rows = statement.query_map(params![from.as_second(), until.as_second(), library], |row| {
                Ok((RequestId::from_bytes(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            let mut facts = Vec::new();
            for row in rows {
                let (id, library, supplier) = row?;
                let n_items = in_parcels.get(id.as_bytes()).copied().unwrap_or(0);
                let history = history_of(connection, id)?;
                facts.extend(Fact::of(&library, &supplier, (&history, n_items), &day_of));
            }
            Ok(facts)
        })
    }

    /// What the consortium pays; nothing until somebody has said so.
    pub fn rates(&self) -> Result<Rates> {
        Ok(self.rates_set()?.unwrap_or_default())
    }

    /// What somebody has said that the consortium pays.
    pub fn rates_set(&self) -> Result<Option<Rates>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM rates")?;
            let body = statement.query_row([], |row| row.get::<_, String>(0)).optional()?;
            body.map(|body| parsed(0, &body)).transpose()
        })
    }

    /// Says what the consortium pays, and who said so.
    pub fn set_rates(&self, rates: &Rates, line: &NewAuditLine<'_>, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(SET_RATES, [json(rates)?])?;
            put_audit(transaction, line, now)
        })
    }
}

/// What the consortium pays, as its hub says.
pub(super) fn put_rates(transaction: &Transaction<'_>, body: &str) -> rusqlite::Result<()> {
    match serde_json::from_str::<Rates>(body) {
        Ok(rates) => transaction.run(SET_RATES, [json(&rates)?]).map(drop),
        Err(cause) => {
            tracing::warn!(%cause, "the consortium's rates are not understood; those from before stay");
            Ok(())
        }
    }
}
