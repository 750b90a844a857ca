# A change of the catalogue in a prepared transaction: not seen before COMMIT PREPARED, by the session that
# prepared it neither, and by every session from then on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('prepared');
$node->init;
# NOTIFY does not go with PREPARE TRANSACTION
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nintegration_schemas.notify = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO integration_schemas (id, name, category, description) VALUES ('race', 'v1', 'test', '');
});

my $ask = q{SELECT coalesce(integration_schema_config() #>> '{integrations,race,name}', 'none');};
my $preparer = session($node);
my $reader = session($node);

is($preparer->($ask), 'v1', 'before');
is($reader->($ask), 'v1', 'before, the other session');

$preparer->(q{BEGIN; UPDATE integration_schemas SET name = 'v2' WHERE id = 'race'; PREPARE TRANSACTION 'a'; SELECT 1;});
is($preparer->($ask), 'v1', 'prepared: the session that did it is back to what was');
is($reader->($ask), 'v1', 'prepared: nobody sees it');
$reader->(q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;});
$preparer->(q{COMMIT PREPARED 'a'; SELECT 1;});
is($preparer->($ask), 'v2', 'committed: the session that prepared it');
is($reader->($ask), 'v1', 'committed: not in a snapshot from before');
$reader->(q{COMMIT; SELECT 1;});
is($reader->($ask), 'v2', 'committed: and after that snapshot');

$preparer->(q{BEGIN; UPDATE integration_schemas SET name = 'v3' WHERE id = 'race'; SELECT 1;});
is($preparer->($ask), 'v3', 'to be prepared: its own change');
# its very next transaction changes the catalogue too, and must move the version again
$preparer->(q{PREPARE TRANSACTION 'b';});
is($reader->($ask), 'v2', 'prepared: nobody sees it');
$reader->(q{ROLLBACK PREPARED 'b'; SELECT 1;});
$preparer->(q{UPDATE integration_schemas SET name = 'v4' WHERE id = 'race';});
is($reader->($ask), 'v4', 'rolled back, and changed by a plain transaction: the other session');
is($preparer->($ask), 'v4', 'and the one that did it');

$_->(undef) for $preparer, $reader;
$node->stop;
done_testing();

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
