-- A node's history, as people read it, and what is taken out of it.

CREATE FUNCTION integration_schemas_internal.config_diff(before jsonb, after jsonb,
	shown_before jsonb, shown_after jsonb)
	RETURNS jsonb
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'integration_schemas_config_diff';
COMMENT ON FUNCTION integration_schemas_internal.config_diff(jsonb, jsonb, jsonb, jsonb) IS
	'which fields were added, changed and removed, with their values as shown in the redacted documents';

CREATE FUNCTION @extschema@.integration_config_history(org_id text, node_id text,
	max integer DEFAULT NULL,
	OUT version integer, OUT operation text, OUT changed_at timestamptz, OUT author text,
	OUT reason text, OUT role text, OUT parent_id text, OUT node_type text,
	OUT name text, OUT config_json jsonb, OUT changes jsonb)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_history(text, text, integer) IS
	'a node''s versions, newest first and at most so many, with what changed in each; secrets redacted';

CREATE FUNCTION @extschema@.integration_config_prune(before timestamptz,
	keep integer DEFAULT 1, org_id text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_prune(timestamptz, integer, text) IS
	'takes versions that were written before a moment out of the history, but for the latest ones of each node; returns how many';

CREATE FUNCTION integration_schemas_internal.value_places(document jsonb, path text[])
	RETURNS text[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.value_places(jsonb, text[]) IS
	'the JSON Pointers of the values at a path, in which * is any element of an array';

CREATE FUNCTION integration_schemas_internal.without_values(document jsonb, path text[])
	RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.without_values(jsonb, text[]) IS
	'a document with null in the place of each value at a path, in which * is any element of an array';

CREATE FUNCTION @extschema@.integration_config_erase(org_id text, node_id text, id text,
	field text, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_erase(text, text, text, text, text, text) IS
	'takes the value of a field, or of one inside a value by its path, out of a node''s document and out of every version in its history; returns in how many versions it was';
