-- JSON Schema: an integration's config as a schema, and a published schema as
-- a row for the catalogue. Neither is hot, and both are trees of jsonb that are gone
-- through: the functions are in PL/pgSQL but for the dialects of patterns.

--
-- Export. The functions below go through field definitions; the options are
-- {"effective": what is required counts, "annotations", "formats", "form"}.
--

CREATE FUNCTION integration_schemas_internal.pattern_to_ecma(pattern text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pattern_to_ecma_sql';
COMMENT ON FUNCTION integration_schemas_internal.pattern_to_ecma(text) IS
	'a regular expression of PostgreSQL''s in JSON Schema''s dialect (ECMA-262), null where there is none';

-- Formats as patterns: what they refuse is of no such format, and what they take
-- is, but for what the page on JSON Schema lists.
CREATE FUNCTION integration_schemas_internal.format_pattern(format text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE format
		WHEN 'uri' THEN '^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]*$'
		WHEN 'http-url' THEN '^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#<>"{}|\\^`]+[^\s<>"{}|\\^`]*$'
		WHEN 'hostname' THEN '^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$'
		WHEN 'host' THEN '^[A-Za-z0-9_.:-]+$'
		WHEN 'host-port' THEN '^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}$'
		WHEN 'ipv4' THEN '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}$'
		WHEN 'ipv6' THEN '^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$'
		WHEN 'cidr' THEN '^[0-9A-Fa-f:.]+/[0-9]{1,3}$'
		WHEN 'email' THEN '^[^\s@]+@[^\s@]+$'
		WHEN 'uuid' THEN '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
		WHEN 'date' THEN '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
		WHEN 'time' THEN '^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$'
		WHEN 'date-time' THEN '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$'
		WHEN 'duration' THEN '^P([0-9]+W|(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)$' END;
END;
COMMENT ON FUNCTION integration_schemas_internal.format_pattern(text) IS
	'a format as a pattern of JSON Schema, for validators that know no formats';

CREATE FUNCTION integration_schemas_internal.field_has_default(field jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(field ? 'default_value' AND NOT (jsonb_typeof(field -> 'default_value') = 'string' AND field ->> 'default_value' ~ '^\s*$'), false);
END;
COMMENT ON FUNCTION integration_schemas_internal.field_has_default(jsonb) IS
	'whether a field has a default that is a value';

-- A field has a default, or an object whose own fields' defaults leave nothing
-- missing in it, so that nobody need give it.
CREATE FUNCTION integration_schemas_internal.field_fills_itself(field jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF integration_schemas_internal.field_has_default(field) THEN
		RETURN true;
	ELSIF NOT field ? 'fields' OR field ? 'variants' THEN
		RETURN false;
	END IF;
	RETURN EXISTS (SELECT FROM jsonb_array_elements(field -> 'fields') AS f
					WHERE integration_schemas_internal.field_has_default(f) OR f -> 'required' = 'true' AND integration_schemas_internal.field_fills_itself(f))
	   AND NOT EXISTS (SELECT FROM jsonb_array_elements(field -> 'fields') AS f
						WHERE (f -> 'required' = 'true' OR f ? 'required_unless')
						  AND NOT integration_schemas_internal.field_fills_itself(f)
						  -- it applies, by the defaults of its siblings
						  AND NOT EXISTS (SELECT FROM jsonb_each(coalesce(f -> 'applies_when', '{}')) AS a
										   WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(field -> 'fields') AS s
															  WHERE s ->> 'name' = a.key AND a.value @> jsonb_build_array(s -> 'default_value'))));
END $$;
COMMENT ON FUNCTION integration_schemas_internal.field_fills_itself(jsonb) IS
	'whether a required field has a value where nobody gives one';

-- The schema that an object passes where a field of it applies; null where it always
-- does.
CREATE FUNCTION integration_schemas_internal.export_applies(siblings jsonb, field jsonb, depth integer DEFAULT 0) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts   jsonb := '[]';
	name    text;
	values_ jsonb;
	sibling jsonb;
	outer_  jsonb;
	stands  boolean;
BEGIN
	IF (field ? 'applies_when') IS NOT TRUE OR depth > 16 THEN
		RETURN NULL;
	END IF;
	FOR name, values_ IN SELECT * FROM jsonb_each(field -> 'applies_when') LOOP
		sibling := siblings -> name;
		stands := values_ @> jsonb_build_array(sibling -> 'default_value');
		parts := parts || jsonb_build_array(jsonb_build_object('properties', jsonb_build_object(name,
					jsonb_build_object('enum', values_ || CASE WHEN stands THEN '[null]' ELSE '[]'::jsonb END)))
				|| CASE WHEN coalesce(stands, false) THEN '{}' ELSE jsonb_build_object('required', jsonb_build_array(name)) END);
		outer_ := integration_schemas_internal.export_applies(siblings, sibling, depth + 1);
		IF outer_ IS NOT NULL THEN
			parts := parts || jsonb_build_array(outer_);
		END IF;
	END LOOP;
	RETURN CASE jsonb_array_length(parts) WHEN 1 THEN parts -> 0 ELSE jsonb_build_object('allOf', parts) END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_applies(jsonb, jsonb, integer) IS
	'the JSON Schema that an object passes where one of its fields applies';

-- The schema that an object passes where one of the fields has a value.
CREATE FUNCTION integration_schemas_internal.export_has_value(siblings jsonb, names jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE count(*) WHEN 1 THEN jsonb_agg(s) -> 0 ELSE jsonb_build_object('anyOf', jsonb_agg(s)) END
	  FROM (SELECT CASE WHEN a IS NULL THEN v ELSE jsonb_build_object('allOf', jsonb_build_array(v, a)) END AS s
			  FROM (SELECT DISTINCT name FROM jsonb_array_elements_text(names) AS name) AS n,
				   LATERAL (SELECT jsonb_build_object('required', jsonb_build_array(n.name), 'properties',
								jsonb_build_object(n.name, '{"not": {"enum": [null, ""]}}'::jsonb)) AS v,
								integration_schemas_internal.export_applies(siblings, siblings -> n.name) AS a) AS l) AS parts
$$;
COMMENT ON FUNCTION integration_schemas_internal.export_has_value(jsonb, jsonb) IS
	'the JSON Schema that an object passes where one of these fields has a value';

-- Whether a field has to be given in each object: 'always', 'never' or 'at times'.
CREATE FUNCTION integration_schemas_internal.export_demand(siblings jsonb, field jsonb, options jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN options -> 'effective' IS DISTINCT FROM 'true' OR integration_schemas_internal.field_has_default(field)
				  OR field -> 'required' = 'true' AND integration_schemas_internal.field_fills_itself(field) THEN 'never'
				WHEN field -> 'required' = 'true' AND NOT field ? 'applies_when' THEN 'always'
				WHEN NOT field ? 'applies_when' AND EXISTS (SELECT FROM jsonb_array_elements_text(field -> 'required_with') AS w
						WHERE integration_schemas_internal.field_has_default(siblings -> w) AND NOT siblings -> w ? 'applies_when') THEN 'always'
				WHEN field -> 'required' = 'true' OR field ? 'required_with' AND field -> 'required_with' <> '[]'
				  OR field ? 'required_unless' AND field -> 'required_unless' <> '[]' THEN 'at times' ELSE 'never' END
$$;
COMMENT ON FUNCTION integration_schemas_internal.export_demand(jsonb, jsonb, jsonb) IS
	'whether a field has to be given: always, never or at times';

CREATE FUNCTION integration_schemas_internal.export_value(field jsonb, options jsonb, nullable boolean, needed boolean) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind     text := coalesce(field ->> 'type', 'string');
	form     boolean := coalesce((options ->> 'form')::boolean, false);
	formats  boolean := coalesce((options ->> 'formats')::boolean, false) OR form;
	json_type text := CASE kind WHEN 'secret' THEN 'string' ELSE kind END;
	schema   jsonb := '{}';
	patterns text[] := '{}';
	format_  text := field ->> 'format';
	word     text;
BEGIN
	schema := jsonb_strip_nulls(jsonb_build_object(
		'title', field -> 'display_name',
		'description', CASE WHEN form THEN NULL ELSE field -> 'description' END,
		-- what a form generator would write down for everybody
		'default', CASE WHEN form THEN NULL ELSE field -> 'default_value' END,
		'deprecated', CASE WHEN field ? 'deprecated' AND field -> 'deprecated' <> 'false' THEN true END,
		'examples', CASE WHEN field ? 'examples' THEN field -> 'examples' WHEN field ? 'placeholder' AND kind IN ('string', 'secret') AND NOT form THEN jsonb_build_array(field -> 'placeholder') END,
		'writeOnly', CASE WHEN kind = 'secret' THEN true END));
	IF options -> 'annotations' = 'true' THEN
		schema := schema || (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(field) AS m WHERE m.key LIKE 'x-%')
			|| CASE WHEN field -> 'multiline' = 'true' THEN '{"multiline": true}' ELSE '{}'::jsonb END;
	END IF;
	IF kind = 'json' THEN
		RETURN schema || CASE WHEN needed THEN '{"not": {"enum": [null, ""]}}' ELSE '{}'::jsonb END;
	END IF;
	schema := schema || jsonb_build_object('type', CASE WHEN nullable THEN jsonb_build_array(json_type, 'null') ELSE to_jsonb(json_type) END);
	IF field ? 'allowed_values' THEN
		schema := schema || jsonb_build_object('enum', (field -> 'allowed_values') || CASE WHEN nullable THEN '[null]' ELSE '[]'::jsonb END);
	END IF;
	IF kind IN ('string', 'secret') THEN
		IF field ? 'pattern' THEN
			patterns := patterns || integration_schemas_internal.pattern_to_ecma(field ->> 'pattern');
		END IF;
		IF format_ IS NOT NULL AND NOT formats THEN
			patterns := patterns || integration_schemas_internal.format_pattern(format_);
		ELSIF format_ IS NOT NULL AND format_ NOT IN ('host', 'host-port', 'cidr') THEN
			schema := schema || jsonb_build_object('format', CASE format_ WHEN 'http-url' THEN 'uri' ELSE format_ END);
		END IF;
		IF form AND kind = 'secret' THEN
			schema := schema || '{"format": "password"}';
		END IF;
		patterns := array_remove(patterns, NULL);
		IF cardinality(patterns) = 1 THEN
			schema := schema || jsonb_build_object('pattern', patterns[1]);
		ELSIF cardinality(patterns) > 1 THEN
			schema := schema || jsonb_build_object('allOf', (SELECT jsonb_agg(jsonb_build_object('pattern', p)) FROM unnest(patterns) AS p));
		END IF;
		schema := schema || jsonb_strip_nulls(jsonb_build_object(
			'minLength', CASE WHEN needed THEN to_jsonb(greatest(1, (field ->> 'min_length')::numeric)) ELSE field -> 'min_length' END,
			'maxLength', field -> 'max_length'));
	ELSIF kind IN ('integer', 'number') THEN
		schema := schema || jsonb_strip_nulls(jsonb_build_object('minimum', field -> 'min', 'maximum', field -> 'max',
			'exclusiveMinimum', field -> 'exclusive_min', 'exclusiveMaximum', field -> 'exclusive_max', 'multipleOf', field -> 'multiple_of'));
	ELSIF kind = 'array' THEN
		schema := schema || jsonb_strip_nulls(jsonb_build_object('minItems', field -> 'min_length', 'maxItems', field -> 'max_length',
			'uniqueItems', CASE WHEN field -> 'unique_items' = 'true' THEN true END));
		IF field ? 'items' THEN
			schema := schema || jsonb_build_object('items', integration_schemas_internal.export_value(field -> 'items', options, false, false));
		ELSIF form THEN
			schema := schema || '{"items": {"type": "string"}}';
		END IF;
	ELSIF kind = 'object' AND field ? 'values' THEN
		schema := schema || jsonb_build_object('additionalProperties', integration_schemas_internal.export_value(field -> 'values', options, NOT form, false));
		IF field ? 'keys' THEN
			word := integration_schemas_internal.pattern_to_ecma(field ->> 'keys');
			IF word IS NOT NULL THEN
				schema := schema || jsonb_build_object('propertyNames', jsonb_build_object('pattern', word));
			END IF;
		END IF;
	ELSIF kind = 'object' AND field ?| ARRAY['fields', 'variants'] THEN
		schema := schema || integration_schemas_internal.export_object(coalesce(field -> 'fields', '[]'), field -> 'variants',
			options || jsonb_build_object('needed', needed));
	END IF;
	RETURN schema;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_value(jsonb, jsonb, boolean, boolean) IS
	'a field''s value as JSON Schema';

-- The properties of a list of fields, with what is required of them.
CREATE FUNCTION integration_schemas_internal.export_fields(fields jsonb, siblings jsonb, options jsonb,
	OUT properties jsonb, OUT needed jsonb, OUT conditions jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	form boolean := coalesce((options ->> 'form')::boolean, false);
BEGIN
	SELECT coalesce(jsonb_object_agg(f.field ->> 'name', f.schema) FILTER (WHERE NOT (form AND f.applies IS NOT NULL)), '{}'),
		   coalesce(jsonb_agg(f.field -> 'name' ORDER BY f.n) FILTER (WHERE f.demand = 'always'), '[]'),
		   coalesce((SELECT jsonb_agg(c) FROM jsonb_path_query(jsonb_agg(f.conditions ORDER BY f.n), '$[*][*]') AS c), '[]')
	  INTO properties, needed, conditions
	  FROM (SELECT d.field, d.n, d.demand, d.applies,
				   integration_schemas_internal.export_value(d.field, options, d.demand <> 'always' AND NOT form, d.demand = 'always') AS schema,
				   -- a form has what applies at times only then
				   CASE WHEN form AND d.applies IS NOT NULL THEN jsonb_build_array(jsonb_build_object('if', d.applies, 'then',
						jsonb_build_object('properties', jsonb_build_object(d.field ->> 'name', integration_schemas_internal.export_value(d.field, options, false, false)))
						|| CASE WHEN d.demand = 'at times' AND d.field -> 'required' = 'true' THEN jsonb_build_object('required', jsonb_build_array(d.field -> 'name')) ELSE '{}'::jsonb END))
						WHEN d.demand = 'at times' THEN
						CASE WHEN d.field -> 'required' = 'true' THEN jsonb_build_array(jsonb_build_object('if', d.applies, 'then', d.given)) ELSE '[]'::jsonb END
						|| CASE WHEN d.field -> 'required' IS DISTINCT FROM 'true' AND d.field ? 'required_with' AND d.field -> 'required_with' <> '[]' THEN
							jsonb_build_array(jsonb_build_object('if', integration_schemas_internal.export_both(integration_schemas_internal.export_any(siblings, d.field -> 'required_with'), d.applies), 'then', d.given)) ELSE '[]'::jsonb END
						|| CASE WHEN d.field -> 'required' IS DISTINCT FROM 'true' AND d.field ? 'required_unless' AND d.field -> 'required_unless' <> '[]'
							 AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(d.field -> 'required_unless') AS u WHERE integration_schemas_internal.field_has_default(siblings -> u) AND NOT siblings -> u ? 'applies_when') THEN
							jsonb_build_array(jsonb_build_object('if', integration_schemas_internal.export_both(jsonb_build_object('not',
								integration_schemas_internal.export_any(siblings, (d.field -> 'required_unless') - (d.field ->> 'name'))), d.applies), 'then', d.given)) ELSE '[]'::jsonb END
						ELSE '[]'::jsonb END AS conditions
			  FROM (SELECT e.field, e.n, integration_schemas_internal.export_demand(siblings, e.field, options) AS demand,
						   integration_schemas_internal.export_applies(siblings, e.field) AS applies,
						   integration_schemas_internal.export_has_value('{}', jsonb_build_array(e.field -> 'name')) AS given
					  FROM jsonb_array_elements(fields) WITH ORDINALITY AS e (field, n)) AS d) AS f;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_fields(jsonb, jsonb, jsonb) IS
	'fields as the properties of a JSON Schema, with what is required of them';

-- One of the fields has a value, defaults included.
CREATE FUNCTION integration_schemas_internal.export_any(siblings jsonb, names jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN jsonb_array_length(names) = 0 THEN '{"not": {}}'
				ELSE (SELECT CASE count(*) WHEN 1 THEN jsonb_agg(s) -> 0 ELSE jsonb_build_object('anyOf', jsonb_agg(s)) END
						FROM (SELECT CASE WHEN integration_schemas_internal.field_has_default(siblings -> n)
										  THEN jsonb_build_object('allOf', jsonb_build_array(coalesce(integration_schemas_internal.export_applies(siblings, siblings -> n), '{}'),
											   jsonb_build_object('properties', jsonb_build_object(n, '{"not": {"enum": [""]}}'::jsonb))))
										  ELSE integration_schemas_internal.export_has_value(siblings, jsonb_build_array(n)) END AS s
								FROM (SELECT DISTINCT n FROM jsonb_array_elements_text(names) AS n) AS d) AS parts) END
$$;
COMMENT ON FUNCTION integration_schemas_internal.export_any(jsonb, jsonb) IS
	'the JSON Schema that an object passes where one of these fields has a value or a default';

CREATE FUNCTION integration_schemas_internal.export_both(one jsonb, other jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN other IS NULL THEN one ELSE jsonb_build_object('allOf', jsonb_build_array(one, other)) END;
END;
COMMENT ON FUNCTION integration_schemas_internal.export_both(jsonb, jsonb) IS
	'the JSON Schema that passes what two pass';

CREATE FUNCTION integration_schemas_internal.export_object(fields jsonb, variants jsonb, options jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	form     boolean := coalesce((options ->> 'form')::boolean, false);
	by_      text := variants ->> 'by';
	by_field jsonb;
	siblings jsonb;
	own      record;
	part     record;
	choice   jsonb;
	branches jsonb := '[]';
	schema   jsonb;
	needed   jsonb;
BEGIN
	IF variants IS NOT NULL THEN
		by_field := jsonb_build_object('name', by_, 'required', true,
			'allowed_values', (SELECT jsonb_agg(c -> 'value') FROM jsonb_array_elements(variants -> 'choices') AS c));
	END IF;
	SELECT coalesce(jsonb_object_agg(f ->> 'name', f), '{}') INTO siblings FROM jsonb_array_elements(CASE WHEN by_field IS NULL THEN fields ELSE fields || by_field END) AS f;
	own := integration_schemas_internal.export_fields(CASE WHEN by_field IS NULL OR form THEN fields ELSE jsonb_build_array(by_field) || fields END, siblings, options);
	schema := jsonb_build_object('properties', own.properties);
	needed := own.needed;
	IF variants IS NULL THEN
		schema := schema || '{"additionalProperties": false}';
		IF form AND own.conditions <> '[]' THEN
			schema := schema - 'additionalProperties';
		END IF;
	ELSE
		FOR choice IN SELECT c FROM jsonb_array_elements(variants -> 'choices') AS c LOOP
			part := integration_schemas_internal.export_fields(coalesce(choice -> 'fields', '[]'),
				siblings || (SELECT coalesce(jsonb_object_agg(f ->> 'name', f), '{}') FROM jsonb_array_elements(coalesce(choice -> 'fields', '[]')) AS f), options);
			branches := branches || jsonb_build_array(CASE WHEN form THEN
				jsonb_strip_nulls(jsonb_build_object('title', coalesce(choice -> 'display_name', choice -> 'value')))
				|| jsonb_build_object('properties', jsonb_build_object(by_, jsonb_build_object('type', 'string', 'const', choice -> 'value', 'default', choice -> 'value')) || part.properties,
									  'required', jsonb_build_array(by_) || part.needed)
				|| CASE WHEN part.conditions <> '[]' THEN jsonb_build_object('allOf', part.conditions) ELSE '{}'::jsonb END
			ELSE
				jsonb_build_object('if', jsonb_build_object('properties', jsonb_build_object(by_, jsonb_build_object('const', choice -> 'value')), 'required', jsonb_build_array(by_)),
					'then', jsonb_build_object('properties', part.properties)
							|| CASE WHEN part.needed <> '[]' THEN jsonb_build_object('required', part.needed) ELSE '{}'::jsonb END
							|| CASE WHEN part.conditions <> '[]' THEN jsonb_build_object('allOf', part.conditions) ELSE '{}'::jsonb END)
			END);
		END LOOP;
		IF NOT form AND options -> 'effective' IS DISTINCT FROM 'true' THEN
			-- a layer may leave the choice to another one, and then give any choice's fields
			branches := branches || jsonb_build_array(jsonb_build_object('if', jsonb_build_object('properties', jsonb_build_object(by_, '{"enum": [null]}'::jsonb)),
				'then', jsonb_build_object('properties', (SELECT coalesce(jsonb_object_agg(name, 'true'::jsonb), '{}')
					FROM (SELECT DISTINCT f ->> 'name' AS name FROM jsonb_array_elements(variants -> 'choices') AS c, jsonb_array_elements(coalesce(c -> 'fields', '[]')) AS f) AS n))));
		END IF;
		IF form AND options -> 'needed' IS DISTINCT FROM 'true' THEN
			-- nobody has to choose, and nothing is chosen for anybody; of another type, so
			-- that react-jsonschema-form takes a choice for a new value and not an old one
			branches := jsonb_build_array(jsonb_build_object('title', 'Not chosen', 'properties', jsonb_build_object(by_, '{"type": "integer"}'::jsonb),
				'not', jsonb_build_object('required', jsonb_build_array(by_)))) || branches;
		END IF;
		schema := schema || CASE WHEN form THEN jsonb_build_object('oneOf', branches, 'discriminator', jsonb_build_object('propertyName', by_))
			ELSE jsonb_build_object('allOf', branches, 'unevaluatedProperties', false) END;
	END IF;
	schema := schema || jsonb_build_object('required', needed);
	IF own.conditions <> '[]' THEN
		schema := schema || jsonb_build_object('allOf', coalesce(schema -> 'allOf', '[]') || own.conditions);
	END IF;
	RETURN schema;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_object(jsonb, jsonb, jsonb) IS
	'an object of fields, and of alternatives, as JSON Schema';

-- The user interface schema of react-jsonschema-form.
CREATE FUNCTION integration_schemas_internal.export_ui(fields jsonb, variants jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	all_  jsonb := fields;
BEGIN
	IF variants IS NOT NULL THEN
		all_ := jsonb_build_array(jsonb_build_object('name', variants -> 'by', 'x-hidden', true)) || fields
			|| coalesce((SELECT jsonb_agg(f) FROM jsonb_array_elements(variants -> 'choices') AS c, jsonb_array_elements(coalesce(c -> 'fields', '[]')) AS f), '[]');
	END IF;
	RETURN (SELECT coalesce(jsonb_object_agg(f ->> 'name', u.ui) FILTER (WHERE u.ui <> '{}'), '{}')
			  FROM jsonb_array_elements(all_) AS f, LATERAL (SELECT integration_schemas_internal.export_ui_field(f) AS ui) AS u)
		|| jsonb_build_object('ui:order', (SELECT coalesce(jsonb_agg(n.name ORDER BY n.first), '[]') || '["*"]'
											 FROM (SELECT f -> 'name' AS name, min(o) AS first FROM jsonb_array_elements(all_) WITH ORDINALITY AS e (f, o) GROUP BY 1) AS n));
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_ui(jsonb, jsonb) IS
	'how a form shows an object of fields: react-jsonschema-form''s uiSchema';

CREATE FUNCTION integration_schemas_internal.export_ui_field(field jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind text := coalesce(field ->> 'type', 'string');
BEGIN
	RETURN jsonb_strip_nulls(jsonb_build_object(
			'ui:widget', CASE WHEN field -> 'x-hidden' = 'true' THEN 'hidden'
							  WHEN kind IN ('string', 'secret') AND field -> 'multiline' = 'true' AND kind = 'string' THEN 'textarea'
							  WHEN kind = 'secret' THEN 'password' END,
			-- what counts where nothing is filled in, or else an example
			'ui:placeholder', CASE WHEN jsonb_typeof(field -> 'default_value') IN ('string', 'number') THEN to_jsonb(field ->> 'default_value') ELSE field -> 'placeholder' END,
			'ui:help', CASE WHEN jsonb_typeof(field -> 'deprecated') = 'string' THEN to_jsonb('Deprecated: ' || (field ->> 'deprecated')) ELSE field -> 'description' END))
		|| CASE WHEN kind = 'array' AND field ? 'items' THEN jsonb_strip_nulls(jsonb_build_object('items', nullif(integration_schemas_internal.export_ui_field(field -> 'items'), '{}'))) ELSE '{}'::jsonb END
		|| CASE WHEN kind = 'object' AND field ? 'values' THEN jsonb_strip_nulls(jsonb_build_object('additionalProperties', nullif(integration_schemas_internal.export_ui_field(field -> 'values'), '{}'))) ELSE '{}'::jsonb END
		|| CASE WHEN kind = 'object' AND field ?| ARRAY['fields', 'variants'] THEN integration_schemas_internal.export_ui(coalesce(field -> 'fields', '[]'), field -> 'variants') ELSE '{}'::jsonb END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_ui_field(jsonb) IS
	'how a form shows a field';

CREATE FUNCTION integration_schemas_internal.export_root(name text, description text, fields jsonb, options jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema', 'title', name, 'description', nullif(description, '')))
		   || '{"type": "object"}' || integration_schemas_internal.export_object(fields, NULL, options)
		   || CASE WHEN options -> 'annotations' = 'true' THEN jsonb_build_object('x-integration-schemas', jsonb_build_object('fields', fields)) ELSE '{}'::jsonb END
$$;
COMMENT ON FUNCTION integration_schemas_internal.export_root(text, text, jsonb, jsonb) IS
	'an integration''s config as JSON Schema';

-- What the catalogue has of an integration, its definitions as they were written.
CREATE FUNCTION integration_schemas_internal.schema_source(id text) RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'schema_source';
COMMENT ON FUNCTION integration_schemas_internal.schema_source(text) IS
	'name, description and fields of an integration, as the catalogue has them';

CREATE FUNCTION integration_schemas_internal.export_level(level text) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF level NOT IN ('platform', 'org', 'unit', 'team', 'effective') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('there is no level "%s"', left(level, 64)),
			HINT = 'Levels are platform, org, unit, team, effective.';
	END IF;
	RETURN level = 'effective';
END $$;
COMMENT ON FUNCTION integration_schemas_internal.export_level(text) IS
	'whether what is required counts at that level';

CREATE FUNCTION @extschema@.integration_schema_json_schema(id text, level text DEFAULT 'effective',
	annotations boolean DEFAULT false, formats boolean DEFAULT false)
	RETURNS jsonb
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 SET search_path = pg_catalog, pg_temp AS $$
	SELECT integration_schemas_internal.export_root(s ->> 'name', s ->> 'description', s -> 'fields',
			   jsonb_build_object('effective', integration_schemas_internal.export_level(level), 'annotations', annotations, 'formats', formats))
	  FROM integration_schemas_internal.schema_source(id) AS s
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_json_schema(text, text, boolean, boolean) IS
	'the config of one integration as a JSON Schema (draft 2020-12), for validators: of a merged document (level effective) or of one layer';

CREATE FUNCTION @extschema@.integration_schema_form(id text, level text DEFAULT 'effective')
	RETURNS jsonb
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object(
			   'schema', integration_schemas_internal.export_root(s ->> 'name', s ->> 'description', s -> 'fields',
					jsonb_build_object('effective', integration_schemas_internal.export_level(level), 'form', true)) - '$schema',
			   'ui', integration_schemas_internal.export_ui(s -> 'fields', NULL))
	  FROM integration_schemas_internal.schema_source(id) AS s
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_form(text, text) IS
	'the config of one integration for form generators: a JSON Schema, and the uiSchema of react-jsonschema-form';
--
-- Import. The functions below follow a schema from the root; each gives what it
-- made of its part and, as arrays of {"path", "reason"}, what it cannot take
-- (problems) and what it leaves out (notes).
--

CREATE FUNCTION integration_schemas_internal.pattern_from_ecma(pattern text, OUT translated text, OUT problem text)
	RETURNS record
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pattern_from_ecma_sql';
COMMENT ON FUNCTION integration_schemas_internal.pattern_from_ecma(text) IS
	'a regular expression of JSON Schema''s dialect (ECMA-262) as PostgreSQL reads it, or why there is none';

CREATE FUNCTION integration_schemas_internal.check_definitions(fields jsonb) RETURNS void
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'check_definitions_sql';
COMMENT ON FUNCTION integration_schemas_internal.check_definitions(jsonb) IS
	'an error where field definitions are not what the catalogue takes';

CREATE FUNCTION integration_schemas_internal.schema_finding(path text, reason text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_build_array(jsonb_build_object('path', path, 'reason', reason));
END;
COMMENT ON FUNCTION integration_schemas_internal.schema_finding(text, text) IS
	'one problem, or note, of an import of JSON Schema';

CREATE FUNCTION integration_schemas_internal.schema_step(path text, step text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT path || '/' || replace(replace(step, '~', '~0'), '/', '~1');
END;
COMMENT ON FUNCTION integration_schemas_internal.schema_step(text, text) IS
	'a JSON Pointer, one step further down';

-- Objects have no order in jsonb; where the schema came as text, it is noted in
-- the members of "properties" themselves.
CREATE FUNCTION integration_schemas_internal.schema_ordered(schema json) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	CASE json_typeof(schema)
		WHEN 'object' THEN
			RETURN (SELECT coalesce(jsonb_object_agg(m.key,
							CASE WHEN m.key = 'properties' AND json_typeof(m.value) = 'object' THEN
								(SELECT coalesce(jsonb_object_agg(p.key,
											integration_schemas_internal.schema_ordered(p.value)
											|| CASE WHEN json_typeof(p.value) = 'object'
													THEN jsonb_build_object('$order', p.n) ELSE '{}'::jsonb END), '{}')
								   FROM json_each(m.value) WITH ORDINALITY AS p (key, value, n))
							ELSE integration_schemas_internal.schema_ordered(m.value) END), '{}')
					  FROM json_each(schema) AS m);
		WHEN 'array' THEN
			RETURN (SELECT coalesce(jsonb_agg(integration_schemas_internal.schema_ordered(e.value) ORDER BY e.n), '[]')
					  FROM json_array_elements(schema) WITH ORDINALITY AS e (value, n));
		ELSE
			RETURN schema::jsonb;
	END CASE;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_ordered(json) IS
	'a JSON Schema as jsonb, with the order of its properties noted in them';

CREATE FUNCTION integration_schemas_internal.schema_of_text(schema text) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF octet_length(schema) > 4 * 1024 * 1024 THEN
		RAISE program_limit_exceeded USING MESSAGE = 'JSON Schema is too large', DETAIL = 'A schema has at most 4 MB.';
	END IF;
	RETURN integration_schemas_internal.schema_ordered(schema::json);
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
	RAISE invalid_parameter_value USING MESSAGE = 'the schema is not valid JSON', DETAIL = SQLERRM;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_of_text(text) IS
	'a JSON Schema that was given as text, with the order of its properties noted in them';

-- References that fan out could make more of a schema than there is room for: how
-- many schemas it is once each is in its place, or more than the limit.
CREATE FUNCTION integration_schemas_internal.schema_size(root jsonb) RETURNS numeric
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	targets text[];
	sizes   jsonb;
	size    numeric := 0;
BEGIN
	SELECT array_agg(DISTINCT r #>> '{}') INTO targets
	  FROM jsonb_path_query(root, 'strict $.** ? (@.type() == "object" && exists (@."$ref"))."$ref"') AS r WHERE jsonb_typeof(r) = 'string';
	IF targets IS NULL THEN
		RETURN 0;
	END IF;
	SELECT jsonb_object_agg(t, 1) INTO sizes FROM unnest(targets) AS t;
	FOR level IN 1 .. 16 LOOP
		SELECT jsonb_object_agg(t.target, least(1000000000, 1 + t.total)) INTO sizes
		  FROM (SELECT target, (SELECT coalesce(sum((sizes ->> (r #>> '{}'))::numeric), 0)
								  FROM jsonb_path_query(integration_schemas_internal.schema_at(root, target), 'strict $.** ? (@.type() == "object" && exists (@."$ref"))."$ref"') AS r) AS total
				  FROM unnest(targets) AS target) AS t;
	END LOOP;
	SELECT sum((sizes ->> (r #>> '{}'))::numeric) INTO size FROM jsonb_path_query(root, 'strict $.** ? (@.type() == "object" && exists (@."$ref"))."$ref"') AS r;
	RETURN size;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_size(jsonb) IS
	'how many references a JSON Schema has once each is replaced by what it refers to';

CREATE FUNCTION integration_schemas_internal.schema_at(root jsonb, reference text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN reference = '#' THEN root
				WHEN reference LIKE '#/%' THEN root #> ARRAY(
					SELECT replace(replace(replace(step, '%25', '%'), '~1', '/'), '~0', '~')
					  FROM unnest(string_to_array(substr(reference, 3), '/')) WITH ORDINALITY AS s (step, n) ORDER BY n) END;
END;
COMMENT ON FUNCTION integration_schemas_internal.schema_at(jsonb, text) IS
	'what a reference within a JSON Schema refers to';

-- One schema over another of the same value: members of both must say the same, but
-- for texts, where the upper one's stand.
CREATE FUNCTION integration_schemas_internal.schema_both(upper jsonb, lower jsonb, OUT both_of jsonb, OUT clash text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key   text;
	value jsonb;
	name  text;
BEGIN
	both_of := upper;
	FOR key, value IN SELECT * FROM jsonb_each(lower) LOOP
		IF NOT both_of ? key OR both_of -> key = value THEN
			both_of := both_of || jsonb_build_object(key, value);
		ELSIF key IN ('title', 'description', 'default', 'examples', 'example', '$order', 'order', '$comment', '$id', '$schema') THEN
			NULL;
		ELSIF key = 'required' AND jsonb_typeof(value) = 'array' THEN
			both_of := both_of || jsonb_build_object(key, (both_of -> key) || value);
		ELSIF key IN ('properties', '$defs', 'definitions') AND jsonb_typeof(value) = 'object' THEN
			SELECT p.key INTO name FROM jsonb_each(value) AS p
			 WHERE both_of -> key ? p.key AND (both_of -> key -> p.key) - '$order' <> p.value - '$order' LIMIT 1;
			IF name IS NOT NULL THEN
				clash := format('its parts say different things of "%s"', name);
			END IF;
			both_of := both_of || jsonb_build_object(key, value || (both_of -> key));
		ELSE
			clash := format('its parts have different values of "%s"', key);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_both(jsonb, jsonb) IS
	'two JSON Schemas of one value as one';

-- A schema with what it refers to, and the parts of an allOf, in its place, and
-- without the alternative that is null.
CREATE FUNCTION integration_schemas_internal.schema_flat(root jsonb, schema jsonb, refs text[],
	OUT flat jsonb, OUT seen text[], OUT problem text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part   jsonb;
	inner_ record;
	both_  record;
	word   text;
	rest   jsonb;
BEGIN
	flat := CASE WHEN jsonb_typeof(schema) = 'object' THEN schema WHEN schema = 'true' THEN '{}' END;
	seen := refs;
	IF flat IS NULL THEN
		problem := CASE WHEN schema = 'false' THEN 'no value would be right' ELSE 'a schema is an object' END;
		flat := '{}';
		RETURN;
	END IF;
	WHILE flat ? '$ref' LOOP
		word := flat ->> '$ref';
		part := integration_schemas_internal.schema_at(root, word);
		IF part IS NULL OR jsonb_typeof(part) <> 'object' THEN
			problem := format('it refers to %s, which is not in the schema', quote_ident(left(coalesce(word, 'nothing'), 80)));
		ELSIF word = ANY (seen) THEN
			problem := format('it refers to %s, in which it is itself', quote_ident(left(word, 80)));
		END IF;
		EXIT WHEN problem IS NOT NULL;
		seen := seen || word;
		flat := part || (flat - '$ref');
	END LOOP;
	IF problem IS NOT NULL THEN
		flat := flat - '$ref';
		RETURN;
	END IF;
	problem := CASE WHEN flat ? 'allOf' AND jsonb_typeof(flat -> 'allOf') <> 'array' OR flat ? 'anyOf' AND jsonb_typeof(flat -> 'anyOf') <> 'array'
						 OR flat ? 'oneOf' AND jsonb_typeof(flat -> 'oneOf') <> 'array' THEN 'allOf, anyOf and oneOf are arrays' END;
	IF jsonb_typeof(flat -> 'allOf') = 'array' THEN
		rest := flat -> 'allOf';
		flat := flat - 'allOf';
		FOR part IN SELECT * FROM jsonb_array_elements(rest) LOOP
			inner_ := integration_schemas_internal.schema_flat(root, part, seen);
			problem := coalesce(problem, inner_.problem);
			seen := inner_.seen;
			part := inner_.flat;
			IF part ? 'if' THEN
				flat := flat || jsonb_build_object('$ifs', coalesce(flat -> '$ifs', '[]')
						|| jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('if', part -> 'if', 'then', part -> 'then', 'else', part -> 'else'))));
				part := part - ARRAY['if', 'then', 'else'];
			END IF;
			both_ := integration_schemas_internal.schema_both(flat, part);
			flat := both_.both_of;
			problem := coalesce(problem, both_.clash);
		END LOOP;
	END IF;
	FOREACH word IN ARRAY ARRAY['anyOf', 'oneOf'] LOOP
		CONTINUE WHEN jsonb_typeof(flat -> word) IS DISTINCT FROM 'array';
		SELECT coalesce(jsonb_agg(e ORDER BY n), '[]') INTO rest
		  FROM jsonb_array_elements(flat -> word) WITH ORDINALITY AS m (e, n)
		 WHERE (e -> 'type' IN ('"null"', '["null"]')) IS NOT TRUE AND e -> 'const' IS DISTINCT FROM 'null' AND e -> 'enum' IS DISTINCT FROM '[null]';
		IF rest = '[]' THEN
			problem := coalesce(problem, 'no value but null would be right');
		END IF;
		flat := flat - word;
		IF jsonb_array_length(rest) > 1 THEN
			flat := flat || jsonb_build_object(word, rest);
		ELSIF jsonb_array_length(rest) = 1 THEN
			inner_ := integration_schemas_internal.schema_flat(root, rest -> 0, seen);
			problem := coalesce(problem, inner_.problem);
			seen := inner_.seen;
			both_ := integration_schemas_internal.schema_both(flat, inner_.flat);
			flat := both_.both_of;
			problem := coalesce(problem, both_.clash);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_flat(jsonb, jsonb, text[]) IS
	'a JSON Schema without references, allOf and the alternative null';

-- Whether a schema is marked as a secret's: true, false, or null with the mark that
-- is not understood.
CREATE FUNCTION integration_schemas_internal.schema_secret(schema jsonb, OUT secret boolean, OUT mark text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key   text;
	value jsonb;
BEGIN
	secret := schema -> 'format' IS NOT DISTINCT FROM '"password"';
	FOR key, value IN SELECT * FROM jsonb_each(schema) LOOP
		-- in any spelling, "x-" and "is" in front or not
		IF regexp_replace(lower(regexp_replace(key, '[^A-Za-z]', '', 'g')), '^(x|is)', '') IN
				('secret', 'sensitive', 'encrypted', 'password', 'confidential', 'writeonly', 'airbytesecret') THEN
			IF jsonb_typeof(value) = 'boolean' THEN
				secret := secret OR value = 'true';
			ELSIF value <> 'null' THEN
				mark := key;
			END IF;
		ELSIF key ~* 'secret|encrypt' AND value NOT IN ('false', 'null') THEN
			mark := key;
		END IF;
	END LOOP;
	IF mark IS NOT NULL AND NOT secret THEN
		secret := NULL;
	END IF;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_secret(jsonb) IS
	'whether a JSON Schema is marked as a secret''s';

CREATE FUNCTION integration_schemas_internal.schema_has_secret(root jsonb, schema jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	seen   text[] := '{}';
	parts  jsonb := jsonb_build_array(schema);
	others text[];
BEGIN
	LOOP
		IF EXISTS (SELECT FROM jsonb_path_query(parts, 'strict $.** ? (@.type() == "object")') AS inside,
						   integration_schemas_internal.schema_secret(inside) AS s WHERE s.secret IS NOT FALSE) THEN
			RETURN true;
		END IF;
		SELECT array_agg(DISTINCT r #>> '{}') INTO others FROM jsonb_path_query(parts, 'strict $.** ? (@.type() == "object" && exists (@."$ref"))."$ref"') AS r
		 WHERE jsonb_typeof(r) = 'string' AND r #>> '{}' <> ALL (seen);
		IF others IS NULL THEN
			RETURN false;
		END IF;
		seen := seen || others;
		SELECT coalesce(jsonb_agg(integration_schemas_internal.schema_at(root, o)), '[]') INTO parts FROM unnest(others) AS o;
	END LOOP;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_has_secret(jsonb, jsonb) IS
	'whether anything in a JSON Schema, or in what it refers to, is marked as a secret''s';

-- The type of a schema that may leave it out; null for several.
CREATE FUNCTION integration_schemas_internal.schema_type(schema jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	types text[];
BEGIN
	IF jsonb_typeof(schema -> 'type') = 'string' AND schema ->> 'type' <> 'null' THEN
		RETURN schema ->> 'type';
	ELSIF jsonb_typeof(schema -> 'type') = 'array' THEN
		SELECT array_agg(DISTINCT t) INTO types FROM jsonb_array_elements_text(schema -> 'type') AS t WHERE t <> 'null';
		IF cardinality(types) = 1 THEN
			RETURN types[1];
		ELSIF types @> '{integer,number}' AND cardinality(types) = 2 THEN
			RETURN 'number';
		END IF;
		RETURN NULL;
	ELSIF schema ?| ARRAY['properties', 'additionalProperties', 'patternProperties'] THEN
		RETURN 'object';
	ELSIF schema ? 'items' THEN
		RETURN 'array';
	ELSIF schema ? 'const' OR jsonb_typeof(schema -> 'enum') = 'array' THEN
		SELECT array_agg(DISTINCT jsonb_typeof(v)) INTO types
		  FROM jsonb_array_elements(CASE WHEN schema ? 'const' THEN jsonb_build_array(schema -> 'const') ELSE schema -> 'enum' END) AS v
		 WHERE v <> 'null';
		RETURN CASE WHEN cardinality(types) = 1 AND types[1] IN ('string', 'number', 'boolean') THEN types[1] END;
	ELSIF schema ?| ARRAY['pattern', 'minLength', 'maxLength', 'format'] THEN
		RETURN 'string';
	ELSIF schema ?| ARRAY['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] THEN
		RETURN 'number';
	ELSIF jsonb_typeof(schema -> 'default') IN ('string', 'number', 'boolean') THEN
		RETURN jsonb_typeof(schema -> 'default');
	END IF;
	RETURN CASE WHEN (integration_schemas_internal.schema_secret(schema)).secret THEN 'string' END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_type(jsonb) IS
	'the type of a JSON Schema''s values; null for several, or any';

-- The one constant string that a property of a schema may have; null for none.
CREATE FUNCTION integration_schemas_internal.schema_constant(root jsonb, schema jsonb, name text, refs text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	flat     jsonb := (integration_schemas_internal.schema_flat(root, schema -> 'properties' -> name, refs)).flat;
	constant jsonb := coalesce(flat -> 'const', CASE WHEN jsonb_typeof(flat -> 'enum') = 'array' AND jsonb_array_length(flat -> 'enum') = 1 THEN flat -> 'enum' -> 0 END);
BEGIN
	RETURN CASE WHEN jsonb_typeof(constant) = 'string' THEN nullif(constant #>> '{}', '') END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.schema_constant(jsonb, jsonb, text, text[]) IS
	'the only string that a property can have';

-- Which rules a schema has that no field can have.
CREATE FUNCTION integration_schemas_internal.schema_unknown_rules(schema jsonb, path text, type text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_build_object('path', integration_schemas_internal.schema_step(path, r.name), 'reason', 'a rule that no field can have') ORDER BY r.name), '[]')
	  FROM (VALUES ('not', NULL), ('contains', 'array'), ('minContains', 'array'), ('maxContains', 'array'), ('unevaluatedItems', 'array'),
				   ('minProperties', 'object'), ('maxProperties', 'object'), ('dependentSchemas', 'object')) AS r (name, of)
	 WHERE schema ? r.name AND (r.of IS NULL OR r.of = type OR type IS NULL)
		   AND schema -> r.name NOT IN ('true', '{}', '0') OR schema ? r.name AND r.name = 'not';
END;
COMMENT ON FUNCTION integration_schemas_internal.schema_unknown_rules(jsonb, text, text) IS
	'the rules of a JSON Schema that no field can have';

-- Which keywords a schema has that say nothing here.
CREATE FUNCTION integration_schemas_internal.schema_left_out(schema jsonb, path text, type text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(jsonb_agg(jsonb_build_object('path', integration_schemas_internal.schema_step(path, key),
			'reason', CASE WHEN known.types IS NULL THEN 'no keyword that is known' ELSE 'says nothing of its type' END) ORDER BY key), '[]')
	  FROM jsonb_object_keys(schema) AS key
	  LEFT JOIN (VALUES
		('title', '*'), ('description', '*'), ('type', '*'), ('default', '*'), ('examples', '*'), ('example', '*'), ('enum', '*'), ('const', '*'),
		('$schema', '*'), ('$id', '*'), ('id', '*'), ('$comment', '*'), ('$defs', '*'), ('definitions', '*'), ('$order', '*'), ('order', '*'), ('$ifs', '*'),
		('deprecated', '*'), ('readOnly', '*'), ('nullable', '*'), ('writeOnly', '*'), ('airbyte_secret', '*'), ('secret', '*'), ('sensitive', '*'),
		('format', '*'), ('anyOf', '*'), ('oneOf', '*'), ('discriminator', '*'), ('if', '*'), ('then', '*'), ('else', '*'), ('multiline', '*'),
		('pattern', 'string'), ('minLength', 'string'), ('maxLength', 'string'),
		('minimum', 'number'), ('maximum', 'number'), ('exclusiveMinimum', 'number'), ('exclusiveMaximum', 'number'), ('multipleOf', 'number'),
		('items', 'array'), ('minItems', 'array'), ('maxItems', 'array'), ('uniqueItems', 'array'),
		('properties', 'object'), ('required', 'object'), ('additionalProperties', 'object'), ('unevaluatedProperties', 'object'),
		('patternProperties', 'object'), ('propertyNames', 'object'), ('dependentRequired', 'object'), ('dependencies', 'object')
		) AS known (name, types) ON known.name = key
	 WHERE key NOT LIKE 'x-%'
	   AND (known.types IS NULL OR known.types NOT IN ('*', CASE type WHEN 'integer' THEN 'number' WHEN 'secret' THEN 'string' ELSE type END));
END;
COMMENT ON FUNCTION integration_schemas_internal.schema_left_out(jsonb, text, text) IS
	'the keywords of a JSON Schema that say nothing of its type, or that nobody knows';

CREATE FUNCTION integration_schemas_internal.import_value(root jsonb, schema jsonb, path text, refs text[], depth integer, lenient boolean,
	OUT definition jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	flat    jsonb;
	resolved record;
	mark    record;
	inside  record;
	kind    text;
	values_ jsonb;
	word    text;
	problem text;
	detail  text;
	place   text;
	of_field boolean;
BEGIN
	resolved := integration_schemas_internal.schema_flat(root, schema, refs);
	flat := resolved.flat;
	definition := '{}';
	problems := '[]';
	notes := '[]';
	IF resolved.problem IS NOT NULL THEN
		problems := integration_schemas_internal.schema_finding(path, resolved.problem);
		RETURN;
	ELSIF depth > 16 THEN
		problems := integration_schemas_internal.schema_finding(path, 'definitions nest at most 16 deep');
		RETURN;
	END IF;
	mark := integration_schemas_internal.schema_secret(flat);
	kind := integration_schemas_internal.schema_type(flat);

	IF mark.secret IS NULL THEN
		problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, mark.mark),
			'a mark of a secret that is not understood');
		RETURN;
	ELSIF flat -> 'type' IN ('"null"', '["null"]') OR flat -> 'enum' IN ('[]', '[null]') OR flat -> 'const' = 'null'
	   OR flat ? 'const' AND jsonb_typeof(flat -> 'enum') = 'array' AND NOT flat -> 'enum' @> jsonb_build_array(flat -> 'const') THEN
		problems := integration_schemas_internal.schema_finding(path, 'no value but null would be right');
		RETURN;
	ELSIF flat ? 'type' AND jsonb_typeof(flat -> 'type') NOT IN ('string', 'array') THEN
		problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'type'), 'a type is a name, or an array of names');
		RETURN;
	END IF;
	problems := integration_schemas_internal.schema_unknown_rules(flat, path, kind);
	IF problems <> '[]' THEN
		RETURN;
	END IF;

	-- alternatives that are no objects: a list of constants, or any value
	word := CASE WHEN jsonb_typeof(flat -> 'oneOf') = 'array' THEN 'oneOf' WHEN jsonb_typeof(flat -> 'anyOf') = 'array' THEN 'anyOf' END;
	IF word IS NOT NULL THEN
		SELECT jsonb_agg(c.constant ORDER BY e.n) INTO values_
		  FROM jsonb_array_elements(flat -> word) WITH ORDINALITY AS e (part, n),
			   LATERAL (SELECT CASE WHEN jsonb_typeof(e.part) <> 'object' THEN NULL
									WHEN e.part ? 'const' THEN jsonb_build_array(e.part -> 'const', e.part -> 'title')
									WHEN jsonb_typeof(e.part -> 'enum') = 'array' AND jsonb_array_length(e.part -> 'enum') = 1
									THEN jsonb_build_array(e.part -> 'enum' -> 0, e.part -> 'title') END AS constant) AS c;
		IF NOT values_ @> '[null]' THEN
			flat := (flat - word) || jsonb_build_object('enum', (SELECT jsonb_agg(DISTINCT v -> 0) FROM jsonb_array_elements(values_) AS v));
			IF (SELECT bool_or(v -> 1 <> 'null') FROM jsonb_array_elements(values_) AS v) THEN
				flat := flat || jsonb_build_object('x-titles', (SELECT jsonb_object_agg(v ->> 0, v -> 1) FROM jsonb_array_elements(values_) AS v WHERE v -> 1 <> 'null'));
			END IF;
			kind := integration_schemas_internal.schema_type(flat - 'type');
			word := NULL;
		END IF;
	END IF;
	IF word IS NOT NULL THEN
		IF NOT mark.secret THEN
			inside := integration_schemas_internal.import_alternatives(root, flat, word, path, resolved.seen, depth, lenient);
			IF inside.definition IS NOT NULL THEN
				definition := inside.definition;
				problems := inside.problems;
				notes := inside.notes;
				kind := 'alternatives';
			END IF;
		END IF;
		IF kind IS DISTINCT FROM 'alternatives' THEN
			-- any of them is a string: then all are, with their rules left out
			IF kind IS NULL AND NOT EXISTS (SELECT FROM jsonb_array_elements(flat -> word) AS e
					WHERE integration_schemas_internal.schema_type((integration_schemas_internal.schema_flat(root, e, resolved.seen)).flat) IS DISTINCT FROM 'string') THEN
				kind := 'string';
				SELECT m.secret INTO mark.secret FROM jsonb_array_elements(flat -> word) AS e,
					   LATERAL integration_schemas_internal.schema_secret((integration_schemas_internal.schema_flat(root, e, resolved.seen)).flat) AS m
				 ORDER BY m.secret IS FALSE, m.secret LIMIT 1;
				IF mark.secret IS NULL THEN
					problems := integration_schemas_internal.schema_finding(path, 'a mark of a secret that is not understood');
					RETURN;
				END IF;
			ELSIF kind IS NULL OR kind IN ('object', 'array') THEN
				IF mark.secret OR integration_schemas_internal.schema_has_secret(root, flat -> word) THEN
					problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, word),
						'alternatives with secrets that no constant tells apart');
					RETURN;
				END IF;
				kind := CASE WHEN kind = 'object' AND flat ? 'properties' THEN kind ELSE 'json' END;
			END IF;
			notes := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, word),
				'alternatives that no constant tells apart: what they say of the value is left out');
			flat := flat - word;
		END IF;
	END IF;

	IF kind = 'alternatives' THEN
		kind := 'object';
		NULL;
	ELSIF mark.secret AND kind IS DISTINCT FROM 'string' AND NOT (kind = 'array' AND flat -> 'items' IS NOT NULL) THEN
		problems := integration_schemas_internal.schema_finding(path, format('a secret is a string, not of the type %s', coalesce(kind, 'any')));
		RETURN;
	ELSIF kind = 'object' THEN
		values_ := integration_schemas_internal.import_branches(flat);
		IF values_ IS NOT NULL THEN
			inside := integration_schemas_internal.import_alternatives(root, values_, 'oneOf', path, resolved.seen, depth, lenient);
		ELSE
			inside := integration_schemas_internal.import_object(root, flat, path, resolved.seen, depth, lenient);
		END IF;
		definition := inside.definition;
		problems := inside.problems;
		notes := notes || inside.notes;
	ELSIF kind = 'array' THEN
		definition := '{"type": "array"}';
		IF jsonb_typeof(flat -> 'items') = 'object' AND flat -> 'items' <> '{}' THEN
			inside := integration_schemas_internal.import_value(root, flat -> 'items' || CASE WHEN mark.secret THEN '{"writeOnly": true}' ELSE '{}'::jsonb END,
				integration_schemas_internal.schema_step(path, 'items'), resolved.seen, depth + 1, lenient);
			definition := definition || jsonb_build_object('items', inside.definition - ARRAY['default_value', 'x-required']);
			problems := inside.problems;
			notes := notes || inside.notes;
		ELSIF jsonb_typeof(flat -> 'items') = 'array' OR flat ? 'prefixItems' THEN
			IF mark.secret OR integration_schemas_internal.schema_has_secret(root, flat) THEN
				problems := integration_schemas_internal.schema_finding(path, 'a list of different items with secrets');
			ELSE
				notes := notes || integration_schemas_internal.schema_finding(path, 'different items of a list: what they say is left out');
			END IF;
		ELSIF mark.secret THEN
			definition := definition || '{"items": {"type": "secret"}}';
		END IF;
		definition := definition || jsonb_strip_nulls(jsonb_build_object('min_length', flat -> 'minItems', 'max_length', flat -> 'maxItems'));
		IF flat -> 'uniqueItems' = 'true' THEN
			IF integration_schemas_internal.secret_paths(jsonb_build_array(definition || '{"name": "x"}')) = '{}' THEN
				definition := definition || '{"unique_items": true}';
			ELSE
				notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'uniqueItems'), 'secrets are not compared');
			END IF;
		END IF;
	ELSIF kind IN ('string', 'integer', 'number', 'boolean') THEN
		definition := jsonb_build_object('type', CASE WHEN mark.secret THEN 'secret' ELSE kind END);
		inside := integration_schemas_internal.import_scalar(flat, kind, mark.secret, path);
		definition := definition || inside.definition;
		problems := inside.problems;
		notes := notes || inside.notes;
	ELSIF kind IS NULL OR kind = 'json' THEN
		IF mark.secret OR integration_schemas_internal.schema_has_secret(root, flat) THEN
			problems := integration_schemas_internal.schema_finding(path, 'a value of any type with a secret in it');
			RETURN;
		END IF;
		definition := '{"type": "json"}';
		kind := 'json';
		IF jsonb_typeof(flat -> 'enum') = 'array' OR flat ? 'const' THEN
			notes := notes || integration_schemas_internal.schema_finding(path, 'values of several types: the list of them is left out');
		END IF;
	ELSE
		problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'type'), format('there is no type %s', quote_ident(left(kind, 40))));
		RETURN;
	END IF;

	-- texts and the rest
	definition := definition || jsonb_strip_nulls(jsonb_build_object(
		'display_name', CASE WHEN jsonb_typeof(flat -> 'title') = 'string' THEN flat -> 'title' END,
		'description', CASE WHEN jsonb_typeof(flat -> 'description') = 'string' THEN flat -> 'description' END,
		'deprecated', CASE WHEN flat -> 'deprecated' = 'true' THEN flat -> 'deprecated' END))
		|| (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(flat) AS m
			 WHERE m.key LIKE 'x-%' AND m.key <> 'x-integration-schemas' AND m.key !~* '^x-(is)?(secret|sensitive|encrypted|password|confidential)$');
	of_field := definition ->> 'type' <> 'secret';
	values_ := CASE WHEN jsonb_typeof(flat -> 'examples') = 'array' THEN flat -> 'examples' WHEN flat ? 'example' THEN jsonb_build_array(flat -> 'example') END;
	IF of_field AND jsonb_typeof(values_) = 'array' AND jsonb_array_length(values_) > 0 THEN
		definition := definition || jsonb_build_object('examples', values_);
	END IF;
	notes := notes || integration_schemas_internal.schema_left_out(flat, path, kind);
	IF flat ? 'default' AND flat -> 'default' <> 'null' THEN
		IF NOT of_field THEN
			IF flat -> 'default' = '""' OR lenient THEN
				notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'default'), 'a secret has no default');
			ELSE
				problems := problems || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'default'), 'a secret has no default');
			END IF;
		ELSIF flat -> 'default' = '""' AND kind = 'string' THEN
			notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'default'), 'an empty string is no value');
		ELSE
			definition := definition || jsonb_build_object('default_value', flat -> 'default');
		END IF;
	END IF;

	-- What the catalogue would not take is said here, at its path.
	IF problems = '[]' THEN
		FOR attempt IN 1 .. 3 LOOP
			BEGIN
				PERFORM integration_schemas_internal.check_definitions(jsonb_build_array('{"name": "x"}'::jsonb || (definition - 'x-required')));
				EXIT;
			EXCEPTION WHEN check_violation THEN
				GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, problem = MESSAGE_TEXT;
				place := substring(problem FROM '/fields/0/([^/]*)');
				IF place = 'examples' THEN
					definition := definition - 'examples';
					notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'examples'), detail);
				ELSIF place = 'default_value' AND lenient THEN
					definition := definition - 'default_value';
					notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'default'), detail);
				ELSE
					problems := integration_schemas_internal.schema_finding(
						coalesce(integration_schemas_internal.schema_step(path, CASE place
							WHEN 'default_value' THEN 'default' WHEN 'pattern' THEN 'pattern' WHEN 'allowed_values' THEN CASE WHEN flat ? 'const' THEN 'const' ELSE 'enum' END
							WHEN 'min' THEN 'minimum' WHEN 'max' THEN 'maximum' WHEN 'exclusive_min' THEN 'exclusiveMinimum' WHEN 'exclusive_max' THEN 'exclusiveMaximum'
							WHEN 'multiple_of' THEN 'multipleOf' WHEN 'min_length' THEN CASE kind WHEN 'array' THEN 'minItems' ELSE 'minLength' END
							WHEN 'max_length' THEN CASE kind WHEN 'array' THEN 'maxItems' ELSE 'maxLength' END WHEN 'unique_items' THEN 'uniqueItems' END), path), detail);
					EXIT;
				END IF;
			END;
		END LOOP;
	END IF;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_value(jsonb, jsonb, text, text[], integer, boolean) IS
	'the field definition, but for its name, of what a JSON Schema describes';

CREATE FUNCTION integration_schemas_internal.import_scalar(flat jsonb, kind text, secret boolean, path text,
	OUT definition jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	translated record;
	allowed    jsonb;
	format_    text := CASE WHEN jsonb_typeof(flat -> 'format') = 'string' THEN flat ->> 'format' END;
BEGIN
	definition := '{}';
	problems := '[]';
	notes := '[]';
	allowed := CASE WHEN flat ? 'const' THEN jsonb_build_array(flat -> 'const') WHEN jsonb_typeof(flat -> 'enum') = 'array' THEN flat -> 'enum' END;
	IF allowed IS NOT NULL THEN
		SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') INTO allowed
		  FROM (SELECT v, min(n) AS n FROM jsonb_array_elements(allowed) WITH ORDINALITY AS e (v, n) WHERE v NOT IN ('null', '""') GROUP BY v) AS d;
		IF allowed <> '[]' THEN
			definition := definition || jsonb_build_object('allowed_values', allowed);
		END IF;
	END IF;
	IF kind IN ('integer', 'number') THEN
		definition := definition || jsonb_strip_nulls(jsonb_build_object(
			'min', CASE WHEN flat -> 'exclusiveMinimum' IS DISTINCT FROM 'true' THEN flat -> 'minimum' END,
			'max', CASE WHEN flat -> 'exclusiveMaximum' IS DISTINCT FROM 'true' THEN flat -> 'maximum' END,
			'exclusive_min', CASE jsonb_typeof(flat -> 'exclusiveMinimum') WHEN 'number' THEN flat -> 'exclusiveMinimum'
							 WHEN 'boolean' THEN CASE WHEN flat -> 'exclusiveMinimum' = 'true' THEN flat -> 'minimum' END END,
			'exclusive_max', CASE jsonb_typeof(flat -> 'exclusiveMaximum') WHEN 'number' THEN flat -> 'exclusiveMaximum'
							 WHEN 'boolean' THEN CASE WHEN flat -> 'exclusiveMaximum' = 'true' THEN flat -> 'maximum' END END,
			'multiple_of', flat -> 'multipleOf'));
		RETURN;
	ELSIF kind <> 'string' THEN
		RETURN;
	END IF;
	IF flat ? 'pattern' THEN
		translated := integration_schemas_internal.pattern_from_ecma(flat ->> 'pattern');
		IF jsonb_typeof(flat -> 'pattern') <> 'string' OR translated.translated IS NULL THEN
			problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'pattern'), coalesce(translated.problem, 'a pattern is a string'));
		ELSE
			definition := definition || jsonb_build_object('pattern', translated.translated);
		END IF;
	END IF;
	IF format_ IN ('uri', 'hostname', 'email', 'uuid', 'date', 'date-time', 'time', 'duration', 'ipv4', 'ipv6') THEN
		definition := definition || jsonb_build_object('format', format_);
	ELSIF flat ? 'format' AND format_ IS DISTINCT FROM 'password' THEN
		notes := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'format'), 'a format that is not known');
	END IF;
	definition := definition || jsonb_strip_nulls(jsonb_build_object('min_length', flat -> 'minLength', 'max_length', flat -> 'maxLength',
		'multiline', CASE WHEN flat -> 'multiline' = 'true' THEN flat -> 'multiline' END));
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_scalar(jsonb, text, boolean, text) IS
	'the rules of a string, a number or a boolean';

-- Alternatives told apart by a constant that each of them has; a null definition
-- where there is none.
CREATE FUNCTION integration_schemas_internal.import_alternatives(root jsonb, flat jsonb, word text, path text, refs text[], depth integer, lenient boolean,
	OUT definition jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parts    jsonb;
	problem  text;
	by_      text;
	base     record;
	choices  jsonb := '[]';
	part     jsonb;
	inside   record;
	constant text;
	common   jsonb;
BEGIN
	SELECT jsonb_agg(f.flat ORDER BY e.n), max(f.problem) INTO parts, problem
	  FROM jsonb_array_elements(flat -> word) WITH ORDINALITY AS e (part, n),
		   LATERAL integration_schemas_internal.schema_flat(root, e.part, refs) AS f;
	IF problem IS NOT NULL THEN
		definition := '{"type": "object"}';
		problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, word), problem);
		notes := '[]';
		RETURN;
	END IF;
	SELECT name INTO by_
	  FROM jsonb_object_keys(CASE WHEN jsonb_typeof(parts -> 0 -> 'properties') = 'object' THEN parts -> 0 -> 'properties' ELSE '{}'::jsonb END) AS name
	 WHERE (SELECT count(DISTINCT c) = jsonb_array_length(parts)
			  FROM jsonb_array_elements(parts) AS p, LATERAL integration_schemas_internal.schema_constant(root, p, name, refs) AS c)
	 ORDER BY name = flat -> 'discriminator' ->> 'propertyName' DESC NULLS LAST,
			  (SELECT count(*) FROM jsonb_array_elements(parts) AS p WHERE p -> 'required' ? name) DESC, name
	 LIMIT 1;
	IF by_ IS NULL THEN
		RETURN;
	END IF;
	base := integration_schemas_internal.import_object(root, (flat - word - 'additionalProperties') || jsonb_build_object('properties', coalesce(flat -> 'properties', '{}') - by_,
		'required', coalesce(flat -> 'required', '[]') - by_), path, refs, depth, lenient);
	problems := base.problems;
	notes := base.notes;
	SELECT coalesce(jsonb_agg(f -> 'name'), '[]') INTO common FROM jsonb_array_elements(coalesce(base.definition -> 'fields', '[]')) AS f;
	FOR i IN 0 .. jsonb_array_length(parts) - 1 LOOP
		part := parts -> i;
		constant := integration_schemas_internal.schema_constant(root, part, by_, refs);
		inside := integration_schemas_internal.import_object(root, (part - 'additionalProperties')
			|| jsonb_build_object('properties', (SELECT coalesce(jsonb_object_agg(p.key, p.value), '{}') FROM jsonb_each(part -> 'properties') AS p
												  WHERE p.key <> by_ AND NOT (common ? p.key AND p.value - '$order' = (flat -> 'properties' -> p.key) - '$order')),
								  'required', coalesce(part -> 'required', '[]') - by_),
			integration_schemas_internal.schema_step(integration_schemas_internal.schema_step(path, word), i::text), refs, depth, lenient);
		problems := problems || inside.problems;
		notes := notes || inside.notes;
		choices := choices || jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('value', constant,
			'display_name', CASE WHEN jsonb_typeof(part -> 'title') = 'string' THEN part -> 'title' END,
			'description', CASE WHEN jsonb_typeof(part -> 'description') = 'string' THEN part -> 'description' END))
			|| jsonb_build_object('fields', coalesce(inside.definition -> 'fields', '[]')));
	END LOOP;
	definition := jsonb_build_object('type', 'object', 'variants', jsonb_build_object('by', by_, 'choices', choices))
		|| CASE WHEN jsonb_array_length(coalesce(base.definition -> 'fields', '[]')) > 0 THEN jsonb_build_object('fields', base.definition -> 'fields') ELSE '{}'::jsonb END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_alternatives(jsonb, jsonb, text, text, text[], integer, boolean) IS
	'an object with variants, of alternatives in a JSON Schema';

-- Alternatives that are written as conditions on one property, which is required:
-- the object with them as such; null where they are none.
CREATE FUNCTION integration_schemas_internal.import_branches(flat jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	by_   text;
	parts jsonb;
	rest  jsonb;
BEGIN
	IF jsonb_typeof(flat -> '$ifs') IS DISTINCT FROM 'array' OR flat ? 'if' THEN
		RETURN NULL;
	END IF;
	-- the first property on whose constants there is a condition for each of its values
	SELECT b.by_, b.parts, b.rest INTO by_, parts, rest
	  FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(flat -> 'required') = 'array' THEN flat -> 'required' ELSE '[]' END) AS name,
		   LATERAL (SELECT name AS by_,
						   jsonb_agg(jsonb_build_object('properties', jsonb_build_object(name, jsonb_build_object('const', c -> 'if' -> 'properties' -> name -> 'const'))
								|| CASE WHEN jsonb_typeof(c -> 'then' -> 'properties') = 'object' THEN c -> 'then' -> 'properties' ELSE '{}'::jsonb END)
								|| (CASE WHEN jsonb_typeof(c -> 'then') = 'object' THEN c -> 'then' ELSE '{}'::jsonb END - 'properties') ORDER BY n) FILTER (WHERE is_branch) AS parts,
						   coalesce(jsonb_agg(c ORDER BY n) FILTER (WHERE NOT is_branch), '[]') AS rest
					  FROM jsonb_array_elements(flat -> '$ifs') WITH ORDINALITY AS e (c, n),
						   LATERAL (SELECT coalesce(jsonb_typeof(c -> 'if' -> 'properties' -> name -> 'const') = 'string'
										   AND (SELECT count(*) FROM jsonb_object_keys(c -> 'if' -> 'properties')) = 1 AND NOT c ? 'else', false) AS is_branch) AS i) AS b
	 WHERE jsonb_typeof(flat -> 'properties' -> name -> 'enum') = 'array' AND jsonb_array_length(flat -> 'properties' -> name -> 'enum') > 0
	   AND (SELECT jsonb_agg(v ORDER BY v) FROM jsonb_array_elements(flat -> 'properties' -> name -> 'enum') AS v)
		   = (SELECT jsonb_agg(p -> 'properties' -> name -> 'const' ORDER BY p -> 'properties' -> name -> 'const') FROM jsonb_array_elements(b.parts) AS p)
	 LIMIT 1;
	IF by_ IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN (flat - ARRAY['$ifs', 'unevaluatedProperties']) || jsonb_build_object('oneOf', parts) || CASE WHEN rest = '[]' THEN '{}' ELSE jsonb_build_object('$ifs', rest) END;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_branches(jsonb) IS
	'an object whose alternatives are conditions on one property, with them as alternatives';

CREATE FUNCTION integration_schemas_internal.import_object(root jsonb, flat jsonb, path text, refs text[], depth integer, lenient boolean,
	OUT definition jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fields   jsonb;
	inside   record;
	pattern  text;
	extra    jsonb := flat -> 'additionalProperties';
BEGIN
	definition := '{"type": "object"}';
	problems := '[]';
	notes := '[]';
	IF jsonb_typeof(flat -> 'properties') = 'object' AND flat -> 'properties' <> '{}' THEN
		inside := integration_schemas_internal.import_properties(root, flat, path, refs, depth, lenient);
		definition := definition || jsonb_build_object('fields', inside.fields);
		problems := inside.problems;
		notes := inside.notes;
		IF jsonb_typeof(extra) = 'object' OR jsonb_typeof(flat -> 'patternProperties') = 'object' THEN
			notes := notes || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'additionalProperties'),
				'other names than those of the properties are left out');
		END IF;
		RETURN;
	END IF;
	IF jsonb_typeof(flat -> 'patternProperties') = 'object' AND (SELECT count(*) FROM jsonb_object_keys(flat -> 'patternProperties')) = 1 THEN
		SELECT p.key, p.value INTO pattern, extra FROM jsonb_each(flat -> 'patternProperties') AS p;
	ELSIF jsonb_typeof(flat -> 'patternProperties') = 'object' AND flat -> 'patternProperties' <> '{}' THEN
		IF integration_schemas_internal.schema_has_secret(root, flat) THEN
			problems := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'patternProperties'), 'several patterns of names, with secrets');
		ELSE
			notes := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'patternProperties'), 'several patterns of names: what they say is left out');
		END IF;
		RETURN;
	ELSIF jsonb_typeof(flat -> 'propertyNames' -> 'pattern') = 'string' THEN
		pattern := flat -> 'propertyNames' ->> 'pattern';
	END IF;
	IF jsonb_typeof(extra) = 'object' AND extra <> '{}' THEN
		inside := integration_schemas_internal.import_value(root, extra, integration_schemas_internal.schema_step(path,
			CASE WHEN flat ? 'patternProperties' THEN 'patternProperties' ELSE 'additionalProperties' END), refs, depth + 1, lenient);
		definition := definition || jsonb_build_object('values', inside.definition - ARRAY['default_value']);
		problems := inside.problems;
		notes := inside.notes;
		IF pattern IS NOT NULL THEN
			inside := integration_schemas_internal.pattern_from_ecma(pattern);
			IF inside.translated IS NULL THEN
				problems := problems || integration_schemas_internal.schema_finding(path, inside.problem);
			ELSE
				definition := definition || jsonb_build_object('keys', inside.translated);
			END IF;
		END IF;
	END IF;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_object(jsonb, jsonb, text, text[], integer, boolean) IS
	'what is in an object that a JSON Schema describes';

