-- integration_schema_config: the merged document, and the form of its entries.
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

SELECT plan(83);

-- A layer with this config for this integration.
CREATE FUNCTION pg_temp.c(integration text, config jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('integrations', jsonb_build_object(integration, jsonb_build_object('config', config)))
$$;
-- An integration's entry in the merged document.
CREATE FUNCTION pg_temp.entry(integration text, VARIADIC layers jsonb[] DEFAULT '{}') RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_config(VARIADIC layers) -> 'integrations' -> integration $$;
-- Its field schemas without the texts, which are the built-in rows' own matter.
CREATE FUNCTION pg_temp.without_texts(schemas jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_object_agg(key, value - '{display_name,description,placeholder}'::text[]) FROM jsonb_each(schemas)
$$;

-- how it is called
SELECT is(integration_schema_config('{}'), integration_schema_config(), 'an empty layer is as no argument');
SELECT is(integration_schema_config(VARIADIC '{}'), integration_schema_config(), 'an empty array is as no argument');
SELECT is(integration_schema_config(VARIADIC NULL::jsonb[]), integration_schema_config(), 'a NULL array is as no argument');
SELECT is(integration_schema_config(VARIADIC ARRAY ['{"a": 1, "b": 1}', NULL, '{"b": 2}']::jsonb[]),
          integration_schema_config('{"a": 1, "b": 1}', NULL, '{"b": 2}'), 'VARIADIC array: as its elements one by one');
SELECT is(integration_schema_config(VARIADIC '[5:6]={"{\"a\": 1, \"b\": 1}","{\"b\": 2}"}'::jsonb[]) - 'integrations',
          '{"a": 1, "b": 2}', 'an array''s lower bound does not matter');
SELECT is(integration_schema_config(VARIADIC array(SELECT jsonb_build_object('k', n) FROM generate_series(1, 200) AS n)) -> 'k',
          '200', 'two hundred layers');
SELECT volatility_is('integration_schema_config', ARRAY ['jsonb[]'], 'stable', 'it is stable');

-- the document
SELECT is(array(SELECT jsonb_object_keys(integration_schema_config())), ARRAY ['integrations'],
          'without layers the document has nothing but integrations');
SELECT set_eq($$SELECT jsonb_object_keys(integration_schema_config() -> 'integrations')$$,
              'SELECT id FROM integration_schemas', 'every integration of the catalogue is there');
SELECT is(integration_schema_config('{"z": 1, "integrations": {"new": {}}}') #> '{integrations,new}', '{}',
          'and those that only a layer has');

-- an entry
SELECT is((SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(pg_temp.entry('slack')) AS key),
          '{category,config,config_schema,configured,display_order,enabled,in_use,level,locked,missing,name,order,required,team_config_schema}'::text[],
          'an entry''s keys');
SELECT is(pg_temp.entry('slack') - '{config_schema,team_config_schema}'::text[],
          '{"name": "Slack", "category": "communication", "level": "org", "locked": false, "required": false,
            "enabled": true, "configured": false, "in_use": false, "missing": ["bot_token"], "display_order": 100,
            "order": ["bot_token", "app_token", "signing_secret", "default_channel", "mention_oncall", "thread_replies"],
            "config": {"mention_oncall": true, "thread_replies": true}}', 'slack, given nothing');
SELECT is(pg_temp.without_texts(pg_temp.entry('slack') -> 'config_schema'),
          '{"bot_token": {"type": "secret", "required": true, "pattern": "^(xoxe\\.)?xoxb-"},
            "app_token": {"type": "secret", "required": false, "pattern": "^xapp-"},
            "signing_secret": {"type": "secret", "required": false}}',
          'config_schema: the org-level fields, their definitions less name and level');
SELECT is(pg_temp.without_texts(pg_temp.entry('slack') -> 'team_config_schema'),
          '{"default_channel": {"type": "string", "required": false},
            "mention_oncall": {"type": "boolean", "required": false, "default": true},
            "thread_replies": {"type": "boolean", "required": false, "default": true}}',
          'team_config_schema: the team-level ones, default_value as default');
SELECT ok(NOT pg_temp.entry('openai') ? 'team_config_schema', 'team_config_schema only where there are team-level fields');
SELECT is(pg_temp.entry('openai') - '{config_schema}'::text[],
          '{"name": "OpenAI", "category": "ai", "level": "org", "locked": true, "required": true,
            "enabled": true, "configured": false, "in_use": true, "missing": ["api_key"], "display_order": 10,
            "order": ["api_key", "org_id", "base_url"],
            "config": {"base_url": "https://api.openai.com/v1"}}', 'openai: required and locked as the catalogue has it');
