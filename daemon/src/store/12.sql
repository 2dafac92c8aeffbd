-- What readers are told: that a request moved on, what is due, or what staff write. `state` and `reminder` are codes.
CREATE TABLE letters (
    id       INTEGER PRIMARY KEY,
    account  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    request  BLOB REFERENCES requests (id) ON DELETE SET NULL,
    state    TEXT,
    reminder TEXT,
    staff    INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    text     TEXT NOT NULL,
    read     INTEGER
) STRICT;
CREATE INDEX letters_of_account ON letters (account, id);
CREATE INDEX letters_unread ON letters (account) WHERE read IS NULL;
CREATE INDEX letters_of_request ON letters (request);

-- Fines, and what was paid or waived of them, in fen. Only ever added to.
CREATE TABLE fine_entries (
    id      INTEGER PRIMARY KEY,
    library TEXT NOT NULL,
    account INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('fine', 'payment', 'waiver')),
    fine    INTEGER REFERENCES fine_entries (id) CHECK ((kind = 'fine') = (fine IS NULL)),
    fen     INTEGER NOT NULL CHECK (fen > 0),
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    staff   INTEGER REFERENCES accounts (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX fine_entries_of_account ON fine_entries (account, id);
CREATE INDEX fine_entries_of_library ON fine_entries (library, id);
CREATE INDEX fine_entries_of_fine ON fine_entries (fine);

-- Consortium cards; the numbers of withdrawn ones are kept, so that they are known as such.
CREATE TABLE cards (
    number    TEXT PRIMARY KEY,
    account   INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    first     TEXT NOT NULL,
    last      TEXT NOT NULL,
    issued    INTEGER NOT NULL,
    withdrawn INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX cards_in_force ON cards (account) WHERE withdrawn IS NULL;

-- The keys by which cards of other libraries are checked without asking anybody.
CREATE TABLE card_keys (
    library TEXT NOT NULL,
    key     BLOB NOT NULL CHECK (length(key) = 32),
    since   INTEGER NOT NULL,
    PRIMARY KEY (library, key)
) STRICT, WITHOUT ROWID;

-- Requests without anything personal in them.
ALTER TABLE requests ADD COLUMN anonymous INTEGER NOT NULL DEFAULT 0 CHECK (anonymous IN (0, 1));
CREATE INDEX requests_to_anonymise ON requests (changed) WHERE anonymous = 0;

-- While a row is here, bytes of what was erased may still stand in free places of the files.
CREATE TABLE scrubs (since INTEGER NOT NULL) STRICT;