CREATE FUNCTION integration_schemas_internal.import_properties(root jsonb, flat jsonb, path text, refs text[], depth integer, lenient boolean,
	OUT fields jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	needed     jsonb := CASE WHEN jsonb_typeof(flat -> 'required') = 'array' THEN flat -> 'required' ELSE '[]'::jsonb END;
	dependent  jsonb := coalesce(flat -> 'dependentRequired', flat -> 'dependencies', '{}');
	conditions jsonb := '{}';
	extra      jsonb;
	left_out   jsonb := '[]';
BEGIN
	IF EXISTS (SELECT FROM jsonb_array_elements_text(needed) AS n WHERE NOT flat -> 'properties' ? n) THEN
		left_out := integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'required'), 'names of no property are left out');
	END IF;
	SELECT coalesce(jsonb_object_agg(g.name, g.when_), '{}'), coalesce(jsonb_object_agg(g.name, g.schema) FILTER (WHERE g.name <> ''), '{}')
	  INTO conditions, extra
	  FROM (SELECT c.name,
				   -- one that is there under several conditions, which may say different things of it
				   CASE WHEN count(*) = 1 THEN jsonb_agg(c.when_) -> 0
						WHEN count(DISTINCT k.key) = 1 AND count(k.key) = count(*) THEN jsonb_build_object(min(k.key), (SELECT jsonb_agg(v) FROM jsonb_path_query(jsonb_agg(c.when_ -> k.key), '$[*][*]') AS v))
						ELSE 'null' END AS when_,
				   CASE WHEN count(DISTINCT c.schema - '$order') <= 1 THEN jsonb_agg(c.schema) -> 0
						WHEN bool_or(integration_schemas_internal.schema_has_secret(root, c.schema)) THEN '{"type": "json", "secret": true}'
						ELSE '{"$comment": "several"}' END AS schema
			  FROM integration_schemas_internal.import_conditions(flat) AS c
			  LEFT JOIN LATERAL (SELECT min(key) AS key FROM jsonb_object_keys(CASE WHEN jsonb_typeof(c.when_) = 'object' THEN c.when_ ELSE '{}' END) AS key HAVING count(*) = 1) AS k ON true
			 GROUP BY c.name) AS g;
	IF conditions ? '' THEN
		left_out := left_out || integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(path, 'if'), 'a condition that is not understood: what it asks for is left out');
	END IF;
	SELECT coalesce(jsonb_agg(f.field ORDER BY f.explicit NULLS LAST, f.written NULLS LAST, f.n) FILTER (WHERE f.problems = '[]'), '[]'),
		   (SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_path_query(jsonb_agg(f.problems), '$[*][*]') AS p),
		   left_out || (SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_path_query(jsonb_agg(f.notes), '$[*][*]') AS p)
	  INTO fields, problems, notes
	  FROM (SELECT v.notes, p.n,
				   CASE WHEN jsonb_typeof(p.value -> 'order') = 'number' THEN (p.value ->> 'order')::numeric END AS explicit,
				   CASE WHEN jsonb_typeof(p.value -> '$order') = 'number' THEN (p.value ->> '$order')::numeric END AS written,
				   v.problems || CASE WHEN p.key !~ '^[A-Za-z_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?$' THEN
						integration_schemas_internal.schema_finding(integration_schemas_internal.schema_step(integration_schemas_internal.schema_step(path, 'properties'), p.key),
							'no name that a field can have') ELSE '[]'::jsonb END AS problems,
				   jsonb_build_object('name', p.key) || v.definition
				   || CASE WHEN conditions ? p.key AND conditions -> p.key <> 'null' THEN jsonb_build_object('applies_when', conditions -> p.key)
						   || CASE WHEN extra -> p.key -> '$required' = 'true' THEN '{"required": true}' ELSE '{}'::jsonb END ELSE '{}'::jsonb END
				   || CASE WHEN needed ? p.key AND jsonb_typeof(p.value) = 'object' THEN '{"required": true}' ELSE '{}'::jsonb END
				   || CASE WHEN w.names IS NOT NULL THEN jsonb_build_object('required_with', w.names) ELSE '{}'::jsonb END AS field
			  FROM jsonb_each((flat -> 'properties') || extra) WITH ORDINALITY AS p (key, value, n),
				   LATERAL integration_schemas_internal.import_value(root, CASE WHEN jsonb_typeof(p.value) = 'object' THEN p.value - '$required' ELSE p.value END, integration_schemas_internal.schema_step(integration_schemas_internal.schema_step(path, 'properties'), p.key),
						refs, depth + 1, lenient) AS v,
				   LATERAL (SELECT jsonb_agg(d.key) AS names FROM jsonb_each(dependent) AS d
							 WHERE jsonb_typeof(d.value) = 'array' AND d.value ? p.key AND flat -> 'properties' ? d.key AND d.key <> p.key) AS w) AS f;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_properties(jsonb, jsonb, text, text[], integer, boolean) IS
	'the field definitions of a JSON Schema''s properties, in their order';

