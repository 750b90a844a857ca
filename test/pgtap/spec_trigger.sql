-- integration_schema_check() on anybody's table, and how a write is judged by what it adds or changes.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

CREATE FUNCTION pg_temp.say(sql text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; s text; t text; c text; k text; x text;
BEGIN
  EXECUTE sql;
  RETURN '{"state": "00000"}';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, k = CONSTRAINT_NAME, x = PG_EXCEPTION_CONTEXT;
  RETURN jsonb_build_object('state', SQLSTATE, 'message', m, 'detail', d, 'hint', h, 'schema', s, 'table', t, 'column', c, 'constraint', k, 'context', x);
END $$;

CREATE SCHEMA "My Own";
CREATE TABLE "My Own"."N" (id int PRIMARY KEY, other text DEFAULT 'kept-private', "doc é" jsonb, node_type text);
CREATE TRIGGER "the Check" BEFORE INSERT OR UPDATE ON "My Own"."N" FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc é', 'node_type');
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (1, DEFAULT, '{"integrations": {"slack": {"config": {"bot_token": "s3cr3t", "nofield": "s3cr3t"}}, "splunk": {"config": {"port": 0}}}}', 'org')$$) - '{message,detail,hint,context}'::text[],
  '{"state": "23514", "schema": "My Own", "table": "N", "column": "doc é", "constraint": "the Check"}'::jsonb, 'a bad row is refused with 23514, and the schema, table, column and constraint');
SELECT unnest(ARRAY[is(r ->> 'message', split_part(split_part(r ->> 'detail', E'\n', 1), ': ', 2), 'the first violation is the message'),
       is(regexp_count_lines, 3, 'all of them are the detail, one a line'),
       ok((r - 'context')::text NOT LIKE '%s3cr3t%' AND (r - 'context')::text NOT LIKE '%kept-private%', 'no secret and no whole row is in it')])
  FROM (SELECT r, cardinality(string_to_array(r ->> 'detail', E'\n')) AS regexp_count_lines FROM pg_temp.say($$INSERT INTO "My Own"."N" VALUES (1, DEFAULT, '{"integrations": {"slack": {"config": {"bot_token": "s3cr3t", "nofield": "s3cr3t"}}, "splunk": {"config": {"port": 0}}}}', 'org')$$) AS r) AS q;
SELECT unnest(ARRAY[ok(line ~ '^("(?:[^"\\]|\\.)*") ([a-z_]+): .+$', 'a line is the path as a JSON string, the code, a colon and the message: ' || line),
       is((substring(line from '^("(?:[^"\\]|\\.)*") '))::jsonb #>> '{}', '/integrations/a"b~1c' || E'\n' || ': x', 'and is parsed without doubt')])
  FROM (SELECT string_to_array(pg_temp.say(format($$INSERT INTO "My Own"."N" VALUES (1, DEFAULT, %L, 'org')$$, jsonb_build_object('integrations', jsonb_build_object(E'a"b/c\n: x', '{}'::jsonb)))) ->> 'detail', E'\n')) AS q(a), unnest(a) AS line;
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (2, '', NULL, 'org'), (3, '', '{}', NULL)$$) ->> 'state', '00000', 'a null document, a null level');
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (4, '', '{}', 'orga')$$) ->> 'state' IN ('22023', '23514'), true, 'an unknown level is refused');
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (5, '', '{"integrations": {"openai": {"config": {"api_key": "k"}}}}', 'team')$$) ->> 'state', '23514', 'the level is the column''s');
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (5, '', '{"integrations": {"openai": {"config": {"api_key": "k"}}}}', 'org')$$) ->> 'state', '00000', 'and the row''s');
SELECT is(pg_temp.say($$INSERT INTO "My Own"."N" VALUES (6, '', '{"integrations": {"slack": {"config": {"bot_token": "********"}}}}', 'org')$$) ->> 'state', '23514', 'a mask is a violation in tables of the user''s own');

