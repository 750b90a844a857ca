-- A platform's own catalogue moves in, and again: what it lacks stays as it is, what was changed here is told, or left alone.
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

CREATE SCHEMA platform;
CREATE TABLE platform.catalogue (id text, name text, fields jsonb);
CREATE FUNCTION pg_temp.imported(overwrite boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', inserted, updated, unchanged) FROM integration_schemas_import('platform.catalogue', overwrite)
$$;
-- the messages of a statement
CREATE FUNCTION pg_temp.error_of(statement text, OUT code text, OUT message text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END $$;

-- a column that the source lacks keeps its value
INSERT INTO platform.catalogue VALUES ('openai', 'OpenAI of ours', '[{"name": "api_key", "type": "secret", "required": true}]'), ('erp', 'ERP', '[{"name": "url"}]');
SELECT is(pg_temp.imported(), '1 1 0', 'one is new, one is changed');
SELECT is((SELECT row(name, required, locked, featured, display_order, category, docs_url, origin)::text FROM integration_schemas WHERE id = 'openai'),
          row('OpenAI of ours', true, true, true, 10, 'ai', 'https://platform.openai.com/docs', 'edited')::text, 'OpenAI stays required and locked');
SELECT is((SELECT row(name, required, locked, featured, display_order, category, description, docs_url, fields, origin)::text FROM integration_schemas WHERE id = 'erp'),
          row('ERP', false, false, false, 999, 'other', '', NULL, '[{"name": "url"}]'::jsonb, 'added')::text, 'a new one has the defaults');
SELECT is(pg_temp.imported(), '0 0 2', 'a second time nothing changes');
ALTER TABLE platform.catalogue DROP fields;
SELECT is(pg_temp.imported(), '0 0 2', 'fields that the source lacks are not emptied');
ALTER TABLE platform.catalogue ADD docs_url text, ADD featured boolean;
UPDATE platform.catalogue SET featured = true WHERE id = 'erp';
SELECT is(pg_temp.imported(), '0 2 0', 'a column that it has is taken over');
SELECT is((SELECT docs_url FROM integration_schemas WHERE id = 'openai'), NULL, 'also where it is null');
SELECT is((SELECT featured FROM integration_schemas WHERE id = 'openai'), true, 'but where it must not be');
SELECT is((SELECT reason FROM integration_schema_history WHERE id = 'erp' AND version = 2), 'import from platform.catalogue', 'the history says where it is from');
SET integration_schemas.reason = 'ticket 12';
UPDATE platform.catalogue SET featured = false WHERE id = 'erp';
SELECT is(pg_temp.imported(), '0 1 1', 'with a reason of one''s own');
SELECT is((SELECT reason FROM integration_schema_history WHERE id = 'erp' AND version = 3), 'import from platform.catalogue: ticket 12', 'which is told as well');
SELECT is(current_setting('integration_schemas.reason'), 'ticket 12', 'and stays');
RESET integration_schemas.reason;

-- what was changed here since
UPDATE integration_schemas SET name = 'Our ERP', fields = '[]' WHERE id = 'erp';
DELETE FROM integration_schemas WHERE id = 'openai';
SELECT is(pg_temp.imported(false), '0 0 2', 'edits and deletions are left alone where they are to be');
SELECT is((SELECT string_agg(name, ',') FROM integration_schemas WHERE id IN ('erp', 'openai')), 'Our ERP', 'as they are');
UPDATE platform.catalogue SET name = 'ERP 2' WHERE id = 'erp';
INSERT INTO platform.catalogue VALUES ('crm', 'CRM');
SELECT is(pg_temp.imported(false), '1 0 2', 'whatever else is new');
SELECT is(pg_temp.imported(), '1 1 1', 'or else they are brought back');
SELECT is((SELECT string_agg(name, ',' ORDER BY id) FROM integration_schemas WHERE id IN ('erp', 'openai')), 'ERP 2,OpenAI of ours', 'to what the source has');
SELECT is((SELECT fields FROM integration_schemas WHERE id = 'erp'), '[]', 'but for what it does not have');
SELECT is((SELECT before FROM integration_schema_changes('-infinity') WHERE integration = 'erp' AND key = 'name' AND after = '"ERP 2"'), '"Our ERP"', 'the history has what they were');
UPDATE platform.catalogue SET name = 'ERP 3' WHERE id = 'erp';
SELECT is(pg_temp.imported(false), '0 1 2', 'after that an import is the latest change');

-- all that is wrong at once
ALTER TABLE platform.catalogue ADD fields text, ADD display_order text;
INSERT INTO platform.catalogue (id, name, fields) VALUES ('Bad Id', 'x', '[]'), ('bad-fields', 'x', '[{"name": "a", "tpye": "string"}]'), ('twice', 'x', '[]'),
    ('twice', 'y', '[]'), ('long', repeat('x', 200), '[]'), (NULL, 'x', '[]'), ('good', 'Good', '[{"name": "a"}]');
INSERT INTO platform.catalogue (id, display_order) VALUES ('order', 'first');
SELECT is((SELECT code FROM pg_temp.error_of('SELECT pg_temp.imported()')), '23514', 'a bad row is refused');
SELECT is((SELECT count(*) FROM pg_temp.error_of('SELECT pg_temp.imported()') AS e, regexp_split_to_table(e.detail, E'\n')), 6::bigint, 'all of them at once');
SELECT ok((SELECT detail LIKE '%integration "' || id || '": %' FROM pg_temp.error_of('SELECT pg_temp.imported()')), 'with its name: ' || id)
FROM unnest(ARRAY['Bad Id', 'bad-fields', 'twice', 'long', 'order']) AS id;
SELECT is((SELECT count(*) FROM integration_schemas WHERE id = 'good'), 0::bigint, 'and nothing is written');
DELETE FROM platform.catalogue WHERE id IS DISTINCT FROM 'good' AND (id IS NULL OR id NOT IN ('erp', 'crm', 'openai'));
SELECT is(pg_temp.imported(), '1 0 3', 'without them the others are');
SELECT is((SELECT fields FROM integration_schemas WHERE id = 'good'), '[{"name": "a"}]', 'JSON that was kept as text is JSON');

-- columns of the user's own
ALTER TABLE integration_schemas ADD owner_team text DEFAULT 'nobody';
UPDATE integration_schemas SET owner_team = 'sales' WHERE id = 'crm';
UPDATE platform.catalogue SET name = 'CRM 2' WHERE id = 'crm';
SELECT is(pg_temp.imported(false), '0 0 4', 'a column of the user''s own is an edit, too');
SELECT is(pg_temp.imported(), '0 1 3', 'it is in nobody''s way');
SELECT is((SELECT owner_team FROM integration_schemas WHERE id = 'crm'), 'sales', 'and stays');

-- keys that another system has
CREATE TABLE platform.seed (id text, name text, fields jsonb);
INSERT INTO platform.seed VALUES ('seed', 'Seed', '[
	{"name": "token", "secret": true, "placeholder": null, "description": null}, {"name": "pin", "type": "string", "secret": true}, {"name": "open", "secret": false},
	{"name": "url", "default": "https://x", "readonly": true}, {"name": "port", "type": "integer", "default": 1},
	{"name": "login", "type": "object", "fields": [{"name": "key", "secret": true}], "variants": {"by": "kind", "choices": [{"value": "a", "fields": [{"name": "pass", "secret": true, "readonly": false}]}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "password", "secret": true, "default": null}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "key", "type": "password", "secret": true}]}},
	{"name": "words", "type": "array", "items": {"secret": true}}]');
