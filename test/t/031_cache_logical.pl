# A subscriber of logical replication: its sessions see what its apply worker wrote, which fires no statement
# triggers, from the worker's commit on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ask = q{SELECT coalesce(integration_schema_config() #>> '{integrations,race,name}', 'none');};

# A session of its own: a function that sends statements and returns the last line that they print.
sub session
{
	my ($node, $dbname) = @_;
	my ($in, $out) = ('', '');
	my $timer = IPC::Run::timer($ENV{PG_TEST_TIMEOUT_DEFAULT} || 60);
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr($dbname), '-f', '-' ],
		'<', \$in, '>', \$out, $timer);

	return sub {
		my ($sql) = @_;
		return $psql->finish unless defined $sql;
		$timer->start;
		$out = '';
		$in .= "$sql\n\\echo done\n";
		$psql->pump until $out =~ /^done$/m || $timer->is_expired;
		my @lines = split /\n/, $out;
		pop @lines;
		return $lines[-1];
	};
}

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;

for my $kind ('FOR TABLE integration_schemas', 'FOR ALL TABLES')
{
	my $db = $kind =~ /ALL/ ? 'all_tables' : 'one_table';

	for my $node ($publisher, $subscriber)
	{
		$node->safe_psql('postgres', "CREATE DATABASE $db");
		$node->safe_psql($db, 'CREATE EXTENSION integration_schemas');
	}
	$publisher->safe_psql($db, "CREATE PUBLICATION $db $kind");
	# both have the built-in rows, and a version of their own
	$subscriber->safe_psql($db, sprintf(
		"CREATE SUBSCRIPTION %s CONNECTION \$\$%s\$\$ PUBLICATION %s WITH (copy_data = false)",
		$db, $publisher->connstr($db), $db));

	my $reader = session($subscriber, $db);
	my $change = sub {
		my ($sql, $expected, $promise) = @_;

		$reader->($ask);
		$publisher->safe_psql($db, $sql);
		$publisher->wait_for_catchup($db);
		is($reader->($ask), $expected, "$kind: $promise");
		return;
	};

	is($reader->($ask), 'none', "$kind: before");
	$change->("INSERT INTO integration_schemas (id, name, category, description) VALUES ('race', 'v1', 'test', '')",
		'v1', 'INSERT');
	$change->("UPDATE integration_schemas SET name = 'v2' WHERE id = 'race'", 'v2', 'UPDATE');
	$change->("BEGIN; UPDATE integration_schemas SET name = 'v3' WHERE id = 'race'; SAVEPOINT a; UPDATE integration_schemas SET name = 'v4' WHERE id = 'race'; ROLLBACK TO a; COMMIT",
		'v3', 'UPDATE, and another rolled back');
	$change->("UPDATE integration_schemas SET id = 'gone' WHERE id = 'race'", 'none', 'UPDATE of the id');
	$change->("UPDATE integration_schemas SET id = 'race' WHERE id = 'gone'", 'v3', 'and back');

	$reader->("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;");
	$change->("UPDATE integration_schemas SET name = 'v5' WHERE id = 'race'", 'v3', 'REPEATABLE READ keeps its snapshot');
	$reader->("COMMIT; SELECT 1;");
	is($reader->($ask), 'v5', "$kind: and the next transaction sees the change");

	$change->("DELETE FROM integration_schemas WHERE id = 'race'", 'none', 'DELETE');
	$change->("INSERT INTO integration_schemas (id, name, category, description) VALUES ('race', 'v6', 'test', '')",
		'v6', 'INSERT again');

	# of the history the publisher's where it is published, else the subscriber's own
	my $history = q{SELECT id, version, operation, entry FROM integration_schema_history WHERE id IN ('race', 'gone') ORDER BY id, version};
	my $whole = q{SELECT * FROM integration_schema_history WHERE id IN ('race', 'gone') ORDER BY id, version};
	is($subscriber->safe_psql($db, $history), $publisher->safe_psql($db, $history), "$kind: the same history");
	is($subscriber->safe_psql($db, $whole), $publisher->safe_psql($db, $whole), "$kind: to who changed it and when")
	  if $kind =~ /ALL/;

	# the subscriber's own change, between two of the publisher's
	$subscriber->safe_psql($db, "UPDATE integration_schemas SET name = 'own' WHERE id = 'race'");
	is($reader->($ask), 'own', "$kind: the subscriber's own change");
	$change->("UPDATE integration_schemas SET name = 'v7' WHERE id = 'race'", 'v7', 'UPDATE over it');
	$change->("TRUNCATE integration_schemas", 'none', 'TRUNCATE');
	is($reader->("SELECT integration_schema_config();"), '{"integrations": {}}', "$kind: TRUNCATE leaves nothing");

	$reader->(undef);
	$subscriber->safe_psql($db, "DROP SUBSCRIPTION $db");
}

$subscriber->stop;
$publisher->stop;
done_testing();
