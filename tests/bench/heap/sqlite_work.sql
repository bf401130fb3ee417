-- Work for SQLite in memory: documents, an index on text, sorts, aggregates.
PRAGMA temp_store = MEMORY;
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INT, note TEXT, body TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90000)
INSERT INTO orders
SELECT i, (i * 7907) % 1500, substr(printf('%08d', i * 31), 1 + i % 5) || hex(zeroblob(i % 30)),
       json_object('id', i, 'lines', json_array(i % 7, i % 11, i), 'name', 'customer ' || (i % 1500))
FROM n;
CREATE INDEX orders_by_customer ON orders(customer, note);
SELECT count(*), sum(length(note)) FROM orders;
SELECT sum(length(notes)) FROM (SELECT customer, group_concat(note, ';') AS notes FROM orders GROUP BY customer);
SELECT sum(json_extract(body, '$.lines[2]')) FROM orders;
SELECT count(*) FROM orders a JOIN orders b USING (customer) WHERE a.id <= 1500;
SELECT count(*) FROM (SELECT e.value FROM orders, json_each(orders.body, '$.lines') e WHERE orders.id < 20000
                      ORDER BY e.value, orders.note);
SELECT sum(length(bodies)) FROM (SELECT json_group_array(json(body)) AS bodies FROM orders WHERE customer < 60
                                 GROUP BY customer);
UPDATE orders SET note = upper(note) || '!' WHERE id % 3 = 1;
DELETE FROM orders WHERE id % 5 = 2;
SELECT sum(length(replace(note, '0', 'oo'))) FROM orders;
