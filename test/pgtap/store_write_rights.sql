-- Whose rights a write needs, and whose it has: the caller needs those that the
-- statement takes; the table's owner gets none of them, whatever he has put on
-- the table.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
SELECT current_user AS me \gset
CREATE ROLE w_owner;
CREATE ROLE w_writer;
CREATE ROLE w_reader;
CREATE ROLE w_columns;
CREATE ROLE w_blind;
GRANT USAGE ON SCHEMA :ours TO w_owner, w_writer, w_reader, w_columns, w_blind;
GRANT SELECT, INSERT, UPDATE ON node_configurations TO w_writer;
GRANT SELECT ON node_configurations, node_configuration_history TO w_reader;
GRANT SELECT ON node_configuration_history TO w_writer;
GRANT INSERT, UPDATE ON node_configurations TO w_blind;
GRANT SELECT (org_id, node_id, config_json, version), UPDATE (config_json) ON node_configurations TO w_columns;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"default_channel": "#all"}}}}'),
	('acme', 'sre', 'acme', 'team', '{"x": 0}');
CREATE TABLE source (org_id text, node_id text, parent_id text, config_json jsonb);
GRANT SELECT ON source TO w_writer, w_reader, w_blind;

CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- Each call writes once and changes something.
CREATE TEMPORARY TABLE calls (name text, statement text);
INSERT INTO calls VALUES
	('set', $$SELECT integration_config_set('acme', 'sre', jsonb_build_object('x', random()))$$),
	('replace', $$SELECT integration_config_replace('acme', 'sre', jsonb_build_object('x', random()))$$),
	('rollback', $$SELECT integration_config_rollback('acme', 'sre', 1)$$),
	('unset', $$SELECT integration_config_unset('acme', 'sre', 'slack', 'default_channel')$$),
	('inherit', $$SELECT integration_config_inherit('acme', 'sre', 'slack', 'default_channel')$$),
	('import', $$SELECT * FROM integration_config_import('source')$$);
GRANT SELECT ON calls TO PUBLIC;

--
-- What the caller needs
--

SET LOCAL ROLE w_reader;
SELECT matches(pg_temp.error_of(statement), '^42501 permission denied for table node_configurations', name || ': UPDATE is needed')
FROM calls;
SET LOCAL ROLE w_blind;
SELECT matches(pg_temp.error_of(statement), '^42501 permission denied for table node_configurations', name || ': SELECT is needed')
FROM calls;
SET LOCAL ROLE w_writer;
SELECT is(pg_temp.error_of(statement), 'none', name || ': SELECT and UPDATE are enough') FROM calls;
SELECT is(pg_temp.error_of('SELECT integration_config_set(''acme'', ''sre'', ''{}'')'), 'none', 'also where nothing changes');
SET LOCAL ROLE w_columns;
SELECT is(pg_temp.error_of(statement), 'none', name || ': of the columns that it reads and writes')
FROM calls WHERE name IN ('set', 'replace', 'unset', 'inherit');
SELECT matches(pg_temp.error_of(statement), '^42501 permission denied for table node_configuration_history', name || ' reads history')
FROM calls WHERE name = 'rollback';
SET LOCAL ROLE w_columns;
SELECT matches(pg_temp.error_of(statement), '^42501', name || ' needs more') FROM calls WHERE name = 'import';
RESET ROLE;
REVOKE INSERT ON node_configurations FROM w_writer;
SET LOCAL ROLE w_writer;
SELECT matches(pg_temp.error_of(statement), '^42501 permission denied for table node_configurations', name || ' needs INSERT, were there nothing new')
FROM calls WHERE name = 'import';
RESET ROLE;
GRANT INSERT ON node_configurations TO w_writer;
REVOKE SELECT ON source FROM w_writer;
SET LOCAL ROLE w_writer;
SELECT matches(pg_temp.error_of(statement), '^42501 permission denied for table source', name || ' needs SELECT on the source')
FROM calls WHERE name = 'import';
RESET ROLE;
REVOKE UPDATE ON node_configurations FROM w_writer;
SET LOCAL ROLE w_writer;
SELECT matches(pg_temp.error_of('SELECT integration_config_set(''acme'', ''nobody'', ''{}'')'), '^42501', 'a revoked right is gone at once');
RESET ROLE;
GRANT UPDATE ON node_configurations TO w_writer;

--
-- What the owner gets: every place for code of his
--

