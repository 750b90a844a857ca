-- What must not be in the history is taken out of it, and the rest stays:
-- integration_config_erase, integration_config_prune.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"datadog": {"config": {"api_key": "leaked", "site": "datadoghq.eu"}}}}'),
	('acme', 'sre', 'acme', 'team', '{"integrations": {"datadog": {"config": {"api_key": "leaked"}}}}');
SELECT integration_config_set('acme', 'acme', '{"integrations": {"datadog": {"config": {"api_key": "fresh"}}}}') \g /dev/null
SELECT integration_config_set('acme', 'acme', '{"integrations": {"datadog": {"locked": ["api_key"]}}}') \g /dev/null

SELECT is(integration_config_erase('acme', 'acme', 'datadog', 'api_key', 'it leaked', 'ada'), 3::bigint, 'the value is taken out of three versions');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE node_id = 'acme' AND config_json::text ~ 'leaked|fresh'), 0::bigint, 'of all versions of the node');
SELECT is((SELECT config_json FROM node_configurations WHERE node_id = 'acme'),
		  '{"integrations": {"datadog": {"config": {"api_key": null, "site": "datadoghq.eu"}, "locked": ["api_key"]}}}', 'null stands in its document, and the rest stays');
SELECT is((SELECT string_agg(concat_ws(' ', version, operation, author = 'ada', reason, config_json #>> '{integrations,datadog,config,api_key}'), ', ')
	FROM integration_config_history('acme', 'acme')),
	'4 update t it leaked, 3 update f (erased), 2 update f (erased), 1 insert f (erased)',
	'a version of its own, and the places are shown as what they are');
SELECT is((SELECT config_json #>> '{integrations,datadog,config,api_key}' FROM node_configurations WHERE node_id = 'sre'), 'leaked', 'other nodes keep theirs');
SELECT is(integration_config_erase('acme', 'sre', 'datadog', 'api_key'), 1::bigint, 'a lock above does not hold a value that must go');
SELECT is(integration_config_rollback('acme', 'acme', 1), 5, 'what was erased');
SELECT is((SELECT config_json #> '{integrations,datadog,config,api_key}' FROM node_configurations WHERE node_id = 'acme'), 'null', 'stays erased in a rollback');
SELECT is(integration_config_erase('acme', 'acme', 'datadog', 'api_key'), 0::bigint, 'once more there is nothing');
SELECT is((SELECT version FROM node_configurations WHERE node_id = 'acme'), 5, 'and no version');

DELETE FROM node_configurations WHERE node_id = 'sre';
SELECT is(integration_config_erase('acme', 'sre', 'datadog', 'site'), 0::bigint, 'a node that is deleted has a history still');
SELECT throws_ok($$SELECT integration_config_erase('acme', 'nobody', 'datadog', 'api_key')$$, '42704', 'node "nobody" of organisation "acme" does not exist', 'one that never was has none');
SELECT throws_ok($$SELECT integration_config_erase('acme', 'acme', 'datadog', 'api_kye')$$, '42704', 'integration "datadog" has no field "api_kye"', 'a misspelt field is told');
SELECT throws_ok($$SELECT integration_config_erase('acme', 'acme', 'datadgo', 'api_key')$$, '42704', 'integration "datadgo" does not exist', 'a misspelt integration, too');
SELECT throws_ok($$SELECT integration_config_erase('acme', 'acme', NULL, 'api_key')$$, '22023', NULL, 'and a null');
SELECT throws_ok($$SELECT * FROM integration_config_history('acme', 'acme', -1)$$, '22023', 'number of versions must not be negative', 'a negative number of versions');
SELECT is((SELECT count(*) FROM integration_config_history('acme', 'acme', 2)), 2::bigint, 'the newest two');
SELECT is((SELECT changes FROM integration_config_history('acme', 'acme', 1)), (SELECT changes FROM integration_config_history('acme', 'acme') LIMIT 1), 'with what changed in the oldest of them');
SELECT is_empty($$SELECT * FROM integration_config_history('acme', 'acme', 0)$$, 'or none');

-- retention
SELECT is(integration_config_prune(clock_timestamp(), 2), 4::bigint, 'all but the newest two of each node');
SELECT results_eq($$SELECT node_id, array_agg(version ORDER BY version) FROM node_configuration_history GROUP BY node_id ORDER BY node_id$$,
	$$VALUES ('acme', '{4,5}'::integer[]), ('sre', '{2,3}')$$, 'stay');
SELECT is(integration_config_prune('2000-01-01'), 0::bigint, 'nothing is as old as that');
SELECT is(integration_config_prune(clock_timestamp(), org_id => 'other'), 0::bigint, 'another organisation has nothing here');
SELECT is(integration_config_prune(clock_timestamp()), 2::bigint, 'the latest version of each node stays in any case');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'sre', 'acme', 'team');
SELECT is((SELECT version FROM node_configurations WHERE node_id = 'sre'), 4, 'and a version number is never given twice');
SELECT throws_ok($$SELECT integration_config_prune(now(), 0)$$, '22023', NULL, 'none kept is refused');
SELECT throws_ok($$SELECT integration_config_prune(NULL)$$, '22023', NULL, 'and a null');
ALTER TABLE node_configuration_history DISABLE TRIGGER node_configuration_history_guard;
SELECT throws_ok($$DELETE FROM node_configuration_history WHERE node_id = 'acme'$$, '23503', NULL,
				 'without the guard, too, no statement takes a living node''s version away');
ALTER TABLE node_configuration_history ENABLE ALWAYS TRIGGER node_configuration_history_guard;

CREATE ROLE pruner;
SELECT format('GRANT USAGE ON SCHEMA %s TO pruner', extnamespace::regnamespace) FROM pg_extension WHERE extname = 'integration_schemas' \gexec
SET ROLE pruner;
SELECT throws_ok($$SELECT integration_config_prune(now())$$, '42501', NULL, 'who may not delete history prunes none');
SELECT throws_ok($$SELECT integration_config_erase('acme', 'acme', 'datadog', 'site')$$, '42501', NULL, 'nor erases anything');
RESET ROLE;
GRANT SELECT, UPDATE ON node_configurations TO pruner;
GRANT SELECT, UPDATE, DELETE ON node_configuration_history TO pruner;
SET ROLE pruner;
SELECT is(integration_config_erase('acme', 'acme', 'datadog', 'site'), 1::bigint, 'who may write it does');
SELECT is((SELECT role FROM node_configuration_history WHERE node_id = 'acme' ORDER BY version DESC LIMIT 1), 'pruner', 'and is named');
SELECT lives_ok($$SELECT integration_config_prune(now())$$, 'and prunes');
SELECT throws_ok($$DELETE FROM node_configuration_history$$, '42501', 'history of node configurations cannot be changed', 'though not by a statement of his own');
RESET ROLE;
ALTER TABLE node_configuration_history ENABLE ROW LEVEL SECURITY;
SET ROLE pruner;
SELECT throws_ok($$SELECT integration_config_prune(now())$$, '42501', 'history cannot be changed under row security', 'nor whom row security holds');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
