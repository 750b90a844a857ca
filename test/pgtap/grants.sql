-- What is granted at a node lets a role do it there and below, without rights on
-- any table; and nothing else does.
-- Who has rights on the table alone sees secrets here: not for a store that seals them.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
SELECT current_user AS me \gset

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"integrations": {"slack": {"config": {"mention_oncall": false}}}}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-acme", "default_channel": "#all"}}}}'),
	('acme', 'eng', 'acme', 'unit', '{}'),
	('acme', 'pay', 'eng', 'team', '{"integrations": {"slack": {"config": {"signing_secret": "sign-pay"}}}, "own": 1}'),
	('acme', 'ops', 'acme', 'team', '{}'),
	('globex', 'globex', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-globex"}}}}'),
	('globex', 'pay', 'globex', 'team', '{}');
SELECT integration_config_effective('acme', 'pay') AS effective,
	integration_config_resolve('acme', 'pay', 'slack') AS resolve,
	integration_config_values('acme', 'pay') AS "values" \gset

CREATE ROLE g_service;
CREATE ROLE g_form;
CREATE ROLE g_editor;
CREATE ROLE g_writer;
CREATE ROLE g_admin;
CREATE ROLE g_platform;
CREATE ROLE g_nobody;
-- not even the catalogue is theirs to read
REVOKE ALL ON ALL TABLES IN SCHEMA :ours FROM PUBLIC;

-- what a statement does: the answer, or the error
CREATE FUNCTION pg_temp.said(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.detail(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;

CREATE TEMPORARY TABLE reads (name text, statement text);
INSERT INTO reads VALUES
	('effective', 'SELECT integration_config_effective(%L, %L)'),
	('resolve', 'SELECT integration_config_resolve(%L, %L, ''slack'')'),
	('values', 'SELECT integration_config_values(%L, %L)'),
	('explain', 'SELECT count(*) FROM integration_config_explain(%L, %L)'),
	('instances', 'SELECT count(*) FROM integration_config_instances(%L, %L, ''grafana'')'),
	('get', 'SELECT integration_config_get(%L, %L)'),
	('history', 'SELECT count(*) FROM integration_config_history(%L, %L)'),
	('privileges', 'SELECT count(*) > 0 FROM integration_config_privileges(%L, %L)');
CREATE TEMPORARY TABLE whole (name text, statement text);
INSERT INTO whole VALUES
	('status', 'SELECT count(*) FROM integration_config_status(%L)'),
	('effective_all', 'SELECT count(*) FROM integration_config_effective_all(%L)'),
	('violations', 'SELECT count(*) FROM integration_config_violations(%L)');
CREATE TEMPORARY TABLE writes (name text, statement text);
INSERT INTO writes VALUES
	('set', 'SELECT integration_config_set(%L, %L, jsonb_build_object(''x'', random())) > 0'),
	('replace', 'SELECT integration_config_replace(%L, %L, jsonb_build_object(''x'', random())) > 0'),
	('unset', 'SELECT integration_config_unset(%L, %L, ''slack'', ''thread_replies'') > 0'),
	('inherit', 'SELECT integration_config_inherit(%L, %L, ''slack'', ''thread_replies'') > 0'),
	('rollback', 'SELECT integration_config_rollback(%L, %L, 1, secrets => ''restore'') > 0');
CREATE TEMPORARY TABLE admins (name text, statement text);
INSERT INTO admins VALUES
	('erase', 'SELECT integration_config_erase(%L, %L, ''slack'', ''app_token'') >= 0'),
	('grant', 'SELECT integration_config_grant(''g_nobody'', %L, %L, ''{read}'')'),
	('revoke', 'SELECT integration_config_revoke(''g_nobody'', %L, %L)');
GRANT SELECT ON reads, whole, writes, admins TO PUBLIC;
CREATE TEMPORARY VIEW every AS TABLE reads UNION ALL TABLE writes UNION ALL TABLE admins;
GRANT SELECT ON every TO PUBLIC;

--
-- Nothing is granted
--

SET LOCAL ROLE g_nobody;
SELECT matches(pg_temp.said(format(statement, 'acme', 'pay')), '^42501 permission denied for table ', name || ' of nobody') FROM every;
SELECT matches(pg_temp.said(format(statement, 'acme')), '^42501 permission denied for table node_configurations', name || ' of nobody') FROM whole;
SELECT is(pg_temp.said(format(statement, 'acme', 'nix')), pg_temp.said(format(statement, 'acme', 'pay')), name || ': no node is as one') FROM every;
SELECT is(pg_temp.detail($$SELECT integration_config_resolve('acme', 'pay', 'slack')$$),
	'Role "g_nobody" has neither the rights on the tables nor privilege "read" at node "pay" of organisation "acme".',
	'the error names the privilege and the node');
RESET ROLE;

--
-- Granting
--

SELECT is(integration_config_grant('g_service', 'acme', 'eng', '{reveal,read}'), '{read,reveal}', 'grant returns what the role has');
SELECT is(integration_config_grant('g_form', 'acme', 'acme', '{read}'), '{read}', 'read alone');
SELECT is(integration_config_grant('g_editor', 'acme', 'pay', '{read,write}'), '{read,write}', 'read and write');
SELECT is(integration_config_grant('g_writer', 'acme', 'eng', '{write}'), '{write}', 'write alone');
SELECT is(integration_config_grant('g_admin', 'acme', 'eng', '{admin}'), '{admin}', 'admin');
SELECT is(integration_config_grant('g_platform', '*', '*', '{read,reveal}'), '{read,reveal}', 'on the platform');
SELECT is(integration_config_grant('g_service', 'acme', 'eng', '{read}'), '{read,reveal}', 'what it has it keeps');

SELECT throws_ok($$SELECT integration_config_grant('g_nix', 'acme', 'pay', '{read}')$$, '42704', 'role "g_nix" does not exist', 'no such role');
SELECT throws_ok($$SELECT integration_config_grant('g_form', 'acme', 'nix', '{read}')$$, '42704', 'node "nix" of organisation "acme" does not exist', 'no such node');
SELECT throws_ok($$SELECT integration_config_grant('g_form', 'acme', 'pay', '{read,see}')$$, '22023', '"see" is no privilege', 'no such privilege');
SELECT throws_ok($$SELECT integration_config_grant('g_form', 'acme', 'pay', '{}')$$, '22023', 'no privilege is named', 'none at all');
SELECT throws_ok($$SELECT integration_config_grant('g_form', 'acme', 'pay', '{read,NULL}')$$, '22023', NULL, 'a null among them');
SELECT throws_ok($$SELECT integration_config_grant('g_form', 'acme', 'pay', NULL)$$, '22023', 'privileges must not be null', 'null');
SELECT throws_ok($$SELECT integration_config_grant(NULL, 'acme', 'pay', '{read}')$$, '22023', NULL, 'a null role');
SELECT throws_ok($$SELECT integration_config_grant('public', 'acme', 'pay', '{read}')$$, '42704', NULL, 'public is no role');

SELECT results_eq($$SELECT operation, role, org_id, node_id, privileges, changed_by FROM integration_config_grant_history WHERE role = 'g_service'$$,
	format($$VALUES ('grant', 'g_service', 'acme', 'eng', '{read,reveal}'::text[], %L)$$, :'me'),
	'a grant is recorded, once');

--
-- Reading
--

SET LOCAL ROLE g_service;
SELECT is(integration_config_effective('acme', 'pay'), :'effective'::jsonb, 'effective in clear');
SELECT is(integration_config_resolve('acme', 'pay', 'slack'), :'resolve'::jsonb, 'resolve in clear');
SELECT is(integration_config_values('acme', 'pay'), :'values'::jsonb, 'values in clear');
SELECT unalike(pg_temp.said(format(statement, 'acme', 'eng')), '42%', name || ' where it is granted') FROM reads;
SELECT unalike(pg_temp.said(format(statement, 'acme', 'pay')), '42%', name || ' below') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'acme', 'acme')), '^42501 permission denied for node "acme" of organisation "acme"', name || ' above') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'acme', 'ops')), '^42501', name || ' beside') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'globex', 'pay')), '^42501', name || ' of another organisation') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'acme', 'nix')), '^42501 permission denied for node "nix"', name || ' of a node that is not there') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'nix', 'nix')), '^42501 permission denied for node "nix"', name || ' of no organisation') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'acme', 'pay')), '^42501', name || ' is another privilege') FROM writes;
SELECT matches(pg_temp.said(format(statement, 'acme', 'pay')), '^42501', name || ' is another privilege') FROM admins;
SELECT set_eq($$SELECT node_id FROM integration_config_effective_all('acme')$$, '{eng,pay}'::text[], 'of an organisation, the nodes that it may read');
SELECT set_eq($$SELECT DISTINCT node_id FROM integration_config_status('acme')$$, '{eng,pay}'::text[], 'status too');
SELECT is((SELECT config FROM integration_config_effective_all('acme') WHERE node_id = 'pay'), :'effective'::jsonb, 'in clear');
SELECT matches(pg_temp.said(format(statement, 'globex')), '^42501 permission denied for organisation "globex"', name || ' where it reads none') FROM whole;
SELECT matches(pg_temp.said(format(statement, 'nix')), '^42501 permission denied for organisation "nix"', name || ' where there is none') FROM whole;
SELECT is(pg_temp.said('SELECT count(*) FROM integration_config_violations()'), '0', 'violations of all: of those that it reads');
SELECT matches(pg_temp.said('TABLE node_configurations'), '^42501', 'the table is not its');
SELECT matches(pg_temp.said('TABLE integration_config_grants'), '^42501', 'nor are the grants');

