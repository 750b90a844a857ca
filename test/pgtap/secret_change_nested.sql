-- A secret deep in a value stays one, in what is shown of the past and against a
-- change of its definition, as one of an integration's own fields does; in
-- instances too.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('air', 'Air', 'test', '', '[
	{"name": "login", "type": "object", "fields": [{"name": "user"}],
	 "variants": {"by": "kind", "choices": [
		{"value": "key", "fields": [{"name": "api_key", "type": "secret"}]},
		{"value": "oauth", "fields": [{"name": "token", "type": "secret"}]}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "password", "type": "secret"}]}},
	{"name": "headers", "type": "object", "values": {"type": "secret"}}]');
SELECT is(integration_schemas_internal.secret_paths(fields), ARRAY['login/?kind=key/api_key', 'login/?kind=oauth/token', 'hosts/*/password', 'headers/*'], 'where the secrets are')
  FROM (SELECT fields FROM integration_schemas WHERE id = 'air') AS s;
SELECT is(integration_schemas_internal.ever_secret() -> 'air' @> '["login/?kind=key/api_key", "hosts/*/password", "headers/*"]', true, 'the history knows them');

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
('o', 'o', NULL, 'org', '{"integrations": {"air": {"config": {"login": {"kind": "key", "api_key": "s-1", "user": "u"}, "hosts": [{"name": "h", "password": "s-2"}]}},
						  "air:eu": {"config": {"headers": {"X": "s-3"}}}}}');

CREATE FUNCTION pg_temp.changed(place text, definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	UPDATE integration_schemas SET fields = jsonb_set(fields, place::text[], definition) WHERE id = 'air';
	RAISE 'undone' USING ERRCODE = 'P0001';
EXCEPTION
	WHEN object_not_in_prerequisite_state THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		RETURN message;
	WHEN raise_exception THEN
		RETURN 'ok';
END $$;
SELECT is(pg_temp.changed(place, definition), expected, what)
FROM (VALUES
	('{0,variants,choices,0,fields,0,type}', '"string"'::jsonb, 'field "login/api_key" of integration "air" must stay a secret', 'a secret of the choice that is in force'),
	('{0,variants,choices,0,fields,0,type}', '"object"', 'field "login/api_key" of integration "air" must stay a secret', 'whatever the other type is'),
	('{0,variants,choices,1,fields,0,type}', '"string"', 'ok', 'one that no document has'),
	('{1,items,fields,1,type}', '"string"', 'field "hosts/*/password" of integration "air" must stay a secret', 'one in an array''s elements'),
	('{1}', '{"name": "hosts", "type": "array"}', 'ok', 'an array that nothing is said of hides the strings of its objects'),
	('{2,values,type}', '"string"', 'field "headers/*" of integration "air" must stay a secret', 'a map''s values, which an instance has'),
	('{0}', '{"name": "login", "type": "object"}', 'ok', 'a free-form object hides its strings'),
	('{0}', '{"name": "login", "type": "object", "public": true}', 'field "login/*" of integration "air" must stay a secret', 'but not where it is public'),
	('{0}', '{"name": "login", "type": "object", "fields": [{"name": "user"}]}', 'ok', 'what is not defined is hidden'),
	('{0,fields,0,type}', '"secret"', 'ok', 'what becomes a secret')
) AS v (place, definition, expected, what);

-- Taken out, and back as another type.
UPDATE integration_schemas SET fields = fields #- '{0,variants,choices,0,fields,0}' WHERE id = 'air';
SELECT is(pg_temp.changed('{0,variants,choices,0,fields}', '[{"name": "api_key"}]'), 'field "login/api_key" of integration "air" must stay a secret',
		  'where it was gone in between, the history knows');

-- What is shown of the past.
SELECT integration_config_set('o', 'o', '{"integrations": {"air": {"config": {"login": null, "hosts": null}}, "air:eu": null}}') \g /dev/null
UPDATE integration_schemas SET fields = jsonb_set(jsonb_set(jsonb_set(fields, '{0,variants,choices,0,fields}', '[{"name": "api_key"}]'),
	'{1,items,fields,1,type}', '"string"'), '{2,values,type}', '"string"') WHERE id = 'air';
SELECT ok(h::text !~ 's-[123]', 'a place that was a secret''s stays hidden in the history') FROM (SELECT json_agg(h) AS h FROM integration_config_history('o', 'o') AS h) AS h;
SELECT ok(h::text ~ '"u"', 'and others are shown') FROM (SELECT json_agg(h) AS h FROM integration_config_history('o', 'o') AS h) AS h;
SELECT throws_ok('SELECT integration_config_rollback(''o'', ''o'', 1)', '55000', NULL, 'a rollback does not bring it into sight');

-- A field that was given another name keeps its secrets.
SELECT integration_schema_rename_field('air', 'hosts', 'servers') \g /dev/null
SELECT ok(integration_schemas_internal.ever_secret() -> 'air' ? 'servers/*/password', 'under its new name, too');


--
-- A secret of one choice is none of another
--

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('two', 'Two', 'test', '', '[{"name": "c", "type": "object", "fields": [{"name": "all", "type": "secret"}], "variants": {"by": "m", "choices": [
	{"value": "a", "fields": [{"name": "t", "type": "secret"}]}, {"value": "b/~", "fields": [{"name": "t"}]}]}}]');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES
	('two', 'b', 'org', '{"integrations": {"two": {"config": {"c": {"m": "b/~", "t": "plain"}}}}}');
