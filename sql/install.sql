--
-- What CREATE EXTENSION makes: objects, comments, rights, settings
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS arx_perf;
RESET client_min_messages;
SELECT arx_perf.reset() IS NOT NULL AS reset;

-- members of the extension, without the row and array types that come along
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).*
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
   AND e.extname = 'arx_perf'
   AND NOT (d.classid = 'pg_type'::regclass
            AND d.objid IN (SELECT oid FROM pg_type
                             WHERE typrelid <> 0 OR typcategory = 'A'));

SELECT extrelocatable, extnamespace::regnamespace AS schema,
       extversion = arx_perf.library_version() AS same_version
  FROM pg_extension WHERE extname = 'arx_perf';
SELECT type, identity FROM member
 ORDER BY type COLLATE "C", identity COLLATE "C";

-- nothing is outside of its schema
SELECT type, identity FROM member WHERE identity NOT LIKE 'arx\_perf.%'
   AND type <> 'operator';

-- nothing is without a comment
SELECT type, identity FROM member
 WHERE obj_description(objid, classid::regclass::name) IS NULL
 ORDER BY type COLLATE "C", identity COLLATE "C";
SELECT objid::regclass AS view, count(*) AS columns
  FROM member JOIN pg_attribute ON attrelid = objid
 WHERE classid = 'pg_class'::regclass AND attnum > 0
   AND col_description(objid, attnum) IS NULL
 GROUP BY objid ORDER BY view;
SELECT obj_description('arx_perf'::regnamespace, 'pg_namespace') IS NOT NULL AS schema_has_comment;

-- PUBLIC may use the histogram and ask for the version, and nothing else
SELECT identity AS executable_by_public
  FROM member JOIN pg_proc p ON p.oid = objid
 WHERE classid = 'pg_proc'::regclass
   AND has_function_privilege('public', objid, 'EXECUTE')
   AND NOT (proname LIKE 'histogram\_%' OR proname = 'library_version'
            OR 'arx_perf.histogram'::regtype = ANY (proargtypes));
SELECT objid::regclass AS open_to_public FROM member
 WHERE classid = 'pg_class'::regclass
   AND has_table_privilege('public', objid, 'SELECT, INSERT, UPDATE, DELETE');

-- pg_monitor reads all of it, and changes nothing
SELECT identity AS not_for_pg_monitor FROM member
 WHERE classid = 'pg_proc'::regclass AND NOT has_function_privilege('pg_monitor', objid, 'EXECUTE')
    OR classid = 'pg_class'::regclass AND NOT has_table_privilege('pg_monitor', objid, 'SELECT')
 ORDER BY identity COLLATE "C";
SELECT identity AS written_by_pg_monitor FROM member
 WHERE classid = 'pg_class'::regclass
   AND has_table_privilege('pg_monitor', objid, 'INSERT, UPDATE, DELETE, TRUNCATE');

-- what pg_stat_statements has, by the same name and type
CREATE EXTENSION pg_stat_statements;
SELECT theirs.attname AS missing
  FROM pg_attribute theirs
  LEFT JOIN pg_attribute ours
    ON ours.attrelid = 'arx_perf.statements'::regclass
   AND ours.attname = theirs.attname AND ours.atttypid = theirs.atttypid
 WHERE theirs.attrelid = 'pg_stat_statements'::regclass AND theirs.attnum > 0
   AND ours.attname IS NULL;
SELECT theirs.attname AS missing_in_info
  FROM pg_attribute theirs
  LEFT JOIN pg_attribute ours
    ON ours.attrelid = 'arx_perf.statements_info'::regclass
   AND ours.attname = theirs.attname AND ours.atttypid = theirs.atttypid
 WHERE theirs.attrelid = 'pg_stat_statements_info'::regclass AND theirs.attnum > 0
   AND ours.attname IS NULL;
DROP EXTENSION pg_stat_statements;

-- settings: defaults, ranges, and who may change them
SELECT name, boot_val, min_val, max_val, unit, context FROM pg_settings
 WHERE name LIKE 'arx\_perf.%' ORDER BY name COLLATE "C";
SET arx_perf.track = 'some';
SET arx_perf.no_such_setting = 1;
SET arx_perf.max_statements = 100;

-- the extension goes without a trace and comes back
DROP EXTENSION arx_perf;
SELECT count(*) AS functions_left FROM pg_proc WHERE probin LIKE '%arx\_perf%';
CREATE EXTENSION arx_perf;
SELECT count(*) > 0 AS statistics_went_on FROM arx_perf.statements;
