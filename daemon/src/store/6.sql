-- What a reader signs in with beside the barcode, how to reach him, and since when he wishes to be erased.
-- No code of an account is another one's barcode within a library.
ALTER TABLE accounts ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN lang TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN erase_wanted INTEGER;
UPDATE accounts SET code = barcode;
CREATE UNIQUE INDEX accounts_by_code ON accounts (library, code);

-- Who wants an account and is not confirmed by the library. Several may claim one barcode: the desk knows whose it is.
CREATE TABLE registrations (
    id       INTEGER PRIMARY KEY,
    library  TEXT NOT NULL,
    barcode  TEXT NOT NULL,
    code     TEXT NOT NULL,
    name     TEXT NOT NULL,
    email    TEXT NOT NULL,
    phone    TEXT NOT NULL,
    lang     TEXT NOT NULL,
    password TEXT NOT NULL,
    made     INTEGER NOT NULL
) STRICT;
CREATE INDEX registrations_of_library ON registrations (library, made);

-- The one code by which a forgotten password can be replaced; only its hash.
CREATE TABLE recovery_codes (
    account INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    until   INTEGER NOT NULL
) STRICT;

-- Mails that wait for the daemon to send them; gone once they were sent.
CREATE TABLE mails (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    until      INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_try   INTEGER NOT NULL,
    last_error TEXT
) STRICT;
