-- What strings are made of: control characters, white space at the ends, masks
-- that stand for a value not shown, passwords inside URIs, and nothing at all.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- The codes that a field of that definition reports for a value.
CREATE FUNCTION pg_temp.codes(definition jsonb, value jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	definitions jsonb := jsonb_build_array('{"name": "f"}'::jsonb || definition);
	document jsonb := jsonb_build_object('integrations', jsonb_build_object('acme',
		jsonb_build_object('config', jsonb_build_object('f', value))));
	codes text;
	errors bigint;
BEGIN
	INSERT INTO integration_schemas AS s (id, name, category, description, fields)
	VALUES ('acme', 'Acme', 'test', '', definitions)
	ON CONFLICT (id) DO UPDATE SET fields = EXCLUDED.fields WHERE s.fields <> EXCLUDED.fields;
	SELECT coalesce(string_agg(code, ' '), ''), count(*) FILTER (WHERE severity = 'error') INTO codes, errors
	FROM integration_schema_validate(document);
	IF integration_schema_is_valid(document) <> (errors = 0) THEN
		RETURN 'is_valid says otherwise than ' || codes;
	END IF;
	RETURN codes;
END $$;
CREATE FUNCTION pg_temp.codes(definition jsonb, value text) RETURNS text
LANGUAGE sql AS $$ SELECT pg_temp.codes(definition, to_jsonb(value)) $$;

--
-- characters
--

SELECT is(pg_temp.codes(jsonb_build_object('type', type), value), 'characters', format('a %s with a control character: %s', type, to_json(value)))
FROM unnest(ARRAY['string', 'secret']) AS type,
	 unnest(ARRAY[E'abc\n', E'a\nb', E'a\r', E'\x01', E'a\x7fb', E'\ta', U&'a\0085b', U&'\009f', U&'é\0080é', E'a\x1b[31m']) AS value;
SELECT is(pg_temp.codes(jsonb_build_object('type', type), value), '', format('a %s without: %s', type, to_json(value)))
FROM unnest(ARRAY['string', 'secret']) AS type,
	 unnest(ARRAY['a b', 'é', U&'a\00a0b', '~!', U&'\00a1', '𝄞', U&'\0100', U&'a\2028b', 'a']) AS value;
SELECT is(pg_temp.codes('{"multiline": true}', value), '', 'several lines: ' || to_json(value))
FROM unnest(ARRAY[E'a\nb', E'\r\n', E'a\tb\n', E'\x01']) AS value;
SELECT is(pg_temp.codes('{"type": "secret"}', value), 'characters', 'a secret with white space at an end: ' || to_json(value))
FROM unnest(ARRAY[' a', 'a ', ' ', U&'\00a0a', U&'a\00a0', U&'a\3000', U&'\2003a', U&'\feffa', U&'a\200b', U&'a\2028']) AS value;
SELECT is(pg_temp.codes('{}', value), '', 'of a string that is no harm: ' || to_json(value))
FROM unnest(ARRAY[' a', 'a ', ' ', U&'\00a0a']) AS value;
SELECT is(pg_temp.codes('{"type": "secret", "multiline": true}', value), codes, 'a secret of several lines: ' || to_json(value))
FROM (VALUES (E'-----BEGIN KEY-----\nabc\n-----END KEY-----\n', ''), (E'{\n}\r\n', ''), (E'\n\n', ''), (' a', 'characters'), (E'a \n', 'characters'),
			 (E'\n\ta', 'characters')) AS v (value, codes);
SELECT is(pg_temp.codes('{"pattern": "^[a-z]+$", "max_length": 2}', E'abc\n'), 'characters pattern length', 'beside the other rules, before them');
SELECT is(pg_temp.codes('{"type": "array"}', E'["a\\n"]'::jsonb), '', 'what is in an array is no string of the field''s');
SELECT throws_ok($$SELECT pg_temp.codes('{"default_value": "a\nb"}', 'a')$$, '23514', NULL, 'a default passes its field''s rules');
SELECT is(pg_temp.codes('{"multiline": true, "default_value": "a\nb"}', 'a'), '', 'and those of a text of several lines');
SELECT is((SELECT array_agg(message ORDER BY path) FROM integration_schema_validate(
		E'{"integrations": {"datadog": {"config": {"api_key": "abc\\n", "app_key": " abc"}}}}', 'org')),
	ARRAY['field "api_key" of integration "datadog" breaks rule "characters": it must not have line breaks or other control characters',
		  'field "app_key" of integration "datadog" breaks rule "characters": it must not begin or end with white space'], 'their messages');

--
-- The empty string is checked against its type, and no other rule
--

SELECT is(pg_temp.codes(definition, ''), '', 'empty: ' || definition::text)
FROM unnest(ARRAY['{}', '{"type": "secret"}', '{"pattern": "^a"}', '{"format": "uri"}', '{"allowed_values": ["a"]}', '{"min_length": 3}',
				  '{"type": "secret", "format": "http-url", "pattern": "a", "min_length": 1, "allowed_values": ["a"]}']::jsonb[]) AS definition;
SELECT is(pg_temp.codes('{"type": "integer"}', ''), 'type', 'but its type');
SELECT is(pg_temp.codes('{"pattern": "^a"}', ' '), 'pattern', 'white space is no value either, but a string that is checked');
UPDATE integration_schemas SET locked = true, fields = '[{"name": "f", "pattern": "^a"}]' WHERE id = 'acme';
SELECT is(pg_temp.codes('{"pattern": "^a"}', 'a'), 'locked', 'what the catalogue locks');
SELECT is(pg_temp.codes('{"pattern": "^a"}', ''), '', 'is not given by an empty string');
UPDATE integration_schemas SET locked = false WHERE id = 'acme';

--
-- masked
--

SELECT is(pg_temp.codes(definition, value), codes, format('%s of %s', value, definition))
FROM (VALUES
	('{"type": "secret"}'::jsonb, '"********"'::jsonb, 'masked'),
	('{"type": "secret", "pattern": "^xoxb-", "min_length": 20}', '"********"', 'masked'),
	('{"type": "secret"}', '"*******"', ''), ('{"type": "secret"}', '"*********"', ''), ('{"type": "secret"}', '"a********"', ''),
	('{}', '"********"', ''), ('{"allowed_values": ["a"]}', '"********"', 'allowed_values'),
	('{}', '"https://ci:********@host/x"', 'masked'), ('{}', '"see https://ci:********@host for it"', 'masked'),
	('{}', '"https://ci@host/********"', ''), ('{}', '"https://********@host"', ''), ('{}', '"https://********:@host"', ''),
	('{"type": "secret"}', '"https://ci:********@host/x"', 'masked'),
	-- strings in free-form objects are hidden, those in arrays are not
	('{"type": "object"}', '{"a": "********"}', 'masked'), ('{"type": "object"}', '{"a": {"b": [1, {"c": "********"}]}}', 'masked'),
	('{"type": "object"}', '{"a": ["********"]}', 'masked'), ('{"type": "object"}', '{"********": "a"}', ''),
	('{"type": "object"}', '{"a": "a********"}', ''), ('{"type": "object"}', '{"a": "https://u:********@h"}', 'masked'),
	('{"type": "array"}', '["********"]', ''), ('{"type": "array"}', '[{"a": "********"}]', 'masked'),
	('{"type": "array"}', '["https://u:********@h", 1]', 'masked')) AS v (definition, value, codes);
SELECT is((SELECT message FROM integration_schema_validate('{"integrations": {"datadog": {"config": {"api_key": "********"}}}}', 'org')),
	'field "api_key" of integration "datadog" breaks rule "masked": it must be the value itself, not the mask "********" that stands for one that is not shown',
	'its message');
SELECT is((SELECT count(*) FROM integration_schema_validate(jsonb_build_object('integrations', jsonb_object_agg(id, jsonb_build_object('config', config))), 'org')
		   WHERE code = 'masked'), (SELECT count(*) FROM integration_schemas, jsonb_array_elements(fields) AS f WHERE f ->> 'type' = 'secret' AND origin = 'builtin'),
	'every secret of every integration')
FROM (SELECT id, jsonb_object_agg(f ->> 'name', '********') AS config FROM integration_schemas, jsonb_array_elements(fields) AS f
	  WHERE origin = 'builtin' AND f ->> 'type' = 'secret' GROUP BY id) AS c;

--
-- uri_password, a warning
--

SELECT is(pg_temp.codes(definition, value), codes, format('%s of %s', value, definition))
FROM (VALUES
	('{}'::jsonb, '"https://ci:pa55w0rd@host/x"'::jsonb, 'uri_password'), ('{"format": "http-url"}', '"https://ci:pa55w0rd@host/x"', 'uri_password'),
	('{}', '"jdbc:postgresql://u:pw@h/db"', 'uri_password'), ('{}', '"https://ci@host"', ''), ('{}', '"https://ci:@host"', ''), ('{}', '"https://host:80/a@b"', ''),
	('{"type": "secret"}', '"https://ci:pa55w0rd@host/x"', ''),
	('{"type": "array"}', '["amqp://u:p@h"]', 'uri_password'), ('{"type": "object"}', '{"a": "amqp://u:p@h"}', ''),
	('{}', '"http://u:p@h http://u:********@h"', 'masked')) AS v (definition, value, codes);
SELECT is((SELECT array_agg(ARRAY[path, severity, message]) FROM integration_schema_validate('{"integrations": {"github": {"config": {"base_url": "https://ci:pa55w0rd@ghe.example.com"}}}}')),
	ARRAY[ARRAY['/integrations/github/config/base_url', 'warning',
	 'field "base_url" of integration "github" should have no password inside a URI, which belongs in a secret field']], 'its message');
SELECT is(integration_schema_is_valid('{"integrations": {"github": {"config": {"base_url": "https://ci:pa55w0rd@ghe.example.com"}}}}'), true,
	'warnings don''t count');

--
-- Large and deep
--

SELECT is(pg_temp.codes('{"type": "object"}', (repeat('{"a":', 1000) || '"********"' || repeat('}', 1000))::jsonb), 'masked', 'a mask 1,000 levels down');
SELECT is(pg_temp.codes('{"type": "array"}', (SELECT jsonb_agg('http://u' || i || ':p@h') FROM generate_series(1, 20000) AS i)), 'uri_password', 'told once');
SELECT is(pg_temp.codes('{}', repeat('a:', 500000)), '', 'a million characters');

--
-- The mask of a URI's password where no field is: it is shown there, and would come back
--

SELECT results_eq(format('SELECT path, integration, field, code FROM integration_schema_validate(%L)', document),
				  format('VALUES (%L, %L, NULL::text, %L)', path, integration, 'masked'), document)
FROM (VALUES ('/own', NULL, '{"own": "https://u:********@h"}'),
			 ('/own', NULL, '{"own": {"deep": ["https://u:********@h"]}}'),
			 ('/integrations/slack/description', 'slack', '{"integrations": {"slack": {"description": "https://u:********@h"}}}'))
	AS v (path, integration, document);
SELECT ok(integration_schema_is_valid(document), document::text)
FROM unnest('{"{\"own\": \"********\"}", "{\"own\": \"https://u:pw@h\"}", "{\"own\": [1, true, null]}"}'::jsonb[]) AS document;

SELECT * FROM finish();
ROLLBACK;
