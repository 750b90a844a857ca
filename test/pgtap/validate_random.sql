-- What holds of validation and redaction for any document, tried on many random
-- ones: right, nearly right, and shapeless. A soak:
-- psql -v seed=0.7 -v documents=20000 -f test/pgtap/validate_random.sql

\if :{?seed}
\else
\set seed 0.42
\endif
\if :{?documents}
\else
\set documents 300
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(11);

INSERT INTO integration_schemas (id, name, category, description, required, locked, fields) VALUES
('a', 'A', 'test', '', false, false, '[
	{"name": "s", "type": "secret", "required": true, "pattern": "^x", "max_length": 12},
	{"name": "t", "required_with": ["s"], "default_value": "d", "allowed_values": ["d", "xy"]},
	{"name": "i", "type": "integer", "min": 0, "default_value": 1, "required_unless": ["t"]},
	{"name": "b", "type": "boolean", "required_with": ["i", "l"]},
	{"name": "l", "type": "array", "max_length": 1, "required_unless": ["o", "s"]},
	{"name": "o", "type": "object", "level": "team"},
	{"name": "f", "format": "date"}]'),
('b', 'B', 'test', '', true, true, '[{"name": "s", "type": "secret"}, {"name": "n", "type": "number", "required": true, "max": 1.5}]'),
('c', 'C', 'test', '', false, false, '[]');

--
-- Random documents. Every string in them is marked, every key is not.
--

CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text
LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * array_length(choices, 1))::int] $$;

CREATE FUNCTION pg_temp.random_value() RETURNS jsonb
LANGUAGE sql VOLATILE AS $$
	SELECT pg_temp.pick('null', '""', '"SENTINEL"', '"xSENTINEL"', '"xSENTINEL-long"', '"d"', '"xy"', '0', '1', '1.0', '1.5', '-7', '1e3', 'true', 'false',
						'[]', '["SENTINEL"]', '[1, 2]', '{}', '{"s": "SENTINEL"}', '{"deep": [{"er": "SENTINEL"}]}')::jsonb
$$;

