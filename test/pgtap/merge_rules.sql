-- Every rule of the merge as a case with its answer written out.
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

SELECT plan(129);

-- A catalogue of two: svc, and its twin fast that is locked there.
DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, locked, fields)
SELECT id, id, 'test', '', id = 'fast', '[
    {"name": "a"},
    {"name": "b", "default_value": "B"},
    {"name": "n", "type": "number", "default_value": 1.50},
    {"name": "o", "type": "object", "default_value": {"x": 1, "y": {"z": 1}}},
    {"name": "list", "type": "array"}]'
FROM unnest(ARRAY ['svc', 'fast']) AS id;

-- A layer with this entry for this integration.
CREATE FUNCTION pg_temp.l(integration text, entry jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(integration, entry)) $$;
-- A layer with this config for it.
CREATE FUNCTION pg_temp.c(integration text, config jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT pg_temp.l(integration, jsonb_build_object('config', config)) $$;
-- Its entry in the merged document.
CREATE FUNCTION pg_temp.entry(integration text, VARIADIC layers jsonb[] DEFAULT '{}') RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_config(VARIADIC layers) -> 'integrations' -> integration $$;
-- Its config there, less the defaults that every answer would repeat.
CREATE FUNCTION pg_temp.given(integration text, VARIADIC layers jsonb[]) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
    FROM jsonb_each(pg_temp.entry(integration, VARIADIC layers) -> 'config') AS m
    WHERE m.value IS DISTINCT FROM ('{"b": "B", "n": 1.50, "o": {"x": 1, "y": {"z": 1}}}'::jsonb -> m.key)
$$;
-- The caller's own part of the merged document.
CREATE FUNCTION pg_temp.own(VARIADIC layers jsonb[]) RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_config(VARIADIC layers) - 'integrations' $$;

---------------------------------------------------------------------------
-- Layers are given outermost first; an inner layer wins.
---------------------------------------------------------------------------
SELECT is(pg_temp.entry('svc') -> 'config', '{"b": "B", "n": 1.50, "o": {"x": 1, "y": {"z": 1}}}',
          'without a layer the config is the defaults');
SELECT is(pg_temp.entry('svc', '{}') -> 'config', '{"b": "B", "n": 1.50, "o": {"x": 1, "y": {"z": 1}}}',
          'an empty layer changes nothing');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}')), '{"a": "1"}', 'a layer gives a value');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"b": "1"}')), '{"b": "1"}', 'a layer wins over the default');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"a": "2"}')), '{"a": "2"}',
          'an inner layer wins');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"a": "2"}'),
                        pg_temp.c('svc', '{"a": "3"}')), '{"a": "3"}', 'the innermost of three wins');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"b": "2"}')),
          '{"a": "1", "b": "2"}', 'layers add up');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"a": ""}')), '{"a": ""}',
          'the empty string is a value like any other to the merge');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1", "b": "1"}'), pg_temp.c('fast', '{"a": "2"}')),
          '{"a": "1", "b": "1"}', 'another integration''s values do not mix in');

---------------------------------------------------------------------------
-- Objects merge key by key, to any depth. Everything else is replaced.
---------------------------------------------------------------------------
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"o": {"y": {"w": 2}}}')),
          '{"o": {"x": 1, "y": {"w": 2, "z": 1}}}', 'an object is laid over an object default, key by key');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"u": {"p": 1, "q": {"r": 1}}}'),
                        pg_temp.c('svc', '{"u": {"q": {"s": 2}, "t": 3}}')),
          '{"u": {"p": 1, "q": {"r": 1, "s": 2}, "t": 3}}', 'objects of two layers merge to any depth');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"list": [1, 2]}'), pg_temp.c('svc', '{"list": [3]}')),
          '{"list": [3]}', 'an array is replaced, not added to');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"list": [{"a": 1}]}'), pg_temp.c('svc', '{"list": [{"b": 2}]}')),
          '{"list": [{"b": 2}]}', 'objects inside arrays are not merged');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": {"k": 1}}'), pg_temp.c('svc', '{"a": "s"}')), '{"a": "s"}',
          'an object changed to a scalar is replaced');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "s"}'), pg_temp.c('svc', '{"a": {"k": 1}}')),
          '{"a": {"k": 1}}', 'a scalar changed to an object is replaced');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"o": {"p": 1}}'), pg_temp.c('svc', '{"o": 5}'),
                        pg_temp.c('svc', '{"o": {"q": 2}}')),
          '{"o": {"q": 2}}', 'what a change of type replaced does not come back, nor does the default');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": [1]}'), pg_temp.c('svc', '{"a": {"0": 2}}')),
          '{"a": {"0": 2}}', 'an array changed to an object is replaced');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"o": {}}')), '{}', 'an empty object over an object takes nothing away');
