# Writers, movers, those who add and delete, and readers side by side on one
# organisation: nothing is lost, history has no gaps, the tree stays a tree, and
# every read is right for its snapshot.
#
# Seconds a round: STORE_LOAD_SECONDS (4).
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{STORE_LOAD_SECONDS} || 4;

my $node = PostgreSQL::Test::Cluster->new('store_load');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nmax_connections = 30\ndeadlock_timeout = '100ms'\n");
$node->start;

$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION integration_schemas;
	ALTER SYSTEM SET integration_schemas.max_depth = 8;
	SELECT pg_reload_conf();
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
	SELECT 'load', n::text, CASE WHEN n > 1 THEN (n / 3 + 1)::text END,
		   CASE WHEN n = 1 THEN 'org' ELSE 'unit' END,
		   '{"counter": 0, "integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'
	  FROM generate_series(1, 40) AS n;
	CREATE TABLE written (node_id text);
	CREATE TABLE outcome (what text, state text);

	-- read, add one, write back, if nobody else was quicker
	CREATE FUNCTION add_one(node text) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		seen record;
	BEGIN
		SELECT version, config_json INTO seen FROM node_configurations
		 WHERE org_id = 'load' AND node_id = node;
		PERFORM integration_config_set('load', node,
			jsonb_build_object('counter', (seen.config_json ->> 'counter')::integer + 1), seen.version,
			'one more', 'writer');
		INSERT INTO written VALUES (node);
	END $$;

	-- what the tree's rules refuse is an outcome like another
	CREATE FUNCTION try(what text, statement text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE statement;
	EXCEPTION WHEN check_violation OR foreign_key_violation OR unique_violation THEN
		INSERT INTO outcome VALUES (what, SQLSTATE);
	END $$;

	-- the answer against one put together by hand, in one snapshot
	CREATE VIEW by_hand AS
	WITH RECURSIVE up AS (
		SELECT node_id, parent_id, ARRAY[config_json] AS layers FROM node_configurations WHERE org_id = 'load'
		UNION ALL
		SELECT u.node_id, n.parent_id, n.config_json || u.layers
		  FROM up AS u JOIN node_configurations AS n ON n.org_id = 'load' AND n.node_id = u.parent_id
	)
	SELECT node_id, integration_schema_config(VARIADIC layers) AS config FROM up WHERE parent_id IS NULL;
	-- A function's queries each have a snapshot of their own in READ COMMITTED;
	-- one query has one.
	CREATE FUNCTION wrong(node text) RETURNS bigint LANGUAGE sql STABLE AS $$
		SELECT count(*) FROM by_hand AS h WHERE h.node_id = node
		   AND h.config IS DISTINCT FROM integration_config_effective('load', node)
	$$;
});

my $dir = PostgreSQL::Test::Utils::tempdir();

sub script
{
	my ($name, $text) = @_;
	append_to_file("$dir/$name", $text);
	return "$dir/$name";
}

my %weight = (
	script('write', "\\set n random(1, 40)\nSELECT add_one(:n::text);\n") => 6,
	script('move', q{\set n random(2, 40)
\set p random(1, 40)
SELECT try('move', format('UPDATE node_configurations SET parent_id = %L WHERE org_id = ''load'' AND node_id = %L', :p, :n));
}) => 3,
	script('add', q{\set n random(100, 120)
\set p random(1, 40)
SELECT try('add', format('INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES (''load'', %L, %L, ''team'')', :n, :p));
}) => 2,
	script('delete', q{\set n random(100, 120)
SELECT try('delete', format('DELETE FROM node_configurations WHERE org_id = ''load'' AND node_id = %L', :n));
}) => 2,
	script('read', q{\set n random(1, 40)
SELECT 1 / (1 - wrong(:n::text));
}) => 6,
	script('read_all', q{SELECT 1 / (SELECT count(*) FROM integration_config_effective_all('load') WHERE node_id = '1');
}) => 1);

for my $isolation ('read committed', 'repeatable read')
{
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=" . ($isolation =~ s/ /\\ /r);
	my @scripts = map { ('-f', "$_\@$weight{$_}") } sort keys %weight;
	my ($out, $err) = run_command(
		[ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 8, '-j', 2, '-T', $seconds,
			'--max-tries=1000', '--verbose-errors', @scripts, 'postgres' ]);
	my ($done) = $out =~ /number of transactions actually processed: (\d+)/;
	my ($failed) = $out =~ /number of failed transactions: (\d+)/;
	ok($done, "$isolation: there was a load") or diag "$out\n$err";
	is($failed, 0, "$isolation: no transaction failed that a retry does not resolve");
	unlike($err, qr/aborted|division by zero/, "$isolation: every read was right, no client gave up")
	  or diag join("\n", (split /\n/, $err)[0 .. 20]);
	note "$isolation: $done transactions";
}

is($node->safe_psql('postgres', q{
	SELECT (SELECT sum((config_json ->> 'counter')::integer) FROM node_configurations WHERE node_id::integer <= 40)
		 = (SELECT count(*) FROM written)}), 't', 'no update is lost');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (SELECT node_id FROM node_configuration_history GROUP BY node_id
		HAVING min(version) <> 1 OR max(version) <> count(*)) AS gaps}), '0', 'history has no gaps');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM node_configurations AS n LEFT JOIN node_configuration_history AS h USING (org_id, node_id, version)
	 WHERE (n.parent_id, n.node_type, n.config_json, n.updated_at, n.updated_by)
		   IS DISTINCT FROM (h.parent_id, h.node_type, h.config_json, h.changed_at, h.author)}), '0',
	'each node is what its latest version says');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (SELECT DISTINCT ON (node_id) node_id, operation FROM node_configuration_history
		 ORDER BY node_id, version DESC) AS last
	  LEFT JOIN node_configurations AS n ON n.node_id = last.node_id
	 WHERE (last.operation = 'delete') <> (n.node_id IS NULL)}), '0', 'and those that are not there were deleted');
is($node->safe_psql('postgres', q{
	WITH RECURSIVE down AS (
		SELECT node_id, 1 AS level FROM node_configurations WHERE parent_id IS NULL
		UNION ALL
		SELECT n.node_id, d.level + 1 FROM down AS d JOIN node_configurations AS n ON n.parent_id = d.node_id
	)
	SELECT count(*) = (SELECT count(*) FROM node_configurations), max(level) <= 8 FROM down}), 't|t',
	'the tree is one tree, and not too deep');
my $outcomes = $node->safe_psql('postgres', 'SELECT what, state, count(*) FROM outcome GROUP BY 1, 2 ORDER BY 1, 2');
like($outcomes, qr/^move\|23514\|/m, 'some moves were refused');
note $outcomes;
note $node->safe_psql('postgres', 'SELECT operation, count(*) FROM node_configuration_history GROUP BY 1');

$node->stop;
done_testing();