SELECT is(pg_temp.entry('grafana') -> 'level', '"team"', 'level is team where every field is the team''s');
SELECT is(pg_temp.entry('grafana') -> 'config_schema', '{}', 'config_schema is there, and empty, where there are none');
SELECT is(pg_temp.entry('snowflake') -> 'level', '"org"', 'level is org where only some are the team''s');

-- what a layer says beside config
SELECT is(pg_temp.entry('slack', '{"integrations": {"slack": {"enabled": false}}}') -> 'enabled', 'false',
          'enabled is what a layer says');
SELECT is(pg_temp.entry('slack', '{"integrations": {"slack": {"enabled": false}}}',
                        '{"integrations": {"slack": {"enabled": true}}}') -> 'enabled', 'true', 'the inner layer''s');
SELECT ok(NOT pg_temp.entry('slack') ? 'description', 'description is not there where no layer gave one');
SELECT is(pg_temp.entry('slack', '{"integrations": {"slack": {"description": "SRE workspace"}}}') -> 'description',
          '"SRE workspace"', 'description is what a layer gave');
SELECT is(pg_temp.entry('slack', '{"integrations": {"slack": {"description": ""}}}') -> 'description', '""',
          'an empty one, too');

-- configured and missing
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', '{"bot_token": "xoxb-1"}')) - '{config_schema,team_config_schema}'::text[],
          '{"name": "Slack", "category": "communication", "level": "org", "locked": false, "required": false,
            "enabled": true, "configured": true, "in_use": true, "missing": [], "display_order": 100,
            "order": ["bot_token", "app_token", "signing_secret", "default_channel", "mention_oncall", "thread_replies"],
            "config": {"bot_token": "xoxb-1", "mention_oncall": true, "thread_replies": true}}', 'slack, given its token');
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', '{"bot_token": ""}')) -> 'missing', '["bot_token"]',
          'the empty string is no value');
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', jsonb_build_object('bot_token', blank))) -> 'missing', '["bot_token"]',
          'nor is white space: ' || to_json(blank)::text)
FROM unnest(ARRAY [' ', E'\n', E' \t\r\n\x0b\f', U&'\00a0', U&'\3000 \2003', U&'\feff\200b', U&' \0085\2028']) AS blank;
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', jsonb_build_object('bot_token', value))) -> 'missing', '[]',
          'but this is one: ' || to_json(value)::text)
FROM unnest(ARRAY [' x', E'\n.', 'é', '　é', U&'\200c', U&'\2010', E'\x01']) AS value;
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', '{"bot_token": "x"}'), pg_temp.c('slack', '{"bot_token": null}')) -> 'missing',
          '["bot_token"]', 'nor is null');
SELECT is(pg_temp.entry('slack', pg_temp.c('slack', format('{"bot_token": %s}', odd)::jsonb)) -> 'missing', '[]',
          odd || ' is one')
FROM unnest(ARRAY ['false', '0', '[]', '{}']) AS odd;
SELECT is(pg_temp.entry('snowflake', pg_temp.c('snowflake', '{"password": "x"}')) -> 'missing',
          '["account", "user", "warehouse"]', 'missing is in field order');
SELECT is(pg_temp.entry('codepipeline') -> 'missing', '[]', 'a required field with a default is not missing');
SELECT is(pg_temp.entry('elasticsearch', pg_temp.c('elasticsearch', config::jsonb)) -> 'missing', missing::jsonb,
          'elasticsearch with ' || config || ' misses ' || missing)
FROM (VALUES ('{}', '["url", "username"]'),
             ('{"api_key": "k"}', '["url"]'),
             ('{"api_key": ""}', '["url", "username"]'),
             ('{"username": "u"}', '["url", "password"]'),
             ('{"url": "http://e", "username": "u", "password": "p"}', '[]'),
             ('{"url": "http://e", "api_key": "k", "username": "u"}', '["password"]'),
             ('{"url": "http://e", "api_key": "k", "username": ""}', '[]')) AS e (config, missing);

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('chain', 'Chain', 'test', '', '[
    {"name": "p", "required_with": ["q"]},
    {"name": "q", "required_with": ["r"]},
    {"name": "r", "default_value": ""},
    {"name": "s", "required_unless": ["d"]},
    {"name": "d", "default_value": "here"},
    {"name": "t", "required_with": ["d", "r"]},
    {"name": "v", "required_unless": ["p", "q"], "x-group": {"of": [1.50, null]}}]'),
