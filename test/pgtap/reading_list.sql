-- integration_schema_list, integration_schema_get, integration_schema_categories and
-- integration_schema_version.
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

SELECT plan(59);

-- list
SELECT is(integration_schema_list() -> 'total', '23', 'list: how many');
SELECT is(jsonb_array_length(integration_schema_list() -> 'integrations'), 23, 'list: all of them');
SELECT is(array(SELECT i ->> 'id' FROM jsonb_array_elements(integration_schema_list() -> 'integrations') WITH ORDINALITY AS l (i, n) ORDER BY n),
          array(SELECT id FROM integration_schemas ORDER BY display_order, name), 'list: by display_order, then name');
SELECT is(integration_schema_list(category => 'ai') -> 'integrations' -> 0 -> 'id', '"openai"', 'list: of a category');
SELECT is(integration_schema_list('data-warehouse') -> 'total', '2', 'list: of a category, how many');
SELECT is(integration_schema_list('data-warehouse', true) -> 'total', '1', 'list: of a category, featured');
SELECT is(integration_schema_list(featured => true) -> 'total',
          (SELECT to_jsonb(count(*)) FROM integration_schemas WHERE featured), 'list: featured');
SELECT is(integration_schema_list(featured => false) -> 'total',
          (SELECT to_jsonb(count(*)) FROM integration_schemas WHERE NOT featured), 'list: not featured');
SELECT is(integration_schema_list(NULL, NULL), integration_schema_list(), 'list: NULL asks for all');
SELECT is(integration_schema_list('no-such'), '{"integrations": [], "total": 0}', 'list: none');
SELECT volatility_is('integration_schema_list', ARRAY ['text', 'boolean'], 'stable', 'list is stable');
SELECT is((SELECT count(*) FROM jsonb_array_elements(integration_schema_list() -> 'integrations') AS i
           WHERE i IS DISTINCT FROM integration_schema_get(i ->> 'id')), 0::bigint, 'list: each as get has it');

-- get
INSERT INTO integration_schemas (id, name, category, description, docs_url, icon_url, display_order, featured, required, locked, fields,
                                 created_at, updated_at)
VALUES ('mine', 'Mine', 'zoo', 'of our own', 'https://example.org/docs', NULL, -1, true, true, false,
        '[{"name": "a", "default_value": "x", "x-k": 1.50}]', '2020-02-02 02:02:02.020202+00', '2021-01-01 00:00:00+00');
SET LOCAL TimeZone = 'UTC';
SELECT is((SELECT jsonb_object_agg(key, value) FROM jsonb_each(integration_schema_get('mine'))
           WHERE key IN ('id', 'name', 'category', 'description', 'docs_url', 'icon_url', 'display_order', 'featured', 'required', 'locked',
                         'fields', 'created_at', 'updated_at')),
          '{"id": "mine", "name": "Mine", "category": "zoo", "description": "of our own", "docs_url": "https://example.org/docs",
            "icon_url": null, "display_order": -1, "featured": true, "required": true, "locked": false,
            "fields": [{"name": "a", "type": "string", "level": "org", "required": false, "default_value": "x", "x-k": 1.50}],
            "created_at": "2020-02-02T02:02:02.020202+00:00", "updated_at": "2021-01-01T00:00:00+00:00"}',
          'get: every column, under its name');
SELECT ok(integration_schema_get(id) @> (to_jsonb(s) - 'origin'), 'get: ' || id || ' as its row is')
FROM integration_schemas AS s WHERE id IN ('openai', 'kubernetes', 'mine') ORDER BY id;
SELECT is(integration_schema_get(s.id),
          to_jsonb(s) || jsonb_build_object('fields', (
              SELECT coalesce(jsonb_agg('{"type": "string", "required": false, "level": "org"}'::jsonb || f ORDER BY n), '[]')
              FROM jsonb_array_elements(s.fields) WITH ORDINALITY AS l (f, n))), 'get: each field of ' || id || ' with type, required and level')
FROM integration_schemas AS s WHERE id IN ('openai', 'kubernetes', 'grafana') ORDER BY id;
SELECT is(integration_schema_get('no-such'), NULL, 'get: NULL where there is none');
SELECT is(integration_schema_get(NULL), NULL, 'get: NULL of NULL');
SELECT is(integration_schema_get('Slack'), NULL, 'get: an id is as it is written');
SELECT volatility_is('integration_schema_get', ARRAY ['text'], 'stable', 'get is stable');

