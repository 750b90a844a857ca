# Grants through dump and restore, to a cluster whose roles have other numbers; by
# prepared transactions; and on a standby.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('grants');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\n");
$node->start;
my $other = PostgreSQL::Test::Cluster->new('grants_other');
$other->init;
$other->start;

my $roles = 'CREATE ROLE owner LOGIN CREATEDB; CREATE ROLE service LOGIN; CREATE ROLE "Odd ""role" LOGIN;';
my @owner = (extra_params => [ '-U', 'owner' ]);
$node->safe_psql('postgres', "$roles CREATE ROLE gone; CREATE ROLE old_name; CREATE ROLE \"16400\"");
# other numbers
$other->safe_psql('postgres', join(' ', map { "CREATE ROLE filler_$_;" } 1 .. 40) . " $roles CREATE ROLE new_name; CREATE ROLE \"16400\"");
$node->safe_psql('postgres', 'CREATE DATABASE source', @owner);
$node->safe_psql('source', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
		('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
		('acme', 'pay', 'acme', 'team', '{}');
	SELECT integration_config_grant('service', 'acme', 'pay', '{read,reveal}'),
		integration_config_grant('Odd "role', 'acme', 'acme', '{read}'),
		integration_config_grant('old_name', '*', '*', '{admin}'),
		integration_config_grant('16400', 'acme', 'pay', '{write}'),
		integration_config_grant('gone', 'acme', 'acme', '{admin}');
	SELECT integration_config_revoke('Odd "role', 'acme', 'acme'), integration_config_grant('Odd "role', 'acme', 'acme', '{read}');
	SELECT integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'to see');
}, @owner);
# a node of the name that was granted at, and is another one now
$node->safe_psql('source', q{
	SELECT integration_config_grant('service', 'acme', 'acme', '{read}');
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'ops', 'acme', 'team');
	SELECT integration_config_grant('service', 'acme', 'ops', '{write}');
	DELETE FROM node_configurations WHERE node_id = 'ops';
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('acme', 'ops', 'acme', 'team');
}, @owner);
$node->safe_psql('postgres', 'ALTER ROLE old_name RENAME TO new_name; DROP ROLE gone');

my $state = q{
	SELECT role::text, org_id, node_id, incarnation, privileges, granted_by, granted_at FROM integration_config_grants
	 WHERE role IN (SELECT oid FROM pg_roles) ORDER BY role::text COLLATE "C", org_id, node_id;
	SELECT 'history', count(*), md5(string_agg(to_jsonb(h)::text, ',' ORDER BY sequence)) FROM integration_config_grant_history AS h;
	SELECT 'reveals', count(*), md5(string_agg(to_jsonb(r)::text, ',' ORDER BY sequence)) FROM integration_config_reveals AS r;
};
my $expected = $node->safe_psql('source', $state, @owner);
like($expected, qr/^"16400"\|acme\|pay\|1\|\{write\}\|owner.*^new_name\|\*\|\*\|0\|\{admin\}.*^service\|acme\|acme.*^history\|9\|.*^reveals\|1\|/ms, 'there is something to keep');
is($node->safe_psql('source', 'SELECT count(*) FROM integration_config_grants WHERE role NOT IN (SELECT oid FROM pg_roles)', @owner), '1',
	'and one of a role that was dropped');

# tried CLUSTER, DATABASE, ROLE, SQL: what a role is told.
sub tried
{
	my ($cluster, $database, $role, $sql) = @_;
	my ($status, $out, $err) = $cluster->psql($database, $sql, extra_params => [ '-U', $role ]);
	return $status == 0 ? $out : $err =~ /(permission denied|does not exist)/ ? $1 : $err;
}

