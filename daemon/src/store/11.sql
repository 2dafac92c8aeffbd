-- What waits is found without reading what was delivered in all the years.
DROP INDEX messages_to_send;
CREATE INDEX messages_by_delivery ON messages (delivery, created);
