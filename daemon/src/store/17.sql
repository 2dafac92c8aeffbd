-- Which request an item is about, and the mark of what it was before its personal values were taken out.
ALTER TABLE feed ADD COLUMN request BLOB;
ALTER TABLE feed ADD COLUMN mark TEXT;
UPDATE feed SET request = unhex(replace(json_extract(json_extract(body, '$.letter'), '$.request'), '-', ''))
    WHERE json_extract(body, '$.item') = 'letter';
CREATE INDEX feed_of_request ON feed (request) WHERE request IS NOT NULL;
