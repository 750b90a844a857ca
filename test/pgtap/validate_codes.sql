-- integration_schema_validate and integration_schema_is_valid: every code, at
-- every level, in document order, with paths that programs can follow.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- A small catalogue of our own, beside the built-in one.
INSERT INTO integration_schemas (id, name, category, description, required, locked, display_order, fields) VALUES
('acme', 'Acme', 'test', '', false, false, 500, '[
	{"name": "token", "type": "secret", "required": true, "pattern": "^tok_", "min_length": 8},
	{"name": "user_name"},
	{"name": "password", "type": "secret", "required_with": ["user_name"]},
	{"name": "port", "type": "integer", "min": 1, "max": 65535, "default_value": 80},
	{"name": "mode", "allowed_values": ["fast", "safe"], "required_unless": ["port", "tags"]},
	{"name": "key_id", "required_unless": ["user_name", "password"], "level": "team"},
	{"name": "tags", "type": "array", "max_length": 2, "level": "team"}]'),
('vault', 'Vault', 'test', '', false, true, 501, '[
	{"name": "url", "format": "uri"}, {"name": "count", "type": "integer", "max": 3}]'),
('must', 'Must', 'test', '', true, false, 499, '[
	{"name": "a", "required": true}, {"name": "b", "required": true, "default_value": "x"}]'),
('bare', 'Bare', 'test', '', false, false, 502, '[]');