SET LOCAL ROLE g_form;
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', '********', 'resolve without reveal');
SELECT is(integration_config_values('acme', 'pay') -> 'slack' ->> 'signing_secret', '********', 'values without reveal');
SELECT is(integration_config_effective('acme', 'pay') #>> '{integrations,slack,config,bot_token}', '********', 'effective without reveal');
SELECT is(integration_config_effective('acme', 'pay') #>> '{integrations,slack,config,default_channel}', '#all', 'what is no secret is shown');
SELECT is(count(*), 0::bigint, 'effective_all without reveal') FROM integration_config_effective_all('acme') WHERE config::text ~ 'xoxb-acme|sign-pay';
SELECT is(count(*), 4::bigint, 'of all nodes') FROM integration_config_effective_all('acme');
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'nix', 'slack')$$), '^42704 node "nix" of organisation "acme" does not exist',
	'who reads all of an organisation is told that there is no such node');
SELECT matches(pg_temp.said($$SELECT integration_config_history('acme', 'nix')$$), '^42704', 'by history, too');
RESET ROLE;
SELECT is(integration_config_effective('acme', 'pay') #>> '{integrations,slack,config,bot_token}', 'xoxb-acme', 'the owner sees all');
SELECT integration_config_effective('acme', 'pay') AS now \gset
SET LOCAL ROLE g_platform;
SELECT is(integration_config_effective('acme', 'pay'), :'now'::jsonb, 'the platform is every organisation');
SELECT unalike(pg_temp.said(format(statement, 'globex', 'pay')), '42%', name || ' on the platform') FROM reads;
SELECT unalike(pg_temp.said(format(statement, '*', '*')), '42%', name || ' of the platform') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'nix', 'nix')), '^42704', name || ' of no node') FROM reads;
SELECT matches(pg_temp.said(format(statement, 'nix')), '^42704', name || ' of no organisation') FROM whole;

