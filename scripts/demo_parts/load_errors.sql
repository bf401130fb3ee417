-- Statements that fail, each for a reason of its own.
SELECT amount / (id - id) FROM orders WHERE id = 42;
INSERT INTO customers VALUES (7, 'twin', 'c7@example.com');
INSERT INTO orders (customer_id, amount, placed_at) VALUES (999999, 1, now());
SELECT 'not a number'::int;
SELECT no_such_column FROM customers;
SET statement_timeout = '150ms';
SELECT count(*), pg_sleep(10) FROM customers WHERE id < 3;
RESET statement_timeout;
SELECT pg_sleep(0.05);
