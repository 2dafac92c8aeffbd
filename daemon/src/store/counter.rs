//! Requests as the desks of both libraries see them, and what librarians do to several of them at once.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::accounts::AccountId;
use super::audit::{NewAuditLine, put_audit};
use super::events::{history_of, record};
use super::parcels::{NewParcel, put_parcel};
use super::requests::{NewRequest, StoredRequest, Submitted, from_row, one, submit_within};
use super::{Cached, Store};
use crate::Result;
use crate::requests::{Act, Bar, Event, History, Party, RequestId, Side, State, Step};

/// Which requests of a desk are asked for.
#[derive(Clone, Debug, Default)]
pub struct WorkFilter {
    /// In this state; `None`: every state.
    pub state: Option<State>,
    /// With those that ended long ago; otherwise of the ended ones those of the last days.
    pub with_ended: bool,
    /// Words of the title, or a piece of the number.
    pub words: String,
    /// What ended before that moment is left out.
    pub ended_since: Timestamp,
}

/// A request on the list of a desk.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkItem {
    /// The request.
    pub request: StoredRequest,
    /// What happened to it.
    pub history: History,
    /// Another request has taken its place, or asks for the rest.
    pub is_followed: bool,
    /// Its last message from this side was not taken by the other.
    pub is_untold: bool,
    /// Name of the reader, where the account is here.
    pub reader: Option<String>,
}

/// Why one request follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkReason {
    /// The lender before could not.
    Next,
    /// The lender before sent a part.
    Rest,
}

/// A request before or after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: RequestId,
    /// Its number.
    pub number: String,
    /// Code of its lender.
    pub supplier: String,
    /// Why the later follows the earlier.
    pub why: LinkReason,
}

/// What a librarian does to one request.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Which.
    pub id: RequestId,
    /// What was pressed.
    pub act: Act,
    /// The event that it is.
    pub event: Event,
    /// What is said with it.
    pub note: String,
}

/// How much a lender has to do, and how fast it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests that wait for it.
    pub open: u32,
    /// Seconds from being asked to the first answer, of those that it answered lately, in no order.
    pub answered_in: Vec<i64>,
}

/// Requests on a list at most; the newest stay.
const MOST: u32 = 2_000;

const BORROWED: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own, EXISTS (SELECT 1 FROM \
    request_links l WHERE l.previous = requests.id) AS is_followed, (SELECT name FROM accounts a WHERE a.id = account) AS reader FROM requests \
    WHERE library = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 OR changed >= ?4 OR state NOT IN ('completed', \
    'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', 'lost')) AND (?5 = '' OR instr(lower(title), \
    lower(?5)) > 0 OR instr(number, upper(?5)) > 0) AND state <> 'draft' ORDER BY changed DESC, id DESC LIMIT ?6";
// A lender sees nothing that has not left, unless both desks are of this machine and carry it over themselves.
const LENT: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own, EXISTS (SELECT 1 FROM \
    request_links l WHERE l.previous = requests.id) AS is_followed, NULL AS reader FROM requests \
    WHERE supplier = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 OR changed >= ?4 OR state NOT IN ('completed', \
    'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', 'lost')) AND (?5 = '' OR instr(lower(title), \
    lower(?5)) > 0 OR instr(number, upper(?5)) > 0) AND state NOT IN ('draft', 'queued', 'sent', 'rejected', \
    'expired') ORDER BY changed DESC, id DESC LIMIT ?6";
const IS_UNTOLD: &str = "SELECT EXISTS (SELECT 1 FROM messages m WHERE m.request = ?1 AND m.delivery = 'rejected' AND m.kind \
                         NOT IN ('request', 'forget') AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.request = m.request AND \
                         b.n > m.n))";
const LINK: &str = "SELECT r.id, r.number, r.supplier, l.why FROM request_links l JOIN requests r ON r.id = l.previous \
                    WHERE l.request = ?1";
const LINKS_AFTER: &str = "SELECT r.id, r.number, r.supplier, l.why FROM request_links l JOIN requests r ON r.id = \
                           l.request WHERE l.previous = ?1 ORDER BY r.created";
// What follows on what follows takes the same place.
const OPEN_AFTER: &str = "WITH RECURSIVE after (id) AS (SELECT l.request FROM request_links l JOIN requests r ON r.id = \
    l.request WHERE l.previous = ?1 AND l.why = ?2 AND (l.why = 'next' OR json_extract(r.form, '$.volume') = ?3) UNION \
    SELECT l.request FROM after JOIN request_links l ON l.previous = after.id WHERE l.why = 'next') SELECT r.id, \
    r.number, r.supplier, ?2 FROM after JOIN requests r ON r.id = after.id WHERE r.state NOT IN ('completed', 'unfilled', \
    'rejected', 'expired', 'cancelled', 'retry_possible', 'lost') LIMIT 1";