SET LOCAL ROLE g_writer;
SELECT matches(pg_temp.said(format(statement, 'acme', 'pay')), '^42501', name || ' is not in write') FROM reads;
SELECT matches(pg_temp.said('SELECT count(*) FROM integration_config_violations()'), '^42501 permission denied for any node', 'nor is any node');

--
-- Writing
--

SELECT is(pg_temp.said(format(statement, 'acme', 'pay')), 'true', name || ' by write') FROM writes WHERE name = 'set';
SET LOCAL ROLE g_editor;
SELECT is(pg_temp.said(format(statement, 'acme', 'pay')), 'true', name || ' by write') FROM writes;
SELECT matches(pg_temp.said(format(statement, 'acme', 'eng')), '^42501', name || ' above') FROM writes;
SELECT matches(pg_temp.said(format(statement, 'acme', 'nix')), '^42501', name || ' of no node') FROM writes;
SELECT matches(pg_temp.said(format(statement, 'acme', 'pay')), '^42501', name || ' is not in write') FROM admins;
SELECT matches(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"integrations": {"slack": {"config": {"default_chanel": "x"}}}}')$$),
	'^23514', 'what is written is validated');
RESET ROLE;
SELECT integration_config_set('acme', 'acme', '{"integrations": {"slack": {"locked": ["app_token"]}}}') \gset
SET LOCAL ROLE g_editor;
SELECT matches(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"integrations": {"slack": {"config": {"app_token": "xapp-1"}}}}')$$),
	'^23514', 'locks hold');
