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

-- Who works there, and what they fight for.
CREATE TABLE stock (
    id      int PRIMARY KEY,
    pieces  int NOT NULL
);
INSERT INTO stock SELECT n, 1000 FROM generate_series(1, 3) AS n;
CREATE ROLE shop LOGIN;
CREATE ROLE till LOGIN;
CREATE ROLE warehouse LOGIN;
CREATE ROLE bookkeeper LOGIN;
GRANT SELECT, INSERT, UPDATE ON customers, orders, stock TO shop, till, warehouse, bookkeeper;

-- Adds up the orders of one customer after the other until the time is over.
CREATE FUNCTION close_books(duration interval) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
    total numeric := 0;
    customer int := 0;
BEGIN
    WHILE clock_timestamp() < statement_timestamp() + duration LOOP
        customer := customer % 5000 + 1;
        total := total + (SELECT sum(amount) FROM orders WHERE customer_id % 5000 = customer - 1);
        PERFORM pg_sleep(0.03);
    END LOOP;
    RETURN total;
END;
$$;
