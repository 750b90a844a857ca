-- Validation of what definitions describe in a field's value, at every depth,
-- and of instances: each code, with its path, its field and its facts.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, required, locked, instances, fields) VALUES
('air', 'Air', 'test', '', false, false, true, '[
	{"name": "mode", "default_value": "tls", "allowed_values": ["tls", "plain"]},
	{"name": "ca", "type": "secret", "required": true, "multiline": true, "applies_when": {"mode": ["tls"]}},
	{"name": "ciphers", "applies_when": {"ca_kind": ["own"]}},
	{"name": "ca_kind", "applies_when": {"mode": ["tls"]}},
	{"name": "login", "type": "object", "required": true,
	 "fields": [{"name": "region", "allowed_values": ["eu", "us"]}, {"name": "note", "required_with": ["region"]}],
	 "variants": {"by": "kind", "choices": [
		{"value": "key", "fields": [{"name": "api_key", "type": "secret", "required": true, "min_length": 4}]},
		{"value": "oauth", "fields": [{"name": "client_id", "required": true}, {"name": "client_secret", "type": "secret"}]}]}},
	{"name": "streams", "type": "array", "max_length": 3, "items": {"type": "object", "fields": [
		{"name": "name", "required": true}, {"name": "port", "type": "integer", "exclusive_min": 0, "multiple_of": 10},
		{"name": "tags", "type": "array", "unique_items": true, "items": {"type": "string", "pattern": "^[a-z]+$"}},
		{"name": "token", "type": "secret"}]}},
	{"name": "headers", "type": "object", "keys": "^X-", "values": {"type": "secret", "min_length": 2}},
	{"name": "raw", "type": "json"}, {"name": "free", "type": "object"},
	{"name": "old", "deprecated": "mode"}, {"name": "older", "type": "integer", "deprecated": true}]'),
('single', 'Single', 'test', '', false, false, false, '[{"name": "a"}]'),
('vault', 'Vault', 'test', '', false, true, true, '[{"name": "url"}]'),
('must', 'Must', 'test', '', true, false, true, '[{"name": "a", "required": true}]');

-- What is reported of a config of air, a line each: the path in it, field, code.
CREATE FUNCTION pg_temp.of_config(config jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat_ws(' ', replace(path, '/integrations/air/config', ''), field, code,
									 CASE severity WHEN 'warning' THEN '(warning)' END), E'\n'), '')
	  FROM integration_schema_validate(jsonb_build_object('integrations', jsonb_build_object('air', jsonb_build_object('config', config))), level)
	 WHERE integration = 'air'
