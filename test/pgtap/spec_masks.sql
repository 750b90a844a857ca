-- "********" stands for a secret that is not shown; it never becomes one.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('kit', 'Kit', 'tools', 'D', '[{"name": "url", "format": "uri"}, {"name": "free", "type": "object"}, {"name": "list", "type": "array"}, {"name": "key", "type": "secret"}, {"name": "text"}]');
CREATE FUNCTION pg_temp.state(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN '00000'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || CASE WHEN SQLSTATE = '23514' THEN ' ' || SQLERRM ELSE '' END; END $$;
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('a', 'a', 'org',
 '{"integrations": {"datadog": {"config": {"api_key": "real-1", "app_key": "real-2"}}, "kit": {"config": {"key": "k-1", "url": "https://u:pw-1@h/p", "free": {"a": "f-1", "n": 1, "deep": [{"s": "d-1", "n": 1}, {"s": "d-2", "n": 2}]}, "list": [{"u": "https://u:pw-2@h"}, "plain"], "text": "t"}}}, "own": {"x": "shown"}}');
CREATE TEMP TABLE s AS SELECT config_json AS d FROM node_configurations WHERE org_id = 'a';
CREATE FUNCTION pg_temp.now() RETURNS jsonb LANGUAGE sql AS $$ SELECT config_json FROM node_configurations WHERE org_id = 'a' $$;
SELECT ok(integration_schema_redact(d)::text !~ '(real|pw|k|f|d)-[0-9]', 'nothing that is to be hidden is shown') FROM s;
SELECT is(integration_schema_redact(d) #> '{integrations,kit,config}', '{"key": "********", "url": "https://u:********@h/p", "free": {"a": "********", "n": 1, "deep": [{"s": "********", "n": 1}, {"s": "********", "n": 2}]}, "list": [{"u": "********"}, "plain"], "text": "t"}'::jsonb, 'redaction of every kind') FROM s;

-- written back in every way
SELECT is(pg_temp.state($$SELECT integration_config_replace('a', 'a', integration_schema_redact(d)) FROM s$$), '00000', '_replace'); SELECT is(pg_temp.now(), d, '_replace keeps what is stored') FROM s;
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', integration_schema_redact(d)) FROM s$$), '00000', '_set'); SELECT is(pg_temp.now(), d, '_set keeps what is stored') FROM s;
SELECT is(pg_temp.state($$UPDATE node_configurations SET config_json = integration_schema_redact(config_json)$$), '00000', 'UPDATE'); SELECT is(pg_temp.now(), d, 'UPDATE keeps what is stored') FROM s;
SELECT is(pg_temp.state($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) SELECT 'a', 'a', 'org', integration_schema_redact(d) FROM s ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = EXCLUDED.config_json$$), '00000', 'upsert'); SELECT is(pg_temp.now(), d, 'an upsert keeps what is stored') FROM s;
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', jsonb_set(integration_schema_redact(d), '{integrations,kit,config,text}', '"other"')) FROM s$$), '00000', 'with another change'); SELECT is(pg_temp.now(), jsonb_set(d, '{integrations,kit,config,text}', '"other"'), 'only the change') FROM s;
SELECT is(version, 2, 'what changes nothing makes no version') FROM node_configurations WHERE org_id = 'a';
UPDATE s SET d = pg_temp.now();
CREATE TABLE src AS SELECT 'a'::text AS org_id, 'a'::text AS node_id, NULL::text AS parent_id, 'org'::text AS node_type, integration_schema_redact(d) AS config_json FROM s;
SELECT is(pg_temp.state($$SELECT integration_config_import('src')$$), '00000', 'import'); SELECT is(pg_temp.now(), d, 'import keeps what is stored') FROM s;
SELECT is(pg_temp.state($$SELECT integration_config_replace('a', 'a', config_json) FROM integration_config_get('a', 'a')$$), '00000', 'what _get gave'); SELECT is(pg_temp.now(), d, 'is written back') FROM s;

-- where nothing is stored
SELECT matches(pg_temp.state(format($$SELECT integration_config_set('a', 'a', %L)$$, p)), '^23514', 'a mask where nothing is stored is a violation: ' || p) FROM unnest(ARRAY[
  '{"integrations": {"slack": {"config": {"bot_token": "********"}}}}', '{"integrations": {"kit": {"config": {"free": {"new": "********"}}}}}', '{"integrations": {"kit": {"config": {"free": {"n": "********"}}}}}',
  '{"integrations": {"github": {"config": {"base_url": "https://u:********@h"}}}}']) AS p;
SELECT matches(pg_temp.state($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) SELECT 'b', 'b', 'org', integration_schema_redact(d) FROM s$$), '^23514', 'for a new row');
SELECT matches(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"url": "https://u:********@evil.example/p"}}}}')$$), '^23514', 'the password of a URI goes to no other host');
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"url": "https://u:********@h/other"}}}}')$$), '00000', 'the path may change');
SELECT is(pg_temp.now() #>> '{integrations,kit,config,url}', 'https://u:pw-1@h/other', 'as the mask means the same');
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"text": "********"}}}}')$$), '00000', 'elsewhere a string of asterisks is a string');
SELECT is(pg_temp.now() #>> '{integrations,kit,config,text}', '********', 'and stored');
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"own": {"x": "a********b", "y": "********"}}')$$), '00000', 'a string that merely contains asterisks');

