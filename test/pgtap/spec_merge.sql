-- What section 5 of the contract says of a merge, and section 6 of what reads it, word for word.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, display_order, featured, required, locked, docs_url, fields) VALUES
 ('kit', 'Kit', 'tools', 'D', 1, true, false, false, 'https://k', '[
   {"name": "host", "required": true, "default_value": "h0", "x-hint": [1], "format": "hostname", "placeholder": "p"},
   {"name": "user"}, {"name": "pass", "type": "secret", "required_with": ["user"]},
   {"name": "key", "type": "secret", "required_unless": ["user", "pass"]},
   {"name": "tag", "level": "team"}, {"name": "opts", "type": "object", "level": "team", "default_value": {"a": {"b": 1}, "c": 2}},
   {"name": "list", "type": "array", "default_value": [1]}, {"name": "on", "type": "boolean"}, {"name": "n", "type": "number"}]'),
 ('boss', 'Boss', 'tools', 'D', 2, false, true, true, NULL, '[{"name": "key", "type": "secret", "required": true}, {"name": "url", "default_value": "u0"}]'),
 ('crew', 'Crew', 'people', 'D', 2, false, false, false, NULL, '[{"name": "a", "level": "team"}]'),
 ('bare', 'Bare', 'tools', 'D', 0, false, false, false, NULL, '[]');

