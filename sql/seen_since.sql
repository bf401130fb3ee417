--
-- arx_perf.statements(showtext, seen_since): what a scraper asks for
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

CREATE TABLE scraped (id int);
INSERT INTO scraped VALUES (1);

-- texts only where they are asked for; ids always
SELECT id FROM scraped;
SELECT count(*) FROM scraped;
SELECT count(*) > 2 AS several, count(query) AS texts, bool_and(queryid IS NOT NULL) AS queryids
  FROM arx_perf.statements(false);
SELECT count(*) > 2 AS several, count(query) AS texts FROM arx_perf.statements(NULL);
SELECT count(*) > 2 AS several, bool_and(query IS NOT NULL) AS texts FROM arx_perf.statements();
SELECT count(*) > 2 AS several, bool_and(query IS NOT NULL) AS texts FROM arx_perf.statements(true, NULL);
SELECT bool_and(v.calls = f.calls AND v.total_exec_time = f.total_exec_time
                AND v.exec_time_histogram OPERATOR(arx_perf.=) f.exec_time_histogram) AS same_numbers
  FROM arx_perf.statements v JOIN arx_perf.statements(false) f USING (userid, dbid, queryid, toplevel)
 WHERE v.query LIKE '%FROM scraped';

-- only what ran since then
SELECT last_seen AS first_time, stats_since AS first_since, queryid AS id
  FROM arx_perf.statements WHERE query = 'SELECT id FROM scraped' \gset
SELECT clock_timestamp() AS then \gset
SELECT last_seen < :'then' AS before FROM arx_perf.statements WHERE query = 'SELECT count(*) FROM scraped';
SELECT id FROM scraped;
SELECT query FROM arx_perf.statements(true, :'then') WHERE query LIKE '%FROM scraped';
SELECT last_seen > :'first_time' AS later, stats_since = :'first_since' AS same_since, calls
  FROM arx_perf.statements(false, :'then') WHERE queryid = :id;
-- the moment itself belongs to it
SELECT last_seen AS last_time FROM arx_perf.statements WHERE queryid = :id \gset
SELECT count(*) AS at_that_moment FROM arx_perf.statements(false, :'last_time') WHERE queryid = :id;
SELECT count(*) AS after_it FROM arx_perf.statements(false, :'last_time'::timestamptz + interval '1 us')
 WHERE queryid = :id;
-- ends of time
SELECT count(*) AS never FROM arx_perf.statements(true, 'infinity');
SELECT count(*) > 5 AS ever FROM arx_perf.statements(true, '-infinity');
-- errors are news as well
SELECT clock_timestamp() AS then \gset
SELECT 1 / (id - 1) FROM scraped;
SELECT calls, errors, query FROM arx_perf.statements(true, :'then') WHERE query LIKE '%FROM scraped';

DROP TABLE scraped;
