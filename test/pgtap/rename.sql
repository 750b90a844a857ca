-- integration_schema_rename_field and integration_schema_rename: the catalogue,
-- every document and the locks get the new name, each node with a version of its
-- own; older versions keep the old one, and a rollback gives the new one back.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || ' ' || detail || ' ' || hint;
END $$;
CREATE FUNCTION pg_temp.document(org_id text, node_id text) RETURNS jsonb LANGUAGE sql AS
	'SELECT n.config_json FROM node_configurations AS n WHERE n.org_id = $1 AND n.node_id = $2';

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
	('acme', 'Acme', 'test', '', '[
		{"name": "token", "type": "secret", "min_length": 2},
		{"name": "region", "description": "region", "x-note": ["region"], "allowed_values": ["region", "eu"]},
		{"name": "host", "required_with": ["region", "token"], "required_unless": ["zone"]},
		{"name": "zone", "required_unless": ["region"]}, {"name": "enabled", "type": "boolean"}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, name, config_json) VALUES
	('*', '*', NULL, 'platform', NULL, '{"integrations": {"acme": {"config": {"zone": "z"}, "locked": ["zone", "enabled"]}, "slack": {"config": {"bot_token": "xoxb-1"}}}}'),
	('a', 'a', NULL, 'org', 'A', '{"integrations": {"acme": {"description": "region", "config": {"region": "eu", "token": "secret-a"}}}, "region": {"region": [1]}}'),
	('a', 't', 'a', 'team', NULL, '{"integrations": {"acme": {"config": {"region": null, "host": "h"}}, "github": {"enabled": false}}}'),
	('b', 'b', NULL, 'org', NULL, '{"integrations": {"acme": {"config": {"host": "region"}, "locked": ["host", "region"]}}}'),
	('c', 'c', NULL, 'org', NULL, '{"region": "eu"}'),
	('c', 'u', 'c', 'unit', NULL, '{}');
CREATE TEMPORARY TABLE before AS SELECT * FROM node_configurations;

--
-- A field
--

SET LOCAL integration_schemas.author = 'ann';
SELECT is(integration_schema_rename_field('acme', 'region', 'availability_region'), 3::bigint, 'how many nodes were changed');
RESET integration_schemas.author;
SELECT is(fields, '[
		{"name": "token", "type": "secret", "min_length": 2},
		{"name": "availability_region", "description": "region", "x-note": ["region"], "allowed_values": ["region", "eu"]},
		{"name": "host", "required_with": ["availability_region", "token"], "required_unless": ["zone"]},
		{"name": "zone", "required_unless": ["availability_region"]}, {"name": "enabled", "type": "boolean"}]'::jsonb,
	'in the catalogue: its name, and where others name it, and nowhere else') FROM integration_schemas WHERE id = 'acme';
SELECT is(config_json, wanted, format('node %s of %s', node_id, org_id))
FROM node_configurations JOIN (VALUES
	('*', '*', '{"integrations": {"acme": {"config": {"zone": "z"}, "locked": ["zone", "enabled"]}, "slack": {"config": {"bot_token": "xoxb-1"}}}}'::jsonb),
	('a', 'a', '{"integrations": {"acme": {"description": "region", "config": {"availability_region": "eu", "token": "secret-a"}}}, "region": {"region": [1]}}'),
	('a', 't', '{"integrations": {"acme": {"config": {"availability_region": null, "host": "h"}}, "github": {"enabled": false}}}'),
	('b', 'b', '{"integrations": {"acme": {"config": {"host": "region"}, "locked": ["host", "availability_region"]}}}'),
	('c', 'c', '{"region": "eu"}'), ('c', 'u', '{}')) AS w (org_id, node_id, wanted) USING (org_id, node_id) ORDER BY org_id, node_id;
SELECT is(config_json::text::jsonb::text || pg_column_size(config_json::text::jsonb), config_json::text || pg_column_size(config_json),
	'as the server itself would store it') FROM node_configurations WHERE org_id = 'a' ORDER BY node_id;
SELECT results_eq($$SELECT version, operation, author, reason, role, config_json = pg_temp.document('a', 'a') FROM node_configuration_history WHERE node_id = 'a' ORDER BY version$$,
	format($$VALUES (1, 'insert', %1$L, NULL, %1$L, false), (2, 'update', 'ann', 'field renamed', %1$L, true)$$, current_user), 'a version of its own for each node');
