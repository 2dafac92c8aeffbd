-- The desks of both libraries look at their own requests.
CREATE INDEX requests_of_library ON requests (library, state);
CREATE INDEX requests_of_supplier ON requests (supplier, state);

-- A request that takes the place of another ('next'), or asks for what did not come with it ('rest').
CREATE TABLE request_links (
    request  BLOB PRIMARY KEY REFERENCES requests (id),
    previous BLOB NOT NULL REFERENCES requests (id),
    why      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX request_links_by_previous ON request_links (previous);

-- What went to a library in one go, and came with which items; `goes` is 'out' or 'back'.
CREATE TABLE parcels (
    number    TEXT PRIMARY KEY,
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    goes      TEXT NOT NULL,
    tracking  TEXT NOT NULL,
    day       TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX parcels_by_day ON parcels (sender, day);
CREATE TABLE parcel_items (
    parcel   TEXT NOT NULL REFERENCES parcels (number),
    request  BLOB NOT NULL REFERENCES requests (id),
    barcodes TEXT NOT NULL,
    PRIMARY KEY (parcel, request)
) STRICT, WITHOUT ROWID;

-- Which reader was reminded of what; once for each due date.
CREATE TABLE reminders (
    request BLOB NOT NULL REFERENCES requests (id),
    kind    TEXT NOT NULL,
    due     TEXT NOT NULL,
    made    INTEGER NOT NULL,
    PRIMARY KEY (request, kind, due)
) STRICT, WITHOUT ROWID;

-- Who at a desk did or tried what; only ever added to.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    account INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    library TEXT NOT NULL,
    what    TEXT NOT NULL,
    subject TEXT NOT NULL,
    note    TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_library ON audit (library, id);
CREATE INDEX audit_by_subject ON audit (subject, id);
