# integration_schema_is_valid in a CHECK constraint: a dump knows nothing of what
# the catalogue must have before a table's rows are checked, and can be restored
# all the same.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('check_constraint');
$node->init;
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql(
	'source', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO integration_schemas (id, name, category, description, fields)
	VALUES ('own', 'Own', 'ai', 'd', '[{"name": "k"}]');
	UPDATE integration_schemas SET fields = fields || '[{"name": "more", "pattern": "^m"}]' WHERE id = 'slack';
	-- "a..." goes before the catalogue in a dump
	CREATE TABLE a_documents (id int PRIMARY KEY, d jsonb CHECK (integration_schema_is_valid(d)),
							  o jsonb CHECK (integration_schema_is_valid(o, 'org')));
	INSERT INTO a_documents
	SELECT i, '{"integrations": {"own": {"config": {"k": "v"}}, "slack": {"config": {"more": "m"}}}}',
		   '{"integrations": {"openai": {"config": {"api_key": "k"}}}}'
	FROM generate_series(1, 10) AS i;
	CREATE DOMAIN document AS jsonb CHECK (integration_schema_is_valid(VALUE));
	CREATE TABLE a_domain (d document);
	INSERT INTO a_domain VALUES ('{"integrations": {"own": {}}}');
	CREATE TABLE a_later (d jsonb);
	INSERT INTO a_later VALUES ('{"integrations": {"own": {}}}');
	ALTER TABLE a_later ADD CONSTRAINT valid CHECK (integration_schema_is_valid(d)) NOT VALID;
});

# dump_options, command that restores FILE into DATABASE
my $file = PostgreSQL::Test::Utils::tempdir() . '/dump';
my @ways = (
	[ 'plain', [ '-Fp' ], sub { [ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', $file ] } ],
	[ 'plain, with INSERT', [ '-Fp', '--inserts' ], sub { [ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $_[0], '-f', $file ] } ],
	[ 'custom, two jobs', [ '-Fc' ], sub { [ 'pg_restore', '--exit-on-error', '-j2', '-d', $_[0], $file ] } ],
	[ 'directory', [ '-Fd' ], sub { [ 'pg_restore', '--exit-on-error', '-d', $_[0], $file ] } ]);

my $n = 0;
for my $way (@ways)
{
	my ($name, $options, $restore) = @$way;
	my $database = 'restored' . $n++;

	command_ok([ 'rm', '-rf', $file ], "$name: a new file");
	$node->command_ok([ 'pg_dump', @$options, '-f', $file, 'source' ], "$name: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok($restore->($database), "$name: restored");
	is( $node->safe_psql(
			$database, q{SELECT (SELECT count(*) FROM a_documents), (SELECT count(*) FROM a_domain),
			(SELECT count(*) FROM a_later), (SELECT bool_and(integration_schema_is_valid(d)) FROM a_documents)}),
		'10|1|1|t', "$name: all is there, and valid");
	my ($ret, $stdout, $stderr) = $node->psql($database, q{INSERT INTO a_documents VALUES (0, '{"integrations": {"nope": {}}}')});
	like($stderr, qr/violates check constraint "a_documents_d_check"/, "$name: the constraint holds again");
}

is( $node->safe_psql(
		'source', q{SET check_function_bodies = off;
		SELECT integration_schema_is_valid('{}'), integration_schema_is_valid('[]') IS NULL;
		SET check_function_bodies = on;
		SELECT integration_schema_is_valid('{}'), integration_schema_is_valid('[]');}),
	"t|t\nt|f", 'what is not valid is unknown while a dump is loaded, and only then');

done_testing();
