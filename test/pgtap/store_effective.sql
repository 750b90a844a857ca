-- Reading the store: every function equals what integration_schema_* gives for the
-- documents on the way from the platform to the node.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

--
-- Random trees
--

CREATE FUNCTION pg_temp.random_document(level text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT jsonb_build_object('integrations',
		coalesce((SELECT jsonb_object_agg(i.id, i.entry) FROM (VALUES
			('slack', jsonb_build_object('config', jsonb_strip_nulls(jsonb_build_object(
				'bot_token', (ARRAY['xoxb-1', 'xoxb-2', NULL])[1 + (random() * 2)::integer],
				'default_channel', (ARRAY['#a', '#b', NULL])[1 + (random() * 2)::integer],
				'mention_oncall', (ARRAY[true, false, NULL])[1 + (random() * 2)::integer])))
			 || (ARRAY['{}', '{"enabled": false}', '{"locked": ["default_channel"]}', '{"locked": true}',
					   '{"description": "ours"}'])[1 + (random() * 4)::integer]::jsonb),
			('datadog', jsonb_build_object('config', jsonb_build_object('site',
				(ARRAY[NULL, 'datadoghq.eu', 'datadoghq.com'])[1 + (random() * 2)::integer]))),
			('github', '{"enabled": true}')) AS i (id, entry) WHERE random() < 0.5), '{}'))
		|| jsonb_build_object('extra', jsonb_build_object(level, random() < 0.5, 'by', level))
$$;

SELECT setseed(0.25);
-- Locks of outer layers would refuse what is below them: they come last here, as
-- they may in life.
INSERT INTO node_configurations (org_id, node_id, node_type, config_json)
VALUES ('*', '*', 'platform', '{}');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
SELECT 'org' || o, n::text, CASE WHEN n > 1 THEN ((random() * (n - 2))::integer + 1)::text END,
	   CASE WHEN n = 1 THEN 'org' ELSE (ARRAY['unit', 'team'])[1 + n % 2] END, '{}'
FROM generate_series(1, 5) AS o, generate_series(1, 40) AS n;
DO $$
DECLARE node record;
BEGIN
	FOR node IN SELECT org_id, node_id, node_type FROM node_configurations
				 WHERE org_id <> '*' ORDER BY org_id, node_id::integer DESC LOOP
		UPDATE node_configurations SET config_json = pg_temp.random_document(node.node_type)
		 WHERE org_id = node.org_id AND node_id = node.node_id;
	END LOOP;
	UPDATE node_configurations SET config_json = pg_temp.random_document('platform') WHERE org_id = '*';
END
$$;

CREATE TEMPORARY VIEW stack AS
WITH RECURSIVE up AS (
	SELECT org_id, node_id, parent_id, ARRAY[config_json] AS layers, ARRAY[node_id] AS names
	  FROM node_configurations
	UNION ALL
	SELECT u.org_id, u.node_id, n.parent_id, n.config_json || u.layers, n.node_id || u.names
	  FROM up AS u JOIN node_configurations AS n ON n.org_id = u.org_id AND n.node_id = u.parent_id
)
SELECT u.org_id, u.node_id,
	   CASE WHEN u.org_id = '*' THEN u.layers ELSE p.config_json || u.layers END AS layers,
	   CASE WHEN u.org_id = '*' THEN u.names ELSE '*'::text || u.names END AS names
FROM up AS u, node_configurations AS p WHERE u.parent_id IS NULL AND p.org_id = '*';

SELECT is((SELECT count(*) FROM stack), 201::bigint, 'five organisations of 40 nodes, and the platform');
SELECT ok((SELECT max(cardinality(layers)) FROM stack) > 5, 'some of them deep');
SELECT is_empty($$
	SELECT org_id, node_id FROM stack
	WHERE integration_config_effective(org_id, node_id) IS DISTINCT FROM integration_schema_config(VARIADIC layers)
$$, 'effective is the merge of the node''s layers');
SELECT is_empty($$
	SELECT org_id, node_id FROM stack, unnest('{slack,datadog,openai}'::text[]) AS id
	WHERE integration_config_resolve(org_id, node_id, id)
		  IS DISTINCT FROM integration_schema_resolve(id, VARIADIC layers)
$$, 'resolve is that of the node''s layers');
SELECT is_empty($$
	SELECT org_id, node_id FROM stack
	WHERE integration_config_values(org_id, node_id) IS DISTINCT FROM integration_schema_values(VARIADIC layers)
$$, 'values are those of the node''s layers');
SELECT is_empty($$
	WITH a AS (
		SELECT s.org_id, s.node_id, e.integration, e.field, e.value, e.level, e.required, e.locked,
			   CASE e.source WHEN 0 THEN 'default' ELSE s.names[e.source] END AS source,
			   ARRAY(SELECT s.names[i] FROM unnest(e.ignored) WITH ORDINALITY AS g (i, n) ORDER BY n) AS ignored,
			   CASE e.locked_by WHEN 0 THEN 'catalogue' ELSE s.names[e.locked_by] END AS locked_by,
			   s.names[e.unset_by] AS unset_by
		  FROM stack AS s, integration_schema_explain(VARIADIC s.layers) AS e
	), b AS (
		SELECT s.org_id, s.node_id, e.integration, e.field, e.value, e.level, e.required, e.locked, e.source, e.ignored,
			   e.locked_by, e.unset_by
		  FROM stack AS s, integration_config_explain(s.org_id, s.node_id) AS e
	)
	(TABLE a EXCEPT TABLE b) UNION ALL (TABLE b EXCEPT TABLE a)
$$, 'explain is that of the node''s layers, with names for numbers');
SELECT is_empty($$
	SELECT s.org_id, s.node_id FROM stack AS s
	FULL JOIN (SELECT o.org_id, a.* FROM (SELECT DISTINCT org_id FROM node_configurations) AS o,
			   integration_config_effective_all(o.org_id) AS a) AS a USING (org_id, node_id)
	WHERE a.config IS DISTINCT FROM integration_schema_config(VARIADIC s.layers)
$$, 'effective_all has every node''s, once');
SELECT is_empty($$
	SELECT s.org_id, s.node_id, t.* FROM stack AS s
	FULL JOIN (SELECT o.org_id, a.* FROM (SELECT DISTINCT org_id FROM node_configurations) AS o,
			   integration_config_status(o.org_id) AS a) AS t USING (org_id, node_id)
	WHERE jsonb_build_object('enabled', t.enabled, 'configured', t.configured, 'missing', t.missing, 'in_use', t.in_use)
		  IS DISTINCT FROM integration_schema_resolve(t.integration, VARIADIC s.layers) - 'config'
$$, 'status says of every node and integration what resolve says');
SELECT is((SELECT count(*) FROM integration_config_status('org1')),
		  40 * (SELECT count(*) FROM integration_schemas), 'a row for each');
SELECT is_empty($$
	SELECT n.node_id FROM (SELECT row_number() OVER () AS at, node_id FROM integration_config_effective_all('org2')) AS n
	JOIN node_configurations AS c ON c.org_id = 'org2' AND c.node_id = n.node_id
	JOIN (SELECT row_number() OVER () AS at, node_id FROM integration_config_effective_all('org2')) AS p ON p.node_id = c.parent_id
	WHERE p.at > n.at
$$, 'parents come before their children');

-- In a parallel worker
SELECT set_config(CASE WHEN current_setting('server_version_num')::integer >= 160000
					   THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', true) AS parallel \gset
SELECT is_empty($$
	SELECT node_id FROM node_configurations
	WHERE integration_config_effective(org_id, node_id)
		  IS DISTINCT FROM (SELECT a.config FROM integration_config_effective_all(org_id) AS a
							 WHERE a.node_id = node_configurations.node_id)
	  AND node_id < '2'
$$, 'a parallel worker gives the same');
SELECT set_config(CASE WHEN current_setting('server_version_num')::integer >= 160000
					   THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'off', true) AS parallel \gset

-- A row at a time
SELECT is((SELECT count(*) FROM (SELECT (integration_config_effective_all('org3')).config AS config OFFSET 0) AS s
			WHERE config ? 'integrations'), 40::bigint, 'effective_all in a select list');
SELECT is((SELECT count(*) FROM (SELECT integration_config_effective_all('org3') LIMIT 3) AS s), 3::bigint,
	'of which one may take a few');

-- in_use
DELETE FROM node_configurations;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"mention_oncall": true}}}}'),
	('acme', 'sre', 'acme', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}},
													   "datadog": {"config": {"service_filter": ""}}}}');
