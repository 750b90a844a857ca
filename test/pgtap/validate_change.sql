-- A write is judged by what it adds or changes: what stood in the document
-- before, and is not right (any more), does not stand in its way.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, locked, fields) VALUES
('acme', 'Acme', 'test', '', false, '[
	{"name": "token", "type": "secret", "pattern": "^tok_"}, {"name": "port", "type": "integer", "max": 10},
	{"name": "mode", "allowed_values": ["fast", "safe"]}, {"name": "tags", "type": "array", "max_length": 2},
	{"name": "extra", "type": "object"}]'),
('vault', 'Vault', 'test', '', true, '[{"name": "url"}, {"name": "note"}]');

CREATE TABLE doc (id int PRIMARY KEY, kind text, d jsonb);
-- What an UPDATE from one document to another is refused for: the paths and
-- codes in the error's detail, or nothing.
CREATE FUNCTION pg_temp.refused(before jsonb, after jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	ALTER TABLE doc DISABLE TRIGGER USER;
	INSERT INTO doc VALUES (1, level, before) ON CONFLICT (id) DO UPDATE SET (kind, d) = ROW(EXCLUDED.kind, EXCLUDED.d);
	ALTER TABLE doc ENABLE TRIGGER USER;
	UPDATE doc SET d = after;
	RETURN '';
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
	RETURN (SELECT string_agg(regexp_replace(line, '^"(.*)" (\w+): .*', '\1 \2'), E'\n') FROM regexp_split_to_table(found, E'\n') AS line);
END $$;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d', 'kind');

CREATE FUNCTION pg_temp.locked(names jsonb, id text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('locked', names))) $$;

-- Everything that can be wrong with a document, a violation each, and with
-- what it becomes a wrong one again.
CREATE TEMPORARY TABLE wrong (place text[], value jsonb, other jsonb, found text);
INSERT INTO wrong VALUES
	('{integrations,acne}', '{"config": 1}', '{"config": 2}', '/integrations/acne unknown_integration'),
	('{integrations,acme,enabled}', '"yes"', '"no"', '/integrations/acme/enabled structure'),
	('{integrations,acme,enable}', 'true', 'false', '/integrations/acme/enable unknown_key'),
	('{integrations,acme,locked}', '["nope"]', '["nope", "never"]', '/integrations/acme/locked/1 unknown_field'),
	('{integrations,acme,locked}', '["nope", 1, "token"]', '[2, "nope"]', '/integrations/acme/locked/0 structure'),
	('{integrations,acme,config,nope}', '1', '2', '/integrations/acme/config/nope unknown_field'),
	('{integrations,acme,config,port}', '"80"', 'true', '/integrations/acme/config/port type'),
	('{integrations,acme,config,port}', '80', '81', '/integrations/acme/config/port range'),
	('{integrations,acme,config,mode}', '"slow"', '"slower"', '/integrations/acme/config/mode allowed_values'),
	('{integrations,acme,config,token}', '"x"', '"y"', '/integrations/acme/config/token pattern'),
	('{integrations,acme,config,token}', '"tok_ "', '" tok_"', E'/integrations/acme/config/token characters\n/integrations/acme/config/token pattern'),
	('{integrations,acme,config,tags}', '[1, 2, 3]', '[1, 2, 4]', '/integrations/acme/config/tags length'),
	('{integrations,acme,config,extra}', '{"a": "********"}', '{"a": "********", "b": 1}', '/integrations/acme/config/extra masked'),
	('{integrations,vault,config,url}', '"a"', '"b"', '/integrations/vault/config/url locked'),
	('{integrations,vault,enabled}', 'true', 'false', '/integrations/vault/enabled locked'),
	('{integration}', '{}', '{"a": 1}', '/integration unknown_key'),
	('{acme}', '{}', '{"a": 1}', '/acme unknown_key');
CREATE TEMPORARY VIEW pair AS
SELECT *, jsonb_set(base, place, value) AS before, jsonb_set(base, place, other) AS after
FROM wrong, (SELECT '{"integrations": {"acme": {"config": {"port": 1}}, "vault": {"config": {}}}}'::jsonb AS base) AS b;

SELECT is(pg_temp.refused(before, jsonb_set(before, '{integrations,acme,config,port}', '"new"')), '/integrations/acme/config/port type',
	'another place is judged alone: ' || found) FROM pair;
SELECT is(pg_temp.refused(before, before || '{"mine": 1}'), '', 'a write elsewhere: ' || found) FROM pair;
SELECT is(pg_temp.refused(before, jsonb_set(before, '{integrations,acme,description}', '"x"')), '', 'and in the same entry: ' || found) FROM pair;
SELECT is(pg_temp.refused(before, base), '', 'taken away: ' || found) FROM pair;
SELECT is(pg_temp.refused(before, after), found, 'changed: ' || found) FROM pair;
SELECT isnt(pg_temp.refused(base, before), '', 'added: ' || found) FROM pair;
SELECT isnt(pg_temp.refused(NULL, before), '', 'where there was no document: ' || found) FROM pair;
SELECT is(pg_temp.refused('{"integrations": []}', '{"integrations": [], "a": 1}'), '', 'an array for integrations');
SELECT is(pg_temp.refused('{"integrations": []}', '{"integrations": [1]}'), '/integrations structure', 'and another');
SELECT is(pg_temp.refused('[]', '[1]'), ' structure', 'no document at all');
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"port": 80}}}}', '{"integrations": {"acme": {"config": {"port": 80.0}}}}'), '',
	'the same number, written otherwise');
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"extra": {"a": "********", "b": 1}}}}}',
						  '{"integrations": {"acme": {"config": {"extra": {"a": "********"}}}}}'), '',
	'a value of which only a part went has nothing new');

