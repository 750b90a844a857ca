-- Locks in practice: what an outer layer or the catalogue has locked is refused
-- below by name; a lock that comes later makes void what is there.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"integrations": {"github": {"locked": ["base_url"]}}}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"locked": ["signing_secret"],
		"config": {"bot_token": "xoxb-hush", "signing_secret": "hush"}}, "datadog": {"locked": true}}}'),
	('acme', 'eng', 'acme', 'unit', '{"integrations": {"pagerduty": {"locked": ["service_id"]}}}'),
	('acme', 'sre', 'eng', 'team', '{}');

CREATE FUNCTION pg_temp.refusal(node_id text, patch jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; column_name text; constraint_name text; table_name text;
BEGIN
	PERFORM integration_config_set('acme', node_id, patch);
	RETURN 'accepted';
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME, table_name = TABLE_NAME;
	RETURN concat_ws('|', message, detail, table_name, column_name, constraint_name);
END
$$;

SELECT is(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"signing_secret": "mine"}}}}'),
	'field "signing_secret" of integration "slack" breaks rule "locked": it is locked by node "acme"|'
	'"/integrations/slack/config/signing_secret" locked: field "signing_secret" of integration "slack" breaks rule "locked": it is locked by node "acme"|'
	'node_configurations|config_json|node_configurations_check',
	'a field that the organisation has locked');
SELECT is(pg_temp.refusal('sre', '{"integrations": {"datadog": {"enabled": false, "description": "x", "config": {"site": "datadoghq.eu"}}}}'),
	concat_ws(E'\n', 'field "site" of integration "datadog" breaks rule "locked": it is locked by node "acme"|'
		'"/integrations/datadog/config/site" locked: field "site" of integration "datadog" breaks rule "locked": it is locked by node "acme"',
		'"/integrations/datadog/enabled" locked: "enabled" of integration "datadog" breaks rule "locked": it is locked by node "acme"',
		'"/integrations/datadog/description" locked: "description" of integration "datadog" breaks rule "locked": it is locked by node "acme"|'
		'node_configurations|config_json|node_configurations_check'),
	'all of an entry that is locked as a whole, each violation a line');
SELECT matches(pg_temp.refusal('sre', '{"integrations": {"pagerduty": {"config": {"service_id": "P1"}}}}'),
	'locked by node "eng"', 'a field that a unit between has locked');
SELECT matches(pg_temp.refusal('acme', '{"integrations": {"github": {"config": {"base_url": "https://ghe.example.com"}}}}'),
	'locked by node "\*"', 'a field that the platform has locked, for the organisation');
SELECT matches(pg_temp.refusal('sre', '{"integrations": {"openai": {"config": {"api_key": "sk-hush"}}}}'),
	'openai.*locked.*node_configurations_check', 'an integration that the catalogue has locked, by the other trigger');
SELECT is(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'), 'accepted',
	'another field of the integration is free');
SELECT is(pg_temp.refusal('eng', '{"integrations": {"pagerduty": {"config": {"service_id": "P2"}}}}'), 'accepted',
	'a lock is for those below, not for the one that has it');
SELECT ok(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"signing_secret": "mine"}}}}') !~ 'mine|hush',
	'no value is in the message');
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'new', 'sre', 'team', '{"integrations": {"slack": {"config": {"signing_secret": null}}}}')$$,
	'23514', 'field "signing_secret" of integration "slack" breaks rule "locked": it is locked by node "acme"', 'a new node, and a null, too');

-- A lock of enabled, and of an integration that the catalogue does not have

SELECT lives_ok($$SELECT integration_config_set('acme', 'eng', '{"integrations": {"sentry": {"locked": ["enabled", "project"]}}}')$$,
	'locked may name enabled');
SELECT matches(pg_temp.refusal('sre', '{"integrations": {"sentry": {"enabled": false}}}'),
	'"enabled" of integration "sentry" breaks rule "locked": it is locked by node "eng"', 'which it then is');
SELECT is(pg_temp.refusal('sre', '{"integrations": {"sentry": {"description": "ours", "config": {"base_url": "https://sentry.example.com"}}}}'), 'accepted',
	'and nothing else of the entry');

-- A lock that comes later

SELECT is(pg_temp.refusal('acme', '{"integrations": {"slack": {"locked": ["default_channel"], "config": {"default_channel": "#all"}}}}'),
	'accepted', 'an organisation may lock what is set below');
SELECT results_eq($$SELECT value, source, locked, ignored FROM integration_config_explain('acme', 'sre') WHERE field = 'default_channel'$$,
	$$VALUES ('"#all"'::jsonb, 'acme', true, '{sre}'::text[])$$, 'explain shows what is void');
SELECT is(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"mention_oncall": false}}}}'), 'accepted',
	'a write elsewhere in the entry is not held to account for it');
SELECT is(pg_temp.refusal('sre', '{"anything": {"else": 1}}'), 'accepted', 'nor one elsewhere in the document');
SELECT matches(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"default_channel": "#new"}}}}'),
	'locked by node "acme"', 'another value is refused');
SELECT is(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"default_channel": null}}}}'), 'accepted',
	'the void value may be taken away');
SELECT matches(pg_temp.refusal('sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'),
	'locked by node "acme"', 'and does not come back');

-- Where a lock covers a lock

SELECT lives_ok($$SELECT integration_config_set('acme', 'eng', '{"integrations": {"slack": {"locked": ["default_channel", "mention_oncall"]}}}')$$,
	'a unit may lock more');
SELECT is(lines, 2, 'each field is told once')
FROM (SELECT cardinality(string_to_array(split_part(pg_temp.refusal('sre',
	'{"integrations": {"slack": {"config": {"default_channel": "#x", "mention_oncall": true}}}}'), '|', 2), E'\n')) AS lines) AS n;
SELECT matches(pg_temp.refusal('eng', '{"integrations": {"datadog": {"locked": true}}}'), 'locked by node "acme"',
	'nothing may be said below of an entry that is locked as a whole');

-- A move below a lock

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'data', 'acme', 'team', '{"integrations": {"pagerduty": {"config": {"service_id": "P3"}}}}');
SELECT lives_ok($$UPDATE node_configurations SET parent_id = 'eng' WHERE node_id = 'data'$$,
	'a node may be moved below a lock');
SELECT is(integration_config_resolve('acme', 'data', 'pagerduty') #>> '{config,service_id}', 'P2', 'which then holds for it');

SELECT * FROM finish();
ROLLBACK;
