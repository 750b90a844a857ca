-- integration_schemas: what CREATE EXTENSION runs. Built from the parts in sql/.
\echo Use "CREATE EXTENSION integration_schemas" to load this file. \quit

-- What people call is in the extension's own schema; what is only a part of
-- that is here, out of the way of \df.
CREATE SCHEMA integration_schemas_internal;
GRANT USAGE ON SCHEMA integration_schemas_internal TO PUBLIC;
COMMENT ON SCHEMA integration_schemas_internal IS
	'parts of the extension integration_schemas that nobody calls by themselves';