$$;
CREATE FUNCTION pg_temp.message(config jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE sql AS $$
	SELECT string_agg(message || ' ' || params, E'\n')
	  FROM integration_schema_validate(jsonb_build_object('integrations', jsonb_build_object('air', jsonb_build_object('config', config))), level)
	 WHERE integration = 'air'
$$;

--
-- Every code
--

SELECT is(pg_temp.of_config(config), expected, what)
FROM (VALUES
	('{"login": {"kind": "key", "api_key": "abcd", "region": "eu"}, "streams": [{"name": "a", "port": 10, "tags": ["x", "y"], "token": "t"}], "headers": {"X-A": "ab"}}'::jsonb,
	 '', 'what is right at every depth'),
	('{"login": "x"}', '/login login type', 'a string where an object is described'),
	('{"login": {"kind": "key", "api_key": 1}}', '/login/api_key login/api_key type', 'a wrong type'),
	('{"login": {"region": "mars"}}', '/login/region login/region allowed_values', 'no choice is made, and the common fields are checked'),
	('{"login": {"kind": "password"}}', '/login/kind login/kind allowed_values', 'a choice that there is not'),
	('{"login": {"kind": "key", "client_id": "x"}}', '/login/client_id login/client_id unknown_field', 'a field of another choice'),
	('{"login": {"kind": "key", "api_keys": "x"}}', '/login/api_keys login/api_keys unknown_field', 'a field that there is not'),
	('{"login": {"kind": "key", "api_key": "abc"}}', '/login/api_key login/api_key length', 'a length'),
	('{"login": {"kind": "key", "api_key": "ab\ncd"}}', '/login/api_key login/api_key characters', 'a line break'),
	('{"login": {"kind": "key", "api_key": "********"}}', '/login/api_key login/api_key masked', 'a mask'),
	('{"streams": [{"name": "a"}, 5, null]}', E'/streams/1 streams/1 type\n/streams/2 streams/2 type', 'elements, null too'),
	('{"streams": [{"name": "a", "port": 0}, {"name": "b", "port": 15}]}',
	 E'/streams/0/port streams/0/port range\n/streams/1/port streams/1/port multiple_of', 'an exclusive limit, and a multiple'),
	('{"streams": [{"tags": ["a", "b", "a"]}]}', '/streams/0/tags streams/0/tags unique_items', 'an item twice'),
	('{"streams": [{"tags": ["a", "B"]}, {"x": 1}]}', E'/streams/0/tags/1 streams/0/tags/1 pattern\n/streams/1/x streams/1/x unknown_field', 'arrays in arrays'),
	('{"streams": [{}, {}, {}, {}]}', '/streams streams length', 'too many items'),
	('{"headers": {"X-A": "a", "B": "bb"}}', E'/headers/B headers/B pattern\n/headers/X-A headers/X-A length', 'a map''s keys and values'),
	('{"headers": {"X-a/b~": 1}}', '/headers/X-a~1b~0 headers/X-a~1b~0 type', 'a key as JSON Pointer has it'),
	('{"raw": "********"}', '/raw raw masked', 'a mask where any value may stand'),
	('{"raw": {"a": ["********"]}}', '/raw raw masked', 'and in it'),
	('{"raw": 1, "free": {"a": "********"}}', '/free free masked', 'and in a free-form object'),
	('{"mode": "plain", "ca": "x"}', '/ca ca not_applicable (warning)', 'a value of a field that does not apply'),
	('{"mode": "plain", "ca": "********"}', E'/ca ca not_applicable (warning)\n/ca ca masked', 'it is checked all the same'),
	('{"ca": "x"}', '', 'what another layer may have made apply'),
	('{"old": "x", "older": "y"}', E'/old old deprecated (warning)\n/older older type', 'deprecated'),
	('{"login": {"api_key": "abcd", "client_id": "c", "token": null}}', '/login/token login/token unknown_field', 'a layer that leaves the choice to another one gives any choice''s fields'),
	('{"login": {"api_key": "abc"}}', '/login/api_key login/api_key length', 'by their rules'),
	('{"login": {"kind": 1, "api_key": "abcd"}}', E'/login/kind login/kind type\n/login/api_key login/api_key unknown_field', 'not where it names none that there is'),
	('{"login": {"kind": null, "region": null, "x": null}, "streams": null}', '/login/x login/x unknown_field', 'null is no value')
) AS v (config, expected, what);

-- Nothing required is asked for in one layer, all of it in a merged document.
SELECT is(pg_temp.of_config(config, 'effective'), expected, what)
FROM (VALUES
	('{"login": {"region": "eu"}}'::jsonb, E'/ca ca required\n/login/kind login/kind required\n/login/note login/note required', 'at every depth'),
	('{"ca": "x", "login": {"kind": "oauth", "client_secret": "s"}}', '/login/client_id login/client_id required', 'of the choice'),
	('{"ca": "x", "streams": [{"name": "a"}, {"port": 10}]}', E'/login/kind login/kind required\n/streams/1/name streams/1/name required', 'in elements; an object that is required'),
	('{"mode": "plain"}', '/login/kind login/kind required', 'not what does not apply'),
	('{"mode": "tls", "streams": null, "login": null}', '', 'nothing where it is not in use'),
	('{"mode": "plain", "ciphers": "x"}', E'/ciphers ciphers not_applicable (warning)\n/login/kind login/kind required', 'what depends on a field that does not apply')
) AS v (config, expected, what);

--
-- Messages and their facts
--

SELECT is(pg_temp.message(config, level), expected, 'message: ' || expected)
FROM (VALUES
	('{"streams": [{"name": "a", "port": -10}]}'::jsonb, 'team',
	 'field "streams/0/port" of integration "air" breaks rule "range": it must be greater than 0 {"limit": 0, "limited_by": "exclusive_min"}'),
	('{"streams": [{"port": 5}]}', 'team', 'field "streams/0/port" of integration "air" breaks rule "multiple_of": it must be a multiple of 10 {"multiple_of": 10}'),
	('{"streams": [{"tags": ["a", "a"]}]}', 'team', 'field "streams/0/tags" of integration "air" breaks rule "unique_items": it must not have the same item twice {}'),
	('{"login": {"kind": "key", "api_kye": "x"}}', 'team', 'integration "air" has no field "login/api_kye" (perhaps you meant "api_key") {"name": "api_kye", "suggestion": "api_key"}'),
	('{"headers": {"B": "bb"}}', 'team', 'field "headers/B" of integration "air" breaks rule "pattern": its key must match the regular expression "^X-" {"pattern": "^X-"}'),
	('{"mode": "plain", "ca": "x"}', 'team', 'field "ca" of integration "air" does not apply: it has a meaning only with other values of "mode" {"applies_when": {"mode": ["tls"]}}'),
	('{"old": "x"}', 'team', 'field "old" of integration "air" is deprecated: mode {"instead": "mode"}'),
	('{"mode": "plain", "login": {"kind": "key", "api_key": "abcd", "region": "eu"}}', 'effective',
	 'field "login/note" of integration "air" breaks rule "required": it must have a value, as field "region" has one {"required_with": "region"}')
) AS v (config, level, expected);

--
-- A write is judged by what it adds or changes
--

CREATE TABLE own_nodes (id int PRIMARY KEY, doc jsonb);
CREATE TRIGGER check_doc BEFORE INSERT OR UPDATE ON own_nodes FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=org');
INSERT INTO own_nodes VALUES (1, '{"integrations": {"air": {"config": {"login": {"kind": "key", "api_key": "abcdef"},
	"streams": [{"name": "one", "tags": ["aaa"]}, {"name": "two", "tags": ["bbb"]}], "headers": {"X-A": "abc"}}}}}');
