-- Random catalogues and random layers for them: every kind of value, lock, null and wrong shape
-- that the merge has a rule for, from pools small enough that layers keep meeting each other.
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

-- a definition of a field that the catalogue takes
CREATE FUNCTION generator.field(name text, others text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    type  text := generator.pick(ARRAY ['string', 'string', 'secret', 'integer', 'number',
                                        'boolean', 'array', 'object', 'object']);
    made  jsonb := jsonb_build_object('name', name);
BEGIN
    IF type <> 'string' OR generator.chance(0.5) THEN
        made := made || jsonb_build_object('type', type);
    END IF;
    IF type <> 'secret' AND generator.chance(0.4) THEN
        made := made || jsonb_build_object('default_value', generator.pick(CASE type
            WHEN 'string'  THEN ARRAY ['""', '"  "', '"d"', '"défaut"', '"null"']
            WHEN 'integer' THEN ARRAY ['0', '1', '8089', '-5', '1.0', '1e2']
            WHEN 'number'  THEN ARRAY ['0', '1.0', '1.50', '-0.25']
            WHEN 'boolean' THEN ARRAY ['true', 'false']
            WHEN 'array'   THEN ARRAY ['[]', '[1, {"a": null}]', '[[]]']
            ELSE ARRAY ['{}', '{"a": 1, "b": {"a": null, "b": [1]}}', '{"config": {"a": 1.0}}']
        END::jsonb[]));
    END IF;
    IF generator.chance(0.3) THEN
        made := made || jsonb_build_object('required', generator.chance(0.7));
    END IF;
    IF generator.chance(0.4) THEN
        made := made || jsonb_build_object('level', generator.pick(ARRAY ['org', 'team', 'team']));
    END IF;
    IF generator.chance(0.2) THEN
        made := made || jsonb_build_object('display_name', 'The field', 'x-note', generator.value(2));
    END IF;
    IF others <> '{}' AND generator.chance(0.25) THEN
        made := made || jsonb_build_object('required_with',
            array(SELECT other FROM unnest(others) AS other ORDER BY random() LIMIT 1 + floor(random() * 2)));
    END IF;
    IF others <> '{}' AND generator.chance(0.25) THEN
        made := made || jsonb_build_object('required_unless',
            array(SELECT other FROM unnest(others) AS other ORDER BY random() LIMIT 1 + floor(random() * 2)));
    END IF;
    RETURN made;
END $$;

CREATE FUNCTION generator.fields() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    names text[] := array(SELECT DISTINCT generator.field_name()
                          FROM generate_series(1, floor(random() * 10)::int));
    made  jsonb := '[]';
BEGIN
    IF generator.chance(0.1) THEN
        names := array(SELECT 'f' || n FROM generate_series(1, 45) AS n);
    END IF;
    IF generator.chance(0.15) THEN
        -- all of them the teams'
        RETURN (SELECT coalesce(jsonb_agg(generator.field(name, '{}') || '{"level": "team"}'), '[]')
                FROM unnest(names) AS name);
    END IF;
    FOR i IN 1 .. coalesce(array_length(names, 1), 0) LOOP
        made := made || generator.field(names[i], array_remove(names, names[i]));
    END LOOP;
    RETURN made;
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
        INSERT INTO integration_schemas (id, name, category, description, required, locked, fields)
        VALUES (id, 'Name of ' || id, generator.pick(ARRAY ['ai', 'data-warehouse']), '',
                generator.chance(0.3), generator.chance(0.3), generator.fields());
    END LOOP;
END $$;

CREATE FUNCTION generator.config(field_names text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made jsonb := '{}';
BEGIN
    FOR i IN 1 .. floor(random() * 7) LOOP
        made := made || jsonb_build_object(
            CASE WHEN field_names <> '{}' AND generator.chance(0.75)
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

CREATE FUNCTION generator.entry(field_names text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made jsonb := '{}';
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
            CASE WHEN generator.chance(0.2) THEN 'true'
                 WHEN generator.chance(0.2) THEN 'false'
                 WHEN generator.chance(0.2) THEN generator.value(1)
                 ELSE (SELECT jsonb_agg(CASE WHEN generator.chance(0.9)
                                             THEN to_jsonb(generator.pick(field_names || ARRAY ['a', 'b', '', 'enabled', 'enabled']))
                                             ELSE generator.scalar() END)
                       FROM generate_series(1, 1 + floor(random() * 3)::int)) END);
    END IF;
    IF generator.chance(0.9) THEN
        made := made || jsonb_build_object('config',
            CASE WHEN generator.chance(0.93) THEN generator.config(field_names) ELSE generator.value(1) END);
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
    field_names  text[];
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

    FOR id, field_names IN
        SELECT s.id, array(SELECT f ->> 'name' FROM jsonb_array_elements(s.fields) AS f)
        FROM integration_schemas AS s LOOP
        IF generator.chance(0.6) THEN
            integrations := integrations || jsonb_build_object(id, generator.entry(field_names));
        END IF;
    END LOOP;
    FOREACH id IN ARRAY ARRAY ['mystery', 'UPPER', '', 'тайна', repeat('u', 100)] LOOP
        IF generator.chance(0.3) THEN
            integrations := integrations
                || jsonb_build_object(id, generator.entry(ARRAY ['a', 'b', 'B', 'config', 'locked', 'enabled']));
        END IF;
    END LOOP;
    IF generator.chance(0.02) THEN
        SELECT integrations || jsonb_object_agg('u' || n, generator.entry(ARRAY ['a', 'b'])) INTO integrations
        FROM generate_series(1, 50) AS n;
    END IF;
    RETURN made || jsonb_build_object('integrations', integrations);
END $$;

CREATE FUNCTION generator.layers() RETURNS jsonb[]
LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(array_agg(generator.layer()), '{}')
    FROM generate_series(1, floor(random() * 7)::int)
$$;
