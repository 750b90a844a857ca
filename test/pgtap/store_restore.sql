-- Rows that come back from a dump are taken as they are, in either order of the
-- two tables, from those who may write history; and from nobody else.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description) VALUES ('gone', 'Gone', 'x', '');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, name, config_json) VALUES
	('acme', 'sre', 'acme', 'team', NULL, '{"integrations": {"gone": {"enabled": false}}}'), ('acme', 'acme', NULL, 'org', 'Acme', '{}'),
	('old', 'old', NULL, 'org', NULL, '{}');
SELECT integration_config_set('acme', 'acme', '{"n": 1}', reason => 'because', author => 'ada') \g /dev/null
DELETE FROM node_configurations WHERE org_id = 'old';
DELETE FROM integration_schemas WHERE id = 'gone';

CREATE TEMPORARY TABLE nodes AS SELECT * FROM node_configurations;
CREATE TEMPORARY TABLE history AS SELECT * FROM node_configuration_history;

CREATE PROCEDURE pg_temp.empty() LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM node_configurations;
	ALTER TABLE node_configuration_history DISABLE TRIGGER node_configuration_history_guard;
	DELETE FROM node_configuration_history;
	ALTER TABLE node_configuration_history ENABLE ALWAYS TRIGGER node_configuration_history_guard;
END $$;

CREATE FUNCTION pg_temp.same(order_of text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN NEXT set_eq('TABLE node_configurations', 'TABLE nodes', order_of || ': the nodes as they were, even one that is not valid any more');
	RETURN NEXT set_eq('SELECT org_id, node_id, version, operation, parent_id, node_type, name, config_json, author, reason, role, changed_at, created_at, incarnation, sequence FROM node_configuration_history',
					   'SELECT org_id, node_id, version, operation, parent_id, node_type, name, config_json, author, reason, role, changed_at, created_at, incarnation, sequence FROM history',
					   order_of || ': and their history, who and why, and no other');
	RETURN NEXT is((SELECT count(*) FROM node_configuration_history WHERE transaction <> pg_current_xact_id()), 0::bigint,
				   order_of || ': by this transaction');
END $$;

SET LOCAL check_function_bodies = off;
CALL pg_temp.empty();
INSERT INTO node_configuration_history SELECT * FROM history ORDER BY random();
INSERT INTO node_configurations SELECT * FROM nodes ORDER BY random();
SELECT pg_temp.same('history first');

CALL pg_temp.empty();
INSERT INTO node_configurations SELECT * FROM nodes ORDER BY random();
SELECT is((SELECT string_agg(concat_ws(' ', node_id, version, operation, author, reason, transaction), ', ' ORDER BY node_id) FROM node_configuration_history),
		  'acme 2 update ada 0, sre 1 insert ' || SESSION_USER || ' 0', 'nodes alone bring the version that they have, as far as it is known');
INSERT INTO node_configuration_history SELECT * FROM history ORDER BY random();
SELECT pg_temp.same('nodes first');
SELECT throws_ok('INSERT INTO node_configuration_history SELECT * FROM history WHERE version = 1 LIMIT 1', '23505', NULL,
				 'what is there is not brought twice');

CALL pg_temp.empty();
INSERT INTO node_configurations SELECT * FROM nodes WHERE node_id = 'acme';
SELECT is((SELECT version FROM node_configurations), 2, 'one table alone');
SELECT is(integration_config_set('acme', 'acme', '{"n": 2}'), 3, 'goes on from where it was');
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'b', 'nope', 'team')$$, '23503',
				 'parent "nope" of node "b" of organisation "acme" does not exist', 'a node without its parent is not restored');
SELECT throws_ok($$UPDATE node_configurations SET config_json = '{"integrations": {"slak": {}}}'$$, '23514', NULL, 'an UPDATE is none of a restore''s');

-- in a session that loads no dump, or by somebody who may not write history
RESET check_function_bodies;
CALL pg_temp.empty();
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('b', 'b', 'org', '{"integrations": {"slak": {}}}')$$,
				 '23514', NULL, 'elsewhere a row is validated');
INSERT INTO node_configurations SELECT * FROM nodes WHERE node_id = 'acme';
SELECT is((SELECT concat_ws(' ', n.version, n.updated_by, h.operation) FROM node_configurations AS n JOIN node_configuration_history AS h USING (org_id, node_id, version)),
		  '1 ' || SESSION_USER || ' insert', 'and what is the database''s to set is set');
CREATE ROLE writer_of_nodes;
SELECT format('GRANT USAGE ON SCHEMA %s TO writer_of_nodes', extnamespace::regnamespace) FROM pg_extension WHERE extname = 'integration_schemas' \gexec
GRANT SELECT, INSERT, UPDATE ON node_configurations TO writer_of_nodes;
SET LOCAL check_function_bodies = off;
SET ROLE writer_of_nodes;
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('b', 'b', 'org', '{"integrations": {"slak": {}}}')$$,
				 '23514', NULL, 'who may not write history restores nothing');
INSERT INTO node_configurations (org_id, node_id, node_type, version, updated_by) VALUES ('b', 'b', 'org', 7, 'somebody else');
RESET ROLE;
SELECT is((SELECT concat_ws(' ', version, updated_by) FROM node_configurations WHERE org_id = 'b'), '1 writer_of_nodes', 'nor forges what was');

-- nor lends anybody his session's setting to somebody who may
CREATE FUNCTION add_node(node_id text, config jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('b', $1, 'b', 'team', $2)
$$;
CREATE TABLE source AS
	SELECT 'b' AS org_id, 'imported' AS node_id, 'b' AS parent_id, 'team' AS node_type, '{"integrations": {"slack": {"enabled": true}}}'::jsonb AS config_json;
GRANT SELECT ON source TO writer_of_nodes;
UPDATE node_configurations SET config_json = '{"integrations": {"slack": {"locked": true}}}' WHERE org_id = 'b';
SET ROLE writer_of_nodes;
SELECT throws_ok($$SELECT add_node('definer', '{"integrations": {"slak": {}}}')$$, '23514', NULL, 'a function with its owner''s rights restores nothing');
SELECT throws_ok($$SELECT integration_config_import('source')$$, '23514', NULL, 'nor does an import, which is written as the table''s owner');
RESET ROLE;

-- in a session in which a column has got another type
ALTER TABLE node_configuration_history ADD COLUMN cost numeric;
INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation, cost)
VALUES ('c', 'c', 1, 'insert', 'org', '{}', 'a', 'a', now(), now(), 1, 5);
ALTER TABLE node_configuration_history ALTER COLUMN cost TYPE bigint;
INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation, cost)
SELECT org_id, node_id, 2, 'update', node_type, config_json, author, role, changed_at, created_at, incarnation, cost FROM node_configuration_history WHERE org_id = 'c';
INSERT INTO node_configurations (org_id, node_id, node_type, version) VALUES ('d', 'd', 'org', 1);
INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation, cost)
VALUES ('d', 'd', 1, 'insert', 'org', '{}', 'a', 'a', now(), now(), 1, 7);
SELECT is((SELECT string_agg(concat_ws(' ', org_id, version, cost), ', ' ORDER BY org_id, version) FROM node_configuration_history WHERE cost IS NOT NULL),
		  'c 1 5, c 2 5, d 1 7', 'a column that was altered between two restores in a session');

SELECT * FROM finish();
ROLLBACK;
