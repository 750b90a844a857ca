# The catalogue's four kinds of rows (untouched, edited, deleted, added) through
# dump and restore, through an extension update, and on a hot standby.
#
# The update is to a version 1.0.1 that this test makes for itself and installs
# beside the real one: the built-in rows, with one text changed, one row new and
# one gone, and some of these changes aimed at rows that a person had touched.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my $share = `$pg_config --sharedir`;
chomp $share;
my $folder = "$share/extension";
my $control = "$folder/integration_schemas.control";

plan skip_all => "$folder is not writable, and the test needs to install a version there"
  unless -w $folder && -w $control;

#
# The throwaway version
#

my $original_control = slurp_file($control);
my ($version) = $original_control =~ /^default_version = '([^']+)'/m;
my $next = '1.0.1';
my @made = ("$folder/integration_schemas--$version--$next.sql",
	"$folder/integration_schemas--$next.sql");

sub spew
{
	my ($path, $text) = @_;
	open(my $fh, '>', $path) or die "could not write $path: $!";
	print $fh $text;
	close($fh) or die "could not write $path: $!";
	return;
}

# default_version VERSION: what a plain CREATE EXTENSION installs from now on.
sub default_version
{
	my ($wanted) = @_;
	my $text = $original_control;
	$text =~ s/^default_version = .*/default_version = '$wanted'/m;
	spew($control, $text);
	return;
}

# Others use this installation after us.
END
{
	my $status = $?;
	if (defined $original_control)
	{
		spew($control, $original_control);
		unlink @made;
	}
	$? = $status;
}

sub make_next_version
{
	my $part = slurp_file("$FindBin::Bin/../../sql/20_builtin.sql");
	my ($json) = $part =~ /\$builtin\$(.*)\$builtin\$/s
	  or die 'the built-in rows are not where this test looks for them';
	my $rows = decode_json($json);
	my %row = map { $_->{id} => $_ } @$rows;
	my $copy = sub { return { %{ $row{openai} }, required => JSON::PP::false, @_ } };

	# nobody touches coralogix; slack gets edited, bigquery deleted
	$row{$_}{description} = "Described anew by $next." for qw(coralogix slack bigquery);
	# nobody touches sentry; pagerduty gets edited
	@$rows = grep { $_->{id} !~ /^(sentry|pagerduty)$/ } @$rows;
	# nobody has linear; somebody added acme_pager before us
	push @$rows,
	  $copy->(id => 'linear', name => 'Linear'),
	  $copy->(id => 'acme_pager', name => 'Not theirs');

	my $new_json = JSON::PP->new->ascii->canonical->encode($rows);
	(my $new_part = $part) =~ s/\$builtin\$.*\$builtin\$/\$builtin\$$new_json\$builtin\$/s;

	my $script = slurp_file("$folder/integration_schemas--$version.sql");
	my $at = index($script, $part);
	die 'the install script does not hold sql/20_builtin.sql as it is' if $at < 0;
	substr($script, $at, length($part)) = $new_part;

	spew($made[0], $new_part);
	spew($made[1], $script);
	return;
}

#
# What a person does to the catalogue, and what is there afterwards
#

my $customise = q{
	UPDATE integration_schemas SET description = 'Ours: ask #it for a token.' WHERE id = 'slack';
	UPDATE integration_schemas
	   SET fields = fields || '[{"name": "cost_centre", "x-owner": "finance"}]',
	       updated_at = '2001-02-03' -- not ours to set
	 WHERE id = 'pagerduty';
	DELETE FROM integration_schemas WHERE id = 'bigquery';
	-- deleted after an edit, and deleted for one of their own
	UPDATE integration_schemas SET featured = true WHERE id = 'gitlab';
	DELETE FROM integration_schemas WHERE id = 'gitlab';
	DELETE FROM integration_schemas WHERE id = 'notion';
	INSERT INTO integration_schemas (id, name, category, description, fields)
	VALUES ('notion', 'Our Notion', 'wiki', 'Hosted here', '[{"name": "url"}]'),
	       ('acme_pager', 'Acme Pager', 'communication', 'Built in-house',
	        '[{"name": "token", "type": "secret", "required": true}]'),
	       ('short_lived', 'Short-lived', 'communication', 'Gone again', '[]');
	DELETE FROM integration_schemas WHERE id = 'short_lived';
};

