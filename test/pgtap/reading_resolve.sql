-- integration_schema_resolve and integration_schema_values: what services call.
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

SELECT plan(48);

CREATE FUNCTION pg_temp.c(integration text, config jsonb, beside jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('integrations', jsonb_build_object(integration, beside || jsonb_build_object('config', config)))
$$;
-- The error that a statement ends with: its SQLSTATE, message and hint.
CREATE FUNCTION pg_temp.error_of(statement text, OUT code text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;

-- resolve: the form
SELECT is(integration_schema_resolve('slack', '{}'),
          '{"enabled": true, "configured": false, "in_use": false, "missing": ["bot_token"],
            "config": {"mention_oncall": true, "thread_replies": true}}', 'slack, given nothing');
SELECT is(integration_schema_resolve('slack', pg_temp.c('slack', '{"bot_token": "xoxb-1", "mention_oncall": null}',
                                                        '{"enabled": false, "description": "d"}')),
          '{"enabled": false, "configured": true, "in_use": true, "missing": [],
            "config": {"bot_token": "xoxb-1", "mention_oncall": true, "thread_replies": true}}',
          'slack, disabled and given its token: no description, no schemas');
SELECT is(integration_schema_resolve(id, layers[1], layers[2]),
          (SELECT jsonb_object_agg(key, value)
           FROM jsonb_each(integration_schema_config(VARIADIC layers) -> 'integrations' -> id)
           WHERE key IN ('enabled', 'configured', 'in_use', 'missing', 'config')),
          id || ' resolved is its part of the merged document')
FROM (VALUES (ARRAY [pg_temp.c('openai', '{"api_key": "1"}'),
                     pg_temp.c('openai', '{"api_key": "2"}', '{"enabled": false}')])) AS l (layers),
     unnest(ARRAY ['openai', 'slack', 'kubernetes']) AS id;
SELECT is(integration_schema_resolve('slack', VARIADIC '{}'), integration_schema_resolve('slack', '{}'), 'an empty array of layers');
SELECT is(integration_schema_resolve('slack', VARIADIC NULL::jsonb[]), integration_schema_resolve('slack', '{}'), 'a NULL array');
SELECT is(integration_schema_resolve('slack', NULL, '{}', NULL), integration_schema_resolve('slack', '{}'), 'SQL NULL layers');
SELECT is(integration_schema_resolve('slack', VARIADIC ARRAY [pg_temp.c('slack', '{"app_token": "1"}'),
                                                              pg_temp.c('slack', '{"app_token": "2"}')]) #> '{config,app_token}',
          '"2"', 'VARIADIC array');
SELECT volatility_is('integration_schema_resolve', ARRAY ['text', 'jsonb[]'], 'stable', 'resolve is stable');

-- resolve: an unknown id
SELECT unnest(ARRAY [
           is(e.code, '42704', format('%L: undefined object', id)),
           matches(e.hint, '\m' || nearest || '\M', format('%L: the hint names %s', id, nearest)),
           matches(e.message, '^[a-z].*[^.]$', format('%L: a message by the style guide', id))])
FROM (VALUES ('slak', 'slack'), ('Slack', 'slack'), ('github-app', 'github_app'), ('data dog', 'datadog'),
             ('elastic_search', 'elasticsearch')) AS wrong (id, nearest),
     pg_temp.error_of(format('SELECT integration_schema_resolve(%L, ''{}'')', id)) AS e;
SELECT is((pg_temp.error_of(format('SELECT integration_schema_resolve(%L, ''{}'')', id))).code, '42704', told)
FROM (VALUES ('', 'the empty id'), (repeat('x', 100000), 'a very long id'), ('quite another thing', 'an id like no other')) AS w (id, told);
SELECT is((pg_temp.error_of('SELECT integration_schema_resolve(''mine'', ''{"integrations": {"mine": {}}}'')')).code, '42704',
          'an id that only a layer has');
SELECT is((SELECT e.code || coalesce(' ' || e.message, '') FROM pg_temp.error_of('SELECT integration_schema_resolve(''slack'', ''{}'', ''3'')') AS e) ~ '^22023 .*\m2\M',
          true, 'a layer that is no object: 22023, and which one, the id not counted');
SELECT ok(coalesce((pg_temp.error_of('SELECT integration_schema_resolve(NULL, ''{}'')')).code, 'none') IN ('none', '22004', '22023', '42704'),
          'a NULL id is answered or refused, not more');

-- values
SELECT is(integration_schema_values('{}'), '{}', 'values: without layers nothing is in use');
SELECT is(integration_schema_values(pg_temp.c('openai', '{"api_key": "k"}'), pg_temp.c('kubernetes', '{"default_namespace": "default"}'),
                                    pg_temp.c('aws', '{"region": "eu-west-1"}')),
          '{"aws": {"region": "eu-west-1"}, "openai": {"api_key": "k", "base_url": "https://api.openai.com/v1"}}',
          'values: a field at its default does not make an integration in use');
UPDATE integration_schemas SET required = true WHERE id = 'kubernetes';
SELECT is(integration_schema_values('{}'), '{"kubernetes": {"default_namespace": "default"}}', 'values: what is required is in use by its defaults');
UPDATE integration_schemas SET required = false WHERE id = 'kubernetes';
SELECT is(integration_schema_values(pg_temp.c('slack', '{"bot_token": "xoxb-1"}'), pg_temp.c('aws', '{"region": "eu-west-1"}', '{"enabled": false}'),
                                    pg_temp.c('kubernetes', '{"default_namespace": "ops"}'),
                                    pg_temp.c('datadog', '{"api_key": "1"}'), pg_temp.c('mine', '{"k": 1}')),
          '{"slack": {"bot_token": "xoxb-1", "mention_oncall": true, "thread_replies": true},
            "kubernetes": {"default_namespace": "ops"}}',
          'values: configured comes, disabled goes, half configured and unknown are not there');
