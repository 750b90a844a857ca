-- Writing documents: patch and replace, the expected version, and what is refused.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"default_channel": "#all"}}}}'),
	('acme', 'sre', 'acme', 'team', '{}');

CREATE FUNCTION pg_temp.channel() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT integration_config_resolve('acme', 'sre', 'slack') #>> '{config,default_channel}'
$$;

SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'), 2,
	'a patch returns the new version');
SELECT is(pg_temp.channel(), '#sre', 'and is in force');
SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": null}}}}', 2), 3,
	'with the version that was seen');
SELECT is(pg_temp.channel(), '#all', 'null removes a key, and the node inherits again');
SELECT is(integration_config_replace('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": null}}}}', 3), 4,
	'a whole document');
SELECT is(pg_temp.channel(), NULL, 'in which null is a value: the field is unset');
SELECT is(integration_config_replace('acme', 'sre', '{}', reason => 'start again', author => 'alice'), 5, 'and an empty one');
SELECT is(current_setting('integration_schemas.author') || current_setting('integration_schemas.reason'), '',
	'author and reason are for one call');
SET LOCAL integration_schemas.author = 'the application';
SELECT is(integration_config_set('acme', 'sre', '{"x": 1}', author => 'alice'), 6, 'one that is given');
SELECT is(integration_config_set('acme', 'sre', '{"x": 2}'), 7, 'and one from the setting');
SELECT results_eq($$SELECT author FROM integration_config_history('acme', 'sre') WHERE version >= 6$$,
	$$VALUES ('the application'), ('alice')$$, 'are each where they belong');

SELECT throws_ok(statement, state, message, what)
FROM (VALUES
	('SELECT integration_config_set(''acme'', ''sre'', ''{"x": 3}'', 6)', '40001',
	 'node "sre" of organisation "acme" has changed', 'a version that is not the current one'),
	('SELECT integration_config_set(''acme'', ''sre'', ''{}'', 6)', '40001',
	 'node "sre" of organisation "acme" has changed', 'also for a patch that would change nothing'),
	('SELECT integration_config_set(''acme'', ''nobody'', ''{}'')', '42704',
	 'node "nobody" of organisation "acme" does not exist', 'a node that there is not'),
	('SELECT integration_config_replace(''acme'', ''nobody'', ''{}'')', '42704',
	 'node "nobody" of organisation "acme" does not exist', 'to replace too'),
	('SELECT integration_config_set(''acme'', ''sre'', ''[1]'')', '22023', 'patch is not a JSON object', 'a patch that is no object'),
	('SELECT integration_config_set(''acme'', ''sre'', NULL)', '22023', 'patch is not a JSON object', 'a null patch'),
	('SELECT integration_config_replace(''acme'', ''sre'', ''1'')', '22023', 'document is not a JSON object',
	 'a document that is no object'),
	('SELECT integration_config_set(NULL, ''sre'', ''{}'')', '22023', 'organisation and node must not be null',
	 'a null organisation'),
	('SELECT integration_config_set(''acme'', ''sre'', ''{"integrations": {"slak": {}}}'')', '23514', NULL,
	 'a document that breaks a rule')
) AS e (statement, state, message, what);
SELECT is(version, 7, 'none of which left a trace') FROM node_configurations WHERE node_id = 'sre';

--
-- null in a patch: the node's own value first, then the inherited one
--

CREATE FUNCTION pg_temp.document() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT config_json FROM node_configurations WHERE node_id = 'sre'
$$;
CREATE FUNCTION pg_temp.null_patch() RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
	SELECT '{"integrations": {"slack": {"config": {"default_channel": null}}}}'::jsonb
$$;
SELECT integration_config_replace('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}') AS v \gset
SELECT is(integration_config_set('acme', 'sre', pg_temp.null_patch()), :v + 1, 'a null');
SELECT is(pg_temp.channel(), '#all', 'takes the node''s own value away');
SELECT is(integration_config_set('acme', 'sre', pg_temp.null_patch()), :v + 2, 'and where there is none');
SELECT is(pg_temp.channel(), NULL, 'unsets what is inherited');
SELECT is(pg_temp.document(), pg_temp.null_patch(), 'by a null in the document');
SELECT integration_config_replace('acme', 'sre', '{"a": {"b": 1}, "integrations": {"slack": {"enabled": true}}}') AS v \gset
SELECT is(integration_config_set('acme', 'sre', '{"a": {"c": null}, "d": null, "integrations": {"slack": {"description": null}, "datadog": null}}'), :v,
	'a null anywhere else is as RFC 7396 has it');
SELECT integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#x"}}, "datadog": {"config": {"site": null}}}}') AS v \gset
SELECT is(pg_temp.document(), '{"a": {"b": 1}, "integrations": {"slack": {"enabled": true, "config": {"default_channel": "#x"}}, "datadog": {"config": {"site": null}}}}',
	'in a config that is not there yet too');

