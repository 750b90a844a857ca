# Nothing falls over: every function of the extension, with large and deep input of every shape in each of its
# arguments, gives an answer or a clean error, in memory that is a small multiple of the input, and can be cancelled.
#
# The functions and their arguments are those of the catalogue, so a new function is tried as it comes. What an
# argument is given while another one is large is in %ordinary, by its name.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# What an argument gets that is not the large one: by name, or else by type.
my %ordinary = (
	id => q{'slack'}, org_id => q{'acme'}, node_id => q{'t'}, category => q{'c'}, name => q{'n'}, level => q{'team'},
	message => q{'{"kind": "catalogue"}'}, key => q{'ids'}, version => '1',
	text => q{'x'}, jsonb => q{'{}'}, 'jsonb[]' => q{'{"{}"}'}, 'text[]' => q{'{x}'}, integer => '1', boolean => 'true',
	bigint => '1', regclass => q{'node_configurations'}, 'timestamp with time zone' => 'now()', oid => '0', name_type => q{'n'});

# Memory that a call may take beyond its input's own size: this many times as much, and so many kB.
my ($times, $room) = (6, 100_000);

# What takes longer than this is cancelled in a second run, and must end within the slack. Both in milliseconds.
my ($long, $slack) = (800, 2000);

# Freed memory goes back to the system at once, so that what a call takes can be seen.
local $ENV{MALLOC_MMAP_THRESHOLD_} = 65536;
local $ENV{MALLOC_TRIM_THRESHOLD_} = 65536;

