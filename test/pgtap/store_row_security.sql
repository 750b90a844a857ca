-- The policies of doc/row_security.md: a tenant's role sees its own organisation and
-- the platform, and nothing else exists, in any function of the store.
-- Who has rights on the table alone sees secrets here: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('*', '*', NULL, 'platform', '{"integrations": {"slack": {"config": {"mention_oncall": false}}}, "platform": true}'),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"locked": ["app_token"], "config": {"bot_token": "xoxb-acme"}}}}'),
	('acme', 'eng', 'acme', 'unit', '{}'),
	('acme', 'sre', 'eng', 'team', '{}'),
	('globex', 'globex', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-globex"}}}}'),
	('globex', 'sre', 'globex', 'team', '{}');
SELECT integration_config_effective('acme', 'sre') AS acme \gset

CREATE ROLE app_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations TO app_tenant;
GRANT SELECT ON node_configuration_history TO app_tenant;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
ALTER TABLE node_configuration_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_nodes ON node_configurations TO app_tenant
	USING (org_id = current_setting('app.org_id', true));
CREATE POLICY platform ON node_configurations FOR SELECT TO app_tenant
	USING (org_id = '*');
CREATE POLICY own_history ON node_configuration_history FOR SELECT TO app_tenant
	USING (org_id = current_setting('app.org_id', true));

SET LOCAL ROLE app_tenant;
SET LOCAL app.org_id = 'acme';

--
-- Its own
--

SELECT is(integration_config_effective('acme', 'sre'), :'acme'::jsonb, 'effective: as the owner sees it');
SELECT is(integration_config_resolve('acme', 'sre', 'slack'), integration_schema_resolve('slack',
	'{"integrations": {"slack": {"config": {"mention_oncall": false}}}}',
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-acme"}}}}'), 'resolve');
SELECT is(source, '*', 'explain: what the platform gives') FROM integration_config_explain('acme', 'sre') WHERE field = 'mention_oncall';
SELECT is(array_agg(node_id), '{acme,eng,sre}', 'effective_all') FROM integration_config_effective_all('acme');
SELECT is(array_agg(DISTINCT node_id), '{acme,eng,sre}', 'status') FROM integration_config_status('acme');
SELECT is(integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'), 2, 'set');
SELECT is(integration_config_replace('acme', 'eng', '{"ours": 1}'), 2, 'replace');
SELECT is(integration_config_rollback('acme', 'sre', 1), 3, 'rollback');
SELECT is(count(*), 3::bigint, 'history') FROM integration_config_history('acme', 'sre');
SELECT is(author, 'app_tenant', 'whose author is the role') FROM integration_config_history('acme', 'sre') LIMIT 1;
SELECT lives_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'data', 'eng', 'team')$$,
	'a new node');
SELECT lives_ok($$UPDATE node_configurations SET parent_id = 'acme' WHERE node_id = 'data'$$, 'a move');
SELECT lives_ok($$DELETE FROM node_configurations WHERE node_id = 'data'$$, 'a deletion');
SELECT throws_ok($$SELECT integration_config_set('acme', 'sre', '{"integrations": {"slack": {"config": {"app_token": "xapp-1"}}}}')$$,
	'23514', 'field "app_token" of integration "slack" breaks rule "locked": it is locked by node "acme"', 'locks are kept');
SELECT throws_ok($$UPDATE node_configurations SET parent_id = 'sre' WHERE node_id = 'eng'$$,
	'23514', 'node "eng" of organisation "acme" would be its own ancestor', 'and so is the tree');

--
-- Another's
--

SELECT throws_ok(format(statement, 'globex', 'sre'), '42704', NULL, what || ': nothing of another organisation')
FROM (VALUES
	('effective', 'SELECT integration_config_effective(%L, %L)'),
	('resolve', 'SELECT integration_config_resolve(%L, %L, ''slack'')'),
	('values', 'SELECT integration_config_values(%L, %L)'),
	('explain', 'SELECT * FROM integration_config_explain(%L, %L)'),
	('get', 'SELECT * FROM integration_config_get(%L, %L)'),
	('violations', 'SELECT * FROM integration_config_violations(%L)'),
	('effective_all', 'SELECT * FROM integration_config_effective_all(%L)'),
	('status', 'SELECT * FROM integration_config_status(%L)'),
	('set', 'SELECT integration_config_set(%L, %L, ''{"x": 1}'')'),
	('replace', 'SELECT integration_config_replace(%L, %L, ''{"x": 1}'')'),
	('history', 'SELECT * FROM integration_config_history(%L, %L)'),
	('rollback', 'SELECT integration_config_rollback(%L, %L, 1)')
) AS f (what, statement);
SELECT is(
	(SELECT array_agg(DISTINCT org_id ORDER BY org_id) FROM node_configurations), '{*,acme}', 'the table has none of it');
SELECT is((SELECT array_agg(DISTINCT org_id) FROM node_configuration_history), '{acme}', 'nor the history');
SELECT throws_ok($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('globex', 'x', 'globex', 'team')$$,
	'42501', NULL, 'nothing is put into it');
SELECT throws_ok($$SELECT integration_config_set('*', '*', '{}')$$, '42704', NULL, 'the platform''s document is not for writing');
SELECT throws_ok($$INSERT INTO node_configuration_history SELECT * FROM node_configuration_history$$, '42501', NULL,
	'history is not for writing');

-- The plans of one tenant are not another's, nor are the owner's.
SET LOCAL app.org_id = 'globex';
SELECT is(integration_config_resolve('globex', 'sre', 'slack') #>> '{config,bot_token}', 'xoxb-globex', 'the next tenant sees its own');
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42704', NULL, 'and no more');
RESET app.org_id;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'sre')$$, '42704', NULL, 'without the setting there is nothing');
RESET ROLE;
SELECT ok(integration_config_effective('globex', 'sre') IS NOT NULL, 'the owner sees all');
SET LOCAL ROLE app_tenant;
SET LOCAL app.org_id = 'acme';
SELECT throws_ok($$SELECT integration_config_effective('globex', 'sre')$$, '42704', NULL, 'after which the tenant does not');
RESET ROLE;

--
-- What a node inherits is the node's, whatever of it the caller sees
--

DROP POLICY platform ON node_configurations;
DROP POLICY own_nodes ON node_configurations;
CREATE POLICY teams ON node_configurations TO app_tenant USING (node_type = 'team');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'web', 'eng', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#web"}}}}'),
	('acme', 'ops', 'acme', 'unit', '{}');
-- locks that come after what they make void
UPDATE node_configurations SET config_json = '{"integrations": {"slack": {"locked": ["default_channel"]}}}'
 WHERE org_id = 'acme' AND node_id = 'eng';
CREATE TEMPORARY TABLE owners AS
SELECT n.node_id, integration_config_effective('acme', n.node_id) AS effective,
	   integration_config_resolve('acme', n.node_id, 'slack') AS resolved,
	   integration_config_values('acme', n.node_id) AS given,
	   (SELECT jsonb_agg(e) FROM integration_config_explain('acme', n.node_id) AS e) AS explained
  FROM node_configurations AS n WHERE n.org_id = 'acme';
CREATE TEMPORARY TABLE owners_status AS SELECT * FROM integration_config_status('acme');
GRANT SELECT ON owners, owners_status TO app_tenant;

SET LOCAL ROLE app_tenant;
SELECT is((SELECT array_agg(node_id ORDER BY node_id) FROM node_configurations), '{sre,sre,web}', 'only teams are visible');
SELECT is(integration_config_effective('acme', 'web') -> 'platform', 'true', 'a hidden platform is inherited from');
SELECT is(integration_config_resolve('acme', 'web', 'slack') -> 'config', '{"bot_token": "xoxb-acme", "mention_oncall": false, "thread_replies": true}',
	'so is a hidden organisation; and the lock of a hidden unit holds');
SELECT results_eq($$
	SELECT node_id, integration_config_effective('acme', node_id), integration_config_resolve('acme', node_id, 'slack'),
		   integration_config_values('acme', node_id),
		   (SELECT jsonb_agg(e) FROM integration_config_explain('acme', node_id) AS e)
	  FROM unnest('{sre,web}'::text[]) AS node_id
$$, $$SELECT * FROM owners WHERE node_id IN ('sre', 'web') ORDER BY node_id$$, 'every answer is the owner''s');
SELECT results_eq($$SELECT node_id, config FROM integration_config_effective_all('acme') ORDER BY 1$$,
	$$SELECT node_id, effective FROM owners WHERE node_id IN ('sre', 'web') ORDER BY 1$$,
	'effective_all has what is visible, with all that it inherits');
SELECT set_eq($$SELECT * FROM integration_config_status('acme')$$,
	$$SELECT * FROM owners_status WHERE node_type = 'team'$$, 'so has status');
SELECT throws_ok(format('SELECT integration_config_effective(%L, %L)', org, node), '42704',
	format('node "%s" of organisation "%s" does not exist', node, org), format('%s: hidden or absent, it is the same', node))
FROM (VALUES ('acme', 'acme'), ('acme', 'eng'), ('acme', 'none'), ('globex', 'globex'), ('*', '*')) AS n (org, node);
SELECT throws_ok($$SELECT * FROM integration_config_effective_all('*')$$, '42704', 'organisation "*" does not exist', 'also of an organisation');
RESET ROLE;

-- A parent that is not there is no hidden one.
SET LOCAL session_replication_role = replica;
DELETE FROM node_configurations WHERE org_id = 'acme' AND node_id = 'eng';
RESET session_replication_role;
SET LOCAL ROLE app_tenant;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'web')$$, '55000',
	'parent "eng" of node "web" of organisation "acme" does not exist', 'a gone parent is an error');