SELECT is(pg_temp.own('{"k": {"a": 1, "b": {"c": 1}}}', '{"k": {"b": {"d": 2}}}'),
          '{"k": {"a": 1, "b": {"c": 1, "d": 2}}}', 'the caller''s own keys merge by the same rules');
SELECT is(pg_temp.own('{"k": [1]}', '{"k": 2}', '{"j": "x"}'), '{"j": "x", "k": 2}', 'own keys: replaced, and added');
SELECT is(pg_temp.own('{"config": {"a": null}, "locked": true, "enabled": 3}', '{"config": {"b": 1}, "locked": 1}'),
          '{"config": {"a": null, "b": 1}, "locked": 1, "enabled": 3}',
          'own keys: config, locked and enabled mean nothing at the top');
SELECT is(pg_temp.own('{"k": {"integrations": {"svc": {"locked": true}}}}',
                      '{"k": {"integrations": {"svc": {"enabled": 1}}}}'),
          '{"k": {"integrations": {"svc": {"locked": true, "enabled": 1}}}}',
          'own keys: integrations means nothing deeper than the top');

---------------------------------------------------------------------------
-- A field set to JSON null is unset there. Elsewhere null is a value like any other.
---------------------------------------------------------------------------
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"a": null}')), '{}',
          'null drops what outer layers gave, and leaves no null');
SELECT is(pg_temp.entry('svc', pg_temp.c('svc', '{"b": "1"}'), pg_temp.c('svc', '{"b": null}')) #> '{config,b}',
          '"B"', 'null: the default applies again');
SELECT is(pg_temp.entry('svc', pg_temp.c('svc', '{"b": null}')) #> '{config,b}', '"B"',
          'null over a default leaves the default');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.c('svc', '{"a": null}'),
                        pg_temp.c('svc', '{"a": "3"}')), '{"a": "3"}', 'a layer further in may set it again');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"o": {"x": 2, "p": 1}}'), pg_temp.c('svc', '{"o": null}'),
                        pg_temp.c('svc', '{"o": {"q": 2}}')), '{"o": {"q": 2, "x": 1, "y": {"z": 1}}}',
          'after null an object is laid over the default, not over what was dropped');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": null}')), '{}', 'null where nothing was leaves nothing');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"nobody_knows": 1}'), pg_temp.c('svc', '{"nobody_knows": null}')),
          '{}', 'null unsets a field that the catalogue does not know, too');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"o": {"x": null}}')), '{"o": {"x": null, "y": {"z": 1}}}',
          'a null inside a field''s object is a value');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"list": [null]}')), '{"list": [null]}', 'a null in an array is a value');
SELECT is(pg_temp.own('{"k": 1, "j": {"a": 1}}', '{"k": null, "j": {"a": null}}'), '{"k": null, "j": {"a": null}}',
          'own keys: null is a value');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', '{"config": null}')),
          '{"a": "1"}', 'a config that is null has the wrong shape: left out');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}}'), pg_temp.l('svc', 'null')),
          '{"a": "1"}', 'an entry that is null has the wrong shape: left out');