--
-- unset and inherit: which of the two is meant, and as often as one likes
--

SELECT is(integration_config_unset('acme', 'sre', 'slack', 'default_channel'), :v + 1, 'unset');
SELECT is(pg_temp.channel(), NULL, 'masks what is inherited');
SELECT is(pg_temp.document() #> '{integrations,slack,config,default_channel}', 'null', 'by a null');
SELECT is(integration_config_unset('acme', 'sre', 'slack', 'default_channel'), :v + 1, 'again it changes nothing');
SELECT is(integration_config_inherit('acme', 'sre', 'slack', 'default_channel'), :v + 2, 'inherit');
SELECT is(pg_temp.channel(), '#all', 'takes the null away');
SELECT is(integration_config_inherit('acme', 'sre', 'slack', 'default_channel'), :v + 2, 'again it changes nothing');
SELECT is(integration_config_unset('acme', 'sre', 'slack', 'default_channel', :v + 2, reason => 'why', author => 'alice'), :v + 3,
	'unset where the node has no word, with all arguments');
SELECT results_eq($$SELECT author, reason FROM integration_config_history('acme', 'sre') LIMIT 1$$,
	$$VALUES ('alice', 'why')$$, 'which history tells');
SELECT integration_config_replace('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}') AS v \gset
SELECT is(integration_config_inherit('acme', 'sre', 'slack', 'default_channel', author => 'bob'), :v + 1, 'inherit');
SELECT is(pg_temp.channel(), '#all', 'takes a value away as well');
SELECT integration_config_replace('acme', 'sre', '{}') AS v \gset
SELECT is(integration_config_unset('acme', 'sre', 'confluence', 'url'), :v + 1, 'an integration that the document has not');
SELECT is(pg_temp.document(), '{"integrations": {"confluence": {"config": {"url": null}}}}', 'gets an entry');

SELECT throws_ok(format(statement, f), state, message, format(what, f))
FROM (VALUES ('unset'), ('inherit')) AS f (f), (VALUES
	('SELECT integration_config_%s(''acme'', ''sre'', ''slak'', ''bot_token'')', '42704', 'integration "slak" does not exist',
	 '%s: an integration that there is not'),
	('SELECT integration_config_%s(''acme'', ''sre'', ''slack'', ''bot_tokn'')', '42704', 'integration "slack" has no field "bot_tokn"',
	 '%s: a field that there is not'),
	('SELECT integration_config_%s(''acme'', ''sre'', NULL, ''bot_token'')', '22023', 'integration and field must not be null', '%s: null'),
	('SELECT integration_config_%s(''acme'', ''sre'', ''slack'', NULL)', '22023', 'integration and field must not be null', '%s: null'),
	('SELECT integration_config_%s(''acme'', NULL, ''slack'', ''bot_token'')', '22023', 'organisation and node must not be null', '%s: null'),
	('SELECT integration_config_%s(''acme'', ''nobody'', ''slack'', ''bot_token'')', '42704', 'node "nobody" of organisation "acme" does not exist',
	 '%s: a node that there is not'),
	('SELECT integration_config_%s(''acme'', ''sre'', ''slack'', ''bot_token'', 1)', '40001', 'node "sre" of organisation "acme" has changed',
	 '%s: another version')
) AS e (statement, state, message, what);
SELECT is(version, :v + 1, 'none of which left a trace') FROM node_configurations WHERE node_id = 'sre';

-- what the catalogue does not know any more
SELECT integration_config_replace('acme', 'sre', '{"integrations": {"confluence": {"config": {"url": "https://confluence.example"}}}}') AS v \gset
DELETE FROM integration_schemas WHERE id = 'confluence';
SELECT is(integration_config_inherit('acme', 'sre', 'confluence', 'url'), :v + 1, 'a retired integration''s value can be taken away');
SELECT throws_ok($$SELECT integration_config_inherit('acme', 'sre', 'confluence', 'url')$$, '42704', NULL, 'once');

--
-- Masks: what a form was shown comes back
--

SELECT integration_config_replace('acme', 'acme', '{"integrations": {"datadog": {"config": {"api_key": "real-1", "app_key": "real-2"}}}}') AS v \gset
SELECT is(integration_config_replace('acme', 'acme', integration_schema_redact(config_json)), :v, 'a document that only has masks changes nothing')
FROM node_configurations WHERE node_id = 'acme';
SELECT is(integration_config_set('acme', 'acme', '{"integrations": {"datadog": {"config": {"api_key": "********", "site": "datadoghq.eu"}}}}'), :v + 1,
	'beside a change');
SELECT is(config_json, '{"integrations": {"datadog": {"config": {"api_key": "real-1", "app_key": "real-2", "site": "datadoghq.eu"}}}}', 'they keep what is stored')
FROM node_configurations WHERE node_id = 'acme';
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"integrations": {"datadog": {"config": {"api_key": "********"}}}}')$$, '23514', NULL,
	'where nothing is stored they are refused');

