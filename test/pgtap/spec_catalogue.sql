-- The catalogue's promises: its table, the definitions it takes and refuses, the built-in rows.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

SELECT col_is_pk('integration_schemas', 'id', 'id is the primary key');
SELECT col_type_is('integration_schemas', c, t, c || ' is ' || t)
  FROM (VALUES ('id','text'),('name','text'),('category','text'),('description','text'),('docs_url','text'),
               ('icon_url','text'),('display_order','integer'),('featured','boolean'),('required','boolean'),
               ('locked','boolean'),('fields','jsonb'),('created_at','timestamp with time zone'),
               ('updated_at','timestamp with time zone')) AS v(c, t);
SELECT col_not_null('integration_schemas', c, c || ' is never null')
  FROM unnest('{id,name,category,description,display_order,featured,required,locked,fields,created_at,updated_at}'::text[]) AS c;
SELECT col_is_null('integration_schemas', c, c || ' may be null') FROM unnest('{docs_url,icon_url}'::text[]) AS c;
SELECT is((SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = 'integration_schemas'::regclass AND a.attname = c), 1::bigint, c || ' is indexed')
  FROM unnest('{category,featured}'::text[]) AS c;

CREATE FUNCTION pg_temp.add(id text, fields text DEFAULT '[]', name text DEFAULT 'N', category text DEFAULT 'c') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ($1, $3, $4, 'd', $2::jsonb);
  RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;

SELECT is(pg_temp.add(i), '23514', 'an id is refused: ' || left(i, 20)) FROM unnest(ARRAY['', 'A', '-a', '_a', 'a b', 'a/b', 'a:b', repeat('a', 65), 'ä', E'a\n']) AS i;
SELECT is(pg_temp.add(i), 'taken', 'an id is taken: ' || left(i, 20)) FROM unnest(ARRAY['0', 'a-b_c', repeat('a', 64), '9-']) AS i;
SELECT is(pg_temp.add('n1', '[]', ''), '23514', 'an empty name is refused');
SELECT is(pg_temp.add('n2', '[]', repeat('é', 129)), '23514', 'a name of 129 characters is refused');
SELECT is(pg_temp.add('n3', '[]', repeat('é', 128)), 'taken', 'a name of 128 characters is taken');
SELECT is(pg_temp.add('c1', '[]', 'n', c), '23514', 'a category is refused: ' || left(c, 10))
  FROM unnest(ARRAY['', 'A', 'a b', 'a_b', repeat('a', 65), 'Ä']) AS c;
SELECT is(pg_temp.add('c2', '[]', 'n', repeat('a', 64)), 'taken', 'a category of 64 characters is taken');
SELECT throws_ok(format('UPDATE integration_schemas SET docs_url = %L WHERE id = ''slack''', u), '23514', NULL, 'a URL is refused: ' || left(u, 20))
  FROM unnest(ARRAY['', 'ftp://x', 'x', 'https://' || repeat('a', 505)]) AS u;
SELECT lives_ok(format('UPDATE integration_schemas SET icon_url = %L WHERE id = ''slack''', u), 'a URL is taken: ' || left(u, 20))
  FROM unnest(ARRAY['http://x', 'https://' || repeat('a', 504)]) AS u;

-- definitions
SELECT is(pg_temp.add('d1', f), '23514', 'a definition is refused: ' || f) FROM unnest(ARRAY[
  '{}', '"x"', '1', 'null', '[1]', '[null]', '["a"]', '[[]]', '[{}]', '[{"type": "string"}]', '[{"name": ""}]', '[{"name": "1a"}]', '[{"name": null}]', '[{"name": 1}]',
  '[{"name": "a b"}]', '[{"name": "ä"}]', '[{"name": "a"}, {"name": "a"}]', '[{"name": "a", "type": "int"}]', '[{"name": "a", "type": null}]', '[{"name": "a", "type": 1}]',
  '[{"name": "a", "required": "true"}]', '[{"name": "a", "required": null}]', '[{"name": "a", "requierd": true}]', '[{"name": "a", "X-a": 1}]',
  '[{"name": "a", "required_with": "b"}]', '[{"name": "a", "required_with": ["b"]}]', '[{"name": "a", "required_with": [1]}]',
  '[{"name": "a", "required_unless": ["b"]}]', '[{"name": "a", "level": "unit"}]', '[{"name": "a", "level": "Org"}]', '[{"name": "a", "level": null}]',
  '[{"name": "a", "display_name": 1}]', '[{"name": "a", "description": null}]', '[{"name": "a", "placeholder": {}}]',
  '[{"name": "a", "default_value": 1}]', '[{"name": "a", "type": "secret", "default_value": "x"}]', '[{"name": "a", "type": "integer", "default_value": 1.5}]',
  '[{"name": "a", "type": "boolean", "default_value": "true"}]', '[{"name": "a", "default_value": "x", "allowed_values": ["y"]}]',
  '[{"name": "a", "default_value": "x", "pattern": "^y"}]', '[{"name": "a", "default_value": "x", "format": "uuid"}]',
  '[{"name": "a", "type": "integer", "default_value": 3, "max": 2}]', '[{"name": "a", "default_value": "abc", "max_length": 2}]',
  '[{"name": "a", "allowed_values": []}]', '[{"name": "a", "allowed_values": ["x", "x"]}]', '[{"name": "a", "allowed_values": [1]}]', '[{"name": "a", "allowed_values": "x"}]',
  '[{"name": "a", "type": "integer", "allowed_values": [1, 1.0]}]', '[{"name": "a", "type": "array", "allowed_values": [[]]}]', '[{"name": "a", "type": "object", "allowed_values": [{}]}]',
  '[{"name": "a", "pattern": "("}]', '[{"name": "a", "pattern": 1}]', '[{"name": "a", "type": "integer", "pattern": "1"}]', '[{"name": "a", "type": "array", "pattern": "1"}]',
  '[{"name": "a", "format": "url"}]', '[{"name": "a", "type": "number", "format": "date"}]', '[{"name": "a", "min": 1}]', '[{"name": "a", "type": "integer", "min": "1"}]',
  '[{"name": "a", "type": "secret", "max": 1}]', '[{"name": "a", "type": "integer", "max_length": 1}]', '[{"name": "a", "max_length": 1.5}]', '[{"name": "a", "max_length": "1"}]',
  '[{"name": "a", "type": "object", "min_length": 1}]', '[{"name": "a", "type": "boolean", "min": 1}]', '[{"name": "a", "multiline": 1}]', '[{"name": "a", "type": "integer", "multiline": true}]']) AS f;
