-- What redaction, and a mask that comes back, make of what is in a field's value,
-- by its definition, and of instances.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields, instances) VALUES
('acme', 'Acme', 'test', '', '[
	{"name": "creds", "type": "object", "fields": [{"name": "region"}, {"name": "common", "type": "secret"}],
	 "variants": {"by": "method", "choices": [
		{"value": "key", "fields": [{"name": "token", "type": "secret"}, {"name": "user"}]},
		{"value": "oauth", "fields": [{"name": "client"}, {"name": "client_secret", "type": "secret"}, {"name": "token"}]}]}},
	{"name": "accounts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "pw", "type": "secret"},
		{"name": "keys", "type": "array", "items": {"type": "secret"}}]}},
	{"name": "logins", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}],
	 "variants": {"by": "method", "choices": [{"value": "key", "fields": [{"name": "box", "type": "object", "fields": [{"name": "n"}, {"name": "pin", "type": "secret"}]}]}, {"value": "none"}]}}},
	{"name": "headers", "type": "object", "values": {"type": "secret"}},
	{"name": "hosts", "type": "object", "values": {"type": "object", "fields": [{"name": "port", "type": "integer"}, {"name": "pass", "type": "secret"}, {"name": "url"}]}},
	{"name": "tags", "type": "array", "items": {"type": "string"}},
	{"name": "free", "type": "object"}, {"name": "open", "type": "object", "public": true},
	{"name": "any", "type": "json"}, {"name": "seen", "type": "json", "public": true},
	{"name": "mode"}, {"name": "extra", "type": "object", "applies_when": {"mode": ["x"]}, "fields": [{"name": "key", "type": "secret"}, {"name": "n"}]},
	{"name": "deep", "type": "object", "fields": [{"name": "a", "type": "object", "fields": [{"name": "b", "type": "array", "items":
		{"type": "object", "values": {"type": "object", "fields": [{"name": "c", "type": "secret"}, {"name": "d"}, {"name": "free", "type": "object"}]}}}]}]}]', true),
('single', 'Single', 'test', '', '[{"name": "token", "type": "secret"}, {"name": "region"}]', false);

CREATE FUNCTION pg_temp.redacted(field text, value jsonb) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT integration_schema_redact(jsonb_build_object('integrations', jsonb_build_object('acme', jsonb_build_object('config', jsonb_build_object(field, value)))))
		#> ARRAY['integrations', 'acme', 'config', field]
$$;

--
-- Values inside values
--

