-- integration_schema_check(): no wrong document gets into a table, by any way
-- in, and the error says which, where and why, without a value.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- What a statement ends with, a line each: SQLSTATE, the error's fields,
-- message, detail and hint; or "ok".
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
	s text; t text; c text; k text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, k = CONSTRAINT_NAME;
	RETURN concat_ws(E'\n', concat_ws(' ', state, nullif(concat_ws('.', nullif(s, ''), nullif(t, ''), nullif(c, '')), ''), nullif(k, '')),
					 message, nullif(detail, ''), nullif(hint, ''));
END $$;

-- The first line of it.
CREATE FUNCTION pg_temp.code(statement text) RETURNS text
LANGUAGE sql AS $$ SELECT split_part(pg_temp.outcome(statement), E'\n', 1) $$;

-- What is wrong with the use of a trigger, made for a table of its own with
-- these columns; the first row tells.
CREATE FUNCTION pg_temp.use(trigger text, columns text DEFAULT 'id int, doc jsonb, level text, num int') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TABLE used (%s)', columns);
	EXECUTE replace(trigger, 'TRIGGER', 'TRIGGER checked');
	result := pg_temp.outcome('INSERT INTO used DEFAULT VALUES');
	DROP TABLE used;
	RETURN replace(result, E'\ntrigger "checked" on table "used" does not use integration_schema_check correctly', '');
END $$;

\set good '{"integrations": {"slack": {"config": {"thread_replies": true}}}}'
\set bad '{"integrations": {"slack": {"config": {"thread_replies": "SENTINEL"}}}}'
\set only_org '{"integrations": {"openai": {"config": {"api_key": "SENTINEL"}}}}'

CREATE SCHEMA mine;
CREATE TABLE mine.nodes (id int PRIMARY KEY, dropped int, note text DEFAULT 'SENTINEL', doc jsonb, node_type text);
ALTER TABLE mine.nodes DROP COLUMN dropped;
CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON mine.nodes
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'node_type');

--
-- The error
--

SELECT is(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (1, '{"integrations": {"slack": {"config": {"thread_replies": "SENTINEL",
		  "bot_token": "SENTINEL"}, "signing_secret": "SENTINEL"}, "slak": {"config": {"a": "SENTINEL"}}}}')$$),
	'23514 mine.nodes.doc check_config
unknown integration "slak" (perhaps you meant "slack")
"/integrations/slak" unknown_integration: unknown integration "slak" (perhaps you meant "slack")
"/integrations/slack/config/bot_token" pattern: field "bot_token" of integration "slack" breaks rule "pattern": it must match the regular expression "^(xoxe\.)?xoxb-"
"/integrations/slack/config/thread_replies" type: field "thread_replies" of integration "slack" breaks rule "type": it must be a boolean, not a string
"/integrations/slack/signing_secret" unknown_key: field "signing_secret" of integration "slack" belongs inside "config", not beside it',
	'the first violation is the message, all of them the detail, and the fields are set');
SELECT is(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (1, '"SENTINEL"')$$),
	E'23514 mine.nodes.doc check_config\ndocument must be an object, not a string\n"" structure: document must be an object, not a string',
	'a document that is no object');
SELECT is(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (1, jsonb_build_object('integrations', jsonb_build_object(E'a"\\\nHINT:  b', 1, repeat('x', 10000), 2)))$$),
	E'23514 mine.nodes.doc check_config\nunknown integration "a"\\\\u000aHINT:  b"\n"/integrations/a\\"\\\\\\u000aHINT:  b" unknown_integration: unknown integration "a"\\\\u000aHINT:  b"\n'
	'"/integrations/' || repeat('x', 1986) || '"... unknown_integration: unknown integration "' || repeat('x', 64) || '..."',
	'a line a violation, whatever names there are');
SELECT is((SELECT ARRAY[count(*)::text, max(line) FILTER (WHERE n = 102)]
	FROM regexp_split_to_table(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (1, jsonb_build_object('integrations',
		(SELECT jsonb_object_agg('u' || i, 1) FROM generate_series(1, 1234) AS i)))$$), E'\n') WITH ORDINALITY AS l (line, n)),
	ARRAY['103', '"/integrations/u100" unknown_integration: unknown integration "u100"'], 'a detail has at most 100 lines');
