# The tree and its history through every way of dump and restore, through an
# extension update, and the rights of those who are not the owner.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my $share = `$pg_config --sharedir`;
chomp $share;

my $node = PostgreSQL::Test::Cluster->new('store_dump');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\n");
$node->start;

# A database whose owner is no superuser and may create a trusted extension.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN CREATEDB; CREATE ROLE reader LOGIN');
my @owner = (extra_params => [ '-U', 'owner' ]);
$node->safe_psql('postgres', 'CREATE DATABASE source', @owner);
$node->safe_psql(
	'source', q{
	CREATE EXTENSION integration_schemas;
	-- children before parents, moves, a deletion, a new node of the same name
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
		('acme', 'sre', 'eng', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}'),
		('acme', 'eng', 'acme', 'unit', '{}'),
		('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
		('*', '*', NULL, 'platform', '{"platform": true}');
	SET integration_schemas.author = 'ada';
	SET integration_schemas.reason = 'because';
	UPDATE node_configurations SET parent_id = 'acme' WHERE node_id = 'sre';
	DELETE FROM node_configurations WHERE node_id = 'eng';
	RESET integration_schemas.reason;
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, created_at)
	VALUES ('acme', 'eng', 'sre', 'unit', '2020-02-02');
	SELECT integration_config_set('acme', 'acme', '{"n": 1}');
	-- an organisation that has another root now, and one that is gone
	INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('globex', 'old', 'org');
	DELETE FROM node_configurations WHERE org_id = 'globex';
	INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('globex', 'new', 'org');
	INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('initech', 'initech', 'org');
	DELETE FROM node_configurations WHERE org_id = 'initech';
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
	SELECT 'big', i::text, CASE WHEN i > 1 THEN (i / 3 + 1)::text END,
		   CASE WHEN i > 1 THEN 'unit' ELSE 'org' END, jsonb_build_object('i', i)
	FROM generate_series(2000, 1, -1) AS i;
	-- a document that its catalogue does not allow any more
	INSERT INTO integration_schemas (id, name, category, description) VALUES ('gone', 'Gone', 'x', '');
	SELECT integration_config_set('acme', 'sre', '{"integrations": {"gone": {"enabled": false}}}');
	DELETE FROM integration_schemas WHERE id = 'gone';
	GRANT SELECT ON node_configurations TO reader;
}, @owner);

# What must be the same: counts and digests, so that a failure is short to read.
my $state = q{
	SELECT 'nodes', count(*), md5(string_agg(to_jsonb(n)::text, ',' ORDER BY org_id COLLATE "C", node_id COLLATE "C"))
	  FROM node_configurations AS n;
	SELECT 'history', count(*), md5(string_agg((to_jsonb(h) - 'transaction')::text, ',' ORDER BY org_id COLLATE "C", node_id COLLATE "C", version))
	  FROM node_configuration_history AS h;
	SELECT 'roots', string_agg(org_id || '/' || node_id || ' ' || version, ', ' ORDER BY org_id COLLATE "C")
	  FROM node_configurations WHERE parent_id IS NULL;
	SELECT 'effective', md5(integration_config_effective('acme', 'eng')::text);
	SELECT 'owner', relowner::regrole FROM pg_class WHERE relname = 'node_configurations';
	SELECT 'rights', has_table_privilege('reader', 'node_configurations', 'SELECT'),
		   has_table_privilege('reader', 'node_configuration_history', 'SELECT');
};
my $expected = $node->safe_psql('source', $state, @owner);
like($expected, qr/^nodes\|2005\|.*^history\|20\d\d\|/ms, 'there is something to keep');

# restored NAME, DATABASE: the database has the same, and goes on from there.
sub restored
{
	my ($name, $database) = @_;
	is($node->safe_psql($database, $state, @owner), $expected, "$name: tree and history are the same");
	is( $node->safe_psql(
			$database, q{SELECT integration_config_set('acme', 'acme', '{"n": 2}'),
			(SELECT version FROM node_configuration_history WHERE node_id = 'acme' ORDER BY version DESC LIMIT 1)},
			@owner),
		'3|2', "$name: versions go on");
	my ($status, $out, $err) = $node->psql($database, "DELETE FROM node_configurations WHERE node_id = 'sre'", @owner);
	like($err, qr/node "sre" of organisation "acme" has nodes below it/, "$name: the tree's rules are in force");
	return;
}

my $dir = PostgreSQL::Test::Utils::tempdir();