SELECT lives_ok($$UPDATE integration_schemas SET fields = jsonb_set(fields, '{0,description}', '"new"') WHERE id = 'two'$$, 'another change');
SELECT lives_ok($$UPDATE integration_schemas SET fields = jsonb_set(fields, '{0,variants,choices,0,fields,0,type}', '"string"') WHERE id = 'two'$$, 'no document has a value for that choice');
SELECT ok(config_json::text ~ 'plain', 'in the past it is what it was') FROM integration_config_history('two', 'b');
UPDATE integration_schemas SET fields = jsonb_set(fields, '{0,variants,choices,0,fields,0,type}', '"secret"') WHERE id = 'two';
DELETE FROM integration_schemas WHERE id = 'two';
SELECT lives_ok($$INSERT INTO integration_schemas (id, name, category, description, fields) SELECT id, 'Two', 'test', '', entry -> 'fields' FROM integration_schema_history WHERE id = 'two' AND version = 1$$,
	'the integration goes and comes back');
SELECT integration_config_set('two', 'b', '{"integrations": {"two": {"config": {"c": {"m": null, "t": null}}}}}') \g /dev/null
ALTER TABLE node_configurations DISABLE TRIGGER USER;
UPDATE node_configurations SET config_json = '{"integrations": {"two": {"config": {"c": {"t": "s-4"}}}}}' WHERE org_id = 'two';
ALTER TABLE node_configurations ENABLE TRIGGER USER;
SELECT throws_ok($$UPDATE integration_schemas SET fields = jsonb_set(fields, '{0,variants,choices,0,fields,0,type}', '"string"') WHERE id = 'two'$$,
	'55000', 'field "c/t" of integration "two" must stay a secret', 'a document that leaves the choice to a layer above may have one of it');
