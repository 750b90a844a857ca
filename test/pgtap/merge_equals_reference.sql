-- For many random catalogues and stacks of layers, the merge gives what the reference in
-- test/reference/merge.sql gives: equal as jsonb, as text, and byte for byte as PostgreSQL itself
-- would have stored it. A soak: pg_prove --set seed=0.7 --set catalogues=1000 ...
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

\if :{?seed}
\else
\set seed 0.42
\endif
\if :{?catalogues}
\else
\set catalogues 45
\endif
\if :{?stacks}
\else
\set stacks 45
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
\ir ../reference/merge.sql
\ir ../reference/shown.sql
\ir ../reference/explain.sql
\ir ../reference/generator.sql

SELECT plan(11);

-- Where two documents differ first: the path, and what is at it on each side.
CREATE FUNCTION pg_temp.first_difference(expected jsonb, got jsonb, path text DEFAULT '') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    key text;
BEGIN
    IF jsonb_typeof(expected) = 'object' AND jsonb_typeof(got) = 'object' THEN
        FOR key IN SELECT jsonb_object_keys(expected) UNION SELECT jsonb_object_keys(got) ORDER BY 1 LOOP
            IF (expected -> key)::text IS DISTINCT FROM (got -> key)::text THEN
                RETURN pg_temp.first_difference(expected -> key, got -> key, path || '/' || key);
            END IF;
        END LOOP;
    END IF;
    RETURN format('at %s expected %s, got %s', path, coalesce(left(expected::text, 300), 'nothing'),
                  coalesce(left(got::text, 300), 'nothing'));
END $$;

-- What is wrong with an answer; NULL where nothing is.
CREATE FUNCTION pg_temp.wrong(expected jsonb, got jsonb) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF expected IS DISTINCT FROM got THEN
        RETURN 'as jsonb ' || pg_temp.first_difference(expected, got);
    ELSIF expected::text <> got::text THEN
        RETURN 'as text ' || pg_temp.first_difference(expected, got);
    ELSIF NOT record_image_eq(row(got), row(got::text::jsonb)) THEN
        RETURN 'as stored: other bytes than jsonb_in gives for ' || left(got::text, 300);
    END IF;
    RETURN NULL;
END $$;

-- What resolve gives, or that the entry is not there.
CREATE FUNCTION pg_temp.resolved(entry_key text, layers jsonb[], expected boolean) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN expected THEN reference.resolve(entry_key, layers) ELSE integration_schema_resolve(entry_key, VARIADIC layers) END;
EXCEPTION WHEN undefined_object THEN
    RETURN '"not there"';
END $$;

-- The first row of explain, by place, that is not the reference's.
CREATE FUNCTION pg_temp.wrong_row(layers jsonb[]) RETURNS text
LANGUAGE sql AS $$
    SELECT format(E'explain: expected %s\n     got %s', e, g)
    FROM (SELECT integration, field, value, source, level, required, locked_by IS NOT NULL AS locked, ignored, locked_by, unset_by
          FROM reference.explain(layers)) AS e
         FULL JOIN integration_schema_explain(VARIADIC layers) AS g
             ON e.integration = g.integration AND coalesce(e.field, '/') = coalesce(g.field, '/')
    WHERE e::text IS DISTINCT FROM g::text
    ORDER BY coalesce(e.integration, g.integration) COLLATE "C", coalesce(e.field, g.field) COLLATE "C" LIMIT 1
$$;

-- One function over one stack of layers, and over the reference; an error is wrong too.
CREATE FUNCTION pg_temp.compare(what text, id text, layers jsonb[]) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE what
        WHEN 'config' THEN pg_temp.wrong(reference.config(layers),
                                         integration_schema_config(VARIADIC layers))
        WHEN 'resolve' THEN pg_temp.wrong(pg_temp.resolved(id, layers, true), pg_temp.resolved(id, layers, false))
        WHEN 'values' THEN pg_temp.wrong(reference."values"(layers),
                                         integration_schema_values(VARIADIC layers))
        WHEN 'explain' THEN pg_temp.wrong_row(layers) END;
EXCEPTION WHEN OTHERS THEN
    RETURN 'error ' || SQLSTATE || ' ' || SQLERRM;
END $$;

-- A smaller stack that still goes wrong: whatever can be left out is.
CREATE FUNCTION pg_temp.smaller(what text, id text, layers jsonb[]) RETURNS jsonb[]
LANGUAGE plpgsql AS $$
DECLARE
    fewer jsonb[];
    path  text[];
BEGIN
    FOR n IN REVERSE cardinality(layers) .. 1 LOOP
        fewer := layers[:n - 1] || layers[n + 1:];
        IF pg_temp.compare(what, id, fewer) IS NOT NULL THEN
            layers := fewer;
        END IF;
    END LOOP;
    FOR n IN 1 .. coalesce(array_length(layers, 1), 0) LOOP
        FOR path IN
            WITH RECURSIVE inside (path, value) AS (
                SELECT '{}'::text[], layers[n]
                UNION ALL
                SELECT inside.path || m.key, m.value
                FROM inside, jsonb_each(CASE WHEN jsonb_typeof(inside.value) = 'object'
                                             THEN inside.value ELSE '{}' END) AS m)
            SELECT inside.path FROM inside WHERE inside.path <> '{}' ORDER BY array_length(inside.path, 1) LOOP
            fewer := layers;
            fewer[n] := layers[n] #- path;
            IF pg_temp.compare(what, id, fewer) IS NOT NULL THEN
                layers := fewer;
            END IF;
        END LOOP;
    END LOOP;
    RETURN layers;
