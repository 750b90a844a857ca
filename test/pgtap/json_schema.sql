-- integration_schema_json_schema and integration_schema_from_json_schema. That
-- the schemas mean what our validation does is test/t/020_json_schema_agrees.pl.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- put(fields): the integration "mine", with these fields; its schema
CREATE FUNCTION pg_temp.put(fields jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO integration_schemas (id, name, category, description, fields)
	VALUES ('mine', 'Mine', 'test', 'Of our own.', put.fields)
	ON CONFLICT (id) DO UPDATE SET fields = excluded.fields;
	RETURN integration_schema_json_schema('mine');
END $$;

-- property(field): the schema of one field, "a"
CREATE FUNCTION pg_temp.property(field jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT pg_temp.put(jsonb_build_array('{"name": "a"}' || field)) #> '{properties, a}';
$$;

-- imported(schema): the fields of a schema
CREATE FUNCTION pg_temp.imported(schema jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT fields FROM integration_schema_from_json_schema('mine', 'Mine', 'test', schema);
$$;

-- field(schema): the definition of one property, "a", less its name
CREATE FUNCTION pg_temp.field(property jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT pg_temp.imported(jsonb_build_object('properties', jsonb_build_object('a', property))) #- '{0, name}' -> 0;
$$;

-- refused(schema): where the import finds what it refuses
CREATE FUNCTION pg_temp.refused(schema jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	places text := (SELECT string_agg(path, ' ' ORDER BY path) FROM integration_schema_import_problems(schema));
BEGIN
	PERFORM pg_temp.imported(schema);
	RETURN coalesce(places, 'imported');
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	IF (SELECT count(*) FROM regexp_split_to_table(detail, E'\n')) <> (SELECT count(*) FROM integration_schema_import_problems(schema)) THEN
		RETURN 'told otherwise: ' || detail;
	END IF;
	RETURN places;
END $$;

CREATE FUNCTION pg_temp.refused_property(property jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.refused(jsonb_build_object('properties', jsonb_build_object('a', property)));
$$;

--
-- Export
--
SELECT is(pg_temp.put('[{"name": "token", "type": "secret", "required": true, "display_name": "Token",
                         "description": "From the console.", "placeholder": "t-…", "pattern": "^t-", "x-help": {"url": "/t"}},
                        {"name": "region", "required": true, "default_value": "eu", "allowed_values": ["eu", "us"]},
                        {"name": "port", "type": "integer", "min": 1, "max": 65535, "level": "team"}]'),
          '{"$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Mine", "description": "Of our own.", "type": "object",
            "properties": {
              "token": {"type": "string", "writeOnly": true, "title": "Token", "description": "From the console.",
                        "examples": ["t-…"], "pattern": "^t-", "minLength": 1},
              "region": {"type": ["string", "null"], "default": "eu", "enum": ["eu", "us", null]},
              "port": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535}},
            "required": ["token"], "additionalProperties": false}',
          'export: a whole schema');
SELECT is(pg_temp.put('[]'),
          '{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Mine", "description": "Of our own.",
            "type": "object", "properties": {}, "required": [], "additionalProperties": false}',
          'export: an integration without fields');

SELECT is(pg_temp.property(field), schema, 'export: ' || field::text)
  FROM (VALUES
	('{}'::jsonb, '{"type": ["string", "null"]}'::jsonb),
	('{"type": "string"}', '{"type": ["string", "null"]}'),
	('{"type": "secret"}', '{"type": ["string", "null"], "writeOnly": true}'),
	('{"type": "integer"}', '{"type": ["integer", "null"]}'),
	('{"type": "number"}', '{"type": ["number", "null"]}'),
	('{"type": "boolean"}', '{"type": ["boolean", "null"]}'),
	('{"type": "array"}', '{"type": ["array", "null"]}'),
	('{"type": "object"}', '{"type": ["object", "null"]}'),
	('{"required": true}', '{"type": "string", "minLength": 1}'),
	('{"required": true, "min_length": 3, "max_length": 9}', '{"type": "string", "minLength": 3, "maxLength": 9}'),
	('{"required": true, "type": "integer"}', '{"type": "integer"}'),
	('{"required": true, "type": "array", "min_length": 0}', '{"type": "array", "minItems": 0}'),
	('{"type": "array", "min_length": 1, "max_length": 2}', '{"type": ["array", "null"], "minItems": 1, "maxItems": 2}'),
	('{"required": true, "default_value": ""}', '{"type": "string", "minLength": 1, "default": ""}'),
	('{"required": true, "allowed_values": ["b", "a"]}', '{"type": "string", "minLength": 1, "enum": ["b", "a"]}'),
	('{"type": "number", "min": 0.50, "max": 1e3}', '{"type": ["number", "null"], "minimum": 0.50, "maximum": 1000}'),
	('{"format": "uuid"}', '{"type": ["string", "null"], "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"}'),
	('{"format": "uuid", "pattern": "^0"}', '{"type": ["string", "null"], "allOf": [{"pattern": "^0"}, {"pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"}]}'),
	('{"type": "object", "default_value": {"k": [null]}}', '{"type": ["object", "null"], "default": {"k": [null]}}'),
	('{"x-order": 7, "x-": null, "multiline": true}', '{"type": ["string", "null"]}'),
	('{"type": "json"}', '{}'),
	('{"type": "json", "required": true}', '{"not": {"enum": [null, ""]}}'),
	('{"type": "number", "exclusive_min": 0, "exclusive_max": 9, "multiple_of": 3}',
	 '{"type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 9, "multipleOf": 3}'),
	('{"deprecated": "use b", "examples": ["x"]}', '{"type": ["string", "null"], "deprecated": true, "examples": ["x"]}'),
	('{"type": "array", "unique_items": true, "items": {"type": "integer", "min": 1}}',
	 '{"type": ["array", "null"], "uniqueItems": true, "items": {"type": "integer", "minimum": 1}}'),
	('{"type": "object", "values": {"type": "secret"}, "keys": "^X-"}',
	 '{"type": ["object", "null"], "propertyNames": {"pattern": "^X-"}, "additionalProperties": {"type": ["string", "null"], "writeOnly": true}}'),
	('{"type": "object", "required": true, "fields": [{"name": "b", "required": true}, {"name": "c"}]}',
	 '{"type": "object", "required": ["b"], "additionalProperties": false,
	   "properties": {"b": {"type": "string", "minLength": 1}, "c": {"type": ["string", "null"]}}}'),
	('{"type": "object", "required": true, "fields": [{"name": "b", "required": true, "default_value": "x"}]}',
	 '{"type": ["object", "null"], "required": [], "additionalProperties": false, "properties": {"b": {"type": ["string", "null"], "default": "x"}}}'),
	('{"type": "object", "fields": [{"name": "c"}], "variants": {"by": "k", "choices": [{"value": "x", "fields": [{"name": "s", "type": "secret", "required": true}]}, {"value": "y"}]}}',
	 '{"type": ["object", "null"], "required": ["k"], "unevaluatedProperties": false,
	   "properties": {"k": {"type": "string", "minLength": 1, "enum": ["x", "y"]}, "c": {"type": ["string", "null"]}},
	   "allOf": [{"if": {"properties": {"k": {"const": "x"}}, "required": ["k"]},
				  "then": {"properties": {"s": {"type": "string", "minLength": 1, "writeOnly": true}}, "required": ["s"]}},
				 {"if": {"properties": {"k": {"const": "y"}}, "required": ["k"]}, "then": {"properties": {}}}]}')
  ) AS v (field, schema);

-- has(field): how a schema says that a field has a value
CREATE FUNCTION pg_temp.has(field text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT format('{"required": [%1$s], "properties": {%1$s: {"not": {"enum": [null, ""]}}}}', to_json(field))::jsonb;
$$;
SELECT is(pg_temp.put('[{"name": "a"}, {"name": "b"}, {"name": "c", "required_with": ["a"]},
                        {"name": "d", "required_unless": ["a", "b"]}]') -> 'allOf',
          jsonb_build_array(
              jsonb_build_object('if', pg_temp.has('a'), 'then', pg_temp.has('c')),
              jsonb_build_object('if', jsonb_build_object('not', jsonb_build_object('anyOf', jsonb_build_array(pg_temp.has('a'), pg_temp.has('b')))),
                                 'then', pg_temp.has('d'))),
          'export: required_with and required_unless as conditions');
SELECT is(pg_temp.put('[{"name": "a", "default_value": "x"}, {"name": "b", "required_with": ["a"]}]') -> 'required', '["b"]',
          'export: required with a field that has a default is required');
SELECT is(pg_temp.put('[{"name": "a", "default_value": "x"}, {"name": "b", "required_unless": ["a"]}]') - 'properties' -> 'required',
          '[]', 'export: required unless a field that has a default is not required');
SELECT is(pg_temp.put('[{"name": "a"}, {"name": "b", "default_value": "x", "required_with": ["a"]}]') -> 'allOf', NULL,
          'export: a field with a default needs no condition');
SELECT is(pg_temp.put('[{"name": "a"}, {"name": "b", "default_value": "", "required_with": ["a"]}]') -> 'allOf' IS NOT NULL, true,
          'export: the empty string is no default that counts');
SELECT is(pg_temp.put('[{"name": "m"}, {"name": "n", "type": "integer", "default_value": 1}, {"name": "a", "required": true, "applies_when": {"m": ["x"], "n": [1, 2]}}]') -> 'allOf',
          jsonb_build_array(jsonb_build_object('if', '{"allOf": [{"required": ["m"], "properties": {"m": {"enum": ["x"]}}}, {"properties": {"n": {"enum": [1, 2, null]}}}]}'::jsonb,
                                               'then', pg_temp.has('a'))), 'export: what is required where it applies, defaults included');
SELECT is(integration_schema_json_schema('mine', 'team') - 'properties' -> 'required', '[]', 'export: of one layer nothing is required');
SELECT is(integration_schema_json_schema('mine', 'team') ? 'allOf', false, 'export: at no time');
SELECT pg_temp.put('[{"name": "a", "format": "date"}, {"name": "b", "format": "host"}, {"name": "c", "format": "http-url"}]') \g /dev/null
SELECT is(integration_schema_json_schema('mine', formats => true) -> 'properties', '{"a": {"type": ["string", "null"], "format": "date"},
            "b": {"type": ["string", "null"]}, "c": {"type": ["string", "null"], "format": "uri"}}', 'export: formats where they are asked for');
SELECT throws_ok('SELECT integration_schema_json_schema(''mine'', ''squad'')', '22023', 'there is no level "squad"', 'export: a level that there is not');

SELECT is(pg_temp.property(jsonb_build_object('pattern', postgres)) ->> 'pattern', ecma, 'pattern to ECMA-262: ' || postgres)
  FROM (VALUES
	('^[a-z][^/]+(x|y)?\d{2,3}$', '^[a-z][^/]+(x|y)?\d{2,3}$'),
	('', ''),
	('\mword\M', '\b(?=\w)word\b(?!\w)'),
	('[[:<:]]word[[:>:]]', '\b(?=\w)word\b(?!\w)'),
	('\Aa\yb\Yc\Z', '^a\bb\Bc$'),
	('[[:digit:][:upper:]_]', '[0-9A-Z_]'),
	('[]a-][^]]', '[\]a-][^\]]'),
	('[[a]', '[\[a]'),
	('a{,3}}]', 'a\{,3\}\}\]'),
	('\a\b\e\B\x0041\cA', '\x07\x08\x1b\\\u0041\x01'),
	('\-\@\.[\-\@]', '-@\.[\-@]'),
	('***:a(?#note)b', 'ab'),
	('é+', 'é+')
  ) AS v (postgres, ecma);
SELECT is(pg_temp.property(jsonb_build_object('pattern', pattern)) -> 'pattern', NULL, 'pattern left out: ' || pattern)
  FROM unnest(ARRAY['(?i)abc', '***=a.c', '(a)\1', '[[.a.]]', '[[=a=]]', '\U0001F600']) AS pattern;
SELECT is(integration_schema_json_schema(NULL), NULL, 'export: NULL gives NULL');
PREPARE misspelt AS SELECT integration_schema_json_schema('slak');
SELECT throws_ok('misspelt', '42704', 'integration "slak" does not exist', 'export: an unknown id');
SELECT is((SELECT string_agg(proparallel::text || provolatile::text || proisstrict, ' ') FROM pg_proc
           WHERE proname IN ('integration_schema_json_schema', 'integration_schema_form', 'integration_schema_from_json_schema', 'integration_schema_import_problems')),
          'sstrue sstrue sstrue sstrue sstrue sstrue', 'all are stable, strict and safe in a parallel worker');

--
-- Import
--
SELECT is(pg_temp.field(schema), field, 'import: ' || schema::text)
  FROM (VALUES
	('{"type": "string"}'::jsonb, '{"type": "string"}'::jsonb),
	('{"type": ["null", "integer"]}', '{"type": "integer"}'),
	('{"type": "string", "writeOnly": true}', '{"type": "secret"}'),
	('{"type": "string", "airbyte_secret": true, "order": 3}', '{"type": "secret"}'),
	('{"type": "string", "format": "password", "minLength": 8}', '{"type": "secret", "min_length": 8}'),
	('{"type": "string", "writeOnly": false, "format": "uri"}', '{"type": "string", "format": "uri"}'),
	('{"type": "string", "title": "T", "description": "D", "examples": ["e", "f"]}',
	 '{"type": "string", "display_name": "T", "description": "D", "examples": ["e", "f"]}'),
	('{"type": "integer", "minimum": 0, "maximum": 9, "default": 5, "examples": ["50"]}', '{"type": "integer", "min": 0, "max": 9, "default_value": 5}'),
	('{"type": "integer", "nullable": true, "example": 50}', '{"type": "integer", "examples": [50]}'),
	('{"type": "array", "minItems": 1, "maxItems": 3, "items": {}, "uniqueItems": false}',
	 '{"type": "array", "min_length": 1, "max_length": 3}'),
	('{"enum": ["a", null, "b", "a"]}', '{"type": "string", "allowed_values": ["a", "b"]}'),
	('{"enum": [1, 2, 1.0]}', '{"type": "number", "allowed_values": [1, 2]}'),
	('{"const": true}', '{"type": "boolean", "allowed_values": [true]}'),
	('{"type": "string", "default": null}', '{"type": "string"}'),
	('{"type": "object", "additionalProperties": true, "properties": {}, "required": []}', '{"type": "object"}'),
	('{"type": "string", "x-k": [1], "x-order": "mine"}', '{"type": "string", "x-k": [1], "x-order": "mine"}'),
	('{"type": "string", "secret": true}', '{"type": "secret"}'),
	('{"type": "string", "sensitive": true}', '{"type": "secret"}'),
	('{"type": "string", "x-secret": true}', '{"type": "secret"}'),
	('{"type": "string", "x-encrypted": true}', '{"type": "secret"}'),
	('{"type": "string", "x-sensitive": true}', '{"type": "secret"}'),
	('{"type": "string", "isSecret": true}', '{"type": "secret"}'),
	('{"type": "string", "x-confidential": true}', '{"type": "secret"}'),
	('{"type": "string", "password": true}', '{"type": "secret"}'),
	('{"type": "string", "x_is_encrypted": false}', '{"type": "string"}'),
	('{"type": "string", "writeOnly": true, "secret": false}', '{"type": "secret"}'),
	('{"type": "string", "secret": false}', '{"type": "string"}'),
	('{"type": "string", "nonsensitive": true, "x-case-sensitive": true}', '{"type": "string", "x-case-sensitive": true}'),
	('{"allOf": [{"type": "string", "secret": true}], "title": "T"}', '{"type": "secret", "display_name": "T"}'),
	('{"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]}', '{"type": "secret"}'),
	('{"type": "string", "airbyte_secret": true, "default": ""}', '{"type": "secret"}'),
	('{"type": "string", "format": "password", "default": null}', '{"type": "secret"}'),
	('{"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}], "default": null, "title": "T"}',
	 '{"type": "string", "min_length": 2, "display_name": "T"}'),
	('{"oneOf": [{"const": null}, {"type": "integer", "minimum": 1}]}', '{"type": "integer", "min": 1}'),
	('{"anyOf": [{"enum": ["a"]}, {"enum": [null]}, {"type": ["null"]}]}', '{"type": "string", "allowed_values": ["a"]}'),
	('{"anyOf": [{"type": "boolean"}]}', '{"type": "boolean"}'),
	('{"allOf": [{"type": "string", "title": "far", "x-a": 1}, {"pattern": "a", "x-b": 2}], "title": "near", "default": "a"}',
	 '{"type": "string", "pattern": "a", "display_name": "near", "default_value": "a", "x-a": 1, "x-b": 2}'),
	('{"type": "array", "minLength": 1, "pattern": "a", "minimum": 1}', '{"type": "array"}'),
	('{"type": "integer", "format": "int64", "maxItems": 2, "properties": {"b": {}}}', '{"type": "integer"}'),
	('{"type": "string", "multipleOf": 2, "uniqueItems": true, "items": {"type": "string"}, "required": false}', '{"type": "string"}'),
	('{"type": "string", "const": "a", "enum": ["b", "a"]}', '{"type": "string", "allowed_values": ["a"]}'),
	('{"type": "string", "$comment": "c", "deprecated": true, "readOnly": true}', '{"type": "string", "deprecated": true}'),
	('{"type": "string", "multiline": true}', '{"type": "string", "multiline": true}'),
	('{"type": "string", "multiline": false}', '{"type": "string"}'),
	('{"type": "string", "multiline": "yes"}', '{"type": "string"}'),
	('{"type": "integer", "multiline": true}', '{"type": "integer"}'),
	('{"type": "string", "format": "int64"}', '{"type": "string"}'),
	('{}', '{"type": "json"}'),
	('true', '{"type": "json"}'),
	('{"type": ["string", "integer"]}', '{"type": "json"}'),
	('{"type": ["integer", "number"]}', '{"type": "number"}'),
	('{"properties": {"b": {"type": "string", "airbyte_secret": true}, "c": {"type": "integer"}}, "required": ["b"]}',
	 '{"type": "object", "fields": [{"name": "b", "type": "secret", "required": true}, {"name": "c", "type": "integer"}]}'),
	('{"type": "object", "additionalProperties": {"type": "string", "writeOnly": true}, "propertyNames": {"pattern": "^X-"}}',
	 '{"type": "object", "values": {"type": "secret"}, "keys": "^X-"}'),
	('{"type": "object", "patternProperties": {"^X-": {"type": "integer"}}}', '{"type": "object", "values": {"type": "integer"}, "keys": "^X-"}'),
	('{"type": "array", "items": {"type": "string"}, "uniqueItems": true}', '{"type": "array", "items": {"type": "string"}, "unique_items": true}'),
	('{"type": "array", "items": {"type": "string"}, "uniqueItems": true, "airbyte_secret": true}', '{"type": "array", "items": {"type": "secret"}}'),
	('{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": true, "maximum": 9, "multipleOf": 0.5}',
	 '{"type": "number", "exclusive_min": 0, "exclusive_max": 9, "multiple_of": 0.5}'),
	('{"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}', '{"type": "string", "allowed_values": ["a", "b"], "x-titles": {"a": "A", "b": "B"}}'),
	('{"anyOf": [{"type": "string", "minLength": 2}, {"type": "string", "secret": true}]}', '{"type": "secret"}'),
	('{"oneOf": [{"type": "string"}, {"type": "integer"}]}', '{"type": "json"}'),
	('{"type": "object", "title": "T", "oneOf": [
		{"title": "Key", "properties": {"k": {"const": "key"}, "s": {"type": "string", "airbyte_secret": true}}, "required": ["k", "s"]},
		{"properties": {"k": {"enum": ["none"]}}}], "properties": {"c": {"type": "integer"}}}',
	 '{"type": "object", "display_name": "T", "fields": [{"name": "c", "type": "integer"}], "variants": {"by": "k", "choices": [
		{"value": "key", "display_name": "Key", "fields": [{"name": "s", "type": "secret", "required": true}]}, {"value": "none", "fields": []}]}}'),
	('{"properties": {"m": {"type": "string"}}, "if": {"properties": {"m": {"const": "x"}}}, "then": {"properties": {"n": {"type": "integer"}}, "required": ["n"]}}',
	 '{"type": "object", "fields": [{"name": "m", "type": "string"}, {"name": "n", "type": "integer", "required": true, "applies_when": {"m": ["x"]}}]}')
  ) AS v (schema, field);