-- order
SELECT is(integration_schema_list() #>> '{integrations,0,id}', 'mine', 'list: the least display_order first');
INSERT INTO integration_schemas (id, name, category, description, display_order)
VALUES ('tie_1', 'Beta', 'zoo', '', -5), ('tie_2', 'Alpha', 'aaa', '', -5), ('tie_3', 'Gamma', 'zoo', '', -5);
SELECT is(array(SELECT i ->> 'id' FROM jsonb_array_elements(integration_schema_list() -> 'integrations') WITH ORDINALITY AS l (i, n) ORDER BY n LIMIT 4),
          ARRAY ['tie_2', 'tie_1', 'tie_3', 'mine'], 'list: ties by name');

-- categories
SELECT is(integration_schema_categories() #> '{categories,0}', '{"category": "aaa", "count": 1, "featured_count": 0}',
          'categories: first the one that appears first');
SELECT is(integration_schema_categories() #> '{categories,1}', '{"category": "zoo", "count": 3, "featured_count": 1}',
          'categories: each once, with its count and how many are featured');
SELECT is(integration_schema_categories() -> 'total', '12', 'categories: how many');
DELETE FROM integration_schemas WHERE category IN ('aaa', 'zoo');
SELECT is(array(SELECT c ->> 'category' FROM jsonb_array_elements(integration_schema_categories() -> 'categories') WITH ORDINALITY AS l (c, n) ORDER BY n),
          array(SELECT category FROM (SELECT category, row_number() OVER (ORDER BY display_order, name) AS n
                                      FROM integration_schemas) AS listed GROUP BY category ORDER BY min(n)),
          'categories: in order of first appearance by display_order');
SELECT is((SELECT jsonb_object_agg(c ->> 'category', c - 'category') FROM jsonb_array_elements(integration_schema_categories() -> 'categories') AS c),
          (SELECT jsonb_object_agg(category, jsonb_build_object('count', n, 'featured_count', f))
           FROM (SELECT category, count(*) AS n, count(*) FILTER (WHERE featured) AS f FROM integration_schemas GROUP BY category) AS by_category),
          'categories: the counts');
SELECT is(jsonb_array_length(integration_schema_categories() -> 'categories'), 10, 'categories: ten built-in ones');
SELECT volatility_is('integration_schema_categories', '{}'::name[], 'stable', 'categories is stable');

-- columns of the user's own: of a type that is the same in every session, and of others
SELECT is((integration_schema_get('slack') ->> 'updated_at')::timestamptz, updated_at, 'get: times') FROM integration_schemas WHERE id = 'slack';
SET LOCAL TimeZone = 'Asia/Tokyo';
SELECT is(integration_schema_get('slack') -> 'updated_at', to_jsonb(updated_at), 'get: times in the session''s time zone')
FROM integration_schemas WHERE id = 'slack';
ALTER TABLE integration_schemas ADD COLUMN s text DEFAULT 'own';
SELECT is(integration_schema_get('slack') -> 's', '"own"', 'get: a column of the user''s own, also named as a query might name the table');
ALTER TABLE integration_schemas ADD COLUMN f float8 DEFAULT 0.1, ADD COLUMN since interval DEFAULT '1 day';
SELECT is(integration_schema_get('slack') -> 'f', '0.1', 'get: of another type');
SET LOCAL IntervalStyle = 'iso_8601';
SELECT is(integration_schema_get('slack') -> 'since', '"P1D"', 'get: as the session shows it');
SELECT is(integration_schema_list(featured => true) #> '{integrations,0,s}', '"own"', 'list: the same columns');
ALTER TABLE integration_schemas DROP COLUMN s, DROP COLUMN f, DROP COLUMN since;
SELECT ok(NOT integration_schema_get('slack') ? 's', 'get: gone again');

-- version
CREATE FUNCTION pg_temp.moves(change text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    before text := integration_schema_version();
BEGIN
    EXECUTE change;
    RETURN integration_schema_version() IS DISTINCT FROM before;
END $$;
SELECT is(pg_temp.moves(change), moves, CASE WHEN moves THEN 'version: another after ' ELSE 'version: the same after ' END || change)
FROM (VALUES ('SELECT 1', false),
             ('UPDATE integration_schemas SET name = ''Slacker'' WHERE id = ''slack''', true),
             ('UPDATE integration_schemas SET featured = NOT featured WHERE id = ''slack''', true),
             ('UPDATE integration_schemas SET docs_url = ''https://example.org'' WHERE id = ''slack''', true),
             ('UPDATE integration_schemas SET fields = fields || ''[{"name": "another"}]'' WHERE id = ''slack''', true),
             ('INSERT INTO integration_schemas (id, name, category, description) VALUES (''one'', ''One'', ''test'', '''')', true),
             ('DELETE FROM integration_schemas WHERE id = ''one''', true),
             ('SET LOCAL TimeZone = ''UTC''', false),
             ('ALTER TABLE integration_schemas ADD COLUMN own integer', true),
             ('UPDATE integration_schemas SET own = 1', true),
             ('ALTER TABLE integration_schemas DROP COLUMN own', true)) AS c (change, moves);
CREATE TEMP TABLE version AS SELECT integration_schema_version() AS before;
SAVEPOINT change;
DELETE FROM integration_schemas WHERE id = 'slack';
SELECT isnt(integration_schema_version(), before, 'version: another one after a change') FROM version;
ROLLBACK TO SAVEPOINT change;
SELECT is(integration_schema_version(), before, 'version: the old one after its rollback') FROM version;
SELECT volatility_is('integration_schema_version', '{}'::name[], 'stable', 'version is stable');

-- all of them
SELECT is(p.proparallel::text, 's', p.proname || ' is parallel safe')
FROM pg_proc AS p WHERE p.oid = ANY (ARRAY ['integration_schema_list(text,boolean)', 'integration_schema_get(text)',
                                            'integration_schema_categories()', 'integration_schema_version()']::regprocedure[])
ORDER BY p.proname;
DELETE FROM integration_schemas;
SELECT is(integration_schema_list(), '{"integrations": [], "total": 0}', 'an empty catalogue: an empty list');
SELECT is(integration_schema_categories(), '{"categories": [], "total": 0}', 'an empty catalogue: no categories');

SELECT * FROM finish();
ROLLBACK;