const WAITING: &str = "SELECT count(*) FROM requests WHERE supplier = ?1 AND state IN ('queued', 'sent', 'at_centre', \
                       'acknowledged', 'conditional', 'accepted')";
const ASKED_LATELY: &str = "SELECT id FROM requests WHERE supplier = ?1 AND created >= ?2 AND state NOT IN ('draft', \
                            'queued') ORDER BY created DESC LIMIT 200";
const ASKED_FOR: &str = "SELECT supplier FROM requests WHERE account = ?1 AND title = ?2 AND created >= ?3";

impl Store {
    /// The requests of a library on a side, the one that changed last first.
    pub fn work(&self, side: Side, library: &LibraryCode, filter: &WorkFilter) -> Result<Vec<WorkItem>> {
        self.read(|connection| {
            let mut statement = match side {
                Side::Borrowing => connection.prepare_cached(BORROWED)?,
                Side::Lending => connection.prepare_cached(LENT)?,
            };
            let values = params![
                library.as_str(),
                filter.state.map(State::code),
                filter.with_ended,
                filter.ended_since.as_second(),
                filter.words.trim(),
                MOST
            ];
            let items = statement.query_map(values, |row| {
                Ok(WorkItem {
                    request: from_row(row)?,
                    history: History::default(),
                    is_followed: row.get("is_followed")?,
                    is_untold: false,
                    reader: row.get("reader")?,
                })
            })?;
            let whole = |item: rusqlite::Result<WorkItem>| {
                let item = item?;
                let history = history_of(connection, item.request.id)?;
                let is_untold = is_untold(connection, &item.request, side)?;
                Ok(WorkItem { history, is_untold, ..item })
            };
            items.map(whole).collect()
        })
    }

    /// Does all of it or, where one of them cannot happen, nothing; durable when it returns. A parcel comes into
    /// being with what goes in it. `None`: one of the requests is not there.
    pub fn do_deeds(
        &self,
        deeds: &[Deed],
        (library, party): (&LibraryCode, Party),
        who: AccountId,
        parcel: Option<&NewParcel<'_>>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<(), (RequestId, Bar)>>> {
        self.write(|transaction| {
            let mut found = Vec::with_capacity(deeds.len());
            for deed in deeds {
                let row = one(transaction, deed.id)?;
                let Some(request) = row else { return Ok(None) };
                let (standing, _) = history_of(transaction, deed.id)?.standing();
                match standing.after(&deed.event) {
                    Ok(Step::To(_)) => found.push(request),
                    Ok(Step::Late) => return Ok(Some(Err((deed.id, Bar::NotIn(standing.state))))),
                    Err(bar) => return Ok(Some(Err((deed.id, bar)))),
                }
            }
            if let Some(parcel) = parcel {
                put_parcel(transaction, parcel, now)?;
            }
            for (deed, request) in deeds.iter().zip(&found) {
                // The same request twice in one call: the second does not happen.
                let done = record(transaction, request, (library, party), &deed.event, &deed.note, now)?;
                if done.is_ok() {
                    let line = NewAuditLine {
                        account: who,
                        library: library.as_str(),
                        what: deed.act.code(),
                        subject: &request.number,
                        note: &deed.note,
                    };
                    put_audit(transaction, &line, now)?;
                }
            }
            Ok(Some(Ok(())))
        })
    }

    /// Keeps a request that follows another; durable when it returns. Where one that takes the same place is open
    /// nothing is kept, and that one is given.
    pub fn submit_following(
        &self,
        new: &NewRequest<'_>,
        (previous, why): (RequestId, LinkReason),
        line: &NewAuditLine<'_>,
        now: Timestamp,
    ) -> Result<Option<Link>> {
        self.write(|transaction| {
            let open = open_after(transaction, (previous, why), &new.form.volume)?;
            if open.is_none() && submit_within(transaction, new, now)? == Submitted::New {
                transaction.run(
                    "INSERT INTO request_links (request, previous, why) VALUES (?1, ?2, ?3)",
                    params![new.id.as_bytes(), previous.as_bytes(), why.code()],
                )?;
                put_audit(transaction, line, now)?;
            }
            Ok(open)
        })
    }

    /// Whether the last message of a side about a request was not taken by the other.
    pub fn is_untold(&self, request: &StoredRequest, side: Side) -> Result<bool> {
        self.read(|connection| is_untold(connection, request, side))
    }

    /// The open request that has taken the place of another, or asks for this volume of what was left out of it.
    pub fn open_after(&self, previous: (RequestId, LinkReason), volume: &str) -> Result<Option<Link>> {
        self.read(|connection| open_after(connection, previous, volume))
    }

