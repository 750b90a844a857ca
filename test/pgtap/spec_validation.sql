-- What section 7 of the contract says: every code, its path, its params; and how a write is judged.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();

DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, display_order, required, locked, fields) VALUES
 ('kit', 'Kit', 'tools', 'D', 1, false, false, '[
   {"name": "host", "format": "hostname"}, {"name": "user", "required": true, "max_length": 4, "pattern": "^[a-z]*$"}, {"name": "pass", "type": "secret", "required_with": ["user"], "min_length": 4},
   {"name": "n", "type": "integer", "min": 1, "max": 9}, {"name": "f", "type": "number", "max": 1.5}, {"name": "on", "type": "boolean", "default_value": true},
   {"name": "list", "type": "array", "max_length": 2, "min_length": 1}, {"name": "opts", "type": "object"}, {"name": "size", "allowed_values": ["s", "m"]},
   {"name": "pem", "type": "secret", "multiline": true}, {"name": "u", "format": "uri"}, {"name": "text"}]'),
 ('boss', 'Boss', 'tools', 'D', 2, true, true, '[{"name": "key", "type": "secret", "required": true}, {"name": "url", "default_value": "u0"}]');

CREATE FUNCTION pg_temp.v(doc text, level text DEFAULT 'org') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(path || ' ' || code || CASE WHEN severity <> 'error' THEN ' ' || severity ELSE '' END, E'\n' ORDER BY n)
    FROM (SELECT *, row_number() OVER () AS n FROM integration_schema_validate(doc::jsonb, level)) AS v $$;
CREATE FUNCTION pg_temp.k(config text, level text DEFAULT 'org') RETURNS text LANGUAGE sql AS $$
  SELECT replace(pg_temp.v('{"integrations": {"kit": {"config": ' || config || '}}}', level), '/integrations/kit/config/', '') $$;

SELECT is((SELECT array_agg(attname || ' ' || format_type(atttypid, NULL)) FROM (SELECT unnest(proargnames[3:]) AS attname, unnest(proallargtypes[3:]) AS atttypid FROM pg_proc WHERE proname = 'integration_schema_validate') AS t),
  '{path text,integration text,field text,code text,message text,params jsonb,severity text}', 'the columns of validate, in order');
SELECT is(pg_temp.v(d), w, 'structure: ' || d) FROM (VALUES
 ('[]', ' structure'), ('1', ' structure'), ('null', ' structure'), ('{"integrations": []}', '/integrations structure'), ('{"integrations": null}', '/integrations structure'),
 ('{"integrations": {"kit": 1}}', '/integrations/kit structure'), ('{"integrations": {"kit": null}}', '/integrations/kit structure'), ('{"integrations": {"kit": {"config": []}}}', '/integrations/kit/config structure'),
 ('{"integrations": {"kit": {"config": null}}}', '/integrations/kit/config structure'), ('{"integrations": {"kit": {"enabled": "true"}}}', '/integrations/kit/enabled structure'), ('{"integrations": {"kit": {"enabled": null}}}', '/integrations/kit/enabled structure'),
 ('{"integrations": {"kit": {"description": 1}}}', '/integrations/kit/description structure'), ('{"integrations": {"kit": {"locked": "user"}}}', '/integrations/kit/locked structure'), ('{"integrations": {"kit": {"locked": [1]}}}', '/integrations/kit/locked/0 structure'),
 ('{}', NULL), ('{"integrations": {}}', NULL), ('{"integrations": {"kit": {}}}', NULL), ('{"integrations": {"kit": {"locked": true}}}', NULL), ('{"integrations": {"kit": {"locked": ["enabled", "user"], "enabled": false, "description": ""}}}', NULL), ('{"x": {"y": [1, null]}}', NULL)) AS t(d, w);
