-- Whoever reports an error waits until the row is on the disk, so storing it writes three pages: of the table, of the keys, and
-- of the index of what waits. A number has no index of its own, because only rows that wait are asked for by theirs. A row
-- comes into the index of ages when it is finished: nobody waits for that.

-- First, because it locks the table on PostgreSQL: no other process stores a row behind the copy.
DROP INDEX inbox_at;
DROP INDEX inbox_waiting;
CREATE TABLE inbox_next (
    id BIGINT NOT NULL,
    key TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    owner TEXT NOT NULL,
    claimed_until BIGINT,
    done_at BIGINT
);
INSERT INTO inbox_next (id, key, at, body, owner, claimed_until, done_at)
    SELECT id, key, at, body, owner, claimed_until, done_at FROM inbox ORDER BY id;
DROP TABLE inbox;
ALTER TABLE inbox_next RENAME TO inbox;
CREATE UNIQUE INDEX inbox_waiting ON inbox (id) WHERE done_at IS NULL;
CREATE INDEX inbox_done ON inbox (at) WHERE done_at IS NOT NULL;
