-- Who is told of letters by mail too, and when that was done or decided against. Those from before are known.
ALTER TABLE accounts ADD COLUMN by_mail INTEGER NOT NULL DEFAULT 1 CHECK (by_mail IN (0, 1));
ALTER TABLE letters ADD COLUMN mailed INTEGER;
UPDATE letters SET mailed = at;
CREATE INDEX letters_to_mail ON letters (at) WHERE mailed IS NULL;

-- Keys of cards that the hub told of, apart from those that people entered; and what a branch said of its own.
ALTER TABLE card_keys ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1));
ALTER TABLE branches ADD COLUMN card_key BLOB;
