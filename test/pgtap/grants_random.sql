-- Random roles, memberships, grants, trees, row security and calls: each answer is
-- the one that a plain SQL model of the privileges gives.
-- A soak: pg_prove --set seed=0.7 --set calls=10000 ...
-- Who has rights on the table alone sees secrets here: not for a store that seals them.
\unset ECHO
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off

\if :{?seed}
\else
\set seed 0.4
\endif
\if :{?calls}
\else
\set calls 2000
\endif

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(4);
SELECT setseed(:seed) \g /dev/null

-- One of these, by chance.
CREATE FUNCTION pg_temp.one(VARIADIC choices text[]) RETURNS text
LANGUAGE sql AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

CREATE FUNCTION pg_temp.document(org text, node text) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT jsonb_build_object('integrations', jsonb_build_object('gone', '{}'::jsonb, 'slack', jsonb_build_object('config',
		jsonb_build_object('bot_token', format('xoxb-%s-%s', org, node)))))
$$;
-- Every node has something that is wrong with it, so that violations name it.
INSERT INTO integration_schemas (id, name, category, description) VALUES ('gone', 'Gone', 'test', '');

REVOKE ALL ON integration_schemas FROM PUBLIC;
CREATE ROLE gr_1;
CREATE ROLE gr_2;
CREATE ROLE gr_3;
CREATE ROLE gr_4;
CREATE ROLE gr_5;
CREATE ROLE gr_table;
GRANT SELECT, UPDATE ON node_configurations, node_configuration_history TO gr_table;
GRANT SELECT ON integration_schemas TO gr_table;
CREATE POLICY gr_policy ON node_configurations TO gr_table USING (org_id = 'o1');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('o1', 'o1', NULL, 'org', pg_temp.document('o1', 'o1')), ('o2', 'o2', NULL, 'org', pg_temp.document('o2', 'o2'));

--
-- The model: what is granted, who is a member, and what follows
--

CREATE TEMPORARY TABLE granted (role text, org text, node text, incarnation integer, privileges text[], PRIMARY KEY (role, org, node));
CREATE TEMPORARY TABLE members (role text, member text, PRIMARY KEY (role, member));
CREATE TEMPORARY TABLE security (is_on boolean);
INSERT INTO security VALUES (false);

-- the roles whose privileges one has
CREATE FUNCTION pg_temp.roles_of(who text) RETURNS SETOF text
LANGUAGE sql AS $$
	WITH RECURSIVE r (role) AS (SELECT who UNION SELECT m.role FROM members AS m JOIN r ON r.role = m.member)
	SELECT role FROM r
$$;
-- a node and those above it, of those that are there, or were
CREATE FUNCTION pg_temp.path_of(org text, node text, once boolean) RETURNS TABLE (node_id text, incarnation integer)
LANGUAGE sql AS $$
	WITH RECURSIVE places (node_id, parent_id, incarnation) AS (
		SELECT n.node_id, n.parent_id, n.incarnation FROM node_configurations AS n WHERE n.org_id = org
		UNION ALL
		SELECT h.node_id, h.parent_id, h.incarnation FROM (
			SELECT DISTINCT ON (h.node_id) h.* FROM node_configuration_history AS h WHERE h.org_id = org ORDER BY h.node_id, h.version DESC) AS h
		 WHERE once AND NOT EXISTS (SELECT FROM node_configurations AS n WHERE n.org_id = org AND n.node_id = h.node_id)),
	path AS (
		SELECT p.* FROM places AS p WHERE p.node_id = node
		UNION
		SELECT p.* FROM places AS p JOIN path ON path.parent_id = p.node_id)
	SELECT path.node_id, path.incarnation FROM path
