-- The 23 built-in integrations: their facts, and what their texts promise.
--
-- The expected values are written down here rather than read from anything that
-- the install script uses: a rule lost in an edit of sql/20_builtin.sql has to be
-- lost here too before it goes unnoticed.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(29);

-- A row a built-in field, in the order that a person fills them in.
CREATE TEMPORARY VIEW builtin_field AS
SELECT s.id, s.display_order, f.position, f.definition,
	   f.definition ->> 'name' AS name,
	   COALESCE(f.definition ->> 'type', 'string') AS type,
	   COALESCE((f.definition -> 'required')::boolean, false) AS required,
	   COALESCE(f.definition ->> 'level', 'org') AS level,
	   f.definition -> 'default_value' AS default_value,
	   f.definition ->> 'display_name' AS display_name,
	   f.definition ->> 'description' AS description,
	   f.definition ->> 'placeholder' AS placeholder
FROM integration_schemas s,
	 jsonb_array_elements(s.fields) WITH ORDINALITY AS f (definition, position)
WHERE s.origin = 'builtin';

--
-- Facts
--

SELECT is(count(*), 23::bigint, 'there are 23 built-in integrations')
FROM integration_schemas WHERE origin = 'builtin';

SELECT results_eq($$
SELECT category, array_agg(id ORDER BY display_order)
FROM integration_schemas WHERE origin = 'builtin'
GROUP BY category ORDER BY min(display_order)
$$, $$VALUES
	('ai', '{openai}'::text[]),
	('observability', '{coralogix, datadog, newrelic, grafana}'::text[]),
	('data-warehouse', '{snowflake, bigquery}'::text[]),
	('search', '{elasticsearch, splunk}'::text[]),
	('communication', '{slack, pagerduty, msteams}'::text[]),
	('scm', '{github, github_app, gitlab, codepipeline}'::text[]),
	('collaboration', '{google_docs, confluence, notion}'::text[]),
	('cloud', '{aws, gcp}'::text[]),
	('orchestration', '{kubernetes}'::text[]),
	('error-tracking', '{sentry}'::text[])
$$, 'each category has its integrations, in order');

-- id, name, category, display_order, featured, required, locked, docs_url
SELECT results_eq($$
SELECT id, name, category, display_order, featured, required, locked, docs_url
FROM integration_schemas WHERE origin = 'builtin' ORDER BY display_order
$$, $$VALUES
	('openai', 'OpenAI', 'ai', 10, true, true, true, 'https://platform.openai.com/docs'),
	('coralogix', 'Coralogix', 'observability', 20, true, false, false, 'https://coralogix.com/docs/'),
	('datadog', 'Datadog', 'observability', 30, true, false, false, 'https://docs.datadoghq.com/'),
	('newrelic', 'New Relic', 'observability', 40, false, false, false, 'https://docs.newrelic.com/'),
	('grafana', 'Grafana', 'observability', 50, true, false, false, 'https://grafana.com/docs/'),
	('snowflake', 'Snowflake', 'data-warehouse', 60, true, false, false, 'https://docs.snowflake.com/'),
	('bigquery', 'BigQuery', 'data-warehouse', 70, false, false, false, 'https://cloud.google.com/bigquery/docs'),
	('elasticsearch', 'Elasticsearch', 'search', 80, false, false, false, 'https://www.elastic.co/guide/en/elasticsearch/reference/current/'),
	('splunk', 'Splunk', 'search', 90, false, false, false, 'https://docs.splunk.com/'),
	('slack', 'Slack', 'communication', 100, true, false, false, 'https://api.slack.com/'),
	('pagerduty', 'PagerDuty', 'communication', 110, true, false, false, 'https://developer.pagerduty.com/docs/'),
	('msteams', 'Microsoft Teams', 'communication', 120, false, false, false, 'https://learn.microsoft.com/graph/teams-concept-overview'),
	('github', 'GitHub', 'scm', 130, true, false, false, 'https://docs.github.com/rest'),
	('github_app', 'GitHub App', 'scm', 140, false, false, false, 'https://docs.github.com/apps'),
	('gitlab', 'GitLab', 'scm', 150, false, false, false, 'https://docs.gitlab.com/api/'),
	('codepipeline', 'AWS CodePipeline', 'scm', 160, false, false, false, 'https://docs.aws.amazon.com/codepipeline/'),
	('google_docs', 'Google Docs', 'collaboration', 170, false, false, false, 'https://developers.google.com/docs/api'),
	('confluence', 'Confluence', 'collaboration', 180, false, false, false, 'https://developer.atlassian.com/cloud/confluence/rest/v2/'),
	('notion', 'Notion', 'collaboration', 190, false, false, false, 'https://developers.notion.com/'),
	('aws', 'AWS', 'cloud', 200, true, false, false, 'https://docs.aws.amazon.com/'),
	('gcp', 'GCP', 'cloud', 210, false, false, false, 'https://cloud.google.com/docs'),
	('kubernetes', 'Kubernetes', 'orchestration', 220, true, false, false, 'https://kubernetes.io/docs/'),
	('sentry', 'Sentry', 'error-tracking', 230, false, false, false, 'https://docs.sentry.io/')
$$, 'each integration has its name, category, place, flags and documentation');

