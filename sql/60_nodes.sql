-- The store: every organisation's tree of nodes, each node's document, and the
-- history of both.
--
-- The triggers are C (src/store/node_trigger.c, history_trigger.c).  Both
-- tables are in a dump (src/store/restore.c).

CREATE SEQUENCE @extschema@.node_configuration_history_sequence;
COMMENT ON SEQUENCE @extschema@.node_configuration_history_sequence IS
	'numbers the versions of all nodes in the order in which they were written';

CREATE TABLE @extschema@.node_configuration_history (
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	version     integer     NOT NULL,
	operation   text        NOT NULL,
	parent_id   text,
	node_type   text        NOT NULL,
	name        text,
	config_json jsonb,
	author      text        NOT NULL,
	reason      text,
	role        text        NOT NULL,
	changed_at  timestamptz NOT NULL,
	created_at  timestamptz NOT NULL,
	incarnation integer     NOT NULL,
	erased      text[],
	sequence    bigint      NOT NULL
		DEFAULT pg_catalog.nextval('@extschema@.node_configuration_history_sequence'),
	transaction xid8        NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	CONSTRAINT node_configuration_history_pkey
		PRIMARY KEY (org_id, node_id, version),
	CONSTRAINT node_configuration_history_operation_check
		CHECK (operation IN ('insert', 'update', 'delete')),
	CONSTRAINT node_configuration_history_document_check
		CHECK ((config_json IS NULL) = (operation = 'delete'))
);
ALTER SEQUENCE @extschema@.node_configuration_history_sequence
	OWNED BY @extschema@.node_configuration_history.sequence;

COMMENT ON TABLE @extschema@.node_configuration_history IS
	'every version of every node: who, when and why; written by triggers, changed only by the functions that say so';
COMMENT ON COLUMN @extschema@.node_configuration_history.org_id IS 'the organisation';
COMMENT ON COLUMN @extschema@.node_configuration_history.node_id IS 'the node';
COMMENT ON COLUMN @extschema@.node_configuration_history.version IS
	'grows with each change, on through a deletion and a new node of the same name; never given twice';
COMMENT ON COLUMN @extschema@.node_configuration_history.operation IS
	'insert, update (of the document, the parent, the type or the name) or delete';
COMMENT ON COLUMN @extschema@.node_configuration_history.parent_id IS
	'the parent from this version on';
COMMENT ON COLUMN @extschema@.node_configuration_history.node_type IS
	'the level from this version on';
COMMENT ON COLUMN @extschema@.node_configuration_history.name IS
	'the name for people from this version on';
COMMENT ON COLUMN @extschema@.node_configuration_history.config_json IS
	'the document from this version on; null for a deletion';
COMMENT ON COLUMN @extschema@.node_configuration_history.author IS
	'who changed it: the author that was given, or else the role';
COMMENT ON COLUMN @extschema@.node_configuration_history.reason IS
	'why: the reason that was given';
COMMENT ON COLUMN @extschema@.node_configuration_history.role IS
	'the role that changed it, whatever author it gave';
COMMENT ON COLUMN @extschema@.node_configuration_history.changed_at IS
	'when it was changed: one time for a transaction';
COMMENT ON COLUMN @extschema@.node_configuration_history.created_at IS
	'when the node was made';
COMMENT ON COLUMN @extschema@.node_configuration_history.incarnation IS
	'the version with which the node was made: a node that is deleted and made again has another';
COMMENT ON COLUMN @extschema@.node_configuration_history.erased IS
	'JSON Pointers to the places of the document whose value was erased, and where null stands';
COMMENT ON COLUMN @extschema@.node_configuration_history.sequence IS
	'the place of this version among those of all nodes';
COMMENT ON COLUMN @extschema@.node_configuration_history.transaction IS
	'the transaction that wrote it here: of a restored row, the one that restored it; 0 where a dump brought the node alone';
COMMENT ON CONSTRAINT node_configuration_history_pkey
	ON @extschema@.node_configuration_history IS 'a version is there once';
COMMENT ON CONSTRAINT node_configuration_history_operation_check
	ON @extschema@.node_configuration_history IS 'what can happen to a node';
COMMENT ON CONSTRAINT node_configuration_history_document_check
	ON @extschema@.node_configuration_history IS 'only a deletion has no document';

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
	-- The version that a node has is in the history as long as the node is there.
	CONSTRAINT node_configurations_history_fkey FOREIGN KEY (org_id, node_id, version)
		REFERENCES @extschema@.node_configuration_history (org_id, node_id, version),
	CONSTRAINT node_configurations_node_type_check
		CHECK (node_type IN ('platform', 'org', 'unit', 'team')),
	CONSTRAINT node_configurations_org_id_check
		CHECK (pg_catalog.char_length(org_id) BETWEEN 1 AND 255),
	CONSTRAINT node_configurations_node_id_check
		CHECK (pg_catalog.char_length(node_id) BETWEEN 1 AND 255),
	CONSTRAINT node_configurations_name_check
		CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 255),
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
	'what people call it; may be null';
COMMENT ON COLUMN @extschema@.node_configurations.config_json IS
	'the document: the values that this node sets';