ALTER TABLE node_configurations DISABLE TRIGGER USER;
UPDATE node_configurations SET config_json = '{"integrations": {"two:eu": {"config": {"c": {"m": "a", "t": "s-4", "all": "s-5"}}}}}' WHERE org_id = 'two';
ALTER TABLE node_configurations ENABLE TRIGGER USER;
SELECT throws_ok(format($$UPDATE integration_schemas SET fields = %L WHERE id = 'two'$$, fields), '55000', format('field "%s" of integration "two" must stay a secret', place), 'nor does it come into sight by ' || what)
FROM (VALUES ('another way to tell choices apart', 'c/t', '[{"name": "c", "type": "object", "fields": [{"name": "all", "type": "secret"}], "variants": {"by": "n", "choices": [{"value": "x", "fields": [{"name": "t"}]}]}}]'),
	('a field of all choices', 'c/t', '[{"name": "c", "type": "object", "fields": [{"name": "all", "type": "secret"}, {"name": "t"}]}]'), ('a map', 'c/*', '[{"name": "c", "type": "object", "values": {"type": "string"}}]'),
	('public json', 'c/*', '[{"name": "c", "type": "json", "public": true}]'), ('an object where a secret was', 'c/t', '[{"name": "c", "type": "object", "fields": [{"name": "all", "type": "secret"}, {"name": "t", "type": "object", "fields": [{"name": "x"}]}]}]')) AS f (what, place, fields);
SELECT lives_ok(format($$UPDATE integration_schemas SET fields = %L WHERE id = 'two'$$, fields), what)
FROM (VALUES ('hidden inside json', '[{"name": "c", "type": "json"}]'), ('hidden, since nothing is defined', '[{"name": "c", "type": "object", "fields": []}]'), ('all secrets', '[{"name": "c", "type": "object", "values": {"type": "secret"}}]')) AS f (what, fields);

--
-- What is shown of the past, whatever stands around it today
--

CREATE FUNCTION pg_temp.past(fields text, paths text, value text) RETURNS jsonb LANGUAGE sql AS $$
	UPDATE integration_schemas SET fields = $1::jsonb WHERE id = 'past';
	SELECT integration_schemas_internal.redact_past(jsonb_build_object('integrations', jsonb_build_object('past:eu', jsonb_build_object('config', jsonb_build_object('f', value::jsonb)))),
		jsonb_build_object('past', paths::jsonb)) #> '{integrations,past:eu,config,f}' $$;
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('past', 'Past', 'test', '', '[]');
SELECT is(pg_temp.past(fields, paths, value), shown::jsonb, format('%s, of %s, by %s', value, paths, fields))
FROM (VALUES
	('[{"name": "f", "type": "json", "public": true}]', '["f/key"]', '{"key": "x", "n": "n"}', '{"key": "********", "n": "n"}'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/*/key"]', '[{"key": ["x"], "n": "n"}, "n"]', '[{"key": "********", "n": "n"}, "********"]'),
	('[{"name": "f", "type": "object", "public": true}]', '["f/*/key", "f/eu/pin"]', '{"eu": {"key": "x", "pin": "x", "n": "n"}, "us": {"key": 1, "pin": "n"}}', '{"eu": {"key": "********", "pin": "********", "n": "n"}, "us": {"key": "********", "pin": "n"}}'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/key"]', '"{\"key\": \"x\"}"', '"********"'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/?m=a/key"]', '{"m": "a", "key": "x"}', '{"m": "a", "key": "********"}'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/?m=a~1~0/key"]', '{"m": "a/~", "key": "x"}', '{"m": "a/~", "key": "********"}'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/?m=a/key"]', '{"m": "b", "key": "n"}', '{"m": "b", "key": "n"}'),
	('[{"name": "f", "type": "json", "public": true}]', '["f/?m=a/key"]', '{"key": "x", "m": null}', '{"key": "********", "m": null}'),
	('[{"name": "f", "type": "object", "fields": [{"name": "key"}, {"name": "n"}]}]', '["f/key/deep"]', '{"key": "x", "n": "n"}', '{"key": "********", "n": "n"}'),
	('[{"name": "f", "type": "array", "items": {"type": "array", "items": {"type": "string"}}}]', '["f/*/*"]', '[["x"], []]', '[["********"], []]')) AS p (fields, paths, value, shown);

SELECT * FROM finish();
ROLLBACK;
