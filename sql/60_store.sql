-- The store: every organisation's tree of nodes, each node's document, and the
-- history of both.
--
-- The rules of the tree that a declaration can say are declared; the others
-- (no cycle, the depth limit, the locks of outer layers) need a walk through
-- the tree and are kept by node_configurations_tree(), in src/store/tree_check.c.

CREATE TABLE @extschema@.node_configurations (
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	parent_id   text,
	node_type   text        NOT NULL,
	name        text,
	config_json jsonb       NOT NULL DEFAULT '{}',
	version     integer     NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
	updated_by  text        NOT NULL DEFAULT SESSION_USER,
	incarnation integer     NOT NULL DEFAULT 1,
	CONSTRAINT node_configurations_pkey PRIMARY KEY (org_id, node_id),
	-- NO ACTION, so that one statement may insert a child before its parent or
	-- delete a whole organisation: the check is at the statement's end.
	CONSTRAINT node_configurations_parent_fkey FOREIGN KEY (org_id, parent_id)
		REFERENCES @extschema@.node_configurations (org_id, node_id),
	CONSTRAINT node_configurations_node_type_check
		CHECK (node_type IN ('platform', 'org', 'unit', 'team')),
	CONSTRAINT node_configurations_org_id_check
		CHECK (pg_catalog.char_length(org_id) BETWEEN 1 AND 255),
	CONSTRAINT node_configurations_node_id_check
		CHECK (pg_catalog.char_length(node_id) BETWEEN 1 AND 255),
	CONSTRAINT node_configurations_root_check
		CHECK ((parent_id IS NULL) = (node_type IN ('platform', 'org'))),
	CONSTRAINT node_configurations_platform_check
		CHECK ((org_id = '*') = (node_type = 'platform')
			   AND (org_id = '*') = (node_id = '*'))
);

CREATE UNIQUE INDEX node_configurations_root_idx
	ON @extschema@.node_configurations (org_id) WHERE parent_id IS NULL;
CREATE INDEX node_configurations_parent_idx
	ON @extschema@.node_configurations (org_id, parent_id);

COMMENT ON TABLE @extschema@.node_configurations IS
	'every organisation''s tree of nodes with the document that each node sets';
COMMENT ON COLUMN @extschema@.node_configurations.org_id IS
	'the organisation; ''*'' for the platform''s node';
COMMENT ON COLUMN @extschema@.node_configurations.node_id IS
	'the node, unique in its organisation; ''*'' for the platform''s node';
COMMENT ON COLUMN @extschema@.node_configurations.parent_id IS
	'the node above, of the same organisation; null for the organisation''s root and the platform';
COMMENT ON COLUMN @extschema@.node_configurations.node_type IS
	'platform, org (the root), unit (any depth) or team';
COMMENT ON COLUMN @extschema@.node_configurations.name IS
	'a name for people';
COMMENT ON COLUMN @extschema@.node_configurations.incarnation IS
	'which node of this name it is';
COMMENT ON COLUMN @extschema@.node_configurations.config_json IS
	'the document: the values that this node sets';
COMMENT ON COLUMN @extschema@.node_configurations.version IS
	'grows by one with every change; set by the database';
COMMENT ON COLUMN @extschema@.node_configurations.created_at IS
	'when the node was made';
COMMENT ON COLUMN @extschema@.node_configurations.updated_at IS
	'when this version was written; set by the database';
COMMENT ON COLUMN @extschema@.node_configurations.updated_by IS
	'who wrote this version: integration_schemas.author, or else the role; set by the database';
COMMENT ON CONSTRAINT node_configurations_pkey
	ON @extschema@.node_configurations IS 'a node is known by organisation and name';
COMMENT ON CONSTRAINT node_configurations_parent_fkey
	ON @extschema@.node_configurations IS
	'a parent is a node of the same organisation; a node with children stays';
COMMENT ON CONSTRAINT node_configurations_node_type_check
	ON @extschema@.node_configurations IS 'the four levels';
COMMENT ON CONSTRAINT node_configurations_org_id_check
	ON @extschema@.node_configurations IS '1 to 255 characters';
COMMENT ON CONSTRAINT node_configurations_node_id_check
	ON @extschema@.node_configurations IS '1 to 255 characters';
COMMENT ON CONSTRAINT node_configurations_root_check
	ON @extschema@.node_configurations IS
	'an organisation and the platform have no parent, every other node has one';
