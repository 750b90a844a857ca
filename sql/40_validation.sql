-- Validation of documents, the trigger that enforces it, and redaction.

CREATE FUNCTION @extschema@.integration_schema_validate(document jsonb, level text DEFAULT 'team')
RETURNS TABLE (path text, integration text, field text, code text, message text,
	params jsonb, severity text)
LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 10
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.integration_schema_validate(jsonb, text)
IS 'every rule of the catalogue that a document breaks, a row each, with the facts of its message and whether it refuses a write (error) or not (warning); level: platform, org, unit, team, or effective for a merged document';

CREATE FUNCTION @extschema@.integration_schema_is_valid(document jsonb, level text DEFAULT 'team')
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.integration_schema_is_valid(jsonb, text)
IS 'true for a document that breaks no rule of the catalogue; see integration_schema_validate. In a CHECK constraint null, which passes, stands for false while check_function_bodies is off, as a dump is loaded';

CREATE FUNCTION @extschema@.integration_schema_check()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.integration_schema_check()
IS 'row trigger that refuses a document that breaks a rule of the catalogue; arguments: the jsonb column and, optionally, the column with the level or level=..., and mode=warn';

CREATE FUNCTION @extschema@.integration_schema_redact(document jsonb)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.integration_schema_redact(jsonb)
IS 'a layer, a merged document or an answer of integration_schema_values with every secret, and all that the catalogue does not know to be none, replaced by "********"';

CREATE FUNCTION @extschema@.integration_schema_redact(answer jsonb, id text)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE STRICT
AS 'MODULE_PATHNAME', 'integration_schema_redact_answer';

COMMENT ON FUNCTION @extschema@.integration_schema_redact(jsonb, text)
IS 'the same of an answer of integration_schema_resolve for that integration';

CREATE FUNCTION @extschema@.integration_schema_unmask(document jsonb, stored jsonb)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.integration_schema_unmask(jsonb, jsonb)
IS 'a document with each "********" that redaction shows replaced by what is stored at the same place';

CREATE FUNCTION integration_schemas_internal.redact_past(document jsonb, secrets jsonb,
	erased text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'integration_schemas_redact_past';

COMMENT ON FUNCTION integration_schemas_internal.redact_past(jsonb, jsonb, text[])
IS 'a document of the past, redacted: with the places that were secrets once, {"id": ["path"]}, and the places that were erased, as JSON Pointers';
