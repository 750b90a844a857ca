-- A rollback and secrets: those of today stay, unless the old ones are wanted.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('air', 'Air', 'test', '', '[
	{"name": "mode"}, {"name": "token", "type": "secret"},
	{"name": "login", "type": "object", "fields": [{"name": "user"}, {"name": "pin", "type": "secret"}],
	 "variants": {"by": "kind", "choices": [{"value": "key", "fields": [{"name": "api_key", "type": "secret"}]}, {"value": "oauth", "fields": [{"name": "secret", "type": "secret"}]}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "key", "type": "secret"}, {"name": "port"}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"}]}},
	{"name": "keys", "type": "array", "items": {"type": "secret"}}]');
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('o', 'o', 'org');
-- the merged values, which are opened where they are sealed
CREATE FUNCTION pg_temp.config(entry text DEFAULT 'air') RETURNS jsonb LANGUAGE sql AS $$
	SELECT integration_config_effective('o', 'o') #> ARRAY['integrations', entry, 'config']
$$;
CREATE FUNCTION pg_temp.replace(config jsonb, entry text DEFAULT 'air') RETURNS integer LANGUAGE sql AS $$
	SELECT integration_config_replace('o', 'o', jsonb_build_object('integrations', jsonb_build_object(entry, jsonb_build_object('config', config))))
$$;
CREATE FUNCTION pg_temp.rolled(older jsonb, today jsonb, secrets text DEFAULT 'keep', entry text DEFAULT 'air') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	version integer := pg_temp.replace(older, entry);
BEGIN
	PERFORM pg_temp.replace(today, entry);
	PERFORM integration_config_rollback('o', 'o', version, secrets => rolled.secrets);
	RETURN pg_temp.config(entry);
END $$;

SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a", "token": "s-2"}', 'today''s secret stays');
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b", "token": "s-2"}', 'restore'), '{"mode": "a", "token": "s-1"}', 'unless the old one is wanted');
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b"}'), '{"mode": "a"}', 'one that was taken away does not come back');
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b"}', 'restore'), '{"mode": "a", "token": "s-1"}', 'unless it is wanted');
SELECT is(pg_temp.rolled('{"mode": "a", "token": ""}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a", "token": ""}', 'a blank is no secret: it comes back');
SELECT is(pg_temp.rolled('{"mode": "a", "token": null}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a"}', 'and so does null');
SELECT is(pg_temp.rolled('{"mode": "a"}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a"}', 'a field that was not there goes as any');
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b", "token": "s-2"}', entry => 'air:eu'), '{"mode": "a", "token": "s-2"}', 'in instances');
SELECT is(pg_temp.rolled('{"login": {"kind": "key", "user": "u", "pin": "s-1", "api_key": "s-2"}}', '{"login": {"kind": "key", "user": "v", "pin": "s-3", "api_key": "s-4"}}'),
	'{"login": {"kind": "key", "user": "u", "pin": "s-3", "api_key": "s-4"}}', 'inside values');
SELECT is(pg_temp.rolled('{"login": {"kind": "key", "user": "u", "pin": "s-1", "api_key": "s-2"}}', '{"login": {"kind": "oauth", "user": "v", "pin": "s-3", "secret": "s-4"}}'),
	'{"login": {"kind": "key", "user": "u", "pin": "s-3"}}', 'of another choice none is kept, and none comes back');
SELECT is(pg_temp.rolled('{"sites": {"a": {"key": "s-1", "port": "1"}, "b": {"key": "s-2"}}}', '{"sites": {"a": {"key": "s-3", "port": "2"}, "c": {"key": "s-4"}}}'),
	'{"sites": {"a": {"key": "s-3", "port": "1"}, "b": {}}}', 'of maps');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a", "password": "s-1"}, {"name": "b", "password": "s-2"}]}', '{"hosts": [{"name": "a", "password": "s-3"}, {"name": "c", "password": "s-4"}]}'),
	'{"hosts": [{"name": "a", "password": "s-3"}, {"name": "b"}]}', 'of elements that are otherwise the same');
SELECT is(pg_temp.rolled('{"keys": ["s-1", "s-2", "s-3"]}', '{"keys": ["s-4"]}'), '{"keys": ["s-4"]}', 'a list of secrets has those of today');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a", "password": "s-1"}]}', '{"hosts": []}', 'restore'), '{"hosts": [{"name": "a", "password": "s-1"}]}', 'and all of the old ones where they are wanted');

-- What was erased
SELECT pg_temp.replace('{"mode": "a", "token": "s-1"}') AS erased \gset
SELECT pg_temp.replace('{"mode": "b", "token": "s-2"}') \g /dev/null
SELECT integration_config_erase('o', 'o', 'air', 'token', 'leaked') \g /dev/null
SELECT pg_temp.replace('{"mode": "c", "token": "s-3"}') \g /dev/null
SELECT integration_config_rollback('o', 'o', :erased, secrets => 'restore') \g /dev/null
SELECT is(pg_temp.config(), '{"mode": "a"}', 'stays erased where the old ones are wanted');
SELECT pg_temp.replace('{"mode": "c", "token": "s-3"}') \g /dev/null
SELECT integration_config_rollback('o', 'o', :erased) \g /dev/null
SELECT is(pg_temp.config(), '{"mode": "a"}', 'and where they are not');

-- Arguments
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 1, secrets => 'both')$$, '22023', 'secrets of a rollback must be "keep" or "restore"', 'another word');
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 1, secrets => NULL)$$, '22023', NULL, 'none');
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 999)$$, '42704', NULL, 'a version that is not there');
SELECT ok(count(*) > 10 AND bool_and(h::text !~ 's-\d'), 'no secret is shown of all that') FROM integration_config_history('o', 'o') AS h;

SELECT * FROM finish();
ROLLBACK;
