--
-- Statement texts: constants as $n, no secrets, bounded length
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
CREATE TABLE normalize_t (id int, n numeric, note text, done bool, at date);
CREATE VIEW normalize_texts AS
SELECT query FROM arx_perf.statements
 WHERE query LIKE '%normalize_t%' AND query NOT LIKE '%normalize_texts%';
SET arx_perf.track = 'all';

-- every notation of a constant
SELECT count(*) AS reset FROM arx_perf.reset();
SELECT 1, - 5, -(6), 1.5e-3, .5, 'a''b', E'c\'d', $$e$$, $x$ $$ $x$, B'10', X'1F',
       U&'\0041', N'f', true, null, date '2020-01-01', interval '1' day
  FROM normalize_t;
SELECT 'one'
       -- and it goes on with 'two'
       'three', 4 FROM normalize_t;
SELECT note FROM normalize_t WHERE id = 1 AND done IS TRUE AND at IS NULL
 ORDER BY 1 LIMIT 10;
UPDATE normalize_t SET note = 'x' WHERE id BETWEEN 1 AND 2;
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

-- names, comments and multibyte characters stay
SELECT count(*) AS reset FROM arx_perf.reset();
SELECT id AS "it's 5", 'é€😀' AS é€😀 /* 'not a constant' /* 6 */ */
  FROM normalize_t WHERE note <> '日本' -- 7
;
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

-- a constant that stands in the tree more than once is replaced once
SELECT count(*) AS reset FROM arx_perf.reset();
SELECT id FROM normalize_t WHERE id BETWEEN SYMMETRIC 10 AND 2 AND 7 BETWEEN id AND 9;
SELECT id FROM normalize_t WHERE 4 BETWEEN SYMMETRIC 10 AND - 2 AND n IN (3, 4);
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

-- lists, alone and with parameters
SELECT count(*) AS reset FROM arx_perf.reset();
SELECT 1 FROM normalize_t WHERE id IN (1, 2 , 3) AND n IN (-1, - 2) AND note = 'z';
SELECT ARRAY[1, 2], 'z' FROM normalize_t WHERE id IN (7);
PREPARE normalize_p (int, text) AS
SELECT 8 FROM normalize_t WHERE id = $1 AND note = $2 AND n IN (3, 4);
EXECUTE normalize_p (1, 'x');
DEALLOCATE normalize_p;
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

-- parameters keep their numbers where no list is squashed
SELECT count(*) AS reset FROM arx_perf.reset();
PREPARE normalize_p (int, text) AS
SELECT 8 FROM normalize_t WHERE note = $2 AND id = $1 AND n > 9;
EXECUTE normalize_p (1, 'x');
DEALLOCATE normalize_p;
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

-- 10,000 elements, and 10,000 constants that are not a list
SELECT count(*) AS reset FROM arx_perf.reset();
DO $$ BEGIN
EXECUTE 'SELECT FROM normalize_t WHERE id IN (' ||
	(SELECT string_agg(i::text, ',') FROM generate_series(1, 10000) i) || ')';
EXECUTE 'VALUES ' ||
	(SELECT string_agg(format('(%s, ''normalize_t'')', i), ',')
	   FROM generate_series(1, 5000) i);
END $$;
SELECT left(query, 50) AS starts, octet_length(query) <= 16384 AS bounded,
       query ~ '10000|normalize_t''' AS literal_left
  FROM arx_perf.statements
 WHERE NOT toplevel AND (query LIKE 'VALUES%' OR query LIKE '%id IN%')
 ORDER BY query COLLATE "C";

-- 1 MB of text: as a constant it is gone, as a comment it is cut between
-- characters (16384 bytes would end inside one)
SELECT count(*) AS reset FROM arx_perf.reset();
DO $$ BEGIN
EXECUTE 'SELECT ''' || repeat('€', 350000) || ''' FROM normalize_t';
EXECUTE 'SELECT id  /* ' || repeat('€', 350000) || ' */ FROM normalize_t';
END $$;
SELECT left(query, 28) AS starts, octet_length(query) AS bytes,
       right(query, 1) AS ends
  FROM arx_perf.statements
 WHERE NOT toplevel AND query LIKE 'SELECT%' ORDER BY query COLLATE "C";

-- a comment or string that does not end fails as before
SELECT 1 FROM normalize_t /* open;
*/ WHERE;
DO $$ BEGIN EXECUTE 'SELECT 1 FROM normalize_t /* open'; END $$;
DO $$ BEGIN EXECUTE 'SELECT 1 FROM normalize_t WHERE note = ''open'; END $$;

-- no text of a statement that carries a credential is kept
SELECT count(*) AS reset FROM arx_perf.reset();
CREATE ROLE normalize_r PASSWORD 'sesame';
ALTER ROLE normalize_r ENCRYPTED PASSWORD 'sesame';
ALTER ROLE normalize_r SET normalize.secret = 'sesame';
SET normalize.api_token = 'sesame';
DO $$ BEGIN EXECUTE 'ALTER USER normalize_r PASSWORD ''sesame'''; END $$;
CREATE FUNCTION normalize_f() RETURNS void LANGUAGE plpgsql AS
$$ BEGIN ALTER USER normalize_r PASSWORD 'sesame'; END $$;
CREATE FOREIGN DATA WRAPPER normalize_w;
CREATE SERVER normalize_s FOREIGN DATA WRAPPER normalize_w
OPTIONS (password 'sesame');
CREATE USER MAPPING FOR normalize_r SERVER normalize_s
OPTIONS (user 'x', password 'sesame');
ALTER USER MAPPING FOR normalize_r SERVER normalize_s
OPTIONS (SET password 'sesame');
SET client_min_messages = error;
CREATE SUBSCRIPTION normalize_sub CONNECTION 'password=sesame'
PUBLICATION p WITH (connect = false, slot_name = none);
RESET client_min_messages;
ALTER SUBSCRIPTION normalize_sub CONNECTION 'password=sesame host=x';
ALTER SYSTEM SET primary_conninfo = 'password=sesame';
ALTER SYSTEM RESET primary_conninfo;
SELECT count(*) FILTER (WHERE query LIKE '%ses' || 'ame%') AS kept,
       count(*) FILTER (WHERE query LIKE '<withheld%') AS withheld
  FROM arx_perf.statements;
RESET normalize.api_token;
DROP SUBSCRIPTION normalize_sub;
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER normalize_w CASCADE;
DROP FUNCTION normalize_f();
DROP ROLE normalize_r;
RESET client_min_messages;

-- other utility statements are shown as the server's own module does
SELECT count(*) AS reset FROM arx_perf.reset();
COPY (SELECT 1, 'x' FROM normalize_t) TO STDOUT (DELIMITER ';');
COMMENT ON TABLE normalize_t IS 'seven';
SELECT query FROM normalize_texts ORDER BY query COLLATE "C";

RESET arx_perf.track;
DROP VIEW normalize_texts;
DROP TABLE normalize_t;
