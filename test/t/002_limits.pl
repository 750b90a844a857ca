# Deep, large and many: an answer, or PostgreSQL's own clear error; never a crash, and always within bounds
# of time and memory.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('limits');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
fsync = off
jit = off
log_error_verbosity = verbose
log_min_messages = warning
log_min_error_statement = panic
restart_after_crash = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION integration_schemas');

# What came of a statement: its answer, or its SQLSTATE, and how long it took.
sub outcome
{
	my ($sql) = @_;
	my ($stdout, $stderr) = ('', '');
	my $began = time;
	my $rc = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSET statement_timeout = '60s';\n$sql",
		stdout => \$stdout, stderr => \$stderr, timeout => 300);
	my $seconds = time - $began;
	my ($sqlstate) = $stderr =~ /ERROR:\s+([0-9A-Z]{5}):/;
	$sqlstate = 'lost' if !defined $sqlstate && $rc != 0;
	return ($stdout, $sqlstate, $seconds, $stderr);
}

# The statement gives this answer.
sub answers
{
	my ($sql, $expected, $name) = @_;
	my ($stdout, $sqlstate, $seconds, $stderr) = outcome($sql);
	is(defined $sqlstate ? substr($stderr, 0, 300) : $stdout, $expected, sprintf('%s (%.1f s)', $name, $seconds));
	return;
}

# It gives this answer, or an error with one of these codes: the stack's depth, or a size that jsonb has as its limit.
sub answers_or_limit
{
	my ($sql, $expected, $name) = @_;
	my ($stdout, $sqlstate, $seconds, $stderr) = outcome($sql);
	$stdout = $sqlstate if defined $sqlstate && $sqlstate =~ /^(54001|54000)$/;
	like($stdout, qr/^(\Q$expected\E|54001|54000)$/, sprintf('%s: %s (%.1f s)', $name, substr($stdout, 0, 20), $seconds))
	  or diag(substr($stderr, 0, 500));
	return $stdout;
}

# Documents: a value nested so deep, where the merge has to go through it.
my %placed = (
	'an own key' => '{"deep": %s}',
	'a known field' => '{"integrations": {"slack": {"config": {"bot_token": %s}}}}',
	'an unknown field' => '{"integrations": {"slack": {"config": {"other": %s}}}}',
	'an unknown integration' => '{"integrations": {"other": %s}}',
	'an unknown integration\'s config' => '{"integrations": {"other": {"config": %s}}}',
	'a known entry of the wrong shape' => '{"integrations": {"slack": [%s]}}',
	'integrations of the wrong shape' => '{"integrations": [%s]}',
	'a lock' => '{"integrations": {"slack": {"locked": [%s]}}}');

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION nested(depth int, opening text, closing text) RETURNS text LANGUAGE sql IMMUTABLE AS
	$$ SELECT repeat(opening, depth) || '1' || repeat(closing, depth) $$;