SELECT is((SELECT role FROM integration_config_history('acme', 'pay', 1)), 'g_editor', 'history says who wrote');
SELECT is(integration_config_get('acme', 'pay') IS NOT NULL, true, 'a form reads, masked,');
SELECT lives_ok($$SELECT integration_config_replace('acme', 'pay', (integration_config_get('acme', 'pay')).config_json)$$, 'and writes it back');
RESET ROLE;
SELECT is((SELECT config_json #>> '{integrations,slack,config,signing_secret}' FROM node_configurations WHERE (org_id, node_id) = ('acme', 'pay')),
	'sign-pay', 'and the secret is there');

--
-- Administering
--

SET LOCAL ROLE g_admin;
SELECT unalike(pg_temp.said(format(statement, 'acme', 'pay')), '42%', name || ' by admin') FROM reads;
SELECT is(pg_temp.said(format(statement, 'acme', 'pay')), 'true', name || ' by admin') FROM writes;
SELECT unalike(pg_temp.said(format(statement, 'acme', 'pay')), '42%', name || ' by admin') FROM admins;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'admin reveals');
SELECT matches(pg_temp.said(format(statement, 'acme', 'acme')), '^42501', name || ' above') FROM admins;
SELECT matches(pg_temp.said($$SELECT integration_config_grant('g_nobody', '*', '*', '{read}')$$), '^42501', 'nor on the platform');
SELECT is(integration_config_grant('g_nobody', 'acme', 'pay', '{admin}'), '{admin}', 'admin grants admin');
SET LOCAL ROLE g_nobody;
SELECT is(integration_config_grant('g_form', 'acme', 'pay', '{reveal}'), '{reveal}', 'who grants on');
SET LOCAL ROLE g_form;
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'grants add up on the way');
SET LOCAL ROLE g_admin;
SELECT is(integration_config_revoke('g_form', 'acme', 'pay'), '{}', 'revoked');
SELECT is(integration_config_revoke('g_nobody', 'acme', 'pay', '{read}'), '{admin}', 'to take away what is not there changes nothing');
SELECT is(integration_config_revoke('g_nobody', 'acme', 'pay'), '{}', 'revoked, too');
SET LOCAL ROLE g_form;
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', '********', 'and hidden at once');
RESET ROLE;
SELECT results_eq($$SELECT operation, role, privileges, changed_by FROM integration_config_grant_history WHERE node_id = 'pay' AND role = 'g_form' ORDER BY sequence$$,
	$$VALUES ('grant', 'g_form', '{reveal}'::text[], 'g_nobody'), ('revoke', 'g_form', '{reveal}', 'g_admin')$$, 'each is recorded, by whom');

--
-- Who may what
--

SELECT results_eq($$SELECT role, privileges, granted_at_node FROM integration_config_privileges('acme', 'pay') WHERE via = 'grant'$$,
	$$VALUES ('g_admin', '{admin}'::text[], 'eng'), ('g_editor', '{read,write}', 'pay'), ('g_form', '{read}', 'acme'),
		('g_platform', '{read,reveal}', '*'), ('g_service', '{read,reveal}', 'eng'), ('g_writer', '{write}', 'eng')$$,
	'by grants at it and above it');
SELECT set_eq($$SELECT role FROM integration_config_privileges('*', '*') WHERE via = 'grant'$$, '{g_platform}'::text[], 'on the platform');
SELECT is(privileges, '{read,reveal,write,admin}', 'who owns the tables, or is a superuser, may all')
	FROM integration_config_privileges('acme', 'pay') WHERE role = :'me';
GRANT SELECT ON node_configurations TO g_nobody;
SELECT results_eq($$SELECT privileges, via FROM integration_config_privileges('acme', 'pay') WHERE role = 'g_nobody'$$,
	$$VALUES ('{read,reveal}'::text[], 'table')$$, 'who has rights on the table');
REVOKE SELECT ON node_configurations FROM g_nobody;

--
-- Roles
--

CREATE ROLE g_child IN ROLE g_service;
CREATE ROLE g_stranger NOINHERIT;
SET LOCAL ROLE g_child;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'a member has what its role has');
RESET ROLE;
REVOKE g_service FROM g_child;
SET LOCAL ROLE g_child;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^42501', 'and no longer than it is one');
RESET ROLE;
GRANT g_service TO g_stranger;
SET LOCAL ROLE g_stranger;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^42501', 'who does not inherit has not');
RESET ROLE;
ALTER ROLE g_service RENAME TO g_renamed;
SET LOCAL ROLE g_renamed;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'a renamed role keeps what it has');
RESET ROLE;
SELECT is((SELECT role::text FROM integration_config_grants WHERE node_id = 'eng' AND 'reveal' = ANY (privileges)), 'g_renamed', 'under its new name');
ALTER ROLE g_renamed RENAME TO g_service;