SELECT matches(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (1, jsonb_build_object('integrations',
		(SELECT jsonb_object_agg('u' || i, 1) FROM generate_series(1, 1234) AS i)))$$), E'\n\\.\\.\\. and 1134 more$', 'and how many more there are');

--
-- What passes, and the level
--

SELECT is(pg_temp.outcome(format('INSERT INTO mine.nodes (id, doc, node_type) VALUES (%s, %L, %L)', id, doc, level)), 'ok', 'passes: ' || id)
FROM (VALUES (1, :'good', 'team'), (2, '{}', NULL), (3, NULL, 'team'), (4, NULL, NULL), (5, :'only_org', 'org'), (6, :'only_org', 'platform'))
	 AS v (id, doc, level);
SELECT is(pg_temp.code(format('INSERT INTO mine.nodes (id, doc, node_type) VALUES (10, %L, %L)', :'only_org', level)),
		  '23514 mine.nodes.doc check_config', 'the level counts: ' || coalesce(level, 'NULL, which is team'))
FROM unnest(ARRAY['unit', 'team', NULL]) AS level;
SELECT is(pg_temp.outcome(format('INSERT INTO mine.nodes (id, doc, node_type) VALUES (10, %L, %L)', doc, level)),
		  E'23514 mine.nodes.node_type check_config\ncolumn "node_type" of table "nodes" does not hold a level\nLevels are platform, org, unit, team.',
		  format('no level: %s', level))
FROM (VALUES (:'good', 'Team'), (:'good', ''), (:'good', 'SENTINEL'), (NULL, 'group')) AS v (doc, level);

--
-- By every way in
--

SELECT is(pg_temp.code(statement), result, statement)
FROM (VALUES
	($$UPDATE mine.nodes SET doc = '{"integrations": 1}' WHERE id = 1$$, '23514 mine.nodes.doc check_config'),
	($$UPDATE mine.nodes SET doc = '{"x": 1}' WHERE id = 1$$, 'ok'),
	($$UPDATE mine.nodes SET doc = NULL WHERE id = 2$$, 'ok'),
	($$UPDATE mine.nodes SET note = 'x', node_type = 'org' WHERE id = 3$$, 'ok'),
	($$UPDATE mine.nodes SET note = 'x', node_type = 'nonsense' WHERE id = 3$$, '23514 mine.nodes.node_type check_config'),
	($$INSERT INTO mine.nodes (id, doc) VALUES (1, '{}') ON CONFLICT (id) DO UPDATE SET doc = '{"integrations": 1}'$$, '23514 mine.nodes.doc check_config'),
	($$INSERT INTO mine.nodes (id, doc) VALUES (1, '[]') ON CONFLICT (id) DO NOTHING$$, '23514 mine.nodes.doc check_config'),
	($$INSERT INTO mine.nodes (id, doc) SELECT i, '{}' FROM generate_series(100, 110) AS i$$, 'ok'),
	($$INSERT INTO mine.nodes (id, doc) SELECT i, CASE WHEN i < 210 THEN '{}'::jsonb ELSE '1' END FROM generate_series(200, 210) AS i$$, '23514 mine.nodes.doc check_config'),
	($$WITH new AS (INSERT INTO mine.nodes (id, doc) VALUES (300, '[]') RETURNING 1) SELECT count(*) FROM new$$, '23514 mine.nodes.doc check_config')) AS v (statement, result);
SELECT is((SELECT count(*) FROM mine.nodes WHERE id >= 200), 0::bigint, 'a row refused takes its statement along');

SELECT is(pg_temp.code($$MERGE INTO mine.nodes USING (VALUES (1)) AS v (id) ON nodes.id = v.id WHEN MATCHED THEN UPDATE SET doc = '[]'$$),
		  '23514 mine.nodes.doc check_config', 'MERGE that updates');
SELECT is(pg_temp.code($$MERGE INTO mine.nodes USING (VALUES (400)) AS v (id) ON nodes.id = v.id WHEN NOT MATCHED THEN INSERT (id, doc) VALUES (v.id, '[]')$$),
		  '23514 mine.nodes.doc check_config', 'MERGE that inserts');