SELECT is(pg_temp.imported('{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": true,
                             "properties": {"password": {"type": "string", "airbyte_secret": true, "order": 2},
                                            "host": {"type": "string", "title": "Host", "order": 0},
                                            "note": {"type": "string"},
                                            "port": {"type": "integer", "default": 5432, "order": 1}},
                             "required": ["host", "port", "password"]}'),
          '[{"name": "host", "type": "string", "display_name": "Host", "required": true},
            {"name": "port", "type": "integer", "default_value": 5432, "required": true},
            {"name": "password", "type": "secret", "required": true},
            {"name": "note", "type": "string"}]',
          'import: a connector''s schema, in its order');
SELECT is(pg_temp.imported('{"properties": {"a": {"$ref": "#/$defs/o~1p", "description": "near"}},
                             "$defs": {"o/p": {"$ref": "#/$defs/q", "title": "T"}, "q": {"type": "string", "description": "far", "pattern": "x", "x-q": 1}}}'),
          '[{"name": "a", "type": "string", "description": "near", "display_name": "T", "pattern": "x", "x-q": 1}]',
          'import: references within the schema');
SELECT is(pg_temp.imported('{"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "dependentRequired": {"a": ["b"]}}'),
          '[{"name": "a", "type": "string"}, {"name": "b", "type": "string", "required_with": ["a"]}]', 'import: dependentRequired');

