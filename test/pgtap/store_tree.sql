-- The tree: what node_configurations lets in, who sets what, and that no message
-- shows a document.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.me() RETURNS text LANGUAGE sql AS $$ SELECT CURRENT_USER::text COLLATE "default" $$;

-- All the fields of the error that a statement ends with.
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
	schema_name text; table_name text; column_name text; constraint_name text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, schema_name = SCHEMA_NAME,
		table_name = TABLE_NAME, column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME;
	RETURN jsonb_build_object('state', state, 'message', message, 'detail', detail, 'hint', hint,
		'schema', schema_name, 'table', table_name, 'column', column_name, 'constraint', constraint_name);
END
$$;

-- add ORG NODE PARENT TYPE: a statement that adds a node with a secret in it.
CREATE FUNCTION pg_temp.add(org_id text, node_id text, parent_id text, node_type text) RETURNS text
LANGUAGE sql AS $$
	SELECT format('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
		VALUES (%L, %L, %L, %L, ''{"integrations": {"slack": {"config": {"bot_token": "xoxb-hush"}}}}'')',
		org_id, node_id, parent_id, node_type)
$$;

--
-- What a tree is
--

SELECT lives_ok(pg_temp.add('acme', 'acme', NULL, 'org'), 'an organisation is a root');
SELECT lives_ok(pg_temp.add('acme', 'eng', 'acme', 'unit'), 'a unit below it');
SELECT lives_ok(pg_temp.add('acme', 'sre', 'eng', 'team'), 'a team below that');
SELECT lives_ok(pg_temp.add('globex', 'acme', NULL, 'org'), 'another organisation may use the same names');
SELECT lives_ok(pg_temp.add('*', '*', NULL, 'platform'), 'the platform''s node');
SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('initech', 'team', 'unit', 'team'), ('initech', 'unit', 'root', 'unit'), ('initech', 'root', NULL, 'org')$$,
	'one statement may name a child before its parent');

CREATE TEMPORARY TABLE refused (statement text, state text, constraint_name text, message text);
INSERT INTO refused VALUES
	(pg_temp.add('acme', 'other', NULL, 'org'), '23505', 'node_configurations_root_idx',
	 'a second root of an organisation'),
	(pg_temp.add('acme', 'eng', 'acme', 'unit'), '23505', 'node_configurations_pkey',
	 'a second node of the same name'),
	(pg_temp.add('acme', 'x', 'nobody', 'team'), '23503', 'node_configurations_parent_fkey',
	 'a parent that is not there'),
	(pg_temp.add('globex', 'x', 'sre', 'team'), '23503', 'node_configurations_parent_fkey',
	 'a parent of another organisation'),
	(pg_temp.add('acme', 'x', '*', 'team'), '23503', 'node_configurations_parent_fkey',
	 'the platform''s node as a parent'),
	(pg_temp.add('acme', 'x', 'x', 'team'), '23514', 'node_configurations_tree',
	 'a node as its own parent'),
	(pg_temp.add('acme', 'x', NULL, 'team'), '23514', 'node_configurations_root_check',
	 'a team without a parent'),
	(pg_temp.add('acme', 'x', NULL, 'unit'), '23514', 'node_configurations_root_check',
	 'a unit without a parent'),
	(pg_temp.add('acme', 'x', 'acme', 'org'), '23514', 'node_configurations_root_check',
	 'an organisation with a parent'),
	(pg_temp.add('acme', 'x', NULL, 'platform'), '23514', 'node_configurations_platform_check',
	 'a platform in an organisation'),
	(pg_temp.add('*', 'x', NULL, 'org'), '23514', 'node_configurations_platform_check',
	 'an organisation called *'),
	(pg_temp.add('*', 'x', '*', 'team'), '23514', 'node_configurations_platform_check',
	 'a node below the platform''s'),
	(pg_temp.add('acme', '*', 'acme', 'team'), '23514', 'node_configurations_platform_check',
	 'a node called *'),
	(pg_temp.add('', 'x', NULL, 'org'), '23514', 'node_configurations_org_id_check',
	 'an organisation without a name'),
	(pg_temp.add('acme', repeat('x', 256), 'acme', 'team'), '23514', 'node_configurations_node_id_check',
	 'a name of 256 characters'),
	(pg_temp.add(NULL, 'x', NULL, 'org'), '23502', '', 'a null organisation'),
	('UPDATE node_configurations SET config_json = NULL WHERE org_id = ''acme''', '23502', '',
	 'a null document'),
	('UPDATE node_configurations SET config_json = ''[1]'' WHERE org_id = ''acme''', '23514',
	 'node_configurations_check', 'a document that is no object'),
	('UPDATE node_configurations SET parent_id = ''sre'' WHERE node_id = ''eng''', '23514',
	 'node_configurations_tree', 'a move below one''s own child'),
	('UPDATE node_configurations SET parent_id = ''nobody'' WHERE node_id = ''eng''', '23503',
	 'node_configurations_parent_fkey', 'a move to nowhere'),
	('UPDATE node_configurations SET node_id = ''ops'' WHERE node_id = ''sre''', '0A000', '',
	 'a new name for a node'),
	('UPDATE node_configurations SET org_id = ''globex'' WHERE node_id = ''sre''', '0A000', '',
	 'another organisation for a node'),
	('DELETE FROM node_configurations WHERE node_id = ''eng''', '23503',
	 'node_configurations_parent_fkey', 'deleting a node that has children'),
	('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	  (''acme'', ''a'', ''b'', ''unit''), (''acme'', ''b'', ''a'', ''unit'')', '23514',
	 'node_configurations_tree', 'two new nodes that are each other''s parents');

