-- An organisation is forgotten: all that is kept of it goes, and one row stays.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

CREATE ROLE forget_clerk;
CREATE ROLE forget_service;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
	('acme', 'unit', 'acme', 'unit', '{}'), ('acme', 'sre', 'unit', 'team', '{}'),
	('acme', 'gone', 'acme', 'team', '{}'), ('other', 'other', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-2"}}}}');
SELECT integration_config_set('acme', 'sre', '{"x": 1}') \g /dev/null
SELECT integration_config_set('acme', 'sre', '{"x": 2}') \g /dev/null
DELETE FROM node_configurations WHERE node_id = 'gone';
SELECT integration_config_grant('forget_service', 'acme', 'sre', '{read}') \g /dev/null
SELECT integration_config_grant('forget_service', 'other', 'other', '{read}') \g /dev/null
SELECT integration_config_reveal('acme', 'acme', 'slack', 'bot_token', 'to see') \g /dev/null
SELECT integration_config_reveal('other', 'other', 'slack', 'bot_token', 'to see') \g /dev/null
-- every table that has an organisation
CREATE FUNCTION pg_temp.kept(org text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	kept text[] := '{}';
	name name;
	is_kept boolean;
BEGIN
	FOR name IN SELECT c.relname FROM pg_class AS c JOIN pg_depend AS d ON d.objid = c.oid AND d.deptype = 'e'
			JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'org_id' WHERE c.relkind = 'r' ORDER BY 1 LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE org_id = $1)', name) INTO is_kept USING org;
		IF is_kept AND name <> 'integration_config_keys' THEN kept := kept || name::text; END IF;
	END LOOP;
	RETURN array_to_string(kept, ' ');
END $$;
SELECT is(pg_temp.kept('acme'), 'integration_config_grant_history integration_config_grants integration_config_reveals node_configuration_history node_configurations', 'what is kept of one');

-- Rights
SET LOCAL ROLE forget_clerk;
SELECT throws_ok($$SELECT integration_config_forget('acme', 'bye')$$, '42501', NULL, 'not without rights');
RESET ROLE;
GRANT DELETE ON node_configurations TO forget_clerk;
SET LOCAL ROLE forget_clerk;
SELECT throws_ok($$SELECT integration_config_forget('acme', 'bye')$$, '42501', NULL, 'nor with those on the nodes alone');
RESET ROLE;
GRANT DELETE ON node_configuration_history TO forget_clerk;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE forget_clerk;
SELECT throws_ok($$SELECT integration_config_forget('acme', 'bye')$$, '42501', 'organisations cannot be forgotten under row security', 'nor under row security');
RESET ROLE;
ALTER TABLE node_configurations DISABLE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT integration_config_forget(NULL, 'bye')$$, '22023', NULL, 'null');
SELECT throws_ok($$SELECT integration_config_forget('nobody', 'bye')$$, '42704', 'organisation "nobody" does not exist', 'one that is not there');

-- Gone
SET LOCAL ROLE forget_clerk;
SELECT is(integration_config_forget('acme', 'contract ended'), 3::bigint, 'it had so many nodes');
RESET ROLE;
SELECT is(pg_temp.kept('acme'), 'integration_config_forgotten', 'nothing else is kept of it');
SELECT is(count(*), 0::bigint, 'nor a key') FROM integration_config_keys WHERE org_id = 'acme';
SELECT is(pg_temp.kept('other'), 'integration_config_grant_history integration_config_grants integration_config_reveals node_configuration_history node_configurations', 'of another one all is');
SELECT results_eq($$SELECT org_id, nodes, last_version, role, reason, forgotten_at >= now() FROM integration_config_forgotten$$,
	$$VALUES ('acme', 3::bigint, 4, 'forget_clerk', 'contract ended', true)$$, 'a row says that it was there, and who removed it');
SELECT throws_ok($$SELECT integration_config_forget('acme', 'again')$$, '42704', NULL, 'it is not there any more');

-- Its name
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme', 'acme', 'org');
SELECT results_eq($$SELECT version, incarnation FROM node_configurations WHERE org_id = 'acme'$$, $$VALUES (5, 5)$$, 'versions of a later one go on');
SELECT is(integration_config_set('acme', 'acme', '{"x": 1}'), 6, 'one by one');
SELECT is(count(*), 0::bigint, 'nothing is granted at it') FROM integration_config_grants WHERE org_id = 'acme';
SELECT is(integration_config_forget('acme', NULL), 1::bigint, 'it is forgotten, too');
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme', 'acme', 'org');
SELECT is(version, 8, 'and again they go on') FROM node_configurations WHERE org_id = 'acme';
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('new', 'new', 'org');
SELECT is(version, 1, 'those of others begin at 1') FROM node_configurations WHERE org_id = 'new';

-- One of which only history is left
DELETE FROM node_configurations WHERE org_id = 'new';
SELECT is(integration_config_forget('new', 'bye'), 0::bigint, 'only history');
SELECT is(count(*), 0::bigint, 'is gone') FROM node_configuration_history WHERE org_id = 'new';

-- The platform is one, too
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('*', '*', 'platform');
SELECT is(integration_config_forget('*', 'bye'), 1::bigint, 'the platform');

-- The record
SELECT throws_ok('UPDATE integration_config_forgotten SET reason = NULL', '42501', 'record of forgotten organisations cannot be changed', 'is not changed');
SELECT throws_ok('DELETE FROM integration_config_forgotten', '42501', NULL, 'nor taken away');
SELECT throws_ok('TRUNCATE integration_config_forgotten', '42501', NULL, 'nor truncated');
SELECT throws_ok($$INSERT INTO integration_config_forgotten (org_id, nodes, last_version, role, author, forgotten_at) VALUES ('x', 1, 1, 'x', 'x', now())$$, '42501', NULL, 'nor written');
CREATE FUNCTION pg_temp.away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER zz BEFORE INSERT ON integration_config_forgotten FOR EACH ROW EXECUTE FUNCTION pg_temp.away();
SELECT throws_ok($$SELECT integration_config_forget('other', 'bye')$$, '55000', 'organisation is not forgotten, since that was not recorded', 'without it nothing is forgotten');

SELECT * FROM finish();
ROLLBACK;