COMMENT ON CONSTRAINT node_configurations_platform_check
	ON @extschema@.node_configurations IS
	'the platform''s node, and only it, is (''*'', ''*'')';
COMMENT ON INDEX @extschema@.node_configurations_root_idx IS
	'one root per organisation';
COMMENT ON INDEX @extschema@.node_configurations_parent_idx IS
	'a node''s children';

CREATE TABLE @extschema@.node_configuration_history (
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	version     integer     NOT NULL,
	operation   text        NOT NULL,
	parent_id   text,
	node_type   text        NOT NULL,
	config_json jsonb,
	author      text        NOT NULL,
	reason      text,
	role        text        NOT NULL,
	changed_at  timestamptz NOT NULL,
	created_at  timestamptz NOT NULL,
	CONSTRAINT node_configuration_history_pkey
		PRIMARY KEY (org_id, node_id, version),
	CONSTRAINT node_configuration_history_operation_check
		CHECK (operation IN ('insert', 'update', 'delete')),
	CONSTRAINT node_configuration_history_document_check
		CHECK ((config_json IS NULL) = (operation = 'delete'))
);

COMMENT ON TABLE @extschema@.node_configuration_history IS
	'every version of every node: who, when and why; written by triggers, never changed';
COMMENT ON COLUMN @extschema@.node_configuration_history.org_id IS 'the organisation';
COMMENT ON COLUMN @extschema@.node_configuration_history.node_id IS 'the node';
COMMENT ON COLUMN @extschema@.node_configuration_history.version IS
	'from 1 without gaps, on through a deletion and a new node of the same name';
COMMENT ON COLUMN @extschema@.node_configuration_history.operation IS
	'insert, update (of the document, the parent or the type) or delete';
COMMENT ON COLUMN @extschema@.node_configuration_history.parent_id IS
	'the parent from this version on';
COMMENT ON COLUMN @extschema@.node_configuration_history.node_type IS
	'the level from this version on';
COMMENT ON COLUMN @extschema@.node_configuration_history.config_json IS
	'the document from this version on; null for a deletion';
COMMENT ON COLUMN @extschema@.node_configuration_history.author IS
	'who changed it: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.node_configuration_history.reason IS
	'why: integration_schemas.reason';
COMMENT ON COLUMN @extschema@.node_configuration_history.role IS
	'the role that changed it, whatever author it gave';
COMMENT ON COLUMN @extschema@.node_configuration_history.changed_at IS
	'when it was changed';
COMMENT ON COLUMN @extschema@.node_configuration_history.created_at IS
	'when the node was made';
COMMENT ON CONSTRAINT node_configuration_history_pkey
	ON @extschema@.node_configuration_history IS 'a version is there once';
COMMENT ON CONSTRAINT node_configuration_history_operation_check
	ON @extschema@.node_configuration_history IS 'what can happen to a node';
COMMENT ON CONSTRAINT node_configuration_history_document_check
	ON @extschema@.node_configuration_history IS 'only a deletion has no document';

-- The dump carries the history alone: its latest versions are the tree, and a
-- restore puts the tree back from them (node_configuration_history_restore).
-- With two tables in the dump, pg_restore -j would load them side by side, and
-- node rows would come before their history.  The order is for pg_dump
-- --inserts, which restores a statement a row.
SELECT pg_catalog.pg_extension_config_dump(
	'@extschema@.node_configuration_history', 'ORDER BY changed_at, version');

CREATE FUNCTION @extschema@.integration_config_shown(name text) RETURNS text
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_shown(text) IS
	'a name as messages show it: in quotes, escaped and clipped';

-- Versions.  The functions that write or read history run with the rights of
-- the extension's owner, since no one else is to write it, and so that row
-- security, made for readers, hides nothing from the numbering.

CREATE FUNCTION @extschema@.node_configurations_version() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	broken name;
	missing name;
