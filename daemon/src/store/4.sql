-- What the staff of a consortium write for readers, in Markdown. Days are YYYY-MM-DD as people mean them.
CREATE TABLE pages (
    slug     TEXT NOT NULL,
    lang     TEXT NOT NULL,
    markdown TEXT NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (slug, lang)
) STRICT, WITHOUT ROWID;

-- A notice without a library is the consortium's.
CREATE TABLE notices (
    id       INTEGER PRIMARY KEY,
    library  TEXT,
    title    TEXT NOT NULL,
    markdown TEXT NOT NULL,
    day      TEXT NOT NULL,
    until    TEXT
) STRICT;
CREATE INDEX notices_by_day ON notices (day);