my $node = PostgreSQL::Test::Cluster->new('resilience');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
fsync = off
jit = off
autovacuum = off
shared_buffers = 2MB
max_wal_size = 4GB
wal_level = minimal
max_wal_senders = 0
work_mem = 1MB
log_error_verbosity = verbose
log_min_messages = warning
log_min_error_statement = panic
statement_timeout = 60s
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION integration_schemas;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
VALUES ('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
       ('acme', 'u', 'acme', 'unit', '{}'), ('acme', 't', 'u', 'team', '{}');
CREATE TABLE mine (config jsonb, level text);
CREATE TRIGGER check_mine BEFORE INSERT OR UPDATE ON mine
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('config', 'level');

-- The large values, as they are: nothing of what a call takes is for unpacking them.
CREATE TABLE shapes (shape text, type text, doc jsonb, layers jsonb[], texts text[], chars text);
ALTER TABLE shapes ALTER doc SET STORAGE EXTERNAL, ALTER layers SET STORAGE EXTERNAL, ALTER texts SET STORAGE EXTERNAL,
	ALTER chars SET STORAGE EXTERNAL;
CREATE FUNCTION put(shape text, doc jsonb) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO shapes VALUES (shape, 'jsonb', doc) $$;
-- at(path, value): a document with a value deep in it
CREATE FUNCTION at(path text[], value jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN REVERSE array_length(path, 1) .. 1 LOOP
		value := jsonb_build_object(path[i], value);
	END LOOP;
	RETURN value;
END $$;
CREATE FUNCTION nested(depth int, opening text, closing text) RETURNS jsonb LANGUAGE sql AS
	$$ SELECT (repeat(opening, depth) || '1' || repeat(closing, depth))::jsonb $$;

SELECT put('a string', at('{own}', to_jsonb(repeat('x', 12000000))));
SELECT put('a string of a field', at('{integrations,slack,config,bot_token}', to_jsonb(repeat('x', 12000000))));
SELECT put('50 MB', at('{integrations,slack,config}', jsonb_build_object('bot_token', repeat('é', 15000000), 'default_channel', repeat('x', 20000000))));
SELECT put('a key', jsonb_build_object(repeat('k', 12000000), 1));
SELECT put('an integration''s key', at(ARRAY ['integrations', repeat('k', 12000000)], '{"config": {"a": 1}}'));
SELECT put('a field''s key', at(ARRAY ['integrations', 'slack', 'config', repeat('k', 12000000)], '1'));
SELECT put('members', (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 450000) AS i));
SELECT put('fields', at('{integrations,slack,config}', doc)) FROM shapes WHERE shape = 'members';
SELECT put('unknown integrations', at('{integrations}', (SELECT jsonb_object_agg('k' || i, '{"config": {"x": 1}}'::jsonb) FROM generate_series(1, 250000) AS i)));
SELECT put('fields of an unknown integration', at('{integrations,other,config}', doc)) FROM shapes WHERE shape = 'members';
SELECT put('keys of an entry', at('{integrations,slack}', doc)) FROM shapes WHERE shape = 'members';
SELECT put('elements', at('{own}', (SELECT jsonb_agg(NULL::text) FROM generate_series(1, 3000000))));
SELECT put('elements of a field', at('{integrations,slack,config,bot_token}', doc -> 'own')) FROM shapes WHERE shape = 'elements';
SELECT put('an array', doc -> 'own') FROM shapes WHERE shape = 'elements';
SELECT put('locks', at('{integrations,slack,locked}', (SELECT jsonb_agg('k' || i) FROM generate_series(1, 700000) AS i)));
SELECT put('numbers', at('{own}', (SELECT jsonb_agg((repeat('9', 130000) || '.' || i)::numeric) FROM generate_series(1, 200) AS i)));
SELECT put('numbers of fields', at('{integrations,postgresql,config}', (SELECT jsonb_object_agg(k, (repeat('9', 130000) || '.5')::numeric) FROM unnest('{port,pool_size,a,b}'::text[]) AS k)));
SELECT put('definitions', at('{properties}', (SELECT jsonb_object_agg('k' || i, '{"type": "string", "title": "T"}'::jsonb) FROM generate_series(1, 45000) AS i)));
SELECT put('an enumeration', at('{properties,a,enum}', (SELECT jsonb_agg(i % 99999) FROM generate_series(1, 100000) AS i)));
-- what is a definition, for the catalogue
INSERT INTO shapes (shape, type, doc)
SELECT 'definitions with ' || shape, 'fields', jsonb_build_array('{"name": "a"}', jsonb_build_object('name', 'b') || CASE jsonb_typeof(doc) WHEN 'object' THEN doc ELSE jsonb_build_object('default_value', doc, 'x-a', doc) END)
FROM shapes WHERE shape IN ('a string', 'a key', 'members', 'elements', 'an array', 'numbers');
INSERT INTO shapes (shape, type, doc) VALUES
	('references', 'fields', jsonb_build_array('{"name": "a"}', jsonb_build_object('name', 'b', 'required_with', (SELECT jsonb_agg('a'::text) FROM generate_series(1, 1500000))))),
	('allowed values', 'fields', jsonb_build_array(jsonb_build_object('name', 'b', 'allowed_values', (SELECT jsonb_agg('v' || i) FROM generate_series(1, 100000) AS i)))),
	('many', 'fields', (SELECT jsonb_agg(jsonb_build_object('name', 'f' || i)) FROM generate_series(1, 50000) AS i)),
	('too many', 'fields', (SELECT jsonb_agg(jsonb_build_object('name', 'f' || i)) FROM generate_series(1, 500000) AS i)),
	('of no use', 'fields', (SELECT jsonb_agg(0) FROM generate_series(1, 1000000) AS i));

SELECT put('a pattern', at('{properties,a}', jsonb_build_object('type', 'string', 'pattern', repeat('(a|b)*', 1500000))));

INSERT INTO shapes (shape, type, layers) SELECT 'layers', 'jsonb[]', array_agg(jsonb_build_object('k' || i, i, 'integrations', '{"slack": {"locked": ["a"], "config": {"a": 1}}}'::jsonb)) FROM generate_series(1, 100000) AS i;
INSERT INTO shapes (shape, type, texts) SELECT 'texts', 'text[]', array_agg('t' || i) FROM generate_series(1, 1000000) AS i;
INSERT INTO shapes (shape, type, texts) SELECT 'one of them', 'text[]', ARRAY[repeat('x', 20000000)];
INSERT INTO shapes (shape, type, chars) VALUES ('characters', 'text', repeat('é', 10000000)), ('lines', 'text', repeat(E'x\n', 10000000));
SQL

# Deep ones, with more stack than the functions get afterwards. What is too deep for jsonb itself cannot reach them.
my $deep = '';
for my $place ('own', 'integrations,slack,config,bot_token', 'integrations,other', 'properties,a,default')
{
	for my $kind ([ 'objects', '{"a": ', '}' ], [ 'arrays', '[', ']' ])
	{
		$deep .= "SELECT put('$_ $kind->[0] in $place', at('{$place}', nested($_, '$kind->[1]', '$kind->[2]')));\n" for 5000, 30000;
	}
}
$node->psql('postgres', "SET max_stack_depth = '7MB';\n$deep", on_error_stop => 0);
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM shapes WHERE shape LIKE '5000 % in %'}), '==', 8, 'documents 5,000 deep can be stored');

# probe(call, shape, type, before): what came of a call in which $1 is the large value, after a statement that may store it: its SQLSTATE, or ok; milliseconds; the
# size of the input and what memory the backend took for the call, in kB. Whatever the call wrote is undone.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION status(key text) RETURNS bigint LANGUAGE sql AS
	$$ SELECT (regexp_match(pg_read_file('/proc/self/status'), key || ':\s+(\d+)'))[1]::bigint $$;