BEGIN
	-- The table's constraints once more: where they refuse a row themselves,
	-- the server shows the whole row, and with it the document.
	missing := CASE WHEN NEW.org_id IS NULL THEN 'org_id'
					WHEN NEW.node_id IS NULL THEN 'node_id'
					WHEN NEW.node_type IS NULL THEN 'node_type'
					WHEN NEW.config_json IS NULL THEN 'config_json' END;
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'null value in column "%" of a node', missing
			USING ERRCODE = 'not_null_violation',
				  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = missing;
	END IF;
	broken := CASE
		WHEN char_length(NEW.org_id) NOT BETWEEN 1 AND 255 THEN 'org_id'
		WHEN char_length(NEW.node_id) NOT BETWEEN 1 AND 255 THEN 'node_id'
		WHEN NEW.node_type NOT IN ('platform', 'org', 'unit', 'team') THEN 'node_type'
		WHEN (NEW.org_id = '*') <> (NEW.node_type = 'platform')
			 OR (NEW.org_id = '*') <> (NEW.node_id = '*') THEN 'platform'
		WHEN (NEW.parent_id IS NULL) <> (NEW.node_type IN ('platform', 'org')) THEN 'root' END;
	IF broken IS NOT NULL THEN
		RAISE EXCEPTION '%', CASE broken
				WHEN 'org_id' THEN 'name of an organisation must have 1 to 255 characters'
				WHEN 'node_id' THEN 'name of a node must have 1 to 255 characters'
				WHEN 'node_type' THEN 'unknown type of node'
				WHEN 'platform' THEN 'node (''*'', ''*'') is the platform''s, and the platform has no other'
				ELSE CASE WHEN NEW.parent_id IS NULL THEN 'node without a parent is neither organisation nor platform'
						  ELSE 'organisation or platform cannot have a parent' END END
			USING ERRCODE = 'check_violation',
				  DETAIL = format('Node %s of organisation %s, of type %s.',
								  @extschema@.integration_config_shown(NEW.node_id),
								  @extschema@.integration_config_shown(NEW.org_id),
								  @extschema@.integration_config_shown(NEW.node_type)),
				  HINT = CASE broken
							 WHEN 'node_type' THEN 'The types are platform, org, unit and team.'
							 WHEN 'root' THEN 'Only nodes of type org and platform have no parent.'
							 WHEN 'platform' THEN 'Give the node another name or another type.'
							 ELSE 'Use a key of the organisation or node that your application has.' END,
				  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
				  CONSTRAINT = format('node_configurations_%s_check', broken);
	END IF;

	IF TG_OP = 'UPDATE' THEN
		IF (NEW.org_id, NEW.node_id) IS DISTINCT FROM (OLD.org_id, OLD.node_id) THEN
			RAISE EXCEPTION 'name of a node cannot be changed'
				USING ERRCODE = 'feature_not_supported',
					  DETAIL = format('Node %s of organisation %s would become node %s of organisation %s.',
									  @extschema@.integration_config_shown(OLD.node_id),
									  @extschema@.integration_config_shown(OLD.org_id),
									  @extschema@.integration_config_shown(NEW.node_id),
									  @extschema@.integration_config_shown(NEW.org_id)),
					  HINT = 'Insert a node of the new name, move the children to it and delete the old one.',
					  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
		END IF;
		IF (NEW.parent_id, NEW.node_type, NEW.config_json)
		   IS NOT DISTINCT FROM (OLD.parent_id, OLD.node_type, OLD.config_json) THEN
			RETURN OLD;         -- nothing changed: no version
		END IF;
		NEW.created_at := OLD.created_at;
		NEW.version := OLD.version + 1;
	ELSE
		-- A node may have been here before: its history goes on.
		NEW.created_at := coalesce(NEW.created_at, now());
		NEW.version := 1 + coalesce(
			(SELECT max(h.version)
			   FROM @extschema@.node_configuration_history AS h
			  WHERE h.org_id = NEW.org_id AND h.node_id = NEW.node_id), 0);
	END IF;
	NEW.updated_at := clock_timestamp();
	NEW.updated_by := @extschema@.integration_config_author();
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION @extschema@.node_configurations_version() IS
	'trigger: a node''s version, updated_at and updated_by are the database''s to set';

-- These two have no search_path of their own, so that they are inlined.
CREATE FUNCTION @extschema@.integration_config_role() RETURNS text
	LANGUAGE sql STABLE
AS $$
	-- "role" is what SET ROLE said; a SECURITY DEFINER function does not hide it
	SELECT CASE WHEN pg_catalog.current_setting('role') OPERATOR(pg_catalog.=) 'none'
				THEN SESSION_USER::pg_catalog.text
				ELSE pg_catalog.current_setting('role') END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_role() IS
	'the role that this session acts as, also inside a SECURITY DEFINER function';

