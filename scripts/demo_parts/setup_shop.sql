-- A small shop beside pgbench's bank: something to report on.
CREATE TABLE customers (
    id      int PRIMARY KEY,
    name    text NOT NULL,
    email   text NOT NULL UNIQUE
);
CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL REFERENCES customers,
    amount      numeric(10, 2) NOT NULL,
    placed_at   timestamptz NOT NULL
);
INSERT INTO customers
SELECT n, 'customer ' || n, 'c' || n || '@example.com'
FROM generate_series(1, 5000) AS n;
INSERT INTO orders (customer_id, amount, placed_at)
SELECT 1 + n * 7919 % 5000, (n * 104729 % 20000) / 100.0,
       '2026-01-01'::timestamptz + n * interval '2 minutes'
FROM generate_series(1::bigint, 150000) AS n;
CREATE INDEX ON orders (customer_id);
ANALYZE customers, orders;