$$;
-- has somebody that privilege at these places, or on the platform?
CREATE FUNCTION pg_temp.has(who text, org text, node text, privilege text, once boolean) RETURNS boolean
LANGUAGE sql AS $$
	SELECT EXISTS (
		SELECT FROM granted AS g
		 WHERE g.role IN (SELECT pg_temp.roles_of(who)) AND (privilege = ANY (g.privileges) OR 'admin' = ANY (g.privileges))
		   AND ((g.org, g.node) = ('*', '*')
				OR (g.org = $2 AND (g.node, g.incarnation) IN (SELECT p.node_id, p.incarnation FROM pg_temp.path_of($2, $3, once) AS p))
				-- at a node that is not there, what is had at all of them
				OR (once AND g.org = $2 AND NOT EXISTS (SELECT FROM node_configurations AS n WHERE (n.org_id, n.node_id) = ($2, $3))
					AND (g.node, g.incarnation) IN (SELECT n.node_id, n.incarnation FROM node_configurations AS n
						WHERE n.org_id = $2 AND n.parent_id IS NULL))))
$$;
CREATE FUNCTION pg_temp.is_there(org text, node text) RETURNS boolean
LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM node_configurations WHERE (org_id, node_id) = (org, node)) $$;
CREATE FUNCTION pg_temp.by_table(who text) RETURNS boolean
LANGUAGE sql AS $$ SELECT 'gr_table' IN (SELECT pg_temp.roles_of(who)) $$;
CREATE FUNCTION pg_temp.sees(who text, org text, node text) RETURNS boolean
LANGUAGE sql AS $$ SELECT pg_temp.by_table(who) AND pg_temp.is_there(org, node) AND (org = 'o1' OR NOT (SELECT is_on FROM security)) $$;

