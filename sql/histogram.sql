--
-- Type arx_perf.histogram: latency histogram, values in milliseconds
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SET search_path = public, arx_perf;
SET extra_float_digits = 0;

-- output writes a value per bucket, and input takes any value of a bucket
SELECT histogram_agg(ms) FROM unnest('{1, 2, 2, 4.5, 1000}'::float8[]) ms;
SELECT '{sum=0}'::histogram;
SELECT ' { sum = -1.5e-3,0:2 , 1.0:3,Infinity:4 } '::histogram;
SELECT '{sum=7, 137438953472:1}'::histogram;
SELECT '{sum=8, 1.005:5}'::histogram = '{sum=8, 1.001:5}' AS same_bucket;

-- each bucket, and a sum with all its digits, round-trips as text and as bytes
CREATE TEMP TABLE one_each AS
SELECT histogram_agg(ms) AS h
  FROM (SELECT 0.001 * 2.0::float8 ^ e * (1 + (k + 0.5) / 32) AS ms
          FROM generate_series(-1, 37) e, generate_series(0, 31) k) v
 GROUP BY ms
 UNION ALL
SELECT histogram_agg(1 / i::float8) FROM generate_series(1, 5000) i;
SELECT bool_and(h::text::histogram = h) AS text_round_trips,
       bool_and(sum(h::text::histogram) = sum(h)) AS sum_round_trips
  FROM one_each;
SELECT count(DISTINCT b.lower) AS distinct_buckets
  FROM one_each, buckets(h) b;
SELECT encode(histogram_send('{sum=1.5, 0:1, 1:300}'), 'hex');

-- stored out of line and compressed it is still the same
CREATE TEMP TABLE stored (id int, h histogram);
ALTER TABLE stored ALTER h SET STORAGE EXTENDED;
INSERT INTO stored
SELECT 1, histogram_agg(0.0011 * 1.02 ^ i) FROM generate_series(1, 1200) i;
INSERT INTO stored
SELECT 2, merge(h) FROM stored, generate_series(1, 300);
SELECT id, count(h), pg_column_size(h) < 3500 AS small, h = h::text::histogram AS same
  FROM stored ORDER BY id;
SELECT typstorage FROM pg_type WHERE oid = 'histogram'::regtype;

-- edges are inclusive below and exclusive above; the ends are open
SELECT * FROM buckets('{sum=1, -3:1, 0.001:2, 1.0:4, 1.024:3, 1e12:5}');
SELECT * FROM buckets('{sum=0}');
SELECT bool_and(upper = next_lower) AS no_gaps, bool_and(upper / lower <= 1 + 1 / 32.0) AS narrow
  FROM (SELECT DISTINCT lower, upper, lead(lower) OVER (ORDER BY lower) AS next_lower
          FROM (SELECT DISTINCT b.lower, b.upper FROM one_each, buckets(h) b) d
         WHERE lower > 0 AND upper < 'Infinity') e;

-- count and sum
SELECT count(h), sum(h) FROM (SELECT histogram_agg(i) h FROM generate_series(1, 1000) i) t;

-- quantiles of nothing are NULL, and so is what NULL is asked or answered
SELECT quantile('{sum=0}', 0.5), quantiles('{sum=0}', '{0, 1}'), count('{sum=0}'::histogram);
SELECT quantile(NULL, 0.5), quantile('{sum=1, 1:1}', NULL), count(NULL::histogram),
       quantiles(NULL, '{0.5}'), NULL + '{sum=1}'::histogram;
SELECT quantiles('{sum=21, 1:10, 11:1}', '{0.99, NULL, 0.5, 0}'),
       quantiles('{sum=21, 1:10, 11:1}', '{{0, 1}, {0.5, 0.95}}'),
       quantiles('{sum=21, 1:10, 11:1}', '{}');
-- the ends answer half a microsecond and the lower edge
SELECT quantiles('{sum=0, 0:1, Infinity:1}', '{0, 1}');

-- the answer is within 1.6 % of percentile_disc over the same values
CREATE TEMP TABLE samples AS
SELECT d.name, d.ms
  FROM (SELECT i, mod(i * 0.618033988749894848, 1)::float8 AS u,
               mod(i * 0.754877666246692760, 1)::float8 AS v
          FROM generate_series(1, 20000) i) r,
       LATERAL (VALUES ('uniform', 0.001 + 100 * u),
                       ('log-normal', exp(1 + 1.2 * sqrt(-2 * ln(u)) * cos(2 * pi() * v))),
                       ('pareto', 0.05 / u ^ (1 / 1.1)),
                       ('bimodal', CASE WHEN v < 0.9 THEN 0.08 + 0.02 * u ELSE 20 + 10 * u END),
                       ('constant', 0.123456)) d (name, ms);
