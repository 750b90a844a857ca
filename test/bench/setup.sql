-- What the benchmark is made of: its documents, and the functions that time an
-- expression. run.sh tells the methods.

\set ON_ERROR_STOP on
\set organisation `cat test/bench/organisation.json`
\set unit `cat test/bench/unit.json`
\set team `cat test/bench/team.json`

CREATE EXTENSION integration_schemas;
CREATE SCHEMA bench;

CREATE TABLE bench.document (
    name     text PRIMARY KEY,
    document jsonb NOT NULL
);
INSERT INTO bench.document VALUES
    ('catalogue', integration_schema_config()),
    ('organisation', :'organisation'),
    ('unit', :'unit'),
    ('team', :'team');

-- Figures of documents that are refused, or leave nothing configured, would
-- be figures of something else.
DO $$
BEGIN
    ASSERT (SELECT integration_schema_is_valid(document, 'org') FROM bench.document WHERE name = 'organisation');
    ASSERT (SELECT integration_schema_is_valid(document, 'team') FROM bench.document WHERE name = 'team');
    ASSERT (SELECT integration_schema_resolve('slack', o.document, t.document) -> 'configured'
              FROM bench.document o, bench.document t
             WHERE o.name = 'organisation' AND t.name = 'team') = 'true';
END
$$;

-- All that an expression may name, in one row.
CREATE TABLE bench.input AS
SELECT c.document AS catalogue, o.document AS organisation, u.document AS unit, t.document AS team,
       ARRAY[]::jsonb[] AS layers_0,
       ARRAY[o.document, t.document] AS layers_2,
       (SELECT array_agg(CASE n % 2 WHEN 1 THEN o.document ELSE t.document END ORDER BY n)
          FROM generate_series(1, 32) AS n) AS layers_32,
       'acme'::text AS org_id, 'payments'::text AS node_id, 1 AS first
  FROM bench.document c, bench.document o, bench.document u, bench.document t
 WHERE c.name = 'catalogue' AND o.name = 'organisation' AND u.name = 'unit' AND t.name = 'team';
ANALYZE;

-- The time that this backend has spent, in seconds: its time on a processor, as
-- Linux has it to the nanosecond once the process has slept, or else the clock's.
CREATE FUNCTION bench.spent() RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
    schedstat text;
BEGIN
    PERFORM pg_sleep(0.00001);
    schedstat := pg_read_file('/proc/self/schedstat', 0, 100, true);
    RETURN coalesce(split_part(schedstat, ' ', 1)::float8 / 1e9,
                    extract(epoch FROM clock_timestamp()));
END
$$;

-- How long a statement takes that evaluates the expression so many times. What
-- it names comes from a row, so that nothing is folded to a constant. Where the
-- loop begins the row is taken from the table; by || with nothing its documents
-- are no longer compressed, as they are not in a program's parameter.
CREATE FUNCTION bench.loop_seconds(expression text, calls int) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
    began float8 := bench.spent();
BEGIN
    EXECUTE format('WITH input AS MATERIALIZED (
                        SELECT catalogue || ''{}'' AS catalogue, organisation || ''{}'' AS organisation,
                               unit || ''{}'' AS unit, team || ''{}'' AS team, layers_0,
                               layers_2 || ''{}'' AS layers_2, layers_32 || ''{}'' AS layers_32,
                               org_id, node_id, first
                          FROM bench.input)
                    SELECT count(%s) FROM input, generate_series(input.first, %s) AS call',
                   expression, calls);
    RETURN bench.spent() - began;
END
$$;

-- How many calls take about so many seconds. Of three loops the fastest counts:
-- the first ones warm up what is kept between calls.
CREATE FUNCTION bench.calls_in(expression text, seconds float8) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    calls int := 8;
    took float8;
BEGIN
    LOOP
        took := least(bench.loop_seconds(expression, calls),
                      bench.loop_seconds(expression, calls),
                      bench.loop_seconds(expression, calls));
        EXIT WHEN took > seconds / 2;
        calls := calls * 2;
    END LOOP;
    RETURN ceil(calls * seconds / took);
END
$$;

