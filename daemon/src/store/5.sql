-- From where a session was begun, so that its owner knows it again.
ALTER TABLE sessions ADD COLUMN place TEXT NOT NULL DEFAULT '';

-- Wrong passwords of the last hour, by the hash of whose account or which address; times are seconds since 1970.
CREATE TABLE tries (
    subject BLOB PRIMARY KEY CHECK (length(subject) = 32),
    n_wrong INTEGER NOT NULL,
    last    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