CREATE ROLE g_gone;
SELECT integration_config_grant('g_gone', 'acme', 'pay', '{read}') \gset
DROP ROLE g_gone;
SELECT is(count(*), 0::bigint, 'who was dropped is not there') FROM integration_config_privileges('acme', 'pay') WHERE via = 'grant' AND role NOT LIKE 'g\_%';
CREATE ROLE g_gone;
SET LOCAL ROLE g_gone;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'pay', 'slack')$$), '^42501', 'another role of its name has nothing');
RESET ROLE;
SELECT is(count(*), 1::bigint, 'what was granted to it is there') FROM integration_config_grants WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role);
SELECT integration_config_grant('g_gone', 'acme', 'ops', '{read}') \gset
SELECT is(count(*), 0::bigint, 'until the next change takes it out') FROM integration_config_grants WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role);

--
-- Nodes
--

SELECT integration_config_grant('g_gone', 'acme', 'pay', '{read}') \gset
DELETE FROM node_configurations WHERE (org_id, node_id) = ('acme', 'pay');
SET LOCAL ROLE g_gone;
SELECT is(pg_temp.said($$SELECT count(*) > 0 FROM integration_config_history('acme', 'pay')$$), 'true', 'the past of a deleted node is as it was granted');
SELECT matches(pg_temp.said($$SELECT integration_config_effective('acme', 'pay')$$), '^42501', 'but it is not there');
SET LOCAL ROLE g_service;
SELECT is(pg_temp.said($$SELECT count(*) > 0 FROM integration_config_history('acme', 'pay')$$), 'true', 'also by what was above it');
RESET ROLE;
SAVEPOINT gone;
SELECT is(integration_config_revoke('g_gone', 'acme', 'pay'), '{}', 'it can be taken away there');
SET LOCAL ROLE g_gone;
SELECT matches(pg_temp.said($$SELECT integration_config_history('acme', 'pay')$$), '^42501', 'and then it is');
RESET ROLE;
ROLLBACK TO gone;
SELECT throws_ok($$SELECT integration_config_grant('g_gone', 'acme', 'pay', '{read}')$$, '42704', NULL, 'nothing is granted there');
SELECT throws_ok($$SELECT integration_config_revoke('g_gone', 'acme', 'never')$$, '42704', NULL, 'where there never was a node there is nothing to revoke');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'pay', 'eng', 'team');
SET LOCAL ROLE g_gone;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'pay', 'slack')$$), '^42501', 'what was granted at a node is not granted at a new one of its name');
SET LOCAL ROLE g_service;
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'what was granted above it is');
RESET ROLE;
SELECT is(integration_config_grant('g_gone', 'acme', 'pay', '{write}'), '{write}', 'a new grant is a new one');
SELECT is((SELECT privileges FROM integration_config_grants WHERE node_id = 'pay' AND role = 'g_gone'::regrole), '{write}', 'in place of the old one');
UPDATE node_configurations SET parent_id = 'acme' WHERE (org_id, node_id) = ('acme', 'pay');
SET LOCAL ROLE g_service;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'pay', 'slack')$$), '^42501', 'a node that moves away is out of reach');
RESET ROLE;
UPDATE node_configurations SET parent_id = 'eng' WHERE (org_id, node_id) = ('acme', 'pay');
DELETE FROM node_configurations WHERE org_id = '*';
SET LOCAL ROLE g_platform;
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'the platform is there without a document');
RESET ROLE;

--
-- Rights on the table, and row security
--

