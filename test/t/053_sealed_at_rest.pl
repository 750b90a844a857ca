# Secrets sealed at rest: what is on disks, in dumps, on a standby, a subscriber, in logs and core files; what a
# key command may print; what was moved does not open; rotation; a server that is killed.

use strict;
use warnings;

use File::Find;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $marker = 'QXSENTINELQX';		# in every secret, and nowhere else
my $keyfile = PostgreSQL::Test::Utils::tempdir() . '/keys';
my %key = map { $_ => random_bytes() } qw(m1 m2 m3);

sub random_bytes
{
	open(my $random, '<:raw', '/dev/urandom') or die;
	read($random, my $bytes, 32);
	return $bytes;
}

# What the key command prints from now on.
sub print_keys
{
	my ($node, $text) = @_;
	open(my $file, '>', $keyfile) or die;
	print $file $text;
	close $file;
	reload($node) if $node;
}

sub key_line { return join('', map { "$_ " . encode_base64($key{$_}, '') . "\n" } @_) }

# New sessions have the configuration as it is now.
sub reload
{
	my ($node) = @_;
	my $loaded = $node->safe_psql('postgres', 'SELECT pg_conf_load_time()');
	$node->reload;
	$node->poll_query_until('postgres', "SELECT pg_conf_load_time() <> '$loaded'") or die 'no reload';
}

sub config_is
{
	my ($node, $command) = @_;
	$node->append_conf('postgresql.conf', "integration_schemas.key_command = '$command'");
	reload($node);
}

