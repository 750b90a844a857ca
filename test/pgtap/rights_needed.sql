-- What a role needs to call each function is what doc/rights.md says: with every right on the extension's tables
-- but one, a call is refused just where that one is in the list.
-- Who has rights on the table alone sees secrets here: not for a store that seals them.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('a', 'a', NULL, 'org'), ('a', 'b', 'a', 'team');
SELECT integration_config_set('a', 'b', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}') \gset
CREATE ROLE rights_needed_caller;
REVOKE ALL ON integration_schemas, integration_schema_history, integration_schema_version FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_schemas, integration_schema_history, integration_schema_version,
	integration_schema_removed, node_configurations, node_configuration_history TO rights_needed_caller;

CREATE TABLE own_nodes AS SELECT 'a'::text AS org_id, 'new'::text AS node_id, 'a'::text AS parent_id;
CREATE TABLE own_catalogue AS SELECT 'own'::text AS id, 'Own'::text AS name, 'ai'::text AS category, 'd'::text AS description;
CREATE TABLE own_edit AS SELECT 'slack'::text AS id, 'Other'::text AS name;
CREATE TABLE own_documents (document jsonb);
CREATE TRIGGER checked BEFORE INSERT ON own_documents FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document');
GRANT ALL ON own_nodes, own_catalogue, own_edit, own_documents TO rights_needed_caller;

CREATE TEMP TABLE expected (number serial, call text, needs text[]);
\set catalogue '{SELECT ON integration_schemas}'
\set nodes '{SELECT ON integration_schemas,SELECT ON node_configurations}'
\set write '{SELECT ON node_configurations,UPDATE ON node_configurations}'
\set rename '{SELECT ON integration_schemas,UPDATE ON integration_schemas,SELECT ON node_configurations,UPDATE ON node_configurations}'
INSERT INTO expected (call, needs) VALUES
	('SELECT integration_schema_config()', :'catalogue'),
	('SELECT integration_schema_config_array(ARRAY[''{}''::jsonb])', :'catalogue'),
	('SELECT integration_schema_resolve(''slack'')', :'catalogue'),
	('SELECT integration_schema_resolve_array(''slack'', ARRAY[''{}''::jsonb])', :'catalogue'),
	('SELECT integration_schema_values()', :'catalogue'),
	('SELECT integration_schema_values_array(ARRAY[''{}''::jsonb])', :'catalogue'),
	('SELECT integration_schema_explain()', :'catalogue'),
	('SELECT integration_schema_explain_array(ARRAY[''{}''::jsonb])', :'catalogue'),
	('SELECT integration_schema_list()', :'catalogue'),
	('SELECT integration_schema_get(''slack'')', :'catalogue'),
	('SELECT integration_schema_categories()', :'catalogue'),
	('SELECT integration_schema_version()', :'catalogue'),
	('SELECT integration_schema_json_schema(''slack'')', :'catalogue'),
	('SELECT integration_schema_form(''slack'')', :'catalogue'),
	('SELECT integration_schema_instances(''slack'')', :'catalogue'),
	('SELECT integration_schema_import_problems(''{}'')', '{}'),
	('SELECT integration_schema_validate(''{}'')', :'catalogue'),
	('SELECT integration_schema_is_valid(''{}'')', :'catalogue'),
	('SELECT integration_schema_redact(''{}'')', :'catalogue'),
	('SELECT integration_schema_redact(''{}'', ''slack'')', :'catalogue'),
	('SELECT integration_schema_unmask(''{}'', ''{}'')', :'catalogue'),
	('INSERT INTO own_documents VALUES (''{}'')', :'catalogue'),
	('SELECT integration_schema_fallback()', '{}'),
	('SELECT integration_schema_from_json_schema(''x'', ''X'', ''ai'', ''{"properties": {}}'')', '{}'),
	('SELECT integration_config_merge_patch(''{}'', ''{}'')', '{}'),
	('SELECT integration_schema_changes(''-infinity'')', '{SELECT ON integration_schema_history}'),
	('SELECT integration_schema_impact(''slack'', NULL)', :'nodes'),
	('SELECT integration_config_violations(''a'')', :'nodes'),
	('SELECT integration_schema_rename_field(''slack'', ''bot_token'', ''token'')', :'rename'),
	('SELECT integration_schema_rename(''slack'', ''chat'')', :'rename'),
	('SELECT integration_config_effective(''a'', ''b'')', :'nodes'),
	('SELECT integration_config_resolve(''a'', ''b'', ''slack'')', :'nodes'),
	('SELECT integration_config_values(''a'', ''b'')', :'nodes'),
	('SELECT integration_config_explain(''a'', ''b'')', :'nodes'),
	('SELECT integration_config_get(''a'', ''b'')', :'nodes'),
	('SELECT integration_config_instances(''a'', ''b'', ''grafana'')', :'nodes'),
	('SELECT integration_config_reveal(''a'', ''b'', ''slack'', ''bot_token'', ''why'')', :'nodes'),
	('SELECT integration_config_privileges(''a'', ''b'')', '{SELECT ON node_configurations}'),
	('SELECT * FROM integration_config_effective_all(''a'')', :'nodes'),
	('SELECT integration_config_status(''a'')', :'nodes'),
	('SELECT integration_config_history(''a'', ''b'')',
		'{SELECT ON node_configuration_history}'),
	('SELECT integration_config_set(''a'', ''b'', ''{"x": 1}'')', :'write'),
	('SELECT integration_config_replace(''a'', ''b'', ''{"x": 2}'')', :'write'),
	('SELECT integration_config_unset(''a'', ''b'', ''slack'', ''app_token'')', :'write' || '{SELECT ON integration_schemas}'::text[]),
	('SELECT integration_config_inherit(''a'', ''b'', ''slack'', ''app_token'')', :'write' || '{SELECT ON integration_schemas}'::text[]),
	('SELECT integration_config_rollback(''a'', ''b'', 1)', :'write' || '{SELECT ON node_configuration_history}'::text[]),
	('SELECT integration_config_prune(now())', '{DELETE ON node_configuration_history}'),
	('SELECT integration_config_erase(''a'', ''b'', ''slack'', ''app_token'')',
		:'write' || '{UPDATE ON node_configuration_history}'::text[]),
	('SELECT integration_config_import(''own_nodes'')',
		'{SELECT ON node_configurations,INSERT ON node_configurations,UPDATE ON node_configurations}'),
	('SELECT integration_schemas_import(''own_catalogue'')', '{SELECT ON integration_schemas,INSERT ON integration_schemas}'),
	('SELECT integration_schemas_import(''own_edit'')', '{SELECT ON integration_schemas,UPDATE ON integration_schemas}'),
	('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES (''a'', ''c'', ''a'', ''team'')',
		'{INSERT ON node_configurations}'),
	('INSERT INTO integration_schemas (id, name, category, description) VALUES (''n'', ''N'', ''ai'', ''d'')',
		'{INSERT ON integration_schemas}');

