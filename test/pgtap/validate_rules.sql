-- A value against the rules of its field: types, allowed values, patterns,
-- formats, ranges and lengths, at their edges.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

-- The codes that a field of that definition reports for a value, in order.
CREATE FUNCTION pg_temp.broken(definition jsonb, value jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	definitions jsonb := jsonb_build_array('{"name": "f"}'::jsonb || definition);
	document jsonb := jsonb_build_object('integrations', jsonb_build_object('acme',
		jsonb_build_object('config', jsonb_build_object('f', value))));
	codes text;
BEGIN
	INSERT INTO integration_schemas AS s (id, name, category, description, fields)
	VALUES ('acme', 'Acme', 'test', '', definitions)
	ON CONFLICT (id) DO UPDATE SET fields = EXCLUDED.fields WHERE s.fields <> EXCLUDED.fields;
	SELECT coalesce(string_agg(code, ' '), '') INTO codes
	FROM integration_schema_validate(document) WHERE severity = 'error';
	IF integration_schema_is_valid(document) <> (codes = '') THEN
		RETURN 'is_valid says otherwise than ' || codes;
	END IF;
	RETURN codes;
END $$;

-- The same for a string and one rule: is it broken?
CREATE FUNCTION pg_temp.passes(key text, rule text, value text) RETURNS boolean
LANGUAGE sql AS $$
	SELECT pg_temp.broken(jsonb_build_object(key, rule), to_jsonb(value)) = ''
$$;

--
-- Types
--

SELECT is(pg_temp.broken(jsonb_build_object('type', type), value),
		  CASE WHEN value = 'null' OR type = ANY (types) THEN '' ELSE 'type' END,
		  format('%s as %s', left(value::text, 20), type))
FROM (VALUES
	('"x"'::jsonb, '{string,secret}'::text[]), ('""', '{string,secret}'), ('"1"', '{string,secret}'),
	('1', '{integer,number}'), ('0', '{integer,number}'), ('-0.0', '{integer,number}'), ('1.0', '{integer,number}'),
	('1e2', '{integer,number}'), ('-12345678901234567890', '{integer,number}'), ('1e100', '{integer,number}'),
	('10000', '{integer,number}'), ('99999999.0000', '{integer,number}'),
	('1.5', '{number}'), ('-0.1', '{number}'), ('1e-1', '{number}'), ('1e-50', '{number}'),
	('10000.0001', '{number}'), ('123456789012345678901234567890.5', '{number}'),
	('true', '{boolean}'), ('false', '{boolean}'),
	('[]', '{array}'), ('[1, {}]', '{array}'), ('{}', '{object}'), ('{"a": [null]}', '{object}'),
	('null', '{}')) AS v (value, types),
	unnest(ARRAY['string', 'secret', 'integer', 'number', 'boolean', 'array', 'object']) AS type;

-- Whole or not, for many numbers, as numeric itself has it.
WITH numbers AS (
	SELECT (m * power(10::numeric, e))::numeric AS n
	FROM unnest(ARRAY[0, 1, -1, 7, 10, 100, 1200, 9999, 10000, 10001, 99990000, 123456789, -5000]) AS m,
		 generate_series(-9, 25) AS e)
SELECT is((SELECT array_agg(n) FROM numbers
		   WHERE (pg_temp.broken('{"type": "integer"}', to_jsonb(n)) = '') <> (n = trunc(n))), NULL,
		  'integers are the numbers without a fraction');

--
-- Ranges
--

SELECT is((SELECT array_agg(ARRAY[lower, upper, n]) FROM
	unnest(ARRAY[-1e30, -10000, -1.5, -1, 0, 0.1, 1, 9999, 10000, 65535, 1e15, 12345678901234567, 1e30]) AS lower,
	unnest(ARRAY[-1e30, -10000, -1.5, -1, 0, 0.1, 1, 9999, 10000, 65535, 1e15, 12345678901234567, 1e30]) AS upper,
	unnest(ARRAY[-1e31, -1e30, -10000.5, -1.50, -1, 0, 0.1, 1, 1.00, 9999.9, 10000, 65536, 1e15, 1e15 + 1,
		12345678901234567, 12345678901234568, 1e30]) AS n
	WHERE lower <= upper AND
		(pg_temp.broken(jsonb_build_object('type', 'number', 'min', lower, 'max', upper), to_jsonb(n)) = '') <>
		(n BETWEEN lower AND upper)), NULL, 'min and max include their ends');
SELECT is(pg_temp.broken('{"type": "integer", "min": 1}', '0'), 'range', 'min alone');
SELECT is(pg_temp.broken('{"type": "integer", "max": 1}', '2'), 'range', 'max alone');
SELECT is(pg_temp.broken('{"type": "integer", "min": 0.5}', '0.7'), 'type', 'of a wrong type nothing more is said');

--
-- Lengths
--

SELECT is(pg_temp.broken('{"min_length": 2, "max_length": 3}', to_jsonb(value)), codes,
		  format('%s characters, %s bytes', char_length(value), octet_length(value)))
FROM (VALUES ('', ''), ('a', 'length'), ('é', 'length'), ('💧', 'length'), ('ab', ''), ('éé', ''), ('abc', ''), ('äöü', ''),
			 ('💧💧💧', ''), ('abcd', 'length'), ('äöüß', 'length'), ('💧💧💧💧', 'length')) AS v (value, codes);
SELECT is(pg_temp.broken('{"type": "array", "min_length": 1, "max_length": 2}', value), codes, 'items of ' || value::text)
FROM (VALUES ('[]'::jsonb, 'length'), ('[null]', ''), ('[1, 1]', ''), ('[1, 2, 3]', 'length')) AS v (value, codes);
SELECT is(pg_temp.broken('{"max_length": 0}', '"a"'), 'length', 'nothing but the empty string');
SELECT is(pg_temp.broken('{"max_length": 0}', '""'), '', 'the empty string');
SELECT is(pg_temp.broken('{"type": "secret", "min_length": 8}', '"short"'), 'length', 'of a secret');
SELECT is(pg_temp.broken('{"max_length": 100000}', to_jsonb(repeat('é', 100000))), '', 'a long string');
SELECT is(pg_temp.broken('{"max_length": 99999}', to_jsonb(repeat('é', 100000))), 'length', 'a string too long by one');

--
-- Allowed values, by jsonb's equality
--

SELECT is(pg_temp.broken(definition, value), codes, format('%s among %s', value, definition -> 'allowed_values'))
FROM (VALUES
	('{"allowed_values": ["US", "EU"]}'::jsonb, '"EU"'::jsonb, ''),
	('{"allowed_values": ["US", "EU"]}', '"eu"', 'allowed_values'),
	('{"allowed_values": ["US", "EU"]}', '""', ''),
	('{"allowed_values": ["US", "EU"]}', '"U"', 'allowed_values'),
	('{"type": "integer", "allowed_values": [1, 10]}', '10.0', ''),
	('{"type": "integer", "allowed_values": [1, 10]}', '1e1', ''),
	('{"type": "integer", "allowed_values": [1, 10]}', '100', 'allowed_values'),
	('{"type": "number", "allowed_values": [0.10]}', '0.1', ''),
	('{"type": "boolean", "allowed_values": [true]}', 'true', ''),
	('{"type": "boolean", "allowed_values": [true]}', 'false', 'allowed_values'),
	('{"type": "secret", "allowed_values": ["a"]}', '"b"', 'allowed_values')) AS v (definition, value, codes);

--
-- Every rule that a value breaks is reported
--

SELECT is(pg_temp.broken('{"allowed_values": ["a"], "pattern": "^[a-z]$", "format": "uuid", "min_length": 3}', '"AB"'),
		  'allowed_values pattern format length', 'four at once, in the order of the vocabulary');
SELECT is(pg_temp.broken('{"type": "integer", "allowed_values": [5], "min": 3}', '1'),
		  'allowed_values range', 'two at once');

--
-- Formats
--

SELECT ok(pg_temp.passes('format', format, value) = right_one,
		  format('%s %s: %s', CASE WHEN right_one THEN 'a' ELSE 'no' END, format, left(value, 60)))
FROM (
	SELECT 'uri' AS format, true AS right_one, unnest(ARRAY[
		'https://api.openai.com/v1', 'http://a', 'HTTP://A', 'a:', 'mailto:a@b.c', 'urn:isbn:0451450523', 'tel:+1-816-555-1212',
		'http://user:pass@host:8080/p/a/t/h?query=string#hash', 'http://[::1]/', 'http://[2001:db8::7]:80', 'http://[v1.a:b]/',
		'http://[::ffff:1.2.3.4]', 'http://1.2.3.4/', 'file:///etc/hosts', 'http://', 'http://host:', 'a:b/c//d', 'x:?q', 'x:#f',
		'ftp://ftp.is.co.za/rfc/rfc1808.txt', 'http://a/%20b?%41#%7e', 'http://a/;x=1,2', 'news:comp.infosystems.www.servers.unix',
		'http://a.b-c/_~!$&''()*+,;=:@', 'http://a?a/b?c', 'http://a#a/b?c', 'git+ssh://host', 'http://u%40:p@h', 'x:/', 'x:a:b',
		'http://a@b', 'http://:@b', 'http://@b']) AS value
	UNION ALL
	SELECT 'uri', false, unnest(ARRAY[
		'a', '//host/path', '/path', 'http', '1http://a', ':a', '-a:b', 'http://a b', 'http://a/ b', ' http://a', 'http://a ',
		'http://a/<b>', 'http://a/"b"', 'http://a/{b}', 'http://a/b|c', 'http://a/b\c', 'http://a/^', 'http://a/`', 'http://a/%',
		'http://a/%2', 'http://a/%zz', 'http://é/', 'http://a/é', 'http://a:b/', 'http://a:80x/', 'http://[::1', 'http://::1/',
		'http://[1::2::3]/', 'http://[12345::]/', 'http://[1:2:3:4:5:6:7]/', 'http://[1:2:3:4:5:6:7:8:9]/', 'http://[v.a]/', 'http://[v1.]/',
		'http://[::1.2.3]/', 'http://[::1.2.3.256]/', 'http://[::01.2.3.4]/', 'http://[v1.%20]/', 'http://a@b@c/', 'http://a/[b]', 'http://a#b#c',
		'http://[]/', 'http://[::1]a/', E'http://a\n', E'http://a/\tb', 'a b:c'])
	UNION ALL
	SELECT 'hostname', true, unnest(ARRAY[
		'a', 'example.com', 'EU2.coralogix.com', 'xn--bcher-kva.example', '1.2.3.4', '3com.com', 'a-b', 'a--b.c',
		repeat('a', 63) || '.com', repeat(repeat('a', 49) || '.', 5) || 'abc'])
	UNION ALL
	SELECT 'hostname', false, unnest(ARRAY[
		'.', 'a.', '.a', 'a..b', '-a', 'a-', 'a.-b', 'a-.b', 'a_b', 'a b', 'http://a', 'a/b', 'a:80', 'bücher.example',
		repeat('a', 64), repeat(repeat('a', 49) || '.', 5) || 'abcd', E'a\n', 'a,b', '[::1]', 'a@b'])
	UNION ALL
	SELECT 'http-url', true, unnest(ARRAY[
		'http://a', 'HTTPS://A.example/', 'https://api.openai.com/v1', 'http://localhost:3000', 'http://my_service:8080/x?y#z', 'https://[::1]:9200',
		'http://10.0.0.1/', 'https://user:pass@host/', 'https://user@host', 'http://a.', 'http://a:/', 'http://a:1', 'http://a:65535', 'http://a?b', 'http://[v1.a]'])
	UNION ALL
	SELECT 'http-url', false, unnest(ARRAY[
		'localhost:3000', 'http://', 'https://', 'foo:', 'javascript:alert(1)', 'http:', 'http:/a', 'http:a', 'https:///path', 'http://?q', 'http://#f', 'http://:80',
		'http://u:p@', 'http://u@/x', 'ftp://a', 'file:///etc/passwd', 'httpss://a', 'http//a', '//a', 'a.example', 'http://a b', ' http://a', E'http://a\n', 'http://é',
		'http://a:0', 'http://a:65536', 'http://a:99999999999999999999', 'http://256.1.1.1', 'http://-a', 'http://a..b', 'http://.', 'http://*', 'http://[::1', 'http://a/<',
		'http', 'https:/', 'mailto:a@b.c'])
	UNION ALL
	SELECT 'host', true, unnest(ARRAY[
		'a', 'localhost', 'example.com', 'example.com.', 'my_service', '_srv._tcp.example', 'a_', 'xn--bcher-kva.example', '10.0.0.1', '::1', '2001:db8::7', '::ffff:1.2.3.4',
		'3com.com', '1.a', repeat('a', 63) || '.com'])
	UNION ALL
	SELECT 'host', false, unnest(ARRAY[
		'.', '..', 'a..', '.a', 'a..b', 'a b', 'a:80', 'http://a', 'a/b', '-a', 'a-', 'a.-b', '[::1]', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.4.', '127', 'fe80::1%eth0',
		':::', '1:2', 'bücher.example', repeat('a', 64), repeat(repeat('a', 49) || '.', 5) || 'abcd', E'a\n', 'a@b', '*.a'])
	UNION ALL
	SELECT 'email', true, unnest(ARRAY[
		'joe@example.com', 'joe.bloggs@example.com', 'te~st@example.com', '~test@example.com', 'test~@example.com', '"joe bloggs"@example.com',
		'"joe..bloggs"@example.com', '"joe@bloggs"@example.com', '"joe\"b"@example.com', '""@a', 'joe@[127.0.0.1]', 'joe@[IPv6:::1]', 'a@b', 'a+b@c.d',
		'!#$%&''*+-/=?^_`{|}~@a', repeat('a', 64) || '@a', 'joe@[ipv6:2001:db8::1]'])
	UNION ALL
	SELECT 'email', false, unnest(ARRAY[
		'2962', '@', 'a@', '@a', '.test@example.com', 'test.@example.com', 'te..st@example.com', 'joe bloggs@example.com', 'joe@ex ample.com',
		'joe@example..com', 'joe.bloggs@invalid=domain.com', 'joe@[127.0.0.300]', 'joe@[127.0.0]', 'joe@[::1]', 'joe@[IPv6:1]', 'joe@[127.0.0.1',
		'"joe@example.com', '"a"b@c', '"a\', '"a' || E'\n' || '"@b', 'é@b.c', 'a@é.c', repeat('a', 65) || '@a', 'a@b@c', 'Joe <joe@example.com>', 'a@b '])
	UNION ALL
	SELECT 'uuid', true, unnest(ARRAY[
		'2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380', '00000000-0000-0000-0000-000000000000',
		'ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF'])
	UNION ALL
	SELECT 'uuid', false, unnest(ARRAY[
		'2eb8aa08-aa98-11ea-b4aa-73b441d1638', '2eb8aa08-aa98-11ea-73b441d16380', '2eb8aa08aa9811eab4aa73b441d16380',
		'2eb8aa08-aa98-11ea-b4aa-73b441d163800', '{2eb8aa08-aa98-11ea-b4aa-73b441d16380}', '2eb8-aa08-aa98-11ea-b4aa73b44-1d16380',
		'2eb8aa08-aa98-11ea-b4aa-73b441d1638g', ' 2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2eb8aa08-aa98-11ea-b4ga-73b441d16380'])
	UNION ALL
	SELECT 'date', true, unnest(ARRAY[
		'1963-06-19', '2020-01-31', '2021-02-28', '2020-02-29', '2000-02-29', '2020-12-31', '0001-01-01', '9999-12-31', '2020-04-30'])
	UNION ALL
	SELECT 'date', false, unnest(ARRAY[
		'2020-01-32', '2021-02-29', '1900-02-29', '2100-02-29', '2020-02-30', '2020-04-31', '2020-06-31', '2020-13-01', '2020-00-01', '2020-01-00',
		'1998-1-20', '1998-01-1', '98-01-20', '06/19/1963', '2013-350', '20200101', '2020-01-01 ', ' 2020-01-01', '2020-01-01T00:00:00Z', '1963-06-1৪',
		'-2020-01-01', '2020_01_01'])
	UNION ALL
	SELECT 'date-time', true, unnest(ARRAY[
		'1963-06-19T08:30:06.283185Z', '1963-06-19T08:30:06Z', '1937-01-01T12:00:27.87+00:20', '1990-12-31T15:59:50.123-08:00',
		'1998-12-31T23:59:60Z', '1998-12-31T15:59:60.123-08:00', '1963-06-19t08:30:06.283185z', '2020-02-29T00:00:00-00:00',
		'2020-01-01T23:59:59+23:59', '1999-01-01T05:29:60+05:30', '2020-01-01T00:00:00.0000000000000000000000000001Z'])
	UNION ALL
	SELECT 'date-time', false, unnest(ARRAY[
		'2020-01-01', '08:30:06Z', '2020-01-01T24:00:00Z', '2020-01-01T00:60:00Z', '2020-01-01T00:00:61Z', '1998-12-31T23:58:60Z',
		'1998-12-31T22:59:60Z', '1990-02-31T15:59:59.123-08:00', '1990-12-31T15:59:59-24:00', '1990-12-31T15:59:59-08:60', '06/19/1963 08:30:06 PST',
		'2020-01-01 00:00:00Z', '2020-01-01T00:00:00', '2020-01-01T00:00Z', '2020-01-01T00:00:00.Z', '2020-01-01T00:00:00,5Z', '2020-01-01T00:00:00+0100',
		'2020-01-01T00:00:00+01', '2020-01-01T00:00:00Z ', '2020-01-01T00:00:00ZZ', '1963-06-1৪T00:00:00Z', '1963-6-19T08:30:06.283185Z', '2013-350T01:01:01Z',
		'1998-12-31T23:59:60+01:00'])) AS v;

--
-- Patterns: those that we match ourselves say what the engine says
--

DO $$ BEGIN PERFORM setseed(0.42); END $$;
CREATE TEMPORARY TABLE pattern AS
SELECT DISTINCT p FROM (
	SELECT unnest(ARRAY[
		'^', '$', '^$', 'a', '^a', 'a$', '^a$', '^xoxb-', '^[0-9]+$', '^[^/]+/[^/]+$', '^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$',
		'^.$', '^.+$', '^.*$', '^.?a', '^[a]', '^[a-c]*$', '^[-a]+$', '^[a-]+$', '^[a-c-]+b$', '^[^a]$', '^[^a]+$', '^[^a]*b', '^[^a-c]{2}$',
		'^[a-c]{2}$', '^[a-c]{2,}$', '^[a-c]{1,2}$', '^[a-c]{0}$', '^[a-c]{0,1}b', '^a{2}b{1,2}$', '^a{2}$', '^a?b$', '^a?a$', '^a*ab$', '^a+a$',
		'^a*b*$', '^a*b*c$', '^a?b?c?$', '^ab|c', '^(ab)+$', '^a\.b$', '^a\*', '^\^', '^a\$$', '^a$b', '^a$$', '^^a', '^a^b', '^a\/b$', '^\d+$', '^\w', '^a\b',
		'^[[:alpha:]]+$', '^[\d]+$', '^[]a]+$', '^[^]a]+$', '^[a\]]+$', '^a]b$', '^a}b$', '^a{b$', '^a{,2}$', '^a{2', '^a{256}', '^a{255}$', '^a+?$', '^a*?b', '^a??b',
		'^é+$', '^[é]+$', '^a.c$', '^.b.$', '^-$', '^ $', '^a b', '^[ -~]+$', '^[!-/]+', '^#a', '^\-$', '^[a-c][b-d]$', '^[a-c]+[b-d]$', '^[a-c]+[d-f]+$',
		'^[a-b]*c[a-b]*$', '^.*a$', '^.+b', '(?i)^A', '^(?i)a',
		'^(xoxe\.)?xoxb-', '^(a)?b$', '^(ab)?a', '^(ab)?ab$', '^(a|b)?c', '^(a)??b', '^((a))?b', '^(?:a)?b', '^(a+)?ab$', '^(a*)?b$', '^()?a$', '^(a)?', '^(a)?$',
		'^(a\))?b', '^(^a)?b', '^(a$)?b', '^(a)?+b', '^(a)?{2}b', '^(a-)?[a-c]+$', '^([a)])?b', '^(a.)?b', '^(a', '^(a)?b(c)?', '^(é)?a', '^(a)?é', '^(a)+b', '^(a{2})?a$', '***:^a', '***=^a', '^***', '^a{1}{2}', '^[a-a]$', '^[c-a]$', '^a{3,1}$', '^[a--]$', '^[--a]$',
		'^[+--]+$', '^[a-c-e]$', '^[a-c^]+$', '^[.*+]+$', '^[$]$', '^\n$', '^\\$', '^[\\]$', '^\a', '^a\', '^[', '^[a', '^(', '^)', '^a)', '^*', '^+', '^?', '^{1}', '^|a', '^a|'
	]) AS p
	UNION ALL
	SELECT '^' || string_agg((ARRAY['a', 'b', '-', '.', '[a-b]', '[^a]', '[^-]', 'c', '\.', '[0-9]'])[1 + floor(random() * 10)::int] ||
			(ARRAY['', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '{1,}'])[1 + floor(random() * 10)::int], '') ||
		(ARRAY['', '$'])[1 + (n % 2)]
	FROM generate_series(1, 400) AS n, generate_series(1, 1 + n % 4) AS piece
	GROUP BY n) AS patterns;

CREATE TEMPORARY TABLE candidate AS
SELECT DISTINCT s FROM (
	SELECT unnest(ARRAY['a', 'b', 'ab', 'aab', 'abc', 'xoxb-', 'xoxb-1', 'xoxb', '0', '09', '0a', 'a/b', 'a//b', '/', 'a/b/c', 'é', 'aé', 'éa', 'é/é', 'a.b', 'a*', '^',
		'a$', 'a]b', 'a}b', 'a{b', ']', '\', '-', ' ', '~', 'A', E'a\n', E'\n', E'a\nb', '💧', '💧a💧', 'arn:aws:iam::123456789012:role/x',
		'arn:aws-cn:iam::123456789012:role/é', 'arn:aws:iam::12345678901:role/x', repeat('a', 255), repeat('a', 256), repeat('é', 300)]) AS s
	UNION ALL
	SELECT string_agg((ARRAY['a', 'b', 'c', '-', '.', '0', 'é'])[1 + floor(random() * 7)::int], '')
	FROM generate_series(1, 60) AS n, generate_series(1, 1 + n % 6) AS letter
	GROUP BY n) AS strings;

CREATE FUNCTION pg_temp.matches(candidate text, pattern text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (candidate ~ pattern)::text;
EXCEPTION WHEN invalid_regular_expression THEN
	RETURN 'invalid';
END $$;

-- One integration has all patterns that compile, a field each.
CREATE TEMPORARY TABLE numbered AS
SELECT p, 'p' || row_number() OVER (ORDER BY p) AS name FROM pattern WHERE pg_temp.matches('', p) <> 'invalid';
INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'patterns', 'Patterns', 'test', '', jsonb_agg(jsonb_build_object('name', name, 'pattern', p, 'multiline', true))
FROM numbered;

SELECT ok(count(*) > 300, 'there are many patterns') FROM numbered;
SELECT is((
	SELECT jsonb_agg(jsonb_build_array(s, n.p))
	FROM candidate CROSS JOIN numbered n
	LEFT JOIN LATERAL (
		SELECT field FROM integration_schema_validate(jsonb_build_object('integrations', jsonb_build_object('patterns',
			jsonb_build_object('config', jsonb_build_object(n.name, s)))))) AS v ON true
	WHERE (s ~ n.p) <> (v.field IS NULL)), NULL,
	'a pattern matches what PostgreSQL''s ~ matches');
SELECT throws_ok(
	format('UPDATE integration_schemas SET fields = %L WHERE id = ''acme''', jsonb_build_array(jsonb_build_object('name', 'f', 'pattern', p))),
	'23514', NULL, 'no pattern: ' || p)
FROM pattern WHERE pg_temp.matches('', p) = 'invalid';

SELECT * FROM finish();
ROLLBACK;