---------------------------------------------------------------------------
-- A SQL NULL layer is skipped. A layer that is no JSON object is an error that says which.
---------------------------------------------------------------------------
SELECT is(pg_temp.given('svc', NULL, pg_temp.c('svc', '{"a": "1"}'), NULL), '{"a": "1"}', 'a SQL NULL layer is skipped');
SELECT is(integration_schema_config(NULL::jsonb), integration_schema_config(), 'only a SQL NULL layer is as none');
SELECT throws_matching(format('SELECT integration_schema_config(%L, %L)', '{}', layer), '\m2\M',
                       'the second layer, ' || layer || ', is refused by number')
FROM unnest(ARRAY ['[]', '1', '"{}"', 'true', 'null']) AS layer;
SELECT throws_ok(format('SELECT integration_schema_config(%L, %L)', '{}', layer), '22023', NULL,
                 'with 22023: ' || layer)
FROM unnest(ARRAY ['[]', '1', '"{}"', 'true', 'null']) AS layer;
SELECT throws_matching($$SELECT integration_schema_config(NULL, '{}', NULL, '[]')$$, '\m4\M',
                       'SQL NULL layers count when the bad one is numbered');
SELECT throws_ok($$SELECT integration_schema_resolve('svc', '{}', '[]')$$, '22023', NULL, 'resolve refuses one, too');
SELECT throws_ok($$SELECT integration_schema_values('{}', '[]')$$, '22023', NULL, 'values refuses one, too');

---------------------------------------------------------------------------
-- What has the wrong shape is left out by the merge.
---------------------------------------------------------------------------
SELECT is(integration_schema_config(jsonb_build_object('integrations', wrong)), integration_schema_config(),
          'integrations that is ' || wrong::text || ' is left out')
FROM unnest(ARRAY ['null', '1', '"svc"', 'true', '[{"svc": {"enabled": false}}]']::jsonb[]) AS wrong;
SELECT is(pg_temp.entry('svc', pg_temp.c('svc', '{"a": "1"}'), pg_temp.l('svc', wrong)) #> '{config,a}', '"1"',
          'a known integration''s entry that is ' || wrong::text || ' is left out')
FROM unnest(ARRAY ['1', 'false', '[]']::jsonb[]) AS wrong;
SELECT is(pg_temp.entry('svc', pg_temp.c('svc', '{"a": "1"}'),
                        pg_temp.l('svc', jsonb_build_object('config', wrong, 'enabled', false))) - 'description',
          pg_temp.entry('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "enabled": false}')),
          'a config that is ' || wrong::text || ' is left out, and only that')
FROM unnest(ARRAY ['1', '"a"', '[{"a": "2"}]']::jsonb[]) AS wrong;
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"enabled": false}'),
                        pg_temp.l('svc', jsonb_build_object('enabled', wrong))) -> 'enabled', 'false',
          'an enabled that is ' || wrong::text || ' is left out')
FROM unnest(ARRAY ['null', '1', '"true"', '{}']::jsonb[]) AS wrong;
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"description": "ours"}'),
                        pg_temp.l('svc', jsonb_build_object('description', wrong))) -> 'description', '"ours"',
          'a description that is ' || wrong::text || ' is left out')
FROM unnest(ARRAY ['null', '1', '["x"]']::jsonb[]) AS wrong;
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"a": "1", "name": "Mine", "required": true, "missing": ["a"],
                                                   "configured": false, "config_schema": {}, "x-mine": 1}')),
          pg_temp.entry('svc'), 'a key that an entry does not have is left out');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"nobody_knows": {"k": [1]}}')), '{"nobody_knows": {"k": [1]}}',
          'a field that the catalogue does not know is kept');

