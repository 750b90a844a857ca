-- Secrets sealed at rest against the same in clear, with a key command set. What is
-- in clear was written past the triggers; a field that is no secret stands for one
-- that is not sealed.

\set ON_ERROR_STOP on

INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT i, i, 'bench', '', jsonb_build_array(jsonb_build_object('name', 'a', 'type', t), jsonb_build_object('name', 'b', 'type', t),
                                            jsonb_build_object('name', 'c'), jsonb_build_object('name', 'd'))
  FROM (VALUES ('sealed', 'secret'), ('plain', 'string')) AS v (i, t);
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
SELECT 'sealed', n, nullif('sealed', n), CASE n WHEN 'sealed' THEN 'org' ELSE 'team' END,
       format('{"integrations": {"%s": {"config": {"a": "a secret of thirty-two characters", "b": "another one, that is a bit longer", "c": "c", "d": "d"}}}}', i)::jsonb
  FROM (VALUES (1, 'sealed', 'sealed'), (2, 'plain', 'plain')) AS v (number, n, i) ORDER BY number;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type)
SELECT 'sealed', kind || i, 'sealed', 'team' FROM generate_series(0, 999) AS i, unnest(ARRAY['s', 'p']) AS kind;
ANALYZE node_configurations;
DO $$
BEGIN
    ASSERT (SELECT count(*) FROM node_configurations WHERE config_json::text LIKE '%sealed:1:%') = 1;
    PERFORM bench.rounds('sealed',
        ARRAY['resolve', 'resolve clear', 'set', 'set clear'],
        ARRAY['integration_config_resolve(''sealed'', substr(''sealed'', 1, 6 + call % 1), ''sealed'')',
              'integration_config_resolve(''sealed'', substr(''plain'', 1, 5 + call % 1), ''plain'')',
              'integration_config_set(''sealed'', ''s'' || call % 1000, jsonb_build_object(''integrations'', jsonb_build_object(''sealed'', jsonb_build_object(''config'', jsonb_build_object(''a'', ''a secret '' || random())))))',
              'integration_config_set(''sealed'', ''p'' || call % 1000, jsonb_build_object(''integrations'', jsonb_build_object(''plain'', jsonb_build_object(''config'', jsonb_build_object(''a'', ''a secret '' || random())))))'],
        1, 31, 0.02);
END
$$;
SELECT bench.add_ratio('`integration_config_resolve` of a node with two sealed secrets', 'at most 1.3 × in clear', 'sealed', 'resolve', 'resolve clear', 1.3);
SELECT bench.add_ratio('`integration_config_set` of one sealed secret', 'at most 1.3 × in clear', 'sealed', 'set', 'set clear', 1.3);
DELETE FROM node_configurations WHERE org_id = 'sealed' AND parent_id IS NOT NULL;
DELETE FROM node_configurations WHERE org_id = 'sealed';
DELETE FROM integration_schemas WHERE id IN ('sealed', 'plain');
