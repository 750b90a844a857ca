-- Reading: the catalogue, and the merged configuration of a stack of layers.

CREATE FUNCTION @extschema@.integration_schema_config(VARIADIC layers jsonb[] DEFAULT '{}')
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_config(jsonb[]) IS
	'the merged document: the catalogue''s defaults overlaid by the layers, outermost first';

CREATE FUNCTION @extschema@.integration_schema_resolve(id text, VARIADIC layers jsonb[] DEFAULT '{}')
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_resolve(text, jsonb[]) IS
	'one integration of the merged document: enabled, configured, missing and config';

CREATE FUNCTION @extschema@.integration_schema_values(VARIADIC layers jsonb[] DEFAULT '{}')
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_values(jsonb[]) IS
	'the resolved config of every integration that is enabled and configured';

CREATE FUNCTION @extschema@.integration_schema_explain(VARIADIC layers jsonb[] DEFAULT '{}',
	OUT integration text, OUT field text, OUT value jsonb, OUT source integer,
	OUT level text, OUT required boolean, OUT locked boolean, OUT ignored integer[],
	OUT locked_by integer, OUT unset_by integer)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 200 ROWS 110 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_explain(jsonb[]) IS
	'where each field''s value comes from: source 0 is the default, n the nth layer; ignored are the layers whose value did not count';

CREATE FUNCTION @extschema@.integration_schema_list(category text DEFAULT NULL, featured boolean DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_list(text, boolean) IS
	'the catalogue''s rows, of a category or featured ones where asked, by display_order and name';

CREATE FUNCTION @extschema@.integration_schema_get(id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_get(text) IS
	'one row of the catalogue, or NULL';

CREATE FUNCTION @extschema@.integration_schema_categories()
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_categories() IS
	'the categories in order of first appearance, with how many integrations each has';

CREATE FUNCTION @extschema@.integration_schema_fallback()
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_fallback() IS
	'the minimal document, which stands in where the catalogue is not there: OpenAI alone';
