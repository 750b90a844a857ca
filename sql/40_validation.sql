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
IS 'a layer or a merged document with every secret, and every value of a field that the catalogue does not know, replaced by "********"';
