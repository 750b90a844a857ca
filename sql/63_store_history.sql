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
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	secrets jsonb := integration_schemas_internal.ever_secret();
BEGIN
	IF $1 IS NULL OR $2 IS NULL THEN
		RETURN;
	END IF;
	-- one more than is asked for: what changed in the oldest of them
	RETURN QUERY
	SELECT v.version, v.operation, v.changed_at, v.author, v.reason, v.role, v.parent_id,
		   v.node_type, v.name, v.shown,
		   integration_schemas_internal.config_diff(v.document_before, v.config_json, v.shown_before, v.shown)
		   || CASE WHEN v.operation = 'update' AND v.parent_id IS DISTINCT FROM v.parent_before
				   THEN jsonb_build_object('parent_id',
						jsonb_build_object('before', v.parent_before, 'after', v.parent_id))
				   ELSE '{}' END
		   || CASE WHEN v.operation = 'update' AND v.node_type <> v.type_before
				   THEN jsonb_build_object('node_type',
						jsonb_build_object('before', v.type_before, 'after', v.node_type))
				   ELSE '{}' END
		   || CASE WHEN v.operation = 'update' AND v.name IS DISTINCT FROM v.name_before
				   THEN jsonb_build_object('name',
						jsonb_build_object('before', v.name_before, 'after', v.name))
				   ELSE '{}' END
	  FROM (SELECT s.*,
				   lag(s.config_json) OVER w AS document_before,
				   lag(s.shown) OVER w AS shown_before,
				   lag(s.parent_id) OVER w AS parent_before,
				   lag(s.node_type) OVER w AS type_before,
				   lag(s.name) OVER w AS name_before
			  FROM (SELECT h.*, integration_schemas_internal.redact_past(h.config_json, secrets, h.erased) AS shown
					  FROM @extschema@.node_configuration_history AS h
					 WHERE h.org_id = $1 AND h.node_id = $2
					 ORDER BY h.version DESC
					 LIMIT $3::bigint + 1) AS s
			WINDOW w AS (ORDER BY s.version)) AS v
	 ORDER BY v.version DESC
	 LIMIT $3;
	IF NOT FOUND AND coalesce($3, 1) > 0 THEN
		RAISE EXCEPTION 'node % of organisation % does not exist',
				integration_schemas_internal.shown($2), integration_schemas_internal.shown($1)
			USING ERRCODE = 'undefined_object';
	END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_history(text, text, integer) IS
	'a node''s versions, newest first and at most so many, with what changed in each; secrets redacted';

CREATE FUNCTION @extschema@.integration_config_prune(before timestamptz,
	keep integer DEFAULT 1, org_id text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_prune(timestamptz, integer, text) IS
	'takes versions that were written before a moment out of the history, but for the latest ones of each node; returns how many';

CREATE FUNCTION integration_schemas_internal.history_erase(org_id text, node_id text,
	path text[], pointer text)
	RETURNS bigint
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.history_erase(text, text, text[], text) IS
	'puts null in the place of a value in every version of a node, and notes the place as erased';

CREATE FUNCTION @extschema@.integration_config_erase(org_id text, node_id text, id text,
	field text, reason text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	path text[] := ARRAY['integrations', id, 'config', field];
	pointer text := '/integrations/' || replace(replace(id, '~', '~0'), '/', '~1')
					|| '/config/' || replace(replace(field, '~', '~0'), '/', '~1');
	versions bigint;
BEGIN
	IF org_id IS NULL OR node_id IS NULL OR id IS NULL OR field IS NULL THEN
		RAISE EXCEPTION 'organisation, node, integration and field must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM FROM @extschema@.node_configurations AS n
	 WHERE n.org_id = integration_config_erase.org_id AND n.node_id = integration_config_erase.node_id
	   AND n.config_json #> path <> 'null';
	IF FOUND THEN
		PERFORM @extschema@.integration_config_unset(org_id, node_id, id, field,
													 reason => coalesce(reason, 'erased'));
	END IF;
	versions := integration_schemas_internal.history_erase(org_id, node_id, path, pointer);
	IF versions = 0 THEN
		PERFORM FROM @extschema@.node_configuration_history AS h
		 WHERE h.org_id = integration_config_erase.org_id AND h.node_id = integration_config_erase.node_id;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'node % of organisation % does not exist',
					integration_schemas_internal.shown(node_id), integration_schemas_internal.shown(org_id)
				USING ERRCODE = 'undefined_object';
		END IF;
	END IF;
	RETURN versions;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_erase(text, text, text, text, text) IS
	'takes the value of a field out of a node''s document and out of every version in its history; returns in how many versions it was';