SELECT results_eq($$SELECT node_id, integration, missing FROM integration_config_status('acme') WHERE in_use ORDER BY 1, 2$$,
	$$VALUES ('acme', 'openai', '{api_key}'::text[]), ('sre', 'openai', '{api_key}'), ('sre', 'slack', '{bot_token}')$$,
	'in use: what is required, and what has a value of its own');

-- get: a node's own document
UPDATE node_configurations SET config_json = '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1", "default_channel": "#a"}}}, "ours": 1}'
 WHERE (org_id, node_id) = ('acme', 'acme');
SELECT results_eq($$SELECT g.* FROM node_configurations AS n, integration_config_get(n.org_id, n.node_id) AS g ORDER BY n.node_id$$,
	$$SELECT integration_schema_redact(config_json), version FROM node_configurations ORDER BY node_id$$, 'get: the document redacted, and the version');
SELECT is(config_json #>> '{integrations,slack,config,bot_token}', '********', 'no secret in it') FROM integration_config_get('acme', 'acme');
SELECT is((integration_config_get('acme', 'sre')).version, 1, 'in a select list');
SELECT ok(g IS NULL, 'null in, null out') FROM integration_config_get(NULL, 'acme') AS g;

--
-- Arguments and errors
--

SELECT is(integration_config_effective(NULL, 'x'), NULL, 'null in, null out');
SELECT is_empty('SELECT integration_config_effective_all(NULL)', 'no organisation has no nodes');
SELECT is_empty('SELECT * FROM integration_config_effective_all(NULL)', 'also in FROM');
SELECT throws_ok(statement, '42704', message, statement)
FROM (VALUES
	('SELECT integration_config_effective(''acme'', ''nobody'')', 'node "nobody" of organisation "acme" does not exist'),
	('SELECT integration_config_effective(''*'', ''*'')', 'node "*" of organisation "*" does not exist'),
	('SELECT integration_config_resolve(''acme'', ''nobody'', ''slack'')', 'node "nobody" of organisation "acme" does not exist'),
	('SELECT integration_config_resolve(''acme'', ''sre'', ''slak'')', 'integration "slak" does not exist'),
	('SELECT * FROM integration_config_explain(''acme'', ''nobody'')', 'node "nobody" of organisation "acme" does not exist'),
	('SELECT integration_config_values(''acme'', ''nobody'')', 'node "nobody" of organisation "acme" does not exist'),
	('SELECT * FROM integration_config_get(''acme'', ''nobody'')', 'node "nobody" of organisation "acme" does not exist'),
	('SELECT * FROM integration_config_status(''nobody'')', 'organisation "nobody" does not exist'),
	('SELECT * FROM integration_config_effective_all(''nobody'')', 'organisation "nobody" does not exist'),
	('SELECT * FROM integration_config_history(''nobody'', ''nobody'')', 'node "nobody" of organisation "nobody" does not exist')
) AS e (statement, message);

-- A tree that was broken with its triggers off does no harm to its readers.
SET LOCAL session_replication_role = replica;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('broken', 'a', 'b', 'unit', '{}'), ('broken', 'b', 'a', 'unit', '{}'), ('broken', 'c', 'gone', 'team', '{"x": 1}'),
	('broken', 'd', NULL, 'org', '[]');
RESET session_replication_role;
SELECT throws_ok($$SELECT integration_config_effective('broken', 'a')$$, 'XX001', 'tree of nodes has a cycle', 'a cycle ends');
SELECT throws_ok($$SELECT integration_config_effective('broken', 'c')$$, '55000',
	'parent "gone" of node "c" of organisation "broken" does not exist', 'a parent that is gone is an error');
SELECT throws_ok(format('SELECT * FROM integration_config_%s', call), '55000', NULL, call)
FROM unnest('{"resolve(''broken'', ''c'', ''slack'')", "values(''broken'', ''c'')", "explain(''broken'', ''c'')"}'::text[]) AS call;
SELECT throws_ok($$SELECT integration_config_effective('broken', 'd')$$, '22023',
	'document of node "d" is not a JSON object', 'a document that is none is named');
SELECT throws_ok($$SELECT * FROM integration_config_effective_all('broken')$$, 'XX001', 'tree of nodes has a cycle', 'a cycle is found by all, too');
SELECT throws_ok($$SELECT * FROM integration_config_status('broken')$$, 'XX001', NULL, 'and by status');
SET LOCAL session_replication_role = replica;
DELETE FROM node_configurations WHERE org_id = 'broken' AND node_id IN ('a', 'b');
RESET session_replication_role;
SELECT throws_ok($$SELECT * FROM integration_config_effective_all('broken')$$, '55000',
	'parent "gone" of node "c" of organisation "broken" does not exist', 'so is a parent that is gone');
SET LOCAL session_replication_role = replica;
DELETE FROM node_configurations WHERE org_id = 'broken' AND node_id = 'c';
RESET session_replication_role;
SELECT throws_ok($$SELECT * FROM integration_config_effective_all('broken')$$, '22023',
	'document of node "d" is not a JSON object', 'and a document that is none');

-- Volatility and parallel safety, as the reference says
SELECT results_eq($$
	SELECT DISTINCT provolatile, proparallel FROM pg_proc
	WHERE proname IN ('integration_config_explain', 'integration_config_get', 'integration_config_status', 'integration_config_history')
$$, $$VALUES ('s'::"char", 's'::"char")$$, 'the reading functions are STABLE and PARALLEL SAFE');
SELECT results_eq($$
	SELECT DISTINCT provolatile, proparallel FROM pg_proc
	WHERE proname IN ('integration_config_effective', 'integration_config_resolve', 'integration_config_values', 'integration_config_violations', 'integration_schema_impact',
		'integration_config_effective_all')
$$, $$VALUES ('s'::"char", 'r'::"char")$$, 'those that open secrets PARALLEL RESTRICTED');
SELECT is_empty($$
	SELECT proname FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid WHERE e.extname = 'integration_schemas'
	AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

-- A role that may read only these columns, and one that may not
CREATE ROLE store_columns;
CREATE ROLE store_nothing;
GRANT SELECT (org_id, node_id, parent_id, config_json) ON node_configurations TO store_columns;
CREATE ROLE store_tree;
GRANT SELECT (org_id, node_id, parent_id, node_type, version) ON node_configurations TO store_tree;
SELECT integration_config_effective('acme', 'sre') AS before \gset
SET LOCAL ROLE store_columns;
SELECT ok(integration_config_effective('acme', 'sre') = :'before', 'rights on the columns are enough');
SELECT lives_ok(statement, statement) FROM unnest(ARRAY[
	'SELECT integration_config_resolve(''acme'', ''sre'', ''slack'')', 'SELECT integration_config_values(''acme'', ''sre'')',
	'SELECT * FROM integration_config_explain(''acme'', ''sre'')']) AS statement;
SELECT throws_ok($$SELECT * FROM integration_config_status('acme')$$, '42501', NULL, 'but status gives the types of nodes, too');
SELECT throws_ok($$SELECT * FROM integration_config_get('acme', 'sre')$$, '42501', NULL, 'and get the version');
SET LOCAL ROLE store_tree;
SELECT throws_ok(statement, '42501', NULL, 'no rights on the document: ' || statement) FROM unnest(ARRAY[
	'SELECT integration_config_effective(''acme'', ''sre'')', 'SELECT integration_config_resolve(''acme'', ''sre'', ''slack'')',
	'SELECT integration_config_values(''acme'', ''sre'')', 'SELECT * FROM integration_config_explain(''acme'', ''sre'')',
	'SELECT * FROM integration_config_get(''acme'', ''sre'')', 'SELECT * FROM integration_config_status(''acme'')',
	'SELECT * FROM integration_config_effective_all(''acme'')', 'SELECT integration_config_effective_all(''acme'')',
	'SELECT * FROM integration_config_violations()', 'SELECT * FROM integration_config_violations(''acme'')',
	'SELECT * FROM integration_schema_impact(''slack'', NULL)']) AS statement;
SET LOCAL ROLE store_nothing;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42501', NULL, 'no rights, no document');
SELECT throws_ok($$SELECT * FROM integration_config_status('acme')$$, '42501', NULL, 'no status either');
SELECT throws_ok($$SELECT * FROM integration_config_history('acme', 'sre')$$, '42501', NULL, 'nor history');
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{}')$$, '42501', NULL, 'nor a change');
SELECT throws_ok($$SELECT integration_config_prune(now())$$, '42501', NULL, 'nor prune');
SELECT throws_ok($$SELECT integration_config_import('pg_class')$$, NULL, NULL, 'nor an import');
SELECT lives_ok($$SELECT integration_schema_config(), integration_config_merge_patch('{}', '{}')$$,
	'everyone may read the catalogue and call the pure functions');
SELECT throws_ok($$CREATE TEMPORARY TABLE forged (); CREATE TRIGGER forge AFTER INSERT ON forged
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.node_after()$$, '42501', NULL,
	'nor may one attach the triggers that write as the owner');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
