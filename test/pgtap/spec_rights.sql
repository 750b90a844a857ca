-- Who may see and write what, and what a policy on the tree does to it.
-- Who has rights on the table alone sees secrets here: not for a store that seals them.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();
SET client_min_messages = error;
CREATE ROLE spec_nobody; CREATE ROLE spec_team; CREATE ROLE spec_insert; CREATE ROLE spec_keys;
CREATE FUNCTION say(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN '00000'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('*', '*', NULL, 'platform', '{"integrations": {"sentry": {"config": {"organization": "plat"}}}}'),
 ('a', 'a', NULL, 'org', '{"integrations": {"slack": {"locked": ["default_channel"], "config": {"default_channel": "#a", "bot_token": "xoxb-1"}}}}'), ('a', 't', 'a', 'team', '{}'), ('a', 't2', 'a', 'team', '{}'), ('b', 'b', NULL, 'org', '{}');
CREATE TEMP TABLE call AS SELECT * FROM unnest(ARRAY['integration_config_effective(''a'', ''t'')', 'integration_config_resolve(''a'', ''t'', ''slack'')', 'integration_config_values(''a'', ''t'')', 'integration_config_explain(''a'', ''t'')', 'integration_config_get(''a'', ''t'')', 'integration_config_history(''a'', ''t'')', 'integration_config_status(''a'')', 'integration_config_effective_all(''a'')', 'integration_config_violations()', 'integration_schema_impact(''slack'', NULL)',
 'integration_config_set(''a'', ''t'', ''{"x": 1}'')', 'integration_config_replace(''a'', ''t'', ''{"x": 1}'')', 'integration_config_rollback(''a'', ''t'', 1)', 'integration_config_unset(''a'', ''t'', ''slack'', ''bot_token'')', 'integration_config_inherit(''a'', ''t'', ''slack'', ''bot_token'')', 'integration_config_prune(now())', 'integration_config_erase(''a'', ''t'', ''slack'', ''bot_token'')', 'integration_config_effective(''a'', ''nowhere'')']) AS q;
GRANT SELECT ON call TO PUBLIC;

SELECT ok(has_table_privilege('public', 'integration_schemas', 'SELECT'), 'everybody may read the catalogue');
SELECT ok(NOT has_table_privilege('public', t, 'SELECT'), 'nobody may read ' || t) FROM unnest('{node_configurations,node_configuration_history}'::text[]) AS t;
SELECT ok(NOT has_table_privilege('public', t, 'INSERT') AND NOT has_table_privilege('public', t, 'UPDATE') AND NOT has_table_privilege('public', t, 'DELETE') AND NOT has_table_privilege('public', t, 'TRUNCATE'), 'nor write ' || t) FROM unnest('{node_configurations,node_configuration_history,integration_schemas,integration_schema_history,integration_schema_removed,integration_schema_version}'::text[]) AS t;
SET ROLE spec_nobody;
SELECT is(say('SELECT * FROM ' || q), '42501', 'without rights: ' || q) FROM call;
RESET ROLE;

ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON node_configurations TO spec_team USING (org_id = 'a' AND node_id = 't');
GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations TO spec_team;
SET ROLE spec_team;
SELECT is(integration_config_resolve('a', 't', 'slack') -> 'config' ->> 'bot_token', 'xoxb-1', 'who may see a node sees what it inherits');
SELECT is(integration_config_resolve('a', 't', 'sentry') -> 'config' ->> 'organization', 'plat', 'of the platform, too');
SELECT is(say($$SELECT integration_config_set('a', 't', '{"integrations": {"slack": {"config": {"default_channel": "#evil"}}}}')$$), '23514', 'no policy makes a lock drop out');
SELECT is(say($$UPDATE node_configurations SET config_json = '{"integrations": {"slack": {"config": {"default_channel": "#evil"}}}}'$$), '23514', 'nor in an UPDATE');
SELECT is(say($$SELECT integration_config_set('a', 't', '{"x": 1}')$$), '00000', 'he writes what is his');
SELECT is(say(q), '42704', 'a node that he may not see is unknown: ' || q) FROM unnest(ARRAY[$$SELECT integration_config_effective('a', 't2')$$, $$SELECT integration_config_resolve('a', 'a', 'slack')$$, $$SELECT * FROM integration_config_explain('b', 'b')$$, $$SELECT * FROM integration_config_get('a', 't2')$$, $$SELECT * FROM integration_config_effective_all('b')$$, $$SELECT * FROM integration_config_status('b')$$, $$SELECT integration_config_set('a', 't2', '{"x": 1}')$$, $$SELECT integration_config_replace('a', 'a', '{"x": 1}')$$]) AS q;
SELECT is(say($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('b', 'c', 'b', 'team')$$), '42501', 'a policy guards what is added');
SELECT set_eq($$SELECT node_id FROM integration_config_effective_all('a')$$, ARRAY['t'], 'the whole is what he may see');
SELECT set_eq($$SELECT DISTINCT node_id FROM integration_config_status('a')$$, ARRAY['t'], 'of the status, too');
RESET ROLE;

-- the catalogue
GRANT INSERT ON integration_schemas TO spec_insert; SET ROLE spec_insert;
SELECT is(say($$INSERT INTO integration_schemas (id, name, category, description, origin) VALUES ('slack', 'evil', 'c', 'd', 'edited')$$), '23505', 'who may only insert replaces no row');
SELECT is(say($$INSERT INTO integration_schemas (id, name, category, description) VALUES ('fresh', 'N', 'c', 'd')$$), '00000', 'and adds one');
RESET ROLE; SELECT is(name, 'Slack', 'the built-in row is what it was') FROM integration_schemas WHERE id = 'slack';
REVOKE SELECT ON integration_schemas FROM PUBLIC; SET ROLE spec_nobody;
SELECT is(say('SELECT ' || q), '42501', 'a caller without SELECT on the catalogue: ' || q) FROM unnest(ARRAY['integration_schema_config()', 'integration_schema_resolve(''slack'')', 'integration_schema_values()', 'integration_schema_explain()', 'integration_schema_list()', 'integration_schema_get(''slack'')', 'integration_schema_categories()', 'integration_schema_version()', 'integration_schema_validate(''{}'')', 'integration_schema_redact(''{}'')', 'integration_schema_json_schema(''slack'')']) AS q;
RESET ROLE; GRANT SELECT ON integration_schemas TO spec_nobody; SET ROLE spec_nobody; SELECT is(say('SELECT integration_schema_config()'), '00000', 'granted');
RESET ROLE; REVOKE SELECT ON integration_schemas FROM spec_nobody; SET ROLE spec_nobody; SELECT is(say('SELECT integration_schema_config()'), '42501', 'and revoked in the same transaction');
RESET ROLE;

-- what stands in for the catalogue
GRANT SELECT ON integration_schemas TO PUBLIC;
CREATE SCHEMA spec_ahead; CREATE VIEW spec_ahead.integration_schemas AS SELECT 'evil'::text AS id, 1 / 0 AS x; SET search_path = spec_ahead, public;
SELECT is(public.integration_schema_config() -> 'integrations' ? 'evil', false, 'what is read is the extension''s own table'); RESET search_path;
SAVEPOINT gone;
ALTER TABLE integration_schemas RENAME TO gone;
SELECT set_eq($$SELECT jsonb_object_keys(integration_schema_config('{"integrations": {"slack": {"config": {"a": 1}}}}') -> 'integrations')$$, ARRAY['openai', 'slack'], 'without the table: the fallback merged with the layers');
SELECT is(integration_schema_resolve('openai', '{"integrations": {"openai": {"config": {"api_key": "k"}}}}') -> 'configured', 'true', 'resolve too');
ROLLBACK TO gone;
SELECT is(integration_schema_list() -> 'total', '24', 'and back');
SELECT * FROM finish();
ROLLBACK;
