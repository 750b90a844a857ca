-- Moving in: a platform that has tables of its own takes their rows over.
--
-- Columns are matched by name; what a source does not have is left as it is, or
-- gets its default. A second call brings what has changed since, so that both
-- can be kept for a while. The source is read, and the rows are written, with
-- the caller's rights.

CREATE FUNCTION @extschema@.integration_schemas_import(source regclass, overwrite boolean DEFAULT true,
	OUT inserted bigint, OUT updated bigint, OUT unchanged bigint)
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schemas_import(regclass, boolean) IS
	'takes the rows of another catalogue table over: new ones are added, others of the same id changed, or left alone where they were changed here';

CREATE FUNCTION @extschema@.integration_config_import_history(source regclass,
	OUT inserted bigint, OUT unchanged bigint)
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_import_history(regclass) IS
	'takes the versions over that another table has kept of nodes, before or after the nodes themselves: they are versions 0 and below';

CREATE FUNCTION integration_schemas_internal.imported_fields(fields jsonb) RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.imported_fields(jsonb) IS
	'field definitions of another system with our keys: secret, default and readonly, and no nulls';

CREATE FUNCTION @extschema@.integration_schema_normalise(document jsonb,
	OUT normalised jsonb, OUT violations jsonb)
	RETURNS record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_normalise(jsonb) IS
	'a document of another system in our form, its values in config and of their fields'' types, and what of it has no place there';

CREATE FUNCTION @extschema@.integration_config_import(source regclass,
	overwrite boolean DEFAULT true,
	OUT inserted bigint, OUT updated bigint, OUT unchanged bigint)
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_import(regclass, boolean) IS
	'takes the rows of another table of nodes over: new ones are added, others of the same name changed, unless they were changed here meanwhile and overwrite is false; a bad document is refused with its node''s name';