sub error_of
{
	my ($node, $sql, %options) = @_;
	my ($out, $err);
	my $ret = $node->psql('postgres', "\\set VERBOSITY verbose\n" . ($options{before} // '') . $sql, stdout => \$out, stderr => \$err);
	return $err;
}

# The files below a folder in which there are these bytes.
sub files_with
{
	my ($folder, @bytes) = @_;
	my @found;
	find({ no_chdir => 1, wanted => sub {
		return unless -f $_;
		open(my $file, '<:raw', $_) or return;
		local $/;
		my $content = <$file> // '';
		for my $one (@bytes) { push @found, $File::Find::name if index($content, $one) >= 0 }
	} }, $folder);
	return @found;
}

sub config { my ($id, $fields) = @_; return qq({"integrations": {"$id": {"config": $fields}}}) }

#
# The setting
#

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', "log_min_messages = debug5\nlog_statement = none\nwal_level = logical\nautovacuum = off\nmax_prepared_transactions = 5");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION integration_schemas; CREATE ROLE anybody LOGIN; CREATE ROLE clerk LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations, node_configuration_history TO clerk');

is($primary->safe_psql('postgres', "LOAD 'integration_schemas'; SHOW integration_schemas.key_command"), '', 'no key command at first');
like(error_of($primary, "LOAD 'integration_schemas'; SET integration_schemas.key_command = 'touch /tmp/x'"), qr/55P02.*cannot be changed now/s, 'no session sets one');
like(error_of($primary, "SET integration_schemas.key_command = 'touch /tmp/x'; LOAD 'integration_schemas'; SHOW integration_schemas.key_command"), qr/WARNING|55P02/, 'nor one that has not loaded the module yet');
is($primary->safe_psql('postgres', "SET client_min_messages = error; SET integration_schemas.key_command = 'touch /tmp/x'; LOAD 'integration_schemas'; SHOW integration_schemas.key_command"), '', 'which has none then');
like(error_of($primary, "ALTER ROLE anybody SET integration_schemas.key_command = 'x'", before => "LOAD 'integration_schemas';"), qr/cannot be changed now/, 'nor a role');

#
# Without a key command nothing is sealed, and nothing that is sealed is written
#

$primary->safe_psql('postgres', sprintf(q{INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('old', 'old', 'org', '%s')}, config('slack', qq({"bot_token": "xoxb-old-plain"}))));
is($primary->safe_psql('postgres', q{SELECT config_json #>> '{integrations,slack,config,bot_token}' FROM node_configurations WHERE node_id = 'old'}), 'xoxb-old-plain', 'in clear without a key command');
like(error_of($primary, sprintf(q{SELECT integration_config_set('old', 'old', '%s')}, config('slack', '{"bot_token": "sealed:1:x:y"}'))), qr/23514.*sealed secret is not one that this node has/s, 'what is sealed is refused');
like(error_of($primary, q{CALL integration_secrets_seal()}), qr/55000: there is no master key.*HINT:  .*key_command/s, 'nothing to seal with');

#
# What a key command may print
#

my $with_secret = sprintf(q{INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('probe', 'probe', 'org', '%s')}, config('slack', qq({"bot_token": "xoxb-$marker-probe"})));
config_is($primary, "cat $keyfile");
for my $case (
	['', qr/55000: the command of .* printed no master key for this database/, 'nothing'],
	["# a comment\n\n", qr/printed no master key/, 'a comment'],
	["m1\n", qr/55000: line 1 that the command .* is not a master key.*one word/s, 'one word'],
	["\n# c\nm1 $marker\n", qr/line 3 .*DETAIL:  Its key (is not base64|has another length)/s, 'no base64'],
	["m1 " . encode_base64('short', '') . "\n", qr/line 1 .*another length/s, 'a short key'],
	["m1 " . encode_base64($key{m1} . 'x', '') . "\n", qr/line 1 .*another length/s, 'a long key'],
	[key_line('m1') =~ s/\n/ postgres $marker\n/r, qr/line 1 .*more than three words/s, 'four words'],
	["m1 \0\n", qr/line 1 .*byte of zero/s, 'a byte of zero'],
	["\xff\xfe " . encode_base64($key{m1}, '') . "\n", qr/line 1 .*encoding/s, 'a name in no encoding'],
	[key_line('m1') =~ s/\n/ other\n/r, qr/printed no master key for this database/, "another database's key"],
	['x' x 70000, qr/printed more than 65536 bytes/, 'too much'],
) {
	my ($text, $error, $name) = @$case;
	print_keys($primary, $text);
	my $err = error_of($primary, $with_secret);
	like($err, $error, "key command that prints $name");
	unlike($err, qr/\Q$marker\E/, 'which is not shown');
}
for my $case (
	['exit 3', qr/55000: the command .* failed.*child process exited with exit code 3/s, 'that fails'],
	['kill -9 $$', qr/55000: the command .* failed.*terminated by signal 9/s, 'that is killed'],
	['/nonexistent/command', qr/55000: the command .* failed/, 'that is not there'],
) {
	my ($command, $error, $name) = @$case;
	config_is($primary, $command);
	like(error_of($primary, $with_secret), $error, "key command $name");
}
config_is($primary, "sleep 100; echo");
my $before = time;
like(error_of($primary, $with_secret, before => "SET statement_timeout = '500ms';"), qr/57014: canceling statement due to statement timeout/, 'one that hangs ends with the statement');
cmp_ok(time - $before, '<', 20, 'in time');
is(`pgrep -f '[s]leep 100' | wc -l` + 0, 0, 'and no child of it is left');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM node_configurations WHERE node_id = 'probe'}), '0', 'and none of this has written anything');

#
# A load
#

print_keys(undef, "# keys\n\n" . key_line('m1') . key_line('m2') =~ s/\n/ other\n/r);
config_is($primary, "cat $keyfile");
my $big = join('', map { sprintf('%s%08x', $marker, $_ * 2654435761 % 4294967296) } 1 .. 2000);
my %document = (
	slack => qq({"bot_token": "xoxb-$marker-1", "default_channel": "#a"}),
	datadog => qq({"api_key": "$marker-2", "app_key": "$marker-3"}),
	github => qq({"token": "ghp_$marker-4"}),
	big => qq({"secret": "$big"}),
	nest => qq({"accounts": [{"name": "n1", "pw": "$marker-5"}, {"name": "n2", "pw": "$marker-6"}], "login": {"kind": "key", "key": "$marker-7"}, "by": {"eu": {"pw": "$marker-8"}}}),
);
$primary->safe_psql('postgres', q{INSERT INTO integration_schemas (id, name, category, description, fields) VALUES
	('big', 'Big', 'other', '', '[{"name": "secret", "type": "secret", "max_length": 1000000}, {"name": "plain"}]'),
	('nest', 'Nest', 'other', '', '[{"name": "accounts", "type": "array", "items": {"type": "object", "fields": [{"name": "name"}, {"name": "pw", "type": "secret"}]}},
		{"name": "login", "type": "object", "variants": {"by": "kind", "choices": [{"value": "key", "fields": [{"name": "key", "type": "secret"}]}, {"value": "user", "fields": [{"name": "user"}]}]}},
		{"name": "by", "type": "object", "values": {"type": "object", "fields": [{"name": "pw", "type": "secret"}]}}]')});
my $catalogue = $primary->safe_psql('postgres', q{SELECT count(*) FROM integration_schemas WHERE id IN ('big', 'nest')});
is($catalogue, 2, 'definitions');
$primary->backup('empty');

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION integration_schemas');
$primary->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE node_configurations, node_configuration_history, integration_config_keys');
$subscriber->safe_psql('postgres', sprintf('CREATE SUBSCRIPTION s CONNECTION $$%s$$ PUBLICATION p WITH (copy_data = false)', $primary->connstr('postgres')));
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'empty', has_streaming => 1);
$standby->start;

# by bind parameters, as a client does it: a statement's text is the client's own, and may be logged
sub bound
{
	my ($node, $sql, @values) = @_;
	my $script = PostgreSQL::Test::Utils::tempdir() . '/bound.py';
	open(my $file, '>', $script) or die;
	print $file "import psycopg, sys\nwith psycopg.connect(sys.argv[1]) as c:\n    for row in c.execute(sys.argv[2], sys.argv[3:]).fetchall() or []:\n        print(row[0])\n";
	close $file;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'python3', $script, $node->connstr('postgres'), $sql, @values ], '>', \$out, '2>', \$err) or diag($err);
	chomp $out;
	return $out;
}

