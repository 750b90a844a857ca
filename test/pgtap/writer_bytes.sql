-- Every document that we write is, byte for byte, the one that the server builds from the same text.
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
SET LOCAL jit = off;

SELECT plan(28);

-- The bytes of a jsonb, as they lie on disk behind the length word.
CREATE CAST (jsonb AS bytea) WITHOUT FUNCTION;

-- Does the server, given the text of what we wrote, write the same?
CREATE FUNCTION pg_temp.same_bytes(written jsonb) RETURNS boolean
LANGUAGE sql VOLATILE AS $$ SELECT written::bytea = written::text::jsonb::bytea $$;
-- And does its text say what was meant?
CREATE FUNCTION pg_temp.wrong(written jsonb, meant jsonb) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN NOT pg_temp.same_bytes(written) THEN 'bytes: ' || left(written::text, 200)
                WHEN written::text <> meant::text THEN 'text: ' || left(written::text, 200) || ' for ' || left(meant::text, 200)
           END
$$;

--
-- Values
--

-- One value of each kind that the format treats apart, and of each size where it changes.
CREATE TEMP TABLE corner (name text PRIMARY KEY, value jsonb NOT NULL);
INSERT INTO corner
SELECT 'literal ' || text, text::jsonb
FROM unnest(ARRAY ['null', 'true', 'false', '""', '{}', '[]', '[[]]', '[{}]', '{"a":{}}', '{"":null}', '[null]', '[[[[[[1]]]]]]',
                   '"a"', '"\u00e9"', '"\ud83d\ude00"', '"\t\"\\/\n"', '{"\u00fc":"\u4e2d\u6587"}']) AS text
UNION ALL
SELECT 'number ' || text, text::jsonb
FROM unnest(ARRAY ['0', '-0', '-0.0', '0.0', '0.00000', '1', '-1', '1.0', '1.000000000000', '0.1', '9999', '10000', '99999999',
                   '100000000', '12345678.87654321', '-123456789012345678901234567890', '1e10', '1e-10', '1e-400', '1e400',
                   '3.14159265358979323846264338327950288419716939937510', '1e1000', '123e-16383',
                   '9223372036854775807', '-9223372036854775808', '0.000000000000000000000000000001']) AS text
UNION ALL
SELECT 'digits ' || n, to_jsonb((repeat('9', n))::numeric) FROM unnest(ARRAY [3, 4, 5, 8, 100, 1000, 131072]) AS n
UNION ALL
SELECT 'fraction ' || n, to_jsonb(('0.' || repeat('123', n))::numeric) FROM unnest(ARRAY [1, 2, 3, 100, 5000]) AS n
UNION ALL
SELECT 'string ' || n, to_jsonb(repeat('s', n)) FROM unnest(ARRAY [1, 2, 3, 4, 5, 127, 128, 255, 256, 1000, 65535, 65536, 65537, 200000, 1000000]) AS n
UNION ALL
SELECT 'key ' || n, jsonb_build_object(repeat('k', n), n) FROM unnest(ARRAY [1, 2, 3, 4, 5, 63, 64, 255, 1000, 65536, 200000]) AS n
UNION ALL
-- around the stride of 32, with values that need padding among others that do not
SELECT 'object ' || n, (SELECT coalesce(jsonb_object_agg('k' || i, CASE i % 4 WHEN 0 THEN to_jsonb(i) WHEN 1 THEN to_jsonb(repeat('x', i % 7)) WHEN 2 THEN 'true' ELSE jsonb_build_array(i) END), '{}') FROM generate_series(1, n) AS i)
FROM unnest(ARRAY [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 1000, 5000]) AS n
UNION ALL
SELECT 'array ' || n, (SELECT coalesce(jsonb_agg(CASE i % 4 WHEN 0 THEN to_jsonb(i) WHEN 1 THEN to_jsonb(repeat('x', i % 7)) WHEN 2 THEN 'null' ELSE jsonb_build_object('a', i) END), '[]') FROM generate_series(1, n) AS i)
FROM unnest(ARRAY [1, 2, 31, 32, 33, 63, 64, 65, 1000, 5000]) AS n
UNION ALL
SELECT 'nested ' || n, (repeat('[', n) || repeat(']', n))::jsonb FROM unnest(ARRAY [10, 100, 500]) AS n
UNION ALL
SELECT 'nested object ' || n, (repeat('{"k":', n) || '1.5' || repeat('}', n))::jsonb FROM unnest(ARRAY [10, 100, 500]) AS n;

