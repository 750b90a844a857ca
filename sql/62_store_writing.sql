-- Writing a node's document.

CREATE FUNCTION @extschema@.integration_config_merge_patch(target jsonb, patch jsonb)
	RETURNS jsonb
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_merge_patch(jsonb, jsonb) IS
	'the target as a JSON Merge Patch (RFC 7396) changes it';

CREATE FUNCTION @extschema@.integration_config_write(org_id text, node_id text, given jsonb,
	patches boolean, expected_version integer, reason text, author text)
	RETURNS integer
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	node_name text := format('node %s of organisation %s',
							 integration_schemas_internal.shown(node_id),
							 integration_schemas_internal.shown(org_id));
	old_version integer;
	new_version integer;
	old_document jsonb;
	new_document jsonb;
	old_reason text := current_setting('integration_schemas.reason', true);
	old_author text := current_setting('integration_schemas.author', true);
BEGIN
	IF org_id IS NULL OR node_id IS NULL THEN
		RAISE EXCEPTION 'organisation and node must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF jsonb_typeof(given) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION '% is not a JSON object', CASE WHEN patches THEN 'patch' ELSE 'document' END
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = coalesce('It is a JSON ' || jsonb_typeof(given) || '.', 'It is a null value.');
	END IF;

	SELECT n.version, n.config_json INTO old_version, old_document
	  FROM @extschema@.node_configurations AS n
	 WHERE n.org_id = integration_config_write.org_id
	   AND n.node_id = integration_config_write.node_id
	   FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% does not exist', node_name
			USING ERRCODE = 'undefined_object',
				  HINT = 'Nodes are made with INSERT INTO node_configurations.';
	END IF;
	IF expected_version <> old_version THEN
		RAISE EXCEPTION '% has changed', node_name
			USING ERRCODE = 'serialization_failure',
				  DETAIL = format('The expected version is %s, the current one is %s.',
								  expected_version, old_version),
				  HINT = 'Read the document again and repeat the change.';
	END IF;

	new_document := CASE WHEN patches
						 THEN @extschema@.integration_config_merge_patch(old_document, given)
						 ELSE given END;
	IF new_document = old_document THEN
		RETURN old_version;
	END IF;

	-- Each call's own: a reason or an author that was set before comes back.
	IF reason IS NOT NULL THEN
		PERFORM set_config('integration_schemas.reason', reason, true);
	END IF;
	IF author IS NOT NULL THEN
		PERFORM set_config('integration_schemas.author', author, true);
	END IF;
	UPDATE @extschema@.node_configurations AS n
	   SET config_json = new_document
	 WHERE n.org_id = integration_config_write.org_id
	   AND n.node_id = integration_config_write.node_id
	RETURNING n.version INTO new_version;
	IF reason IS NOT NULL THEN
		PERFORM set_config('integration_schemas.reason', coalesce(old_reason, ''), true);
	END IF;
	IF author IS NOT NULL THEN
		PERFORM set_config('integration_schemas.author', coalesce(old_author, ''), true);
	END IF;

	IF new_version IS NULL THEN
		RAISE EXCEPTION '% was not written', node_name
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'A trigger or a rule of the table took the change away.';
	END IF;
	RETURN new_version;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_write(text, text, jsonb, boolean, integer, text, text) IS
	'what integration_config_set, _replace and _rollback have in common';

-- Without a search_path of their own, these two are inlined.
CREATE FUNCTION @extschema@.integration_config_set(org_id text, node_id text, patch jsonb,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE sql VOLATILE
AS $$
	SELECT @extschema@.integration_config_write($1, $2, $3, true, $4, $5, $6)
$$;
COMMENT ON FUNCTION @extschema@.integration_config_set(text, text, jsonb, integer, text, text) IS
	'applies a JSON Merge Patch to a node''s document and returns the version that it then has: null removes a key, so that the node inherits again';

CREATE FUNCTION @extschema@.integration_config_replace(org_id text, node_id text, document jsonb,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE sql VOLATILE
AS $$
	SELECT @extschema@.integration_config_write($1, $2, $3, false, $4, $5, $6)
$$;
COMMENT ON FUNCTION @extschema@.integration_config_replace(text, text, jsonb, integer, text, text) IS
	'gives a node a whole new document and returns the version that it then has';

CREATE FUNCTION @extschema@.integration_config_rollback(org_id text, node_id text, version integer,
	expected_version integer DEFAULT NULL, reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS integer
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	document jsonb;
	what text := format('version %s of node %s of organisation %s', version,
						integration_schemas_internal.shown(node_id),
						integration_schemas_internal.shown(org_id));
BEGIN
	IF org_id IS NULL OR node_id IS NULL OR version IS NULL THEN
		RAISE EXCEPTION 'organisation, node and version must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT h.config_json INTO document
	  FROM @extschema@.node_configuration_history AS h
	 WHERE h.org_id = integration_config_rollback.org_id
	   AND h.node_id = integration_config_rollback.node_id
	   AND h.version = integration_config_rollback.version;
	IF NOT FOUND THEN
		RAISE EXCEPTION '% does not exist', what USING ERRCODE = 'undefined_object';
	ELSIF document IS NULL THEN
		RAISE EXCEPTION '% has no document', what
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'With this version the node was deleted.';
	END IF;
	RETURN @extschema@.integration_config_write(org_id, node_id, document, false, expected_version,
												coalesce(reason, format('rollback to version %s', version)),
												author);
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_rollback(text, text, integer, integer, text, text) IS
	'gives a node the document of an older version again, as a new version, which is returned';
