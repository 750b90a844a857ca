-- Objects of other people's making, earlier on the search_path, change no answer.
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

SELECT plan(26);

CREATE TEMP TABLE layer (doc jsonb);
INSERT INTO layer VALUES
('{"integrations": {"slack": {"config": {"bot_token": "xoxb-1", "x": null}, "locked": ["bot_token"]},
                    "openai": {"config": {"api_key": "k"}}, "own": {"config": {"a": 1.0}}}, "k": [1]}');
SELECT doc FROM layer \gset
-- Every reading function's answer, as one array. All names are qualified: what is on search_path while
-- it runs is for the functions themselves to withstand.
SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
\set ask 'SELECT ARRAY[:ours.integration_schema_config(), :ours.integration_schema_config(:''doc''), :ours.integration_schema_resolve(''slack'', :''doc''), :ours.integration_schema_values(:''doc''), :ours.integration_schema_list(), :ours.integration_schema_list(''ai''), :ours.integration_schema_get(''slack''), :ours.integration_schema_categories(), :ours.integration_schema_fallback()]::pg_catalog.text'
:ask AS expected \gset

-- A schema full of traps: tables, functions and operators named like what the extension may use.
CREATE SCHEMA evil;
CREATE FUNCTION evil.trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE TABLE evil.integration_schemas (id text, name text, category text, description text, docs_url text, icon_url text, display_order int,
                                       featured boolean, required boolean, locked boolean, fields jsonb, created_at timestamptz,
                                       updated_at timestamptz, origin text);
INSERT INTO evil.integration_schemas (id, name, category, description, display_order, featured, required, locked, fields)
VALUES ('slack', 'Evil', 'evil', '', -1, true, true, true, '[]'), ('evil', 'Evil', 'ai', '', -1, true, true, true, '[]');
CREATE TABLE evil.integration_schema_version (version bigint);
CREATE TABLE evil.integration_schema_removed (id text, removed_at timestamptz);
CREATE FUNCTION evil.integration_schema_fallback() RETURNS jsonb LANGUAGE sql AS $$ SELECT '"evil"'::jsonb WHERE evil.trap() $$;
DO $make$
DECLARE
    made int := 0;
    f    record;
BEGIN
    -- each function of these names that pg_catalog has over plain types, with the same arguments
    FOR f IN
        SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS args, pg_get_function_result(p.oid) AS result
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
          AND p.proname IN ('to_jsonb', 'jsonb_typeof', 'jsonb_each', 'jsonb_array_elements', 'jsonb_object_keys', 'jsonb_build_object',
                            'jsonb_build_array', 'jsonb_object', 'jsonb_set', 'jsonb_strip_nulls', 'jsonb_array_length', 'lower', 'length',
                            'char_length', 'now', 'clock_timestamp', 'format', 'concat', 'row_to_json', 'left', 'substr', 'replace',
                            'to_regclass', 'current_setting', 'has_table_privilege', 'array_length', 'coalesce', 'nextval', 'count',
                            'pg_extension_config_dump', 'gen_random_uuid', 'txid_current', 'texteq', 'jsonb_eq', 'booleq', 'int4eq')
    LOOP
        EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''trapped''''; END''',
                       f.proname, f.args, f.result);
        made := made + 1;
    END LOOP;
    -- each operator of these names over these types
    FOR f IN
        SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result,
               format('evil.op_%s', o.oid) AS fn
        FROM pg_operator AS o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
          AND o.oprname IN ('=', '<>', '<', '>', '<=', '>=', '||', '->', '->>', '#>', '#>>', '-', '?', '@>', '~', '+')
          AND o.oprleft::regtype::text IN ('text', 'jsonb', 'integer', 'bigint', 'boolean', 'oid', 'name', 'uuid', 'anyelement', 'anyarray')
          AND o.oprright::regtype::text NOT LIKE 'any%' AND o.oprleft::regtype::text NOT LIKE 'any%'
    LOOP
        EXECUTE format('CREATE FUNCTION %s(a %s, b %s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''trapped''''; END''',
                       f.fn, f.l, f.r, f.result);
        EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = %s, LEFTARG = %s, RIGHTARG = %s)', f.oprname, f.fn, f.l, f.r);
        made := made + 1;
    END LOOP;
    IF made < 150 THEN
        RAISE 'only % traps', made;
    END IF;
