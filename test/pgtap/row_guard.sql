-- A row of the store that breaks a constraint, also one of a column that a user
-- has added, is refused and not shown.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

ALTER TABLE node_configurations ADD COLUMN gone text;
ALTER TABLE node_configurations ADD COLUMN owner text NOT NULL DEFAULT 'me', ADD COLUMN n int CHECK (n > 0),
	ADD COLUMN doubled int GENERATED ALWAYS AS (coalesce(n, 1) * 2) STORED NOT NULL CHECK (doubled < 100),
	ADD CONSTRAINT both_set CHECK (owner <> '' OR n > 1), DROP COLUMN gone;

-- All that an error says
CREATE FUNCTION pg_temp.said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; context text; tbl text; col text; con text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, tbl = TABLE_NAME, col = COLUMN_NAME, con = CONSTRAINT_NAME;
	RETURN concat_ws('|', SQLSTATE, message, detail, hint, tbl, col, con);
END $$;

CREATE FUNCTION pg_temp.node(org text, owner text, n int, rest text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format('INSERT INTO node_configurations (org_id, node_id, node_type, config_json, owner, n) VALUES (%1$L, %1$L, ''org'', ''{"a": "s3cr3t"}'', %2$L, %3$L) %4$s',
				  org, owner, n, rest) $$;

SELECT is(pg_temp.said(pg_temp.node('a', 'me', 1)), 'no error', 'a right row');
SELECT is(pg_temp.said(statement), said, statement)
FROM (VALUES
	(pg_temp.node('b', NULL, 1), '23502|null value in column "owner" of table "node_configurations"|||node_configurations|owner|'),
	('UPDATE node_configurations SET owner = NULL', '23502|null value in column "owner" of table "node_configurations"|||node_configurations|owner|'),
	(pg_temp.node('b', 'me', 0), '23514|row for table "node_configurations" breaks constraint "node_configurations_n_check"|||node_configurations||node_configurations_n_check'),
	('UPDATE node_configurations SET n = 0', '23514|row for table "node_configurations" breaks constraint "node_configurations_n_check"|||node_configurations||node_configurations_n_check'),
	('UPDATE node_configurations SET owner = ''''', '23514|row for table "node_configurations" breaks constraint "both_set"|||node_configurations||both_set'),
	('UPDATE node_configurations SET n = 50', '23514|row for table "node_configurations" breaks constraint "node_configurations_doubled_check"|||node_configurations||node_configurations_doubled_check'),
	(pg_temp.node('a', 'me', 0, 'ON CONFLICT (org_id, node_id) DO UPDATE SET owner = NULL'), '23514|row for table "node_configurations" breaks constraint "node_configurations_n_check"|||node_configurations||node_configurations_n_check'),
	(pg_temp.node('a', 'me', 1, 'ON CONFLICT (org_id, node_id) DO UPDATE SET owner = NULL'), '23502|null value in column "owner" of table "node_configurations"|||node_configurations|owner|'),
	('UPDATE node_configurations SET config_json = NULL', '23502|null value in column "config_json" of a node|||node_configurations|config_json|'),
	('UPDATE node_configurations SET name = ''''', '23514|display name of a node must have 1 to 255 characters|It is node "a" of organisation "a", of type "org".|Leave it null where the node has none.|node_configurations||node_configurations_name_check')
) AS s (statement, said);
SELECT is(pg_temp.said('INSERT INTO node_configurations (org_id, node_id, node_type, n) SELECT ''o'' || i, ''o'', ''org'', CASE i WHEN 700 THEN -1 ELSE 1 END FROM generate_series(2, 1000) AS i'),
	'23514|row for table "node_configurations" breaks constraint "node_configurations_n_check"|||node_configurations||node_configurations_n_check', 'one of many rows');
SELECT lives_ok('INSERT INTO node_configurations (org_id, node_id, node_type, n) SELECT ''o'' || i, ''o'', ''org'', 1 FROM generate_series(2, 1000) AS i', 'many right rows');
SELECT lives_ok($$UPDATE node_configurations SET n = 3, owner = 'you'$$, 'columns of the user''s are written');
SELECT is((SELECT array_agg(DISTINCT concat_ws(' ', owner, n, doubled, version)) FROM node_configurations), '{you 3 6 1}',
		  'and are there, and no version of any node');
ALTER TABLE node_configurations ADD COLUMN later text NOT NULL DEFAULT '', ADD CHECK (later <> 'x');
SELECT is(pg_temp.said($$UPDATE node_configurations SET later = 'x'$$),
		  '23514|row for table "node_configurations" breaks constraint "node_configurations_later_check"|||node_configurations||node_configurations_later_check',
		  'a constraint that came later');

SELECT :SERVER_VERSION_NUM >= 180000 AS virtual_columns \gset
\if :virtual_columns
	ALTER TABLE node_configurations ADD COLUMN half int GENERATED ALWAYS AS (100 / nullif(n, 4)) NOT NULL CHECK (half > 3),
		ADD CONSTRAINT wish CHECK (n > 1000) NOT ENFORCED;
	SELECT is(pg_temp.said('UPDATE node_configurations SET n = 4'),
			  '23502|null value in column "half" of table "node_configurations"|||node_configurations|half|', 'a column that is not stored');
	SELECT is(pg_temp.said('UPDATE node_configurations SET n = 30'),
			  '23514|row for table "node_configurations" breaks constraint "node_configurations_half_check"|||node_configurations||node_configurations_half_check',
			  'a constraint of a column that is not stored');
	SELECT lives_ok('UPDATE node_configurations SET n = 5', 'a constraint that is not enforced');
\endif

SELECT * FROM finish();
ROLLBACK;