-- The order of text is kept, and an untyped literal is text.
SELECT is((SELECT jsonb_path_query_array(fields, '$[*].name') FROM integration_schema_from_json_schema('mine', 'Mine', 'test',
            '{"properties": {"zebra": {"type": "string"}, "a": {"type": "string"}, "mm": {"type": "string", "order": 0}}}')), '["mm", "zebra", "a"]', 'import: text keeps its order');
SELECT is((SELECT jsonb_path_query_array(fields, '$[*].name') FROM integration_schema_from_json_schema('mine', 'Mine', 'test',
            '{"properties": {"zebra": {"type": "string"}, "a": {"type": "string"}, "mm": {"type": "string", "order": 0}}}'::jsonb)), '["mm", "a", "zebra"]', 'import: jsonb has none');
SELECT throws_ok($$SELECT fields FROM integration_schema_from_json_schema('mine', 'Mine', 'test', '{"properties": ')$$, '22023', 'the schema is not valid JSON', 'import: text that is no JSON');

-- The root may be a reference, or have alternatives itself.
SELECT is(pg_temp.imported('{"$ref": "#/definitions/config", "definitions": {"config": {"type": "object", "properties": {"a": {"type": "integer"}}}}}'),
          '[{"name": "a", "type": "integer"}]', 'import: a root that refers to its schema');
