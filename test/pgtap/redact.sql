-- integration_schema_redact: no secret, and nothing that may be one, is left in
-- a document; all else is as it was.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('acme', 'Acme', 'test', '', '[
	{"name": "token", "type": "secret"}, {"name": "region", "default_value": "eu"}, {"name": "port", "type": "integer"},
	{"name": "on", "type": "boolean"}, {"name": "tags", "type": "array"}, {"name": "extra", "type": "object"}]');

-- The redacted entry of "acme".
CREATE FUNCTION pg_temp.redacted(entry jsonb, id text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$
	SELECT integration_schema_redact(jsonb_build_object('integrations', jsonb_build_object(id, entry))) #> ARRAY['integrations', id]
$$;

SELECT is(integration_schema_redact('{"integrations": {"slack": {"enabled": true, "description": "SRE workspace", "locked": ["signing_secret"],
		"config": {"bot_token": "xoxb-1", "default_channel": "#sre"}}}, "anything-else": {"deep": ["merged", "too"]}}'),
	'{"integrations": {"slack": {"enabled": true, "description": "SRE workspace", "locked": ["signing_secret"],
		"config": {"bot_token": "********", "default_channel": "#sre"}}}, "anything-else": {"deep": ["merged", "too"]}}', 'a layer');

--
-- Values of fields
--

SELECT is(pg_temp.redacted(jsonb_build_object('config', jsonb_build_object('token', value))),
		  '{"config": {"token": "********"}}', 'a secret, also of a wrong type: ' || value::text)
FROM unnest(ARRAY['"x"', '""', '1', 'true', '[]', '["x"]', '{}', '{"deep": "x"}']::jsonb[]) AS value;
SELECT is(pg_temp.redacted('{"config": {"token": null, "unknown": null}}'), '{"config": {"token": null, "unknown": null}}', 'null is no value');
SELECT is(pg_temp.redacted(document), document, 'other fields stay as they are')
FROM (VALUES ('{"config": {"region": "us", "port": 1.50, "on": false, "tags": [1, "a", ["b"], {"a": null}], "extra": {"a": 1, "b": [true, {"c": null}]}}}'::jsonb)) AS d (document);
SELECT is(pg_temp.redacted('{"config": {"extra": {"token": "x", "deep": {"er": ["x", 1, {"a": ""}]}}, "tags": ["a", {"token": "x", "deep": ["x"]}], "region": {"token": "x"}}}'),
		  '{"config": {"extra": {"token": "********", "deep": {"er": ["********", 1, {"a": "********"}]}}, "tags": ["a", {"token": "********", "deep": ["********"]}], "region": {"token": "********"}}}',
		  'strings inside free-form objects are hidden, also of those in arrays and where no object should be');
SELECT is(pg_temp.redacted('{"config": {"tokn": "x", "Region": "x", "": 1, "nested": {"a": ["x"]}, "list": [1]}}'),
		  '{"config": {"tokn": "********", "Region": "********", "": "********", "nested": "********", "list": "********"}}', 'unknown fields');

--
-- Unknown integrations
--

SELECT is(pg_temp.redacted('{"enabled": false, "description": "d", "locked": true, "config": {"a": "x", "b": {"c": 1}, "n": null}, "other": "x", "name": "x"}', 'nowhere'),
		  '{"enabled": false, "description": "d", "locked": true, "config": {"a": "********", "b": "********", "n": null}, "other": "********", "name": "********"}',
		  'every value of an integration that the catalogue does not have');

--
-- What is in the wrong place or shape
--

SELECT is(pg_temp.redacted('{"token": "x", "region": "x", "secret": {"a": 1}, "gone": null}'),
		  '{"token": "********", "region": "********", "secret": "********", "gone": null}', 'beside config');
SELECT is(pg_temp.redacted(jsonb_build_object(key, wrong)),
		  jsonb_build_object(key, CASE WHEN wrong = 'null' THEN 'null'::jsonb ELSE '"********"' END), format('%s is %s', key, wrong))
FROM unnest(ARRAY['"x"', '1', 'true', '["x", 1]', '[{"a": "x"}]', '{"a": "x"}', 'null']::jsonb[]) AS wrong,
	 (VALUES ('config', '{object}'::text[]), ('enabled', '{boolean}'), ('description', '{string}'), ('locked', '{boolean}'), ('name', '{}'),
			 ('category', '{}'), ('level', '{}'), ('required', '{boolean}'), ('configured', '{boolean}'), ('missing', '{}'),
			 ('config_schema', '{}'), ('team_config_schema', '{}')) AS k (key, types)
