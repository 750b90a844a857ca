-- Promises of the specification that did not hold when the other spec tests were written.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT no_plan();
SET client_min_messages = error;
CREATE FUNCTION say(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN '00000'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;

-- secrets, 1: the mask never becomes a value; the password of a URI is shown as the mask, and as the mask means the same
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('a', 'a', NULL, 'org', '{"own": "https://u:real@h"}'), ('a', 't', 'a', 'team', '{}'), ('a', 't2', 'a', 'team', '{"integrations": {"newrelic": {"config": {"api_key": "hidden"}}}}');
SELECT is(say(format('SELECT integration_config_set(''a'', ''a'', %L)', d)), '23514', 'a mask of a URI''s password that stands for nothing: ' || d)
  FROM unnest(ARRAY['{"own": "https://u:********@other"}', '{"new": "https://u:********@h"}', '{"new": {"deep": ["https://u:********@h"]}}', '{"integrations": {"slack": {"description": "https://u:********@h"}}}']) AS d;
SELECT ok(config_json::text NOT LIKE '%********%', 'none is stored') FROM node_configurations WHERE node_id = 'a';

-- secrets, 2: strings in free-form objects are hidden; the object written as text, too
INSERT INTO integration_schemas (id, name, category, description, fields) VALUES ('kit', 'K', 'c', 'd', '[{"name": "free", "type": "object"}]');
SELECT ok(integration_schema_redact('{"integrations": {"kit": {"config": {"free": "{\"password\": \"s3cr3t\"}"}}}}')::text NOT LIKE '%s3cr3t%', 'redact hides a string where a free-form object belongs');
SELECT ok(bool_and(coalesce(value::text, '') NOT LIKE '%s3cr3t%'), 'explain, too') FROM integration_schema_explain('{"integrations": {"kit": {"config": {"free": "{\"password\": \"s3cr3t\"}"}}}}');

-- core, 7: an unknown name gets the nearest known one
SELECT is((SELECT params ->> 'suggestion' FROM integration_schema_validate('{"integrations": {"slack": {"locked": ["enabeld"]}}}', 'org')), 'enabled', 'locked knows enabled');

-- core, 9: PUBLIC may call none of those that write
SELECT is(array(SELECT proname FROM pg_proc WHERE pronamespace = 'integration_schemas_internal'::regnamespace AND provolatile = 'v' AND prorettype <> 'trigger'::regtype AND has_function_privilege('public', oid, 'EXECUTE')), '{}', 'no part that writes is for everybody');

-- core, 9: the node that a function is asked for is subject to the caller's rights; nobody reaches another's by a move
CREATE ROLE spec_mover;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON node_configurations TO spec_mover USING (org_id = 'a' AND node_id IN ('t', 'new')) WITH CHECK (org_id = 'a');
GRANT SELECT, INSERT, UPDATE ON node_configurations TO spec_mover;
SET ROLE spec_mover;
SELECT isnt(say($$UPDATE node_configurations SET parent_id = 't2' WHERE node_id = 't'$$), '00000', 'a node is moved under none that the mover may not see');
SELECT isnt(say($$INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('a', 'new', 't2', 'team')$$), '00000', 'nor added there');
SELECT is(integration_config_resolve('a', 't', 'newrelic') #>> '{config,api_key}', NULL, 'and reads nothing of it');
RESET ROLE;

-- the issue, 2: a column list on the check trigger
CREATE TABLE own_table (id int, d jsonb);
CREATE TRIGGER c BEFORE INSERT OR UPDATE OF d ON own_table FOR EACH ROW EXECUTE FUNCTION integration_schema_check('d');
CREATE FUNCTION set_d() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.d := '{"integrations": {"slack": {"config": {"bot_token": "bad"}}}}'; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON own_table FOR EACH ROW EXECUTE FUNCTION set_d();
SELECT isnt(say($$INSERT INTO own_table VALUES (1, '{}'); UPDATE own_table SET id = 2$$), '00000', 'a column list lets no invalid document in');

-- core, 10: no internal error; 22023 for a bad argument
SELECT isnt(say('SELECT integration_schemas_internal.triggers_are_on(0::regclass)'), 'XX000', 'triggers_are_on() of no table');
SELECT is(say('SELECT * FROM integration_config_history(''a'', ''a'', -1)'), '22023', 'history of fewer than no versions');
SELECT * FROM finish();
ROLLBACK;
