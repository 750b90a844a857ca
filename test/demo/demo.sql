-- test/demo/demo.sql: what tools/demo shows. Run by psql in this folder, in a
-- fresh database. Every statement that a reader should see is echoed; the rest
-- of the work is done with ECHO off.
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset linestyle unicode
\pset border 1
\pset null '(unset)'

\echo
\echo '=== 1. Install: one statement, and the catalogue is there'
\echo
\set ECHO queries
CREATE EXTENSION integration_schemas;

SELECT count(*) AS integrations, count(DISTINCT category) AS categories FROM integration_schemas;
\set ECHO none

-- A real company keeps its documents in tables of its own; one row does here.
\set platform `cat platform.json`
\set org `cat organisation.json`
\set team `cat team.json`
CREATE TABLE layers AS
  SELECT :'platform'::jsonb AS platform, :'org'::jsonb AS org, :'team'::jsonb AS team;

\echo
\echo '=== 2. Three documents: the platform''s, Meridian Freight''s, and its payments team''s'
\echo '       (read from platform.json, organisation.json and team.json into the table "layers")'
\echo
\set ECHO queries
SELECT jsonb_pretty(team #> '{integrations,datadog}') AS "the team on Datadog: the site unset, a filter of its own",
       jsonb_pretty(org  #> '{integrations,aws}')     AS "the organisation on AWS: all of it locked"
FROM layers;
\set ECHO none

\echo
\echo '=== 3. The team''s effective configuration: defaults, platform, organisation, team'
\echo
\set ECHO queries
SELECT integration, string_agg(field || ' = ' || (value #>> '{}'), E'\n' ORDER BY field) AS "configuration (secrets hidden)"
FROM layers,
     jsonb_each(integration_schema_values(platform, org, team)) AS v(integration, config),
     jsonb_each(config) AS f(field, value)
GROUP BY integration;
\set ECHO none
