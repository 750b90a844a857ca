-- The reading functions answer the same for any role, in any schema, transaction and process.
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

SELECT plan(51);

CREATE TEMP TABLE layer (doc jsonb);
INSERT INTO layer VALUES
('{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}, "locked": ["bot_token"]}, "own": {"config": {"a": 1.0}}}, "k": [1]}');
-- Every reading function's answer, as one document.
CREATE VIEW pg_temp.answers AS
SELECT jsonb_build_array(integration_schema_config(), integration_schema_config(doc), integration_schema_resolve('slack', doc),
                         integration_schema_values(doc), integration_schema_list(), integration_schema_list('ai', true),
                         integration_schema_get('slack'), integration_schema_categories(), integration_schema_fallback()) AS a
FROM layer;
SELECT a AS expected FROM pg_temp.answers \gset

-- the functions themselves
SELECT is(format('%s%s%s', p.provolatile, p.proparallel, p.prosecdef), 'ssf', p.oid::regprocedure || ' is STABLE, PARALLEL SAFE and the caller''s')
FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
     JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
WHERE p.proname IN ('integration_schema_config', 'integration_schema_resolve', 'integration_schema_values', 'integration_schema_list',
                    'integration_schema_get', 'integration_schema_categories') ORDER BY p.oid::regprocedure::text;

-- roles
CREATE ROLE test_reader;
CREATE ROLE test_stranger;
GRANT SELECT ON pg_temp.answers, layer TO test_reader, test_stranger;
REVOKE ALL ON integration_schemas FROM PUBLIC;
GRANT SELECT ON integration_schemas TO test_reader;
SET LOCAL ROLE test_reader;
SELECT integration_schema_config(doc) AS config, integration_schema_resolve('slack', doc) AS resolve, integration_schema_values(doc) AS values,
       integration_schema_list() AS list, integration_schema_get('slack') AS get, integration_schema_categories() AS categories
FROM layer \gset
RESET ROLE;
SELECT is(jsonb_build_array(:'config'::jsonb, :'resolve'::jsonb, :'values'::jsonb, :'list'::jsonb, :'get'::jsonb, :'categories'::jsonb),
          (SELECT jsonb_build_array(integration_schema_config(doc), integration_schema_resolve('slack', doc), integration_schema_values(doc),
                                    integration_schema_list(), integration_schema_get('slack'), integration_schema_categories()) FROM layer),
          'a role with SELECT and EXECUTE, and no more');