CREATE TABLE deep (place text, kind text, depth int, doc jsonb);
ALTER TABLE deep ALTER doc SET STORAGE EXTERNAL;
SQL
my %kind = ('objects' => [ '{"a": ', '}' ], 'arrays' => [ '[', ']' ], 'both' => [ '{"a": [', ']}' ]);
my @rows;
for my $place (sort keys %placed)
{
	for my $kind (sort keys %kind)
	{
		my ($opening, $closing) = @{ $kind{$kind} };
		for my $depth (1000, 10000, 100000)
		{
			my $template = $placed{$place};
			$template =~ s/'/''/g;
			push @rows, "(\$p\$$place\$p\$, '$kind', $depth, '$template', '$opening', '$closing')";
		}
	}
}
# With more stack than the functions get afterwards, so that there is something to store. What is too deep
# for jsonb itself cannot reach them.
$node->safe_psql('postgres', "SET max_stack_depth = '7MB';\n" . 'DO $do$
DECLARE
	d record;
BEGIN
	FOR d IN SELECT * FROM (VALUES ' . join(",\n", @rows) . ') AS v (place, kind, depth, template, opening, closing) LOOP
		BEGIN
			INSERT INTO deep VALUES (d.place, d.kind, d.depth, format(d.template, nested(d.depth, d.opening, d.closing))::jsonb);
		EXCEPTION WHEN statement_too_complex THEN
			NULL;
		END;
	END LOOP;
END $do$;');
is( $node->safe_psql('postgres', 'SELECT count(*) FROM deep WHERE depth = 10000'),
	scalar(keys %placed) * scalar(keys %kind),
	'documents 10,000 deep can be stored');
note('stored: ', $node->safe_psql('postgres', 'SELECT depth, count(*) FROM deep GROUP BY depth ORDER BY depth'));

for my $depth (split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT depth FROM deep ORDER BY depth'))
{
	for my $stack ('7MB', '2MB', '100kB')
	{
		# each document and each call by itself, so that one's error does not hide another's answer
		my ($stdout, $sqlstate, $seconds, $stderr) = outcome(<<"SQL");
SET client_min_messages = error;
SET max_stack_depth = '$stack';
DO \$do\$
DECLARE
	d      deep;
	call   text;
	answer jsonb;
BEGIN
	FOR d IN SELECT * FROM deep WHERE depth = $depth LOOP
		FOREACH call IN ARRAY ARRAY ['config(\$1)', 'config(\$1, \$1)', 'config(\$1, ''{}'', NULL, \$1, \$1)', 'values(\$1, \$1)',
		                             'resolve(''slack'', \$1, \$1)'] LOOP
			BEGIN
				EXECUTE 'SELECT integration_schema_' || call INTO answer USING d.doc;
			EXCEPTION WHEN statement_too_complex THEN
				NULL;
			END;
		END LOOP;
	END LOOP;
END \$do\$;
SQL
		is(defined $sqlstate ? substr($stderr, 0, 500) : 'an answer, or 54001', 'an answer, or 54001',
			sprintf('%d deep, with %s of stack (%.1f s)', $depth, $stack, $seconds));
	}
}
answers(
	q{SELECT count(*) FROM deep WHERE depth = 1000 AND place = 'an own key' AND integration_schema_config(doc, doc) @> doc},
	'3', 'a thousand deep is answered in full');
answers(
	q{SELECT count(*) FROM deep WHERE depth = 10000 AND place = 'an own key' AND length(integration_schema_config(doc)::text) > 20000},
	'3', 'so are ten thousand, in one layer');
$node->safe_psql('postgres', 'DROP TABLE deep');

# Large: about 50 MB, in one value and in many.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE large (what text, doc jsonb);
ALTER TABLE large ALTER doc SET STORAGE EXTERNAL;
INSERT INTO large SELECT 'one string', jsonb_build_object('integrations', jsonb_build_object('slack',
	jsonb_build_object('config', jsonb_build_object('bot_token', repeat('0123456789', 5000000)))));
INSERT INTO large SELECT 'one array', jsonb_build_object('integrations', jsonb_build_object('slack',
	jsonb_build_object('config', jsonb_build_object('bot_token', (SELECT jsonb_agg(repeat('x', 500)) FROM generate_series(1, 100000))))));
INSERT INTO large SELECT 'own keys', (SELECT jsonb_object_agg('key ' || n, repeat('x', 500)) FROM generate_series(1, 100000) AS n);
SQL
is($node->safe_psql('postgres', 'SELECT min(pg_column_size(doc)) > 50000000 FROM large'), 't', 'three documents of 50 MB');
for my $what ('one string', 'one array', 'own keys')
{
	my $given = $what eq 'own keys' ? 'f' : 't';
	answers("SELECT pg_column_size(integration_schema_config(doc, doc)) > 50000000 FROM large WHERE what = '$what'", 't', "50 MB as $what: config");
	answers("SELECT (integration_schema_resolve('slack', doc) -> 'configured')::boolean, integration_schema_values(doc) ? 'slack' FROM large WHERE what = '$what'",
		"$given|$given", "50 MB as $what: resolve and values");
}
answers_or_limit(
	q{SELECT integration_schema_config(VARIADIC array(SELECT jsonb_build_object('k' || n, doc) FROM large, generate_series(1, 6) AS n WHERE what = 'one string')) IS NOT NULL},
	't', 'six layers that together are more than jsonb holds');
$node->safe_psql('postgres', 'DROP TABLE large');

# Many: 100,000 of everything that there can be many of. Time that grows with the square would not pass.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE many AS
WITH k AS (SELECT jsonb_object_agg('key_' || n, n) AS keys, jsonb_agg('key_' || n) AS names,
                  jsonb_object_agg('key_' || n, NULL::int) AS nulls,
                  jsonb_object_agg('key_' || n, '{"config": {"a": 1}, "locked": ["a"]}'::jsonb) AS entries
           FROM generate_series(1, 100000) AS n)
SELECT keys AS own,
       jsonb_build_object('integrations', entries) AS integrations,
       jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', keys))) AS fields,
       jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', nulls))) AS nulls,
       jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('locked', names))) AS locks,
       jsonb_build_object('integrations', jsonb_build_object(id, jsonb_build_object('config', keys, 'locked', names))) AS given,
       id
