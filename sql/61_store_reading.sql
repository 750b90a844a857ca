-- Reading the store: merged documents, explanations and states of nodes.
--
-- All of these run with the caller's rights: what row security hides from the
-- caller is not there.

CREATE FUNCTION @extschema@.integration_config_effective(org_id text, node_id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_effective(text, text) IS
	'the merged document of a node: the catalogue''s defaults, the platform''s document, the organisation''s and each one''s down to the node''s';

CREATE FUNCTION @extschema@.integration_config_resolve(org_id text, node_id text, id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 300 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_resolve(text, text, text) IS
	'one integration of a node: enabled, configured, missing and config';

CREATE FUNCTION @extschema@.integration_config_explain(org_id text, node_id text,
	OUT integration text, OUT field text, OUT value jsonb, OUT source text,
	OUT level text, OUT required boolean, OUT locked boolean, OUT ignored text[],
	OUT locked_by text, OUT unset_by text)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 110 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_explain(text, text) IS
	'where each field''s value of a node comes from: source is the node that gave it, or ''default''; ignored are the nodes whose value did not count; locked_by the one whose lock holds it, or ''catalogue''; unset_by the one that took it away';

CREATE FUNCTION @extschema@.integration_config_effective_all(org_id text,
	OUT node_id text, OUT config jsonb)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100000 ROWS 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_effective_all(text) IS
	'the merged document of every node of an organisation, parents before their children';

CREATE FUNCTION @extschema@.integration_config_status(org_id text,
	OUT node_id text, OUT node_type text, OUT integration text, OUT enabled boolean,
	OUT configured boolean, OUT missing text[], OUT in_use boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100000 ROWS 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_status(text) IS
	'a row for every node of an organisation and every integration: is it enabled, configured, what does it lack, and has anyone set any of it';
