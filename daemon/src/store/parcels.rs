//! Parcels between libraries, and what is in them.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::requests::RequestId;

/// Which way a parcel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the lender to the library that asked.
    Out,
    /// Back to the lender.
    Back,
}

impl Direction {
    /// Its word in the store and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Back => "back",
        }
    }

    /// The direction of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Out, Self::Back].into_iter().find(|direction| direction.code() == code)
    }
}

/// A parcel that is to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Parcel`")]
pub struct NewParcel<'a> {
    pub number: &'a str,
    pub sender: &'a str,
    pub recipient: &'a str,
    pub goes: Direction,
    pub tracking: &'a str,
    pub day: Date,
    /// Requests with the barcodes of their items.
    pub items: &'a [(RequestId, Vec<String>)],
}

/// A parcel as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// 交接单号.
    pub number: String,
    /// Code of the library that sends it.
    pub sender: String,
    /// Code of the library that it is for.
    pub recipient: String,
    /// Which way.
    pub goes: Direction,
    /// Number that the courier gave.
    pub tracking: String,
    /// On which day.
    pub day: String,
    /// When it was made.
    pub created: Timestamp,
    /// What is in it, by call number of the request.
    pub items: Vec<ParcelItem>,
}

/// A request whose items are in a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelItem {
    /// The request.
    pub request: RequestId,
    /// Its number.
    pub number: String,
    /// Title of what was asked for.
    pub title: String,
    /// Call number of what was asked for.
    pub call_number: String,
    /// By which day it shall be back.
    pub due: Option<String>,
    /// Barcodes of the items.
    pub barcodes: Vec<String>,
}

const OF_DAYS: &str = "SELECT number, sender, recipient, goes, tracking, day, created FROM parcels WHERE sender = ?1 AND \
                       day >= ?2 AND day <= ?3 ORDER BY day DESC, created DESC, number LIMIT 500";
const BY_NUMBER: &str =
    "SELECT number, sender, recipient, goes, tracking, day, created FROM parcels WHERE number = ?1";
const ITEMS: &str = "SELECT i.request, r.number, r.title, json_extract(r.form, '$.call_number'), r.due, i.barcodes FROM \
                     parcel_items i JOIN requests r ON r.id = i.request WHERE i.parcel = ?1 ORDER BY r.number";
const SENT: &str = "SELECT sender, substr(day, 1, 7), count(*) FROM parcels WHERE day >= ?1 AND day <= ?2 GROUP BY \
                    sender, substr(day, 1, 7) ORDER BY 2, 1";

impl Store {
    /// Parcels that a library sent on days, the newest first.
    pub fn parcels(&self, sender: &str, from: Date, to: Date) -> Result<Vec<Parcel>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(OF_DAYS)?;
            let values = params![sender, from.to_string(), to.to_string()];
            let rows = statement.query_map(values, from_row)?;
            rows.map(|parcel| with_items(connection, parcel?)).collect()
        })
    }

    /// The parcel of this number.
    pub fn parcel(&self, number: &str) -> Result<Option<Parcel>> {
        self.read(|connection| {
            let found = connection.row(BY_NUMBER, [number], from_row).optional()?;
            found.map(|parcel| with_items(connection, parcel)).transpose()
        })
    }

    /// How many parcels each library sent in each month (`2026-11`) of days.
    pub fn parcels_by_month(&self, from: Date, to: Date) -> Result<Vec<(String, String, u32)>> {
        self.read(|connection| {
            connection
                .prepare_cached(SENT)?
                .query_map([from.to_string(), to.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect()
        })
    }
}

/// Keeps a parcel within a transaction.
pub(super) fn put_parcel(
    transaction: &Transaction<'_>,
    parcel: &NewParcel<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO parcels (number, sender, recipient, goes, tracking, day, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
         ?7)",
        params![
            parcel.number,
            parcel.sender,
            parcel.recipient,
            parcel.goes.code(),
            parcel.tracking,
            parcel.day.to_string(),
            now.as_second()
        ],
    )?;
    for (request, barcodes) in parcel.items {
        transaction.run(
            "INSERT INTO parcel_items (parcel, request, barcodes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![parcel.number, request.as_bytes(), barcodes.join(" ")],
        )?;
    }
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Parcel> {
    Ok(Parcel {
        number: row.get(0)?,
        sender: row.get(1)?,
        recipient: row.get(2)?,
        goes: Direction::from_code(&row.get::<_, String>(3)?).unwrap_or(Direction::Out),
        tracking: row.get(4)?,
        day: row.get(5)?,
        created: instant(row.get(6)?),
        items: Vec::new(),
    })
}

fn with_items(connection: &Connection, parcel: Parcel) -> rusqlite::Result<Parcel> {
    let mut statement = connection.prepare_cached(ITEMS)?;
    let items = statement.query_map([parcel.number.as_str()], |row| {
        let barcodes: String = row.get(5)?;
        Ok(ParcelItem {
            request: RequestId::from_bytes(row.get(0)?),
            number: row.get(1)?,
            title: row.get(2)?,
            call_number: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            due: row.get(4)?,
            barcodes: barcodes.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        })
    })?;
    let items = items.collect::<rusqlite::Result<_>>()?;
    Ok(Parcel { items, ..parcel })
}