WHERE NOT jsonb_typeof(wrong) = ANY (types);
SELECT is(integration_schema_redact(jsonb_build_object('integrations', jsonb_build_object(id, wrong), 'kept', 1)),
		  jsonb_build_object('integrations', jsonb_build_object(id, CASE WHEN wrong = 'null' THEN 'null'::jsonb ELSE '"********"' END), 'kept', 1),
		  format('an entry of %s is %s', id, wrong))
FROM unnest(ARRAY['"x"', '1', 'true', '["x"]', 'null']::jsonb[]) AS wrong, unnest(ARRAY['acme', 'nowhere']) AS id;
SELECT is(integration_schema_redact(jsonb_build_object('integrations', wrong)),
		  jsonb_build_object('integrations', CASE WHEN wrong = 'null' THEN 'null'::jsonb ELSE '"********"' END), 'integrations is ' || wrong::text)
FROM unnest(ARRAY['"x"', '1', 'true', '["x"]', '[{"slack": {"config": {"region": "x"}}}]', 'null']::jsonb[]) AS wrong;
SELECT is(integration_schema_redact(document), '"********"', 'a document is ' || document::text)
FROM unnest(ARRAY['"x"', '1', 'true', '[]', '["x"]', '[{"integrations": {}}]']::jsonb[]) AS document;
SELECT is(integration_schema_redact('null'), 'null', 'a document is null');
SELECT is(integration_schema_redact(NULL), NULL, 'no document');
SELECT is(integration_schema_redact(document), document, 'nothing to redact: ' || document::text)
FROM unnest(ARRAY['{}', '{"integrations": {}}', '{"integrations": {"acme": {}, "nowhere": {}}}', '{"a": "x", "token": "shown", "b": [null]}']::jsonb[]) AS document;

--
-- Passwords of URIs, and sealed strings
--

SELECT is(pg_temp.redacted(jsonb_build_object('config', jsonb_build_object('region', shown.from, 'tags', jsonb_build_array(shown.from)), 'description', shown.from)),
		  jsonb_build_object('config', jsonb_build_object('region', shown.to, 'tags', jsonb_build_array(shown.to)), 'description', shown.to), 'shown of ' || shown.from)
FROM (VALUES ('https://ci:s3cr3t@ghe.example.com/x?y', 'https://ci:********@ghe.example.com/x?y'), ('postgres://:s3cr3t@/db', 'postgres://:********@/db'),
			 ('https://ci@ghe.example.com', 'https://ci@ghe.example.com'),
			 ('https://ghe.example.com:80/a@b', 'https://ghe.example.com:80/a@b'), ('a string with ******** in it', 'a string with ******** in it'),
			 ('sealed:1:k1:AAAA', '********'), ('sealed:1:', '********'), ('sealed:2:k1:AAAA', 'sealed:2:k1:AAAA'), (' sealed:1:k', ' sealed:1:k')) AS shown ("from", "to");
SELECT ok(integration_schema_redact(document)::text !~ 's3cr3t', 'hidden in ' || document::text)
FROM (VALUES ('{"mine": {"urls": [{"a": "x https://u:s3cr3t@h and ftp://v:s3cr3t@i/"}]}}'::jsonb),
			 ('{"mine": ["sealed:1:k:s3cr3t"]}'), ('{"integrations": {"acme": {"locked": ["sealed:1:k:s3cr3t"]}}}'),
			 ('{"integrations": {"nowhere": {"description": "https://u:s3cr3t@h", "locked": ["https://u:s3cr3t@h"]}}}'),
			 ('{"mine": "jdbc:mysql://a:s3cr3t@h,b:s3cr3t@i"}')) AS d (document);

--
-- At the top of a document
--

SELECT is(integration_schema_redact(jsonb_build_object(key, '{"acme": {"config": {"token": "x"}}, "n": 1}'::jsonb, 'mine', '{"a": "shown"}'::jsonb)),
		  jsonb_build_object(key, '********', 'mine', '{"a": "shown"}'::jsonb), 'meant to be integrations: ' || key)
FROM unnest(ARRAY['integration', 'Integrations', 'INTEGRATIONS', 'INTEGRATION', 'integrations ', 'ıntegrations', 'integratons', 'iintegrations', '-integrations', 'intigrations', 'integration$', 'itnegrations', 'integrationſ', 'integrations日']) AS key;
SELECT is(integration_schema_redact(jsonb_build_object(key, value)), jsonb_build_object(key, value), format('the caller''s own: %s is %s', key, value))
FROM unnest(ARRAY['integrate', 'my_integrations', 'integrationz2', 'nteration', 'Acme', 'acme ', 'config']) AS key, unnest(ARRAY['{"acme": {"config": {"token": "shown"}}}', '"shown"', '["shown"]']::jsonb[]) AS value;
SELECT is(integration_schema_redact(jsonb_build_object('integration', value)), jsonb_build_object('integration', CASE WHEN value = 'null' THEN value ELSE '"********"' END),
		  'nor is anything else shown there: ' || value::text)