my $layers = q{
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}, "locked": ["bot_token"]},
	                   "acme_pager": {"config": {"token": "t"}},
	                   "notion": {"config": {"url": "https://notion.example"}}}}'::jsonb,
	'{"integrations": {"slack": {"config": {"bot_token": "xoxb-2", "default_channel": "#a"}},
	                   "bigquery": {"config": {"project_id": "p"}}}}'::jsonb
};

# A place to ask is a hash: its node, its db, and where they are not the usual
# ones its role and the (quoted) schema of the extension.
sub as_role
{
	my ($at) = @_;
	return $at->{role} ? ('-U', $at->{role}) : ();
}

sub ask
{
	my ($at, $query) = @_;
	my $path = $at->{schema} ? "SET search_path = $at->{schema};" : '';
	return $at->{node}->safe_psql($at->{db}, "$path $query",
		extra_params => [ as_role($at) ]);
}

# catalogue AT: the rows, the deletions and the answers, as text. The times of a
# row are its own where a person made it; a built-in one's are its install's.
sub catalogue
{
	my ($at) = @_;
	return ask(
		$at, qq{
		SELECT id, name, category, description, docs_url, icon_url, display_order,
		       featured, required, locked, fields, origin,
		       CASE WHEN origin <> 'builtin' THEN (created_at, updated_at) END
		  FROM integration_schemas ORDER BY id;
		SELECT id FROM integration_schema_removed ORDER BY id;
		SELECT integration_schema_config($layers);
		SELECT integration_schema_values($layers);
		SELECT integration_schema_resolve('slack', $layers);
		SELECT integration_schema_categories();
	});
}

