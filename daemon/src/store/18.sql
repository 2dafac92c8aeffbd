-- Requests that lost their reader here before it was known again that others had been told of them: these must forget too.
CREATE TABLE to_forget (request BLOB PRIMARY KEY) WITHOUT ROWID;