-- "if" a property is one of some constants, "then" there are these properties: the
-- schemas of those that are new, and when they apply. Under the name "" is what is
-- not understood, or asks more of properties that are there anyway.
CREATE FUNCTION integration_schemas_internal.import_conditions(flat jsonb) RETURNS TABLE (name text, when_ jsonb, schema jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	one        jsonb;
	conditions jsonb;
BEGIN
	FOR one IN SELECT c FROM jsonb_array_elements(coalesce(flat -> '$ifs', '[]') || CASE WHEN flat ? 'if' THEN jsonb_build_array(flat) ELSE '[]'::jsonb END) AS c LOOP
		SELECT jsonb_object_agg(p.key, CASE WHEN p.value ? 'const' THEN jsonb_build_array(p.value -> 'const')
											WHEN jsonb_typeof(p.value -> 'enum') = 'array' AND p.value -> 'enum' <> '[]' THEN p.value -> 'enum' END) INTO conditions
		  FROM jsonb_each(CASE WHEN jsonb_typeof(one -> 'if' -> 'properties') = 'object' THEN one -> 'if' -> 'properties' ELSE '{}'::jsonb END) AS p
		 WHERE jsonb_typeof(p.value) = 'object';
		IF conditions IS NULL OR conditions @? '$.* ? (@ == null)' OR jsonb_typeof(one -> 'then') IS DISTINCT FROM 'object'
		   OR (one -> 'if') - ARRAY['properties', 'required', 'type'] <> '{}' OR one ? 'else'
		   OR EXISTS (SELECT FROM jsonb_object_keys(conditions) AS k WHERE NOT coalesce(flat -> 'properties' ? k, false)) THEN
			RETURN QUERY SELECT '', 'null'::jsonb, NULL::jsonb;
			CONTINUE;
		END IF;
		RETURN QUERY SELECT p.key, conditions, p.value || CASE WHEN one -> 'then' -> 'required' ? p.key THEN '{"$required": true}' ELSE '{}'::jsonb END
		  FROM jsonb_each(CASE WHEN jsonb_typeof(one -> 'then' -> 'properties') = 'object' THEN one -> 'then' -> 'properties' ELSE '{}'::jsonb END) AS p
		 WHERE NOT flat -> 'properties' ? p.key AND jsonb_typeof(p.value) = 'object';
		IF EXISTS (SELECT FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(one -> 'then' -> 'required') = 'array' THEN one -> 'then' -> 'required' ELSE '[]'::jsonb END) AS r
					WHERE flat -> 'properties' ? r) THEN
			RETURN QUERY SELECT '', 'null'::jsonb, NULL::jsonb;
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_conditions(jsonb) IS
	'properties of a JSON Schema that are there where others have certain values';