CREATE FUNCTION pg_temp.as_role(role name, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    code text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    BEGIN
        EXECUTE statement;
        code := 'no error';
    EXCEPTION WHEN OTHERS THEN
        code := SQLSTATE;
    END;
    RESET ROLE;
    RETURN code;
END $$;
SELECT is(pg_temp.as_role('test_stranger', 'SELECT ' || call), '42501', 'without SELECT: permission denied for ' || call)
FROM unnest(ARRAY ['integration_schema_config()', 'integration_schema_config(''{}'')', 'integration_schema_resolve(''slack'', ''{}'')',
                   'integration_schema_resolve(''no-such'', ''{}'')', 'integration_schema_values(''{}'')', 'integration_schema_list()',
                   'integration_schema_get(''slack'')', 'integration_schema_categories()']) AS call;
SELECT is(pg_temp.as_role('test_reader', 'SELECT integration_schema_config()'), 'no error', 'a reader after the stranger, in the same session');
SELECT is(pg_temp.as_role('test_stranger', 'SELECT integration_schema_config()'), '42501', 'the stranger after the reader: what was read is not his');
REVOKE SELECT ON integration_schemas FROM test_reader;
SELECT is(pg_temp.as_role('test_reader', 'SELECT integration_schema_config()'), '42501', 'a reader whose SELECT was revoked');
GRANT SELECT ON integration_schemas TO test_reader;
SELECT is(pg_temp.as_role('test_reader', 'SELECT integration_schema_config()'), 'no error', 'and granted again');
CREATE FUNCTION public.test_definer() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT integration_schema_config()';
SELECT is(pg_temp.as_role('test_stranger', 'SELECT public.test_definer()'), 'no error', 'through a SECURITY DEFINER function: with its owner''s rights');
SELECT is(pg_temp.as_role('test_stranger', 'SELECT integration_schema_config()'), '42501', 'and not beyond it');
SELECT is(pg_temp.as_role('test_stranger', 'SELECT integration_schema_fallback()'), 'no error', 'the fallback document is anybody''s');

-- row security on the catalogue
ALTER TABLE integration_schemas ENABLE ROW LEVEL SECURITY;
CREATE POLICY test_policy ON integration_schemas FOR SELECT TO test_reader USING (id = 'slack');
SET LOCAL ROLE test_reader;
SELECT string_agg(key, ',') AS reader_sees FROM jsonb_object_keys(integration_schema_config() -> 'integrations') AS key \gset
SELECT integration_schema_list() -> 'total' AS reader_lists \gset
SELECT integration_schema_get('slack') IS NOT NULL AND integration_schema_get('openai') IS NULL
       AND integration_schema_categories() -> 'total' = '1' AS reader_gets, integration_schema_version() AS reader_version \gset
RESET ROLE;
SELECT is(:'reader_sees'::text, 'slack', 'row security: the role sees what its policy lets it see');
SELECT is(:'reader_lists'::text, '1', 'row security: in list, too');
SELECT ok(:'reader_gets', 'row security: in get and categories, too');
SELECT isnt(:'reader_version'::text, integration_schema_version(), 'row security: the version is of what one sees');
SELECT is(integration_schema_list() -> 'total', '23', 'row security: the owner''s list has all, after the role''s had not');
SELECT is((SELECT count(*) FROM jsonb_object_keys(integration_schema_config() -> 'integrations')), 23::bigint,
          'row security: the owner sees all, after the role did not');
SET LOCAL ROLE test_reader;
SELECT string_agg(key, ',') AS reader_sees FROM jsonb_object_keys(integration_schema_config() -> 'integrations') AS key \gset
RESET ROLE;
SELECT is(:'reader_sees'::text, 'slack', 'row security: the role again, after the owner saw all');
DROP POLICY test_policy ON integration_schemas;
ALTER TABLE integration_schemas DISABLE ROW LEVEL SECURITY;

-- transactions
SAVEPOINT s;
SET LOCAL transaction_read_only = on;
SELECT a AS read_only FROM pg_temp.answers \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'read_only'::jsonb, :'expected'::jsonb, 'in a read-only transaction');
CREATE FUNCTION pg_temp.in_subtransaction() RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
BEGIN
    BEGIN
        answer := (SELECT a FROM pg_temp.answers);
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    RETURN answer;
END $$;
SELECT is(pg_temp.in_subtransaction(), :'expected'::jsonb, 'in a subtransaction that fails');
SELECT is(pg_temp.in_subtransaction(), :'expected'::jsonb, 'and once more');
SAVEPOINT s;
SELECT a AS in_savepoint FROM pg_temp.answers \gset
RELEASE SAVEPOINT s;
SELECT is(:'in_savepoint'::jsonb, :'expected'::jsonb, 'in a subtransaction that is released');
SELECT is((SELECT a FROM pg_temp.answers), :'expected'::jsonb, 'after them');

-- settings
SAVEPOINT s;
SELECT set_config('standard_conforming_strings', 'off', true)
WHERE current_setting('server_version_num')::int < 190000 \g /dev/null
SET LOCAL extra_float_digits = -10;
SET LOCAL quote_all_identifiers = on;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_seqscan = off;
SET LOCAL jit_above_cost = 0;
SET LOCAL row_security = off;
SET LOCAL client_encoding = 'SQL_ASCII';
SELECT a AS settings FROM pg_temp.answers \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'settings'::jsonb, :'expected'::jsonb, 'under other settings');

-- a parallel worker, which sees this transaction's changes as well
INSERT INTO integration_schemas (id, name, category, description) VALUES ('new', 'New', 'test', '');
SAVEPOINT s;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query'
                       ELSE 'force_parallel_mode' END, 'on', true) \g /dev/null
