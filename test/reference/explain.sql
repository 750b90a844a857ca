-- integration_schema_explain, written a second time on top of test/reference/merge.sql and of
-- test/reference/shown.sql, by which a value of the merged document is shown.

-- A word of a layer (0: of a default) as explain follows it is a row in a jsonb array, outermost
-- first: {"layer", "value", "counts", "void"}. It does not count where a lock makes it void, or where
-- an inner word started anew what it is in. A null that counts takes away what is before it; so it
-- is a word on all that is inside, too.

-- How what is at a leaf came about.
CREATE TYPE reference.told AS (source int, ignored int[], unset_by int);

-- Of the words that count after the last null the innermost is the source. Where values are put
-- together (objects, and arrays that are appended) the others of the same type count as well; all
-- else is ignored.
CREATE FUNCTION reference.told(definition jsonb, value jsonb, words jsonb) RETURNS reference.told
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    told     reference.told := row(CASE WHEN value IS NOT NULL THEN 0 END, '{}', NULL);
    together boolean := coalesce(reference.merge(definition) IN ('append', 'union'), false)
                        OR coalesce(jsonb_typeof(value) = 'object' AND reference.merge(definition) IS DISTINCT FROM 'replace', false);
    found    boolean := false;
    unset    boolean := value IS NULL;
    given    boolean := false;
    word     jsonb;
    counts   boolean;
BEGIN
    FOR word IN SELECT w FROM jsonb_array_elements(words) WITH ORDINALITY AS l (w, n) ORDER BY n DESC LOOP
        unset := unset OR (word -> 'counts' = 'true' AND word -> 'value' = 'null');
        counts := NOT unset AND word -> 'counts' = 'true';
        IF counts AND found THEN
            together := together AND jsonb_typeof(word -> 'value') = jsonb_typeof(value);
            counts := together;
        ELSIF counts THEN
            told.source := word -> 'layer';
            found := true;
        END IF;
        -- null is no value, but what a lock keeps out is ignored whatever it is
        IF NOT counts AND word -> 'layer' <> '0' AND (word -> 'value' <> 'null' OR word -> 'void' = 'true') THEN
            told.ignored := (word -> 'layer')::int || told.ignored;
        END IF;
    END LOOP;

    -- whose null took away what was given before, and is not given again
    FOR word IN SELECT w FROM jsonb_array_elements(words) AS w WHERE w -> 'counts' = 'true' LOOP
        IF word -> 'value' <> 'null' THEN
            given := true;
            told.unset_by := CASE WHEN word -> 'layer' = '0' THEN told.unset_by END;
        ELSIF given THEN
            given := false;
            told.unset_by := word -> 'layer';
        END IF;
    END LOOP;
    RETURN told;
END $$;

