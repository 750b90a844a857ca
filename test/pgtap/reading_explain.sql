-- integration_schema_explain: where each field's value comes from. That it holds for any catalogue and
-- any layers is test/pgtap/merge_equals_reference.sql's.
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

\ir ../reference/merge.sql

SELECT plan(41);

-- A layer with this entry for this integration.
CREATE FUNCTION pg_temp.l(integration text, entry jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(integration, entry)) $$;
-- One field's row, or with NULL that of "enabled", as text: value, source, whose lock, ignored, who unset it.
CREATE FUNCTION pg_temp.told(of_integration text, of_field text, VARIADIC layers jsonb[] DEFAULT '{}') RETURNS text
LANGUAGE sql AS $$
    SELECT format('%s from %s%s%s', coalesce(e.value::text, 'nothing'), coalesce(e.source::text, 'nowhere'),
                  CASE WHEN e.locked THEN ', locked' END || coalesce(' by ' || e.locked_by, ''),
                  CASE WHEN e.ignored <> '{}' THEN ', ignored ' || e.ignored::text END || '')
           || coalesce(', unset by ' || e.unset_by, '')
    FROM integration_schema_explain(VARIADIC layers) AS e
    WHERE e.integration = of_integration AND e.field IS NOT DISTINCT FROM of_field
$$;

-- the form, over the built-in catalogue
CREATE TEMP TABLE e AS SELECT * FROM integration_schema_explain();
SELECT columns_are('e', ARRAY ['integration', 'field', 'value', 'source', 'level', 'required', 'locked', 'ignored',
                            'locked_by', 'unset_by'], 'its columns');
SELECT set_eq('SELECT integration, field FROM e', $$SELECT id, f ->> 'name' FROM integration_schemas, jsonb_array_elements(fields) AS f
                                                     UNION ALL SELECT id, NULL FROM integration_schemas$$,
              'a row a field of the catalogue, and one an integration');
SELECT is(array(SELECT field FROM integration_schema_explain() WHERE integration = 'snowflake'),
          '{NULL,account,user,password,private_key,private_key_passphrase,warehouse,role,database,schema}'::text[], 'an integration''s own first, then in field order');
SELECT is_empty($$SELECT * FROM e WHERE (source IS NULL) <> (value IS NULL) OR source <> 0 OR ignored <> '{}'$$, 'without layers: defaults, or nothing');
SELECT is_empty($$SELECT * FROM e JOIN integration_schemas AS s ON s.id = e.integration,
                         jsonb_array_elements(s.fields) AS f WHERE f ->> 'name' = e.field
                             AND (e.level <> coalesce(f ->> 'level', 'org') OR e.required <> reference.required(f, reference.with_value(s.fields, reference.object(jsonb_build_object('fields', s.fields), ARRAY ['{}'::jsonb], false)))
                                  OR e.value IS DISTINCT FROM f -> 'default_value' OR e.locked <> s.locked)$$,
                'without layers: level, required, default and locked are the catalogue''s');
SELECT volatility_is('integration_schema_explain', ARRAY ['jsonb[]'], 'stable', 'it is stable');
SELECT is(pg_temp.told('slack', 'bot_token', '{}', NULL), 'nothing from nowhere', 'unset');
SELECT is(pg_temp.told('slack', 'mention_oncall', '{}'), 'true from 0', 'a default');
SELECT throws_ok('SELECT * FROM integration_schema_explain(''{}'', ''[]'')', '22023', NULL, 'a layer that is no object is refused');

-- a catalogue of two: svc, and its twin fast that is locked there
DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, locked, fields)
SELECT id, id, 'test', '', id = 'fast', '[
    {"name": "a", "required": true}, {"name": "s", "type": "secret"}, {"name": "b", "default_value": "B", "level": "team"},
    {"name": "o", "type": "object", "default_value": {"x": 1}}, {"name": "list", "type": "array"}]'
FROM unnest(ARRAY ['svc', 'fast']) AS id;

SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}')), '"1" from 1', 'the first layer''s');
SELECT is(pg_temp.told('svc', 'a', NULL, pg_temp.l('svc', '{"config": {"a": "1"}}')), '"1" from 2', 'a SQL NULL layer is counted');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": {"a": "2"}}'), '{}'),
          '"2" from 2, ignored {1}', 'an inner layer''s, which overrides the outer one''s');
SELECT is(pg_temp.told('svc', 'b', pg_temp.l('svc', '{"config": {"b": "1"}}'), pg_temp.l('svc', '{"config": {"b": null}}')),
          '"B" from 0, ignored {1}, unset by 2', 'null: the default again');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": {"a": null}}')),
          'nothing from nowhere, ignored {1}, unset by 2', 'null: unset again');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": null}}'), pg_temp.l('svc', '{"config": {"a": null}}')),
          'nothing from nowhere', 'a null that takes nothing away unsets nothing');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": {"a": null}}'),
                       pg_temp.l('svc', '{"config": {"a": null}}')), 'nothing from nowhere, ignored {1}, unset by 2', 'the first null takes it away');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": {"a": null}}'),
                       pg_temp.l('svc', '{"config": {"a": "3"}}')), '"3" from 3, ignored {1}', 'given again further in, it is not unset');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}'), pg_temp.l('svc', '{"config": {"a": "2"}}')),
          '"1" from 1, locked by 1, ignored {2}', 'locked by the outer layer: the inner one''s is void');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"locked": ["a"]}'), pg_temp.l('svc', '{"config": {"a": "2"}}')),
          'nothing from nowhere, locked by 1, ignored {2}', 'locked while unset');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": {"a": null}, "locked": ["a"]}'),
                       pg_temp.l('svc', '{"config": {"a": "2"}, "locked": ["a"]}')),
          'nothing from nowhere, locked by 2, ignored {1,3}, unset by 2', 'unset and locked by one layer; a lock further in changes nothing');