-- rules that came later
UPDATE integration_schemas SET fields = replace(replace(replace(fields::text, '"min_length": 4', '"min_length": 10'), '^[a-z]+$', '^z+$'), '^X-', '^Z-')::jsonb WHERE id = 'air';
CREATE FUNCTION pg_temp.verdict(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN (SELECT string_agg(substring(line FROM '^("[^"]*" [a-z_]+):'), E'\n') FROM regexp_split_to_table(detail, E'\n') AS line);
END $$;
SELECT is(pg_temp.verdict(format('UPDATE own_nodes SET doc = jsonb_set(doc, %L, %L)', '{integrations,air,config,' || place || '}', value)), expected, what)
FROM (VALUES
	('login,region', '"eu"', 'ok', 'another field beside one that is no longer right'),
	('streams,0,name', '"uno"', 'ok', 'another field in the element'),
	('streams', '[{"name": "two", "tags": ["bbb"]}, {"name": "three"}, {"name": "uno", "tags": ["aaa"]}]', 'ok', 'elements in another place'),
	('streams,2,tags', '["aaa", "zzz"]', 'ok', 'an item more'),
	('streams,2,tags', '["aaa", "ccc"]', '"/integrations/air/config/streams/2/tags/1" pattern', 'an item that is wrong'),
	('login,api_key', '"abcdeg"', '"/integrations/air/config/login/api_key" length', 'the field itself'),
	('headers,Z-B', '"abc"', 'ok', 'a key more'),
	('headers,X-A', '"abd"', '"/integrations/air/config/headers/X-A" pattern', 'a key that is no longer right')
) AS v (place, value, expected, what);

--
-- Instances
--

CREATE FUNCTION pg_temp.report(document jsonb, level text) RETURNS text
LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat_ws(' ', path, integration, field, code), E'\n'), '') FROM integration_schema_validate(document, level)
$$;
SELECT is(pg_temp.report(document, level), expected, what)
FROM (VALUES
	('{"integrations": {"air:eu": {"config": {"mode": "x"}}}}'::jsonb, 'team', '/integrations/air:eu/config/mode air:eu mode allowed_values', 'an instance''s fields are the integration''s'),
	('{"integrations": {"air:eu": {"confg": {}, "locked": ["modes"], "enabled": 1}}}', 'team',
	 E'/integrations/air:eu/confg air:eu unknown_key\n/integrations/air:eu/locked/0 air:eu modes unknown_field\n/integrations/air:eu/enabled air:eu structure', 'and its keys'),
	('{"integrations": {"air:EU": {}, "air:": {}, "air:-a": {}, "air:a:b": {}}}', 'team',
	 E'/integrations/air: air: unknown_integration\n/integrations/air:-a air:-a unknown_integration\n/integrations/air:EU air:EU unknown_integration\n/integrations/air:a:b air:a:b unknown_integration', 'a name that none can have'),
	('{"integrations": {"nope:eu": {}}}', 'team', '/integrations/nope:eu nope:eu unknown_integration', 'of no integration'),
	('{"integrations": {"single:eu": {}}}', 'platform', '/integrations/single:eu single:eu unknown_integration', 'of one that may have none'),
	('{"integrations": {"vault:eu": {}}}', 'team', '/integrations/vault:eu vault:eu locked', 'a team''s, of one that the catalogue locks'),
	('{"integrations": {"vault:eu": {}}}', 'org', '', 'an organisation''s'),
	('{"integrations": {"must:eu": {"config": {"a": "x"}}}}', 'effective', '/integrations/openai/config/api_key openai api_key required', 'an instance meets what is required'),
	('{"integrations": {"must:eu": {"config": {}}}}', 'effective',
	 E'/integrations/openai/config/api_key openai api_key required\n/integrations/must/config/a must a required', 'one that is not configured does not'),
	('{"integrations": {"must:eu": {"enabled": false, "config": {"a": "x"}}}}', 'effective',
	 E'/integrations/openai/config/api_key openai api_key required\n/integrations/must/config/a must a required', 'nor one that is switched off')
) AS v (document, level, expected, what);
SELECT is((SELECT message FROM integration_schema_validate('{"integrations": {"single:eu": {}}}', 'org')),
		  'integration "single" has no instances, as the catalogue has it', 'why');

