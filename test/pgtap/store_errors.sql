-- The store's errors: names in them are quoted, escaped and clipped, hints are
-- there or are not, and no row is shown, whichever way it comes.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.error_of(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
	('acme', 'acme', NULL, 'org'), ('acme', 'sre', 'acme', 'team');

-- names

SELECT is(integration_schemas_internal.shown(name), shown, shown)
FROM (VALUES ('a', '"a"'), ('', '""'), (E'a\nb\x07', '"a\u000ab\u0007"'), (repeat('x', 300), '"' || repeat('x', 64) || '..."'),
			 (E'a\u202Eb\u2066', '"a\u202eb\u2066"'), (NULL, 'null')) AS n (name, shown);
SELECT results_eq(format('SELECT state, message FROM pg_temp.error_of(%L)', format(statement, E'a\nb', repeat('x', 300))),
				  format('VALUES (%L::text, %L::text)', '42704', message), statement)
FROM (VALUES
	('SELECT integration_config_set(%1$L, %2$L, ''{}'')', 'node "' || repeat('x', 64) || '..." of organisation "a\u000ab" does not exist'),
	('SELECT integration_config_rollback(%1$L, %2$L, 1)', 'version 1 of node "' || repeat('x', 64) || '..." of organisation "a\u000ab" does not exist'),
	('SELECT * FROM integration_config_history(%1$L, %2$L)', 'node "' || repeat('x', 64) || '..." of organisation "a\u000ab" does not exist'),
	('SELECT integration_config_effective(%1$L, %2$L)', 'node "' || repeat('x', 64) || '..." of organisation "a\u000ab" does not exist')
) AS s (statement, message);

-- nulls

SELECT is((pg_temp.error_of(statement)).state, '22023', statement)
FROM unnest(ARRAY ['SELECT integration_config_rollback(NULL, ''sre'', 1)', 'SELECT integration_config_rollback(''acme'', NULL, 1)',
				   'SELECT integration_config_rollback(''acme'', ''sre'', NULL)', 'SELECT integration_config_set(''acme'', NULL, ''{}'')',
				   'SELECT integration_config_replace(''acme'', ''sre'', NULL)']) AS statement;

-- hints: a sentence, where there is one

SELECT matches(e.hint, '^[A-Z].*\.$', e.message)
FROM (VALUES
	('INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('''', ''x'', ''org'')'),
	('INSERT INTO node_configurations (org_id, node_id, node_type) VALUES (''x'', repeat(''x'', 256), ''org'')'),
	('INSERT INTO node_configurations (org_id, node_id, node_type) VALUES (''*'', ''x'', ''org'')'),
	('INSERT INTO node_configurations (org_id, node_id, node_type) VALUES (''x'', ''x'', ''team'')'),
	('INSERT INTO node_configurations (org_id, node_id, node_type) VALUES (''x'', ''x'', ''squad'')')
) AS s (statement), pg_temp.error_of(s.statement) AS e;

-- a row that a restore brings is not shown either

SET LOCAL check_function_bodies = off;
SELECT ok(e.state IN ('23514', '23502') AND concat(e.message, e.detail, e.hint) !~ 'SENTINEL', statement || ': ' || e.message)
FROM (VALUES
	($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('acme', 'x', 'team', '{"a": "SENTINEL"}')$$),
	($$INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('acme', 'x', NULL, '{"a": "SENTINEL"}')$$),
	($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json, version) VALUES ('acme', 'x', 'acme', 'team', '{"a": "SENTINEL"}', NULL)$$),
	($$INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation)
	   VALUES ('acme', 'sre', 9, 'change', 'org', '{"a": "SENTINEL"}', 'x', 'x', now(), now(), 1)$$),
	($$INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at)
	   VALUES ('acme', 'sre', 9, 'update', 'org', '{"a": "SENTINEL"}', 'x', 'x', now(), now())$$)
) AS s (statement), pg_temp.error_of(s.statement) AS e;
RESET check_function_bodies;

-- the history's rows are not shown either, where its owner has added constraints

ALTER TABLE node_configuration_history
	ADD CONSTRAINT with_reason CHECK (operation <> 'update' OR reason IS NOT NULL) NOT VALID,
	ADD CONSTRAINT not_erased CHECK (cardinality(erased) = 0) NOT VALID;
INSERT INTO node_configurations (org_id, node_id, node_type, config_json)
VALUES ('guard', 'guard', 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-SENTINEL"}}}}');
SELECT is(concat_ws(' ', e.state, e.message, e.detail, e.hint), '23514 row for table "node_configuration_history" breaks constraint "' || refused || '"  ', statement)
FROM (VALUES
	($$UPDATE node_configurations SET name = 'x' WHERE org_id = 'guard'$$, 'with_reason'),
	($$SELECT integration_config_set('guard', 'guard', '{"x": 1}')$$, 'with_reason'),
	($$SELECT integration_config_erase('guard', 'guard', 'slack', 'bot_token')$$, 'not_erased')) AS s (statement, refused), pg_temp.error_of(s.statement) AS e;
ALTER TABLE node_configuration_history DROP CONSTRAINT with_reason, DROP CONSTRAINT not_erased;

-- what is stored is not judged by the fallback

ALTER TABLE integration_schemas RENAME TO moved;
SELECT is(e.state || ': ' || e.message, '55000: catalogue table "integration_schemas" does not exist', statement)
FROM (VALUES
	($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('acme', 'new', 'acme', 'team', '{"integrations": {"slack": {"config": {"bot_token": 1}}}}')$$),
	($$SELECT integration_config_set('acme', 'sre', '{"x": 1}')$$),
	($$UPDATE node_configurations SET config_json = '{"x": 1}' WHERE node_id = 'sre'$$)) AS s (statement), pg_temp.error_of(s.statement) AS e;
SELECT is((pg_temp.error_of($$DELETE FROM node_configurations WHERE node_id = 'sre'$$)).state, NULL, 'a deletion needs no catalogue');
ALTER TABLE moved RENAME TO integration_schemas;

SELECT * FROM finish();
ROLLBACK;
