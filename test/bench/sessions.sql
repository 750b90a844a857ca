-- What run.sh's runs of pgbench read: tables as a service would have them, and
-- the answers stored beside them. With their defaults the tables keep an answer
-- compressed and out of line.

\set ON_ERROR_STOP on

CREATE TABLE bench.organisation (id int PRIMARY KEY, config jsonb NOT NULL);
CREATE TABLE bench.team (id int PRIMARY KEY, organisation int NOT NULL, config jsonb NOT NULL);
CREATE TABLE bench.answer (id int PRIMARY KEY, config jsonb NOT NULL);
INSERT INTO bench.organisation SELECT n, organisation FROM bench.input, generate_series(1, 50) AS n;
INSERT INTO bench.team SELECT n, n % 50 + 1, team FROM bench.input, generate_series(1, 1000) AS n;
INSERT INTO bench.answer
SELECT t.id, integration_schema_config(o.config, t.config)
  FROM bench.team AS t JOIN bench.organisation AS o ON o.id = t.organisation;
VACUUM ANALYZE;

CREATE TABLE bench.first_call (catalogue int, name text, seconds float8);
