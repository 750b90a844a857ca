-- The calls themselves, and how they grow with the catalogue and the layers.

\set ON_ERROR_STOP on

SELECT bench.rounds('reads',
    ARRAY['||', 'config', 'resolve', 'values', 'is_valid'],
    ARRAY['catalogue || organisation || team',
          'integration_schema_config(organisation, team)',
          'integration_schema_resolve(''slack'', organisation, team)',
          'integration_schema_values(organisation, team)',
          'integration_schema_is_valid(team)'],
    1, 51, 0.01);

SELECT bench.add_ratio('`integration_schema_config(org, team)`', 'at most 0.25 × `\|\|`', 'reads', 'config', '||', 0.25);
SELECT bench.add_ratio('`integration_schema_resolve(''slack'', org, team)`', 'at most 0.05 × `\|\|`', 'reads', 'resolve', '||', 0.05);
SELECT bench.add_ratio('`integration_schema_values(org, team)`', 'at most 0.15 × `\|\|`', 'reads', 'values', '||', 0.15);
SELECT bench.add_ratio('`integration_schema_is_valid(team)`', 'at most 0.05 × `\|\|`', 'reads', 'is_valid', '||', 0.05);

-- The catalogue's rows, and the same by a query.
SELECT bench.rounds('rows', ARRAY['query', 'list', 'get'],
    ARRAY['(SELECT jsonb_agg(to_jsonb(s)) FROM integration_schemas AS s WHERE call > 0)',
          'integration_schema_list()',
          'integration_schema_get(''slack'')'],
    1, 51, 0.01);
SELECT bench.add_ratio('`integration_schema_list()`', 'at most 0.03 × `jsonb_agg(to_jsonb())`', 'rows', 'list', 'query', 0.03);
SELECT bench.add_ratio('`integration_schema_get(''slack'')`', 'at most 0.03 × `jsonb_agg(to_jsonb())`', 'rows', 'get', 'query', 0.03);

-- Three layers of the store, and the same three rows looked up by hand. The
-- keys come from a row, so that each call looks them up anew.
DO $$
BEGIN
    IF to_regprocedure('integration_config_effective(text, text)') IS NULL THEN
        INSERT INTO bench.figure (call, target, figure)
        VALUES ('`integration_config_effective(org, node)`, depth 3', 'at most 1.5 × look-ups and merge', 'not there');
        RETURN;
    END IF;
    INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
    SELECT 'acme', n.node_id, n.parent_id, n.node_type, d.document
      FROM (VALUES (1, 'acme', NULL, 'org', 'organisation'),
                   (2, 'commerce', 'acme', 'unit', 'unit'),
                   (3, 'payments', 'commerce', 'team', 'team')) AS n (number, node_id, parent_id, node_type, name)
      JOIN bench.document AS d USING (name)
     ORDER BY n.number;
END
$$;
ANALYZE;
DO $$
DECLARE
    by_hand text := 'integration_schema_config(
        (SELECT n.config_json FROM node_configurations AS n WHERE n.org_id = input.org_id AND n.node_id = ''acme''),
        (SELECT n.config_json FROM node_configurations AS n WHERE n.org_id = input.org_id AND n.node_id = ''commerce''),
        (SELECT n.config_json FROM node_configurations AS n WHERE n.org_id = input.org_id AND n.node_id = input.node_id))';
    same boolean;
BEGIN
    IF to_regprocedure('integration_config_effective(text, text)') IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT integration_config_effective(org_id, node_id) = %s FROM bench.input', by_hand) INTO same;
    ASSERT same;
    PERFORM bench.rounds('store', ARRAY['effective', 'by hand'],
                         ARRAY['integration_config_effective(org_id, node_id)', by_hand],
                         1, 51, 0.01);
    PERFORM bench.add_ratio('`integration_config_effective(org, node)`, depth 3', 'at most 1.5 × look-ups and merge',
                            'store', 'effective', 'by hand', 1.5);
END
$$;

