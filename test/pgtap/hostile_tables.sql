-- The extension's tables altered by their owner, who need be no superuser: a
-- clear error or an answer, never an internal error, and never a crash.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

--
-- Who may use those that act as the owner
--

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	  JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
	 WHERE p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE')
$$, 'PUBLIC may call no SECURITY DEFINER function, nor make a trigger of one');

--
-- Our own tables, altered by their owner
--

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'acme', NULL, 'org'), ('acme', 'sre', 'acme', 'team');
UPDATE node_configurations SET config_json = '{"integrations": {"slack": {"config": {"default_channel": "#a"}}}}' WHERE node_id = 'sre';
SELECT integration_schema_rename_field('slack', 'default_channel', 'channel'), integration_config_rollback('acme', 'sre', 2) \gset

-- Each use of the tables, on its own.
CREATE TEMPORARY TABLE uses (statement text);
INSERT INTO uses VALUES
	('SELECT integration_config_effective(''acme'', ''sre'')'),
	('SELECT integration_config_explain(''acme'', ''sre'')'),
	('SELECT integration_config_status(''acme'')'),
	('SELECT integration_config_effective_all(''acme'')'),
	('SELECT * FROM integration_config_history(''acme'', ''sre'')'),
	('SELECT integration_config_set(''acme'', ''sre'', ''{"a": 1}'')'),
	('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES (''acme'', ''new'', ''sre'', ''team'')'),
	('UPDATE node_configurations SET parent_id = ''sre'' WHERE node_id = ''sre'''),
	('DELETE FROM node_configurations'),
	('TRUNCATE node_configurations'),
	('SELECT integration_config_prune(now())'), ('SELECT integration_config_erase(''a'', ''a'', ''slack'', ''bot_token'')'),
	('SELECT integration_schema_config(''{"integrations": {"slack": {"config": {"bot_token": "x"}}}}'')'),
	('SELECT integration_schema_list(), integration_schema_get(''slack''), integration_schema_categories()'),
	('UPDATE integration_schemas SET name = ''changed'' WHERE id = ''slack'''),
	('INSERT INTO integration_schemas (id, name, category, description) VALUES (''new'', ''New'', ''test'', '''')'),
	('DELETE FROM integration_schemas'),
	('TRUNCATE integration_schemas'),
	('INSERT INTO integration_schema_removed VALUES (''slack'')'),
	('SELECT integration_config_rollback(''acme'', ''sre'', 1), integration_config_rollback(''acme'', ''sre'', 2)'),
	('SELECT integration_schema_rename(''slack'', ''chat'')'),
	('SELECT integration_schema_rename_field(''slack'', ''bot_token'', ''token'')');

CREATE FUNCTION pg_temp.internal_errors(alteration text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	internal text := '';
BEGIN
	EXECUTE alteration;
	SELECT string_agg(statement || ': ' || state, E'\n') INTO internal
	  FROM (SELECT statement, pg_temp.error_of(statement || '; DO ''BEGIN RAISE SQLSTATE ''''YY000''''; END''') AS state FROM uses) AS u
	 WHERE state ~ '^XX';
	RAISE SQLSTATE 'YY001';
EXCEPTION WHEN SQLSTATE 'YY001' THEN
	RETURN internal;			-- and all is as it was
END $$;

-- declarations that name the column would keep it from being altered
CREATE FUNCTION pg_temp.free(tab regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	what record;
BEGIN
	FOR what IN SELECT conname FROM pg_constraint WHERE conrelid = tab AND contype IN ('c', 'f') LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tab, what.conname);
	END LOOP;
	FOR what IN SELECT tgname FROM pg_trigger WHERE tgrelid = tab AND tgattr <> '' LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', what.tgname, tab);
	END LOOP;
END $$;