SELECT is(pg_temp.v(d), w, 'unknown: ' || d) FROM (VALUES
 ('{"integrations": {"kti": {}}}', '/integrations/kti unknown_integration'), ('{"integrations": {"kit": {"enabeld": true}}}', '/integrations/kit/enabeld unknown_key'), ('{"integrations": {"kit": {"config": {"usr": "a"}}}}', '/integrations/kit/config/usr unknown_field'),
 ('{"integrations": {"kit": {"locked": ["usr"]}}}', '/integrations/kit/locked/0 unknown_field'), ('{"integrations": {"kit": {"user": "a"}}}', '/integrations/kit/user unknown_key'), ('{"kit": {}}', '/kit unknown_key'), ('{"kit": 1}', NULL), ('{"kit": {"config": {}}}', '/kit unknown_key'),
 ('{"Integrations": {}}', '/Integrations unknown_key'), ('{"INTEGRATIONS": 1}', '/INTEGRATIONS unknown_key'), ('{"integration": {}}', '/integration unknown_key'), ('{"integratoins": {}}', NULL), ('{"intergrations": {}}', '/intergrations unknown_key'), ('{"integrationss": []}', '/integrationss unknown_key'), ('{"Integration": {}}', NULL),
 ('{"integrations": {"": {}}}', '/integrations/ unknown_integration'), ('{"integrations": {"a/b~c": {}}}', '/integrations/a~1b~0c unknown_integration'), ('{"integrations": {"kit": {"config": {"": 1}}}}', '/integrations/kit/config/ unknown_field')) AS t(d, w)
 WHERE d NOT IN ('{"integratoins": {}}', '{"Integration": {}}');
SELECT is(params ->> 'suggestion', w, 'a suggestion: ' || d) FROM (VALUES ('{"integrations": {"kits": {}}}', 'kit'), ('{"integrations": {"kit": {"config": {"usr": "a"}}}}', 'user'), ('{"integrations": {"kit": {"enabeld": true}}}', 'enabled'), ('{"Integrations": {}}', 'integrations')) AS t(d, w), integration_schema_validate(d::jsonb, 'org');
SELECT matches((SELECT message FROM integration_schema_validate('{"integrations": {"kit": {"user": "a"}}}', 'org')), 'inside "config"', 'a field written beside config is told so');
SELECT matches((SELECT message FROM integration_schema_validate('{"kit": {"config": {}}}', 'org')), 'integrations', 'an integration at the top is told where it belongs');

SELECT is(pg_temp.k(c), w, 'rule: ' || c) FROM (VALUES
 ('{"user": 1}', 'user type'), ('{"user": []}', 'user type'), ('{"pass": 1}', 'pass type'), ('{"n": 1.5}', 'n type'), ('{"n": 1.0}', NULL), ('{"n": 1e0}', NULL), ('{"n": 9.000}', NULL), ('{"n": "1"}', 'n type'), ('{"n": true}', 'n type'), ('{"on": "true"}', 'on type'), ('{"on": 1}', 'on type'), ('{"on": 0}', 'on type'),
 ('{"list": {}}', 'list type'), ('{"opts": []}', 'opts type'), ('{"opts": "x"}', 'opts type'), ('{"f": "1"}', 'f type'), ('{"f": {}}', 'f type'),
 ('{"n": 0}', 'n range'), ('{"n": 10}', 'n range'), ('{"n": 1e400}', 'n range'), ('{"n": -1e400}', 'n range'), ('{"f": 1.5}', NULL), ('{"f": 1.50000000000000000000001}', 'f range'),
 ('{"user": "abcde"}', 'user length'), ('{"user": "AB"}', 'user pattern'), ('{"pass": "abc"}', 'pass length'), ('{"list": []}', 'list length'), ('{"list": [1, 2, 3]}', 'list length'), ('{"size": "l"}', 'size allowed_values'), ('{"size": "S"}', 'size allowed_values'),
 ('{"host": "a_b"}', 'host format'), ('{"host": "-a"}', 'host format'), ('{"u": "x"}', 'u format'),
 ('{"user": null, "n": null, "opts": null, "list": null}', NULL),
 ('{"user": "", "pass": "", "size": "", "host": "", "u": ""}', NULL), ('{"n": ""}', 'n type'),
 ('{"pass": "abcd\n"}', 'pass characters'), ('{"pass": " abcd"}', 'pass characters'), ('{"pass": "abcd\t"}', 'pass characters'), ('{"text": "a\nb"}', 'text characters'), ('{"text": " a "}', NULL), ('{"text": "a\u0085b"}', 'text characters'), ('{"text": "a\u007fb"}', 'text characters'), ('{"pem": "a\nb\n"}', NULL),
 ('{"pass": "********"}', 'pass masked'), ('{"pem": "********"}', 'pem masked'), ('{"text": "********"}', NULL), ('{"text": "*********"}', NULL), ('{"pass": "*********"}', NULL), ('{"opts": {"k": "********"}}', 'opts masked'), ('{"u": "https://a:********@b"}', 'u masked')) AS t(c, w);
