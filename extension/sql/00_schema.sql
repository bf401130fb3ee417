-- 00_schema.sql
--    Opens the install script; the parts follow in name order.

\echo Use "CREATE EXTENSION arx_perf" to load this file. \quit

COMMENT ON SCHEMA arx_perf IS
	'Performance monitoring: statements, and the health of arx_perf itself';
