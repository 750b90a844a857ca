-- Documents of other systems in our form.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('kit', 'Kit', 'test', '', '[
	{"name": "text"}, {"name": "token", "type": "secret"}, {"name": "port", "type": "integer"}, {"name": "rate", "type": "number"},
	{"name": "on", "type": "boolean"}, {"name": "tags", "type": "array"}, {"name": "any", "type": "json"}, {"name": "name"},
	{"name": "free", "type": "object"},
	{"name": "login", "type": "object", "fields": [{"name": "user"}, {"name": "port", "type": "integer"}],
	 "variants": {"by": "kind", "choices": [{"value": "key", "fields": [{"name": "api_key", "type": "secret"}]}, {"value": "none"}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "port", "type": "integer"}, {"name": "password", "type": "secret"}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "on", "type": "boolean"}]}}]'),
	('own', 'Own', 'test', '', '[{"name": "config", "type": "object"}, {"name": "enabled"}]');
CREATE FUNCTION pg_temp.entry(entry jsonb, key text DEFAULT 'kit') RETURNS jsonb LANGUAGE sql AS $$
	SELECT normalised #> ARRAY['integrations', key] FROM integration_schema_normalise(jsonb_build_object('integrations', jsonb_build_object(key, entry)))
$$;
CREATE FUNCTION pg_temp.config(entry jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT pg_temp.entry(entry) -> 'config' $$;
CREATE FUNCTION pg_temp.told(entry jsonb, key text DEFAULT 'kit') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v ->> 'path', v ->> 'code', nullif(v ->> 'severity', 'error')), ', ' ORDER BY v ->> 'path')
	  FROM integration_schema_normalise(jsonb_build_object('integrations', jsonb_build_object(key, entry))), jsonb_array_elements(violations) AS v
$$;

-- Where values stand
SELECT is(pg_temp.entry('{"config": {"text": "a"}}'), '{"config": {"text": "a"}}', 'our own form stays');
SELECT is(pg_temp.config('{"text": "a", "port": 1}'), '{"text": "a", "port": 1}', 'flat in the entry');
SELECT is(pg_temp.config('{"team_config": {"text": "a"}}'), '{"text": "a"}', 'in team_config');
SELECT is(pg_temp.config('{"config_values": {"text": "a"}}'), '{"text": "a"}', 'in config_values');
SELECT is(pg_temp.config('{"config": {"text": "1"}, "team_config": {"text": "2", "name": "2"}, "config_values": {"text": "3", "name": "3", "rate": 3}, "text": "4", "name": "4", "rate": 4, "port": 4}'),
	'{"name": "2", "port": 4, "rate": 3, "text": "1"}', 'the first of these counts');
SELECT is(pg_temp.told('{"config": {"text": "1"}, "team_config": {"text": "2"}, "text": "1"}'), '/integrations/kit/team_config/text contradiction', 'and another value is told');
SELECT is(pg_temp.told('{"config": {"port": 1}, "team_config": {"port": "1"}}'), NULL, 'the same in another form is none');
SELECT is(pg_temp.entry('{"enabled": false, "locked": ["text"], "description": "d", "text": "a"}'), '{"config": {"text": "a"}, "locked": ["text"], "enabled": false, "description": "d"}', 'what stands beside them');
SELECT is(pg_temp.entry('{"enabled": "no", "locked": "true"}'), '{"config": {}, "locked": true, "enabled": false}', 'as text, too');
SELECT is(pg_temp.entry('{"text": "a"}', 'kit:eu'), '{"config": {"text": "a"}}', 'an instance''s');
SELECT is(pg_temp.entry('{"config": {"a": 1}, "enabled": "yes"}', 'own'), '{"config": {"config": {"a": 1}, "enabled": "yes"}}', 'a field of such a name is the field');

-- Nothing said
SELECT is(pg_temp.entry(entry), NULL, 'an entry that says nothing: ' || entry::text) FROM (VALUES ('null'::jsonb), ('"__INHERIT__"')) AS e (entry);
SELECT is(pg_temp.entry('true'), '{"enabled": true}', 'an entry that only says that it is on');
SELECT is(pg_temp.entry('{"config": null, "team_config": "", "config_values": "__INHERIT__", "enabled": null}'), '{"config": {}}', 'empty sections');
SELECT is(pg_temp.told('{"config": null, "team_config": "", "config_values": "__INHERIT__", "enabled": null}'), NULL, 'of which nothing is told');
SELECT is(pg_temp.config('{"config": {"text": "__INHERIT__"}, "text": "a"}'), '{"text": "a"}', 'inherited in the first place, given in another');
SELECT is(pg_temp.config('{"text": null}'), '{"text": null}', 'a null of a field unsets it');
SELECT is(pg_temp.config('{"login": {"user": null, "port": "__INHERIT__", "kind": "none"}}'), '{"login": {"kind": "none"}}', 'in an object it says nothing');
SELECT is(pg_temp.config('{"free": {"a": null, "b": "__INHERIT__"}}'), '{"free": {"a": null, "b": "__INHERIT__"}}', 'what is free-form is as it is');
SELECT is((integration_schema_normalise('{"integrations": null, "mine": null}')).normalised, '{"mine": null}', 'no integrations at all');
SELECT is((integration_schema_normalise(doc)).normalised, doc, 'a document without any') FROM (VALUES ('{}'::jsonb), ('{"mine": {"a": [1, null]}}')) AS d (doc);

