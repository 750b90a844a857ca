-- The store with whole connectors: a write that switches a choice leaves nothing of
-- the other one, masks and histories at depth, and instances through renaming,
-- unsetting, inheriting, erasing and rolling back.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('air', 'Air', 'test', '', '[
	{"name": "mode"},
	{"name": "login", "type": "object", "fields": [{"name": "user"}, {"name": "pin", "type": "secret"}],
	 "variants": {"by": "kind", "choices": [
		{"value": "key", "fields": [{"name": "api_key", "type": "secret"}, {"name": "shared"}]},
		{"value": "oauth", "fields": [{"name": "token", "type": "secret"}, {"name": "shared"}]}]}},
	{"name": "sites", "type": "object", "values": {"type": "object",
	 "variants": {"by": "kind", "choices": [{"value": "a", "fields": [{"name": "key", "type": "secret"}]}, {"value": "b"}]}}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"}]}}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
('o', 'o', NULL, 'org', '{"integrations": {
	"air": {"config": {"login": {"kind": "key", "api_key": "s-1", "shared": "x", "user": "u", "pin": "s-2"}, "sites": {"one": {"kind": "a", "key": "s-3"}},
					   "hosts": [{"name": "h1", "password": "s-4"}, {"name": "h2", "password": "s-5"}]}},
	"air:eu": {"config": {"login": {"kind": "key", "api_key": "s-6"}}}}}');
CREATE FUNCTION pg_temp.config(entry text DEFAULT 'air') RETURNS jsonb LANGUAGE sql AS $$
	SELECT config_json #> ARRAY['integrations', entry, 'config'] FROM node_configurations WHERE (org_id, node_id) = ('o', 'o')
$$;
CREATE FUNCTION pg_temp.set(config jsonb, entry text DEFAULT 'air') RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM integration_config_set('o', 'o', jsonb_build_object('integrations', jsonb_build_object(entry, jsonb_build_object('config', config))));
	RETURN pg_temp.config(entry);
END $$;

--
-- A choice is switched
--

SAVEPOINT before;
SELECT is(pg_temp.set('{"login": {"kind": "oauth"}}') -> 'login', '{"kind": "oauth", "user": "u", "pin": "s-2"}', 'a patch that switches leaves what all choices have');
ROLLBACK TO before;
SELECT is(pg_temp.set('{"login": {"kind": "oauth", "shared": "x", "token": "t"}}') -> 'login', '{"kind": "oauth", "user": "u", "pin": "s-2", "shared": "x", "token": "t"}', 'and what it gives itself');
ROLLBACK TO before;
SELECT is(pg_temp.set('{"login": {"kind": null}}') -> 'login', '{"user": "u", "pin": "s-2"}', 'one that names none');
ROLLBACK TO before;
SELECT is(pg_temp.set('{"login": {"kind": "oauth"}}', 'air:eu') -> 'login', '{"kind": "oauth"}', 'in an instance');
ROLLBACK TO before;
SELECT is(pg_temp.set('{"sites": {"one": {"kind": "b"}}}') -> 'sites', '{"one": {"kind": "b"}}', 'in a map''s value');
ROLLBACK TO before;
SELECT is(pg_temp.set('{"login": {"user": "v"}}') -> 'login' ->> 'api_key', 's-1', 'a patch that switches nothing takes nothing');
ROLLBACK TO before;
UPDATE node_configurations SET config_json = jsonb_set(config_json, '{integrations,air,config,login,kind}', '"oauth"') WHERE org_id = 'o';
SELECT is(pg_temp.config() -> 'login', '{"kind": "oauth", "user": "u", "pin": "s-2", "shared": "x"}', 'UPDATE leaves nothing that the new choice does not have');
ROLLBACK TO before;
SELECT throws_ok($$UPDATE node_configurations SET config_json = jsonb_set(config_json, '{integrations,air,config,login}', '{"kind": "oauth", "api_key": "new"}') WHERE org_id = 'o'$$,
		'23514', NULL, 'what is new and has no place is refused');
SELECT is(integration_config_replace('o', 'o', jsonb_set(integration_schema_redact(config_json), '{integrations,air,config,login,kind}', '"oauth"')), 2, 'a whole document with masks')
  FROM node_configurations WHERE org_id = 'o';
SELECT is(pg_temp.config() -> 'login', '{"kind": "oauth", "user": "u", "pin": "s-2", "shared": "x"}', 'a mask keeps only what all choices have');
ROLLBACK TO before;

--
-- Masks and histories
--

SELECT is(pg_temp.set('{"hosts": [{"name": "h1", "password": "********"}, {"name": "h2", "password": "********"}, {"name": "h3"}], "login": {"pin": "********"}}'),
		  '{"login": {"kind": "key", "api_key": "s-1", "shared": "x", "user": "u", "pin": "s-2"}, "sites": {"one": {"kind": "a", "key": "s-3"}},
			"hosts": [{"name": "h1", "password": "s-4"}, {"name": "h2", "password": "s-5"}, {"name": "h3"}]}', 'masks keep what is stored, at depth');
ROLLBACK TO before;
SELECT throws_ok($$SELECT pg_temp.set('{"hosts": [{"name": "other", "password": "********"}]}')$$, '23514', NULL, 'not in an element that is another one');
SELECT throws_ok($$SELECT pg_temp.set('{"login": {"kind": "oauth", "token": "********"}}')$$, '23514', NULL, 'nor in another choice');
SELECT pg_temp.set('{"login": {"user": "v", "api_key": "s-7"}, "hosts": [{"name": "h9", "password": "s-8"}]}') \g /dev/null
SELECT ok(h::text !~ 's-\d' AND h::text ~ '"v"' AND h::text ~ 'h9', 'the history shows what has changed, and no secret')
  FROM (SELECT json_agg(h) AS h FROM integration_config_history('o', 'o') AS h) AS h;
SELECT ok(g::text !~ 's-\d' AND g::text ~ '"h9"', 'nor does _get') FROM integration_config_get('o', 'o') AS g;
ROLLBACK TO before;

--
-- Instances
--

SELECT is(integration_schema_rename('air', 'wind'), 1::bigint, 'an integration is renamed with its instances');
SELECT is((SELECT array_agg(k ORDER BY k) FROM node_configurations, jsonb_object_keys(config_json -> 'integrations') AS k), ARRAY['wind', 'wind:eu'], 'in the documents');
SELECT is(integration_schema_rename_field('wind', 'login', 'auth'), 1::bigint, 'so is a field');
SELECT is(pg_temp.config('wind:eu') -> 'auth' ->> 'api_key', 's-6', 'of an instance');
SELECT is(integration_config_rollback('o', 'o', 1), 3, 'a rollback across both');
SELECT is(pg_temp.config('wind:eu') -> 'auth' ->> 'api_key', 's-6', 'gives the instance its names of today');
SELECT is(integration_config_unset('o', 'o', 'wind:eu', 'mode'), 4, 'a field of an instance is unset');
SELECT is(pg_temp.config('wind:eu') -> 'mode', 'null', 'by null');
SELECT is(integration_config_inherit('o', 'o', 'wind:eu', 'mode'), 5, 'and inherited again');
SELECT ok(NOT pg_temp.config('wind:eu') ? 'mode', 'the word is gone');
SELECT throws_ok($$SELECT integration_config_unset('o', 'o', 'wind:eu', 'nope')$$, '42704', 'integration "wind:eu" has no field "nope"', 'a field that it has not');
SELECT is(integration_config_erase('o', 'o', 'wind:eu', 'auth', 'leaked'), 5::bigint, 'erased from every version, under each name');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE config_json::text ~ 's-6'), 0::bigint, 'nothing of it is left');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE config_json::text ~ 's-1'), 6::bigint, 'the plain entry''s is');

SELECT * FROM finish();
ROLLBACK;