-- The root is an integration's config, whose alternatives become a field and
-- conditions on it.
CREATE FUNCTION integration_schemas_internal.import_root(schema jsonb, lenient boolean, OUT fields jsonb, OUT problems jsonb, OUT notes jsonb)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	resolved record;
	flat     jsonb;
	word     text;
	inside   record;
	detail   text;
	message  text;
BEGIN
	fields := '[]';
	problems := '[]';
	notes := '[]';
	IF jsonb_typeof(schema) <> 'object' THEN
		problems := integration_schemas_internal.schema_finding('', 'a schema is an object');
		RETURN;
	ELSIF pg_column_size(schema) > 4 * 1024 * 1024 OR integration_schemas_internal.schema_size(schema) > 50000 THEN
		RAISE program_limit_exceeded USING MESSAGE = 'JSON Schema is too large',
			DETAIL = 'A schema has at most 4 MB, and 50000 references once each is replaced by what it refers to.';
	END IF;
	resolved := integration_schemas_internal.schema_flat(schema, schema, '{}');
	flat := resolved.flat;
	IF resolved.problem IS NOT NULL THEN
		problems := integration_schemas_internal.schema_finding('', resolved.problem);
		RETURN;
	END IF;
	problems := integration_schemas_internal.schema_unknown_rules(flat, '', 'object');
	IF (integration_schemas_internal.schema_secret(flat - 'properties')).secret IS NOT FALSE THEN
		problems := problems || integration_schemas_internal.schema_finding('', 'a secret is a string, not a configuration');
	ELSIF flat ? 'properties' AND jsonb_typeof(flat -> 'properties') <> 'object' THEN
		problems := problems || integration_schemas_internal.schema_finding('/properties', 'properties are an object');
	END IF;
	word := CASE WHEN jsonb_typeof(flat -> 'oneOf') = 'array' THEN 'oneOf' WHEN jsonb_typeof(flat -> 'anyOf') = 'array' THEN 'anyOf' END;
	IF coalesce(integration_schemas_internal.schema_type(flat - 'const' - 'enum'), 'object') <> 'object' THEN
		problems := integration_schemas_internal.schema_finding('/type', 'a configuration is an object');
		RETURN;
	ELSIF NOT flat ? 'properties' AND word IS NULL AND EXISTS (SELECT FROM jsonb_each(flat) AS m
			WHERE jsonb_typeof(m.value) = 'object' AND m.value ?| ARRAY['properties', '$ref', 'oneOf']) THEN
		problems := integration_schemas_internal.schema_finding('/properties',
			'the schema has no properties, but other objects: give the schema of the configuration itself, of a connector''s specification in Airbyte''s form its "connectionSpecification"');
		RETURN;
	ELSIF integration_schemas_internal.schema_type(flat) IS NULL AND flat ? 'type' THEN
		problems := integration_schemas_internal.schema_finding('/type', 'a configuration is an object');
		RETURN;
	END IF;
	IF word IS NOT NULL THEN
		inside := integration_schemas_internal.import_alternatives(schema, flat, word, '', resolved.seen, 0, lenient);
		IF inside.definition IS NULL AND integration_schemas_internal.schema_has_secret(schema, flat -> word) THEN
			problems := integration_schemas_internal.schema_finding('/' || word, 'alternatives with secrets that no constant tells apart');
			RETURN;
		ELSIF inside.definition IS NULL THEN
			notes := integration_schemas_internal.schema_finding('/' || word, 'alternatives that no constant tells apart: what they say is left out');
			flat := flat - word;
			word := NULL;
		ELSE
			problems := inside.problems;
			notes := inside.notes;
			SELECT coalesce(inside.definition -> 'fields', '[]')
				   || jsonb_build_array(jsonb_build_object('name', inside.definition -> 'variants' -> 'by', 'type', 'string', 'required', true,
						'allowed_values', (SELECT jsonb_agg(c -> 'value') FROM jsonb_array_elements(inside.definition -> 'variants' -> 'choices') AS c)))
				   || coalesce((SELECT jsonb_agg(g.field || jsonb_build_object('applies_when', jsonb_build_object(inside.definition -> 'variants' ->> 'by', g.choices)) ORDER BY g.place)
								  FROM (SELECT f AS field, jsonb_agg(c -> 'value' ORDER BY n) AS choices, min(ARRAY[n, o]) AS place
										  FROM jsonb_array_elements(inside.definition -> 'variants' -> 'choices') WITH ORDINALITY AS e (c, n),
											   jsonb_array_elements(c -> 'fields') WITH ORDINALITY AS i (f, o) GROUP BY f) AS g), '[]')
			  INTO fields;
		END IF;
	END IF;
	IF word IS NULL AND jsonb_typeof(flat -> 'properties') = 'object' THEN
		inside := integration_schemas_internal.import_properties(schema, flat, '', resolved.seen, 0, lenient);
		fields := inside.fields;
		problems := problems || inside.problems;
		notes := notes || inside.notes;
	ELSIF word IS NULL AND (jsonb_typeof(flat -> 'additionalProperties') = 'object' AND flat -> 'additionalProperties' <> '{}' OR flat ? 'patternProperties') THEN
		problems := problems || integration_schemas_internal.schema_finding('/additionalProperties', 'a configuration has fields with names');
	END IF;
	notes := notes || integration_schemas_internal.schema_left_out(flat, '', 'object');
	IF problems = '[]' THEN
		BEGIN
			PERFORM integration_schemas_internal.check_definitions(fields);
		EXCEPTION WHEN check_violation THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
			problems := integration_schemas_internal.schema_finding('', coalesce(substring(message FROM 'at (/fields/.*)') || ': ', '') || coalesce(nullif(detail, ''), message));
		END;
	END IF;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_root(jsonb, boolean) IS
	'the field definitions of a JSON Schema, what it has that they can''t say, and what is left out';