-- The locks of nodes above reach instances.
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, name, config_json) VALUES
('o', 'o', NULL, 'org', 'O', '{"integrations": {"air": {"locked": ["mode"], "config": {"mode": "plain"}}, "must": {"locked": true}, "air:own": {"locked": ["old"]}}}'),
('o', 't', 'o', 'team', 'T', '{}');
SELECT is(pg_temp.verdict(format('SELECT integration_config_set(%L, %L, %L)', 'o', 't', jsonb_build_object('integrations', entries))), expected, what)
FROM (VALUES
	('{"air:eu": {"config": {"mode": "tls"}}}'::jsonb, '"/integrations/air:eu/config/mode" locked', 'a field that the plain entry locks'),
	('{"must:eu": {"config": {"a": "x"}}}', E'"/integrations/must:eu/config/a" locked', 'all of it'),
	('{"air:own": {"config": {"old": "x"}}}', E'"/integrations/air:own/config/old" deprecated\n"/integrations/air:own/config/old" locked', 'a field that the instance''s own entry locks'),
	('{"air:eu": {"config": {"old": "x"}}}', 'ok', 'which reaches no other instance')
) AS v (entries, expected, what);
SELECT is((SELECT array_agg(integration || ' ' || configured ORDER BY integration) FROM integration_config_instances('o', 't', 'air')),
		  ARRAY['air:eu false', 'air:own false'], 'a node''s instances, inherited ones too');
SELECT is(integration_config_resolve('o', 't', 'air:eu') -> 'config' ->> 'mode', 'plain', 'an instance of the team has what the plain entry locks');
SELECT is((SELECT array_agg(DISTINCT integration) FROM integration_config_status('o') WHERE node_id = 't' AND integration LIKE 'air%'),
		  ARRAY['air', 'air:eu', 'air:own'], 'status tells of instances');
SELECT throws_ok($$SELECT integration_config_resolve('o', 't', 'air:us')$$, '42704', 'instance "air:us" does not exist', 'one that no layer gives');
SELECT throws_ok($$SELECT integration_config_instances('o', 't', 'aire')$$, '42704', 'integration "aire" does not exist', 'instances of no integration');

SELECT * FROM finish();
ROLLBACK;
