-- A rollback and secrets: those of today stay, unless the old ones are wanted.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('air', 'Air', 'test', '', '[
	{"name": "mode"}, {"name": "token", "type": "secret"}, {"name": "url"}, {"name": "free", "type": "object"},
	{"name": "login", "type": "object", "fields": [{"name": "user"}, {"name": "pin", "type": "secret"}],
	 "variants": {"by": "kind", "choices": [{"value": "key", "fields": [{"name": "api_key", "type": "secret"}]}, {"value": "oauth", "fields": [{"name": "secret", "type": "secret"}]}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "key", "type": "secret"}, {"name": "port"}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"},
		{"name": "tokens", "type": "array", "items": {"type": "object", "fields": [{"name": "scope"}, {"name": "value", "type": "secret"}]}}]}},
	{"name": "named", "type": "object", "values": {"type": "secret"}},
	{"name": "keys", "type": "array", "items": {"type": "secret"}}]');
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('o', 'o', 'org');
-- the merged values, which are opened where they are sealed
CREATE FUNCTION pg_temp.config(entry text DEFAULT 'air') RETURNS jsonb LANGUAGE sql AS $$
	SELECT integration_config_effective('o', 'o') #> ARRAY['integrations', entry, 'config']
$$;
CREATE FUNCTION pg_temp.replace(config jsonb, entry text DEFAULT 'air') RETURNS integer LANGUAGE sql AS $$
	SELECT integration_config_replace('o', 'o', jsonb_build_object('integrations', jsonb_build_object(entry,
		CASE WHEN config IS NULL THEN '{"enabled": false}' ELSE jsonb_build_object('config', config) END)))
$$;
CREATE FUNCTION pg_temp.deep(levels integer) RETURNS jsonb LANGUAGE sql AS $$
	SELECT (repeat('{"a": ', levels) || '1' || repeat('}', levels))::jsonb
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
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b", "token": null}'), '{"mode": "a"}', 'nor one that was unset');
SELECT is(pg_temp.rolled('{"mode": "a", "token": ""}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a", "token": "s-2"}', 'it stays where a blank was');
SELECT is(pg_temp.rolled('{"mode": "a", "token": null}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a", "token": "s-2"}', 'where null was');
SELECT is(pg_temp.rolled('{"mode": "a"}', '{"mode": "b", "token": "s-2"}'), '{"mode": "a", "token": "s-2"}', 'and where nothing was');
SELECT is(pg_temp.rolled(NULL, '{"mode": "b", "token": "s-2"}'), '{"token": "s-2"}', 'not even a config');
SELECT is(pg_temp.rolled('{"mode": "a", "token": "s-1"}', '{"mode": "b", "token": "s-2"}', entry => 'air:eu'), '{"mode": "a", "token": "s-2"}', 'in instances');
SELECT is(pg_temp.rolled('{"login": {"kind": "key", "user": "u", "pin": "s-1", "api_key": "s-2"}}', '{"login": {"kind": "key", "user": "v", "pin": "s-3", "api_key": "s-4"}}'),
	'{"login": {"kind": "key", "user": "u", "pin": "s-3", "api_key": "s-4"}}', 'inside values');
SELECT is(pg_temp.rolled('{"login": {"kind": "key", "user": "u", "pin": "s-1", "api_key": "s-2"}}', '{"login": {"kind": "oauth", "user": "v", "pin": "s-3", "secret": "s-4"}}'),
	'{"login": {"kind": "key", "user": "u", "pin": "s-3"}}', 'of another choice none is kept, and none comes back');
SELECT is(pg_temp.rolled('{"sites": {"a": {"key": "s-1", "port": "1"}, "b": {"key": "s-2"}}}', '{"sites": {"a": {"key": "s-3", "port": "2"}, "c": {"key": "s-4"}}}'),
	'{"sites": {"a": {"key": "s-3", "port": "1"}, "b": {}}}', 'of maps');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a", "password": "s-1"}, {"name": "b", "password": "s-2"}]}', '{"hosts": [{"name": "a", "password": "s-3"}, {"name": "c", "password": "s-4"}]}'),
	'{"hosts": [{"name": "a", "password": "s-3"}, {"name": "b"}]}', 'of elements that are otherwise the same');
SELECT is(pg_temp.rolled('{"mode": "a"}', '{"login": {"kind": "key", "user": "v", "pin": "s-3"}}'), '{"mode": "a"}', 'an object that was not there takes its secrets along');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a", "password": "s-1"}, {"name": "b", "password": "s-2"}]}', '{"hosts": [{"name": "b", "password": "s-4"}]}'),
	'{"hosts": [{"name": "a"}, {"name": "b", "password": "s-4"}]}', 'wherever those stand');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a"}, {"name": "a", "password": "s-1"}, {"name": "a"}]}', '{"hosts": [{"name": "a", "password": "s-2"}, {"name": "a"}]}'),
	'{"hosts": [{"name": "a", "password": "s-2"}, {"name": "a"}, {"name": "a"}]}', 'each once, in order');