-- The annotation of an export, where the schema is still what those definitions
-- give.
CREATE FUNCTION integration_schemas_internal.import_annotated(schema jsonb) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fields jsonb := schema -> 'x-integration-schemas' -> 'fields';
	effective boolean;
BEGIN
	IF jsonb_typeof(fields) IS DISTINCT FROM 'array' THEN
		RETURN NULL;
	END IF;
	PERFORM integration_schemas_internal.check_definitions(fields);
	FOREACH effective IN ARRAY ARRAY[true, false] LOOP
		IF integration_schemas_internal.export_root(schema ->> 'title', schema ->> 'description', fields,
				jsonb_build_object('effective', effective, 'annotations', true, 'formats', false)) = schema
		   OR integration_schemas_internal.export_root(schema ->> 'title', schema ->> 'description', fields,
				jsonb_build_object('effective', effective, 'annotations', true, 'formats', true)) = schema THEN
			RETURN fields;
		END IF;
	END LOOP;
	RETURN NULL;
EXCEPTION WHEN check_violation OR program_limit_exceeded THEN
	RETURN NULL;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_annotated(jsonb) IS
	'the definitions that an export with annotations carries; null where it was edited since';

CREATE FUNCTION integration_schemas_internal.import_fields(schema jsonb, ordered jsonb, lenient boolean) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fields jsonb := integration_schemas_internal.import_annotated(schema);
	result record;
	lines  text;
	more   bigint;
