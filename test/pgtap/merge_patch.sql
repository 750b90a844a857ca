-- JSON Merge Patch: the cases of RFC 7396, appendix A, its example (section 3),
-- and what the server's own jsonb says of the result.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(15 + 1 + 5);

SELECT is(integration_config_merge_patch(target, patch), result,
		  format('appendix A: %s patched with %s', target, patch))
FROM (VALUES
	('{"a":"b"}'::jsonb,		'{"a":"c"}'::jsonb,				'{"a":"c"}'::jsonb),
	('{"a":"b"}',				'{"b":"c"}',					'{"a":"b","b":"c"}'),
	('{"a":"b"}',				'{"a":null}',					'{}'),
	('{"a":"b","b":"c"}',		'{"a":null}',					'{"b":"c"}'),
	('{"a":["b"]}',				'{"a":"c"}',					'{"a":"c"}'),
	('{"a":"c"}',				'{"a":["b"]}',					'{"a":["b"]}'),
	('{"a":{"b":"c"}}',			'{"a":{"b":"d","c":null}}',		'{"a":{"b":"d"}}'),
	('{"a":[{"b":"c"}]}',		'{"a":[1]}',					'{"a":[1]}'),
	('["a","b"]',				'["c","d"]',					'["c","d"]'),
	('{"a":"b"}',				'["c"]',						'["c"]'),
	('{"a":"foo"}',				'null',							'null'),
	('{"a":"foo"}',				'"bar"',						'"bar"'),
	('{"e":null}',				'{"a":1}',						'{"e":null,"a":1}'),
	('[1,2]',					'{"a":"b","c":null}',			'{"a":"b"}'),
	('{}',						'{"a":{"bb":{"ccc":null}}}',	'{"a":{"bb":{}}}')
) AS appendix (target, patch, result);

SELECT is(integration_config_merge_patch(
	'{"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"},
	  "tags": ["example", "sample"], "content": "This will be unchanged"}',
	'{"title": "Hello!", "phoneNumber": "+01-123-456-7890",
	  "author": {"familyName": null}, "tags": ["example"]}'),
	'{"title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"],
	  "content": "This will be unchanged", "phoneNumber": "+01-123-456-7890"}',
	'the example of section 3');

-- A plain reference, and random documents

CREATE FUNCTION pg_temp.reference(target jsonb, patch jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	result jsonb := CASE jsonb_typeof(target) WHEN 'object' THEN target ELSE '{}' END;
	member record;
BEGIN
	IF jsonb_typeof(patch) <> 'object' THEN
		RETURN patch;
	END IF;
	FOR member IN SELECT * FROM jsonb_each(patch) LOOP
		IF member.value = 'null' THEN
			result := result - member.key;
		ELSE
			result := result || jsonb_build_object(member.key,
				pg_temp.reference(coalesce(result -> member.key, '{}'), member.value));
		END IF;
	END LOOP;
	RETURN result;
END
$$;

CREATE FUNCTION pg_temp.random_json(depth integer) RETURNS jsonb
LANGUAGE sql VOLATILE AS $$
	SELECT CASE
		WHEN depth > 0 AND random() < 0.7 THEN
			(SELECT coalesce(jsonb_object_agg(repeat('k', 1 + (random() * 3)::integer) || i % 7,
											  pg_temp.random_json(depth - 1)), '{}')
			   FROM generate_series(1, (random() * 8)::integer) AS i)
		ELSE (ARRAY['null', '1', '1.50', '"text"', 'true', '[1, {"a": null}]', '{}'])
				[1 + (random() * 6)::integer]::jsonb
		END
$$;

SELECT setseed(0.4);
CREATE TEMPORARY TABLE random_case AS
SELECT pg_temp.random_json(3) AS target, pg_temp.random_json(3) AS patch
FROM generate_series(1, 300);

SELECT is_empty($$
	SELECT target, patch FROM random_case
	WHERE integration_config_merge_patch(target, patch) <> pg_temp.reference(target, patch)
$$, 'random documents are patched as the plain reference does it');
SELECT is_empty($$
	SELECT target, patch FROM random_case
	WHERE jsonb_send(integration_config_merge_patch(target, patch))
		  <> jsonb_send(integration_config_merge_patch(target, patch)::text::jsonb)
	   OR pg_column_size(integration_config_merge_patch(target, patch))
		  <> pg_column_size(integration_config_merge_patch(target, patch)::text::jsonb)
$$, 'and what comes out is what the server would have built');

SELECT is(integration_config_merge_patch(NULL, '{}'), NULL, 'null in, null out');
SELECT is(
	integration_config_merge_patch(
		(SELECT jsonb_object_agg('key' || i, i) FROM generate_series(1, 500) AS i),
		(SELECT jsonb_object_agg('key' || i, NULL) FROM generate_series(1, 500, 2) AS i)),
	(SELECT jsonb_object_agg('key' || i, i) FROM generate_series(2, 500, 2) AS i),
	'half of a wide object is removed');
SELECT lives_ok($$
	DO $do$
	BEGIN
		PERFORM integration_config_merge_patch(
			'{}', (repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb);
	EXCEPTION WHEN statement_too_complex THEN NULL;
	END
	$do$
$$, 'a deep patch is applied, or refused by the stack-depth check');

SELECT * FROM finish();
ROLLBACK;
