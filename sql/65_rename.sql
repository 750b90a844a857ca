-- Renaming a field or an integration, in the catalogue and in every document.
--
-- Older versions keep the old names, so what was renamed when is kept:
-- src/store/rename_record.c.

CREATE TABLE @extschema@.integration_schema_renames (
	-- of the sequence that numbers the nodes' versions: a version of a smaller
	-- number has the old name
	sequence bigint PRIMARY KEY
		DEFAULT pg_catalog.nextval('@extschema@.node_configuration_history_sequence'),
	renamed_at timestamptz NOT NULL,
	from_id text NOT NULL,
	to_id text NOT NULL,
	from_field text,
	to_field text,
	author text NOT NULL,
	role text NOT NULL,
	CONSTRAINT integration_schema_renames_field_check
		CHECK ((from_field IS NULL) = (to_field IS NULL)),
	CONSTRAINT integration_schema_renames_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_schema_renames'))
);
COMMENT ON TABLE @extschema@.integration_schema_renames IS
	'every renaming of an integration or a field, so that an older version of a node can be given its new names; written by functions, never changed';
COMMENT ON COLUMN @extschema@.integration_schema_renames.sequence IS
	'the place of the renaming among the versions of all nodes: those before it have the old name';
COMMENT ON COLUMN @extschema@.integration_schema_renames.renamed_at IS 'when it was renamed: the time of the transaction''s changes';
COMMENT ON COLUMN @extschema@.integration_schema_renames.from_id IS 'the integration';
COMMENT ON COLUMN @extschema@.integration_schema_renames.to_id IS 'its id afterwards: the same one where a field was renamed';
COMMENT ON COLUMN @extschema@.integration_schema_renames.from_field IS 'the field, by its path; null where the integration was renamed';
COMMENT ON COLUMN @extschema@.integration_schema_renames.to_field IS 'the field''s path afterwards';
COMMENT ON COLUMN @extschema@.integration_schema_renames.author IS
	'who renamed it: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.integration_schema_renames.role IS
	'the role that renamed it, whatever author it gave';
COMMENT ON CONSTRAINT integration_schema_renames_pkey ON @extschema@.integration_schema_renames IS
	'one after the other';
COMMENT ON CONSTRAINT integration_schema_renames_field_check ON @extschema@.integration_schema_renames IS
	'a field has two names';
COMMENT ON CONSTRAINT integration_schema_renames_triggers_check ON @extschema@.integration_schema_renames IS
	'no row without the triggers';

CREATE FUNCTION integration_schemas_internal.rename_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.rename_before() IS
	'trigger: the record of renamings is written by the functions that rename, and restored';

CREATE TRIGGER integration_schema_renames_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_schema_renames
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.rename_before();
COMMENT ON TRIGGER integration_schema_renames_guard ON @extschema@.integration_schema_renames IS
	'keeps the record as it is';
CREATE TRIGGER integration_schema_renames_truncate
	BEFORE TRUNCATE ON @extschema@.integration_schema_renames
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.rename_before();
COMMENT ON TRIGGER integration_schema_renames_truncate ON @extschema@.integration_schema_renames IS
	'keeps the record as it is';
ALTER TABLE @extschema@.integration_schema_renames
	ENABLE ALWAYS TRIGGER integration_schema_renames_guard,
	ENABLE ALWAYS TRIGGER integration_schema_renames_truncate;

ALTER TABLE @extschema@.integration_schema_renames OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump(
	'@extschema@.integration_schema_renames', 'ORDER BY sequence');

-- The caller needs SELECT and UPDATE on integration_schemas (of its columns id
-- and fields, and of the one that is renamed) and on node_configurations (of
-- org_id, node_id and config_json, and of config_json), and no row security may
-- apply to him there, since every node is reached.

CREATE FUNCTION @extschema@.integration_schema_rename_field(id text, "from" text, "to" text)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_rename_field(text, text, text) IS
	'gives a field of an integration, or one inside a value by its path, another name, in the catalogue and in every node''s document; returns how many nodes were changed';

CREATE FUNCTION @extschema@.integration_schema_rename("from" text, "to" text)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_rename(text, text) IS
	'gives an integration another id, in the catalogue and, with its instances, in every node''s document; returns how many nodes were changed';
