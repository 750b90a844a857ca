-- One secret in clear, to whom it is granted, for a reason that is kept first.
-- Who has rights on the table alone sees secrets here: not for a store that seals them.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

SELECT extnamespace::regnamespace AS ours FROM pg_extension WHERE extname = 'integration_schemas' \gset
SELECT current_user AS me \gset
INSERT INTO integration_schemas (id, name, category, description, instances, fields) VALUES ('deep', 'Deep', 'test', '', true, '[
	{"name": "credentials", "type": "object", "fields": [
		{"name": "user"}, {"name": "token", "type": "secret"}, {"name": "old", "type": "secret"}]},
	{"name": "accounts", "type": "array", "items": {"type": "object", "fields": [
		{"name": "name"}, {"name": "key", "type": "secret"}]}},
	{"name": "endpoint", "type": "string"},
	{"name": "free", "type": "object"},
	{"name": "count", "type": "integer"}]');
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
	('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-acme", "default_channel": "#all"}},
		"deep": {"config": {"credentials": {"user": "u", "token": "tok-1"}, "count": 3,
			"accounts": [{"name": "a", "key": "key-a"}, {"name": "b", "key": "key-b"}],
			"endpoint": "https://me:pass@host/", "free": {"inner": "hid", "number": 5}}},
		"deep:eu": {"config": {"credentials": {"token": "tok-eu"}}}}}'),
	('acme', 'pay', 'acme', 'team', '{}');

CREATE ROLE r_glass;
CREATE ROLE r_reader;
CREATE ROLE r_table;
SELECT integration_config_grant('r_glass', 'acme', 'pay', '{reveal}'), integration_config_grant('r_reader', 'acme', 'acme', '{read}') \g /dev/null
REVOKE ALL ON ALL TABLES IN SCHEMA :ours FROM PUBLIC;
GRANT SELECT ON node_configurations, integration_schemas TO r_table;

SET LOCAL ROLE r_glass;
SELECT throws_ok($$SELECT integration_config_resolve('acme', 'pay', 'slack')$$, '42501', NULL, 'reveal alone reads nothing');
SELECT is(integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'outage 17'), 'xoxb-acme', 'and gets one secret, inherited too');
SELECT is(integration_config_reveal('acme', 'pay', 'deep', 'credentials/token', 'outage 17'), 'tok-1', 'inside a value');
SELECT is(integration_config_reveal('acme', 'pay', 'deep', 'accounts/1/key', 'outage 17'), 'key-b', 'of an element');
SELECT is(integration_config_reveal('acme', 'pay', 'deep:eu', 'credentials/token', 'outage 17'), 'tok-eu', 'of an instance');
SELECT is(integration_config_reveal('acme', 'pay', 'deep', 'endpoint', 'outage 17'), 'https://me:pass@host/', 'the password of a URI');
SELECT is(integration_config_reveal('acme', 'pay', 'deep', 'free/inner', 'outage 17'), 'hid', 'what is free-form');
SELECT is(integration_config_reveal('acme', 'pay', 'slack', 'app_token', 'outage 17'), NULL, 'a secret that is not set');
SELECT is(integration_config_reveal('acme', 'pay', 'deep', 'credentials/old', 'outage 17'), NULL, 'inside a value, too');

SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'slack', 'default_channel', 'why')$$, '42809',
	'field "default_channel" of integration "slack" is no secret', 'no secret');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'deep', 'credentials/user', 'why')$$, '42809', NULL, 'nor one inside');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'deep', 'count', 'why')$$, '42809', NULL, 'nor a number');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'slack', 'history_limit', 'why')$$, '42704', NULL, 'no such field');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'deep', 'credentials/nix', 'why')$$, '42704', NULL, 'inside a value');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'nix', 'bot_token', 'why')$$, '42704', NULL, 'no such integration');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'deep', 'credentials', 'why')$$, '42809',
	'field "credentials" of integration "deep" is no single secret', 'all secrets in a value at once');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'deep', 'accounts', 'why')$$, '42809', NULL, 'or in an array');
SELECT throws_ok(format('SELECT integration_config_reveal(''acme'', ''pay'', ''slack'', ''bot_token'', %L)', reason), '22023',
	'a secret is not shown without a reason', 'without a reason') FROM unnest(ARRAY[NULL, '', '  ', E'\n\t']) AS reason;