-- The trigger. An INSERT a row, and all in one transaction; then the worst case
-- for it, one INSERT of all rows, which has no target of its own.
CREATE TABLE bench.node (
    org_id      text NOT NULL,
    node_id     text NOT NULL,
    node_type   text NOT NULL,
    config_json jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, node_id)
);
CREATE TABLE bench.checked_node (LIKE bench.node INCLUDING ALL);
CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON bench.checked_node
    FOR EACH ROW EXECUTE FUNCTION integration_schema_check('config_json', 'node_type');

CREATE PROCEDURE bench.insert_rounds(nodes int, last_round int)
LANGUAGE plpgsql AS $$
DECLARE
    team jsonb := (SELECT document FROM bench.document WHERE name = 'team');
    began float8;
BEGIN
    FOR round IN 0 .. last_round LOOP       -- round 0 warms up
        began := bench.spent();
        FOR i IN 1 .. nodes LOOP
            INSERT INTO bench.node VALUES ('acme', 'team-' || i, 'team', team);
        END LOOP;
        INSERT INTO bench.timing VALUES ('insert', round, 'without', (bench.spent() - began) / nodes);
        began := bench.spent();
        FOR i IN 1 .. nodes LOOP
            INSERT INTO bench.checked_node VALUES ('acme', 'team-' || i, 'team', team);
        END LOOP;
        INSERT INTO bench.timing VALUES ('insert', round, 'with', (bench.spent() - began) / nodes);
        TRUNCATE bench.node, bench.checked_node;
        COMMIT;

        began := bench.spent();
        INSERT INTO bench.node SELECT 'acme', 'team-' || i, 'team', team FROM generate_series(1, nodes) AS i;
        INSERT INTO bench.timing VALUES ('insert all', round, 'without', (bench.spent() - began) / nodes);
        began := bench.spent();
        INSERT INTO bench.checked_node SELECT 'acme', 'team-' || i, 'team', team FROM generate_series(1, nodes) AS i;
        INSERT INTO bench.timing VALUES ('insert all', round, 'with', (bench.spent() - began) / nodes);
        TRUNCATE bench.node, bench.checked_node;
        COMMIT;
    END LOOP;
    DELETE FROM bench.timing WHERE run LIKE 'insert%' AND round = 0;
END
$$;
CALL bench.insert_rounds(2000, 15);

-- The catalogue: 23 integrations and 1,000 in turn, committed, as the copy that
-- a backend keeps is of what is committed. The 1,000 stay for run.sh.
CREATE PROCEDURE bench.catalogue_rounds(last_round int)
LANGUAGE plpgsql AS $$
DECLARE
    size int;
BEGIN
    FOR this IN 1 .. last_round LOOP
        FOREACH size IN ARRAY ARRAY[23, 1000] LOOP
            CALL bench.catalogue_of(size);
            COMMIT;
            PERFORM bench.rounds('catalogue',
                ARRAY['resolve ' || size, 'config ' || size],
                ARRAY['integration_schema_resolve(''slack'', organisation, team)',
                      'integration_schema_config(organisation, team)'],
                this, this, 0.02);
            -- the time of a byte
            INSERT INTO bench.timing
            SELECT t.run, this, 'byte ' || size,
                   t.seconds / (SELECT pg_column_size(integration_schema_config(organisation, team))
                                  FROM bench.input)
              FROM bench.timing AS t
             WHERE t.run = 'catalogue' AND t.round = this AND t.name = 'config ' || size;
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
CALL bench.catalogue_rounds(5);

SELECT bench.add_ratio('catalogue 23 → 1,000 integrations: `resolve`', 'at most 1.2 ×', 'catalogue', 'resolve 1000', 'resolve 23', 1.2);
SELECT bench.add_ratio('catalogue 23 → 1,000 integrations: `config`, a byte', 'at most 1.2 ×', 'catalogue', 'byte 1000', 'byte 23', 1.2);
UPDATE bench.figure
   SET figure = (SELECT format('%s : %s', bench.show_seconds(a.seconds), bench.show_seconds(b.seconds))
                   FROM bench.typical a, bench.typical b
                  WHERE a.run = 'catalogue' AND a.name = 'config 1000'
                    AND b.run = 'catalogue' AND b.name = 'config 23')
 WHERE call LIKE 'catalogue%a byte';