CREATE FUNCTION pg_temp.random_object(of text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	result jsonb := '{}';
	key text;
BEGIN
	IF random() < 0.05 THEN
		RETURN pg_temp.random_value();
	END IF;
	FOR i IN 1 .. CASE of WHEN 'config' THEN 6 WHEN 'integrations' THEN 4 ELSE 1 + floor(random() * 4)::int END LOOP
		key := CASE of
			WHEN 'document' THEN pg_temp.pick('integrations', 'integrations', 'integrations', 'integrations', 'mine', 'config')
			WHEN 'integrations' THEN pg_temp.pick('a', 'a', 'a', 'a', 'b', 'b', 'c', 'unknown', 'A', '', 'x/y~z')
			WHEN 'entry' THEN pg_temp.pick('config', 'config', 'config', 'config', 'config', 'config', 'enabled', 'enabled', 'locked', 'description', 's', 't', 'name', 'missing',
										   'config_schema', 'configured', 'confg', '~0/')
			ELSE pg_temp.pick('s', 's', 't', 'i', 'b', 'l', 'o', 'f', 'n', 'S', 'unknown', '/', 'ключ') END;
		result := result || jsonb_build_object(key, CASE
			WHEN key = 'integrations' THEN pg_temp.random_object('integrations')
			WHEN of = 'integrations' THEN pg_temp.random_object('entry')
			WHEN of = 'entry' AND key = 'config' THEN pg_temp.random_object('config')
			WHEN of = 'entry' AND key = 'enabled' AND random() < 0.7 THEN to_jsonb(random() < 0.8)
			WHEN of = 'entry' AND key = 'locked' AND random() < 0.7 THEN pg_temp.pick('true', 'false', '["s"]', '["s", 1, "nope", null]', '[]')::jsonb
			WHEN of = 'config' AND key = 's' AND random() < 0.5 THEN pg_temp.pick('"SENTINEL"', '"xSENTINEL"', '"xSENTINEL-long"')::jsonb
			WHEN of = 'config' AND key IN ('i', 'n') AND random() < 0.7 THEN pg_temp.pick('0', '1.0', '1', '1.5', '-7', '1e3')::jsonb
			WHEN of = 'config' AND key = 'l' AND random() < 0.7 THEN pg_temp.pick('[]', '["SENTINEL"]', '[1, 2]')::jsonb
			ELSE pg_temp.random_value() END);
	END LOOP;
	RETURN result;
END $$;

SELECT set_config('my.seed', :'seed', true) AS seed \gset
DO $$ BEGIN PERFORM setseed(current_setting('my.seed')::float8); END $$;

CREATE TEMPORARY TABLE document AS
SELECT id, pg_temp.random_object('document') AS document FROM generate_series(1, :documents) AS id;

CREATE TEMPORARY TABLE violation AS
SELECT d.id, d.document, level, v.*
FROM document d, unnest(ARRAY['platform', 'org', 'unit', 'team', 'effective']) AS level,
	 integration_schema_validate(d.document, level) WITH ORDINALITY AS v (path, integration, field, code, message, params, severity, position);

-- The steps of a JSON Pointer.
CREATE FUNCTION pg_temp.steps(pointer text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(array_agg(replace(replace(step, '~1', '/'), '~0', '~') ORDER BY n), '{}')
	FROM regexp_split_to_table(substr(pointer, 2), '/') WITH ORDINALITY AS s (step, n)
	WHERE pointer <> ''
$$;

-- Where each value of a document lies.
CREATE TEMPORARY TABLE place AS
WITH RECURSIVE walk AS (
	SELECT id, document AS value, ARRAY[]::text[] AS steps, ARRAY[]::bigint[] AS place FROM document
	UNION ALL
	SELECT w.id, m.value, w.steps || m.step, w.place || m.n
	FROM walk w, LATERAL (
		SELECT key AS step, value, n FROM jsonb_each(CASE jsonb_typeof(w.value) WHEN 'object' THEN w.value ELSE '{}' END) WITH ORDINALITY AS e (key, value, n)
		UNION ALL
		SELECT (n - 1)::text, value, n FROM jsonb_array_elements(CASE jsonb_typeof(w.value) WHEN 'array' THEN w.value ELSE '[]' END) WITH ORDINALITY AS e (value, n)) AS m
	WHERE cardinality(w.steps) < 5)
SELECT * FROM walk;

--
-- What holds
--

SELECT ok(count(DISTINCT code) = 12 AND count(DISTINCT id) > :documents / 3, 'the documents are of all kinds: ' || count(*) || ' violations of ' || string_agg(DISTINCT code, ' '))
FROM violation;
SELECT is((SELECT jsonb_agg(jsonb_build_array(level, document)) FROM document d, unnest(ARRAY['platform', 'org', 'unit', 'team', 'effective']) AS level
	WHERE integration_schema_is_valid(document, level) = EXISTS (SELECT FROM violation v WHERE v.id = d.id AND v.level = level.level)), NULL,
	'is_valid is true where there is no violation');
SELECT is((SELECT jsonb_agg(jsonb_build_array(path, document)) FROM violation WHERE code <> 'required' AND document #> pg_temp.steps(path) IS NULL), NULL,
	'each path leads to a value of the document');
SELECT is((SELECT jsonb_agg(jsonb_build_array(path, integration, field, code)) FROM violation
	WHERE integration IS DISTINCT FROM (pg_temp.steps(path))[2]
		OR code IN ('type', 'allowed_values', 'pattern', 'format', 'range', 'length', 'required', 'locked', 'unknown_field')
			AND field IS DISTINCT FROM (pg_temp.steps(path))[4] AND path !~ '/locked/[0-9]+$' AND path !~ '/enabled$'
		OR code IN ('required', 'locked', 'unknown_field', 'type') AND strpos(message, format('"%s"', integration)) = 0), NULL,
	'integration and field are those of the path');
SELECT is((SELECT jsonb_agg(jsonb_build_array(v.level, v.path, v.document)) FROM (
		SELECT v.*, p.place, lag(p.place) OVER (PARTITION BY v.id, v.level ORDER BY v.position) AS before
		FROM violation v JOIN place p ON p.id = v.id AND p.steps = pg_temp.steps(v.path) WHERE v.code <> 'required') AS v
	WHERE place < before), NULL, 'violations are in document order');
SELECT is((SELECT jsonb_agg(jsonb_build_array(path, message)) FROM violation 
	WHERE path || message ~ 'SENTINEL' AND path !~ '/locked/[0-9]+$'), NULL, 'no value is in a message, but for the names in "locked"');
SELECT is((SELECT jsonb_agg(jsonb_build_array(id, code, path)) FROM (
		SELECT DISTINCT id, path, code, message FROM violation WHERE level = 'platform' AND code NOT IN ('locked', 'unknown_key')
		EXCEPT SELECT id, path, code, message FROM violation WHERE level = 'team') AS v), NULL, 'what is wrong at one level is so at the next');
SELECT is((SELECT jsonb_agg(DISTINCT level) FROM violation WHERE code = 'locked'), '["team", "unit"]', 'locked is for units and teams');

-- Against the merge.
CREATE TEMPORARY TABLE merged AS
SELECT id, integration_schema_config(document) AS document FROM document WHERE jsonb_typeof(document) = 'object';
SELECT is((SELECT jsonb_agg(jsonb_build_array(v.path, v.message)) FROM merged m, integration_schema_validate(m.document, 'effective') AS v
	WHERE v.code IN ('structure', 'unknown_key')), NULL, 'a merge leaves out what has the wrong shape');
SELECT is((SELECT jsonb_agg(jsonb_build_array(s.id, m.document #> ARRAY['integrations', s.id], r.required))
	FROM merged m JOIN integration_schemas s ON s.id IN ('a', 'b', 'c', 'slack'), LATERAL (SELECT m.document #> ARRAY['integrations', s.id]) AS e (entry),
		 LATERAL (SELECT coalesce(jsonb_agg(v.field), '[]') FROM integration_schema_validate(m.document, 'effective') AS v
				  WHERE v.integration = s.id AND v.code = 'required') AS r (required)
	WHERE r.required <> CASE WHEN (entry -> 'enabled')::boolean AND (s.required OR EXISTS (
			SELECT FROM jsonb_array_elements(s.fields) AS f WHERE entry -> 'config' -> (f ->> 'name') NOT IN ('null', '""')
				AND entry -> 'config' -> (f ->> 'name') IS DISTINCT FROM f -> 'default_value'))
		THEN entry -> 'missing' ELSE '[]' END), NULL, 'what is required is what the merge finds missing, of integrations in use');

-- Redaction: where a marked string is left, it is no field's value.
WITH RECURSIVE redacted AS (
	SELECT id, integration_schema_redact(document) AS document FROM document
	UNION ALL SELECT -id, integration_schema_redact(document) FROM merged),
leaf AS (
	SELECT id, document AS value, ARRAY[]::text[] AS steps FROM redacted
	UNION ALL
	SELECT l.id, m.value, l.steps || m.step
	FROM leaf l, LATERAL (
		SELECT key AS step, value FROM jsonb_each(CASE jsonb_typeof(l.value) WHEN 'object' THEN l.value ELSE '{}' END) AS e
		WHERE value::text ~ 'SENTINEL'
		UNION ALL
		SELECT '-', value FROM jsonb_array_elements(CASE jsonb_typeof(l.value) WHEN 'array' THEN l.value ELSE '[]' END) AS e (value)) AS m)
SELECT is((SELECT jsonb_agg(to_jsonb(l)) FROM leaf l
	WHERE jsonb_typeof(value) = 'string' AND value::text ~ 'SENTINEL'
		AND coalesce(steps[1] = 'integrations', true)
		AND NOT coalesce(steps[3] = 'config' AND cardinality(steps) > 3 AND EXISTS (
			SELECT FROM integration_schemas s, jsonb_array_elements(s.fields) AS f
			WHERE s.id = steps[2] AND f ->> 'name' = steps[4] AND f ->> 'type' IS DISTINCT FROM 'secret'), false)
		AND NOT coalesce(steps[3] IN ('description', 'name', 'locked', 'missing', 'config_schema'), false)), NULL, 'a redacted document has no value of a secret or an unknown field');

SELECT * FROM finish();
ROLLBACK;
