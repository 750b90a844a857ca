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

-- What the catalogue calls a secret is not for the screen.
CREATE VIEW secrets AS
  SELECT id AS integration, definition->>'name' AS field, '********' AS shown
  FROM integration_schemas, jsonb_array_elements(fields) AS definition
  WHERE definition->>'type' = 'secret';

\echo
\echo '=== 3. The team''s effective configuration: defaults, platform, organisation, team'
\echo '       (what is enabled and complete; the view "secrets" hides what the catalogue calls one)'
\echo
\set ECHO queries
SELECT integration,
       string_agg(field || ' = ' || coalesce(shown, value #>> '{}'), E'\n' ORDER BY field) AS configuration
FROM layers
     CROSS JOIN jsonb_each(integration_schema_values(platform, org, team)) AS v (integration, config)
     CROSS JOIN jsonb_each(config) AS f (field, value)
     LEFT JOIN secrets USING (integration, field)
GROUP BY integration;
\set ECHO none

\echo
\echo '=== 4. What the team set in vain: the organisation or the catalogue has locked it'
\echo
\set ECHO queries
SELECT integration, field, coalesce(shown, value #>> '{}') AS "the team set",
       coalesce(shown, effective #>> '{}') AS "what counts"
FROM layers
     CROSS JOIN jsonb_each(team->'integrations') AS i (integration, entry)
     CROSS JOIN jsonb_each(entry->'config') AS f (field, value)
     CROSS JOIN jsonb_extract_path(integration_schema_resolve(integration, platform, org, team),
                                   'config', field) AS effective
     LEFT JOIN secrets USING (integration, field)
WHERE value <> 'null' AND value <> effective;
\set ECHO none

\echo
\echo '=== 5. What is still missing, of all that somebody has begun to fill in'
\echo
\set ECHO queries
SELECT id AS integration, entry->'missing' AS missing
FROM layers,
     jsonb_each(integration_schema_config(platform, org, team)->'integrations') AS e (id, entry)
WHERE entry->>'configured' = 'false'
  AND (org->'integrations' ? id OR team->'integrations' ? id)
  AND entry->>'enabled' = 'true';
\set ECHO none

\echo
\echo '=== 6. One integration resolved: the call that a service makes, here for one that can''t run yet and one that can'
\echo
\set ECHO queries
SELECT jsonb_pretty(integration_schema_resolve('elasticsearch', platform, org, team)) AS elasticsearch,
       jsonb_pretty(integration_schema_resolve('kubernetes', platform, org, team)) AS kubernetes
FROM layers;
\set ECHO none

\echo
\echo '    A name that nobody knows is an error, with the nearest one as a hint:'
\echo
\set ON_ERROR_STOP off
\set ECHO queries
SELECT integration_schema_resolve('slak', platform, org, team) FROM layers;
\set ECHO none
\set ON_ERROR_STOP on

\echo
\echo '=== 7. The catalogue by category'
\echo
\set ECHO queries
SELECT c->>'category' AS category, c->'count' AS count,
       (SELECT string_agg(i->>'name', ', ')
        FROM jsonb_array_elements(integration_schema_list(c->>'category')->'integrations') AS i) AS integrations
FROM jsonb_array_elements(integration_schema_categories()->'categories') AS c;
\set ECHO none
