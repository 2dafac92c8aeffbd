-- Requests for interlibrary loan. State and due date follow from the events and stand here to be searched.
CREATE TABLE requests (
    id       BLOB PRIMARY KEY CHECK (length(id) = 16),
    number   TEXT NOT NULL UNIQUE,
    library  TEXT NOT NULL,
    account  INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    supplier TEXT NOT NULL,
    title    TEXT NOT NULL,
    form     TEXT NOT NULL,
    state    TEXT NOT NULL,
    due      TEXT,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_of_account ON requests (account, created);

-- Never changed, never deleted.
CREATE TABLE request_events (
    request BLOB NOT NULL REFERENCES requests (id),
    clock   INTEGER NOT NULL,
    library TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    event   TEXT NOT NULL,
    PRIMARY KEY (request, clock, library, seq)
) STRICT, WITHOUT ROWID;

-- What has to be told to others, in order within a request; kept after it was delivered.
CREATE TABLE messages (
    request    BLOB NOT NULL REFERENCES requests (id),
    n          INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    body       TEXT NOT NULL,
    delivery   TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_try   INTEGER,
    last_error TEXT,
    created    INTEGER NOT NULL,
    PRIMARY KEY (request, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_to_send ON messages (delivery, created) WHERE delivery IN ('pending', 'in_flight', 'unknown');

-- The same `Idempotency-Key` of an account gives the same request.
CREATE TABLE request_keys (
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    body    BLOB NOT NULL CHECK (length(body) = 32),
    request BLOB NOT NULL REFERENCES requests (id),
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;