SELECT is(pg_temp.imported('{"oneOf": [{"properties": {"k": {"const": "x"}, "a": {"type": "integer"}}}, {"properties": {"k": {"const": "y"}, "b": {"type": "string", "secret": true}}, "required": ["b"]}]}'),
          '[{"name": "k", "type": "string", "required": true, "allowed_values": ["x", "y"]}, {"name": "a", "type": "integer", "applies_when": {"k": ["x"]}},
            {"name": "b", "type": "secret", "required": true, "applies_when": {"k": ["y"]}}]', 'import: alternatives at the root');

-- With "lenient" a default that breaks the rules is left out.
SELECT is((SELECT fields FROM integration_schema_from_json_schema('mine', 'Mine', 'test', '{"properties": {"a": {"type": "integer", "default": "x"}, "s": {"type": "string", "secret": true, "default": "x"}}}', true)),
          '[{"name": "a", "type": "integer"}, {"name": "s", "type": "secret"}]', 'import: lenient');
SELECT is((SELECT array_agg(path || ' ' || reason ORDER BY path) FROM integration_schema_import_problems('{"properties": {"a": {"type": "integer", "default": "x"}, "b c": {"type": "string"}, "d": {"$ref": "x.json"},
            "s": {"type": "object", "properties": {"t": {"type": "integer", "secret": true}}}}, "not": {}}')),
          ARRAY['/not a rule that no field can have', '/properties/a/default The default value must be an integer, not a string.', '/properties/b c no name that a field can have',
                '/properties/d it refers to "x.json", which is not in the schema', '/properties/s/properties/t a secret is a string, not of the type integer'],
          'import: all that is wrong at once, with its place');

