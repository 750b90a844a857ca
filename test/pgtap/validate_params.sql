-- params and severity: the facts of a message, so that a form can say them in
-- words of its own, in one scheme for all codes.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, locked, fields) VALUES
('acme', 'Acme', 'test', '', false, '[
	{"name": "token", "type": "secret", "required": true, "pattern": "^tok_", "min_length": 8, "allowed_values": ["tok_hidden1", "tok_hidden2"]},
	{"name": "user_name", "format": "email", "max_length": 20},
	{"name": "password", "type": "secret", "required_with": ["user_name", "port"]},
	{"name": "port", "type": "integer", "min": 1, "max": 65535},
	{"name": "ratio", "type": "number", "min": 0.5},
	{"name": "mode", "allowed_values": ["fast", "safe"], "required_unless": ["token", "tags"]},
	{"name": "tags", "type": "array", "min_length": 1, "max_length": 2}]'),
('vault', 'Vault', 'test', '', true, '[{"name": "url"}]'),
('many', 'Many', 'test', '', false, jsonb_build_array(jsonb_build_object('name', 'n', 'type', 'integer', 'allowed_values',
	(SELECT jsonb_agg(i) FROM generate_series(1, 50) AS i))));

CREATE FUNCTION pg_temp.params(document jsonb, level text DEFAULT 'team') RETURNS text
LANGUAGE sql AS $$
	SELECT string_agg(code || ' ' || params, E'\n') FROM integration_schema_validate(document, level)
$$;

SELECT is(pg_temp.params(document::jsonb), params, document)
FROM (VALUES
	-- structure, type
	('[]', 'structure {"actual": "array", "expected": "object"}'),
	('{"integrations": null}', 'structure {"actual": "null", "expected": "object"}'),
	('{"integrations": {"acme": 1}}', 'structure {"actual": "number", "expected": "object"}'),
	('{"integrations": {"acme": {"enabled": "x"}}}', 'structure {"actual": "string", "expected": "boolean"}'),
	('{"integrations": {"acme": {"description": true}}}', 'structure {"actual": "boolean", "expected": "string"}'),
	('{"integrations": {"acme": {"locked": {}}}}', 'structure {"actual": "object", "expected": ["boolean", "array"]}'),
	('{"integrations": {"acme": {"locked": [1]}}}', 'structure {"actual": "number", "expected": "string"}'),
	('{"integrations": {"acme": {"config": {"port": "80"}}}}', 'type {"actual": "string", "expected": "integer"}'),
	('{"integrations": {"acme": {"config": {"port": 1.5}}}}', 'type {"actual": "number", "expected": "integer"}'),
	('{"integrations": {"acme": {"config": {"token": 1}}}}', 'type {"actual": "number", "expected": "string"}'),
	-- names
	('{"integrations": {"acne": {}}}', 'unknown_integration {"name": "acne", "suggestion": "acme"}'),
	('{"integrations": {"nothing-like-it": {}}}', 'unknown_integration {"name": "nothing-like-it"}'),
	('{"integrations": {"acme": {"enable": true}}}', 'unknown_key {"name": "enable", "suggestion": "enabled"}'),
	('{"integrations": {"acme": {"token": "x"}}}', 'unknown_key {"name": "token", "belongs_in": "config"}'),
	('{"Integrations": {}}', 'unknown_key {"name": "Integrations", "suggestion": "integrations"}'),
	('{"acme": {}}', 'unknown_key {"name": "acme", "belongs_in": "integrations"}'),
	('{"integrations": {"acme": {"config": {"tokn": 1}}}}', 'unknown_field {"name": "tokn", "suggestion": "token"}'),
	('{"integrations": {"acme": {"locked": ["prot"]}}}', 'unknown_field {"name": "prot", "suggestion": "port"}'),
	-- rules
	('{"integrations": {"acme": {"config": {"port": 70000}}}}', 'range {"limit": 65535, "limited_by": "max"}'),
	('{"integrations": {"acme": {"config": {"port": 0}}}}', 'range {"limit": 1, "limited_by": "min"}'),
	('{"integrations": {"acme": {"config": {"ratio": 0.1}}}}', 'range {"limit": 0.5, "limited_by": "min"}'),
	('{"integrations": {"acme": {"config": {"tags": []}}}}', 'length {"limit": 1, "limited_by": "min_length"}'),
	('{"integrations": {"acme": {"config": {"tags": [1, 2, 3]}}}}', 'length {"limit": 2, "limited_by": "max_length"}'),
	('{"integrations": {"acme": {"config": {"mode": "slow"}}}}', 'allowed_values {"allowed": ["fast", "safe"]}'),
	('{"integrations": {"acme": {"config": {"user_name": "joe"}}}}', 'format {"format": "email"}'),
	('{"integrations": {"acme": {"config": {"token": "x"}}}}',
	 E'allowed_values {}\npattern {"pattern": "^tok_"}\nlength {"limit": 8, "limited_by": "min_length"}'),
	('{"integrations": {"acme": {"config": {"mode": "a\n"}}}}', E'characters {"found": "control character"}\nallowed_values {"allowed": ["fast", "safe"]}'),
	('{"integrations": {"acme": {"config": {"password": " a"}}}}', 'characters {"found": "white space at an end"}'),
	('{"integrations": {"acme": {"config": {"password": "********"}}}}', 'masked {}'),
	('{"integrations": {"vault": {"config": {"url": "http://u:p@h"}}}}', E'uri_password {}\nlocked {"level": "team", "locked_by": null}'),
	('{"integrations": {"vault": {"enabled": true}}}', 'locked {"level": "team", "locked_by": null}')) AS v (document, params);
