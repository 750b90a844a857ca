-- The history that a platform has kept of its nodes is brought along.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

CREATE ROLE history_clerk;
CREATE TABLE old_history (id int, org_id varchar(20), node_id varchar(20), config_json json, author text, changed_at timestamp, reason text);
INSERT INTO old_history VALUES
	(1, 'acme', 'acme', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}', 'ann', '2020-01-01', 'begun'),
	(3, 'acme', 'acme', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-2", "default_channel": "#b"}}}}', NULL, '2020-01-03', NULL),
	(2, 'acme', 'acme', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1", "default_channel": "#a"}}}}', 'bob', '2020-01-02', NULL),
	(4, 'acme', 'sre', '{"x": 1}', 'ann', '2020-01-02', NULL), (5, 'acme', 'gone', '{"x": 1}', 'ann', '2020-01-02', NULL);
CREATE FUNCTION pg_temp.told(node text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', version, operation, author, changed_at::date, reason) FROM integration_config_history('acme', node)
$$;

-- One of the nodes is there, another comes later
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme', 'acme', 'org');
SELECT is(integration_config_import_history('old_history')::text, '(5,0)', 'all versions');
SELECT is(integration_config_import_history('old_history')::text, '(0,5)', 'once');
SELECT results_eq($$SELECT pg_temp.told('acme') LIMIT 4$$, ARRAY[
	(SELECT concat_ws(' ', 1, 'insert', author, now()::date, reason) FROM node_configuration_history WHERE (node_id, version) = ('acme', 1)),
	'0 update unknown 2020-01-03 imported', '-1 update bob 2020-01-02 imported', '-2 insert ann 2020-01-01 begun'], 'they stand before its own');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('acme', 'sre', 'acme', 'team', '{"x": 2}');
SELECT is(version || ' ' || incarnation, '1 1', 'a node that comes later begins with 1') FROM node_configurations WHERE node_id = 'sre';
SELECT is(array_agg(version ORDER BY version), ARRAY[0, 1], 'after its own past') FROM integration_config_history('acme', 'sre');
SELECT is(array_agg(version ORDER BY version), ARRAY[0], 'one that is gone has its past alone') FROM integration_config_history('acme', 'gone');
SELECT is(changes #> '{changed,0,path}', '"/integrations/slack/config/bot_token"', 'and what changed is told') FROM integration_config_history('acme', 'acme') WHERE version = 0;
SELECT is(jsonb_array_length(changes -> 'changed'), 0, 'a secret that did not change is none of it') FROM integration_config_history('acme', 'acme') WHERE version = -1;
SELECT is(integration_config_rollback('acme', 'acme', -1, secrets => 'restore'), 2, 'it can be rolled back to');
SELECT is(integration_config_resolve('acme', 'acme', 'slack') #>> '{config,bot_token}', 'xoxb-1', 'with what it had');
SELECT ok(EXISTS (SELECT FROM integration_config_keys) = (config_json::text LIKE '%sealed:1:%'), 'sealed where anything is') FROM node_configuration_history WHERE (node_id, version) = ('acme', 0);

-- What can't be taken over
CREATE TABLE bad_history AS SELECT * FROM old_history WITH NO DATA;
INSERT INTO bad_history VALUES (1, 'acme', 'new', '[1]', 'x', now(), 'x');
SELECT throws_ok($$SELECT integration_config_import_history('bad_history')$$, '22023', 'history of node "new" of organisation "acme" cannot be imported', 'no document');
UPDATE bad_history SET config_json = '{}', changed_at = NULL;
SELECT throws_ok($$SELECT integration_config_import_history('bad_history')$$, '22023', NULL, 'no time');
UPDATE bad_history SET org_id = NULL;
SELECT throws_ok($$SELECT integration_config_import_history('bad_history')$$, '22023', NULL, 'no organisation');
ALTER TABLE bad_history DROP COLUMN node_id;
SELECT throws_ok($$SELECT integration_config_import_history('bad_history')$$, '42703', NULL, 'no such column');
SELECT throws_ok($$SELECT integration_config_import_history(1)$$, '42P01', NULL, 'no such table');

-- Rights
SET LOCAL ROLE history_clerk;
SELECT throws_ok($$SELECT integration_config_import_history('old_history')$$, '42501', NULL, 'not without rights');
RESET ROLE;
GRANT INSERT ON node_configuration_history TO history_clerk;
SET LOCAL ROLE history_clerk;
SELECT throws_ok($$SELECT integration_config_import_history('old_history')$$, '42501', NULL, 'nor without those on the source');
RESET ROLE;
GRANT SELECT ON old_history TO history_clerk;
SET LOCAL ROLE history_clerk;
SELECT is(integration_config_import_history('old_history')::text, '(0,5)', 'with both');
RESET ROLE;
ALTER TABLE node_configuration_history ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE history_clerk;
SELECT throws_ok($$SELECT integration_config_import_history('old_history')$$, '42501', 'history cannot be imported under row security', 'not under row security');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
