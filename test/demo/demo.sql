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
\echo '       (what is enabled and complete; integration_schema_redact hides the secrets)'
\echo
\set ECHO queries
SELECT integration, string_agg(field || ' = ' || (value #>> '{}'), E'\n' ORDER BY field) AS configuration
FROM layers
     CROSS JOIN integration_schema_redact(integration_schema_config(platform, org, team)) AS document
     CROSS JOIN jsonb_each(document->'integrations') AS i (integration, entry)
     CROSS JOIN jsonb_each(entry->'config') AS f (field, value)
WHERE entry @> '{"enabled": true, "configured": true}'
GROUP BY integration;
\set ECHO none

\echo
\echo '=== 4. Why is that so? What was set in vain: locked further out (3), or unset further in (2)'
\echo '       (sources: 0 the catalogue''s default, 1 the platform, 2 the organisation, 3 the team)'
\echo
\set ECHO queries
SELECT integration, field, value AS "what counts", source, ignored
FROM layers, integration_schema_explain(platform, org, team)
WHERE source < ANY (ignored);
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
\echo '=== 7. What is wrong with a document, all of it at once, before anybody saves it'
\echo
\x on
\set ECHO queries
SELECT path, code, message
FROM integration_schema_validate('{"integrations": {
  "slack":   {"config": {"defualt_channel": "#payments", "thread_replies": "no"}},
  "datadog": {"site": "datadoghq.eu"},
  "openai":  {"config": {"org_id": "org-payments"}}}}', 'team');
\set ECHO none
\x off

\echo
\echo '=== 8. The catalogue by category'
\echo
\set ECHO queries
SELECT c->>'category' AS category, c->'count' AS count,
       (SELECT string_agg(i->>'name', ', ')
        FROM jsonb_array_elements(integration_schema_list(c->>'category')->'integrations') AS i) AS integrations
FROM jsonb_array_elements(integration_schema_categories()->'categories') AS c;
\set ECHO none