my $token = q{SELECT integration_config_resolve('acme', 'pay', 'slack') #>> '{config,bot_token}'};
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my %ways = (
	plain => [ [], undef ],
	inserts => [ ['--column-inserts'], undef ],
	custom => [ ['-Fc'], [] ],
	parallel => [ [ '-Fd', '-j', '2' ], [ '-j', '2' ] ]);
for my $way (sort keys %ways)
{
	my ($how, $restore) = @{ $ways{$way} };
	my $database = "from_$way";
	$node->command_ok([ 'pg_dump', '-U', 'owner', '-d', $node->connstr('source'), @$how, '-f', "$dump.$way" ], "$way: dumped");
	$other->safe_psql('postgres', "CREATE DATABASE $database", @owner);
	if ($restore)
	{
		$other->command_ok([ 'pg_restore', '-U', 'owner', '--no-comments', '-e', '-d', $other->connstr($database), @$restore, "$dump.$way" ], "$way: restored");
	}
	else
	{
		$other->command_ok([ 'psql', '-X', '-q', '-U', 'owner', '-v', 'ON_ERROR_STOP=1', '-d', $other->connstr($database), '-f', "$dump.$way" ], "$way: restored");
	}
	is($other->safe_psql($database, $state, @owner), $expected, "$way: grants are bound to the roles of their names");
	is($other->safe_psql($database, 'SELECT count(*) FROM integration_config_grants WHERE role NOT IN (SELECT oid FROM pg_roles)', @owner), '0',
		"$way: to no other");
	is(tried($other, $database, 'service', $token), 'xoxb-1', "$way: the service reads");
	is(tried($other, $database, 'Odd "role', $token), '********', "$way: the other one sees masks");
	is(tried($other, $database, 'service', q{SELECT integration_config_set('acme', 'ops', '{}')}), 'permission denied', "$way: a node made again has none");
	is(tried($other, $database, 'owner', q{SELECT integration_config_revoke('service', 'acme', 'pay') || integration_config_revoke('service', 'acme', 'acme')}), '{}',
		"$way: revoked there");
	is(tried($other, $database, 'service', $token), 'permission denied', "$way: and gone");
}

# Where a role is not there, its grants are not restored, and no one gets them.
$other->safe_psql('postgres', 'CREATE DATABASE without', @owner);
$other->safe_psql('postgres', 'ALTER ROLE service RENAME TO away; CREATE ROLE stranger LOGIN');
my ($status, undef, $err) = $other->psql('without', slurp_file("$dump.inserts"), @owner, on_error_stop => 0);
like($err, qr/role "service" does not exist/, 'a role that is not there: an error');
is($other->safe_psql('without', q{SELECT string_agg(role::text, ' ' ORDER BY role::text COLLATE "C") FROM integration_config_grants}, @owner),
	'"16400" "Odd ""role" new_name', 'the grants of the others are restored');
is(tried($other, 'without', 'away', $token), 'permission denied', 'who has another name has none');

# A prepared transaction revokes when it is committed.
my $service = $node->background_psql('source', extra_params => [ '-U', 'service' ], on_error_stop => 0);
like($service->query($token), qr/xoxb-1/, 'a session reads');
$node->safe_psql('source', q{BEGIN; SELECT integration_config_revoke('service', 'acme', 'pay', '{reveal}'); PREPARE TRANSACTION 'p'}, @owner);
like($service->query($token), qr/xoxb-1/, 'while the revocation is prepared');
$node->safe_psql('source', q{COMMIT PREPARED 'p'}, @owner);
like($service->query($token), qr/\*{8}/, 'and not once it is committed');

# A parallel worker decides as its leader does.
$node->safe_psql('source', q{CREATE TABLE many AS SELECT 'pay'::text AS node_id FROM generate_series(1, 20000); GRANT SELECT ON many TO service; ANALYZE many}, @owner);
my $parallel = q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET debug_parallel_query = on;
	SELECT count(DISTINCT integration_config_resolve('acme', node_id, 'slack') #>> '{config,bot_token}') FROM many};
$parallel =~ s/debug_parallel_query/force_parallel_mode/ if $node->pg_version < 16;
is($node->safe_psql('source', $parallel, extra_params => [ '-U', 'service' ]), '1', 'in a parallel worker');
$parallel =~ s/count.*/count(*) FROM many, LATERAL integration_config_history('acme', node_id, 1) AS h WHERE h.version = 1/;
is($node->safe_psql('source', $parallel, extra_params => [ '-U', 'service' ]), '20000', 'the history, too');

# A standby: grants are read there, and a revocation counts once it is replayed.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('grants_standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->safe_psql('source', q{SELECT integration_config_grant('service', 'acme', 'pay', '{reveal}')}, @owner);
$node->wait_for_catchup($standby);
my $reader = $standby->background_psql('source', extra_params => [ '-U', 'service' ], on_error_stop => 0);
like($reader->query($token), qr/xoxb-1/, 'a standby has the grants');
is(tried($standby, 'source', 'service', q{SELECT count(*) FROM integration_config_status('acme')}) > 0, 1, 'over an organisation, too');
($status, undef, $err) = $standby->psql('source', q{SELECT integration_config_reveal('acme', 'pay', 'slack', 'bot_token', 'why')}, extra_params => [ '-U', 'service' ]);
like($err, qr/cannot execute integration_config_reveal\(\) (in a read-only transaction|during recovery)/, 'nothing is revealed there, where it can not be recorded');
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
like($reader->query($token), qr/xoxb-1/, 'in a transaction');
$node->safe_psql('source', q{SELECT integration_config_revoke('service', 'acme', 'pay', '{reveal}')}, @owner);
$node->wait_for_catchup($standby);
like($reader->query($token), qr/\*{8}/, 'a revocation counts once it is replayed');

$service->quit;
$reader->quit;
$standby->stop;
$other->stop;
$node->stop;
done_testing();
