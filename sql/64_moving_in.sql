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

CREATE FUNCTION @extschema@.integration_config_import(source regclass,
	OUT inserted bigint, OUT updated bigint, OUT unchanged bigint)
	LANGUAGE plpgsql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows @extschema@.node_configurations[];
	problems text[];
	old_reason text := current_setting('integration_schemas.reason', true);
BEGIN
	BEGIN
		EXECUTE format(
			'SELECT coalesce(array_agg(jsonb_populate_record(NULL::%1$s,'
			'   r || CASE jsonb_typeof(r -> ''config_json'')'
			'     WHEN ''string'' THEN jsonb_build_object(''config_json'', (r ->> ''config_json'')::jsonb)'
			'     WHEN ''null'' THEN ''{"config_json": {}}'''
			'     ELSE ''{}'' END)), ''{}'')'
			'  FROM (SELECT ''{"config_json": {}}'' || to_jsonb(s) - ''version'' AS r FROM %2$s AS s) AS s',
			'@extschema@.node_configurations', source) INTO rows;
	EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
		-- the server's own error quotes the text
		RAISE EXCEPTION 'table % has a document that is not JSON', source
			USING ERRCODE = SQLSTATE, TABLE = source::text, COLUMN = 'config_json';
	END;

	-- A source without levels: they follow from the tree.
	SELECT array_agg(ROW(r.org_id, r.node_id, r.parent_id,
						 coalesce(r.node_type,
								  CASE WHEN (r.org_id, r.node_id) = ('*', '*') THEN 'platform'
									   WHEN r.parent_id IS NULL THEN 'org'
									   WHEN p.parent_id IS NOT NULL THEN 'unit'
									   ELSE 'team' END),
						 r.config_json, NULL, r.created_at, NULL, NULL)::@extschema@.node_configurations)
	  INTO rows
	  FROM unnest(rows) AS r
	  LEFT JOIN (SELECT DISTINCT c.org_id, c.parent_id FROM unnest(rows) AS c) AS p
		ON p.org_id = r.org_id AND p.parent_id = r.node_id;
	rows := coalesce(rows, '{}');

	-- Every bad document at once, each under its node's name.
	SELECT array_agg(format('node %s of organisation %s: %s: %s',
							integration_schemas_internal.shown(r.node_id),
							integration_schemas_internal.shown(r.org_id),
							v.path, v.message)
					 ORDER BY r.org_id, r.node_id)
	  INTO problems
	  FROM unnest(rows) AS r,
		   @extschema@.integration_schema_validate(
			   r.config_json,
			   CASE WHEN r.node_type IN ('platform', 'org', 'unit', 'team') THEN r.node_type
					ELSE 'team' END) AS v;
	IF problems IS NOT NULL THEN
		RAISE EXCEPTION '%', problems[1]
			USING ERRCODE = 'check_violation',
				  DETAIL = array_to_string(problems[:100], E'\n')
						   || CASE WHEN cardinality(problems) > 100
								   THEN format(E'\nand %s more', cardinality(problems) - 100)
								   ELSE '' END,
				  TABLE = source::text, COLUMN = 'config_json';
	END IF;

	IF coalesce(old_reason, '') = '' THEN
		PERFORM set_config('integration_schemas.reason', format('import from %s', source), true);
	END IF;
	UPDATE @extschema@.node_configurations AS n
	   SET parent_id = r.parent_id, node_type = r.node_type, config_json = r.config_json
	  FROM unnest(rows) AS r
	 WHERE (n.org_id, n.node_id) = (r.org_id, r.node_id)
	   AND (n.parent_id, n.node_type, n.config_json)
		   IS DISTINCT FROM (r.parent_id, r.node_type, r.config_json);
	GET DIAGNOSTICS updated = ROW_COUNT;
	INSERT INTO @extschema@.node_configurations
		(org_id, node_id, parent_id, node_type, config_json, created_at)
	SELECT r.org_id, r.node_id, r.parent_id, r.node_type, r.config_json, r.created_at
	  FROM unnest(rows) AS r
	 WHERE NOT EXISTS (SELECT FROM @extschema@.node_configurations AS n
						WHERE (n.org_id, n.node_id) = (r.org_id, r.node_id));
	GET DIAGNOSTICS inserted = ROW_COUNT;
	unchanged := cardinality(rows) - inserted - updated;
	PERFORM set_config('integration_schemas.reason', coalesce(old_reason, ''), true);
END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_import(regclass) IS
	'takes the rows of another table of nodes over: new ones are added, others of the same name changed; a bad document is refused with its node''s name';