('empty', 'Empty', 'test', '', '[]');
SELECT is(pg_temp.entry('chain') -> 'missing', '["t", "v"]',
          'required_with: a default counts as a value, an empty one does not; required_unless: neither is required');
SELECT is(pg_temp.entry('chain', pg_temp.c('chain', '{"r": "x", "t": "x"}')) -> 'missing', '["q", "v"]',
          'what is missing itself has no value for others to be required with');
SELECT is(pg_temp.entry('chain') #> '{config_schema,v}',
          '{"type": "string", "required": false, "required_unless": ["p", "q"], "x-group": {"of": [1.50, null]}}',
          'a definition''s own x- keys are handed through');
SELECT is(pg_temp.entry('empty'),
          '{"name": "Empty", "category": "test", "level": "org", "locked": false, "required": false, "enabled": true,
            "configured": true, "in_use": false, "missing": [], "config_schema": {}, "config": {}, "order": [],
            "display_order": 999}', 'an integration without fields');
SELECT is(pg_temp.entry('chain') -> 'order', '["p", "q", "r", "s", "d", "t", "v"]', 'order: as the definitions have it');

-- a blank where a default would have stood
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('blank', 'Blank', 'test', '', '[
    {"name": "r", "required": true, "default_value": "R"}, {"name": "w", "required_with": ["r"]},
    {"name": "u", "required_unless": ["r"], "default_value": "U"}]');
SELECT is(pg_temp.entry('blank', pg_temp.c('blank', config)) -> 'missing', missing, 'missing with ' || config::text)
FROM (VALUES ('{}'::jsonb, '["w"]'::jsonb), ('{"r": null, "w": "x"}', '[]'), ('{"r": ""}', '["r"]'), ('{"r": " \n"}', '["r"]'),
             ('{"r": "", "u": ""}', '["r", "u"]'), ('{"u": "", "w": " "}', '["w"]')) AS v (config, missing);
SELECT is(pg_temp.entry('blank', pg_temp.c('blank', '{"r": ""}')) #> '{config,r}', '""', 'the blank is what the result has');

-- in use
INSERT INTO integration_schemas (id, name, category, description, required, fields)
SELECT id, id, 'test', '', id = 'needed', '[{"name": "a"}, {"name": "n", "type": "number", "default_value": 1.5},
    {"name": "o", "type": "object", "default_value": {"x": 1, "y": {"z": 2}}}, {"name": "s", "type": "secret"}]'
FROM unnest(ARRAY ['used', 'needed']) AS id;
SELECT is(pg_temp.entry('used', VARIADIC layers) -> 'in_use', to_jsonb(in_use), 'in use, ' || in_use || ': ' || layers::text)
FROM (VALUES
    ('{}'::jsonb[], false),
    (ARRAY [pg_temp.c('used', '{"a": "x"}')], true),
    (ARRAY [pg_temp.c('used', '{"a": "x"}'), pg_temp.c('used', '{"a": null}')], false),
    (ARRAY [pg_temp.c('used', '{"a": "x"}'), pg_temp.c('used', '{"a": " "}')], false),
    (ARRAY [pg_temp.c('used', '{"a": ["wrong"]}')], true),
    (ARRAY [pg_temp.c('used', '{"n": 1.50}')], false),
    (ARRAY [pg_temp.c('used', '{"n": 1.51}')], true),
    (ARRAY [pg_temp.c('used', '{"n": " "}')], false),
    (ARRAY [pg_temp.c('used', '{"o": {}}')], false),
    (ARRAY [pg_temp.c('used', '{"o": {"y": {"z": 2.0}}}')], false),
    (ARRAY [pg_temp.c('used', '{"o": {"y": {"z": 3}}}')], true),
    (ARRAY [pg_temp.c('used', '{"o": {"y": {"z": 3}}}'), pg_temp.c('used', '{"o": {"y": {"z": 2}}}')], false),
    (ARRAY [pg_temp.c('used', '{"s": "x"}')], true),
    (ARRAY [pg_temp.c('used', '{"elsewhere": 1}')], false),
    (ARRAY ['{"integrations": {"used": {"enabled": true, "description": "d", "locked": true}}}'::jsonb, pg_temp.c('used', '{"a": "x"}')], false)
) AS v (layers, in_use);
SELECT is(pg_temp.entry('needed') -> 'in_use', 'true', 'in use: required by the catalogue');
SELECT is(pg_temp.entry('needed', '{"integrations": {"needed": {"enabled": false}}}') -> 'in_use', 'true', 'in use, also disabled');

SELECT * FROM finish();
ROLLBACK;
