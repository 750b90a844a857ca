# What tools/demo shows is what test/demo/demo.out has.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'run from the top of the source tree' unless -d 'test/demo';

my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE demo TEMPLATE template0 ENCODING UTF8');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGCLIENTENCODING} = 'UTF8';
my $output = `cd test/demo && psql -X -U "\$(whoami)" -d demo <demo.sql 2>&1`;
is($?, 0, 'the demo runs to its end');
# who made the nodes is the one who runs this
$output =~ s/^(       1 │ )(\S+) *│/sprintf '%s%-20s │', $1, 'postgres'/me;
is($output, slurp_file('test/demo/demo.out'), 'and shows what test/demo/demo.out has');

$node->stop;
done_testing();
