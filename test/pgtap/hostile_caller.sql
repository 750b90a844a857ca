-- Somebody who may use the store, but does not own it, gets no more out of it than his own rights: not by settings, by
-- temporary objects, by functions of others, or by the parts that functions are made of.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE ROLE c_owner;
CREATE ROLE c_writer;
CREATE ROLE c_restorer;
CREATE ROLE c_nobody;
GRANT CREATE ON SCHEMA public TO c_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations TO c_writer, c_restorer;
GRANT SELECT ON node_configuration_history TO c_writer;
GRANT SELECT, INSERT ON node_configuration_history TO c_restorer;
GRANT UPDATE, INSERT ON integration_schemas TO c_writer;

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"locked": ["default_channel"], "config": {"default_channel": "#all"}}}}'),
	('acme', 'sre', 'acme', 'team', '{}'), ('other', 'other', NULL, 'org', '{}');
CREATE TABLE source (org_id text, node_id text, parent_id text, config_json jsonb);
GRANT SELECT ON source TO c_writer;
-- an application's, by one who owns the tables, for those who do not
CREATE FUNCTION public.c_add(node text, document jsonb) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json, version, updated_by, incarnation)
	VALUES ('acme', node, 'acme', 'team', document, 77, 'somebody', 77) RETURNING version
$$;

--
-- A restore is nobody's who may not write history
--

SET LOCAL check_function_bodies = off;
SET LOCAL ROLE c_writer;
SELECT matches(pg_temp.error_of($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('acme', 'x', 'acme', 'team', '{"integrations": {"slak": {}}}')$$),
	'^23514', 'the setting of a restore lets no invalid document in');
SELECT matches(pg_temp.error_of($$SELECT c_add('x', '{"integrations": {"slak": {}}}')$$), '^23514', 'nor through a function that has the rights');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, version, updated_by) VALUES ('acme', 'x', 'acme', 'team', 99, 'forged');
SELECT is((version, updated_by)::text, '(1,c_writer)', 'nor a version, nor an author') FROM node_configurations WHERE node_id = 'x';
SELECT is(c_add('y', '{}'), 1, 'nor through such a function');
RESET ROLE;
INSERT INTO source VALUES ('acme', 'locked', 'acme', '{"integrations": {"slack": {"config": {"default_channel": "#mine"}}}}');
SET LOCAL ROLE c_writer;
SELECT matches(pg_temp.error_of($$SELECT integration_config_import('source')$$), '^23514.*locked', 'an import under it is held by locks');
RESET ROLE;
UPDATE source SET parent_id = 'locked', config_json = '{}';
SET LOCAL ROLE c_writer;
SELECT matches(pg_temp.error_of($$SELECT integration_config_import('source')$$), '^23514.*its own ancestor', 'and by the tree');
SELECT matches(pg_temp.error_of(statement), '^42501', 'without a right: ' || statement) FROM (VALUES
	('INSERT INTO node_configuration_history SELECT * FROM node_configuration_history'),
	('UPDATE node_configuration_history SET role = ''somebody'''),
	('DELETE FROM node_configuration_history'), ('TRUNCATE node_configuration_history'), ('TRUNCATE node_configurations'),
	('SELECT integration_config_prune(now())'), ('SELECT integration_config_erase(''acme'', ''sre'', ''slack'', ''default_channel'')'),
	('SET integration_schemas.max_depth = 1000'), ('SET integration_schemas.max_document_size = 262144'),
	('SET session_replication_role = replica')) AS s (statement);
RESET ROLE;
RESET check_function_bodies;

-- one who may write history, but of one organisation alone
INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme2', 'acme2', 'org');
SET LOCAL check_function_bodies = off;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, version, incarnation) VALUES ('other', 'restored', 'other', 'team', 5, 5);
RESET check_function_bodies;
SELECT is((version, transaction, author)::text, format('(5,0,%s)', current_user), 'a node that came alone')
FROM node_configuration_history WHERE node_id = 'restored';
ALTER TABLE node_configuration_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON node_configuration_history TO c_restorer USING (org_id = 'acme2') WITH CHECK (org_id = 'acme2');
SET LOCAL check_function_bodies = off;
SET LOCAL ROLE c_restorer;
SELECT matches(pg_temp.error_of($$INSERT INTO node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation)
	VALUES ('other', 'restored', 5, 'update', 'team', '{}', 'forged', 'forged', now(), now(), 5)$$), '^(42501|23505)', 'has it replaced by nobody whom a policy holds');