CALL bench.catalogue_of(23);

-- Layers: what 32 of them cost over none, and 2 of them, a byte. The 32 are the
-- same two, 16 times.
SELECT bench.rounds('layers', ARRAY['0', '2', '32'],
    ARRAY['integration_schema_config(VARIADIC layers_0)',
          'integration_schema_config(VARIADIC layers_2)',
          'integration_schema_config(VARIADIC layers_32)'],
    1, 51, 0.01);
INSERT INTO bench.timing
SELECT t.run, t.round, 'byte ' || t.name,
       (t.seconds - n.seconds) / (t.name::int * (SELECT pg_column_size(organisation) + pg_column_size(team) FROM bench.input) / 2)
  FROM bench.timing AS t JOIN bench.timing AS n USING (run, round)
 WHERE t.run = 'layers' AND t.name IN ('2', '32') AND n.name = '0';
SELECT bench.add_ratio('layers 2 → 32, a byte of them', 'at most 1.2 ×', 'layers', 'byte 32', 'byte 2', 1.2);
UPDATE bench.figure
   SET figure = (SELECT format('%s : %s', bench.show_seconds(a.seconds), bench.show_seconds(b.seconds))
                   FROM bench.typical a, bench.typical b
                  WHERE a.run = 'layers' AND a.name = '32' AND b.run = 'layers' AND b.name = '2')
 WHERE call LIKE 'layers%';

-- A large organisation, read whole: nodes a second. Each answer is looked at,
-- none is shown. In the select list the function gives a row at a time, which is
-- how the reference says to read thousands of nodes; in FROM the executor keeps
-- the whole set, on disk.
DO $$
DECLARE
    forms CONSTANT text[] := ARRAY[
        'SELECT count(a) FROM (SELECT integration_config_effective_all(''large'') AS a OFFSET 0) AS s',
        'SELECT count(a) FROM integration_config_effective_all(''large'') AS a'];
    names CONSTANT text[] := ARRAY['a row at a time', 'in FROM'];
    began float8;
    answers int;
BEGIN
    IF to_regprocedure('integration_config_effective_all(text)') IS NULL THEN
        INSERT INTO bench.figure (call, target, figure)
        VALUES ('`integration_config_effective_all`, 10,000 nodes', 'at least 30,000 nodes/s', 'not there');
        RETURN;
    END IF;
    INSERT INTO node_configurations (org_id, node_id, node_type, config_json)
    SELECT 'large', 'large', 'org', document FROM bench.document WHERE name = 'organisation';
    INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
    SELECT 'large', 'unit-' || n, 'large', 'unit', document
      FROM bench.document, generate_series(1, 99) AS n WHERE name = 'unit';
    INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
    SELECT 'large', 'team-' || n, 'unit-' || n % 99 + 1, 'team', document
      FROM bench.document, generate_series(1, 9900) AS n WHERE name = 'team';
    ANALYZE node_configurations;
    FOR round IN 1 .. 5 LOOP
        FOR form IN 1 .. 2 LOOP
            began := bench.spent();
            EXECUTE forms[form] INTO answers;
            ASSERT answers = 10000;
            INSERT INTO bench.timing VALUES ('all', round, names[form], (bench.spent() - began) / answers);
        END LOOP;
    END LOOP;
    INSERT INTO bench.figure (call, target, figure, spread, ok)
    SELECT '`integration_config_effective_all`, 10,000 nodes, ' || form, 'at least 30,000 nodes/s',
           round(1 / median) || ' nodes/s', format('%s–%s', round(1 / most), round(1 / fewest)),
           1 / median >= 30000
      FROM (SELECT name AS form, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
                   min(seconds) AS fewest, max(seconds) AS most
              FROM bench.timing WHERE run = 'all' GROUP BY name ORDER BY name) AS t;
END
$$;