-- Partitions, which may have their columns in another order.
CREATE TABLE mine.parts (id int, kind text, doc jsonb) PARTITION BY LIST (kind);
CREATE TABLE mine.parts_team (doc jsonb, extra int, kind text, id int);
ALTER TABLE mine.parts_team DROP COLUMN extra;
ALTER TABLE mine.parts ATTACH PARTITION mine.parts_team FOR VALUES IN ('team');
CREATE TABLE mine.parts_rest PARTITION OF mine.parts DEFAULT;
CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON mine.parts
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'kind');
SELECT is(pg_temp.code(format('INSERT INTO mine.parts VALUES (1, %L, %L)', kind, doc)), result, format('a partitioned table: %s, %s', kind, result))
FROM (VALUES ('team', :'good', 'ok'), ('team', :'bad', '23514 mine.parts_team.doc check_config'), ('team', :'only_org', '23514 mine.parts_team.doc check_config'),
			 ('org', :'only_org', 'ok'), ('org', :'bad', '23514 mine.parts_rest.doc check_config'), ('x', :'good', '23514 mine.parts_rest.kind check_config'))
	 AS v (kind, doc, result);
SELECT is(pg_temp.code($$UPDATE mine.parts SET kind = 'team' WHERE kind = 'org'$$), '23514 mine.parts_team.doc check_config', 'a row that moves to another partition is a new one there');
SELECT is(pg_temp.code(format($$INSERT INTO mine.parts SELECT 1, k, %L FROM unnest('{org,team,org,team}'::text[]) AS k$$, :'good')), 'ok', 'rows of several partitions at once');

