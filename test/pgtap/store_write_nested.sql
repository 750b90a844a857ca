-- Code of the table's owner that runs inside of a write and calls back: what is
-- executing is not taken away under it, and each call has its own reason.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
DROP EXTENSION IF EXISTS integration_schemas;
CREATE SCHEMA ext;
CREATE EXTENSION integration_schemas SCHEMA ext;

SELECT no_plan();

INSERT INTO ext.node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('acme', 'acme', NULL, 'org'), ('acme', 'sre', 'acme', 'team'), ('acme', 'web', 'acme', 'team');

--
-- The schema is renamed while the statement runs, and the function called again
--

CREATE FUNCTION public.renames() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.node_id = 'sre' THEN
		EXECUTE format('ALTER SCHEMA %I RENAME TO %I', TG_TABLE_SCHEMA, TG_TABLE_SCHEMA || '2');
		EXECUTE format('SELECT %I.integration_config_set(''acme'', ''web'', %L, reason => ''inner'')',
					   TG_TABLE_SCHEMA || '2', jsonb_build_object('from', TG_TABLE_SCHEMA));
	END IF;
	RETURN NULL;
END $$;
SELECT is(ext.integration_config_set('acme', 'sre', '{"warm": 1}'), 2, 'a plan that is kept');
CREATE TRIGGER z_renames AFTER UPDATE ON ext.node_configurations FOR EACH ROW EXECUTE FUNCTION public.renames();
SELECT is(ext.integration_config_set('acme', 'sre', '{"x": 1}', reason => 'outer'), 3, 'a trigger renames the schema');
SELECT is(ext2.integration_config_set('acme', 'sre', '{"x": 2}', reason => 'outer'), 4, 'and again');
SELECT is(ext22.integration_config_replace('acme', 'sre', '{"x": 3}', reason => 'outer'), 5, 'and again');
SELECT is(ext222.integration_config_rollback('acme', 'sre', 1), 6, 'and again');
DROP TRIGGER z_renames ON ext2222.node_configurations;
SELECT is(ext2222.integration_config_set('acme', 'sre', '{"x": 5}'), 7, 'the new name is known');
SELECT results_eq($$SELECT config_json FROM ext2222.node_configurations WHERE node_id = 'web'$$,
	$$VALUES ('{"from": "ext222"}'::jsonb)$$, 'what was called inside has been done');
ALTER SCHEMA ext2222 RENAME TO ext;
SELECT is(ext.integration_config_set('acme', 'sre', '{"x": 6}'), 8, 'the old name again');

-- a table of the old name in the old place is not ours
ALTER SCHEMA ext RENAME TO moved;
CREATE SCHEMA ext;
CREATE TABLE ext.node_configurations AS SELECT * FROM moved.node_configurations;
SELECT is(moved.integration_config_set('acme', 'sre', '{"x": 7}'), 9, 'a table in the old place');
SELECT is((SELECT config_json -> 'x' FROM ext.node_configurations WHERE node_id = 'sre'), '6', 'is not ours');

--
-- Reasons and authors, each where it belongs
--

CREATE FUNCTION public.calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.node_id = 'sre' THEN
		PERFORM moved.integration_config_set('acme', 'web', jsonb_build_object('r', NEW.version), reason => 'inner', author => 'ina');
		UPDATE moved.node_configurations SET config_json = config_json || jsonb_build_object('r', NEW.version) WHERE node_id = 'acme';
		BEGIN
			PERFORM moved.integration_config_set('acme', 'web', '{"integrations": {"slak": {}}}', reason => 'refused');
		EXCEPTION WHEN check_violation THEN NULL;
		END;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER "0_calls" BEFORE UPDATE ON moved.node_configurations FOR EACH ROW EXECUTE FUNCTION public.calls();
SELECT lives_ok($$SELECT moved.integration_config_set('acme', 'sre', '{"x": 8}', reason => 'outer', author => 'outi')$$, 'a call in a call');
CREATE FUNCTION pg_temp.last(node text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', author, reason) FROM moved.node_configuration_history WHERE node_id = node ORDER BY version DESC LIMIT 1
$$;
SELECT is(pg_temp.last('sre'), 'outi outer', 'the outer one''s');
SELECT is(pg_temp.last('web'), 'ina inner', 'the inner one''s');
SELECT is(pg_temp.last('acme'), current_user::text, 'a statement in between has neither');
SELECT lives_ok($$UPDATE moved.node_configurations SET config_json = '{"plain": 1}' WHERE node_id = 'web'$$, 'afterwards');
SELECT is(pg_temp.last('web'), current_user::text, 'nothing is left of them');
SELECT throws_ok($$SELECT moved.integration_config_set('acme', 'web', '{"integrations": {"slak": {}}}', reason => 'refused')$$, '23514', NULL,
	'after an error');
UPDATE moved.node_configurations SET config_json = '{"plain": 2}' WHERE node_id = 'web';
SELECT is(pg_temp.last('web'), current_user::text, 'neither');

SELECT * FROM finish();
ROLLBACK;
