-- Who may read the catalogue is asked of every caller, and again after every change of rights, also one of the same transaction.
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

SELECT plan(29);

CREATE ROLE rights_reader;
CREATE ROLE rights_group;
CREATE ROLE rights_other;
GRANT rights_group TO rights_reader;
REVOKE SELECT ON integration_schemas FROM PUBLIC;

-- what the function and a SELECT of the columns that it reads say to a role: an answer, or an error's code
CREATE FUNCTION pg_temp.told(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE query INTO result;
    PERFORM set_config('role', 'none', true);
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.asked(role name) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.told(role, 'SELECT count(*) FROM jsonb_object_keys(integration_schema_config() -> ''integrations'')')
$$;
CREATE FUNCTION pg_temp.looked(role name) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.told(role, 'SELECT count(*) FROM (SELECT id, name, category, description, required, locked, instances, fields, display_order FROM integration_schemas) AS s')
$$;
CREATE FUNCTION pg_temp.same(role name, expected text, promise text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is(pg_temp.asked(role) || ' ' || pg_temp.looked(role), expected || ' ' || expected, promise)
$$;

SELECT pg_temp.same('rights_reader', '42501', 'no right');
GRANT SELECT ON integration_schemas TO rights_reader;
SELECT pg_temp.same('rights_reader', '23', 'SELECT on the table');
REVOKE SELECT ON integration_schemas FROM rights_reader;
SELECT pg_temp.same('rights_reader', '42501', 'revoked in the same transaction');

GRANT SELECT ON integration_schemas TO rights_group;
SELECT pg_temp.same('rights_reader', '23', 'SELECT by a membership');
REVOKE rights_group FROM rights_reader;
SELECT pg_temp.same('rights_reader', '42501', 'a membership revoked in the same transaction');
GRANT rights_group TO rights_other;
GRANT rights_other TO rights_reader;
SELECT pg_temp.same('rights_reader', '23', 'a membership of a member');
REVOKE rights_group FROM rights_other;
SELECT pg_temp.same('rights_reader', '42501', 'which is revoked further up');
GRANT rights_group TO rights_reader;
SELECT pg_temp.same('rights_reader', '23', 'a membership granted');
ALTER ROLE rights_reader NOINHERIT;
SELECT pg_temp.same('rights_reader', pg_temp.looked('rights_reader'), 'and no longer inherited, or as the server has it');
ALTER ROLE rights_reader INHERIT;
REVOKE rights_group FROM rights_reader;

GRANT SELECT (id, name, category, description, required, locked, instances, fields, display_order) ON integration_schemas TO rights_reader;
SELECT pg_temp.same('rights_reader', '23', 'SELECT on the columns that are read');
REVOKE SELECT (fields) ON integration_schemas FROM rights_reader;
SELECT pg_temp.same('rights_reader', '42501', 'one column revoked in the same transaction');
REVOKE ALL ON integration_schemas FROM rights_reader;

-- superuser, and no longer
ALTER ROLE rights_reader SUPERUSER;
SELECT pg_temp.same('rights_reader', '23', 'a superuser');
ALTER ROLE rights_reader NOSUPERUSER;
SELECT pg_temp.same('rights_reader', '42501', 'who is one no longer');

-- SET ROLE and RESET ROLE, without a function in between
GRANT SELECT ON integration_schemas TO rights_group;
SET ROLE rights_group;
SELECT integration_schema_resolve('slack') IS NOT NULL \g /dev/null
SET ROLE rights_reader;
SELECT throws_ok($$SELECT integration_schema_resolve('slack')$$, '42501', NULL, 'SET ROLE to one without the right');
RESET ROLE;
SELECT lives_ok($$SELECT integration_schema_resolve('slack')$$, 'RESET ROLE');
SET SESSION AUTHORIZATION rights_reader;
SELECT throws_ok($$SELECT integration_schema_resolve('slack')$$, '42501', NULL, 'SET SESSION AUTHORIZATION to one without');
RESET SESSION AUTHORIZATION;
SELECT lives_ok($$SELECT integration_schema_resolve('slack')$$, 'RESET SESSION AUTHORIZATION');
SET SESSION AUTHORIZATION rights_group;
SELECT lives_ok($$SELECT integration_schema_resolve('slack')$$, 'SET SESSION AUTHORIZATION to one with the right');
RESET SESSION AUTHORIZATION;

-- row security, switched on and off in the same transaction
GRANT SELECT ON integration_schemas TO rights_reader;
SELECT pg_temp.same('rights_reader', '23', 'before row security');
ALTER TABLE integration_schemas ENABLE ROW LEVEL SECURITY;
SELECT pg_temp.same('rights_reader', '0', 'row security switched on in the same transaction');
CREATE POLICY rights_some ON integration_schemas FOR SELECT TO rights_group USING (category = 'ai');
SELECT pg_temp.same('rights_group', (SELECT count(*)::text FROM integration_schemas WHERE category = 'ai'), 'and a policy');
SELECT pg_temp.same('rights_reader', '0', 'which is not for everybody');
GRANT rights_group TO rights_reader;
SELECT pg_temp.same('rights_reader', (SELECT count(*)::text FROM integration_schemas WHERE category = 'ai'), 'but for a new member');
SELECT is(pg_temp.asked(current_user), '23', 'the table''s owner sees all');
ALTER ROLE rights_reader BYPASSRLS;
SELECT pg_temp.same('rights_reader', '23', 'a role that row security does not hold');
ALTER ROLE rights_reader NOBYPASSRLS;
SELECT isnt(pg_temp.asked('rights_reader'), '23', 'until it does');

-- altered columns: the owner's types are the owner's code
ALTER TABLE integration_schemas ALTER description TYPE varchar;
SELECT is(pg_temp.asked('rights_reader'), '55000', 'altered columns are not read under row security');
ALTER TABLE integration_schemas DISABLE ROW LEVEL SECURITY;
SELECT is(pg_temp.asked('rights_reader'), '23', 'but where all rows are seen');
ALTER TABLE integration_schemas ALTER description TYPE text;
SELECT pg_temp.same('rights_reader', '23', 'and as they were');

SELECT * FROM finish();
ROLLBACK;
