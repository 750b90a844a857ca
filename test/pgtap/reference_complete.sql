-- The reference has every function that people call, and no other, in its table; and doc/rights.md says what each needs.
\unset ECHO
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off
\set reference `cat doc/integration_schemas.md`
\set rights `cat doc/rights.md`

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(4);

-- A function as the table has it: what may be left out in brackets.
CREATE TEMP VIEW public_function AS
SELECT p.proname::text AS name,
	   format('%s(%s)', p.proname,
			  concat_ws(', ', string_agg(a.text, ', ' ORDER BY a.place) FILTER (WHERE a.required),
						string_agg(format('[%s]', a.text), ', ' ORDER BY a.place) FILTER (WHERE NOT a.required))) AS signature
  FROM pg_depend AS d
  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
  JOIN pg_proc AS p ON p.oid = d.objid AND p.pronamespace = e.extnamespace
  LEFT JOIN LATERAL (
		SELECT concat(CASE WHEN mode = 'v' THEN 'VARIADIC ' END, name) AS text, place,
			   row_number() OVER (ORDER BY place) <= p.pronargs - p.pronargdefaults AS required
		  FROM unnest(p.proargnames, coalesce(p.proargmodes, array_fill('i'::"char", ARRAY[p.pronargs::integer])))
			   WITH ORDINALITY AS u (name, mode, place)
		 WHERE mode IN ('i', 'b', 'v')) AS a ON true
 WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
 GROUP BY p.oid, p.proname;

SELECT set_eq($$SELECT signature FROM public_function$$,
	format('SELECT m[1] FROM regexp_matches(%L, %L, %L) AS m', :'reference', '^\| \[`([^`]+)`\]\([^)]+\) \| [^ |]', 'gn'),
	'the table of all functions has each with its arguments and a line, and no other');

SELECT is_empty(format($$SELECT name FROM public_function WHERE %L !~ ('(SELECT|FROM|,|\() ?(integrations\.)?' || name || '\(') AND name !~ '_import$|_check$'$$,
	(SELECT string_agg(m[1], '') FROM regexp_matches(:'reference', '^```sql\n(.*?)^```', 'gn') AS m)),
	'each is called in an example of the reference; the imports are in moving_in.md');

SELECT is_empty(format($$SELECT name FROM (SELECT regexp_replace(name, '_array$', '') AS name FROM public_function) AS f
	WHERE %L !~ format('`(%%s|%%s)(\(\))?`', name, regexp_replace(name, '^integration_(schemas?|config)(?=_)', ''))$$,
	(SELECT string_agg(m[1], '') FROM regexp_matches(:'rights', '^\| (`[^|]+)\|', 'gn') AS m)),
	'what each needs is in a row of the page on rights');

SELECT ok(position('integration_schemas_internal' IN :'reference') > 0
	AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'integration_schemas_internal'::regnamespace
					AND position(format('[`%s(', proname) IN :'reference') > 0),
	'parts of functions are not offered');

SELECT * FROM finish();
ROLLBACK;