-- The rights without which a call is refused, each taken away alone.
CREATE TEMP TABLE needed (call text, needs text);
DO $$
DECLARE
	one text;
	tried text;
	refused boolean;
BEGIN
	FOR one IN
		SELECT format('%s ON %s', r, t)
		  FROM unnest('{integration_schemas,integration_schema_history,integration_schema_version,integration_schema_removed,node_configurations,node_configuration_history}'::text[]) AS t,
			   unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS r
	LOOP
		EXECUTE format('REVOKE %s FROM rights_needed_caller', one);
		FOR tried IN SELECT call FROM expected LOOP
			refused := false;
			BEGIN
				SET LOCAL ROLE rights_needed_caller;
				EXECUTE tried;
				RAISE EXCEPTION USING ERRCODE = 'UE001';	-- take it back
			EXCEPTION
				WHEN insufficient_privilege THEN refused := true;
				WHEN SQLSTATE 'UE001' THEN NULL;
			END;
			IF refused THEN
				INSERT INTO needed VALUES (tried, one);
			END IF;
		END LOOP;
		EXECUTE format('GRANT %s TO rights_needed_caller', one);
	END LOOP;
END $$;

SELECT plan((SELECT count(*)::integer + 1 FROM expected));
SELECT set_eq(format('SELECT needs FROM needed WHERE call = %L', call), needs, call) FROM expected ORDER BY number;

SELECT is_empty($$SELECT c.oid::regclass FROM pg_extension AS e, unnest(e.extconfig) AS t JOIN pg_class AS c ON c.oid = t
	 WHERE e.extname = 'integration_schemas'
	   AND NOT CASE WHEN c.relkind = 'S'
			   THEN has_sequence_privilege('pg_database_owner', c.oid, 'SELECT') AND has_sequence_privilege('pg_database_owner', c.oid, 'UPDATE')
			   ELSE has_table_privilege('pg_database_owner', c.oid, 'SELECT') AND has_table_privilege('pg_database_owner', c.oid, 'INSERT') END$$,
	'the owner of the database may dump and restore all that a dump has');

SELECT * FROM finish();
ROLLBACK;
