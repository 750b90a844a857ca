-- The secrets that are stored, none of them shown: which there are, where one is,
-- and another one in its place.

CREATE FUNCTION @extschema@.integration_config_secrets(org_id text,
	OUT node_id text, OUT integration text, OUT field text, OUT version integer,
	OUT since timestamptz, OUT author text, OUT sealed_by uuid)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT COST 100000 ROWS 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_secrets(text) IS
	'every secret that is set at the nodes of an organisation: in which field, since which version and when, by whom, and sealed by which key';

CREATE FUNCTION @extschema@.integration_config_find_secret(value text,
	OUT org_id text, OUT node_id text, OUT integration text, OUT field text,
	OUT first_version integer, OUT last_version integer, OUT live boolean, OUT shown boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE COST 100000 ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_find_secret(text) IS
	'which nodes have, or had, this very secret, wherever it stands: in which field, from which version to which, and whether it is there now, and shown';

CREATE FUNCTION @extschema@.integration_config_replace_secret(old text, new text,
	reason text DEFAULT NULL, author text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_replace_secret(text, text, text, text) IS
	'puts another secret in the place of one, in every node that has it where it is not shown; returns in how many';