BEGIN
	IF fields IS NOT NULL THEN
		RETURN fields;
	END IF;
	result := integration_schemas_internal.import_root(ordered, lenient);
	IF result.problems <> '[]' THEN
		SELECT string_agg(format('%s: %s', to_json(p ->> 'path'), p ->> 'reason'), E'\n' ORDER BY n) FILTER (WHERE n <= 100), count(*) - 100
		  INTO lines, more FROM jsonb_array_elements(result.problems) WITH ORDINALITY AS e (p, n);
		RAISE invalid_parameter_value USING
			MESSAGE = format('JSON Schema cannot be imported: %s at %s', result.problems -> 0 ->> 'reason', to_json(result.problems -> 0 ->> 'path')),
			DETAIL = lines || CASE WHEN more > 0 THEN format(E'\n... and %s more', more) ELSE '' END,
			HINT = 'integration_schema_import_problems() gives them as rows.';
	END IF;
	IF result.notes <> '[]' THEN
		SELECT string_agg(format('%s: %s', to_json(p ->> 'path'), p ->> 'reason'), E'\n' ORDER BY n) FILTER (WHERE n <= 100), count(*) - 100
		  INTO lines, more FROM jsonb_array_elements(result.notes) WITH ORDINALITY AS e (p, n);
		RAISE NOTICE USING MESSAGE = format('%s parts of the JSON Schema are left out', jsonb_array_length(result.notes)),
			DETAIL = lines || CASE WHEN more > 0 THEN format(E'\n... and %s more', more) ELSE '' END;
	END IF;
	RETURN result.fields;
