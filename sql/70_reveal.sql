-- One secret in clear, for a reason that is kept: the way for people.

CREATE TABLE @extschema@.integration_config_reveals (
	sequence    bigint      NOT NULL
		DEFAULT pg_catalog.nextval('@extschema@.node_configuration_history_sequence'),
	role        text        NOT NULL,
	author      text        NOT NULL,
	org_id      text        NOT NULL,
	node_id     text        NOT NULL,
	integration text        NOT NULL,
	field       text        NOT NULL,
	reason      text        NOT NULL,
	revealed_at timestamptz NOT NULL,
	CONSTRAINT integration_config_reveals_pkey PRIMARY KEY (sequence),
	CONSTRAINT integration_config_reveals_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_config_reveals'))
);

COMMENT ON TABLE @extschema@.integration_config_reveals IS
	'who was shown which secret, when and why; written by integration_config_reveal, never changed';
COMMENT ON COLUMN @extschema@.integration_config_reveals.sequence IS
	'the place among the versions of all nodes';
COMMENT ON COLUMN @extschema@.integration_config_reveals.role IS
	'the role that was shown it, whatever author it gave';
COMMENT ON COLUMN @extschema@.integration_config_reveals.author IS
	'who was shown it: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.integration_config_reveals.org_id IS 'the organisation';
COMMENT ON COLUMN @extschema@.integration_config_reveals.node_id IS
	'the node that was asked for; the secret may be one that it inherits';
COMMENT ON COLUMN @extschema@.integration_config_reveals.integration IS
	'the integration, or the instance by its key';
COMMENT ON COLUMN @extschema@.integration_config_reveals.field IS 'the field, by its path';
COMMENT ON COLUMN @extschema@.integration_config_reveals.reason IS 'why: the reason that was given';
COMMENT ON COLUMN @extschema@.integration_config_reveals.revealed_at IS
	'when: the time of the transaction''s changes';
COMMENT ON CONSTRAINT integration_config_reveals_pkey
	ON @extschema@.integration_config_reveals IS 'one after the other';
COMMENT ON CONSTRAINT integration_config_reveals_triggers_check
	ON @extschema@.integration_config_reveals IS 'no row without the triggers';

CREATE TRIGGER integration_config_reveals_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_config_reveals
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_reveals_guard ON @extschema@.integration_config_reveals IS
	'keeps the record as it is';
CREATE TRIGGER integration_config_reveals_truncate
	BEFORE TRUNCATE ON @extschema@.integration_config_reveals
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_reveals_truncate ON @extschema@.integration_config_reveals IS
	'keeps the record as it is';
ALTER TABLE @extschema@.integration_config_reveals
	ENABLE ALWAYS TRIGGER integration_config_reveals_guard,
	ENABLE ALWAYS TRIGGER integration_config_reveals_truncate;

ALTER TABLE @extschema@.integration_config_reveals OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_config_reveals',
	'ORDER BY sequence');

CREATE FUNCTION @extschema@.integration_config_reveal(org_id text, node_id text, id text,
	field text, reason text)
	RETURNS text
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_reveal(text, text, text, text, text) IS
	'one secret of a node in clear, null where it has none; who was shown it and why is recorded first, in the same transaction';