-- The words on a field with its default, which is the outermost one, and applies again after a null.
CREATE FUNCTION reference.with_default(definition jsonb, words jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    WITH word AS (
        SELECT w, n, max(n) FILTER (WHERE w -> 'counts' = 'true' AND w -> 'value' = 'null') OVER () AS last_null
        FROM jsonb_array_elements(words) WITH ORDINALITY AS l (w, n))
    SELECT CASE WHEN definition ? 'default_value'
                THEN coalesce((SELECT jsonb_agg(w ORDER BY n) FROM word WHERE n <= last_null), '[]')
                     || jsonb_build_object('layer', 0, 'value', definition -> 'default_value', 'counts', true, 'void', false)
                     || coalesce((SELECT jsonb_agg(w ORDER BY n) FROM word WHERE n > coalesce(last_null, 0)), '[]')
                ELSE words END
$$;

-- The words on a member of the objects that are said at a place.
CREATE FUNCTION reference.words_inside(words jsonb, key text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(CASE WHEN w -> 'value' = 'null' THEN w ELSE w || jsonb_build_object('value', w -> 'value' -> key) END ORDER BY n), '[]')
    FROM jsonb_array_elements(words) WITH ORDINALITY AS l (w, n)
    WHERE CASE WHEN w -> 'value' = 'null' THEN w -> 'counts' = 'true'
               ELSE jsonb_typeof(w -> 'value') = 'object' AND w -> 'value' ? key END
$$;

-- The words at a place in whose values fields are defined: those outside of a value of another
-- type, of one that replaces them, or of another choice no longer count.
CREATE FUNCTION reference.standing(definition jsonb, words jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    named_by text := definition #>> '{variants,by}';
    choice   jsonb;
    standing jsonb := '[]';
    word     jsonb;
    value    jsonb;
    anew     boolean;
BEGIN
    FOR word IN SELECT * FROM jsonb_array_elements(words) LOOP
        value := word -> 'value';
        IF word -> 'counts' = 'true' AND value = 'null' THEN
            choice := NULL;
        ELSIF word -> 'counts' = 'true' THEN
            anew := jsonb_typeof(value) <> 'object' OR coalesce(definition ->> 'merge' = 'replace', false);
            choice := CASE WHEN NOT anew THEN choice END;
            IF jsonb_typeof(value) = 'object' AND coalesce(value ? named_by, false) THEN
                anew := anew OR coalesce(choice <> value -> named_by, false);
                choice := nullif(value -> named_by, 'null');
            END IF;
            IF anew THEN
                standing := (SELECT coalesce(jsonb_agg(w || '{"counts": false}' ORDER BY n), '[]')
                             FROM jsonb_array_elements(standing) WITH ORDINALITY AS l (w, n));
            END IF;
        END IF;
        standing := standing || word;
    END LOOP;
    RETURN standing;
END $$;

CREATE TYPE reference.leaf AS (field text, value jsonb, source int, level text, required boolean, ignored int[], unset_by int, definition jsonb);

-- A row for each leaf that is defined at a place.
CREATE FUNCTION reference.leaves(definition jsonb, path text, value jsonb, words jsonb, level text, required boolean)
RETURNS SETOF reference.leaf
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    field      jsonb;
    fields     jsonb;
    with_value text[];
    applying   text[];
    key        text;
BEGIN
    words := reference.with_default(definition, words);
    IF (value IS NOT NULL AND jsonb_typeof(value) <> 'object')
       OR NOT (reference.is_described(definition) OR coalesce(definition ? 'values' AND value <> '{}', false)) THEN
        RETURN QUERY SELECT path, value, t.source, level, required, t.ignored, t.unset_by, definition
                     FROM reference.told(definition, value, words) AS t;
        RETURN;
    END IF;
    words := reference.standing(definition, words);
    IF definition ? 'values' THEN
        FOR key IN SELECT jsonb_object_keys(value) LOOP
            RETURN QUERY SELECT * FROM reference.leaves(definition -> 'values', path || '/' || reference.step(key), value -> key,
                                                        reference.words_inside(words, key), coalesce(definition #>> '{values,level}', level), false);
        END LOOP;
        RETURN;
    END IF;
    fields := reference.fields_of(definition, value);
    applying := reference.applying(fields, value);
    with_value := reference.with_value(fields, value);
    FOR field IN SELECT * FROM jsonb_array_elements(fields) LOOP
        key := field ->> 'name';
        RETURN QUERY SELECT * FROM reference.leaves(CASE WHEN key = ANY (applying) THEN field ELSE field - 'default_value' END, path || '/' || reference.step(key), value -> key,
                                                    reference.words_inside(words, key), coalesce(field ->> 'level', level),
                                                    value IS NOT NULL AND key = ANY (applying) AND reference.required(field, with_value));
    END LOOP;
END $$;

-- The words of an entry, those that don't count among them: of each layer the config that it has.
-- Of the layers outside of an instance, what the plain entry has of what it locks.
CREATE FUNCTION reference.given(of integration_schemas, entry_key text, layers jsonb[]) RETURNS jsonb[]
LANGUAGE sql IMMUTABLE AS $$
    WITH place AS (
        SELECT n, CASE WHEN n < first THEN of.id ELSE entry_key END AS key, n < first AS outside, layer,
               array(SELECT name FROM unnest(layers[:first - 1]) AS o, unnest(reference.locked_fields(reference.entry_in(o, of.id))) AS name) AS locked
        FROM unnest(layers) WITH ORDINALITY AS l (layer, n),
             (SELECT CASE WHEN entry_key = of.id THEN 1 ELSE reference.first_layer(ARRAY [entry_key], layers) END AS first) AS f)
    SELECT array_agg(CASE WHEN jsonb_typeof(e -> 'config') IS DISTINCT FROM 'object' OR jsonb_typeof(e) <> 'object' THEN '{}'
                          WHEN outside THEN (SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(e -> 'config') AS c (k, v) WHERE k = ANY (locked))
                          ELSE e -> 'config' END ORDER BY n)
    FROM place, reference.entry_in(layer, key) AS e
$$;

-- Whose lock keeps inner layers from a field, or from "enabled": the one that took hold first. The
-- catalogue's (0) does once a layer, given_by, gives a value.
CREATE FUNCTION reference.held_by(of integration_schemas, entry_key text, layers jsonb[], name text, given_by int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
    WITH lock AS (
        SELECT min(n) FILTER (WHERE name = ANY (reference.locked_fields(e))) AS own,
               min(n) FILTER (WHERE e -> 'locked' = 'true') AS whole
        FROM unnest(layers) WITH ORDINALITY AS l (layer, n), unnest(ARRAY [of.id, entry_key]) AS k, reference.entry_in(layer, k) AS e
        WHERE jsonb_typeof(e) = 'object'
              -- locked in the catalogue, an instance is the outermost layer's alone
          AND NOT (of.locked AND k <> of.id AND n > reference.first_layer(ARRAY [k], layers)))
    SELECT CASE WHEN of.locked AND given_by <= least(own, whole, cardinality(layers)) THEN 0
                WHEN own <= coalesce(whole, own) THEN own
                ELSE whole END
    FROM lock
$$;

-- The row of an entry's "enabled": the innermost layer that has a say is the source, all others that
-- say something are ignored.
CREATE FUNCTION reference.told_enabled(of integration_schemas, entry_key text, layers jsonb[], OUT source int, OUT ignored int[], OUT locked_by int)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    first   int := CASE WHEN entry_key <> of.id THEN reference.first_layer(ARRAY [entry_key], layers) END;
    frozen  boolean := EXISTS (SELECT FROM unnest(layers[:first - 1]) AS l WHERE 'enabled' = ANY (reference.locked_fields(reference.entry_in(l, of.id))));
    says    int[] := '{}';
    given   int;
    entry   jsonb;
BEGIN
    source := 0;
    FOR n IN 1 .. cardinality(layers) LOOP
        -- outside of an instance, what the plain entry has of what it locks
        entry := reference.entry_in(layers[n], CASE WHEN n < first THEN of.id ELSE entry_key END);
        CONTINUE WHEN (n < first AND NOT frozen) OR jsonb_typeof(entry) <> 'object' OR jsonb_typeof(entry -> 'enabled') IS DISTINCT FROM 'boolean';
        says := says || n;
        CONTINUE WHEN (of.locked AND n > first) OR reference.held_by(of, entry_key, layers[:n - 1], 'enabled', given) IS NOT NULL;
        source := n;
        given := coalesce(given, n);
    END LOOP;
    ignored := array_remove(says, source);
    locked_by := coalesce(reference.held_by(of, entry_key, layers, 'enabled', given), CASE WHEN of.locked THEN 0 END);
END $$;

-- integration_schema_explain has "locked" as well, which says whether there is a locked_by.
CREATE TYPE reference.explained AS (integration text, field text, value jsonb, source int, level text, required boolean,
                                    locked_by int, ignored int[], unset_by int);

-- integration_schema_explain
CREATE FUNCTION reference.explain(layers jsonb[]) RETURNS SETOF reference.explained
LANGUAGE plpgsql STABLE AS $$
DECLARE
    entry      record;
    entry_key  text;
    of         integration_schemas;
    counted    reference.counted;
    given      jsonb[];
    config     jsonb;
    field      jsonb;
    name       text;
    words      jsonb;
    void       boolean;
    given_by   int;
    applying   text[];
    with_value text[];
    first      int;
BEGIN
    layers := reference.checked(layers);
    FOR entry IN SELECT * FROM reference.entries(layers) LOOP
        of := entry.of;
        entry_key := entry.entry_key;
        counted := reference.counted(of, entry_key, layers);
        config := reference.object(jsonb_build_object('fields', of.fields), array_append(counted.configs, '{}'), false);
        given := reference.given(of, entry_key, layers);
        applying := reference.applying(of.fields, config);
        with_value := reference.with_value(of.fields, config);
        -- locked in the catalogue, an instance is the outermost layer's alone
        RETURN QUERY
            SELECT entry_key, NULL, coalesce(counted.enabled, 'true'), t.source,
                   CASE WHEN of.fields <> '[]' AND NOT of.fields @? '$[*] ? (!exists(@.level) || @.level == "org")' THEN 'team' ELSE 'org' END,
                   of.required, t.locked_by, t.ignored, NULL::int
            FROM reference.told_enabled(of, entry_key, layers) AS t;
        first := CASE WHEN of.locked AND entry_key <> of.id THEN reference.first_layer(ARRAY [entry_key], layers) END;
        FOR field IN SELECT * FROM jsonb_array_elements(of.fields) LOOP
            name := field ->> 'name';
            words := '[]';
            given_by := (SELECT min(n) FROM unnest(counted.configs) WITH ORDINALITY AS c (c, n) WHERE c ? name);
            FOR n IN 1 .. cardinality(layers) LOOP
                CONTINUE WHEN NOT given[n] ? name;
                void := coalesce(n > first, false)
                        OR reference.held_by(of, entry_key, layers[:n - 1], name, CASE WHEN given_by < n THEN given_by END) IS NOT NULL;
                words := words || jsonb_build_object('layer', n, 'value', given[n] -> name, 'counts', NOT void, 'void', void);
            END LOOP;
            RETURN QUERY
                SELECT entry_key, l.field, CASE WHEN l.value IS NOT NULL THEN reference.shown(l.definition, l.value) END, l.source, l.level, l.required,
                       coalesce(reference.held_by(of, entry_key, layers, name, given_by), CASE WHEN of.locked THEN 0 END),
                       l.ignored, l.unset_by
                FROM reference.leaves(CASE WHEN name = ANY (applying) THEN field ELSE field - 'default_value' END, reference.step(name), config -> name, words, coalesce(field ->> 'level', 'org'),
                                      name = ANY (applying) AND reference.required(field, with_value)) AS l;
        END LOOP;
    END LOOP;
END $$;
