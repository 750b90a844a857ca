-- test/demo/demo.sql: what tools/demo shows. Run by psql in this folder, in a
-- fresh database, from its standard input, so that errors look as they do at the
-- prompt. Every statement that a reader should see is echoed; the rest of the
-- work is done with ECHO off.
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset linestyle unicode
\pset border 1
\pset null '(unset)'
-- an error's place in the extension's own functions says nothing to a reader
\set SHOW_CONTEXT never

\echo
\echo '=== 1. Install: one statement, and the catalogue is there'
\echo
\set ECHO queries
CREATE EXTENSION integration_schemas;

SELECT category, string_agg(name, ', ' ORDER BY display_order) AS integrations
FROM integration_schemas GROUP BY category ORDER BY min(display_order);
\set ECHO none

\echo
\echo '=== 2. The tree: a platform, and on it Meridian Freight with a unit and two teams'
\echo
\set ECHO queries
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES
  ('*',        '*',        NULL,       'platform'),
  ('meridian', 'meridian', NULL,       'org'),
  ('meridian', 'finance',  'meridian', 'unit'),
  ('meridian', 'payments', 'finance',  'team'),
  ('meridian', 'invoices', 'finance',  'team');
\set ECHO none

\set platform `cat platform.json`
\set organisation `cat organisation.json`
\set unit `cat unit.json`
\set team `cat team.json`
CREATE TEMPORARY TABLE documents AS
  SELECT :'platform'::jsonb AS platform, :'organisation'::jsonb AS organisation,
         :'unit'::jsonb AS unit, :'team'::jsonb AS team;

\echo
\echo '=== 3. Their documents go in, each checked on its way (from platform.json, organisation.json and so on);'
\echo '       _set takes a patch (RFC 7396), _replace a whole document; both return the node''s new version'
\echo
\set ECHO queries
SELECT integration_config_set('*', '*', platform)                   AS platform,
       integration_config_set('meridian', 'meridian', organisation) AS organisation,
       integration_config_set('meridian', 'finance', unit)          AS unit,
       integration_config_replace('meridian', 'payments', team, reason => 'moving in', author => 'pia@meridian.example') AS team
FROM documents;
\set ECHO none

\echo
\echo '=== 4. The organisation locks what must be the same for all its teams'
\echo
\set ECHO queries
SELECT integration_config_set('meridian', 'meridian', '{"integrations": {
         "slack": {"locked": ["bot_token", "signing_secret"]},
         "aws":   {"locked": true}}}', reason => 'one Slack app, one region', author => 'omar@meridian.example') AS version;
\set ECHO none

\echo
\echo '=== 5. A bad document is refused: all that is wrong with it, and no secret in the message'
\echo
\set ON_ERROR_STOP off
\set ECHO queries
SELECT integration_config_set('meridian', 'payments', '{"integrations": {
         "openai":  {"config": {"api_key": "sk-of-the-team"}},
         "slack":   {"config": {"defualt_channel": "#payments"}},
         "datadog": {"site": "datadoghq.eu"},
         "splunk":  {"config": {"port": "8089"}}}}');

SELECT integration_config_set('meridian', 'payments',
         '{"integrations": {"slack": {"config": {"bot_token": "xoxb-of-the-team"}}}}');
\set ECHO none
\set ON_ERROR_STOP on

\echo
\echo '=== 6. The team''s effective configuration: defaults, platform, organisation, unit, team'
\echo '       (what is enabled and complete; integration_schema_redact hides the secrets)'
\echo
\set ECHO queries
SELECT integration, string_agg(field || ' = ' || (value #>> '{}'), E'\n' ORDER BY field) AS configuration
FROM integration_schema_redact(integration_config_effective('meridian', 'payments')) AS document,
     jsonb_each(document->'integrations') AS i (integration, entry),
     jsonb_each(entry->'config') AS f (field, value)
WHERE entry @> '{"enabled": true, "configured": true}'
GROUP BY integration;
\set ECHO none

\echo
\echo '=== 7. Why is that so? Which node gave each value, and which ones gave it in vain'
\echo '       (locked further out, as the signing secret; replaced, or unset by null, further in)'
\echo
\set ECHO queries
SELECT integration, field, value, source, ignored, locked_by, unset_by
FROM integration_config_explain('meridian', 'payments')
WHERE ignored <> '{}';
\set ECHO none

\echo
\echo '=== 8. Which teams can''t run yet, and what do they lack?'
\echo
\set ECHO queries
SELECT node_id AS team, string_agg(integration || ': ' || array_to_string(missing, ', '), E'\n') AS lacks
FROM integration_config_status('meridian')
WHERE node_type = 'team' AND enabled AND in_use AND NOT configured
GROUP BY node_id;
\set ECHO none

\echo
\echo '=== 9. One integration resolved: the call that a service makes'
\echo
\set ECHO queries
SELECT jsonb_pretty(integration_config_resolve('meridian', 'payments', 'kubernetes')) AS kubernetes,
       jsonb_pretty(integration_config_resolve('meridian', 'payments', 'elasticsearch')) AS elasticsearch;
\set ECHO none

\echo
\echo '=== 10. A mistake, undone: a rollback is a new version, and the history says who and why'
\echo
\set ECHO queries
SELECT integration_config_set('meridian', 'payments', '{"integrations": {
         "slack": {"config": {"default_channel": "#payments-test"}}}}',
         expected_version => 2, reason => 'trying it out', author => 'tom@meridian.example') AS version;

