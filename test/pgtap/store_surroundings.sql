-- Functions and operators of other people's making, earlier on the search_path,
-- change nothing of what the store does.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"from": {"platform": 1}}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}, "locked": ["bot_token"]}}}'),
	('acme', 'sre', 'acme', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}');
SELECT integration_config_set('acme', 'sre', '{"n": 2}') AS version \gset

-- A trap for every function and operator of pg_catalog that plain SQL might use.
CREATE SCHEMA evil;
DO $make$
DECLARE
	f record;
	made integer := 0;
BEGIN
	FOR f IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args, pg_get_function_result(p.oid) AS result
			   FROM pg_proc AS p
			  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
				AND p.proname IN ('to_json', 'to_jsonb', 'jsonb_typeof', 'jsonb_build_object', 'jsonb_strip_nulls', 'jsonb_populate_record',
								  'lower', 'char_length', 'octet_length', 'now', 'clock_timestamp', 'left', 'current_setting', 'set_config',
								  'array_length', 'cardinality', 'unnest', 'pg_notify', 'pg_trigger_depth', 'texteq', 'jsonb_eq')
	LOOP
		EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''trapped''''; END''',
					   f.proname, f.args, f.result);
		made := made + 1;
	END LOOP;
	FOR f IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result,
					format('evil.op_%s', o.oid) AS fn
			   FROM pg_operator AS o
			  WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
				AND o.oprname IN ('=', '<>', '<', '>', '<=', '>=', '||', '->', '->>', '-', '+', '~')
				AND o.oprleft::regtype::text IN ('text', 'jsonb', 'integer', 'bigint', 'boolean', 'name')
				AND o.oprright::regtype::text NOT LIKE 'any%'
	LOOP
		EXECUTE format('CREATE FUNCTION %s(a %s, b %s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''trapped''''; END''',
					   f.fn, f.l, f.r, f.result);
		EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = %s, LEFTARG = %s, RIGHTARG = %s)', f.oprname, f.fn, f.l, f.r);
		made := made + 1;
	END LOOP;
	IF made < 90 THEN
		RAISE 'only % traps', made;
	END IF;
END $make$;

CREATE FUNCTION pg_temp.trapped(statement pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql SET search_path = evil, pg_catalog AS $$
BEGIN
	EXECUTE pg_catalog.format(statement, (SELECT extnamespace::pg_catalog.regnamespace FROM pg_catalog.pg_extension
										   WHERE extname OPERATOR(pg_catalog.=) 'integration_schemas'));
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

CREATE TABLE moving_in AS SELECT 'other'::text AS org_id, 'other'::text AS node_id, NULL::text AS parent_id, '{}'::jsonb AS config_json;

SELECT is(pg_temp.trapped('SELECT ''a''::text = ''b'''), 'P0001', 'the traps do spring');
SELECT is(pg_temp.trapped(statement), 'none', statement)
FROM unnest(ARRAY [
	'SELECT %s.integration_config_effective(''acme'', ''sre'')',
	'SELECT %s.integration_config_resolve(''acme'', ''sre'', ''slack'')',
	'SELECT * FROM %s.integration_config_explain(''acme'', ''sre'')',
	'SELECT %s.integration_config_values(''acme'', ''sre'')',
	'SELECT * FROM %s.integration_config_get(''acme'', ''sre'')',
	'SELECT * FROM %s.integration_config_effective_all(''acme'')',
	'SELECT %s.integration_config_effective_all(''acme'')',
	'SELECT * FROM %s.integration_config_violations()',
	'SELECT * FROM %s.integration_schema_impact(''slack'', ''[]'')',
	'SELECT * FROM %s.integration_config_status(''acme'')',
	'SELECT * FROM %s.integration_config_history(''acme'', ''sre'')',
	'SELECT %s.integration_config_set(''acme'', ''sre'', ''{"x": 1}'', reason => ''r'', author => ''a'')',
	'SELECT %s.integration_config_replace(''acme'', ''sre'', ''{}'')',
	'SELECT %s.integration_config_rollback(''acme'', ''sre'', 1)',
	'SELECT %s.integration_config_import(''public.moving_in'')',
	'INSERT INTO %s.node_configurations (org_id, node_id, parent_id, node_type) VALUES (''acme'', ''eng'', ''acme'', ''unit'')',
	'UPDATE %s.node_configurations SET parent_id = ''eng'' WHERE node_id OPERATOR(pg_catalog.=) ''sre''',
	'DELETE FROM %s.node_configurations WHERE node_id OPERATOR(pg_catalog.=) ''sre''',
	'TRUNCATE %s.node_configurations']) AS statement;

-- the queries that row security makes the executor run
CREATE ROLE is_hostile_tenant;
GRANT USAGE ON SCHEMA :ours, evil TO is_hostile_tenant;
GRANT SELECT ON node_configurations TO is_hostile_tenant;
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme', 'acme', 'org');
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON node_configurations USING (true);
SET LOCAL ROLE is_hostile_tenant;
SET LOCAL search_path = evil, pg_catalog;
SELECT :ours.integration_config_effective('acme', 'acme') OPERATOR(pg_catalog.->>) 'integrations' IS NOT NULL AS seen \gset
SELECT pg_catalog.count(*) AS nodes FROM :ours.integration_config_effective_all('acme') \gset
SELECT pg_catalog.count(*) AS violations FROM :ours.integration_config_violations() \gset
RESET ROLE;
SET LOCAL search_path = public;
SELECT is(:violations, 0, 'all organisations, under row security');
SELECT ok(:'seen', 'one node, under row security');
SELECT is(:nodes, 1, 'all nodes, under row security');

SELECT * FROM finish();
ROLLBACK;
