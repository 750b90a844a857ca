-- A field that was a secret keeps that type while a stored document has a value there.
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

SELECT plan(18);

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
    ('mine', 'Mine', 'test', '', '[{"name": "a", "type": "secret"}, {"name": "b", "type": "secret"}, {"name": "c"}]'),
    ('other', 'Other', 'test', '', '[{"name": "a", "type": "secret"}]');
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES
    ('x', 'x', 'org', '{"integrations": {"mine": {"config": {"a": "value-a", "b": "", "c": "value-c"}}}}'),
    ('y', 'y', 'org', '{"integrations": {"mine": {"config": {"b": null}}}, "a": 1}');

CREATE FUNCTION pg_temp.changed(fields text, id text DEFAULT 'mine') RETURNS text LANGUAGE sql AS $$
    SELECT format('UPDATE integration_schemas SET fields = %L WHERE id = %L', fields, id)
$$;

SELECT throws_ok(pg_temp.changed('[{"name": "a"}]'), '55000', 'field "a" of integration "mine" must stay a secret', 'a secret with a value stays one');
SELECT throws_ok(pg_temp.changed('[{"name": "a", "type": "object"}]'), '55000', NULL, 'whatever the other type is');
SELECT lives_ok(pg_temp.changed('[{"name": "a", "type": "secret"}, {"name": "b"}, {"name": "c"}]'), 'a blank and a null are no values');
SELECT lives_ok(pg_temp.changed('[{"name": "a", "type": "secret"}, {"name": "b", "type": "secret"}, {"name": "c", "type": "secret"}]'), 'another type may become secret');
SELECT throws_ok(pg_temp.changed('[{"name": "a", "type": "secret"}, {"name": "b", "type": "secret"}, {"name": "c"}]'), '55000', NULL, 'and not back');
SELECT lives_ok(pg_temp.changed('[{"name": "a", "type": "secret", "description": "new"}]'), 'its other keys may change, and fields go');
SELECT throws_ok(pg_temp.changed('[{"name": "a", "type": "secret"}, {"name": "c"}]'), '55000', NULL, 'a field that went does not come back as another type');
SELECT lives_ok(pg_temp.changed('[]'), 'all fields may go');
SELECT throws_ok(pg_temp.changed('[{"name": "a"}]'), '55000', NULL, 'and do not come back in clear');
SELECT lives_ok(pg_temp.changed('[{"name": "d"}]'), 'a name that was never a secret''s may');
SELECT lives_ok($$DELETE FROM integration_schemas WHERE id = 'mine'$$, 'the integration may go');
SELECT throws_ok($$INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('mine', 'Mine', 'test', '', '[{"name": "a"}]')$$,
                 '55000', NULL, 'and does not come back in clear');
SELECT throws_ok($$UPDATE integration_schemas SET id = 'mine', fields = '[{"name": "a"}]' WHERE id = 'other'$$, '55000', NULL, 'nor does another take its name');
SELECT lives_ok(pg_temp.changed('[{"name": "a"}]', 'other'), 'the other integration''s field has no value');
-- what a dump has was accepted once
SELECT lives_ok($$INSERT INTO integration_schemas (id, name, category, description, fields, origin) VALUES ('mine', 'Mine', 'test', '', '[{"name": "a"}]', 'added')$$,
                'a restored row is taken as it was');
DELETE FROM integration_schemas WHERE id = 'mine';
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('mine', 'Mine', 'test', '', '[{"name": "a", "type": "secret"}]');
UPDATE node_configurations SET config_json = '{}';
SELECT lives_ok(pg_temp.changed('[{"name": "a"}]'), 'without a value it may change');

-- by what is stored, not by what the writer may see
UPDATE integration_schemas SET fields = '[{"name": "a", "type": "secret"}]' WHERE id = 'mine';
UPDATE node_configurations SET config_json = '{"integrations": {"mine": {"config": {"a": "value-a"}}}}' WHERE org_id = 'x';
CREATE ROLE secret_writer;
GRANT SELECT, UPDATE ON integration_schemas TO secret_writer;
SET ROLE secret_writer;
SELECT throws_ok(pg_temp.changed('[{"name": "a"}]'), '55000', NULL, 'also for one who may not read the documents');
RESET ROLE;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
ALTER TABLE node_configurations FORCE ROW LEVEL SECURITY;
SELECT throws_ok(pg_temp.changed('[{"name": "a"}]'), '55000', NULL, 'and where row security hides them');

SELECT * FROM finish();
ROLLBACK;