CREATE TEMPORARY TABLE outcome AS
SELECT r.*, pg_temp.error_of(r.statement) AS error FROM refused AS r;
SELECT is(error ->> 'state' || ' ' || (error ->> 'constraint'), state || ' ' || constraint_name,
		  'refused: ' || message)
FROM outcome;
SELECT is_empty($$SELECT statement, error FROM outcome WHERE error::text ~ 'hush|xoxb'$$,
				'no message shows a document');
SELECT is_empty($$SELECT statement, error FROM outcome WHERE error ->> 'table' <> 'node_configurations'$$,
				'each names the table');
SELECT is(error ->> 'column', 'config_json', 'a null document: the column is named')
FROM outcome WHERE message = 'a null document';
SELECT is(pg_temp.error_of(pg_temp.add('acme', 'x', 'acme', 'squad')) ->> 'state', '23514',
		  'refused: a type of node that there is not');
SELECT ok(pg_temp.error_of(pg_temp.add('acme', 'x', 'acme', 'squad'))::text !~ 'hush', 'without its document');

--
-- Depth
--

SELECT lives_ok($$
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type)
	SELECT 'deep', i::text, CASE WHEN i > 1 THEN (i - 1)::text END, CASE WHEN i > 1 THEN 'unit' ELSE 'org' END
	FROM generate_series(1, 32) AS i
$$, 'a tree of 32 levels');
SELECT throws_ok(pg_temp.add('deep', '33', '32', 'team'), '23514',
				 'node "33" of organisation "deep" is too deep in its tree', 'not of 33');
SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('deep', 'a', '1', 'unit'), ('deep', 'b', 'a', 'unit'), ('deep', 'c', 'b', 'team')$$,
	'a subtree of three levels');
SELECT throws_ok($$UPDATE node_configurations SET parent_id = '30' WHERE org_id = 'deep' AND node_id = 'a'$$,
				 '23514', 'node "a" of organisation "deep" is too deep in its tree',
				 'has no room at level 31');
SELECT lives_ok($$UPDATE node_configurations SET parent_id = '29' WHERE org_id = 'deep' AND node_id = 'a'$$,
				'and just room at level 30');
SET LOCAL integration_schemas.max_depth = 33;
SELECT lives_ok(pg_temp.add('deep', '33', '32', 'team'), 'the limit is a setting');
RESET integration_schemas.max_depth;

--
-- Moving and deleting
--

SELECT lives_ok($$UPDATE node_configurations SET parent_id = 'acme' WHERE org_id = 'acme' AND node_id = 'sre'$$,
				'a subtree is moved by one update');
SELECT lives_ok($$
	UPDATE node_configurations SET parent_id = CASE node_id WHEN 'unit' THEN 'team' ELSE 'root' END
	WHERE org_id = 'initech' AND node_id <> 'root'
$$, 'parent and child change places in one update');
SELECT lives_ok($$DELETE FROM node_configurations WHERE org_id = 'initech'$$,
				'a whole organisation goes in one statement');
SELECT lives_ok($$DELETE FROM node_configurations WHERE org_id = '*'$$, 'so does the platform''s node');

--
-- What the database sets
--

SET LOCAL integration_schemas.author = '';
INSERT INTO node_configurations (org_id, node_id, node_type, version, updated_at, updated_by)
VALUES ('set', 'set', 'org', 17, '2001-01-01', 'somebody');
SELECT results_eq($$SELECT version, updated_at > now() - interval '1 hour', updated_by
					FROM node_configurations WHERE org_id = 'set'$$,
				  $$VALUES (1, true, pg_temp.me())$$, 'version, time and author are the database''s');
UPDATE node_configurations SET version = 99, updated_by = 'x' WHERE org_id = 'set';
SELECT results_eq($$SELECT version, updated_by FROM node_configurations WHERE org_id = 'set'$$,
				  $$VALUES (1, pg_temp.me())$$, 'a client changes none of them');
SET LOCAL integration_schemas.author = 'alice';
UPDATE node_configurations SET config_json = '{"x": 1}', version = 99 WHERE org_id = 'set';
SELECT results_eq($$SELECT version, updated_by FROM node_configurations WHERE org_id = 'set'$$,
				  $$VALUES (2, 'alice')$$, 'a change counts, and has its author from the setting');

SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relname LIKE 'node\_configuration%' AND c.relkind = 'r' AND a.attnum > 0
	AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
$$, 'every column has a comment');

SELECT * FROM finish();
ROLLBACK;