SELECT is(pg_temp.redacted(field, value::jsonb), shown::jsonb, format('%s: %s', field, what))
FROM (VALUES
	('creds', 'a choice''s fields and those of all', '{"method": "key", "region": "eu", "common": "x", "token": "x", "user": "u"}', '{"method": "key", "region": "eu", "common": "********", "token": "********", "user": "u"}'),
	('creds', 'one name is a secret in one choice and none in another', '{"method": "oauth", "client": "c", "client_secret": "x", "token": "t"}', '{"method": "oauth", "client": "c", "client_secret": "********", "token": "t"}'),
	('creds', 'the fields of another choice are nobody''s', '{"method": "key", "client": "x", "client_secret": {"a": 1}}', '{"method": "key", "client": "********", "client_secret": "********"}'),
	('creds', 'no choice: what is a secret in any of them is one', '{"token": "x", "user": "u", "region": "eu", "nobody": "x"}', '{"token": "********", "user": "u", "region": "eu", "nobody": "********"}'),
	('creds', 'an unknown choice', '{"method": "none", "token": "x", "region": "eu"}', '{"method": "none", "token": "********", "region": "eu"}'),
	('creds', 'a choice that is no string', '{"method": ["key"], "token": "x", "region": "eu"}', '{"method": ["key"], "token": "********", "region": "eu"}'),
	('creds', 'an unknown member', '{"tokn": "x", "b": 1, "z": null}', '{"tokn": "********", "b": "********", "z": null}'),
	('creds', 'null', 'null', 'null'),
	('accounts', 'elements', '[{"name": "a", "pw": "x", "keys": ["x", "y", 1]}, {"pw": null, "more": "x"}]', '[{"name": "a", "pw": "********", "keys": ["********", "********", "********"]}, {"pw": null, "more": "********"}]'),
	('accounts', 'elements of another type', '["x", 1, null, ["x"], {}]', '["********", "********", null, "********", {}]'),
	('accounts', 'a secret of a wrong type', '[{"pw": {"a": "x"}, "keys": {"a": "x"}, "name": ["n"]}]', '[{"pw": "********", "keys": "********", "name": ["n"]}]'),
	('headers', 'a map of secrets', '{"a": "x", "b": ["x"], "": null}', '{"a": "********", "b": "********", "": null}'),
	('hosts', 'a map of objects', '{"h": {"port": 1, "pass": "x", "url": "https://u:s3cr3t@h"}, "i": "x"}', '{"h": {"port": 1, "pass": "********", "url": "https://u:********@h"}, "i": "********"}'),
	('tags', 'strings', '["a", "https://u:s3cr3t@h", {"a": "x"}]', '["a", "https://u:********@h", {"a": "********"}]'),
	('free', 'what is free-form', '{"a": "x", "n": 1}', '{"a": "********", "n": 1}'),
	('open', 'what is free-form and public', '{"a": "x", "n": ["https://u:s3cr3t@h", "sealed:1:k:x"]}', '{"a": "x", "n": ["https://u:********@h", "********"]}'),
	('any', 'json', '["x", 1, {"a": "x"}]', '["********", 1, {"a": "********"}]'), ('any', 'a json string', '"x"', '"********"'),
	('seen', 'public json', '["x", {"a": "x"}]', '["x", {"a": "x"}]'),
	('extra', 'a secret in a field that does not apply', '{"key": "x", "n": "n"}', '{"key": "********", "n": "n"}'),
	('deep', 'at any depth', '{"a": {"b": [{"k": {"c": "x", "d": "d", "free": {"s": "x"}}}, {"l": {"c": ["x"]}}]}}', '{"a": {"b": [{"k": {"c": "********", "d": "d", "free": {"s": "********"}}}, {"l": {"c": "********"}}]}}')
) AS v (field, what, value, shown);
SELECT is(pg_temp.redacted(field, wrong), CASE WHEN wrong = 'null' THEN wrong ELSE '"********"' END, format('%s is %s', field, wrong))
FROM (VALUES ('creds', 'object'), ('headers', 'object'), ('accounts', 'array'), ('tags', 'array')) AS f (field, type),
	unnest(ARRAY['"x"', '1', 'true', 'null', '["x"]', '{"a": "x"}']::jsonb[]) AS wrong WHERE jsonb_typeof(wrong) <> type;

-- explain shows no more
SELECT is_empty($$SELECT * FROM integration_schema_explain('{"integrations": {"acme": {"config": {"creds": {"method": "key", "token": "SENTINEL", "common": "SENTINEL", "gone": "SENTINEL"},
	"accounts": [{"pw": "SENTINEL"}], "headers": {"h": "SENTINEL"}, "hosts": {"h": {"pass": "SENTINEL"}}, "any": ["SENTINEL"], "extra": {"key": "SENTINEL"}}}}}') AS e WHERE e::text ~ 'SENTINEL'$$, 'explain');
SELECT is((SELECT value FROM integration_schema_explain('{"integrations": {"acme": {"config": {"creds": {"method": "key", "token": "SENTINEL"}}}}}') WHERE field = 'creds/token'), '"********"', 'a leaf of it');

--
-- Instances
--

CREATE TEMPORARY VIEW layer AS SELECT '{"integrations": {"acme": {"config": {"mode": "m"}}, "acme:eu": {"enabled": true, "locked": ["mode"], "config": {"mode": "m", "creds": {"method": "key", "token": "SENTINEL", "user": "u"}, "unknown": "SENTINEL"}},
	"single:eu": {"config": {"token": "SENTINEL", "region": "r"}}, "acme:EU": {"config": {"mode": "SENTINEL"}}, "nowhere:eu": {"config": {"mode": "SENTINEL"}}}}'::jsonb AS document;
SELECT is(integration_schema_redact(document), '{"integrations": {"acme": {"config": {"mode": "m"}}, "acme:eu": {"enabled": true, "locked": ["mode"], "config": {"mode": "m", "creds": {"method": "key", "token": "********", "user": "u"}, "unknown": "********"}},
	"single:eu": {"config": {"token": "********", "region": "r"}}, "acme:EU": {"config": {"mode": "********"}}, "nowhere:eu": {"config": {"mode": "********"}}}}',
	'an instance has its integration''s definitions, also where it may not be; what is no instance''s name has none') FROM layer;