SELECT throws_ok($$SELECT * FROM integration_config_effective_all('acme')$$, '55000', NULL, 'for all as well');
SELECT lives_ok($$SELECT * FROM integration_config_effective_all('globex')$$, 'but not for others');
RESET ROLE;
SET LOCAL session_replication_role = replica;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'eng', 'acme', 'unit'),
	('acme', 'lost', 'gone', 'unit');
RESET session_replication_role;
SET LOCAL ROLE app_tenant;
SELECT is((SELECT count(*) FROM integration_config_effective_all('acme')), 2::bigint, 'what is broken out of sight is out of the way');
RESET ROLE;
DELETE FROM node_configurations WHERE node_id = 'lost';

--
-- Whose eyes
--

GRANT CREATE ON SCHEMA public TO app_tenant;
CREATE FUNCTION as_owner(node text) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS
	$$SELECT integration_config_resolve('acme', node, 'slack')$$;
SET LOCAL ROLE app_tenant;
CREATE FUNCTION as_tenant(node text) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS
	$$SELECT integration_config_resolve('acme', node, 'slack')$$;
SELECT ok(as_owner('eng') IS NOT NULL, 'a function of the owner''s sees as the owner');
RESET ROLE;
SELECT throws_ok($$SELECT as_tenant('eng')$$, '42704', NULL, 'one of the tenant''s as the tenant, whoever calls');
SELECT ok(as_tenant('web') IS NOT NULL, 'what it may');
SET LOCAL ROLE app_tenant;
SET LOCAL row_security = off;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'web')$$, '42501', NULL, 'row_security = off is an error, as for a SELECT');
SELECT throws_ok($$SELECT * FROM integration_config_status('acme')$$, '42501', NULL, 'for all nodes, too');
RESET row_security;
RESET ROLE;