SELECT is(pg_temp.params('{"integrations": {"vault": {"enabled": true}}}', 'unit'), 'locked {"level": "unit", "locked_by": null}', 'of a unit');
SELECT is((SELECT jsonb_array_length(params -> 'allowed') FROM integration_schema_validate('{"integrations": {"many": {"config": {"n": 51}}}}')), 50,
	'all allowed values, where the message has some');
UPDATE integration_schemas SET required = id = 'acme';
SELECT is(pg_temp.params('{"integrations": {"acme": {"config": {"port": 80}}}}', 'effective'),
	E'required {}\nrequired {"required_with": "port"}\nrequired {"required_unless": ["token", "tags"]}', 'why a field is required');

SELECT results_eq($$SELECT DISTINCT code, severity FROM integration_schema_validate('{"integrations": {"vault": {"enabled": 1, "config": {"url": "http://u:p@h"}}}}') ORDER BY 1$$,
	$$VALUES ('locked', 'error'), ('structure', 'error'), ('uri_password', 'warning')$$, 'severity');
SELECT is((SELECT count(*) FROM integration_schema_validate(
	'{"integrations": {"acme": {"config": {"token": "tok_SENTINEL", "user_name": ["SENTINEL"], "mode": "SENTINEL", "tags": {"SENTINEL": 1}, "password": " SENTINEL"},
	  "token": "SENTINEL", "enabled": "SENTINEL", "locked": {"SENTINEL": 1}}, "nope": "SENTINEL"}, "datadog": {"x": "SENTINEL"}}') AS v
	WHERE v::text ~ 'SENTINEL|hidden'), 0::bigint, 'no value is in them, and nothing of a secret''s allowed ones');
SELECT is((SELECT count(*) FROM integration_schema_validate('{"integrations": {"acme": {"config": {"token": "x", "nope": 1}, "enable": 1}}}')
		   WHERE jsonb_typeof(params) IS DISTINCT FROM 'object'), 0::bigint, 'always an object');

SELECT is((SELECT params ->> 'suggestion' FROM integration_schema_validate('{"integrations": {"slack": {"locked": ["enabeld"]}}}', 'org')), 'enabled',
		  'a lock of enabled that is misspelt');

SELECT * FROM finish();
ROLLBACK;
