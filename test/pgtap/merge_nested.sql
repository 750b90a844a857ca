-- The merge inside of fields: what does not apply, alternatives, maps, instances of what the
-- catalogue locks, and what explain tells of each. Cases by hand, each of a fault that
-- test/pgtap/merge_equals_reference.sql has found or would.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- A layer with this config for svc, or for the entry at another key
CREATE FUNCTION pg_temp.l(config jsonb, entry text DEFAULT 'svc', locked jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(entry, jsonb_strip_nulls(jsonb_build_object('locked', locked)) || jsonb_build_object('config', config))) $$;

-- What the merged document and resolve have of a field
CREATE FUNCTION pg_temp.merged(field text, VARIADIC layers jsonb[]) RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_config(VARIADIC layers) #> ARRAY['integrations', 'svc', 'config', field] $$;
CREATE FUNCTION pg_temp.resolved(field text, VARIADIC layers jsonb[]) RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_resolve('svc', VARIADIC layers) #> ARRAY['config', field] $$;

-- A row of explain as text: value, source, whose lock, ignored, who unset it
CREATE FUNCTION pg_temp.told(of_entry text, of_field text, VARIADIC layers jsonb[]) RETURNS text
LANGUAGE sql AS $$
	SELECT format('%s from %s%s%s%s', coalesce(value::text, 'nothing'), coalesce(source::text, 'nowhere'), ', locked by ' || locked_by,
	              CASE WHEN ignored <> '{}' THEN ', ignored ' || ignored::text END, ', unset by ' || unset_by)
	FROM integration_schema_explain(VARIADIC layers) WHERE integration = of_entry AND field = of_field
$$;

--
-- What does not apply
--

DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('svc', 'Svc', 'test', '', '[
	{"name": "mode", "default_value": "plain"},
	{"name": "whole", "type": "object", "default_value": {"on": false, "port": 80, "path": "/"}, "fields": [
		{"name": "on", "type": "boolean"}, {"name": "port", "type": "integer", "applies_when": {"on": [true]}}, {"name": "path"}]},
	{"name": "filled", "type": "object", "required": true, "fields": [
		{"name": "on", "type": "boolean", "default_value": false},
		{"name": "inner", "type": "object", "default_value": {"on": false, "port": 1}, "fields": [
			{"name": "on", "type": "boolean"}, {"name": "port", "type": "integer", "applies_when": {"on": [true]}}]}]},
	{"name": "list", "type": "array", "default_value": [{"on": false, "port": 80}], "items": {"type": "object", "fields": [
		{"name": "on", "type": "boolean"}, {"name": "port", "type": "integer", "applies_when": {"on": [true]}}]}},
	{"name": "tls", "type": "object", "applies_when": {"mode": ["tls"]}, "default_value": {"version": 3}, "fields": [
		{"name": "version", "type": "integer"}, {"name": "name"}]},
	{"name": "free", "type": "object", "applies_when": {"mode": ["tls"]}, "default_value": {"x": 1}},
	{"name": "tags", "type": "array", "merge": "append", "applies_when": {"mode": ["tls"]}, "default_value": ["d"]},
	{"name": "outer", "type": "object", "fields": [
		{"name": "mode"},
		{"name": "tls", "type": "object", "applies_when": {"mode": ["tls"]}, "default_value": {"version": 3}, "fields": [
			{"name": "version", "type": "integer"}, {"name": "name"}]}]}]');

