-- Random catalogues and random layers for them: every kind of definition, value, lock, null and
-- wrong shape that the merge has a rule for, from pools small enough that layers keep meeting each
-- other.
-- Follows random(), so setseed() makes a run repeatable.

CREATE SCHEMA generator;

-- true in this share of calls
CREATE FUNCTION generator.chance(share float8) RETURNS boolean
LANGUAGE sql VOLATILE AS $$ SELECT random() < share $$;

-- one of them
CREATE FUNCTION generator.pick(choices jsonb[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN choices[1 + floor(random() * array_length(choices, 1))];
END $$;

CREATE FUNCTION generator.pick(choices text[]) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN choices[1 + floor(random() * array_length(choices, 1))];
END $$;

CREATE FUNCTION generator.scalar() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF generator.chance(0.02) THEN
        RETURN to_jsonb(repeat('long ünïcode ', 1 + floor(random() * 400)::int));
    END IF;
    RETURN generator.pick(ARRAY [
        'null', 'true', 'false', '""', '" "', '"\t\n"', '"x"', '"null"', '"日本語 \"quoted\" \\ \n"', '"\ud83d\ude00"',
        '0', '1', '1.0', '1.00', '-0', '-0.0', '1e2', '1E-7', '0.1', '12345678901234567890.123456789',
        '1e300', '-98765432109876543210', '0.000000000000000000000000000001000']::jsonb[]);
END $$;

CREATE FUNCTION generator.key() RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN generator.pick(ARRAY [
        'a', 'b', 'aa', 'B', '', ' ', 'config', 'locked', 'enabled', 'integrations', 'é', '日本', '/~"\',
        repeat('k', 63), repeat('k', 300)]);
END $$;

-- any value, with at most this many levels of arrays and objects
CREATE FUNCTION generator.value(depth int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made jsonb;
BEGIN
    IF depth = 0 OR generator.chance(0.5) THEN
        RETURN generator.scalar();
    ELSIF generator.chance(0.3) THEN
        made := '[]';
        FOR i IN 1 .. floor(random() * 4) LOOP
            made := made || jsonb_build_array(generator.value(depth - 1));
        END LOOP;
        IF generator.chance(0.02) THEN
            SELECT jsonb_agg(n) INTO made FROM generate_series(1, 70) AS n;
        END IF;
    ELSE
        made := '{}';
        FOR i IN 1 .. floor(random() * 4) LOOP
            made := made || jsonb_build_object(generator.key(), generator.value(depth - 1));
        END LOOP;
        IF generator.chance(0.02) THEN
            made := made || generator.many('m', 70);
        END IF;
    END IF;
    RETURN made;
END $$;

-- an object with so many keys that lookups in it cross the writer's offset strides
CREATE FUNCTION generator.many(prefix text, most int) RETURNS jsonb
LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_object_agg(prefix || n, generator.scalar())
    FROM generate_series(1, 20 + floor(random() * most)::int) AS n
$$;

CREATE FUNCTION generator.field_name() RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN generator.pick(ARRAY [
        'a', 'b', 'c', 'Z', '_u', 'api_key', 'region', 'config', 'locked', 'enabled', 'f10', repeat('n', 64)]);
END $$;

-- values of a scalar type, few enough that conditions on them hold at times
CREATE FUNCTION generator.of_type(type text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN generator.pick(CASE type
        WHEN 'secret'  THEN ARRAY ['"hush"', '"xoxb-1"', '""']
        WHEN 'integer' THEN ARRAY ['0', '1', '1.0', '8089', '-5', '1e2']
        WHEN 'number'  THEN ARRAY ['0', '1.0', '1.50', '-0.25']
        WHEN 'boolean' THEN ARRAY ['true', 'false']
        ELSE ARRAY ['""', '"  "', '"d"', '"d"', '"e"', '"défaut"', '"null"'] END::jsonb[]);
END $$;

-- some of them, at least one
CREATE FUNCTION generator.some(names text[]) RETURNS text[]
LANGUAGE sql VOLATILE AS $$
    SELECT array(SELECT n FROM unnest(names) AS n ORDER BY random() LIMIT 1 + floor(random() * 2)::int)
$$;

-- Whether there is a secret anywhere in what a definition describes.
CREATE FUNCTION generator.has_secret(definition jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT definition @? '$.**.type ? (@ == "secret")' $$;

-- A condition on one or two of these fields, which may be nothing.
CREATE FUNCTION generator.condition(siblings jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made    jsonb := '{}';
    sibling jsonb;
BEGIN
    FOR sibling IN SELECT f FROM jsonb_array_elements(siblings) AS f
                   WHERE coalesce(f ->> 'type', 'string') IN ('string', 'integer', 'number', 'boolean')
                   ORDER BY random() LIMIT CASE WHEN random() < 0.8 THEN 1 ELSE 2 END LOOP
        made := made || jsonb_build_object(sibling ->> 'name',
            CASE WHEN sibling ? 'allowed_values' THEN jsonb_build_array(generator.pick(array(
                          SELECT jsonb_array_elements(sibling -> 'allowed_values'))))
                 ELSE (SELECT jsonb_agg(DISTINCT v) FROM generate_series(1, 2), generator.of_type(sibling ->> 'type') AS v) END);
    END LOOP;
    RETURN made;
END $$;

-- What is in a value of that type, with at most so many levels of it.
CREATE FUNCTION generator.inside(type text, depth int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made  jsonb := '{}';
    inner_ jsonb;
BEGIN
    IF type = 'array' THEN
        inner_ := generator.definition(depth - 1);
        made := jsonb_build_object('items', inner_);
    ELSIF generator.chance(0.3) THEN
        made := jsonb_build_object('values', generator.definition(depth - 1));
    ELSE
        IF generator.chance(0.6) THEN
            made := jsonb_build_object('fields', generator.few_fields(depth - 1, '[]'));
        END IF;
        IF made = '{}' OR generator.chance(0.5) THEN
            made := made || jsonb_build_object('variants', jsonb_build_object(
                'by', generator.pick(ARRAY ['kind', 'auth.type', 'Z-kind']),
                'choices', '[]'::jsonb));
            FOREACH inner_ IN ARRAY ARRAY ['"key"', '"role"', '"a/b"']::jsonb[] LOOP
                CONTINUE WHEN inner_ = '"a/b"' AND generator.chance(0.6);
                made := jsonb_set(made, '{variants,choices}', made #> '{variants,choices}' || jsonb_build_object(
                    'value', inner_,
                    'fields', generator.few_fields(depth - 1, coalesce(made -> 'fields', '[]') || jsonb_build_object(
                        'name', made #> '{variants,by}', 'allowed_values', '["key", "role"]'::jsonb))));
            END LOOP;
        END IF;
    END IF;
    RETURN made;
END $$;

-- A definition without a name, for elements and for a map's values.
CREATE FUNCTION generator.definition(depth int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    type text := generator.pick(ARRAY ['string', 'secret', 'integer', 'number', 'array', 'object', 'object', 'object', 'json']);
    made jsonb := jsonb_build_object('type', type);
BEGIN
    IF type IN ('array', 'object') AND depth > 0 AND generator.chance(0.85) THEN
        made := made || generator.inside(type, depth);
    END IF;
    RETURN made || generator.merge(made);
END $$;

-- How values of this definition meet; mostly nothing is said.
CREATE FUNCTION generator.merge(definition jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    merge text := CASE definition ->> 'type'
        WHEN 'array' THEN generator.pick(ARRAY ['replace', 'append', 'append', 'union', 'union', 'union', NULL])
        WHEN 'object' THEN generator.pick(ARRAY ['deep', 'replace', NULL, NULL, NULL, NULL]) END;
BEGIN
    IF merge IS NULL OR (merge = 'union' AND generator.has_secret(definition)) THEN
        RETURN '{}';
    END IF;
    RETURN jsonb_build_object('merge', merge);
END $$;

-- A default that the catalogue takes: right at every depth, with no secret.
CREATE FUNCTION generator.right_value(definition jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    type  text := coalesce(definition ->> 'type', 'string');
    made  jsonb;
    field jsonb;
    value jsonb;
BEGIN
    IF type = 'array' THEN
        made := '[]';
        IF NOT definition ? 'items' THEN
            RETURN generator.pick(ARRAY ['[]', '[1, {"a": null}]', '[[]]', '[1.0]']::jsonb[]);
        ELSIF NOT generator.has_secret(definition) THEN
            FOR i IN 1 .. floor(random() * 3) LOOP
                made := made || jsonb_build_array(generator.right_value(definition -> 'items'));
            END LOOP;
        END IF;
    ELSIF type = 'object' AND definition ? 'values' THEN
        made := '{}';
        IF NOT generator.has_secret(definition) AND generator.chance(0.7) THEN
            made := made || jsonb_build_object(generator.pick(ARRAY ['a', 'b', '/~"\']), generator.right_value(definition -> 'values'));
        END IF;
    ELSIF type = 'object' AND definition ?| ARRAY ['fields', 'variants'] THEN
        made := '{}';
        IF definition ? 'variants' AND generator.chance(0.7) THEN
            made := made || jsonb_build_object(definition #>> '{variants,by}',
                                               definition #> '{variants,choices,0,value}');
        END IF;
        FOR field IN SELECT jsonb_array_elements(coalesce(definition -> 'fields', '[]')
                         || CASE WHEN made <> '{}' THEN definition #> '{variants,choices,0,fields}' ELSE '[]' END) LOOP
            IF NOT generator.has_secret(field) AND generator.chance(0.5) THEN
                made := made || jsonb_build_object(field ->> 'name', generator.right_value(field));
            END IF;
        END LOOP;
    ELSIF type = 'object' THEN
        made := generator.pick(ARRAY ['{}', '{"a": 1, "b": {"a": null, "b": [1]}}', '{"config": {"a": 1.0}}']::jsonb[]);
    ELSIF type = 'json' THEN
        made := generator.pick(ARRAY ['0', '""', '[1, null]', '{"a": 1, "b": {"a": null, "b": [1]}}']::jsonb[]);
    ELSE
        made := generator.of_type(type);
    END IF;
    RETURN made;
END $$;

-- A definition of a field that the catalogue takes. others are the names of all its siblings,
-- earlier the definitions that its conditions may be on.
CREATE FUNCTION generator.field(name text, others text[], earlier jsonb, depth int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    type  text := generator.pick(CASE WHEN depth = 0 OR generator.chance(0.5)
                                      THEN ARRAY ['string', 'string', 'secret', 'integer', 'number', 'boolean', 'array', 'object', 'json']
                                      ELSE ARRAY ['string', 'boolean', 'array', 'object', 'object', 'object'] END);
    made  jsonb := jsonb_build_object('name', name);
BEGIN
    IF type <> 'string' OR generator.chance(0.5) THEN
        made := made || jsonb_build_object('type', type);
    END IF;
    IF type IN ('array', 'object') AND depth > 0 AND generator.chance(0.8) THEN
        made := made || generator.inside(type, depth);
    END IF;
    made := made || generator.merge(made);
    IF type <> 'secret' AND generator.chance(0.4) THEN
        made := made || jsonb_build_object('default_value', generator.right_value(made));
    END IF;
    IF generator.chance(0.35) THEN
        made := made || jsonb_build_object('required', generator.chance(0.8));
    END IF;
    IF generator.chance(0.4) THEN
        made := made || jsonb_build_object('level', generator.pick(ARRAY ['org', 'team', 'team']));
    END IF;
    IF generator.chance(0.2) THEN
        made := made || jsonb_build_object('display_name', 'The field', 'x-note', generator.value(2));
    END IF;
    IF generator.chance(0.2) AND (type = 'json' OR (type = 'object' AND NOT made ?| ARRAY ['fields', 'variants', 'values'])) THEN
        made := made || '{"public": true}';
    END IF;
    IF others <> '{}' AND generator.chance(0.2) THEN
        made := made || jsonb_build_object('required_with', generator.some(others));
    END IF;
    IF others <> '{}' AND generator.chance(0.2) THEN
        made := made || jsonb_build_object('required_unless', generator.some(others));
    END IF;
    IF earlier <> '[]' AND generator.chance(0.25) THEN
        made := made || coalesce(nullif(jsonb_build_object('applies_when', generator.condition(earlier)), '{"applies_when": {}}'), '{}');
    END IF;
    RETURN made;
END $$;

-- Fields of these names, in any order; outer_ are the fields that those of a choice stand beside.
CREATE FUNCTION generator.fields_of(names text[], outer_ jsonb, depth int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made jsonb := '[]';
    name text;
BEGIN
    FOREACH name IN ARRAY names LOOP
        made := made || generator.field(name, array_remove(names, name) || array(SELECT f ->> 'name' FROM jsonb_array_elements(outer_) AS f),
                                        outer_ || made, depth);
    END LOOP;
    RETURN (SELECT coalesce(jsonb_agg(f ORDER BY random()), '[]') FROM jsonb_array_elements(made) AS f);
END $$;

-- The fields of an object inside of a value.
CREATE FUNCTION generator.few_fields(depth int, outer_ jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    names text[] := array(SELECT DISTINCT name FROM generate_series(1, 1 + floor(random() * 3)::int),
                                 generator.pick(ARRAY ['a', 'b', 'c', 'region', 'token', 'x.y', 'o-1']) AS name
                          WHERE NOT outer_ @> jsonb_build_array(jsonb_build_object('name', name)));
BEGIN
    RETURN generator.fields_of(names, outer_, depth);
END $$;

-- An integration's fields; nested: there may be others in them.
CREATE FUNCTION generator.fields(nested boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    names text[] := array(SELECT DISTINCT generator.field_name()
                          FROM generate_series(1, floor(random() * 10)::int));
BEGIN
    IF NOT nested AND generator.chance(0.1) THEN
        names := array(SELECT 'f' || n FROM generate_series(1, 45) AS n);
    END IF;
    IF generator.chance(0.15) THEN
        -- all of them the teams'
        RETURN (SELECT coalesce(jsonb_agg(generator.field(name, '{}', '[]', 0) || '{"level": "team"}'), '[]')
                FROM unnest(names) AS name);
    END IF;
    RETURN generator.fields_of(names, '[]', CASE WHEN nested THEN 3 ELSE 0 END);
END $$;

-- Puts another catalogue in the place of the one there is.
CREATE FUNCTION generator.new_catalogue() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    id text;
BEGIN
    DELETE FROM integration_schemas;
    FOR id IN SELECT DISTINCT generator.pick(ARRAY ['a', 'b', 'slack', 'openai', 'x-1', '9_z', repeat('i', 64)])
              FROM generate_series(1, 6) LOOP
        INSERT INTO integration_schemas (id, name, category, description, required, locked, instances, fields)
        VALUES (id, 'Name of ' || id, generator.pick(ARRAY ['ai', 'data-warehouse']), '',
                generator.chance(0.3), generator.chance(0.3), generator.chance(0.8), generator.fields(generator.chance(0.6)));
    END LOOP;
END $$;

-- A value that is more or less what a definition describes: nulls, other types and other names are
-- among what is in it.
CREATE FUNCTION generator.near(definition jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    type text := coalesce(definition ->> 'type', 'string');
    made jsonb;
BEGIN
    IF generator.chance(0.06) THEN
        RETURN generator.value(1);
    ELSIF type = 'array' AND definition ? 'items' THEN
        made := '[]';
        FOR i IN 1 .. floor(random() * 4) LOOP
            made := made || jsonb_build_array(generator.near(definition -> 'items'));
        END LOOP;
    ELSIF type = 'array' THEN
        made := generator.pick(ARRAY ['[]', '[1]', '[1.0, 2, 1]', '["a", null, "a"]', '[{"a": 1}, {"a": 1.0}]']::jsonb[]);
    ELSIF type = 'object' AND definition ? 'values' THEN
        made := '{}';
        FOR i IN 1 .. floor(random() * 3) LOOP
            made := made || jsonb_build_object(generator.pick(ARRAY ['a', 'b', 'aa', '/~"\']),
                CASE WHEN generator.chance(0.2) THEN 'null' ELSE generator.near(definition -> 'values') END);
        END LOOP;
    ELSIF type = 'object' AND definition ?| ARRAY ['fields', 'variants'] THEN
        made := generator.near_fields(coalesce(definition -> 'fields', '[]')
                                      || coalesce((SELECT jsonb_agg(f) FROM jsonb_array_elements(definition #> '{variants,choices}') AS c,
                                                                            jsonb_array_elements(c -> 'fields') AS f), '[]'), 0.5);
        IF definition ? 'variants' AND generator.chance(0.7) THEN
            made := made || jsonb_build_object(definition #>> '{variants,by}',
                                               generator.pick(ARRAY ['"key"', '"key"', '"key"', '"role"', '"role"', '"a/b"', '"none"', 'null', '1', '""']::jsonb[]));
        END IF;
    ELSIF type = 'object' THEN
        made := generator.pick(ARRAY ['{}', '{"a": 1}', '{"a": null, "b": {"b": 2}}', '{"b": {"a": 3, "b": null}}',
                                      '{"b": 4}', '{"config": {"a": null}}']::jsonb[]);
    ELSIF type = 'json' THEN
        made := generator.value(2);
    ELSE
        made := generator.of_type(type);
    END IF;
    RETURN made;
END $$;

-- An object with some of these fields, and perhaps with others.
CREATE FUNCTION generator.near_fields(fields jsonb, share float8) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made  jsonb := '{}';
    field jsonb;
BEGIN
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        CONTINUE WHEN NOT generator.chance(share);
        made := made || jsonb_build_object(field ->> 'name', CASE WHEN generator.chance(0.2) THEN 'null' ELSE generator.near(field) END);
    END LOOP;
    IF generator.chance(0.1) THEN
        made := made || jsonb_build_object(generator.pick(ARRAY ['more', 'a', 'token', '/~"\']), generator.value(1));
    END IF;
    RETURN made;
END $$;

CREATE FUNCTION generator.config(fields jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made        jsonb := generator.near_fields(fields, least(0.6, 5.0 / (1 + jsonb_array_length(fields))));
    field_names text[] := array(SELECT f ->> 'name' FROM jsonb_array_elements(fields) AS f);
BEGIN
    FOR i IN 1 .. floor(random() * 3) LOOP
        made := made || jsonb_build_object(
            CASE WHEN field_names <> '{}' AND generator.chance(0.4)
                 THEN generator.pick(field_names) ELSE generator.key() END,
            CASE WHEN generator.chance(0.2) THEN 'null'
                 WHEN generator.chance(0.1) THEN generator.pick(ARRAY ['""', '" "', '"\r\n"']::jsonb[])
                 WHEN generator.chance(0.4) THEN generator.pick(ARRAY [
                     '{}', '{"a": 1}', '{"a": null, "b": {"b": 2}}', '{"b": {"a": 3, "b": null}}', '[]',
                     '{"b": 4}', '{"config": {"a": null}}']::jsonb[])
                 ELSE generator.value(2) END);
    END LOOP;
    IF generator.chance(0.03) THEN
        made := made || generator.many('f', 60);
    END IF;
    RETURN made;
END $$;

CREATE FUNCTION generator.entry(fields jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made        jsonb := '{}';
    field_names text[] := array(SELECT f ->> 'name' FROM jsonb_array_elements(fields) AS f);
BEGIN
    IF generator.chance(0.06) THEN
        RETURN generator.value(1);
    END IF;
    IF generator.chance(0.4) THEN
        made := made || jsonb_build_object('enabled',
            CASE WHEN generator.chance(0.85) THEN to_jsonb(generator.chance(0.5)) ELSE generator.value(1) END);
    END IF;
    IF generator.chance(0.3) THEN
        made := made || jsonb_build_object('description',
            CASE WHEN generator.chance(0.8) THEN generator.pick(ARRAY ['""', '"ours"', '"thé"']::jsonb[])
                 ELSE generator.value(1) END);
    END IF;
    IF generator.chance(0.3) THEN
        made := made || jsonb_build_object('locked',
            CASE WHEN generator.chance(0.15) THEN 'true'
                 WHEN generator.chance(0.2) THEN 'false'
                 WHEN generator.chance(0.2) THEN generator.value(1)
                 ELSE (SELECT jsonb_agg(CASE WHEN generator.chance(0.9)
                                             THEN to_jsonb(generator.pick(field_names || ARRAY ['a', 'b', '', 'enabled', 'enabled']))
                                             ELSE generator.scalar() END)
                       FROM generate_series(1, 1 + floor(random() * 3)::int)) END);
    END IF;
    IF generator.chance(0.9) THEN
        made := made || jsonb_build_object('config',
            CASE WHEN generator.chance(0.93) THEN generator.config(fields) ELSE generator.value(1) END);
    END IF;
    IF generator.chance(0.1) THEN
        made := made || jsonb_build_object(generator.key(), generator.value(2));
    END IF;
    RETURN made;
END $$;

CREATE FUNCTION generator.layer() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made         jsonb := '{}';
    integrations jsonb := '{}';
    id           text;
    fields       jsonb;
BEGIN
    IF generator.chance(0.05) THEN
        RETURN NULL;
    END IF;
    FOR i IN 1 .. floor(random() * 4) LOOP
        made := made || jsonb_build_object(generator.key(), generator.value(3));
    END LOOP;
    IF generator.chance(0.02) THEN
        made := made || generator.many('top', 60);
    END IF;
    IF generator.chance(0.05) THEN
        RETURN made - 'integrations';
    ELSIF generator.chance(0.05) THEN
        RETURN made || jsonb_build_object('integrations', generator.value(1));
    END IF;

    FOR id, fields IN SELECT s.id, s.fields FROM integration_schemas AS s LOOP
        IF generator.chance(0.6) THEN
            integrations := integrations || jsonb_build_object(id, generator.entry(fields));
        END IF;
        FOR i IN 1 .. floor(random() * 2.2) LOOP
            integrations := integrations || jsonb_build_object(
                id || ':' || generator.pick(ARRAY ['eu', 'eu', 'eu', 'u-s_1', 'Bad', '', 'a:b']), generator.entry(fields));
        END LOOP;
    END LOOP;
    FOREACH id IN ARRAY ARRAY ['mystery', 'UPPER', '', 'тайна', 'mystery:eu', repeat('u', 100)] LOOP
        IF generator.chance(0.25) THEN
            integrations := integrations || jsonb_build_object(id, generator.entry(
                '[{"name": "a"}, {"name": "b", "type": "json"}, {"name": "B"}, {"name": "config"}, {"name": "locked"}, {"name": "enabled"}]'));
        END IF;
    END LOOP;
    IF generator.chance(0.02) THEN
        SELECT integrations || jsonb_object_agg('u' || n, generator.entry('[{"name": "a"}, {"name": "b"}]')) INTO integrations
        FROM generate_series(1, 50) AS n;
    END IF;
    RETURN made || jsonb_build_object('integrations', integrations);
END $$;

CREATE FUNCTION generator.layers() RETURNS jsonb[]
LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(array_agg(generator.layer()), '{}')
    FROM generate_series(1, floor(random() * 6)::int)
$$;
