-- Definitions of what is in a field's value are checked as those of fields are,
-- at every depth: fields, variants, values and keys, items, applies_when, merge,
-- and what these say together.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- What INSERT says to these definitions: "path: detail", or "ok".
CREATE FUNCTION pg_temp.verdict(fields jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text;
BEGIN
	INSERT INTO integration_schemas (id, name, category, description, fields)
	VALUES ('acme', 'Acme', 'test', '', verdict.fields);
	DELETE FROM integration_schemas WHERE id = 'acme';
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL;
	IF state <> '23514' THEN
		RETURN state || ': ' || message;
	END IF;
	RETURN substring(message FROM 'at (.*) of integration') || ': ' || detail;
END $$;

-- The same for one definition, given by its keys beside the name "f".
CREATE FUNCTION pg_temp.verdict_of(keys jsonb) RETURNS text
LANGUAGE sql AS $$ SELECT pg_temp.verdict(jsonb_build_array('{"name": "f"}'::jsonb || keys)) $$;

--
-- What is right
--

SELECT is(pg_temp.verdict_of(keys), 'ok', what)
FROM (VALUES
	('{"type": "object", "fields": []}'::jsonb, 'an object without fields'),
	('{"type": "object", "fields": [{"name": "f"}]}', 'a name of the outer object is free inside'),
	('{"type": "object", "fields": [{"name": "a", "type": "secret", "required": true}]}', 'a secret in an object'),
	('{"type": "object", "variants": {"by": "kind", "choices": [{"value": "x"}]}}', 'a choice without fields'),
	('{"type": "object", "variants": {"by": "kind", "x-note": 1, "choices": [
		{"value": "x", "display_name": "X", "description": "the x", "x-own": 1, "fields": [{"name": "a"}]},
		{"value": "y", "fields": [{"name": "a", "type": "secret"}]}]}}', 'two choices that define one name differently'),
	('{"type": "object", "fields": [{"name": "c", "required_with": ["kind"], "applies_when": {"kind": ["x"]}}],
	   "variants": {"by": "kind", "choices": [{"value": "x", "fields": [{"name": "d", "applies_when": {"c": ["q"], "kind": ["x"]}}]}]}}',
	 'a common field names the one that tells choices apart, a choice''s both'),
	('{"type": "object", "values": {"type": "secret"}, "keys": "^X-"}', 'a map of secrets'),
	('{"type": "object", "values": {"type": "array", "items": {"type": "object", "fields": [{"name": "a"}]}}}', 'a map of arrays of objects'),
	('{"type": "array", "items": {}}', 'items of the default type'),
	('{"type": "array", "items": {"type": "integer", "min": 1, "exclusive_max": 9}, "unique_items": true, "merge": "union"}', 'a set of numbers'),
	('{"type": "array", "items": {"type": "secret"}, "merge": "append"}', 'an array of secrets is put together without comparing them'),
	('{"type": "array", "merge": "union"}', 'elements that nothing is said of'),
	('{"type": "object", "merge": "replace", "public": true}', 'an object that is replaced and shown'),
	('{"type": "json", "public": true, "default_value": [1, null]}', 'any value'),
	('{"type": "number", "multiple_of": 0.5, "exclusive_min": 0}', 'a multiple'),
	('{"deprecated": true}', 'deprecated'),
	('{"deprecated": "use g"}', 'deprecated, with what to use'),
	('{"examples": ["a", "b"]}', 'examples'),
	('{"type": "object", "default_value": {"a": 1}, "fields": [{"name": "a", "type": "integer"}, {"name": "s", "type": "secret"}]}', 'a default that leaves the secret out'),
	('{"type": "object", "default_value": {"x": "1"}, "values": {}, "keys": "^x"}', 'a map''s default')
) AS v (keys, what);
SELECT is(pg_temp.verdict('[{"name": "a.b-c"}, {"name": "a"}, {"name": "_-.x"}]'), 'ok', 'names have dots and hyphens inside');
SELECT is(pg_temp.verdict_of(jsonb_build_object('format', format)), 'ok', 'format ' || format)
FROM unnest(ARRAY['uri', 'http-url', 'hostname', 'host', 'host-port', 'ipv4', 'ipv6', 'cidr', 'email', 'uuid', 'date', 'time',
				  'date-time', 'duration']) AS format;