END $$;

CREATE TEMP TABLE difference (what text, detail text, catalogue jsonb, id text, layers jsonb[]);
CREATE TEMP TABLE compared (what text, differs boolean);
CREATE TEMP TABLE met (what text, n bigint);

CREATE FUNCTION pg_temp.compare_stack(layers jsonb[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    -- an integration, or an instance of it, which may not be there
    one     text := (SELECT id || CASE WHEN random() < 0.5 THEN ':eu' ELSE '' END FROM integration_schemas ORDER BY random() LIMIT 1);
    answer  text;
    detail  text;
    smaller jsonb[];
BEGIN
    FOREACH answer IN ARRAY ARRAY ['config', 'resolve', 'values', 'explain'] LOOP
        detail := pg_temp.compare(answer, one, layers);
        INSERT INTO compared VALUES (answer, detail IS NOT NULL);
        IF detail IS NOT NULL AND (SELECT count(*) < 3 FROM difference WHERE what = answer) THEN
            smaller := pg_temp.smaller(answer, one, layers);
            INSERT INTO difference
            SELECT answer, pg_temp.compare(answer, one, smaller),
                   jsonb_object_agg(s.id, jsonb_build_object('locked', s.locked, 'instances', s.instances, 'required', s.required, 'fields', s.fields)),
                   one, smaller
            FROM integration_schemas AS s WHERE position(s.id IN smaller::text) > 0 OR s.id = split_part(one, ':', 1);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION pg_temp.told() RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT diag(format(E'%s(%s) %s\ncatalogue: %s\nlayers: %s', what, id, detail,
                       left(catalogue::text, 3000), left(layers::text, 8000)))
    FROM (SELECT *, row_number() OVER (PARTITION BY what ORDER BY length(layers::text)) AS n FROM difference) AS d
    WHERE n <= 3
$$;

-- the built-in catalogue
SELECT setseed(:seed) \g /dev/null
SELECT pg_temp.compare_stack(generator.layers()) FROM generate_series(1, 2 * :stacks) \g /dev/null
SELECT is((SELECT count(*) FROM compared WHERE differs), 0::bigint,
          'the built-in catalogue: every answer is the reference''s');
SELECT pg_temp.told();
TRUNCATE difference, compared;

-- random catalogues, one at a time
CREATE FUNCTION pg_temp.compare_catalogues(catalogues int, stacks int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    layers jsonb[];
BEGIN
    FOR c IN 1 .. catalogues LOOP
        PERFORM generator.new_catalogue();
        FOR s IN 1 .. stacks LOOP
            layers := generator.layers();
            PERFORM pg_temp.compare_stack(layers);
            INSERT INTO met
            SELECT 'a SQL NULL layer', count(*) FROM unnest(layers) AS l WHERE l IS NULL
            UNION ALL
            SELECT 'no layer', 1 WHERE layers = '{}'
            UNION ALL
            SELECT 'integrations of another shape', count(*) FROM unnest(layers) AS l
            WHERE jsonb_typeof(l -> 'integrations') <> 'object'
            UNION ALL
            SELECT e.what, count(*)
            FROM unnest(layers) AS l,
                 jsonb_each(CASE WHEN jsonb_typeof(l -> 'integrations') = 'object'
                                 THEN l -> 'integrations' ELSE '{}' END) AS i,
                 LATERAL (VALUES
                    ('an unknown integration', NOT EXISTS (SELECT FROM integration_schemas WHERE id = i.key)),
                    ('an entry of another shape', jsonb_typeof(i.value) <> 'object'),
                    ('a whole entry locked', i.value -> 'locked' = 'true'),
                    ('fields locked', jsonb_typeof(i.value -> 'locked') = 'array'),
                    ('an integration locked in the catalogue',
                     EXISTS (SELECT FROM integration_schemas WHERE id = i.key AND locked)),
                    ('a config of another shape', jsonb_typeof(i.value -> 'config') <> 'object'),
                    ('an enabled of another shape', jsonb_typeof(i.value -> 'enabled') <> 'boolean'),
                    ('a description of another shape', jsonb_typeof(i.value -> 'description') <> 'string'),
                    ('a field set to null', i.value -> 'config' @? '$.*?(@ == null)'),
                    ('an empty string', i.value -> 'config' @? '$.*?(@ == "")'),
                    ('more than 32 keys', (SELECT count(*) > 32 FROM jsonb_object_keys(
                        CASE WHEN jsonb_typeof(i.value -> 'config') = 'object'
                             THEN i.value -> 'config' ELSE '{}' END)))) AS e (what, met)
            WHERE e.met
            GROUP BY e.what;
        END LOOP;
    END LOOP;
END $$;
SELECT pg_temp.compare_catalogues(:catalogues, :stacks) \g /dev/null

SELECT is((SELECT count(*) FROM compared WHERE differs AND what = name), 0::bigint,
          'random catalogues: every ' || name || ' is the reference''s')
FROM unnest(ARRAY ['config', 'resolve', 'values', 'explain']) AS name;
SELECT pg_temp.told();

SELECT cmp_ok(count(*), '>=', 2000::bigint, what || ' was compared for at least 2,000 stacks')
FROM compared GROUP BY what ORDER BY what;
SELECT is((SELECT count(DISTINCT what) FROM met WHERE n > 0), 14::bigint, 'the stacks had all that the rules are about');
SELECT cmp_ok((SELECT min(n) FROM (SELECT sum(n) AS n FROM met GROUP BY what) AS m), '>=', 20::numeric,
              'each of it many times');

SELECT * FROM finish();
ROLLBACK;
