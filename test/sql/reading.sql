-- Reading: what a person sees at psql.

-- one integration, as a team has it: the organisation's document, then the team's
SELECT jsonb_pretty(integration_schema_resolve('slack',
    '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1", "default_channel": "#all"}, "locked": ["bot_token"]}}}',
    '{"integrations": {"slack": {"config": {"bot_token": "xoxb-2", "default_channel": "#sre", "mention_oncall": false}}}}'));

-- what is still missing
SELECT id, entry -> 'missing' AS missing
FROM jsonb_each(integration_schema_config('{"integrations": {"elasticsearch": {"config": {"username": "u"}}}}') -> 'integrations')
         AS e (id, entry)
WHERE NOT (entry -> 'configured')::boolean
ORDER BY id COLLATE "C";

-- an entry in full
SELECT jsonb_pretty((integration_schema_config('{"integrations": {"mine": {"description": "ours"}}}') -> 'integrations')
                    - ARRAY(SELECT id FROM integration_schemas WHERE id <> 'kubernetes') #- '{kubernetes,config_schema}'
                    #- '{kubernetes,team_config_schema}') AS kubernetes_and_mine;

-- what is in use and can be used
SELECT integration_schema_values();
SELECT integration_schema_values('{"integrations": {"aws": {"enabled": false, "config": {"region": "eu-west-1"}},
                                                   "openai": {"config": {"api_key": "k"}},
                                                   "splunk": {"config": {"host": "splunk.example.org"}},
                                                   "pagerduty": {"config": {"api_key": "k"}}}}');

-- where each value comes from, who locked it and who took it away
SELECT * FROM integration_schema_explain(
    '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1", "default_channel": "#all"}, "locked": ["bot_token", "enabled"]}}}',
    '{"integrations": {"slack": {"config": {"bot_token": "xoxb-2", "default_channel": null}, "enabled": false}}}')
WHERE integration = 'slack';

-- the catalogue
SELECT c ->> 'category' AS category, c -> 'count' AS count, c -> 'featured_count' AS featured
FROM jsonb_array_elements(integration_schema_categories() -> 'categories') AS c;
SELECT i ->> 'id' AS id, i ->> 'name' AS name, i -> 'featured' AS featured
FROM jsonb_array_elements(integration_schema_list('observability') -> 'integrations') AS i;
SELECT integration_schema_list('no-such-category');
SELECT integration_schema_get('sentry') ->> 'name' AS name, integration_schema_get('no-such') IS NULL AS none;

-- what is refused, and how
SELECT integration_schema_resolve('slak');
SELECT integration_schema_resolve('quite another thing');
SELECT integration_schema_config('{}', '[]');
SELECT integration_schema_config('{}', NULL, 'null');
SELECT integration_schema_values('"text"');
SELECT integration_schema_resolve('slack', '{}', '1');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('mine', 'Mine', 'test', '', '[{"name": "a"}, {"name": "b", "requird": true}]');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('mine', 'Mine', 'test', '', '[{"name": "a", "type": "integer", "default_value": "8089"}]');

-- a change is seen at once, and gone after ROLLBACK
BEGIN;
UPDATE integration_schemas SET name = 'Slack of ours' WHERE id = 'slack';
SELECT integration_schema_config() #>> '{integrations,slack,name}' AS name;
ROLLBACK;
SELECT integration_schema_config() #>> '{integrations,slack,name}' AS name;

-- a role without SELECT on the catalogue
CREATE ROLE regress_stranger;
REVOKE ALL ON integration_schemas FROM PUBLIC;
SET ROLE regress_stranger;
\set SHOW_CONTEXT never
SELECT integration_schema_config();
SELECT integration_schema_list();
\set SHOW_CONTEXT errors
RESET ROLE;
DROP ROLE regress_stranger;

-- without the table: the minimal document, and one warning a statement
BEGIN;
ALTER EXTENSION integration_schemas DROP TABLE integration_schemas;
DROP TABLE integration_schemas;
SELECT jsonb_pretty(integration_schema_config());
SELECT integration_schema_resolve('openai', '{"integrations": {"openai": {"config": {"api_key": "sk-1"}}}}');
SELECT count(integration_schema_config(jsonb_build_object('k', n))) FROM generate_series(1, 3) AS n;
SELECT integration_schema_values('{}');
SELECT integration_schema_list('search');
SELECT integration_schema_categories();
SELECT integration_schema_get('slack') IS NULL AS none;
SELECT integration_schema_fallback() = integration_schema_config() AS same;
SELECT integration_schema_resolve('slack', '{}');
ROLLBACK;
SELECT integration_schema_list() -> 'total' AS total;
