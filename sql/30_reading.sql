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
	'one integration of the merged document, or instance (grafana:eu): enabled, configured, in_use, missing and config';

CREATE FUNCTION @extschema@.integration_schema_instances(id text, VARIADIC layers jsonb[] DEFAULT '{}',
	OUT integration text, OUT instance text, OUT enabled boolean, OUT configured boolean,
	OUT missing text[], OUT in_use boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 50 ROWS 3 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_instances(text, jsonb[]) IS
	'the instances of an integration that the layers give: integration is the key (grafana:eu), instance the name (eu)';

CREATE FUNCTION @extschema@.integration_schema_values(VARIADIC layers jsonb[] DEFAULT '{}')
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_values(jsonb[]) IS
	'the resolved config of every integration that is in use, enabled and configured';

CREATE FUNCTION @extschema@.integration_schema_explain(VARIADIC layers jsonb[] DEFAULT '{}',
	OUT integration text, OUT field text, OUT value jsonb, OUT source integer,
	OUT level text, OUT required boolean, OUT locked boolean, OUT ignored integer[],
	OUT locked_by integer, OUT unset_by integer)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 200 ROWS 130 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_explain(jsonb[]) IS
	'where each field''s value comes from: source 0 is the default, n the nth layer; ignored are the layers whose value did not count, locked_by the one whose lock holds it (0 the catalogue), unset_by the one whose null took it away; a null field is the integration''s enabled';

CREATE FUNCTION @extschema@.integration_schema_list(category text DEFAULT NULL, featured boolean DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_list(text, boolean) IS
	'the catalogue''s rows, of a category or featured ones where asked, by display_order and name';

CREATE FUNCTION @extschema@.integration_schema_get(id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_get(text) IS
	'one row of the catalogue, or NULL';

CREATE FUNCTION @extschema@.integration_schema_categories()
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_categories() IS
	'the categories in order of first appearance, with how many integrations each has';

CREATE FUNCTION @extschema@.integration_schema_version()
	RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_version() IS
	'a text that is another one once the catalogue is, as the caller sees it';

CREATE FUNCTION @extschema@.integration_schema_fallback()
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_fallback() IS
	'the minimal document, which stands in where the catalogue is not there: OpenAI alone';

-- The same with one array of layers, for what passes functions over that are
-- VARIADIC.

CREATE FUNCTION @extschema@.integration_schema_config_array(layers jsonb[])
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'integration_schema_config';
COMMENT ON FUNCTION @extschema@.integration_schema_config_array(jsonb[]) IS
	'integration_schema_config with its layers as one array';

CREATE FUNCTION @extschema@.integration_schema_resolve_array(id text, layers jsonb[])
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'integration_schema_resolve';
COMMENT ON FUNCTION @extschema@.integration_schema_resolve_array(text, jsonb[]) IS
	'integration_schema_resolve with its layers as one array';

CREATE FUNCTION @extschema@.integration_schema_instances_array(id text, layers jsonb[],
	OUT integration text, OUT instance text, OUT enabled boolean, OUT configured boolean,
	OUT missing text[], OUT in_use boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 50 ROWS 3 AS 'MODULE_PATHNAME', 'integration_schema_instances';
COMMENT ON FUNCTION @extschema@.integration_schema_instances_array(text, jsonb[]) IS
	'integration_schema_instances with its layers as one array';

CREATE FUNCTION @extschema@.integration_schema_values_array(layers jsonb[])
	RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'integration_schema_values';
COMMENT ON FUNCTION @extschema@.integration_schema_values_array(jsonb[]) IS
	'integration_schema_values with its layers as one array';

CREATE FUNCTION @extschema@.integration_schema_explain_array(layers jsonb[],
	OUT integration text, OUT field text, OUT value jsonb, OUT source integer,
	OUT level text, OUT required boolean, OUT locked boolean, OUT ignored integer[],
	OUT locked_by integer, OUT unset_by integer)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 200 ROWS 130 AS 'MODULE_PATHNAME', 'integration_schema_explain';
COMMENT ON FUNCTION @extschema@.integration_schema_explain_array(jsonb[]) IS
	'integration_schema_explain with its layers as one array';