SELECT throws_ok($$SELECT integration_config_reveal(NULL, 'pay', 'slack', 'bot_token', 'why')$$, '22023', NULL, 'of no organisation');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'slack', NULL, 'why')$$, '22023', NULL, 'of no field');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'acme', 'slack', 'bot_token', 'why')$$, '42501',
	'permission denied for node "acme" of organisation "acme"', 'above what is granted');
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'nix', 'slack', 'bot_token', 'why')$$, '42501', NULL, 'of a node that is not there');
SELECT throws_ok($$TABLE integration_config_reveals$$, '42501', NULL, 'the record is not its');
SET LOCAL ROLE r_reader;
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'why')$$, '42501', NULL, 'read reveals nothing');
SET LOCAL ROLE r_table;
SET LOCAL integration_schemas.author = 'ann@example.com';
SELECT is(integration_config_reveal('acme', 'acme', 'slack', 'bot_token', 'audit'), 'xoxb-acme', 'rights on the table do');
RESET integration_schemas.author;
RESET ROLE;

SELECT results_eq('SELECT role, author, org_id, node_id, integration, field, reason, revealed_at FROM integration_config_reveals ORDER BY sequence',
	format($$VALUES ('r_glass', 'r_glass', 'acme', 'pay', 'slack', 'bot_token', 'outage 17', %1$L::timestamptz),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep', 'credentials/token', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep', 'accounts/1/key', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep:eu', 'credentials/token', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep', 'endpoint', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep', 'free/inner', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'slack', 'app_token', 'outage 17', %1$L),
		('r_glass', 'r_glass', 'acme', 'pay', 'deep', 'credentials/old', 'outage 17', %1$L),
		('r_table', 'ann@example.com', 'acme', 'acme', 'slack', 'bot_token', 'audit', %1$L)$$, (SELECT min(revealed_at) FROM integration_config_reveals)),
	'each that was shown is recorded, and nothing else');

-- nothing is shown that is not recorded
SELECT throws_ok($$DELETE FROM integration_config_reveals$$, '42501', 'record of revealed secrets cannot be changed', 'the record stays');
SELECT throws_ok($$UPDATE integration_config_reveals SET reason = 'x'$$, '42501', NULL, 'as it is');
SELECT throws_ok($$TRUNCATE integration_config_reveals$$, '42501', NULL, 'whole');
SELECT throws_ok($$INSERT INTO integration_config_reveals SELECT * FROM integration_config_reveals$$, '42501', NULL, 'and true');
CREATE FUNCTION pg_temp.take_away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER a_take_away BEFORE INSERT ON integration_config_reveals FOR EACH ROW EXECUTE FUNCTION pg_temp.take_away();
SET LOCAL ROLE r_glass;
SELECT throws_ok($$SELECT integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'why')$$, '55000', NULL, 'a record that is taken away');
RESET ROLE;
DROP TRIGGER a_take_away ON integration_config_reveals;
SELECT throws_ok($$DO 'BEGIN SET LOCAL transaction_read_only = on; PERFORM integration_config_reveal(''acme'', ''pay'', ''slack'', ''bot_token'', ''why''); END'$$,
	'25006', 'cannot execute integration_config_reveal() in a read-only transaction', 'one that can''t be written');

-- the owner of the table gets nobody's rights
CREATE ROLE r_owner;
CREATE TABLE public.whose (name text);
ALTER TABLE public.whose OWNER TO r_owner;
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.whose VALUES (current_user); RETURN NEW; END';
CREATE TRIGGER tell BEFORE INSERT ON integration_config_reveals FOR EACH ROW EXECUTE FUNCTION pg_temp.tell();
ALTER TABLE integration_config_reveals OWNER TO r_owner;
GRANT CREATE, USAGE ON SCHEMA :ours TO r_owner;
GRANT SELECT, USAGE ON SEQUENCE node_configuration_history_sequence TO r_owner;
SELECT is(integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'why'), 'xoxb-acme', 'by a superuser');
SELECT set_eq('TABLE public.whose', '{r_owner}'::text[], 'the record is written as the table''s owner');

SELECT * FROM finish();
ROLLBACK;