-- integration, field, type, required, level, default, other rules
SELECT results_eq($$
SELECT id, name, type, required, level, default_value,
	   definition - '{name,type,required,level,default_value,display_name,description,placeholder}'::text[]
FROM builtin_field ORDER BY display_order, position
$$, $$SELECT w.id, w.name, w.type, w.required, w.level, w.default_value::jsonb, w.rules::jsonb FROM (VALUES
	('openai', 'api_key', 'secret', true, 'org', NULL, '{}'),
	('openai', 'org_id', 'string', false, 'org', NULL, '{}'),
	('openai', 'base_url', 'string', false, 'org', '"https://api.openai.com/v1"', '{"format": "http-url"}'),
	('coralogix', 'api_key', 'secret', true, 'org', NULL, '{}'),
	('coralogix', 'region', 'string', true, 'org', NULL, '{"format": "hostname"}'),
	('coralogix', 'application', 'string', false, 'team', NULL, '{}'),
	('coralogix', 'subsystem', 'string', false, 'team', NULL, '{}'),
	('datadog', 'api_key', 'secret', true, 'org', NULL, '{}'),
	('datadog', 'app_key', 'secret', true, 'org', NULL, '{}'),
	('datadog', 'site', 'string', false, 'org', '"datadoghq.com"', '{"allowed_values": ["datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com"]}'),
	('datadog', 'service_filter', 'string', false, 'team', NULL, '{}'),
	('newrelic', 'api_key', 'secret', true, 'team', NULL, '{}'),
	('newrelic', 'account_id', 'string', true, 'team', NULL, '{"pattern": "^[0-9]+$"}'),
	('newrelic', 'region', 'string', false, 'team', '"US"', '{"allowed_values": ["US", "EU"]}'),
	('grafana', 'base_url', 'string', true, 'team', NULL, '{"format": "http-url"}'),
	('grafana', 'api_key', 'secret', true, 'team', NULL, '{}'),
	('grafana', 'default_datasource', 'string', false, 'team', '"prometheus"', '{}'),
	('snowflake', 'account', 'string', true, 'org', NULL, '{}'),
	('snowflake', 'user', 'string', true, 'org', NULL, '{}'),
	('snowflake', 'password', 'secret', false, 'org', NULL, '{"required_unless": ["private_key"]}'),
	('snowflake', 'private_key', 'secret', false, 'org', NULL, '{"multiline": true}'),
	('snowflake', 'private_key_passphrase', 'secret', false, 'org', NULL, '{}'),
	('snowflake', 'warehouse', 'string', true, 'org', NULL, '{}'),
	('snowflake', 'role', 'string', false, 'org', NULL, '{}'),
	('snowflake', 'database', 'string', false, 'team', NULL, '{}'),
	('snowflake', 'schema', 'string', false, 'team', '"PUBLIC"', '{}'),
	('bigquery', 'project_id', 'string', true, 'org', NULL, '{}'),
	('bigquery', 'service_account_key', 'secret', false, 'org', NULL, '{"multiline": true, "required_unless": ["workload_identity_provider"]}'),
	('bigquery', 'workload_identity_provider', 'string', false, 'org', NULL, '{"pattern": "^projects/[^/]+/locations/global/workloadIdentityPools/[^/]+/providers/[^/]+$"}'),
	('bigquery', 'service_account', 'string', false, 'org', NULL, '{"format": "email", "required_with": ["workload_identity_provider"]}'),
	('bigquery', 'location', 'string', false, 'org', '"US"', '{}'),
	('bigquery', 'dataset', 'string', false, 'team', NULL, '{}'),
	('bigquery', 'max_bytes_billed', 'integer', false, 'team', NULL, '{"min": 0}'),
	('elasticsearch', 'url', 'string', true, 'org', NULL, '{"format": "http-url"}'),
	('elasticsearch', 'api_key', 'secret', false, 'org', NULL, '{}'),
	('elasticsearch', 'username', 'string', false, 'org', NULL, '{"required_unless": ["api_key"]}'),
	('elasticsearch', 'password', 'secret', false, 'org', NULL, '{"required_with": ["username"]}'),
	('elasticsearch', 'verify_ssl', 'boolean', false, 'org', 'true', '{}'),
	('elasticsearch', 'index_pattern', 'string', false, 'team', '"logs-*"', '{}'),
	('splunk', 'host', 'string', true, 'org', NULL, '{"format": "host"}'),
	('splunk', 'port', 'integer', false, 'org', '8089', '{"min": 1, "max": 65535}'),
	('splunk', 'token', 'secret', true, 'org', NULL, '{}'),
	('splunk', 'verify_ssl', 'boolean', false, 'org', 'true', '{}'),
	('splunk', 'index', 'string', false, 'team', NULL, '{}'),
	('slack', 'bot_token', 'secret', true, 'org', NULL, '{"pattern": "^(xoxe\\.)?xoxb-"}'),
	('slack', 'app_token', 'secret', false, 'org', NULL, '{"pattern": "^xapp-"}'),
	('slack', 'signing_secret', 'secret', false, 'org', NULL, '{}'),
	('slack', 'default_channel', 'string', false, 'team', NULL, '{}'),
	('slack', 'mention_oncall', 'boolean', false, 'team', 'true', '{}'),
	('slack', 'thread_replies', 'boolean', false, 'team', 'true', '{}'),
	('pagerduty', 'api_key', 'secret', true, 'org', NULL, '{}'),
	('pagerduty', 'service_id', 'string', false, 'team', NULL, '{}'),
	('pagerduty', 'escalation_policy_id', 'string', false, 'team', NULL, '{}'),
	('msteams', 'tenant_id', 'string', false, 'org', NULL, '{"format": "uuid"}'),
	('msteams', 'client_id', 'string', false, 'org', NULL, '{"format": "uuid"}'),
	('msteams', 'client_secret', 'secret', false, 'org', NULL, '{"required_with": ["client_id"]}'),
	('msteams', 'webhook_url', 'secret', true, 'team', NULL, '{"format": "http-url"}'),
	('github', 'token', 'secret', true, 'org', NULL, '{}'),
	('github', 'org', 'string', false, 'org', NULL, '{}'),
	('github', 'base_url', 'string', false, 'org', '"https://api.github.com"', '{"format": "http-url"}'),
	('github', 'default_repo', 'string', false, 'team', NULL, '{"pattern": "^[^/]+/[^/]+$"}'),
	('github_app', 'app_id', 'string', true, 'org', NULL, '{"pattern": "^[0-9]+$"}'),
	('github_app', 'installation_id', 'string', true, 'org', NULL, '{"pattern": "^[0-9]+$"}'),
	('github_app', 'private_key', 'secret', true, 'org', NULL, '{"multiline": true}'),
	('github_app', 'webhook_secret', 'secret', false, 'org', NULL, '{}'),
	('gitlab', 'token', 'secret', true, 'org', NULL, '{}'),
	('gitlab', 'url', 'string', false, 'org', '"https://gitlab.com"', '{"format": "http-url"}'),
	('gitlab', 'default_project', 'string', false, 'team', NULL, '{}'),
	('codepipeline', 'region', 'string', true, 'org', '"us-east-1"', '{}'),
	('codepipeline', 'access_key_id', 'secret', false, 'org', NULL, '{}'),
	('codepipeline', 'secret_access_key', 'secret', false, 'org', NULL, '{"required_with": ["access_key_id"]}'),
	('codepipeline', 'role_arn', 'string', false, 'org', NULL, '{"pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"}'),
	('codepipeline', 'pipeline_names', 'array', false, 'team', NULL, '{}'),
	('google_docs', 'service_account_key', 'secret', true, 'org', NULL, '{"multiline": true}'),
	('google_docs', 'runbook_folder_id', 'string', false, 'team', NULL, '{}'),
	('google_docs', 'postmortem_folder_id', 'string', false, 'team', NULL, '{}'),
	('confluence', 'url', 'string', true, 'org', NULL, '{"format": "http-url"}'),
	('confluence', 'email', 'string', true, 'org', NULL, '{"format": "email"}'),
	('confluence', 'api_token', 'secret', true, 'org', NULL, '{}'),
	('confluence', 'space_key', 'string', false, 'team', NULL, '{}'),
	('notion', 'api_key', 'secret', true, 'org', NULL, '{}'),
	('notion', 'default_database_id', 'string', false, 'team', NULL, '{}'),
	('aws', 'region', 'string', true, 'org', '"us-east-1"', '{}'),
	('aws', 'access_key_id', 'secret', false, 'org', NULL, '{}'),
	('aws', 'secret_access_key', 'secret', false, 'org', NULL, '{"required_with": ["access_key_id"]}'),
	('aws', 'session_token', 'secret', false, 'org', NULL, '{}'),
	('aws', 'role_arn', 'string', false, 'org', NULL, '{"pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"}'),
	('gcp', 'project_id', 'string', true, 'org', NULL, '{}'),
	('gcp', 'service_account_key', 'secret', false, 'org', NULL, '{"multiline": true, "required_unless": ["workload_identity_provider"]}'),
	('gcp', 'workload_identity_provider', 'string', false, 'org', NULL, '{"pattern": "^projects/[^/]+/locations/global/workloadIdentityPools/[^/]+/providers/[^/]+$"}'),
	('gcp', 'service_account', 'string', false, 'org', NULL, '{"format": "email", "required_with": ["workload_identity_provider"]}'),
	('gcp', 'region', 'string', false, 'team', NULL, '{}'),
	('kubernetes', 'kubeconfig', 'secret', false, 'org', NULL, '{"multiline": true}'),
	('kubernetes', 'default_namespace', 'string', false, 'team', '"default"', '{}'),
	('kubernetes', 'allowed_namespaces', 'array', false, 'team', NULL, '{}'),
	('sentry', 'auth_token', 'secret', true, 'org', NULL, '{}'),
	('sentry', 'organization', 'string', true, 'org', NULL, '{}'),
	('sentry', 'base_url', 'string', false, 'org', '"https://sentry.io/api/0"', '{"format": "http-url"}'),
	('sentry', 'project', 'string', false, 'team', NULL, '{}')
) AS w (id, name, type, required, level, default_value, rules)
$$, 'each field has its type, requirement, level, default and rules');