CREATE FUNCTION pg_temp.all_right(query text, promise text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    n integer;
    first_wrong text;
    promised text;
BEGIN
    EXECUTE format('SELECT count(*), min(wrong) FROM (%s) AS tested (wrong)', query) INTO n, first_wrong;
    promised := format('%s (%s documents)', promise, n);
    IF n = 0 THEN
        RETURN fail(promised);
    END IF;
    RETURN is(first_wrong, NULL, promised);
END $$;

SELECT ok((SELECT count(*) > 100 FROM corner), 'the corner cases are there');
SELECT pg_temp.all_right($q$ SELECT pg_temp.wrong(value, value) FROM corner $q$,
                         'the server''s own, as a check of the method');

-- in a caller's own key: copied as it lies, at each alignment
SELECT pg_temp.all_right($q$
    SELECT pg_temp.wrong(integration_schema_config(jsonb_build_object('own', value)) -> 'own', value) FROM corner $q$,
    'a caller''s own key');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_config(document)) THEN 'bytes: ' || name END
    FROM corner, LATERAL (SELECT jsonb_build_object(repeat('o', alignment), value, 'z', '"after"'::jsonb) AS document
                          FROM generate_series(1, 4) AS alignment) AS documents $q$,
    'a caller''s own key, the whole document at each alignment');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_config(jsonb_build_object('own', jsonb_build_object('in', value)),
                                                                      jsonb_build_object('own', jsonb_build_object('and', value)))) THEN 'bytes: ' || name END
    FROM corner $q$, 'merged with another layer''s');
SELECT pg_temp.all_right($q$
    SELECT pg_temp.wrong(integration_schema_config(jsonb_build_object('own', a.value), jsonb_build_object('own', b.value)) -> 'own',
                         CASE WHEN jsonb_typeof(a.value) = 'object' AND jsonb_typeof(b.value) = 'object' THEN a.value || b.value ELSE b.value END)
    FROM corner AS a, corner AS b
    WHERE length(a.value::text) < 2000 AND length(b.value::text) < 2000
      AND NOT (a.name ~ '^nested object' AND b.name ~ '^nested object') $q$,
    'each value over each other, flat objects');

-- as a field
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_resolve('slack', jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object(field, value))))))
                THEN 'bytes: ' || field || ' ' || name END
    FROM corner, unnest(ARRAY ['bot_token', 'default_channel', 'unknown_field', '']) AS field $q$,
    'resolve: a field, known or not');
SELECT pg_temp.all_right($q$
    SELECT pg_temp.wrong(integration_schema_resolve('slack', jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object('bot_token', value))))) #> '{config,bot_token}', value)
    FROM corner WHERE value <> 'null' $q$,
    'resolve: the value comes back');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_config(jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object(field, value))))))
                THEN 'bytes: ' || field || ' ' || name END
    FROM corner, unnest(ARRAY ['bot_token', 'unknown_field']) AS field $q$,
    'config: a field, known or not');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_values(jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object('bot_token', value, 'signing_secret', value)), 'own', jsonb_build_object('config', value)))))
                THEN 'bytes: ' || name END
    FROM corner $q$, 'values');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_config(jsonb_build_object('integrations', jsonb_build_object('own', value)))) THEN 'bytes: ' || name END
    FROM corner $q$, 'an unknown integration''s entry');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_config(jsonb_build_object('integrations', jsonb_build_object('own', jsonb_build_object('config', jsonb_build_object('a', value, 'b', value), 'c', value))),
                                                                      jsonb_build_object('integrations', jsonb_build_object('own', jsonb_build_object('config', jsonb_build_object('b', null, 'd', value)))))) THEN 'bytes: ' || name END
    FROM corner $q$, 'an unknown integration''s entry, merged');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_redact(document)) THEN 'bytes: ' || name END
    FROM corner, LATERAL (VALUES (jsonb_build_object('own', value)),
                                 (value),
                                 (jsonb_build_object('integrations', value)),
                                 (jsonb_build_object('integrations', jsonb_build_object('slack', value))),
                                 (jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', value)))),
                                 (jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object('bot_token', value, 'default_channel', value, 'own', value)))))) AS documents (document) $q$,
    'redact, each place');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(value) THEN 'bytes: ' || name END
    FROM (SELECT name, e.value FROM corner, LATERAL integration_schema_explain(jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object('default_channel', corner.value))))) AS e
          WHERE e.field = 'default_channel' AND e.value IS NOT NULL AND corner.value <> 'null') AS explained $q$,
    'explain''s values');

