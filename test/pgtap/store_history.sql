-- History: every version, without gaps, with who, when, why and what changed;
-- and nobody changes it.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.me() RETURNS text LANGUAGE sql AS $$ SELECT CURRENT_USER::text COLLATE "default" $$;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('acme', 'acme', NULL, 'org'), ('acme', 'eng', 'acme', 'unit'), ('acme', 'sre', 'acme', 'team');

--
-- What changed
--

SELECT is(integration_config_set('acme', 'acme',
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-first", "mention_oncall": false}}}, "ours": {"a": {"b": 1}}}',
	reason => 'first token', author => 'alice'), 2, 'a change is version 2');
SELECT is(integration_config_set('acme', 'acme',
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-second", "mention_oncall": null}, "enabled": true}}, "ours": {"a": {"b": 2}}}'),
	3, 'the next is 3');

SELECT results_eq($$SELECT version, operation, author, reason, role = pg_temp.me(), changed_at <= clock_timestamp()
					FROM integration_config_history('acme', 'acme')$$,
	$$VALUES (3, 'update', pg_temp.me(), NULL, true, true),
			 (2, 'update', 'alice', 'first token', true, true),
			 (1, 'insert', pg_temp.me(), NULL, true, true)$$,
	'newest first, with operation, author, reason and role');
SELECT is(changes, '{
	"added":   [{"path": "/integrations/slack/enabled", "after": true}],
	"changed": [{"path": "/ours/a/b", "before": 1, "after": 2},
				{"path": "/integrations/slack/config/bot_token", "before": "********", "after": "********"}],
	"removed": [{"path": "/integrations/slack/config/mention_oncall", "before": false}]}',
	'what was added, changed and removed, field by field; a secret is not shown')
FROM integration_config_history('acme', 'acme') WHERE version = 3;
SELECT is(config_json, '{"ours": {"a": {"b": 2}}, "integrations": {"slack": {"config": {"bot_token": "********"}, "enabled": true}}}',
	'the document itself is redacted')
FROM integration_config_history('acme', 'acme') WHERE version = 3;
SELECT ok(string_agg(h::text, '') !~ 'xoxb', 'no secret is anywhere in it')
FROM integration_config_history('acme', 'acme') AS h;
SELECT is(config_json #>> '{integrations,slack,config,bot_token}', 'xoxb-second',
	'the table has the document as it was')
FROM node_configuration_history WHERE node_id = 'acme' AND version = 3;

-- The diff alone

SELECT is(integration_schemas_internal.config_diff(before, after, before, after), changes::jsonb, what)
FROM (VALUES
	('{}'::jsonb, '{}'::jsonb, '{"added": [], "changed": [], "removed": []}', 'nothing'),
	(NULL, '{}', '{"added": [], "changed": [], "removed": []}', 'a new, empty document'),
	('{"a": {}}', NULL, '{"added": [], "changed": [], "removed": [{"path": "/a", "before": {}}]}', 'a document that is gone'),
	('{"a": 1}', '{"a": {"b": 1}}', '{"added": [], "changed": [{"path": "/a", "before": 1, "after": {"b": 1}}], "removed": []}',
	 'a change of type'),
	('{"a": {"b": 1}}', '{"a": {}}', '{"added": [], "changed": [], "removed": [{"path": "/a/b", "before": 1}]}', 'a last member'),
	('{"a": [1, 2]}', '{"a": [1]}', '{"added": [], "changed": [{"path": "/a", "before": [1, 2], "after": [1]}], "removed": []}',
	 'an array is one value'),
	('{"integrations": {"x": {"config": {"f": {"a": 1}}}}}', '{"integrations": {"x": {"config": {"f": {"a": 2}}}}}',
	 '{"added": [], "changed": [{"path": "/integrations/x/config/f/a", "before": 1, "after": 2}], "removed": []}',
	 'what is in a field is told by itself'),
	('{"integrations": {"x": {"config": {"f": {"a": {"b": 1}, "c": 1}, "h": 1}}}}', '{"integrations": {"x": {"config": {"f": {"a": {"b": [1]}, "d": {"e": 1}}, "g": {"a": 1}, "h": {}}}}}',
	 '{"added": [{"path": "/integrations/x/config/f/d", "after": {"e": 1}}, {"path": "/integrations/x/config/g", "after": {"a": 1}}],
	   "changed": [{"path": "/integrations/x/config/f/a/b", "before": 1, "after": [1]}, {"path": "/integrations/x/config/h", "before": 1, "after": {}}],
	   "removed": [{"path": "/integrations/x/config/f/c", "before": 1}]}',
	 'an object in a config comes and goes as a whole'),
	('{"a/b": {"c~d": 1}}', '{"a/b": {"c~d": null}}',
	 '{"added": [], "changed": [{"path": "/a~1b/c~0d", "before": 1, "after": null}], "removed": []}', 'paths are JSON Pointers'),
	('{"a": 1.0}', '{"a": 1}', '{"added": [], "changed": [], "removed": []}', 'equal numbers are no change')
) AS d (before, after, changes, what);
SELECT is(integration_schemas_internal.config_diff('{"a": {"b": "x"}}', '{"a": {"b": "y"}}', '{"a": "********"}', '{"a": "********"}'),
	'{"added": [], "changed": [{"path": "/a/b", "before": "********", "after": "********"}], "removed": []}',
	'what is redacted as a whole is shown as that');
SELECT is(integration_schemas_internal.config_diff(format(f, '{"k": 1}')::jsonb, format(f, '{"k": 2}')::jsonb, format(f, '"********"')::jsonb, format(f, '"********"')::jsonb),
	'{"added": [], "changed": [{"path": "/integrations/x/config/f", "before": "********", "after": "********"}], "removed": []}',
	'and of a field not even what is in it')