for my $org ('acme', 'zeta')
{
	for my $node ($org, 'team')
	{
		my $sql = "INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES (%s, %s, nullif(%s, ''), %s, %s::jsonb) RETURNING version";
		my $document = '{"integrations": {' . join(', ', map { qq("$_": {"config": $document{$_}}) } sort keys %document) . qq(, "slack:eu": {"config": {"bot_token": "xoxb-$marker-eu"}}}});
		is(bound($primary, $sql, $org, $node, $node eq $org ? '' : $org, $node eq $org ? 'org' : 'team', $document), 1, "$node of $org");
	}
}
is(bound($primary, 'SELECT integration_config_set(%s, %s, %s::jsonb)', 'acme', 'team', config('slack', qq({"bot_token": "xoxb-$marker-new"}))), 2, 'a new secret');
is(bound($primary, 'SELECT integration_config_set(%s, %s, %s::jsonb)', 'acme', 'team', config('slack', qq({"default_channel": "#b"}))), 3, 'another field');
is($primary->safe_psql('postgres', q{SELECT a.config_json #> '{integrations,slack,config,bot_token}' = b.config_json #> '{integrations,slack,config,bot_token}'
	FROM node_configuration_history a, node_configuration_history b WHERE (a.org_id, a.node_id, a.version) = ('acme', 'team', 2) AND (b.org_id, b.node_id, b.version) = ('acme', 'team', 3)}), 't', 'leaves a secret sealed as it was');