-- What is reported, a line each: path, integration, field, code.
CREATE FUNCTION pg_temp.report(document jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	lines text;
BEGIN
	SELECT coalesce(string_agg(concat_ws(' ', '<' || path || '>', coalesce(integration, '-'), coalesce(field, '-'), code), E'\n'), '')
	INTO lines FROM integration_schema_validate(document, level);
	IF integration_schema_is_valid(document, level) <>
			NOT EXISTS (SELECT FROM integration_schema_validate(document, level) WHERE severity = 'error') THEN
		RETURN 'is_valid says otherwise than ' || lines;
	END IF;
	RETURN lines;
END $$;

CREATE FUNCTION pg_temp.messages(document jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE sql AS $$
	SELECT coalesce(string_agg(message, E'\n'), '') FROM integration_schema_validate(document, level)
$$;

-- A document with one entry.
CREATE FUNCTION pg_temp.entry(entry jsonb, id text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(id, entry)) $$;
CREATE FUNCTION pg_temp.config(config jsonb, id text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$ SELECT pg_temp.entry(jsonb_build_object('config', config), id) $$;

--
-- What is right
--

SELECT is(pg_temp.report(document, level), '', format('valid at %s: %s', level, left(document::text, 70)))
FROM unnest(ARRAY['{}', '{"integrations": {}}', '{"other": {"integrations": 1, "deep": [null]}, "more": null}',
		'{"integrations": {"acme": {}}}', '{"integrations": {"bare": {"config": {}, "locked": []}}}',
		'{"integrations": {"acme": {"enabled": false, "description": "", "locked": true, "config": {}}}}',
		'{"integrations": {"acme": {"locked": ["token", "port", "token"], "config": {"token": null, "port": null, "tags": [1, {}]}}}}',
		'{"integrations": {"acme": {"config": {"token": "tok_1234", "user_name": "", "port": 65535.0, "mode": "fast"}}}}']::jsonb[]) AS document,
	 unnest(ARRAY['platform', 'org', 'unit', 'team']) AS level;

--
-- structure
--

SELECT is(pg_temp.report(document), '<> - - structure', 'a document is an object, not ' || document::text)
FROM unnest(ARRAY['[]', '[{}]', '"x"', '1', 'true', 'null']::jsonb[]) AS document;
SELECT is(pg_temp.messages('[]'), 'document must be an object, not an array', 'its message');
SELECT is(pg_temp.report(jsonb_build_object('integrations', wrong)), '</integrations> - - structure',
		  'integrations is an object, not ' || wrong::text)
FROM unnest(ARRAY['[]', '"x"', '1', 'true', 'null']::jsonb[]) AS wrong;
SELECT is(pg_temp.messages('{"integrations": null}'), '"integrations" must be an object, not null', 'its message');
SELECT is(pg_temp.report(pg_temp.entry(wrong)), '</integrations/acme> acme - structure',
		  'an entry is an object, not ' || wrong::text)
FROM unnest(ARRAY['[]', '"x"', '1', 'false', 'null']::jsonb[]) AS wrong;
SELECT is(pg_temp.messages(pg_temp.entry('"x"')), 'integration "acme" must be an object, not a string', 'its message');
SELECT is(pg_temp.report(pg_temp.entry(jsonb_build_object(key, wrong))), format('</integrations/acme/%s> acme - structure', key),
		  format('%s is not %s', key, wrong))
FROM unnest(ARRAY['null', '1', '"x"', '[]', '{}', 'true']::jsonb[]) AS wrong,
	 (VALUES ('config', '{object}'::text[]), ('enabled', '{boolean}'), ('description', '{string}'), ('locked', '{boolean,array}')) AS k (key, types)
WHERE NOT jsonb_typeof(wrong) = ANY (types);
SELECT is(pg_temp.messages(pg_temp.entry('{"config": [], "enabled": "yes", "locked": "token", "description": 1}')),
		  E'"config" of integration "acme" must be an object, not an array\n'
		  '"locked" of integration "acme" must be true, false or an array of field names, not a string\n'
		  '"enabled" of integration "acme" must be true or false, not a string\n'
		  '"description" of integration "acme" must be a string, not a number', 'their messages, in document order');
SELECT is(pg_temp.report(pg_temp.entry('{"locked": ["token", 1, null, ["token"], "nope", {}]}')),
		  E'</integrations/acme/locked/1> acme - structure\n</integrations/acme/locked/2> acme - structure\n'
		  '</integrations/acme/locked/3> acme - structure\n</integrations/acme/locked/4> acme nope unknown_field\n'
		  '</integrations/acme/locked/5> acme - structure', 'locked holds names');
SELECT is(pg_temp.messages(pg_temp.entry('{"locked": [1, "tokn"]}')),
		  E'element 0 of "locked" of integration "acme" must be a field''s name, not a number\n'
		  'integration "acme" has no field "tokn", which its "locked" names (perhaps you meant "token")', 'their messages');

--
-- Unknown names
--

SELECT is(pg_temp.report('{"integrations": {"acne": {"config": 1}, "nothing-like-it": null}}'),
		  E'</integrations/acne> acne - unknown_integration\n</integrations/nothing-like-it> nothing-like-it - unknown_integration',
		  'unknown integrations, and nothing more of them');
SELECT is(pg_temp.messages('{"integrations": {"acne": {}, "nothing-like-it": {}, "New-Relic": {}, "openai": {}, "slakc": {}}}'),
		  E'unknown integration "acne" (perhaps you meant "acme")\nunknown integration "slakc" (perhaps you meant "slack")\n'
		  'unknown integration "New-Relic" (perhaps you meant "newrelic")\nunknown integration "nothing-like-it"', 'the nearest, where one is near');
SELECT is(pg_temp.report(pg_temp.entry('{"enable": true, "x": 1, "token": "tok_12345", "": null}')),
		  E'</integrations/acme/> acme - unknown_key\n</integrations/acme/x> acme - unknown_key\n'
		  '</integrations/acme/token> acme token unknown_key\n</integrations/acme/enable> acme - unknown_key', 'unknown keys of an entry');
SELECT is(pg_temp.messages(pg_temp.entry('{"enable": true, "x": 1, "token": "tok_12345"}')),
		  E'integration "acme" has an unknown key "x"\n'
		  'field "token" of integration "acme" belongs inside "config", not beside it\n'
		  'integration "acme" has an unknown key "enable" (perhaps you meant "enabled")', 'their messages');
SELECT is(pg_temp.report(pg_temp.config('{"tokn": 1, "Port": 1, "zzzzzz": null}')),
		  E'</integrations/acme/config/Port> acme Port unknown_field\n</integrations/acme/config/tokn> acme tokn unknown_field\n'
		  '</integrations/acme/config/zzzzzz> acme zzzzzz unknown_field', 'unknown fields, also those set to null');
SELECT is(pg_temp.messages(pg_temp.config('{"tokn": 1, "Port": 1, "zzzzzz": null}')),
		  E'integration "acme" has no field "Port" (perhaps you meant "port")\nintegration "acme" has no field "tokn" (perhaps you meant "token")\n'
		  'integration "acme" has no field "zzzzzz"', 'their messages');
SELECT is(pg_temp.messages(pg_temp.config('{"a": 1}', 'bare')), 'integration "bare" has no field "a"', 'of an integration without fields');
SELECT is(pg_temp.report(pg_temp.entry(jsonb_build_object(key, 'x'))), format('</integrations/acme/%s> acme - unknown_key', key),
		  'a merge''s key is unknown in a layer: ' || key)
FROM unnest(ARRAY['name', 'category', 'level', 'required', 'configured', 'missing', 'config_schema', 'team_config_schema',
				  'in_use', 'order', 'display_order']) AS key;

SELECT is(pg_temp.report(pg_temp.entry('{"locked": ["enabled", "token"]}')), '', 'locked may name enabled, a field of that name or none');
SELECT is(pg_temp.report(pg_temp.entry('{"locked": ["description", "config", "locked"]}')),
		  E'</integrations/acme/locked/0> acme description unknown_field\n</integrations/acme/locked/1> acme config unknown_field\n'
		  '</integrations/acme/locked/2> acme locked unknown_field', 'but no other key');

--
-- The top of the document: the caller's own keys, and those that are meant
--

SELECT is(pg_temp.report(jsonb_build_object(key, '{"acme": {"config": {"token": 1}}}'::jsonb)), format('</%s> - - unknown_key', key), 'meant: ' || key)
FROM unnest(ARRAY['integration', 'Integrations', 'INTEGRATIONS', 'Integration', 'integratons', 'integrationss', 'intergrations', 'integratiosn', 'xntegrations',
				  'integrations ', 'iNtegration']) AS key;
SELECT is(pg_temp.report(jsonb_build_object(key, value)), '', format('the caller''s own: %s %s', key, value))
FROM unnest(ARRAY['integr', 'integrat', 'integrationnn', 'my_integrations', 'config', 'intergation', '', 'team']) AS key,
	 unnest(ARRAY['{}', '1', '{"acme": {"config": {"token": 1}}}']::jsonb[]) AS value;
SELECT is(pg_temp.report(jsonb_build_object('integration', value)), '</integration> - - unknown_key', 'whatever it has: ' || value::text)
FROM unnest(ARRAY['1', 'null', '[]', '"x"', '{}']::jsonb[]) AS value;
SELECT is(pg_temp.report('{"acme": {"config": {}}, "acne": {}, "openai": {}, "slack": "#sre", "Acme": {}, "vault": [], "bare": null}'),
		  E'</acme> acme - unknown_key\n</openai> openai - unknown_key', 'an integration''s id with an object');
SELECT is(pg_temp.messages('{"acme": {}, "Integration": 1, "integrations": {"acme": 1}}'),
		  E'integration "acme" belongs inside "integrations", not beside it\nunknown key "Integration" (perhaps you meant "integrations")\n'
		  'integration "acme" must be an object, not a number', 'their messages, in document order');
SELECT is(pg_temp.report(jsonb_build_object(key, '{}'::jsonb), level), format('</%s> %s - unknown_key', key, integration), format('%s at level %s', key, level))
FROM unnest(ARRAY['platform', 'org', 'unit', 'team']) AS level, (VALUES ('acme', 'acme'), ('integration', '-')) AS v (key, integration);

--
-- Paths and names of any kind
--

SELECT is(pg_temp.report('{"integrations": {"a/b~c~1": {}, "": {}, "acme": {"config": {"~/~": 1, "ключ": 1, "a\"b\\": 1}}}}'),
		  E'</integrations/>  - unknown_integration\n</integrations/acme/config/~0~1~0> acme ~/~ unknown_field\n'
		  '</integrations/acme/config/a"b\\> acme a"b\\ unknown_field\n</integrations/acme/config/ключ> acme ключ unknown_field\n'
		  '</integrations/a~1b~0c~01> a/b~c~1 - unknown_integration', 'JSON Pointers are escaped as RFC 6901 says');
SELECT is(pg_temp.messages(jsonb_build_object('integrations', jsonb_build_object(E'a\nERROR:  b\r\u0085\u2028\x7f', 1))),
		  'unknown integration "a\u000aERROR:  b\u000d\u0085\u2028\u007f"', 'a name can''t begin a line of its own');
SELECT is(pg_temp.messages(jsonb_build_object('integrations', jsonb_build_object(repeat('é', 40000), 1))),
		  'unknown integration "' || repeat('é', 32) || '..."', 'a long name is clipped, between characters');
SELECT is((SELECT length(path) FROM integration_schema_validate(jsonb_build_object('integrations', jsonb_build_object(repeat('é', 40000), 1)))),
		  40014, 'but not its path');

--
-- The rules of fields
--

SELECT is(pg_temp.report(pg_temp.config('{"port": "80", "mode": "slow", "token": "x", "tags": [1, 2, 3], "user_name": 1}')),
		  E'</integrations/acme/config/mode> acme mode allowed_values\n</integrations/acme/config/port> acme port type\n'
		  '</integrations/acme/config/tags> acme tags length\n</integrations/acme/config/token> acme token pattern\n'
		  '</integrations/acme/config/token> acme token length\n</integrations/acme/config/user_name> acme user_name type',
		  'each rule that a value breaks');
SELECT is(pg_temp.messages(pg_temp.config('{"port": 0, "mode": "slow", "token": "x", "tags": [1, 2, 3], "user_name": 1}')),
		  E'field "mode" of integration "acme" breaks rule "allowed_values": it must be one of "fast", "safe"\n'
		  'field "port" of integration "acme" breaks rule "range": it must be at least 1 and at most 65535\n'
		  'field "tags" of integration "acme" breaks rule "length": it must have at most 2 items\n'
		  'field "token" of integration "acme" breaks rule "pattern": it must match the regular expression "^tok_"\n'
		  'field "token" of integration "acme" breaks rule "length": it must have at least 8 characters\n'
		  'field "user_name" of integration "acme" breaks rule "type": it must be a string, not a number', 'their messages');
SELECT is(pg_temp.messages(pg_temp.config('{"port": 1.5}')),
		  'field "port" of integration "acme" breaks rule "type": it must be an integer, not a number with a fraction', 'a fraction');
SELECT is(pg_temp.messages(pg_temp.config('{"url": "nope", "count": 7}', 'vault'), 'org'),
		  E'field "url" of integration "vault" breaks rule "format": it must be of the format "uri"\n'
		  'field "count" of integration "vault" breaks rule "range": it must be at most 3', 'format, and a range with one end');
UPDATE integration_schemas SET fields = (
	SELECT jsonb_build_array(jsonb_build_object('name', 's', 'type', 'secret', 'allowed_values', '["hidden1", "hidden2"]'::jsonb),
							 jsonb_build_object('name', 'n', 'type', 'integer', 'allowed_values', jsonb_agg(i)),
							 '{"name": "b", "type": "boolean", "allowed_values": [true]}'::jsonb,
							 '{"name": "x", "min_length": 2, "max_length": 2}'::jsonb) FROM generate_series(1, 20) AS i)
WHERE id = 'bare';
SELECT is(pg_temp.messages(pg_temp.config('{"s": "hidden3", "n": 21, "b": false, "x": "1"}', 'bare')),
		  E'field "b" of integration "bare" breaks rule "allowed_values": it must be one of true\n'
		  'field "n" of integration "bare" breaks rule "allowed_values": it must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... (20 in all)\n'
		  'field "s" of integration "bare" breaks rule "allowed_values": it must be one of the allowed values\n'
		  'field "x" of integration "bare" breaks rule "length": it must have exactly 2 characters', 'a long list is cut, a secret''s not shown');
SELECT is((SELECT count(*) FROM integration_schema_validate(
	'{"integrations": {"acme": {"config": {"token": "SENTINEL", "user_name": ["SENTINEL"], "mode": "SENTINEL", "nope": "SENTINEL"},
	  "token": "SENTINEL", "enabled": "SENTINEL", "locked": {"SENTINEL": 1}}, "nope": "SENTINEL", "vault": "SENTINEL"}}') AS v
	WHERE v::text ~ 'SENTINEL'), 0::bigint, 'no message shows a value');

--
-- locked
--

SELECT is(pg_temp.report(pg_temp.entry('{"enabled": true, "config": {"url": "https://a", "count": 9}}', 'vault'), level), lines,
		  'a field or "enabled" of a locked integration, at ' || level)
FROM (VALUES
	('platform', E'</integrations/vault/config/count> vault count range'),
	('org', E'</integrations/vault/config/count> vault count range'),
	('unit', E'</integrations/vault/config/url> vault url locked\n</integrations/vault/config/count> vault count range\n'
		'</integrations/vault/config/count> vault count locked\n</integrations/vault/enabled> vault - locked'),
	('team', E'</integrations/vault/config/url> vault url locked\n</integrations/vault/config/count> vault count range\n'
		'</integrations/vault/config/count> vault count locked\n</integrations/vault/enabled> vault - locked')) AS v (level, lines);
SELECT is(pg_temp.report(pg_temp.entry('{"locked": true, "description": "x", "config": {"url": null}}', 'vault')), '',
		  'null gives nothing, and description and locked are not locked');
SELECT is(pg_temp.report(pg_temp.entry('{"enabled": 1, "config": {"url": 1}}', 'vault')),
		  E'</integrations/vault/config/url> vault url type\n</integrations/vault/enabled> vault - structure',
		  'of a wrong type nothing more is said');
SELECT is(pg_temp.messages(pg_temp.entry('{"enabled": true, "config": {"url": "a:b"}}', 'vault'), 'unit'),
		  E'field "url" of integration "vault" breaks rule "locked": it can''t be set at level "unit", as the catalogue locks the integration\n'
		  '"enabled" of integration "vault" breaks rule "locked": it can''t be set at level "unit", as the catalogue locks the integration',
		  'their messages');

--
-- required: a merged document
--

UPDATE integration_schemas SET required = false WHERE id = 'openai';
SELECT is(pg_temp.report(document, 'effective'), lines, 'effective: ' || document::text)
FROM (VALUES
	-- required integrations, though the document has nothing of them
	('{}'::jsonb, '</integrations/must/config/a> must a required'),
	('{"integrations": 1}', E'</integrations> - - structure\n</integrations/must/config/a> must a required'),
	('{"integrations": {"must": []}}', E'</integrations/must> must - structure\n</integrations/must/config/a> must a required'),
	('{"integrations": {"must": {"config": {"a": "x", "b": null}}}}', ''),
	('{"integrations": {"must": {"config": {"a": ""}}}}', '</integrations/must/config/a> must a required'),
	('{"integrations": {"must": {"enabled": true, "config": {"a": null}}}}', '</integrations/must/config/a> must a required'),
	('{"integrations": {"must": {"enabled": false}}}', ''),
	('{"integrations": {"must": {"enabled": "no"}}}', E'</integrations/must/enabled> must - structure\n</integrations/must/config/a> must a required'),
	('[]', '<> - - structure')) AS v (document, lines);
UPDATE integration_schemas SET required = false WHERE id = 'must';
SELECT is(pg_temp.report(pg_temp.config(config), 'effective'), lines, 'effective: ' || config::text)
FROM (VALUES
	-- in use, or not
	('{}'::jsonb, ''), ('{"port": 80.0}', ''), ('{"user_name": ""}', ''), ('{"token": null}', ''), ('{"port": null, "mode": ""}', ''),
	('{"port": 81}', E'</integrations/acme/config/token> acme token required\n</integrations/acme/config/key_id> acme key_id required'),
	-- required, required_with, required_unless; a default is a value
	('{"token": "tok_1234", "key_id": "k"}', ''),
	('{"token": "tok_1234", "user_name": "u"}', '</integrations/acme/config/password> acme password required'),
	('{"token": "tok_1234", "password": "p"}', ''),
	('{"token": "tok_1234", "user_name": "u", "password": ""}', '</integrations/acme/config/password> acme password required'),
	('{"token": "tok_1234", "user_name": "u", "password": "p", "port": null}', ''),
	-- beside other violations, after them
	('{"user_name": 1, "zz": 1}', E'</integrations/acme/config/zz> acme zz unknown_field\n</integrations/acme/config/user_name> acme user_name type\n'
		'</integrations/acme/config/token> acme token required\n</integrations/acme/config/password> acme password required')) AS v (config, lines);
SELECT is(pg_temp.messages(pg_temp.config('{"tags": ["x"]}'), 'effective'),
		  E'field "token" of integration "acme" breaks rule "required": it must have a value\n'
		  'field "key_id" of integration "acme" breaks rule "required": it must have a value, unless one of these fields has one: "user_name", "password"',
		  'messages of required and required_unless');
SELECT is(pg_temp.messages(pg_temp.config('{"token": "tok_1234", "user_name": "x"}'), 'effective'),
		  'field "password" of integration "acme" breaks rule "required": it must have a value, as field "user_name" has one',
		  'message of required_with');
SELECT is(pg_temp.report(pg_temp.entry('{"enabled": false, "config": {"port": 81}}'), 'effective'), '', 'an integration that is not enabled');
SELECT is(pg_temp.report('{}', 'effective'), '', 'nothing is in use');
UPDATE integration_schemas SET required = true WHERE id IN ('must', 'openai', 'acme');
SELECT is(pg_temp.report('{"integrations": {"acme": {"nope": 1}}}', 'effective'),
		  E'</integrations/acme/nope> acme - unknown_key\n</integrations/acme/config/token> acme token required\n</integrations/acme/config/key_id> acme key_id required\n'
		  '</integrations/openai/config/api_key> openai api_key required\n</integrations/must/config/a> must a required',
		  'what is required of an entry comes after it, of absent ones at the end, as a UI shows them');

-- The merged document itself: its keys are known, and what is required agrees
-- with its "missing".
SELECT is(pg_temp.report(integration_schema_config(), 'effective'),
		  E'</integrations/acme/config/token> acme token required\n</integrations/acme/config/key_id> acme key_id required\n'
		  '</integrations/must/config/a> must a required\n</integrations/openai/config/api_key> openai api_key required',
		  'the catalogue''s own document has no violation but those of required integrations');
SELECT is((
	SELECT jsonb_agg(jsonb_build_array(id, entry -> 'missing', required))
	FROM integration_schema_config(
			'{"integrations": {"slack": {"config": {"app_token": "xapp-1"}}, "elasticsearch": {"config": {"url": "http://a", "username": "u"}}}}',
			'{"integrations": {"datadog": {"config": {"site": "datadoghq.eu"}}, "acme": {"config": {"user_name": "x"}}, "snowflake": {"config": {"user": ""}}}}') AS merged,
		 jsonb_each(merged -> 'integrations') AS e (id, entry),
		 LATERAL (SELECT coalesce(jsonb_agg(field), '[]') AS required FROM integration_schema_validate(merged, 'effective')
				  WHERE integration = id AND code = 'required') AS v
	WHERE id IN ('slack', 'elasticsearch', 'datadog', 'acme', 'must', 'openai') AND entry -> 'missing' <> required
		OR id NOT IN ('slack', 'elasticsearch', 'datadog', 'acme', 'must', 'openai') AND required <> '[]'), NULL,
	'what is required of those in use is what the merge says is missing');

--
-- Arguments
--

SELECT is(integration_schema_is_valid(NULL), NULL, 'NULL is neither valid nor not');
SELECT is(integration_schema_is_valid('{}', NULL), NULL, 'nor at no level');
SELECT is_empty($$SELECT * FROM integration_schema_validate(NULL)$$, 'NULL has no violations');
SELECT is_empty($$SELECT * FROM integration_schema_validate('[]', NULL)$$, 'nor at no level');
SELECT throws_ok(format('SELECT %s', call), '22023', 'invalid level for the validation of a document', 'no level: ' || call)
FROM unnest(ARRAY[$$integration_schema_validate('{}', 'Team')$$, $$integration_schema_is_valid('{}', '')$$,
				  $$integration_schema_is_valid('{}', 'teams')$$, $$integration_schema_is_valid('{}', 'level=team')$$]) AS call;
SELECT is(pg_temp.report(pg_temp.config('{"url": "a:b"}', 'vault')), '</integrations/vault/config/url> vault url locked', 'the level is team by default');
SELECT is((SELECT count(*) FROM integration_schema_validate('[]') AS a, integration_schema_validate('1') AS b), 1::bigint, 'as a table twice');
SELECT is((SELECT array_agg(code) FROM (SELECT (integration_schema_validate('[]')).*) AS v), ARRAY['structure'], 'in a select list');

--
-- Wherever a document comes from
--

CREATE TEMPORARY TABLE stored (kind text, document jsonb);
ALTER TABLE stored ALTER document SET STORAGE EXTERNAL;
INSERT INTO stored
SELECT 'external', jsonb_build_object('pad', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 500) AS i))
	|| pg_temp.config('{"port": 0, "mode": "x", "tags": [1, 2, 3], "token": "y"}');
