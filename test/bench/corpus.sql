-- What share of published connector definitions the import takes, by source, and
-- why it refuses the others. The definitions are no part of the project:
--
--   psql -X -v file=definitions.jsonl -f test/bench/corpus.sql
--
-- in a database with the extension; a line each: {"source", "name", "schema"}.

\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
CREATE TEMP TABLE line (n bigint GENERATED ALWAYS AS IDENTITY, line text);
\copy line (line) FROM pstdin WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')

CREATE FUNCTION pg_temp.reasons(schema text, lenient boolean) RETURNS text[]
LANGUAGE plpgsql AS $$
BEGIN
    RETURN array(SELECT p.reason FROM integration_schema_import_problems(schema, lenient) AS p);
EXCEPTION WHEN OTHERS THEN
    RETURN ARRAY[SQLSTATE || ' ' || SQLERRM];
END $$;
CREATE TEMP TABLE result AS
SELECT n, line::json ->> 'source' AS source, line::json ->> 'name' AS name,
       pg_temp.reasons(line::json ->> 'schema', false) AS reasons,
       pg_temp.reasons(line::json ->> 'schema', true) AS reasons_lenient
  FROM line;

SELECT source, count(*) AS definitions,
       round(100.0 * count(*) FILTER (WHERE reasons = '{}') / count(*), 1) AS "imported, %",
       round(100.0 * count(*) FILTER (WHERE reasons_lenient = '{}') / count(*), 1) AS "lenient, %"
  FROM result GROUP BY source ORDER BY source;
SELECT source, left(reason, 110) AS reason, count(DISTINCT n) AS definitions
  FROM result, unnest(reasons_lenient) AS reason GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2;