CREATE TABLE bench.timing (
    run     text,
    round   int,
    name    text,
    seconds float8 NOT NULL,    -- of one call
    PRIMARY KEY (run, round, name)
);

-- Rounds of loops over each expression in turn: what slows the machine down for
-- a while slows all of a round down. From each loop goes the cost of an empty
-- one of the same length, the median of several.
CREATE FUNCTION bench.rounds(run text, names text[], expressions text[],
                             first_round int, last_round int, slice float8)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    calls int[];
    empty float8[];
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        calls[i] := bench.calls_in(expressions[i], slice);
        empty[i] := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY bench.loop_seconds('call', calls[i]))
                       FROM generate_series(1, 9));
    END LOOP;
    FOR round IN first_round .. last_round LOOP
        FOR i IN 1 .. cardinality(names) LOOP
            INSERT INTO bench.timing
            VALUES (run, round, names[i],
                    (bench.loop_seconds(expressions[i], calls[i]) - empty[i]) / calls[i]);
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW bench.typical AS
SELECT run, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
  FROM bench.timing
 GROUP BY run, name;

-- The ratio of two expressions: one a round, and of these the median, the
-- least and the greatest.
CREATE FUNCTION bench.ratio(run text, name text, reference text,
                            OUT median float8, OUT lowest float8, OUT highest float8)
LANGUAGE sql AS $$
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds / b.seconds),
           min(a.seconds / b.seconds), max(a.seconds / b.seconds)
      FROM bench.timing AS a
      JOIN bench.timing AS b USING (run, round)
     WHERE a.run = ratio.run AND a.name = ratio.name AND b.name = ratio.reference
$$;

-- The answer: a row each figure. ok is null where there is no target.
CREATE TABLE bench.figure (
    number int GENERATED ALWAYS AS IDENTITY,
    call   text NOT NULL,
    target text NOT NULL,
    figure text NOT NULL,
    ratio  text NOT NULL DEFAULT '',
    spread text NOT NULL DEFAULT '',
    ok     boolean
);

CREATE FUNCTION bench.show_seconds(seconds float8) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN abs(seconds) < 0.001 THEN round((seconds * 1e6)::numeric, 2) || ' µs'
                ELSE round((seconds * 1e3)::numeric, 2) || ' ms' END
$$;

CREATE FUNCTION bench.show_bytes(bytes float8) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN abs(bytes) < 10240 THEN bytes || ' bytes'
                ELSE round((bytes / 1024)::numeric) || ' kB' END
$$;

CREATE FUNCTION bench.show_ratio(ratio float8) RETURNS text
LANGUAGE sql AS $$
    SELECT to_char(ratio, 'FM99990.000')
$$;

-- A figure that is a ratio of the run's times.
CREATE FUNCTION bench.add_ratio(call text, target text, run text, name text,
                                reference text, at_most float8)
RETURNS void
LANGUAGE sql AS $$
    INSERT INTO bench.figure (call, target, figure, ratio, spread, ok)
    SELECT call, target,
           format('%s : %s', bench.show_seconds(a.seconds), bench.show_seconds(b.seconds)),
           bench.show_ratio(r.median),
           format('%s–%s', bench.show_ratio(r.lowest), bench.show_ratio(r.highest)),
           r.median <= at_most
      FROM bench.ratio(run, name, reference) AS r, bench.typical AS a, bench.typical AS b
     WHERE a.run = add_ratio.run AND a.name = add_ratio.name
       AND b.run = add_ratio.run AND b.name = reference
$$;

-- A catalogue of so many integrations: copies of the built-in ones.
CREATE PROCEDURE bench.catalogue_of(size int)
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM integration_schemas WHERE id LIKE '%-copy-%';
    INSERT INTO integration_schemas (id, name, category, description, docs_url,
                                     icon_url, display_order, featured, fields)
    SELECT format('%s-copy-%s', id, n), format('%s %s', name, n), category, description,
           docs_url, icon_url, display_order + 1000 * n, featured, fields
      FROM integration_schemas, generate_series(1, size / 23 + 1) AS n
     ORDER BY n, display_order
     LIMIT size - (SELECT count(*) FROM integration_schemas);
END
$$;
