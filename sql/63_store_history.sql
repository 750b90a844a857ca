-- A node's history, as people read it.

CREATE FUNCTION integration_schemas_internal.config_diff(before jsonb, after jsonb,
	shown_before jsonb, shown_after jsonb)
	RETURNS jsonb
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'integration_schemas_config_diff';
COMMENT ON FUNCTION integration_schemas_internal.config_diff(jsonb, jsonb, jsonb, jsonb) IS
	'which fields were added, changed and removed, with their values as shown in the redacted documents';

CREATE FUNCTION @extschema@.integration_config_history(org_id text, node_id text,
	OUT version integer, OUT operation text, OUT changed_at timestamptz, OUT author text,
	OUT reason text, OUT role text, OUT parent_id text, OUT node_type text,
	OUT config_json jsonb, OUT changes jsonb)
	RETURNS SETOF record
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT v.version, v.operation, v.changed_at, v.author, v.reason, v.role, v.parent_id,
		   v.node_type, v.shown,
		   integration_schemas_internal.config_diff(v.document_before, v.config_json, v.shown_before, v.shown)
		   || CASE WHEN v.operation = 'update' AND v.parent_id IS DISTINCT FROM v.parent_before
				   THEN jsonb_build_object('parent_id',
						jsonb_build_object('before', v.parent_before, 'after', v.parent_id))
				   ELSE '{}' END
		   || CASE WHEN v.operation = 'update' AND v.node_type <> v.type_before
				   THEN jsonb_build_object('node_type',
						jsonb_build_object('before', v.type_before, 'after', v.node_type))
				   ELSE '{}' END
	  FROM (SELECT s.*,
				   lag(s.config_json) OVER w AS document_before,
				   lag(s.shown) OVER w AS shown_before,
				   lag(s.parent_id) OVER w AS parent_before,
				   lag(s.node_type) OVER w AS type_before
			  FROM (SELECT h.*, integration_schemas_internal.redact_past(h.config_json, NULL) AS shown
					  FROM @extschema@.node_configuration_history AS h
					 WHERE h.org_id = $1 AND h.node_id = $2
					OFFSET 0) AS s
			WINDOW w AS (ORDER BY s.version)) AS v
	 ORDER BY v.version DESC;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'node % of organisation % does not exist',
				@extschema@.integration_config_shown($2), @extschema@.integration_config_shown($1)
			USING ERRCODE = 'undefined_object';
	END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_history(text, text) IS
	'a node''s versions, newest first, with what changed in each; secrets redacted';
