-- The reading functions see what a SELECT on the catalogue in the same place would see.
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

SELECT plan(49);

-- Sets the integration x to a state that every reading function shows.
CREATE FUNCTION pg_temp.set_x(state text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO integration_schemas (id, name, category, description, required, fields)
    VALUES ('x', state, 'test', '', true, jsonb_build_array(jsonb_build_object('name', 'd', 'default_value', state)))
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, fields = excluded.fields
$$;
-- What the table shows of it in this place, and what each function does; one word where they agree.
CREATE FUNCTION pg_temp.agreed(VARIADIC states text[]) RETURNS text
LANGUAGE sql AS $$ SELECT string_agg(DISTINCT coalesce(state, 'none'), ' <> ') FROM unnest(states) AS state $$;
CREATE FUNCTION pg_temp.resolved() RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN integration_schema_resolve('x', '{}') #>> '{config,d}';
EXCEPTION WHEN undefined_object THEN
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.x_stable() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT pg_temp.agreed((SELECT name FROM integration_schemas WHERE id = 'x'),
                          integration_schema_config() #>> '{integrations,x,name}',
                          integration_schema_config('{}') #>> '{integrations,x,config,d}',
                          pg_temp.resolved(),
                          integration_schema_values('{}') #>> '{x,d}',
                          integration_schema_get('x') ->> 'name',
                          jsonb_path_query_first(integration_schema_list('test'), '$.integrations[*] ? (@.id == "x").name') #>> '{}')
$$;
CREATE FUNCTION pg_temp.x() RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT pg_temp.agreed((SELECT name FROM integration_schemas WHERE id = 'x'),
                          integration_schema_config() #>> '{integrations,x,name}',
                          integration_schema_config('{}') #>> '{integrations,x,config,d}',
                          pg_temp.resolved(),
                          integration_schema_values('{}') #>> '{x,d}',
                          integration_schema_get('x') ->> 'name',
                          jsonb_path_query_first(integration_schema_list('test'), '$.integrations[*] ? (@.id == "x").name') #>> '{}')
$$;

-- changes in this transaction
SELECT is(pg_temp.x(), 'none', 'before');
INSERT INTO integration_schemas (id, name, category, description, required, fields)
VALUES ('x', 'inserted', 'test', '', true, '[{"name": "d", "default_value": "inserted"}]');
SELECT is(pg_temp.x(), 'inserted', 'INSERT');
UPDATE integration_schemas SET name = 'updated', fields = '[{"name": "d", "default_value": "updated"}]' WHERE id = 'x';
SELECT is(pg_temp.x(), 'updated', 'UPDATE');
UPDATE integration_schemas SET id = 'y' WHERE id = 'x';
SELECT is(pg_temp.x(), 'none', 'UPDATE of the id away');
UPDATE integration_schemas SET id = 'x' WHERE id = 'y';
SELECT is(pg_temp.x(), 'updated', 'UPDATE of the id back');
DELETE FROM integration_schemas WHERE id = 'x';
SELECT is(pg_temp.x(), 'none', 'DELETE');
SELECT pg_temp.set_x('upserted') \g /dev/null
SELECT is(pg_temp.x(), 'upserted', 'INSERT ... ON CONFLICT, of a new row');
SELECT pg_temp.set_x('upserted_2') \g /dev/null
SELECT is(pg_temp.x(), 'upserted_2', 'INSERT ... ON CONFLICT, of an old row');
COPY integration_schemas (id, name, category, description, fields) FROM STDIN;
copied	copied	test		[]
\.
SELECT is(integration_schema_config() #>> '{integrations,copied,name}', 'copied', 'COPY');

-- savepoints
SAVEPOINT a;
SELECT pg_temp.set_x('in_savepoint') \g /dev/null
SELECT is(pg_temp.x(), 'in_savepoint', 'after a savepoint');
SAVEPOINT b;
SELECT pg_temp.set_x('in_inner') \g /dev/null
SELECT pg_temp.x() AS inner \gset
ROLLBACK TO SAVEPOINT b;
SELECT is(:'inner'::text, 'in_inner', 'after a savepoint inside it');
SELECT is(pg_temp.x(), 'in_savepoint', 'ROLLBACK TO the inner savepoint');
SELECT pg_temp.set_x('released') \g /dev/null
RELEASE SAVEPOINT b;
SELECT is(pg_temp.x(), 'released', 'RELEASE of the inner savepoint');
SELECT pg_temp.x() AS before_rollback \gset
ROLLBACK TO SAVEPOINT a;
SELECT is(pg_temp.x(), 'upserted_2', 'ROLLBACK TO the outer savepoint, over a released one');
SELECT pg_temp.set_x('again') \g /dev/null
SELECT is(pg_temp.x(), 'again', 'another change after ROLLBACK TO');
ROLLBACK TO SAVEPOINT a;
SELECT is(pg_temp.x(), 'upserted_2', 'ROLLBACK TO once more, nothing read in between');
DELETE FROM integration_schemas WHERE id = 'x';
SELECT pg_temp.x() AS deleted \gset
ROLLBACK TO SAVEPOINT a;
SELECT is(pg_temp.x(), 'upserted_2', 'a DELETE rolled back');
RELEASE SAVEPOINT a;

-- a subtransaction that fails
CREATE FUNCTION pg_temp.change_and_fail(read_inside boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    inside text := 'not read';
BEGIN
    BEGIN
        PERFORM pg_temp.set_x('failing');
        IF read_inside THEN
            inside := pg_temp.x();
        END IF;
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        RETURN inside || ', then ' || pg_temp.x();
    END;
END $$;
SELECT is(pg_temp.change_and_fail(true), 'failing, then upserted_2', 'a failed subtransaction that read');
SELECT is(pg_temp.change_and_fail(false), 'not read, then upserted_2', 'a failed subtransaction that did not');
SELECT throws_ok('SELECT integration_schema_config(''3'')', '22023', NULL, 'an error of ours');
SELECT is(pg_temp.x(), 'upserted_2', 'after it');
SELECT throws_ok('SELECT integration_schema_resolve(''nothing'', ''{}'')', '42704', NULL, 'another');
SELECT is(pg_temp.x(), 'upserted_2', 'and after that');

-- the place in a statement
WITH changed AS (UPDATE integration_schemas SET name = 'cte', fields = '[{"name": "d", "default_value": "cte"}]'
                 WHERE id = 'x' RETURNING id)
SELECT is(pg_temp.x_stable(), 'upserted_2', 'beside an UPDATE in the same statement: as it was') FROM changed;
SELECT is(pg_temp.x(), 'cte', 'after that statement');
CREATE FUNCTION pg_temp.change_then(state text, stable boolean) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.set_x(state);
    RETURN CASE WHEN stable THEN pg_temp.x_stable() ELSE pg_temp.x() END;
END $$;
SELECT is(pg_temp.change_then('f1', false), 'f1', 'after a change in the same function');
SELECT is(pg_temp.change_then('f2', true), 'f2', 'in a STABLE function, called after the change');
SELECT is(array(SELECT pg_temp.change_then('row_' || n, n % 2 = 0) FROM generate_series(1, 4) AS n),
          ARRAY ['row_1', 'row_2', 'row_3', 'row_4'], 'a change a row, each seen by the row''s own function');
PREPARE ask AS SELECT pg_temp.x_stable();
EXECUTE ask \g /dev/null
SELECT pg_temp.set_x('after_prepare') \g /dev/null
EXECUTE ask \gset
SELECT is(:'x_stable'::text, 'after_prepare', 'a prepared statement');
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT pg_temp.set_x('generic') \g /dev/null
EXECUTE ask \gset
SELECT is(:'x_stable'::text, 'generic', 'a prepared statement''s generic plan');

-- a cursor sees the catalogue as it was when it was opened
DECLARE c CURSOR FOR SELECT pg_temp.x_stable() FROM generate_series(1, 3);
FETCH c \gset
SELECT is(:'x_stable'::text, 'generic', 'a cursor');
SELECT pg_temp.set_x('while_open') \g /dev/null
SELECT is(pg_temp.x(), 'while_open', 'another statement while the cursor is open');
FETCH c \gset
SELECT is(:'x_stable'::text, 'generic', 'the cursor still, after the change');
SELECT is(pg_temp.x(), 'while_open', 'another statement after that: nothing stale left behind');
DELETE FROM integration_schemas WHERE id = 'x';
FETCH c \gset
SELECT is(:'x_stable'::text, 'generic', 'the cursor still, after a DELETE');
CLOSE c;
SELECT is(pg_temp.x(), 'none', 'and with it closed');

-- triggers
SELECT pg_temp.set_x('t0') \g /dev/null
CREATE TEMP TABLE seen (moment text, x text);
CREATE FUNCTION pg_temp.see() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen VALUES (TG_WHEN || ' ' || TG_LEVEL, pg_temp.x());
    RETURN NEW;
END $$;
CREATE TRIGGER see_1 BEFORE UPDATE ON integration_schemas FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.see();
CREATE TRIGGER see_2 BEFORE UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION pg_temp.see();
CREATE TRIGGER see_3 AFTER UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION pg_temp.see();
UPDATE integration_schemas SET name = 't1', fields = '[{"name": "d", "default_value": "t1"}]' WHERE id = 'x';
SELECT results_eq('SELECT moment, x FROM seen ORDER BY moment DESC',
                  $$VALUES ('BEFORE STATEMENT', 't0'), ('BEFORE ROW', 't0'), ('AFTER ROW', 't1')$$,
                  'in triggers of the catalogue: as it was before the change, and as it is after');
SELECT is(pg_temp.x(), 't1', 'after those triggers');
DROP TRIGGER see_1 ON integration_schemas;
DROP TRIGGER see_2 ON integration_schemas;
DROP TRIGGER see_3 ON integration_schemas;

-- changes that pass by a row's trigger
SET LOCAL session_replication_role = replica;
UPDATE integration_schemas SET name = 'replica', fields = '[{"name": "d", "default_value": "replica"}]' WHERE id = 'x';
SELECT is(pg_temp.x(), 'replica', 'a change with session_replication_role = replica');
SET LOCAL session_replication_role = origin;
SELECT is(pg_temp.x(), 'replica', 'and with it back');
SAVEPOINT t;
TRUNCATE integration_schemas;
SELECT is(pg_temp.x(), 'none', 'TRUNCATE');
SELECT is(integration_schema_config(), '{"integrations": {}}', 'TRUNCATE: nothing is left');
SELECT pg_temp.set_x('after_truncate') \g /dev/null
SELECT is(pg_temp.x(), 'after_truncate', 'TRUNCATE, then INSERT');
ROLLBACK TO SAVEPOINT t;
SELECT is(pg_temp.x(), 'replica', 'TRUNCATE rolled back');

-- the table's own changes
SAVEPOINT t;
ALTER TABLE integration_schemas ADD COLUMN note text DEFAULT 'n';
SELECT is(pg_temp.x(), 'replica', 'ALTER TABLE ADD COLUMN');
SELECT is(integration_schema_get('x') ->> 'note', 'n', 'get has the new column');
ALTER TABLE integration_schemas ALTER COLUMN name TYPE varchar(200);
SELECT is(pg_temp.x(), 'replica', 'ALTER TABLE ALTER COLUMN TYPE, which rewrites it');
UPDATE integration_schemas SET name = 'altered', fields = '[{"name": "d", "default_value": "altered"}]' WHERE id = 'x';
SELECT is(pg_temp.x(), 'altered', 'a change after that');
ROLLBACK TO SAVEPOINT t;
SELECT is(pg_temp.x(), 'replica', 'ALTER TABLE rolled back');

SELECT * FROM finish();
ROLLBACK;
