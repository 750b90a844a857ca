-- What is wrong with the stored documents, since the catalogue, a lock or the tree has
-- changed, and what a change of the catalogue would make wrong.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
	('pager', 'Pager', 'test', '', '[{"name": "token", "type": "secret"}, {"name": "team"}, {"name": "retries", "type": "integer"}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"integrations": {"pager": {"config": {"retries": 3}}}}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"pager": {"config": {"token": "s3cr3t-1", "team": "all"}}}}'),
	('acme', 'eng', 'acme', 'unit', '{}'),
	('acme', 'sre', 'eng', 'team', '{"integrations": {"pager": {"config": {"team": "sre"}}, "slack": {"config": {"default_channel": "#sre"}}}}'),
	('globex', 'globex', NULL, 'org', '{"integrations": {"pager": {"config": {"token": "s3cr3t-2"}}}}');

SELECT is_empty('SELECT * FROM integration_config_violations()', 'documents that were accepted are right');
SELECT is_empty('SELECT * FROM integration_config_violations(''acme'')', 'in one organisation, too');
SELECT throws_ok('SELECT * FROM integration_config_violations(''nobody'')', '42704', 'organisation "nobody" does not exist',
	'an organisation that is not there');

--
-- Before a change
--

SELECT is_empty($$SELECT * FROM integration_schema_impact('pager', (SELECT fields FROM integration_schemas WHERE id = 'pager'))$$,
	'no change, no impact');
SELECT results_eq($$SELECT org_id, node_id, path, field, code FROM integration_schema_impact('pager', '[{"name": "token", "type": "secret"}, {"name": "retries", "type": "integer", "max": 2}]')$$,
	$$VALUES ('*', '*', '/integrations/pager/config/retries', 'retries', 'range'),
			 ('acme', 'acme', '/integrations/pager/config/team', 'team', 'unknown_field'),
			 ('acme', 'sre', '/integrations/pager/config/team', 'team', 'unknown_field')$$,
	'a field that went, and a rule that is tighter');
SELECT results_eq($$SELECT org_id, node_id, path, integration, code FROM integration_schema_impact('pager', NULL)$$,
	$$VALUES ('*', '*', '/integrations/pager', 'pager', 'unknown_integration'),
			 ('acme', 'acme', '/integrations/pager', 'pager', 'unknown_integration'),
			 ('acme', 'sre', '/integrations/pager', 'pager', 'unknown_integration'),
			 ('globex', 'globex', '/integrations/pager', 'pager', 'unknown_integration')$$,
	'an integration that went');
SELECT is_empty($$SELECT * FROM integration_config_violations()$$, 'nothing has been changed by asking');
SELECT throws_ok($$SELECT * FROM integration_schema_impact('pagr', '[]')$$, '42704', 'integration "pagr" does not exist', 'an unknown integration');
SELECT throws_ok($$SELECT * FROM integration_schema_impact(NULL, '[]')$$, '22023', NULL, 'none');
DO $$
BEGIN
	PERFORM * FROM integration_schema_impact('pager', '[{"name": "a", "typ": "string"}]');
	PERFORM set_config('test.impact', 'none', true);
EXCEPTION WHEN OTHERS THEN
	PERFORM set_config('test.impact', SQLSTATE, true);
