-- What the consortium pays for loans and parcels, as JSON; one row at most.
CREATE TABLE rates (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
) STRICT;
CREATE INDEX parcels_by_day_alone ON parcels (day);
CREATE INDEX requests_by_change ON requests (changed);
