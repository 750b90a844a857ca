-- Odd arguments: an answer or a clear error, whatever the shape.
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

SELECT plan(33);

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.c(integration text, config jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('integrations', jsonb_build_object(integration, jsonb_build_object('config', config)))
$$;

-- arrays of layers
SELECT is(integration_schema_config(VARIADIC '{{"{\"a\": 1}","{\"b\": 1}"},{"{\"a\": 2}",NULL}}'::jsonb[]) - 'integrations', '{"a": 2, "b": 1}',
          'an array of two dimensions: its elements in order');
SELECT is(integration_schema_config(VARIADIC array_fill(NULL::jsonb, ARRAY [1000])), integration_schema_config(), 'a thousand NULLs');
SELECT is(integration_schema_config(VARIADIC (ARRAY ['{"a": 1}', '{"a": 2}', '{"a": 3}']::jsonb[])[2:2]) -> 'a', '2', 'a slice');
SELECT is(integration_schema_config(VARIADIC array_agg(jsonb_build_object('k', n))) -> 'k', '9', 'an array that an aggregate made')
FROM generate_series(1, 9) AS n;
CREATE TEMP TABLE stored (n int, doc jsonb, docs jsonb[]);
INSERT INTO stored SELECT 1, d, ARRAY [d, d] FROM (SELECT pg_temp.c('slack', jsonb_build_object('bot_token', repeat('compressible ', 10000)))) AS s (d);
ALTER TABLE stored ALTER doc SET STORAGE EXTERNAL;
INSERT INTO stored
SELECT 2, d, ARRAY [d, d] FROM (SELECT pg_temp.c('slack', jsonb_build_object('bot_token', string_agg(md5(n::text), ''))) FROM generate_series(1, 3000) AS n) AS s (d);
INSERT INTO stored SELECT 3, d, ARRAY [d] FROM (SELECT pg_temp.c('slack', '{"bot_token": "s"}')) AS s (d);
SELECT is(integration_schema_resolve('slack', doc, doc) #> '{config,bot_token}', doc #> '{integrations,slack,config,bot_token}',
          'a layer out of a table: ' || CASE n WHEN 1 THEN 'compressed' WHEN 2 THEN 'out of line' ELSE 'with a short header' END)
FROM stored ORDER BY n;
SELECT is(integration_schema_config(VARIADIC docs) #> '{integrations,slack,config,bot_token}', doc #> '{integrations,slack,config,bot_token}',
          'an array of layers out of a table, ' || n) FROM stored ORDER BY n;
SELECT is((SELECT count(*) FROM stored AS a, stored AS b
           WHERE integration_schema_resolve('slack', a.doc, b.doc) #> '{config,bot_token}' = b.doc #> '{integrations,slack,config,bot_token}'),
          9::bigint, 'every pair of them');

-- values and names
SELECT is((integration_schema_config('{"n": 1e1000, "m": -0.000000000000000000000000000000000000001, "z": 0.000}') - 'integrations')::text,
          (SELECT '{"n": 1e1000, "m": -0.000000000000000000000000000000000000001, "z": 0.000}'::jsonb::text), 'numbers no double can hold');
SELECT is(integration_schema_config(jsonb_build_object(repeat('k', 1000000), 1), jsonb_build_object(repeat('k', 1000000), 2)) -> repeat('k', 1000000), '2',
          'a key of a million characters');
SELECT is(integration_schema_config(pg_temp.c(id, '{"a": 1}')) #> ARRAY ['integrations', id, 'config', 'a'], '1', format('an unknown id %L', id))
FROM unnest(ARRAY ['', ' slack', 'Slack', 'slack ', E'sla\tck', '/integrations', '%s%n', 'ＳＬＡＣＫ', E'sl\u00e4ck']) AS id;
SELECT is(integration_schema_config(pg_temp.c(repeat('s', 70000), '{"a": 1}')) #> ARRAY ['integrations', repeat('s', 70000), 'config', 'a'], '1', 'a long unknown id');
SELECT is(integration_schema_resolve('slack', pg_temp.c('slack', jsonb_build_object(name, 1))) #> ARRAY ['config', name], '1', format('an unknown field %L', name))
FROM unnest(ARRAY ['', 'Bot_token', 'bot_token ', 'config', 'default']) AS name;
SELECT is(pg_temp.error_of(format('SELECT integration_schema_resolve(%L)', id)), format('42704 integration "%s" does not exist', id), format('resolve of %L', id))
FROM unnest(ARRAY ['%s%n%d', '" or ""']) AS id;
SELECT matches(pg_temp.error_of(format('SELECT integration_schema_resolve(%L)', E'a\nb\tc')), '^42704 [^[:cntrl:]]*$', 'resolve of an id with control characters: one line');

-- the merged document as a layer again: what it has beside a layer's keys is left out
SELECT unnest(ARRAY [is(integration_schema_config(merged), merged, 'the merged document as a layer gives itself'),
                     is(integration_schema_values(merged), integration_schema_values(layer), 'and the same values')])
FROM (SELECT layer, integration_schema_config(layer) AS merged
      FROM pg_temp.c('slack', '{"bot_token": "x", "more": {"a": null}}') AS layer) AS m;

SELECT * FROM finish();
ROLLBACK;
