-- The trigger functions work for the tables that they are made for, and for nothing else.
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

-- Tables of somebody's own, one of them named as one of ours.
CREATE SCHEMA other;
CREATE TABLE other.integration_schemas (id text, origin text, fields jsonb, updated_at timestamptz);
CREATE TABLE other.integration_schema_version (version uuid);
CREATE TABLE other.integration_schema_removed (id text);
CREATE TABLE other.mine (LIKE other.integration_schemas);

-- What comes of each way to fire each function, written in C, on one of them.
CREATE FUNCTION pg_temp.misuse(relation regclass, OUT function text, OUT fired text, OUT outcome text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	timing text;
	level text;
	operation text;
BEGIN
	FOR function IN
		SELECT p.oid::regproc FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e'
			JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
			JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'
		 WHERE d.classid = 'pg_proc'::regclass AND p.prorettype = 'trigger'::regtype
		   AND p.proname NOT IN ('integration_schema_check', 'integration_config_guard')	-- for any table
	LOOP
		FOREACH timing IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
			FOREACH level IN ARRAY ARRAY['ROW', 'STATEMENT'] LOOP
				FOREACH operation IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] LOOP
					CONTINUE WHEN level = 'ROW' AND operation = 'TRUNCATE';
					fired := format('%s %s, each %s', timing, operation, level);
					EXECUTE format('TRUNCATE %s', relation);
					EXECUTE format('INSERT INTO %s (id) VALUES (''a'')', relation);
					EXECUTE format('CREATE TRIGGER t %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s()',
								   timing, operation, relation, level, function);
					BEGIN
						EXECUTE format(CASE operation
										   WHEN 'INSERT' THEN 'INSERT INTO %s (id) VALUES (''b'')'
										   WHEN 'UPDATE' THEN 'UPDATE %s SET id = ''b'''
										   WHEN 'DELETE' THEN 'DELETE FROM %s'
										   ELSE 'TRUNCATE %s' END, relation);
						outcome := 'done';
					EXCEPTION WHEN OTHERS THEN
						outcome := SQLSTATE;
					END;
					EXECUTE format('DROP TRIGGER t ON %s', relation);
					RETURN NEXT;
				END LOOP;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;

SELECT is_empty($$SELECT * FROM pg_temp.misuse('other.mine') WHERE outcome <> '39P01'$$,
				'as a trigger of another table they refuse to work');
SELECT is_empty($$SELECT * FROM pg_temp.misuse('other.integration_schemas') WHERE outcome <> '39P01'$$,
				'also of one in another schema that is named like ours');
SELECT is_empty($$SELECT * FROM pg_temp.misuse('other.integration_schema_removed') WHERE outcome <> '39P01'$$,
				'whatever of ours it is named like');

-- On our own table, for events that they are not made for.
CREATE TRIGGER wrong BEFORE INSERT ON integration_schemas FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.integration_schemas_row();
SELECT throws_ok($$INSERT INTO integration_schemas (id, name, category, description) VALUES ('a', 'A', 'a', '')$$, '39P01',
				 'function "integration_schemas_row" is the trigger of table "integration_schemas", before insert or update and after any change, for each row, and before truncate',
				 'and so on our own for an event that they are not made for');
DROP TRIGGER wrong ON integration_schemas;
CREATE TRIGGER wrong BEFORE DELETE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schemas_row();
SELECT throws_ok($$DELETE FROM integration_schemas WHERE id = 'slack'$$, '39P01', NULL, 'a DELETE has no new row');
DROP TRIGGER wrong ON integration_schemas;

-- They write with the rights of their table's owner.
CREATE ROLE somebody;
GRANT ALL ON SCHEMA other TO somebody;
GRANT ALL ON other.mine TO somebody;
SET ROLE somebody;
SELECT throws_ok(format('CREATE TRIGGER t AFTER INSERT ON other.mine FOR EACH ROW EXECUTE FUNCTION %s()', f), '42501', NULL,
				 'nobody else may make triggers with those that write as the owner')
  FROM unnest(ARRAY['integration_schemas_internal.integration_schema_removed_row', 'integration_schemas_internal.integration_schema_history_row']) AS f;
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
