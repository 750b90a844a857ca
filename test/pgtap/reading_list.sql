-- integration_schema_list, integration_schema_get and integration_schema_categories.
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

SELECT plan(34);

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
            "fields": [{"name": "a", "default_value": "x", "x-k": 1.50}],
            "created_at": "2020-02-02T02:02:02.020202+00:00", "updated_at": "2021-01-01T00:00:00+00:00"}',
          'get: every column, under its name');
SELECT ok(integration_schema_get(id) @> (to_jsonb(s) - 'origin'), 'get: ' || id || ' as its row is')
FROM integration_schemas AS s WHERE id IN ('openai', 'kubernetes', 'mine') ORDER BY id;
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

-- all of them
SELECT is(p.proparallel::text, 's', p.proname || ' is parallel safe')
FROM pg_proc AS p WHERE p.oid = ANY (ARRAY ['integration_schema_list(text,boolean)', 'integration_schema_get(text)',
                                            'integration_schema_categories()']::regprocedure[])
ORDER BY p.proname;
DELETE FROM integration_schemas;
SELECT is(integration_schema_list(), '{"integrations": [], "total": 0}', 'an empty catalogue: an empty list');
SELECT is(integration_schema_categories(), '{"categories": [], "total": 0}', 'an empty catalogue: no categories');

SELECT * FROM finish();
ROLLBACK;
