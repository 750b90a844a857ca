-- One session that outlives the extension: the store's prepared queries follow it
-- through DROP and CREATE, into another schema and back.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;

SELECT no_plan();

-- visit SCHEMA: install there, use every function that keeps something, and leave.
CREATE FUNCTION visit(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DROP EXTENSION IF EXISTS integration_schemas');
	EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', name);
	EXECUTE format('CREATE EXTENSION integration_schemas SCHEMA %I', name);
	PERFORM set_config('search_path', format('%I, public', name), false);
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
		('acme', 'acme', NULL, 'org', jsonb_build_object('here', name)), ('acme', 'sre', 'acme', 'team', '{}');
	RETURN NEXT is(integration_config_effective('acme', 'sre') ->> 'here', name, name || ': effective');
	RETURN NEXT is((SELECT count(*) FROM integration_config_effective_all('acme') WHERE config ->> 'here' = name), 2::bigint,
				   name || ': effective_all');
	RETURN NEXT is(integration_config_set('acme', 'sre', '{"x": 1}'), 2, name || ': set');
	RETURN NEXT throws_ok($t$UPDATE node_configurations SET parent_id = 'sre' WHERE node_id = 'acme'$t$, '23514', NULL,
						  name || ': the tree''s rules');
	UPDATE node_configurations SET node_type = 'unit', parent_id = 'acme' WHERE node_id = 'sre';
	RETURN NEXT is((SELECT count(*) FROM integration_config_history('acme', 'sre')), 3::bigint, name || ': history');
END
$$;

SELECT visit('public');
SELECT visit('one place');
SELECT visit('another');
SELECT visit('public');

-- dropped in a transaction that is rolled back
BEGIN;
DROP EXTENSION integration_schemas;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42883', NULL, 'dropped, it is gone');
ROLLBACK;
SELECT is(integration_config_effective('acme', 'sre') ->> 'here', 'public', 'rolled back, it is there');

SELECT * FROM finish();