-- arguments
CREATE TABLE n2 (doc jsonb, t text, level text, note int);
SELECT is(pg_temp.say(format($q$DO $d$ BEGIN CREATE TRIGGER c BEFORE INSERT ON n2 FOR EACH ROW EXECUTE FUNCTION integration_schema_check(%s); INSERT INTO n2 VALUES ('{}'); END $d$ $q$, a)) ->> 'state' IN ('22023', '42703', '42804', '39P01'), true, 'bad arguments are an error: ' || a)
  FROM unnest(ARRAY['', '''nope''', '''t''', '''note''', '''doc'', ''nope''', '''doc'', ''note''', '''doc'', ''level=orga''', '''doc'', ''level=''', '''doc'', ''level=team'', ''x''', '''doc'', ''mode=warm''']) AS a;
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON n2 FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=team');
SELECT is(pg_temp.say($$INSERT INTO n2 VALUES ('{"integrations": {"openai": {"enabled": false}}}')$$) ->> 'state', '23514', 'level=team');
DROP TRIGGER c ON n2;
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON n2 FOR EACH ROW EXECUTE FUNCTION integration_schema_check('doc', 'level=org', 'mode=warn');
SELECT is(pg_temp.say($$INSERT INTO n2 VALUES ('{"integrations": {"openia": {"enabled": false}}}')$$) ->> 'state', '00000', 'mode=warn lets a row pass');
SELECT is(pg_temp.say($$SELECT integration_schema_check()$$) ->> 'state', '39P01', 'it is no function to call');

-- judged by what it adds or changes
CREATE TABLE doc (id int PRIMARY KEY, d jsonb, t text DEFAULT 'org');
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d', 't');
INSERT INTO doc VALUES (1, '{"integrations": {"datadog": {"config": {"api_key": "k", "site": "datadoghq.eu"}}, "notion": {"config": {"api_key": "k"}}, "aws": {"locked": ["role_arn"], "config": {"region": "r"}}, "openai": {"config": {"api_key": "o"}}}}');
UPDATE integration_schemas SET fields = jsonb_set(jsonb_set(fields, '{0,name}', '"client_api_key"'), '{2,allowed_values}', '["datadoghq.com"]') WHERE id = 'datadog';
DELETE FROM integration_schemas WHERE id = 'notion';
UPDATE integration_schemas SET fields = fields - 4 WHERE id = 'aws';
SELECT is(pg_temp.say(format('UPDATE doc SET %s WHERE id = 1', s)) ->> 'state', w, 'a write is judged by what it changes: ' || s) FROM (VALUES
  ('id = id', '00000'), ('d = d', '00000'), ($$t = 'team'$$, '00000'), ($$d = jsonb_set(d, '{integrations,slack}', '{"enabled": false}')$$, '00000'),
  ($$d = jsonb_set(d, '{integrations,datadog,config,app_key}', '"a"')$$, '00000'), ($$d = jsonb_set(d, '{integrations,datadog,config,api_key}', '"other"')$$, '23514'),
  ($$d = jsonb_set(d, '{integrations,datadog,config,site}', '"ap1.datadoghq.com"')$$, '23514'), ($$d = jsonb_set(d, '{integrations,notion,enabled}', 'false')$$, '23514'), ($$d = d #- '{integrations,notion,config,api_key}'$$, '00000'),
  ($$d = d #- '{integrations,notion}'$$, '00000'), ($$d = d #- '{integrations,datadog,config,api_key}'$$, '00000'), ($$d = jsonb_set(d, '{integrations,aws,config,region}', '"q"')$$, '00000'), ($$d = jsonb_set(d, '{integrations,aws,locked}', '[]')$$, '00000'),
  ($$d = jsonb_set(d, '{integrations,openai,config,org_id}', '"x"')$$, '23514')) AS v(s, w);
SELECT is(pg_temp.say($$UPDATE doc SET d = '[]'$$) ->> 'state', '23514', 'the document itself');
SELECT is(pg_temp.say($$INSERT INTO doc VALUES (1, '{}') ON CONFLICT (id) DO UPDATE SET d = jsonb_set(doc.d, '{integrations,slack,enabled}', 'true')$$) ->> 'state', '00000', 'an upsert');

-- statements
SELECT is(pg_temp.say($$WITH x AS (INSERT INTO doc VALUES (7, '{"integrations": {"kit": {}}}') RETURNING 1) SELECT 1$$) ->> 'state', '23514', 'in a CTE');
CREATE TABLE part (id int, d jsonb) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10); CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20);
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON part FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d');
SELECT is(pg_temp.say($$INSERT INTO part VALUES (1, '{"integrations": {"kit": {}}}')$$) - '{detail,hint,context,message}'::text[], '{"state": "23514", "schema": "public", "table": "part1", "column": "d", "constraint": "c"}'::jsonb, 'of a partition');
CREATE TABLE heir () INHERITS (doc);
CREATE TRIGGER c BEFORE INSERT OR UPDATE ON heir FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d', 't');
SELECT is(pg_temp.say($$INSERT INTO heir VALUES (1, '{"integrations": {"kit": {}}}')$$) ->> 'table', 'heir', 'of a table that inherits');
SELECT is(pg_temp.say($$ALTER TABLE doc DROP COLUMN t; INSERT INTO doc VALUES (9, '{}')$$) ->> 'state', '42703', 'a column that is gone');
SELECT * FROM finish();
ROLLBACK;