END $$;
COMMENT ON FUNCTION integration_schemas_internal.import_fields(jsonb, jsonb, boolean) IS
	'the field definitions of a JSON Schema, or an error with all that is wrong';

-- The columns are named here, and are not those of the table's row type: a
-- function that returns that type would go with the table, and the table
-- must be able to go without taking the extension along.
CREATE FUNCTION @extschema@.integration_schema_from_json_schema(
	INOUT id text, INOUT name text, INOUT category text, schema jsonb, lenient boolean DEFAULT false,
	OUT description text, OUT docs_url text, OUT icon_url text, OUT display_order integer, OUT featured boolean,
	OUT required boolean, OUT locked boolean, OUT instances boolean, OUT fields jsonb,
	OUT created_at timestamptz, OUT updated_at timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 SET search_path = pg_catalog, pg_temp AS $$
	SELECT id, name, category, CASE WHEN jsonb_typeof(s -> 'description') = 'string' THEN s ->> 'description' ELSE '' END, NULL, NULL, 999, false, false, false, true,
		   integration_schemas_internal.import_fields(s, s, lenient), now(), now()
	  FROM (SELECT $4 AS s) AS schema
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_from_json_schema(text, text, text, jsonb, boolean) IS
	'a row for INSERT INTO integration_schemas from the JSON Schema of a connector''s configuration';

CREATE FUNCTION @extschema@.integration_schema_from_json_schema(
	INOUT id text, INOUT name text, INOUT category text, schema text, lenient boolean DEFAULT false,
	OUT description text, OUT docs_url text, OUT icon_url text, OUT display_order integer, OUT featured boolean,
	OUT required boolean, OUT locked boolean, OUT instances boolean, OUT fields jsonb,
	OUT created_at timestamptz, OUT updated_at timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 SET search_path = pg_catalog, pg_temp AS $$
	SELECT id, name, category, CASE WHEN jsonb_typeof(s -> 'description') = 'string' THEN s ->> 'description' ELSE '' END, NULL, NULL, 999, false, false, false, true,
		   integration_schemas_internal.import_fields(s, ordered, lenient), now(), now()
	  FROM (SELECT ordered, CASE WHEN ordered IS NOT NULL THEN $4::jsonb END AS s
			  FROM (SELECT integration_schemas_internal.schema_of_text($4) AS ordered OFFSET 0) AS o) AS schema
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_from_json_schema(text, text, text, text, boolean) IS
	'the same of a schema as text, whose properties keep their order';

CREATE FUNCTION @extschema@.integration_schema_import_problems(schema jsonb, lenient boolean DEFAULT false)
	RETURNS TABLE (path text, reason text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 3 SET search_path = pg_catalog, pg_temp AS $$
	SELECT p ->> 'path', p ->> 'reason'
	  FROM integration_schemas_internal.import_root($1, lenient) AS r, jsonb_array_elements(r.problems) AS p
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_import_problems(jsonb, boolean) IS
	'why integration_schema_from_json_schema would refuse a JSON Schema: a row each reason, none where it takes it';

CREATE FUNCTION @extschema@.integration_schema_import_problems(schema text, lenient boolean DEFAULT false)
	RETURNS TABLE (path text, reason text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 3 SET search_path = pg_catalog, pg_temp AS $$
	SELECT p ->> 'path', p ->> 'reason'
	  FROM integration_schemas_internal.import_root(integration_schemas_internal.schema_of_text($1), lenient) AS r, jsonb_array_elements(r.problems) AS p
$$;
COMMENT ON FUNCTION @extschema@.integration_schema_import_problems(text, boolean) IS
	'the same of a schema as text';