sub fresh
{
	my $database = shift;
	$node->safe_psql('postgres', "CREATE DATABASE $database", @owner);
	return $database;
}

$node->command_ok([ 'pg_dump', '-U', 'owner', '-f', "$dir/plain.sql", 'source' ], 'pg_dump');
unlike(slurp_file("$dir/plain.sql"), qr/circular/, 'without a complaint');
fresh('plain');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', "$dir/plain.sql", 'plain' ],
	'the owner restores a plain dump');
restored('plain', 'plain');

$node->command_ok([ 'pg_dump', '-U', 'owner', '--inserts', '-f', "$dir/inserts.sql", 'source' ], 'pg_dump --inserts');
fresh('inserts');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', "$dir/inserts.sql", 'inserts' ],
	'a statement a row');
restored('inserts', 'inserts');

for my $format (qw(custom directory))
{
	my @jobs = $format eq 'directory' ? ('-j', 2) : ();
	$node->command_ok([ 'pg_dump', '-U', 'owner', '-F', $format, @jobs, '-f', "$dir/$format", 'source' ],
		"pg_dump -F $format @jobs");
	fresh($format);
	$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '-j', 2, '-d', $format, "$dir/$format" ],
		"pg_restore -j 2 of $format");
	restored("pg_restore -j of $format", $format);
}

# In two halves, and by a superuser with the triggers off.
fresh('halves');
$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '-s', '-d', 'halves', "$dir/custom" ], 'schema alone');
$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '-a', '-d', 'halves', "$dir/custom" ], 'data alone');
restored('halves', 'halves');

fresh('disabled');
$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '-s', '-d', 'disabled', "$dir/custom" ], 'schema alone');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-a', '--disable-triggers', '-d', 'disabled', "$dir/custom" ],
	'data without triggers');
restored('with triggers disabled', 'disabled');

# Of one table alone: the nodes as they are, with versions that begin anew.
$node->command_ok([ 'pg_dump', '-U', 'owner', '-a', '-t', 'node_configurations', '-f', "$dir/nodes.sql", 'source' ],
	'pg_dump -t node_configurations');
fresh('nodes');
$node->safe_psql('nodes', 'CREATE EXTENSION integration_schemas', @owner);
$node->safe_psql('nodes', q{INSERT INTO integration_schemas (id, name, category, description) VALUES ('gone', 'Gone', 'x', '')}, @owner);
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-f', "$dir/nodes.sql", 'nodes' ],
	'and its restore');
my $nodes = q{SELECT count(*), md5(string_agg(concat_ws('|', org_id, node_id, parent_id, node_type, config_json), ','
	ORDER BY org_id COLLATE "C", node_id COLLATE "C")) FROM node_configurations};
is($node->safe_psql('nodes', $nodes, @owner), $node->safe_psql('source', $nodes, @owner), 'has every node');

# A restore that would leave a node without its parent fails and says which.
$node->command_ok([ 'pg_dump', '-U', 'owner', '-f', "$dir/whole.sql", 'source' ], 'pg_dump once more');
my $broken = slurp_file("$dir/whole.sql");
ok($broken =~ s/^acme\tacme\t\\N\torg\t\\N\t\{[^\n]*\n//m, 'a dump that lost the root');
open(my $file, '>', "$dir/broken.sql") or die $!;
print $file $broken;
close $file;
fresh('broken');
my ($broken_out, $broken_err) = ('', '');
my $broken_ok = IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-U', 'owner',
	'-f', "$dir/broken.sql", 'broken' ], '>', \$broken_out, '2>', \$broken_err);
ok(!$broken_ok, 'does not restore');
like($broken_err, qr/parent "acme" of node "[a-z]+" of organisation "acme" does not exist/, 'and says who is missing');

# What a dump can't carry is said when it is made: in the server's log, and by -v.
$node->safe_psql('postgres', 'CREATE DATABASE additions', @owner);
$node->safe_psql('additions', q{CREATE EXTENSION integration_schemas;
	INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('a', 'a', 'org');
	ALTER TABLE node_configurations ADD COLUMN cost_centre text;
	CREATE INDEX by_name ON node_configurations (name)}, @owner);
my ($additions_out, $additions_err) = ('', '');
IPC::Run::run([ 'pg_dump', '-v', '-h', $node->host, '-p', $node->port, '-U', 'owner', '-f', "$dir/additions.sql", 'additions' ],
	'>', \$additions_out, '2>', \$additions_err);
