-- Whatever depth a document has, it can be shown, compared, and its masks
-- replaced: none of these uses the stack for it.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('acme', 'Acme', 'test', '', '[
	{"name": "token", "type": "secret"}, {"name": "tags", "type": "array"}, {"name": "extra", "type": "object"}]');

-- Levels of objects or of arrays around a value
CREATE FUNCTION pg_temp.deep(value text, opening text, closing text) RETURNS jsonb
LANGUAGE sql AS $$ SELECT (repeat(opening, 6000) || value || repeat(closing, 6000))::jsonb $$;

CREATE TEMPORARY TABLE deep AS
SELECT s.value, jsonb_build_object('mine', o, 'integrations', jsonb_build_object('acme', jsonb_build_object('config',
	jsonb_build_object('token', a, 'tags', jsonb_build_array(a, o), 'extra', o, 'unknown', o)), 'nowhere', o)) AS document
FROM unnest(ARRAY['"x"', '"y"']) AS s (value), pg_temp.deep(s.value, '{"a":', '}') AS o, pg_temp.deep(s.value, '[', ']') AS a;

SET max_stack_depth = '100kB';
CREATE TEMPORARY TABLE shown AS SELECT value, document, integration_schema_redact(document) AS shown FROM deep;
SELECT ok(integration_schemas_internal.redact_past(document, NULL, '{/mine/a/a/a}') <> shown, 'shown of the past') FROM shown WHERE value = '"x"';
SELECT ok(integration_schema_unmask(shown, document) = document, 'what was shown comes back') FROM shown WHERE value = '"x"';
CREATE TEMPORARY TABLE compared AS
SELECT integration_schemas_internal.config_diff(x.document, y.document, x.shown, y.shown) AS changes
FROM shown AS x, shown AS y WHERE x.value = '"x"' AND y.value = '"y"';
RESET max_stack_depth;

SELECT is(shown #>> '{integrations,acme,config,token}', '********', 'a secret is hidden at once') FROM shown WHERE value = '"x"';
SELECT is(shown #>> (ARRAY['mine'] || array_fill('a'::text, ARRAY[6000])), 'x', 'what is shown is shown at any depth') FROM shown WHERE value = '"x"';
SELECT is(shown #>> (ARRAY['integrations', 'acme', 'config', 'extra'] || array_fill('a'::text, ARRAY[6000])), '********', 'and hidden at any depth') FROM shown WHERE value = '"x"';
SELECT is((SELECT count(*) FROM compared, jsonb_array_elements(changes -> 'changed')), 6::bigint, 'what changed is found at any depth');

SELECT * FROM finish();
ROLLBACK;
