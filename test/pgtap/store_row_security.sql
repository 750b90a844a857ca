-- The policies of doc/row_security.md: a tenant's role sees its own organisation and
-- the platform, and nothing else exists, in any function of the store.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"integrations": {"slack": {"config": {"mention_oncall": false}}}, "platform": true}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"locked": ["app_token"], "config": {"bot_token": "xoxb-acme"}}}}'),
	('acme', 'eng', 'acme', 'unit', '{}'),
	('acme', 'sre', 'eng', 'team', '{}'),
	('globex', 'globex', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-globex"}}}}'),
	('globex', 'sre', 'globex', 'team', '{}');
SELECT integration_config_effective('acme', 'sre') AS acme \gset

CREATE ROLE app_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations TO app_tenant;
GRANT SELECT ON node_configuration_history TO app_tenant;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
ALTER TABLE node_configuration_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_nodes ON node_configurations TO app_tenant
	USING (org_id = current_setting('app.org_id', true));
CREATE POLICY platform ON node_configurations FOR SELECT TO app_tenant
	USING (org_id = '*');
CREATE POLICY own_history ON node_configuration_history FOR SELECT TO app_tenant
	USING (org_id = current_setting('app.org_id', true));

SET LOCAL ROLE app_tenant;
SET LOCAL app.org_id = 'acme';

--
-- Its own
--

SELECT is(integration_config_effective('acme', 'sre'), :'acme'::jsonb, 'effective: as the owner sees it');
SELECT is(integration_config_resolve('acme', 'sre', 'slack'), integration_schema_resolve('slack',
	'{"integrations": {"slack": {"config": {"mention_oncall": false}}}}',
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-acme"}}}}'), 'resolve');
SELECT is(source, '*', 'explain: what the platform gives') FROM integration_config_explain('acme', 'sre') WHERE field = 'mention_oncall';
SELECT is(array_agg(node_id), '{acme,eng,sre}', 'effective_all') FROM integration_config_effective_all('acme');
SELECT is(array_agg(DISTINCT node_id), '{acme,eng,sre}', 'status') FROM integration_config_status('acme');
SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'), 2, 'set');
SELECT is(integration_config_replace('acme', 'eng', '{"ours": 1}'), 2, 'replace');
SELECT is(integration_config_rollback('acme', 'sre', 1), 3, 'rollback');
SELECT is(count(*), 3::bigint, 'history') FROM integration_config_history('acme', 'sre');
SELECT is(author, 'app_tenant', 'whose author is the role') FROM integration_config_history('acme', 'sre') LIMIT 1;
SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'data', 'eng', 'team')$$,
	'a new node');
SELECT lives_ok($$UPDATE node_configurations SET parent_id = 'acme' WHERE node_id = 'data'$$, 'a move');
SELECT lives_ok($$DELETE FROM node_configurations WHERE node_id = 'data'$$, 'a deletion');
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"app_token": "xapp-1"}}}}')$$,
	'23514', 'field "app_token" of integration "slack" breaks rule "locked": it is locked by node "acme"', 'locks are kept');
SELECT throws_ok($$UPDATE node_configurations SET parent_id = 'sre' WHERE node_id = 'eng'$$,
	'23514', 'node "eng" of organisation "acme" would be its own ancestor', 'and so is the tree');

--
-- Another's
--

SELECT throws_ok(format(statement, 'globex', 'sre'), '42704', NULL, what || ': nothing of another organisation')
FROM (VALUES
	('effective', 'SELECT integration_config_effective(%L, %L)'),
	('resolve', 'SELECT integration_config_resolve(%L, %L, ''slack'')'),
	('explain', 'SELECT * FROM integration_config_explain(%L, %L)'),
	('effective_all', 'SELECT * FROM integration_config_effective_all(%L)'),
	('status', 'SELECT * FROM integration_config_status(%L)'),
	('set', 'SELECT integration_config_set(%L, %L, ''{"x": 1}'')'),
	('replace', 'SELECT integration_config_replace(%L, %L, ''{"x": 1}'')'),
	('history', 'SELECT * FROM integration_config_history(%L, %L)'),
	('rollback', 'SELECT integration_config_rollback(%L, %L, 1)')
) AS f (what, statement);
SELECT is(
	(SELECT array_agg(DISTINCT org_id ORDER BY org_id) FROM node_configurations), '{*,acme}', 'the table has none of it');
SELECT is((SELECT array_agg(DISTINCT org_id) FROM node_configuration_history), '{acme}', 'nor the history');
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('globex', 'x', 'globex', 'team')$$,
	'42501', NULL, 'nothing is put into it');
SELECT throws_ok($$SELECT integration_config_set('*', '*', '{}')$$, '42704', NULL, 'the platform''s document is not for writing');
SELECT throws_ok($$INSERT INTO node_configuration_history SELECT * FROM node_configuration_history$$, '42501', NULL,
	'history is not for writing');

-- The plans of one tenant are not another's, nor are the owner's.
SET LOCAL app.org_id = 'globex';
SELECT is(integration_config_resolve('globex', 'sre', 'slack') #>> '{config,bot_token}', 'xoxb-globex', 'the next tenant sees its own');
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42704', NULL, 'and no more');
RESET app.org_id;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42704', NULL, 'without the setting there is nothing');
RESET ROLE;
SELECT ok(integration_config_effective('globex', 'sre') IS NOT NULL, 'the owner sees all');
SET LOCAL ROLE app_tenant;
SET LOCAL app.org_id = 'acme';
SELECT throws_ok($$SELECT integration_config_effective('globex', 'sre')$$, '42704', NULL, 'after which the tenant does not');
RESET ROLE;

-- Without the platform's policy it is as if there were no platform.
DROP POLICY platform ON node_configurations;
SET LOCAL ROLE app_tenant;
SELECT is(integration_config_effective('acme', 'sre') -> 'platform', NULL, 'what is not visible is not inherited');
SELECT is(count(*), 3::bigint, 'also by all nodes') FROM integration_config_effective_all('acme') WHERE NOT config ? 'platform';
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
