-- Sealed secrets: the keys of organisations.
--
-- With integration_schemas.key_command set, the triggers of node_configurations
-- seal every secret (src/store/node_seal.c), with its organisation's data key,
-- which is here, wrapped by a master key, which is not.

CREATE TABLE @extschema@.integration_config_keys (
	key_id     uuid        NOT NULL,
	org_id     text        NOT NULL,
	master     text        NOT NULL,
	wrapped    bytea       NOT NULL,
	active     boolean     NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT integration_config_keys_pkey PRIMARY KEY (key_id),
	CONSTRAINT integration_config_keys_triggers_check
		CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_config_keys'))
);
CREATE UNIQUE INDEX integration_config_keys_active_idx
	ON @extschema@.integration_config_keys (org_id) WHERE active;
CREATE INDEX integration_config_keys_org_id_idx
	ON @extschema@.integration_config_keys (org_id);

COMMENT ON TABLE @extschema@.integration_config_keys IS
	'the data keys that organisations'' secrets are sealed with, wrapped by a master key; changed only by the functions that say so';
COMMENT ON COLUMN @extschema@.integration_config_keys.key_id IS
	'the key, as sealed secrets name it: sealed:1:<key_id>:...';
COMMENT ON COLUMN @extschema@.integration_config_keys.org_id IS 'the organisation';
COMMENT ON COLUMN @extschema@.integration_config_keys.master IS
	'the name of the master key that wraps it';
COMMENT ON COLUMN @extschema@.integration_config_keys.wrapped IS
	'the key, encrypted with the master key';
COMMENT ON COLUMN @extschema@.integration_config_keys.active IS
	'is it the one that seals? The others only open';
COMMENT ON COLUMN @extschema@.integration_config_keys.created_at IS
	'since when there is this key';
COMMENT ON CONSTRAINT integration_config_keys_pkey
	ON @extschema@.integration_config_keys IS 'a key is known by its id';
COMMENT ON CONSTRAINT integration_config_keys_triggers_check
	ON @extschema@.integration_config_keys IS 'no row without the triggers';
COMMENT ON INDEX @extschema@.integration_config_keys_active_idx IS
	'one key of an organisation seals';
COMMENT ON INDEX @extschema@.integration_config_keys_org_id_idx IS
	'an organisation''s keys';

CREATE FUNCTION integration_schemas_internal.record_before() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.record_before() IS
	'trigger: refuses that any statement changes or deletes what our functions keep';

CREATE TRIGGER integration_config_keys_guard
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_config_keys
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_keys_guard ON @extschema@.integration_config_keys IS
	'keys are changed only by the functions that say so';
CREATE TRIGGER integration_config_keys_refuse
	BEFORE TRUNCATE ON @extschema@.integration_config_keys
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.record_before();
COMMENT ON TRIGGER integration_config_keys_refuse ON @extschema@.integration_config_keys IS
	'keys are not truncated';
ALTER TABLE @extschema@.integration_config_keys
	ENABLE ALWAYS TRIGGER integration_config_keys_guard,
	ENABLE ALWAYS TRIGGER integration_config_keys_refuse;

SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_config_keys', '');

ALTER TABLE @extschema@.integration_config_keys OWNER TO @extowner@;

CREATE PROCEDURE @extschema@.integration_secrets_seal()
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE @extschema@.integration_secrets_seal() IS
	'seals the secrets that were stored in clear, in documents and history, an organisation in a transaction';

CREATE PROCEDURE @extschema@.integration_secrets_rewrap()
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE @extschema@.integration_secrets_rewrap() IS
	'wraps every organisation''s data keys with the first master key, so that the older ones can go';

CREATE PROCEDURE @extschema@.integration_secrets_rotate(org_id text)
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE @extschema@.integration_secrets_rotate(text) IS
	'gives an organisation a new data key, seals its secrets with that, in documents and history, and drops the older ones';

CREATE FUNCTION @extschema@.integration_secrets_status(of text DEFAULT NULL,
	OUT org_id text, OUT key_id uuid, OUT master text, OUT since timestamptz,
	OUT sealed bigint, OUT older bigint, OUT clear bigint)
	RETURNS SETOF record
	LANGUAGE c VOLATILE COST 100000 ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_secrets_status(text) IS
	'by organisation the data key that seals, the master key that wraps it and since when, and how many secrets are sealed with it, with older ones, and not at all';

-- The owner, and who owns the database, look after keys.
REVOKE EXECUTE ON PROCEDURE
	@extschema@.integration_secrets_seal(),
	@extschema@.integration_secrets_rewrap(),
	@extschema@.integration_secrets_rotate(text)
	FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION @extschema@.integration_secrets_status(text) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE
	@extschema@.integration_secrets_seal(),
	@extschema@.integration_secrets_rewrap(),
	@extschema@.integration_secrets_rotate(text)
	TO pg_database_owner;
GRANT EXECUTE ON FUNCTION @extschema@.integration_secrets_status(text) TO pg_database_owner;
