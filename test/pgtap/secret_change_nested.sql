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
SELECT is(integration_schemas_internal.secret_paths(fields), ARRAY['hosts/*/password', 'login/api_key', 'login/token', 'headers/*'], 'where the secrets are')
  FROM (SELECT fields FROM integration_schemas WHERE id = 'air') AS s;
SELECT is(integration_schemas_internal.ever_secret() -> 'air' @> '["login/api_key", "hosts/*/password", "headers/*"]', true, 'the history knows them');

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
	('{0,variants,choices,0,fields,0,type}', '"string"'::jsonb, 'field "login" of integration "air" must stay a secret', 'a secret of the choice that is in force'),
	('{0,variants,choices,0,fields,0,type}', '"object"', 'field "login" of integration "air" must stay a secret', 'whatever the other type is'),
	('{0,variants,choices,1,fields,0,type}', '"string"', 'ok', 'one that no document has'),
	('{1,items,fields,1,type}', '"string"', 'field "hosts" of integration "air" must stay a secret', 'one in an array''s elements'),
	('{1}', '{"name": "hosts", "type": "array"}', 'ok', 'an array that nothing is said of hides the strings of its objects'),
	('{2,values,type}', '"string"', 'field "headers" of integration "air" must stay a secret', 'a map''s values, which an instance has'),
	('{0}', '{"name": "login", "type": "object"}', 'ok', 'a free-form object hides its strings'),
	('{0}', '{"name": "login", "type": "object", "public": true}', 'field "login" of integration "air" must stay a secret', 'but not where it is public'),
	('{0}', '{"name": "login", "type": "object", "fields": [{"name": "user"}]}', 'ok', 'what is not defined is hidden'),
	('{0,fields,0,type}', '"secret"', 'ok', 'what becomes a secret')
) AS v (place, definition, expected, what);

-- Taken out, and back as another type.
UPDATE integration_schemas SET fields = fields #- '{0,variants,choices,0,fields,0}' WHERE id = 'air';
SELECT is(pg_temp.changed('{0,variants,choices,0,fields}', '[{"name": "api_key"}]'), 'field "login" of integration "air" must stay a secret',
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

SELECT * FROM finish();
ROLLBACK;
