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

INSERT INTO bench.figure (call, target, figure, ratio, spread, ok)
SELECT CASE r.name WHEN 'merged' THEN 'prepared reads, 2 clients: `config(org, team)` of stored rows'
                 ELSE 'prepared reads, 2 clients: `integration_config_effective`' END,
       'at least 0.8 × a stored answer''s',
       format('%s : %s /s', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.per_second)),
              round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.per_second))),
       bench.show_ratio(percentile_cont(0.5) WITHIN GROUP (ORDER BY r.per_second / s.per_second)),
       format('%s–%s', bench.show_ratio(min(r.per_second / s.per_second)), bench.show_ratio(max(r.per_second / s.per_second))),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY r.per_second / s.per_second) >= 0.8
  FROM bench.reads AS r JOIN bench.reads AS s USING (round)
 WHERE r.name <> 'stored' AND s.name = 'stored'
 GROUP BY r.name
 ORDER BY r.name DESC;