-- Types
SELECT is(pg_temp.config(jsonb_build_object(field, value)) -> field, expected, concat_ws(' ', field, value)) FROM (VALUES
	('port', '"8089"'::jsonb, '8089'::jsonb), ('port', '"-1"', '-1'), ('port', '"8089.5"', '"8089.5"'), ('port', '"x"', '"x"'), ('port', '""', '""'), ('port', '"-"', '"-"'), ('port', '"1e3"', '"1e3"'),
	('rate', '"0.5"', '0.5'), ('rate', '"7"', '7'), ('rate', '"1."', '"1."'), ('rate', '".5"', '".5"'), ('rate', to_jsonb(repeat('9', 200)), to_jsonb(repeat('9', 200))),
	('on', '"true"', 'true'), ('on', '"No"', 'false'), ('on', '"on"', 'true'), ('on', '"1"', '"1"'), ('on', '1', '1'),
	('text', '12', '"12"'), ('text', '1.50', '"1.50"'), ('text', 'true', '"true"'), ('text', '["a"]', '["a"]'), ('token', '12', '"12"'),
	('tags', '"a"', '"a"'), ('tags', '[1, "2"]', '[1, "2"]'), ('any', '"1"', '"1"'), ('any', '{"a": null}', '{"a": null}')) AS v (field, value, expected);
SELECT is(pg_temp.config('{"login": {"kind": "key", "user": 7, "port": "1", "api_key": 5}, "hosts": [{"name": 1, "port": "2", "password": true}], "sites": {"a": {"on": "yes"}}}'),
	'{"hosts": [{"name": "1", "port": 2, "password": "true"}], "login": {"kind": "key", "port": 1, "user": "7", "api_key": "5"}, "sites": {"a": {"on": true}}}', 'at every depth');
SELECT is(pg_temp.config('{"login": {"api_key": 5}}'), '{"login": {"api_key": "5"}}', 'of an object that names no choice');

-- What has no place
SELECT is(pg_temp.told('{"config": {"bogus": 1}, "team_config": {"bogus": 2}, "wrong": 3}'), '/integrations/kit/config/bogus unknown_field, /integrations/kit/team_config/bogus unknown_field, /integrations/kit/wrong unknown_field', 'fields that nobody has');
SELECT is(pg_temp.entry('{"config": {"bogus": 1}}'), '{"config": {}}', 'are left out');
SELECT is(pg_temp.told('{"category": "x", "config_schema": {}}'), '/integrations/kit/category catalogue warning, /integrations/kit/config_schema catalogue warning', 'what the catalogue says is a warning');
SELECT is(pg_temp.told('{"name": "x"}'), NULL, 'but not where it is a field');
SELECT is(pg_temp.told('{"config": [1], "team_config": "x"}'), '/integrations/kit/config structure, /integrations/kit/team_config structure', 'sections of another shape');
SELECT is(pg_temp.told('5'), '/integrations/kit structure', 'an entry of another shape');
SELECT is(pg_temp.told('{}', 'nobody'), '/integrations/nobody unknown_integration', 'an integration that nobody knows');
SELECT is(pg_temp.told('{"a/b~c": 1}'), '/integrations/kit/a~1b~0c unknown_field', 'by its pointer');
SELECT is(v ->> 'path', '/integrations/integrations', 'no object of integrations') FROM integration_schema_normalise('{"integrations": [1]}'), jsonb_array_elements(violations) AS v;
SELECT ok(n::text !~ 's3cr3t', 'no value is in what is told') FROM (SELECT violations AS n FROM integration_schema_normalise(
	'{"integrations": {"kit": {"config": {"token": "s3cr3t-1", "x": "s3cr3t"}, "token": "s3cr3t-2", "category": "s3cr3t", "team_config": "s3cr3t"}, "no": "s3cr3t"}}')) AS n;
SELECT throws_ok(format('SELECT integration_schema_normalise(%L)', bad), '22023', 'document is not a JSON object', 'no document: ' || bad) FROM unnest(ARRAY['[]', '1', '"x"', 'null']) AS bad;
SELECT is(integration_schema_normalise(NULL) IS NULL, true, 'null');

-- Large and deep ones
SELECT is((SELECT count(*) FROM jsonb_object_keys((integration_schema_normalise(doc)).normalised #> '{integrations,kit,config,free}')), 50000::bigint, 'many keys')
  FROM (SELECT jsonb_build_object('integrations', jsonb_build_object('kit', jsonb_build_object('free', jsonb_object_agg('key' || i, i)))) AS doc FROM generate_series(1, 50000) AS i) AS d;
SELECT is(jsonb_array_length(violations) || ' ' || (violations -> 1000 ->> 'message'), '1001 and 19000 more', 'much that has no place')
  FROM (SELECT jsonb_build_object('integrations', jsonb_build_object('kit', jsonb_object_agg('key' || i, i))) AS doc FROM generate_series(1, 20000) AS i) AS d, integration_schema_normalise(doc);
SELECT is((integration_schema_normalise(doc)).normalised, doc, 'deep') FROM (SELECT (repeat('{"a":', 900) || '1' || repeat('}', 900))::jsonb AS doc) AS d;
-- once more nothing changes
SELECT is((integration_schema_normalise(n)).normalised, n, 'what is normal stays so')
  FROM (SELECT (integration_schema_normalise('{"integrations": {"kit": {"port": "1", "team_config": {"on": "yes"}, "enabled": "true"}, "slack": {"default_channel": "#a"}}, "x": 1}')).normalised AS n) AS n;

SELECT * FROM finish();
ROLLBACK;
