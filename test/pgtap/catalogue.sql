-- The catalogue table: its columns and checks, who fills what in, and the four kinds of row.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(141);

-- A row of the test's own, with these columns changed.
CREATE FUNCTION pg_temp.insert_with(changes jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO integration_schemas (id, name, category, description, docs_url, icon_url, display_order, featured, required, locked, fields)
    SELECT id, name, category, description, docs_url, icon_url, display_order, featured, required, locked, fields
    FROM jsonb_populate_record(NULL::integration_schemas,
        '{"id": "mine", "name": "Mine", "category": "test", "description": "", "display_order": 1, "featured": false,
          "required": false, "locked": false, "fields": []}' || changes)
$$;
CREATE FUNCTION pg_temp.error_of(changes jsonb) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.insert_with(changes);
    DELETE FROM integration_schemas WHERE id = changes ->> 'id' OR id = 'mine';
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.error_of_field(field text) RETURNS text
LANGUAGE sql AS $$ SELECT pg_temp.error_of(jsonb_build_object('fields', jsonb_build_array(field::jsonb, '{"name": "other"}'::jsonb))) $$;

-- the table
SELECT has_table('integration_schemas'::name);
SELECT is((SELECT count(*) FROM integration_schemas), 23::bigint, '23 built-in integrations');
SELECT columns_are('integration_schemas', ARRAY ['id', 'name', 'category', 'description', 'docs_url', 'icon_url', 'display_order', 'featured',
                                                 'required', 'locked', 'instances', 'fields', 'created_at', 'updated_at', 'origin']);
SELECT col_is_pk('integration_schemas', 'id', 'id is the primary key');
SELECT col_type_is('integration_schemas', col, type, col || ' is ' || type)
FROM (VALUES ('id'::name, 'text'), ('name', 'text'), ('category', 'text'), ('description', 'text'), ('docs_url', 'text'), ('icon_url', 'text'),
             ('display_order', 'integer'), ('featured', 'boolean'), ('required', 'boolean'), ('locked', 'boolean'), ('instances', 'boolean'), ('fields', 'jsonb'),
             ('created_at', 'timestamp with time zone'), ('updated_at', 'timestamp with time zone')) AS c (col, type);
SELECT col_not_null('integration_schemas'::name, col, col || ' is not null')
FROM unnest(ARRAY ['name', 'category', 'description', 'display_order', 'featured', 'required', 'locked', 'instances', 'fields', 'created_at',
                   'updated_at']::name[]) AS col;
SELECT col_is_null('integration_schemas'::name, col, col || ' may be null') FROM unnest(ARRAY ['docs_url', 'icon_url']::name[]) AS col;
SELECT is_indexed('integration_schemas'::name, col, col || ' is indexed') FROM unnest(ARRAY ['category', 'featured']::name[]) AS col;
SELECT pg_temp.insert_with('{}') \g /dev/null
DELETE FROM integration_schemas WHERE id = 'mine';
INSERT INTO integration_schemas (id, name, category, description) VALUES ('mine', 'Mine', 'test', '');
SELECT is((SELECT row(display_order, featured, required, locked, fields, created_at, updated_at, docs_url, icon_url)::text
           FROM integration_schemas WHERE id = 'mine'),
          row(999, false, false, false, '[]'::jsonb, now(), now(), NULL, NULL)::text, 'the columns'' defaults');
DELETE FROM integration_schemas WHERE id = 'mine';
SELECT is((SELECT string_agg(pg_describe_object(d.classid, d.objid, 0), ', ') FROM pg_depend AS d
               JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
           WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND obj_description(d.objid, d.classid::regclass::name) IS NULL
             AND d.classid <> 'pg_type'::regclass), NULL, 'every object of the extension has a comment');
SELECT is((SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = 'integration_schemas'::regclass AND attnum > 0
             AND col_description(attrelid, attnum) IS NULL), NULL, 'every column of the catalogue has a comment');

-- its checks
SELECT is(pg_temp.error_of(changes::jsonb), '23514', told || ' is refused')
FROM (VALUES ('{"id": ""}', 'an empty id'), ('{"id": "Slack"}', 'an upper case id'), ('{"id": "-a"}', 'an id that starts with a hyphen'),
             ('{"id": "_a"}', 'an id that starts with an underscore'), ('{"id": "a b"}', 'an id with a space'),
             ('{"id": "é"}', 'an id with an accent'), ('{"id": "a\n"}', 'an id that ends in a new line'),
             (format('{"id": "%s"}', repeat('a', 65)), 'an id of 65'),
             ('{"name": ""}', 'an empty name'), (format('{"name": "%s"}', repeat('é', 129)), 'a name of 129'),
             ('{"category": ""}', 'an empty category'), ('{"category": "Data"}', 'an upper case category'),
             ('{"category": "data warehouse"}', 'a category with a space'), ('{"category": "data_warehouse"}', 'a category with an underscore'),
             (format('{"category": "%s"}', repeat('a', 65)), 'a category of 65'),
             ('{"docs_url": "ftp://example.org"}', 'an ftp docs_url'), ('{"docs_url": ""}', 'an empty docs_url'),
             ('{"docs_url": "javascript:alert(1)//http://a"}', 'a docs_url with http further in'),
             ('{"docs_url": "http://"}', 'a docs_url without a host'), ('{"docs_url": "https://a b"}', 'a docs_url with a space'),
             (format('{"docs_url": "https://%s"}', repeat('a', 505)), 'a docs_url of 513'),
             ('{"icon_url": "//example.org/i.svg"}', 'an icon_url without a scheme'),
             (format('{"icon_url": "https://%s"}', repeat('a', 505)), 'an icon_url of 513')) AS c (changes, told);
SELECT is(pg_temp.error_of(changes::jsonb), '23502', told || ' is refused')
FROM (VALUES ('{"name": null}', 'no name'), ('{"category": null}', 'no category'), ('{"description": null}', 'no description'),
             ('{"fields": null}', 'fields that are SQL NULL')) AS c (changes, told);
SELECT is(pg_temp.error_of(changes::jsonb), 'taken', told || ' is taken')
FROM (VALUES ('{"id": "0"}', 'an id of a digit'), ('{"id": "a_b-c"}', 'an id with an underscore and a hyphen'),
             (format('{"id": "%s"}', repeat('a', 64)), 'an id of 64'), (format('{"name": "%s"}', repeat('é', 128)), 'a name of 128'),
             ('{"category": "data-warehouse"}', 'a category with a hyphen'), (format('{"category": "%s"}', repeat('a', 64)), 'a category of 64'),
             ('{"docs_url": "http://example.org/a?b=c#d"}', 'an http docs_url'), (format('{"docs_url": "https://%s"}', repeat('a', 504)), 'a docs_url of 512'),
             ('{"display_order": -2147483648}', 'the least display_order')) AS c (changes, told);

-- field definitions, checked on write
SELECT is(pg_temp.error_of(jsonb_build_object('fields', fields::jsonb)), '23514', 'fields that are ' || fields || ' are refused')
FROM unnest(ARRAY ['{}', '"a"', '[1]', '[null]', '[[]]', '[{}]', '[{"name": "a"}, {"name": "a"}]']) AS fields;
SELECT throws_ok($$INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('mine', 'Mine', 'test', '', 'null')$$,
                 '23514', NULL, 'fields that are JSON null are refused');
SELECT is(pg_temp.error_of_field(field), '23514', 'refused: ' || field)
FROM unnest(ARRAY [
    '{"name": ""}', '{"name": "1a"}', '{"name": "a-"}', '{"name": 1}', '{"name": null}',
    '{"name": "a", "type": "text"}', '{"name": "a", "type": "String"}', '{"name": "a", "type": null}',
    '{"name": "a", "requird": true}', '{"name": "a", "X-note": 1}', '{"name": "a", "default": 1}',
    '{"name": "a", "required": "yes"}', '{"name": "a", "required": null}', '{"name": "a", "level": "unit"}',
    '{"name": "a", "required_with": "other"}', '{"name": "a", "required_with": [1]}', '{"name": "a", "required_unless": {"other": true}}',
    '{"name": "a", "description": 1}', '{"name": "a", "display_name": null}', '{"name": "a", "placeholder": []}',
    '{"name": "a", "type": "secret", "default_value": "x"}', '{"name": "a", "default_value": 1}', '{"name": "a", "default_value": null}',
    '{"name": "a", "type": "integer", "default_value": 1.5}', '{"name": "a", "type": "boolean", "default_value": "true"}',
    '{"name": "a", "allowed_values": []}', '{"name": "a", "allowed_values": ["x", "x"]}', '{"name": "a", "allowed_values": ["x", 1]}',
    '{"name": "a", "type": "array", "allowed_values": [[1]]}', '{"name": "a", "allowed_values": ["x"], "default_value": "y"}',
    '{"name": "a", "pattern": "("}', '{"name": "a", "pattern": "^x", "default_value": "y"}', '{"name": "a", "type": "integer", "pattern": "1"}',
    '{"name": "a", "format": "ipv5"}', '{"name": "a", "format": "uuid", "default_value": "y"}',
    '{"name": "a", "min": 1}', '{"name": "a", "type": "integer", "min": "1"}', '{"name": "a", "type": "integer", "min": 5, "default_value": 4}',
    '{"name": "a", "min_length": 1.5}', '{"name": "a", "type": "number", "max_length": 1}', '{"name": "a", "max_length": 1, "default_value": "xy"}',
    '{"name": "a", "type": "array", "min_length": 1, "default_value": []}']) AS field;
SELECT is(pg_temp.error_of_field(field), 'taken', 'taken: ' || field)
FROM unnest(ARRAY [
    '{"name": "_"}', '{"name": "a", "x-": null, "x-y": [1]}', '{"name": "a", "type": "integer", "default_value": 2.0}',
    '{"name": "a", "type": "object", "default_value": {"k": null}}', '{"name": "a", "required_with": ["other"], "required_unless": ["other"]}',
    '{"name": "a", "type": "number", "allowed_values": [1, 2.5], "default_value": 2.50}']) AS field;

-- created_at and updated_at
INSERT INTO integration_schemas (id, name, category, description, created_at, updated_at)
VALUES ('mine', 'Mine', 'test', '', '2001-01-01', '2001-01-02');
SELECT is((SELECT created_at || ' ' || updated_at FROM integration_schemas WHERE id = 'mine'),
          '2001-01-01'::timestamptz || ' ' || '2001-01-02'::timestamptz, 'an INSERT may say when: a restore does');
UPDATE integration_schemas SET description = 'changed' WHERE id = 'mine';
SELECT cmp_ok((SELECT updated_at FROM integration_schemas WHERE id = 'mine'), '>=', now(), 'updated_at moves on an UPDATE');
SELECT is((SELECT created_at FROM integration_schemas WHERE id = 'mine'), '2001-01-01'::timestamptz, 'created_at does not');
SELECT lives_ok($$UPDATE integration_schemas SET updated_at = '2001-01-02', description = 'again' WHERE id = 'mine'$$, 'an UPDATE that says when');
SELECT cmp_ok((SELECT updated_at FROM integration_schemas WHERE id = 'mine'), '>=', now(), 'does not hold updated_at back');

-- untouched, edited, deleted, added
CREATE FUNCTION pg_temp.origin(id text) RETURNS text
LANGUAGE sql AS $$ SELECT origin FROM integration_schemas AS s WHERE s.id = origin.id $$;
CREATE FUNCTION pg_temp.removed() RETURNS text
LANGUAGE sql AS $$ SELECT string_agg(id, ',' ORDER BY id) FROM integration_schema_removed $$;
SELECT is((SELECT string_agg(DISTINCT origin, ',') FROM integration_schemas WHERE id <> 'mine'), 'builtin', 'the built-in rows are untouched');
SELECT is(pg_temp.origin('mine'), 'added', 'a new row is added, also when it was changed since');
UPDATE integration_schemas SET featured = NOT featured WHERE id = 'gitlab';
SELECT is(pg_temp.origin('gitlab'), 'edited', 'a built-in row changed is edited');
DELETE FROM integration_schemas WHERE id IN ('gitlab', 'notion', 'mine');
SELECT is(pg_temp.removed(), 'gitlab,notion', 'built-in rows deleted, edited or not, are kept in mind; an added one is not');
INSERT INTO integration_schemas (id, name, category, description) VALUES ('notion', 'Notion of ours', 'collaboration', '');
SELECT is(pg_temp.origin('notion') || ' ' || pg_temp.removed(), 'edited gitlab', 'a deleted one inserted again is edited');
UPDATE integration_schemas SET id = 'slack2' WHERE id = 'slack';
SELECT is(pg_temp.origin('slack2') || ' ' || pg_temp.removed(), 'added gitlab,slack', 'a built-in row renamed: the one is deleted, the other added');
TRUNCATE integration_schemas;
SELECT is((SELECT count(*) FROM integration_schema_removed), 23::bigint, 'TRUNCATE deletes them all');

-- an ordinary owner
SELECT is((SELECT extconfig::regclass[]::text FROM pg_extension WHERE extname = 'integration_schemas') LIKE '%integration_schemas%', true,
          'the catalogue''s rows are dumped');

SELECT * FROM finish();
ROLLBACK;
