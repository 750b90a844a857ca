-- What definitions of what is in a value cost: a value that they describe against
-- the same leaves in flat fields, and their compilation, which is linear.

\set ON_ERROR_STOP on

INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
('flat', 'Flat', 'bench', '', (SELECT jsonb_agg(jsonb_build_object('name', 'f' || n, 'type', CASE n % 2 WHEN 0 THEN 'secret' ELSE 'string' END)) FROM generate_series(1, 8) AS n)),
('nested', 'Nested', 'bench', '', jsonb_build_array(jsonb_build_object(
    'name', 'login', 'type', 'object',
    'fields', '[{"name": "f1"}, {"name": "f2", "type": "secret"}]'::jsonb,
    'variants', jsonb_build_object('by', 'kind', 'choices', (
        SELECT jsonb_agg(jsonb_build_object('value', 'c' || c, 'fields', (
            SELECT jsonb_agg(jsonb_build_object('name', 'f' || n, 'type', CASE n % 2 WHEN 0 THEN 'secret' ELSE 'string' END))
              FROM generate_series(3, 7) AS n))) FROM generate_series(1, 4) AS c)))));
SELECT bench.rounds('nested', ARRAY['nested', 'flat'],
    ARRAY['integration_schema_resolve(''nested'', ''{"integrations": {"nested": {"config": {"login": {"kind": "c1", "f1": "1", "f2": "2", "f3": "3", "f4": "4", "f5": "5"}}}}}'', ''{"integrations": {"nested": {"config": {"login": {"f6": "6", "f7": "7"}}}}}'')',
          'integration_schema_resolve(''flat'', ''{"integrations": {"flat": {"config": {"f8": "c1", "f1": "1", "f2": "2", "f3": "3", "f4": "4", "f5": "5"}}}}'', ''{"integrations": {"flat": {"config": {"f6": "6", "f7": "7"}}}}'')'],
    1, 31, 0.01);
SELECT bench.add_ratio('`_resolve` of an object with alternatives, 8 leaves in 2 layers', 'at most 3 × the same in flat fields', 'nested', 'nested', 'flat', 3);

CREATE FUNCTION bench.wide(choices int) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object('name', 'o', 'type', 'object',
        'fields', (SELECT jsonb_agg(jsonb_build_object('name', 'f' || n)) FROM generate_series(1, choices) AS n),
        'variants', jsonb_build_object('by', 'kind', 'choices', (
            SELECT jsonb_agg(jsonb_build_object('value', 'c' || c, 'fields', '[{"name": "a", "type": "secret"}]'::jsonb))
              FROM generate_series(1, choices) AS c))))
$$;
DO $$
DECLARE
    sizes CONSTANT int[] := ARRAY[5000, 10000];
    size int;
    definitions jsonb;
    began float8;
BEGIN
    FOR round IN 1 .. 5 LOOP
        FOREACH size IN ARRAY sizes LOOP
            definitions := bench.wide(size);
            began := bench.spent();
            INSERT INTO integration_schemas (id, name, category, description, fields)
            VALUES ('wide', 'Wide', 'bench', '', definitions);
            PERFORM integration_schema_resolve('wide');
            INSERT INTO bench.timing VALUES ('wide', round, size, bench.spent() - began);
            DELETE FROM integration_schemas WHERE id = 'wide';
        END LOOP;
    END LOOP;
END
$$;
SELECT bench.add_ratio('checked and compiled, 10,000 alternatives beside 10,000 fields', 'at most 2.5 × half of it', 'wide', '10000', '5000', 2.5);
DELETE FROM integration_schemas WHERE category = 'bench';