FROM k, unnest(ARRAY ['slack', 'openai', 'other']) AS id;
SQL
sub counts
{
	my ($layers, $path, $expected, $name) = @_;
	for my $id ('slack', 'openai', 'other')
	{
		my $at = $path =~ s/ID/$id/r;
		answers(
			"SELECT count(*) FROM many, jsonb_object_keys(integration_schema_config($layers) #> '$at') WHERE id = '$id'",
			$expected->{$id} // $expected->{any}, "100,000 $name: $id");
	}
	return;
}
answers(q{SELECT count(*) FROM many, jsonb_object_keys(integration_schema_config(own, own)) WHERE id = 'slack'}, 100001, '100,000 own keys');
answers(q{SELECT count(*) FROM many, jsonb_object_keys(integration_schema_config(integrations, integrations) -> 'integrations') WHERE id = 'slack'},
	100023, '100,000 integrations');
counts('fields, fields', '{integrations,ID,config}', { slack => 100002, openai => 100001, other => 100000 }, 'fields');
counts('fields, nulls', '{integrations,ID,config}', { slack => 2, openai => 100001, other => 0 }, 'fields, and as many nulls');
counts('locks, fields', '{integrations,ID,config}', { slack => 2, openai => 1, other => 0 }, 'locks, and as many fields that they make void');
counts('given, given, nulls', '{integrations,ID,config}', { slack => 100002, openai => 100001, other => 100000 }, 'locked fields, three times');
answers(q{SELECT integration_schema_resolve('slack', given, given, nulls) -> 'missing' FROM many WHERE id = 'slack'}, '["bot_token"]', '100,000 locked fields: resolve');
$node->safe_psql('postgres', 'DROP TABLE many');

# Many layers.
for my $n (1000, 20000)
{
	answers("SELECT integration_schema_config(VARIADIC array(SELECT jsonb_build_object('k', n, 'k' || n % 10, n) FROM generate_series(1, $n) AS n)) -> 'k'",
		$n, "$n layers");
	answers("SELECT integration_schema_resolve('slack', VARIADIC array(SELECT jsonb_build_object('integrations', jsonb_build_object('slack', "
		  . "jsonb_build_object('config', jsonb_build_object('f' || n, n), 'locked', jsonb_build_array('f' || n)))) FROM generate_series(1, $n) AS n)) #> '{config,f$n}'",
		$n, "$n layers, each with a field and a lock");
}

# A large catalogue.
$node->safe_psql('postgres', 'CREATE DATABASE large_catalogue');
{
	my $began = time;
	$node->safe_psql('large_catalogue', <<'SQL');
CREATE EXTENSION integration_schemas;
INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'i' || n, 'Integration ' || n, 'many', '', '[{"name": "a", "default_value": "d"}, {"name": "b", "required_with": ["a"]}]'
FROM generate_series(1, 5000) AS n;
INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'wide', 'Wide', 'many', '', jsonb_agg(jsonb_build_object('name', 'f' || n, 'required_with', jsonb_build_array('f' || n % 3000 + 1)))
FROM generate_series(1, 3000) AS n;
SQL
	is( $node->safe_psql('large_catalogue', q{SELECT count(*) FROM jsonb_object_keys(integration_schema_config() -> 'integrations')}),
		'5024', sprintf('a catalogue of 5,000 integrations, one of 3,000 fields (%.1f s)', time - $began));
	is( $node->safe_psql('large_catalogue', q{SELECT integration_schema_resolve('wide', '{"integrations": {"wide": {"config": {"f1": "x"}}}}') -> 'missing'}),
		'["f3000"]', 'its 3,000 fields are looked through');
	my ($rc, $stdout, $stderr) = $node->psql('large_catalogue', q{SELECT integration_schema_resolve('i499x')});
	like($stderr, qr/HINT:.*"i499/, 'an unknown id in it has a hint');
}

# A running merge can be cancelled, also within one call.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE slow (layers jsonb[]);
ALTER TABLE slow ALTER layers SET STORAGE EXTERNAL;
INSERT INTO slow
SELECT array_fill(jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', keys), 'other', jsonb_build_object('config', keys)), 'own', keys), ARRAY [12])
FROM (SELECT jsonb_object_agg('key ' || n, jsonb_build_object('a', n)) AS keys FROM generate_series(1, 100000) AS n) AS k;
SQL
{
	my ($stdout, $sqlstate, $whole) = outcome('SELECT integration_schema_config(VARIADIC layers) IS NOT NULL FROM slow');
	is($sqlstate // $stdout, 't', sprintf('twelve layers of 300,000 keys (%.1f s)', $whole));
	my ($read) = (outcome('SELECT count(l) FROM slow, unnest(layers) AS l'))[2];
	my ($code, $seconds) = (outcome(sprintf("SET statement_timeout = '%dms'; SELECT integration_schema_config(VARIADIC layers) IS NOT NULL FROM slow",
				1000 * ($read + 0.2 * ($whole - $read)))))[ 1, 2 ];
	is($code // 'an answer', '57014', sprintf('cancelled within one call (%.1f s of %.1f s, %.1f s to read them)', $seconds, $whole, $read));
	cmp_ok($seconds, '<', $read + 0.2 * ($whole - $read) + 2, 'and soon');

	my ($code2, $seconds2) = (outcome(
			"SET statement_timeout = '500ms'; SELECT count(integration_schema_config(jsonb_build_object('k', n))) FROM generate_series(1, 100000000) AS n"))[ 1, 2 ];
	is($code2, '57014', sprintf('cancelled between calls (%.1f s)', $seconds2));
	my ($code3) = (outcome('SELECT integration_schema_resolve(\'slack\') IS NOT NULL'))[1];
	is($code3, undef, 'and the next call is answered');
}
$node->safe_psql('postgres', 'DROP TABLE slow');

# Memory does not grow over 200,000 calls, nor over changes and errors.
my $memory = q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1], sum(total_bytes)::bigint / 1024 FROM pg_backend_memory_contexts;};
my $calls = <<'SQL';
DO $$
DECLARE
	layer jsonb := '{"integrations": {"slack": {"config": {"bot_token": "x", "o": {"a": 1}}, "locked": ["app_token"]}, "other": {"config": {"a": null}}}, "k": [1]}';
BEGIN
	FOR n IN 1 .. 15000 LOOP
		PERFORM integration_schema_resolve('slack', layer, layer);
		PERFORM integration_schema_values(layer, layer);
	END LOOP;
	PERFORM count(integration_schema_config(layer, layer)) + count(integration_schema_resolve('openai', layer)) FROM generate_series(1, 10000);
	FOR n IN 1 .. 500 LOOP
		UPDATE integration_schemas SET name = 'Slack ' || n WHERE id = 'slack';
		PERFORM integration_schema_config(layer);
		BEGIN
			UPDATE integration_schemas SET name = 'Slack ' || n || ' failed' WHERE id = 'slack';
			PERFORM integration_schema_resolve('slak', layer);
		EXCEPTION WHEN undefined_object THEN
			NULL;
		END;
		BEGIN
			PERFORM integration_schema_config(layer, '[]');
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		END;
	END LOOP;
END $$;
SQL
SKIP:
{
	skip 'memory is read from /proc, and from pg_backend_memory_contexts', 2
	  unless -r '/proc/self/status' && $node->safe_psql('postgres', q{SELECT to_regclass('pg_backend_memory_contexts') IS NOT NULL}) eq 't';
	my @lines = grep { /^\d+\|/ } split /\n/, $node->safe_psql('postgres', $calls . $memory . ($calls x 4) . $memory);
	my ($rss_before, $contexts_before) = split /\|/, $lines[0];
	my ($rss_after, $contexts_after) = split /\|/, $lines[1];
	cmp_ok($rss_after - $rss_before, '<', 4096, "private memory after 50,000 calls, and after 200,000 more: $rss_before kB, $rss_after kB");
	cmp_ok($contexts_after - $contexts_before, '<', 512, "memory contexts: $contexts_before kB, $contexts_after kB");
}

# Of many small things, of whatever kind, the answer takes memory in proportion to the layers, those copied into an
# array included, and not to their number.
my %many = (
	'integrations that the catalogue does not know' => q{jsonb_build_object('integrations', jsonb_object_agg('k' || n, '{"config": {"x": 1}}'::jsonb))},
	'fields that it does not know' => q{jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_object_agg('k' || n, n))))},
	'fields of an integration that it does not know' => q{jsonb_build_object('integrations', jsonb_build_object('other', jsonb_build_object('config', jsonb_object_agg('k' || n, n))))},
	'objects there' => q{jsonb_build_object('integrations', jsonb_build_object('other', jsonb_build_object('config', jsonb_object_agg('k' || n, '{"a": {"b": 1}}'::jsonb))))},
	'keys of the caller' => q{jsonb_object_agg('k' || n, n)},
	'URIs with passwords' => q{jsonb_build_object('integrations', jsonb_build_object('github', jsonb_build_object('config', jsonb_build_object('default_repo', jsonb_agg('http://u:p@h' || n)))))},
	'locks' => q{jsonb_build_object('integrations', jsonb_build_object('slack', jsonb_build_object('locked', jsonb_agg('k' || n))))});
