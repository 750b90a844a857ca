-- Restored nodes are written without triggers and foreign keys, and nobody's own code runs meanwhile.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(9);

-- As where the owner of a database, no superuser, has created the extension.
CREATE ROLE keeper;
SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
GRANT CREATE ON SCHEMA :ours TO keeper;
ALTER TABLE node_configurations OWNER TO keeper;
ALTER TABLE node_configuration_history OWNER TO keeper;
ALTER FUNCTION node_configuration_history_restore() OWNER TO keeper;
ALTER FUNCTION integration_config_rebuild() OWNER TO keeper;

SET ROLE keeper;
PREPARE restore(text) AS
INSERT INTO node_configuration_history VALUES ($1, $1, 1, 'insert', NULL, 'org', '{}', 'a', NULL, 'r', now(), now());
SELECT lives_ok($$EXECUTE restore('a')$$, 'the owner may restore');
SELECT is((SELECT count(*) FROM node_configurations), 1::bigint, 'which brings the node');

CREATE FUNCTION pg_temp.trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE 'ran under session_replication_role = %', current_setting('session_replication_role');
END
$$;
CREATE FUNCTION pg_temp.test(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION pg_temp.name(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';

CREATE TRIGGER trap BEFORE INSERT ON node_configurations FOR EACH ROW EXECUTE FUNCTION pg_temp.trap();
SELECT lives_ok($$EXECUTE restore('b')$$, 'an ordinary trigger does not fire for a restored node');
ALTER TABLE node_configurations ENABLE REPLICA TRIGGER trap;
SELECT throws_ok($$EXECUTE restore('c')$$, '55000', 'nodes cannot be restored with table "node_configurations" as it is',
				 'one that would is refused');
ALTER TABLE node_configurations ENABLE ALWAYS TRIGGER trap;
SELECT throws_ok($$SELECT integration_config_rebuild()$$, '55000', NULL, 'also where all are put back');
DROP TRIGGER trap ON node_configurations;

ALTER TABLE node_configurations ADD CONSTRAINT own CHECK (pg_temp.test(org_id));
SELECT throws_ok($$EXECUTE restore('c')$$, '55000', NULL, 'and so is a constraint with a function of somebody''s own');
ALTER TABLE node_configurations DROP CONSTRAINT own;

CREATE INDEX own ON node_configurations (pg_temp.name(org_id));
SELECT throws_ok($$EXECUTE restore('c')$$, '55000', NULL, 'or an index');
DROP INDEX own;

ALTER TABLE node_configurations ADD CONSTRAINT own CHECK (length(org_id) < 300);
SELECT lives_ok($$EXECUTE restore('c')$$, 'a constraint with the server''s functions is no harm');

ALTER TABLE node_configurations ADD COLUMN own text DEFAULT pg_temp.name('x');
RESET ROLE;
SELECT lives_ok($$SELECT integration_config_rebuild()$$, 'a superuser may, whatever the table runs');

SELECT * FROM finish();
ROLLBACK;
