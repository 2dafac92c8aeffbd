-- How a branch fares, as it says itself.
ALTER TABLE branches ADD COLUMN generation TEXT;
ALTER TABLE branches ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE branches ADD COLUMN trouble TEXT;