SELECT integration_schema_config('{"k": 1}') AS config, integration_schema_resolve('new', '{}') AS resolve, integration_schema_values('{}') AS values,
       integration_schema_list() AS list, integration_schema_get('new') AS get, integration_schema_categories() AS categories,
       integration_schema_fallback() AS fallback \gset
CREATE FUNCTION pg_temp.plan_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || statement LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END $$;
SELECT pg_temp.plan_of('SELECT integration_schema_config()') AS plan \gset
ROLLBACK TO SAVEPOINT s;
SELECT matches(:'plan'::text, 'Workers Launched: 1', 'a parallel worker was at work');
SELECT is(jsonb_build_array(:'config'::jsonb, :'resolve'::jsonb, :'values'::jsonb, :'list'::jsonb, :'get'::jsonb, :'categories'::jsonb, :'fallback'::jsonb),
          jsonb_build_array(integration_schema_config('{"k": 1}'), integration_schema_resolve('new', '{}'), integration_schema_values('{}'),
                            integration_schema_list(), integration_schema_get('new'), integration_schema_categories(), integration_schema_fallback()),
          'a parallel worker gives the same answers');
DELETE FROM integration_schemas WHERE id = 'new';

-- another schema, and the extension dropped and created again in one session
DROP VIEW pg_temp.answers;
DROP FUNCTION public.test_definer();
DROP EXTENSION integration_schemas CASCADE;
SELECT hasnt_function('integration_schema_config'::name, 'dropped');
CREATE SCHEMA "Odd schema";
CREATE EXTENSION integration_schemas SCHEMA "Odd schema";
SELECT is((SELECT jsonb_build_array("Odd schema".integration_schema_config(), "Odd schema".integration_schema_config(doc),
                                    "Odd schema".integration_schema_resolve('slack', doc), "Odd schema".integration_schema_values(doc))
           FROM layer),
          (SELECT jsonb_agg(a ORDER BY n) FROM jsonb_array_elements(:'expected') WITH ORDINALITY AS e (a, n) WHERE n <= 4),
          'in another schema, with a name that needs quoting, not on search_path');
SELECT is("Odd schema".integration_schema_categories(), :'expected'::jsonb -> 7, 'in another schema: categories');
SELECT is("Odd schema".integration_schema_list() -> 'total', '23', 'in another schema: list');
SELECT is("Odd schema".integration_schema_get('slack') -> 'fields', :'expected'::jsonb #> '{6,fields}', 'in another schema: get');
UPDATE "Odd schema".integration_schemas SET name = 'Changed' WHERE id = 'slack';
SELECT is("Odd schema".integration_schema_config() #>> '{integrations,slack,name}', 'Changed', 'in another schema: fresh');
DROP EXTENSION integration_schemas CASCADE;
CREATE EXTENSION integration_schemas SCHEMA public;
SELECT is(integration_schema_config(), :'expected'::jsonb -> 0, 'dropped and created again: as at first, not as before the DROP');

-- a cursor that outlives the extension: an error of the user's kind, not an internal one
CREATE FUNCTION pg_temp.after_drop(expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    answer text;
BEGIN
    OPEN c FOR EXECUTE format('SELECT %s FROM generate_series(1, 3) AS n', expression);
    FETCH c INTO answer;
    DROP EXTENSION integration_schemas CASCADE;
    FETCH c INTO answer;
    RAISE 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'P0001' THEN SQLERRM ELSE SQLSTATE END;
END $$;
SELECT is(pg_temp.after_drop(expression), '42704', 'after DROP EXTENSION, from an open cursor: ' || expression)
FROM unnest(ARRAY ['integration_schema_config(jsonb_build_object(''n'', n))', 'integration_schema_resolve(''slack'', jsonb_build_object(''n'', n))',
                   'integration_schema_values(jsonb_build_object(''n'', n))', 'integration_schema_list(n::text)',
                   'integration_schema_get(n::text)', 'integration_schema_resolve_array(''slack'', ARRAY [jsonb_build_object(''n'', n)])']) AS expression;
SELECT is(pg_temp.after_drop('(integration_schema_explain(jsonb_build_object(''n'', n))).field'), 'no error',
          'after DROP EXTENSION, from an open cursor: the rest of a set');

SELECT * FROM finish();
ROLLBACK;