GRANT SELECT ON node_configurations, integration_schemas TO g_form;
SET LOCAL ROLE g_form;
SELECT is(integration_config_resolve('globex', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-globex', 'rights on the table act by themselves');
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'and show the column as it is');
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('globex', 'nix', 'slack')$$), '^42704', 'who sees the table sees what is not there');
SELECT matches(pg_temp.said($$SELECT integration_config_set('globex', 'pay', '{}')$$), '^42501', 'they are no other rights');
RESET ROLE;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY globex ON node_configurations TO g_form USING (org_id = 'globex');
SET LOCAL ROLE g_form;
SELECT is(integration_config_resolve('globex', 'pay', 'slack') -> 'config' ->> 'bot_token', 'xoxb-globex', 'by a policy');
SELECT is(integration_config_resolve('acme', 'pay', 'slack') -> 'config' ->> 'bot_token', '********', 'by a grant, past row security');
SELECT is(count(*), 4::bigint, 'an organisation by a grant') FROM integration_config_effective_all('acme');
SELECT is(count(*), 2::bigint, 'another by a policy') FROM integration_config_effective_all('globex');
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('globex', 'nix', 'slack')$$), '^42704', 'what the policy hides and what is not there is one');
SET LOCAL ROLE g_editor;
SELECT is(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"x": 2}') > 0$$), '42501 permission denied for node "pay" of organisation "acme"', 'a new node has no old editor');
RESET ROLE;
SELECT integration_config_grant('g_editor', 'acme', 'pay', '{read,write}') \gset
SET LOCAL ROLE g_editor;
SELECT is(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"x": 3}') > 0$$), 'true', 'a grant writes past row security');
RESET ROLE;
ALTER TABLE node_configurations FORCE ROW LEVEL SECURITY;
SET LOCAL ROLE g_editor;
SELECT is(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"x": 4}') > 0$$), 'true', 'also where the owner forces it on himself');
RESET ROLE;
ALTER TABLE node_configurations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE node_configurations DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON node_configurations, integration_schemas FROM g_form;

--
-- Whose privileges count: those of the current user
--

CREATE SCHEMA g_own;
GRANT USAGE, CREATE ON SCHEMA g_own TO g_service;
GRANT USAGE ON SCHEMA g_own TO PUBLIC;
SET LOCAL ROLE g_service;
CREATE FUNCTION g_own.token() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
	AS $$SELECT integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token'$$;
CREATE FUNCTION g_own.token_of_caller() RETURNS text LANGUAGE sql STABLE
	AS $$SELECT integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token'$$;
CREATE VIEW g_own.tokens AS SELECT integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token' AS token;
CREATE VIEW g_own.leaks AS SELECT node_id FROM integration_config_effective_all('acme') WHERE pg_temp.said(config::text) IS NOT NULL;
GRANT SELECT ON ALL TABLES IN SCHEMA g_own TO PUBLIC;
RESET ROLE;
CREATE ROLE g_other;
SET LOCAL ROLE g_other;
SELECT is(g_own.token(), 'xoxb-acme', 'a SECURITY DEFINER function has its owner''s');
SELECT matches(pg_temp.said('SELECT g_own.token_of_caller()'), '^42501', 'any other one its caller''s');
SELECT matches(pg_temp.said('SELECT token FROM g_own.tokens'), '^42501', 'so has a view');
SELECT matches(pg_temp.said('SELECT count(*) FROM g_own.leaks'), '^42501', 'also over an organisation');
SELECT is(g_own.token(), 'xoxb-acme', 'in turns');
RESET ROLE;

-- a plan that is kept is no right that is kept
PREPARE token AS SELECT integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token';
SET LOCAL ROLE g_service;
SELECT is(pg_temp.said('EXECUTE token'), 'xoxb-acme', 'a prepared statement');
SET LOCAL ROLE g_other;
SELECT matches(pg_temp.said('EXECUTE token'), '^42501', 'is checked as it runs');
RESET ROLE;
SAVEPOINT revoked;
SELECT integration_config_revoke('g_service', 'acme', 'eng') \gset
SET LOCAL ROLE g_service;
SELECT matches(pg_temp.said('EXECUTE token'), '^42501', 'each time');
RESET ROLE;
ROLLBACK TO revoked;
SET LOCAL ROLE g_service;
SELECT is(pg_temp.said('EXECUTE token'), 'xoxb-acme', 'what was rolled back is not revoked');
RESET ROLE;
SAVEPOINT granted;
SELECT integration_config_grant('g_other', 'acme', 'eng', '{read,reveal}') \gset
SET LOCAL ROLE g_other;
SELECT is(pg_temp.said('EXECUTE token'), 'xoxb-acme', 'a grant counts at once');
RESET ROLE;
ROLLBACK TO granted;
SET LOCAL ROLE g_other;
SELECT matches(pg_temp.said('EXECUTE token'), '^42501', 'and not once it is rolled back');
RESET ROLE;

