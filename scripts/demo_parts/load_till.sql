-- A till that takes a piece from stock and lets its client think before it
-- commits: the row stays locked meanwhile.
\connect - till
BEGIN;
UPDATE stock SET pieces = pieces - 1 WHERE id = 1;
\! sleep 2.5
COMMIT;
\! sleep 0.2