FROM unnest(ARRAY['"x"', '1', '["x"]', 'null']::jsonb[]) AS value;
SELECT is(integration_schema_redact('{"acme": {"region": "x", "config": {"token": "x"}}, "mine": {"a": "shown"}, "slack": {}}'),
		  '{"acme": "********", "mine": {"a": "shown"}, "slack": "********"}', 'an integration''s id with an object behind it');
SELECT is(integration_schema_redact('{"acme": "shown", "slack": ["shown"], "openai": 1}'), '{"acme": "shown", "slack": ["shown"], "openai": 1}',
		  'with anything else behind it it is the caller''s own');

--
-- Answers
--

SELECT is(integration_schema_redact('{"acme": {"token": "x", "region": "us", "extra": {"a": "x"}, "unknown": "x", "config": {"region": "x"}}, "slack": {"bot_token": "x"}}'),
		  '{"acme": {"token": "********", "region": "us", "extra": {"a": "********"}, "unknown": "********", "config": "********"}, "slack": {"bot_token": "********"}}',
		  'of integration_schema_values');
CREATE TEMPORARY VIEW layer AS SELECT '{"integrations": {"acme": {"config": {"token": "SENTINEL", "unknown": "SENTINEL", "region": "us"}},
	"slack": {"config": {"bot_token": "xoxb-SENTINEL", "default_channel": "#sre"}}}}'::jsonb AS document;
SELECT is(integration_schema_redact(integration_schema_values(document)), integration_schema_values(document)
		  || '{"acme": {"token": "********", "unknown": "********", "region": "us"}}' #- '{slack}'
		  || jsonb_build_object('slack', integration_schema_values(document) -> 'slack' || '{"bot_token": "********"}'), 'one as it is answered') FROM layer;
SELECT is(integration_schema_redact(integration_schema_resolve('acme', document), 'acme'),
		  jsonb_set(jsonb_set(integration_schema_resolve('acme', document), '{config,token}', '"********"'), '{config,unknown}', '"********"'),
		  'of integration_schema_resolve, with its id') FROM layer;