RESET ROLE;
SELECT is(author, current_user::text, 'and it stays') FROM node_configuration_history WHERE node_id = 'restored';
RESET check_function_bodies;
ALTER TABLE node_configuration_history DISABLE ROW LEVEL SECURITY;

--
-- Who did it is who did it
--

CREATE ROLE c_member;
GRANT c_writer TO c_member;
SET LOCAL ROLE c_member;
SET LOCAL integration_schemas.author = 'boss';
SELECT is(integration_config_set('acme', 'sre', '{"k": 1}', author => 'chief'), 2, 'a write with an author of his choice');
SELECT is((author, role)::text, '(chief,c_member)', 'says who he is beside it')
FROM node_configuration_history WHERE node_id = 'sre' AND version = 2;
RESET integration_schemas.author;

--
-- Temporary objects of his
--

CREATE TEMPORARY TABLE node_configurations (org_id text, node_id text, parent_id text, node_type text, config_json jsonb);
INSERT INTO node_configurations VALUES ('acme', 'sre', NULL, 'team', '{"k": "temporary"}');
CREATE TEMPORARY TABLE node_configuration_history (org_id text);
CREATE TEMPORARY TABLE integration_schemas (id text);
CREATE DOMAIN pg_temp.jsonb AS pg_catalog.text CHECK (false);
CREATE FUNCTION pg_temp.jsonb_set(pg_catalog.jsonb, text[], pg_catalog.jsonb, boolean) RETURNS pg_catalog.jsonb LANGUAGE sql AS 'SELECT NULL::pg_catalog.jsonb';
CREATE FUNCTION pg_temp.texteq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.texteq);
SET LOCAL search_path = pg_temp, public, pg_catalog;
SELECT integration_config_effective('acme', 'sre') ->> 'k' AS k, integration_config_set('acme', 'sre', '{"k": 2}'::pg_catalog.jsonb) AS set,
	(SELECT count(*) FROM integration_config_history('acme', 'sre')) AS versions \gset
SET LOCAL search_path = public;
SELECT is(:'k'::text, '1', 'do not come before the tables');
SELECT is(:set, 3, 'nor where it is written');
SELECT is(:versions, 2, 'nor in the history, as it stood');
RESET ROLE;
DROP TABLE pg_temp.node_configurations, pg_temp.node_configuration_history, pg_temp.integration_schemas;
DROP DOMAIN pg_temp.jsonb;

--
-- The parts that functions are made of
--

SET LOCAL ROLE c_nobody;
SELECT matches(pg_temp.error_of(statement), '^(42501|39P01|42883)', 'not for everybody: ' || statement) FROM (VALUES
	('SELECT integration_schemas_internal.dump_order(''node_configurations''::regclass, ''(0,1)'')'),
	('SELECT integration_schemas_internal.effective_all(''acme'')'),
	('SELECT integration_schemas_internal.script_execute(''SELECT 1'')'),
	('SELECT integration_schemas_internal.node_before()'), ('SELECT integration_schemas_internal.history_before()'),
	('SELECT integration_config_history(''acme'', ''sre'')'), ('SELECT integration_config_violations()'),
	('SELECT integration_schema_impact(''slack'', NULL)'), ('SELECT integration_config_status(''acme'')'),
	('SELECT integration_config_get(''acme'', ''sre'')')) AS s (statement);
SELECT is(integration_schemas_internal.is_dumped('integration_schemas'::regclass, '(0,1)'), false, 'a built-in row is in no dump');
SELECT is(integration_schemas_internal.is_dumped('integration_schemas'::regclass, place), false, 'nor is what is nowhere: ' || place)
FROM unnest('{"(9999999,1)","(0,0)","(0,65535)","(4294967295,1)"}'::tid[]) AS place;
SELECT is(integration_schemas_internal.is_dumped('pg_authid'::regclass, '(0,1)'), false, 'nor a row of another table');
SELECT is(integration_schemas_internal.triggers_are_on(0), NULL, 'a table that is not there has no triggers');
RESET ROLE;
SELECT is(integration_schemas_internal.dump_order('node_configurations'::regclass, place), 0, 'no row, no place: ' || place)
FROM unnest('{"(9999999,1)","(0,0)","(0,65535)","(4294967295,1)"}'::tid[]) AS place;
SELECT is(integration_schemas_internal.dump_order('pg_authid'::regclass, '(0,1)'), 0, 'nor of another table');
SELECT is(integration_schemas_internal.dump_order(tableoid, ctid), 1, 'a node below the root') FROM node_configurations WHERE node_id = 'sre';