SELECT is(integration_schema_redact(integration_schema_config(document)) #> '{integrations,acme:eu}',
	jsonb_set(jsonb_set(integration_schema_config(document) #> '{integrations,acme:eu}', '{config,creds,token}', '"********"'), '{config,unknown}', '"********"'),
	'of a merged entry all else is shown') FROM layer;
SELECT is(integration_schema_redact(integration_schema_config(document)) #> '{integrations,acme:eu}' ->> key, wanted, format('its %s is shown', key))
FROM layer, (VALUES ('integration', 'acme'), ('instance', 'eu'), ('name', 'Acme')) AS k (key, wanted);
SELECT is(integration_schema_redact(jsonb_build_object('integrations', jsonb_build_object(id, entry))) #> ARRAY['integrations', id], shown, format('of %s: %s', id, entry))
FROM (VALUES ('acme:eu', '{"integration": "x", "instance": "us"}'::jsonb, '{"integration": "********", "instance": "********"}'::jsonb), ('acme', '{"integration": "acme", "instance": "eu"}', '{"integration": "********", "instance": "********"}'),
	('acme:eu', '{"integration": ["acme"], "instance": {"eu": 1}}', '{"integration": "********", "instance": "********"}'), ('nowhere:eu', '{"integration": "nowhere", "instance": "eu"}', '{"integration": "********", "instance": "********"}')) AS e (id, entry, shown);
SELECT ok(integration_schema_redact(integration_schema_values(document))::text !~ 'SENTINEL', 'an answer of _values') FROM layer;
SELECT is(integration_schema_redact('{"acme:eu": {"creds": {"method": "key", "token": "x", "user": "u"}}, "acme": {"mode": "m"}}'), '{"acme:eu": {"creds": {"method": "key", "token": "********", "user": "u"}}, "acme": {"mode": "m"}}', 'which may have instances');
SELECT is(integration_schema_redact(integration_schema_resolve('acme:eu', document), 'acme:eu'), jsonb_set(jsonb_set(integration_schema_resolve('acme:eu', document), '{config,creds,token}', '"********"'), '{config,unknown}', '"********"'),
	'and one of _resolve') FROM layer;
SELECT throws_ok($$SELECT integration_schema_redact('{"config": {}}', 'amce:eu')$$, '42704', NULL, 'an unknown id');
SELECT is(integration_schema_redact(jsonb_build_object(key, '{"mode": "x"}'::jsonb, 'mine', 1)), jsonb_build_object(key, '********', 'mine', 1), 'at the top of a document: ' || key)
FROM unnest(ARRAY['acme:eu', 'single:eu']) AS key;
SELECT is(integration_schema_redact('{"acme:eu": "shown", "nowhere:eu": {"a": "shown"}, "mine": 1}'), '{"acme:eu": "shown", "nowhere:eu": {"a": "shown"}, "mine": 1}', 'the caller''s own');
SELECT results_eq($$SELECT path, code, params ->> 'belongs_in' FROM integration_schema_validate('{"acme:eu": {"mode": "x"}}')$$, $$VALUES ('/acme:eu', 'unknown_key', 'integrations')$$, 'and reported');

--
-- Masks that come back
--

CREATE FUNCTION pg_temp.unmasked(field text, value text, stored text, key text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$
	SELECT integration_schema_unmask(jsonb_build_object('integrations', jsonb_build_object(key, jsonb_build_object('config', jsonb_build_object(field, value::jsonb)))),
		jsonb_build_object('integrations', jsonb_build_object(key, jsonb_build_object('config', jsonb_build_object(field, stored::jsonb))))) #> ARRAY['integrations', key, 'config', field]
$$;
SELECT is(pg_temp.unmasked(field, value, stored, key), result::jsonb, format('%s of %s: %s', field, key, what))
FROM unnest(ARRAY['acme', 'acme:eu']) AS key, (VALUES
	('creds', 'nested', '{"method": "key", "token": "********", "user": "new"}', '{"method": "key", "token": "t0k", "user": "u"}', '{"method": "key", "token": "t0k", "user": "new"}'),
	('creds', 'where nothing is stored', '{"method": "key", "token": "********"}', '{"method": "key"}', '{"method": "key", "token": "********"}'),
	('creds', 'a choice was switched', '{"method": "oauth", "client_secret": "********", "token": "********"}', '{"method": "key", "token": "t0k", "client_secret": "old"}', '{"method": "oauth", "client_secret": "********", "token": "********"}'),
	('creds', 'a string that is shown stays one', '{"method": "oauth", "token": "********"}', '{"method": "oauth", "token": "t"}', '{"method": "oauth", "token": "********"}'),
	('creds', 'an unknown member', '{"tokn": "********"}', '{"tokn": {"a": "x"}}', '{"tokn": {"a": "x"}}'),
	('creds', 'hidden as a whole', '"********"', '["x"]', '["x"]'),
	('creds', 'which an object is not', '"********"', '{"common": "x"}', '"********"'),
	('creds', 'a choice that is itself shown masked', '{"method": "********", "token": "********", "region": "eu"}', '{"method": "sealed:1:k:x", "token": "t0k"}', '{"method": "sealed:1:k:x", "token": "t0k", "region": "eu"}'),
	('creds', 'a choice with the password of a URI', '{"method": "https://u:********@h", "token": "********"}', '{"method": "https://u:pw@h", "token": "t0k"}', '{"method": "https://u:pw@h", "token": "t0k"}'),
	('creds', 'a choice with that of another URI', '{"method": "https://u:********@evil", "token": "********"}', '{"method": "https://u:pw@h", "token": "t0k"}', '{"method": "https://u:********@evil", "token": "********"}'),
	('logins', 'an element that leaves its choice open', '[{"box": {"n": "https://u:********@h", "pin": "********"}}]', '[{"box": {"n": "https://u:pw@h", "pin": "x"}}]', '[{"box": {"n": "https://u:pw@h", "pin": "x"}}]'),
	('logins', 'one that names it', '[{"method": "key", "box": {"n": "n", "pin": "********"}}]', '[{"box": {"n": "n", "pin": "x"}}]', '[{"method": "key", "box": {"n": "n", "pin": "********"}}]'),
	('headers', 'a map', '{"a": "********", "b": "new", "c": "********"}', '{"a": "x", "b": "y", "d": "z"}', '{"a": "x", "b": "new", "c": "********"}'),
	('accounts', 'an element that is what it was', '[{"name": "a", "pw": "********"}, {"name": "b", "pw": "********"}]', '[{"name": "a", "pw": "x"}, {"name": "b", "pw": "y"}]', '[{"name": "a", "pw": "x"}, {"name": "b", "pw": "y"}]'),
	('accounts', 'one that is another', '[{"name": "b", "pw": "********"}, {"name": "a", "pw": "********"}]', '[{"name": "a", "pw": "x"}, {"name": "b", "pw": "y"}]', '[{"name": "b", "pw": "********"}, {"name": "a", "pw": "********"}]'),
	('accounts', 'an array in it', '[{"name": "a", "keys": ["********", "********"]}]', '[{"name": "a", "keys": ["x", "y"]}]', '[{"name": "a", "keys": ["x", "y"]}]'),
	('accounts', 'an array in it that is longer', '[{"name": "a", "keys": ["********", "********", "z"]}]', '[{"name": "a", "keys": ["x", "y"]}]', '[{"name": "a", "keys": ["********", "********", "z"]}]'),
	('accounts', 'one member more', '[{"name": "a", "pw": "********", "keys": []}]', '[{"name": "a", "pw": "x"}]', '[{"name": "a", "pw": "********", "keys": []}]'),
	('accounts', 'an unknown member of it that was hidden', '[{"name": "a", "other": "********", "pw": "********"}]', '[{"name": "a", "other": {"b": "x"}, "pw": "x"}]', '[{"name": "a", "other": {"b": "x"}, "pw": "x"}]'),
	('accounts', 'what is shown is compared, a mask or not', '[{"name": "********", "pw": "********"}]', '[{"name": "a", "pw": "x"}]', '[{"name": "********", "pw": "********"}]'),
	('accounts', 'of which nothing can be told apart once one is gone', '[{"pw": "********"}]', '[{"pw": "x"}, {"pw": "y"}]', '[{"pw": "********"}]'),
	('hosts', 'the password of a URI in it', '{"h": {"url": "https://u:********@h/new", "pass": "********"}}', '{"h": {"url": "https://u:pw@h", "pass": "x"}}', '{"h": {"url": "https://u:pw@h/new", "pass": "x"}}'),
	('any', 'json', '["********", {"a": "********"}]', '["x", {"a": "y"}]', '["x", {"a": "y"}]'),
	('deep', 'at any depth', '{"a": {"b": [{"k": {"c": "********", "d": "d"}}]}}', '{"a": {"b": [{"k": {"c": "x", "d": "d"}}]}}', '{"a": {"b": [{"k": {"c": "x", "d": "d"}}]}}')
) AS v (field, what, value, stored, result);
SELECT is(integration_schema_unmask('{"integrations": {"acme:eu": {"config": {"headers": {"a": "********"}}}}}', '{"integrations": {"acme": {"config": {"headers": {"a": "x"}}}, "acme:us": {"config": {"headers": {"a": "x"}}}}}'),
	'{"integrations": {"acme:eu": {"config": {"headers": {"a": "********"}}}}}', 'an instance has nothing of another');

-- What is left is a violation, at its place
SELECT results_eq(format('SELECT path FROM integration_schema_validate(%L) WHERE code = ''masked''', document), paths, 'masked: ' || document)
FROM (VALUES ('{"integrations": {"acme:eu": {"config": {"creds": {"method": "key", "token": "********", "user": "********"}, "headers": {"a/b": "********"}, "accounts": [{"name": "********", "keys": ["********"]}],
		"any": {"a": ["********"]}, "seen": "********", "free": {"a": "********"}, "open": {"a": "********"}, "tags": ["********"], "mode": "y", "extra": {"key": "********"}}}}}',
	ARRAY['/integrations/acme:eu/config/any', '/integrations/acme:eu/config/free', '/integrations/acme:eu/config/creds/token', '/integrations/acme:eu/config/extra/key',
		'/integrations/acme:eu/config/headers/a~1b', '/integrations/acme:eu/config/accounts/0/keys/0'])) AS d (document, paths);
SELECT is_empty($$SELECT * FROM integration_schema_validate('{"integrations": {"acme": {"config": {"creds": {"method": "key", "token": {"SENTINEL": "SENTINEL"}, "client": "SENTINEL"}, "headers": "SENTINEL",
	"accounts": ["SENTINEL", {"pw": 1, "name": {"a": "SENTINEL"}}], "hosts": {"h": {"port": "SENTINEL", "pass": " SENTINEL\n"}}}}}}') AS v WHERE v.message || v.params::text ~ 'SENTINEL'$$, 'no value is in what is said of it');

