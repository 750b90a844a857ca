-- Writing documents: patch and replace, the expected version, and what is refused.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"default_channel": "#all"}}}}'),
	('acme', 'sre', 'acme', 'team', '{}');

CREATE FUNCTION pg_temp.channel() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT integration_config_resolve('acme', 'sre', 'slack') #>> '{config,default_channel}'
$$;

SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'), 2,
	'a patch returns the new version');
SELECT is(pg_temp.channel(), '#sre', 'and is in force');
SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": null}}}}', 2), 3,
	'with the version that was seen');
SELECT is(pg_temp.channel(), '#all', 'null removes a key, and the node inherits again');
SELECT is(integration_config_replace('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": null}}}}', 3), 4,
	'a whole document');
SELECT is(pg_temp.channel(), NULL, 'in which null is a value: the field is unset');
SELECT is(integration_config_replace('acme', 'sre', '{}', reason => 'start again', author => 'alice'), 5, 'and an empty one');
SELECT is(current_setting('integration_schemas.author') || current_setting('integration_schemas.reason'), '',
	'author and reason are for one call');
SET LOCAL integration_schemas.author = 'the application';
SELECT is(integration_config_set('acme', 'sre', '{"x": 1}', author => 'alice'), 6, 'one that is given');
SELECT is(integration_config_set('acme', 'sre', '{"x": 2}'), 7, 'and one from the setting');
SELECT results_eq($$SELECT author FROM integration_config_history('acme', 'sre') WHERE version >= 6$$,
	$$VALUES ('the application'), ('alice')$$, 'are each where they belong');

SELECT throws_ok(statement, state, message, what)
FROM (VALUES
	('SELECT integration_config_set(''acme'', ''sre'', ''{"x": 3}'', 6)', '40001',
	 'node "sre" of organisation "acme" has changed', 'a version that is not the current one'),
	('SELECT integration_config_set(''acme'', ''sre'', ''{}'', 6)', '40001',
	 'node "sre" of organisation "acme" has changed', 'also for a patch that would change nothing'),
	('SELECT integration_config_set(''acme'', ''nobody'', ''{}'')', '42704',
	 'node "nobody" of organisation "acme" does not exist', 'a node that there is not'),
	('SELECT integration_config_replace(''acme'', ''nobody'', ''{}'')', '42704',
	 'node "nobody" of organisation "acme" does not exist', 'to replace too'),
	('SELECT integration_config_set(''acme'', ''sre'', ''[1]'')', '22023', 'patch is not a JSON object', 'a patch that is no object'),
	('SELECT integration_config_set(''acme'', ''sre'', NULL)', '22023', 'patch is not a JSON object', 'a null patch'),
	('SELECT integration_config_replace(''acme'', ''sre'', ''1'')', '22023', 'document is not a JSON object',
	 'a document that is no object'),
	('SELECT integration_config_set(NULL, ''sre'', ''{}'')', '22023', 'organisation and node must not be null',
	 'a null organisation'),
	('SELECT integration_config_set(''acme'', ''sre'', ''{"integrations": {"slak": {}}}'')', '23514', NULL,
	 'a document that breaks a rule')
) AS e (statement, state, message, what);
SELECT is(version, 7, 'none of which left a trace') FROM node_configurations WHERE node_id = 'sre';

SELECT * FROM finish();
ROLLBACK;
