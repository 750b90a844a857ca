-- What a new row may say of itself: only a restore, by one who could delete the row, takes a built-in one's place.
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

SELECT plan(19);

CREATE FUNCTION pg_temp.inserting(id text, origin text) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO integration_schemas (id, name, category, description, origin) VALUES (%L, ''Mine'', ''test'', '''', %L)', id, origin)
$$;
CREATE FUNCTION pg_temp.origin(id text) RETURNS text LANGUAGE sql AS $$ SELECT origin || ' ' || name FROM integration_schemas AS s WHERE s.id = origin.id $$;

-- a role with INSERT alone
CREATE ROLE origin_inserter;
GRANT SELECT, INSERT ON integration_schemas TO origin_inserter;
SET ROLE origin_inserter;
SELECT throws_ok(pg_temp.inserting('slack', o), '23505', NULL, 'INSERT alone replaces no built-in row, with origin ' || quote_nullable(o))
FROM unnest(ARRAY['edited', 'added', 'builtin', '', NULL]) AS o;
SELECT lives_ok(pg_temp.inserting('new-' || o, o), 'it may add a row with origin ' || o) FROM unnest(ARRAY['edited', 'added', 'builtin', 'anything']) AS o;
RESET ROLE;
SELECT is((SELECT string_agg(DISTINCT origin, ',') FROM integration_schemas WHERE id LIKE 'new-%'), 'added', 'whose origin is what it is');
SELECT is(pg_temp.origin('slack'), 'builtin Slack', 'the built-in row is untouched');
SELECT is((SELECT count(*) FROM integration_schema_history WHERE id = 'slack'), 1::bigint, 'and so is its history');

-- row security: there is no telling which rows he could delete
GRANT DELETE ON integration_schemas TO origin_inserter;
ALTER TABLE integration_schemas ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON integration_schemas USING (id LIKE 'new-%') WITH CHECK (true);
SET ROLE origin_inserter;
SELECT throws_ok(pg_temp.inserting('slack', 'edited'), '23505', NULL, 'nor does one whom row security holds');
RESET ROLE;
ALTER TABLE integration_schemas DISABLE ROW LEVEL SECURITY;
SET ROLE origin_inserter;
SELECT lives_ok(pg_temp.inserting('slack', 'edited'), 'who could delete the row may restore another');
RESET ROLE;
SELECT is(pg_temp.origin('slack'), 'edited Mine', 'as the dump has it');
SELECT is((SELECT string_agg(version || operation || (entry ->> 'name'), ',') FROM integration_schema_history WHERE id = 'slack'), '1insertMine', 'with the history of a restored row');

-- '' is what programs send for a column that they know nothing of
SELECT lives_ok(pg_temp.inserting('empty', ''), 'an empty origin');
SELECT is(pg_temp.origin('empty'), 'added Mine', 'is none');
SELECT throws_ok(pg_temp.inserting('mine', 'mine'), '23514', NULL, 'another is refused');

SELECT * FROM finish();
ROLLBACK;
