-- Wants the row that the till holds.
\connect - warehouse
UPDATE stock SET pieces = pieces + 10 WHERE id = 1;
\! sleep 0.2
