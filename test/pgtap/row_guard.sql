-- The guard of the extension's own tables: a row that breaks a constraint, also
-- one of a column that a user has added, is refused and not shown.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;
SELECT set_config('search_path', concat_ws(', ', current_setting('search_path'), 'integration_schemas_internal'), true);

SELECT no_plan();

CREATE TABLE guarded (id int PRIMARY KEY, document jsonb, owner text NOT NULL DEFAULT 'me', n int CHECK (n > 0), gone text NOT NULL,
	doubled int GENERATED ALWAYS AS (n * 2) STORED NOT NULL CHECK (doubled < 100), CONSTRAINT both_set CHECK (owner <> '' OR n > 1), CONSTRAINT agree CHECK (doubled = n * 2));
ALTER TABLE guarded DROP COLUMN gone;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION integration_config_guard();

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

SELECT is(pg_temp.said($$INSERT INTO guarded VALUES (1, '{"a": "s3cr3t"}', 'me', 1)$$), 'no error', 'a right row');
SELECT is(pg_temp.said(statement), said, statement)
FROM (VALUES
	($$INSERT INTO guarded VALUES (2, '{"a": "s3cr3t"}', NULL, 1)$$, '23502|null value in column "owner" of table "guarded"|||guarded|owner|'),
	($$UPDATE guarded SET owner = NULL$$, '23502|null value in column "owner" of table "guarded"|||guarded|owner|'),
	($$INSERT INTO guarded VALUES (2, '{"a": "s3cr3t"}', 'me', 0)$$, '23514|row for table "guarded" breaks constraint "guarded_n_check"|||guarded||guarded_n_check'),
	($$UPDATE guarded SET n = 0$$, '23514|row for table "guarded" breaks constraint "guarded_n_check"|||guarded||guarded_n_check'),
	($$UPDATE guarded SET owner = ''$$, '23514|row for table "guarded" breaks constraint "both_set"|||guarded||both_set'),
	($$INSERT INTO guarded VALUES (1, '{"a": "s3cr3t"}', 'me', 0) ON CONFLICT (id) DO UPDATE SET owner = NULL$$, '23514|row for table "guarded" breaks constraint "guarded_n_check"|||guarded||guarded_n_check'),
	($$INSERT INTO guarded VALUES (1, '{"a": "s3cr3t"}', 'me', 1) ON CONFLICT (id) DO UPDATE SET owner = NULL$$, '23502|null value in column "owner" of table "guarded"|||guarded|owner|')
) AS s (statement, said);
SELECT is(pg_temp.said('INSERT INTO guarded SELECT i, NULL, $$me$$, CASE i WHEN 700 THEN -1 ELSE 1 END FROM generate_series(2, 1000) AS i'),
	'23514|row for table "guarded" breaks constraint "guarded_n_check"|||guarded||guarded_n_check', 'one of many rows');
SELECT lives_ok('INSERT INTO guarded SELECT i, NULL, $$me$$, 1 FROM generate_series(2, 1000) AS i', 'many right rows');
SELECT lives_ok($$UPDATE guarded SET n = NULL, owner = 'me', document = NULL WHERE false; UPDATE guarded SET n = 3$$, 'which may change');
SELECT is((SELECT array_agg(DISTINCT doubled) FROM guarded), '{6}', 'a generated column gets its value');
SELECT matches(pg_temp.said('UPDATE guarded SET n = 50 WHERE id = 2'), '^23514.*guarded_doubled_check', 'and the server judges it');
ALTER TABLE guarded ADD COLUMN later text NOT NULL DEFAULT '', ADD CHECK (later <> 'x');
SELECT is(pg_temp.said($$UPDATE guarded SET later = 'x'$$), '23514|row for table "guarded" breaks constraint "guarded_later_check"|||guarded||guarded_later_check', 'a constraint that came later');

SELECT * FROM finish();
ROLLBACK;