# same_catalogue GOT, EXPECTED, NAME: as is(), but the texts are long, and what
# is worth showing of them is where they differ.
sub same_catalogue
{
	my ($got, $expected, $name) = @_;
	my @got = split /\n/, $got;
	my @expected = split /\n/, $expected;

	return if ok($got eq $expected, $name);
	for my $i (0 .. ($#got > $#expected ? $#got : $#expected))
	{
		my ($g, $e) = ($got[$i] // '(nothing)', $expected[$i] // '(nothing)');
		next if $g eq $e;
		my $same = length(($g ^ $e) =~ s/[^\0].*//sr);
		my $from = $same > 60 ? $same - 60 : 0;
		diag("line $i from character $from, got:\n  " . substr($g, $from, 200));
		diag("expected:\n  " . substr($e, $from, 200));
		last;
	}
	return;
}

# every version of every row of the catalogue
sub history
{
	my ($at) = @_;
	return ask($at, 'SELECT * FROM integration_schema_history ORDER BY id, version');
}

sub new_database
{
	my ($at, %changes) = @_;
	my $new = { %$at, %changes };
	my $owner = $new->{role} ? "OWNER $new->{role}" : '';
	$new->{node}->safe_psql('postgres', qq{CREATE DATABASE "$new->{db}" $owner});
	return $new;
}

sub install
{
	my ($at) = @_;
	my $in = $at->{schema} ? "SCHEMA $at->{schema}" : '';

	ask($at, "CREATE $in") if $in;
	ask($at, "CREATE EXTENSION integration_schemas $in");
	return;
}

# run_ok AT, NAME, PROGRAM, ARGUMENTS...: a client program succeeds.
sub run_ok
{
	my ($at, $name, $program, @arguments) = @_;
	return $at->{node}->command_ok([ $program, as_role($at), @arguments ], $name);
}

# dump_and_restore AT, WHOSE, SUFFIX: each way of dumping brings the same
# catalogue to a fresh database.
sub dump_and_restore
{
	my ($at, $whose, $suffix) = @_;
	my $expected = catalogue($at);
	my $history = history($at);
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $to;

	run_ok($at, "$whose: pg_dump", 'pg_dump', '-f', "$dir/plain.sql", $at->{db});
	$to = new_database($at, db => "$at->{db}_plain$suffix");
	run_ok($to, "$whose: psql restores it",
		'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", $to->{db});
	same_catalogue(catalogue($to), $expected, "$whose: the same catalogue after pg_dump and psql");
	is(history($to), $history, "$whose: and its whole history");

	run_ok($to, "$whose: pg_dump of the restored database",
		'pg_dump', '-f', "$dir/again.sql", $to->{db});
	# \restrict's key is another in each dump
	my ($first, $second) = map { s/^\\(un)?restrict .*\n//mgr }
	  map { slurp_file("$dir/$_.sql") } qw(plain again);
	same_catalogue($second, $first, "$whose: a dump of the restored database is the same dump");

	run_ok($at, "$whose: pg_dump -Fc", 'pg_dump', '-Fc', '-f', "$dir/custom.dump", $at->{db});
	$to = new_database($at, db => "$at->{db}_custom$suffix");
	run_ok($to, "$whose: pg_restore -j2",
		'pg_restore', '-j2', '--exit-on-error', '-d', $to->{db}, "$dir/custom.dump");
	same_catalogue(catalogue($to), $expected, "$whose: the same catalogue after pg_restore -j2");
	is(history($to), $history, "$whose: and its whole history, after pg_restore -j2");

	$to = new_database($at, db => "$at->{db}_off$suffix");
	install($to);
	$to->{node}->command_fails_like(
		[ 'pg_restore', as_role($to), '--data-only', '--disable-triggers', '--single-transaction', '-d', $to->{db}, "$dir/custom.dump" ],
		qr/duplicate key value violates unique constraint/,
		"$whose: with triggers off nothing is restored by halves")
	  unless $at->{role};		# only a superuser may ask for it

	# pg_restore -j may load the tables in any order
	my @list = split /^/, `pg_restore -l $dir/custom.dump`;
	my @data = grep { / TABLE DATA / } @list;
	spew("$dir/list", join '', (grep { !/ TABLE DATA / } @list), reverse @data);
	$to = new_database($at, db => "$at->{db}_backwards$suffix");
	run_ok($to, "$whose: pg_restore, the history last",
		'pg_restore', '--exit-on-error', '-L', "$dir/list", '-d', $to->{db}, "$dir/custom.dump");
	same_catalogue(catalogue($to), $expected, "$whose: the same catalogue, the history last");
	is(history($to), $history, "$whose: and its whole history, which came last");

	run_ok($at, "$whose: pg_dump --data-only --inserts",
		'pg_dump', '--data-only', '--inserts', '-f', "$dir/data.sql", $at->{db});
	$to = new_database($at, db => "$at->{db}_data$suffix");
	install($to);
	run_ok($to, "$whose: psql restores the data alone",
		'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/data.sql", $to->{db});
	same_catalogue(catalogue($to), $expected, "$whose: the same catalogue from the data alone");
	is(history($to), $history, "$whose: and its whole history, from the data alone");
	return;
}

# update AT, WHOSE: to the next version, in place and by way of a dump.
sub update
{
	my ($at, $whose) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $untouched = q{SELECT id, updated_at FROM integration_schemas
		WHERE origin = 'builtin' AND id NOT IN ('coralogix', 'sentry', 'linear') ORDER BY id};
	my $touched = q{SELECT * FROM integration_schemas WHERE origin <> 'builtin' ORDER BY id};
	my %before = (untouched => ask($at, $untouched), touched => ask($at, $touched));
	my $value = sub { my ($column, $id) = @_;
		return ask($at, "SELECT $column FROM integration_schemas WHERE id = '$id'") };

	run_ok($at, "$whose: pg_dump of $version", 'pg_dump', '-f', "$dir/old.sql", $at->{db});

	ask($at, "ALTER EXTENSION integration_schemas UPDATE TO '$next'");
	is(ask($at, q{SELECT extversion FROM pg_extension WHERE extname = 'integration_schemas'}),
		$next, "$whose: updated");
	is($value->('description', 'coralogix'),
		"Described anew by $next.", "$whose: an update refreshes an untouched row");
	is($value->('origin', 'coralogix'), 'builtin', "$whose: which is still untouched");
	is($value->('name', 'linear'), 'Linear', "$whose: an update brings its new rows");
	is($value->('count(*)', 'sentry'), '0',
		"$whose: an update takes away what is built in no more");
	is($value->('description', 'slack'),
		'Ours: ask #it for a token.', "$whose: an update leaves an edited row alone");
	is($value->('count(*)', 'pagerduty'),
		'1', "$whose: an edited row stays when it is built in no more");
	is($value->('name', 'acme_pager'),
		'Acme Pager', "$whose: an added row stays when its id becomes built in");
	is($value->('count(*)', $_), '0', "$whose: $_ stays deleted") for qw(bigquery gitlab);
	is(ask($at, $untouched), $before{untouched},
		"$whose: a row that is the same in both versions is not written");
	is(ask($at, $touched), $before{touched},
		"$whose: edited and added rows are as they were, to the microsecond");
	is(ask($at, 'SELECT id FROM integration_schema_removed ORDER BY id'),
		"bigquery\ngitlab", "$whose: what the update took away is not noted as deleted");

	default_version($next);
	my $to = new_database($at, db => "$at->{db}_old_dump");
	run_ok($to, "$whose: the dump of $version is restored where $next is installed",
		'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/old.sql", $to->{db});
	same_catalogue(catalogue($to), catalogue($at), "$whose: which comes to the same as the update");
	dump_and_restore($at, "$whose, updated", '_updated');
	default_version($version);
	return;
}

#
# Run it all: as a superuser, as one who merely owns a database, and in a schema
# whose name needs quotes
#

make_next_version();

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "fsync = off\nmax_worker_processes = 8");
$primary->start;
$primary->safe_psql('postgres', 'CREATE ROLE owner LOGIN');

my %user = (
	'superuser' => { db => 'acme' },
	'owner of a database' => { db => 'owned', role => 'owner' },
	'quoted schema' => { db => 'elsewhere', role => 'owner', schema => '"Integrations & Co"' });

for my $whose (sort keys %user)
{
	my $at = new_database({ node => $primary, %{ $user{$whose} } });

	install($at);
	is(ask($at, q{SELECT count(*), count(*) FILTER (WHERE origin = 'builtin') FROM integration_schemas}),
		'23|23', "$whose: the 23 built-in rows");
	dump_and_restore($at, "$whose, nothing touched", '_new') if $whose eq 'superuser';

	ask($at, $customise);
	is( ask($at, q{SELECT id, origin FROM integration_schemas WHERE origin <> 'builtin' ORDER BY id}),
		"acme_pager|added\nnotion|edited\npagerduty|edited\nslack|edited",
		"$whose: touched rows are known as such");
	is(ask($at, 'SELECT id FROM integration_schema_removed ORDER BY id'),
		"bigquery\ngitlab", "$whose: deletions of built-in rows are known");
	dump_and_restore($at, $whose, '');
	update($at, $whose);
}

#
# A hot standby gives the same answers, and goes on giving them
#

$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $here = new_database({ node => $primary, db => 'streamed' });
my $there = { %$here, node => $standby };

install($here);
$primary->wait_for_catchup($standby);
same_catalogue(catalogue($there), catalogue($here), 'standby: the same answers');

# One session on the standby, open while the catalogue changes on the primary.
my $session = $standby->background_psql('streamed');
my $before = $session->query("SELECT integration_schema_values($layers)");
is($before, ask($here, "SELECT integration_schema_values($layers)"),
	'standby: an open session answers');
ask($here, $customise);
$primary->wait_for_catchup($standby);
my $after = $session->query("SELECT integration_schema_values($layers)");
isnt($after, $before, 'standby: and sees what the primary changed');
is($after, ask($here, "SELECT integration_schema_values($layers)"),
	'standby: as the primary sees it');
$session->quit;
same_catalogue(catalogue($there), catalogue($here), 'standby: the same answers about touched rows');

$standby->promote;
ask($there, q{DELETE FROM integration_schemas WHERE id = 'slack'});
is(ask($there, q{SELECT count(*) FROM integration_schemas WHERE id = 'slack'}),
	'0', 'standby: promoted, its catalogue can be changed');

done_testing();