-- hostile names in front of the server's and ours
CREATE SCHEMA g_hostile;
CREATE TABLE g_hostile.integration_config_grants (role oid, org_id text, node_id text, incarnation integer, privileges text[]);
CREATE TABLE g_hostile.pg_roles (oid oid, rolname name, rolsuper boolean);
CREATE FUNCTION g_hostile.has_column_privilege(oid, oid, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION g_hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR g_hostile.= (FUNCTION = g_hostile.eq, LEFTARG = text, RIGHTARG = text);
GRANT USAGE ON SCHEMA g_hostile TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA g_hostile TO PUBLIC;
INSERT INTO g_hostile.integration_config_grants VALUES ('g_other'::regrole, 'acme', 'eng', 1, '{admin}');
SELECT format('g_hostile, pg_catalog, %s, public', :'ours') AS path \gset
SELECT string_agg(g.role::text, ' ' ORDER BY g.role::text) AS granted FROM integration_config_privileges('acme', 'pay') AS g WHERE via = 'grant' \gset
SET LOCAL search_path = :path;
SET LOCAL ROLE g_other;
SELECT pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$) AS other \gset
SET LOCAL ROLE g_service;
SELECT pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token'$$) AS service,
	pg_temp.said($$SELECT string_agg(g.role::text, ' ' ORDER BY g.role::text) FROM integration_config_privileges('acme', 'pay') AS g WHERE via OPERATOR(pg_catalog.=) 'grant'$$) AS told \gset
RESET ROLE;
SELECT pg_temp.said($$SELECT integration_config_grant('g_clerk', 'globex', 'pay', '{read}')$$) AS unknown,
	pg_temp.said($$SELECT integration_config_grant('g_other', 'globex', 'pay', '{read}')$$) AS first,
	pg_temp.said($$SELECT integration_config_revoke('g_other', 'globex', 'pay')$$) AS second \gset
RESET search_path;
SELECT matches(:'other'::text, '^42501', 'a table of the name is none of ours');
SELECT is(:'service'::text, 'xoxb-acme', 'and ours is');
SELECT is(:'told'::text, :'granted'::text, 'who may what: the search_path has no say');
SELECT matches(:'unknown'::text, '^42704 role', 'nor about who is there');
SELECT is(:'first' || :'second', '{read}{}', 'nor in what is granted');

--
-- The tables are written by the functions
--

CREATE ROLE g_clerk;
GRANT ALL ON integration_config_grants, integration_config_grant_history, integration_config_reveals TO g_clerk;
SET LOCAL ROLE g_clerk;
SELECT throws_ok($$INSERT INTO integration_config_grants VALUES ('g_clerk', 'acme', 'acme', 1, '{admin}', 'x', now())$$, '42501',
	'grants of privileges at nodes cannot be changed', 'no grant by INSERT');
SELECT throws_ok($$UPDATE integration_config_grants SET privileges = '{admin}'$$, '42501', NULL, 'nor by UPDATE');
SELECT throws_ok($$DELETE FROM integration_config_grants$$, '42501', NULL, 'nor is one taken by DELETE');
SELECT throws_ok($$TRUNCATE integration_config_grants$$, '42501', NULL, 'nor are all by TRUNCATE');
SELECT throws_ok($$DELETE FROM integration_config_grant_history$$, '42501', 'record of grants cannot be changed', 'nor the record');
SELECT throws_ok($$UPDATE integration_config_grant_history SET changed_by = 'x'$$, '42501', NULL, 'nor is that changed');
SELECT throws_ok($$TRUNCATE integration_config_grant_history$$, '42501', NULL, 'nor emptied');
SET LOCAL check_function_bodies = off;
SELECT throws_ok($$INSERT INTO integration_config_grants VALUES ('g_clerk', 'acme', 'acme', 1, '{admin}', 'x', now())$$, '42501', NULL,
	'a restore is his who may write history');
RESET check_function_bodies;
RESET ROLE;
SELECT throws_ok($$DELETE FROM integration_config_grants$$, '42501', NULL, 'not even by the owner');

-- what a restore brings
SET LOCAL check_function_bodies = off;
SELECT lives_ok($$INSERT INTO integration_config_grants VALUES ('g_other', 'acme', 'eng', 1, '{read}', 'x', now())$$, 'a restored grant');
SELECT lives_ok($$INSERT INTO integration_config_grants VALUES ('987654321', 'acme', 'eng', 1, '{read}', 'x', now())$$, 'one of a role that is not there');
RESET check_function_bodies;
SELECT is(count(*), 0::bigint, 'is left out') FROM integration_config_grants WHERE role = '987654321';
SET LOCAL ROLE g_other;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', '********', 'counts at once');
RESET ROLE;

-- while the trigger is disabled nothing is kept
ALTER TABLE integration_config_grants DISABLE TRIGGER integration_config_grants_guard;
SET LOCAL ROLE g_other;
SELECT integration_config_resolve('acme', 'eng', 'slack') IS NOT NULL AS read \gset
RESET ROLE;
DELETE FROM integration_config_grants WHERE role = 'g_other'::regrole;
SET LOCAL ROLE g_other;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^42501', 'a change past the triggers is seen');
RESET ROLE;
ALTER TABLE integration_config_grants ENABLE ALWAYS TRIGGER integration_config_grants_guard;