    /// The request that this one follows, and those that follow it.
    pub fn links(&self, id: RequestId) -> Result<(Option<Link>, Vec<Link>)> {
        self.read(|connection| {
            let before = links(connection.prepare_cached(LINK)?, id)?.into_iter().next();
            Ok((before, links(connection.prepare_cached(LINKS_AFTER)?, id)?))
        })
    }

    /// How much a lender has to do, and how fast it answered what it was asked since a moment.
    pub fn load_of(&self, supplier: &str, since: Timestamp) -> Result<Load> {
        self.read(|connection| {
            let open = connection.row(WAITING, [supplier], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(ASKED_LATELY)?;
            let ids = statement.query_map(params![supplier, since.as_second()], |row| row.get(0))?;
            let mut answered_in = Vec::new();
            for id in ids {
                let history = history_of(connection, RequestId::from_bytes(id?))?;
                let asked = history.first(|event| matches!(event, Event::CentreReceipt | Event::Transmit));
                let answered = history.first(|event| {
                    matches!(
                        event,
                        Event::Accept
                            | Event::Condition
                            | Event::Unfill
                            | Event::OfferRetry
                            | Event::Ship { .. }
                    )
                });
                if let (Some(asked), Some(answered)) = (asked, answered) {
                    answered_in.push(answered.duration_since(asked).as_secs().max(0));
                }
            }
            Ok(Load { open, answered_in })
        })
    }

    /// Which lenders a reader has asked for a title since a moment.
    pub fn asked_for(&self, account: AccountId, title: &str, since: Timestamp) -> Result<Vec<String>> {
        self.read(|connection| {
            connection
                .prepare_cached(ASKED_FOR)?
                .query_map(params![account.number(), title, since.as_second()], |row| row.get(0))?
                .collect()
        })
    }

    /// Hands over what is for a lender whose desk is on this machine: it need not travel. Gives how many messages.
    pub fn carry_here(&self, now: Timestamp) -> Result<usize> {
        let waits = self.read(|connection| {
            connection
                .prepare_cached(FOR_HERE)?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        if waits.is_empty() {
            return Ok(0);
        }
        self.write(|transaction| {
            let mut n_carried = 0;
            for id in &waits {
                let id = RequestId::from_bytes(*id);
                let Some(request) = one(transaction, id)? else {
                    continue;
                };
                // Whatever is not at its beginning has been handed over before.
                let home = (&request.library, Party::Branch);
                let _ = record(transaction, &request, home, &Event::Transmit, "", now)?;
                let centre = (&request.library, Party::Centre);
                let _ = record(transaction, &request, centre, &Event::CentreReceipt, "", now)?;
                n_carried += transaction.run(
                    "UPDATE messages SET delivery = 'delivered', attempts = attempts + 1 WHERE request = ?1 AND \
                     road = 'centre' AND delivery = 'pending'",
                    [id.as_bytes()],
                )?;
            }
            Ok(n_carried)
        })
    }
}

// Who asked by ISO 18626 is told by it, whatever accounts of that library are here.
const FOR_HERE: &str = "SELECT DISTINCT m.request FROM messages m WHERE m.road = 'centre' AND m.delivery = 'pending' AND EXISTS (SELECT 1 \
                        FROM accounts a WHERE a.library = m.recipient AND a.role <> 'reader') LIMIT 500";

impl LinkReason {
    /// Its word in the store and in texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Rest => "rest",
        }
    }
}

fn links(mut statement: CachedStatement<'_>, id: RequestId) -> rusqlite::Result<Vec<Link>> {
    statement.query_map([id.as_bytes()], link_of)?.collect()
}

fn link_of(row: &Row<'_>) -> rusqlite::Result<Link> {
    let why: String = row.get(3)?;
    Ok(Link {
        id: RequestId::from_bytes(row.get(0)?),
        number: row.get(1)?,
        supplier: row.get(2)?,
        why: if why == "rest" { LinkReason::Rest } else { LinkReason::Next },
    })
}

fn is_untold(connection: &Connection, request: &StoredRequest, side: Side) -> rusqlite::Result<bool> {
    let is_ours = request.is_own == (side == Side::Borrowing);
    Ok(is_ours && connection.row(IS_UNTOLD, [request.id.as_bytes()], |row| row.get(0))?)
}

fn open_after(
    connection: &Connection,
    (previous, why): (RequestId, LinkReason),
    volume: &str,
) -> rusqlite::Result<Option<Link>> {
    connection.row(OPEN_AFTER, params![previous.as_bytes(), why.code(), volume], link_of).optional()
}
