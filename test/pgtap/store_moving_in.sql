-- Moving in: an application's own tables in public, of the same names, whose rows are
-- taken over (doc/moving_in.md).
-- It looks at secrets in the table: not for a store that seals them.

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

CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON public.node_configurations
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
SELECT matches(pg_temp.detail(), '^node "sre" of organisation "acme": "/integrations/statuspage/config/api_kee" unknown_field: .*\n'
	'node "globex" of organisation "globex": "/integrations/slak" unknown_integration: ', 'every bad document is named');
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

-- Changes made here since

CREATE TABLE public.source (org_id text, node_id text, parent_id text, node_type text, config_json jsonb);
CREATE FUNCTION pg_temp.imported(overwrite boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.inserted, r.updated, r.unchanged)
	  FROM integrations.integration_config_import(to_regclass('public.source'), overwrite) AS r
$$;
INSERT INTO public.source VALUES ('umbrella', 'umbrella', NULL, 'org', '{"v": 1}'), ('umbrella', 'a', 'umbrella', 'team', '{"v": 1}'),
	('umbrella', 'b', 'umbrella', 'team', '{"v": 1}');
SELECT is(pg_temp.imported(), '3 0 0', 'a source');
SELECT integrations.integration_config_set('umbrella', 'a', '{"here": 1}') AS here;
SELECT is(pg_temp.imported(false), '0 0 3', 'a node that was changed here is left alone, if so asked');
SELECT is(config_json, '{"v": 1, "here": 1}', 'as it is') FROM integrations.node_configurations WHERE node_id = 'a';
UPDATE public.source SET config_json = '{"v": 2}';
SELECT is(pg_temp.imported(false), '0 2 1', 'others are not');
SELECT is(pg_temp.imported(), '0 1 2', 'or overwritten');
SELECT is(config_json, '{"v": 2}', 'and has what the source has') FROM integrations.node_configurations WHERE node_id = 'a';
SELECT is(pg_temp.imported(false), '0 0 3', 'after which it is an imported one again');
UPDATE public.source SET config_json = '{"v": 3}';
SELECT is(pg_temp.imported(false), '0 3 0', 'that follows the source');

-- A session's reason stands behind the import's

SET LOCAL integration_schemas.reason = 'ticket 7';
UPDATE public.source SET config_json = '{"v": 4}';
SELECT is(pg_temp.imported(), '0 3 0', 'with a reason of the session');
SELECT is(reason, 'import from public.source: ticket 7', 'both are told') FROM integrations.integration_config_history('umbrella', 'a') LIMIT 1;
SELECT is(current_setting('integration_schemas.reason'), 'ticket 7', 'which it keeps');
UPDATE public.source SET config_json = '{"integrations": {"slak": {}}}' WHERE node_id = 'b';
SELECT throws_ok('SELECT pg_temp.imported()', '23514', NULL, 'also after an error');
SELECT is(current_setting('integration_schemas.reason'), 'ticket 7', 'which it keeps');
UPDATE public.source SET config_json = '{"v": 4}' WHERE node_id = 'b';
SET LOCAL integration_schemas.reason = '';

-- What is there and not right any more does not stand in the way

UPDATE integrations.integration_schemas SET fields = '[{"name": "bot_token", "type": "secret"}, {"name": "old"}]' WHERE id = 'slack';
UPDATE public.source SET config_json = '{"integrations": {"slack": {"config": {"old": "x"}}}}' WHERE node_id = 'b';
SELECT is(pg_temp.imported(), '0 1 2', 'a field');
UPDATE integrations.integration_schemas SET fields = '[{"name": "bot_token", "type": "secret"}]' WHERE id = 'slack';
SELECT is(pg_temp.imported(), '0 0 3', 'that is retired');
UPDATE public.source SET config_json = config_json || '{"v": 5}' WHERE node_id = 'b';
SELECT is(pg_temp.imported(), '0 1 2', 'is no obstacle for another change');
UPDATE public.source SET config_json = jsonb_set(config_json, '{integrations,slack,config,old}', '"y"') WHERE node_id = 'b';
SELECT throws_ok('SELECT pg_temp.imported()', '23514', NULL, 'but not to be changed itself');

-- A mask keeps what is stored

UPDATE public.source SET config_json = '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}' WHERE node_id = 'b';
SELECT is(pg_temp.imported(), '0 1 2', 'a secret');
UPDATE public.source SET config_json = integrations.integration_schema_redact(config_json) WHERE node_id = 'b';
SELECT is(pg_temp.imported(), '0 0 3', 'its mask changes nothing');
INSERT INTO public.source SELECT org_id, 'new', parent_id, node_type, config_json FROM public.source WHERE node_id = 'b';
SELECT throws_ok('SELECT pg_temp.imported()', '23514', NULL, 'for a new node it is refused');
DELETE FROM public.source WHERE node_id = 'new';