my $peak = q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1];};
SKIP:
{
	skip 'memory is read from /proc', 2 * keys %many unless -r '/proc/self/status';
	for my $what (sort keys %many)
	{
		$node->safe_psql('postgres', "CREATE TABLE many AS SELECT $many{$what} AS d FROM generate_series(1, 600000) AS n");
		my $kilobytes = $node->safe_psql('postgres', q{SELECT pg_column_size(d || '{}') / 1024 FROM many});
		for my $layers (1, 2)
		{
			my $given = join(', ', ('d') x $layers);
			my ($before, $after) = grep { /^\d+$/ } split /\n/, $node->safe_psql('postgres', <<"SQL");
SELECT integration_schema_list() IS NULL, integration_schema_config() IS NULL;
$peak
SELECT integration_schema_config($given) IS NULL FROM many;
SELECT integration_schema_values($given) IS NULL FROM many;
SELECT (SELECT count(value) FROM integration_schema_explain($given)) IS NULL FROM many;
$peak
SQL
			my $times = ($after - $before) / ($kilobytes * $layers);
			cmp_ok($times, '<', 7, sprintf('%s, %d times: %.1f times their size', $what, $layers, $times));
		}
		$node->safe_psql('postgres', 'DROP TABLE many');
	}
}

# A session that does without the indexes, as anybody may ask for, reads the same.
$node->safe_psql('postgres', q{INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
	VALUES ('i', 'i', NULL, 'org', '{"x": 1}'), ('i', 'u', 'i', 'unit', '{}'), ('i', 't', 'u', 'team', '{}')});
{
	local $ENV{PGOPTIONS} = '-c ignore_system_indexes=on';
	answers(q{SELECT integration_config_effective('i', 't') -> 'x'}, '1', 'without indexes');
}

# Nothing of all that brought a backend down.
my $log = slurp_file($node->logfile);
unlike($log, qr/terminated by signal|PANIC:|TRAP:|abnormally/, 'no backend died');
unlike($log, qr/(ERROR|FATAL):  XX/, 'no internal error');
$node->stop;

done_testing();
