-- A malformed field definition is refused when a catalogue row is written, with
-- the path to what is wrong and what would be right.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- What INSERT says to these definitions: the path, the detail and the hint, or
-- "ok".
CREATE FUNCTION pg_temp.verdict(fields jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
	schema_of text; table_of text; column_of text;
BEGIN
	INSERT INTO integration_schemas (id, name, category, description, fields)
	VALUES ('acme', 'Acme', 'test', '', verdict.fields);
	DELETE FROM integration_schemas WHERE id = 'acme';
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		schema_of = SCHEMA_NAME, table_of = TABLE_NAME, column_of = COLUMN_NAME;
	IF (state, table_of, column_of) <> ('23514', 'integration_schemas', 'fields')
		OR schema_of = '' OR message !~ '^invalid field definition at .* of integration "acme"$' THEN
		RETURN format('%s: %s (%s.%s.%s)', state, message, schema_of, table_of, column_of);
	END IF;
	RETURN format(E'%s\n%s\n%s', substring(message FROM 'at (.*) of integration'), detail, hint);
END $$;

-- The same for one definition, given by its keys beside the name "f".
CREATE FUNCTION pg_temp.verdict_of(keys jsonb) RETURNS text
LANGUAGE sql AS $$ SELECT pg_temp.verdict(jsonb_build_array('{"name": "f"}'::jsonb || keys)) $$;

--
-- The array and its definitions
--

SELECT is(pg_temp.verdict(fields), E'/fields\n"fields" must be an array of field definitions, not ' || is_a
		  || E'.\nWrite an array of field definitions.', 'fields is no ' || is_a)
FROM (VALUES ('{}'::jsonb, 'an object'), ('"x"', 'a string'), ('1', 'a number'),
			 ('true', 'a boolean'), ('null', 'null')) AS v (fields, is_a);
SELECT is(pg_temp.verdict('[]'), 'ok', 'an integration may have no fields');
SELECT is(pg_temp.verdict('[{"name": "a"}, "b"]'),
		  E'/fields/1\nA field definition must be an object, not a string.\nWrite an object.',
		  'a definition that is no object');

--
-- name
--

SELECT is(pg_temp.verdict('[{"name": "a"}, {"type": "string"}]'),
		  E'/fields/1\nThe definition has no "name".\nWrite a name of 1 to 64 letters, digits and underscores, with "." and "-" inside, that does not begin with a digit.',
		  'name is required');
SELECT is(pg_temp.verdict('[{"name": 1}]'),
		  E'/fields/0/name\n"name" must be a string, not a number.\nWrite a string.',
		  'name is a string');
SELECT is(pg_temp.verdict(jsonb_build_array(jsonb_build_object('name', name))),
		  E'/fields/0/name\n"' || shown || E'" is no field name.\nWrite a name of 1 to 64 letters, digits and underscores, with "." and "-" inside, that does not begin with a digit.',
		  'no name: ' || shown)
FROM (VALUES ('', ''), ('1a', '1a'), ('a-', 'a-'), ('a b', 'a b'), ('é', 'é'), ('.b', '.b'),
			 (E'a\nb', 'a\u000ab'), (repeat('a', 65), repeat('a', 64) || '...')) AS v (name, shown);
SELECT is(pg_temp.verdict(jsonb_build_array(jsonb_build_object('name', name))), 'ok', 'a name: ' || name)
FROM unnest(ARRAY['a', '_', 'A1', '_1', repeat('a', 64)]) AS name;
SELECT is(pg_temp.verdict('[{"name": "a"}, {"name": "b"}, {"name": "A"}, {"name": "b"}, {"name": "a"}]'),
		  E'/fields/3/name\nField "b" is defined at /fields/1 already.\nGive each field of an integration a name of its own.',
		  'a name is unique, and the first that is not is shown');

--
-- type, and keys
--

SELECT is(pg_temp.verdict_of(jsonb_build_object('type', type)), 'ok', 'a type: ' || type)
FROM unnest(ARRAY['string', 'secret', 'integer', 'number', 'boolean', 'array', 'object']) AS type;
SELECT is(pg_temp.verdict_of('{"type": "strng"}'),
		  E'/fields/0/type\nThere is no type "strng".\nPerhaps you meant "string". Types are string (the default), secret, integer, number, boolean, array, object and json.',
		  'a misspelt type');
SELECT is(pg_temp.verdict_of('{"type": "varchar"}'),
		  E'/fields/0/type\nThere is no type "varchar".\nTypes are string (the default), secret, integer, number, boolean, array, object and json.',
		  'an unknown type');
SELECT is(pg_temp.verdict_of('{"type": null}'),
		  E'/fields/0/type\n"type" must be a string, not null.\nWrite a string.', 'type is a string');
SELECT is(pg_temp.verdict_of('{"requird": true}'),
		  E'/fields/0/requird\nA field definition has no key "requird".\nPerhaps you meant "required". Keys of your own begin with "x-".',
		  'a misspelt key');
SELECT is(pg_temp.verdict_of('{"Allowed-Values": ["a"]}'),
		  E'/fields/0/Allowed-Values\nA field definition has no key "Allowed-Values".\nPerhaps you meant "allowed_values". Keys of your own begin with "x-".',
		  'a key in another style');
SELECT is(pg_temp.verdict_of('{"a/b~c": 1}'),
		  E'/fields/0/a~1b~0c\nA field definition has no key "a/b~c".\nKeys of your own begin with "x-".',
		  'the path is a JSON Pointer');
SELECT is(pg_temp.verdict_of('{"": 1}'),
		  E'/fields/0/\nA field definition has no key "".\nKeys of your own begin with "x-".', 'an empty key');
SELECT is(pg_temp.verdict_of('{"x-help": {"any": ["thing", null]}, "x-": null}'), 'ok', 'keys of one''s own');
SELECT is((SELECT fields -> 0 -> 'x-help' FROM integration_schemas WHERE id = 'kept'), NULL, 'no row yet');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('kept', 'Kept', 'test', '', '[{"name": "f", "x-help": [1]}]');
SELECT is(integration_schema_config() #> '{integrations,kept,config_schema,f,x-help}', '[1]',
		  'keys of one''s own are handed through');

--
-- What each key holds
--

SELECT is(pg_temp.verdict_of(jsonb_build_object(key, value)),
		  format(E'/fields/0/%s\n"%s" must be %s, not %s.\nWrite %s.', key, key, must, is_a, must),
		  format('"%s" is %s', key, must))
FROM (VALUES
	('required', '1'::jsonb, 'true or false', 'a number'),
	('required', '"true"', 'true or false', 'a string'),
	('required', 'null', 'true or false', 'null'),
	('display_name', '1', 'a string', 'a number'),
	('description', 'true', 'a string', 'a boolean'),
	('placeholder', '[]', 'a string', 'an array'),
	('required_with', '"a"', 'an array of field names', 'a string'),
	('required_unless', '{}', 'an array of field names', 'an object'),
	('pattern', '1', 'a string', 'a number'),
	('format', 'false', 'a string', 'a boolean'),
	('allowed_values', '"a"', 'a non-empty array of distinct values of the field''s type', 'a string'))
	AS v (key, value, must, is_a);
SELECT is(pg_temp.verdict_of(keys), 'ok', 'right: ' || keys::text)
FROM unnest(ARRAY['{"required": true, "level": "team"}', '{"level": "org", "required": false}',
	'{"display_name": "", "description": "", "placeholder": ""}']::jsonb[]) AS keys;
SELECT is(pg_temp.verdict_of(jsonb_build_object('level', level)),
		  E'/fields/0/level\n"level" says who is expected to set the field: the organisation or a team.\nWrite "org" (the default) or "team".',
		  'no level of a field: ' || level::text)
FROM unnest(ARRAY['"unit"', '"Team"', '1', 'null']::jsonb[]) AS level;

--
-- required_with, required_unless
--

SELECT is(pg_temp.verdict('[{"name": "a"}, {"name": "b", "required_with": ["a", "usr"]}, {"name": "user"}]'),
		  E'/fields/1/required_with/1\nThere is no field "usr".\nPerhaps you meant "user". Write an array of names of other fields beside it.',
		  'a reference to no field');
SELECT is(pg_temp.verdict('[{"name": "a"}, {"name": "b", "required_unless": ["a", "b"]}]'),
		  E'/fields/1/required_unless/1\nA field can''t refer to itself.\nWrite an array of names of other fields beside it.',
		  'a reference to itself');
SELECT is(pg_temp.verdict('[{"name": "a"}, {"name": "b", "required_unless": ["a", 1]}]'),
		  E'/fields/1/required_unless/1\nEach element must be a field''s name, not a number.\nWrite a field''s name.',
		  'a reference that is no string');
SELECT is(pg_temp.verdict('[{"name": "a"}, {"name": "c"}, {"name": "b", "required_with": ["a", "c", "a"]}]'),
		  E'/fields/2/required_with/2\nThe element is the same as element 0.\nName each field once.',
		  'a reference twice');
SELECT is(pg_temp.verdict('[{"name": "b", "required_with": ["later"], "required_unless": []}, {"name": "later", "type": "array"}]'),
		  'ok', 'references may point forward, to a field of any type, and to none at all');

--
-- Keys that only some types have
--

SELECT is(pg_temp.verdict_of(jsonb_build_object('type', type, key, value)),
		  format(E'/fields/0/%s\nField "f" is of type "%s", which can''t have "%s".\n"%s" is for fields of type %s.',
				 key, type, key, key, types),
		  format('no "%s" on %s', key, type))
FROM (VALUES
	('default_value', '"x"'::jsonb, 'string, integer, number, boolean, array, object, json'),
	('allowed_values', '["x"]', 'string, secret, integer, number, boolean'),
	('pattern', '"x"', 'string, secret'),
	('format', '"uri"', 'string, secret'),
	('min', '1', 'integer, number'),
	('max', '1', 'integer, number'),
	('multiline', 'true', 'string, secret'),
	('min_length', '1', 'string, secret, array'),
	('max_length', '1', 'string, secret, array')) AS v (key, value, types),
	unnest(ARRAY['string', 'secret', 'integer', 'number', 'boolean', 'array', 'object']) AS type
WHERE NOT type = ANY (string_to_array(types, ', '));

--
-- allowed_values
--

SELECT is(pg_temp.verdict_of('{"allowed_values": []}'),
		  E'/fields/0/allowed_values\n"allowed_values" must not be empty.\nWrite a non-empty array of distinct values of the field''s type, or leave the key out.',
		  'no allowed value');
SELECT is(pg_temp.verdict_of(jsonb_build_object('type', type, 'allowed_values', value)),
		  format(E'/fields/0/allowed_values/%s\nAn allowed value of a field of type "%s" must be %s.\nWrite %s.',
				 at, type, must, substring(must FROM '^[^,]*')),
		  format('allowed values of the field''s type: %s, %s', type, value))
FROM (VALUES
	('string', '["a", 1]'::jsonb, 1, 'a string, not a number'),
	('string', '[null]', 0, 'a string, not null'),
	('secret', '[true]', 0, 'a string, not a boolean'),
	('integer', '[1, 2.5]', 1, 'an integer, not a number with a fraction'),
	('number', '["1"]', 0, 'a number, not a string'),
	('boolean', '[[]]', 0, 'a boolean, not an array')) AS v (type, value, at, must);
SELECT is(pg_temp.verdict_of(jsonb_build_object('type', type, 'allowed_values', value)),
		  format(E'/fields/0/allowed_values/%s\nThe value is the same as element %s.\nGive each value once.', at, earlier),
		  format('allowed values are distinct: %s', value))
FROM (VALUES
	('string', '["a", "b", "a", "b"]'::jsonb, 2, 0),
	('integer', '[3, 2, 1, 2.0]', 3, 1),
	('number', '[0.1, 1, 0.10]', 2, 0),
	('boolean', '[true, false, true]', 2, 0)) AS v (type, value, at, earlier);
SELECT is(pg_temp.verdict_of(keys), 'ok', 'right: ' || keys::text)
FROM unnest(ARRAY['{"allowed_values": ["a", "A", ""]}', '{"type": "integer", "allowed_values": [1, 2.0, 1e2]}',
	'{"type": "boolean", "allowed_values": [false]}', '{"type": "secret", "allowed_values": ["a"]}',
	'{"min_length": 3, "allowed_values": ["a"]}']::jsonb[]) AS keys;

--
-- pattern, format
--

SELECT is(pg_temp.verdict_of(jsonb_build_object('pattern', pattern)),
		  format(E'/fields/0/pattern\nThe pattern does not compile: %s.\nWrite a regular expression as PostgreSQL''s ~ operator reads it.', error),
		  'no pattern: ' || pattern)
FROM (VALUES ('^(', 'parentheses () not balanced'), ('[a', 'brackets [] not balanced'),
			 ('a{2,1}', 'invalid repetition count(s)'), ('*a', 'quantifier operand invalid'),
			 ('^[z-a]$', 'invalid character range'), ('\', 'invalid escape \ sequence'),
			 ('(a)\2', 'invalid backreference number'), ('^[[:nope:]]', 'invalid character class')) AS v (pattern, error);
SELECT is(pg_temp.verdict_of(jsonb_build_object('pattern', pattern)), 'ok', 'a pattern: ' || pattern)
FROM unnest(ARRAY['', '^', '^a', '(?i)^A$', '***=a.b', '^(?:a|b)(?=c)', '\mword\M', '(a)\1']) AS pattern;
SELECT is(pg_temp.verdict_of(jsonb_build_object('format', format)), 'ok', 'a format: ' || format)
FROM unnest(ARRAY['uri', 'hostname', 'email', 'uuid', 'date', 'date-time', 'http-url', 'host']) AS format;
SELECT is(pg_temp.verdict_of('{"format": "datetime"}'),
		  E'/fields/0/format\nThere is no format "datetime".\nPerhaps you meant "date-time". Formats are uri, http-url, hostname, host, host-port, ipv4, ipv6, cidr, email, uuid, date, time, date-time and duration; for others write a pattern.',
		  'a misspelt format');
SELECT is(pg_temp.verdict_of('{"format": "semver"}'),
		  E'/fields/0/format\nThere is no format "semver".\nFormats are uri, http-url, hostname, host, host-port, ipv4, ipv6, cidr, email, uuid, date, time, date-time and duration; for others write a pattern.',
		  'an unknown format');

SELECT is(pg_temp.verdict_of(keys), 'ok', 'right: ' || keys::text)
FROM unnest(ARRAY['{"multiline": true}', '{"type": "secret", "multiline": false}',
	'{"type": "string", "multiline": true, "default_value": "a\nb"}']::jsonb[]) AS keys;
SELECT is(pg_temp.verdict_of('{"multiline": 1}'), E'/fields/0/multiline\n"multiline" must be true or false, not a number.\nWrite true or false.',
		  'multiline is a boolean');

--
-- Limits
--

SELECT is(pg_temp.verdict_of(jsonb_build_object('type', 'number', key, '1'::text)),
		  format(E'/fields/0/%s\n"%s" must be a number, not a string.\nWrite a number.', key, key), key || ' is a number')
FROM unnest(ARRAY['min', 'max']) AS key;
SELECT is(pg_temp.verdict_of('{"type": "integer", "min": 2, "max": 1.5}'),
		  E'/fields/0/max\n"max" is less than "min": no value would be allowed.\nWrite a "max" that is not below "min".',
		  'min is not above max');
SELECT is(pg_temp.verdict_of('{"type": "array", "min_length": 2, "max_length": 1}'),
		  E'/fields/0/max_length\n"max_length" is less than "min_length": no value would be allowed.\nWrite a "max_length" that is not below "min_length".',
		  'min_length is not above max_length');
SELECT is(pg_temp.verdict_of(jsonb_build_object(key, value)),
		  format(E'/fields/0/%s\n"%s" is not an integer in that range.\nWrite an integer from 0 to 2147483647.', key, key),
		  format('no %s: %s', key, value))
FROM unnest(ARRAY['min_length', 'max_length']) AS key,
	 unnest(ARRAY['-1', '1.5', '2147483648', '1e30']::jsonb[]) AS value;
SELECT is(pg_temp.verdict_of('{"min_length": "1"}'),
		  E'/fields/0/min_length\n"min_length" must be an integer, not a string.\nWrite an integer from 0 to 2147483647.',
		  'min_length is an integer');
SELECT is(pg_temp.verdict_of(keys), 'ok', 'right: ' || keys::text)
FROM unnest(ARRAY['{"type": "integer", "min": -0.5, "max": 1e400}', '{"type": "number", "min": 1, "max": 1.0}',
	'{"min_length": 0, "max_length": 2147483647}', '{"type": "array", "min_length": 1.0, "max_length": 1}']::jsonb[]) AS keys;

--
-- default_value passes the field's own rules
--

SELECT is(pg_temp.verdict_of(keys),
		  E'/fields/0/default_value\nThe default value ' || detail || E'.\nWrite a default that passes the field''s own rules, or leave it out.',
		  'no default: ' || keys::text)
FROM (VALUES
	('{"default_value": 1}'::jsonb, 'must be a string, not a number'),
	('{"default_value": null}', 'must be a string, not null'),
	('{"type": "integer", "default_value": 1.5}', 'must be an integer, not a number with a fraction'),
	('{"type": "integer", "min": 2, "default_value": 1}', 'must be at least 2'),
	('{"type": "number", "max": 0.5, "default_value": 1}', 'must be at most 0.5'),
	('{"allowed_values": ["a", "b"], "default_value": "c"}', 'must be one of "a", "b"'),
	('{"pattern": "^a", "default_value": "b"}', 'must match the regular expression "^a"'),
	('{"format": "date", "default_value": "2023-02-29"}', 'must be of the format "date"'),
	('{"max_length": 1, "default_value": "ab"}', 'must have at most 1 character'),
	('{"type": "array", "min_length": 2, "default_value": [1]}', 'must have at least 2 items'),
	('{"pattern": "^a", "format": "date", "min_length": 5, "default_value": "b"}',
	 'must match the regular expression "^a", and must be of the format "date", and must have at least 5 characters'))
	AS v (keys, detail);
SELECT is(pg_temp.verdict_of(keys), 'ok', 'a default: ' || keys::text)
FROM unnest(ARRAY['{"default_value": ""}', '{"type": "boolean", "default_value": false}', '{"type": "object", "default_value": {}}',
	'{"type": "array", "default_value": []}', '{"type": "integer", "default_value": 1e2, "max": 100}',
	'{"pattern": "^[a-z]+$", "default_value": "ab", "max_length": 2}']::jsonb[]) AS keys;

--
-- By every way in
--

SELECT throws_ok(
	$$UPDATE integration_schemas SET fields = '[{"name": "f", "type": "text"}]' WHERE id = 'slack'$$,
	'23514', 'invalid field definition at /fields/0/type of integration "slack"', 'an UPDATE');
SELECT throws_ok(
	$$INSERT INTO integration_schemas (id, name, category, description) VALUES ('slack', 'x', 'x', '')
	ON CONFLICT (id) DO UPDATE SET fields = '[{}]'$$,
	'23514', 'invalid field definition at /fields/0 of integration "slack"', 'an ON CONFLICT DO UPDATE');
SELECT throws_ok(
	$$INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('acme', 'x', 'x', '', NULL)$$,
	'23502', NULL, 'a null is NOT NULL''s');
SELECT is((SELECT count(*) FROM integration_schemas WHERE id = 'acme'), 0::bigint, 'nothing got in');
SELECT lives_ok($$UPDATE integration_schemas SET fields = fields$$, 'the built-in rows are right');

-- Not quadratic, and no trouble with size.
SELECT is(pg_temp.verdict((SELECT jsonb_agg(jsonb_build_object('name', 'field_' || i, 'required_with',
			CASE WHEN i > 1 THEN jsonb_build_array('field_' || i - 1) ELSE '[]' END))
		FROM generate_series(1, 20000) AS i)), 'ok', '20,000 fields');
SELECT is(pg_temp.verdict_of(jsonb_build_object('type', 'integer', 'allowed_values', (SELECT jsonb_agg(i) FROM generate_series(1, 100000) AS i))),
		  'ok', '100,000 allowed values');
SELECT is(pg_temp.verdict_of(jsonb_build_object('pattern', repeat('a', 4096))), 'ok', 'a pattern of 4096 bytes');
SELECT isnt(pg_temp.verdict_of(jsonb_build_object('pattern', repeat('a', 4097))), 'ok', 'but none longer');
SELECT throws_ok(format('INSERT INTO integration_schemas (id, name, category, description, fields) SELECT %L, %L, %L, %L, %s', 'acme', 'x', 'x', '', fields),
                 '54000', NULL, 'a limit: ' || name)
FROM (VALUES
	('50,000 fields', $$(SELECT jsonb_agg(jsonb_build_object('name', 'f' || i)) FROM generate_series(1, 50001) AS i)$$),
	('100,000 allowed values', $$jsonb_build_array(jsonb_build_object('name', 'f', 'allowed_values', (SELECT jsonb_agg(true) FROM generate_series(1, 100001) AS i)))$$),
	('16 MB', $$jsonb_build_array(jsonb_build_object('name', 'f', 'description', repeat('x', 17000000)))$$)) AS v (name, fields);

SELECT * FROM finish();
ROLLBACK;