SELECT is(pg_temp.add('t' || n, f), 'taken', 'a definition is taken: ' || f) FROM unnest(ARRAY[
  '[]', '[{"name": "a"}]', '[{"name": "_A9"}]', '[{"name": "a", "x-anything": {"k": [1]}}]', '[{"name": "a", "x-": 1}]',
  '[{"name": "a", "required_with": ["b"]}, {"name": "b", "required_unless": ["a"]}]', '[{"name": "a", "type": "integer", "default_value": 1.0}]',
  '[{"name": "a", "type": "number", "min": 0.5, "max": 1e10, "default_value": 0.5}]', '[{"name": "a", "type": "array", "default_value": ["x"], "min_length": 1, "max_length": 1}]',
  '[{"name": "a", "type": "object", "default_value": {"k": {}}}]', '[{"name": "a", "type": "boolean", "allowed_values": [true]}]', '[{"name": "a", "type": "secret", "allowed_values": ["x", "y"], "pattern": "x|y", "min_length": 1}]',
  '[{"name": "a", "format": "date-time", "default_value": "2024-02-29T12:00:00Z"}]', '[{"name": "a", "multiline": true}]', '[{"name": "a", "pattern": "(?<=x)y"}]']) WITH ORDINALITY AS t(f, n);
SELECT is(pg_temp.add('len', format('[{"name": "%s"}]', repeat('a', 64))), 'taken', 'a field''s name has up to 64 characters');
SELECT is(pg_temp.add('len2', format('[{"name": "%s"}]', repeat('a', 65))), '23514', 'a field''s name of 65 characters is refused');

-- the path to it, and what would be right
CREATE FUNCTION pg_temp.say(sql text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; s text; t text; c text; k text;
BEGIN
  EXECUTE sql;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, k = CONSTRAINT_NAME;
  RETURN jsonb_build_object('state', SQLSTATE, 'message', m, 'detail', d, 'hint', h, 'schema', s, 'table', t, 'column', c, 'constraint', k);
END $$;
SELECT unnest(ARRAY[matches(pg_temp.say(q) ->> 'message', '/fields/1/requird', 'a malformed definition is refused with its path'),
       matches(pg_temp.say(q) ->> 'hint', '"required"', 'and what would be right')])
  FROM (VALUES ($q$INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('w', 'W', 'c', 'd', '[{"name": "a"}, {"name": "b", "requird": true}]')$q$)) AS v(q);
SELECT is(pg_temp.say($q$UPDATE integration_schemas SET fields = '[{"name": "a", "type": "strng"}]' WHERE id = 'slack'$q$) ->> 'state', '23514', 'at UPDATE too');
SELECT matches(pg_temp.say($q$UPDATE integration_schemas SET fields = '[{"name": "a", "type": "strng"}]' WHERE id = 'slack'$q$)::text, '/fields/0/type', 'with the path');

-- updated_at
SELECT lives_ok($$UPDATE integration_schemas SET updated_at = '2000-01-01' WHERE id = 'github'$$, 'a change');
SELECT cmp_ok((SELECT updated_at FROM integration_schemas WHERE id = 'github'), '>', '2001-01-01'::timestamptz, 'updated_at moves on every change, whoever says otherwise');
SELECT is((SELECT display_order FROM integration_schemas WHERE id = 'n3'), 999, 'display_order is 999 by default');
SELECT * FROM finish();
ROLLBACK;