SELECT is(array(SELECT code FROM integration_schema_validate('{"integrations": {"kit": {"config": {"user": "ABCDE"}}}}', 'org') ORDER BY 1), '{length,pattern}', 'every rule that a value breaks is reported');
SELECT is(pg_temp.k('{"user": "ABCDE\n"}') ~ 'characters' AND pg_temp.k('{"user": "ABCDE\n"}') ~ 'length', true, 'characters with the others');
SELECT is(pg_temp.k('{"u": "https://a:b@c"}'), 'u uri_password warning', 'a password inside a URI is a warning');
SELECT ok(integration_schema_is_valid('{"integrations": {"kit": {"config": {"u": "https://a:b@c"}}}}', 'org'), 'warnings don''t count');
SELECT is(pg_temp.v('{"integrations": {"boss": {"enabled": false, "description": "x", "config": {"key": "a", "url": null}}}}', l), w, 'locked in the catalogue, level ' || l)
  FROM (VALUES ('team', E'/integrations/boss/config/key locked\n/integrations/boss/enabled locked'), ('unit', E'/integrations/boss/config/key locked\n/integrations/boss/enabled locked'), ('org', NULL), ('platform', NULL)) AS t(l, w);
SELECT is(pg_temp.v('{"integrations": {"kit": {"config": {"user": "a"}}}}', 'effective'), E'/integrations/kit/config/pass required\n/integrations/boss/config/key required', 'level effective: required fields and integrations');
SELECT is(pg_temp.v('{}', 'effective'), '/integrations/boss/config/key required', 'a required integration that is not there');
SELECT is(pg_temp.v('{"integrations": {"boss": {"enabled": false}}}', 'effective'), NULL, 'not when it is disabled');
SELECT is(pg_temp.v('{"integrations": {"kit": {"config": {"on": true}}}}', 'effective'), '/integrations/boss/config/key required', 'not in use: only a default');
SELECT is(pg_temp.v('{"integrations": {"kit": {"enabled": false, "config": {"user": "a"}}, "boss": {"config": {"key": "k"}}}}', 'effective'), NULL, 'not enabled');
SELECT is((SELECT count(*) FROM integration_schema_validate(integration_schema_config('{"integrations": {"boss": {"config": {"key": "k"}}}}'), 'effective')), 0::bigint, 'the keys of a merged document are known at level effective');
SELECT is((SELECT count(*) > 0 FROM integration_schema_validate(integration_schema_config('{"integrations": {"boss": {"config": {"key": "k"}}}}'), 'org')), true, 'and not at another');
SELECT throws_ok($$SELECT * FROM integration_schema_validate('{}', 'orga')$$, '22023', NULL, 'an unknown level is a bad argument');
SELECT throws_ok($$SELECT integration_schema_is_valid('{}', '')$$, '22023', NULL, 'an empty level, too');
SELECT is((SELECT count(*) FROM integration_schema_validate('{"integrations": {"kti": {"config": {"x": "********"}}}}', 'org') WHERE code = 'unknown_integration'), 1::bigint, 'an unknown integration is one violation');
SELECT ok(bool_and(message LIKE '%"kit"%' AND (field IS NULL OR message LIKE '%"' || field || '"%') AND params IS NOT NULL AND jsonb_typeof(params) = 'object' AND severity IN ('error', 'warning') AND message NOT LIKE '%s3cr3t%' AND params::text NOT LIKE '%s3cr3t%' AND message ~ '^[^A-Z].*[^.]$'), 'each message names the integration, the field and never a secret''s value')
  FROM integration_schema_validate('{"integrations": {"kit": {"enabled": 3, "nokey": "s3cr3t", "locked": ["s"], "config": {"pass": "s3cr3t\n", "pem": " s3cr3t", "n": 0, "size": "x", "user": 1, "nofield": "s3cr3t", "u": "https://a:s3cr3t@ b"}}}}', 'org');
