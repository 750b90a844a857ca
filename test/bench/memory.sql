-- What a backend keeps: in a session of its own. run.sh tells the methods.

\set ON_ERROR_STOP on

CREATE FUNCTION bench.kept_bytes() RETURNS bigint
LANGUAGE sql AS $$
    SELECT coalesce(sum(total_bytes), 0)::bigint FROM pg_backend_memory_contexts
     WHERE name LIKE 'integration_schemas%'
$$;
-- Before PostgreSQL 16 regular expressions are outside of any memory context,
-- so look at the process, too.
CREATE FUNCTION bench.process_bytes() RETURNS bigint
LANGUAGE sql AS $$
    SELECT 1024 * substring(pg_read_file('/proc/self/status', 0, 10000, true) FROM 'RssAnon:\s*(\d+)')::bigint
$$;

-- Each of four functions so many times, in statements and transactions of at
-- most 500 calls of each.
CREATE PROCEDURE bench.calls(calls_of_each int)
LANGUAGE plpgsql AS $$
DECLARE
    i record;
BEGIN
    SELECT organisation, team INTO i FROM bench.input;
    FOR statement IN 1 .. greatest(calls_of_each / 500, 1) LOOP
        PERFORM count(integration_schema_config(i.organisation, i.team)),
                count(integration_schema_resolve('slack', i.organisation, i.team)),
                count(integration_schema_values(i.organisation, i.team)),
                count(integration_schema_is_valid(i.team))
           FROM generate_series(1, least(calls_of_each, 500));
        COMMIT;
    END LOOP;
END
$$;

CREATE TABLE bench.memory (
    name    text PRIMARY KEY,
    kept    bigint NOT NULL,
    process bigint
);

-- Each statement once before it counts, for the caches of the server itself.
CALL bench.calls(100);
INSERT INTO bench.memory VALUES ('warm', bench.kept_bytes(), bench.process_bytes());
CALL bench.calls(250);
INSERT INTO bench.memory VALUES ('before', bench.kept_bytes(), bench.process_bytes());
CALL bench.calls(250000);
INSERT INTO bench.memory VALUES ('after', bench.kept_bytes(), bench.process_bytes());

-- A catalogue that changes all the time, between calls.
CREATE PROCEDURE bench.changes(changes int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR change IN 1 .. changes LOOP
        UPDATE integration_schemas SET description = 'change ' || change WHERE id = 'slack';
        COMMIT;
        CALL bench.calls(1);
    END LOOP;
END
$$;
CALL bench.changes(50);
INSERT INTO bench.memory VALUES ('before changes', bench.kept_bytes(), bench.process_bytes());
CALL bench.changes(300);
INSERT INTO bench.memory VALUES ('after changes', bench.kept_bytes(), bench.process_bytes());

CALL bench.catalogue_of(1000);
CALL bench.calls(1);
INSERT INTO bench.memory VALUES ('1000', bench.kept_bytes(), bench.process_bytes());
CALL bench.catalogue_of(23);

INSERT INTO bench.figure (call, target, figure, ok)
SELECT 'memory kept by a backend, 23 integrations', 'at most 1 MB', bench.show_bytes(kept), kept <= 1024 * 1024
  FROM bench.memory WHERE name = 'before';
INSERT INTO bench.figure (call, target, figure, ratio, ok)
SELECT 'memory kept, 1,000 integrations: an integration', 'at most 1.2 × (linear)',
       format('%s : %s', bench.show_bytes(b.kept / 1000), bench.show_bytes(a.kept / 23)),
       bench.show_ratio(b.kept / 1000.0 / (a.kept / 23.0)), b.kept / 1000.0 <= 1.2 * a.kept / 23.0
  FROM bench.memory AS a, bench.memory AS b WHERE a.name = 'before' AND b.name = '1000';
-- A page or two may come and go with the heap of the process: 64 kB in a
-- million calls are not a leak, that would be less than a bit a call.
INSERT INTO bench.figure (call, target, figure, ok)
SELECT format('memory: growth over %s', CASE a.name WHEN 'before' THEN 'a million calls' ELSE '300 changes of the catalogue' END),
       'none', format('%s kept, %s in the process', bench.show_bytes(b.kept - a.kept), bench.show_bytes(b.process - a.process)),
       b.kept <= a.kept AND coalesce(b.process - a.process, 0) < 65536
  FROM bench.memory AS a JOIN bench.memory AS b
    ON (a.name, b.name) IN (('before', 'after'), ('before changes', 'after changes'))
 ORDER BY a.name;