-- Elements have no place of their own.
SELECT is(pg_temp.refused(pg_temp.locked(before), pg_temp.locked(after)), found, format('%s to %s', before, after))
FROM (VALUES ('["a", "b"]'::jsonb, '["b"]'::jsonb, ''), ('["a", "b"]', '["token", "b", "a"]', ''), ('["a"]', '["a", "a"]', ''),
			 ('["a", 1, null, true]', '[true, 1, null]', ''), ('["a"]', '["c", "a"]', '/integrations/acme/locked/0 unknown_field'),
			 ('[1, true]', '[false, 2]', E'/integrations/acme/locked/0 structure\n/integrations/acme/locked/1 structure'),
			 ('true', '["a"]', '/integrations/acme/locked/0 unknown_field')) AS v (before, after, found);

-- The catalogue changes while documents stand on it.
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"mode": "fast", "port": 3}}, "vault": {"config": {"note": "n"}}}}',
						  '{"integrations": {"acme": {"config": {"mode": "fast", "port": 4}}, "vault": {"config": {"note": "n"}}}}'), '', 'a lock set later');
UPDATE integration_schemas SET fields = '[{"name": "key", "type": "secret"}, {"name": "port", "type": "integer"}]' WHERE id = 'acme';
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"mode": "fast", "token": "tok_"}}}}',
						  '{"integrations": {"acme": {"config": {"mode": "fast", "token": "tok_", "port": 4}}}}'), '', 'a field renamed, and one that went');
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"token": "tok_"}}}}', '{"integrations": {"acme": {"config": {"key": "tok_"}}}}'), '', 'and mended');
DELETE FROM integration_schemas WHERE id = 'acme';
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"mode": "fast"}}}}',
						  '{"integrations": {"acme": {"config": {"mode": "fast"}}, "slack": {}}}'), '', 'an integration that went');
SELECT is(pg_temp.refused('{"integrations": {"acme": {"config": {"mode": "fast"}}}}',
						  '{"integrations": {"acme": {"config": {"mode": "safe"}}}}'), '/integrations/acme unknown_integration', 'of which nothing new is said');

-- The row's level, and nothing of its document.
CREATE FUNCTION pg_temp.moved(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN EXECUTE statement; RETURN 'ok'; EXCEPTION WHEN check_violation THEN RETURN 'refused'; END $$;
TRUNCATE doc;
INSERT INTO doc VALUES (1, 'org', '{"integrations": {"vault": {"config": {"url": "a"}}}}');
SELECT is(pg_temp.moved($$UPDATE doc SET kind = 'team'$$), 'ok', 'a node''s place changes');
SELECT is(pg_temp.moved($$UPDATE doc SET d = d || '{"x": 1}'$$), 'ok', 'and its document is written there');
SELECT is(pg_temp.moved($$UPDATE doc SET d = '{"integrations": {"vault": {"config": {"url": "b"}}}}'$$), 'refused', 'but not what is locked there');
SELECT is(pg_temp.moved($$UPDATE doc SET kind = 'squad'$$), 'refused', 'a level must be one');

-- Of a merged document.
SELECT is(pg_temp.refused('{}', '{"x": 1}', 'effective'), '', 'what was missing before');
SELECT is(pg_temp.refused('{"integrations": {"openai": {"config": {"api_key": "k"}}}}', '{"integrations": {"openai": {"config": {}}}}', 'effective'), '',
	'what is taken away');
SELECT is(pg_temp.refused('{"integrations": {"openai": {"config": {"api_key": "k"}}}}', '{"integrations": {"openai": {"config": {"api_key": " "}}}}', 'effective'),
	E'/integrations/openai/config/api_key characters\n/integrations/openai/config/api_key required', 'what is blanked');

-- Many at once, in linear time.
SELECT is(pg_temp.refused(d, jsonb_set(d, '{integrations,slack}', '{"config": {"thread_replies": 1}}')), '/integrations/slack/config/thread_replies type',
	'100,000 unknown integrations from before')
FROM (SELECT jsonb_build_object('integrations', jsonb_object_agg('u' || i, '{"config": {"a": [1, 2]}}'::jsonb)) AS d FROM generate_series(1, 100000) AS i) AS d;
SELECT is(pg_temp.refused(pg_temp.locked(names, 'slack'), pg_temp.locked('["new"]'::jsonb || names, 'slack')), '/integrations/slack/locked/0 unknown_field',
	'200,000 unknown names from before, each at another place now')
FROM (SELECT jsonb_agg('u' || i) AS names FROM generate_series(1, 200000) AS i) AS d;

SELECT * FROM finish();
ROLLBACK;