ALTER TABLE stored ALTER document SET STORAGE EXTENDED;
INSERT INTO stored
SELECT 'compressed', jsonb_build_object('pad', repeat('pad', 10000)) || pg_temp.config('{"port": 0, "mode": "x", "tags": [1, 2, 3], "token": "y"}')
UNION ALL SELECT 'toasted and compressed', (SELECT document || jsonb_build_object('more', repeat('more', 10000)) FROM stored WHERE kind = 'external')
UNION ALL SELECT 'short', pg_temp.config('{"port": 0, "mode": "x", "tags": [1, 2, 3], "token": "y"}');
SELECT ok(pg_column_size(document) < length(document::text) / 2, 'it is compressed') FROM stored WHERE kind = 'compressed';
SELECT is(pg_temp.report(document), pg_temp.report(pg_temp.config('{"port": 0, "mode": "x", "tags": [1, 2, 3], "token": "y"}')),
		  'the same for a document that is ' || kind) FROM stored;

--
-- Large, wide and deep
--

SELECT is((SELECT count(*) FROM integration_schema_validate(jsonb_build_object('integrations',
			(SELECT jsonb_object_agg('unknown' || i, 1) FROM generate_series(1, 50000) AS i)))), 50000::bigint,
		  '50,000 unknown integrations are all reported');
