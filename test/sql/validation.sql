--
-- Validation as a person at psql meets it
--

-- What is wrong with a team's document, all of it at once
\x on
SELECT * FROM integration_schema_validate('{
	"integrations": {
		"slack":   {"enabled": "yes", "bot_token": "xoxb-1", "config": {"bot_token": "xoxp-1", "default_chanel": "#sre"}},
		"splunk":  {"config": {"port": 99999, "host": "not a host"}},
		"datadog": {"config": {"site": "datadoghq.org"}},
		"openai":  {"config": {"api_key": "sk-1"}},
		"grafanna": {}}}');
\x off
SELECT integration_schema_is_valid('{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}');

-- What a merged document still needs
SELECT path, message FROM integration_schema_validate(integration_schema_config(
	'{"integrations": {"openai": {"config": {"api_key": "sk-1"}}, "snowflake": {"config": {"account": "acme", "user": "etl"}}}}'),
	'effective');
SELECT integration_schema_is_valid('{}', 'effective');
SELECT integration_schema_is_valid('{}', 'global');

-- A document that may be shown
SELECT jsonb_pretty(integration_schema_redact('{
	"integrations": {"slack": {"enabled": true, "config": {"bot_token": "xoxb-1", "default_channel": "#sre", "bot_tokne": "xoxb-2"}},
					 "in-house": {"config": {"url": "https://user:pass@example.com"}}},
	"team": {"name": "SRE"}}'));

--
-- The trigger on a table of one's own
--

CREATE TABLE my_nodes (id int PRIMARY KEY, node_type text, config_json jsonb);
CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON my_nodes
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('config_json', 'node_type');
INSERT INTO my_nodes VALUES (1, 'org', '{"integrations": {"openai": {"config": {"api_key": "sk-1"}}}}');
INSERT INTO my_nodes VALUES (2, 'team', '{"integrations": {"openai": {"config": {"api_key": "sk-1"}}, "slack": {"config": {"mention_oncall": "always"}}}}');
INSERT INTO my_nodes VALUES (3, 'squad', '{}');
UPDATE my_nodes SET config_json = '{"integrations": []}';

-- COPY would quote the row in its context; of a refused one only the line's
-- number is left
COPY my_nodes FROM stdin;
4	team	{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}
5	team	{"integrations": {"slack": {"config": {"bot_token": "xoxo-secret"}}}}
\.
COPY my_nodes (id, config_json) FROM stdin (FORMAT csv);
6,"{""integrations"": {""slak"": {""config"": {""bot_token"": ""xoxo-secret""}}}}"
\.
COPY my_nodes FROM stdin;
7	secret	{}
\.
SELECT * FROM my_nodes;

-- A write is judged by what it changes: the catalogue's new rule is not in its way
UPDATE integration_schemas SET fields = jsonb_set(fields, '{0,pattern}', '"^sk-live-"') WHERE id = 'openai';
UPDATE my_nodes SET config_json = jsonb_set(config_json, '{integrations,openai,enabled}', 'true');
UPDATE my_nodes SET config_json = jsonb_set(config_json, '{integrations,openai,config,api_key}', '"sk-2"');
-- A warning is told, and the row stored
INSERT INTO my_nodes VALUES (9, 'team', '{"integrations": {"github": {"config": {"base_url": "https://ci:hunter2@ghe.example.com"}}}}');
DELETE FROM my_nodes WHERE id = 9;
-- Moving in: the trigger only tells
CREATE TABLE my_old_nodes (id int, config_json jsonb);
CREATE TRIGGER watch_config BEFORE INSERT OR UPDATE ON my_old_nodes
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('config_json', 'level=org', 'mode=warn');
INSERT INTO my_old_nodes VALUES (1, '{"integration": {"slack": {"config": {"bot_token": "xoxb-1"}}}, "datadog": {"config": {"api_key": "k"}}}');
DROP TABLE my_old_nodes;
-- All fields of the error
DO $$
DECLARE
	schema_name text; table_name text; column_name text; constraint_name text;
BEGIN
	INSERT INTO my_nodes VALUES (8, 'team', '{"integrations": {"slack": 1}}');
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS schema_name = SCHEMA_NAME, table_name = TABLE_NAME,
		column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME;
	RAISE INFO '%.%.% by %', schema_name, table_name, column_name, constraint_name;
END $$;

-- A trigger that is not right says so at the first row
CREATE TABLE my_other (id int, config jsonb);
CREATE TRIGGER check_config BEFORE INSERT ON my_other
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('config_json');
INSERT INTO my_other VALUES (1, '{}');
DROP TABLE my_nodes, my_other;

--
-- The catalogue's own rows
--

INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('acme', 'Acme', 'ci', 'Builds', '[{"name": "token", "type": "secrt"}]');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('acme', 'Acme', 'ci', 'Builds', '[{"name": "token", "type": "secret"}, {"name": "region", "allowed_values": ["eu", 1]}]');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('acme', 'Acme', 'ci', 'Builds', '[{"name": "token", "type": "secret", "default_value": "hunter2"}]');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('acme', 'Acme', 'ci', 'Builds', '[{"name": "url", "format": "uri", "default_value": "acme.example"}]');
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('acme', 'Acme', 'ci', 'Builds', '[{"name": "url", "required_wiht": ["token"]}]');
UPDATE integration_schemas SET fields = jsonb_insert(fields, '{0}', '{"name": "pattern", "pattern": "^(a"}') WHERE id = 'slack';