COMMENT ON COLUMN @extschema@.node_configurations.version IS
	'grows with every change; set by the database';
COMMENT ON COLUMN @extschema@.node_configurations.created_at IS
	'when the node was made';
COMMENT ON COLUMN @extschema@.node_configurations.updated_at IS
	'when this version was written; set by the database';
COMMENT ON COLUMN @extschema@.node_configurations.updated_by IS
	'who wrote this version: the author that was given, or else the role; set by the database';
COMMENT ON COLUMN @extschema@.node_configurations.incarnation IS
	'the version with which the node was made; set by the database';
COMMENT ON CONSTRAINT node_configurations_pkey
	ON @extschema@.node_configurations IS 'a node is known by organisation and name';
COMMENT ON CONSTRAINT node_configurations_history_fkey
	ON @extschema@.node_configurations IS
	'the version that a node has stays in the history';
COMMENT ON CONSTRAINT node_configurations_node_type_check
	ON @extschema@.node_configurations IS 'the four levels';
COMMENT ON CONSTRAINT node_configurations_org_id_check
	ON @extschema@.node_configurations IS '1 to 255 characters';
COMMENT ON CONSTRAINT node_configurations_node_id_check
	ON @extschema@.node_configurations IS '1 to 255 characters';
COMMENT ON CONSTRAINT node_configurations_name_check
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

CREATE FUNCTION integration_schemas_internal.shown(name text) RETURNS text
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'integration_config_shown';
COMMENT ON FUNCTION integration_schemas_internal.shown(text) IS
	'a name as messages show it: in quotes, escaped and clipped';

-- Triggers on the nodes.

CREATE FUNCTION integration_schemas_internal.node_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.node_before() IS
	'trigger: refuses a row that is no node without showing it, puts stored secrets in the place of masks, sets what is the database''s to set';

CREATE FUNCTION integration_schemas_internal.node_after() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.node_after() IS
	'trigger: validates what a write changes, keeps the tree a tree, writes the history and announces';

CREATE FUNCTION integration_schemas_internal.node_truncate() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.node_truncate() IS
	'trigger: records that all nodes are deleted';

CREATE TRIGGER node_configurations_check
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.node_before();
COMMENT ON TRIGGER node_configurations_check ON @extschema@.node_configurations IS
	'refuses what is no node, and sets version, updated_at and updated_by';
-- It has work under session_replication_role = replica, too: no error shows a row.
ALTER TABLE @extschema@.node_configurations
	ENABLE ALWAYS TRIGGER node_configurations_check;

-- AFTER triggers fire in the order of their names: before those of the foreign
-- key (RI_ConstraintTrigger_...), which looks for what this one writes.
CREATE TRIGGER "0_node_configurations_written"
	AFTER INSERT OR UPDATE OR DELETE ON @extschema@.node_configurations
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.node_after();
COMMENT ON TRIGGER "0_node_configurations_written" ON @extschema@.node_configurations IS
	'validates the document, keeps the tree a tree and writes the history';

CREATE TRIGGER node_configurations_truncate
	BEFORE TRUNCATE ON @extschema@.node_configurations
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.node_truncate();
COMMENT ON TRIGGER node_configurations_truncate ON @extschema@.node_configurations IS
	'records that all nodes are deleted';

-- Triggers on the history.  All of them fire ALWAYS.

CREATE FUNCTION integration_schemas_internal.history_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.history_before() IS
	'trigger: refuses a change of history by any statement, and a restored row that breaks a constraint without showing it';

CREATE TRIGGER node_configuration_history_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.node_configuration_history
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.history_before();
COMMENT ON TRIGGER node_configuration_history_guard ON @extschema@.node_configuration_history IS
	'history is changed only by the functions that say so';

CREATE TRIGGER node_configuration_history_refuse
	BEFORE TRUNCATE ON @extschema@.node_configuration_history
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.history_before();
COMMENT ON TRIGGER node_configuration_history_refuse ON @extschema@.node_configuration_history IS
	'history is not truncated';
ALTER TABLE @extschema@.node_configuration_history
	ENABLE ALWAYS TRIGGER node_configuration_history_guard,
	ENABLE ALWAYS TRIGGER node_configuration_history_refuse;

-- The dump: both tables.  Of the nodes those above come first, for pg_dump
-- --inserts, which restores a statement a row; the look also says what of the
-- tables a dump can't carry.

CREATE FUNCTION integration_schemas_internal.dump_order(of oid, at tid)
	RETURNS integer
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.dump_order(oid, tid) IS
	'how many nodes are above the one in that place; warns of columns and indexes that a dump can''t carry';

SELECT pg_catalog.pg_extension_config_dump(
	'@extschema@.node_configuration_history', 'ORDER BY sequence');
SELECT pg_catalog.pg_extension_config_dump(
	'@extschema@.node_configuration_history_sequence', '');
SELECT pg_catalog.pg_extension_config_dump(
	'@extschema@.node_configurations',
	'ORDER BY integration_schemas_internal.dump_order(tableoid, ctid), org_id, node_id');

ALTER TABLE @extschema@.node_configurations OWNER TO @extowner@;
ALTER TABLE @extschema@.node_configuration_history OWNER TO @extowner@;
