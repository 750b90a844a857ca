-- Which secrets are set: since which version, when, by whom.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

CREATE ROLE secrets_reader;
CREATE ROLE secrets_auditor;
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('air', 'Air', 'test', '', '[
	{"name": "mode"}, {"name": "token", "type": "secret"},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"}]}}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('o', 'o', NULL, 'org', '{"integrations": {"air": {"config": {"token": "s-1", "hosts": [{"name": "a", "password": "s-2"}, {"name": "b", "password": "s-3"}]}}, "air:eu": {"config": {"token": "s-4"}}}}'),
	('o', 't', 'o', 'team', '{"integrations": {"air": {"config": {"mode": "x", "token": ""}}}}'), ('p', 'p', NULL, 'org', '{"integrations": {"air": {"config": {"token": "s-1"}}}}');
CREATE VIEW pg_temp.told AS SELECT node_id, integration, field, version, author, sealed_by IS NOT NULL AS sealed FROM integration_config_secrets('o');
SELECT EXISTS (SELECT FROM integration_config_keys) AS sealed \gset
SELECT results_eq('SELECT node_id, integration, field, version FROM pg_temp.told',
	$$VALUES ('o', 'air', 'hosts/0/password', 1), ('o', 'air', 'hosts/1/password', 1), ('o', 'air', 'token', 1), ('o', 'air:eu', 'token', 1)$$, 'at every depth, in instances; no blank, nobody else''s');
SELECT results_eq('SELECT DISTINCT sealed FROM pg_temp.told', format('VALUES (%L::boolean)', :'sealed'), 'and whether it is sealed');
SELECT integration_config_set('o', 'o', '{"integrations": {"air": {"config": {"mode": "y"}}}}', author => 'ann') \g /dev/null
SELECT integration_config_set('o', 'o', '{"integrations": {"air": {"config": {"token": "s-5"}}}}', author => 'bob') \g /dev/null
SELECT integration_config_set('o', 'o', '{"integrations": {"air": {"config": {"token": "s-5", "mode": "z"}}}}', author => 'cy') \g /dev/null
SELECT results_eq($$SELECT version, author FROM pg_temp.told WHERE (integration, field) = ('air', 'token')$$, $$VALUES (3, 'bob')$$, 'since the version that brought it');
SELECT results_eq($$SELECT version FROM pg_temp.told WHERE (integration, field) = ('air:eu', 'token')$$, $$VALUES (1)$$, 'others are as old as they were');
SELECT integration_config_unset('o', 'o', 'air', 'token') \g /dev/null
SELECT is(count(*), 0::bigint, 'one that is unset is none') FROM pg_temp.told WHERE (integration, field) = ('air', 'token');
SELECT integration_config_set('o', 'o', '{"integrations": {"air": {"config": {"token": "s-5"}}}}', author => 'dee') \g /dev/null
SELECT results_eq($$SELECT version, author FROM pg_temp.told WHERE (integration, field) = ('air', 'token')$$, $$VALUES (6, 'dee')$$, 'the same again is a new one');
SELECT integration_config_prune('infinity', 1, 'o') \g /dev/null
SELECT results_eq($$SELECT DISTINCT version FROM pg_temp.told$$, $$VALUES (6)$$, 'what was pruned is not known any more');
SELECT ok(s::text !~ 's-\d' AND s::text !~ 'sealed:', 'none is shown') FROM (SELECT json_agg(s) AS s FROM integration_config_secrets('o') AS s) AS s;

-- Rights
SET LOCAL ROLE secrets_reader;
SELECT throws_ok($$SELECT integration_config_secrets('o')$$, '42501', NULL, 'not without rights');
RESET ROLE;
GRANT SELECT ON node_configurations TO secrets_reader;
SET LOCAL ROLE secrets_reader;
SELECT throws_ok($$SELECT integration_config_secrets('o')$$, '42501', NULL, 'nor with those on the nodes alone');
RESET ROLE;
GRANT SELECT ON node_configuration_history TO secrets_reader;
SET LOCAL ROLE secrets_reader;
SELECT is(count(*), 4::bigint, 'with those on the history') FROM integration_config_secrets('o');
RESET ROLE;
SELECT integration_config_set('o', 't', '{"integrations": {"air": {"config": {"token": "s-6"}}}}') \g /dev/null
SELECT integration_config_grant('secrets_auditor', 'o', 't', '{read}') \g /dev/null
SET LOCAL ROLE secrets_auditor;
SELECT results_eq($$SELECT node_id, integration, field, version FROM integration_config_secrets('o')$$, $$VALUES ('t', 'air', 'token', 2)$$, 'by a grant, those of the nodes that one may read');
SELECT throws_ok($$SELECT integration_config_secrets('p')$$, '42501', NULL, 'of another organisation none');
RESET ROLE;
SELECT throws_ok($$SELECT integration_config_secrets('nobody')$$, '42704', NULL, 'an organisation that is not there');
SELECT is(count(*), 0::bigint, 'null') FROM integration_config_secrets(NULL);

SELECT * FROM finish();
ROLLBACK;
