-- Who may do what, where nobody says otherwise: everyone may read the catalogue
-- and call the functions, and no one but the owner may read a document.

GRANT SELECT ON @extschema@.integration_schemas, @extschema@.integration_schema_version TO PUBLIC;
REVOKE ALL ON @extschema@.node_configurations, @extschema@.node_configuration_history FROM PUBLIC;

-- Nobody calls a trigger function or a part of others by himself: as a trigger
-- of somebody's own table they would write what that table says.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA integration_schemas_internal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	integration_schemas_internal.config_diff(jsonb, jsonb, jsonb, jsonb),
	integration_schemas_internal.dump_order(text, text),
	integration_schemas_internal.history_erase(text, text, text[], text),
	integration_schemas_internal.shown(text)
	TO PUBLIC;