CREATE FUNCTION @extschema@.integration_config_author() RETURNS text
	LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN pg_catalog.current_setting('integration_schemas.author', true) OPERATOR(pg_catalog.<>) ''
				THEN pg_catalog.current_setting('integration_schemas.author', true)
				ELSE @extschema@.integration_config_role() END
$$;
COMMENT ON FUNCTION @extschema@.integration_config_author() IS
	'who writes: the setting integration_schemas.author, or else the role';

CREATE FUNCTION @extschema@.node_configurations_history() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	expected bigint;
	written bigint;
	why text := nullif(current_setting('integration_schemas.reason', true), '');
	who text := @extschema@.integration_config_role();
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT count(*) INTO expected FROM new_rows;
		INSERT INTO @extschema@.node_configuration_history
		SELECT n.org_id, n.node_id, n.version, 'insert', n.parent_id, n.node_type,
			   n.config_json, n.updated_by, why, who, n.updated_at, n.created_at
		  FROM new_rows AS n
			ON CONFLICT DO NOTHING;
	ELSIF TG_OP = 'UPDATE' THEN
		SELECT count(*) INTO expected
		  FROM new_rows AS n JOIN old_rows AS o USING (org_id, node_id)
		 WHERE n.version <> o.version;
		INSERT INTO @extschema@.node_configuration_history
		SELECT n.org_id, n.node_id, n.version, 'update', n.parent_id, n.node_type,
			   n.config_json, n.updated_by, why, who, n.updated_at, n.created_at
		  FROM new_rows AS n JOIN old_rows AS o USING (org_id, node_id)
		 WHERE n.version <> o.version
			ON CONFLICT DO NOTHING;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT count(*) INTO expected FROM old_rows;
		INSERT INTO @extschema@.node_configuration_history
		SELECT o.org_id, o.node_id, o.version + 1, 'delete', o.parent_id, o.node_type,
			   NULL, @extschema@.integration_config_author(), why, who,
			   clock_timestamp(), o.created_at
		  FROM old_rows AS o
			ON CONFLICT DO NOTHING;
	ELSE                        -- TRUNCATE, before it happens
		SELECT count(*) INTO expected FROM @extschema@.node_configurations;
		INSERT INTO @extschema@.node_configuration_history
		SELECT o.org_id, o.node_id, o.version + 1, 'delete', o.parent_id, o.node_type,
			   NULL, @extschema@.integration_config_author(), why, who,
			   clock_timestamp(), o.created_at
		  FROM @extschema@.node_configurations AS o
			ON CONFLICT DO NOTHING;
	END IF;
	GET DIAGNOSTICS written = ROW_COUNT;
	-- A node inserted while another session was deleting the one of that name
	-- got a number that the deletion has taken.
	IF written <> expected THEN
		RAISE EXCEPTION 'could not serialize access due to a concurrent change of the same node'
			USING ERRCODE = 'serialization_failure',
				  HINT = 'The transaction might succeed if retried.',
				  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@.node_configurations_history() IS
	'trigger: writes each new version of a node to node_configuration_history';

CREATE FUNCTION @extschema@.node_configurations_tree() RETURNS trigger
	LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.node_configurations_tree() IS
	'trigger: refuses a cycle, a tree too deep, and a value that an outer layer has locked';

CREATE FUNCTION @extschema@.node_configuration_history_refuse() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'history of node configurations cannot be changed'
		USING ERRCODE = 'insufficient_privilege',
			  DETAIL = format('%s is refused by trigger "%s".', TG_OP, TG_NAME),
			  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
END
$$;
COMMENT ON FUNCTION @extschema@.node_configuration_history_refuse() IS
	'trigger: history is never changed, not even by the table''s owner';

CREATE FUNCTION @extschema@.integration_config_guard() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_guard() IS
	'trigger: refuses a row that breaks a constraint, before the server does, which would show it';

CREATE FUNCTION @extschema@.node_configuration_history_restore() RETURNS trigger
	LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.node_configuration_history_restore() IS
	'trigger: puts the nodes back that a restored history tells of';

CREATE FUNCTION @extschema@.integration_config_rebuild() RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_rebuild() IS
	'puts the nodes back that the history tells of, after a restore without triggers';

-- BEFORE triggers fire in the order of their names: first the document is
-- checked, then the version is set.
CREATE TRIGGER node_configurations_check
	BEFORE INSERT OR UPDATE OF config_json, node_type ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION @extschema@.integration_schema_check('config_json', 'node_type');