SELECT is(integration_schema_redact(integration_schema_config(document) #> '{integrations,acme}', 'acme'),
		  integration_schema_redact(integration_schema_config(document)) #> '{integrations,acme}', 'and an entry of a merged document') FROM layer;
SELECT is(integration_schema_redact('{"enabled": "x", "configured": ["x"], "missing": [{"a": "x"}], "config": "x", "other": "x", "integrations": {"acme": {"config": {"region": "x"}}}}', 'acme'),
		  '{"enabled": "********", "configured": "********", "missing": "********", "config": "********", "other": "********", "integrations": "********"}',
		  'what is of another shape is hidden');
SELECT is(integration_schema_redact('["x"]', 'acme'), '"********"', 'also if it is no object');
SELECT throws_ok(format('SELECT integration_schema_redact(%L)', answer), '22023', NULL, 'no id: ' || answer::text)
FROM (SELECT integration_schema_resolve('acme', document) FROM layer UNION ALL SELECT integration_schema_config() #> '{integrations,acme}'
	  UNION ALL VALUES ('{"enabled": true, "config": {}}'::jsonb), ('{"config": {}, "missing": []}'), ('{"config": {"a": "x"}, "in_use": false, "mine": 1}')) AS a (answer);
SELECT throws_ok($$SELECT integration_schema_redact('{"enabled": true, "configured": true, "missing": [], "config": {"token": "SENTINEL"}}')$$,
				 'an answer of integration_schema_resolve is redacted with its integration''s id', 'which says so');
SELECT is(integration_schema_redact(document), document, 'a document that has such keys of its own: ' || document::text)
FROM (VALUES ('{"config": {"a": "shown"}}'::jsonb), ('{"config": {"a": 1}, "enabled": true, "integrations": {}}'), ('{"enabled": true, "configured": true, "missing": []}'),
			 ('{"config": "shown", "enabled": true}'), ('{"config": {}, "enabled": "shown"}')) AS d (document);
SELECT throws_ok($$SELECT integration_schema_redact('{"config": {"token": "SENTINEL"}}', 'amce')$$, '42704', 'integration "amce" does not exist', 'an unknown id');
SELECT is(integration_schema_redact(NULL, 'acme'), NULL, 'no answer');
SELECT is(integration_schema_redact('{"config": {}}', NULL), NULL, 'no id');

--
-- Merged documents
--

SELECT is(integration_schema_redact(integration_schema_config()), integration_schema_config(), 'the catalogue''s own document has no secret');
CREATE TEMPORARY VIEW merged AS
SELECT integration_schema_config('{"integrations": {"slack": {"description": "d", "config": {"bot_token": "xoxb-SENTINEL"}},
	"acme": {"config": {"token": "SENTINEL", "unknown": "SENTINEL", "region": "us"}}, "nowhere": {"config": {"a": "SENTINEL"}, "b": "SENTINEL"}}, "mine": {"a": 1}}') AS document;
SELECT ok(document::text ~ 'SENTINEL', 'a merged document has secrets') FROM merged;
SELECT ok(integration_schema_redact(document)::text !~ 'SENTINEL', 'a redacted one has none') FROM merged;
SELECT is(integration_schema_redact(document) #- '{integrations,slack,config,bot_token}' #- '{integrations,acme,config,token}'
		  #- '{integrations,acme,config,unknown}' #- '{integrations,nowhere}',
		  document #- '{integrations,slack,config,bot_token}' #- '{integrations,acme,config,token}'
		  #- '{integrations,acme,config,unknown}' #- '{integrations,nowhere}', 'and all else is as it was') FROM merged;
SELECT is(integration_schema_redact(integration_schema_redact(document)), integration_schema_redact(document), 'once is enough') FROM merged;

--
-- The result is as the server would have stored it
--

CREATE FUNCTION pg_temp.is_canonical(document jsonb) RETURNS boolean
LANGUAGE sql AS $$ SELECT jsonb_send(document) = jsonb_send(document::text::jsonb)
	AND pg_column_size(document) = pg_column_size(document::text::jsonb) AND jsonb_hash(document) = jsonb_hash(document::text::jsonb)
	AND document = document::text::jsonb $$;
SELECT ok(pg_temp.is_canonical(integration_schema_redact(document)), 'a merged one') FROM merged;
SELECT ok(pg_temp.is_canonical(integration_schema_redact('"x"')), 'a scalar');
SELECT ok(pg_temp.is_canonical(integration_schema_redact('{"integrations": {"acme": {"config": {"tags": [1.5, ["a", 2.5, [], {}], "b", {"c": ["x", 1.5]}], "extra": {"aa": {"b": [1.5]}}}}}}')), 'containers in containers');
SELECT ok(pg_temp.is_canonical(integration_schema_redact(jsonb_build_object('integrations', jsonb_build_object('acme',
	jsonb_build_object('config', (SELECT jsonb_object_agg('k' || i, i) || '{"port": 1.5, "token": 1, "extra": {"a": [1.5]}}' FROM generate_series(1, n) AS i)))))),
	n || ' unknown fields')
FROM unnest(ARRAY[1, 30, 32, 33, 100, 5000]) AS n;

-- Toasted, compressed, short.
CREATE TEMPORARY TABLE stored (document jsonb);
INSERT INTO stored VALUES ('{"integrations": {"acme": {"config": {"token": "x"}}}}');
INSERT INTO stored SELECT document || jsonb_build_object('pad', repeat('pad', 10000)) FROM stored;
INSERT INTO stored SELECT document || jsonb_build_object('more', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 1000) AS i)) FROM stored;
SELECT is(integration_schema_redact(document), jsonb_set(document, '{integrations,acme,config,token}', '"********"'), 'stored in ' || pg_column_size(document) || ' bytes')
FROM stored;

--
-- Without a catalogue
--

INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('free-form', 'F', 'test', '', '[{"name": "free", "type": "object"}]');
SELECT is(integration_schema_redact('{"integrations": {"free-form": {"config": {"free": "{\"password\": \"s3cr3t\"}"}}}}'),
		  '{"integrations": {"free-form": {"config": {"free": "********"}}}}', 'an object that was written as text is hidden');
SELECT is((SELECT value FROM integration_schema_explain('{"integrations": {"free-form": {"config": {"free": "{\"password\": \"s3cr3t\"}"}}}}')
	WHERE integration = 'free-form' AND field = 'free'), '"********"', 'in explain, too');

SET LOCAL client_min_messages = error;
ALTER EXTENSION integration_schemas DROP TABLE integration_schemas;
DROP TABLE integration_schemas;
SELECT is(integration_schema_redact('{"slack": {"bot_token": "x"}, "mine": {"a": "x"}, "n": "shown", "integrations": {"slack": {"config": {"bot_token": "x"}}, "openai": {"config": {"api_key": "x"}}}}'),
		  '{"slack": "********", "mine": "********", "n": "shown", "integrations": {"slack": {"config": {"bot_token": "********"}}, "openai": {"config": {"api_key": "********"}}}}',
		  'any object at the top may be an integration''s');

SELECT * FROM finish();
ROLLBACK;
