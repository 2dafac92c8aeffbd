-- Who may sign in. A password is kept as its argon2id hash, tokens and session ids as BLAKE3. Times are seconds since 1970.
CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY,
    library     TEXT NOT NULL,
    barcode     TEXT NOT NULL,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('reader', 'staff', 'admin')),
    password    TEXT,
    valid_until TEXT,
    blocked     TEXT,
    created     INTEGER NOT NULL,
    UNIQUE (library, barcode)
) STRICT;

CREATE TABLE sessions (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    began   INTEGER NOT NULL,
    seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_account ON sessions (account);

CREATE TABLE tokens (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    made    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was wrong with a library's records when a state of its archive came in force.
CREATE TABLE quality (
    library TEXT NOT NULL,
    state   INTEGER NOT NULL,
    day     TEXT NOT NULL,
    records INTEGER NOT NULL,
    counts  TEXT NOT NULL,
    PRIMARY KEY (library, state)
) STRICT, WITHOUT ROWID;
