-- Writing a node's document.
--
-- The caller needs SELECT and UPDATE on node_configurations (of its columns
-- org_id, node_id, config_json and version, and config_json); what is written
-- is written as the table's owner, or by the caller where row security applies.

CREATE FUNCTION @extschema@.integration_config_merge_patch(target jsonb, patch jsonb)
	RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_merge_patch(jsonb, jsonb) IS
	'the target as a JSON Merge Patch (RFC 7396) changes it';

CREATE FUNCTION @extschema@.integration_config_set(org_id text, node_id text, patch jsonb,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_set(text, text, jsonb, integer, text, text) IS
	'applies a JSON Merge Patch to a node''s document and returns the version that it then has: null takes the node''s own value away, so that it inherits again, and unsets an inherited field where the node has no value of its own';

CREATE FUNCTION @extschema@.integration_config_replace(org_id text, node_id text, document jsonb,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_replace(text, text, jsonb, integer, text, text) IS
	'gives a node a whole new document and returns the version that it then has';

CREATE FUNCTION @extschema@.integration_config_rollback(org_id text, node_id text, version integer,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL,
	secrets text DEFAULT 'keep')
	RETURNS integer
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_rollback(text, text, integer, integer, text, text, text) IS
	'gives a node the document of an older version again, as a new version, which is returned; secrets says whether its secrets are those of today (keep) or of then (restore)';

CREATE FUNCTION @extschema@.integration_config_unset(org_id text, node_id text, id text, field text,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_unset(text, text, text, text, integer, text, text) IS
	'unsets a field, or one inside a value by its path, at a node, whatever it inherits, and returns the version that the node then has';

CREATE FUNCTION @extschema@.integration_config_inherit(org_id text, node_id text, id text, field text,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_inherit(text, text, text, text, integer, text, text) IS
	'takes away what a node itself says of a field, or of one inside a value by its path, so that it inherits again, and returns the version that the node then has';