END $$;
CREATE FUNCTION pg_temp.update_state(fields jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE integration_schemas SET fields = update_state.fields WHERE id = 'pager';
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT is(current_setting('test.impact'), pg_temp.update_state('[{"name": "a", "typ": "string"}]'), 'definitions that an UPDATE refuses are refused here');

--
-- After it
--

UPDATE integration_schemas SET fields = '[{"name": "token", "type": "secret", "min_length": 20}, {"name": "retries", "type": "integer", "max": 2}]' WHERE id = 'pager';
CREATE TEMPORARY TABLE found AS SELECT * FROM integration_config_violations();
SELECT results_eq($$SELECT org_id, node_id, field, code, severity FROM found$$,
	$$VALUES ('*', '*', 'retries', 'range', 'error'), ('acme', 'acme', 'team', 'unknown_field', 'error'),
			 ('acme', 'acme', 'token', 'length', 'error'), ('acme', 'sre', 'team', 'unknown_field', 'error'),
			 ('globex', 'globex', 'token', 'length', 'error')$$, 'every node, by organisation, parents first');
SELECT results_eq($$SELECT f.path, f.integration, f.field, f.code, f.message, f.params, f.severity FROM found AS f WHERE org_id = 'acme'$$,
	$$SELECT v.* FROM node_configurations AS n, LATERAL integration_schema_validate(n.config_json, n.node_type) AS v
	   WHERE n.org_id = 'acme' ORDER BY n.node_id$$, 'each is as integration_schema_validate says it');
SELECT results_eq($$SELECT * FROM integration_config_violations('acme')$$, $$SELECT * FROM found WHERE org_id = 'acme'$$, 'one organisation''s');
SELECT is((SELECT count(*) FROM found AS f WHERE f::text ~ 's3cr3t'), 0::bigint, 'no secret is shown');

-- locks that came later, by nodes above
UPDATE integration_schemas SET fields = '[{"name": "token", "type": "secret"}, {"name": "team"}, {"name": "retries", "type": "integer"}]' WHERE id = 'pager';
SELECT is_empty('SELECT * FROM integration_config_violations()', 'a change that is taken back');
UPDATE node_configurations SET config_json = jsonb_set(config_json, '{integrations,pager,locked}', '["team"]') WHERE (org_id, node_id) = ('acme', 'acme');
UPDATE node_configurations SET config_json = '{"integrations": {"pager": {"locked": true}}}' WHERE (org_id, node_id) = ('*', '*');
SELECT set_eq($$SELECT org_id, node_id, path, code, params ->> 'locked_by' FROM integration_config_violations() WHERE path LIKE '%team'$$,
	$$VALUES ('acme', 'acme', '/integrations/pager/config/team', 'locked', '*'), ('acme', 'sre', '/integrations/pager/config/team', 'locked', '*')$$,
	'locks of nodes above, the outermost''s');
SELECT isnt_empty($$SELECT * FROM integration_config_violations('globex') WHERE code = 'locked'$$, 'the platform''s, everywhere');
SELECT set_eq($$SELECT DISTINCT integration FROM integration_schema_impact('slack', NULL)$$, $$VALUES ('slack')$$, 'impact speaks of its integration alone');

-- documents past the triggers
ALTER TABLE node_configurations DISABLE TRIGGER USER;
UPDATE node_configurations SET config_json = '[]' WHERE (org_id, node_id) = ('acme', 'eng');
UPDATE node_configurations SET config_json = '{"integrations": []}' WHERE (org_id, node_id) = ('globex', 'globex');
ALTER TABLE node_configurations ENABLE TRIGGER USER;
SELECT set_eq($$SELECT org_id, node_id, path, code FROM integration_config_violations() WHERE code = 'structure'$$,
	$$VALUES ('acme', 'eng', '', 'structure'), ('globex', 'globex', '/integrations', 'structure')$$, 'what is no document at all is found as well');

--
-- Whose eyes
--

CREATE ROLE violations_tenant;
GRANT SELECT ON node_configurations TO violations_tenant;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY teams ON node_configurations TO violations_tenant USING (org_id = 'acme' AND node_type = 'team');
SET LOCAL ROLE violations_tenant;
SELECT set_eq($$SELECT org_id, node_id, path, code FROM integration_config_violations()$$,
	$$VALUES ('acme', 'sre', '/integrations/pager/config/team', 'locked')$$, 'only nodes that the caller sees, by the locks of those that he does not');
SELECT set_eq($$SELECT DISTINCT org_id, node_id FROM integration_schema_impact('pager', NULL)$$, $$VALUES ('acme', 'sre')$$, 'also for impact');
SELECT throws_ok($$SELECT * FROM integration_config_violations('globex')$$, '42704', 'organisation "globex" does not exist', 'a hidden organisation is none');
RESET ROLE;
CREATE ROLE violations_nobody;
SET LOCAL ROLE violations_nobody;
SELECT throws_ok($$SELECT * FROM integration_config_violations()$$, '42501', NULL, 'no rights, no violations');
SELECT throws_ok($$SELECT * FROM integration_schema_impact('pager', NULL)$$, '42501', NULL, 'nor impact');
RESET ROLE;

DELETE FROM node_configurations;
SELECT is_empty('SELECT * FROM integration_config_violations()', 'no nodes, no violations');

SELECT * FROM finish();
ROLLBACK;
