# Forms in a real browser: react-jsonschema-form renders integration_schema_form() of every built-in integration and
# of published connectors with alternatives; what is filled in there is valid here, and a default-configured Ajv in
# strict mode takes every schema.
use strict;
use warnings;

use Cwd;
use File::Copy;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'run from the top of the source tree' unless -d 'test/forms';
my ($chromium) = grep { -x } map { "/usr/bin/$_" } qw(chromium chromium-browser);
plan skip_all => 'there is no Chromium' unless $chromium;
plan skip_all => 'there is no npm' if system('command -v npm >/dev/null') != 0;

my $folder = PostgreSQL::Test::Utils::tempdir();
copy($_, $folder) or die "$_: $!" for glob 'test/forms/*';
my $top = getcwd();
chdir $folder;
$ENV{NODE_EXTRA_CA_CERTS} //= '/etc/ssl/certs/ca-certificates.crt' if -r '/etc/ssl/certs/ca-certificates.crt';
if (system("npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --fetch-retries=2 --fetch-timeout=30000 --cache '$folder/cache' >npm.log 2>&1") != 0)
{
	my $log = slurp_file('npm.log');
	chdir $top;
	plan skip_all => "npm can't reach its registry" if $log =~ /EAI_AGAIN|ENOTFOUND|ECONN|ENETUNREACH|EHOSTUNREACH|TIMEDOUT|TIMEOUT|FETCH_ERROR|CERT|E407|E50\d/;
	BAIL_OUT("npm could not install what the forms need:\n$log");
}

my $node = PostgreSQL::Test::Cluster->new('forms');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION integration_schemas');
my $connectors = slurp_file('connectors.json');
$node->safe_psql('postgres', qq{INSERT INTO integration_schemas (id, name, category, description, fields)
	SELECT r.id, r.name, r.category, '', r.fields FROM jsonb_array_elements(\$c\$$connectors\$c\$) AS c,
		LATERAL integration_schema_from_json_schema(c ->> 'id', initcap(c ->> 'id'), 'test', c -> 'schema') AS r});
my $forms = $node->safe_psql('postgres', q{
	SELECT json_agg(json_build_object('id', s.id, 'form', integration_schema_form(s.id),
		'schemas', (SELECT json_agg(integration_schema_json_schema(s.id, level)) FROM unnest('{platform,org,unit,team,effective}'::text[]) AS level),
		'secrets', (SELECT coalesce(json_agg(DISTINCT regexp_replace(p, '.*/', '')), '[]') FROM unnest(integration_schemas_internal.secret_paths(s.fields)) AS p),
		'order', (SELECT json_agg(f ->> 'name' ORDER BY n) FROM jsonb_array_elements(s.fields) WITH ORDINALITY AS x (f, n))) ORDER BY s.display_order, s.id)
	  FROM integration_schemas AS s});
is(scalar @{ decode_json($forms) }, 33, 'the built-in integrations, and ten more');
open(my $file, '>', 'forms.json') or die;
print $file $forms;
close $file;

# what the driver tells, as tests of this file
my $told = `HOME='$folder' node drive.mjs forms.json $chromium 2>&1`;
is($?, 0, 'the browser went through all of them') or diag substr($told, -2000);
while ($told =~ /^(not )?ok \d+ - (.*)\n((?:#.*\n)*)/mg)
{
	my ($failed, $name, $comment) = ($1, $2, $3);
	ok(!$failed, $name) or diag $comment;
}

my $filled = slurp_file('forms.json.filled');
utf8::decode($filled);
my $wrong = $node->safe_psql('postgres', qq{
	SELECT d ->> 'id', v.path, v.code, v.message FROM jsonb_array_elements(\$d\$$filled\$d\$) AS d,
		LATERAL integration_schema_validate(jsonb_build_object('integrations', jsonb_build_object(d ->> 'id', jsonb_build_object('config', d -> 'config'))), 'org') AS v
	 WHERE v.severity = 'error' AND v.code <> 'locked'});
is($wrong, '', 'what was filled in is valid here');
chdir $top;
$node->stop;
done_testing();
