-- Personal data is old by seconds that the machine has lived, never by the wall clock: `moved` is the second at which a
-- request changed last, `born` that at which a registration was made. What was there before is as old as its times say,
-- but no older than its request; registrations count from now on.
ALTER TABLE requests ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET moved = (SELECT max(requests.born, lived - max(0, wall - requests.changed)) FROM machine);
DROP INDEX requests_to_anonymise;
CREATE INDEX requests_to_anonymise ON requests (moved) WHERE anonymous = 0;
ALTER TABLE registrations ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
UPDATE registrations SET born = (SELECT lived FROM machine);

-- By how many seconds the wall clock is thought to be wrong, and until which second of the life that counts.
ALTER TABLE machine ADD COLUMN astray INTEGER NOT NULL DEFAULT 0;
ALTER TABLE machine ADD COLUMN astray_until INTEGER NOT NULL DEFAULT 0;

-- A drill ends at a second of the life, so that no clock brings it back; one that was counted by the wall clock is over.
UPDATE machine SET drill_until = 0;
