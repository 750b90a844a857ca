# What was renamed goes into a dump, and a rollback across it is right after the
# restore, by every way and as another owner; nobody writes the record by hand.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('renames');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN CREATEDB; CREATE ROLE writer LOGIN');
my @owner = (extra_params => [ '-U', 'owner' ]);
$node->safe_psql('postgres', 'CREATE DATABASE source', @owner);
$node->safe_psql(
	'source', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES
		('acme', 'acme', 'org', '{"integrations": {"slack": {"config": {"default_channel": "#all", "bot_token": "xoxb-1"}, "locked": ["bot_token"]}}}');
	SELECT integration_schema_rename_field('slack', 'bot_token', 'token');
	SELECT integration_schema_rename('slack', 'chat');
	SELECT integration_config_replace('acme', 'acme', '{}');
	SELECT integration_schema_rename_field('chat', 'default_channel', 'channel');
	GRANT INSERT ON integration_schema_renames, node_configuration_history TO writer;
}, @owner);
my $state = q{
	SELECT to_jsonb(r) FROM integration_schema_renames AS r ORDER BY sequence;
	SELECT to_jsonb(h) - 'transaction' FROM node_configuration_history AS h ORDER BY sequence;
	SELECT id, origin, fields FROM integration_schemas WHERE id IN ('slack', 'chat');
	SELECT integration_schemas_internal.ever_secret() -> 'chat';
};
my $expected = $node->safe_psql('source', $state, @owner);
like($expected, qr/"from_field": "bot_token".*"to_id": "chat".*"to_field": "channel"/s, 'there is something to keep');

# restored NAME, DATABASE, [USER]: the database has the same, and goes on from there.
sub restored
{
	my ($name, $database, @user) = @_;
	is($node->safe_psql($database, $state, @user), $expected, "$name: the same");
	is( $node->safe_psql(
			$database, q{SELECT integration_config_rollback('acme', 'acme', 1, secrets => 'restore');
			SELECT config_json FROM node_configurations}, @user),
		qq(5\n{"integrations": {"chat": {"config": {"token": "xoxb-1", "channel": "#all"}, "locked": ["token"]}}}),
		"$name: a rollback across the renamings");
	is( $node->safe_psql(
			$database, q{SELECT integration_schema_rename('chat', 'slack');
			SELECT r.sequence > h.sequence FROM integration_schema_renames AS r, node_configuration_history AS h
			 WHERE r.from_id = 'chat' AND r.to_id = 'slack' AND h.version IN (5, 6) ORDER BY h.version}, @user),
		"1\nt\nf", "$name: numbers go on");
	return;
}

my $dir = PostgreSQL::Test::Utils::tempdir();
for my $way ([ 'plain', 'plain' ], [ 'inserts', 'plain', '--inserts' ], [ 'custom', 'custom' ], [ 'jobs', 'directory' ])
{
	my ($name, $format, @options) = @$way;
	$node->command_ok([ 'pg_dump', '-U', 'owner', '-F', $format, @options, '-f', "$dir/$name", 'source' ], "pg_dump: $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name", @owner);
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', "$dir/$name", $name ]
		: [ 'pg_restore', '-U', 'owner', '--exit-on-error', '-j', 2, '-d', $name, "$dir/$name" ],
		"restore: $name");
	restored($name, $name, @owner);
}
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->command_ok([ 'pg_restore', '--no-owner', '--exit-on-error', '-d', 'other', "$dir/custom" ], 'restore by a superuser');
restored('another owner', 'other');

# by hand: a restore is told by what pg_dump sets, of those who may write history
my $row = q{INSERT INTO integration_schema_renames VALUES (1000, now(), 'a', 'b', NULL, NULL, 'x', 'x')};
my ($status, $out, $err) = $node->psql('source', $row, extra_params => [ '-U', 'writer' ]);
like($err, qr/record of renamings cannot be changed/, 'no row by hand');
$node->safe_psql('source', 'REVOKE INSERT ON node_configuration_history FROM writer');
($status, $out, $err) = $node->psql('source', "SET check_function_bodies = off; $row", extra_params => [ '-U', 'writer' ]);
like($err, qr/record of renamings cannot be changed/, 'nor as a restore, for one who may not write the history');
$node->command_fails_like(
	[ 'pg_restore', '--data-only', '--disable-triggers', '--exit-on-error', '-t', 'integration_schema_renames', '-d', 'other', "$dir/custom" ],
	qr/triggers of table "integration_schema_renames" are disabled/, 'nor without the triggers');

done_testing();
