-- The merge, written a second time: slowly, plainly, and sentence by sentence as the reference
-- describes it, over the same catalogue table. test/pgtap/merge_equals_reference.sql holds the
-- C merge against it. It reads integration_schemas by search_path, so set that first.

CREATE SCHEMA reference;

-- An inner value over an outer one: objects merge key by key, to any depth; everything else
-- (scalars, arrays, a change of type) is replaced by the inner value.
CREATE FUNCTION reference.overlay(outer_value jsonb, inner_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    merged jsonb := outer_value;
    key    text;
    value  jsonb;
BEGIN
    IF outer_value IS NULL
       OR jsonb_typeof(outer_value) <> 'object'
       OR jsonb_typeof(inner_value) <> 'object' THEN
        RETURN inner_value;
    END IF;
    FOR key, value IN SELECT * FROM jsonb_each(inner_value) LOOP
        merged := merged || jsonb_build_object(key, reference.overlay(outer_value -> key, value));
    END LOOP;
    RETURN merged;
END $$;

-- A field has a value when it is there, is not null and is not a string that is empty or only
-- white space.
CREATE FUNCTION reference.has_value(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT value IS NOT NULL AND value <> 'null'
       AND NOT (jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^\s*$')
$$;

-- The layers that count: a SQL NULL is skipped, and one that is no object is an error.
CREATE FUNCTION reference.checked(layers jsonb[]) RETURNS jsonb[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counted jsonb[] := '{}';
    layer   jsonb;
    n       int := 0;
BEGIN
    FOREACH layer IN ARRAY coalesce(layers, '{}') LOOP
        n := n + 1;
        CONTINUE WHEN layer IS NULL;
        IF jsonb_typeof(layer) <> 'object' THEN
            RAISE 'layer % is not an object', n USING ERRCODE = '22023';
        END IF;
        counted := counted || layer;
    END LOOP;
    RETURN counted;
END $$;

-- What a layer says of an integration; nothing where its "integrations" is no object.
CREATE FUNCTION reference.entry_in(layer jsonb, integration text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(layer -> 'integrations') = 'object'
                THEN layer -> 'integrations' -> integration END
$$;

-- The fields that an entry's "locked" names.
CREATE FUNCTION reference.locked_fields(entry jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(entry -> 'locked') = 'array'
                THEN array(SELECT name #>> '{}' FROM jsonb_array_elements(entry -> 'locked') AS name
                           WHERE jsonb_typeof(name) = 'string')
                ELSE '{}' END
$$;

-- Whether an entry's config holds a value for any of these fields.
CREATE FUNCTION reference.holds_any(entry jsonb, field_names text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_typeof(entry) = 'object'
                    AND jsonb_typeof(entry -> 'config') = 'object'
                    AND entry -> 'config' ?| field_names, false)
$$;

-- One integration's entry, as the layers (outermost first) and the defaults make it.
-- known: the catalogue has it; first_wins: the catalogue has it as locked.
CREATE FUNCTION reference.merged_entry(integration text, known boolean, first_wins boolean,
                                       defaults jsonb, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    merged        jsonb;                -- NULL until a layer says something
    config        jsonb;
    frozen        boolean := false;     -- an outer layer locked the whole entry
    enabled_fixed boolean := false;     -- an outer layer locked "enabled"
    frozen_fields text[] := '{}';       -- an outer layer locked these
    given_fields  text[] := '{}';       -- an outer layer gave these a value
    layer         jsonb;
    entry         jsonb;
    key           text;
    value         jsonb;
    field         text;
BEGIN
    IF known THEN
        merged := jsonb_build_object('config', defaults);
    END IF;

    FOREACH layer IN ARRAY layers LOOP
        entry := reference.entry_in(layer, integration);
        CONTINUE WHEN entry IS NULL OR frozen;

        -- An entry that is no object is left out of a known integration. An unknown one's is a
        -- value like any other, but it takes no frozen field away.
        IF jsonb_typeof(entry) <> 'object' THEN
            IF NOT known AND NOT reference.holds_any(merged, frozen_fields)
               AND NOT (enabled_fixed AND coalesce(merged ? 'enabled', false)) THEN
                merged := entry;
            END IF;
            CONTINUE;
        END IF;
        IF merged IS NULL OR jsonb_typeof(merged) <> 'object' THEN
            merged := '{}';
        END IF;

        FOR key, value IN SELECT * FROM jsonb_each(entry) LOOP
            IF key = 'locked' THEN
                NULL;                   -- spent below, and never part of the result

            ELSIF key = 'enabled' AND enabled_fixed THEN
                NULL;                   -- frozen, at whatever it is

            ELSIF key = 'config' AND jsonb_typeof(value) = 'object' THEN
                config := CASE WHEN jsonb_typeof(merged -> 'config') = 'object'
                               THEN merged -> 'config' ELSE '{}' END;
                FOR field, value IN SELECT * FROM jsonb_each(value) LOOP
                    CONTINUE WHEN field = ANY (frozen_fields);
                    CONTINUE WHEN first_wins AND (field = ANY (given_fields) OR value = 'null');
                    IF value = 'null' THEN
                        -- unset: what outer layers gave goes, the default applies again
                        config := config - field;
                        IF defaults ? field THEN
                            config := config || jsonb_build_object(field, defaults -> field);
                        END IF;
                    ELSE
                        config := config
                            || jsonb_build_object(field, reference.overlay(config -> field, value));
                        given_fields := given_fields || field;
                    END IF;
                END LOOP;
                merged := merged || jsonb_build_object('config', config);

            ELSIF NOT known THEN
                -- whatever keys it has; a config that is no object takes no frozen field away
                IF key <> 'config' OR NOT reference.holds_any(merged, frozen_fields) THEN
                    merged := merged
                        || jsonb_build_object(key, reference.overlay(merged -> key, value));
                END IF;

            ELSIF key = 'enabled' AND jsonb_typeof(value) = 'boolean' THEN
                IF NOT (first_wins AND merged ? 'enabled') THEN
                    merged := merged || jsonb_build_object('enabled', value);
                END IF;

            ELSIF key = 'description' AND jsonb_typeof(value) = 'string' THEN
                merged := merged || jsonb_build_object('description', value);
            END IF;
        END LOOP;

        -- A lock binds the inner layers, at whatever this layer left.
        frozen := entry -> 'locked' IS NOT DISTINCT FROM 'true';
        frozen_fields := frozen_fields || reference.locked_fields(entry);
        enabled_fixed := 'enabled' = ANY (frozen_fields);
    END LOOP;
    RETURN merged;
END $$;

-- The fields' defaults, as a config.
CREATE FUNCTION reference.defaults(fields jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(field ->> 'name', field -> 'default_value'), '{}')
    FROM jsonb_array_elements(fields) AS field
    WHERE field ? 'default_value'
$$;

-- The fields that have a value, in a config that has the defaults that stand.
CREATE FUNCTION reference.with_value(fields jsonb, config jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(field ->> 'name'), '{}')
    FROM jsonb_array_elements(fields) AS field
    WHERE reference.has_value(config -> (field ->> 'name'))
$$;

-- In use: required by the catalogue, or a field has a value other than its default.
CREATE FUNCTION reference.in_use(required boolean, fields jsonb, config jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT required OR EXISTS (
        SELECT FROM jsonb_array_elements(fields) AS field
        WHERE reference.has_value(config -> (field ->> 'name'))
          AND config -> (field ->> 'name') IS DISTINCT FROM field -> 'default_value')
$$;

-- Whether a field is required, given those that have a value.
CREATE FUNCTION reference.required(field jsonb, with_value text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(field -> 'required' = 'true', false)
        OR coalesce(field -> 'required_with' ?| with_value, false)
        OR coalesce(NOT field -> 'required_unless' ?| with_value, false)
$$;

-- The required fields without a value, in field order.
CREATE FUNCTION reference.missing(fields jsonb, config jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    missing    jsonb := '[]';
    with_value text[] := reference.with_value(fields, config);
    field      jsonb;
BEGIN
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        IF reference.required(field, with_value) AND NOT field ->> 'name' = ANY (with_value) THEN
            missing := missing || (field -> 'name');
        END IF;
    END LOOP;
    RETURN missing;
END $$;

-- The fields of a level, by name, each with its definition less name and level.
CREATE FUNCTION reference.field_schemas(fields jsonb, of_level text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(
               field ->> 'name',
               jsonb_build_object('type', 'string', 'required', false)
               || (field - ARRAY ['name', 'level', 'default_value'])
               || CASE WHEN field ? 'default_value'
                       THEN jsonb_build_object('default', field -> 'default_value') ELSE '{}' END)
    FROM jsonb_array_elements(fields) AS field
    WHERE coalesce(field ->> 'level', 'org') = of_level
$$;

-- A known integration's entry in the merged document, given its row of the catalogue.
CREATE FUNCTION reference.known_entry(schema_row integration_schemas, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    fields   jsonb := schema_row.fields;
    merged   jsonb := reference.merged_entry(schema_row.id, true, schema_row.locked,
                                             reference.defaults(fields), layers);
    missing  jsonb := reference.missing(fields, merged -> 'config');
    org      jsonb := reference.field_schemas(fields, 'org');
    team     jsonb := reference.field_schemas(fields, 'team');
    entry    jsonb;
BEGIN
    entry := jsonb_build_object(
        'name', schema_row.name,
        'category', schema_row.category,
        'level', CASE WHEN team IS NOT NULL AND org IS NULL THEN 'team' ELSE 'org' END,
        'locked', schema_row.locked,
        'required', schema_row.required,
        'enabled', coalesce(merged -> 'enabled', 'true'),
        'in_use', reference.in_use(schema_row.required, fields, merged -> 'config'),
        'display_order', schema_row.display_order,
        'order', (SELECT coalesce(jsonb_agg(field -> 'name' ORDER BY n), '[]')
                  FROM jsonb_array_elements(fields) WITH ORDINALITY AS f (field, n)),
        'configured', missing = '[]',
        'missing', missing,
        'config_schema', coalesce(org, '{}'),
        'config', merged -> 'config');
    IF team IS NOT NULL THEN
        entry := entry || jsonb_build_object('team_config_schema', team);
    END IF;
    IF merged ? 'description' THEN
        entry := entry || jsonb_build_object('description', merged -> 'description');
    END IF;
    RETURN entry;
END $$;

-- integration_schema_config
CREATE FUNCTION reference.config(layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    document     jsonb := '{}';
    integrations jsonb := '{}';
    layer        jsonb;
    id           text;
    known        integration_schemas;
BEGIN
    layers := reference.checked(layers);

    -- the caller's own keys
    FOREACH layer IN ARRAY layers LOOP
        document := reference.overlay(document, layer - 'integrations');
    END LOOP;

    -- every integration that the catalogue has
    FOR known IN SELECT * FROM integration_schemas LOOP
        integrations := integrations
            || jsonb_build_object(known.id, reference.known_entry(known, layers));
    END LOOP;

    -- and those that only the layers have
    FOREACH layer IN ARRAY layers LOOP
        CONTINUE WHEN jsonb_typeof(layer -> 'integrations') IS DISTINCT FROM 'object';
        FOR id IN SELECT jsonb_object_keys(layer -> 'integrations') LOOP
            CONTINUE WHEN integrations ? id;
            integrations := integrations
                || jsonb_build_object(id, reference.merged_entry(id, false, false, '{}', layers));
        END LOOP;
    END LOOP;

    RETURN document || jsonb_build_object('integrations', integrations);
END $$;

-- integration_schema_resolve
CREATE FUNCTION reference.resolve(id text, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known integration_schemas;
    entry jsonb;
BEGIN
    SELECT * INTO known FROM integration_schemas AS s WHERE s.id = resolve.id;
    IF NOT FOUND THEN
        RAISE 'integration "%" does not exist', id USING ERRCODE = '42704';
    END IF;
    entry := reference.known_entry(known, reference.checked(layers));
    RETURN jsonb_build_object('enabled', entry -> 'enabled', 'configured', entry -> 'configured',
                              'in_use', entry -> 'in_use', 'missing', entry -> 'missing', 'config', entry -> 'config');
END $$;

-- integration_schema_values
CREATE FUNCTION reference."values"(layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    result jsonb := '{}';
    known  integration_schemas;
    entry  jsonb;
BEGIN
    layers := reference.checked(layers);
    FOR known IN SELECT * FROM integration_schemas LOOP
        entry := reference.known_entry(known, layers);
        IF entry -> 'in_use' = 'true' AND entry -> 'enabled' = 'true'
           AND entry -> 'configured' = 'true' THEN
            result := result || jsonb_build_object(known.id, entry -> 'config');
        END IF;
    END LOOP;
    RETURN result;
END $$;