SELECT is(pg_temp.told('svc', 'a', '{}', pg_temp.l('svc', '{"locked": ["a"]}'), pg_temp.l('svc', '{"locked": true}')),
          'nothing from nowhere, locked by 2', 'the lock that took hold first');
SELECT is(pg_temp.told('svc', 'b', pg_temp.l('svc', '{"locked": true}'), pg_temp.l('svc', '{"config": {"b": "2"}}'), pg_temp.l('svc', '{"config": {"b": "3"}}')),
          '"B" from 0, locked by 1, ignored {2,3}', 'the whole entry locked');
SELECT is(pg_temp.told('svc', 'b', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}')), '"B" from 0', 'another field''s lock is not its own');
SELECT is(pg_temp.told('svc', 'o', pg_temp.l('svc', '{"config": {"o": {"y": 1}}}'), pg_temp.l('svc', '{"config": {"o": {"z": 1}}}')),
          '{"x": 1, "y": 1, "z": 1} from 2', 'objects merge: the innermost layer that gave a part, and nothing was ignored');
SELECT is(pg_temp.told('fast', 'a', pg_temp.l('fast', '{"config": {"a": null}}'), pg_temp.l('fast', '{"config": {"a": "2"}}'),
                       pg_temp.l('fast', '{"config": {"a": "3"}}')), '"2" from 2, locked by 0, ignored {3}', 'locked in the catalogue: the outermost that gives a value');
SELECT is(pg_temp.told('fast', 'o', pg_temp.l('fast', '{"config": {"o": {"y": 1}}}'), pg_temp.l('fast', '{"config": {"o": {"z": 1}}}')),
          '{"x": 1, "y": 1} from 1, locked by 0, ignored {2}', 'locked in the catalogue: an inner object does not count');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": 5}'), pg_temp.l('svc', '7'), '{"integrations": []}'), 'nothing from nowhere',
          'what has the wrong shape is no value');

-- secrets
SELECT is(pg_temp.told('svc', 's', pg_temp.l('svc', '{"config": {"s": "hush"}}')), '"********" from 1', 'a secret''s value is redacted');
SELECT is(pg_temp.told('svc', 's', pg_temp.l('svc', '{"config": {"s": {"deep": ["hush"]}}}')), '"********" from 1', 'of whatever type it is');
SELECT is(pg_temp.told('svc', 's', pg_temp.l('svc', '{"config": {"s": "hush"}, "locked": true}'), pg_temp.l('svc', '{"config": {"s": "hush"}}')),
          '"********" from 1, locked by 1, ignored {2}', 'and of whichever layer');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "postgres://me:hush@db/x and http://b:hush@c"}}')),
          '"postgres://me:********@db/x and http://b:********@c" from 1', 'the password in a URI is hidden');
SELECT is(pg_temp.told('svc', 'a', pg_temp.l('svc', '{"config": {"a": "sealed:1:hush"}}')), '"********" from 1', 'a sealed string is hidden');
SELECT is(pg_temp.told('svc', 'o', pg_temp.l('svc', '{"config": {"o": {"y": ["hush", 2, true, null, {"z": "hush"}]}}}')),
          '{"x": 1, "y": ["********", 2, true, null, {"z": "********"}]} from 1', 'so are strings in a free-form object');
SELECT is(pg_temp.told('svc', 'list', pg_temp.l('svc', '{"config": {"list": ["a", "x://u:hush@h", {"k": "hush"}]}}')),
          '["a", "x://u:********@h", {"k": "********"}] from 1', 'an array''s strings are shown, an object''s in it are not');

-- whether it is enabled
SELECT is(pg_temp.told('svc', NULL, '{}'), 'true from 0', 'enabled where nobody says otherwise');
SELECT is(pg_temp.told('svc', NULL, pg_temp.l('svc', '{"enabled": true}'), pg_temp.l('svc', '{"enabled": false}')),
          'false from 2, ignored {1}', 'the innermost layer''s word');
SELECT is(pg_temp.told('svc', NULL, pg_temp.l('svc', '{"enabled": "no"}'), pg_temp.l('svc', '{"enabled": null}')), 'true from 0', 'the wrong shape is no word');
SELECT is(pg_temp.told('svc', NULL, pg_temp.l('svc', '{"enabled": false, "locked": ["enabled"]}'), pg_temp.l('svc', '{"enabled": true}')),
          'false from 1, locked by 1, ignored {2}', 'locked by name');
SELECT is(pg_temp.told('svc', NULL, '{}', pg_temp.l('svc', '{"locked": true}'), pg_temp.l('svc', '{"enabled": false}')),
          'true from 0, locked by 2, ignored {3}', 'locked with the whole entry');
SELECT is(pg_temp.told('fast', NULL, '{}', pg_temp.l('fast', '{"enabled": false}'), pg_temp.l('fast', '{"enabled": true}')),
          'false from 2, locked by 0, ignored {3}', 'locked in the catalogue');
SELECT is((SELECT array_agg(DISTINCT (integration, level, required)::text ORDER BY (integration, level, required)::text)
           FROM e WHERE field IS NULL AND integration IN ('grafana', 'openai', 'slack')),
          '{"(grafana,team,f)","(openai,org,t)","(slack,org,f)"}', 'level and required are the integration''s');

SELECT * FROM finish();
ROLLBACK;
