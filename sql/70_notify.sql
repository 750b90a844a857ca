-- Announcements: a NOTIFY on channel integration_schemas for each statement that
-- changes the catalogue, and for each organisation that a statement changes.
--
-- They name what changed and have no values. Whoever hears one asks again.

CREATE FUNCTION @extschema@.integration_schemas_announce(message jsonb, key text, names text[])
	RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	payload text := (message || jsonb_build_object(key, names))::text;
BEGIN
	-- The server refuses a payload of 8000 bytes: null stands for "many".
	IF octet_length(payload) >= 8000 THEN
		payload := (message || jsonb_build_object(key, NULL))::text;
	END IF;
	PERFORM pg_notify('integration_schemas', payload);
END
$$;
COMMENT ON FUNCTION @extschema@.integration_schemas_announce(jsonb, text, text[]) IS
	'sends one announcement, without the list of names where it would be too long';

CREATE FUNCTION @extschema@.integration_schemas_notify() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids text[];
BEGIN
	IF NOT coalesce(nullif(current_setting('integration_schemas.notify', true), ''), 'on')::boolean THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'INSERT' THEN
		SELECT array_agg(id ORDER BY id) INTO ids FROM new_rows;
	ELSIF TG_OP = 'UPDATE' THEN
		SELECT array_agg(DISTINCT id ORDER BY id) INTO ids
		  FROM (SELECT id FROM (TABLE new_rows EXCEPT TABLE old_rows) AS n
				UNION ALL
				SELECT id FROM (TABLE old_rows EXCEPT TABLE new_rows) AS o) AS changed;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT array_agg(id ORDER BY id) INTO ids FROM old_rows;
	END IF;
	IF ids IS NOT NULL OR TG_OP = 'TRUNCATE' THEN
		PERFORM @extschema@.integration_schemas_announce(
			jsonb_build_object('kind', 'catalogue', 'operation', lower(TG_OP)), 'integrations', ids);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.integration_schemas_notify() IS
	'trigger: announces which integrations of the catalogue changed';

CREATE FUNCTION @extschema@.node_configurations_notify() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT coalesce(nullif(current_setting('integration_schemas.notify', true), ''), 'on')::boolean THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'INSERT' THEN
		PERFORM @extschema@.integration_schemas_announce(
					jsonb_build_object('kind', 'nodes', 'operation', 'insert', 'org_id', n.org_id),
					'nodes', array_agg(n.node_id ORDER BY n.node_id))
		   FROM new_rows AS n GROUP BY n.org_id ORDER BY n.org_id;
	ELSIF TG_OP = 'UPDATE' THEN
		PERFORM @extschema@.integration_schemas_announce(
					jsonb_build_object('kind', 'nodes', 'operation', 'update', 'org_id', n.org_id),
					'nodes', array_agg(n.node_id ORDER BY n.node_id))
		   FROM new_rows AS n JOIN old_rows AS o USING (org_id, node_id)
		  WHERE n.version <> o.version GROUP BY n.org_id ORDER BY n.org_id;
	ELSIF TG_OP = 'DELETE' THEN
		PERFORM @extschema@.integration_schemas_announce(
					jsonb_build_object('kind', 'nodes', 'operation', 'delete', 'org_id', o.org_id),
					'nodes', array_agg(o.node_id ORDER BY o.node_id))
		   FROM old_rows AS o GROUP BY o.org_id ORDER BY o.org_id;
	ELSE						-- TRUNCATE, before it happens
		PERFORM @extschema@.integration_schemas_announce(
					jsonb_build_object('kind', 'nodes', 'operation', 'truncate', 'org_id', o.org_id),
					'nodes', NULL)
		   FROM (SELECT DISTINCT org_id FROM @extschema@.node_configurations) AS o;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.node_configurations_notify() IS
	'trigger: announces which nodes of an organisation changed';

CREATE TRIGGER integration_schemas_notify_insert
	AFTER INSERT ON @extschema@.integration_schemas
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.integration_schemas_notify();
CREATE TRIGGER integration_schemas_notify_update
	AFTER UPDATE ON @extschema@.integration_schemas
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.integration_schemas_notify();
CREATE TRIGGER integration_schemas_notify_delete
	AFTER DELETE ON @extschema@.integration_schemas
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.integration_schemas_notify();
CREATE TRIGGER integration_schemas_notify_truncate
	AFTER TRUNCATE ON @extschema@.integration_schemas
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.integration_schemas_notify();
COMMENT ON TRIGGER integration_schemas_notify_insert ON @extschema@.integration_schemas IS
	'announces new integrations';
COMMENT ON TRIGGER integration_schemas_notify_update ON @extschema@.integration_schemas IS
	'announces changed integrations';
COMMENT ON TRIGGER integration_schemas_notify_delete ON @extschema@.integration_schemas IS
	'announces deleted integrations';
COMMENT ON TRIGGER integration_schemas_notify_truncate ON @extschema@.integration_schemas IS
	'announces that all integrations are deleted';

CREATE TRIGGER node_configurations_notify_insert
	AFTER INSERT ON @extschema@.node_configurations
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_notify();
CREATE TRIGGER node_configurations_notify_update
	AFTER UPDATE ON @extschema@.node_configurations
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_notify();
CREATE TRIGGER node_configurations_notify_delete
	AFTER DELETE ON @extschema@.node_configurations
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_notify();
CREATE TRIGGER node_configurations_notify_truncate
	BEFORE TRUNCATE ON @extschema@.node_configurations
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_notify();
COMMENT ON TRIGGER node_configurations_notify_insert ON @extschema@.node_configurations IS
	'announces new nodes';
COMMENT ON TRIGGER node_configurations_notify_update ON @extschema@.node_configurations IS
	'announces changed and moved nodes';
COMMENT ON TRIGGER node_configurations_notify_delete ON @extschema@.node_configurations IS
	'announces deleted nodes';
COMMENT ON TRIGGER node_configurations_notify_truncate ON @extschema@.node_configurations IS
	'announces that all nodes are deleted';

ALTER FUNCTION @extschema@.node_configurations_notify() OWNER TO @extowner@;
