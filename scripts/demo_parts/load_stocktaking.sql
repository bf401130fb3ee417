-- Wants all rows of stock, so it stands in line behind the delivery.
\connect - warehouse
SELECT sum(pieces) FROM (SELECT pieces FROM stock ORDER BY id FOR UPDATE) AS s;
\! sleep 0.2
