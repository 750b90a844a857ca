-- The store under the statements that write a table: each leaves nodes and
-- history in step, whoever owns the tables.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('acme', 'acme', NULL, 'org'), ('acme', 'sre', 'acme', 'team'), ('acme', 'web', 'acme', 'team');

CREATE FUNCTION pg_temp.versions() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT string_agg(node_id || ' ' || version || ' ' || operation, ', ' ORDER BY node_id, version)
	  FROM node_configuration_history WHERE node_id <> 'acme'
$$;
CREATE FUNCTION pg_temp.in_step() RETURNS boolean LANGUAGE sql VOLATILE AS $$
	SELECT NOT EXISTS (
		SELECT FROM (SELECT DISTINCT ON (org_id, node_id) * FROM node_configuration_history
					  ORDER BY org_id, node_id, version DESC) AS h
		  FULL JOIN node_configurations AS n USING (org_id, node_id)
		 WHERE (h.operation = 'delete') IS DISTINCT FROM (n.node_id IS NULL)
			OR (n.node_id IS NOT NULL AND (n.version, n.config_json) IS DISTINCT FROM (h.version, h.config_json)))
$$;

-- INSERT ... ON CONFLICT

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
VALUES ('acme', 'sre', 'acme', 'team', '{"a": 1}'), ('acme', 'new', 'acme', 'team', '{"a": 1}')
ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = excluded.config_json;
SELECT is(pg_temp.versions(), 'new 1 insert, sre 1 insert, sre 2 update, web 1 insert', 'ON CONFLICT DO UPDATE');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
VALUES ('acme', 'sre', 'acme', 'team', '{"a": 2}') ON CONFLICT DO NOTHING;
SELECT is(pg_temp.versions(), 'new 1 insert, sre 1 insert, sre 2 update, web 1 insert', 'ON CONFLICT DO NOTHING');
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
				   VALUES ('acme', 'sre', 'acme', 'team', '{}')
				   ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = '{"integrations": {"slak": {}}}'$$, '23514', NULL,
				 'what DO UPDATE writes is checked');

-- MERGE

MERGE INTO node_configurations AS n
USING (VALUES ('sre', '{"a": 3}'::jsonb), ('newer', '{"b": 1}'), ('web', NULL)) AS v (node_id, document)
   ON n.org_id = 'acme' AND n.node_id = v.node_id
 WHEN MATCHED AND document IS NULL THEN DELETE
 WHEN MATCHED THEN UPDATE SET config_json = document
 WHEN NOT MATCHED THEN INSERT (org_id, node_id, parent_id, node_type, config_json) VALUES ('acme', v.node_id, 'acme', 'team', document);
SELECT is(pg_temp.versions(), 'new 1 insert, newer 1 insert, sre 1 insert, sre 2 update, sre 3 update, web 1 insert, web 2 delete', 'MERGE');
SELECT ok(pg_temp.in_step(), 'nodes and history are in step');

-- what the database sets is not the writer's

UPDATE node_configurations SET version = 99, created_at = '1999-01-01', updated_by = 'x', config_json = '{"q": 1}' WHERE node_id = 'sre';
SELECT ok(version < 99 AND created_at > '1999-01-02' AND updated_by <> 'x', 'version, created_at and updated_by are the database''s')
FROM node_configurations WHERE node_id = 'sre';
SELECT ok(pg_temp.in_step(), 'still in step');

-- another owner

CREATE ROLE is_old_owner;
CREATE ROLE is_new_owner;
SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
GRANT USAGE ON SCHEMA :ours TO is_new_owner;
DO $$
DECLARE
	what regclass;
	fn regprocedure;
BEGIN
	FOR what IN SELECT d.objid::regclass FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
				  JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'r'
				 WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' LOOP
		EXECUTE format('ALTER TABLE %s OWNER TO is_old_owner', what);
	END LOOP;
	FOR fn IN SELECT p.oid FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
				JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas' WHERE p.prosecdef LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO is_old_owner', fn);
	END LOOP;
END $$;
REASSIGN OWNED BY is_old_owner TO is_new_owner;
SET LOCAL ROLE is_new_owner;
SELECT lives_ok($$SELECT integration_config_set('acme', 'sre', '{"z": 1}')$$, 'REASSIGN OWNED: the new owner writes');
SELECT lives_ok($$UPDATE integration_schemas SET name = 'changed' WHERE id = 'slack'$$, 'and edits the catalogue');
SELECT is(integration_schema_get('slack') ->> 'name', 'changed', 'which is seen');
RESET ROLE;
SELECT ok(pg_temp.in_step(), 'in step after it');

SELECT * FROM finish();
ROLLBACK;
