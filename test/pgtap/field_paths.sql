-- Where a function takes a field, it takes the path of one inside of a value, and
-- of an instance: unsetting, inheriting, erasing and renaming.
-- It looks at secrets in the table: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || CASE WHEN hint <> '' THEN ' ' || hint ELSE '' END;
END $$;

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('acme', 'Acme', 'test', '', '[
	{"name": "mode"},
	{"name": "creds", "type": "object",
	 "default_value": {"method": "key", "user": "d"}, "examples": [{"method": "key", "user": "e"}, {"user": "f"}],
	 "fields": [{"name": "region"}, {"name": "zone", "required_with": ["region"], "applies_when": {"region": ["eu"]}}],
	 "variants": {"by": "method", "choices": [
		{"value": "key", "fields": [{"name": "token", "type": "secret"}, {"name": "user", "required_unless": ["region"]}]},
		{"value": "oauth", "fields": [{"name": "token"}, {"name": "scope", "applies_when": {"method": ["oauth"]}, "required_with": ["token"]}]}]}},
	{"name": "accounts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "pw", "type": "secret"}, {"name": "keys", "type": "array", "items": {"type": "secret"}}]}},
	{"name": "hosts", "type": "object", "values": {"type": "object", "fields": [{"name": "pass", "type": "secret"}, {"name": "port", "type": "integer"}]}},
	{"name": "free", "type": "object"}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('o', 'o', NULL, 'org', '{"integrations": {"acme": {"config": {"creds": {"method": "key", "token": "s-1", "user": "u", "region": "eu"}, "hosts": {"a/b": {"pass": "s-2", "port": 1}, "c": {"pass": "s-3"}}, "free": {"x": 1}}},
		"acme:eu": {"config": {"creds": {"method": "key", "token": "s-4"}, "accounts": [{"name": "n", "pw": "s-5", "keys": ["s-6", "s-7"]}, {"pw": "s-8"}, {"name": "m"}]}}}}'),
	('o', 't', 'o', 'team', '{}');
CREATE FUNCTION pg_temp.config(node text, entry text, VARIADIC path text[] DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
	$$ SELECT n.config_json #> (ARRAY['integrations', entry, 'config'] || path) FROM node_configurations AS n WHERE (n.org_id, n.node_id) = ('o', node) $$;

--
-- A null of a patch
--

SELECT is(integration_config_set('o', 't', '{"integrations": {"acme": {"config": {"creds": {"region": null, "token": null}, "hosts": {"c": null, "d": {"pass": null}}, "free": {"x": null}}}}}'), 2, 'nulls that find nothing');
SELECT is(pg_temp.config('t', 'acme'), '{"creds": {"region": null, "token": null}, "hosts": {"c": null, "d": {"pass": null}}, "free": {}}',
	'are kept in what is defined, where they unset what is inherited; in what is free-form they are the patch''s');
SELECT is(integration_config_resolve('o', 't', 'acme') #> '{config,creds}', '{"method": "key", "user": "u"}', 'so it is');
SELECT is(integration_config_resolve('o', 't', 'acme') #> '{config,hosts}', '{"a/b": {"pass": "s-2", "port": 1}, "d": {}}', 'and in a map');
SELECT is(integration_config_set('o', 't', '{"integrations": {"acme": {"config": {"creds": {"region": null, "token": "s-9", "method": "key"}, "hosts": null}}}}'), 3, 'one that finds something');
SELECT is(pg_temp.config('t', 'acme'), '{"creds": {"token": "s-9", "method": "key"}, "free": {}}', 'takes it away');
SELECT is(integration_config_set('o', 't', '{"integrations": {"acme": {"config": {"creds": {"method": "oauth", "token": null, "scope": null}}}}}'), 4, 'beside a choice that is switched');
SELECT is(pg_temp.config('t', 'acme', 'creds'), '{"method": "oauth", "scope": null}', 'it takes away what was there, and is kept otherwise');
SELECT is(integration_config_replace('o', 't', '{}'), 5, 'from the beginning');

--
-- Unsetting and inheriting
--

SELECT is(integration_config_unset('o', 't', 'acme', 'creds/region'), 6, 'a field inside a value is unset');
SELECT is(pg_temp.config('t', 'acme'), '{"creds": {"region": null}}', 'by null in its place');
SELECT is(integration_config_unset('o', 't', 'acme', 'creds/region'), 6, 'once');
SELECT is(integration_config_unset('o', 't', 'acme:eu', 'creds/token'), 7, 'of an instance, in a choice that a layer above names');
SELECT is(integration_config_resolve('o', 't', 'acme:eu') #> '{config,creds}', '{"method": "key", "user": "d"}', 'it is gone');
SELECT is(integration_config_unset('o', 't', 'acme', 'hosts/a~1b/pass'), 8, 'at a key of a map, escaped as JSON Pointers are');
SELECT is(pg_temp.config('t', 'acme', 'hosts'), '{"a/b": {"pass": null}}', 'there');
SELECT is(integration_config_inherit('o', 't', 'acme', 'creds/region'), 9, 'inherited again');
SELECT is(pg_temp.config('t', 'acme', 'creds'), '{}', 'nothing is said of it');
SELECT is(integration_config_inherit('o', 't', 'acme', 'hosts/a~1b/pass'), 10, 'and that');
SELECT is(integration_config_inherit('o', 'o', 'acme', 'free/x'), 2, 'what the node has can be taken away, defined or not');
SELECT is(integration_config_unset('o', 'o', 'acme', 'creds/token'), 3, 'a value is unset');
SELECT is(pg_temp.config('o', 'acme', 'creds'), '{"method": "key", "token": null, "user": "u", "region": "eu"}', 'null stands there');
SELECT is(integration_config_rollback('o', 'o', 1), 4, 'back');
SELECT is(pg_temp.error_of(format('SELECT integration_config_%s(''o'', ''t'', %L, %L)', what, id, field)), error, format('%s of %s: %s', what, id, field))
FROM unnest('{unset,inherit}'::text[]) AS what, (VALUES
	('acme', 'creds/tokn', '42704 integration "acme" has no field "creds/tokn" Perhaps you meant "creds/token".'), ('acme:eu', 'cerds/token', '42704 integration "acme:eu" has no field "cerds/token" Perhaps you meant "creds".'),
	('acme', 'creds/token/x', '42704 integration "acme" has no field "creds/token/x"'), ('acme', 'hosts/x/prt', '42704 integration "acme" has no field "hosts/x/prt" Perhaps you meant "hosts/x/port".'),
	('acme', 'free/nothing', '42704 integration "acme" has no field "free/nothing"'), ('acme', '', '42704 integration "acme" has no field ""'), ('acme', 'creds/', '42704 integration "acme" has no field "creds/"'), ('acme', '/creds', '42704 integration "acme" has no field "/creds"'),
	('acme', 'accounts/0/pw', '0A000 field "accounts/0/pw" of integration "acme" is in an array'), ('acme', 'accounts/*', '0A000 field "accounts/*" of integration "acme" is in an array'),
	('amce:eu', 'creds/token', '42704 integration "amce:eu" does not exist Perhaps you meant "acme".')) AS e (id, field, error);

--
-- Erasing
--

SELECT is(pg_temp.error_of($$SELECT integration_config_erase('o', 'o', 'acme:eu', 'accounts/0/pw')$$), '22023 an element of an array cannot be erased by its position Write "*" for all elements.', 'a position is not the same in all versions');
SELECT is(integration_config_erase('o', 'o', 'acme:eu', 'accounts/*/pw', 'leaked'), 4::bigint, 'in all elements of an array');
SELECT is(pg_temp.config('o', 'acme:eu', 'accounts'), '[{"name": "n", "pw": null, "keys": ["s-6", "s-7"]}, {"pw": null}, {"name": "m"}]', 'of the document');
SELECT results_eq($$SELECT version, erased FROM node_configuration_history WHERE node_id = 'o' ORDER BY version$$, format($$VALUES (1, %1$L::text[]), (2, %1$L), (3, %1$L), (4, %1$L), (5, NULL)$$,
	'{/integrations/acme:eu/config/accounts/0/pw,/integrations/acme:eu/config/accounts/1/pw}'), 'each place is noted');
SELECT is(config_json #> '{integrations,acme:eu,config,accounts}', '[{"name": "n", "pw": "(erased)", "keys": ["********", "********"]}, {"pw": "(erased)"}, {"name": "m"}]', 'and shown as that')
FROM integration_config_history('o', 'o') WHERE version = 1;
SELECT is(integration_config_erase('o', 'o', 'acme', 'hosts/a~1b/pass'), 5::bigint, 'at a key of a map');
SELECT is(pg_temp.config('o', 'acme', 'hosts'), '{"a/b": {"pass": null, "port": 1}, "c": {"pass": "s-3"}}', 'of that alone');
SELECT is(integration_config_erase('o', 'o', 'acme:eu', 'accounts/*/keys/*'), 6::bigint, 'arrays in arrays');
SELECT is(pg_temp.config('o', 'acme:eu', 'accounts', '0', 'keys'), '[null, null]', 'each element');
SELECT is(integration_config_erase('o', 'o', 'acme', 'creds'), 7::bigint, 'a value with all in it');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE node_id = 'o' AND config_json::text ~ 's-[125678]'), 0::bigint, 'is in no version');
SELECT is(pg_temp.error_of($$SELECT integration_config_erase('o', 'o', 'acme', 'creds/toekn')$$), '42704 integration "acme" has no field "creds/toekn" Perhaps you meant "creds/token".', 'a name that nobody knows');
SELECT is(integration_config_erase('o', 'o', 'acme:us', 'creds/token'), 0::bigint, 'nothing to erase');

--
-- Renaming
--

UPDATE node_configurations SET config_json = '{"integrations": {"acme": {"locked": ["mode"], "config": {"mode": "m", "creds": {"method": "key", "token": "s-1", "user": "u", "region": "eu"}, "hosts": {"a": {"pass": "s-2", "port": 1}, "c": {"pass": "s-3"}}}},
	"acme:eu": {"config": {"creds": {"method": "oauth", "token": "t", "scope": "x"}, "accounts": [{"name": "n", "pw": "s-5"}, {"pw": "s-8"}, {"name": "m"}]}}}, "creds": {"token": 1}}' WHERE node_id = 'o';
SELECT is((SELECT version FROM node_configurations WHERE node_id = 'o'), 9, 'where it begins');
SELECT is(integration_schema_rename_field('acme', 'creds/token', 'key'), 2::bigint, 'a field of choices, in each that has it');
SELECT is(pg_temp.config('o', 'acme', 'creds'), '{"key": "s-1", "user": "u", "method": "key", "region": "eu"}', 'in documents');
SELECT is(pg_temp.config('o', 'acme:eu', 'creds'), '{"key": "t", "scope": "x", "method": "oauth"}', 'and instances');
SELECT is(pg_temp.config('t', 'acme:eu', 'creds'), '{"key": null}', 'also a null');
SELECT is(config_json -> 'creds', '{"token": 1}', 'and nowhere else') FROM node_configurations WHERE node_id = 'o';
SELECT is(fields #> '{1,variants,choices}', '[{"value": "key", "fields": [{"name": "key", "type": "secret"}, {"name": "user", "required_unless": ["region"]}]},
	{"value": "oauth", "fields": [{"name": "key"}, {"name": "scope", "applies_when": {"method": ["oauth"]}, "required_with": ["key"]}]}]', 'in the definitions of both, and of those beside them') FROM integration_schemas WHERE id = 'acme';
SELECT is(integration_schema_rename_field('acme', 'creds/region', 'area'), 1::bigint, 'a field of all choices');
SELECT is(fields #> '{1,fields}' || jsonb_build_array(fields #> '{1,variants,choices,0,fields,1}'), '[{"name": "area"}, {"name": "zone", "required_with": ["area"], "applies_when": {"area": ["eu"]}}, {"name": "user", "required_unless": ["area"]}]', 'of which choices speak, too')
FROM integration_schemas WHERE id = 'acme';
SELECT is(integration_schema_rename_field('acme', 'creds/user', 'login'), 1::bigint, 'one that a default has');
SELECT is(jsonb_build_array(fields #> '{1,default_value}', fields #> '{1,examples}'), '[{"method": "key", "login": "d"}, [{"method": "key", "login": "e"}, {"login": "f"}]]', 'there, and in examples') FROM integration_schemas WHERE id = 'acme';
SELECT is(integration_schema_rename_field('acme', 'accounts/*/pw', 'password'), 1::bigint, 'in an array''s elements');
SELECT is(pg_temp.config('o', 'acme:eu', 'accounts'), '[{"name": "n", "password": "s-5"}, {"password": "s-8"}, {"name": "m"}]', 'in each');
SELECT is(integration_schema_rename_field('acme', 'hosts/*/pass', 'p'), 1::bigint, 'in a map''s values');
SELECT is(pg_temp.config('o', 'acme', 'hosts'), '{"a": {"p": "s-2", "port": 1}, "c": {"p": "s-3"}}', 'in each');
SELECT is(integration_schema_rename_field('acme', 'creds', 'login'), 2::bigint, 'what it is in');
SELECT is(integration_schema_rename('acme', 'apex'), 2::bigint, 'and the integration');
SELECT is(integration_config_rollback('o', 'o', 9), 16, 'a rollback across all of them');
SELECT is(pg_temp.config('o', 'apex', 'login'), '{"key": "s-1", "login": "u", "method": "key", "area": "eu"}', 'gives the names of today');
SELECT is(pg_temp.config('o', 'apex:eu'), '{"login": {"key": "t", "scope": "x", "method": "oauth"}, "accounts": [{"name": "n", "password": "s-5"}, {"password": "s-8"}, {"name": "m"}]}', 'and to instances');
SELECT ok(jsonb_send(config_json) = jsonb_send(config_json::text::jsonb), 'as the server would have stored it') FROM node_configurations;
SELECT is((SELECT string_agg(h::text, '') !~ 's-\d' FROM integration_config_history('o', 'o') AS h), true, 'the past is hidden under each of its names');
SELECT ok(config_json::text ~ '"key": "t"', 'and what another choice has is shown') FROM integration_config_history('o', 'o') WHERE version = 16;
SELECT is(integration_config_erase('o', 'o', 'apex', 'login/key'), 8::bigint, 'erased under each of its names');
SELECT is(integration_config_erase('o', 'o', 'apex:eu', 'accounts/*/password'), 9::bigint, 'in an array too');
SELECT is((SELECT count(*) FROM node_configuration_history WHERE node_id = 'o' AND config_json::text ~ 's-[158]'), 0::bigint, 'and in no version any more');
SELECT is(pg_temp.error_of($$SELECT integration_config_erase('o', 'o', 'acme', 'creds/token')$$), '42704 field "creds/token" of integration "acme" was renamed It is field "login/key" of integration "apex" now.', 'the old name is no field''s');
SELECT is(pg_temp.error_of($$SELECT integration_config_erase('o', 'o', 'acme:eu', 'accounts/*/pw')$$), '42704 field "accounts/*/pw" of integration "acme:eu" was renamed It is field "accounts/*/password" of integration "apex:eu" now.', 'of an instance');
SELECT is(pg_temp.error_of(format('SELECT integration_schema_rename_field(''apex'', %L, %L)', field, name)), error, format('%s becomes %s', field, name))
FROM (VALUES ('login/method', 'kind', '0A000 field "login/method" of integration "apex" cannot be renamed'), ('login/key', 'area', '23505 integration "apex" has a field "login/area" already'), ('login/area', 'key', '23505 integration "apex" has a field "login/key" already'),
	('login/login', 'method', '23505 integration "apex" has a field "login/method" already'), ('login/key', 'key', '23505 integration "apex" has a field "login/key" already'), ('login/key', 'a/b', '23514 field cannot have the name "a/b" Write a name of 1 to 64 letters, digits and underscores, with "." and "-" inside, that does not begin with a digit.'),
	('login/nope', 'x', '42704 integration "apex" has no field "login/nope" Perhaps you meant "login/zone".'), ('hosts/*', 'x', '42704 integration "apex" has no field "hosts/*" A path is that of the definition: "*" stands for any element of an array and any key of a map.'),
	('accounts/0/password', 'x', '42704 integration "apex" has no field "accounts/0/password" A path is that of the definition: "*" stands for any element of an array and any key of a map.'),
	('hosts/a/p', 'x', '42704 integration "apex" has no field "hosts/a/p" A path is that of the definition: "*" stands for any element of an array and any key of a map.'), ('login/key', 'enabled', 'none')) AS e (field, name, error);
SELECT integration_schema_rename_field('apex', 'login/enabled', 'key') \g /dev/null

-- a document has the new name already
UPDATE integration_schemas SET fields = jsonb_set(fields, '{1,fields,2}', '{"name": "old"}', true) WHERE id = 'apex';
SELECT integration_config_set('o', 't', '{"integrations": {"apex": {"config": {"login": {"old": "1"}}}}}') \g /dev/null
UPDATE integration_schemas SET fields = fields #- '{1,fields,2}' WHERE id = 'apex';
SELECT is(pg_temp.error_of($$SELECT integration_schema_rename_field('apex', 'login/area', 'old')$$), '55000 node "t" of organisation "o" has a field "login/old" of integration "apex" already Take it out of the node''s document first.', 'which would win?');

--
-- What the catalogue once had, and what would be wrong, in instances
--

SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('o', 'copy', 'o', 'team', '{"integrations": {"apex:eu": {"config": {"login": {"old": "1"}}}}}')$$,
	'a copy of a node that was there while a field was');
SELECT matches(pg_temp.error_of($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('o', 'copy2', 'o', 'team', '{"integrations": {"apex:eu": {"config": {"login": {"never": "1"}}}}}')$$),
	'^23514 integration "apex:eu" has no field "login/never"', 'not one that never was');
SELECT matches(pg_temp.error_of($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('o', 'copy2', 'o', 'team', '{"integrations": {"apex:eu": {"config": {"login": {"region": "eu"}}}}}')$$),
	'^23514', 'nor a name that was given up');
SELECT set_eq($$SELECT node_id, path, code FROM integration_config_violations('o') WHERE severity = 'error'$$, $$VALUES ('copy', '/integrations/apex:eu/config/login/old', 'unknown_field'), ('t', '/integrations/apex/config/login/old', 'unknown_field')$$,
	'integration_config_violations has instances');
SELECT set_eq($$SELECT node_id, path, code FROM integration_schema_impact('apex', '[{"name": "mode"}, {"name": "login", "type": "object", "fields": [{"name": "old"}, {"name": "key", "type": "secret"}, {"name": "method"}]}, {"name": "accounts", "type": "array", "max_length": 1},
	{"name": "hosts", "type": "object"}]') WHERE path LIKE '%apex:eu%' AND severity = 'error'$$, $$VALUES ('o', '/integrations/apex:eu/config/login/scope', 'unknown_field'), ('o', '/integrations/apex:eu/config/accounts', 'length')$$, 'so does integration_schema_impact');
SELECT set_has($$SELECT DISTINCT integration, code FROM integration_schema_impact('apex', NULL)$$, $$VALUES ('apex:eu', 'unknown_integration')$$, 'also if the row went');
DELETE FROM integration_schemas WHERE id = 'apex';
SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('o', 'copy3', 'o', 'team', '{"integrations": {"apex:eu": {"config": {}}}}')$$, 'and a copy of one while the integration was');

SELECT * FROM finish();
ROLLBACK;