FROM (VALUES ('{"integrations": {"x": {"config": {"f": %s}}}}')) AS v (f);

--
-- Versions
--

SELECT is(integration_config_set('acme', 'acme', '{"integrations": {"slack": {"enabled": true}}}'), 3,
	'a patch that changes nothing makes no version');
SELECT is(integration_config_set('acme', 'acme', '{}'), 3, 'nor does an empty one');
UPDATE node_configurations SET config_json = config_json || '{"direct": true}' WHERE org_id = 'acme' AND node_id = 'acme';
SELECT is(max(version), 4, 'an UPDATE of the table is recorded too') FROM integration_config_history('acme', 'acme');
UPDATE node_configurations SET config_json = config_json WHERE org_id = 'acme';
SELECT is(max(version), 4, 'one that changes nothing is not') FROM integration_config_history('acme', 'acme');

UPDATE node_configurations SET parent_id = 'eng' WHERE node_id = 'sre';
SELECT results_eq($$SELECT version, operation, parent_id, changes -> 'parent_id'
					FROM integration_config_history('acme', 'sre') LIMIT 1$$,
	$$VALUES (2, 'update', 'eng', '{"before": "acme", "after": "eng"}'::jsonb)$$, 'a move is a version');
UPDATE node_configurations SET node_type = 'unit' WHERE node_id = 'sre';
SELECT is(changes -> 'node_type', '{"before": "team", "after": "unit"}', 'so is a change of type')
FROM integration_config_history('acme', 'sre') LIMIT 1;

SET LOCAL integration_schemas.reason = 'closed down';
DELETE FROM node_configurations WHERE node_id = 'sre';
SELECT results_eq($$SELECT version, operation, reason, config_json FROM integration_config_history('acme', 'sre') LIMIT 1$$,
	$$VALUES (4, 'delete', 'closed down', NULL::jsonb)$$, 'so is the deletion, after which the history stays');
RESET integration_schemas.reason;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
VALUES ('acme', 'sre', 'acme', 'team', '{"again": true}');
SELECT results_eq($$SELECT version, operation FROM integration_config_history('acme', 'sre')$$,
	$$VALUES (5, 'insert'), (4, 'delete'), (3, 'update'), (2, 'update'), (1, 'insert')$$,
	'a new node of the name goes on counting');
SELECT is_empty($$
	SELECT org_id, node_id FROM node_configuration_history GROUP BY org_id, node_id
	HAVING min(version) <> 1 OR max(version) <> count(*)
$$, 'there are no gaps');
SELECT is_empty($$
	SELECT n.* FROM node_configurations AS n LEFT JOIN node_configuration_history AS h USING (org_id, node_id, version)
	WHERE (n.parent_id, n.node_type, n.config_json, n.updated_at, n.updated_by, n.created_at)
		  IS DISTINCT FROM (h.parent_id, h.node_type, h.config_json, h.changed_at, h.author, h.created_at)
$$, 'each node is what its latest version says');

--
-- Rollback
--

SELECT is(integration_config_rollback('acme', 'acme', 2, reason => 'the new token is bad', author => 'bob', secrets => 'restore'), 5,
	'a rollback is a new version');
SELECT results_eq($$SELECT a.config_json, a.author, a.reason FROM node_configuration_history AS a WHERE node_id = 'acme' AND version = 5$$,
	$$SELECT a.config_json, 'bob', 'the new token is bad' FROM node_configuration_history AS a WHERE node_id = 'acme' AND version = 2$$,
	'with the old document');
SELECT is(integration_config_rollback('acme', 'acme', 2, secrets => 'restore'), 5, 'again it changes nothing');
SELECT is(integration_config_rollback('acme', 'acme', 3, secrets => 'restore'), 6, 'and forward again');
SELECT is(reason, 'rollback to version 3', 'its reason says what it was, where no other is given')
FROM integration_config_history('acme', 'acme') LIMIT 1;
SELECT throws_ok($$SELECT integration_config_rollback('acme', 'acme', 99)$$, '42704',
	'version 99 of node "acme" of organisation "acme" does not exist', 'not to a version that there is not');
SELECT throws_ok($$SELECT integration_config_rollback('acme', 'sre', 4)$$, '22023',
	'version 4 of node "sre" of organisation "acme" has no document', 'nor to a deletion');
SELECT throws_ok($$SELECT integration_config_rollback('acme', 'acme', 1, 2)$$, '40001',
	'node "acme" of organisation "acme" has changed', 'nor over a change that was not seen');

--
-- It stays
--

SELECT throws_ok(statement, '42501', 'history of node configurations cannot be changed', statement)
FROM (VALUES ('UPDATE node_configuration_history SET author = ''x'''),
			 ('DELETE FROM node_configuration_history'),
			 ('TRUNCATE node_configuration_history CASCADE')) AS s (statement);
SET LOCAL session_replication_role = replica;
SELECT throws_ok('DELETE FROM node_configuration_history', '42501', NULL, 'not as a replica either');
RESET session_replication_role;
SELECT throws_ok($$SELECT * FROM integration_config_history('acme', 'nobody')$$, '42704',
	'node "nobody" of organisation "acme" does not exist', 'what never was has none');

TRUNCATE node_configurations;
SELECT is((SELECT count(*) FROM (
	SELECT DISTINCT ON (org_id, node_id) operation FROM node_configuration_history
	ORDER BY org_id, node_id, version DESC) AS last WHERE operation = 'delete'), 3::bigint,
	'TRUNCATE of the nodes is recorded as their deletion');

SELECT * FROM finish();
ROLLBACK;
