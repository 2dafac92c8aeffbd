//! Parcels between libraries, and what is in them: those packed here, and those of which others tell.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::requests::{Event, Recorded, RequestId, Shipment};

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
const LIKE: &str = "SELECT number FROM parcels WHERE sender = ?1 AND recipient = ?2 AND goes = ?3 AND tracking = ?4 AND \
                    day = ?5 AND tracking <> '' LIMIT 1";
const LEARN: &str = "INSERT INTO parcels (number, sender, recipient, goes, tracking, day, created) SELECT ?2, iif(?3 = \
                     'out', supplier, library), iif(?3 = 'out', library, supplier), ?3, ?4, ?5, ?6 FROM requests WHERE id \
                     = ?1 ON CONFLICT DO NOTHING";
const PUT_ITEM: &str =
    "INSERT INTO parcel_items (parcel, request, barcodes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
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

    /// The number of a parcel that goes the same way to the same library on the same day, under the same number of the
    /// courier.
    pub fn parcel_like(&self, new: &NewParcel<'_>) -> Result<Option<String>> {
        let day = new.day.to_string();
        self.read(|connection| {
            let values = params![new.sender, new.recipient, new.goes.code(), new.tracking, day];
            connection.row(LIKE, values, |row| row.get(0)).optional()
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

/// Keeps a parcel within a transaction, or what goes in one that is there.
pub(super) fn put_parcel(
    transaction: &Transaction<'_>,
    parcel: &NewParcel<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO parcels (number, sender, recipient, goes, tracking, day, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
         ?7) ON CONFLICT DO NOTHING",
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
        transaction.run(PUT_ITEM, params![parcel.number, request.as_bytes(), barcodes.join(" ")])?;
    }
    Ok(())
}

/// Keeps the parcel of which an event tells, whoever packed it: who settles with the courier counts those of all. One
/// that is known stays as it is.
pub(super) fn learn_parcel(
    transaction: &Transaction<'_>,
    id: RequestId,
    recorded: &Recorded,
) -> rusqlite::Result<()> {
    let goes = match recorded.event {
        Event::Ship { .. } => Direction::Out,
        Event::Return => Direction::Back,
        _ => return Ok(()),
    };
    let Shipment { barcodes, tracking, parcel, .. } = Shipment::of_note(&recorded.note);
    let number = match (parcel.is_empty(), tracking.is_empty()) {
        (false, _) => parcel,
        // Other systems number no parcels; the courier does.
        (true, false) => format!("{} {tracking}", recorded.library),
        (true, true) => return Ok(()),
    };
    let day = recorded.at.to_zoned_datetime(TimeZone::fixed(CHINA)).date().to_string();
    let at = recorded.at.as_second();
    transaction.run(LEARN, params![id.as_bytes(), number, goes.code(), tracking, day, at])?;
    transaction.run(PUT_ITEM, params![number, id.as_bytes(), barcodes.join(" ")]).map(drop)
}

// The days of all libraries are those of one zone.
const CHINA: Offset = Offset::constant(8);

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;

    use super::super::events::learn;
    use super::*;
    use crate::requests::Party;
    use crate::trial;

    #[test]
    fn parcels_of_which_others_tell_are_counted_once() {
        let store = Store::in_memory();
        let now: Timestamp = "2026-11-30T20:00:00Z".parse().unwrap();
        let account = trial::reader(&store, now).id;
        let id = trial::kept_request(&store, account, now);
        let tells = |library: &str, seq, event, note: &str| Recorded {
            clock: 10 + u64::from(seq),
            library: LibraryCode::new(library),
            seq,
            life: 0,
            at: now,
            party: if library == "PKU" { Party::Lender } else { Party::Requester },
            event,
            note: note.to_owned(),
        };
        let ship = Event::Ship { due: None };
        let events = [
            tells("PKU", 1, ship.clone(), "条码 00123\n运单 SF1\n交接单 P-PKU-1"),
            tells("PKU", 2, ship.clone(), "运单 SF1\n交接单 P-PKU-1"),
            tells("PKU", 3, ship.clone(), "运单 SF2"),
            tells("PKU", 4, ship, "自取"),
            tells("BJFU", 9, Event::Return, "交接单 P-BJFU-1"),
            tells("BJFU", 10, Event::Receive, "运单 SF3"),
        ];
        for _ in 0..2 {
            store.write(|transaction| learn(transaction, id, &events, now).map(drop)).unwrap();
        }
        let day = |text: &str| text.parse::<Date>().unwrap();
        let months = store.parcels_by_month(day("2026-11-01"), day("2026-12-31")).unwrap();
        let of = |library: &str, n| (library.to_owned(), "2026-12".to_owned(), n);
        assert_eq!(months, [of("BJFU", 1), of("PKU", 2)], "in the month of China's clocks");
        let parcel = store.parcel("P-PKU-1").unwrap().unwrap();
        assert_eq!((parcel.recipient.as_str(), &*parcel.items[0].barcodes[0]), ("BJFU", "00123"));
    }
}
