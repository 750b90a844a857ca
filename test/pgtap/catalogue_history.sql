-- Every version of every row of the catalogue: who, when and why; never changed, and told field by field.
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

SELECT plan(46);

CREATE FUNCTION pg_temp.versions(id text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(h.version || ' ' || h.operation, ', ' ORDER BY h.version) FROM integration_schema_history AS h WHERE h.id = versions.id
$$;
-- what to_jsonb has of a row, but for the times
CREATE FUNCTION pg_temp.is_latest(id text) RETURNS boolean LANGUAGE sql AS $$
    SELECT h.entry - '{created_at,updated_at}'::text[] = to_jsonb(s) - '{created_at,updated_at,own}'::text[]
           AND (h.entry ->> 'updated_at')::timestamptz = s.updated_at AND (h.entry ->> 'created_at')::timestamptz = s.created_at
      FROM integration_schemas AS s JOIN integration_schema_history AS h USING (id)
     WHERE s.id = is_latest.id ORDER BY h.version DESC LIMIT 1
$$;

-- as installed
SELECT has_table('integration_schema_history'::name);
SELECT is((SELECT count(*) || ' ' || count(*) FILTER (WHERE version = 1 AND operation = 'insert') FROM integration_schema_history), '23 23',
          'each built-in row has its first version');
SELECT is((SELECT string_agg(id, ',') FROM integration_schemas WHERE pg_temp.is_latest(id) IS NOT TRUE), NULL, 'which is the row');
SELECT is((SELECT string_agg(DISTINCT reason, ',') FROM integration_schema_history), 'built-in catalogue', 'and says where it is from');

-- versions
SET integration_schemas.author = 'Ann';
SET integration_schemas.reason = 'for a test';
UPDATE integration_schemas SET name = 'Slack of ours' WHERE id = 'slack';
SELECT is(pg_temp.versions('slack'), '1 insert, 2 update', 'an UPDATE is a version');
SELECT ok(pg_temp.is_latest('slack'), 'which is the row');
SELECT is((SELECT row(author, reason, role, transaction = pg_current_xact_id())::text FROM integration_schema_history WHERE id = 'slack' AND version = 2),
          row('Ann', 'for a test', current_user, true)::text, 'with author, reason, role and transaction');
UPDATE integration_schemas SET name = name WHERE id = 'slack';
SELECT is(pg_temp.versions('slack'), '1 insert, 2 update', 'nothing changed is no version');
SET TimeZone = 'Pacific/Apia';
UPDATE integration_schemas SET name = name WHERE id = 'slack';
UPDATE integration_schemas SET featured = featured, updated_at = now() WHERE id = 'pagerduty';
RESET TimeZone;
SELECT is(pg_temp.versions('slack') || pg_temp.versions('pagerduty'), '1 insert, 2 update1 insert', 'whatever the time zone is');
DELETE FROM integration_schemas WHERE id = 'slack';
SELECT is((SELECT operation || ' ' || version FROM integration_schema_history WHERE id = 'slack' AND entry IS NULL), 'delete 3', 'a DELETE is a version without a row');
INSERT INTO integration_schemas (id, name, category, description) VALUES ('slack', 'Slack again', 'ai', '');
SELECT is(pg_temp.versions('slack'), '1 insert, 2 update, 3 delete, 4 insert', 'a new row of the same id goes on');
UPDATE integration_schemas SET id = 'slack2' WHERE id = 'slack';
SELECT is(pg_temp.versions('slack') || ' / ' || pg_temp.versions('slack2'), '1 insert, 2 update, 3 delete, 4 insert, 5 delete / 1 insert',
          'another id: the one is deleted, the other new');
INSERT INTO integration_schemas (id, name, category, description) VALUES ('slack2', 'Upserted', 'ai', '') ON CONFLICT (id) DO UPDATE SET name = 'Upserted';
SELECT is(pg_temp.versions('slack2'), '1 insert, 2 update', 'an upsert');
SELECT is((SELECT count(DISTINCT changed_at) FROM integration_schema_history WHERE version > 1), 1::bigint, 'one time for a transaction');
SELECT is((SELECT count(DISTINCT sequence) = count(*) AND max(sequence) = count(*) FROM integration_schema_history), true, 'a sequence over all');
SELECT results_eq($$SELECT id, version FROM integration_schema_history WHERE sequence > 23 ORDER BY sequence$$,
                  $$VALUES ('slack', 2), ('slack', 3), ('slack', 4), ('slack', 5), ('slack2', 1), ('slack2', 2)$$, 'in the order of the changes');

-- a parent, a cursor and a writable view fire what the table fires
CREATE TABLE parent (LIKE integration_schemas);
ALTER TABLE integration_schemas INHERIT parent;
UPDATE parent SET name = 'By a parent' WHERE id = 'pagerduty';
SELECT is(pg_temp.versions('pagerduty'), '1 insert, 2 update', 'an UPDATE of a table that it inherits from');
SELECT is(integration_schema_config() #>> '{integrations,pagerduty,name}', 'By a parent', 'which the functions see');
DELETE FROM parent WHERE id = 'pagerduty';
SELECT is(pg_temp.versions('pagerduty'), '1 insert, 2 update, 3 delete', 'and a DELETE');
SELECT is((SELECT count(*) FROM integration_schema_removed WHERE id = 'pagerduty'), 1::bigint, 'of a built-in row, which is remembered');
ALTER TABLE integration_schemas NO INHERIT parent;
-- another BEFORE trigger changes the id, which no column list names
CREATE FUNCTION pg_temp.rename() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 'github2'; RETURN NEW; END $$;
CREATE TRIGGER aaa BEFORE UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION pg_temp.rename();
UPDATE integration_schemas SET name = 'x' WHERE id = 'github';
DROP TRIGGER aaa ON integration_schemas;
SELECT is(pg_temp.versions('github') || ' / ' || pg_temp.versions('github2'), '1 insert, 2 delete / 1 insert', 'an id that another trigger changes');
SELECT is((SELECT count(*) FROM integration_schema_removed WHERE id = 'github'), 1::bigint, 'is remembered, too');
ALTER TABLE integration_schemas ADD own text;
UPDATE integration_schemas SET own = 'mine' WHERE id = 'gitlab';
SELECT is((SELECT own FROM integration_schemas WHERE id = 'gitlab'), 'mine', 'a column of the user''s own is written');
SELECT ok(pg_temp.is_latest('gitlab'), 'and leaves the version as it was made');

-- never changed
SELECT throws_ok($$UPDATE integration_schema_history SET author = 'nobody'$$, '42501', NULL, 'a version is not changed');
SELECT throws_ok($$DELETE FROM integration_schema_history WHERE id = 'slack' AND version = 1$$, '42501', NULL, 'nor deleted');
SELECT throws_ok($$TRUNCATE integration_schema_history$$, '42501', NULL, 'nor truncated');
SELECT throws_ok($$INSERT INTO integration_schema_history SELECT (h).* FROM (SELECT h FROM integration_schema_history AS h WHERE id = 'slack' AND version = 2) AS s$$,
                 '23505', NULL, 'nor replaced');
CREATE TABLE history_parent (LIKE integration_schema_history);
ALTER TABLE integration_schema_history INHERIT history_parent;
SELECT throws_ok($$UPDATE history_parent SET author = 'nobody'$$, '42501', NULL, 'nor by a table that it inherits from');
SELECT throws_ok($$DELETE FROM history_parent$$, '42501', NULL, 'nor deleted by one');
SELECT throws_ok($$TRUNCATE history_parent$$, '42501', NULL, 'nor truncated by one');
SET session_replication_role = replica;
SELECT throws_ok($$DELETE FROM integration_schema_history$$, '42501', NULL, 'nor where triggers are off');
RESET session_replication_role;

-- rights
CREATE ROLE history_reader;
SET ROLE history_reader;
SELECT lives_ok($$SELECT * FROM integration_schema_history$$, 'everybody may read it');
SELECT throws_ok($$INSERT INTO integration_schema_history SELECT * FROM integration_schema_history LIMIT 1$$, '42501', NULL, 'and nobody write it');
RESET ROLE;
REVOKE SELECT ON integration_schema_history FROM PUBLIC;
SET ROLE history_reader;
SELECT throws_ok($$SELECT * FROM integration_schema_changes('-infinity')$$, '42501', NULL, 'who may not read it is not told what changed');
RESET ROLE;

-- field by field
UPDATE integration_schemas SET display_order = 5, fields = '[{"name": "api_key", "type": "secret"}, {"name": "site", "min_length": 2}]' WHERE id = 'sentry';
UPDATE integration_schemas SET docs_url = NULL, fields = '[{"name": "site", "min_length": 3, "x-n": 1}, {"name": "added", "type": "integer"}]' WHERE id = 'sentry';
SELECT results_eq($$SELECT operation, author, reason, field, key, before, after FROM integration_schema_changes('-infinity') WHERE integration = 'sentry' AND version = 3$$,
    $$VALUES ('update', 'Ann', 'for a test', NULL, 'docs_url', '"https://docs.sentry.io/"'::jsonb, 'null'::jsonb),
             ('update', 'Ann', 'for a test', 'site', 'min_length', '2', '3'),
             ('update', 'Ann', 'for a test', 'site', 'x-n', NULL, '1'),
             ('update', 'Ann', 'for a test', 'api_key', NULL, '{"name": "api_key", "type": "secret"}', NULL),
             ('update', 'Ann', 'for a test', 'added', NULL, NULL, '{"name": "added", "type": "integer"}')$$, 'what changed, field by field');
SELECT is_empty($$SELECT * FROM integration_schema_changes('infinity')$$, 'since then');
SELECT is((SELECT count(*) FROM integration_schema_changes(now() - interval '1 day') WHERE key IN ('id', 'origin', 'created_at', 'updated_at', 'fields')), 0::bigint,
          'not what is kept by the database');
DELETE FROM integration_schemas WHERE id = 'sentry';
SELECT is((SELECT count(*) FROM integration_schema_changes('-infinity') WHERE integration = 'sentry' AND operation = 'delete' AND field = 'site'), 1::bigint,
          'a deletion takes the fields');

-- what was ever a secret
SELECT ok(integration_schemas_internal.ever_secret() -> 'sentry' ? 'api_key', 'a field that was a secret is known, though its integration is gone');
SELECT ok(NOT integration_schemas_internal.ever_secret() -> 'sentry' ? 'site', 'and no other');

-- all of it
TRUNCATE integration_schemas;
SELECT is((SELECT count(*) FROM (SELECT DISTINCT ON (id) operation FROM integration_schema_history ORDER BY id, version DESC) AS h WHERE operation <> 'delete'),
          0::bigint, 'TRUNCATE is a version of each row');
SELECT is((SELECT count(*) - count(DISTINCT sequence) FROM integration_schema_history), 0::bigint, 'in a sequence');
SELECT is(pg_temp.versions('gitlab'), '1 insert, 2 update, 3 delete', 'once');
SELECT is(pg_temp.versions('pagerduty'), '1 insert, 2 update, 3 delete', 'and not of one that was gone');
INSERT INTO integration_schemas (id, name, category, description) VALUES ('aws', 'AWS', 'cloud', '');
SELECT is(pg_temp.versions('aws'), '1 insert, 2 delete, 3 insert', 'numbers are never given twice');

SELECT * FROM finish();
ROLLBACK;