SELECT integration_config_rollback('meridian', 'payments', 2, author => 'pia@meridian.example') AS version;

SELECT version, author, reason, jsonb_array_length(changes->'added') AS "fields added",
       changes #> '{changed,0,before}' AS "changed from", changes #> '{changed,0,after}' AS "to"
FROM integration_config_history('meridian', 'payments');
\set ECHO none

\echo
\echo '=== 11. A form shows a document with its secrets masked, and writes it back: a mask keeps what is stored'
\echo
\set ECHO queries
SELECT version, config_json #> '{integrations,slack,config}' AS slack
FROM integration_config_get('meridian', 'meridian');

SELECT integration_config_replace('meridian', 'meridian',
         jsonb_set(config_json, '{integrations,slack,config,default_channel}', '"#all-freight"'),
         expected_version => version, author => 'omar@meridian.example') AS version
FROM integration_config_get('meridian', 'meridian');

SELECT path AS changed, before, after
FROM integration_config_history('meridian', 'meridian', 1),
     jsonb_to_recordset(changes->'changed') AS c (path text, before jsonb, after jsonb);
\set ECHO none

\echo
\echo '=== 12. Sealed at rest: a command prints the master key, and from then on no secret is stored in clear;'
\echo '        what was there before is sealed by a call'
\echo
\set ECHO queries
LOAD 'integration_schemas';
ALTER SYSTEM SET integration_schemas.key_command = 'echo demo-key MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
\set ECHO none
SELECT pg_reload_conf(), pg_sleep(0.5) \g /dev/null
\c - - - -
\set ECHO queries
CALL integration_secrets_seal();

SELECT node_id, left(config_json #>> '{integrations,slack,config,bot_token}', 9) AS "bot token in the table",
       integration_config_resolve(org_id, node_id, 'slack') #>> '{config,bot_token}' AS "and in the owner's answer"
FROM node_configurations WHERE node_id = 'meridian';
\set ECHO none
\echo 'How often is a Slack token in a dump of all this?  pg_dump demo | grep -c xoxb-demo'
\! pg_dump demo | grep -c xoxb-demo
\echo 'And a sealed secret?'
\! pg_dump demo | grep -o 'sealed:1:' | sort | uniq -c | sed 's/^ *[0-9]* /many times /'

\echo
\echo '=== 13. A service is granted its node: it needs no right on any table, and sees nothing else'
\echo
\set ECHO queries
CREATE ROLE svc_payments;
SELECT integration_config_grant('svc_payments', 'meridian', 'payments', '{read,reveal}');
SET ROLE svc_payments;
SELECT integration_config_resolve('meridian', 'payments', 'slack') #> '{config,bot_token}' AS bot_token;
\set ON_ERROR_STOP off
SELECT integration_config_resolve('meridian', 'meridian', 'slack');
SELECT config_json FROM node_configurations;
\set ON_ERROR_STOP on
RESET ROLE;
\set ECHO none

\echo
\echo '=== 14. The organisation gets another key: documents and history are sealed anew, the old key is gone'
\echo
\set ECHO queries
CALL integration_secrets_rotate('meridian');
SELECT master, sealed > 0 AS "sealed with it", older AS "with older ones", clear AS "in clear"
FROM integration_secrets_status('meridian');
\set ECHO none

\echo
\echo '=== 15. A key has leaked: it is taken out of the document and of every version that had it'
\echo
\set ECHO queries
SELECT integration_config_erase('meridian', 'meridian', 'slack', 'signing_secret', reason => 'leaked') AS versions;

SELECT version, reason, config_json #>> '{integrations,slack,config,signing_secret}' AS signing_secret
FROM integration_config_history('meridian', 'meridian');
\set ECHO none

\echo
\echo '=== 16. Documents in tables of your own? The same merge, with the layers as arguments'
\echo
\set ECHO queries
SELECT integration_schema_resolve('slack',
  '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}, "locked": ["bot_token"]}}}',
  '{"integrations": {"slack": {"config": {"bot_token": "xoxb-2", "default_channel": "#sre"}}}}')->'config' AS slack;
\set ECHO none
