-- Requests that lost their reader here before it was known again that others had been told of them: these must forget too.
CREATE TABLE to_forget (request BLOB PRIMARY KEY) WITHOUT ROWID;

-- How many requests of a reader are under way is asked for each one that leaves.
CREATE INDEX requests_of_reader_under_way ON requests (account) WHERE state NOT IN ('draft', 'queued', 'completed',
    'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', 'lost');
