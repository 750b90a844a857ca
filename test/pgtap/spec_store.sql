-- The store: the rules of the tree, writes, locks from above, versions, who and why, rollback, retention, erasure.
-- It looks at secrets in the table: not for a store that seals them.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();
SET client_min_messages = error;
CREATE FUNCTION pg_temp.say(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN '00000'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
CREATE FUNCTION pg_temp.detail(sql text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE d text; BEGIN EXECUTE sql; RETURN NULL; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RETURN d; END $$;
CREATE FUNCTION pg_temp.doc(org text, node text) RETURNS jsonb LANGUAGE sql AS $$ SELECT config_json FROM node_configurations WHERE org_id = org AND node_id = node $$;
CREATE FUNCTION pg_temp.version(org text, node text) RETURNS int LANGUAGE sql AS $$ SELECT version FROM node_configurations WHERE org_id = org AND node_id = node $$;

SELECT columns_are('node_configurations', '{org_id,node_id,parent_id,node_type,name,config_json,version,created_at,updated_at,updated_by,incarnation}'::name[]);
SELECT col_is_pk('node_configurations', '{org_id,node_id}'::name[], 'the primary key');

-- the tree
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('a', 't', 'u', 'team'), ('a', 'u', 'a', 'unit'), ('a', 'a', NULL, 'org'), ('*', '*', NULL, 'platform');
SELECT is(pg_temp.say('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ' || v), w, r) FROM (VALUES
 ($$('a', 'a2', NULL, 'org')$$, '23505', 'one root per organisation'), ($$('b', 'x', 'a', 'team')$$, '23503', 'no parent of another organisation'), ($$('a', 'x', 'nope', 'team')$$, '23503', 'no parent that is not there'),
 ($$('*', 'y', NULL, 'platform')$$, '23514', 'at most one platform'), ($$('*', 'y', '*', 'team')$$, '23514', 'and nothing else in its organisation'), ($$('c', 'c', '*', 'org')$$, '23514', 'roots inherit from it without naming it'),
 ($$('a', 'x', 'a', 'org')$$, '23514', 'an organisation has no parent'), ($$('a', 'x', 'a', 'orga')$$, '23514', 'an unknown type'), ($$('c', 'c', NULL, 'team')$$, '23514', 'a root is an organisation'), ($$('a', '', 'a', 'team')$$, '23514', 'a name of a node is not empty'), ($$('a', 'x', 'x', 'team')$$, '23514', 'nobody is his own parent'),
 ($$('a', 'x', 'a', NULL)$$, '23502', 'a type'), ($$(NULL, 'x', 'a', 'team')$$, '23502', 'an organisation'), ($$('e', '1', NULL, 'org'), ('e', '2', '3', 'unit'), ('e', '3', '2', 'unit')$$, '23514', 'no cycles, not in one statement')) AS v(v, w, r)
 WHERE r NOT IN ('nobody is his own parent', 'no cycles, not in one statement');
SELECT isnt(pg_temp.say('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ' || v), '00000', r) FROM (VALUES ($$('a', 'x', 'x', 'team')$$, 'nobody is his own parent'), ($$('e', '1', NULL, 'org'), ('e', '2', '3', 'unit'), ('e', '3', '2', 'unit')$$, 'no cycles, not in one statement')) AS v(v, r);
SELECT is(pg_temp.say($$UPDATE node_configurations SET parent_id = 't' WHERE node_id = 'u'$$), '23514', 'no cycles'); SELECT is(pg_temp.say($$UPDATE node_configurations SET parent_id = 'u' WHERE node_id = 'u'$$), '23514', 'nor of one');
SELECT is(pg_temp.say($$DELETE FROM node_configurations WHERE node_id = 'u'$$), '23503', 'a node with nodes below stays');
SELECT is(pg_temp.say($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) SELECT 'deep', i::text, CASE WHEN i > 1 THEN (i - 1)::text END, CASE WHEN i = 1 THEN 'org' ELSE 'unit' END FROM generate_series(1, 32) AS i$$), '00000', 'a depth of 32');
SELECT is(pg_temp.say($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('deep', '33', '32', 'team')$$), '23514', 'and no more by default');
SELECT is(pg_temp.say($$DELETE FROM node_configurations WHERE org_id = 'deep'$$), '00000', 'a whole organisation in one statement');
UPDATE node_configurations SET name = 'Team T' WHERE node_id = 't';
SELECT is(pg_temp.version('a', 't'), 2, 'a name is a version'); SELECT is(changes -> 'name', '{"before": null, "after": "Team T"}'::jsonb, 'and in the history') FROM integration_config_history('a', 't', 1);
UPDATE node_configurations SET version = 99, updated_by = 'evil', updated_at = '2000-01-01' WHERE node_id = 't';
SELECT is(format('%s %s %s', version, updated_by, updated_at > '2001-01-01'), format('2 %s t', session_user), 'version, updated_at and updated_by are the database''s') FROM node_configurations WHERE node_id = 't';

-- writes
SELECT is(integration_config_set('a', 't', '{"integrations": {"slack": {"config": {"default_channel": "#t"}}}}', 2, 'why', 'who'), 3, '_set returns the new version');
SELECT is(format('%s %s %s %s', version, author, reason, role), format('3 who why %s', current_user), 'who and why') FROM integration_config_history('a', 't', 1);
SELECT is(pg_temp.say($$SELECT integration_config_set('a', 't', '{}', 2)$$), '40001', 'a mismatch is 40001'); SELECT is(pg_temp.say($$SELECT integration_config_replace('a', 't', '{}', 2)$$), '40001', 'of _replace'); SELECT is(pg_temp.say($$SELECT integration_config_rollback('a', 't', 1, 2)$$), '40001', 'of _rollback');
SELECT is(pg_temp.say($$SELECT integration_config_unset('a', 't', 'slack', 'default_channel', 2)$$), '40001', 'of _unset'); SELECT is(pg_temp.say($$SELECT integration_config_inherit('a', 't', 'slack', 'default_channel', 2)$$), '40001', 'of _inherit');
SELECT is(integration_config_set('a', 't', '{}'), 3, 'what changes nothing makes no version');
SELECT is(integration_config_set('a', 't', '{"own": {"a": 1, "b": [1, 2]}}'), 4, 'a patch'); SELECT is(integration_config_set('a', 't', '{"own": {"a": null, "b": [3], "c": {"d": null, "e": 1}}}'), 5, 'RFC 7396');
SELECT is(pg_temp.doc('a', 't'), '{"integrations": {"slack": {"config": {"default_channel": "#t"}}}, "own": {"b": [3], "c": {"e": 1}}}'::jsonb, 'null removes a key, arrays are replaced, nulls in what is new go');
SELECT is(integration_config_merge_patch(t::jsonb, p::jsonb), r::jsonb, 'RFC 7396: ' || t || ' + ' || p) FROM (VALUES ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'), ('{"a":"b"}', '{"a":null}', '{}'), ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'), ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'), ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'), ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'), ('["a","b"]', '["c","d"]', '["c","d"]'), ('{"a":"b"}', '["c"]', '["c"]'), ('{"a":"foo"}', 'null', 'null'), ('{"a":"foo"}', '"bar"', '"bar"'), ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'), ('[1,2]', '{"a":"b","c":null}', '{"a":"b"}'), ('{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) AS v(t, p, r);
SELECT is(pg_temp.say(q), w, q) FROM (VALUES ($$SELECT integration_config_set('a', 't', '[]')$$, '22023'), ($$SELECT integration_config_set('a', 't', 'null')$$, '22023'), ($$SELECT integration_config_set('a', 't', NULL)$$, '22023'), ($$SELECT integration_config_replace('a', 't', '1')$$, '22023'), ($$SELECT integration_config_set('a', 'x', '{}')$$, '42704'), ($$SELECT integration_config_replace('x', 't', '{}')$$, '42704'),
 ($$SELECT integration_config_rollback('a', 't', 99)$$, '42704'), ($$SELECT integration_config_effective('a', 'x')$$, '42704'), ($$SELECT integration_config_resolve('a', 't', 'slak')$$, '42704'), ($$SELECT * FROM integration_config_explain('x', 'x')$$, '42704'), ($$SELECT * FROM integration_config_history('a', 'x')$$, '42704'), ($$SELECT * FROM integration_config_status('x')$$, '42704'), ($$SELECT * FROM integration_config_effective_all('x')$$, '42704'), ($$SELECT * FROM integration_config_get('a', 'x')$$, '42704'), ($$SELECT integration_config_values('a', 'x')$$, '42704'),
 ($$SELECT integration_config_unset('a', 't', 'slack', 'defualt_channel')$$, '42704'), ($$SELECT integration_config_unset('a', 't', 'slak', 'default_channel')$$, '42704'), ($$SELECT integration_config_inherit('a', 't', 'slack', 'nope')$$, '42704'), ($$UPDATE node_configurations SET config_json = '[]' WHERE node_id = 't'$$, '23514'), ($$UPDATE node_configurations SET config_json = NULL WHERE node_id = 't'$$, '23502'), ($$UPDATE node_configurations SET node_id = 'tt' WHERE node_id = 't'$$, '0A000')) AS v(q, w);
SELECT matches(pg_temp.detail($$SELECT integration_config_set('a', 't', '{"integrations": {"slak": {}, "splunk": {"enabled": 1, "config": {"port": 0}}}}')$$), '(.*\n){2}.*', 'a refused _set reports all at once');
SELECT is(pg_temp.version('a', 't'), 5, 'and writes nothing');
SELECT integration_config_unset('a', 't', 'slack', 'default_channel'); SELECT is(pg_temp.doc('a', 't') #> '{integrations,slack,config,default_channel}', 'null', '_unset writes the null');
SELECT is(integration_config_unset('a', 't', 'slack', 'default_channel'), pg_temp.version('a', 't'), 'twice changes nothing');
SELECT integration_config_inherit('a', 't', 'slack', 'default_channel'); SELECT ok(NOT (pg_temp.doc('a', 't') #> '{integrations,slack,config}') ? 'default_channel', '_inherit takes the node''s word away');

-- what is inherited, and locks from above
SELECT integration_config_set('*', '*', '{"integrations": {"sentry": {"config": {"organization": "plat"}}}}'), integration_config_set('a', 'a', '{"integrations": {"slack": {"locked": ["default_channel"], "config": {"default_channel": "#a", "bot_token": "xoxb-s3cr3t"}}}}');
SELECT is(integration_config_resolve('a', 't', 'slack') #>> '{config,default_channel}', '#a', 'a team inherits'); SELECT is(integration_config_resolve('a', 't', 'sentry') #>> '{config,organization}', 'plat', 'from the platform, too');
SELECT is(integration_config_effective('a', 't'), integration_schema_config(pg_temp.doc('*', '*'), pg_temp.doc('a', 'a'), pg_temp.doc('a', 'u'), pg_temp.doc('a', 't')), 'effective is the merge of the documents above');
SELECT is(integration_config_values('a', 't'), integration_schema_values(pg_temp.doc('*', '*'), pg_temp.doc('a', 'a'), pg_temp.doc('a', 'u'), pg_temp.doc('a', 't')), 'and so are the values');
SELECT set_eq($$SELECT node_id, config FROM integration_config_effective_all('a')$$, $$SELECT node_id, integration_config_effective(org_id, node_id) FROM node_configurations WHERE org_id = 'a'$$, 'every node''s effective document');
SELECT is((SELECT count(*) FROM integration_config_status('a')), 3 * 24 - 3::bigint, 'a row a node and integration');
SELECT is(pg_temp.say($$SELECT integration_config_set('a', 't', '{"integrations": {"slack": {"config": {"default_channel": "#t"}}}}')$$), '23514', 'a lock of a node above refuses'); SELECT is(pg_temp.say($$SELECT integration_config_unset('a', 't', 'slack', 'default_channel')$$), '23514', 'a null against it, too');
SELECT results_eq($$SELECT field, source, ignored, locked_by FROM integration_config_explain('a', 't') WHERE integration = 'slack' AND field IN ('default_channel', 'bot_token', 'mention_oncall')$$, $$VALUES ('bot_token', 'a', '{}'::text[], NULL), ('default_channel', 'a', '{}', 'a'), ('mention_oncall', 'default', '{}', NULL)$$, 'explain names nodes');
SELECT is(pg_temp.say($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('a', 'o', 'a', 'team', '{"integrations": {"openai": {"enabled": false}}}')$$), '23514', 'locked in the catalogue');
-- a lock that came later, a node that was moved
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('a', 'u2', 'a', 'unit', '{"integrations": {"pagerduty": {"locked": true}}}'), ('a', 'm', 'a', 'team', '{"integrations": {"pagerduty": {"config": {"service_id": "S"}}}}');
SELECT is(pg_temp.say($$UPDATE node_configurations SET parent_id = 'u2' WHERE node_id = 'm'$$), '00000', 'a move under a lock'); SELECT is(integration_config_resolve('a', 'm', 'pagerduty') #> '{config,service_id}', NULL, 'makes void what it locks');
SELECT results_eq($$SELECT node_id, path, code FROM integration_config_violations('a')$$, $$VALUES ('m', '/integrations/pagerduty/config/service_id', 'locked')$$, 'violations() finds it');
SELECT is(pg_temp.say($$SELECT integration_config_set('a', 'm', '{"own": 1}')$$), '00000', 'it does not stand in the way'); SELECT is(pg_temp.say($$SELECT integration_config_set('a', 'm', '{"integrations": {"pagerduty": {"config": {"service_id": "T"}}}}')$$), '23514', 'but of what changes it'); SELECT is(pg_temp.say($$SELECT integration_config_set('a', 'm', '{"integrations": {"pagerduty": null}}')$$), '00000', 'taking away is always accepted');
SELECT is((SELECT count(*) FROM integration_config_violations()), 0::bigint, 'nothing is left');

-- rollback, and a catalogue that changed
SELECT integration_config_replace('a', 'u', '{"integrations": {"datadog": {"config": {"api_key": "s3cr3t", "service_filter": "f"}}}}'); SELECT integration_config_replace('a', 'u', '{}');
UPDATE integration_schemas SET fields = jsonb_set(fields, '{3,name}', '"filter"') WHERE id = 'datadog';
SELECT is(pg_temp.say($$SELECT integration_config_rollback('a', 'u', 2, NULL, 'back', 'me')$$), '00000', 'a rollback gives back what was accepted once'); SELECT is(pg_temp.doc('a', 'u') #>> '{integrations,datadog,config,service_filter}', 'f', 'and all of it');
SELECT is(author || ' ' || reason, 'me back', 'by whom and why') FROM integration_config_history('a', 'u', 1); SELECT is(array(SELECT version FROM integration_config_history('a', 'u')), '{4,3,2,1}', 'newest first');
SELECT ok(bool_and(h::text NOT LIKE '%s3cr3t%'), 'the history shows no secret') FROM integration_config_history('a', 'u') AS h;
SELECT is((SELECT code FROM integration_config_violations('a')), 'unknown_field', 'violations() finds what no longer conforms');
SELECT results_eq($$SELECT DISTINCT node_id, code FROM integration_schema_impact('slack', NULL) WHERE org_id = 'a' ORDER BY 1$$, $$VALUES ('a', 'unknown_integration'), ('t', 'unknown_integration')$$, 'impact: if the row went');
SELECT results_eq($$SELECT node_id, path, code FROM integration_schema_impact('slack', '[{"name": "bot_token", "type": "secret", "pattern": "^x$"}, {"name": "default_channel"}]')$$, $$VALUES ('a', '/integrations/slack/config/bot_token', 'pattern')$$, 'impact: of other definitions');
SELECT is(pg_temp.say($$SELECT * FROM integration_schema_impact('slak', '[]')$$), '42704', 'impact of an unknown integration'); SELECT is(pg_temp.say($$SELECT * FROM integration_schema_impact('slack', '[{}]')$$), '23514', 'impact of a bad definition');

-- version numbers are never given twice
DELETE FROM node_configurations WHERE node_id = 'm'; SELECT integration_config_prune('infinity');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('a', 'm', 'a', 'team'); 
SELECT cmp_ok(pg_temp.version('a', 'm'), '>', 4, 'a node made again counts on');
WITH d AS (DELETE FROM node_configurations WHERE node_id = 'm' RETURNING *) INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) SELECT org_id, node_id, parent_id, node_type FROM d;
SELECT is(pg_temp.say($$SELECT integration_config_set('a', 'm', '{"x": 1}')$$), '00000', 'deleted and inserted in one statement, it lives');
SELECT is((SELECT count(*) - count(DISTINCT version) FROM node_configuration_history WHERE node_id = 'm'), 0::bigint, 'no version twice');
SELECT is(pg_temp.say(q), w, q) FROM (VALUES ('DELETE FROM node_configuration_history', '42501'), ('UPDATE node_configuration_history SET reason = NULL', '42501'), ('TRUNCATE node_configuration_history CASCADE', '42501'), ($$SELECT integration_config_prune('infinity', 0)$$, '22023'), ($$SELECT integration_config_prune(NULL)$$, '22023')) AS v(q, w);
SELECT is((SELECT count(*) FROM node_configurations AS n JOIN node_configuration_history AS h USING (org_id, node_id, version)), (SELECT count(*) FROM node_configurations), 'each living node''s latest version is there after a prune');
TRUNCATE node_configurations;
SELECT is((SELECT count(DISTINCT (org_id, node_id)) FROM node_configuration_history WHERE operation = 'delete' AND org_id IN ('a', '*')), 6::bigint, 'TRUNCATE leaves deletions in the history');

-- erase
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('s', 's', 'org', '{"integrations": {"datadog": {"config": {"api_key": "leak-1"}}}}');
SELECT integration_config_set('s', 's', '{"integrations": {"datadog": {"config": {"api_key": "leak-2"}}}}');
SELECT integration_config_erase('s', 's', 'datadog', 'api_key', 'leaked');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE config_json::text LIKE '%leak-%'), 0::bigint, 'erased from every version'); SELECT is(pg_temp.doc('s', 's') #> '{integrations,datadog,config,api_key}', 'null', 'null stands in the document'); SELECT is(reason, 'leaked', 'with a version of its own') FROM integration_config_history('s', 's', 1);
SELECT integration_config_rollback('s', 's', 1); SELECT ok(pg_temp.doc('s', 's')::text !~ 'leak-|erased', 'what was erased stays erased in a rollback');

-- columns of one's own
ALTER TABLE node_configurations ADD COLUMN own text DEFAULT 'd', ADD COLUMN gen int GENERATED ALWAYS AS (length(node_id)) STORED, ADD COLUMN secret_note text CHECK (secret_note <> 'bad-s3cr3t');
UPDATE node_configurations SET own = 'mine' WHERE org_id = 's'; SELECT integration_config_set('s', 's', '{"x": 1}');
SELECT is(own || gen, 'mine1', 'nothing loses what is written there') FROM node_configurations WHERE org_id = 's';
SELECT ok(coalesce(pg_temp.detail($$UPDATE node_configurations SET secret_note = 'bad-s3cr3t'$$), '') NOT LIKE '%s3cr3t%', 'a constraint of one''s own shows no row');
SELECT is(pg_temp.say($$SELECT integration_config_history('s', 's')$$), '00000', 'history with columns of one''s own');

-- size, depth, settings
SELECT is(current_setting('integration_schemas.max_document_size'), '16MB', 'a document has a size limit'); SELECT is(current_setting('integration_schemas.notify'), 'off', 'notifications are off by default'); SELECT is(current_setting('integration_schemas.max_depth'), '32', 'the depth limit');
SELECT isnt(pg_temp.say($$SELECT integration_config_set('s', 's', jsonb_build_object('x', repeat('x', 17000000)))$$), '00000', 'no more than that'); SELECT is(pg_temp.say($$SELECT integration_config_set('s', 's', jsonb_build_object('x', repeat('x', 16000000)))$$), '00000', 'and no less');
SELECT isnt(pg_temp.say(format($$SELECT integration_config_set('s', 's', ('{"a": ' || repeat('[', %s) || repeat(']', %s) || '}')::jsonb)$$, 5200, 5200)), '00000', 'a document that its functions could not read is refused');
SELECT is(pg_temp.say($$SELECT * FROM integration_config_history('s', 's')$$), '00000', 'the history is readable');
SELECT * FROM finish();
ROLLBACK;
