-- Days of the consortium (no library) and of single desks. A vacation extends what is lent from `first` on to `last`.
CREATE TABLE calendar_days (
    id      INTEGER PRIMARY KEY,
    library TEXT,
    kind    TEXT NOT NULL CHECK (kind IN ('closed', 'working', 'vacation')),
    first   TEXT NOT NULL,
    last    TEXT NOT NULL CHECK (last >= first),
    exempt  TEXT NOT NULL,
    note    TEXT NOT NULL,
    staff   INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    written INTEGER NOT NULL
) STRICT;

-- On which days of the week a desk is closed: digits, 1 is Monday.
CREATE TABLE closed_weekdays (
    library TEXT PRIMARY KEY,
    days    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