ALTER TABLE node_configurations OWNER TO w_owner;
ALTER TABLE node_configuration_history OWNER TO w_owner;
CREATE TABLE whose (place text, who name, session_is boolean, path text);
ALTER TABLE whose OWNER TO w_owner;
GRANT CREATE ON SCHEMA public TO w_owner;
CREATE TABLE source_of_owner (org_id text, node_id text, parent_id text, config_json jsonb);
ALTER TABLE source_of_owner OWNER TO w_owner;

SET LOCAL ROLE w_owner;
-- Says who it is run as, and tries to climb; not while it is put in place, when
-- the role of this very session would help it.
CREATE FUNCTION public.w_climb(place text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('w.armed', true) IS DISTINCT FROM 'yes' THEN
		RETURN true;
	END IF;
	INSERT INTO public.whose VALUES (place, current_user, current_user = session_user, current_setting('search_path'));
	BEGIN
		EXECUTE 'ALTER ROLE w_owner SUPERUSER';
		INSERT INTO public.whose VALUES (place || ' climbed', current_user);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	BEGIN
		EXECUTE format('SET ROLE %I', session_user);
		EXECUTE 'ALTER ROLE w_owner SUPERUSER';
		INSERT INTO public.whose VALUES (place || ' got back', current_user);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	BEGIN
		EXECUTE 'RESET ROLE';
		INSERT INTO public.whose VALUES (place || ' reset', current_user);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	RETURN true;
END $$;
CREATE FUNCTION public.w_stable(place text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM public.w_climb(place);
	RETURN true;
END $$;
CREATE FUNCTION public.w_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.w_climb(format('trigger %s %s', TG_WHEN, TG_LEVEL));
	RETURN NEW;
END $$;
CREATE TRIGGER a1 BEFORE INSERT OR UPDATE ON node_configurations FOR EACH ROW EXECUTE FUNCTION public.w_trigger();
CREATE TRIGGER a2 AFTER INSERT OR UPDATE ON node_configurations FOR EACH ROW EXECUTE FUNCTION public.w_trigger();
CREATE TRIGGER a3 BEFORE INSERT OR UPDATE ON node_configurations FOR EACH STATEMENT EXECUTE FUNCTION public.w_trigger();
CREATE TRIGGER a4 AFTER INSERT OR UPDATE ON node_configurations FOR EACH STATEMENT EXECUTE FUNCTION public.w_trigger();
ALTER TABLE node_configurations ADD CONSTRAINT w_check CHECK (public.w_climb('check') OR node_id IS NULL);
ALTER TABLE node_configurations ADD COLUMN w_default boolean DEFAULT public.w_climb('default');
ALTER TABLE node_configurations ADD COLUMN w_generated boolean GENERATED ALWAYS AS (public.w_stable('generated' || node_id)) STORED;
CREATE INDEX w_index ON node_configurations ((public.w_stable('index' || version::text)));
CREATE INDEX w_partial ON node_configurations (version) WHERE public.w_stable('partial' || version::text);
CREATE RULE w_rule AS ON UPDATE TO node_configurations DO ALSO SELECT public.w_climb('rule');
INSERT INTO source_of_owner VALUES ('of owner', 'of owner', NULL, '{}');
-- how a column of a type of his becomes a document is his to say
CREATE TYPE public.w_json AS (document jsonb);
CREATE FUNCTION public.w_cast(public.w_json) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.w_climb('source');
	RETURN $1.document;
END $$;
CREATE CAST (public.w_json AS jsonb) WITH FUNCTION public.w_cast(public.w_json);
ALTER TABLE source_of_owner ALTER config_json TYPE public.w_json USING ROW(config_json)::public.w_json;
CREATE VIEW public.view_of_owner AS SELECT org_id, node_id, public.w_climb('view')::text AS name FROM source_of_owner;
RESET ROLE;

-- as a superuser, and as a role with rights on the table
CREATE FUNCTION pg_temp.places(statement text, OUT places text, OUT strangers text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	SELECT string_agg(DISTINCT regexp_replace(place, '(generated|index|partial).*', '\1'), ', ' ),
		   string_agg(DISTINCT who || ' ' || place || coalesce(' ' || path, ''), ', ')
			   FILTER (WHERE who <> 'w_owner' OR place ~ 'climbed|got back|reset' OR path <> 'pg_catalog, pg_temp')
	  INTO places, strangers FROM whose;
	DELETE FROM whose;
END $$;
SET LOCAL w.armed = 'yes';
SELECT is(strangers, NULL, format('%s by a superuser: only the owner''s rights, in: %s', name, places))
FROM calls, pg_temp.places(statement) WHERE name <> 'import';
INSERT INTO source VALUES ('new', 'new', NULL, '{}'), ('acme', 'acme', NULL, '{"new": 1}'), ('acme', 'sre', 'acme', '{"new": 1}');
SELECT is(strangers, NULL, format('import by a superuser, in: %s', places))
FROM pg_temp.places($$SELECT * FROM integration_config_import('source')$$);
SELECT concat_ws(E'\n', is(strangers, NULL, format('import from a table of the owner''s, in: %s', places)), matches(places, 'source', 'that one was there'))
FROM pg_temp.places($$SELECT * FROM integration_config_import('source_of_owner')$$);
SELECT concat_ws(E'\n', is(strangers, NULL, format('import from a view of his, in: %s', places)), matches(places, 'view', 'that one was there'))
FROM pg_temp.places($$SELECT * FROM integration_config_import('public.view_of_owner')$$);
SELECT ok(places LIKE '%check%generated%index%partial%rule%trigger AFTER ROW%trigger AFTER STATEMENT%trigger BEFORE ROW%trigger BEFORE STATEMENT%',
		  'and each of his places was there: ' || places)
FROM pg_temp.places($$SELECT integration_config_set('acme', 'sre', '{"every": "place"}')$$);
SELECT is(rolsuper, false, 'he has not climbed') FROM pg_roles WHERE rolname = 'w_owner';

SELECT is(pg_temp.error_of($$SELECT integration_config_set('acme', 'sre', '{"integrations": {"slak": {}}}')$$) LIKE '23514%', true,
		  'a refused write');
SELECT is(current_user, :'me'::name, 'leaves the caller who he was');
SELECT is(current_setting('search_path'), reset_val, 'with the search_path that he had')
FROM pg_settings WHERE name = 'search_path';

SET LOCAL w.armed = 'no';

--
-- Under row security the caller is himself, and his policies hold
--

SET LOCAL ROLE w_owner;
DROP INDEX w_index, w_partial;
DROP RULE w_rule ON node_configurations;
ALTER TABLE node_configurations DROP CONSTRAINT w_check, DROP COLUMN w_default, DROP COLUMN w_generated,
	ENABLE ROW LEVEL SECURITY;
DROP TRIGGER a1 ON node_configurations; DROP TRIGGER a2 ON node_configurations;
DROP TRIGGER a3 ON node_configurations; DROP TRIGGER a4 ON node_configurations;
CREATE POLICY seen ON node_configurations FOR SELECT TO w_writer USING (true);
CREATE POLICY written ON node_configurations FOR UPDATE TO w_writer
	USING (org_id = 'acme') WITH CHECK (NOT config_json ? 'forbidden');
RESET ROLE;
SET LOCAL ROLE w_writer;
SELECT is(pg_temp.error_of($$SELECT integration_config_set('acme', 'sre', '{"allowed": 1}')$$), 'none', 'what a policy allows');
SELECT is(pg_temp.error_of($$SELECT integration_config_set('acme', 'sre', '{"forbidden": 1}')$$),
		  '42501 new row violates row-level security policy for table "node_configurations"', 'WITH CHECK');
SELECT is(pg_temp.error_of($$SELECT integration_config_set('new', 'new', '{"x": 1}')$$),
		  '42704 node "new" of organisation "new" does not exist', 'USING');
RESET ROLE;
SELECT is(pg_temp.error_of($$SELECT integration_config_set('new', 'new', '{"forbidden": 1}')$$), 'none', 'a superuser has none');
SET LOCAL ROLE w_owner;
ALTER TABLE node_configurations FORCE ROW LEVEL SECURITY;
SELECT is(pg_temp.error_of($$SELECT integration_config_set('acme', 'sre', '{"owner": 1}')$$),
		  '42704 node "sre" of organisation "acme" does not exist', 'an owner that forces them upon himself');
RESET ROLE;
SELECT is(pg_temp.error_of($$SELECT integration_config_set('new', 'new', '{"superuser": 1}')$$), 'none',
		  'does not force them upon a superuser');

SELECT * FROM finish();
ROLLBACK;