SELECT is_empty($$
SELECT id, name FROM builtin_field WHERE type = 'secret' AND definition ? 'default_value'
$$, 'no secret has a default');

SELECT is_empty($$
SELECT f.id, f.name, other.name
FROM builtin_field f,
	 jsonb_array_elements_text(COALESCE(f.definition -> 'required_with', '[]')
							   || COALESCE(f.definition -> 'required_unless', '[]')) AS other (name)
WHERE NOT EXISTS (SELECT FROM builtin_field b WHERE b.id = f.id AND b.name = other.name)
$$, 'required_with and required_unless name fields of the same integration');

SELECT is_empty($$
SELECT category FROM (SELECT category, category IS DISTINCT FROM lag(category) OVER (ORDER BY display_order) AS opens
					  FROM integration_schemas WHERE origin = 'builtin') AS run
WHERE opens GROUP BY category HAVING count(*) > 1
$$, 'the integrations of a category stand together');

-- Ways to sign in: either is enough, and one of them is asked for
SELECT is(integration_schema_resolve(id, jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', config::jsonb)))) -> 'missing', missing::jsonb, id || ': ' || missing)
FROM (VALUES
	('snowflake', '{"account": "a", "user": "u", "warehouse": "w"}', '["password"]'),
	('snowflake', '{"account": "a", "user": "u", "warehouse": "w", "password": "p"}', '[]'),
	('snowflake', '{"account": "a", "user": "u", "warehouse": "w", "private_key": "k"}', '[]'),
	('gcp', '{"project_id": "p"}', '["service_account_key"]'), ('gcp', '{"project_id": "p", "service_account_key": "k"}', '[]'),
	('gcp', '{"project_id": "p", "workload_identity_provider": "w"}', '["service_account"]'),
	('bigquery', '{"project_id": "p", "workload_identity_provider": "w", "service_account": "s@x.org"}', '[]'),
	('elasticsearch', '{"url": "https://x"}', '["username"]'), ('elasticsearch', '{"url": "https://x", "api_key": "k"}', '[]'),
	('elasticsearch', '{"url": "https://x", "username": "u"}', '["password"]'),
	('aws', '{"access_key_id": "k"}', '["secret_access_key"]'), ('aws', '{"role_arn": "r"}', '[]')) AS w (id, config, missing);

--
-- Texts
--

SELECT is_empty($$
SELECT id FROM integration_schemas WHERE origin = 'builtin' AND description !~ '^[A-Z].*\.$'
$$, 'each integration is described in a sentence');

SELECT is_empty($$
SELECT id, name FROM builtin_field WHERE (display_name ~ '^[A-Z].*[^.]$') IS NOT TRUE
$$, 'each field has a display name');

SELECT is_empty($$
SELECT id, name FROM builtin_field WHERE (description ~ '^[A-Z].*\.$') IS NOT TRUE
$$, 'each field is described in a sentence');

SELECT is_empty($$
SELECT id, display_name FROM builtin_field GROUP BY 1, 2 HAVING count(*) > 1
$$, 'no two fields of an integration have the same display name');

SELECT is_empty($$
SELECT id, name FROM builtin_field WHERE (COALESCE(placeholder, '') = '') <> (type IN ('boolean', 'object'))
$$, 'each field that is typed in has a placeholder, and a switch has none');

SELECT is_empty($$
SELECT id, name, placeholder FROM builtin_field
WHERE placeholder !~ (definition ->> 'pattern')
   OR NOT definition -> 'allowed_values' @> to_jsonb(placeholder)
   OR definition ->> 'format' = 'http-url' AND placeholder !~ '^https?://'
   OR definition ->> 'format' = 'uuid' AND placeholder !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
   OR type IN ('integer', 'number') AND placeholder !~ '^[0-9]+$'
$$, 'a placeholder shows a value that the field would accept');

-- A long run of letters mixed with digits is what a credential looks like, to a
-- person and to the scanners that refuse a push.
SELECT is_empty($$
SELECT id, name, placeholder
FROM builtin_field, regexp_matches(placeholder, '[A-Za-z0-9_+/=-]{20,}', 'g') AS run
WHERE run[1] ~ '[0-9]' AND run[1] ~ '[A-Za-z]'
$$, 'no placeholder looks like a real credential');

SELECT is_empty($$
SELECT id, name, placeholder
FROM builtin_field
WHERE type = 'secret' AND placeholder ~ '[A-Za-z0-9]{12,}'
$$, 'no placeholder of a secret has more than a prefix of one');

-- An extension's script is read in the encoding of the database it goes to.
SELECT is_empty($$
SELECT id FROM integration_schemas WHERE origin = 'builtin' AND to_jsonb(integration_schemas)::text ~ '[^ -~]'
$$, 'every text is plain ASCII, so that it reads the same in any database');

SELECT is_empty($$
SELECT id, url FROM integration_schemas, unnest(ARRAY[docs_url, icon_url]) AS url
WHERE origin = 'builtin' AND url !~ '^https://[a-z0-9.-]+/[A-Za-z0-9/._-]*$'
$$, 'each link is a plain https address');

SELECT * FROM finish();
ROLLBACK;
