-- What holds of redaction and of masks that come back for any catalogue and any
-- document, tried on many random ones. A soak:
-- psql -v seed=0.7 -v catalogues=500 -f test/pgtap/masks_random.sql

\if :{?seed}
\else
\set seed 0.42
\endif
\if :{?catalogues}
\else
\set catalogues 20
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
\ir ../reference/merge.sql
\ir ../reference/shown.sql
\ir ../reference/generator.sql

SELECT plan(9);

--
-- Random documents, with strings of all kinds in them
--

CREATE FUNCTION pg_temp.sprinkled(value jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	CASE jsonb_typeof(value)
		WHEN 'object' THEN
			RETURN (SELECT coalesce(jsonb_object_agg(m.key, pg_temp.sprinkled(m.value)), '{}') FROM jsonb_each(value) AS m);
		WHEN 'array' THEN
			RETURN (SELECT coalesce(jsonb_agg(pg_temp.sprinkled(e) ORDER BY n), '[]') FROM jsonb_array_elements(value) WITH ORDINALITY AS e (e, n));
		WHEN 'string' THEN
			RETURN CASE WHEN generator.chance(0.4) THEN value ELSE generator.pick(ARRAY['"********"', '"s3cr3t"', '"sealed:1:k:abc"', '"https://u:pw@h/a"', '"https://u:********@h/a"',
				'"a://u:p/w@h and b://:pw2@i,j"', '"https://h:80/@"', '"*********"']::jsonb[]) END;
		ELSE
			RETURN value;
	END CASE;
END $$;

CREATE FUNCTION pg_temp.document() RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	made jsonb;
BEGIN
	IF generator.chance(0.05) THEN
		RETURN pg_temp.sprinkled(generator.value(2));
	END IF;
	made := coalesce(generator.layer(), '{}');
	-- entries without "integrations", alone or beside it
	IF generator.chance(0.1) THEN
		SELECT coalesce(jsonb_object_agg(id, coalesce(made #> ARRAY['integrations', id, 'config'], generator.value(2))), '{}')
		INTO made FROM integration_schemas;
	END IF;
	IF generator.chance(0.1) THEN
		made := made || jsonb_build_object(generator.pick(ARRAY['a', 'slack', 'integration', 'Integrations', 'integrations!']), generator.value(3));
	END IF;
	IF generator.chance(0.3) THEN
		made := integration_schema_config(made);
	END IF;
	RETURN pg_temp.sprinkled(made);
END $$;

-- What integration_schema_redact refuses
CREATE FUNCTION pg_temp.is_answer(document jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_typeof(document -> 'config') = 'object' AND NOT document ? 'integrations' AND document ?| ARRAY['enabled', 'configured', 'in_use', 'missing'] $$;

-- Paths, values and members' places, to the leaves
CREATE FUNCTION pg_temp.leaves(document jsonb) RETURNS TABLE (path text[], value jsonb)
LANGUAGE sql IMMUTABLE AS $$
	WITH RECURSIVE walk AS (
		SELECT ARRAY[]::text[] AS path, document AS value
		UNION ALL
		SELECT w.path || m.step, m.value
		FROM walk AS w, LATERAL (
			SELECT key AS step, e.value FROM jsonb_each(CASE jsonb_typeof(w.value) WHEN 'object' THEN w.value ELSE '{}' END) AS e
			UNION ALL
			SELECT (n - 1)::text, e FROM jsonb_array_elements(CASE jsonb_typeof(w.value) WHEN 'array' THEN w.value ELSE '[]' END) WITH ORDINALITY AS e (e, n)) AS m)
	SELECT path, value FROM walk WHERE value IN ('{}', '[]') OR jsonb_typeof(value) NOT IN ('object', 'array')
$$;

-- What redaction shows of a document, in words
-- The integration that a key is of, its own or an instance's
CREATE FUNCTION pg_temp.integration_of(key text) RETURNS integration_schemas
LANGUAGE sql STABLE AS $$
	SELECT s FROM integration_schemas AS s WHERE s.id = split_part(key, ':', 1) AND (s.id = key OR substr(key, length(s.id) + 1) ~ '^:[a-z0-9][a-z0-9_-]{0,63}$')
$$;

CREATE FUNCTION pg_temp.shown_config(entry_key text, config jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT reference.shown(jsonb_build_object('type', 'object', 'fields', coalesce((pg_temp.integration_of(entry_key)).fields, '[]')), config)
$$;

CREATE FUNCTION pg_temp.shown_entry(entry_key text, entry jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_object_agg(key, CASE
		WHEN key = 'config' AND jsonb_typeof(value) = 'object' THEN pg_temp.shown_config(entry_key, value)
		WHEN key = 'config' THEN reference.mask(value)
		WHEN key IN ('enabled', 'locked') AND jsonb_typeof(value) = 'boolean' THEN value
		WHEN key = 'description' AND jsonb_typeof(value) = 'string' THEN reference.shown_inside(value, false, false)
		WHEN key IN ('locked', 'missing') AND jsonb_typeof(value) = 'array' AND (key = 'locked' OR known) AND NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string")')
			THEN reference.shown_inside(value, false, false)
		WHEN known AND key IN ('required', 'configured', 'in_use') AND jsonb_typeof(value) = 'boolean' THEN value
		WHEN known AND value <> 'null' AND value = own -> key THEN value
		ELSE reference.mask(value) END), '{}')
	FROM (SELECT (pg_temp.integration_of(entry_key)).id) AS i (id),
	     LATERAL (SELECT id IS NOT NULL, integration_schema_config() #> ARRAY['integrations', id]
	              || CASE WHEN id <> entry_key THEN jsonb_build_object('integration', id, 'instance', split_part(entry_key, ':', 2)) ELSE '{}' END) AS k (known, own),
	     jsonb_each(entry)
$$;

CREATE FUNCTION pg_temp.redacted(document jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN jsonb_typeof(document) <> 'object' THEN reference.mask(document)
		WHEN document <> '{}' AND NOT EXISTS (SELECT FROM jsonb_each(document) WHERE jsonb_typeof(value) <> 'object' OR (pg_temp.integration_of(key)).id IS NULL)
			THEN (SELECT jsonb_object_agg(key, pg_temp.shown_config(key, value)) FROM jsonb_each(document))
		ELSE (SELECT coalesce(jsonb_object_agg(key, CASE
			WHEN key = 'integrations' AND jsonb_typeof(value) = 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key,
				CASE jsonb_typeof(e.value) WHEN 'object' THEN pg_temp.shown_entry(e.key, e.value) ELSE reference.mask(e.value) END), '{}') FROM jsonb_each(value) AS e)
			WHEN key IN ('integrations', 'integration', 'Integrations', 'integrations!') OR jsonb_typeof(value) = 'object' AND (pg_temp.integration_of(key)).id IS NOT NULL THEN reference.mask(value)
			ELSE reference.shown_inside(value, false, false) END), '{}') FROM jsonb_each(document)) END
$$;

SELECT set_config('my.seed', :'seed', true) AS seed, set_config('my.catalogues', :'catalogues', true) AS catalogues \gset
DO $$ BEGIN PERFORM setseed(current_setting('my.seed')::float8); END $$;

-- A document, what is shown of it, and other documents that meet it
CREATE TEMPORARY TABLE tried (document jsonb, shown jsonb, model jsonb, back jsonb, changed jsonb, changed_back jsonb, other jsonb, crossed jsonb);
DO $$
BEGIN
	FOR i IN 1 .. current_setting('my.catalogues')::int LOOP
		PERFORM generator.new_catalogue();
		INSERT INTO tried (document, other)
		SELECT pg_temp.document(), pg_temp.document() FROM generate_series(1, 20);
		DELETE FROM tried WHERE shown IS NULL AND (pg_temp.is_answer(document) OR pg_temp.is_answer(other));
		UPDATE tried SET shown = integration_schema_redact(document), model = pg_temp.redacted(document) WHERE shown IS NULL;
		UPDATE tried SET back = integration_schema_unmask(shown, document), crossed = integration_schema_unmask(shown, other),
			changed = CASE WHEN jsonb_typeof(shown) = 'object' THEN shown || '{"a sibling": ["********"]}' END WHERE back IS NULL;
		UPDATE tried SET changed_back = integration_schema_unmask(changed, document) WHERE changed_back IS NULL AND changed IS NOT NULL;
	END LOOP;
END $$;

--
-- What holds
--

SELECT cmp_ok(count(*), '>', 10 * :catalogues::bigint, 'documents were made') FROM tried;
SELECT cmp_ok(count(*), '>', 3 * :catalogues::bigint, 'in which something is hidden') FROM tried WHERE shown <> document;
SELECT is_empty($$SELECT document, shown, model FROM tried WHERE shown IS DISTINCT FROM model LIMIT 1$$, 'redaction shows what the words above say');
SELECT ok(bool_and(shown::text !~ '(pw2?|p/w)@'), 'no password of a URI is shown') FROM tried;
SELECT is_empty($$SELECT document, shown, back FROM tried WHERE back::text IS DISTINCT FROM document::text LIMIT 1$$, 'what was shown comes back as it was');
SELECT is_empty($$SELECT document, shown, changed_back FROM tried WHERE changed_back::text <> (document || '{"a sibling": ["********"]}')::text LIMIT 1$$, 'and so it does beside a change');
SELECT cmp_ok(count(*), '>', :catalogues::bigint, 'masks met other documents that had something for them') FROM tried WHERE crossed <> shown;
-- A mask brings what is at its own place, and only what is hidden there
SELECT is_empty($$
	SELECT t.shown, t.other, t.crossed, l.path
	FROM tried AS t, pg_temp.leaves(t.shown) AS l
	WHERE t.crossed <> t.shown AND t.crossed #> l.path IS DISTINCT FROM l.value
	  AND NOT (l.value #>> '{}' LIKE '%********%' AND t.crossed #> l.path = t.other #> l.path)
	LIMIT 1$$, 'each leaf is as it was, or a mask that brings what is stored at its place');
SELECT ok(bool_and(record_image_eq(row(crossed), row(crossed::text::jsonb)) AND record_image_eq(row(back), row(back::text::jsonb)) AND record_image_eq(row(shown), row(shown::text::jsonb))),
	'as the server would have stored it') FROM tried;

SELECT * FROM finish();
ROLLBACK;
