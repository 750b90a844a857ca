# A hot standby: its sessions see the primary's changes once they are replayed, each under its own snapshot,
# though nothing there can write.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ask = q{SELECT coalesce(integration_schema_config() #>> '{integrations,race,name}', 'none');};

# A session of its own: a function that sends statements and returns the last line that they print.
sub session
{
	my ($node) = @_;
	my ($in, $out) = ('', '');
	my $timer = IPC::Run::timer($ENV{PG_TEST_TIMEOUT_DEFAULT} || 60);
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-f', '-' ],
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

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\n");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO integration_schemas (id, name, category, description) VALUES ('race', 'v1', 'test', '');
	CREATE TABLE other (n integer);
});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $replay = sub { $primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert')); };
$replay->();
my $reader = session($standby);
my $change = sub {
	my ($sql, $expected, $promise) = @_;

	$reader->($ask);
	$primary->safe_psql('postgres', $sql);
	$replay->();
	is($reader->($ask), $expected, $promise);
	return;
};

is($reader->($ask), 'v1', 'before');
$change->("UPDATE integration_schemas SET name = 'v2' WHERE id = 'race'", 'v2', 'UPDATE');
$change->("BEGIN; UPDATE integration_schemas SET name = 'v3' WHERE id = 'race'; ROLLBACK", 'v2', 'rolled back');

$reader->('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
$change->("UPDATE integration_schemas SET name = 'v3' WHERE id = 'race'", 'v2', 'REPEATABLE READ keeps its snapshot');
$reader->('COMMIT; SELECT 1;');
is($reader->($ask), 'v3', 'and the next transaction sees the change');

$reader->('BEGIN; SELECT 1;');
$change->("UPDATE integration_schemas SET name = 'v4' WHERE id = 'race'", 'v4', 'in one READ COMMITTED transaction');
$reader->('COMMIT; SELECT 1;');

# Two snapshots of one transaction that differ only by a transaction in progress: a younger one had ended before.
my $writer = session($primary);
$writer->("BEGIN; UPDATE integration_schemas SET name = 'v5' WHERE id = 'race'; SELECT 1;");
$primary->safe_psql('postgres', 'INSERT INTO other VALUES (1)');
$replay->();
$reader->('BEGIN; SELECT 1;');
is($reader->($ask), 'v4', 'a transaction in progress');
$writer->('COMMIT; SELECT 1;');
$replay->();
is($reader->($ask), 'v5', 'and ended, with nothing else in between');
$reader->('COMMIT; SELECT 1;');

# more subtransactions than a snapshot lists
$writer->('BEGIN; SELECT 1;');
$writer->("SAVEPOINT s; INSERT INTO other VALUES (2);") for 1 .. 70;
$primary->safe_psql('postgres', 'INSERT INTO other VALUES (3)');
$writer->("UPDATE integration_schemas SET name = 'v6' WHERE id = 'race'; SELECT 1;");
$replay->();
is($reader->($ask), 'v5', 'many subtransactions in progress');
$writer->('COMMIT; SELECT 1;');
$replay->();
is($reader->($ask), 'v6', 'and ended');

$change->(q{BEGIN; ALTER TABLE integration_schemas DISABLE TRIGGER integration_schemas_touch, DISABLE TRIGGER integration_schemas_touch_row;
	UPDATE integration_schemas SET name = 'v7' WHERE id = 'race';
	ALTER TABLE integration_schemas ENABLE ALWAYS TRIGGER integration_schemas_touch, ENABLE ALWAYS TRIGGER integration_schemas_touch_row; COMMIT},
	'v7', 'a change without its triggers');
$change->(q{ALTER TABLE integration_schemas ALTER COLUMN name TYPE text USING CASE WHEN id = 'race' THEN 'v8' ELSE name END},
	'v8', 'a rewrite');
$change->('TRUNCATE integration_schemas', 'none', 'TRUNCATE');
$change->("DROP EXTENSION integration_schemas; CREATE EXTENSION integration_schemas;
	INSERT INTO integration_schemas (id, name, category, description) VALUES ('race', 'v9', 'test', '')",
	'v9', 'DROP and CREATE EXTENSION');

# promoted, the same session goes on
$standby->promote;
$standby->safe_psql('postgres', "UPDATE integration_schemas SET name = 'promoted' WHERE id = 'race'");
is($reader->($ask), 'promoted', 'after promotion: a change of its own');

$_->(undef) for $reader, $writer;
$standby->stop;
$primary->stop;
done_testing();