-- Types of the columns.
CREATE DOMAIN mine.document AS jsonb CHECK (VALUE IS NOT NULL);
CREATE TYPE mine.kind AS ENUM ('org', 'team', 'nothing');
CREATE DOMAIN mine.kind_domain AS mine.kind;
CREATE DOMAIN mine.text_domain AS varchar(10);
CREATE FUNCTION pg_temp.with_type(type text, level text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TABLE typed (doc mine.document, level %s)', type);
	CREATE TRIGGER checked BEFORE INSERT ON typed FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level');
	result := pg_temp.code(format('INSERT INTO typed VALUES (%L, %L)', '{"integrations": {"openai": {"enabled": true}}}', level));
	DROP TABLE typed;
	RETURN substring(result FROM '^\S+(?: \S*\.(?:doc|level))?');
END $$;
SELECT is(regexp_replace(pg_temp.with_type(type, level), ' \S*\.', ' '), result, format('a level of type %s: %s', type, level))
FROM unnest(ARRAY['text', 'varchar', 'varchar(20)', 'char(12)', 'name', 'mine.kind', 'mine.kind_domain', 'mine.text_domain']) AS type,
	 (VALUES ('org', 'ok'), ('team', '23514 doc'), ('nothing', '23514 level')) AS v (level, result);

-- After the row, and at the end of the transaction.
CREATE TABLE mine.later (id int PRIMARY KEY, base jsonb, doc jsonb GENERATED ALWAYS AS (base) STORED);
CREATE TRIGGER after_row AFTER INSERT OR UPDATE ON mine.later
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc');
SELECT is(pg_temp.code($$INSERT INTO mine.later VALUES (1, '[]')$$), '23514 mine.later.doc after_row', 'AFTER INSERT, a generated column');
SELECT is(pg_temp.code($$INSERT INTO mine.later VALUES (1, '{}')$$), 'ok', 'AFTER INSERT of a right one');
SELECT is(pg_temp.code($$UPDATE mine.later SET base = '1'$$), '23514 mine.later.doc after_row', 'AFTER UPDATE');
DROP TRIGGER after_row ON mine.later;
CREATE CONSTRAINT TRIGGER at_end AFTER INSERT ON mine.later DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('base', 'level=org');
SELECT is(pg_temp.code($$INSERT INTO mine.later VALUES (2, '[]'); SET CONSTRAINTS ALL IMMEDIATE$$), '23514 mine.later.base at_end', 'a deferred constraint trigger');

-- Names that are found by no search path.
SET LOCAL search_path = pg_catalog;
INSERT INTO mine.nodes (id, doc) VALUES (500, '{"integrations": {"slack": {}}}');
SET LOCAL search_path = public;
SELECT is((SELECT count(*) FROM mine.nodes WHERE id = 500), 1::bigint, 'with an empty search path');

-- The catalogue as it is when the row is written.
SELECT is(pg_temp.code($$
	INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('fresh', 'Fresh', 'test', '', '[{"name": "f"}]');
	INSERT INTO mine.nodes (id, doc) VALUES (600, '{"integrations": {"fresh": {"config": {"f": "x"}}}}')$$), 'ok', 'an integration added just now');
DELETE FROM integration_schemas WHERE id = 'fresh';
SELECT is(pg_temp.code($$INSERT INTO mine.nodes (id, doc) VALUES (601, '{"integrations": {"fresh": {}}}')$$),
		  '23514 mine.nodes.doc check_config', 'and removed again');

--
-- level=
--

SELECT is(pg_temp.code($$INSERT INTO mine.nodes (id, doc) VALUES (700, '{"integrations": {"openai": {"enabled": true}}}')$$), '23514 mine.nodes.doc check_config', 'team by default');
SELECT is(pg_temp.use(format($$CREATE TRIGGER BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=%s')$$, level),
					  $$doc jsonb DEFAULT '{"integrations": {"openai": {"enabled": true}}}'$$) ~ '^23514', refused, 'level=' || level)
FROM (VALUES ('platform', false), ('org', false), ('unit', true), ('team', true), ('effective', true)) AS v (level, refused);

--
-- The detail, as a program reads it
--

-- Each line: the path, a JSON string ("..." follows one that is cut), the code
-- and the message.
CREATE FUNCTION pg_temp.parsed(detail text) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_array(m[1]::jsonb, m[3], m[4]) ORDER BY n)
	FROM regexp_split_to_table(detail, E'\n') WITH ORDINALITY AS l (line, n),
		 regexp_match(line, '^("(?:[^"\\]|\\.)*")(\.\.\.)? ([a-z_]+): (.*)$') AS m
$$;
CREATE FUNCTION pg_temp.detail_of(document jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	INSERT INTO mine.nodes (id, doc) VALUES (1, document);
	RETURN NULL;
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
SELECT is(pg_temp.parsed(pg_temp.detail_of(d)), (SELECT jsonb_agg(jsonb_build_array(path, code, message)) FROM integration_schema_validate(d)),
		  'read without doubt: ' || d::text)
FROM unnest(ARRAY['{"integrations": {"slack": {"config": {"bot_token": "x", "a\": b": 1, "\"": 1, "\\": 1, "/~": 1, "\n": 1, "\u0085\u2028\u202e\u007f": 1, "\\u000a": 1}, "x: y": 1}}}',
	'[]', '{"integrations": {"\" unknown_field: x": 1, "...": 2, "é": {}}, "integration": 1}']::jsonb[]) AS d;

--
-- A warning does not refuse
--

SET LOCAL client_min_messages = error;
SELECT is(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (800, '{"integrations": {"github": {"config": {"base_url": "https://u:p@h"}}}}')$$),
		  'ok', 'a password in a URI is told of, and stored');
SELECT is(pg_temp.outcome($$INSERT INTO mine.nodes (id, doc) VALUES (801, '{"integrations": {"github": {"config": {"base_url": "https://u:SENTINEL@h", "org": 1}}}}')$$),
	'23514 mine.nodes.doc check_config
field "org" of integration "github" breaks rule "type": it must be a string, not a number
"/integrations/github/config/org" type: field "org" of integration "github" breaks rule "type": it must be a string, not a number
"/integrations/github/config/base_url" uri_password: field "base_url" of integration "github" should have no password inside a URI, which belongs in a secret field',
	'the message is that of the first error, the detail has all');

--
-- mode=warn lets every row pass
--

CREATE TABLE mine.watched (id int, level text, doc jsonb);
CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON mine.watched FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level', 'mode=warn');
SELECT is(pg_temp.outcome(format('INSERT INTO mine.watched VALUES (1, %L, %L)', level, doc)), 'ok', format('passes: %s %s', level, doc))
FROM (VALUES ('team', :'bad'), ('org', '[]'), ('squad', '{}'), (NULL, :'bad')) AS v (level, doc);
SELECT is((SELECT count(*) FROM mine.watched), 4::bigint, 'all of them');
SET LOCAL client_min_messages = warning;
SELECT is(pg_temp.use(format($$CREATE TRIGGER BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', %s)$$, arguments),
					  $$doc jsonb DEFAULT '{"integrations": {"openai": {"enabled": true}}}', level text DEFAULT 'team'$$) ~ '^23514', refused, arguments)
FROM (VALUES ($$'mode=refuse'$$, true), ($$'mode=refuse', 'level=org'$$, false), ($$'mode=refuse', 'level'$$, true), ($$'level', 'mode=refuse'$$, true)) AS v (arguments, refused);

--
-- Wrong use is a clear error, at the first row
--

SELECT is(pg_temp.use('CREATE TRIGGER ' || trigger), result, 'wrong: ' || trigger)
FROM (VALUES
	('BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check()',
	 E'22023\nIt has 0 arguments.\nGive the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level', 'x')$$,
	 E'22023\nIt has two columns for the level, "level" and "x".\nGive the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=team', 'level=org')$$,
	 E'22023\nIt has two levels, "team" and "org".\nGive the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn.'),
	($$BEFORE INSERT OR UPDATE OF doc ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc')$$,
	 E'39P01\nThe trigger is not fired for an UPDATE of other columns, where another trigger can still set the document.\nCreate it for UPDATE without a list of columns: where the document does not change, it costs next to nothing.'),
	($$AFTER INSERT OR UPDATE OF doc, num ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'mode=warn')$$,
	 E'39P01\nThe trigger is not fired for an UPDATE of other columns, where another trigger can still set the document.\nCreate it for UPDATE without a list of columns: where the document does not change, it costs next to nothing.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level', 'mode=warn', 'x')$$,
	 E'22023\nIt has 4 arguments.\nGive the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'mode=watch')$$,
	 E'22023\nThere is no mode "watch".\nModes are refuse (the default) and warn.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('docs')$$,
	 E'42703\nThe table has no column "docs".\nPerhaps you meant the column "doc".'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'node_kind')$$,
	 E'42703\nThe table has no column "node_kind".\nGive the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('level')$$,
	 E'42804\nColumn "level" is of type text, not jsonb.\nGive the name of the column with the documents, of type jsonb.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'num')$$,
	 E'42804\nColumn "num" is of type integer, which can''t hold a level.\nThe level''s column is one of text, or of an enum.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=group')$$,
	 E'22023\nThere is no level "group".\nLevels are platform, org, unit, team, effective.'),
	($$BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=')$$,
	 E'22023\nThere is no level "".\nLevels are platform, org, unit, team, effective.'),
	($$BEFORE INSERT ON used EXECUTE FUNCTION integration_schema_check('doc')$$,
	 E'39P01\nThe trigger is fired for each statement.\nCreate it FOR EACH ROW.')) AS v (trigger, result);
