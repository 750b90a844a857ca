-- A secret has leaked: where it is, and another one in its place.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

CREATE ROLE find_reader;
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('air', 'Air', 'test', '', '[
	{"name": "mode"}, {"name": "token", "type": "secret", "max_length": 20}, {"name": "old", "type": "secret"},
	{"name": "url"}, {"name": "pin", "type": "secret"}, {"name": "free", "type": "object"}, {"name": "open", "type": "object", "public": true},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"}]}}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('o', 'o', NULL, 'org', '{"integrations": {"air": {"config": {"token": "leak", "mode": "leak", "hosts": [{"name": "a", "password": "s-2"}, {"name": "leak", "password": "leak"}]}}}}'),
	('o', 't', 'o', 'team', '{"integrations": {"air:eu": {"config": {"token": "leak", "old": "leaks"}}}}'),
	('p', 'p', NULL, 'org', '{"integrations": {"air": {"config": {"token": "leak"}}}}'),
	('q', 'q', NULL, 'org', '{"integrations": {"air": {"config": {"token": "leak2", "old": "lea"}}}}');
SELECT integration_config_set('p', 'p', '{"x": 1}') \g /dev/null
SELECT integration_config_set('p', 'p', '{"integrations": {"air": {"config": {"token": "s-9"}}}}') \g /dev/null
CREATE VIEW pg_temp.found AS SELECT org_id, node_id, integration, field, first_version, last_version, live FROM integration_config_find_secret('leak') WHERE NOT shown;
SELECT results_eq('SELECT * FROM pg_temp.found', $$VALUES
	('o', 'o', 'air', 'hosts/1/password', 1, 1, true), ('o', 'o', 'air', 'token', 1, 1, true),
	('o', 't', 'air:eu', 'token', 1, 1, true), ('p', 'p', 'air', 'token', 1, 2, false)$$, 'live and in history, at every depth, in instances; this very secret');
SELECT is(count(*), 0::bigint, 'what nobody has') FROM integration_config_find_secret('nobody has it');
SELECT results_eq($$SELECT org_id, first_version, last_version, live FROM integration_config_find_secret('s-9')$$, $$VALUES ('p', 3, 3, true)$$, 'what came later');
DELETE FROM node_configurations WHERE node_id = 't';
SELECT results_eq($$SELECT org_id, live FROM pg_temp.found WHERE node_id = 't'$$, $$VALUES ('o', false)$$, 'of a deleted node');
SELECT integration_schema_rename_field('air', 'token', 'key') \g /dev/null
SELECT results_eq($$SELECT node_id, field, live FROM pg_temp.found WHERE field <> 'hosts/1/password' ORDER BY 1, 2$$,
	$$VALUES ('o', 'key', true), ('o', 'token', false), ('p', 'token', false), ('t', 'token', false)$$, 'under names of the past');
SELECT throws_ok(format('SELECT * FROM integration_config_find_secret(%s)', bad), '22023', 'what is looked for must be a secret in clear', 'no secret: ' || bad)
  FROM unnest(ARRAY['NULL', '''''', ''' ''', '''********''', '''sealed:1:x''']) AS bad;

-- Another one
SELECT throws_ok($$SELECT integration_config_replace_secret('leak', 'longer than the rule allows', 'leaked')$$, '23514', NULL, 'a rule holds for the new one');
SELECT is(count(*) FILTER (WHERE live), 2::bigint, 'and nothing has changed') FROM pg_temp.found;
SELECT is(integration_config_replace_secret('leak', 'fresh', 'leaked'), 1::bigint, 'in so many nodes');
SELECT results_eq('SELECT live, count(*) FROM pg_temp.found GROUP BY 1', $$VALUES (false, 5::bigint)$$, 'it is in history alone');
SELECT results_eq($$SELECT field FROM integration_config_find_secret('fresh') WHERE live ORDER BY 1$$, $$VALUES ('hosts/1/password'), ('key')$$, 'the new one in its place');
SELECT is(integration_config_effective('o', 'o') #> '{integrations,air,config}', '{"key": "fresh", "mode": "leak", "hosts": [{"name": "a", "password": "s-2"}, {"name": "leak", "password": "fresh"}]}', 'and nowhere else');
SELECT results_eq($$SELECT version, reason FROM integration_config_history('o', 'o', 1)$$, $$VALUES (3, 'leaked')$$, 'in a version that says why');
SELECT is(integration_config_replace_secret('leak', 'fresh', 'leaked'), 0::bigint, 'again: nothing to do');
SELECT ok(h::text !~ 'fresh', 'none is shown') FROM (SELECT json_agg(h) AS h FROM integration_config_history('o', 'o') AS h) AS h;
SELECT throws_ok($$SELECT integration_config_replace_secret('a', 'a', 'x')$$, '22023', NULL, 'the same');
SELECT throws_ok($$SELECT integration_config_replace_secret('a', '', 'x')$$, '22023', 'the new secret must be a secret in clear', 'no new one');
SELECT throws_ok($$SELECT integration_config_replace_secret(NULL, 'a', 'x')$$, '22023', 'the old secret must be a secret in clear', 'no old one');

-- Wherever it stands
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('gone', 'Gone', 'test', '', '[{"name": "a"}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('w', 'w', NULL, 'org', '{}'),
	('w', 'free', 'w', 'team', '{"integrations": {"air": {"config": {"free": {"deep": [{"a~b": "w&1"}]}}}}}'),
	('w', 'inside', 'w', 'team', '{"integrations": {"air": {"config": {"old": "postgres://u:w%261@h/p"}}}}'),
	('w', 'near', 'w', 'team', '{"integrations": {"air": {"config": {"key": "w&12", "old": "xw&1", "mode": "has w&1 in it"}}}}'),
	('w', 'none', 'w', 'team', '{"integrations": {"gone": {"config": {"a": "w&1"}}}}'),
	('w', 'shown', 'w', 'team', '{"integrations": {"air": {"config": {"mode": "w&1", "open": {"x": "w&1"}}, "description": "w&1"}}, "ours": {"deep": ["w&1"]}}'),
	('w', 'uri', 'w', 'team', '{"integrations": {"air": {"config": {"url": "a https://u:x@h b ftp://u:w%261@h/p", "mode": "redis://:w&1@h"}}}}');
DELETE FROM integration_schemas WHERE id = 'gone';
CREATE VIEW pg_temp.everywhere AS SELECT node_id, integration, field, live, shown FROM integration_config_find_secret('w&1');
SELECT results_eq('SELECT * FROM pg_temp.everywhere', $$VALUES
	('free', 'air', 'free/deep/0/a~0b', true, false), ('inside', 'air', 'old', true, false), ('none', 'gone', 'a', true, false),
	('shown', NULL, 'ours/deep/0', true, true), ('shown', 'air', 'mode', true, true), ('shown', 'air', 'open/x', true, true),
	('shown', NULL, 'integrations/air/description', true, true),
	('uri', 'air', 'url', true, false), ('uri', 'air', 'mode', true, false)$$, 'in free-form values, in what nobody defines, in URIs, encoded or not, and where all can see it');
SELECT is(integration_config_replace_secret('w&1', 'n$ 2', author => 'ada'), 3::bigint, 'another one goes where it is not shown, and a definition knows of it');
SELECT results_eq($$SELECT node_id, integration_config_effective('w', node_id) #> '{integrations,air,config}' FROM node_configurations WHERE node_id IN ('free', 'inside', 'shown', 'uri') ORDER BY 1$$, $$VALUES
	('free', '{"free": {"deep": [{"a~b": "n$ 2"}]}}'::jsonb), ('inside', '{"old": "postgres://u:n%24%202@h/p"}'), ('shown', '{"mode": "w&1", "open": {"x": "w&1"}}'),
	('uri', '{"url": "a https://u:x@h b ftp://u:n%24%202@h/p", "mode": "redis://:n%24%202@h"}')$$, 'encoded where it must be');
SELECT is(count(*) FILTER (WHERE live), 4::bigint, 'the search tells what is left') FROM pg_temp.everywhere WHERE shown;
SELECT results_eq('SELECT node_id FROM pg_temp.everywhere WHERE live AND NOT shown', $$VALUES ('none')$$, 'and where nobody reads it');
SELECT is(count(*), 4::bigint, 'the new one is found, encoded as well') FROM integration_config_find_secret('n$ 2') WHERE live AND NOT shown;
SELECT results_eq($$SELECT author, reason FROM integration_config_history('w', 'uri', 1)$$, $$VALUES ('ada', 'secret replaced')$$, 'by whom, and why');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('x', 'x', 'org', '{"integrations": {"air": {"config": {"pin": "once"}}}}');
SELECT integration_config_replace('x', 'x', '{}') \g /dev/null
UPDATE integration_schemas SET fields = jsonb_set(fields, '{4,type}', '"string"') WHERE id = 'air';
SELECT results_eq($$SELECT live, shown FROM integration_config_find_secret('once')$$, $$VALUES (false, false)$$, 'what was a secret once is not shown');
SELECT integration_config_set('x', 'x', '{"integrations": {"air": {"config": {"pin": "once"}}}}') \g /dev/null
SELECT results_eq($$SELECT live, shown FROM integration_config_find_secret('once')$$, $$VALUES (true, true)$$, 'but it is where it was written again since');
SELECT integration_config_replace('x', 'x', jsonb_build_object('integrations', jsonb_build_object('air', jsonb_build_object('config', jsonb_build_object('hosts',
	(SELECT jsonb_agg(jsonb_build_object('name', 'n' || i, 'password', 'many')) FROM generate_series(1, 30000) AS i)))))) \g /dev/null
SELECT is(count(DISTINCT field), 30000::bigint, 'in many places') FROM integration_config_find_secret('many');

-- A refusal says at which node
CREATE FUNCTION pg_temp.context(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN context;
END $$;
SELECT matches(pg_temp.context($$SELECT integration_config_replace_secret('fresh', 'longer than the rule allows')$$), 'replacement of a secret in node "o" of organisation "o"', 'where');

-- Rights
SET LOCAL ROLE find_reader;
SELECT throws_ok($$SELECT * FROM integration_config_find_secret('leak')$$, '42501', NULL, 'not without rights');
SELECT throws_ok($$SELECT integration_config_replace_secret('leak', 'b', 'x')$$, '42501', NULL, 'nor is one replaced');
RESET ROLE;
GRANT SELECT ON node_configurations, node_configuration_history TO find_reader;
SELECT EXISTS (SELECT FROM integration_config_keys) AS sealed \gset
SET LOCAL ROLE find_reader;
\if :sealed
SELECT throws_ok($$SELECT * FROM integration_config_find_secret('leak')$$, '42501', 'permission denied to look for sealed secrets', 'with rights on the tables not what is sealed');
RESET ROLE;
SELECT integration_config_grant('find_reader', '*', '*', '{reveal}') \g /dev/null
SET LOCAL ROLE find_reader;
\endif
SELECT is(count(*), 5::bigint, 'with rights on the tables') FROM integration_config_find_secret('leak') WHERE NOT shown;
SELECT throws_ok($$SELECT integration_config_replace_secret('fresh', 'b', 'x')$$, '42501', NULL, 'replaced with UPDATE alone');
RESET ROLE;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE find_reader;
SELECT throws_ok($$SELECT * FROM integration_config_find_secret('leak')$$, '42501', 'secrets cannot be looked for under row security', 'not under row security');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