SELECT is(pg_temp.internal_errors(alteration), NULL, alteration)
FROM (
	SELECT format(how, c.tab, c.col) AS alteration
	FROM (VALUES ('node_configurations', 'org_id'), ('node_configurations', 'node_id'), ('node_configurations', 'parent_id'),
				 ('node_configurations', 'config_json'), ('node_configurations', 'node_type'), ('integration_schemas', 'id'),
				 ('integration_schemas', 'origin'), ('integration_schemas', 'updated_at'), ('integration_schemas', 'fields'),
				 ('integration_schemas', 'required'), ('integration_schemas', 'display_order'), ('integration_schema_removed', 'id'),
				 ('integration_schema_version', 'version'), ('integration_schema_version', 'singleton'),
				 ('node_configuration_history', 'operation'), ('node_configuration_history', 'reason'),
				 ('integration_schema_history', 'entry'), ('integration_schema_history', 'reason'),
				 ('integration_schema_renames', 'sequence'), ('integration_schema_renames', 'from_id'), ('integration_schema_renames', 'to_field')) AS c (tab, col),
		 (VALUES ('ALTER TABLE %1$s DROP COLUMN %2$s CASCADE'),
				 ('ALTER TABLE %1$s RENAME COLUMN %2$s TO renamed'),
				 ('SELECT pg_temp.free(''%1$s''); ALTER TABLE %1$s ALTER %2$s DROP DEFAULT, ALTER %2$s TYPE integer USING hashtext(%2$s::text)'),
				 ('SELECT pg_temp.free(''%1$s''); ALTER TABLE %1$s ALTER %2$s DROP DEFAULT, ALTER %2$s TYPE name USING %2$s::text::name')) AS h (how)
	UNION ALL
	SELECT unnest(ARRAY [
		'ALTER TABLE node_configurations ALTER config_json DROP NOT NULL, DISABLE TRIGGER USER;
		 UPDATE node_configurations SET config_json = NULL; ALTER TABLE node_configurations ENABLE TRIGGER USER',
		'ALTER TABLE node_configurations DISABLE TRIGGER USER; UPDATE node_configurations SET config_json = ''[1]'';
		 ALTER TABLE node_configurations ENABLE TRIGGER USER',
		'ALTER TABLE node_configurations DROP CONSTRAINT node_configurations_pkey CASCADE',
		'ALTER TABLE node_configurations DROP CONSTRAINT node_configurations_pkey CASCADE, ADD PRIMARY KEY (node_id, org_id)',
		'ALTER TABLE node_configurations DROP CONSTRAINT node_configurations_pkey CASCADE, ADD PRIMARY KEY (node_id)',
		'ALTER TABLE integration_schemas ALTER origin DROP NOT NULL, DISABLE TRIGGER integration_schemas_row;
		 UPDATE integration_schemas SET origin = NULL; ALTER TABLE integration_schemas ENABLE ALWAYS TRIGGER integration_schemas_row',
		'ALTER TABLE integration_schema_version DROP CONSTRAINT integration_schema_version_pkey;
		 CREATE INDEX integration_schema_version_pkey ON integration_schemas (name)',
		'ALTER TABLE integration_schema_version DROP CONSTRAINT integration_schema_version_pkey, ADD PRIMARY KEY (version)',
		'CREATE RULE r AS ON UPDATE TO integration_schema_version DO INSTEAD SELECT 1'])
) AS a;

CREATE FUNCTION pg_temp.stand_in(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE %1$I RENAME TO aside; CREATE TABLE %1$I (LIKE aside INCLUDING ALL)', name);
	DELETE FROM integration_schemas WHERE id = 'slack';
	RETURN 'written';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

-- a column is not given as what it is not
ALTER TABLE node_configuration_history ALTER reason TYPE integer USING 2000000000;
ALTER TABLE integration_schema_history ALTER reason TYPE integer USING 2000000000;
SELECT throws_ok(format('SELECT * FROM %s', call), '55000', 'a table is not as the extension made it', call || ' with an altered column')
FROM (SELECT format('integration_config_history(%L, %L)', org_id, node_id) AS call FROM node_configurations
	  UNION ALL SELECT 'integration_schema_changes(''-infinity'')') AS c;

-- a table that only has the name of one of ours is not written
SELECT is((pg_temp.stand_in(name)), '42P01', 'another table in the place of ' || name)
FROM (VALUES ('integration_schema_removed'), ('integration_schema_version'), ('integration_schema_history')) AS n (name);

SELECT * FROM finish();
ROLLBACK;