SELECT results_eq($$SELECT reason FROM integration_schema_history WHERE id = 'acme' ORDER BY version$$, $$VALUES (NULL), ('field renamed')$$, 'and one of the catalogue');
SELECT is(n.version || ' ' || (to_jsonb(n) - 'config_json' - 'version' - 'updated_at' - 'updated_by')::text,
	'1 ' || (to_jsonb(b) - 'config_json' - 'version' - 'updated_at' - 'updated_by')::text, format('not touched: node %s of %s', node_id, org_id))
FROM node_configurations AS n JOIN before AS b USING (org_id, node_id) WHERE n.config_json = b.config_json ORDER BY org_id, node_id;
SELECT is((SELECT count(*) FROM integration_config_violations() WHERE field = 'region'), 0::bigint, 'nothing has the old name any more');
SELECT is(integration_config_resolve('a', 't', 'acme') -> 'config' -> 'token', '"secret-a"', 'the answers go on');

--
-- A rollback across it, and what is shown of the past
--

SELECT is(config_json #> '{integrations,acme,config}', '{"region": "********", "token": "********"}', 'an older version has the old name, and it is no field''s any more')
FROM integration_config_history('a', 'a') WHERE version = 1;
SELECT is(integration_config_replace('a', 'a', '{}'), 3, 'the node changes');
SELECT is(integration_config_rollback('a', 'a', 1, secrets => 'restore'), 4, 'and is rolled back across the renaming');
SELECT is(pg_temp.document('a', 'a'), '{"integrations": {"acme": {"description": "region", "config": {"availability_region": "eu", "token": "secret-a"}}}, "region": {"region": [1]}}',
	'the value has its new name');
SELECT is(integration_schema_rename_field('acme', 'availability_region', 'place'), 3::bigint, 'another one after that');
SELECT integration_config_replace('a', 'a', '{}') \gset
SELECT is(integration_config_rollback('a', 'a', 2, secrets => 'restore'), 7, 'across the later one only');
SELECT is(pg_temp.document('a', 'a') #>> '{integrations,acme,config,place}', 'eu', 'is right too');
SELECT is(integration_config_rollback('a', 'a', 1, secrets => 'restore'), 7, 'across both: the same document, no new version');
SELECT is(integration_schema_rename_field('acme', 'place', 'region'), 3::bigint, 'back to the first name');
SELECT is(integration_config_rollback('a', 'a', version, secrets => 'restore'), 8, 'across any of them it is today''s: ' || version) FROM generate_series(1, 8) AS version WHERE version NOT IN (3, 6);
SELECT is(integration_config_rollback('b', 'b', 2), 4, 'a lock as well');
SELECT is(pg_temp.document('b', 'b'), '{"integrations": {"acme": {"config": {"host": "region"}, "locked": ["host", "region"]}}}', 'has today''s name');

--
-- An integration
--

SELECT is(integration_schema_rename('acme', 'road'), 4::bigint, 'an integration');
SELECT is(pg_temp.document('*', '*'), '{"integrations": {"road": {"config": {"zone": "z"}, "locked": ["zone", "enabled"]}, "slack": {"config": {"bot_token": "xoxb-1"}}}}', 'its entry moves');
SELECT is(pg_temp.document('a', 'a'), '{"integrations": {"road": {"description": "region", "config": {"region": "eu", "token": "secret-a"}}}, "region": {"region": [1]}}', 'with all in it');
SELECT results_eq($$SELECT id, version, operation, reason FROM integration_schema_history WHERE id IN ('acme', 'road') ORDER BY sequence OFFSET 4$$,
	$$VALUES ('acme', 5, 'delete', 'integration renamed'), ('road', 1, 'insert', 'integration renamed')$$, 'the catalogue''s history goes on');
SELECT is(integration_config_rollback('a', 'a', 1, secrets => 'restore'), 9, 'and a rollback');
SELECT is((SELECT reason FROM node_configuration_history WHERE node_id = 'a' AND version = 9), 'integration renamed', 'which is what is there');
SET LOCAL integration_schemas.reason = 'they were bought';
SELECT is(integration_schema_rename('slack', 'slack_by_acme'), 1::bigint, 'a built-in one');
RESET integration_schemas.reason;
SELECT is((SELECT reason FROM node_configuration_history WHERE node_id = '*' ORDER BY version DESC LIMIT 1), 'integration renamed: they were bought', 'with a reason');
SELECT is((SELECT origin FROM integration_schemas WHERE id = 'slack_by_acme'), 'added', 'is one of this database''s own');
SELECT is((SELECT count(*) FROM integration_schema_removed WHERE id = 'slack'), 1::bigint, 'and no update brings the old one back');
SELECT is(integration_schema_rename('slack_by_acme', 'slack'), 1::bigint, 'and back');

--
-- What is erased is erased under each of its names, and nothing else is
--

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('wipe', 'Wipe', 'test', '', '[{"name": "one"}, {"name": "two"}]');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('wipe', 'wipe', 'org', '{"integrations": {"wipe": {"config": {"one": "first", "two": "second"}}}}');
SELECT integration_schema_rename_field('wipe', 'one', 'three'), integration_schema_rename_field('wipe', 'two', 'one'), integration_schema_rename('wipe', 'wiped'),
	integration_schema_rename_field('wiped', 'three', 'four') \gset
SELECT is(integration_config_erase('wipe', 'wipe', 'wiped', 'four'), 5::bigint, 'a value is erased');
SELECT results_eq($$SELECT config_json -> 'integrations', erased FROM node_configuration_history WHERE org_id = 'wipe' ORDER BY version$$, $$VALUES
	('{"wipe": {"config": {"one": null, "two": "second"}}}'::jsonb, '{/integrations/wipe/config/one}'::text[]),
	('{"wipe": {"config": {"three": null, "two": "second"}}}', '{/integrations/wipe/config/three}'),
	('{"wipe": {"config": {"three": null, "one": "second"}}}', '{/integrations/wipe/config/three}'),
	('{"wiped": {"config": {"three": null, "one": "second"}}}', '{/integrations/wiped/config/three}'),
	('{"wiped": {"config": {"four": null, "one": "second"}}}', '{/integrations/wiped/config/four}'),
	('{"wiped": {"config": {"four": null, "one": "second"}}}', NULL)$$, 'in each version under the name of its time');
SELECT is(integration_config_erase('wipe', 'wipe', 'wiped', 'four'), 0::bigint, 'once');
DELETE FROM node_configurations WHERE org_id = 'wipe';

--
-- A field called "enabled": that name in "locked" is the entry's own, too
--

SELECT is(integration_schema_rename_field('road', 'enabled', 'active'), 1::bigint, 'a field called "enabled"');
SELECT is(pg_temp.document('*', '*') #> '{integrations,road,locked}', '["zone", "enabled", "active"]', 'what the lock froze stays frozen');

--
-- Whatever else is in the document, and wherever the name stands in key order
--

INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'keys', 'Keys', 'test', '', jsonb_agg(jsonb_build_object('name', repeat(letter, length), 'type', CASE WHEN letter = 'o' THEN 'object' ELSE 'string' END))
FROM unnest('{b,k,o,y}'::text[]) AS letter, generate_series(1, 9, 2) AS length;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('keys', 'keys', NULL, 'org', '{}');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
SELECT 'keys', i::text, 'keys', 'team', jsonb_build_object('x', i, 'yy', jsonb_build_object('x', 1.5), 'integrations', jsonb_build_object('keys',
	jsonb_build_object('enabled', i % 2 = 0, 'locked', coalesce(jsonb_agg(f.value -> 'name') FILTER (WHERE random() < 0.2), '[]'),
		'config', jsonb_object_agg(f.value ->> 'name', CASE WHEN f.value ->> 'type' = 'object' THEN jsonb_build_object('n', random(), 'a', jsonb_build_array(i, NULL)) ELSE to_jsonb(repeat('v', (random() * 5)::int)) END)))
	|| CASE WHEN random() < 0.5 THEN '{"slack": {"enabled": false}, "github": {"enabled": true}}' ELSE '{}' END::jsonb)
FROM generate_series(1, 200) AS i, integration_schemas AS s, jsonb_array_elements(s.fields) AS f
WHERE s.id = 'keys' AND random() < 0.5 GROUP BY i;
CREATE TEMPORARY TABLE documents AS SELECT * FROM node_configurations WHERE org_id = 'keys';
CREATE FUNCTION pg_temp.differing(VARIADIC names text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	FOR i IN 1 .. cardinality(names) - 1 LOOP
		PERFORM integration_schema_rename_field('keys', names[i], names[i + 1]);
	END LOOP;
	SELECT count(*) INTO n FROM node_configurations JOIN documents AS d USING (org_id, node_id)
	 WHERE node_configurations.config_json <> replace(d.config_json::text, format('"%s"', names[1]), format('"%s"', names[cardinality(names)]))::jsonb
		OR pg_column_size(node_configurations.config_json) > pg_column_size(d.config_json) + 64;
	PERFORM integration_schema_rename_field('keys', names[cardinality(names)], names[1]);
	RETURN n + (SELECT count(*) FROM node_configurations AS n JOIN documents AS d USING (org_id, node_id) WHERE n.config_json <> d.config_json);
END $$;
SELECT is(pg_temp.differing(old, new), 0::bigint, format('%s becomes %s', old, new)) FROM unnest('{b,kkk,ooo,yyyyyyyyy}'::text[]) AS old, unnest('{a,z,cc,mmm,nnnnn,zzzzzzzzzz}'::text[]) AS new;
SELECT is(pg_temp.differing('kkk', 'zzzz', 'l', 'zzzzzzzzzzzzz'), 0::bigint, 'over several');
SELECT is(integration_schema_rename('keys', id), (SELECT count(*) FROM documents WHERE config_json <> '{}'), 'an integration becomes ' || id) FROM (VALUES ('a')) AS v (id);
SELECT is((SELECT count(*) FROM node_configurations AS n JOIN documents AS d USING (org_id, node_id) WHERE n.config_json <> replace(d.config_json::text, '"keys"', '"a"')::jsonb), 0::bigint, 'in its place');
SELECT cmp_ok(integration_schema_rename('a', 'keys-by-a-longer-name'), '>', 100::bigint, 'and again');
SELECT is((SELECT count(*) FROM node_configurations AS n JOIN documents AS d USING (org_id, node_id) WHERE n.config_json <> replace(d.config_json::text, '"keys"', '"keys-by-a-longer-name"')::jsonb), 0::bigint, 'in another');
DELETE FROM node_configurations WHERE org_id = 'keys';

--
-- What is refused
--

SELECT is(pg_temp.error_of(statement), wanted, statement) FROM (VALUES
	($$SELECT integration_schema_rename_field('raod', 'region', 'r')$$, '42704 integration "raod" does not exist  Perhaps you meant "road".'),
	($$SELECT integration_schema_rename_field('road', 'regoin', 'r')$$, '42704 integration "road" has no field "regoin"  Perhaps you meant "region".'),
	($$SELECT integration_schema_rename_field('road', 'region', 'host')$$, '23505 integration "road" has a field "host" already  '),
	($$SELECT integration_schema_rename_field('road', 'region', 'region')$$, '23505 integration "road" has a field "region" already  '),
	($$SELECT integration_schema_rename_field('road', 'region', 'a-')$$, '23514 field cannot have the name "a-"  Write a name of 1 to 64 letters, digits and underscores, with "." and "-" inside, that does not begin with a digit.'),
	($$SELECT integration_schema_rename_field('road', 'region', '')$$, '23514 field cannot have the name ""  Write a name of 1 to 64 letters, digits and underscores, with "." and "-" inside, that does not begin with a digit.'),
	($$SELECT integration_schema_rename_field('road', NULL, 'x')$$, '22023 names must not be null  '),
	($$SELECT integration_schema_rename('raod', 'r')$$, '42704 integration "raod" does not exist  Perhaps you meant "road".'),
	($$SELECT integration_schema_rename('road', 'slack')$$, '23505 integration "slack" exists already  '),
	($$SELECT integration_schema_rename('road', 'Road')$$, '23514 integration cannot have the id "Road"  Write an id of 1 to 64 lower case letters, digits, hyphens and underscores that begins with a letter or a digit.'),
	($$SELECT integration_schema_rename('road', '-')$$, '23514 integration cannot have the id "-"  Write an id of 1 to 64 lower case letters, digits, hyphens and underscores that begins with a letter or a digit.'),
	($$SELECT integration_schema_rename('road', repeat('r', 65))$$, '23514 integration cannot have the id "' || repeat('r', 64) || '..."  Write an id of 1 to 64 lower case letters, digits, hyphens and underscores that begins with a letter or a digit.'),
	($$SELECT integration_schema_rename(NULL, 'x')$$, '22023 names must not be null  ')) AS r (statement, wanted);
SELECT is((SELECT count(*) FROM integration_schema_renames WHERE from_id NOT IN ('keys', 'a', 'wipe', 'wiped')), 7::bigint, 'nothing is left of a refused one');

-- a document has the new name already: of a field that went, whose values stayed
UPDATE integration_schemas SET fields = fields || '{"name": "old"}' WHERE id = 'road';
SELECT integration_config_set('a', 't', '{"integrations": {"road": {"config": {"old": "1"}}}}') \gset
UPDATE integration_schemas SET fields = fields - 5 WHERE id = 'road';
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename_field('road', 'host', 'old')$$),
	'55000 node "t" of organisation "a" has a field "old" of integration "road" already It would stand for what is renamed. Take it out of the node''s document first.',
	'which would win?');
SELECT is(fields #>> '{2,name}', 'host', 'nothing was changed') FROM integration_schemas WHERE id = 'road';
INSERT INTO integration_schemas (id, name, category, description) VALUES ('gone', 'Gone', 'test', '');
SELECT integration_config_set('b', 'b', '{"integrations": {"gone": {"enabled": true}}}') \gset
DELETE FROM integration_schemas WHERE id = 'gone';
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename('road', 'gone')$$),
	'55000 node "b" of organisation "b" has an integration "gone" already It would stand for what is renamed. Take it out of the node''s document first.',
	'an integration as well');

-- what was renamed is not what merely went
SELECT matches(pg_temp.error_of($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('n', 'n', 'org', '{"integrations": {"acme": {"config": {"region": "eu"}}}}')$$),
	'^23514 unknown integration "acme"', 'a new node does not bring the old name back');
SELECT matches(pg_temp.error_of($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('n', 'n', 'org', '{"integrations": {"road": {"config": {"place": "eu"}}}}')$$),
	'^23514 integration "road" has no field "place"', 'nor a field''s');
SELECT matches(pg_temp.error_of($$SELECT integration_config_set('c', 'c', '{"integrations": {"acme": {"enabled": true}}}')$$), '^23514', 'nor does a write');

--
-- What is wrong otherwise does not stand in the way, and is said once in no warning
--

UPDATE integration_schemas SET fields = '[{"name": "token", "type": "secret", "min_length": 100}, {"name": "region", "type": "integer"}]' WHERE id = 'road';
SET LOCAL integration_schemas.max_document_size = 16;
SELECT is(integration_schema_rename_field('road', 'token', 'key'), 1::bigint, 'a rule that was tightened does not freeze a node, nor does a limit');
SET LOCAL integration_schemas.max_document_size = DEFAULT;
SELECT is(pg_temp.document('a', 'a'), '{"integrations": {"road": {"description": "region", "config": {"region": "eu", "key": "secret-a"}}}, "region": {"region": [1]}}', 'it is as it was but for the name');

--
-- Secrets
--

SELECT matches(pg_temp.error_of($$UPDATE integration_schemas SET fields = '[{"name": "key"}]' WHERE id = 'road'$$), '^55000 field "key" of integration "road" must stay a secret', 'a renamed secret stays one');
UPDATE integration_schemas SET fields = '[{"name": "region"}]' WHERE id = 'road';
SELECT is(integration_schema_rename('road', 'way'), 4::bigint, 'an integration of which a secret went, whose value stayed');
SELECT matches(pg_temp.error_of($$UPDATE integration_schemas SET fields = '[{"name": "key"}]' WHERE id = 'way'$$), '^55000 field "key" of integration "way" must stay a secret', 'does not show it under its new id');
UPDATE node_configurations SET config_json = '{}' WHERE node_id = 'a';
SELECT lives_ok($$UPDATE integration_schemas SET fields = '[{"name": "key"}, {"name": "token"}, {"name": "place"}]' WHERE id = 'way'$$, 'once nothing is stored it may be another type');
SELECT is((SELECT string_agg(config_json::text, '') ~ 'secret-a' FROM integration_config_history('a', 'a')), false, 'the past is hidden under each of its names');
SELECT is((SELECT string_agg(changes::text, '') ~ 'secret-a' FROM integration_config_history('a', 'a')), false, 'also in what changed');
UPDATE integration_schemas SET fields = '[{"name": "safe"}, {"name": "pin", "type": "secret"}]' WHERE id = 'way';
SELECT integration_config_replace('a', 'a', '{"integrations": {"way": {"config": {"safe": "s", "pin": "p"}}}}') \gset
SELECT is(integration_schema_rename_field('way', 'pin', 'code'), 1::bigint, 'a secret is renamed');
SELECT matches(pg_temp.error_of($$SELECT integration_schema_rename_field('way', 'safe', 'pin')$$), 'none', 'and another field takes its old name, which nothing stands under');
SELECT is(integration_schema_redact(pg_temp.document('a', 'a')), '{"integrations": {"way": {"config": {"code": "********", "pin": "s"}}}}', 'each is what it was');
UPDATE integration_schemas SET fields = '[{"name": "pin"}]' WHERE id = 'way';
SELECT matches(pg_temp.error_of($$SELECT integration_schema_rename_field('way', 'pin', 'code')$$), '^55000 field "code" of integration "way" must stay a secret', 'no field takes the place of a secret''s value');

--
-- The record
--

SELECT results_eq($$SELECT from_id, to_id, from_field, to_field, author FROM integration_schema_renames ORDER BY sequence LIMIT 4$$,
	format($$VALUES ('acme', 'acme', 'region', 'availability_region', 'ann'), ('acme', 'acme', 'availability_region', 'place', %1$L), ('acme', 'acme', 'place', 'region', %1$L), ('acme', 'road', NULL, NULL, %1$L)$$, current_user),
	'what was renamed is kept');
SELECT is((SELECT bool_and((h.sequence > r.sequence) = (h.version > 1)) FROM node_configuration_history AS h, integration_schema_renames AS r WHERE h.node_id = 't' AND r.from_field = 'region'), true,
	'and when, among the versions');
SELECT is(pg_temp.error_of(statement), '42501 record of renamings cannot be changed  integration_schema_rename() and integration_schema_rename_field() write it.', statement) FROM unnest(ARRAY[
	$$INSERT INTO integration_schema_renames VALUES (1, now(), 'a', 'b', NULL, NULL, 'x', 'x')$$, $$UPDATE integration_schema_renames SET to_id = 'x'$$,
	'DELETE FROM integration_schema_renames', 'TRUNCATE integration_schema_renames']) AS statement;

--
-- Rights
--

SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
CREATE ROLE rename_catalogue; CREATE ROLE rename_nodes; CREATE ROLE rename_both; CREATE ROLE rename_owner;
GRANT USAGE ON SCHEMA :ours TO rename_catalogue, rename_nodes, rename_both, rename_owner;
GRANT UPDATE ON integration_schemas TO rename_catalogue, rename_both;
GRANT SELECT, UPDATE ON node_configurations TO rename_nodes;
GRANT SELECT (org_id, node_id, config_json), UPDATE (config_json) ON node_configurations TO rename_both;
SET LOCAL ROLE rename_catalogue;
SELECT matches(pg_temp.error_of($$SELECT integration_schema_rename('way', 'w')$$), '^42501 permission denied for table node_configurations', 'the documents'' rights are needed');
SET LOCAL ROLE rename_nodes;
SELECT matches(pg_temp.error_of($$SELECT integration_schema_rename('way', 'w')$$), '^42501 permission denied for table integration_schemas', 'and the catalogue''s');
SET LOCAL ROLE rename_both;
SELECT is(integration_schema_rename('way', 'w'), 4::bigint, 'both are enough');
RESET ROLE;
SELECT is((SELECT role FROM node_configuration_history WHERE node_id = 'a' ORDER BY version DESC LIMIT 1), 'rename_both', 'who it was is kept');
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE rename_both;
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename('w', 'way')$$),
	'42501 nothing can be renamed under row security Row security of table "node_configurations" applies to role "rename_both", and every row must be reached. ', 'not under row security');
