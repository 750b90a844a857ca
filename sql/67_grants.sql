-- Grants: who may read nodes, see their secrets, write and administer them,
-- without rights on any table.
--
-- src/secrets/grants.c reads them, src/store/access.c says what they let one do,
-- src/store/grant_functions.c changes them and src/server/record.c keeps
-- all other statements from it.  role is of type regrole: a role by its OID,
-- which a dump has by its name.

CREATE TABLE @extschema@.integration_config_grants (
	role        regrole     NOT NULL,
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	incarnation integer     NOT NULL,
	privileges  text[]      NOT NULL,
	granted_by  text        NOT NULL,
	granted_at  timestamptz NOT NULL,
	CONSTRAINT integration_config_grants_pkey PRIMARY KEY (role, org_id, node_id),
	CONSTRAINT integration_config_grants_privileges_check
		CHECK (privileges <@ '{read,reveal,write,admin}' AND privileges <> '{}'),
	CONSTRAINT integration_config_grants_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_config_grants'))
);
CREATE INDEX integration_config_grants_node_idx
	ON @extschema@.integration_config_grants (org_id, node_id);

COMMENT ON TABLE @extschema@.integration_config_grants IS
	'what is granted to whom, at which node; written by functions alone';
COMMENT ON COLUMN @extschema@.integration_config_grants.role IS
	'the role: it, and not another one of its name; by its name in a dump';
COMMENT ON COLUMN @extschema@.integration_config_grants.org_id IS 'the organisation; ''*'' for all';
COMMENT ON COLUMN @extschema@.integration_config_grants.node_id IS
	'the node, with all below it; ''*'' for the platform';
COMMENT ON COLUMN @extschema@.integration_config_grants.incarnation IS
	'the node''s: one that is deleted and made again has another, and what was granted at it counts no more; 0 for the platform';
COMMENT ON COLUMN @extschema@.integration_config_grants.privileges IS
	'read, reveal, write, admin';
COMMENT ON COLUMN @extschema@.integration_config_grants.granted_by IS
	'the role that granted it, or the latest of it';
COMMENT ON COLUMN @extschema@.integration_config_grants.granted_at IS
	'when: the time of the transaction''s changes';
COMMENT ON CONSTRAINT integration_config_grants_pkey
	ON @extschema@.integration_config_grants IS 'a role has one row for a node';
COMMENT ON CONSTRAINT integration_config_grants_privileges_check
	ON @extschema@.integration_config_grants IS 'the privileges that there are, at least one';
COMMENT ON CONSTRAINT integration_config_grants_triggers_check
	ON @extschema@.integration_config_grants IS 'no row without the triggers';
COMMENT ON INDEX @extschema@.integration_config_grants_node_idx IS
	'what is granted at a node';

CREATE TABLE @extschema@.integration_config_grant_history (
	sequence    bigint      NOT NULL
		DEFAULT pg_catalog.nextval('@extschema@.node_configuration_history_sequence'),
	operation   text        NOT NULL,
	role        text        NOT NULL,
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	incarnation integer     NOT NULL,
	privileges  text[]      NOT NULL,
	author      text        NOT NULL,
	changed_by  text        NOT NULL,
	changed_at  timestamptz NOT NULL,
	CONSTRAINT integration_config_grant_history_pkey PRIMARY KEY (sequence),
	CONSTRAINT integration_config_grant_history_operation_check
		CHECK (operation IN ('grant', 'revoke')),
	CONSTRAINT integration_config_grant_history_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_config_grant_history'))
);

COMMENT ON TABLE @extschema@.integration_config_grant_history IS
	'every grant of privileges at a node and every revocation; written by functions, never changed';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.sequence IS
	'the place of this change among the versions of all nodes';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.operation IS 'grant or revoke';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.role IS
	'whose privileges they are: the role''s name then';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.org_id IS 'the organisation; ''*'' for all';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.node_id IS 'the node; ''*'' for the platform';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.incarnation IS
	'the node''s; 0 for the platform';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.privileges IS
	'what the role got, or lost, that it had not, or had, before';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.author IS
	'who did it: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.changed_by IS
	'the role that did it, whatever author it gave';
