-- A marker hunt: over random definitions, to any depth, each secret of a random
-- document is a marker of its own, and so is all else that redaction has to hide:
-- what has no definition, what is free-form, what has the wrong type. None of them
-- is found in what is shown of the document, and all else is.
-- A soak: pg_prove --set seed=0.7 --set catalogues=1000 ...
\unset ECHO
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off

\if :{?seed}
\else
\set seed 0.3
\endif
\if :{?catalogues}
\else
\set catalogues 60
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(12);
SELECT setseed(:seed) \g /dev/null

CREATE SEQUENCE pg_temp.marker;
-- One of these, by chance.
CREATE FUNCTION pg_temp.one(VARIADIC choices text[]) RETURNS text
LANGUAGE sql AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

CREATE FUNCTION pg_temp.definition(name text, depth int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    type   text := CASE WHEN depth < 4 THEN pg_temp.one('string', 'secret', 'integer', 'json', 'object', 'fields', 'fields', 'variants', 'values', 'items', 'array')
                        ELSE pg_temp.one('string', 'secret', 'integer', 'object', 'json') END;
    result jsonb := CASE WHEN name IS NULL THEN '{}' ELSE jsonb_build_object('name', name) END;
BEGIN
    RETURN result || CASE type
        WHEN 'fields' THEN jsonb_build_object('type', 'object', 'fields', pg_temp.definitions('', depth + 1))
        WHEN 'variants' THEN jsonb_build_object('type', 'object', 'fields', pg_temp.definitions('c', depth + 1),
            'variants', jsonb_build_object('by', 'by', 'choices', jsonb_build_array(
                jsonb_build_object('value', 'one', 'fields', pg_temp.definitions('', depth + 1)),
                jsonb_build_object('value', 'two', 'fields', pg_temp.definitions('', depth + 1)))))
        WHEN 'values' THEN jsonb_build_object('type', 'object', 'values', pg_temp.definition(NULL, depth + 1))
        WHEN 'items' THEN jsonb_build_object('type', 'array', 'items', pg_temp.definition(NULL, depth + 1))
        ELSE jsonb_build_object('type', type) END;
END $$;
CREATE FUNCTION pg_temp.definitions(prefix text, depth int) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_agg(pg_temp.definition(prefix || 'f' || n, depth)) FROM generate_series(1, 1 + floor(random() * 3)::int) AS n
$$;

-- What must not be seen, and what must.
CREATE FUNCTION pg_temp.hidden() RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb('HIDDEN-' || nextval('pg_temp.marker')) $$;
CREATE FUNCTION pg_temp.shown() RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb('shown-' || nextval('pg_temp.marker')) $$;

-- A value for what a definition says; NULL for what has none.
CREATE FUNCTION pg_temp.value(definition jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    type   text := coalesce(definition ->> 'type', 'string');
    choice jsonb;
BEGIN
    IF definition IS NULL THEN
        RETURN CASE floor(random() * 3)::int WHEN 0 THEN jsonb_build_object('a', pg_temp.hidden())
                    WHEN 1 THEN jsonb_build_array(pg_temp.hidden()) ELSE pg_temp.hidden() END;
    ELSIF definition ? 'items' THEN
        RETURN CASE WHEN random() < 0.1 THEN pg_temp.hidden()
                    WHEN random() < 0.1 THEN jsonb_build_object('x', pg_temp.hidden())
                    ELSE (SELECT coalesce(jsonb_agg(pg_temp.value(definition -> 'items')), '[]') FROM generate_series(1, floor(random() * 3)::int)) END;
    ELSIF definition ?| ARRAY['fields', 'variants', 'values'] AND random() < 0.1 THEN
        RETURN CASE WHEN random() < 0.5 THEN pg_temp.hidden() ELSE jsonb_build_array(pg_temp.hidden()) END;
    ELSIF definition ? 'values' THEN
        RETURN (SELECT coalesce(jsonb_object_agg('k' || n, pg_temp.value(definition -> 'values')), '{}') FROM generate_series(1, floor(random() * 3)::int) AS n);
    ELSIF definition ?| ARRAY['fields', 'variants'] THEN
        choice := definition -> 'variants' -> 'choices' -> floor(random() * 3)::int;
        RETURN pg_temp.object(coalesce(definition -> 'fields', '[]') || coalesce(choice -> 'fields', '[]'))
               || CASE WHEN choice IS NULL THEN '{}' ELSE jsonb_build_object('by', choice -> 'value') END
               -- what the other choice has, or nobody
               || CASE WHEN definition ? 'variants' AND random() < 0.3 THEN jsonb_build_object('other', pg_temp.value(NULL)) ELSE '{}' END;
    END IF;
    RETURN CASE type
        WHEN 'secret' THEN CASE WHEN random() < 0.1 THEN pg_temp.value(NULL) ELSE pg_temp.hidden() END
        WHEN 'integer' THEN to_jsonb(floor(random() * 100)::int)
        WHEN 'json' THEN pg_temp.value(NULL)
        WHEN 'object' THEN jsonb_build_object('n', 1, 'a', pg_temp.value(NULL))
        WHEN 'array' THEN jsonb_build_array(pg_temp.shown(), jsonb_build_object('a', pg_temp.hidden()))
        ELSE pg_temp.shown() END;
END $$;
CREATE FUNCTION pg_temp.object(definitions jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT coalesce(jsonb_object_agg(d ->> 'name', pg_temp.value(d)) FILTER (WHERE random() < 0.8), '{}')
           || CASE WHEN random() < 0.2 THEN jsonb_build_object('nobody', pg_temp.value(NULL)) ELSE '{}' END
      FROM jsonb_array_elements(definitions) AS d
$$;

CREATE TABLE pg_temp.cases AS
SELECT n, pg_temp.definitions('', 1) AS fields FROM generate_series(1, :catalogues) AS n;
ALTER TABLE pg_temp.cases ADD config jsonb, ADD document jsonb;
UPDATE pg_temp.cases SET config = pg_temp.object(fields);
UPDATE pg_temp.cases SET document = jsonb_build_object('integrations', jsonb_build_object('c' || n, jsonb_build_object('config', config),
                                                       'c' || n || ':eu', jsonb_build_object('config', pg_temp.object(fields))));
INSERT INTO integration_schemas (id, name, category, description, fields) SELECT 'c' || n, 'C', 'test', '', fields FROM pg_temp.cases;

-- The words of a kind in a text, sorted.
CREATE FUNCTION pg_temp.words(kind text, document text) RETURNS text[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(m[1] ORDER BY m[1]), '{}') FROM regexp_matches(document, kind || '-\d+', 'g') AS m
$$;

SELECT cmp_ok((SELECT count(*) FROM pg_temp.cases, unnest(pg_temp.words('HIDDEN', document::text))), '>', 3 * :catalogues::bigint, 'there is much to hide');
SELECT cmp_ok((SELECT count(*) FROM pg_temp.cases, unnest(pg_temp.words('shown', document::text))), '>', :catalogues::bigint, 'and much to show');

SELECT is_empty('SELECT n, integration_schema_redact(document) FROM pg_temp.cases WHERE pg_temp.words(''HIDDEN'', integration_schema_redact(document)::text) <> ''{}''',
                'a redacted layer shows nothing that is to be hidden');
SELECT is_empty('SELECT n, document, integration_schema_redact(document) FROM pg_temp.cases WHERE pg_temp.words(''shown'', integration_schema_redact(document)::text) <> pg_temp.words(''shown'', document::text)',
                'and all else');
SELECT is_empty('SELECT n FROM pg_temp.cases WHERE pg_temp.words(''HIDDEN'', integration_schema_redact(integration_schema_config(document))::text) <> ''{}''',
                'nor does a merged document');
SELECT is_empty('SELECT n FROM pg_temp.cases WHERE pg_temp.words(''shown'', (integration_schema_redact(integration_schema_config(document)) #> ARRAY[''integrations'', ''c'' || n, ''config''])::text)
                                         <> pg_temp.words(''shown'', (integration_schema_config(document) #> ARRAY[''integrations'', ''c'' || n, ''config''])::text)', 'which shows all else');
SELECT is_empty('SELECT n FROM pg_temp.cases WHERE pg_temp.words(''HIDDEN'', integration_schema_redact(integration_schema_values(document))::text) <> ''{}''',
                'nor an answer of _values');
SELECT is_empty('SELECT n FROM pg_temp.cases WHERE pg_temp.words(''HIDDEN'', integration_schema_redact(integration_schema_resolve(''c'' || n || '':eu'', document), ''c'' || n || '':eu'')::text) <> ''{}''',
                'nor one of _resolve, of an instance');
SELECT is_empty('SELECT n, e.* FROM pg_temp.cases, integration_schema_explain(document) AS e WHERE pg_temp.words(''HIDDEN'', e::text) <> ''{}''',
                'nor explain');
SELECT is_empty('SELECT n, v.* FROM pg_temp.cases, integration_schema_validate(document) AS v WHERE pg_temp.words(''HIDDEN|shown'', v::text) <> ''{}''',
                'nor validation, which shows no value at all');
SELECT is_empty('SELECT n, integration_schema_unmask(integration_schema_redact(document), document) FROM pg_temp.cases
                  WHERE integration_schema_unmask(integration_schema_redact(document), document) <> document',
                'what was redacted and comes back is what it was');
SELECT is_empty('SELECT n FROM pg_temp.cases WHERE pg_temp.words(''HIDDEN'', integration_schema_redact(document -> ''integrations'')::text) <> ''{}''',
                'nor does a document in which "integrations" was forgotten');
SELECT * FROM finish();
ROLLBACK;