RESET ROLE;
ALTER TABLE node_configurations DISABLE ROW LEVEL SECURITY;

-- the owner's own code runs with his rights alone
ALTER TABLE node_configurations OWNER TO rename_owner;
ALTER TABLE integration_schemas OWNER TO rename_owner;
ALTER TABLE integration_schema_renames OWNER TO rename_owner;
ALTER TABLE integration_schema_version OWNER TO rename_owner;
ALTER TABLE integration_schema_history OWNER TO rename_owner;
ALTER TABLE integration_schema_removed OWNER TO rename_owner;
ALTER TABLE node_configuration_history OWNER TO rename_owner;
CREATE TABLE public.rename_seen (who name, place text);
GRANT INSERT ON public.rename_seen TO PUBLIC;
CREATE FUNCTION public.rename_sees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.rename_seen VALUES (current_user, TG_TABLE_NAME);
	RETURN NEW;
END $$;
CREATE TRIGGER a BEFORE UPDATE ON node_configurations FOR EACH ROW EXECUTE FUNCTION public.rename_sees();
CREATE TRIGGER a BEFORE UPDATE ON integration_schemas FOR EACH ROW EXECUTE FUNCTION public.rename_sees();
CREATE TRIGGER a BEFORE INSERT ON integration_schema_renames FOR EACH ROW EXECUTE FUNCTION public.rename_sees();
SELECT is(integration_schema_rename('w', 'way'), 4::bigint, 'a superuser renames');
SELECT is((SELECT string_agg(DISTINCT format('%s by %s', place, who), ', ') FROM public.rename_seen),
	'integration_schema_renames by rename_owner, integration_schemas by rename_owner, node_configurations by rename_owner', 'and the owner''s code has the owner''s rights');