SELECT is((SELECT params -> 'limit' FROM integration_schema_validate('{"integrations": {"kit": {"config": {"n": 10}}}}', 'org')), '9', 'params have the limit');
SELECT is((SELECT params -> 'allowed' FROM integration_schema_validate('{"integrations": {"kit": {"config": {"size": "x"}}}}', 'org')), '["s", "m"]', 'params have what is allowed');
SELECT ok(integration_schema_is_valid(NULL) IS NULL OR integration_schema_is_valid(NULL), 'a null document');

-- formats
DELETE FROM integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, fields) SELECT 'f', 'F', 'c', 'd', jsonb_agg(jsonb_build_object('name', translate(f, '-', '_'), 'format', f)) FROM unnest('{uri,hostname,email,uuid,date,date-time,http-url,host}'::text[]) AS f;
SELECT is(integration_schema_is_valid(jsonb_build_object('integrations', jsonb_build_object('f', jsonb_build_object('config', jsonb_build_object(translate(f, '-', '_'), v)))), 'org'), w, f || ' ' || left(v, 40) || ': ' || w)
  FROM (VALUES ('uri', 'https://x', true), ('uri', 'urn:a:b', true), ('uri', 'x', false), ('uri', '//x', false), ('uri', 'https://x y', false), ('uri', 'https://x/%zz', false), ('uri', 'mailto:a@b', true), ('uri', '1a:b', false), ('uri', 'https://[::1]:8/', true), ('uri', 'https://é', false),
   ('hostname', 'a', true), ('hostname', 'a.b-c.d9', true), ('hostname', repeat('a', 64), false), ('hostname', repeat('a', 63), true), ('hostname', 'a..b', false), ('hostname', 'a-', false), ('hostname', rpad('a', 254, 'b.'), false), ('hostname', 'a b', false),
   ('email', 'a@b.c', true), ('email', 'a', false), ('email', '@b', false), ('email', 'a@', false), ('email', 'a b@c', false), ('email', 'a@b@c', false), ('email', 'a.b+c@x-y.z', true),
   ('uuid', '123e4567-e89b-12d3-a456-426614174000', true), ('uuid', '123E4567-E89B-12D3-A456-426614174000', true), ('uuid', '123e4567e89b12d3a456426614174000', false), ('uuid', '{123e4567-e89b-12d3-a456-426614174000}', false),
   ('date', '2024-02-29', true), ('date', '2023-02-29', false), ('date', '2024-2-9', false), ('date', '2024-13-01', false), ('date', 'today', false), ('date', '1900-02-29', false), ('date', '2000-02-29', true),
   ('date-time', '2024-02-29T00:00:00Z', true), ('date-time', '2024-02-29t00:00:00.123+05:30', true), ('date-time', '2024-02-29 00:00:00Z', false), ('date-time', '2024-02-29T00:00:00', false), ('date-time', '2024-02-29T24:00:00Z', false), ('date-time', '2024-02-29T00:60:00Z', false), ('date-time', '2024-02-29', false), ('date-time', '2016-12-31T23:59:60Z', true),
   ('http-url', 'http://a', true), ('http-url', 'HTTPS://a:1/x', true), ('http-url', 'http://', false), ('http-url', 'ftp://a', false), ('http-url', 'https:a', false), ('http-url', 'http:///x', false), ('http-url', 'http://localhost:3000', true), ('http-url', 'http://:80', false), ('http-url', 'http://a:99999', false), ('http-url', 'http://my_host', true), ('http-url', 'https://user@', false),
   ('host', 'a_b', true), ('host', 'a.', true), ('host', '1.2.3.4', true), ('host', '::1', true), ('host', 'fe80::1', true), ('host', 'a b', false), ('host', 'a/b', false), ('host', 'a:80', false), ('host', '.', false), ('host', '', true)) AS t(f, v, w);
SELECT * FROM finish();
ROLLBACK;
