-- Who may do what, where nobody says otherwise: everyone may read the catalogue
-- and call the functions, and no one but the owner may read a document.

GRANT SELECT ON @extschema@.integration_schemas, @extschema@.integration_schema_version TO PUBLIC;
REVOKE ALL ON @extschema@.node_configurations, @extschema@.node_configuration_history FROM PUBLIC;

-- These trigger functions write with the owner's rights: as a trigger of
-- somebody's own table they would write what that table says.
REVOKE EXECUTE ON FUNCTION
	@extschema@.integration_schemas_row(),
	@extschema@.integration_schemas_touch(),
	@extschema@.integration_schema_removed_row(),
	@extschema@.node_configurations_version(),
	@extschema@.node_configurations_history(),
	@extschema@.node_configurations_tree(),
	@extschema@.node_configurations_notify(),
	@extschema@.node_configuration_history_restore(),
	@extschema@.integration_config_rebuild()
	FROM PUBLIC;
