-- integration_schemas_internal.redact_past: what was a secret once stays hidden
-- in what is shown of the past, and what was erased is shown as that.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('acme', 'Acme', 'test', '', '[
	{"name": "token", "type": "secret"}, {"name": "region"}, {"name": "port", "type": "integer"}, {"name": "tags", "type": "array"}, {"name": "extra", "type": "object"}]');

CREATE TEMPORARY TABLE past AS SELECT '{"integrations": {"acme": {"enabled": true, "config":
	{"token": "x", "region": "eu", "port": 1, "tags": ["a", {"b": "x"}], "extra": {"a": 1}, "unknown": "x"}}}, "mine": {"a/b": {"c~d": [1, 2, [3]]}}, "ab": 1}'::jsonb AS document;

SELECT is(integration_schemas_internal.redact_past(document, NULL), integration_schema_redact(document), 'with nothing said, as integration_schema_redact has it') FROM past;
SELECT is(integration_schemas_internal.redact_past(document, secrets, '{}'), integration_schema_redact(document), 'nor does this say anything: ' || secrets::text)
FROM past, unnest(ARRAY['{}', '{"acme": []}', '{"acme": ["nothing", "token"], "slack": ["region"]}', '{"acme": {"region": true}}', '{"acme": "region"}', '"acme"', '[]', 'null']::jsonb[]) AS secrets;
SELECT is(integration_schemas_internal.redact_past(document, '{"acme": ["region", "extra", "port", "tags"], "min": ["a/b"]}'),
	integration_schema_redact(document) || jsonb_build_object('integrations', jsonb_build_object('acme', '{"enabled": true, "config": {"token": "********",
		"region": "********", "port": "********", "tags": "********", "extra": "********", "unknown": "********"}}'::jsonb)),
	'what was a secret once is hidden, whatever the field has become') FROM past;
SELECT is(integration_schemas_internal.redact_past('{"acme": {"region": "x", "port": 1}}', '{"acme": ["region"]}'), '{"acme": {"region": "********", "port": 1}}',
	'also where "integrations" was forgotten');
SELECT is(integration_schemas_internal.redact_past(document, '{"gone": ["key"]}'), shown, 'and of an integration that is gone: ' || document::text)
FROM (VALUES ('{"gone": {"key": "x"}, "mine": {"a": 1}}'::jsonb, '{"gone": "********", "mine": {"a": 1}}'::jsonb), ('{"gone": {"key": "x", "b": 1}, "acme": {"port": 1}}', '{"gone": {"key": "********", "b": "********"}, "acme": {"port": 1}}'),
	('{"gone": "shown"}', '{"gone": "shown"}')) AS d (document, shown);
SELECT is(integration_schemas_internal.redact_past('{"integrations": {"acme": {"config": {"region": null}}}}', '{"acme": ["region"]}'),
	'{"integrations": {"acme": {"config": {"region": null}}}}', 'null is no value');
SELECT is(integration_schemas_internal.redact_past('{"enabled": true, "config": {"a": 1}}', NULL), '{"enabled": true, "config": {"a": 1}}',
	'whatever was stored is a document, so that no history is unreadable');

CREATE FUNCTION pg_temp.erased(VARIADIC places text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT integration_schemas_internal.redact_past(document, NULL, places) FROM past $$;
SELECT is(pg_temp.erased(place), jsonb_set(integration_schema_redact(document), steps::text[], '"(erased)"'), 'erased: ' || place)
FROM past, (VALUES ('/integrations/acme/config/token', '{integrations,acme,config,token}'), ('/integrations/acme/config/region', '{integrations,acme,config,region}'),
	('/integrations/acme/config/extra/a', '{integrations,acme,config,extra,a}'), ('/integrations/acme/config/tags/1/b', '{integrations,acme,config,tags,1,b}'),
	('/integrations/acme/config/unknown', '{integrations,acme,config,unknown}'), ('/integrations/acme/config', '{integrations,acme,config}'),
	('/integrations', '{integrations}'), ('/ab', '{ab}'), ('/mine/a~1b/c~0d/0', '{mine,a/b,c~d,0}'), ('/mine/a~1b/c~0d/2/0', '{mine,a/b,c~d,2,0}'),
	('/mine/a~1b', '{mine,a/b}')) AS p (place, steps);
SELECT is(pg_temp.erased(place), integration_schema_redact(document), 'no such place: ' || place)
FROM past, unnest(ARRAY['/a', '/abc', '/', '//', '/ab/c', '/mine/a', '/mine/a~1b/c~0d/00', '/mine/a~1b/c~0d/3', '/mine/a~1b/c~0d/-1', '/integrations/acme/config/unknown/x',
	'/integrations/acm', '/integrations/acme/config/toke']) AS place;
SELECT is(pg_temp.erased(''), '"(erased)"', 'all of a document');
SELECT is(pg_temp.erased('/mine/a~1b/c~0d/0', NULL, '/ab', '/mine/a~1b/c~0d', '/mine-', '/mine/a~1b/c~0d/2/0', '/ab', '/integrations/acme/config/region', '/integrations/acme/config/token/x'),
	jsonb_set(jsonb_set(jsonb_set(integration_schema_redact(document), '{mine,a/b,c~d}', '"(erased)"'), '{ab}', '"(erased)"'), '{integrations,acme,config,region}', '"(erased)"'),
	'several, also one in another, in any order') FROM past;
SELECT is(integration_schemas_internal.redact_past('{"integrations": {"acme": {"config": {"token": null}}}}', NULL, '{/integrations/acme/config/token}'),
	'{"integrations": {"acme": {"config": {"token": "(erased)"}}}}', 'the tombstone, which is null');
SELECT is(integration_schemas_internal.redact_past(document, '{"acme": ["region"]}', '{/integrations/acme/config/region}') #>> '{integrations,acme,config,region}',
	'(erased)', 'a secret that was erased') FROM past;
SELECT throws_ok($$SELECT pg_temp.erased('ab')$$, '22023', 'place of an erased value is not a JSON Pointer', 'what is no JSON Pointer');
SELECT is(integration_schemas_internal.redact_past(NULL, '{}', '{}'), NULL, 'no document');

-- As many of both as a document can have
SELECT is((SELECT count(*) FROM jsonb_each_text(integration_schemas_internal.redact_past(jsonb_object_agg('k' || i, i), NULL, array_agg('/k' || i) FILTER (WHERE i % 2 = 0))) WHERE value = '(erased)'),
	50000::bigint, 'many') FROM generate_series(1, 100000) AS i;

SELECT * FROM finish();
ROLLBACK;