--
-- A source: its owner's code runs as himself, also for a superuser, and nobody reads it as one who is none
--

CREATE TABLE public.who (who name);
GRANT INSERT ON public.who TO PUBLIC;
SET LOCAL ROLE c_owner;
CREATE FUNCTION public.c_say() RETURNS text LANGUAGE sql AS 'INSERT INTO public.who VALUES (current_user); SELECT ''viewed''::text';
CREATE VIEW public.c_view AS SELECT c_say() AS id, 'Viewed' AS name;
CREATE TYPE public.c_word AS ENUM ('Cast', 'Super');
CREATE FUNCTION public.c_json(c_word) RETURNS json LANGUAGE sql AS 'SELECT to_json(public.c_say())';
CREATE CAST (c_word AS json) WITH FUNCTION public.c_json(c_word);
CREATE TABLE public.c_table (id text, name c_word);
INSERT INTO c_table VALUES ('cast', 'Cast');
GRANT SELECT ON c_view, c_table TO c_writer;
RESET ROLE;
CREATE TABLE public.c_super (id text, name c_word);
INSERT INTO c_super VALUES ('super', 'Super');
GRANT SELECT ON c_super TO c_writer;
SELECT lives_ok($$SELECT integration_schemas_import('c_view'), integration_schemas_import('c_table')$$, 'a superuser imports from a view and a table of his');
SELECT is(string_agg(DISTINCT who, ','), 'c_owner', 'which run his code as himself') FROM who;
DELETE FROM who;
SET LOCAL ROLE c_writer;
SELECT lives_ok($$SELECT integration_schemas_import('c_super')$$, 'somebody imports from a superuser''s table with a type of his');
RESET ROLE;
SELECT is(string_agg(DISTINCT who, ','), 'c_writer', 'which makes nobody a superuser') FROM who;

--
-- In tables, indexes, constraints and views of others
--

SET LOCAL ROLE c_owner;
CREATE TABLE public.c_documents (d jsonb CHECK (integration_schema_is_valid(d)));
SELECT matches(pg_temp.error_of('CREATE INDEX ON c_documents (integration_schema_is_valid(d))'), '^42P17', 'what the catalogue decides is in no index');
CREATE VIEW public.c_valid AS SELECT integration_schema_is_valid(d) AS valid FROM c_documents;
CREATE TRIGGER check_it BEFORE INSERT OR UPDATE ON c_documents FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d');
GRANT ALL ON c_documents, c_valid TO c_nobody;
SELECT matches(pg_temp.error_of(format('CREATE TRIGGER t BEFORE INSERT ON c_documents FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.%I()', f)), '^42501', f || ' is no trigger of anybody else''s')
FROM unnest('{node_before,node_after,node_truncate,history_before,integration_schemas_row,integration_schemas_touch,integration_schema_removed_row,integration_schema_history_row}'::text[]) AS f;
RESET ROLE;
SET LOCAL ROLE c_nobody;
SELECT is(pg_temp.error_of('INSERT INTO c_documents VALUES (''{"integrations": {"slack": {}}}'')'), 'none', 'a document in a table of somebody else''s');
SELECT matches(pg_temp.error_of('INSERT INTO c_documents VALUES (''{"integrations": {"slak": {}}}'')'), '^23514', 'is checked');
SELECT is(valid, true, 'and seen in a view') FROM c_valid;
RESET ROLE;
REVOKE SELECT ON public.integration_schemas FROM PUBLIC;
SET LOCAL ROLE c_nobody;
SELECT matches(pg_temp.error_of('SELECT * FROM c_valid'), '^42501', 'a view of it shows the catalogue to nobody who may not see it');
SELECT matches(pg_temp.error_of('INSERT INTO c_documents VALUES (''{}'')'), '^42501', 'nor does the trigger');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
