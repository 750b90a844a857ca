-- integration_schema_unmask: a mask that comes back stands for what is stored
-- at the same place, where redaction shows a mask; elsewhere it is a string.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('acme', 'Acme', 'test', '', '[{"name": "token", "type": "secret"}, {"name": "other", "type": "secret"}, {"name": "region", "default_value": "eu"}, {"name": "url"},
	{"name": "port", "type": "integer"}, {"name": "tags", "type": "array"}, {"name": "extra", "type": "object"}]'),
('beta', 'Beta', 'test', '', '[{"name": "token", "type": "secret"}, {"name": "region"}]');

-- A document with one field of "acme", and what becomes of such a one.
CREATE FUNCTION pg_temp.doc(value jsonb, field text DEFAULT 'token', id text DEFAULT 'acme') RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', jsonb_build_object(field, value)))) $$;
CREATE FUNCTION pg_temp.unmasked(field text, value jsonb, stored jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT integration_schema_unmask(pg_temp.doc(value, field), pg_temp.doc(stored, field)) #> ARRAY['integrations', 'acme', 'config', field] $$;

--
-- A form
--

CREATE TEMPORARY TABLE stored AS SELECT '{"integrations": {"acme": {"locked": ["region"], "config": {"token": "t0k", "other": "0th3r", "region": "us", "url": "https://u:pw@h/a", "unknown": {"a": 1},
	"tags": ["a", {"n": 1, "s": "x"}], "extra": {"s": "x", "n": 1, "deep": {"er": "y"}}}}, "gone": {"config": {"key": "k3y"}, "x": 1}}, "integration": {"acme": 1}, "mine": {"a": "********"}}'::jsonb AS document;
SELECT is(integration_schema_unmask(integration_schema_redact(document), document), document, 'what was shown comes back as it is stored') FROM stored;
SELECT is(integration_schema_unmask(jsonb_set(integration_schema_redact(document), path::text[], value), document), jsonb_set(document, path::text[], value),
	format('with a change at %s', path))
FROM stored, (VALUES ('{integrations,acme,config,region}', '"eu"'::jsonb), ('{integrations,acme,config,token}', '"new"'), ('{integrations,acme,config,token}', 'null'),
	('{integrations,acme,config,url}', '"https://h"'), ('{integrations,acme,config,extra,n}', '2'), ('{integrations,acme,config,extra,deep,new}', '"z"'), ('{integrations,acme,config,extra,deep,er}', '"z"'),
	('{integrations,acme,config,tags,0}', '"b"'), ('{integrations,acme,enabled}', 'false'), ('{integrations,beta}', '{"config": {"region": "x"}}'), ('{mine,b}', '["********"]'), ('{new}', '1')) AS c (path, value);
