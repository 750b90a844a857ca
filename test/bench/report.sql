-- The figures of run.sh's runs of pgbench.

\set ON_ERROR_STOP on

CREATE VIEW bench.first_call_median AS
SELECT catalogue, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
       min(seconds) AS fastest, max(seconds) AS slowest
  FROM bench.first_call
 GROUP BY catalogue, name;

INSERT INTO bench.figure (call, target, figure, spread, ok)
SELECT format('first call in a new session, `%s`, %s integrations', c.name, c.catalogue),
       format('at most %s ms over a bare query', t.ms),
       format('%s − %s = %s', bench.show_seconds(c.seconds), bench.show_seconds(b.seconds), bench.show_seconds(c.seconds - b.seconds)),
       format('%s–%s', bench.show_seconds(c.fastest), bench.show_seconds(c.slowest)),
       c.seconds - b.seconds <= t.ms / 1000.0
  FROM (VALUES (1, 23, 'resolve', 2), (2, 23, 'config', 2), (3, 1000, 'resolve', 40), (4, 1000, 'config', 40)) AS t (number, catalogue, name, ms)
  JOIN bench.first_call_median AS c USING (catalogue, name)
  JOIN bench.first_call_median AS b ON b.catalogue = c.catalogue AND b.name = 'bare'
 ORDER BY t.number;

SELECT bench.add_ratio('the trigger: an INSERT of a team''s document by a client', 'at most 1.15 × without', 'insert, client', 'with', 'without', 1.15);
SELECT bench.add_ratio('the trigger: the same in a loop of PL/pgSQL', 'at most 1.15 × without', 'insert', 'with', 'without', 1.15);
SELECT bench.add_ratio('the trigger: one INSERT of 2,000 documents, a document', '', 'insert all', 'with', 'without', NULL);

INSERT INTO bench.figure (call, target, figure, ratio, spread, ok)
SELECT CASE r.name WHEN 'merged' THEN 'prepared reads, 2 clients: `config(org, team)` of stored rows'
                   ELSE 'prepared reads, 2 clients: `integration_config_effective`' END,
       'at least 0.8 × a stored answer''s',
       format('%s : %s /s', round(1 / a.seconds), round(1 / b.seconds)),
       bench.show_ratio(t.median), format('%s–%s', bench.show_ratio(t.lowest), bench.show_ratio(t.highest)),
       t.median >= 0.8
  FROM (SELECT DISTINCT name FROM bench.timing WHERE run = 'read' AND name <> 'stored') AS r,
       -- a ratio of times turned round is one of reads a second
       bench.ratio('read', 'stored', r.name) AS t,
       bench.typical AS a, bench.typical AS b
 WHERE a.run = 'read' AND a.name = r.name AND b.run = 'read' AND b.name = 'stored'
 ORDER BY r.name DESC;