---------------------------------------------------------------------------
-- Integrations that the catalogue does not know are merged by the same rules and kept.
---------------------------------------------------------------------------
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"config": {"a": 1}, "enabled": "maybe", "more": {"k": null}}')),
          '{"config": {"a": 1}, "enabled": "maybe", "more": {"k": null}}',
          'unknown: kept, whatever keys it has, and nothing is added to it');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"config": {"a": {"p": 1}, "b": 1}, "more": {"k": 1}}'),
                        pg_temp.l('new', '{"config": {"a": {"q": 2}}, "more": {"j": 2}, "enabled": false}')),
          '{"config": {"a": {"p": 1, "q": 2}, "b": 1}, "more": {"j": 2, "k": 1}, "enabled": false}',
          'unknown: merged key by key');
SELECT is(pg_temp.entry('new', pg_temp.c('new', '{"a": 1, "b": 1}'), pg_temp.c('new', '{"a": null}')),
          '{"config": {"b": 1}}', 'unknown: null unsets a field');
SELECT is(pg_temp.entry('new', pg_temp.c('new', '{"a": null, "b": {"c": null}}')), '{"config": {"b": {"c": null}}}',
          'unknown: a null field leaves no null, one deeper does');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"more": 1}'), pg_temp.l('new', '{"more": null}')),
          '{"more": null}', 'unknown: null beside config is a value');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"config": {"a": 1}, "locked": true}'),
                        pg_temp.l('new', '{"config": {"a": 2}, "more": 1}')),
          '{"config": {"a": 1}}', 'unknown: locked true freezes the entry, and is spent');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"config": {"a": 1}, "locked": ["a", "b"]}'),
                        pg_temp.c('new', '{"a": 2, "b": 2, "c": 2}')),
          '{"config": {"a": 1, "c": 2}}', 'unknown: an array freezes its fields, also unset');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '"text"')), '"text"', 'unknown: an entry of another shape is kept');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"config": [1]}'), pg_temp.l('new', '{"config": {"a": null, "b": 1}}')),
          '{"config": {"b": 1}}', 'unknown: a change of type replaces, and null fields go');
SELECT is(pg_temp.entry('', pg_temp.l('', '{"k": 1}')), '{"k": 1}', 'unknown: the empty id is one, too');

---------------------------------------------------------------------------
-- Locks of a layer.
---------------------------------------------------------------------------
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "enabled": true, "description": "d", "locked": true}'),
                        pg_temp.l('svc', '{"config": {"a": "2", "c": 2}, "enabled": false, "description": "e"}')),
          pg_temp.entry('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "enabled": true, "description": "d"}')),
          'locked true freezes the whole entry: config, enabled, description');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"locked": true}'), pg_temp.c('svc', '{"a": "2"}')), '{}',
          'locked true freezes what is unset, too');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "0"}'), pg_temp.l('svc', '{"locked": true}'),
                        pg_temp.c('svc', '{"a": "2"}')), '{"a": "0"}', 'what a layer further out gave is frozen as well');
SELECT is(pg_temp.given('svc', pg_temp.c('svc', '{"a": "0"}'), pg_temp.l('svc', '{"config": {"a": "1"}, "locked": true}')),
          '{"a": "1"}', 'a lock binds inner layers, not the layer''s own values');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}'),
                        pg_temp.c('svc', '{"a": "2", "b": "2"}')), '{"a": "1", "b": "2"}', 'an array freezes the named fields');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"locked": ["a"]}'), pg_temp.c('svc', '{"a": "2"}')), '{}',
          'an array freezes an unset field at unset');
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"locked": ["b"]}'), pg_temp.c('svc', '{"b": "2"}')) #> '{config,b}',
          '"B"', 'an unset field frozen keeps its default');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}'), pg_temp.c('svc', '{"a": null}')),
          '{"a": "1"}', 'null does not undo a lock');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"o": {"p": 1}}, "locked": ["o"]}'),
                        pg_temp.c('svc', '{"o": {"q": 2}}')), '{"o": {"p": 1, "x": 1, "y": {"z": 1}}}',
          'nothing is merged into a frozen object');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}'),
                        pg_temp.l('svc', jsonb_build_object('config', '{"a": "2"}'::jsonb, 'locked', undo))),
          '{"a": "1"}', 'locked ' || undo::text || ' further in does not undo a lock')
