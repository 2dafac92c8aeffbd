-- Requests that lost their reader here before it was known again that others had been told of them: these must forget too.
CREATE TABLE to_forget (request BLOB PRIMARY KEY) WITHOUT ROWID;

-- How many requests of a reader are under way is asked for each one that leaves.
CREATE INDEX requests_of_reader_under_way ON requests (account) WHERE state NOT IN ('draft', 'queued', 'completed',
    'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', 'lost');

-- What the lender answered to a reader, and the day that a letter names; reminders had it where the words are.
ALTER TABLE letters ADD COLUMN answer TEXT;
ALTER TABLE letters ADD COLUMN day TEXT NOT NULL DEFAULT '';
UPDATE letters SET day = text, text = '' WHERE reminder IS NOT NULL;