CREATE FUNCTION pg_temp.c(id text, VARIADIC configs text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT integration_schema_config(VARIADIC array_agg(CASE WHEN c IS NOT NULL THEN jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', c::jsonb))) END ORDER BY n))
         #> ARRAY['integrations', id, 'config'] FROM unnest(configs) WITH ORDINALITY AS u(c, n) $$;
CREATE FUNCTION pg_temp.e(id text, VARIADIC entries text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT integration_schema_config(VARIADIC array_agg(jsonb_build_object('integrations', jsonb_build_object(id, c::jsonb)) ORDER BY n))
         #> ARRAY['integrations', id] FROM unnest(entries) WITH ORDINALITY AS u(c, n) $$;

-- the entry to the letter
SELECT is(integration_schema_config('{"integrations": {"kit": {"description": "mine", "config": {"user": "u"}}}}') #> '{integrations,kit}',
 '{"name": "Kit", "category": "tools", "level": "org", "locked": false, "required": false, "enabled": true, "configured": false, "missing": ["pass"],
   "in_use": true, "description": "mine", "display_order": 1, "order": ["host", "user", "pass", "key", "tag", "opts", "list", "on", "n"],
   "config_schema": {"host": {"type": "string", "required": true, "default": "h0", "x-hint": [1], "format": "hostname", "placeholder": "p"},
                     "user": {"type": "string", "required": false}, "pass": {"type": "secret", "required": false, "required_with": ["user"]},
                     "key": {"type": "secret", "required": false, "required_unless": ["user", "pass"]},
                     "list": {"type": "array", "required": false, "default": [1]}, "on": {"type": "boolean", "required": false}, "n": {"type": "number", "required": false}},
   "team_config_schema": {"tag": {"type": "string", "required": false}, "opts": {"type": "object", "required": false, "default": {"a": {"b": 1}, "c": 2}}},
   "config": {"host": "h0", "user": "u", "opts": {"a": {"b": 1}, "c": 2}, "list": [1]}}'::jsonb, 'an entry of the merged document, to the letter');
SELECT is(integration_schema_config() #> '{integrations,crew}',
 '{"name": "Crew", "category": "people", "level": "team", "locked": false, "required": false, "enabled": true, "configured": true, "missing": [], "in_use": false,
   "display_order": 2, "order": ["a"], "config_schema": {}, "team_config_schema": {"a": {"type": "string", "required": false}}, "config": {}}'::jsonb,
 'level is team where every field is team-level; without layers every entry is there');
SELECT is(integration_schema_config() #> '{integrations,bare}',
 '{"name": "Bare", "category": "tools", "level": "org", "locked": false, "required": false, "enabled": true, "configured": true, "missing": [], "in_use": false,
   "display_order": 0, "order": [], "config_schema": {}, "config": {}}'::jsonb, 'without fields: team_config_schema only where there are any');
SELECT is(integration_schema_config() #> '{integrations,boss}',
 '{"name": "Boss", "category": "tools", "level": "org", "locked": true, "required": true, "enabled": true, "configured": false, "missing": ["key"], "in_use": true,
   "display_order": 2, "order": ["key", "url"], "config_schema": {"key": {"type": "secret", "required": true}, "url": {"type": "string", "required": false, "default": "u0"}}, "config": {"url": "u0"}}'::jsonb,
 'locked and required are the catalogue''s');
SELECT is(integration_schema_config(), integration_schema_config(VARIADIC '{}'), 'no argument is no layer');
SELECT is(integration_schema_config(), jsonb_build_object('integrations', integration_schema_config() -> 'integrations'), 'and nothing else is in it');

-- layers
SELECT is(pg_temp.c('kit', '{"tag": "1"}', '{"tag": "2"}') ->> 'tag', '2', 'an inner layer wins');
SELECT is(pg_temp.c('kit', '{"opts": {"a": {"x": 1}}}', '{"opts": {"a": {"y": 2}}}') -> 'opts', '{"a": {"b": 1, "x": 1, "y": 2}, "c": 2}'::jsonb, 'objects merge key by key, to any depth');
SELECT is(pg_temp.c('kit', '{"list": [1, 2]}', '{"list": [3]}') -> 'list', '[3]'::jsonb, 'arrays are replaced');
SELECT is(pg_temp.c('kit', '{"opts": {"a": {"x": 1}}}', '{"opts": {"a": 3}}') #> '{opts,a}', '3'::jsonb, 'a change of type replaces');
SELECT is(pg_temp.c('kit', '{"opts": {"a": 3}}', '{"opts": {"a": {"z": null}}}') #> '{opts,a}', '{"z": null}'::jsonb, 'a scalar under an object is replaced; null inside a free-form object is a value');
SELECT is(pg_temp.c('kit', '{"tag": "1"}', NULL, '{"user": "u"}') ->> 'tag', '1', 'a SQL NULL layer is skipped');
SELECT is(integration_schema_config(NULL), integration_schema_config(), 'a single NULL layer too');
SELECT throws_ok(format('SELECT integration_schema_config(''{}'', %L)', l), '22023', NULL, 'a layer that is no object is an error: ' || l) FROM unnest(ARRAY['null', '1', '"x"', '[]', 'true']) AS l;
SELECT throws_like($$SELECT integration_schema_config('{}', NULL, '[]')$$, '%3%', 'it says which, SQL NULLs counted');
SELECT throws_ok($$SELECT integration_schema_resolve('kit', '{}', '1')$$, '22023', NULL, 'resolve as well');
SELECT throws_ok($$SELECT integration_schema_values('1')$$, '22023', NULL, 'values as well');
SELECT throws_ok($$SELECT * FROM integration_schema_explain('1')$$, '22023', NULL, 'explain as well');
SELECT is(integration_schema_config('{"a": {"b": [1], "c": null}, "z": 1}', '{"a": {"b": 2, "d": null}, "z": {"y": 1}}') - 'integrations', '{"a": {"b": 2, "c": null, "d": null}, "z": {"y": 1}}'::jsonb,
 'other top-level keys are merged by the same rules, null a value like any other');

-- null
SELECT ok(NOT pg_temp.c('kit', '{"tag": "1"}', '{"tag": null}') ? 'tag', 'null unsets a field');
SELECT is(pg_temp.c('kit', '{"host": "h1"}', '{"host": null}') ->> 'host', 'h0', 'and its default applies again');
SELECT is(pg_temp.c('kit', '{"host": "h1"}', '{"host": null}', '{"host": "h2"}') ->> 'host', 'h2', 'an inner layer gives it again');
SELECT is(pg_temp.c('kit', '{"opts": {"q": 1}}', '{"opts": null}', '{"opts": {"r": 1}}') -> 'opts', '{"a": {"b": 1}, "c": 2, "r": 1}'::jsonb, 'what outer layers gave is dropped, the default merged again');
SELECT ok(NOT pg_temp.c('kit', '{"nope": 1}', '{"nope": null}') ? 'nope' OR pg_temp.c('kit', '{"nope": 1}', '{"nope": null}') -> 'nope' = 'null', 'a null of an unknown field');
SELECT is(pg_temp.c('nobody', '{"a": 1, "b": 2}', '{"a": null}'), '{"b": 2}'::jsonb, 'null unsets fields of unknown integrations');

-- shapes
SELECT is(integration_schema_config(l::jsonb), integration_schema_config(), 'a wrong shape is left out: ' || l) FROM unnest(ARRAY[
 '{"integrations": 1}', '{"integrations": []}', '{"integrations": null}', '{"integrations": "x"}', '{"integrations": {"kit": 1}}', '{"integrations": {"kit": null}}', '{"integrations": {"kit": []}}',
 '{"integrations": {"kit": {"config": 1}}}', '{"integrations": {"kit": {"config": []}}}', '{"integrations": {"kit": {"config": null}}}', '{"integrations": {"kit": {"enabled": "false"}}}', '{"integrations": {"kit": {"enabled": null}}}',
 '{"integrations": {"kit": {"enabled": 0}}}', '{"integrations": {"kit": {"nokey": {"a": 1}}}}']) AS l;
SELECT is(pg_temp.e('kit', '{"config": {"tag": "t"}}', '{"config": [], "enabled": "x"}') #>> '{config,tag}', 't', 'a wrong shape inside takes nothing away');
SELECT is(pg_temp.c('kit', '{"nope": {"a": 1}}', '{"nope": {"b": 2}}') -> 'nope', '{"a": 1, "b": 2}'::jsonb, 'an unknown field is kept and merged');
SELECT is(pg_temp.e('nobody', '{"any": {"k": 1}, "enabled": "x", "config": {"a": 1}}', '{"any": {"l": [2]}, "z": null}') , '{"any": {"k": 1, "l": [2]}, "enabled": "x", "config": {"a": 1}, "z": null}'::jsonb, 'an unknown integration is kept, whatever keys it has');
SELECT is(pg_temp.e('nobody', '{"locked": true, "config": {"a": 1}}', '{"config": {"a": 2}}') #>> '{config,a}', '1', 'locks hold in unknown integrations');
SELECT is(pg_temp.e('nobody', '{"locked": ["b"], "config": {"a": 1}}', '{"config": {"a": 2, "b": 3}}') -> 'config', '{"a": 2}'::jsonb, 'field locks too, also unset');
SELECT ok(NOT pg_temp.e('nobody', '{"locked": ["b"], "config": {"a": 1}}', '{"config": {"a": 2, "b": 3}}') ? 'locked', 'a layer''s locked is spent by the merge in unknown ones, too');

-- locks
SELECT is(pg_temp.e('kit', '{"locked": true, "config": {"tag": "1"}}', '{"enabled": false, "description": "x", "config": {"tag": "2", "user": "u"}, "locked": false}', '{"config": {"tag": "3"}}') - '{config_schema,team_config_schema}'::text[] -> 'config' ->> 'tag', '1', 'locked true freezes the whole entry');
SELECT is(pg_temp.e('kit', '{"locked": true}', '{"enabled": false, "description": "x"}') -> 'enabled', 'true', 'its enabled too');
SELECT ok(NOT pg_temp.e('kit', '{"locked": true}', '{"description": "x"}') ? 'description', 'its description too');
SELECT is(pg_temp.c('kit', '{"tag": "1"}') ->> 'tag', pg_temp.e('kit', '{"config": {"tag": "1"}, "locked": ["tag"]}', '{"config": {"tag": null}}') #>> '{config,tag}', 'a null inside does not unset what is locked');
SELECT is(pg_temp.e('kit', '{"locked": ["host"]}', '{"config": {"host": "h2"}}') #>> '{config,host}', 'h0', 'frozen at what it is then, also unset: the default');
SELECT is(pg_temp.e('kit', '{"config": {"host": "h1"}}', '{"locked": ["host"], "config": {"host": null}}', '{"config": {"host": "h2"}}') #>> '{config,host}', 'h0', 'a layer that unsets and locks');
SELECT is(pg_temp.e('kit', '{"locked": ["opts"], "config": {"opts": {"z": 1}}}', '{"config": {"opts": {"z": 2, "y": 1}}}') #> '{config,opts}', '{"a": {"b": 1}, "c": 2, "z": 1}'::jsonb, 'a locked object takes nothing from inside');
SELECT is(pg_temp.e('kit', '{"locked": ["enabled"]}', '{"enabled": false}') -> 'enabled', 'true', 'locked may name enabled');
SELECT is(pg_temp.e('kit', '{"locked": ["enabled"], "enabled": false}', '{"enabled": true, "config": {"tag": "x"}}') -> 'enabled', 'false', 'and freezes it at what it is');
SELECT is(pg_temp.e('kit', '{"locked": ["enabled"], "enabled": false}', '{"config": {"tag": "x"}}') #>> '{config,tag}', 'x', 'and nothing else');
SELECT is(pg_temp.e('kit', '{"locked": ["tag"]}', '{"locked": []}', '{"locked": false}', '{"config": {"tag": "x"}}') #>> '{config,tag}', NULL, 'nothing inner undoes a lock');
SELECT is(pg_temp.e('kit', '{"locked": ["tag"]}', '{"locked": ["user"], "config": {"user": "u"}}', '{"config": {"tag": "x", "user": "v"}}') #>> '{config,user}', 'u', 'locks add up');
SELECT is(pg_temp.e('kit', '{"locked": true}') -> 'locked', 'false', 'the result''s locked is the catalogue''s flag');
SELECT is(pg_temp.e('kit', '{"locked": "tag"}', '{"config": {"tag": "x"}}') #>> '{config,tag}', 'x', 'a lock of the wrong shape locks nothing');
SELECT is(pg_temp.e('boss', '{"enabled": true, "config": {"key": "1"}}', '{"enabled": false, "config": {"key": "2", "url": "u1"}}', '{"config": {"url": "u2"}}') #> '{config}', '{"key": "1", "url": "u1"}'::jsonb, 'locked in the catalogue: the outermost layer that gives a value');
SELECT is(pg_temp.e('boss', '{"enabled": true}', '{"enabled": false}') -> 'enabled', 'true', 'and its enabled');
SELECT is(pg_temp.e('boss', '{}', '{"enabled": false}', '{"enabled": true}') -> 'enabled', 'false', 'enabled from the outermost that gives it');
SELECT is(pg_temp.e('boss', '{"config": {"key": null}}', '{"config": {"key": "2"}}', '{"config": {"key": null}}') #>> '{config,key}', '2', 'null gives none');
SELECT is(pg_temp.e('boss', '{"config": {"url": null}}', '{"config": {"url": "u2"}}') #>> '{config,url}', 'u2', 'nor at a default');
SELECT is(pg_temp.e('boss', '{"locked": ["key"]}', '{"config": {"key": "2"}}') #>> '{config,key}', NULL, 'an explicit lock holds there as well');
-- a field of the name enabled
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('odd', 'Odd', 'c', 'd', '[{"name": "enabled"}, {"name": "config"}, {"name": "locked"}]');
SELECT is(pg_temp.e('odd', '{"locked": ["enabled"], "config": {"enabled": "e1"}}', '{"enabled": false, "config": {"enabled": "e2", "config": "c"}}') #> '{config}', '{"enabled": "e1", "config": "c"}'::jsonb, 'enabled in locked freezes a field of that name, too');

-- has a value
SELECT is((pg_temp.e('kit', format('{"config": {"user": %s, "host": %s}}', v, v)) -> 'missing'), '["host", "key"]'::jsonb, 'no value: ' || v) FROM unnest(ARRAY['""', '" "', '"\t\n\r "', '"\u3000\u00a0\u2003"']) AS v;
SELECT is(pg_temp.e('kit', '{"config": {"host": ""}}') -> 'configured', 'false', 'a required field that a layer blanks is missing, though it has a default');
SELECT is(pg_temp.e('kit', '{"config": {"user": "u", "pass": "p"}}') -> 'missing', '[]'::jsonb, 'required_unless is met by any');
SELECT is(pg_temp.e('kit', '{"config": {"pass": "p"}}') -> 'missing', '[]'::jsonb, 'the other one');
SELECT is(pg_temp.e('kit', '{}') -> 'missing', '["key"]'::jsonb, 'left out, its default stands');
SELECT is(pg_temp.e('kit', '{"enabled": false}') -> 'missing', '["key"]'::jsonb, 'missing does not depend on enabled');

-- resolve, values
SELECT is(integration_schema_resolve('kit', '{"integrations": {"kit": {"enabled": false, "config": {"key": "k"}}}}', NULL), '{"enabled": false, "configured": true, "in_use": true, "missing": [], "config": {"key": "k", "host": "h0", "list": [1], "opts": {"a": {"b": 1}, "c": 2}}}'::jsonb, 'resolve, to the letter');
SELECT is(integration_schema_resolve('bare'), '{"enabled": true, "configured": true, "in_use": false, "missing": [], "config": {}}'::jsonb, 'resolve without a layer');
SELECT throws_ok('SELECT integration_schema_resolve(''kitt'')', '42704', NULL, 'an unknown id is 42704');
SELECT throws_ok($$SELECT integration_schema_resolve('nobody', '{"integrations": {"nobody": {"config": {"a": 1}}}}')$$, '42704', NULL, 'also one that the layers have');
SELECT is(integration_schema_values('{"integrations": {"kit": {"config": {"key": "k"}}, "boss": {"config": {"key": "b"}}, "nobody": {"config": {"a": 1}}, "crew": {"enabled": false, "config": {"a": "x"}}}}') , '{"kit": {"key": "k", "host": "h0", "list": [1], "opts": {"a": {"b": 1}, "c": 2}}, "boss": {"key": "b", "url": "u0"}}'::jsonb, 'values: in use, enabled and configured');
SELECT is(integration_schema_values('{"integrations": {"kit": {"config": {"user": "u"}}}}'), '{}'::jsonb, 'not what misses a field, not what nobody uses');
SELECT is(integration_schema_values(), '{}'::jsonb, 'no layers');
SELECT is(integration_schema_config_array(ARRAY['{"z": 1}', NULL]::jsonb[]), integration_schema_config('{"z": 1}', NULL), 'config_array');
SELECT is(integration_schema_resolve_array('kit', '{}'), integration_schema_resolve('kit'), 'resolve_array');
SELECT is(integration_schema_values_array(ARRAY['{"integrations": {"boss": {"config": {"key": "b"}}}}']::jsonb[]), '{"boss": {"key": "b", "url": "u0"}}'::jsonb, 'values_array');
SELECT set_eq('SELECT * FROM integration_schema_explain_array(ARRAY[''{"integrations": {"kit": {"config": {"tag": "t"}}}}'']::jsonb[])', 'SELECT * FROM integration_schema_explain(''{"integrations": {"kit": {"config": {"tag": "t"}}}}'')', 'explain_array');

-- in use
SELECT is(pg_temp.e('kit', e) -> 'in_use', u::text::jsonb, 'in use: ' || e) FROM (VALUES ('{}', false), ('{"config": {"host": "h0"}}', false), ('{"config": {"host": "h1"}}', true), ('{"config": {"list": [1]}}', false), ('{"config": {"list": []}}', true), ('{"config": {"tag": ""}}', false), ('{"config": {"on": false}}', true), ('{"config": {"host": ""}}', false), ('{"enabled": true, "description": "x"}', false), ('{"config": {"tag": null}}', false)) AS v(e, u);

-- explain
SELECT results_eq('SELECT row_to_json(e)::jsonb FROM integration_schema_explain(''{"integrations": {"crew": {"config": {"a": "1"}}}}'', ''{"integrations": {"crew": {"config": {"a": null}}}}'') e WHERE integration = ''crew''',
 $$VALUES ('{"integration": "crew", "field": null, "value": true, "source": 0, "level": "team", "required": false, "locked": false, "ignored": [], "locked_by": null, "unset_by": null}'::jsonb),
          ('{"integration": "crew", "field": "a", "value": null, "source": null, "level": "team", "required": false, "locked": false, "ignored": [1], "locked_by": null, "unset_by": 2}')$$, 'explain, to the letter: an unset field');
CREATE FUNCTION pg_temp.x(i text, f text, VARIADIC l jsonb[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT row_to_json(e)::jsonb - '{integration,field,level,required}'::text[] FROM integration_schema_explain(VARIADIC l) e WHERE integration = i AND field IS NOT DISTINCT FROM f $$;
SELECT is(pg_temp.x('kit', 'tag', '{"integrations": {"kit": {"config": {"tag": "1"}, "locked": ["tag"]}}}', '{"integrations": {"kit": {"config": {"tag": "2"}}}}'), '{"value": "1", "source": 1, "locked": true, "ignored": [2], "locked_by": 1, "unset_by": null}'::jsonb, 'who locked it');
SELECT is(pg_temp.x('kit', 'host', '{"integrations": {"kit": {"config": {"host": "1"}}}}', NULL, '{"integrations": {"kit": {"config": {"host": "2"}}}}'), '{"value": "2", "source": 3, "locked": false, "ignored": [1], "locked_by": null, "unset_by": null}'::jsonb, 'the nth argument, SQL NULLs counted');
SELECT is(pg_temp.x('kit', NULL, '{"integrations": {"kit": {"enabled": false, "locked": true}}}', '{"integrations": {"kit": {"enabled": true}}}'), '{"value": false, "source": 1, "locked": true, "ignored": [2], "locked_by": 1, "unset_by": null}'::jsonb, 'why something is not enabled');
SELECT is(pg_temp.x('kit', NULL, '{"integrations": {"kit": {"locked": ["enabled"]}}}', '{"integrations": {"kit": {"enabled": false}}}'), '{"value": true, "source": 0, "locked": true, "ignored": [2], "locked_by": 1, "unset_by": null}'::jsonb, 'a lock of enabled');
SELECT is(pg_temp.x('boss', 'key', '{"integrations": {"boss": {"config": {"key": "s3cret"}}}}', '{"integrations": {"boss": {"config": {"key": "t"}}}}'), '{"value": "********", "source": 1, "locked": true, "ignored": [2], "locked_by": 0, "unset_by": null}'::jsonb, '0 for the catalogue''s lock, a secret redacted');
SELECT is((SELECT count(*) FROM integration_schema_explain() WHERE field IS NULL), (SELECT count(*) FROM integration_schemas), 'one row of each integration has a null field');
SELECT is((SELECT count(*) FROM integration_schema_explain() WHERE field IS NOT NULL), (SELECT sum(jsonb_array_length(fields))::bigint FROM integration_schemas), 'and a row a field');

-- list, get, categories, version
SELECT is(array(SELECT jsonb_array_elements(integration_schema_list() -> 'integrations') ->> 'id'), '{bare,kit,boss,crew,odd}', 'list is ordered by display_order, name');
SELECT is(integration_schema_list() -> 'total', '5', 'total'); SELECT is(integration_schema_list('people') -> 'total', '1', 'of a category'); SELECT is(integration_schema_list(featured => true) #>> '{integrations,0,id}', 'kit', 'featured'); SELECT is(integration_schema_list('none'), '{"total": 0, "integrations": []}'::jsonb, 'nothing');
SELECT is(integration_schema_list(NULL, false) -> 'total', '4', 'not featured');
SELECT is(integration_schema_get('kit') - 'fields', (SELECT to_jsonb(s) - 'fields' FROM integration_schemas s WHERE id = 'kit'), 'get has all columns');
SELECT is(integration_schema_get('kit') #> '{fields,1}', '{"name": "user", "type": "string", "required": false, "level": "org"}'::jsonb, 'every field carries its type, required and level');
SELECT is(jsonb_path_query_first(integration_schema_list(), '$.integrations[*] ? (@.id == "kit")'), integration_schema_get('kit'), 'list gives what get gives');
SELECT is(integration_schema_get('nope'), NULL, 'NULL where there is none'); SELECT is(integration_schema_get(NULL), NULL, 'get of NULL');
SELECT is(integration_schema_categories(), '{"categories": [{"category": "tools", "count": 3, "featured_count": 1}, {"category": "people", "count": 1, "featured_count": 0}, {"category": "c", "count": 1, "featured_count": 0}], "total": 3}'::jsonb, 'categories, to the letter');
CREATE TEMP TABLE v AS SELECT integration_schema_version() AS v;
SELECT is(integration_schema_version(), v, 'the version stays') FROM v;
UPDATE integration_schemas SET description = 'E' WHERE id = 'bare';
SELECT isnt(integration_schema_version(), v, 'and is another once the catalogue is') FROM v;

-- hostile
SELECT is(integration_schema_config(('{"a": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::jsonb) ? 'a', true, 'deep layers');
SELECT throws_ok($$SELECT integration_schema_config(('{"a": ' || repeat('[', 100000) || repeat(']', 100000) || '}')::jsonb)$$, '54001', NULL, 'too deep is PostgreSQL''s own error');
SELECT is(pg_temp.c('kit', '{"n": 1e400, "tag": "1", "tag": "2"}') ->> 'tag', '2', 'duplicate keys as in jsonb');
SELECT is(length(pg_temp.c('kit', '{"n": 1e400}') ->> 'n'), 401, 'large numbers as in jsonb');
SELECT is(pg_temp.c('kit', '{"n": 1.10}') ->> 'n', '1.10', 'number precision as in jsonb');
SELECT is(integration_schema_config('{"": {"": 1}, "a/b~c": 2}') - 'integrations', '{"": {"": 1}, "a/b~c": 2}'::jsonb, 'empty keys and slashes');
SELECT is((integration_schema_fallback() -> 'integrations') - 'openai', '{}'::jsonb, 'the fallback document has OpenAI alone');
SELECT is(integration_schema_fallback() #> '{integrations,openai,locked}', 'true', 'locked'); SELECT is(integration_schema_fallback() #> '{integrations,openai,required}', 'true', 'and required');
SELECT is(integration_schema_fallback() #> '{integrations,openai,config_schema,api_key,type}', '"secret"', 'with its secret api_key');

SELECT * FROM finish();
ROLLBACK;