FROM unnest(ARRAY ['false', '[]', 'null', '["b"]']::jsonb[]) AS undo;
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": true}'),
                        pg_temp.l('svc', '{"locked": false}'), pg_temp.c('svc', '{"a": "3"}')),
          '{"a": "1"}', 'locked false does not undo locked true');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"a": "1"}, "locked": ["a"]}'),
                        pg_temp.l('svc', '{"config": {"c": 2}, "locked": ["c"]}'), pg_temp.c('svc', '{"a": "3", "c": 3, "d": 3}')),
          '{"a": "1", "c": 2, "d": 3}', 'locks of several layers add up');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": {"c": 1}, "locked": ["c"]}'), pg_temp.c('svc', '{"c": 2}')),
          '{"c": 1}', 'a field that the catalogue does not know can be locked');
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"locked": ["description", "config", "locked"]}'),
                        pg_temp.l('svc', '{"description": "d", "config": {"a": "2"}}')),
          pg_temp.entry('svc', pg_temp.l('svc', '{"description": "d", "config": {"a": "2"}}')),
          'an array names fields, not keys of the entry');
-- ... but for "enabled"
SELECT is(pg_temp.entry(id, pg_temp.l(id, '{"enabled": false, "config": {"a": "1"}, "locked": ["enabled"]}'),
                        pg_temp.l(id, '{"enabled": true, "config": {"a": "2"}}')) @> '{"enabled": false, "config": {"a": "2"}}', true,
          id || ': "enabled" in an array freezes it, and no other field')
FROM unnest(ARRAY ['svc', 'new']) AS id;
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"locked": ["enabled"]}'), pg_temp.l('svc', '{"enabled": false}')) -> 'enabled', 'true',
          'where nobody has said so, the integration stays enabled');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"locked": ["enabled"]}'), pg_temp.l('new', '{"enabled": false, "k": 1}')), '{"k": 1}',
          'new: frozen while it is not there');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"enabled": {"a": 1}}'), pg_temp.l('new', '{"enabled": {"b": 2}, "locked": ["enabled"]}'),
                        pg_temp.l('new', '{"enabled": {"c": 3}}')), '{"enabled": {"a": 1, "b": 2}}', 'new: what is there is merged up to the lock');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"enabled": false, "locked": ["enabled"]}'), pg_temp.l('new', '5'),
                        pg_temp.l('new', '{"enabled": true}')), '{"enabled": false}', 'new: no other entry takes it away');
SELECT is(pg_temp.entry('new', pg_temp.l('new', '{"x": 1, "locked": ["enabled"]}'), pg_temp.l('new', '5')), '5',
          'new: where there is none to take away, it may');
SELECT is(pg_temp.given(id, pg_temp.l(id, '{"config": {"enabled": 1}, "locked": ["enabled"]}'), pg_temp.c(id, '{"enabled": 2}')),
          '{"enabled": 1}', id || ': and so is a field of that name')
FROM unnest(ARRAY ['svc', 'new']) AS id;
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"enabled": false, "locked": ["enabled"]}'),
                        pg_temp.l('svc', '{"locked": false}'), pg_temp.l('svc', '{"enabled": true}')) -> 'enabled', 'false',
          'nothing further in undoes it');
SELECT is(pg_temp.given('svc', pg_temp.l('svc', jsonb_build_object('config', '{"a": "1"}'::jsonb, 'locked', none)),
                        pg_temp.c('svc', '{"a": "2"}')), '{"a": "2"}', 'locked ' || none::text || ' locks nothing')
FROM unnest(ARRAY ['false', '[]', '"a"', '{"a": true}', '[1, null, ["a"]]']::jsonb[]) AS none;
SELECT is(pg_temp.given('svc', pg_temp.l('svc', '{"config": 1, "locked": ["a"]}'), pg_temp.c('svc', '{"a": "2"}')), '{}',
          'a lock beside a config of the wrong shape still counts');
