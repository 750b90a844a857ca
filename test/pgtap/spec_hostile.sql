-- No internal error, and no secret in a message, from any argument: nulls, wrong types, empty strings, '*', unicode, a megabyte.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();
SET client_min_messages = error;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('*', '*', NULL, 'platform', '{}'), ('a', 'a', NULL, 'org', '{"integrations": {"datadog": {"config": {"api_key": "k-s3cr3t"}}}}'), ('a', 'team', 'a', 'team', '{}'), ('slack', 'slack', NULL, 'org', '{}');

CREATE TEMP TABLE value (type text, v text);
INSERT INTO value SELECT 'text', unnest(ARRAY[NULL, '''''', '''*''', '''a''', '''slack''', '''team''', 'E''\u00e9\u4e2d\U0001F600''', 'repeat(''x'', 1000000)', 'E''a\nb''', '''api_key''']);
INSERT INTO value SELECT 'jsonb', unnest(ARRAY[NULL, '''null''', '''1''', '''"s3cr3t"''', '''[]''', '''{}''', '''{"integrations": {"slack": {"config": {"bot_token": "s3cr3t"}}}}''', '''{"integrations": []}''', '''[[{"a": 1e400}]]''', '''{"": {"": {"a/b~": null}}}''', '(repeat(''['', 3000) || repeat('']'', 3000))::jsonb', '(''{"integrations": '' || repeat(''{"a": '', 3000) || ''1'' || repeat(''}'', 3000) || ''}'')::jsonb']);
INSERT INTO value SELECT 'jsonb[]', unnest(ARRAY[NULL, '''{}''', '''{NULL}''', 'ARRAY[''1''::jsonb]', 'ARRAY[''{}''::jsonb, NULL]', 'ARRAY[ARRAY[''{}''::jsonb], ARRAY[''{}''::jsonb]]', '''[3:4]={"{}","{}"}''::jsonb[]']);
INSERT INTO value SELECT 'integer', unnest(ARRAY[NULL, '0', '1', '2147483647', '-2147483648']);
INSERT INTO value SELECT 'text[]', unnest(ARRAY[NULL, '''{}''', '''{NULL}''', '''{read}''', '''{admin,reveal,read}''', 'ARRAY[ARRAY[''read''], ARRAY[''s3'']]', '''[3:4]={read,write}''', 'ARRAY[repeat(''x'', 1000000)]', 'array_fill(''read''::text, ARRAY[100000])']);
INSERT INTO value SELECT 'boolean', unnest(ARRAY[NULL, 'true', 'false']);
INSERT INTO value SELECT 'regclass', unnest(ARRAY[NULL, '''integration_schemas''', '''node_configurations''', '''pg_class''', '''integration_schemas_pkey''']) ;
INSERT INTO value SELECT 'timestamp with time zone', unnest(ARRAY[NULL, 'now()', '''infinity''', '''-infinity''', '''0001-01-01 BC''']);
CREATE TEMP TABLE f AS
  SELECT p.oid, p.proname::text AS name, p.provariadic <> 0 AS many, array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t) AS types
    FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
   WHERE p.prorettype <> 'trigger'::regtype AND p.pronargs > 0 AND p.proname LIKE 'integration\_%';

CREATE FUNCTION pg_temp.fails(name text, many bool, types text[], n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE args text[]; q text; m text; d text; h text; i int; r text := '';
BEGIN
  FOR i IN 1..n LOOP
    SELECT array_agg(CASE WHEN many AND t.o = cardinality(types) THEN 'VARIADIC ' ELSE '' END || '(' || coalesce(CASE WHEN i = t.o THEN NULL ELSE x.v END, 'NULL') || ')::' || t.type ORDER BY t.o) INTO args
      FROM unnest(types) WITH ORDINALITY AS t(type, o) CROSS JOIN LATERAL (SELECT v FROM value WHERE value.type = t.type ORDER BY hashtext(format('%s %s %s %s', name, i, t.o, v)) LIMIT 1) AS x;
    q := format('SELECT count(t::text) FROM %I(%s) AS t', name, array_to_string(args, ', '));
    BEGIN
      EXECUTE q;
      RAISE EXCEPTION 'undo' USING ERRCODE = 'P0009';
    EXCEPTION WHEN SQLSTATE 'P0009' THEN NULL;
    WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
      IF SQLSTATE !~ '^(22023|23514|42704|40001|42501|55000|54|42703|42809|42P01|2201W)' OR m || d || h LIKE '%s3cr3t%' OR length(m) > 1000 THEN
        r := r || SQLSTATE || ' ' || left(m, 100) || ': ' || left(q, 300) || E'\n';
      END IF;
    END;
  END LOOP;
  RETURN r;
END $$;
SELECT is(pg_temp.fails(name, many, types, 15), '', name || '(' || array_to_string(types, ', ') || ')') FROM (SELECT * FROM f ORDER BY oid) AS f;

-- keys that need care in a path
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('kit', 'K', 'c', 'd', '[{"name": "free", "type": "object"}]');
SELECT results_eq($$SELECT path FROM integration_schema_validate('{"integrations": {"a/b~c": {}, "": {}, "kit": {"": 1, "~1": 2, "config": {"": 1, "/": 2, "\u0001": 3, "é中": 4}}}}')$$,
 $$VALUES ('/integrations/'), ('/integrations/kit/'), ('/integrations/kit/~01'), ('/integrations/kit/config/'), (E'/integrations/kit/config/\x01'), ('/integrations/kit/config/~1'), ('/integrations/kit/config/é中'), ('/integrations/a~1b~0c')$$, 'paths are JSON Pointers, in document order');
SELECT is((SELECT count(*) FROM integration_schema_validate((SELECT jsonb_build_object('integrations', jsonb_object_agg('i' || i, '{}'::jsonb)) FROM generate_series(1, 20000) AS i))), 20000::bigint, 'all violations are reported, many too');
SELECT * FROM finish();
ROLLBACK;
