-- Where the catalogue table is not there, the reading functions answer from the minimal document.
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

SELECT plan(37);

-- the minimal document
SELECT is(array(SELECT jsonb_object_keys(integration_schema_fallback())), ARRAY ['integrations'], 'the fallback has integrations, no more');
SELECT is(array(SELECT jsonb_object_keys(integration_schema_fallback() -> 'integrations')), ARRAY ['openai'], 'and of them OpenAI alone');
SELECT is((integration_schema_fallback() #> '{integrations,openai}') - '{config_schema,config,category}'::text[],
          '{"name": "OpenAI", "level": "org", "locked": true, "required": true, "enabled": true, "configured": false,
            "in_use": true, "missing": ["api_key"], "order": ["api_key"], "display_order": 10}',
          'required and locked, and not configured');
SELECT is((integration_schema_fallback() #> '{integrations,openai,config_schema}') #- '{api_key,display_name}' #- '{api_key,description}' #- '{api_key,placeholder}',
          '{"api_key": {"type": "secret", "required": true}}', 'with its secret api_key');
SELECT integration_schema_fallback() AS fallback, integration_schema_config() AS whole \gset

CREATE TEMP TABLE layer (n int, doc jsonb);
INSERT INTO layer VALUES
(1, '{"integrations": {"openai": {"config": {"api_key": "sk-1"}}, "slack": {"config": {"bot_token": "x", "a": null}}}, "k": {"a": 1}}'),
(2, '{"integrations": {"openai": {"config": {"api_key": "sk-2", "more": 1}}}, "k": {"b": 2}}');

-- without the table
CREATE FUNCTION pg_temp.without_table() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    ALTER EXTENSION integration_schemas DROP TABLE integration_schemas;
    DROP TABLE integration_schemas;
END $$;
SAVEPOINT there;
SELECT integration_schema_config() \g /dev/null
SELECT pg_temp.without_table() \g /dev/null
SET LOCAL client_min_messages = error;
SELECT is(integration_schema_config(), :'fallback'::jsonb, 'config is the fallback');
SELECT is(integration_schema_config('{}'), :'fallback'::jsonb, 'config of an empty layer, too');
SELECT is(integration_schema_fallback(), :'fallback'::jsonb, 'the fallback itself is as it was');
SELECT is(integration_schema_config(VARIADIC array_agg(doc ORDER BY n)) - 'integrations', '{"k": {"a": 1, "b": 2}}', 'layers are merged with it: own keys') FROM layer;
SELECT is(integration_schema_config(VARIADIC array_agg(doc ORDER BY n)) #> '{integrations,openai,config}', '{"api_key": "sk-1", "more": 1}',
          'layers are merged with it: OpenAI is locked') FROM layer;
SELECT is(integration_schema_config(VARIADIC array_agg(doc ORDER BY n)) #> '{integrations,openai,configured}', 'true',
          'layers are merged with it: configured') FROM layer;
SELECT is(integration_schema_config(VARIADIC array_agg(doc ORDER BY n)) #> '{integrations,slack}', '{"config": {"bot_token": "x"}}',
          'layers are merged with it: slack is unknown, and kept') FROM layer;
SELECT is(integration_schema_resolve('openai', doc), '{"enabled": true, "configured": true, "in_use": true, "missing": [], "config": {"api_key": "sk-1"}}', 'resolve')
FROM layer WHERE n = 1;
SELECT throws_ok('SELECT integration_schema_resolve(''slack'', ''{}'')', '42704', NULL, 'resolve of another: unknown');
SELECT is(integration_schema_values(doc), '{"openai": {"api_key": "sk-1"}}', 'values') FROM layer WHERE n = 1;
SELECT is(integration_schema_values('{}'), '{}', 'values without any');
SELECT throws_ok('SELECT integration_schema_config(''[]'')', '22023', NULL, 'a layer that is no object is refused all the same');
SELECT is(integration_schema_list() -> 'total', '1', 'list has one');
SELECT is(integration_schema_list() #> '{integrations,0,id}', '"openai"', 'list has OpenAI');
SELECT is(integration_schema_list('ai') -> 'total', '1', 'list of its category');
SELECT is(integration_schema_list('search'), '{"integrations": [], "total": 0}', 'list of another category');
SELECT is(integration_schema_get('openai') -> 'required', 'true', 'get');
SELECT is(integration_schema_get('slack'), NULL, 'get of another: NULL');
SELECT is(integration_schema_categories() -> 'total', '1', 'categories');
SELECT is(integration_schema_categories() #> '{categories,0,count}', '1', 'categories: one of one');

-- who asks, and how often
CREATE ROLE test_stranger;
SET LOCAL ROLE test_stranger;
SELECT integration_schema_config() AS strangers \gset
RESET ROLE;
SELECT is(:'strangers'::jsonb, :'fallback'::jsonb, 'any role gets the fallback: there is nothing to have rights on');
SELECT is(count(DISTINCT integration_schema_resolve('openai', layer.doc)), 2::bigint, 'a call a row') FROM layer;
SAVEPOINT s;
SET LOCAL transaction_read_only = on;
SELECT integration_schema_config() AS read_only \gset
ROLLBACK TO SAVEPOINT s;
SELECT is(:'read_only'::jsonb, :'fallback'::jsonb, 'in a read-only transaction');

-- and with it back
ROLLBACK TO SAVEPOINT there;
SELECT is(integration_schema_config(), :'whole'::jsonb, 'the table back by ROLLBACK: the whole catalogue');
SELECT is(integration_schema_list() -> 'total', '23', 'the list, too');
SELECT pg_temp.without_table() \g /dev/null
SET LOCAL client_min_messages = error;
SELECT is(integration_schema_config(), :'fallback'::jsonb, 'dropped once more');
CREATE TABLE integration_schemas (
    id text PRIMARY KEY, name text NOT NULL, category text NOT NULL, description text NOT NULL, docs_url text, icon_url text,
    display_order integer NOT NULL DEFAULT 999, featured boolean NOT NULL DEFAULT false, required boolean NOT NULL DEFAULT false,
    locked boolean NOT NULL DEFAULT false, instances boolean NOT NULL DEFAULT true, fields jsonb NOT NULL DEFAULT '[]', created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(), origin text);
INSERT INTO integration_schemas (id, name, category, description) VALUES ('mine', 'Mine', 'test', '');
SELECT is(integration_schema_config(), :'fallback'::jsonb, 'a table put in its place is not the extension''s, and is not read');
ALTER EXTENSION integration_schemas ADD TABLE integration_schemas;
SELECT is(array(SELECT jsonb_object_keys(integration_schema_config() -> 'integrations')), ARRAY ['mine'],
          'one that the extension was given is read');
UPDATE integration_schemas SET name = 'Changed';
SELECT is(integration_schema_config() #>> '{integrations,mine,name}', 'Changed', 'and read again when it changed, though it has no trigger');
ROLLBACK TO SAVEPOINT there;

-- what a restore in parts may leave
SAVEPOINT there;
ALTER EXTENSION integration_schemas DROP TABLE integration_schema_version;
DROP TABLE integration_schema_version;
SELECT is(integration_schema_config(), :'whole'::jsonb, 'without the table of the catalogue''s version: the catalogue is there, and is read');
ROLLBACK TO SAVEPOINT there;
DELETE FROM integration_schema_version;
SELECT is(integration_schema_config(), :'whole'::jsonb, 'with that table empty, too');
UPDATE integration_schemas SET name = 'Changed' WHERE id = 'slack';
SELECT is(integration_schema_config() #>> '{integrations,slack,name}', 'Changed', 'and a change is seen');
ROLLBACK TO SAVEPOINT there;
DROP EXTENSION integration_schemas CASCADE;
CREATE EXTENSION integration_schemas SCHEMA public;
SELECT is(integration_schema_config(), :'whole'::jsonb, 'dropped and created again: the whole catalogue');

SELECT * FROM finish();
ROLLBACK;