-- arrays
SELECT matches(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"free": {"deep": [{"s": "********", "n": 3}]}}}}}')$$), '^23514', 'an element that is otherwise not what it was');
SELECT is(pg_temp.state($$SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"free": {"deep": [{"s": "********", "n": 1}]}}}}}')$$), '00000', 'one that is gone');
SELECT is(pg_temp.now() #> '{integrations,kit,config,free,deep}', '[{"n": 1, "s": "d-1"}]'::jsonb, 'takes no other''s secret');

-- unmask for tables of one's own
SELECT is(integration_schema_unmask(integration_schema_redact(d), d), d, 'unmask is the inverse of redact') FROM s;
SELECT is(integration_schema_unmask('{"integrations": {"kit": {"config": {"key": "********"}}}}', '{}'), '{"integrations": {"kit": {"config": {"key": "********"}}}}'::jsonb, 'where nothing is stored the mask stays');
SELECT is(integration_schema_unmask('{"integrations": {"kit": {"config": {"key": "********"}}}}', '{"integrations": {"datadog": {"config": {"api_key": "x"}}, "kit": {"config": {"text": "y"}}}}') #>> '{integrations,kit,config,key}', '********', 'never another place''s');
SELECT is(integration_schema_unmask(NULL, '{}'), NULL, 'unmask of NULL');
SELECT lives_ok($$SELECT integration_schema_unmask('[]', '1'), integration_schema_unmask('{"integrations": 1}', '{"integrations": {"kit": 1}}'), integration_schema_unmask('{"integrations": {"kit": {"config": {"key": "********"}}}}', NULL)$$, 'unmask of what is no document');

-- redaction
SELECT ok(integration_schema_redact(d::jsonb)::text NOT LIKE '%s3cr3t%', 'redact hides: ' || d) FROM unnest(ARRAY[
  '{"integrations": {"nobody": {"config": {"a": "s3cr3t"}}}}', '{"integrations": {"kit": {"config": {"nofield": "s3cr3t"}}}}', '{"integrations": {"kit": {"nokey": "s3cr3t"}}}', '{"integrations": {"kit": {"nokey": {"a": ["s3cr3t"]}}}}',
  '{"integrations": {"kit": "s3cr3t"}}', '{"integrations": {"kit": {"config": "s3cr3t"}}}', '{"integrations": {"kit": {"config": ["s3cr3t"]}}}', '{"integrations": "s3cr3t"}', '{"integrations": ["s3cr3t"]}', '{"integrations": {"kit": {"enabled": "s3cr3t"}}}',
  '{"integrations": {"kit": {"config": {"key": {"a": "s3cr3t"}}}}}', '{"integrations": {"kit": {"config": {"key": ["s3cr3t"]}}}}', '{"integrations": {"kit": {"config": {"free": {"a": {"b": ["s3cr3t"]}}}}}}',
  '{"Integrations": {"kit": {"config": {"key": "s3cr3t"}}}}', '{"integration": ["s3cr3t"]}', '{"kit": {"config": {"key": "s3cr3t"}}}', '{"slack": {"bot_token": "s3cr3t"}}', '{"x": "https://u:s3cr3t@h"}', '{"x": ["see postgres://u:s3cr3t@h/db and"]}', '{"x": "sealed:1:s3cr3t"}',
  '{"integrations": {"kit": {"description": "https://u:s3cr3t@h"}}}', '{"integrations": {"kit": {"description": "sealed:1:s3cr3t"}}}', '{"integrations": {"kit": {"description": {"a": "s3cr3t"}}}}', '{"integrations": {"kit": {"locked": "s3cr3t"}}}', '{"integrations": {"kit": {"config": {"text": "sealed:1:s3cr3t"}}}}',
  '{"integrations": {"kit": {"config": {"url": "https://:s3cr3t@h"}}}}', '{"integrations": {"kit": {"config": {"text": "https://u:s3cr3t@h", "list": ["redis://:s3cr3t@h:1"]}}}}', '{"integrations": {"kit": {"config": {"text": "HTTPS://u:s3cr3t@h"}}}}', '{"integrations": {"kit": {"config": {"text": "https://u:a@s3cr3t@h"}}}}', '{"integrations": {"kit": {"config": {"text": "https://u:s3cr3t/x@h"}}}}',
  '{"integrations": {"grafana:eu": {"config": {"api_key": "s3cr3t"}}}}', '{"integrations": {"kit": {"config": {"key": 1, "nofield": {"s3cr3t": "s3cr3t"}}}}}']) AS d WHERE d NOT LIKE '%{"s3cr3t"%';
SELECT is(integration_schema_redact('{"own": {"a": "b", "n": [1, null]}, "integrations": {"kit": {"enabled": true, "locked": ["key"], "description": "d", "config": {"text": "t", "list": ["a"], "key": null}}}}'),
  '{"own": {"a": "b", "n": [1, null]}, "integrations": {"kit": {"enabled": true, "locked": ["key"], "description": "d", "config": {"text": "t", "list": ["a"], "key": null}}}}'::jsonb, 'what is to be seen is seen');
SELECT is(integration_schema_redact(integration_schema_config('{"integrations": {"kit": {"config": {"key": "s"}}}}')), jsonb_set(integration_schema_config('{"integrations": {"kit": {"config": {"key": "s"}}}}'), '{integrations,kit,config,key}', '"********"'), 'a merged document');
SELECT is(integration_schema_redact(integration_schema_values('{"integrations": {"kit": {"config": {"key": "s", "text": "t"}}}}')), '{"kit": {"key": "********", "text": "t"}}'::jsonb, 'an answer of values');
SELECT is(integration_schema_redact(integration_schema_resolve('kit', '{"integrations": {"kit": {"config": {"key": "s", "text": "t"}}}}'), 'kit') -> 'config', '{"key": "********", "text": "t"}'::jsonb, 'an answer of resolve with its id');
SELECT throws_ok($$SELECT integration_schema_redact(integration_schema_resolve('kit', '{"integrations": {"kit": {"config": {"key": "s"}}}}'))$$, '22023', NULL, 'an answer of resolve without its id is an error');
SELECT throws_ok($$SELECT integration_schema_redact(integration_schema_resolve('bare'))$$, '42704', NULL, 'unknown id');
SELECT throws_ok($$SELECT integration_schema_redact('{"config": {"key": "s"}, "enabled": true}', 'kitt')$$, '42704', NULL, 'redact for an unknown id');
SELECT is(integration_schema_redact(NULL), NULL, 'redact of NULL'); SELECT is(integration_schema_redact(NULL, 'kit'), NULL, 'redact of NULL with an id');
SELECT ok(integration_schema_redact('{"config": {"key": "s3cr3t"}}', NULL) IS NULL, 'with a NULL id it shows nothing');
SELECT lives_ok(format('SELECT integration_schema_redact(%L)', d), 'redact of ' || d) FROM unnest(ARRAY['1', '[]', '"x"', 'null', '{}']) AS d;

-- explain, history, status, errors
SELECT ok(bool_and(e::text NOT LIKE ALL ('{%real-%,%k-1%,%pw-%,%f-1%,%d-1%}'::text[])), 'explain shows none') FROM integration_schema_explain((SELECT d FROM s)) AS e;
SELECT ok(bool_and(e::text NOT LIKE ALL ('{%real-%,%k-1%,%pw-%,%f-1%,%d-1%}'::text[])), 'explain of a node shows none') FROM integration_config_explain('a', 'a') AS e;
SELECT ok(bool_and(e::text NOT LIKE ALL ('{%real-%,%k-1%,%pw-%,%f-1%,%d-1%}'::text[])), 'history shows none') FROM integration_config_history('a', 'a') AS e;
SELECT ok(g::text NOT LIKE ALL ('{%real-%,%k-1%,%pw-%,%f-1%,%d-1%}'::text[]), '_get shows none') FROM integration_config_get('a', 'a') AS g;

-- once a secret
SELECT throws_ok($$UPDATE integration_schemas SET fields = jsonb_set(fields, '{3,type}', '"string"') WHERE id = 'kit'$$, '55000', NULL, 'a secret does not become another type while a document has a value there');
SELECT integration_config_set('a', 'a', '{"integrations": {"kit": {"config": {"key": null}}}}');
SELECT lives_ok($$UPDATE integration_schemas SET fields = jsonb_set(fields, '{3,type}', '"string"') WHERE id = 'kit'$$, 'then it does');
SELECT ok(bool_and(e::text NOT LIKE '%k-1%'), 'what was ever a secret stays hidden in the history') FROM integration_config_history('a', 'a') AS e;
SELECT * FROM finish();
ROLLBACK;
