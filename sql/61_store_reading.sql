-- Reading the store: merged documents, explanations and states of nodes.
--
-- All of these run with the caller's rights: a node that row security hides from
-- him is not there. What a node inherits is read as the tables' owner reads it.
-- Those that open secrets are PARALLEL RESTRICTED: a worker would run the key
-- command anew.

CREATE FUNCTION @extschema@.integration_config_effective(org_id text, node_id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_effective(text, text) IS
	'the merged document of a node: the catalogue''s defaults, the platform''s document, the organisation''s and each one''s down to the node''s';

CREATE FUNCTION @extschema@.integration_config_resolve(org_id text, node_id text, id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 300 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_resolve(text, text, text) IS
	'one integration of a node, or instance (grafana:eu): enabled, configured, missing and config';

CREATE FUNCTION @extschema@.integration_config_instances(org_id text, node_id text, id text,
	OUT integration text, OUT instance text, OUT enabled boolean, OUT configured boolean,
	OUT missing text[], OUT in_use boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 300 ROWS 3 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_instances(text, text, text) IS
	'the instances of an integration that a node has: integration is the key (grafana:eu), instance the name (eu)';

CREATE FUNCTION @extschema@.integration_config_values(org_id text, node_id text)
	RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 300 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_values(text, text) IS
	'what a service starts up with: the values of every integration of a node that is in use, enabled and configured';

CREATE FUNCTION @extschema@.integration_config_explain(org_id text, node_id text,
	OUT integration text, OUT field text, OUT value jsonb, OUT source text,
	OUT level text, OUT required boolean, OUT locked boolean, OUT ignored text[],
	OUT locked_by text, OUT unset_by text)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 110 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_explain(text, text) IS
	'where each field''s value of a node comes from: source is the node that gave it, or ''default''; ignored are the nodes whose value did not count; locked_by the one whose lock holds it, or ''catalogue''; unset_by the one that took it away';

CREATE FUNCTION @extschema@.integration_config_get(org_id text, node_id text,
	OUT config_json jsonb, OUT version integer)
	RETURNS record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_get(text, text) IS
	'a node''s own document, redacted, and its version, to be edited and written back: masks stand for what is stored';

-- A C function in FROM has its whole set written to disk before the first row is
-- used; in a select list it gives a row at a time. The SQL function is inlined
-- into the query that calls it, so that both are the same. (It is not STRICT for
-- that reason.)
CREATE FUNCTION integration_schemas_internal.effective_all(org_id text,
	OUT node_id text, OUT config jsonb)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 100000 ROWS 1000
	AS 'MODULE_PATHNAME', 'integration_config_effective_all';
COMMENT ON FUNCTION integration_schemas_internal.effective_all(text) IS
	'integration_config_effective_all for a select list';

CREATE FUNCTION @extschema@.integration_config_effective_all(org_id text,
	OUT node_id text, OUT config jsonb)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
BEGIN ATOMIC
	SELECT (n.node).node_id, (n.node).config
	  FROM (SELECT integration_schemas_internal.effective_all(org_id) AS node OFFSET 0) AS n;
END;
COMMENT ON FUNCTION @extschema@.integration_config_effective_all(text) IS
	'the merged document of every node of an organisation, parents before their children';

CREATE FUNCTION @extschema@.integration_config_status(org_id text,
	OUT node_id text, OUT node_type text, OUT integration text, OUT enabled boolean,
	OUT configured boolean, OUT missing text[], OUT in_use boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100000 ROWS 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_status(text) IS
	'a row for every node of an organisation and every integration: is it enabled, configured, what does it lack, and has anyone set any of it';

CREATE FUNCTION @extschema@.integration_config_violations(org_id text DEFAULT NULL,
	OUT org_id text, OUT node_id text, OUT path text, OUT integration text,
	OUT field text, OUT code text, OUT message text, OUT params jsonb, OUT severity text)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_config_violations(text) IS
	'what is wrong with the stored documents of an organisation, or of all: a row a violation, as integration_schema_validate has them, the locks of the nodes above included';

CREATE FUNCTION @extschema@.integration_schema_impact(id text, fields jsonb,
	OUT org_id text, OUT node_id text, OUT path text, OUT integration text,
	OUT field text, OUT code text, OUT message text, OUT params jsonb, OUT severity text)
	RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_impact(text, jsonb) IS
	'what would be wrong with the stored documents if the integration had those fields, or with null if it were not there; before the UPDATE or DELETE';