CREATE FUNCTION pg_temp.expected(who text, call text, org text, node text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	there boolean := pg_temp.is_there(org, node);
	was boolean := EXISTS (SELECT FROM node_configuration_history AS h WHERE (h.org_id, h.node_id) = (org, node));
	privilege text := CASE call WHEN 'set' THEN 'write' WHEN 'rollback' THEN 'write' WHEN 'erase' THEN 'admin' WHEN 'reveal' THEN 'reveal' ELSE 'read' END;
	has boolean := pg_temp.has(who, org, node, privilege, true);
BEGIN
	CASE
		WHEN call IN ('effective', 'resolve', 'values', 'explain', 'get', 'instances', 'reveal', 'privileges') THEN
			RETURN CASE WHEN pg_temp.sees(who, org, node) THEN 'clear'
				WHEN there AND has THEN CASE WHEN pg_temp.has(who, org, node, 'reveal', false) THEN 'clear' ELSE 'masked' END
				WHEN pg_temp.by_table(who) THEN '42704'
				-- of what was, nothing is shown by these: only who could see any is told
				WHEN NOT there AND pg_temp.has(who, org, '', privilege, true) THEN '42704'
				ELSE '42501' END;
		WHEN call = 'history' THEN
			RETURN CASE WHEN NOT has AND NOT pg_temp.by_table(who) THEN '42501' WHEN was THEN 'done' ELSE '42704' END;
		WHEN call IN ('set', 'rollback') THEN
			RETURN CASE WHEN has THEN CASE WHEN there THEN 'done' ELSE '42704' END
				WHEN pg_temp.sees(who, org, node) THEN 'done' WHEN pg_temp.by_table(who) THEN '42704' ELSE '42501' END;
		WHEN call = 'erase' THEN
			RETURN CASE WHEN NOT has AND NOT pg_temp.by_table(who) THEN '42501' WHEN was THEN 'done' ELSE '42704' END;
		WHEN call IN ('effective_all', 'status', 'violations') THEN
			RETURN (SELECT CASE WHEN count(*) > 0 THEN string_agg(n.node_id || CASE WHEN call = 'effective_all' AND n.clear THEN '!' ELSE '' END, ' ' ORDER BY n.node_id)
					WHEN pg_temp.by_table(who) OR pg_temp.has(who, '', '', 'read', false) THEN '42704' ELSE '42501' END
				FROM (SELECT n.node_id, pg_temp.sees(who, org, n.node_id) OR pg_temp.has(who, org, n.node_id, 'reveal', false) AS clear
						FROM node_configurations AS n
					   WHERE n.org_id = org AND (pg_temp.sees(who, org, n.node_id) OR pg_temp.has(who, org, n.node_id, 'read', false))) AS n);
		ELSE
			RETURN CASE WHEN pg_temp.by_table(who) OR pg_temp.has(who, '', '', 'read', false)
				OR EXISTS (SELECT FROM node_configurations AS n WHERE pg_temp.has(who, n.org_id, n.node_id, 'read', false)) THEN 'done' ELSE '42501' END;
	END CASE;
END $$;

--
-- The calls
--

CREATE FUNCTION pg_temp.called(who text, call text, org text, node text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	CASE call
		WHEN 'effective' THEN answer := integration_config_effective(org, node) #>> '{integrations,slack,config,bot_token}';
		WHEN 'resolve' THEN answer := integration_config_resolve(org, node, 'slack') #>> '{config,bot_token}';
		WHEN 'values' THEN PERFORM integration_config_values(org, node); answer := integration_config_resolve(org, node, 'slack') #>> '{config,bot_token}';
		WHEN 'explain' THEN PERFORM integration_config_explain(org, node); answer := integration_config_effective(org, node) #>> '{integrations,slack,config,bot_token}';
		WHEN 'get' THEN PERFORM integration_config_get(org, node); answer := integration_config_resolve(org, node, 'slack') #>> '{config,bot_token}';
		WHEN 'instances' THEN PERFORM integration_config_instances(org, node, 'grafana'); answer := integration_config_effective(org, node) #>> '{integrations,slack,config,bot_token}';
		WHEN 'privileges' THEN PERFORM integration_config_privileges(org, node); answer := integration_config_effective(org, node) #>> '{integrations,slack,config,bot_token}';
		WHEN 'reveal' THEN answer := integration_config_reveal(org, node, 'slack', 'bot_token', 'random');
		WHEN 'history' THEN PERFORM integration_config_history(org, node); answer := 'done';
		WHEN 'set' THEN PERFORM integration_config_set(org, node, jsonb_build_object('x', random())); answer := 'done';
		WHEN 'rollback' THEN PERFORM integration_config_rollback(org, node, coalesce((SELECT max(v.version) FROM versions AS v WHERE (v.org, v.node) = ($3, $4)), 1)); answer := 'done';
		WHEN 'erase' THEN PERFORM integration_config_erase(org, node, 'slack', 'app_token'); answer := 'done';
		WHEN 'effective_all' THEN SELECT string_agg(a.node_id || CASE WHEN a.config #>> '{integrations,slack,config,bot_token}' LIKE 'xoxb-%' THEN '!' ELSE '' END, ' ' ORDER BY a.node_id)
			INTO answer FROM integration_config_effective_all(org) AS a;
		WHEN 'status' THEN SELECT string_agg(DISTINCT s.node_id, ' ' ORDER BY s.node_id) INTO answer FROM integration_config_status(org) AS s;
		WHEN 'violations' THEN SELECT string_agg(DISTINCT v.node_id, ' ' ORDER BY v.node_id) INTO answer FROM integration_config_violations(org) AS v;
		ELSE PERFORM integration_config_violations(); answer := 'done';
	END CASE;
	RESET ROLE;
	RETURN CASE WHEN answer = format('xoxb-%s-%s', org, node) THEN 'clear' WHEN answer = '********' THEN 'masked' ELSE answer END;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
	RETURN SQLSTATE;
END $$;

CREATE FUNCTION pg_temp.made(org text, node text, parent text) RETURNS void
LANGUAGE sql AS $$
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
		VALUES (org, node, parent, 'unit', pg_temp.document(org, node))
$$;

CREATE TEMPORARY TABLE versions (org text, node text, version integer);
GRANT SELECT ON versions TO PUBLIC;
CREATE TEMPORARY TABLE outcomes (number integer, who text, call text, org text, node text, expected text, outcome text);

-- Something changes, by chance; what can't be done is not.
CREATE FUNCTION pg_temp.change() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	what text := pg_temp.one('grant', 'grant', 'grant', 'grant', 'grant', 'grant', 'revoke', 'revoke', 'member', 'unmember', 'unmember',
		'make', 'make', 'make', 'move', 'move', 'delete', 'delete', 'role', 'security');
	who text := pg_temp.one('gr_1', 'gr_2', 'gr_3', 'gr_4', 'gr_5');
	other text := pg_temp.one('gr_1', 'gr_2', 'gr_3', 'gr_4', 'gr_5', 'gr_1', 'gr_2', 'gr_3', 'gr_4', 'gr_5', 'gr_table');
	org text := pg_temp.one('o1', 'o2');
	node text := pg_temp.one('a', 'b', 'c', 'd', 'e', org, org);
	parent text := pg_temp.one('a', 'b', 'c', 'd', 'e', org, org);
	granter text := pg_temp.one('', '', '', '', '', '', 'gr_1', 'gr_2', 'gr_3', 'gr_4', 'gr_5');
	privileges text[] := ARRAY[pg_temp.one('read', 'read', 'read', 'reveal', 'write', 'admin'), pg_temp.one('read', 'read', 'reveal', 'write')];
	may boolean;
	outcome text := 'done';
	expected text;
BEGIN
	IF what IN ('grant', 'revoke') AND random() < 0.1 THEN
		org := '*';
		node := '*';
	END IF;
	CASE what
		WHEN 'grant', 'revoke' THEN
			may := granter = '' OR pg_temp.has(granter, org, node, 'admin', true);
			expected := CASE WHEN NOT may THEN '42501' WHEN org = '*' OR pg_temp.is_there(org, node)
				OR (what = 'revoke' AND EXISTS (SELECT FROM node_configuration_history AS h WHERE (h.org_id, h.node_id) = (org, node))) THEN 'done' ELSE '42704' END;
			BEGIN
				IF granter <> '' THEN
					EXECUTE format('SET LOCAL ROLE %I', granter);
				END IF;
				IF what = 'grant' THEN
					PERFORM integration_config_grant(who, org, node, privileges);
				ELSE
					PERFORM integration_config_revoke(who, org, node, privileges);
				END IF;
				RESET ROLE;
			EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
				outcome := SQLSTATE;
			END;
			INSERT INTO outcomes VALUES (0, granter, what, org, node, expected, outcome);
			IF outcome = 'done' THEN
				PERFORM pg_temp.note(what, who, org, node, privileges);
			END IF;
		WHEN 'member' THEN
			EXECUTE format('GRANT %I TO %I', other, who);
			INSERT INTO members VALUES (other, who) ON CONFLICT DO NOTHING;
		WHEN 'unmember' THEN
			EXECUTE format('REVOKE %I FROM %I', other, who);
			DELETE FROM members AS m WHERE (m.role, m.member) = (other, who);
		WHEN 'make' THEN
			PERFORM pg_temp.made(org, node, parent);
		WHEN 'move' THEN
			UPDATE node_configurations AS n SET parent_id = parent WHERE (n.org_id, n.node_id) = (org, node) AND n.parent_id IS NOT NULL;
		WHEN 'delete' THEN
			DELETE FROM node_configurations AS n WHERE (n.org_id, n.node_id) = (org, node) AND n.parent_id IS NOT NULL;
		WHEN 'role' THEN
			EXECUTE format('DROP ROLE %I', who);
			EXECUTE format('CREATE ROLE %I', who);
			DELETE FROM members AS m WHERE m.role = who OR m.member = who;
			DELETE FROM granted AS g WHERE g.role = who;
		ELSE
			UPDATE security SET is_on = NOT is_on;
			EXECUTE format('ALTER TABLE node_configurations %s ROW LEVEL SECURITY', CASE WHEN (SELECT is_on FROM security) THEN 'ENABLE' ELSE 'DISABLE' END);
	END CASE;
EXCEPTION WHEN OTHERS THEN
	IF what IN ('grant', 'revoke', 'role', 'security', 'unmember') THEN
		RAISE;
	END IF;
END $$;

-- A grant or a revocation, in the model.
CREATE FUNCTION pg_temp.note(what text, who text, org_id text, node_id text, named text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	now_is integer := coalesce((SELECT n.incarnation FROM node_configurations AS n WHERE (n.org_id, n.node_id) = ($3, $4)),
		(SELECT h.incarnation FROM node_configuration_history AS h WHERE (h.org_id, h.node_id) = ($3, $4) ORDER BY h.version DESC LIMIT 1), 0);
	has text[] := coalesce((SELECT g.privileges FROM granted AS g WHERE (g.role, g.org, g.node, g.incarnation) = (who, $3, $4, now_is)), '{}');
BEGIN
	DELETE FROM granted AS g WHERE (g.role, g.org, g.node) = (who, $3, $4);
	IF what = 'grant' THEN
		has := has || named;
	ELSE
		has := ARRAY(SELECT p FROM unnest(has) AS p WHERE p <> ALL (named));
	END IF;
	IF has <> '{}' THEN
		INSERT INTO granted VALUES (who, $3, $4, now_is, has);
	END IF;
END $$;

CREATE FUNCTION pg_temp.tried(number integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	who text := pg_temp.one('gr_1', 'gr_2', 'gr_3', 'gr_4', 'gr_5');
	call text := pg_temp.one('effective', 'resolve', 'values', 'explain', 'get', 'instances', 'privileges', 'reveal', 'history', 'set', 'rollback', 'erase',
		'effective_all', 'status', 'violations', 'all violations');
	org text := pg_temp.one('o1', 'o1', 'o1', 'o2', 'o2', 'o2', 'o3');
	node text := pg_temp.one('a', 'b', 'c', 'd', 'e', org, 'nix');
	expected text;
BEGIN
	IF random() < 0.5 THEN
		PERFORM pg_temp.change();
	END IF;
	TRUNCATE versions;
	INSERT INTO versions SELECT h.org_id, h.node_id, max(h.version) FROM node_configuration_history AS h WHERE h.config_json IS NOT NULL GROUP BY 1, 2;
	expected := pg_temp.expected(who, call, org, node);
	INSERT INTO outcomes VALUES (number, who, call, org, node, expected, pg_temp.called(who, call, org, node));
END $$;

SELECT pg_temp.made('o1', 'a', 'o1'), pg_temp.made('o1', 'b', 'a'), pg_temp.made('o2', 'a', 'o2') \g /dev/null
DELETE FROM integration_schemas WHERE id = 'gone';
SELECT count(pg_temp.tried(n)) FROM generate_series(1, :calls) AS n \g /dev/null

SELECT is_empty($$SELECT * FROM outcomes WHERE expected IS DISTINCT FROM outcome LIMIT 20$$, 'every answer is the model''s');
SELECT is(count(*), :calls::bigint, 'of all calls') FROM outcomes WHERE number > 0;
SELECT cmp_ok(min(share), '>', 0.02::numeric, 'with every kind of outcome')
	FROM (SELECT count(*) / :calls::numeric AS share FROM outcomes WHERE number > 0 AND outcome IN ('clear', 'masked', '42501', '42704', 'done') GROUP BY outcome) AS o;
SELECT set_eq($$SELECT role::text, org_id, node_id, incarnation, (SELECT array_agg(p ORDER BY p) FROM unnest(privileges) AS p) FROM integration_config_grants AS g WHERE role IN (SELECT oid FROM pg_roles)$$,
	$$SELECT role, org, node, incarnation, (SELECT array_agg(DISTINCT p ORDER BY p) FROM unnest(privileges) AS p) FROM granted$$, 'what is granted is what was');

SELECT * FROM finish();
ROLLBACK;
