-- The merge, written a second time: slowly, plainly, and sentence by sentence as the reference
-- describes it, over the same catalogue table. test/pgtap/merge_equals_reference.sql holds the
-- C merge against it. It reads integration_schemas by search_path, so set that first.
--
-- A "word" is what one layer says at one place; words stand outermost first, and the default of a
-- field is the outermost one. test/reference/explain.sql goes on from here.

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

-- The layers; a SQL NULL says nothing, and one that is no object is an error.
CREATE FUNCTION reference.checked(layers jsonb[]) RETURNS jsonb[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    checked jsonb[] := '{}';
    layer   jsonb;
BEGIN
    FOREACH layer IN ARRAY coalesce(layers, '{}') LOOP
        IF jsonb_typeof(layer) <> 'object' THEN
            RAISE 'layer % is not an object', 1 + cardinality(checked) USING ERRCODE = '22023';
        END IF;
        checked := array_append(checked, coalesce(layer, '{}'));
    END LOOP;
    RETURN checked;
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

---------------------------------------------------------------------------
-- What a definition describes
---------------------------------------------------------------------------

-- Whether the definition says which fields an object has.
CREATE FUNCTION reference.is_described(definition jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT definition ?| ARRAY ['fields', 'variants'] $$;

-- The fields of an object, in order: of one with variants first the field that names the choice,
-- and last those of the choice that it names.
CREATE FUNCTION reference.fields_of(definition jsonb, object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN definition ? 'variants'
                THEN jsonb_build_array(jsonb_build_object('name', definition #> '{variants,by}', 'required', true))
                ELSE '[]' END
           || coalesce(definition -> 'fields', '[]')
           || coalesce((SELECT choice -> 'fields'
                        FROM jsonb_array_elements(definition #> '{variants,choices}') AS choice
                        WHERE choice -> 'value' = object -> (definition #>> '{variants,by}')), '[]')
$$;

-- Of these fields of an object the names of those that apply: every field that a condition names
-- applies itself and has one of the values. object has what the fields have where they apply.
CREATE FUNCTION reference.applying(fields jsonb, object jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    applying text[] := array(SELECT f ->> 'name' FROM jsonb_array_elements(fields) AS f
                             WHERE NOT f ? 'applies_when');
    more     text[];
BEGIN
    LOOP
        more := array(SELECT f ->> 'name' FROM jsonb_array_elements(fields) AS f
                      WHERE f ->> 'name' <> ALL (applying)
                        AND NOT EXISTS (SELECT FROM jsonb_each(f -> 'applies_when') AS condition
                                        WHERE NOT (condition.key = ANY (applying) AND EXISTS (
                                            SELECT FROM jsonb_array_elements(condition.value) AS wanted
                                            WHERE wanted = object -> condition.key))));
        EXIT WHEN more = '{}';
        applying := applying || more;
    END LOOP;
    RETURN applying;
END $$;

---------------------------------------------------------------------------
-- What words give
---------------------------------------------------------------------------

-- What the objects of the layers have at a key, outermost first.
CREATE FUNCTION reference.words_at(objects jsonb[], key text) RETURNS jsonb[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(o -> key ORDER BY n), '{}')
    FROM unnest(objects) WITH ORDINALITY AS l (o, n) WHERE o ? key
$$;

CREATE FUNCTION reference.keys_of(objects jsonb[]) RETURNS SETOF text
LANGUAGE sql IMMUTABLE AS $$ SELECT DISTINCT k FROM unnest(objects) AS o, jsonb_object_keys(o) AS k $$;

-- The words that an inner layer has not started anew: one that names another choice than the
-- layers outside of it, or none with a null, leaves nothing of what these gave.
CREATE FUNCTION reference.of_one_choice(named_by text, objects jsonb[]) RETURNS jsonb[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    kept   jsonb[] := '{}';
    choice jsonb;
    object jsonb;
BEGIN
    FOREACH object IN ARRAY objects LOOP
        IF object ? named_by THEN
            IF choice <> object -> named_by THEN
                kept := '{}';
            END IF;
            choice := nullif(object -> named_by, 'null');
        END IF;
        kept := array_append(kept, object);
    END LOOP;
    RETURN kept;
END $$;

-- How values of a definition are put together, where that is not by their JSON types: an array's
-- "replace" is, and says nothing of an object in its place.
CREATE FUNCTION reference.merge(definition jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN definition ->> 'type' <> 'array' OR definition ->> 'merge' <> 'replace' THEN definition ->> 'merge' END
$$;

-- What words give for a field, or for what an array or a map has in it; NULL for nothing. With
-- applicable, what does not apply inside of it is left out.
CREATE FUNCTION reference.value(definition jsonb, words jsonb[], applicable boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    stated jsonb[] := '{}';
    kind   text;
    merge  text := reference.merge(definition);
    word   jsonb;
    result jsonb;
    given  jsonb;
BEGIN
    -- null unsets: what outer layers gave is dropped, and the default applies again
    FOREACH word IN ARRAY words LOOP
        stated := CASE WHEN word = 'null' THEN '{}' ELSE array_append(stated, word) END;
    END LOOP;
    IF definition ? 'default_value' THEN
        stated := array_prepend(definition -> 'default_value', stated);
    END IF;

    -- an object that is not there is filled where it is required
    IF stated = '{}' THEN
        IF coalesce(definition -> 'required' = 'true', false) AND reference.is_described(definition) THEN
            RETURN nullif(reference.object(definition, ARRAY ['{}'::jsonb], applicable), '{}');
        END IF;
        RETURN NULL;
    END IF;

    -- an inner word of another type replaces the outer ones
    kind := jsonb_typeof(stated[cardinality(stated)]);
    FOR n IN REVERSE cardinality(stated) .. 1 LOOP
        IF jsonb_typeof(stated[n]) <> kind THEN
            stated := stated[n + 1:];
            EXIT;
        END IF;
    END LOOP;
    -- everything but objects is replaced, or as "merge" has it
    IF (CASE kind WHEN 'array' THEN coalesce(merge NOT IN ('append', 'union'), true)
                  WHEN 'object' THEN coalesce(merge = 'replace', false)
                  ELSE true END) THEN
        stated := stated[cardinality(stated):];
    END IF;

    IF kind = 'array' THEN
        result := '[]';
        FOREACH word IN ARRAY stated LOOP
            FOR given IN SELECT * FROM jsonb_array_elements(word) LOOP
                IF definition ? 'items' AND given <> 'null' THEN
                    given := reference.value(definition -> 'items', ARRAY [given], applicable);
                END IF;
                CONTINUE WHEN merge = 'union' AND EXISTS (SELECT FROM jsonb_array_elements(result) AS e WHERE e = given);
                result := result || jsonb_build_array(given);
            END LOOP;
        END LOOP;
    ELSIF kind = 'object' AND reference.is_described(definition) THEN
        result := reference.object(definition, stated, applicable);
    ELSIF kind = 'object' AND definition ? 'values' THEN
        SELECT coalesce(jsonb_object_agg(k, v), '{}') INTO result
        FROM reference.keys_of(stated) AS k,
             reference.value(definition -> 'values', reference.words_at(stated, k), applicable) AS v
        WHERE v IS NOT NULL;
    ELSE
        FOREACH word IN ARRAY stated LOOP
            result := reference.overlay(result, word);
        END LOOP;
    END IF;
    RETURN result;
END $$;

-- What objects give whose fields a definition describes.
CREATE FUNCTION reference.object(definition jsonb, objects jsonb[], applicable boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    named_by text := definition #>> '{variants,by}';
    choice   jsonb;
    fields   jsonb;
    field    jsonb;
    value    jsonb;
    key      text;
    result   jsonb := '{}';         -- all that has a value, defaults included
    applying text[];
BEGIN
    IF named_by IS NOT NULL THEN
        objects := reference.of_one_choice(named_by, objects);
        choice := reference.value('{}', reference.words_at(objects, named_by), applicable);
    END IF;
    fields := reference.fields_of(definition, CASE WHEN choice IS NULL THEN '{}'
                                                   ELSE jsonb_build_object(named_by, choice) END);

    -- what the definition does not know is kept, and unset by null, too
    FOR key IN SELECT k FROM reference.keys_of(objects) AS k
               WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(fields) AS f WHERE f ->> 'name' = k) LOOP
        value := reference.value('{}', reference.words_at(objects, key), applicable);
        IF value IS NOT NULL THEN
            result := result || jsonb_build_object(key, value);
        END IF;
    END LOOP;

    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        value := reference.value(field, reference.words_at(objects, field ->> 'name'), applicable);
        IF value IS NOT NULL THEN
            result := result || jsonb_build_object(field ->> 'name', value);
        END IF;
    END LOOP;

    -- A field that does not apply has no default and is in no answer of resolve or values; but what
    -- was given stays in the merged document.
    applying := reference.applying(fields, result);
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        CONTINUE WHEN field ->> 'name' = ANY (applying);
        result := result - (field ->> 'name');
        IF NOT applicable THEN
            value := reference.value(field - ARRAY ['default_value', 'required'],
                                     reference.words_at(objects, field ->> 'name'), applicable);
            IF value IS NOT NULL THEN
                result := result || jsonb_build_object(field ->> 'name', value);
            END IF;
        END IF;
    END LOOP;
    RETURN result;
END $$;

---------------------------------------------------------------------------
-- What is missing, and what is in use
---------------------------------------------------------------------------

-- Whether a field is required, given those that have a value.
CREATE FUNCTION reference.required(field jsonb, with_value text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(field -> 'required' = 'true', false)
        OR coalesce(field -> 'required_with' ?| with_value, false)
        OR coalesce(NOT field -> 'required_unless' ?| with_value, false)
$$;

-- The fields of an object that apply and have a value.
CREATE FUNCTION reference.with_value(fields jsonb, object jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(name), '{}')
    FROM unnest(reference.applying(fields, object)) AS name
    WHERE reference.has_value(object -> name)
$$;

-- One step of a path, as JSON Pointer (RFC 6901) writes it.
CREATE FUNCTION reference.step(key text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT replace(replace(key, '~', '~0'), '/', '~1') $$;

-- The paths of the required fields without a value, in field order; before is what their paths
-- begin with.
CREATE FUNCTION reference.missing(fields jsonb, object jsonb, before text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    missing    jsonb := '[]';
    inside     jsonb;
    applying   text[] := reference.applying(fields, object);
    with_value text[] := reference.with_value(fields, object);
    field      jsonb;
    name       text;
    path       text;
BEGIN
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        name := field ->> 'name';
        path := before || reference.step(name);
        CONTINUE WHEN name <> ALL (applying);
        IF name = ANY (with_value) THEN
            missing := missing || reference.missing_inside(field, object -> name, path || '/');
        ELSIF reference.required(field, with_value) THEN
            -- of an object that is not there, what one would have to give
            inside := '[]';
            IF coalesce(object -> name, 'null') = 'null' AND reference.is_described(field) THEN
                inside := reference.missing(reference.fields_of(field, '{}'),
                                            reference.object(field, ARRAY ['{}'::jsonb], false), path || '/');
            END IF;
            missing := missing || CASE WHEN inside = '[]' THEN jsonb_build_array(path) ELSE inside END;
        END IF;
    END LOOP;
    RETURN missing;
END $$;

-- The same for what is in a value.
CREATE FUNCTION reference.missing_inside(definition jsonb, value jsonb, before text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    missing jsonb := '[]';
    key     text;
    inner_  jsonb;
BEGIN
    IF jsonb_typeof(value) = 'object' AND reference.is_described(definition) THEN
        RETURN reference.missing(reference.fields_of(definition, value), value, before);
    ELSIF jsonb_typeof(value) = 'object' AND definition ? 'values' THEN
        FOR key, inner_ IN SELECT * FROM jsonb_each(value) LOOP
            missing := missing || reference.missing_inside(definition -> 'values', inner_, before || reference.step(key) || '/');
        END LOOP;
    ELSIF jsonb_typeof(value) = 'array' AND definition ? 'items' THEN
        FOR key, inner_ IN SELECT n - 1, e FROM jsonb_array_elements(value) WITH ORDINALITY AS l (e, n) LOOP
            missing := missing || reference.missing_inside(definition -> 'items', inner_, before || key || '/');
        END LOOP;
    END IF;
    RETURN missing;
END $$;

-- Whether a field has a value other than the one that it has where nobody gives any; of what is
-- described, one of the fields in it. What does not apply in it is no value.
CREATE FUNCTION reference.differs(definition jsonb, value jsonb, unset jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    fields jsonb := '[]';
    field  jsonb;
    key    text;
    inner_ jsonb;
BEGIN
    IF NOT reference.has_value(value) THEN
        RETURN false;
    ELSIF jsonb_typeof(value) = 'array' AND jsonb_typeof(unset) = 'array' THEN
        RETURN reference.value(definition - 'default_value', ARRAY [value], true)
               <> reference.value(definition - 'default_value', ARRAY [unset], true);
    ELSIF jsonb_typeof(value) <> 'object' OR NOT (reference.is_described(definition) OR definition ? 'values') THEN
        RETURN value IS DISTINCT FROM unset;
    END IF;
    IF reference.is_described(definition) THEN
        fields := reference.fields_of(definition, value);
    END IF;
    FOR key, inner_ IN SELECT * FROM jsonb_each(value) LOOP
        field := coalesce((SELECT f FROM jsonb_array_elements(fields) AS f WHERE f ->> 'name' = key), definition -> 'values');
        IF field IS NULL THEN
            CONTINUE WHEN inner_ IS NOT DISTINCT FROM unset -> key;
        ELSE
            CONTINUE WHEN field ? 'name' AND key <> ALL (reference.applying(fields, value));
            CONTINUE WHEN NOT reference.differs(field, inner_, CASE WHEN jsonb_typeof(unset) = 'object' THEN unset -> key
                                                                    ELSE reference.value(field, '{}', false) END);
        END IF;
        RETURN true;
    END LOOP;
    RETURN false;
END $$;

-- In use: one of an integration's fields has a value other than its default.
CREATE FUNCTION reference.in_use(fields jsonb, config jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT EXISTS (SELECT FROM jsonb_array_elements(fields) AS field
                   WHERE field ->> 'name' = ANY (reference.applying(fields, config))
                     AND reference.differs(field, config -> (field ->> 'name'), reference.value(field, '{}', false)))
$$;

---------------------------------------------------------------------------
-- Locks: which words count
---------------------------------------------------------------------------

-- What counts of the layers' words on one entry.
CREATE TYPE reference.counted AS (
    configs     jsonb[],            -- of each layer, the fields that count
    enabled     jsonb,
    description jsonb
);

-- The words that count of an integration's plain entry.
CREATE FUNCTION reference.counted_plain(of integration_schemas, layers jsonb[]) RETURNS reference.counted
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN reference.counted_entry(of, of.id, layers, '{}', row('{}'::jsonb[], NULL::jsonb, NULL::jsonb)::reference.counted, '{}');
END $$;

-- The words that count of the entry at a key, once those of outer have counted. plain_locks has, of
-- each layer, what its plain entry locks for inner layers' instances; frozen the fields that are
-- locked at the outset.
CREATE FUNCTION reference.counted_entry(of integration_schemas, entry_key text, layers jsonb[], frozen text[],
                                        outer_ reference.counted, plain_locks jsonb[]) RETURNS reference.counted
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counted       reference.counted := outer_;
    whole         boolean := false; -- an outer layer locked the whole entry
    config        jsonb;
    entry         jsonb;
BEGIN
    FOR n IN 1 + cardinality(counted.configs) .. cardinality(layers) LOOP
        entry := reference.entry_in(layers[n], entry_key);
        config := '{}';
        -- what has the wrong shape is left out
        IF jsonb_typeof(entry) = 'object' AND NOT whole THEN
            IF jsonb_typeof(entry -> 'config') = 'object' THEN
                SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO config
                FROM jsonb_each(entry -> 'config')
                WHERE key <> ALL (frozen)
                      -- locked in the catalogue: the outermost layer that gives a value has it
                  AND NOT (of.locked AND (value = 'null' OR EXISTS (
                          SELECT FROM unnest(counted.configs) AS outer_config WHERE outer_config ? key)));
            END IF;
            IF jsonb_typeof(entry -> 'enabled') = 'boolean' AND 'enabled' <> ALL (frozen)
               AND NOT (of.locked AND counted.enabled IS NOT NULL) THEN
                counted.enabled := entry -> 'enabled';
            END IF;
            IF jsonb_typeof(entry -> 'description') = 'string' THEN
                counted.description := entry -> 'description';
            END IF;
            -- a lock binds the inner layers, at whatever this layer left
            whole := coalesce(entry -> 'locked' = 'true', false);
            frozen := frozen || reference.locked_fields(entry);
        END IF;
        IF plain_locks <> '{}' THEN
            whole := whole OR coalesce(plain_locks[n] -> 'locked' = 'true', false);
            frozen := frozen || reference.locked_fields(plain_locks[n]);
        END IF;
        counted.configs := array_append(counted.configs, config);
    END LOOP;
    RETURN counted;
END $$;

-- The outermost layer that has an object at one of these keys; NULL for none.
CREATE FUNCTION reference.first_layer(entry_keys text[], layers jsonb[]) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
    SELECT min(n)::int FROM unnest(layers) WITH ORDINALITY AS l (layer, n), unnest(entry_keys) AS k
    WHERE jsonb_typeof(reference.entry_in(layer, k)) = 'object'
$$;

-- The keys of the instances that an integration has.
CREATE FUNCTION reference.instances(of integration_schemas, layers jsonb[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    keys       text[];
    whole_lock int;
    outermost  int;
BEGIN
    IF NOT of.instances THEN
        RETURN '{}';
    END IF;
    keys := array(
        SELECT DISTINCT k FROM unnest(layers) AS layer,
            jsonb_object_keys(CASE WHEN jsonb_typeof(layer -> 'integrations') = 'object' THEN layer -> 'integrations' ELSE '{}' END) AS k
        WHERE split_part(k, ':', 1) = of.id AND substr(k, length(of.id) + 1) ~ '^:[a-z0-9][a-z0-9_-]{0,63}$'
          AND jsonb_typeof(reference.entry_in(layer, k)) = 'object');
    -- a whole lock in the plain entry keeps out those of the layers inside of it
    whole_lock := (SELECT min(n) FROM unnest(layers) WITH ORDINALITY AS l (layer, n)
                   WHERE reference.entry_in(layer, of.id) -> 'locked' = 'true');
    -- locked in the catalogue: only the outermost layer that speaks of the integration has any
    outermost := CASE WHEN of.locked THEN reference.first_layer(of.id || keys, layers) END;
    RETURN array(SELECT k FROM unnest(keys) AS k, reference.first_layer(ARRAY [k], layers) AS first
                 WHERE coalesce(first <= whole_lock, true) AND coalesce(first <= outermost, true) ORDER BY k COLLATE "C");
END $$;

-- The words that count of an instance's entry. It takes no values from the plain entry, but for
-- what was locked there before any layer gave the instance.
CREATE FUNCTION reference.counted_instance(of integration_schemas, entry_key text, layers jsonb[]) RETURNS reference.counted
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    first       int := reference.first_layer(ARRAY [entry_key], layers);
    plain_locks jsonb[] := array(SELECT CASE WHEN jsonb_typeof(e) = 'object' AND e ? 'locked'
                                             THEN jsonb_build_object('locked', e -> 'locked') ELSE '{}' END
                                 FROM unnest(layers) WITH ORDINALITY AS l (layer, n), reference.entry_in(layer, of.id) AS e
                                 ORDER BY n);
    frozen      text[] := array(SELECT DISTINCT name FROM unnest(plain_locks[:first - 1]) AS p, unnest(reference.locked_fields(p)) AS name);
    plain       reference.counted := reference.counted_plain(of, layers[:first - 1]);
BEGIN
    plain.configs := array(
        SELECT (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(config) WHERE key = ANY (frozen))
        FROM unnest(plain.configs) WITH ORDINALITY AS c (config, n) ORDER BY n);
    IF 'enabled' <> ALL (frozen) THEN
        plain.enabled := NULL;
    END IF;
    plain.description := NULL;
    IF of.locked THEN
        -- an inner layer has no instances
        layers := layers[:first];
    END IF;
    RETURN reference.counted_entry(of, entry_key, layers, frozen, plain, plain_locks);
END $$;

CREATE FUNCTION reference.counted(of integration_schemas, entry_key text, layers jsonb[]) RETURNS reference.counted
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN entry_key = of.id THEN reference.counted_plain(of, layers)
                ELSE reference.counted_instance(of, entry_key, layers) END
$$;

---------------------------------------------------------------------------
-- The answers
---------------------------------------------------------------------------

-- What has become of the entry at a key: enabled, configured, in_use (by its fields alone), missing,
-- config; and description, where one was given.
CREATE FUNCTION reference.outcome(of integration_schemas, entry_key text, layers jsonb[], applicable boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counted reference.counted := reference.counted(of, entry_key, layers);
    config  jsonb := reference.object(jsonb_build_object('fields', of.fields), array_append(counted.configs, '{}'), applicable);
    missing jsonb := reference.missing(of.fields, config, '');
BEGIN
    RETURN jsonb_build_object('enabled', coalesce(counted.enabled, 'true'), 'configured', missing = '[]',
                              'in_use', reference.in_use(of.fields, config), 'missing', missing, 'config', config)
           || CASE WHEN counted.description IS NULL THEN '{}'
                   ELSE jsonb_build_object('description', counted.description) END;
END $$;

-- Whether the catalogue's "required" makes the plain entry one in use: not where an instance is
-- there that is enabled and configured.
CREATE FUNCTION reference.is_required(of integration_schemas, layers jsonb[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT of.required AND NOT EXISTS (
        SELECT FROM unnest(reference.instances(of, layers)) AS k, reference.outcome(of, k, layers, false) AS o
        WHERE o -> 'enabled' = 'true' AND o -> 'configured' = 'true')
$$;

-- The same with what the catalogue requires.
CREATE FUNCTION reference.answer(of integration_schemas, entry_key text, layers jsonb[], applicable boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT o || CASE WHEN entry_key = of.id AND reference.is_required(of, layers) THEN '{"in_use": true}' ELSE '{}' END::jsonb
    FROM reference.outcome(of, entry_key, layers, applicable) AS o
$$;

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

-- A known integration's entry in the merged document, or an instance's.
CREATE FUNCTION reference.known_entry(of integration_schemas, entry_key text, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    org  jsonb := reference.field_schemas(of.fields, 'org');
    team jsonb := reference.field_schemas(of.fields, 'team');
BEGIN
    RETURN jsonb_build_object(
               'name', of.name,
               'category', of.category,
               'level', CASE WHEN team IS NOT NULL AND org IS NULL THEN 'team' ELSE 'org' END,
               'locked', of.locked,
               'required', of.required,
               'display_order', of.display_order,
               'order', (SELECT coalesce(jsonb_agg(field -> 'name' ORDER BY n), '[]')
                         FROM jsonb_array_elements(of.fields) WITH ORDINALITY AS f (field, n)),
               'config_schema', coalesce(org, '{}'))
        || reference.answer(of, entry_key, layers, false)
        || CASE WHEN team IS NULL THEN '{}' ELSE jsonb_build_object('team_config_schema', team) END
        || CASE WHEN entry_key = of.id THEN '{}'
                ELSE jsonb_build_object('integration', of.id, 'instance', split_part(entry_key, ':', 2)) END;
END $$;

-- Whether the merged config of an unknown integration has a value at any of these fields.
CREATE FUNCTION reference.holds_any(configs jsonb[], field_names text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT reference.object('{"fields": []}', configs, false) ?| field_names $$;

-- The entry of an integration that the catalogue does not know: merged by the same rules and kept,
-- whatever keys and whatever shape it has.
CREATE FUNCTION reference.unknown_entry(entry_key text, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    merged  jsonb;                  -- all but its config; NULL until a layer says something
    config  jsonb;                  -- one that is no object
    configs jsonb[];                -- those that are; NULL where there is none
    frozen  text[] := '{}';
    layer   jsonb;
    entry   jsonb;
    key     text;
    value   jsonb;
BEGIN
    FOREACH layer IN ARRAY layers LOOP
        entry := reference.entry_in(layer, entry_key);
        CONTINUE WHEN entry IS NULL;

        -- What is no object takes the place of the entry, but takes nothing away that is locked.
        IF jsonb_typeof(entry) <> 'object' THEN
            IF NOT coalesce(reference.holds_any(configs, frozen), false)
               AND NOT ('enabled' = ANY (frozen) AND coalesce(merged ? 'enabled', false)) THEN
                merged := entry;
                config := NULL;
                configs := NULL;
            END IF;
            CONTINUE;
        END IF;
        IF merged IS NULL OR jsonb_typeof(merged) <> 'object' THEN
            merged := '{}';
        END IF;

        FOR key, value IN SELECT * FROM jsonb_each(entry - 'locked') LOOP
            IF key = 'config' THEN
                IF jsonb_typeof(value) = 'object' THEN
                    config := NULL;
                    configs := array_append(configs, value - frozen);
                ELSIF NOT coalesce(reference.holds_any(configs, frozen), false) THEN
                    config := value;
                    configs := NULL;
                END IF;
            ELSIF key <> 'enabled' OR 'enabled' <> ALL (frozen) THEN
                merged := merged || jsonb_build_object(key, reference.overlay(merged -> key, value));
            END IF;
        END LOOP;

        EXIT WHEN entry -> 'locked' = 'true';
        frozen := frozen || reference.locked_fields(entry);
    END LOOP;
    IF configs IS NOT NULL THEN
        config := reference.object('{"fields": []}', configs, false);
    END IF;
    RETURN CASE WHEN config IS NULL THEN merged ELSE merged || jsonb_build_object('config', config) END;
END $$;

-- The entries that the catalogue has something to say of: of each integration the plain one and its
-- instances.
CREATE FUNCTION reference.entries(layers jsonb[]) RETURNS TABLE (of integration_schemas, entry_key text)
LANGUAGE sql STABLE AS $$
    SELECT s, k FROM integration_schemas AS s, unnest(s.id || reference.instances(s, layers)) AS k
$$;

-- integration_schema_config
CREATE FUNCTION reference.config(layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    document     jsonb := '{}';
    integrations jsonb;
    layer        jsonb;
    entry_key    text;
BEGIN
    layers := reference.checked(layers);

    -- the caller's own keys
    FOREACH layer IN ARRAY layers LOOP
        document := reference.overlay(document, layer - 'integrations');
    END LOOP;

    -- every integration that the catalogue has, with its instances
    SELECT coalesce(jsonb_object_agg(e.entry_key, reference.known_entry(e.of, e.entry_key, layers)), '{}') INTO integrations
    FROM reference.entries(layers) AS e;

    -- and those that only the layers have: instances that can't be are dropped, and a name that
    -- no instance can have is no instance's
    FOREACH layer IN ARRAY layers LOOP
        CONTINUE WHEN jsonb_typeof(layer -> 'integrations') IS DISTINCT FROM 'object';
        FOR entry_key IN SELECT jsonb_object_keys(layer -> 'integrations') LOOP
            CONTINUE WHEN integrations ? entry_key
                OR (entry_key ~ '^[^:]*:[a-z0-9][a-z0-9_-]{0,63}$'
                    AND EXISTS (SELECT FROM integration_schemas WHERE id = split_part(entry_key, ':', 1)));
            integrations := integrations || jsonb_build_object(entry_key, reference.unknown_entry(entry_key, layers));
        END LOOP;
    END LOOP;

    RETURN document || jsonb_build_object('integrations', integrations);
END $$;

-- integration_schema_resolve
CREATE FUNCTION reference.resolve(entry_key text, layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    answer jsonb;
BEGIN
    layers := reference.checked(layers);
    SELECT reference.answer(e.of, e.entry_key, layers, true) - 'description' INTO answer
    FROM reference.entries(layers) AS e WHERE e.entry_key = resolve.entry_key;
    IF NOT FOUND THEN
        RAISE 'integration "%" does not exist', entry_key USING ERRCODE = '42704';
    END IF;
    RETURN answer;
END $$;

-- integration_schema_values
CREATE FUNCTION reference."values"(layers jsonb[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    layers := reference.checked(layers);
    RETURN (SELECT coalesce(jsonb_object_agg(e.entry_key, a -> 'config'), '{}')
            FROM reference.entries(layers) AS e, reference.answer(e.of, e.entry_key, layers, true) AS a
            WHERE a -> 'in_use' = 'true' AND a -> 'enabled' = 'true' AND a -> 'configured' = 'true');
END $$;
