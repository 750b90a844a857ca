-- An open cursor over a function of the store, and what happens to the extension, its
-- tables and its columns before the next row is fetched: the right rows, or an error that
-- says what is wrong, never an internal one.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
	('acme', 'sre', 'acme', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}');
SET CONSTRAINTS ALL IMMEDIATE;

CREATE ROLE cursor_reader;
GRANT SELECT ON node_configurations TO cursor_reader;

-- What a cursor gives that is opened, fetched from once, and fetched to its end after the
-- statement: "n rows", or the error's SQLSTATE. Nothing of it stays.
CREATE FUNCTION pg_temp.fetched(query text, statement text, who name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
	row record;
	n integer := 0;
	state text;
BEGIN
	BEGIN
		PERFORM set_config('role', who, true);
		OPEN c FOR EXECUTE query;
		FETCH c INTO row;
		RESET ROLE;
		EXECUTE statement;
		PERFORM set_config('role', who, true);
		BEGIN
			LOOP
				n := n + 1;
				FETCH c INTO row;
				EXIT WHEN NOT FOUND;
			END LOOP;
			state := n || ' rows';
		EXCEPTION WHEN OTHERS THEN
			state := SQLSTATE;
		END;
		RAISE 'undo' USING ERRCODE = 'U0000', DETAIL = state;
	EXCEPTION WHEN SQLSTATE 'U0000' THEN
		GET STACKED DIAGNOSTICS state = PG_EXCEPTION_DETAIL;
	END;
	RETURN state;
END $$;

-- Those that read the table for every row, and those that have read it by the first one.
CREATE TEMPORARY TABLE reading (reads boolean, rows integer, query text);
INSERT INTO reading
SELECT true, 4, format('SELECT %s FROM generate_series(1, 4) AS g', call)
FROM unnest(ARRAY['integration_config_effective(''acme'', ''sre'')', 'integration_config_resolve(''acme'', ''sre'', ''openai'')',
				  'integration_config_values(''acme'', ''sre'')',
				  '(SELECT count(*) FROM integration_config_explain(''acme'', left(''sre'', g + 3)))',
				  'integration_config_get(''acme'', ''sre'')',
				  '(SELECT count(*) FROM integration_config_violations(left(''acme'', g + 4)))',
				  '(SELECT count(*) FROM integration_schema_impact(left(''slack'', g + 5), NULL))',
				  '(SELECT count(*) FROM integration_config_status(left(''acme'', g + 4)))',
				  '(SELECT count(*) FROM integration_config_effective_all(left(''acme'', g + 4)))']) AS call;
INSERT INTO reading VALUES
	(false, 2, 'SELECT integration_config_effective_all(''acme'')'),
	(false, 2, 'SELECT * FROM integration_config_effective_all(''acme'')'),
	(false, 2, 'SELECT * FROM integration_config_status(''acme'') WHERE integration = ''slack'''),
	(false, 1, 'SELECT * FROM integration_config_explain(''acme'', ''sre'') WHERE field = ''bot_token''');

SELECT is(pg_temp.fetched(query, 'SELECT 1', who), rows || ' rows', format('%s, as %s', query, who))
FROM reading, unnest('{none,cursor_reader}'::name[]) AS who;

-- What happens, and the error of those that read on; null where they must not mind.
CREATE TEMPORARY TABLE meanwhile (expected text, statement text);
INSERT INTO meanwhile VALUES
	('42704', 'DROP EXTENSION integration_schemas CASCADE'),
	('42P01', 'ALTER EXTENSION integration_schemas DROP TABLE node_configurations; DROP TABLE node_configurations CASCADE'),
	('42P01', 'ALTER TABLE node_configurations RENAME TO nodes'),
	('55000', 'ALTER TABLE node_configurations DROP COLUMN config_json CASCADE'),
	('55000', 'ALTER TABLE node_configurations DROP COLUMN parent_id CASCADE'),
	('55000', 'ALTER TABLE node_configurations RENAME COLUMN config_json TO document'),
	('55000', 'ALTER TABLE node_configurations DISABLE TRIGGER USER; ALTER TABLE node_configurations ALTER COLUMN version TYPE bigint'),
	(NULL, 'DELETE FROM node_configurations WHERE org_id = ''acme'''),
	(NULL, 'UPDATE node_configurations SET config_json = ''{}'' WHERE org_id = ''acme'''),
	(NULL, 'ALTER TABLE node_configurations ADD COLUMN ours text DEFAULT ''x'''),
	(NULL, 'ALTER TABLE node_configurations DROP CONSTRAINT node_configurations_pkey CASCADE'),
	('55000', 'ALTER TABLE node_configurations DROP COLUMN updated_by CASCADE'),
	(NULL, 'ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY'),
	(NULL, 'CREATE TABLE heir () INHERITS (node_configurations)'),
	-- the fallback stands in, but impact is about a row of it
	(NULL, 'ALTER EXTENSION integration_schemas DROP TABLE integration_schemas; DROP TABLE integration_schemas CASCADE'),
	(NULL, 'DELETE FROM integration_schemas WHERE id <> ''slack''');
SELECT is(pg_temp.fetched(query, statement, 'none'),
		  CASE WHEN query ~ 'impact' AND statement ~ 'DROP TABLE integration_schemas' THEN '42P01'
			   WHEN reads THEN coalesce(expected, rows || ' rows') ELSE rows || ' rows' END,
		  format('%s; %s', statement, query))
FROM meanwhile, reading;

SELECT is(pg_temp.fetched(query, 'REVOKE ALL ON node_configurations FROM cursor_reader', 'cursor_reader'),
		  CASE WHEN reads THEN '42501' ELSE rows || ' rows' END, 'REVOKE; ' || query)
FROM reading;
SELECT is(pg_temp.fetched(query, 'ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY', 'cursor_reader'),
		  CASE WHEN reads AND query !~ 'impact' THEN '42704' ELSE rows || ' rows' END, 'row security without a policy; ' || query)
FROM reading;

SELECT * FROM finish();
ROLLBACK;
