-- Moving in: an application's own tables in public, of the same names, whose rows are
-- taken over (doc/moving_in.md).

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
DROP EXTENSION IF EXISTS integration_schemas;

SELECT no_plan();

CREATE TABLE public.integration_schemas (
	id varchar(64) PRIMARY KEY, name varchar(128) NOT NULL, category varchar(64) NOT NULL,
	description text, docs_url varchar(512), display_order integer, featured boolean,
	fields json NOT NULL, origin text DEFAULT 'migration 7', created_at timestamp DEFAULT '2020-02-02');
CREATE TABLE public.node_configurations (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, org_id varchar(64) NOT NULL, node_id varchar(128) NOT NULL,
	parent_id varchar(128), node_type varchar(32) NOT NULL, config_json jsonb, version integer NOT NULL DEFAULT 9,
	created_at timestamp NOT NULL DEFAULT '2020-02-02', UNIQUE (org_id, node_id));
INSERT INTO public.integration_schemas (id, name, category, fields, description) VALUES
	('slack', 'Slack', 'communication', '[{"name": "bot_token", "type": "secret"}]', 'ours'),
	('statuspage', 'Statuspage', 'communication', '[{"name": "api_key", "type": "secret"}]', NULL);
INSERT INTO public.node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'sre', 'eng', 'team', '{"integrations": {"statuspage": {"config": {"api_kee": "hush"}}}}'),
	('acme', 'eng', 'acme', 'unit', NULL),
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "hush"}}}}'),
	('globex', 'globex', NULL, 'org', '{"integrations": {"slak": {}}}');

CREATE SCHEMA integrations;
SELECT lives_ok('CREATE EXTENSION integration_schemas SCHEMA integrations', 'the extension has room beside them');

-- The catalogue

SELECT results_eq($$SELECT * FROM integrations.integration_schemas_import('public.integration_schemas')$$,
	$$VALUES (1::bigint, 1::bigint, 0::bigint)$$, 'one row is new, one changed');
SELECT results_eq($$SELECT id::text, description, origin, created_at::date FROM integrations.integration_schemas
					WHERE id IN ('slack', 'statuspage') ORDER BY id$$,
	$$VALUES ('slack', 'ours', 'edited', CURRENT_DATE), ('statuspage', '', 'added', '2020-02-02'::date)$$,
	'as the catalogue''s own triggers have it');
SELECT results_eq($$SELECT * FROM integrations.integration_schemas_import('public.integration_schemas')$$,
	$$VALUES (0::bigint, 0::bigint, 2::bigint)$$, 'again nothing is left to do');
UPDATE public.integration_schemas SET fields = '[{"name": "x", "type": "secrett"}]' WHERE id = 'statuspage';
SELECT throws_ok($$SELECT integrations.integration_schemas_import('public.integration_schemas')$$, '23514', NULL,
	'a bad definition is refused');

-- The trigger on the old table

CREATE TRIGGER check_config BEFORE INSERT OR UPDATE OF config_json ON public.node_configurations
	FOR EACH ROW EXECUTE FUNCTION integrations.integration_schema_check('config_json', 'node_type');
SELECT throws_ok($$UPDATE public.node_configurations SET config_json = '{"integrations": {"slack": {"config": {"bot_token": 1}}}}'$$,
	'23514', NULL, 'the old table is watched');

-- The nodes

CREATE FUNCTION pg_temp.detail() RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	PERFORM integrations.integration_config_import('public.node_configurations');
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END
$$;
SELECT matches(pg_temp.detail(), '^node "sre" of organisation "acme": /integrations/statuspage/config/api_kee: .*\n'
	'node "globex" of organisation "globex": /integrations/slak: ', 'every bad document is named');
SELECT doesnt_match(pg_temp.detail(), 'hush', 'without its values');
SELECT is((SELECT count(*) FROM integrations.node_configurations), 0::bigint, 'and nothing is taken over');
UPDATE public.node_configurations SET config_json = '{"integrations": {"statuspage": {"config": {"api_key": "hush"}}}}' WHERE node_id = 'sre';
UPDATE public.node_configurations SET config_json = '{"globex": 1}' WHERE node_id = 'globex';
SELECT results_eq($$SELECT * FROM integrations.integration_config_import('public.node_configurations')$$,
	$$VALUES (4::bigint, 0::bigint, 0::bigint)$$, 'all are taken over, children before their parents too');
SELECT results_eq($$SELECT node_id, version, created_at::date, config_json FROM integrations.node_configurations WHERE node_id IN ('eng', 'globex') ORDER BY 1$$,
	$$VALUES ('eng', 1, '2020-02-02'::date, '{}'::jsonb), ('globex', 1, '2020-02-02', '{"globex": 1}')$$,
	'with their date, without their version');
SELECT is(reason, 'import from public.node_configurations', 'history says where from')
FROM integrations.integration_config_history('acme', 'sre');
UPDATE public.node_configurations SET config_json = '{"globex": 2}' WHERE node_id = 'globex';
UPDATE public.node_configurations SET parent_id = 'acme' WHERE node_id = 'sre';
SELECT results_eq($$SELECT * FROM integrations.integration_config_import('public.node_configurations')$$,
	$$VALUES (0::bigint, 2::bigint, 2::bigint)$$, 'a later call brings what changed since');
SELECT is(integrations.integration_config_resolve('acme', 'sre', 'statuspage') #>> '{config,api_key}', 'hush', 'and the store answers');
SELECT is(current_setting('integration_schemas.reason'), '', 'the reason was for the import');

-- A source without levels, with JSON as text, through a view
CREATE VIEW public.old_nodes AS
SELECT 'initech' AS org_id, n AS node_id, p AS parent_id, '{"x": 1}'::text AS config_json
FROM (VALUES ('root', NULL), ('unit', 'root'), ('team', 'unit')) AS v (n, p);
SELECT results_eq($$SELECT * FROM integrations.integration_config_import('public.old_nodes')$$,
	$$VALUES (3::bigint, 0::bigint, 0::bigint)$$, 'a view with other columns');
SELECT results_eq($$SELECT node_id, node_type, config_json FROM integrations.node_configurations WHERE org_id = 'initech' ORDER BY 1$$,
	$$VALUES ('root', 'org', '{"x": 1}'::jsonb), ('team', 'team', '{"x": 1}'), ('unit', 'unit', '{"x": 1}')$$,
	'levels follow from the tree');

SELECT * FROM finish();
ROLLBACK;
