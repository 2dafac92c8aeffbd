-- What a library says of itself, as JSON; the version grows with every change of any of them.
CREATE TABLE library_facts (
    library TEXT PRIMARY KEY,
    facts   TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often entries were looked at and asked for here: by whom and when is not known.
CREATE TABLE uses (
    entry    INTEGER PRIMARY KEY,
    views    INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0
) STRICT;