CREATE FUNCTION public.rename_stops() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER b BEFORE UPDATE ON node_configurations FOR EACH ROW WHEN (OLD.org_id = 'b') EXECUTE FUNCTION public.rename_stops();
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename('way', 'w')$$), '55000 node "b" of organisation "b" was not written A trigger or a rule of the table took the change away. ', 'no node is left out');
DROP TRIGGER b ON node_configurations;
CREATE RULE r AS ON UPDATE TO node_configurations DO ALSO INSERT INTO public.rename_seen VALUES ('rule', OLD.org_id);
SELECT is(integration_schema_rename('way', 'w'), 4::bigint, 'a rule beside it');

-- of several fields that had a name, each has its own past
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
	('swap', 'Swap', 'test', '', '[{"name": "a"}, {"name": "b"}, {"name": "s", "type": "secret"}]');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES
	('swap', 'swap', 'org', '{"integrations": {"swap": {"config": {"a": "A", "b": "B"}, "locked": ["a"]}}}');
SELECT integration_schema_rename_field('swap', 'a', 't'), integration_schema_rename_field('swap', 'b', 'a') \gset
SELECT integration_schema_rename_field('swap', 't', 'b') \gset
SELECT is(config_json #> '{integrations,swap}', '{"config": {"a": "B", "b": "A"}, "locked": ["b"]}', 'two fields change places')
FROM node_configurations WHERE org_id = 'swap';
SELECT is(integration_config_erase('swap', 'swap', 'swap', 'a'), 4::bigint, 'what is called "a" is erased from every version');
SELECT is(string_agg(coalesce(config_json #>> '{integrations,swap,config,a}', '-') || coalesce(config_json #>> '{integrations,swap,config,b}', '-')
					 || coalesce(config_json #>> '{integrations,swap,config,t}', '-'), ' ' ORDER BY version),
		  'A-- --A --A -A- -A-', 'and not what was') FROM node_configuration_history WHERE org_id = 'swap';
SELECT is(pg_temp.error_of($$SELECT integration_config_erase('swap', 'swap', 'swap', 't')$$),
		  '42704 field "t" of integration "swap" was renamed  It is field "b" of integration "swap" now.', 'a name of the past is no field''s');
SELECT integration_schema_rename('swap', 'swapped') \gset
SELECT is(pg_temp.error_of($$SELECT integration_config_erase('swap', 'swap', 'swap', 't')$$),
		  '42704 field "t" of integration "swap" was renamed  It is field "b" of integration "swapped" now.', 'nor an integration''s');
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename_field('swapped', 'a', 'enabled')$$),
		  '23514 field cannot be renamed to "enabled"  In "locked" that name is the integration''s own switch.', 'none is renamed to the switch');

-- a secret of the past does not come back into a field that is none
SELECT integration_config_set('swap', 'swap', '{"integrations": {"swapped": {"config": {"s": "SENTINEL"}}}}') AS with_secret \gset
SELECT integration_config_set('swap', 'swap', '{"integrations": {"swapped": {"config": {"s": null}}}}') \gset
SELECT integration_config_inherit('swap', 'swap', 'swapped', 's') \gset
UPDATE integration_schemas SET fields = '[{"name": "a"}, {"name": "b"}, {"name": "s"}]' WHERE id = 'swapped';
SELECT is(pg_temp.error_of(format('SELECT integration_config_rollback(''swap'', ''swap'', %s, secrets => ''restore'')', :with_secret)),
		  '55000 field "s" of integration "swapped" was a secret once The document of the past has a value there, which would be shown now. Write what is wanted of that document, or erase the value.', 'by a rollback');
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('back', 'Back', 'test', '', '[{"name": "a", "type": "secret"}, {"name": "z"}]');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('back', 'back', 'org', '{"integrations": {"back": {"config": {"a": "SENTINEL"}}}}');
SELECT integration_schema_rename_field('back', 'a', 'b'), integration_config_inherit('back', 'back', 'back', 'b') \gset
UPDATE integration_schemas SET fields = '[{"name": "z"}]' WHERE id = 'back';
SELECT integration_schema_rename_field('back', 'z', 'b') \gset
SELECT matches(pg_temp.error_of($$SELECT integration_config_rollback('back', 'back', 1, secrets => 'restore')$$),
			   '^55000 field "b" of integration "back" was a secret once', 'nor by one across renamings');
SELECT is(integration_config_rollback('swap', 'swap', :with_secret - 1) IS NULL, false, 'what has no such value comes back');

-- an import goes on where a renaming has written a version, and nobody else
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('imp', 'Imp', 'test', '', '[{"name": "a"}]');
CREATE TABLE public.rename_source (org_id text, node_id text, parent_id text, config_json jsonb);
INSERT INTO public.rename_source VALUES ('imp', 'imp', NULL, '{"integrations": {"imp": {"config": {"a": "1"}}}}');
SELECT * FROM integration_config_import('public.rename_source') \gset
SELECT integration_schema_rename_field('imp', 'a', 'b'), integration_schema_rename('imp', 'imps') \gset
UPDATE public.rename_source SET config_json = '{"integrations": {"imps": {"config": {"b": "2"}}}}';
SELECT is(updated, 1::bigint, 'an import that overwrites nothing follows') FROM integration_config_import('public.rename_source', false);
SELECT integration_config_set('imp', 'imp', '{"here": 1}'), integration_schema_rename_field('imps', 'b', 'c') \gset
UPDATE public.rename_source SET config_json = '{"integrations": {"imps": {"config": {"c": "3"}}}}';
SELECT is(updated, 0::bigint, 'but not over a change before the renaming') FROM integration_config_import('public.rename_source', false);

-- the record can't be kept from being written, nor from being read
CREATE RULE nothing AS ON INSERT TO integration_schema_renames DO INSTEAD NOTHING;
SELECT matches(pg_temp.error_of($$SELECT integration_schema_rename_field('swapped', 's', 'r')$$), '^55000 renaming was not recorded', 'a rule');
DROP RULE nothing ON integration_schema_renames;
REVOKE SELECT ON integration_schema_renames FROM PUBLIC;
ALTER TABLE integration_schema_renames ENABLE ROW LEVEL SECURITY;
GRANT UPDATE ON node_configuration_history TO rename_both;
GRANT SELECT ON node_configurations TO rename_both;
SET LOCAL ROLE rename_both;
SELECT matches(pg_temp.error_of($$SELECT integration_config_erase('swap', 'swap', 'swap', 't')$$), '^42704 field "t" of integration "swap" was renamed', 'who may not read it erases by it all the same');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
