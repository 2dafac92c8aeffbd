-- Every message of an ISO 18626 peer that had its effect, with its answer: the same once more gets the same answer.
CREATE TABLE peer_inbox (
    peer     TEXT NOT NULL,
    digest   BLOB NOT NULL CHECK (length(digest) = 32),
    answer   TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (peer, digest)
) STRICT, WITHOUT ROWID;

-- What a peer calls a request that it made here.
CREATE TABLE peer_requests (
    peer    TEXT NOT NULL,
    theirs  TEXT NOT NULL,
    request BLOB NOT NULL REFERENCES requests (id),
    PRIMARY KEY (peer, theirs)
) STRICT, WITHOUT ROWID;
CREATE INDEX peer_requests_by_request ON peer_requests (request);