CREATE FUNCTION probe(call text, wanted text, type text, before_it text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	size bigint;
	value text := CASE type WHEN 'jsonb' THEN 's.doc' WHEN 'fields' THEN 's.doc' WHEN 'jsonb[]' THEN 'coalesce(s.layers, ARRAY[s.doc, s.doc])'
		WHEN 'text[]' THEN 's.texts' ELSE 's.chars' END;
	began timestamptz;
	before bigint;
	outcome text := 'ok';
BEGIN
	EXECUTE format('SELECT pg_column_size(%s) FROM shapes AS s WHERE s.shape = $1', value) INTO size USING wanted;
	BEGIN
		COPY (SELECT 5) TO '/proc/self/clear_refs';
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	before := status('VmRSS');
	began := clock_timestamp();
	BEGIN
		IF before_it <> '' THEN
			EXECUTE replace(before_it, '$1', '(SELECT doc FROM shapes AS s WHERE s.shape = $1)') USING wanted;
		END IF;
		EXECUTE replace(call, '$1', value) || ' FROM shapes AS s WHERE s.shape = $1' USING wanted;
		RAISE EXCEPTION USING errcode = 'ZZZZZ';
	EXCEPTION WHEN OTHERS THEN
		outcome := CASE sqlstate WHEN 'ZZZZZ' THEN 'ok' ELSE sqlstate END;
	END;
	RETURN concat_ws('|', outcome, round(extract(epoch FROM clock_timestamp() - began) * 1000), size / 1024, status('VmHWM') - before);
END $$;
SQL
# The kernel tells what a backend had at most since this was written; where it can't, memory is not looked at.
my $measured = $node->psql('postgres', q{COPY (SELECT 5) TO '/proc/self/clear_refs'; SELECT 1 / (status('VmHWM') > 0)::int}) == 0;
note('memory is not measured here') unless $measured;

# Every function that people call, with its arguments: name, type, and whether it may be left out.
my %functions;
foreach my $line (split /\n/, $node->safe_psql('postgres', <<'SQL'))
SELECT p.oid::regprocedure, p.oid::regproc, p.prokind, p.proretset OR p.prorettype = 'record'::regtype, p.provariadic <> 0, a.n, a.name, format_type(a.type, NULL), a.n > p.pronargs - p.pronargdefaults
  FROM pg_depend AS d
  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
  JOIN pg_proc AS p ON p.oid = d.objid AND p.prorettype <> 'trigger'::regtype AND p.pronamespace = e.extnamespace
  CROSS JOIN LATERAL (SELECT row_number() OVER (ORDER BY n), name, p.proargtypes[row_number() OVER (ORDER BY n) - 1]
                        FROM unnest(coalesce(p.proargnames, array_fill(NULL::text, ARRAY [p.pronargs::int])), p.proargmodes) WITH ORDINALITY AS u (name, mode, n)
                       WHERE coalesce(mode, 'i') IN ('i', 'b', 'v')) AS a (n, name, type)
 WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
 ORDER BY 1, a.n
SQL
{
	my ($signature, $name, $kind, $is_set, $variadic, $number, $argument, $type, $has_default) = split /\|/, $line;
	my $function = $functions{$signature} //= { name => $name, kind => $kind, set => $is_set eq 't', variadic => $variadic eq 't', arguments => [] };
	push @{ $function->{arguments} }, { name => $argument, type => $type, optional => $has_default eq 't' };
}
cmp_ok(scalar keys %functions, '>', 20, 'the functions are found');

# The calls: of each function one with each of its arguments as the large one.
my @calls;
foreach my $signature (sort keys %functions)
{
	my $function = $functions{$signature};
	my @arguments = @{ $function->{arguments} };
	# a procedure that ends transactions can't be called by a function; it takes an organisation's name at most
	next if $function->{kind} eq 'p';
	foreach my $large (0 .. $#arguments)
	{
		next unless $arguments[$large]{type} =~ /^(text|jsonb)(\[\])?$/;
		my @given;
		foreach my $i (0 .. $#arguments)
		{
			last if $i > $large && $arguments[$i]{optional};
			my $value = $i == $large ? '$1' : $ordinary{ $arguments[$i]{name} } // $ordinary{ $arguments[$i]{type} };
			defined $value or fail("an ordinary value for argument \"$arguments[$i]{name}\" of $signature"), next;
			$value .= "::$arguments[$i]{type}" unless $i == $large;
			push @given, ($function->{variadic} && $i == $#arguments ? 'VARIADIC ' : '') . $value;
		}
		my $call = "$function->{name}(" . join(', ', @given) . ')';
		if ($function->{set}) { $call = "SELECT (SELECT count(*) FROM $call)"; }
		else { $call = "SELECT $call"; }
		push @calls, { name => "$signature, $arguments[$large]{name}", call => $call, type => $arguments[$large]{type} };
	}
}

# And what writes the tables, by statement.
push @calls, map { { name => $_->[0], call => $_->[1], type => 'jsonb' } } (
	[ 'INSERT INTO integration_schemas', q{INSERT INTO integration_schemas (id, name, category, description, fields) SELECT 'large', 'L', 'l', '', $1} ],
	[ 'INSERT INTO node_configurations', q{INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) SELECT 'acme', 'new', 'u', 'team', $1} ],
	[ 'INSERT INTO a table with the trigger', q{INSERT INTO mine SELECT $1, 'team'} ]);
push @calls, { %{ $calls[-3] }, type => 'fields' };

# What reads a node, with the large document stored in it, and what reads the catalogue, with large definitions.
my @readers = grep { !grep { !$_->{optional} && $_->{name} !~ /^(org_id|node_id|id)$/ } @{ $_->{arguments} } }
  grep { grep { $_->{name} eq 'org_id' } @{ $_->{arguments} } } @functions{ sort keys %functions };
push @calls, { name => 'a node with a large document', type => 'jsonb',
	before => q{UPDATE node_configurations SET config_json = $1 WHERE node_id = 't'},
	call => 'SELECT ' . join(', ', map { "(SELECT count(*) FROM $_->{name}(" . join(', ', map { $ordinary{ $_->{name} } } grep { !$_->{optional} } @{ $_->{arguments} }) . '))' } @readers) };
# The export as JSON Schema is written in PL/pgSQL, whose values are copied more often.
push @calls, { name => 'a catalogue with large definitions', type => 'fields', before => $calls[-2]{call}, times => 100,
	call => q{SELECT integration_schema_config(), integration_schema_list(), integration_schema_get('large'), integration_schema_json_schema('large'), integration_schema_resolve('large')} };

my %shapes;
push @{ $shapes{ $_->[1] } }, $_->[0]
  for map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', q{SELECT shape, type FROM shapes
	UNION ALL SELECT shape, 'jsonb[]' FROM shapes WHERE type = 'jsonb' AND shape <> '50 MB' ORDER BY 1, 2});

sub quoted { return "'" . ($_[0] =~ s/'/''/gr) . "'"; }

my @slow;
foreach my $call (@calls)
{
	my @bad;
	my ($script, $worst, $time) = ('', 0, 0);
	my @wanted = @{ $shapes{ $call->{type} } };
	$script .= 'SELECT probe(' . join(', ', map { quoted($_) } $call->{call}, $_, $call->{type}, $call->{before} // '') . ");\n" for @wanted;
	my ($stdout, $stderr) = ('', '');
	$node->psql('postgres', "SET client_min_messages = error;\n$script", stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	my @lines = split /\n/, $stdout;
	foreach my $i (0 .. $#wanted)
	{
		my ($outcome, $ms, $size, $memory) = split /\|/, $lines[$i] // 'lost';
		if ($outcome eq 'lost' || $outcome =~ /^(XX|57014|53)/)
		{
			push @bad, "$wanted[$i]: $outcome " . substr($stderr, 0, 300);
			last if $outcome eq 'lost';
			next;
		}
		my $ratio = $memory / ($size + 1);
		$worst = $ratio if $size > 1000 && $ratio > $worst;
		$time += $ms;
		push @bad, "$wanted[$i]: $memory kB of memory for $size kB"
		  if $measured && $memory > ($call->{times} // $times) * $size + $room;
		push @slow, { %$call, shape => $wanted[$i], ms => $ms } if $ms > $long;
	}
	ok(!@bad, sprintf('%s (%.1f s, %.1f times the input)', $call->{name}, $time / 1000, $worst))
	  or diag(join("\n", @bad));
}

# What takes its time is cancelled: the slowest call of each function.
my %tried;
foreach my $call (sort { $b->{ms} <=> $a->{ms} } @slow)
{
	next if $tried{ $call->{name} }++ || keys %tried > 12;
	my $timeout = int($call->{ms} / 3);
	my $began = time;
	$node->psql('postgres', "SET client_min_messages = error; SET statement_timeout = $timeout;\n"
		  . 'SELECT probe(' . join(', ', map { quoted($_) } $call->{call}, $call->{shape}, $call->{type}, $call->{before} // '') . ')',
		stdout => \my $stdout, stderr => \my $stderr);
	my $late = (time - $began) * 1000 - $timeout;
	cmp_ok($late, '<', $slack, sprintf('%s, %s: cancelled %d ms late', $call->{name}, $call->{shape}, $late));
}

unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC:|TRAP:|abnormally/, 'no backend died');
$node->stop;
done_testing();