SELECT is(pg_temp.verdict(('[{"name": "on", "type": "boolean"}, {"name": "n", "type": "integer"},
	{"name": "f", "applies_when": {"on": [true], "n": [1, 2]}}]')::jsonb), 'ok', 'it applies with a boolean and a number');

--
-- What is not
--

SELECT is(pg_temp.verdict_of(keys), expected, expected)
FROM (VALUES
	('{"fields": []}'::jsonb, '/fields/0/fields: Field "f" is of type "string", which can''t have "fields".'),
	('{"type": "array", "values": {}}', '/fields/0/values: Field "f" is of type "array", which can''t have "values".'),
	('{"type": "object", "items": {}}', '/fields/0/items: Field "f" is of type "object", which can''t have "items".'),
	('{"type": "secret", "examples": ["x"]}', '/fields/0/examples: Field "f" is of type "secret", which can''t have "examples".'),
	('{"type": "string", "public": true}', '/fields/0/public: Field "f" is of type "string", which can''t have "public".'),
	('{"merge": "replace"}', '/fields/0/merge: Field "f" is of type "string", which can''t have "merge".'),
	('{"type": "object", "fields": {}}', '/fields/0/fields: "fields" must be an array of field definitions, not an object.'),
	('{"type": "object", "fields": [1]}', '/fields/0/fields/0: A field definition must be an object, not a number.'),
	('{"type": "object", "fields": [{"type": "string"}]}', '/fields/0/fields/0: The definition has no "name".'),
	('{"type": "object", "fields": [{"name": "a"}, {"name": "a"}]}', '/fields/0/fields/1/name: Field "a" is defined at /fields/0/fields/0 already.'),
	('{"type": "object", "fields": [{"name": "a", "patern": "x"}]}', '/fields/0/fields/0/patern: A field definition has no key "patern".'),
	('{"type": "object", "fields": [{"name": "a", "required_with": ["f"]}]}', '/fields/0/fields/0/required_with/0: There is no field "f".'),
	('{"type": "object", "fields": [{"name": "a", "type": "array", "items": {"pattern": "("}}]}',
	 '/fields/0/fields/0/items/pattern: The pattern does not compile: parentheses () not balanced.'),
	('{"type": "object", "fields": [], "values": {}}', '/fields/0/fields: An object can''t have both "fields" and "values".'),
	('{"type": "object", "keys": "x"}', '/fields/0/keys: "keys" is the pattern of the keys that "values" is for.'),
	('{"type": "object", "values": {"required": true}}', '/fields/0/values/required: The definition of a map''s values can''t have "required".'),
	('{"type": "array", "items": {"name": "x"}}', '/fields/0/items/name: The definition of an array''s elements can''t have "name".'),
	('{"type": "array", "items": {"default_value": "x"}}', '/fields/0/items/default_value: The definition of an array''s elements can''t have "default_value".'),
	('{"type": "array", "items": []}', '/fields/0/items: A field definition must be an object, not an array.'),
	('{"type": "array", "items": {"type": "secret"}, "unique_items": true}', '/fields/0/unique_items: The elements hold secrets, which can''t be compared with each other.'),
	('{"type": "array", "merge": "union", "items": {"type": "object", "variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "s", "type": "secret"}]}]}}}',
	 '/fields/0/merge: The elements hold secrets, which can''t be compared with each other.'),
	('{"type": "array", "merge": "deep"}', '/fields/0/merge: "merge" says how an inner layer''s value meets an outer one''s.'),
	('{"type": "object", "merge": "append"}', '/fields/0/merge: "merge" says how an inner layer''s value meets an outer one''s.'),
	('{"type": "object", "variants": []}', '/fields/0/variants: "variants" must be an object with "by" and "choices", not an array.'),
	('{"type": "object", "variants": {"choices": [{"value": "x"}]}}', '/fields/0/variants/by: "by" must be the name of the field that tells the choices apart.'),
	('{"type": "object", "variants": {"by": "k"}}', '/fields/0/variants/choices: "variants" needs "choices", an array that is not empty.'),
	('{"type": "object", "variants": {"by": "k", "choices": []}}', '/fields/0/variants/choices: "variants" needs "choices", an array that is not empty.'),
	('{"type": "object", "variants": {"by": "k", "choice": 1, "choices": [{"value": "x"}]}}', '/fields/0/variants/choice: "variants" has no key "choice".'),
	('{"type": "object", "variants": {"by": "k", "choices": [{"value": ""}]}}', '/fields/0/variants/choices/0: A choice needs a "value", a string that is not empty.'),
	('{"type": "object", "variants": {"by": "k", "choices": [{"value": "x", "name": "X"}]}}', '/fields/0/variants/choices/0/name: A choice has no key "name".'),
	('{"type": "object", "variants": {"by": "k", "choices": [{"value": "x"}, {"value": "x"}]}}', '/fields/0/variants/choices/1: The value is the same as choice 0''s.'),
	('{"type": "object", "fields": [{"name": "k"}], "variants": {"by": "k", "choices": [{"value": "x"}]}}', '/fields/0/fields/0/name: Field "k" tells the choices of "variants" apart.'),
	('{"type": "object", "fields": [{"name": "a"}], "variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "a"}]}]}}',
	 '/fields/0/variants/choices/0/fields/0/name: The object has a field "a" in each of its choices already.'),
	('{"type": "object", "variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "a", "applies_when": {"k": ["y"]}}]}]}}',
	 '/fields/0/variants/choices/0/fields/0/applies_when/k/0: Field "k" can''t have that value.'),
	('{"applies_when": {"f": ["x"]}}', '/fields/0/applies_when/f: A field can''t refer to itself.'),
	('{"applies_when": {"g": ["x"]}}', '/fields/0/applies_when/g: There is no field "g".'),
	('{"applies_when": {}}', '/fields/0/applies_when: "applies_when" must not be empty.'),
	('{"applies_when": ["g"]}', '/fields/0/applies_when: "applies_when" must be an object of other fields'' names, each with an array of values, not an array.'),
	('{"type": "number", "multiple_of": 0}', '/fields/0/multiple_of: "multiple_of" must be greater than 0.'),
	('{"deprecated": 1}', '/fields/0/deprecated: "deprecated" must be true or what to use instead, not a number.'),
	('{"type": "integer", "examples": [1, "x"]}', '/fields/0/examples/1: An example of a field of type "integer" must be an integer, not a string.'),
	('{"examples": []}', '/fields/0/examples: "examples" must not be empty.'),
	('{"type": "object", "default_value": {"a": "x"}, "fields": [{"name": "a", "type": "integer"}]}', '/fields/0/default_value: The default value at /a must be an integer, not a string.'),
	('{"type": "object", "default_value": {"b": 1}, "fields": [{"name": "a"}]}', '/fields/0/default_value: The default value at /b has no definition.'),
	('{"type": "object", "default_value": {"a": "x"}, "fields": [{"name": "a", "type": "secret"}]}', '/fields/0/default_value: The default value at /a is a secret''s, which has none.'),
	('{"type": "object", "default_value": {"y": "1"}, "values": {}, "keys": "^x"}', '/fields/0/default_value: The default value at /y has a key that does not match "keys".'),
	('{"type": "array", "default_value": [{"n": 1}, {"n": "x"}], "items": {"type": "object", "fields": [{"name": "n", "type": "integer"}]}}',
	 '/fields/0/default_value: The default value at /1/n must be an integer, not a string.')
) AS v (keys, expected);

SELECT is(pg_temp.verdict(fields), expected, expected)
FROM (VALUES
	('[{"name": "s", "type": "secret"}, {"name": "f", "applies_when": {"s": ["x"]}}]'::jsonb,
	 '/fields/1/applies_when/s: Field "s" is of type "secret", whose values can''t be a condition.'),
	('[{"name": "o", "type": "json"}, {"name": "f", "applies_when": {"o": [1]}}]',
	 '/fields/1/applies_when/o: Field "o" is of type "json", whose values can''t be a condition.'),
	('[{"name": "n", "type": "integer"}, {"name": "f", "applies_when": {"n": [1, "1"]}}]', '/fields/1/applies_when/n/1: Field "n" can''t have that value.'),
	('[{"name": "m", "allowed_values": ["a"]}, {"name": "f", "applies_when": {"m": ["b"]}}]', '/fields/1/applies_when/m/0: Field "m" can''t have that value.'),
	('[{"name": "a", "applies_when": {"b": ["x"]}}, {"name": "b", "applies_when": {"c": ["x"]}}, {"name": "c", "applies_when": {"b": ["x"]}}]',
	 '/fields/0/applies_when: The condition depends on the field itself.')
) AS v (fields, expected);

--
-- Depth
--

CREATE FUNCTION pg_temp.deep(levels int) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT (repeat('[{"name": "x", "type": "object", "fields": ', levels - 1) || '[{"name": "x"}]' || repeat('}]', levels - 1))::jsonb
$$;
SELECT is(pg_temp.verdict(pg_temp.deep(16)), 'ok', 'definitions nest 16 deep');
SELECT is(pg_temp.verdict(pg_temp.deep(17)), '/fields/0' || repeat('/fields/0', 16) || ': Definitions nest at most 16 deep.', 'and no deeper');

-- Rows that came past the check are read as far as they can be understood.
ALTER TABLE integration_schemas DROP CONSTRAINT integration_schemas_triggers_check;
ALTER TABLE integration_schemas DISABLE TRIGGER ALL;
INSERT INTO integration_schemas (id, name, category, description, origin, fields) VALUES
('odd', 'Odd', 'test', '', 'added', '[{"name": "o", "type": "object", "fields": [1, {"name": 2}, {"name": "a"}, {"name": "a", "type": "secret"}],
	"variants": {"by": "k", "choices": [1, {"value": 1}, {"value": "x", "fields": {}}, {"value": "x", "fields": [{"name": "b"}]}]}},
	{"name": "p", "type": "object", "variants": {"by": 1}}, {"name": "q", "type": "object", "values": 3, "keys": 4},
	{"name": "r", "type": "array", "items": []}, {"name": "c", "applies_when": {"d": ["x"]}}, {"name": "d", "applies_when": {"c": ["x"], "z": 1}}]'),
('deep', 'Deep', 'test', '', 'added', pg_temp.deep(100));
ALTER TABLE integration_schemas ENABLE TRIGGER ALL;
SELECT is(integration_schema_resolve('odd', '{"integrations": {"odd": {"config": {"o": {"k": "x", "a": "1"}, "p": {"y": 1}, "q": {"y": 1}, "r": [1]}}}}') -> 'config',
		  '{"o": {"k": "x", "a": "1"}, "p": {"y": 1}, "q": {"y": 1}, "r": [1]}', 'what is malformed takes nothing else along');
SELECT is(integration_schema_resolve('deep', '{"integrations": {"deep": {"config": {"x": {"x": 1}}}}}') -> 'config', '{"x": {"x": 1}}',
		  'what is too deep is read');
SELECT ok(integration_schema_get('deep') -> 'fields' IS NOT NULL AND integration_schema_get('odd') -> 'fields' IS NOT NULL, 'and shown');
SELECT isnt_empty($$SELECT * FROM integration_schema_explain() WHERE integration IN ('odd', 'deep')$$, 'and explained');

-- In what is shown every definition is complete, at every depth.
SELECT pg_temp.verdict('[]') \g /dev/null
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('shown', 'Shown', 'test', '', '[{"name": "o", "type": "object", "level": "team", "fields": [{"name": "a"}],
	"variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "b", "level": "org"}]}]}},
	{"name": "m", "type": "object", "values": {"type": "array", "items": {}}}]');
SELECT is(integration_schema_get('shown') -> 'fields',
	'[{"name": "o", "type": "object", "level": "team", "required": false,
		"fields": [{"name": "a", "type": "string", "level": "team", "required": false}],
		"variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "b", "type": "string", "level": "org", "required": false}]}]}},
	  {"name": "m", "type": "object", "level": "org", "required": false, "values": {"type": "array", "items": {"type": "string"}}}]',
	'type, required and level are there, given or not');

SELECT * FROM finish();
ROLLBACK;