like($additions_err, qr/definition of column "cost_centre" of table "node_configurations" is not in a dump/, 'a column of the owner\'s');
like($additions_err, qr/definition of index "by_name" of table "node_configurations" is not in a dump/, 'and an index');

# In a schema of its own, as a superuser
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', q{CREATE SCHEMA "My Schema"; CREATE EXTENSION integration_schemas SCHEMA "My Schema";
	SET search_path = "My Schema";
	INSERT INTO node_configurations (org_id, node_id, node_type) VALUES ('acme', 'acme', 'org');
	SELECT integration_config_set('acme', 'acme', '{"x": 1}');});
$node->command_ok([ 'pg_dump', '-F', 'custom', '-f', "$dir/elsewhere", 'elsewhere' ], 'pg_dump of another schema');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere2');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', 'elsewhere2', "$dir/elsewhere" ], 'and its restore');
is($node->safe_psql('elsewhere2', q{SELECT version, config_json FROM "My Schema".node_configurations}), '2|{"x": 1}',
	'has the tree');

# An update of the extension: a version of this test's making.
my $folder = "$share/extension";
SKIP:
{
	skip "$folder is not writable", 2 unless -w $folder;
	my $update = "$folder/integration_schemas--1.0.0--9.9.9.sql";
	append_to_file($update, "SELECT 1;\n");
	my ($status, $out, $err) = $node->psql('source', q{ALTER EXTENSION integration_schemas UPDATE TO '9.9.9'}, @owner);
	unlink $update;
	is($status, 0, 'the extension is updated') or diag $err;
	is($node->safe_psql('source', $state, @owner), $expected, 'tree and history are untouched');
}

# A document's writer does not alter history, nor does the tables' owner.
$node->safe_psql('source', 'CREATE ROLE writer LOGIN', );
$node->safe_psql('source', 'GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations TO writer', @owner);
for my $statement (
	'INSERT INTO node_configuration_history SELECT * FROM node_configuration_history',
	q{UPDATE node_configuration_history SET author = 'x'},
	'DELETE FROM node_configuration_history',
	'TRUNCATE node_configuration_history',
	'ALTER TABLE node_configuration_history DISABLE TRIGGER ALL',
	q{SET session_replication_role = replica})
{
	my ($status, $out, $err) = $node->psql('source', $statement, extra_params => [ '-U', 'writer' ]);
	like($err, qr/permission denied|must be owner/, "a writer: $statement");
}
for my $statement (q{UPDATE node_configuration_history SET author = 'x'}, 'DELETE FROM node_configuration_history',
	'TRUNCATE node_configuration_history CASCADE')
{
	my ($status, $out, $err) = $node->psql('source', $statement, @owner);
	like($err, qr/history of node configurations cannot be changed/, "the owner: $statement");
}
# what writes as the owner is not for others to use
my ($status, $out, $err) = $node->psql('source', q{CREATE TEMPORARY TABLE t (org_id text);
	CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.node_before()},
	extra_params => [ '-U', 'writer' ]);
like($err, qr/permission denied/, 'a trigger that writes as the owner');

# Two-phase commit, which forbids NOTIFY
my $change = q{SELECT integration_config_set('acme', 'acme', '{"two": "phases"}')};
($status, $out, $err) = $node->psql('source', "SET integration_schemas.notify = on; BEGIN; $change; PREPARE TRANSACTION 'noisy'");
like($err, qr/cannot PREPARE a transaction that has executed/, 'an announcement cannot be prepared');
$node->safe_psql('source', "BEGIN; $change; PREPARE TRANSACTION 'quiet'");
$node->safe_psql('source', "COMMIT PREPARED 'quiet'");
is($node->safe_psql('source', q{SELECT config_json ->> 'two' FROM node_configurations WHERE node_id = 'acme'}), 'phases',
	'without one, a change can');

# Reading on a hot standby
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('store_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $read = q{
	SELECT md5(integration_config_effective('acme', 'eng')::text), integration_config_resolve('acme', 'eng', 'slack');
	SELECT count(*) FROM integration_config_explain('acme', 'eng');
	SELECT count(*) FROM integration_config_status('acme');
	SELECT count(*) FROM integration_config_effective_all('big');
	SELECT count(*) FROM integration_config_history('acme', 'eng');
};
is($standby->safe_psql('source', $read), $node->safe_psql('source', $read), 'every reading function on a hot standby');
$standby->stop;

$node->stop;
done_testing();