SELECT is(pg_temp.resolved('whole', '{}'), '{"on": false, "path": "/"}', 'resolve has nothing of a default that does not apply inside of it');
SELECT is(pg_temp.merged('whole', '{}'), '{"on": false, "port": 80, "path": "/"}', 'the merged document has the default as it is');
SELECT is(pg_temp.resolved('whole', pg_temp.l('{"whole": {"on": true}}')), '{"on": true, "port": 80, "path": "/"}', 'a layer makes it apply');
SELECT is(pg_temp.resolved('whole', pg_temp.l('{"whole": {"on": true}}'), pg_temp.l('{"whole": null}')), '{"on": false, "path": "/"}', 'and a null unmakes it');
SELECT is(pg_temp.resolved('filled', '{}'), '{"on": false, "inner": {"on": false}}', 'so it is in an object that is filled');
SELECT is(pg_temp.merged('filled', '{}'), '{"on": false, "inner": {"on": false, "port": 1}}', 'which the merged document has whole');
SELECT is(pg_temp.resolved('list', '{}'), '[{"on": false}]', 'and in an array''s elements');
SELECT is(integration_schema_values(pg_temp.l('{"mode": "x"}')) #> '{svc,whole}', '{"on": false, "path": "/"}', 'the values have no more');

UPDATE integration_schemas SET required = true;
SELECT is((integration_schema_values('{}') -> 'svc') - 'filled', '{"mode": "plain", "whole": {"on": false, "path": "/"}, "list": [{"on": false}]}', 'nor those of an integration that no layer speaks of');
UPDATE integration_schemas SET required = false;

SELECT is(integration_schema_resolve('svc', '{}') -> 'in_use', 'false', 'defaults alone are not in use');
SELECT is(ARRAY[integration_schema_resolve('svc', pg_temp.l(config)) -> 'in_use', integration_schema_config(pg_temp.l(config)) #> '{integrations,svc,in_use}']::text,
          ARRAY[used::text, used::text]::text, config::text || CASE WHEN used THEN ' is in use' ELSE ' is not in use' END || ', say resolve and the merged document')
FROM (VALUES ('{"list": [{"on": false, "port": 80}]}'::jsonb, false), ('{"list": [{"on": false}]}', false), ('{"list": [{"on": false, "port": 81}]}', false),
	('{"list": [{"on": true, "port": 80}]}', true), ('{"list": []}', true), ('{"list": [{"on": false}, {"on": false}]}', true), ('{"whole": {"port": 81}}', false), ('{"tls": {"version": 2}}', false)) AS c (config, used);

SELECT is(pg_temp.merged('tls', pg_temp.l('{"tls": {"name": "n"}}')), '{"name": "n"}', 'what is given where it does not apply stands in the merged document, without the default');
SELECT is(pg_temp.resolved('tls', pg_temp.l('{"tls": {"name": "n"}}')), NULL, 'and not in resolve');
SELECT is(pg_temp.merged('tls', pg_temp.l('{"tls": {"name": "n"}}'), pg_temp.l('{"mode": "tls"}')), '{"name": "n", "version": 3}', 'an inner layer makes it apply, with the default');
SELECT is(pg_temp.merged('free', pg_temp.l('{"free": {"y": 1}}')), '{"y": 1}', 'nor is there one under a free-form object');
SELECT is(pg_temp.merged('free', pg_temp.l('{"free": {"y": 1}}'), pg_temp.l('{"free": {"z": 2}}')), '{"y": 1, "z": 2}', 'of two layers');
SELECT is(pg_temp.merged('tags', pg_temp.l('{"tags": ["a"]}'), pg_temp.l('{"tags": ["b"]}')), '["a", "b"]', 'or under arrays that are appended');
SELECT is(pg_temp.merged('tags', pg_temp.l('{"tags": ["a"], "mode": "tls"}')), '["d", "a"]', 'which begin with it where they apply');
SELECT is(pg_temp.merged('outer', pg_temp.l('{"outer": {"mode": "x", "tls": {"name": "n"}}}')), '{"mode": "x", "tls": {"name": "n"}}', 'nor inside of a value');
SELECT is(pg_temp.merged('outer', pg_temp.l('{"outer": {"mode": "tls", "tls": {"name": "n"}}}')), '{"mode": "tls", "tls": {"name": "n", "version": 3}}', 'where it applies there is');
SELECT is(pg_temp.told('svc', 'tls/version', pg_temp.l('{"tls": {"name": "n"}}')), 'nothing from nowhere', 'explain has no such default either');
SELECT is(pg_temp.told('svc', 'tls/name', pg_temp.l('{"tls": {"name": "n"}}')), '"n" from 1', 'and what was given');

--
-- Explain inside of values
--

DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('svc', 'Svc', 'test', '', '[
	{"name": "login", "type": "object", "default_value": {"user": "d"}, "fields": [{"name": "user"}, {"name": "port", "type": "integer", "default_value": 80}],
	 "variants": {"by": "kind", "choices": [{"value": "key", "fields": [{"name": "key", "type": "secret"}]}, {"value": "role", "fields": [{"name": "arn"}]}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "url"}, {"name": "tags", "type": "array", "merge": "append"}]}},
	{"name": "one", "type": "object", "merge": "replace", "fields": [{"name": "a"}, {"name": "b"}]},
	{"name": "list", "type": "array", "merge": "replace"}]');

SELECT is(pg_temp.told('svc', 'login/user', pg_temp.l('{"login": {"user": "a"}}'), pg_temp.l('{"login": null}')), '"d" from 0, ignored {1}, unset by 2', 'a null of the whole field is a word on all in it');
SELECT is(pg_temp.told('svc', 'login/user', pg_temp.l('{"login": {"user": "a"}}'), pg_temp.l('{"login": null}'), pg_temp.l('{"login": {"user": "c"}}')), '"c" from 3, ignored {1}', 'given again, it is not unset');
SELECT is(pg_temp.told('svc', 'login/key', pg_temp.l('{"login": {"kind": "key", "key": "hush"}}'), pg_temp.l('{"login": {"kind": "key"}}')), '"********" from 1', 'a secret of the choice');
SELECT is(pg_temp.told('svc', 'login/user', pg_temp.l('{"login": {"kind": "key", "user": "a"}}'), pg_temp.l('{"login": {"kind": "role"}}')), 'nothing from nowhere, ignored {1}', 'another choice starts anew');
SELECT is(pg_temp.told('svc', 'login/arn', pg_temp.l('{"login": {"kind": "role", "arn": "x"}}', locked => '["login"]'), pg_temp.l('{"login": {"arn": "y"}}')), '"x" from 1, locked by 1, ignored {2}', 'a lock of the field holds what is in it');
SELECT is(pg_temp.told('svc', 'sites/eu/url', pg_temp.l('{"sites": {"eu": {"url": "a"}}}'), pg_temp.l('{"sites": {"eu": {"url": "b"}}}')), '"b" from 2, ignored {1}', 'a field of a map''s value');
SELECT is(pg_temp.told('svc', 'sites/eu/tags', pg_temp.l('{"sites": {"eu": {"tags": ["a"]}}}'), pg_temp.l('{"sites": {"eu": {"tags": ["b"]}}}')), '["a", "b"] from 2', 'of arrays put together none is ignored');
SELECT is(pg_temp.told('svc', 'sites/eu/url', pg_temp.l('{"sites": {"eu": {"url": "a", "tags": []}}}'), pg_temp.l('{"sites": {"eu": {"url": null}}}')), 'nothing from nowhere, ignored {1}, unset by 2', 'unset in a map''s value');
SELECT is(pg_temp.told('svc', 'one/a', pg_temp.l('{"one": {"a": "1"}}'), pg_temp.l('{"one": {"b": "2"}}')), 'nothing from nowhere, ignored {1}', 'an object that replaces starts anew');
SELECT is(pg_temp.told('svc', 'list', pg_temp.l('{"list": {"a": 1}}'), pg_temp.l('{"list": {"b": 2}}')), '{"a": 1, "b": 2} from 2', 'that arrays are replaced says nothing of objects in their place');

--
-- Instances of what the catalogue locks
--

DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, locked, fields) VALUES ('svc', 'Svc', 'test', '', true, '[
	{"name": "a"}, {"name": "b"}, {"name": "o", "type": "object", "fields": [{"name": "x"}]}]');

SELECT is(integration_schema_resolve('svc:eu', pg_temp.l('{"a": "1"}', 'svc:eu'), pg_temp.l('{"a": "2", "b": "2", "o": {"x": "2"}}', 'svc:eu')) -> 'config', '{"a": "1"}', 'an inner layer has nothing to say in an instance of what the catalogue locks');
SELECT is(pg_temp.told('svc:eu', 'b', pg_temp.l('{"a": "1"}', 'svc:eu'), pg_temp.l('{"b": "2"}', 'svc:eu')), 'nothing from nowhere, locked by 0, ignored {2}', 'and explain tells that it is ignored');
SELECT is(pg_temp.told('svc:eu', 'o/x', pg_temp.l('{"a": "1"}', 'svc:eu'), pg_temp.l('{"o": {"x": "2"}}', 'svc:eu')), 'nothing from nowhere, locked by 0, ignored {2}', 'inside of a field, too');
SELECT is(pg_temp.told('svc', 'b', pg_temp.l('{"a": "1"}'), pg_temp.l('{"b": "2"}')), '"2" from 2, locked by 0', 'in the plain entry a field that nobody gave is still to be given');

SELECT * FROM finish();
ROLLBACK;