--
-- A store that is broken
--

ALTER TABLE node_configurations DISABLE TRIGGER USER;
INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation)
	SELECT 'globex', n, 1, 'insert', 'team', '{}', 'x', 'x', now(), now(), 1 FROM unnest('{lost,round,about}'::text[]) AS n;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('globex', 'lost', 'nowhere', 'team'), ('globex', 'round', 'about', 'team'), ('globex', 'about', 'round', 'team');
ALTER TABLE node_configurations ENABLE TRIGGER USER;
ALTER TABLE node_configurations ENABLE ALWAYS TRIGGER node_configurations_check;
SET LOCAL ROLE g_service;
SELECT matches(pg_temp.said(format('SELECT integration_config_effective(''globex'', %L)', node)), '^42501',
	'what is wrong with the place of a node is for those who may see it: ' || node) FROM unnest('{lost,round}'::text[]) AS node;
SET LOCAL ROLE g_platform;
SELECT matches(pg_temp.said($$SELECT integration_config_effective('globex', 'lost')$$), '^55000 parent "nowhere"', 'a parent that is missing');
SELECT matches(pg_temp.said($$SELECT integration_config_effective('globex', 'round')$$), '^XX001', 'a cycle');
RESET ROLE;
SELECT is(integration_config_grant('g_other', 'globex', 'round', '{read}'), '{read}', 'a grant in a cycle');
SET LOCAL ROLE g_other;
SELECT matches(pg_temp.said($$SELECT integration_config_effective('globex', 'about')$$), '^XX001', 'is reached, and the cycle found');
RESET ROLE;

ALTER TABLE integration_schemas RENAME TO away;
SET LOCAL ROLE g_service;
SELECT is(integration_config_resolve('acme', 'eng', 'openai') -> 'missing', '["api_key"]', 'where the catalogue is gone the fallback stands in');
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^42704', 'with its one integration');
SET LOCAL ROLE g_editor;
SELECT matches(pg_temp.said($$SELECT integration_config_set('acme', 'pay', '{"y": 1}')$$), '^55000', 'and nothing is written');
RESET ROLE;
ALTER TABLE away RENAME TO integration_schemas;
ALTER TABLE integration_config_grants RENAME TO away;
SET LOCAL ROLE g_service;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^42501', 'where the grants are gone nothing is granted');
RESET ROLE;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'and who has rights reads on');
SELECT matches(pg_temp.said($$SELECT integration_config_grant('g_other', 'acme', 'eng', '{read}')$$), '^42P01', 'but nobody grants');
ALTER TABLE away RENAME TO integration_config_grants;
SET LOCAL ROLE g_service;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'they are back with the table');
RESET ROLE;
ALTER TABLE integration_config_grants DROP CONSTRAINT integration_config_grants_pkey;
SET LOCAL ROLE g_service;
SELECT is(integration_config_resolve('acme', 'eng', 'slack') -> 'config' ->> 'bot_token', 'xoxb-acme', 'without its index they are found');
RESET ROLE;
ALTER TABLE integration_config_grants RENAME incarnation TO other;
SET LOCAL ROLE g_service;
SELECT matches(pg_temp.said($$SELECT integration_config_resolve('acme', 'eng', 'slack')$$), '^55000 table "integration_config_grants" is not as the extension made it', 'a column that is missing is said');
RESET ROLE;
ALTER TABLE integration_config_grants RENAME other TO incarnation;

--
-- The owner
--

CREATE ROLE g_owner;
GRANT USAGE ON SCHEMA :ours TO g_owner;
ALTER TABLE node_configurations OWNER TO g_owner;
SET LOCAL ROLE g_owner;
SELECT is(integration_config_grant('g_other', 'acme', 'acme', '{admin}'), '{admin}', 'the owner of the nodes grants');
SELECT is(integration_config_revoke('g_other', 'acme', 'acme'), '{}', 'and revokes');
RESET ROLE;
ALTER TABLE node_configurations OWNER TO :me;
SELECT current_database() AS db \gset
ALTER DATABASE :"db" OWNER TO g_owner;
SET LOCAL ROLE g_owner;
SELECT is(integration_config_grant('g_other', 'acme', 'acme', '{read}'), '{read}', 'so does the owner of the database');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