SELECT is(pg_temp.given('svc', pg_temp.l('fast', '{"locked": true}'), pg_temp.c('svc', '{"a": "1"}')), '{"a": "1"}',
          'a lock is its own integration''s');
SELECT is(pg_temp.entry('svc', pg_temp.l('svc', '{"locked": true}')) -> 'locked', 'false',
          'a layer''s lock is spent: the result has the catalogue''s flag');

---------------------------------------------------------------------------
-- Locked in the catalogue: the outermost layer that gives a value.
---------------------------------------------------------------------------
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"a": "1"}'), pg_temp.c('fast', '{"a": "2", "b": "2"}'),
                        pg_temp.c('fast', '{"a": "3", "b": "3"}')), '{"a": "1", "b": "2"}',
          'catalogue lock: each field from the outermost layer that gives it');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"a": null}'), pg_temp.c('fast', '{"a": "2"}')), '{"a": "2"}',
          'catalogue lock: null gives no value');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"a": " "}'), pg_temp.c('fast', '{"a": "2"}'), pg_temp.c('fast', '{"a": "3"}')),
          '{"a": " "}', 'catalogue lock: a blank is what the outermost layer has decided');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"a": "1"}'), pg_temp.c('fast', '{"a": ""}')), '{"a": "1"}',
          'catalogue lock: a blank takes none away');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"b": ""}'), pg_temp.c('fast', '{"b": null}')), '{"b": ""}',
          'catalogue lock: null does not take a blank away');
SELECT is(pg_temp.entry('fast', pg_temp.l('fast', '{"locked": ["enabled"]}'), pg_temp.l('fast', '{"enabled": false}')) -> 'enabled', 'true',
          'catalogue lock: a layer''s lock freezes an enabled that nobody gave');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"a": "1"}'), pg_temp.c('fast', '{"a": null}')), '{"a": "1"}',
          'catalogue lock: null takes none away');
SELECT is(pg_temp.given('fast', pg_temp.c('fast', '{"u": {"p": 1}}'), pg_temp.c('fast', '{"u": {"q": 2}}')),
          '{"u": {"p": 1}}', 'catalogue lock: an inner object is not merged in');
SELECT is(pg_temp.entry('fast', pg_temp.l('fast', '{"enabled": false}'), pg_temp.l('fast', '{"enabled": true}')) -> 'enabled',
          'false', 'catalogue lock: enabled from the outermost layer that gives it');
SELECT is(pg_temp.entry('fast', pg_temp.l('fast', '{"enabled": null}'), pg_temp.l('fast', '{"enabled": false}')) -> 'enabled',
          'false', 'catalogue lock: an enabled of the wrong shape gives none');
SELECT is(pg_temp.given('fast', pg_temp.l('fast', '{"locked": ["a"]}'), pg_temp.c('fast', '{"a": "2"}')), '{}',
          'catalogue lock: a layer''s lock freezes an unset field all the same');
SELECT is(pg_temp.entry('fast', '{}') -> 'locked', 'true', 'catalogue lock: the result says so');

---------------------------------------------------------------------------
-- Key order, duplicates and number precision are jsonb's own.
---------------------------------------------------------------------------
SELECT is(pg_temp.own('{"bb": 1, "a": 1.0, "ccc": 1.10}', '{"c": 1.00, "a": 1.000}')::text,
          '{"a": 1.000, "c": 1.00, "bb": 1, "ccc": 1.10}', 'keys in jsonb''s order, numbers with the digits they came with');
SELECT is((pg_temp.entry('svc', pg_temp.c('svc', '{"n": 1.500}')) -> 'config' -> 'n')::text, '1.500',
          'the inner layer''s 1.500 over the default 1.50');
SELECT is(pg_temp.own('{"a": 1, "a": 2}'), '{"a": 2}', 'of a key given twice the last counts');

SELECT * FROM finish();
ROLLBACK;
