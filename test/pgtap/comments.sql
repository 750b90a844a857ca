-- Every object of the extension has a COMMENT, so that psql's \d+ and \df+ document it.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(7);

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'integration_schemas';
CREATE TEMP VIEW its_table AS
SELECT objid FROM member WHERE classid = 'pg_class'::regclass;

SELECT is_empty($$SELECT objid::regprocedure FROM member
	 WHERE classid = 'pg_proc'::regclass AND obj_description(objid, 'pg_proc') IS NULL$$,
	'every function has a comment');
SELECT is_empty($$SELECT objid::regclass FROM its_table WHERE obj_description(objid, 'pg_class') IS NULL$$,
	'every table');
SELECT is_empty($$SELECT a.attrelid::regclass, a.attname FROM pg_attribute AS a JOIN its_table AS t ON t.objid = a.attrelid
	 WHERE a.attnum > 0 AND NOT a.attisdropped AND (SELECT relkind FROM pg_class WHERE oid = t.objid) <> 'S'
	   AND col_description(a.attrelid, a.attnum) IS NULL$$,
	'every column');
SELECT is_empty($$SELECT c.conrelid::regclass, c.conname FROM pg_constraint AS c JOIN its_table AS t ON t.objid = c.conrelid
	 WHERE c.contype <> 'n' AND obj_description(c.oid, 'pg_constraint') IS NULL$$,
	'every constraint that has a name of ours');
SELECT is_empty($$SELECT i.indexrelid::regclass FROM pg_index AS i JOIN its_table AS t ON t.objid = i.indrelid
	 WHERE obj_description(i.indexrelid, 'pg_class') IS NULL
	   AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)$$,
	'every index that is not a constraint''s');
SELECT is_empty($$SELECT g.tgrelid::regclass, g.tgname FROM pg_trigger AS g JOIN its_table AS t ON t.objid = g.tgrelid
	 WHERE NOT g.tgisinternal AND obj_description(g.oid, 'pg_trigger') IS NULL$$,
	'every trigger');
SELECT isnt((SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'integration_schemas'), NULL,
	'and the extension itself');

SELECT * FROM finish();
ROLLBACK;
