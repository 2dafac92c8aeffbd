-- Events are told apart by the life of the database in which they were written too: a life begins with each start, so
-- that a database put back from an older copy never writes under a name that it gave before.
CREATE TABLE events_with_life (
    request BLOB NOT NULL REFERENCES requests (id),
    clock   INTEGER NOT NULL,
    library TEXT NOT NULL,
    life    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    event   TEXT NOT NULL,
    PRIMARY KEY (request, clock, library, life, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO events_with_life SELECT request, clock, library, 0, seq, event FROM request_events;
DROP TABLE request_events;
ALTER TABLE events_with_life RENAME TO request_events;

-- The reader's barcode, which alone travels; whether it was made on this machine; at which second of its life.
ALTER TABLE requests ADD COLUMN patron TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN is_own INTEGER NOT NULL DEFAULT 1 CHECK (is_own IN (0, 1));
ALTER TABLE requests ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET patron = coalesce((SELECT barcode FROM accounts WHERE id = requests.account), '');

-- `road`: 'centre', or a peer. `packet`: as it left first. `born`: at which second of the machine's life.
ALTER TABLE messages ADD COLUMN road TEXT NOT NULL DEFAULT 'centre';
ALTER TABLE messages ADD COLUMN packet TEXT;
ALTER TABLE messages ADD COLUMN may_have_arrived INTEGER NOT NULL DEFAULT 0 CHECK (may_have_arrived IN (0, 1));
ALTER TABLE messages ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN is_warned INTEGER NOT NULL DEFAULT 0 CHECK (is_warned IN (0, 1));
ALTER TABLE messages ADD COLUMN settled INTEGER;
DROP INDEX messages_to_send;
CREATE INDEX messages_to_send ON messages (road, delivery, created) WHERE delivery IN ('pending', 'in_flight', 'unknown', 'held');

CREATE INDEX requests_under_way ON requests (state) WHERE state NOT IN ('draft', 'queued', 'completed', 'unfilled',
    'rejected', 'expired', 'cancelled', 'retry_possible', 'lost');

-- This machine: `lived` are seconds counted by the steady clock, and by the wall one for a while that it was off.
CREATE TABLE machine (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    life         INTEGER NOT NULL DEFAULT 0,
    lived        INTEGER NOT NULL DEFAULT 0,
    wall         INTEGER NOT NULL DEFAULT 0,
    nudges       INTEGER NOT NULL DEFAULT 0,
    drill_until  INTEGER NOT NULL DEFAULT 0,
    cursor       INTEGER NOT NULL DEFAULT 0,
    mark         TEXT NOT NULL DEFAULT '',
    last_contact INTEGER,
    trouble      TEXT
) STRICT;
INSERT INTO machine (id) VALUES (1);

-- When the clock of this machine was found wrong, or was set.
CREATE TABLE clock_faults (
    lived   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    cause   TEXT NOT NULL CHECK (cause IN ('set', 'skew'))
) STRICT;

-- The hub of a branch: where it is, and the keys by which it is known.
CREATE TABLE hub (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    library TEXT NOT NULL,
    url     TEXT NOT NULL,
    signing BLOB NOT NULL CHECK (length(signing) = 32),
    sealing BLOB NOT NULL CHECK (length(sealing) = 32)
) STRICT;

-- The branches of a hub. `acked`: how far a branch has read its feed.
CREATE TABLE branches (
    library      TEXT PRIMARY KEY,
    signing      BLOB NOT NULL CHECK (length(signing) = 32),
    sealing      BLOB NOT NULL CHECK (length(sealing) = 32),
    enrolled     INTEGER NOT NULL,
    last_contact INTEGER,
    skew         INTEGER NOT NULL DEFAULT 0,
    acked        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE enrol_codes (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    library TEXT NOT NULL,
    until   INTEGER NOT NULL,
    used_by BLOB
) STRICT, WITHOUT ROWID;

-- Every message that had its effect here, with the answer that it got: the same once more gets the same answer.
CREATE TABLE inbox (
    branch   TEXT NOT NULL,
    request  BLOB NOT NULL,
    n        INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    answer   TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (branch, request, n)
) STRICT, WITHOUT ROWID;

-- What each branch is told, in order; '*' is for all.
CREATE TABLE feed (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    branch TEXT NOT NULL,
    body   TEXT NOT NULL
) STRICT;
CREATE INDEX feed_of_branch ON feed (branch, seq);

-- Rules, members, calendars and notices of the consortium; the higher version wins.
CREATE TABLE policy (
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
