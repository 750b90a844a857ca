# The README's and the reference's examples print what they say.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @documents = ('README.md', sort glob 'doc/*.md');
plan skip_all => 'run from the top of the source tree' unless -e $documents[0];

my $node = PostgreSQL::Test::Cluster->new('reference');
$node->init;
$node->start;

for my $document (@documents)
{
	my ($database) = lc($document) =~ m{([a-z_]+)\.md$};
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	# a page that installs the extension shows how
	$node->safe_psql($database, 'CREATE EXTENSION integration_schemas')
	  unless slurp_file($document) =~ /^CREATE EXTENSION integration_schemas/m;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = $database;
	my $output = `tools/reference $document 2>&1`;
	is($?, 0, "the examples of $document are real") or diag $output;
}

$node->stop;
done_testing();