is(bound($primary, 'SELECT integration_config_set(%s, %s, %s::jsonb)', 'acme', 'team', config('slack', qq({"bot_token": "xoxb-$marker-new"}))), 3, 'and so does the same secret');
is(bound($primary, q{INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES (%s, %s, 'org', %s::jsonb) ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = EXCLUDED.config_json RETURNING version}, 'up', 'up', config('slack', qq({"bot_token": "xoxb-$marker-up"}))), 1, 'an upsert of a new node');
is(bound($primary, q{INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES (%s, %s, 'org', %s::jsonb) ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = EXCLUDED.config_json RETURNING version}, 'up', 'up', config('slack', qq({"bot_token": "xoxb-$marker-up"}))), 1, 'of the same');
is(bound($primary, q{INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES (%s, %s, 'org', %s::jsonb) ON CONFLICT (org_id, node_id) DO UPDATE SET config_json = EXCLUDED.config_json RETURNING version}, 'up', 'up', config('slack', qq({"bot_token": "xoxb-$marker-up2"}))), 2, 'and of a changed one');
is($primary->safe_psql('postgres', q{SELECT integration_config_resolve('up', 'up', 'slack') #>> '{config,bot_token}'}), "xoxb-$marker-up2", 'which has its secret');
is(bound($primary, 'SELECT integration_config_set(%s, %s, %s::jsonb)', 'up', 'up', config('datadog', '{"api_key": "", "app_key": ""}')), 3, 'blanks');
is($primary->safe_psql('postgres', q{SELECT config_json #>> '{integrations,datadog,config}' FROM node_configurations WHERE node_id = 'up'}), '{"api_key": "", "app_key": ""}', 'are never sealed');
is(bound($primary, 'SELECT integration_config_set(%s, %s, %s::jsonb)', 'up', 'up', config('slack', '{"bot_token": "********", "default_channel": "#c"}')), 4, 'a mask');
is($primary->safe_psql('postgres', q{SELECT integration_config_resolve('up', 'up', 'slack') #>> '{config,bot_token}'}), "xoxb-$marker-up2", 'keeps what is stored');

# answers
for my $call (q{integration_config_resolve('acme', 'team', 'slack')}, q{integration_config_effective('acme', 'team')}, q{integration_config_values('acme', 'team')})
{
	my $answer = $primary->safe_psql('postgres', "SELECT $call");
	like($answer, qr/xoxb-$marker-new/, "$call opens");
	unlike($answer, qr/sealed:1:/, 'all');
}
is($primary->safe_psql('postgres', qq{SELECT integration_config_effective('acme', 'team') #> '{integrations,nest,config}' = \$\$$document{nest}\$\$::jsonb}), 't', 'inside values, too');
is($primary->safe_psql('postgres', q{SELECT md5(integration_config_resolve('acme', 'team', 'big') #>> '{config,secret}')}), $primary->safe_psql('postgres', "SELECT md5('$big')"), 'and a large one');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_effective_all('acme') AS e WHERE e.config::text LIKE '%sealed:1:%'}), 0, 'for every node');
for my $call (q{integration_config_explain('acme', 'team')}, q{integration_config_history('acme', 'team')}, q{integration_config_get('acme', 'team')}, q{integration_config_status('acme')})
{
	unlike($primary->safe_psql('postgres', "SELECT * FROM $call"), qr/$marker|sealed:1:/, "$call shows none");
}
is($primary->safe_psql('postgres', q{SELECT count(*), count(DISTINCT m[1]) FROM node_configurations, regexp_matches(config_json::text, 'sealed:1:[^"]*', 'g') AS m}),
	'41|41', 'no two sealed secrets are the same');

#
# Where no secret is to be found
#

$primary->safe_psql('postgres', 'ANALYZE; CHECKPOINT');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$standby->safe_psql('postgres', 'CHECKPOINT');
$primary->wait_for_catchup('s');
$subscriber->safe_psql('postgres', 'CHECKPOINT');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM node_configurations'), '5', 'the subscriber has all');
is_deeply([ files_with($primary->data_dir, $marker) ], [], "not in the primary's folder: heap, TOAST, WAL");
is_deeply([ files_with($standby->data_dir, $marker) ], [], "nor the standby's");
is_deeply([ files_with($subscriber->data_dir, $marker) ], [], "nor the subscriber's");
is_deeply([ files_with($primary->basedir, values %key) ], [], 'and no key');
for my $format ('plain', 'custom', 'directory', 'tar')
{
	my $to = PostgreSQL::Test::Utils::tempdir() . "/dump.$format";
	$primary->command_ok([ 'pg_dump', '-Z0', '-F', $format, '-f', $to, '-d', $primary->connstr('postgres') ], "pg_dump -F $format");
	is_deeply([ files_with($to, $marker) ], [], 'has no secret');
	isnt(scalar(files_with($to, 'sealed:1:')), 0, 'but sealed ones');
}
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
my $same = q{SELECT md5(string_agg(n::text, ',' ORDER BY org_id, node_id)) FROM node_configurations AS n};
my $dumped = $primary->safe_psql('postgres', $same);
$primary->command_ok([ 'pg_dump', '--inserts', '-f', $dump, '-d', $primary->connstr('postgres') ], 'pg_dump --inserts');
is_deeply([ files_with($dump, $marker) ], [], 'has no secret');
my $log = slurp_file($primary->logfile);
unlike($log, qr/$marker-(?!probe|new'|up2')\w/, 'nor has the log at debug5') or diag(($log =~ /(.*$marker-(?!probe).*)/)[0]);

SKIP:
{
	chomp(my $gcore = `which gcore`);
	skip 'gcore is not installed', 2 unless $gcore;
	my $core = PostgreSQL::Test::Utils::tempdir() . '/core';
	my ($in, $out) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $primary->connstr('postgres'), '-f', '-' ], '<', \$in, '>', \$out, IPC::Run::timer(60));
	$in .= "SELECT integration_config_values('acme', 'team') IS NOT NULL;\nSELECT integration_config_set('acme', 'team', '{\"x\": 1}'); SELECT pg_backend_pid();\n";
	$psql->pump until $out =~ /^t\n\d+\n\d+\n/;
	my ($pid) = $out =~ /(\d+)\n\z/;
	system("$gcore -o $core $pid >/dev/null 2>&1");
	my ($file) = glob("$core*");
	skip 'gcore could not write a core file', 2 unless $file;
	is_deeply([ files_with($file, $key{m1}) ], [], 'a core file has no master key');
	isnt(scalar(files_with($file, 'integration_config_values')), 0, 'though it is one');
	unlink $file;
	$in .= "\\q\n";
	$psql->finish;
}

#
# On the standby, on the subscriber, and restored elsewhere
#

is($standby->safe_psql('postgres', q{SELECT integration_config_resolve('acme', 'team', 'slack') #>> '{config,bot_token}'}), "xoxb-$marker-new", 'the standby opens, with the key command');
like(error_of($subscriber, q{SELECT integration_config_resolve('acme', 'team', 'slack')}), qr/55000: secrets of organisation "acme" cannot be opened without master key "m1".*HINT:  .*key_command/s, 'a server without it says which key it needs');
$subscriber->safe_psql('postgres', 'CREATE DATABASE restored');
$subscriber->safe_psql('postgres', 'CREATE ROLE clerk');
$subscriber->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $subscriber->connstr('restored') ], 'a dump is restored without the key');
is($subscriber->safe_psql('restored', $same), $dumped, 'verbatim');
sub restored_error { my ($ret, $out, $err) = $subscriber->psql('restored', "\\set VERBOSITY verbose\n$_[0]"); return $err; }
for my $call (q{integration_config_resolve('acme', 'team', 'slack')}, q{integration_config_effective('acme', 'team')}, q{integration_config_values('acme', 'team')})
{
	like(restored_error("SELECT $call"), qr/55000/, "$call needs the key there");
}
for my $call (q{integration_config_explain('acme', 'team')}, q{integration_config_status('acme')}, q{integration_config_history('acme', 'team')},
	q{integration_config_get('acme', 'team')}, q{integration_config_resolve('acme', 'team', 'openai')})
{
	is(restored_error("SELECT * FROM $call"), '', "$call does not");
}
is(restored_error(sprintf(q{SELECT integration_config_set('acme', 'team', '%s')}, config('slack', '{"default_channel": "#z"}'))), '', 'a write that touches no secret does not');
like(restored_error(sprintf(q{SELECT integration_config_set('acme', 'team', '%s')}, config('slack', '{"bot_token": "xoxb-clear"}'))), qr/55000/, 'one of a secret does: it is never stored in clear');
like(restored_error(sprintf(q{INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES ('acme', 'new', 'acme', 'team', '%s')}, config('slack', '{"bot_token": "xoxb-clear"}'))), qr/55000/, 'in a new node, too');

#
# To whom it is opened
#

$primary->safe_psql('postgres', q{CREATE ROLE reader; CREATE ROLE service; SELECT integration_config_grant('reader', 'acme', 'acme', '{read}'), integration_config_grant('service', 'acme', 'team', '{read,reveal}')});
for my $case (
	['clerk', 'acme', 'acme', '********', 'rights on the table alone open nothing'],
	['reader', 'acme', 'team', '********', 'nor does read'],
	['service', 'acme', 'team', "xoxb-$marker-new", 'reveal does'],
	['postgres', 'acme', 'team', "xoxb-$marker-new", 'and the owner sees all'],
) {
	my ($role, $org, $node, $expected, $name) = @$case;
	is($primary->safe_psql('postgres', "SET ROLE $role; SELECT integration_config_resolve('$org', '$node', 'slack') #>> '{config,bot_token}'"), $expected, $name);
	is($primary->safe_psql('postgres', "SET ROLE $role; SELECT integration_config_values('$org', '$node') #>> '{slack,bot_token}'"), $expected, 'in values');
	is($primary->safe_psql('postgres', "SET ROLE $role; SELECT config #>> '{integrations,slack,config,bot_token}' FROM integration_config_effective_all('$org') WHERE node_id = '$node'"), $expected, 'of all nodes');
}
is($primary->safe_psql('postgres', q{SET ROLE service; SELECT integration_config_reveal('acme', 'team', 'slack', 'bot_token', 'to see')}), "xoxb-$marker-new", 'one is revealed');
like(error_of($primary, q{SELECT integration_config_reveal('acme', 'team', 'slack', 'bot_token', 'to see')}, before => 'SET ROLE clerk;'), qr/42501: .*/, 'not to who has rights on the table alone');
like(error_of($primary, q{SELECT integration_config_resolve('acme', 'acme', 'slack')}, before => 'SET ROLE service;'), qr/42501/, 'nor is anything of a node above');
like(error_of($primary, q{SELECT * FROM integration_secrets_status('acme')}), qr/WARNING:.*roles may read documents but not reveal secrets.*these roles get masks: clerk\./s, 'the status warns of such');

#
# What is moved does not open
#

my $fetch = q{(SELECT config_json #> '{integrations,%s}' FROM node_configurations WHERE org_id = '%s' AND node_id = '%s')};
my $token = $primary->safe_psql('postgres', q{SELECT config_json #>> '{integrations,slack,config,bot_token}' FROM node_configurations WHERE org_id = 'acme' AND node_id = 'acme'});
my $flipped = $token; substr($flipped, -8, 1) = substr($token, -8, 1) eq 'A' ? 'B' : 'A';
for my $case (
	['another organisation', 'zeta', 'zeta', 'slack', 'bot_token', $token],
	['the node below', 'acme', 'team', 'slack', 'bot_token', $token],
	['another integration', 'acme', 'acme', 'github', 'token', $token],
	['an instance', 'acme', 'acme', 'slack:eu', 'bot_token', $token],
	['another field', 'acme', 'acme', 'slack', 'app_token', $token],
	['its place, with a bit flipped', 'acme', 'acme', 'slack', 'bot_token', $flipped],
	['its place, cut off', 'acme', 'acme', 'slack', 'bot_token', substr($token, 0, -4)],
	['its place, padded', 'acme', 'acme', 'slack', 'bot_token', "$token="],
	['its place, with no key of ours', 'acme', 'acme', 'slack', 'bot_token', $token =~ s/1:\w{8}/1:00000000/r],
) {
	my ($name, $org, $node, $id, $field, $value) = @$case;
	my $patch = config($id, qq({"$field": "$value"}));
	like(error_of($primary, "SELECT integration_config_set('$org', '$node', '$patch')"), qr/23514: sealed secret is not one that this node has, or had, here/, "moved to $name: refused");
	my $out = $primary->safe_psql('postgres', "SELECT config_json FROM node_configurations WHERE (org_id, node_id) = ('$org', '$node')");
	$primary->safe_psql('postgres', "SET session_replication_role = replica; UPDATE node_configurations SET config_json = integration_config_merge_patch(config_json, '$patch') WHERE (org_id, node_id) = ('$org', '$node')");
	for my $call ("integration_config_resolve('$org', '$node', '$id')", "integration_config_effective('$org', '$node')", "integration_config_effective_all('$org')")
	{
		my $err = error_of($primary, "SELECT $call");
		like($err, qr/XX001: sealed secret does not open/, "past the triggers: $call is an error");
		unlike($err, qr/$marker|sealed:1:/, 'that shows nothing');
	}
	$primary->safe_psql('postgres', "SET session_replication_role = replica; UPDATE node_configurations SET config_json = \$x\$$out\$x\$ WHERE (org_id, node_id) = ('$org', '$node')");
}
$primary->safe_psql('postgres', q{SELECT integration_config_set('up', 'up', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-other"}}}}')});
my $earlier = $primary->safe_psql('postgres', q{SELECT config_json #>> '{integrations,slack,config,bot_token}' FROM node_configuration_history WHERE node_id = 'up' AND version = 1});
is(error_of($primary, "SELECT integration_config_set('up', 'up', '" . config('slack', qq({"bot_token": "$earlier"})) . "')"), '', 'one that the node had here before is taken');
is($primary->safe_psql('postgres', q{SELECT integration_config_resolve('up', 'up', 'slack') #>> '{config,bot_token}'}), "xoxb-$marker-up", 'and opens');
$primary->safe_psql('postgres', q{CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.config_json := jsonb_set(NEW.config_json, '{integrations,slack,config,bot_token}', '"xoxb-clear"'); RETURN NEW; END$$;
	CREATE TRIGGER zz BEFORE UPDATE ON node_configurations FOR EACH ROW EXECUTE FUNCTION meddle()});
like(error_of($primary, q{SELECT integration_config_set('up', 'up', '{"y": 1}')}), qr/27000: .* was changed by another trigger/, 'a trigger that puts clear text there is refused');
$primary->safe_psql('postgres', 'DROP TRIGGER zz ON node_configurations');

#
# Rows of keys
#

for my $statement (q{UPDATE integration_config_keys SET org_id = 'x'}, q{DELETE FROM integration_config_keys}, q{TRUNCATE integration_config_keys})
{
	like(error_of($primary, $statement), qr/42501: data keys of organisations cannot be changed/, $statement);
}
$primary->safe_psql('postgres', q{SET session_replication_role = replica; ALTER TABLE integration_config_keys DROP CONSTRAINT integration_config_keys_triggers_check, DISABLE TRIGGER ALL;
	UPDATE integration_config_keys AS k SET wrapped = o.wrapped FROM integration_config_keys AS o WHERE k.org_id = 'up' AND o.org_id = 'zeta'});
like(error_of($primary, q{SELECT integration_config_resolve('up', 'up', 'slack')}), qr/XX001: data key of organisation "up" does not unwrap/, "another organisation's key does not unwrap");
$primary->safe_psql('postgres', q{SET session_replication_role = replica; DELETE FROM integration_config_keys WHERE org_id = 'up'});
like(error_of($primary, q{SELECT integration_config_resolve('up', 'up', 'slack')}), qr/XX001: sealed secret does not open/, 'nor is anything opened without one');
$primary->safe_psql('postgres', q{DELETE FROM node_configurations WHERE org_id = 'up'; ALTER TABLE integration_config_keys ENABLE ALWAYS TRIGGER integration_config_keys_guard, ENABLE ALWAYS TRIGGER integration_config_keys_refuse});

#
# Sealing what was there, rotating
#

my $status = q{SELECT org_id, master, sealed, older, clear FROM integration_secrets_status() WHERE org_id <> 'up' ORDER BY org_id};
my $live = q{SELECT md5(string_agg(e.config::text, ',' ORDER BY o.org_id, e.node_id)) FROM (SELECT DISTINCT org_id FROM node_configurations) AS o, integration_config_effective_all(o.org_id) AS e};
my $answers = $primary->safe_psql('postgres', $live);
like($primary->safe_psql('postgres', $status), qr/^old\|\|0\|0\|2$/m, 'what was stored before is in clear');
is(error_of($primary, 'CALL integration_secrets_seal()'), '', 'it is sealed');
my @sealed = split /\n/, $primary->safe_psql('postgres', $status);
is_deeply([ grep { !/\|m1\|\d+\|0\|0$/ } @sealed ], [], 'all of it') or diag("@sealed");
is($primary->safe_psql('postgres', $live), $answers, 'no answer is another');
my $rows = q{SELECT md5(string_agg(h::text, ',' ORDER BY sequence)) FROM node_configuration_history AS h};
my $unchanged = $primary->safe_psql('postgres', $rows);
is(error_of($primary, 'CALL integration_secrets_seal()'), '', 'again');
is($primary->safe_psql('postgres', $rows), $unchanged, 'changes nothing');
my $changes = q{SELECT json_agg(changes ORDER BY version) FROM integration_config_history('acme', 'team')};
my $told = $primary->safe_psql('postgres', $changes);
is(error_of($primary, q{CALL integration_secrets_rotate('acme')}), '', 'a data key is rotated');
is_deeply([ split /\n/, $primary->safe_psql('postgres', $status) ], \@sealed, 'all is sealed with the new one');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_keys WHERE org_id = 'acme'}), 1, 'the old one is gone');
is($primary->safe_psql('postgres', $live), $answers, 'no answer is another');
is($primary->safe_psql('postgres', $changes), $told, 'and the history tells what it told');
is($primary->safe_psql('postgres', q{SELECT max(version) FROM node_configurations WHERE org_id = 'acme'}), $primary->safe_psql('postgres', q{SELECT max(version) FROM node_configuration_history WHERE org_id = 'acme'}), 'no version was made');
like(error_of($primary, q{CALL integration_secrets_rotate('nobody')}), qr/42704: organisation "nobody" has no data key/, 'of an organisation that has none');
like(error_of($primary, q{CALL integration_secrets_rotate(NULL)}), qr/22023/, 'of null');
like(error_of($primary, q{BEGIN; CALL integration_secrets_rotate('acme')}), qr/25001/, 'not in a transaction block');
like(error_of($primary, q{SET ROLE anybody; CALL integration_secrets_rotate('acme')}), qr/42501/, 'not by anybody');
like(error_of($primary, q{SET ROLE anybody; SELECT * FROM integration_secrets_status()}), qr/42501/, 'who sees no status either');

# of the master
print_keys($primary, key_line('m3', 'm1'));
is(error_of($primary, 'CALL integration_secrets_rewrap()'), '', 'keys are wrapped anew');
is($primary->safe_psql('postgres', 'SELECT DISTINCT master FROM integration_config_keys'), 'm3', 'with the first master key');
print_keys($primary, key_line('m3'));
is($primary->safe_psql('postgres', $live), $answers, 'the old one can go');
print_keys($primary, key_line('m1'));
like(error_of($primary, $live), qr/55000: secrets of organisation "\w+" cannot be opened without master key "m3"/, 'the new one can not');
print_keys($primary, 'm3 ' . encode_base64($key{m1}, '') . "\n");
like(error_of($primary, $live), qr/XX001: data key of organisation "\w+" does not unwrap/, 'nor can another key of its name open');
print_keys($primary, key_line('m3'));

# a session that has opened a secret forgets it with the key
{
	my ($in, $out, $err) = ('', '', '');
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $primary->connstr('postgres'), '-f', '-' ], '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timer(60));
	my $ask = q{SELECT integration_config_resolve('acme', 'team', 'slack') #>> '{config,bot_token}';};
	$in .= "$ask\n$ask\n\\echo asked\n";
	$psql->pump until $out =~ /asked/;
	is($out, "xoxb-$marker-new\nxoxb-$marker-new\nasked\n", 'a session asks again for a secret that it has had');
	print_keys($primary, '');
	$in .= "SELECT pg_sleep(0.2);\n$ask\n\\echo again\n";
	$psql->pump until $out =~ /again/;
	like($err, qr/printed no master key|cannot be opened without master key/, 'and has it no more when the key is gone');
	print_keys($primary, key_line('m3'));
	$in .= "SELECT pg_sleep(0.2);\n$ask\n\\q\n";
	$psql->finish;
	like($out, qr/again\n\nxoxb-$marker-new\n\z/, 'until it is back');
}

# beside writers, who lock nodes in the other order
$primary->safe_psql('postgres', q{INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
	SELECT 'acme', 't' || lpad(i::text, 3, '0'), 'acme', 'team', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-many"}}}}' FROM generate_series(1, 300) AS i});
my $writes = PostgreSQL::Test::Utils::tempdir() . '/writes.sql';
append_to_file($writes, qq{BEGIN;\nSELECT integration_config_set('acme', 't300', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-many"}}}}'::jsonb || jsonb_build_object('w', random()));\n}
	. qq{SELECT integration_config_set('acme', 't001', jsonb_build_object('w', random(), 'integrations', jsonb_build_object('slack', jsonb_build_object('config', jsonb_build_object('bot_token', 'xoxb-' || random())))));\nCOMMIT;\n});
my ($wout, $werr) = ('', '');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', '2', '-T', '6', '-f', $writes, $primary->connstr('postgres') ], '>', \$wout, '2>', \$werr);
sleep 1;
is(error_of($primary, q{CALL integration_secrets_rotate('acme')}), '', 'a rotation ends beside writers') for 1 .. 2;
$bench->finish;
like($wout, qr/number of failed transactions: 0|number of transactions actually processed: [1-9]/, 'who lose nothing') or diag($werr);
unlike($werr, qr/aborted|ERROR/, 'and meet no error');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_keys WHERE org_id = 'acme'}), 1, 'one key is left');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_effective_all('acme')}), 302, 'and every secret opens');

# a server that is killed
for my $sql (q{CALL integration_secrets_rotate('acme')}, q{CALL integration_secrets_seal()}, q{CALL integration_secrets_rewrap()})
{
	for my $after (0.05, 0.3)
	{
		my $expected = $primary->safe_psql('postgres', $live);
		my ($out, $err) = ('', '');
		my $psql = IPC::Run::start([ 'psql', '-Xq', '-d', $primary->connstr('postgres'), '-c', $sql ], '>', \$out, '2>', \$err);
		select(undef, undef, undef, $after);
		$primary->stop('immediate');
		eval { $psql->finish };
		$primary->start;
		is($primary->safe_psql('postgres', $live), $expected, "$sql, killed after $after s: every answer is the same");
		unlike($primary->safe_psql('postgres', $status), qr/\|[1-9]\d*\|[1-9]\d*\|\d+$/m, 'no organisation is half done');
		is(error_of($primary, $sql), '', 'and it can be called again');
	}
}

# what is one transaction is whole, or was not
for my $case (
	[q{SELECT integration_config_forget('acme', 'bye')}, q{SELECT count(*) FROM node_configurations WHERE org_id = 'acme'}, q{SELECT count(*) FROM node_configuration_history WHERE org_id = 'acme'}],
	[q{SELECT integration_config_replace_secret('xoxb-many', 'xoxb-other', 'leaked')}, q{SELECT count(*) FROM integration_config_find_secret('xoxb-many') WHERE live}, q{SELECT count(*) FROM node_configuration_history WHERE reason = 'leaked'}],
	[q{SELECT integration_config_erase('acme', 'team', 'slack', 'bot_token', 'leaked')}, q{SELECT count(*) FROM node_configurations WHERE (org_id, node_id) = ('acme', 'team') AND config_json #> '{integrations,slack,config}' ? 'bot_token' AND config_json #> '{integrations,slack,config,bot_token}' <> 'null'}, q{SELECT count(*) FROM node_configuration_history WHERE erased IS NOT NULL}],
) {
	my ($sql, @looks) = @$case;
	my @before = map { $primary->safe_psql('postgres', $_) } @looks;
	my ($out, $err) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-Xq', '-d', $primary->connstr('postgres'), '-c', "BEGIN; $sql; SELECT pg_sleep(10); COMMIT" ], '>', \$out, '2>', \$err);
	$primary->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
	$primary->stop('immediate');
	eval { $psql->finish };
	$primary->start;
	is_deeply([ map { $primary->safe_psql('postgres', $_) } @looks ], \@before, "$sql, killed: nothing of it has happened");
}

#
# Renaming and rollback
#

is($primary->safe_psql('postgres', q{SELECT integration_schema_rename_field('slack', 'bot_token', 'token') > 0}), 't', 'a secret field is renamed');
is($primary->safe_psql('postgres', q{SELECT integration_config_resolve('zeta', 'team', 'slack') #>> '{config,token}'}), "xoxb-$marker-1", 'its values open under the new name');
is($primary->safe_psql('postgres', q{SELECT integration_schema_rename('slack', 'chat') > 0}), 't', 'an integration');
is($primary->safe_psql('postgres', q{SELECT integration_config_resolve('zeta', 'team', 'chat:eu') #>> '{config,token}'}), "xoxb-$marker-eu", 'and in instances');
is(error_of($primary, q{CALL integration_secrets_rotate('zeta')}), '', 'a history with old names is rotated');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_keys WHERE org_id = 'zeta'}), 1, 'whole');

is($primary->safe_psql('postgres', q{SELECT integration_config_forget('zeta', 'bye')}), 2, 'an organisation is forgotten');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM integration_config_keys WHERE org_id = 'zeta'}), 0, 'with its keys');

$standby->stop;
$subscriber->stop;
$primary->stop;
done_testing();