WITH asked (q) AS (VALUES (ARRAY[0, 0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1]::float8[])),
answers AS (
    SELECT name, quantiles(histogram_agg(ms), q) AS estimates,
           percentile_disc(q) WITHIN GROUP (ORDER BY ms) AS exact
      FROM samples, asked GROUP BY name, q)
SELECT name, bool_and(abs(e - x) / x <= 0.016) AS within_bound, count(*) AS answers
  FROM answers, unnest(estimates, exact) u (e, x)
 GROUP BY name ORDER BY name;
SELECT bool_and(count(h) = n AND abs(sum(h) - total) <= 1e-9 * total) AS count_and_sum_exact
  FROM (SELECT histogram_agg(ms) h, count(*) n, sum(ms) total FROM samples GROUP BY name) t;

-- what is no duration
SELECT histogram_agg(ms) FROM unnest('{NULL, NULL}'::float8[]) ms;
SELECT merge(h) FROM unnest('{NULL}'::histogram[]) h;
SELECT histogram_agg(ms), count(histogram_agg(ms)) FROM unnest('{NULL, 1, NULL, 0, -2}'::float8[]) ms;
SELECT histogram_agg(ms) FROM unnest('{Infinity, -Infinity, 1e300}'::float8[]) ms;
SELECT histogram_agg('NaN');
SELECT histogram_agg(ms) FILTER (WHERE ms <> 'NaN') FROM unnest('{1, NaN}'::float8[]) ms;

-- merge, + and - agree
SELECT merge(h) = (SELECT histogram_agg(i) FROM generate_series(1, 100) i) AS merge_is_all
  FROM (SELECT histogram_agg(i) h FROM generate_series(1, 100) i GROUP BY i % 7) t;
WITH two AS (
    SELECT histogram_agg(i) FILTER (WHERE i <= 40) AS a,
           histogram_agg(i) FILTER (WHERE i > 40) AS b,
           histogram_agg(i) AS whole
      FROM generate_series(1, 100) i)
SELECT a + b = whole AS sum_is_all, b + a = a + b AS commutes, whole - a = b AS difference,
       whole - whole = '{sum=0}' AS nothing_left, a <> b AS differ, a <> a AS same_differs
  FROM two;
SELECT '{sum=3, 1:2}'::histogram - '{sum=1, 1:3}'::histogram;
SELECT '{sum=3, 1:2}'::histogram - '{sum=1, 9:1}'::histogram;
SELECT '{sum=1, 1:9223372036854775807}'::histogram + '{sum=1, 2:1}';
SELECT merge(h) FROM unnest('{"{sum=1, 1:9223372036854775807}", "{sum=1, 2:1}"}'::histogram[]) h;

-- parallel workers give the same as one process
CREATE TABLE histogram_parallel AS SELECT i::float8 AS ms FROM generate_series(1, 30000) i;
ALTER TABLE histogram_parallel SET (parallel_workers = 2);
CREATE TEMP TABLE alone AS SELECT histogram_agg(ms) AS h FROM histogram_parallel;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT histogram_agg(ms) FROM histogram_parallel;
SELECT histogram_agg(p.ms) = (SELECT h FROM alone) AS same FROM histogram_parallel p;
CREATE TABLE histogram_parts AS
SELECT histogram_agg(ms) AS h FROM histogram_parallel GROUP BY ms::int % 1000;
ALTER TABLE histogram_parts SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT merge(h) FROM histogram_parts;
SELECT merge(p.h) = (SELECT h FROM alone) AS same FROM histogram_parts p;
SELECT merge(h) FROM histogram_parts WHERE false;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE histogram_parallel, histogram_parts;

-- quantiles that are none
SELECT quantile('{sum=1, 1:1}', 1.01);
SELECT quantile('{sum=1, 1:1}', -0.1);
SELECT quantile('{sum=1, 1:1}', 'NaN');
SELECT quantiles('{sum=1, 1:1}', '{0.5, 95}');