SELECT is(integration_schema_unmask(integration_schema_redact(document) #- path::text[], document), document #- path::text[], format('without %s', path))
FROM stored, unnest(ARRAY['{integrations,acme,config,other}', '{integrations,acme,config,region}', '{integrations,acme,config,extra,n}', '{integrations,acme,config,extra,s}', '{integrations,acme,locked}',
	'{integrations,gone,x}', '{integrations,gone}', '{integration}', '{mine}', '{integrations,acme,config,tags,1}']) AS path;

--
-- Where redaction shows a mask
--

SELECT is(pg_temp.unmasked('token', '"********"', value), CASE WHEN value = 'null' THEN '"********"' ELSE value END, 'a secret that is stored as ' || value::text)
FROM unnest(ARRAY['"x"', '""', '"********"', '1', 'true', '["x"]', '{"a": "x"}', 'null']::jsonb[]) AS value;
SELECT is(pg_temp.unmasked('token', value, '"x"'), value, 'no mask: ' || value::text)
FROM unnest(ARRAY['"*******"', '"*********"', '" ********"', '"********\n"', '"x********"', 'null', '8', '["********"]', '{"a": "********"}', '{"********": 1}']::jsonb[]) AS value;
SELECT is(integration_schema_unmask(pg_temp.doc('"********"', field, id), pg_temp.doc('{"deep": ["x"]}', field, id)), pg_temp.doc('{"deep": ["x"]}', field, id), format('%s of %s', field, id))
FROM (VALUES ('token', 'acme'), ('unknown', 'acme'), ('token', 'nowhere')) AS f (field, id);
SELECT is(pg_temp.unmasked('extra', '{"s": "********", "n": "********", "b": "********", "o": "********", "z": "********", "none": "********"}', '{"s": "x", "n": 1, "b": true, "o": {"a": "x"}, "z": null}'),
	'{"s": "x", "n": "********", "b": "********", "o": "********", "z": "********", "none": "********"}', 'in a free-form object only strings are hidden');
SELECT is(integration_schema_unmask(document, stored), stored, 'what is stored in a wrong place: ' || stored::text)
FROM (VALUES ('{"integrations": "********"}'::jsonb, '{"integrations": ["x"]}'::jsonb), ('{"integrations": {"acme": "********"}}', '{"integrations": {"acme": "x"}}'),
	('{"integrations": {"acme": {"config": "********"}}}', '{"integrations": {"acme": {"config": ["x"]}}}'), ('{"integrations": {"acme": {"enabled": "********", "token": "********"}}}', '{"integrations": {"acme": {"enabled": "x", "token": "x"}}}'),
	('{"acme": "********", "a": 1}', '{"acme": {"token": "x"}, "a": 1}'), ('{"acme": {"token": "********"}}', '{"acme": {"token": "x"}}'), ('{"Integrations": "********"}', '{"Integrations": {"acme": 1}}'),
	('"********"', '["x"]'), ('"********"', '"x"'), ('{"mine": ["********"]}', '{"mine": ["sealed:1:x"]}'), ('{"integrations": {"acme": {"config": {"region": "********"}}}}', '{"integrations": {"acme": {"config": {"region": "sealed:1:x"}}}}')) AS d (document, stored);

--
-- Where it does not: there a mask is a string, and brings nothing
--

SELECT is(integration_schema_unmask(document, stored), document, format('%s, stored %s', document, stored))
FROM (VALUES ('{"mine": "********"}'::jsonb, '{"mine": "x"}'::jsonb), ('{"mine": {"a": ["********"]}}', '{"mine": {"a": ["x"]}}'), ('{"mine": "********"}', '{"mine": {"a": 1}}'),
	('{"integrations": {"acme": {"config": {"region": "********", "port": "********", "tags": ["********"]}}}}', '{"integrations": {"acme": {"config": {"region": "x", "port": 1, "tags": ["x"]}}}}'),
	('{"integrations": {"acme": {"config": {"extra": "********"}}}}', '{"integrations": {"acme": {"config": {"extra": {"a": "x"}}}}}'),
	('{"integrations": {"acme": {"description": "********", "locked": "********", "enabled": "********", "config": "********"}}}', '{"integrations": {"acme": {"description": "x", "locked": true, "enabled": true, "config": {"token": "x"}}}}'),
	('{"integrations": {"acme": {"locked": ["********"]}}}', '{"integrations": {"acme": {"locked": ["token"]}}}'),
	('{"integrations": {"acme": "********"}}', '{"integrations": {"acme": {"config": {"token": "x"}}}}'), ('{"integrations": "********"}', '{"integrations": {"acme": {}}}'), ('"********"', '{"integrations": {}}'), ('"********"', 'null')) AS d (document, stored);
-- nothing is stored there
SELECT is(integration_schema_unmask(document, stored), document, format('%s is no place of %s', document, stored))
FROM (VALUES (pg_temp.doc('"********"'), '{}'::jsonb), (pg_temp.doc('"********"'), '{"integrations": {"acme": {"config": {"other": "x"}}}}'), (pg_temp.doc('"********"'), pg_temp.doc('"x"', 'token', 'beta')),
	(pg_temp.doc('"********"', 'other'), pg_temp.doc('"x"')), (pg_temp.doc('"********"', 'token', 'gone'), pg_temp.doc('"x"')), ('{"integrations": {"acme": {"token": "********"}}}', pg_temp.doc('"x"')),
	('{"integration": {"acme": {"config": {"token": "********"}}}}', pg_temp.doc('"x"')), ('{"acme": {"token": "********"}}', pg_temp.doc('"x"')), ('{"mine": {"integrations": {"acme": {"config": {"token": "********"}}}}}', pg_temp.doc('"x"')),
	(pg_temp.doc('{"token": "********"}', 'extra'), pg_temp.doc('"x"')), (pg_temp.doc('{"0": "********"}'), pg_temp.doc('["x"]')), (pg_temp.doc('["********"]'), pg_temp.doc('{"0": "x"}')), (pg_temp.doc('["********"]'), pg_temp.doc('"x"')),
	(pg_temp.doc('{"a": "********"}', 'extra'), pg_temp.doc('{"A": "x", "aa": "x", "": "x"}', 'extra')), (pg_temp.doc('"********"'), 'null'), (pg_temp.doc('"********"'), '[]'), (pg_temp.doc('"********"'), '"x"')) AS d (document, stored);
SELECT is(integration_schema_unmask(pg_temp.doc('"********"'), NULL), pg_temp.doc('"********"'), 'nothing is stored at all');
SELECT is(integration_schema_unmask(NULL, '{}'), NULL, 'no document');

--
-- Arrays: only an element that is otherwise what it was
--

SELECT is(pg_temp.unmasked('extra', jsonb_build_object('l', value::jsonb), jsonb_build_object('l', stored::jsonb)) -> 'l', result::jsonb, format('%s, stored %s', value, stored))
FROM (VALUES
	('["********", "********"]', '["x", "y"]', '["x", "y"]'), ('["********", "z"]', '["x", "y"]', '["x", "z"]'), ('["z", "********"]', '["x", "y"]', '["z", "y"]'),
	('["********", "********", "z"]', '["x", "y"]', '["x", "y", "z"]'), ('["z", "********", "********"]', '["x", "y"]', '["z", "y", "********"]'),
	-- which one is gone?
	('["********"]', '["x", "y"]', '["********"]'), ('[{"s": "********"}]', '[{"s": "x"}, {"s": "y"}]', '[{"s": "********"}]'), ('[]', '["x"]', '[]'),
	('[{"n": 1, "s": "********"}]', '[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]', '[{"n": 1, "s": "x"}]'),
	('[{"n": 2, "s": "********"}]', '[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]', '[{"n": 2, "s": "********"}]'),
	('[{"n": 2, "s": "********"}, {"n": 1, "s": "********"}]', '[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]', '[{"n": 2, "s": "********"}, {"n": 1, "s": "********"}]'),
	('[{"n": 1, "s": "********"}, {"n": 3, "s": "********"}]', '[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]', '[{"n": 1, "s": "x"}, {"n": 3, "s": "********"}]'),
	('[{"n": 1.0, "s": "********"}]', '[{"n": 1, "s": "x"}]', '[{"n": 1.0, "s": "x"}]'),
	('[{"s": "********", "t": "********"}]', '[{"s": "x", "t": "y"}]', '[{"s": "x", "t": "y"}]'), ('[{"s": "********", "t": "new"}]', '[{"s": "x", "t": "y"}]', '[{"s": "********", "t": "new"}]'),
	('[{"s": "********"}]', '[{"s": "x", "n": 1}]', '[{"s": "********"}]'), ('[{"s": "********", "n": 1}]', '[{"s": "x"}]', '[{"s": "********", "n": 1}]'), ('[{"s": "********"}]', '[{"t": "x"}]', '[{"s": "********"}]'),
	('[["********", 1], [2]]', '[["x", 1], [2]]', '[["x", 1], [2]]'), ('[["********", 2]]', '[["x", 1]]', '[["********", 2]]'), ('[["********"]]', '[["x", "y"]]', '[["********"]]'), ('[[["********", {"a": [true, "********"]}]]]', '[[["x", {"a": [true, "y"]}]]]', '[[["x", {"a": [true, "y"]}]]]'),
	('["********"]', '[1]', '["********"]'), ('["********"]', '[["x"]]', '["********"]'), ('[{"a": "********"}]', '["x"]', '[{"a": "********"}]'), ('[["********"]]', '[{"0": "x"}]', '[["********"]]'), ('{"0": "********"}', '["x"]', '{"0": "********"}')
) AS a (value, stored, result);
SELECT is(pg_temp.unmasked('tags', value::jsonb, stored::jsonb), result::jsonb, format('of an array: %s, stored %s', value, stored))
FROM (VALUES ('["********", {"s": "********"}]', '["x", {"s": "y"}]', '["********", {"s": "y"}]'), ('[["********", {"s": "********"}]]', '[["x", {"s": "y"}]]', '[["********", {"s": "********"}]]'),
	('["https://u:********@h", "a"]', '["https://u:pw@h", "b"]', '["https://u:pw@h", "a"]'), ('["https://u:********@h/new"]', '["https://u:pw@h/"]', '["https://u:********@h/new"]'),
	('["a", "https://u:********@h"]', '["https://u:pw@h", "a"]', '["a", "https://u:********@h"]')) AS a (value, stored, result);

--
-- A URI's password: the same, if it goes to the same host
--

SELECT is(pg_temp.unmasked('url', to_jsonb(value), to_jsonb(stored)), to_jsonb(result), format('%s, stored %s', value, stored))
FROM (VALUES
	('https://u:********@h', 'https://u:pw@h', 'https://u:pw@h'), ('https://u:********@h:80/a?b#c', 'https://u:pw@h:80/a?b#c', 'https://u:pw@h:80/a?b#c'), ('https://u:********@h/new?q', 'https://u:pw@h/old', 'https://u:pw@h/new?q'),
	('https://u:********@h/new', 'https://u:pw@h', 'https://u:pw@h/new'), ('https://u:********@h', 'https://u:pw@h/old', 'https://u:pw@h'),
	('https://u:new@h', 'https://u:pw@h', 'https://u:new@h'), ('https://u@h', 'https://u:pw@h', 'https://u@h'), ('https://u:*********@h', 'https://u:pw@h', 'https://u:*********@h'),
	('https://u:********@evil', 'https://u:pw@h', 'https://u:********@evil'), ('https://u:********@h.evil', 'https://u:pw@h', 'https://u:********@h.evil'), ('https://u:********@h:81', 'https://u:pw@h', 'https://u:********@h:81'),
	('https://u:********@h,evil', 'https://u:pw@h', 'https://u:********@h,evil'), ('https://v:********@h', 'https://u:pw@h', 'https://v:********@h'), ('http://u:********@h', 'https://u:pw@h', 'http://u:********@h'),
	('https://u:********@h', 'https://h', 'https://u:********@h'), ('https://u:********@h', 'pw', 'https://u:********@h'), ('https://u:********@h@evil', 'https://u:pw@h', 'https://u:********@h@evil'),
	('a://u:********@h b://v:********@i', 'a://u:pw@h b://v:pw2@i', 'a://u:pw@h b://v:pw2@i'), ('a://u:********@h b://v:********@i/new', 'a://u:pw@h b://v:pw2@i', 'a://u:pw@h b://v:pw2@i/new'),
	('a://u:********@h b://v:new@i', 'a://u:pw@h b://v:pw2@i', 'a://u:pw@h b://v:new@i'), ('b://v:********@i a://u:********@h', 'a://u:pw@h b://v:pw2@i', 'b://v:********@i a://u:********@h'),
	('x://a:********@d@e', 'x://a:b/c@d@e', 'x://a:b/c@d@e')
) AS u (value, stored, result);
SELECT is(integration_schema_unmask('{"mine": {"a": "https://u:********@h/new"}}', '{"mine": {"a": "https://u:pw@h"}}'), '{"mine": {"a": "https://u:pw@h/new"}}', 'also of the caller''s own');
SELECT is(pg_temp.unmasked('token', '"https://u:********@h"', '"https://u:pw@h"'), '"https://u:********@h"', 'in a secret it is a part of a new one');

--
-- Any shape
--

CREATE TEMPORARY TABLE toasted (document jsonb);
INSERT INTO toasted SELECT document || jsonb_build_object('pad', repeat('pad', 10000), 'more', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 1000) AS i)) FROM stored;
SELECT is(integration_schema_unmask(integration_schema_redact(document), document), document, 'stored in ' || pg_column_size(document) || ' bytes') FROM toasted;
SELECT ok(jsonb_send(result) = jsonb_send(result::text::jsonb) AND record_image_eq(row(result), row(result::text::jsonb)), 'as the server would have stored it')
FROM stored, integration_schema_unmask(integration_schema_redact(document), document) AS result;
SELECT is(integration_schema_unmask(pg_temp.doc(value, 'extra'), pg_temp.doc(stored, 'extra')) #> '{integrations,acme,config,extra}', stored, name)
FROM (SELECT 'many masks', jsonb_object_agg('k' || i, '********'), jsonb_object_agg('k' || i, 'x' || i) FROM generate_series(1, 20000) AS i
	UNION ALL SELECT 'many elements', jsonb_build_object('l', jsonb_agg('{"n": 1, "s": "********"}'::jsonb)), jsonb_build_object('l', jsonb_agg('{"n": 1, "s": "x"}'::jsonb)) FROM generate_series(1, 20000)
	UNION ALL SELECT 'deep objects', (repeat('{"a":', 3000) || '"********"' || repeat('}', 3000))::jsonb, (repeat('{"a":', 3000) || '"x"' || repeat('}', 3000))::jsonb
	UNION ALL SELECT 'deep arrays', ('{"a":' || repeat('[', 3000) || '"********"' || repeat(']', 3000) || '}')::jsonb, ('{"a":' || repeat('[', 3000) || '"x"' || repeat(']', 3000) || '}')::jsonb) AS d (name, value, stored);

SELECT * FROM finish();
ROLLBACK;