END $make$;
CREATE DOMAIN evil.jsonb AS pg_catalog.text;
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.trap());
CREATE DOMAIN evil.bool AS pg_catalog.bool CHECK (evil.trap());
GRANT USAGE ON SCHEMA evil TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;

CREATE FUNCTION pg_temp.error_of(statement pg_catalog.text) RETURNS pg_catalog.text
LANGUAGE plpgsql SET search_path = evil, pg_catalog AS $$
BEGIN
    EXECUTE statement;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.error_of('SELECT 1 = 1'), 'P0001', 'the traps do spring');

SAVEPOINT s;
SET LOCAL search_path = evil, pg_catalog;
:ask AS answer \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'answer'::text, :'expected'::text, 'a hostile schema before pg_catalog');
SAVEPOINT s;
SET LOCAL search_path = '';
:ask AS answer \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'answer'::text, :'expected'::text, 'an empty search_path');
SAVEPOINT s;
SET LOCAL search_path = no_such_schema;
:ask AS answer \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'answer'::text, :'expected'::text, 'a search_path to nowhere');

-- a change made under it is seen, and is made by our own trigger functions
SAVEPOINT s;
SET LOCAL search_path = evil, pg_catalog;
UPDATE :ours.integration_schemas SET name = 'Changed' WHERE id OPERATOR(pg_catalog.=) 'slack';
INSERT INTO :ours.integration_schemas (id, name, category, description, fields) VALUES ('added', 'Added', 'test', '', '[{"name": "a"}]');
DELETE FROM :ours.integration_schemas WHERE id OPERATOR(pg_catalog.=) 'gitlab';
SELECT :ours.integration_schema_config() AS changed \gset
SET LOCAL search_path = public;
SELECT is(:'changed'::jsonb #>> '{integrations,slack,name}', 'Changed', 'UPDATE under a hostile search_path');
SELECT is(:'changed'::jsonb #>> '{integrations,added,name}', 'Added', 'INSERT under it');
SELECT is(:'changed'::jsonb #> '{integrations,gitlab}', NULL, 'DELETE under it');
SELECT is(integration_schema_config(), :'changed'::jsonb, 'the same answer without it');
ROLLBACK TO SAVEPOINT s;

SELECT is(pg_temp.error_of(format('SELECT %I.integration_schema_resolve(''slak'', ''{}'')', :'ours')), '42704', 'an unknown id under it');

-- temporary tables of our names, which come first for tables
SAVEPOINT s;
CREATE TEMP TABLE integration_schemas AS SELECT * FROM evil.integration_schemas;
CREATE TEMP TABLE integration_schema_version (version bigint);
CREATE TEMP TABLE integration_schema_removed (id pg_catalog.text);
:ask AS answer \gset
UPDATE :ours.integration_schemas SET name = 'Changed' WHERE id = 'slack';
SELECT :ours.integration_schema_config() #>> '{integrations,slack,name}' AS changed \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'answer'::text, :'expected'::text, 'temporary tables of our names');
SELECT is(:'changed'::text, 'Changed', 'a change beside them');

-- installed and used by a role that is not a superuser, with the hostile schema first
SELECT is((SELECT count(*) FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
               JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
               JOIN pg_language AS l ON l.oid = p.prolang
           WHERE (l.lanname = 'plpgsql' OR p.prosecdef)
             AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%')), 0::bigint,
          'every PL/pgSQL and every SECURITY DEFINER function has a search_path of its own');

-- the catalogue's own triggers turned off, or passed by: the functions still say what the table does
CREATE FUNCTION pg_temp.name_of(id pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(DISTINCT coalesce(name, 'none'), ' <> ')
    FROM unnest(ARRAY [(SELECT s.name FROM public.integration_schemas AS s WHERE s.id = name_of.id),
                       integration_schema_config() -> 'integrations' -> name_of.id ->> 'name',
                       integration_schema_get(name_of.id) ->> 'name']) AS name
$$;
SAVEPOINT s;
SELECT is(pg_temp.name_of('slack'), 'Slack', 'before');
ALTER TABLE integration_schemas DISABLE TRIGGER integration_schemas_touch, DISABLE TRIGGER integration_schemas_touch_row, DISABLE TRIGGER integration_schemas_row;
UPDATE integration_schemas SET name = 'no trigger' WHERE id = 'slack';
SELECT is(pg_temp.name_of('slack'), 'no trigger', 'UPDATE with the triggers disabled');
UPDATE integration_schemas SET name = 'no trigger 2' WHERE id = 'slack';
SELECT is(pg_temp.name_of('slack'), 'no trigger 2', 'UPDATE once more');
DELETE FROM integration_schemas WHERE id = 'slack';
SELECT is(pg_temp.name_of('slack'), 'none', 'DELETE with the triggers disabled');
ALTER TABLE integration_schemas ENABLE TRIGGER ALL;
INSERT INTO integration_schemas (id, name, category, description) VALUES ('slack', 'trigger', 'test', '');
SELECT is(pg_temp.name_of('slack'), 'trigger', 'INSERT with them back');
ROLLBACK TO SAVEPOINT s;
SELECT is(pg_temp.name_of('slack'), 'Slack', 'rolled back');
SAVEPOINT s;
CREATE FUNCTION pg_temp.skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER aaa BEFORE UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION pg_temp.skip();
UPDATE integration_schemas SET name = 'skipped' WHERE id = 'slack';
SELECT is(pg_temp.name_of('slack'), 'Slack', 'an UPDATE that another trigger made nothing of');
ROLLBACK TO SAVEPOINT s;
SAVEPOINT s;
CREATE RULE instead AS ON UPDATE TO integration_schemas DO INSTEAD NOTHING;
UPDATE integration_schemas SET name = 'ruled out' WHERE id = 'slack';
SELECT is(pg_temp.name_of('slack'), 'Slack', 'an UPDATE that a rule made nothing of');
ROLLBACK TO SAVEPOINT s;
SAVEPOINT s;
CREATE TABLE child (LIKE integration_schemas INCLUDING DEFAULTS) INHERITS (integration_schemas);
INSERT INTO child (id, name, category, description, origin) VALUES ('inherited', 'Inherited', 'test', '', 'added');
SELECT is(pg_temp.name_of('inherited'), 'Inherited', 'a row of a table that inherits');
UPDATE child SET name = 'Changed';
SELECT is(pg_temp.name_of('inherited'), 'Changed', 'and a change of it');
ROLLBACK TO SAVEPOINT s;
SELECT is(pg_temp.name_of('inherited'), 'none', 'and rolled back');
-- a trigger that reads between the change's announcement and the change
SAVEPOINT s;
CREATE FUNCTION pg_temp.peek() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM integration_schema_config();
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_row BEFORE UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION pg_temp.peek();
UPDATE integration_schemas SET name = 'peeked' WHERE id IN ('slack', 'github');
SELECT pg_temp.name_of('slack') || ', ' || pg_temp.name_of('github') AS after_row \gset
DROP TRIGGER zzz_row ON integration_schemas;
CREATE TRIGGER zzz_statement BEFORE UPDATE ON integration_schemas FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.peek();
UPDATE integration_schemas SET name = 'peeked 2' WHERE id IN ('slack', 'github');
SELECT pg_temp.name_of('slack') || ', ' || pg_temp.name_of('github') AS after_statement \gset
TRUNCATE integration_schemas;
SELECT pg_temp.name_of('slack') AS after_truncate \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'after_row'::text, 'peeked, peeked', 'a BEFORE ROW trigger that reads leaves nothing stale');
SELECT is(:'after_statement'::text, 'peeked 2, peeked 2', 'nor does a BEFORE STATEMENT trigger');
SELECT is(:'after_truncate'::text, 'none', 'nor TRUNCATE after them');

SELECT * FROM finish();
ROLLBACK;