-- damaged text
SELECT ''::histogram;
SELECT '{}'::histogram;
SELECT '{sum}'::histogram;
SELECT '{sum=}'::histogram;
SELECT '{sum=NaN}'::histogram;
SELECT '{sum=1e999}'::histogram;
SELECT '{sum=0x10}'::histogram;
SELECT '{sum=1'::histogram;
SELECT '{sum=1} x'::histogram;
SELECT '{sum=1, }'::histogram;
SELECT '{sum=1, 1}'::histogram;
SELECT '{sum=1, 1:}'::histogram;
SELECT '{sum=1, 1:0}'::histogram;
SELECT '{sum=1, 1:-1}'::histogram;
SELECT '{sum=1, 1:1.5}'::histogram;
SELECT '{sum=1, NaN:1}'::histogram;
SELECT '{sum=1, 2:1, 1:1}'::histogram;
SELECT '{sum=1, 1.0001:1, 1.0002:1}'::histogram;
SELECT '{sum=1, 1:9223372036854775808}'::histogram;
SELECT '{sum=1, 1:9223372036854775807, 2:1}'::histogram;

-- PG 16 and newer can ask first; an older one can only raise
SELECT current_setting('server_version_num')::int >= 160000 AS can_ask \gset
\if :can_ask
SELECT pg_input_is_valid('{sum=1, 1:0}', 'histogram') AS valid \gset
\else
SELECT false AS valid \gset
\endif
\echo :valid

-- binary form: what is sent is received, and nothing else
\getenv folder PG_ABS_BUILDDIR
\set file :folder '/results/histogram.bin'
COPY one_each TO :'file' (FORMAT binary);
CREATE TEMP TABLE received (LIKE one_each);
COPY received FROM :'file' (FORMAT binary);
SELECT count(*) AS differences
  FROM ((SELECT h::text FROM one_each EXCEPT ALL SELECT h::text FROM received) UNION ALL
        (SELECT h::text FROM received EXCEPT ALL SELECT h::text FROM one_each)) d;
COPY (SELECT '\x0100000000000000000100'::bytea) TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
COPY (SELECT '\x'::bytea) TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
COPY (SELECT '\x01000000000000f07f'::bytea) TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);

-- damaged bytes, as they would come out of a damaged page, are never believed
CREATE FUNCTION pg_temp.try_bytes(bytes bytea, expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
    detail text;
BEGIN
    EXECUTE 'SELECT (' || expression || ')::text FROM (SELECT $1::arx_perf.histogram AS h) t'
       INTO result USING bytes;
    RETURN result;
EXCEPTION WHEN data_corrupted THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN sqlstate || ' ' || detail;
END
$$;
SET client_min_messages = warning;
CREATE CAST (bytea AS histogram) WITHOUT FUNCTION;
RESET client_min_messages;
SELECT pg_temp.try_bytes(bytes, 'h')
  FROM (VALUES ('\x'::bytea), ('\x02'), ('\x01'), ('\x010000000000000000'),
               ('\x01000000000000f07f'), ('\x0100000000000000000101'),
               ('\x01000000000000000001'), ('\x0100000000000000000100'),
               ('\x010000000000000000810001'), ('\x010000000000000000a20901'),
               ('\x01000000000000000001ffffffffffffffff7f0101')) v (bytes);
SELECT expression, pg_temp.try_bytes('\x0100000000000000000100', expression)
  FROM unnest(ARRAY['quantile(h, 0.5)', 'quantiles(h, ''{0.5}'')', 'count(h)', 'sum(h)',
                    'h + h', 'h - h', 'h = ''{sum=0}''', '''{sum=0}'' <> h', 'merge(h)',
                    '(SELECT count(*) FROM buckets(h))']) expression;
DROP CAST (bytea AS histogram);

-- everybody may use it
CREATE ROLE regress_histogram_reader;
SET ROLE regress_histogram_reader;
SELECT arx_perf.quantile(arx_perf.histogram_agg(ms), 1), count(arx_perf.histogram_agg(ms))
  FROM generate_series(1, 3) ms;
SELECT '{sum=1, 1:1}'::arx_perf.histogram OPERATOR(arx_perf.+) '{sum=2, 2:1}';
RESET ROLE;
DROP ROLE regress_histogram_reader;

-- nothing of it lacks a comment
SELECT p.oid::regprocedure AS without_comment
  FROM pg_proc p
 WHERE pronamespace = 'arx_perf'::regnamespace
   AND ('histogram'::regtype = ANY (proargtypes) OR proname LIKE 'histogram%')
   AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT o.oid::regoperator AS without_comment
  FROM pg_operator o
 WHERE oprleft = 'histogram'::regtype AND obj_description(o.oid, 'pg_operator') IS NULL;
SELECT obj_description('histogram'::regtype, 'pg_type') IS NOT NULL AS type_has_comment;

-- the operators are what they say they are
SELECT oprname, oprcom::regoperator, oprnegate::regoperator
  FROM pg_operator WHERE oprleft = 'histogram'::regtype ORDER BY oprname COLLATE "C";
