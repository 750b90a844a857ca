# Our validation against an independent JSON Schema validator, with the schemas
# that we export, and what is imported against what is inserted, and against
# Python's patterns: the programs in test/json_schema do it, and say what they
# promise.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# the Python that Debian's python3-jsonschema belongs to
my $python = $ENV{PYTHON} || '/usr/bin/python3';
my $has_validator = "$python -c 'from jsonschema import Draft202012Validator'";

plan skip_all => 'python3-jsonschema, 4.0 or later, is not installed'
  if system("$has_validator >/dev/null 2>&1") != 0;

my $node = PostgreSQL::Test::Cluster->new('json_schema');
# lengths are in characters, and \w is ASCII, as the standard has both
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION integration_schemas');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
local $ENV{PATH} = $node->config_data('--bindir') . ":$ENV{PATH}";

foreach my $program ('agrees.py', 'imports.py')
{
	my @command = ($python, "$FindBin::Bin/../json_schema/$program",
		grep { defined } $ENV{JSON_SCHEMA_SEED});
	my $output = '';
	my $ran = IPC::Run::run(\@command, '>&', \$output);

	foreach my $line (split /\n/, $output)
	{
		if ($line =~ /^(ok|not ok) (.*)/)
		{
			ok($1 eq 'ok', $2);
		}
		else
		{
			$line =~ s/^# //;
			# what explains a failure; otherwise just how much there was
			$ran ? note($line) : diag($line);
		}
	}
	ok($ran, "$program ran to its end");
}

$node->stop;
done_testing();