-- FORCE: the owner is subject to his policies, what he inherits is not
CREATE ROLE app_owner;
GRANT CREATE, USAGE ON SCHEMA public TO app_owner;
SELECT relowner::regrole AS before FROM pg_class WHERE oid = 'node_configurations'::regclass \gset
ALTER TABLE node_configurations OWNER TO app_owner;
ALTER TABLE node_configurations FORCE ROW LEVEL SECURITY;
CREATE POLICY teams_only ON node_configurations TO app_owner USING (node_type = 'team');
SET LOCAL ROLE app_owner;
SELECT ok(integration_config_effective('acme', 'web') @> '{"platform": true}', 'FORCE: a team of the owner''s');
SELECT throws_ok($$SELECT integration_config_effective('acme', 'acme')$$, '42704', NULL, 'and no other node');
RESET ROLE;
ALTER TABLE node_configurations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE node_configurations OWNER TO :"before";

--
-- Policies that do more than look
--

-- ask us again
CREATE FUNCTION asks(org text, node text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('app.asking', true) = 'yes' THEN
		RETURN node <> 'sre';
	END IF;
	PERFORM set_config('app.asking', 'yes', true);
	PERFORM integration_config_effective(org, 'web');
	PERFORM count(*) FROM integration_config_effective_all(org);
	PERFORM set_config('app.asking', 'no', true);
	RETURN true;
END $$;
ALTER POLICY teams ON node_configurations USING (org_id = 'acme' AND node_type = 'team' AND asks(org_id, node_id));
SET LOCAL ROLE app_tenant;
SELECT is(integration_config_resolve('acme', 'web', 'slack') #>> '{config,bot_token}', 'xoxb-acme', 'a policy may ask us in turn');
SELECT is((SELECT count(*) FROM integration_config_effective_all('acme')), 2::bigint, 'also for all');
RESET ROLE;

-- without an end
CREATE OR REPLACE FUNCTION asks(org text, node text) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RETURN integration_config_effective(org, node) IS NOT NULL; END$$;
SET LOCAL max_stack_depth = '200kB';
SET LOCAL ROLE app_tenant;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'web')$$, '54001', NULL, 'that has no end, it meets the stack''s');
RESET ROLE;
RESET max_stack_depth;