SELECT is(integration_schema_is_valid(pg_temp.config((SELECT jsonb_object_agg('f' || i, 1) FROM generate_series(1, 50000) AS i))), false,
		  '50,000 unknown fields are not valid');
SELECT is(pg_temp.report(pg_temp.config(jsonb_build_object('tags', (repeat('[', 1000) || repeat(']', 1000))::jsonb))), '', 'a deep value');
INSERT INTO integration_schemas (id, name, category, description, required, fields)
SELECT 'wide', 'Wide', 'test', '', true, jsonb_agg(jsonb_build_object('name', 'f' || i, 'required', true, 'type', 'integer'))
FROM generate_series(1, 3000) AS i;
SELECT is((SELECT count(*) FROM integration_schema_validate('{}', 'effective') WHERE integration = 'wide'), 3000::bigint, '3,000 required fields');
SELECT is(integration_schema_is_valid('{}', 'effective'), false, 'of which the first is enough');

--
-- A pattern can't hang a backend
--

CREATE FUNCTION pg_temp.state_of(document jsonb) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN integration_schema_is_valid(document)::text;
EXCEPTION WHEN query_canceled THEN
	RETURN SQLSTATE;
END $$;
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('slow', 'Slow', 'test', '', '[{"name": "f", "pattern": "^(a*)(a*)(a*)(a*)(a*)(a*)b\\6\\5\\4\\3\\2\\1c$"}]');
SELECT is(pg_temp.state_of('{}'), 'true', 'the catalogue is compiled before the clock runs');
SET LOCAL statement_timeout = '200ms';
SELECT is(pg_temp.state_of(pg_temp.config(jsonb_build_object('f', repeat('a', 300) || 'b' || repeat('a', 301) || 'c'), 'slow')), '57014', 'statement_timeout ends a pathological pattern');
SET LOCAL statement_timeout = 0;
SELECT is(pg_temp.state_of(pg_temp.config('{"f": "aabaac"}', 'slow')), 'true', 'which works on when it can');
SELECT is(pg_temp.state_of(pg_temp.config('{"f": "aabac"}', 'slow')), 'false', 'and refuses what it should');

SELECT * FROM finish();
ROLLBACK;
