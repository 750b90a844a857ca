-- Who may do what, where nobody says otherwise: everyone may read the catalogue
-- and call the functions, and no one but the owner may read a document.

GRANT SELECT ON @extschema@.integration_schemas, @extschema@.integration_schema_history,
	@extschema@.integration_schema_version TO PUBLIC;
REVOKE ALL ON @extschema@.node_configurations, @extschema@.node_configuration_history FROM PUBLIC;

-- Who owns the database owns what is in it, also where an administrator made the
-- extension, or restored it: he may write its tables, and let others.
GRANT SELECT, INSERT, UPDATE, DELETE ON
	@extschema@.integration_schemas,
	@extschema@.integration_schema_removed,
	@extschema@.integration_schema_history,
	@extschema@.node_configurations,
	@extschema@.node_configuration_history
	TO pg_database_owner WITH GRANT OPTION;

-- Nobody calls a trigger function, or what an update script calls, by himself: as
-- a trigger of somebody's own table they would write what that table says.  The
-- others are parts of functions that everybody calls.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA integration_schemas_internal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	integration_schemas_internal.config_diff(jsonb, jsonb, jsonb, jsonb),
	integration_schemas_internal.dump_order(text, text),
	integration_schemas_internal.effective_all(text),
	integration_schemas_internal.ever_secret(),
	integration_schemas_internal.history_erase(text, text, text[], text),
	integration_schemas_internal.redact_past(jsonb, jsonb, text[]),
	integration_schemas_internal.shown(text)
	TO PUBLIC;