SELECT is(pg_temp.rolled('{"hosts": [{"name": "a", "tokens": [{"scope": "r", "value": "s-1"}, {"scope": "w", "value": "s-2"}]}]}',
						 '{"hosts": [{"name": "z"}, {"name": "a", "tokens": [{"scope": "r", "value": "s-3"}, {"scope": "w", "value": "s-4"}]}]}'),
	'{"hosts": [{"name": "a", "tokens": [{"scope": "r", "value": "s-3"}, {"scope": "w", "value": "s-4"}]}]}', 'in arrays in arrays');
SELECT is(pg_temp.rolled('{"mode": "a"}', '{"keys": ["s-4"]}'), '{"mode": "a", "keys": ["s-4"]}', 'a list of secrets stays as a whole');
SELECT is(pg_temp.rolled('{"keys": ["s-1"]}', '{"mode": "b"}'), '{}', 'or stays away');
SELECT is(pg_temp.rolled('{"named": {"eu": "s-1", "us": "s-2"}}', '{"named": {"eu": "s-3", "asia": "s-4"}}'), '{"named": {"eu": "s-3", "asia": "s-4"}}', 'and so does a map of them');
SELECT is(pg_temp.rolled('{"free": {"a": "old"}}', '{"free": {"a": "new"}}'), '{"free": {"a": "old"}}', 'what nobody says is a secret is none');
SELECT is(pg_temp.rolled('{"url": "https://u:s-1@h/a"}', '{"url": "https://u:s-2@h/b"}'), '{"url": "https://u:s-2@h/a"}', 'the password of a URI is one');
SELECT is(pg_temp.rolled('{"url": "https://u:s-1@h/a"}', '{"url": "https://u:s-2@other/b"}'), '{"url": "https://u:s-1@h/a"}', 'of the same host');
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
SELECT is(pg_temp.config(), '{"mode": "a", "token": "s-3"}', 'and does not take today''s along');

-- Large: linear, and as deep as a document may be
SELECT pg_temp.replace(jsonb_build_object('hosts', (SELECT jsonb_agg(jsonb_build_object('name', 'n' || i, 'password', 'old-' || i) ORDER BY i) FROM generate_series(1, 20000) AS i))) AS many \gset
SELECT pg_temp.replace(jsonb_build_object('hosts', (SELECT jsonb_agg(jsonb_build_object('name', 'n' || i, 'password', 'new-' || i) ORDER BY i DESC) FROM generate_series(1, 20000) AS i))) \g /dev/null
SELECT integration_config_rollback('o', 'o', :many) \g /dev/null
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_temp.config() -> 'hosts') WITH ORDINALITY AS a (host, i) WHERE host = jsonb_build_object('name', 'n' || i, 'password', 'new-' || i)),
	20000::bigint, 'many elements, each with its own secret');
SELECT integration_config_rollback('o', 'o', :many, secrets => 'restore') \g /dev/null
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_temp.config() -> 'hosts') WITH ORDINALITY AS a (host, i) WHERE host = jsonb_build_object('name', 'n' || i, 'password', 'old-' || i)),
	20000::bigint, 'or the old ones');
SELECT is(pg_temp.rolled(jsonb_build_object('free', pg_temp.deep(990)), '{"token": "s-2"}'), jsonb_build_object('free', pg_temp.deep(990), 'token', 's-2'), 'and a deep value');

-- Arguments
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 1, secrets => 'both')$$, '22023', 'secrets of a rollback must be "keep" or "restore"', 'another word');
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 1, secrets => NULL)$$, '22023', NULL, 'none');
SELECT throws_ok($$SELECT integration_config_rollback('o', 'o', 999)$$, '42704', NULL, 'a version that is not there');
SELECT ok(count(*) > 10 AND bool_and(h::text !~ 's-\d'), 'no secret is shown of all that') FROM integration_config_history('o', 'o') AS h;

SELECT * FROM finish();
ROLLBACK;