SELECT is(integration_schema_values(VARIADIC NULL::jsonb[]), integration_schema_values('{}'), 'values: a NULL array');
SELECT is(integration_schema_values(layer),
          (SELECT jsonb_object_agg(key, value -> 'config') FROM jsonb_each(integration_schema_config(layer) -> 'integrations')
           WHERE value -> 'in_use' = 'true' AND value -> 'enabled' = 'true' AND value -> 'configured' = 'true'),
          'values: what the merged document says is in use, enabled and configured')
FROM pg_temp.c('pagerduty', '{"api_key": "k", "extra": {"a": [1.0]}}') AS layer;
SELECT volatility_is('integration_schema_values', ARRAY ['jsonb[]'], 'stable', 'values is stable');

-- with one array
CREATE TEMP TABLE stacks AS
SELECT layers FROM (VALUES (NULL::jsonb[]), ('{}'), (ARRAY [NULL]::jsonb[]),
    (ARRAY ['{"k": 1}', pg_temp.c('slack', '{"bot_token": "xoxb-1", "app_token": null}'), NULL, pg_temp.c('openai', '{"api_key": "k"}', '{"locked": true}')])) AS s (layers);
SELECT is_empty('SELECT layers FROM stacks WHERE integration_schema_config_array(layers) IS DISTINCT FROM integration_schema_config(VARIADIC layers)',
                'config_array is config');
SELECT is_empty('SELECT layers FROM stacks WHERE integration_schema_values_array(layers) IS DISTINCT FROM integration_schema_values(VARIADIC layers)',
                'values_array is values');
SELECT is_empty($$SELECT layers FROM stacks WHERE integration_schema_resolve_array('slack', layers)
                                              IS DISTINCT FROM integration_schema_resolve('slack', VARIADIC layers)$$, 'resolve_array is resolve');
SELECT is_empty('(SELECT layers, e.* FROM stacks, integration_schema_explain_array(layers) AS e
                  EXCEPT ALL SELECT layers, e.* FROM stacks, integration_schema_explain(VARIADIC layers) AS e)
                 UNION ALL
                 (SELECT layers, e.* FROM stacks, integration_schema_explain(VARIADIC layers) AS e
                  EXCEPT ALL SELECT layers, e.* FROM stacks, integration_schema_explain_array(layers) AS e)', 'explain_array is explain');
SELECT throws_ok('SELECT integration_schema_config_array(''{5}'')', '22023', 'layer 1 is not a JSON object', 'config_array: a layer that is no object is refused');
SELECT is((SELECT count(*) FROM pg_proc WHERE proname ~ '^integration_schema_.*_array$' AND provolatile = 's' AND proparallel = 's' AND provariadic = 0),
          5::bigint, 'all of them are stable, parallel safe and not variadic');

DELETE FROM integration_schemas;
SELECT is(integration_schema_config('{"a": 1}'), '{"a": 1, "integrations": {}}', 'an empty catalogue: an empty document, not the fallback');
SELECT is(integration_schema_values('{}'), '{}', 'an empty catalogue: no values');
SELECT unnest(ARRAY [is(e.code, '42704', 'an empty catalogue: every id is unknown'), unalike(e.hint, '%slack%', 'and none is near')])
FROM pg_temp.error_of('SELECT integration_schema_resolve(''slack'', ''{}'')') AS e;

SELECT * FROM finish();
ROLLBACK;