-- What is left out is told in one NOTICE.
SET LOCAL client_min_messages = notice;
CREATE FUNCTION pg_temp.notes(schema jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg((n ->> 'path') || ' ' || (n ->> 'reason'), E'\n' ORDER BY n ->> 'path')
	  FROM integration_schemas_internal.import_root(schema, false) AS r, jsonb_array_elements(r.notes) AS n
$$;
SET LOCAL client_min_messages = warning;
SELECT is(pg_temp.notes('{"properties": {"a": {"type": "integer", "desciprtion": "typo", "minLength": 3, "x-own": 1}, "b": {"type": "string", "format": "binary", "default": ""}}}'),
          E'/properties/a/desciprtion no keyword that is known\n/properties/a/minLength says nothing of its type\n/properties/b/default an empty string is no value\n/properties/b/format a format that is not known',
          'import: what is left out, typos included');

SELECT is(pg_temp.field(jsonb_build_object('type', 'string', 'pattern', ecma)) ->> 'pattern', postgres, 'pattern from ECMA-262: ' || ecma)
  FROM (VALUES
	('^[\w.-]+\d{2}$', '^[\w.-]+\d{2}$'),
	('\bword\B', '\yword\Y'),
	('(?<year>\d{4})-(?:a|b)(?=c)(?<!d)', '(\d{4})-(?:a|b)(?=c)(?<!d)'),
	('[[.]x]', '[\[.]x]'),
	('^[A-Za-z0-9-_]+$', '^[A-Za-z0-9\-_]+$'),
	('[\w-.]', '[\w\-.]'),
	('[a-\d]', '[a\-\d]'),
	('[a-z-_]', '[a-z\-_]'),
	('[a-z-9-]', '[a-z\-9-]'),
	('[-a]', '[-a]'),
	('[^-a]', '[^-a]'),
	('[--/]', '[\--/]'),
	('[+--]', '[+--]'),
	('[\[-\]]', '[\[-\]]'),
	('[a^]', '[a^]'),
	('a{2,255}{', 'a{2,255}{'),
	('[^]', '.'),
	('\x41\u00e9\u{1F600}\uD83D\uDE00\cJ\/', '\u0041\u00e9\U0001f600\U0001f600\cJ\/')
  ) AS v (ecma, postgres);

SELECT is(pg_temp.refused_property(schema), path, 'refused: ' || schema::text)
  FROM (VALUES
	('false'::jsonb, '/properties/a'),
	('{"type": "null"}', '/properties/a'),
	('{"type": 1}', '/properties/a/type'),
	('{"type": "secret"}', '/properties/a/type'),
	('{"anyOf": [{"type": "null"}]}', '/properties/a'),
	('{"anyOf": [{"type": "null"}, {"type": "string", "not": {}}]}', '/properties/a/not'),
	('{"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}], "minLength": 2}', '/properties/a'),
	('{"allOf": [{"type": "string"}, {"pattern": "a"}, {"pattern": "b"}]}', '/properties/a'),
	('{"allOf": {"type": "string"}}', '/properties/a'),
	('{"type": "string", "anyOf": []}', '/properties/a'),
	('{"type": "string", "not": {}}', '/properties/a/not'),
	('{"type": "object", "minProperties": 1}', '/properties/a/minProperties'),
	('{"type": "array", "contains": {"type": "string"}}', '/properties/a/contains'),
	('{"type": "array", "items": {"type": "object", "properties": {"b": {"type": "string", "minLength": -1}}}}', '/properties/a/items/properties/b/minLength'),
	('{"oneOf": [{"properties": {"k": {"const": "x"}, "b": {"type": "string", "pattern": "("}}}, {"properties": {"k": {"const": "y"}}}]}',
	 '/properties/a/oneOf/0/properties/b/pattern'),
	('{"oneOf": [{"properties": {"b": {"type": "string", "secret": true}}}, {"type": "string"}]}', '/properties/a/oneOf'),
	('{"type": "string", "minLength": "1"}', '/properties/a/minLength'),
	('{"type": "string", "enum": []}', '/properties/a'),
	('{"enum": [null]}', '/properties/a'),
	('{"type": "string", "const": "a", "enum": ["b"]}', '/properties/a'),
	('{"type": "integer", "writeOnly": true}', '/properties/a'),
	('{"type": "string", "writeOnly": true, "default": "x"}', '/properties/a/default'),
	('{"$ref": "https://example.com/schema"}', '/properties/a'),
	('{"$ref": "#/$defs/none"}', '/properties/a'),
	('{"type": "string", "pattern": "\\p{L}"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "(?i)a"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "(a)\\1"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "\\Aa"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "[a"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "a\\"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "^[a-z]{8,512}$"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "a{256}"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "***:a"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "(a"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "a**"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "[z-a]"}', '/properties/a/pattern'),
	('{"type": "string", "pattern": "(?=a)*"}', '/properties/a/pattern'),
	(jsonb_build_object('type', 'string', 'pattern', repeat('a', 5000)), '/properties/a/pattern'),
	-- what an INSERT would refuse
	('{"type": "string", "default": 1}', '/properties/a/default'),
	('{"type": "string", "pattern": "^a", "default": "b"}', '/properties/a/default'),
	('{"type": "string", "enum": ["a", 1]}', '/properties/a/enum'),
	('{"type": "integer", "const": 1.5}', '/properties/a/const'),
	('{"type": "integer", "minimum": 3, "maximum": 2}', '/properties/a/maximum'),
	('{"type": "string", "minLength": -1}', '/properties/a/minLength'),
	('{"type": "string", "maxLength": 1.5}', '/properties/a/maxLength'),
	('{"type": "array", "minItems": 3, "maxItems": 2}', '/properties/a/maxItems'),
	('{"type": "array", "maxItems": 1e30}', '/properties/a/maxItems'),
	-- marks of a secret that are not understood
	('{"type": "string", "writeOnly": "yes"}', '/properties/a/writeOnly'),
	('{"type": "string", "secret": 1}', '/properties/a/secret'),
	('{"type": "string", "sensitive": {"level": 1}}', '/properties/a/sensitive'),
	('{"type": "string", "x-vault-secret": true}', '/properties/a/x-vault-secret'),
	('{"type": "string", "x-secret-name": "n"}', '/properties/a/x-secret-name'),
	('{"type": "integer", "secret": true}', '/properties/a'),
	('{"anyOf": [{"type": "integer", "format": "password"}, {"type": "null"}]}', '/properties/a')
  ) AS v (schema, path);

SELECT is(pg_temp.refused(schema), path, 'refused: ' || schema::text)
  FROM (VALUES
	('true'::jsonb, ''),
	('[]', ''),
	('{"connectionSpecification": {"properties": {}}}', '/properties'),
	('{"properties": []}', '/properties'),
	('{"properties": {"a": {"type": "string"}}, "writeOnly": true}', ''),
	('{"properties": {"a b": {"type": "string"}}}', '/properties/a b'),
	('{"properties": {"": {"type": "string"}}}', '/properties/'),
	('{"type": "array", "properties": {}}', '/type'),
	('{"properties": {"a/b~c": {"type": "string"}}}', '/properties/a~1b~0c'),
	('{"properties": {"1a": {"type": "string"}, "2": {"type": "string"}}}', '/properties/1a /properties/2'),
	('{"properties": {"a": {"type": "string"}}, "allOf": [{"not": {"required": ["a"]}}]}', '/not'),
	('{"patternProperties": {"^x": {"type": "string"}}}', '/additionalProperties'),
	('{"properties": {"a": {"$ref": "#/properties/a"}}}', '/properties/a'),
	('{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/a"}}}}}', '/properties/a/properties/b'),
	('{"$defs": {"s": {"type": "object", "properties": {"t": {"$ref": "#/$defs/t"}}}, "t": {"type": "string", "format": "password"}},
	  "properties": {"a": {"oneOf": [{"$ref": "#/$defs/s"}, {"type": "integer"}]}}}', '/properties/a/oneOf')
  ) AS v (schema, path);

SELECT is(pg_temp.imported(schema), '[]', 'import: nothing to fill in: ' || schema::text)
  FROM (VALUES ('{"type": "object", "title": "Clock"}'::jsonb), ('{}'), ('{"properties": {}}'),
               ('{"type": "object", "$defs": {"a": {}}, "additionalProperties": false, "x-form": {}}')) AS v (schema);

-- Much of everything: within the limits it is quick, beyond them a clear error.
CREATE FUNCTION pg_temp.many(n int, VARIADIC more jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('properties', jsonb_object_agg('f' || i, '{"type": "string"}'::jsonb)) || more[1]
	  FROM generate_series(1, n) AS i;
$$;
SELECT is((SELECT jsonb_array_length(pg_temp.imported(pg_temp.many(20000,
              (SELECT jsonb_build_object('dependentRequired', jsonb_object_agg('f' || i, '["f1"]'::jsonb)) FROM generate_series(2, 20000) AS i))))),
          20000, 'import: one field that 20,000 others ask for');
SELECT is(jsonb_array_length(pg_temp.field(jsonb_build_object('enum', (SELECT jsonb_agg('v' || i % 40000) FROM generate_series(1, 100000) AS i)))
                             -> 'allowed_values'),
          40000, 'import: 100,000 values, of which 40,000 are distinct');
PREPARE many_fields AS SELECT pg_temp.imported(pg_temp.many(50001, '{}'));
SELECT throws_ok('many_fields', '54000', NULL, 'import: too many fields');
PREPARE many_values AS SELECT pg_temp.field(jsonb_build_object('enum', (SELECT jsonb_agg(i) FROM generate_series(1, 100001) AS i)));
SELECT throws_ok('many_values', '54000', NULL, 'import: too many values');
PREPARE much AS SELECT pg_temp.imported(jsonb_build_object('$comment', repeat('x', 17000000)));
SELECT throws_ok('much', '54000', 'JSON Schema is too large', 'import: a schema too large');
-- Each of these refers twice to the next: small, and more than there is room for.
PREPARE fan AS SELECT pg_temp.imported(jsonb_build_object('$ref', '#/$defs/d1', '$defs', (SELECT jsonb_object_agg('d' || i,
	jsonb_build_object('type', 'object', 'properties', jsonb_build_object('a', jsonb_build_object('$ref', '#/$defs/d' || i + 1), 'b', jsonb_build_object('$ref', '#/$defs/d' || i + 1))))
	FROM generate_series(1, 30) AS i) || '{"d31": {"type": "string"}}'));
SELECT throws_ok('fan', '54000', 'JSON Schema is too large', 'import: references that fan out');
SELECT is(pg_temp.refused_property(jsonb_build_object('$ref', '#' || repeat('/a', 500000))), '/properties/a', 'import: a long reference to nothing');
SELECT is(pg_temp.refused(jsonb_build_object('properties', jsonb_build_object('a', (SELECT (repeat('{"type": "array", "items": ', n) || '{"type": "string"}' || repeat('}', n))::jsonb)))) LIKE '/properties/a/items%', true,
          'import: ' || n || ' arrays in each other') FROM unnest(ARRAY[16, 100, 1000]) AS n;
SELECT isnt(pg_temp.imported(jsonb_build_object('properties', jsonb_build_object('a', (SELECT (repeat('{"type": "array", "items": ', 15) || '{"type": "string"}' || repeat('}', 15))::jsonb)))), NULL,
            'import: 15 arrays in each other');

PREPARE one_of AS SELECT pg_temp.imported('{"properties": {"a": {"not": {}}}}');
SELECT throws_ok('one_of', '22023', 'JSON Schema cannot be imported: a rule that no field can have at "/properties/a/not"', 'refused with 22023');

--
-- There and back
--
SELECT is_empty($$SELECT s.id FROM integration_schemas AS s,
                         integration_schema_from_json_schema(s.id, s.name, s.category, integration_schema_json_schema(s.id, annotations => true)) AS i
                   WHERE s.origin = 'builtin' AND (i.fields <> s.fields OR i.description <> s.description)$$,
                'the built-in integrations come back from their schemas with annotations as they were');
CREATE FUNCTION pg_temp.back(fields jsonb, formats boolean DEFAULT false, level text DEFAULT 'effective') RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.put(fields);
	RETURN pg_temp.imported(integration_schema_json_schema('mine', level, true, formats));
END $$;
SELECT is(pg_temp.back(fields, formats, level), fields, 'there and back: ' || fields::text)
  FROM unnest(ARRAY[false, true]) AS formats, unnest(ARRAY['effective', 'team']) AS level, (VALUES
	('[{"name": "a", "required": true, "default_value": "x"}, {"name": "b", "pattern": "(?i)abc", "level": "team"}]'::jsonb),
	('[{"name": "a", "format": "host-port", "multiline": true, "x-own": [1]}, {"name": "b", "required_unless": ["a"], "deprecated": "use a"}]'),
	('[{"name": "o", "type": "object", "merge": "replace", "fields": [{"name": "p", "type": "secret", "applies_when": {"k": ["x"]}}], "variants": {"by": "k", "choices": [{"value": "x", "display_name": "X"}]}}]'),
	('[{"name": "m", "type": "object", "values": {"type": "array", "items": {"type": "json"}}, "keys": "^[a-z]"}, {"name": "j", "type": "json", "public": true}]')
  ) AS v (fields);
SELECT is(pg_temp.imported(jsonb_set(integration_schema_json_schema('mine', annotations => true), '{properties,j,title}', '"T"')) -> 0, '{"name": "j", "type": "json", "display_name": "T"}',
          'an annotation is not believed once the schema was edited');

-- forms
SELECT is(pg_temp.put('[{"name": "key", "type": "secret", "placeholder": "k-…", "description": "From the console."}, {"name": "pem", "multiline": true},
	{"name": "old", "deprecated": "use key"}, {"name": "tags", "type": "array"}, {"name": "mode", "allowed_values": ["a", "b"]},
	{"name": "at", "required": true, "applies_when": {"mode": ["a"]}},
	{"name": "login", "type": "object", "fields": [{"name": "region"}], "variants": {"by": "kind", "choices": [
		{"value": "token", "display_name": "Token", "fields": [{"name": "token", "type": "secret", "required": true}]}, {"value": "none"}]}}]') IS NULL, false, 'a form''s integration');
SELECT is(integration_schema_form('mine') -> 'schema',
	'{"title": "Mine", "description": "Of our own.", "type": "object", "required": [],
	  "properties": {"key": {"type": "string", "format": "password", "writeOnly": true}, "pem": {"type": "string"}, "old": {"type": "string", "deprecated": true},
		"tags": {"type": "array", "items": {"type": "string"}}, "mode": {"type": "string", "enum": ["a", "b"]},
		"login": {"type": "object", "required": [], "properties": {"region": {"type": "string"}}, "discriminator": {"propertyName": "kind"}, "oneOf": [
			{"title": "Not chosen", "properties": {"kind": {"type": "integer"}}, "not": {"required": ["kind"]}},
			{"title": "Token", "required": ["kind", "token"], "properties": {"kind": {"type": "string", "const": "token", "default": "token"},
				"token": {"type": "string", "format": "password", "writeOnly": true, "minLength": 1}}},
			{"title": "none", "required": ["kind"], "properties": {"kind": {"type": "string", "const": "none", "default": "none"}}}]}},
	  "allOf": [{"if": {"required": ["mode"], "properties": {"mode": {"enum": ["a"]}}}, "then": {"required": ["at"], "properties": {"at": {"type": "string"}}}}]}',
	'form: no null types, passwords, items, alternatives as oneOf, conditions as if and then');
SELECT is(integration_schema_form('mine') -> 'ui',
	'{"ui:order": ["key", "pem", "old", "tags", "mode", "at", "login", "*"],
	  "key": {"ui:widget": "password", "ui:placeholder": "k-…", "ui:help": "From the console."}, "pem": {"ui:widget": "textarea"}, "old": {"ui:help": "Deprecated: use key"},
	  "login": {"ui:order": ["kind", "region", "token", "*"], "kind": {"ui:widget": "hidden"}, "token": {"ui:widget": "password"}}}',
	'form: order, widgets, placeholders and help');
SELECT is(integration_schema_form('mine', 'team') #> '{schema,properties,login,oneOf,1,required}', '["kind"]', 'form: of one layer nothing is required but the choice itself');
SELECT is(integration_schema_form('mine', 'team') #> '{schema,allOf,0,then}' ? 'required', false, 'form: also where it applies');
SELECT is(pg_temp.put('[{"name": "a", "default_value": "x", "placeholder": "y"}, {"name": "b", "type": "integer", "default_value": 7}, {"name": "c", "type": "boolean", "default_value": true},
	{"name": "d", "type": "object", "required": true, "variants": {"by": "kind", "choices": [{"value": "k"}]}}]') IS NULL, false, 'with defaults');
SELECT is(integration_schema_form('mine')::text ~ '"default": (?!"k")', false, 'form: no default is written down for anybody');
SELECT is(integration_schema_form('mine') #- '{ui,ui:order}' #- '{ui,d}' -> 'ui', '{"a": {"ui:placeholder": "x"}, "b": {"ui:placeholder": "7"}}', 'form: it is shown as what counts');
SELECT is(jsonb_array_length(integration_schema_form('mine') #> '{schema,properties,d,oneOf}'), 1, 'form: where there must be an alternative one is chosen');
SELECT throws_ok('SELECT integration_schema_form(''slak'')', '42704', 'integration "slak" does not exist', 'form: an unknown id');

DELETE FROM integration_schemas WHERE id = 'mine';
PREPARE insert_imported AS INSERT INTO integration_schemas
	SELECT * FROM integration_schema_from_json_schema('mine', 'Mine', 'test', '{"description": "D", "properties": {"a": {"type": "string"}}}');
SELECT lives_ok('insert_imported', 'what is imported can be inserted as it is');
SELECT is((SELECT (name, category, description, docs_url, display_order, featured, required, locked, instances, fields, origin, created_at = now())::text
             FROM integration_schemas WHERE id = 'mine'),
          '(Mine,test,D,,999,f,f,f,t,"[{""name"": ""a"", ""type"": ""string""}]",added,t)', 'and is a row like another');

-- without the table the export knows what the fallback knows
ALTER EXTENSION integration_schemas DROP TABLE integration_schemas;
DROP TABLE integration_schemas;
SET LOCAL client_min_messages = error;
SELECT is(integration_schema_json_schema('openai') -> 'required', '["api_key"]', 'export: of the fallback');

SELECT * FROM finish();
ROLLBACK;