--
-- Random documents
--

-- A document of the seed's random choices: any type, empty containers, keys of 1 byte and of many, now and then
-- more members than the stride.
CREATE FUNCTION pg_temp.random_value(depth integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    choice float8 := random();
    n integer := CASE WHEN random() < 0.03 THEN 25 + (random() * 50)::integer ELSE (random() * 5)::integer END;
BEGIN
    IF depth <= 0 OR choice < 0.55 THEN
        RETURN CASE (random() * 9)::integer
            WHEN 0 THEN 'null'
            WHEN 1 THEN 'true'
            WHEN 2 THEN 'false'
            WHEN 3 THEN to_jsonb((random() * 100000)::integer)
            WHEN 4 THEN to_jsonb(round((random() - 0.5)::numeric * 10::numeric ^ (random() * 40)::integer, (random() * 20)::integer))
            WHEN 5 THEN to_jsonb(left('', 0))
            WHEN 6 THEN to_jsonb(repeat(chr(97 + (random() * 25)::integer), (random() * 9)::integer))
            WHEN 7 THEN to_jsonb(repeat(chr(233 + (random() * 20000)::integer), (random() * 40)::integer))
            WHEN 8 THEN '{}'
            ELSE '[]' END::jsonb;
    ELSIF choice < 0.85 THEN
        RETURN (SELECT coalesce(jsonb_object_agg(CASE WHEN random() < 0.6 THEN chr(97 + (random() * 5)::integer)
                                                      ELSE repeat(chr(97 + (random() * 25)::integer), (random() * 70)::integer) || i END,
                                                 pg_temp.random_value(depth - 1)), '{}')
                FROM generate_series(1, n) AS i);
    ELSE
        RETURN (SELECT coalesce(jsonb_agg(pg_temp.random_value(depth - 1)), '[]') FROM generate_series(1, n) AS i);
    END IF;
END $$;

-- plpgsql, so that each call draws anew: a SQL function would be inlined, and its subqueries run once.
CREATE FUNCTION pg_temp.random_entry() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN jsonb_build_object('enabled', CASE WHEN random() < 0.3 THEN 'false' WHEN random() < 0.9 THEN 'true' ELSE pg_temp.random_value(1) END::jsonb,
                              'config', (SELECT coalesce(jsonb_object_agg(field, pg_temp.random_value(3)), '{}')
                                         FROM unnest(ARRAY ['bot_token', 'default_channel', 'api_key', 'site', 'account', 'x', 'y', 'unknown']) AS field
                                         WHERE random() < 0.5),
                              'description', CASE WHEN random() < 0.5 THEN to_jsonb('d'::text) ELSE pg_temp.random_value(1) END)
           || CASE WHEN random() < 0.2 THEN jsonb_build_object('locked', CASE WHEN random() < 0.3 THEN 'true' ELSE '["bot_token", "x"]' END::jsonb)
                   WHEN random() < 0.3 THEN jsonb_build_object(chr(97 + (random() * 25)::integer), pg_temp.random_value(2))
                   ELSE '{}' END;
END $$;

-- A layer, with the shapes of the merge in it, right ones and wrong ones.
CREATE FUNCTION pg_temp.random_layer() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN jsonb_build_object(
               'integrations',
               CASE WHEN random() < 0.95 THEN
                   (SELECT coalesce(jsonb_object_agg(id, CASE WHEN random() < 0.9 THEN pg_temp.random_entry() ELSE pg_temp.random_value(2) END), '{}')
                    FROM unnest(ARRAY ['slack', 'datadog', 'snowflake', 'openai', 'a', 'unknown-' || (random() * 3)::integer]) AS id
                    WHERE random() < 0.6)
               ELSE pg_temp.random_value(2) END,
               'own', pg_temp.random_value(3), 'a', pg_temp.random_value(3),
               CASE WHEN random() < 0.5 THEN 'zz' ELSE 'b' END, pg_temp.random_value(4));
END $$;
\if :{?seed}
\else
    \set seed 0.4711
\endif
SELECT setseed(:seed) \g /dev/null
CREATE TEMP TABLE random_layers AS
    SELECT n, pg_temp.random_layer() AS a, pg_temp.random_layer() AS b, pg_temp.random_layer() AS c, pg_temp.random_layer() AS d
    FROM generate_series(1, 400) AS n;

CREATE FUNCTION pg_temp.random_right(call text, promise text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.all_right(format('SELECT CASE WHEN NOT pg_temp.same_bytes(%s) THEN ''bytes: '' || n END FROM random_layers', call),
                             promise)
$$;
SELECT pg_temp.random_right('integration_schema_config(a)', 'random layers: config of one');
SELECT pg_temp.random_right('integration_schema_config(a, b)', 'random layers: config of two');
SELECT pg_temp.random_right('integration_schema_config(a, b, c, d)', 'random layers: config of four');
SELECT pg_temp.random_right('integration_schema_values(a, b)', 'random layers: values');
SELECT pg_temp.random_right('integration_schema_resolve(''slack'', a, b, c)', 'random layers: resolve');
SELECT pg_temp.random_right('integration_schema_resolve(''openai'', a, b, c)', 'random layers: resolve of a locked one');
SELECT pg_temp.random_right('integration_schema_redact(a)', 'random layers: redact of a layer');
SELECT pg_temp.random_right('integration_schema_redact(integration_schema_config(a, b))', 'random layers: redact of a merged document');

--
-- What the catalogue itself brings
--

SELECT ok(pg_temp.same_bytes(integration_schema_config()), 'the catalogue''s own document');
SELECT ok(pg_temp.same_bytes(integration_schema_values()), 'its values');
SELECT ok(pg_temp.same_bytes(integration_schema_fallback()), 'the fallback');
INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'many-' || n, repeat('n', n % 128 + 1), 'many', '',
       (SELECT coalesce(jsonb_agg(jsonb_build_object('name', 'f' || i, 'description', repeat('d', i),
                                                     'level', CASE i % 3 WHEN 0 THEN 'team' ELSE 'org' END,
                                                     'required', i % 5 = 0, 'type', 'object', 'x-any', n,
                                                     'default_value', jsonb_build_object('i', i, 'list', jsonb_build_array(i, 1.50, repeat('x', i))))), '[]')
        FROM generate_series(1, n % 70) AS i)
FROM generate_series(0, 99) AS n;
SELECT ok(pg_temp.same_bytes(integration_schema_config()), 'a catalogue of 123, with up to 69 fields');
SELECT ok(pg_temp.same_bytes(integration_schema_config((SELECT jsonb_build_object('integrations', jsonb_object_agg(id, jsonb_build_object('config', jsonb_build_object('f33', 1.0, 'f1', '{"i": {"a": 1}}'::jsonb)))) FROM integration_schemas))),
          'each of its entries written anew');
SELECT pg_temp.all_right($q$
    SELECT CASE WHEN NOT pg_temp.same_bytes(integration_schema_resolve(id, '{"integrations": {"many-69": {"config": {"f1": null, "zz": 1}}}}')) THEN 'bytes: ' || id END
    FROM integration_schemas $q$, 'resolve of each');

SELECT * FROM finish();
ROLLBACK;
