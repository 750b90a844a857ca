-- Organisations that are gone for good.

CREATE TABLE @extschema@.integration_config_forgotten (
	sequence     bigint      NOT NULL
		DEFAULT pg_catalog.nextval('@extschema@.node_configuration_history_sequence'),
	org_id       text        NOT NULL,
	nodes        bigint      NOT NULL,
	last_version integer     NOT NULL,
	role         text        NOT NULL,
	author       text        NOT NULL,
	reason       text,
	forgotten_at timestamptz NOT NULL,
	CONSTRAINT integration_config_forgotten_pkey PRIMARY KEY (sequence),
	CONSTRAINT integration_config_forgotten_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_config_forgotten'))
);
CREATE INDEX integration_config_forgotten_org_id_idx
	ON @extschema@.integration_config_forgotten (org_id);

COMMENT ON TABLE @extschema@.integration_config_forgotten IS
	'which organisations were there and are forgotten; written by integration_config_forget, never changed';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.sequence IS
	'the place among the versions of all nodes';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.org_id IS 'the organisation';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.nodes IS 'how many nodes it had at last';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.last_version IS
	'the highest version that any of its nodes had: one of its name goes on from there';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.role IS
	'the role that had it forgotten, whatever author it gave';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.author IS
	'who had it forgotten: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.reason IS 'why: the reason that was given';
COMMENT ON COLUMN @extschema@.integration_config_forgotten.forgotten_at IS
	'when: the time of the transaction''s changes';
COMMENT ON CONSTRAINT integration_config_forgotten_pkey
	ON @extschema@.integration_config_forgotten IS 'one after the other';
COMMENT ON CONSTRAINT integration_config_forgotten_triggers_check
	ON @extschema@.integration_config_forgotten IS 'no row without the triggers';
COMMENT ON INDEX @extschema@.integration_config_forgotten_org_id_idx IS
	'what is known of an organisation''s name';

CREATE TRIGGER integration_config_forgotten_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_config_forgotten
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_forgotten_guard ON @extschema@.integration_config_forgotten IS
	'keeps the record as it is';
CREATE TRIGGER integration_config_forgotten_truncate
	BEFORE TRUNCATE ON @extschema@.integration_config_forgotten
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_forgotten_truncate ON @extschema@.integration_config_forgotten IS
	'keeps the record as it is';
ALTER TABLE @extschema@.integration_config_forgotten
	ENABLE ALWAYS TRIGGER integration_config_forgotten_guard,
	ENABLE ALWAYS TRIGGER integration_config_forgotten_truncate;

SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_config_forgotten', '');

ALTER TABLE @extschema@.integration_config_forgotten OWNER TO @extowner@;

CREATE FUNCTION @extschema@.integration_config_forget(org_id text, reason text)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_forget(text, text) IS
	'takes an organisation away for good: its nodes, their history, its keys, what was granted at it and the records of that; one row says that it was there. Returns how many nodes it had';
