-- Who may do what, where nobody says otherwise: everyone may read the catalogue
-- and call the functions, and no one but the owner may read a document.

GRANT SELECT ON @extschema@.integration_schemas, @extschema@.integration_schema_history,
	@extschema@.integration_schema_version, @extschema@.integration_schema_renames TO PUBLIC;
REVOKE ALL ON @extschema@.node_configurations, @extschema@.node_configuration_history,
	@extschema@.integration_config_keys, @extschema@.integration_config_grants,
	@extschema@.integration_config_grant_history, @extschema@.integration_config_reveals,
	@extschema@.integration_config_forgotten
	FROM PUBLIC;

-- Who owns the database owns what is in it, also where an administrator made the
-- extension, or restored it: he may write its tables, and let others.
GRANT SELECT, INSERT, UPDATE, DELETE ON
	@extschema@.integration_schemas,
	@extschema@.integration_schema_removed,
	@extschema@.integration_schema_history,
	@extschema@.node_configurations,
	@extschema@.node_configuration_history,
	@extschema@.integration_schema_renames,
	@extschema@.integration_config_keys,
	@extschema@.integration_config_grants,
	@extschema@.integration_config_grant_history,
	@extschema@.integration_config_reveals,
	@extschema@.integration_config_forgotten
	TO pg_database_owner WITH GRANT OPTION;
-- and dump and restore them
GRANT SELECT, UPDATE ON SEQUENCE @extschema@.node_configuration_history_sequence
	TO pg_database_owner WITH GRANT OPTION;

-- Nobody makes a trigger of his own with these functions, or calls the one that
-- update scripts call: they write as the owner of the tables.
REVOKE EXECUTE ON FUNCTION
	integration_schemas_internal.integration_schemas_row(),
	integration_schemas_internal.integration_schemas_touch(),
	integration_schemas_internal.integration_schema_removed_row(),
	integration_schemas_internal.integration_schema_history_row(),
	integration_schemas_internal.script_execute(text),
	integration_schemas_internal.node_before(),
	integration_schemas_internal.node_after(),
	integration_schemas_internal.node_truncate(),
	integration_schemas_internal.history_before(),
	integration_schemas_internal.rename_before(),
	integration_schemas_internal.record_before(),
	integration_schemas_internal.grant_before()
	FROM PUBLIC;
