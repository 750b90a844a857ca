-- JSON Schema: an integration's config as a schema, and a published schema as
-- a row for the catalogue.

CREATE FUNCTION @extschema@.integration_schema_json_schema(id text)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'integration_schema_json_schema'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.integration_schema_json_schema(text) IS
'the config of one integration as a JSON Schema (draft 2020-12), for forms and validators';

-- The columns are named here, and are not those of the table's row type: a
-- function that returns that type would go with the table, and the table
-- must be able to go without taking the extension along.
CREATE FUNCTION @extschema@.integration_schema_from_json_schema(
	INOUT id text,
	INOUT name text,
	INOUT category text,
	schema jsonb,
	OUT description text,
	OUT docs_url text,
	OUT icon_url text,
	OUT display_order integer,
	OUT featured boolean,
	OUT required boolean,
	OUT locked boolean,
	OUT instances boolean,
	OUT fields jsonb,
	OUT created_at timestamptz,
	OUT updated_at timestamptz)
AS 'MODULE_PATHNAME', 'integration_schema_from_json_schema'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.integration_schema_from_json_schema(text, text, text, jsonb) IS
'a row for INSERT INTO integration_schemas from the JSON Schema of a connector''s configuration';
