-- The lives of a hub, each with the last item of its feed before it. A branch says in which life it heard the hub last,
-- and how far the feed had come: a hub that knows no such moment was put back from an older copy.
CREATE TABLE lives (n INTEGER PRIMARY KEY, life INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;

-- When a branch heard its hub last. `reading` counts how often it began the feed again; what of its own it met there in
-- this reading, the hub has.
ALTER TABLE machine ADD COLUMN hub_life INTEGER NOT NULL DEFAULT 0;
ALTER TABLE machine ADD COLUMN hub_end INTEGER NOT NULL DEFAULT 0;
ALTER TABLE machine ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
ALTER TABLE machine ADD COLUMN is_rereading INTEGER NOT NULL DEFAULT 0 CHECK (is_rereading IN (0, 1));
ALTER TABLE messages ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