SELECT is(integration_schemas_import('platform.seed')::text, '(1,0,0)', 'definitions with the keys of another system');
SELECT is((SELECT fields FROM integration_schemas WHERE id = 'seed'), '[
	{"name": "token", "type": "secret"}, {"name": "pin", "type": "secret"}, {"name": "open"},
	{"name": "url", "default_value": "https://x", "x-readonly": true}, {"name": "port", "type": "integer", "default_value": 1},
	{"name": "login", "type": "object", "fields": [{"name": "key", "type": "secret"}], "variants": {"by": "kind", "choices": [{"value": "a", "fields": [{"name": "pass", "type": "secret", "x-readonly": false}]}]}},
	{"name": "hosts", "type": "array", "items": {"type": "object", "fields": [{"name": "password", "type": "secret"}]}},
	{"name": "sites", "type": "object", "values": {"type": "object", "fields": [{"name": "key", "type": "secret"}]}},
	{"name": "words", "type": "array", "items": {"type": "secret"}}]'::jsonb, 'have ours, at every depth');
SELECT is(integration_schemas_import('platform.seed')::text, '(0,0,1)', 'again nothing changes');
UPDATE platform.seed SET fields = '[{"name": "n", "type": "integer", "secret": true}, {"name": "d", "default": "a", "default_value": "b"}]';
INSERT INTO platform.seed VALUES ('worse', 'Worse', '[{"name": "x", "type": "nothing"}]'), ('datadog', 'Datadog of ours', NULL);
SELECT throws_matching($$SELECT integration_schemas_import('platform.seed')$$, 'integration "seed": invalid field definition', 'what can''t be meant so is refused');
DO $$
DECLARE
	told text;
BEGIN
	PERFORM integration_schemas_import('platform.seed');
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
	PERFORM set_config('test.told', told, true);
END $$;
SELECT matches(current_setting('test.told'), 'integration "seed": .*integration "worse": ', 'with all that is wrong at once');
DELETE FROM platform.seed WHERE id <> 'datadog';
SELECT is(integration_schemas_import('platform.seed')::text, '(0,1,0)', 'a row that is there');
SELECT is((SELECT (name, docs_url <> '', jsonb_array_length(fields) > 0)::text FROM integration_schemas WHERE id = 'datadog'), '("Datadog of ours",t,t)', 'keeps what the source does not have');

-- rights
CREATE ROLE importer;
GRANT USAGE ON SCHEMA platform TO importer;
SET ROLE importer;
SELECT throws_ok($$SELECT integration_schemas_import('platform.catalogue')$$, '42501', NULL, 'the source is read with the caller''s rights');
RESET ROLE;
GRANT SELECT ON platform.catalogue TO importer;
UPDATE platform.catalogue SET name = 'CRM 3' WHERE id = 'crm';
SET ROLE importer;
SELECT throws_ok($$SELECT integration_schemas_import('platform.catalogue')$$, '42501', NULL, 'the catalogue written with them');
RESET ROLE;
GRANT UPDATE ON integration_schemas TO importer;
SET ROLE importer;
SELECT lives_ok($$SELECT integration_schemas_import('platform.catalogue')$$, 'UPDATE is enough for rows that are there');
RESET ROLE;
SELECT is((SELECT role::text FROM integration_schema_history WHERE id = 'crm' ORDER BY version DESC LIMIT 1), 'importer', 'the history has who it was');
INSERT INTO platform.catalogue (id, name) VALUES ('new', 'New');
SET ROLE importer;
SELECT throws_ok($$SELECT integration_schemas_import('platform.catalogue')$$, '42501', NULL, 'not for new ones');
RESET ROLE;

-- a source that is none
SELECT throws_ok($$SELECT integration_schemas_import('pg_class')$$, '42703', 'table pg_catalog.pg_class has no column "id"', 'without an id there is nothing to import');

SELECT * FROM finish();
ROLLBACK;
