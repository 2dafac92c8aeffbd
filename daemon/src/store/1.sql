-- How each source fares. Times are seconds since 1970.
CREATE TABLE source_states (
    source        TEXT PRIMARY KEY,
    library       TEXT NOT NULL,
    known_since   INTEGER NOT NULL,
    last_try      INTEGER,
    last_run      TEXT,
    last_state    TEXT,
    last_reason   TEXT,
    tries_in_vain INTEGER NOT NULL DEFAULT 0,
    last_good     INTEGER,
    fingerprint   TEXT,
    paused        INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    told          TEXT
) STRICT, WITHOUT ROWID;

-- Runs on their way, and what became of them beyond the line in the archive's runs.jsonl.
CREATE TABLE runs (
    run      TEXT PRIMARY KEY,
    library  TEXT NOT NULL,
    source   TEXT,
    shown    TEXT NOT NULL,
    mode     TEXT NOT NULL,
    phase    TEXT NOT NULL CHECK (phase IN ('fetching', 'importing', 'ended')),
    began    INTEGER NOT NULL,
    ended    INTEGER,
    bytes    INTEGER NOT NULL DEFAULT 0,
    items    INTEGER NOT NULL DEFAULT 0,
    line     TEXT,
    report   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_library ON runs (library, began);
CREATE INDEX runs_on_their_way ON runs (phase) WHERE phase <> 'ended';

-- What the gate holds back; its files lie in inbox/<CODE>/held/<run>/.
CREATE TABLE holds (
    run         TEXT PRIMARY KEY REFERENCES runs (run),
    library     TEXT NOT NULL,
    mode        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    removals    TEXT NOT NULL,
    fingerprint TEXT,
    held        INTEGER NOT NULL,
    decided     TEXT CHECK (decided IN ('released', 'discarded')),
    decided_at  INTEGER,
    became      TEXT
) STRICT, WITHOUT ROWID;

-- What commands beside the daemon ask of it.
CREATE TABLE jobs (
    id      INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('asked', 'taken', 'done')),
    asked   INTEGER NOT NULL,
    answer  TEXT
) STRICT;
CREATE INDEX jobs_open ON jobs (state) WHERE state <> 'done';

-- Where a fetch that broke off goes on.
CREATE TABLE checkpoints (
    source TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Files that had their turn.
CREATE TABLE known_files (
    source  TEXT NOT NULL,
    hash    TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('taken', 'refused')),
    run     TEXT NOT NULL,
    PRIMARY KEY (source, hash)
) STRICT, WITHOUT ROWID;

-- Which records an OAI identifier stands for: the only thing that a deleted header carries.
CREATE TABLE identifiers (
    source     TEXT NOT NULL,
    record_key BLOB NOT NULL CHECK (length(record_key) = 16),
    identifier TEXT NOT NULL,
    PRIMARY KEY (source, record_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_by_identifier ON identifiers (source, identifier);
