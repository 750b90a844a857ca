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
SELECT is(pg_temp.redacted('{"config": {"region": "us", "port": 1.50, "on": false, "tags": [1, {"a": null}], "extra": {"token": "shown"}}}'),
		  '{"config": {"region": "us", "port": 1.50, "on": false, "tags": [1, {"a": null}], "extra": {"token": "shown"}}}', 'other fields stay as they are');
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

SELECT * FROM finish();
ROLLBACK;
