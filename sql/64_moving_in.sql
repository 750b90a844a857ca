-- Moving in: a platform that has tables of its own takes their rows over.
--
-- Columns are matched by name; what a source does not have gets its default. A
-- second call brings what has changed since, so that both can be kept for a
-- while. The source is read, and the rows are written, with the caller's rights.

CREATE FUNCTION @extschema@.integration_schemas_import(source regclass,
	OUT inserted bigint, OUT updated bigint, OUT unchanged bigint)
	LANGUAGE plpgsql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows @extschema@.integration_schemas[];
BEGIN
	EXECUTE format(
		'SELECT coalesce(array_agg(jsonb_populate_record(NULL::%1$s,'
		-- whose row it is, is for the triggers to say; JSON may be kept as text
		'   r - ''origin'' || CASE jsonb_typeof(r -> ''fields'')'
		'     WHEN ''string'' THEN jsonb_build_object(''fields'', (r ->> ''fields'')::jsonb)'
		'     ELSE ''{}'' END)), ''{}'')'
		'  FROM (SELECT jsonb_strip_nulls(to_jsonb(s) - ''fields'')'
		'               || jsonb_build_object(''fields'', coalesce(to_jsonb(s) -> ''fields'', ''[]'')) AS r'
		'          FROM %2$s AS s) AS s',
		'@extschema@.integration_schemas', source) INTO rows;

	WITH old AS (
		SELECT s.id, coalesce(s.name, s.id) AS name, coalesce(s.category, 'other') AS category,
			   coalesce(s.description, '') AS description, s.docs_url, s.icon_url,
			   coalesce(s.display_order, 999) AS display_order, coalesce(s.featured, false) AS featured,
			   coalesce(s.required, false) AS required, coalesce(s.locked, false) AS locked, s.fields
		  FROM unnest(rows) AS s
	)
	UPDATE @extschema@.integration_schemas AS t
	   SET name = o.name, category = o.category, description = o.description,
		   docs_url = o.docs_url, icon_url = o.icon_url, display_order = o.display_order,
		   featured = o.featured, required = o.required, locked = o.locked, fields = o.fields
	  FROM old AS o
	 WHERE o.id = t.id
	   AND (o.name, o.category, o.description, o.docs_url, o.icon_url, o.display_order,
			o.featured, o.required, o.locked, o.fields)
		   IS DISTINCT FROM
		   (t.name, t.category, t.description, t.docs_url, t.icon_url, t.display_order,
			t.featured, t.required, t.locked, t.fields);
	GET DIAGNOSTICS updated = ROW_COUNT;

	INSERT INTO @extschema@.integration_schemas (id, name, category, description, docs_url,
		icon_url, display_order, featured, required, locked, fields, created_at)
	SELECT s.id, coalesce(s.name, s.id), coalesce(s.category, 'other'), coalesce(s.description, ''),
		   s.docs_url, s.icon_url, coalesce(s.display_order, 999), coalesce(s.featured, false),
		   coalesce(s.required, false), coalesce(s.locked, false), s.fields,
		   coalesce(s.created_at, now())
	  FROM unnest(rows) AS s
	 WHERE NOT EXISTS (SELECT FROM @extschema@.integration_schemas AS t WHERE t.id = s.id);
	GET DIAGNOSTICS inserted = ROW_COUNT;
	unchanged := cardinality(rows) - inserted - updated;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_schemas_import(regclass) IS
	'takes the rows of another catalogue table over: new ones are added, others of the same id changed';

CREATE FUNCTION @extschema@.integration_config_import(source regclass,
	overwrite boolean DEFAULT true,
	OUT inserted bigint, OUT updated bigint, OUT unchanged bigint)
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_import(regclass, boolean) IS
	'takes the rows of another table of nodes over: new ones are added, others of the same name changed, unless they were changed here meanwhile and overwrite is false; a bad document is refused with its node''s name';