--
-- Tables of one's own
--

CREATE TABLE pg_temp.mine (id integer PRIMARY KEY, document jsonb);
CREATE TRIGGER check_document BEFORE INSERT OR UPDATE ON pg_temp.mine FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document', 'level=org');
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, detail);
END $$;
SELECT matches(pg_temp.error_of(format('INSERT INTO mine VALUES (1, %L)', document)), wanted, 'the check trigger: ' || document)
FROM (VALUES ('{"integrations": {"acme:eu": {"config": {"creds": {"method": "key", "token": "********", "common": "SENTINEL"}}}}}', '^23514 .*"/integrations/acme:eu/config/creds/token" masked'),
	('{"integrations": {"acme": {"config": {"accounts": [{"name": "a"}, {"pw": "SENTINEL", "keys": ["********"]}]}}}}', '^23514 .*"/integrations/acme/config/accounts/1/keys/0" masked'),
	('{"integrations": {"acme": {"config": {"hosts": {"h": {"pass": ["SENTINEL"], "port": "SENTINEL"}}}}}}', '^23514 .*"/integrations/acme/config/hosts/h/pass" type')) AS d (document, wanted);
SELECT ok(pg_temp.error_of(format('INSERT INTO mine VALUES (1, %L)', document)) !~ 'SENTINEL', 'which shows no value: ' || document)
FROM unnest(ARRAY['{"integrations": {"acme:eu": {"config": {"creds": {"method": "key", "token": "********", "common": "SENTINEL", "client": "SENTINEL"}}}}}', '{"integrations": {"acme": {"config": {"hosts": {"h": {"pass": ["SENTINEL"], "port": "SENTINEL"}}, "headers": "SENTINEL", "accounts": ["SENTINEL", {"pw": " SENTINEL "}]}}}}']) AS document;
INSERT INTO mine VALUES (1, '{"integrations": {"acme:eu": {"config": {"creds": {"method": "key", "token": "t0k", "user": "u"}, "accounts": [{"name": "a", "pw": "x"}]}}}}');
SELECT lives_ok($$UPDATE mine SET document = integration_schema_unmask(jsonb_set(integration_schema_redact(document), '{integrations,acme:eu,config,creds,user}', '"v"'), document)$$, 'what was shown comes back');
SELECT is(document, '{"integrations": {"acme:eu": {"config": {"creds": {"method": "key", "token": "t0k", "user": "v"}, "accounts": [{"name": "a", "pw": "x"}]}}}}', 'with its secrets') FROM mine;

SELECT * FROM finish();
ROLLBACK;