-- fail
CREATE OR REPLACE FUNCTION asks(org text, node text) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN RAISE 'no' USING ERRCODE = 'P0042'; END$$;
SET LOCAL ROLE app_tenant;
SELECT throws_ok($$SELECT integration_config_effective('acme', 'web')$$, 'P0042', 'no', 'its error is the caller''s');
RESET ROLE;

-- rename what is being read, and what it is in
CREATE OR REPLACE FUNCTION asks(org text, node text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	ours name := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
				   WHERE e.extname = 'integration_schemas');
BEGIN
	IF current_setting('app.asking', true) = 'yes' THEN
		RETURN true;
	END IF;
	PERFORM set_config('app.asking', 'yes', true);
	FOR i IN 1 .. 20 LOOP
		EXECUTE format('ALTER SCHEMA %I RENAME TO %I', ours, 'renamed_' || i);
		ours := 'renamed_' || i;
		EXECUTE format('SELECT %I.integration_config_effective(%L, %L)', ours, org, node);
		EXECUTE format('SELECT count(*) FROM %I.integration_config_effective_all(%L)', ours, org);
	END LOOP;
	EXECUTE format('ALTER SCHEMA %I RENAME TO public', ours);
	PERFORM set_config('app.asking', 'no', true);
	RETURN true;
END $$;
SELECT extnamespace::regnamespace::text = 'public' AS in_public FROM pg_extension WHERE extname = 'integration_schemas' \gset
\if :in_public
SELECT set_config('app.asking', 'no', true) AS asking \gset
ALTER SCHEMA public OWNER TO app_tenant;
SELECT format('GRANT CREATE ON DATABASE %I TO app_tenant', current_database()) \gexec
SET LOCAL ROLE app_tenant;
SELECT public.integration_config_resolve('acme', 'web', 'slack') #>> '{config,bot_token}' AS token \gset
SELECT count(*) AS nodes FROM public.integration_config_effective_all('acme') \gset
RESET ROLE;
SELECT is(:'token'::text, 'xoxb-acme', 'a policy may rename the schema while its query runs');
SELECT is(:nodes, 2, 'as often as it is asked');
\endif

-- take it away
CREATE OR REPLACE FUNCTION asks(org text, node text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
	$$BEGIN EXECUTE current_setting('app.evil'); RETURN true; END$$;
SELECT throws_ok($$SET LOCAL ROLE app_tenant; SELECT integration_config_effective('acme', 'web')$$, '55006', NULL, statement)
FROM unnest('{"DROP EXTENSION integration_schemas CASCADE",
			  "ALTER TABLE node_configurations DROP COLUMN config_json CASCADE",
			  "ALTER TABLE node_configurations ALTER COLUMN parent_id TYPE varchar(9)",
			  "TRUNCATE node_configurations"}'::text[]) AS statement,
	 set_config('app.evil', statement, true);

-- a node inherits what its parent has: it is put below none that is hidden
CREATE ROLE app_mover;
GRANT SELECT, INSERT, UPDATE ON node_configurations TO app_mover;
CREATE POLICY own_team ON node_configurations TO app_mover
	USING (org_id = 'acme' AND node_id IN ('eng', 'sre', 'new', 'own')) WITH CHECK (org_id = 'acme');
SELECT throws_ok('SET LOCAL ROLE app_mover; ' || statement, '23503',
				 'parent "acme" of node "' || node || '" of organisation "acme" does not exist', statement)
FROM (VALUES ('sre', $$UPDATE node_configurations SET parent_id = 'acme' WHERE node_id = 'sre'$$),
			 ('new', $$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'new', 'acme', 'team')$$))
	AS s (node, statement);
SELECT lives_ok($$SET LOCAL ROLE app_mover;
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'own', 'eng', 'team'), ('acme', 'new', 'own', 'team');
	UPDATE node_configurations SET parent_id = 'new' WHERE node_id = 'sre'$$,
	'but below one that is seen, though added by the same statement');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