--
-- Errors: no line of ours in the context
--

CREATE FUNCTION pg_temp.context_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	-- what this function itself adds
	RETURN regexp_replace(context, '(\A|\n)(SQL statement "SELECT integration_config.*\n)?PL/pgSQL function pg_temp[^\n]* at EXECUTE\Z', '');
END
$$;
SELECT doesnt_match(pg_temp.context_of(statement), 'no error|PL/pgSQL', statement)
FROM (VALUES ('SELECT integration_config_set(''acme'', ''sre'', ''{}'', 1)'), ('SELECT integration_config_set(''acme'', ''nobody'', ''{}'')'),
			 ('SELECT integration_config_set(''acme'', ''sre'', ''{"integrations": {"slak": {}}}'')'),
			 ('SELECT integration_config_replace(''acme'', ''sre'', ''{"integrations": {"slak": {}}}'')'),
			 ('SELECT integration_config_rollback(''acme'', ''sre'', 99)'), ('SELECT integration_config_rollback(''acme'', ''nobody'', 1)'),
			 ('SELECT integration_config_unset(''acme'', ''sre'', ''slak'', ''x'')'), ('SELECT integration_config_inherit(''acme'', ''sre'', ''slak'', ''x'')'))
	 AS s (statement);

--
-- A change that something of the table's owner takes away
--

CREATE FUNCTION pg_temp.swallow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER a_swallow BEFORE UPDATE ON node_configurations FOR EACH ROW EXECUTE FUNCTION pg_temp.swallow();
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"lost": 1}')$$, '55000', 'node "sre" of organisation "acme" was not written',
	'by a trigger');
DROP TRIGGER a_swallow ON node_configurations;
CREATE RULE swallow AS ON UPDATE TO node_configurations WHERE old.node_id = 'sre' DO INSTEAD NOTHING;
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"lost": 1}')$$, '55000', 'node "sre" of organisation "acme" was not written',
	'by a rule');
SELECT lives_ok($$SELECT integration_config_set('acme', 'acme', '{"kept": 1}')$$, 'that lets another node alone');
CREATE OR REPLACE RULE swallow AS ON UPDATE TO node_configurations DO INSTEAD NOTHING;
SELECT throws_ok($$SELECT integration_config_set('acme', 'acme', '{"lost": 1}')$$, '55000', 'node "acme" of organisation "acme" was not written',
	'by a rule for all');
CREATE OR REPLACE RULE swallow AS ON UPDATE TO node_configurations DO ALSO SELECT 'also';
SELECT version AS v FROM node_configurations WHERE node_id = 'acme' \gset
SELECT is(integration_config_set('acme', 'acme', '{"kept": 2}'), :v + 1, 'a rule that does something beside');
DROP RULE swallow ON node_configurations;

--
-- Columns of the owner's
--

ALTER TABLE node_configurations ADD COLUMN cost_centre text DEFAULT 'c', ADD COLUMN gone integer;
ALTER TABLE node_configurations DROP COLUMN gone;
UPDATE node_configurations SET cost_centre = 'mine' WHERE node_id = 'sre';
SELECT integration_config_set('acme', 'sre', '{"own": "column"}') > 0 AS written;
SELECT is(cost_centre, 'mine', 'keep what is in them') FROM node_configurations WHERE node_id = 'sre';
SELECT integration_config_replace('acme', 'sre', jsonb_build_object('x', string_agg(md5(i::text), ''))) AS v FROM generate_series(1, 45) AS i \gset
SELECT lives_ok($$UPDATE node_configurations SET cost_centre = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 45) AS i) WHERE node_id = 'sre'$$,
	'may push the document out of its row');
SELECT is(version, :v, 'which changes nothing of the node') FROM node_configurations WHERE node_id = 'sre';
ALTER TABLE node_configurations RENAME COLUMN version TO revision;
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"lost": 1}')$$, '55000', NULL, 'one of ours that was renamed is missed');
ALTER TABLE node_configurations RENAME COLUMN revision TO version;

-- a table that inherits from ours has none of our nodes
CREATE TABLE child () INHERITS (node_configurations);
INSERT INTO child (org_id, node_id, node_type) VALUES ('child', 'child', 'org'), ('acme', 'sre', 'org');
SELECT lives_ok($$SELECT integration_config_set('acme', 'sre', '{"ours": "alone"}')$$, 'a row of the same name in a table that inherits');
SELECT is(config_json, '{}', 'is not written') FROM child WHERE node_id = 'sre';
SELECT throws_ok($$SELECT integration_config_set('child', 'child', '{"x": 1}')$$, '42704', NULL, 'nor any other row of it');

SELECT * FROM finish();
ROLLBACK;