-- Columns: what the source lacks keeps its value; what is the users' own is let be

DROP TABLE public.source;
ALTER TABLE integrations.node_configurations ADD COLUMN cost_centre text DEFAULT 'none', ADD COLUMN gone text;
ALTER TABLE integrations.node_configurations DROP COLUMN gone;
CREATE TYPE pg_temp.shape AS ENUM ('round');
CREATE TABLE public.source (shape pg_temp.shape DEFAULT 'round', dropped text, node_id varchar(20), org_id name, config_json text);
ALTER TABLE public.source DROP COLUMN dropped;
INSERT INTO public.source (org_id, node_id, config_json) VALUES ('umbrella', 'a', '{"v": 6}'), ('hive', 'hive', 'null');
UPDATE integrations.node_configurations SET cost_centre = 'mine', name = 'Team A' WHERE (org_id, node_id) = ('umbrella', 'a');
SELECT is(pg_temp.imported(), '1 1 0', 'a source of a few columns');
SELECT results_eq($$SELECT parent_id, node_type, name, cost_centre, config_json FROM integrations.node_configurations
					WHERE (org_id, node_id) = ('umbrella', 'a')$$,
	$$VALUES ('umbrella', 'team', 'Team A', 'mine', '{"v": 6}'::jsonb)$$, 'the others keep their values');
SELECT results_eq($$SELECT parent_id, node_type, name, cost_centre, config_json FROM integrations.node_configurations WHERE org_id = 'hive'$$,
	$$VALUES (NULL, 'org', NULL, 'none', '{}'::jsonb)$$, 'a new node has the defaults');
ALTER TABLE public.source DROP COLUMN config_json, ADD COLUMN name text DEFAULT 'Named';
SELECT is(pg_temp.imported(), '0 2 0', 'a source without documents');
SELECT results_eq($$SELECT name, config_json FROM integrations.node_configurations WHERE (org_id, node_id) = ('umbrella', 'a')$$,
	$$VALUES ('Named', '{"v": 6}'::jsonb)$$, 'changes what it has');
ALTER TABLE public.source RENAME COLUMN node_id TO id;
SELECT throws_ok('SELECT pg_temp.imported()', '42703', 'table public.source has no column "node_id"', 'without the key');

-- Documents that are no JSON

ALTER TABLE public.source RENAME COLUMN id TO node_id;
ALTER TABLE public.source ADD COLUMN config_json text DEFAULT '{"hush": ';
SELECT throws_ok('SELECT pg_temp.imported()', '22P02', 'table public.source has a document that is not JSON', 'a document that is no JSON');
UPDATE public.source SET config_json = '{"hush": "\u0000"}';
SELECT throws_ok('SELECT pg_temp.imported()', '22P05', 'table public.source has a document that is not JSON', 'nor for jsonb');
SELECT throws_ok($$SELECT integrations.integration_config_import(1::regclass)$$, '42P01', NULL, 'a table that is not there');

-- Names that are null in the source

CREATE TABLE public.nameless AS SELECT NULL::text AS org_id, node_id, '{"integrations": {"slak": {}}}'::jsonb AS config_json FROM (VALUES ('a'), (NULL)) AS n (node_id);
SELECT throws_ok($$SELECT * FROM integrations.integration_config_import('public.nameless')$$, '23514',
	'node "a" of organisation null: unknown integration "slak" (perhaps you meant "slack")', 'a node without an organisation is told of');
UPDATE public.nameless SET config_json = '{}';
SELECT throws_ok($$SELECT * FROM integrations.integration_config_import('public.nameless')$$, '23502', NULL, 'and refused');

-- Many organisations in one call, and moves below new nodes

CREATE TABLE public.many AS SELECT 'm' || i AS org_id, 'm' || i AS node_id FROM generate_series(1, 12000) AS i;
SELECT results_eq($$SELECT * FROM integrations.integration_config_import('public.many')$$, $$VALUES (12000::bigint, 0::bigint, 0::bigint)$$,
	'12,000 organisations');
CREATE TABLE public.moves (org_id text, node_id text, parent_id text, node_type text);
INSERT INTO public.moves VALUES ('umbrella', 'a', 'new', 'team'), ('umbrella', 'new', 'umbrella', 'unit');
SELECT results_eq($$SELECT * FROM integrations.integration_config_import('public.moves')$$, $$VALUES (1::bigint, 1::bigint, 0::bigint)$$,
	'a node moves below one that comes with it');

SELECT * FROM finish();
ROLLBACK;