SELECT is(pg_temp.use($$CREATE TRIGGER BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION integration_schema_check('made')$$,
					  'doc jsonb, made jsonb GENERATED ALWAYS AS (doc) STORED'),
		  E'22023\nColumn "made" is generated, and has no value yet when the trigger runs.\nFor a stored generated column, create the trigger AFTER INSERT OR UPDATE.',
		  'a generated column, before it has its value');

CREATE TABLE mine.plain (id int, doc jsonb);
INSERT INTO mine.plain VALUES (1, '{}');
CREATE TRIGGER on_delete BEFORE DELETE ON mine.plain FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc');
SELECT matches(pg_temp.outcome('DELETE FROM mine.plain'), '^39P01\n.*\nThe trigger is fired for DELETE, where there is no new document', 'a trigger for DELETE');
CREATE TRIGGER on_truncate BEFORE TRUNCATE ON mine.plain EXECUTE FUNCTION integration_schema_check('doc');
SELECT matches(pg_temp.outcome('TRUNCATE mine.plain'), '^39P01\n.*\nThe trigger is fired for each statement', 'a trigger for TRUNCATE');
CREATE VIEW mine.view AS SELECT * FROM mine.plain;
CREATE TRIGGER instead INSTEAD OF INSERT ON mine.view FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc');
SELECT matches(pg_temp.outcome($$INSERT INTO mine.view VALUES (2, '{}')$$), '^39P01\n.*\nThe trigger is fired INSTEAD OF the change', 'a trigger INSTEAD OF');
SELECT is(pg_temp.outcome('SELECT integration_schema_check()'), E'39P01\nfunction "integration_schema_check" was not called by trigger manager', 'no trigger at all');

SELECT is((SELECT count(*) FROM mine.nodes WHERE doc::text ~ 'SENTINEL' AND node_type IS DISTINCT FROM 'org' AND node_type IS DISTINCT FROM 'platform'),
		  0::bigint, 'nothing wrong got in');

SELECT * FROM finish();
ROLLBACK;