COMMENT ON COLUMN @extschema@.integration_config_grant_history.changed_at IS
	'when: the time of the transaction''s changes';
COMMENT ON CONSTRAINT integration_config_grant_history_pkey
	ON @extschema@.integration_config_grant_history IS 'one after the other';
COMMENT ON CONSTRAINT integration_config_grant_history_operation_check
	ON @extschema@.integration_config_grant_history IS 'what can happen to a privilege';
COMMENT ON CONSTRAINT integration_config_grant_history_triggers_check
	ON @extschema@.integration_config_grant_history IS 'no row without the triggers';

-- Triggers on both.  All of them fire ALWAYS.

CREATE FUNCTION integration_schemas_internal.grant_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.grant_before() IS
	'trigger: grants are changed by functions alone, and restored; lets sessions know of each change';
CREATE TRIGGER integration_config_grants_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_config_grants
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.grant_before();
COMMENT ON TRIGGER integration_config_grants_guard ON @extschema@.integration_config_grants IS
	'grants are changed by functions alone';
CREATE TRIGGER integration_config_grants_truncate
	BEFORE TRUNCATE ON @extschema@.integration_config_grants
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.grant_before();
COMMENT ON TRIGGER integration_config_grants_truncate ON @extschema@.integration_config_grants IS
	'grants are changed by functions alone';
CREATE TRIGGER integration_config_grant_history_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_config_grant_history
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_grant_history_guard
	ON @extschema@.integration_config_grant_history IS 'keeps the record as it is';
CREATE TRIGGER integration_config_grant_history_truncate
	BEFORE TRUNCATE ON @extschema@.integration_config_grant_history
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_grant_history_truncate
	ON @extschema@.integration_config_grant_history IS 'keeps the record as it is';
ALTER TABLE @extschema@.integration_config_grants
	ENABLE ALWAYS TRIGGER integration_config_grants_guard,
	ENABLE ALWAYS TRIGGER integration_config_grants_truncate;
ALTER TABLE @extschema@.integration_config_grant_history
	ENABLE ALWAYS TRIGGER integration_config_grant_history_guard,
	ENABLE ALWAYS TRIGGER integration_config_grant_history_truncate;

ALTER TABLE @extschema@.integration_config_grants OWNER TO @extowner@;
ALTER TABLE @extschema@.integration_config_grant_history OWNER TO @extowner@;

-- The dump: a grant to a role that was dropped is not in it, since a restore
-- would take its number for that of another one.

CREATE FUNCTION integration_schemas_internal.grant_is_bound(of oid, at tid)
	RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.grant_is_bound(oid, tid) IS
	'is the role of the grant in that place there?';

SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_config_grants',
	'WHERE integration_schemas_internal.grant_is_bound(tableoid, ctid) ORDER BY role, org_id, node_id');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_config_grant_history',
	'ORDER BY sequence');

-- Whoever calls these needs privilege admin at the node, or owns the tables or
-- the database.

CREATE FUNCTION @extschema@.integration_config_grant(role text, org_id text, node_id text,
	privileges text[])
	RETURNS text[]
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_grant(text, text, text, text[]) IS
	'grants a role privileges at a node and all below it, or with ''*'' for both everywhere: read, reveal (secrets in clear), write, admin; returns those that it then has there';

CREATE FUNCTION @extschema@.integration_config_revoke(role text, org_id text, node_id text,
	privileges text[] DEFAULT NULL)
	RETURNS text[]
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_revoke(text, text, text, text[]) IS
	'takes privileges, or all, away that were granted to a role at this very node; returns those that it still has there';

CREATE FUNCTION @extschema@.integration_config_privileges(org_id text, node_id text,
	OUT role text, OUT privileges text[], OUT via text, OUT granted_at_node text,
	OUT granted_by text, OUT granted_at timestamptz)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT COST 1000 ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_privileges(text, text) IS
	'who may do what at a node: by a grant at it or above it, as an owner or a superuser, or by rights on the table, which row security may narrow';