COMMENT ON TRIGGER node_configurations_check ON @extschema@.node_configurations IS
	'validates the document at the node''s level';

-- The one below does this for its own errors, but not where it does not fire.
CREATE TRIGGER node_configurations_guard
	BEFORE INSERT ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION @extschema@.integration_config_guard();
ALTER TABLE @extschema@.node_configurations
	ENABLE REPLICA TRIGGER node_configurations_guard;
COMMENT ON TRIGGER node_configurations_guard ON @extschema@.node_configurations IS
	'refuses a restored node that breaks a constraint without showing it';

CREATE TRIGGER node_configurations_version
	BEFORE INSERT OR UPDATE ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION @extschema@.node_configurations_version();
COMMENT ON TRIGGER node_configurations_version ON @extschema@.node_configurations IS
	'sets version, updated_at and updated_by';

-- No column list: another BEFORE trigger may change what no SET names.
CREATE TRIGGER node_configurations_tree
	AFTER INSERT OR UPDATE ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION @extschema@.node_configurations_tree();
COMMENT ON TRIGGER node_configurations_tree ON @extschema@.node_configurations IS
	'keeps the tree a tree and the outer layers'' locks';

CREATE TRIGGER node_configurations_history_insert
	AFTER INSERT ON @extschema@.node_configurations
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_history();
COMMENT ON TRIGGER node_configurations_history_insert ON @extschema@.node_configurations IS
	'records new nodes';
CREATE TRIGGER node_configurations_history_update
	AFTER UPDATE ON @extschema@.node_configurations
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_history();
COMMENT ON TRIGGER node_configurations_history_update ON @extschema@.node_configurations IS
	'records changes and moves';
CREATE TRIGGER node_configurations_history_delete
	AFTER DELETE ON @extschema@.node_configurations
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_history();
COMMENT ON TRIGGER node_configurations_history_delete ON @extschema@.node_configurations IS
	'records deletions';
CREATE TRIGGER node_configurations_history_truncate
	BEFORE TRUNCATE ON @extschema@.node_configurations
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configurations_history();
COMMENT ON TRIGGER node_configurations_history_truncate ON @extschema@.node_configurations IS
	'records that all nodes are deleted';

CREATE TRIGGER node_configuration_history_refuse
	BEFORE UPDATE OR DELETE OR TRUNCATE ON @extschema@.node_configuration_history
	FOR EACH STATEMENT EXECUTE FUNCTION @extschema@.node_configuration_history_refuse();
ALTER TABLE @extschema@.node_configuration_history
	ENABLE ALWAYS TRIGGER node_configuration_history_refuse;
COMMENT ON TRIGGER node_configuration_history_refuse ON @extschema@.node_configuration_history IS
	'history is never changed';

-- Both of the following are only for rows that are written from outside: those
-- that the triggers above write are right, and tell of nodes that are there.
CREATE TRIGGER node_configuration_history_guard
	BEFORE INSERT ON @extschema@.node_configuration_history
	FOR EACH ROW WHEN (pg_catalog.pg_trigger_depth() = 0)
	EXECUTE FUNCTION @extschema@.integration_config_guard();
COMMENT ON TRIGGER node_configuration_history_guard ON @extschema@.node_configuration_history IS
	'refuses a row that breaks a constraint without showing it';

CREATE TRIGGER node_configuration_history_restore
	AFTER INSERT ON @extschema@.node_configuration_history
	REFERENCING NEW TABLE AS restored
	FOR EACH STATEMENT WHEN (pg_catalog.pg_trigger_depth() = 0)
	EXECUTE FUNCTION @extschema@.node_configuration_history_restore();
COMMENT ON TRIGGER node_configuration_history_restore ON @extschema@.node_configuration_history IS
	'a restored history brings its nodes';

ALTER TABLE @extschema@.node_configurations OWNER TO @extowner@;
ALTER TABLE @extschema@.node_configuration_history OWNER TO @extowner@;
ALTER FUNCTION @extschema@.node_configurations_version() OWNER TO @extowner@;
ALTER FUNCTION @extschema@.node_configurations_history() OWNER TO @extowner@;
ALTER FUNCTION @extschema@.node_configurations_tree() OWNER TO @extowner@;
ALTER FUNCTION @extschema@.node_configuration_history_restore() OWNER TO @extowner@;
ALTER FUNCTION @extschema@.integration_config_rebuild() OWNER TO @extowner@;
