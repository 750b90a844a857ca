-- What may be shown of a field's value, written a second time on top of test/reference/merge.sql:
-- what its definition says is no secret, and nothing else.

CREATE FUNCTION reference.mask(value jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN value = 'null' THEN value ELSE '"********"' END $$;

-- What is shown of a value in which no fields are defined, with its strings or those inside of its
-- objects hidden, and always the passwords in URIs (those that the tests have) and sealed strings.
CREATE FUNCTION reference.shown_inside(value jsonb, hide_strings boolean, hide_inside boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value)
        WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, reference.shown_inside(m.value, hide_inside, hide_inside)), '{}')
                            FROM jsonb_each(value) AS m)
        WHEN 'array' THEN (SELECT coalesce(jsonb_agg(reference.shown_inside(e, hide_strings, hide_inside) ORDER BY n), '[]')
                           FROM jsonb_array_elements(value) WITH ORDINALITY AS e (e, n))
        WHEN 'string' THEN CASE WHEN hide_strings OR value #>> '{}' ^@ 'sealed:1:' THEN '"********"'
            ELSE to_jsonb(replace(replace(replace(value #>> '{}', ':pw@', ':********@'), ':p/w@', ':********@'), ':pw2@', ':********@')) END
        ELSE value END
$$;

-- The definition of what an object has at a key; NULL for none. Where the object names no choice it
-- may be any choice's, and a secret if it is one of any.
CREATE FUNCTION reference.definition_at(definition jsonb, object jsonb, key text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(
        (SELECT f FROM jsonb_array_elements(reference.fields_of(definition, object)) AS f WHERE f ->> 'name' = key),
        definition -> 'values',
        (SELECT f FROM jsonb_array_elements(definition #> '{variants,choices}') WITH ORDINALITY AS c (choice, n), jsonb_array_elements(choice -> 'fields') AS f
         WHERE coalesce(object -> (definition #>> '{variants,by}'), 'null') = 'null' AND f ->> 'name' = key
         ORDER BY f -> 'type' IS DISTINCT FROM '"secret"', choice ->> 'value' COLLATE "C" LIMIT 1))
$$;

-- What is shown of a value with this definition; NULL where it has none.
CREATE FUNCTION reference.shown(definition jsonb, value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    type text := coalesce(definition ->> 'type', 'string');
BEGIN
    IF definition IS NULL OR type = 'secret' THEN
        RETURN reference.mask(value);
    ELSIF definition ? 'items' THEN
        RETURN CASE WHEN jsonb_typeof(value) = 'array'
                    THEN (SELECT coalesce(jsonb_agg(reference.shown(definition -> 'items', e) ORDER BY n), '[]')
                          FROM jsonb_array_elements(value) WITH ORDINALITY AS l (e, n))
                    ELSE reference.mask(value) END;
    ELSIF definition ?| ARRAY ['fields', 'variants', 'values'] THEN
        RETURN CASE WHEN jsonb_typeof(value) = 'object'
                    THEN (SELECT coalesce(jsonb_object_agg(k, reference.shown(reference.definition_at(definition, value, k), v)), '{}')
                          FROM jsonb_each(value) AS m (k, v))
                    ELSE reference.mask(value) END;
    ELSIF definition -> 'public' = 'true' THEN
        RETURN reference.shown_inside(value, false, false);
    END IF;
    RETURN reference.shown_inside(value, type IN ('object', 'json'), true);
END $$;
