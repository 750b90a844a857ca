# No secret is ever shown: a marker is planted wherever a document can hold a
# secret, every error, warning, explanation and redaction that there is gets
# provoked, and the marker must be nowhere in what the client sees or in the
# server's log, both at their most talkative.
#
# The log rightly prints the client's own statements, so no statement here has
# the marker in its text: the documents get into a table by COPY's data, and all
# statements read them there; at the end they go in as parameters.

use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Whatever part of it is shown, the mark is in it; the number is for what holds
# no string.
my $mark = 'ZqLeak';
my $marker = $mark x 8;
my $number = '707170717071707170717071';
my $leak = qr/$mark|70717071/;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
log_statement = all
log_statement_stats = on
log_min_messages = debug5
log_min_error_statement = debug5
log_error_verbosity = verbose
client_min_messages = debug5
});
$node->start;

#
# What is planted
#

$node->safe_psql(
	'postgres', q{
SET client_min_messages = warning;
CREATE EXTENSION integration_schemas;
-- one that has every rule for secrets
INSERT INTO integration_schemas (id, name, category, description, fields)
VALUES ('vault', 'Vault', 'test', '',
	'[{"name": "uri", "type": "secret", "format": "uri"},
	  {"name": "hostname", "type": "secret", "format": "hostname"},
	  {"name": "email", "type": "secret", "format": "email"},
	  {"name": "uuid", "type": "secret", "format": "uuid"},
	  {"name": "date", "type": "secret", "format": "date"},
	  {"name": "date_time", "type": "secret", "format": "date-time"},
	  {"name": "pattern", "type": "secret", "pattern": "^[0-9]+$"},
	  {"name": "long", "type": "secret", "min_length": 10000},
	  {"name": "short", "type": "secret", "max_length": 3, "level": "team"},
	  {"name": "one_of", "type": "secret", "allowed_values": ["a", "b"]},
	  {"name": "all_at_once", "type": "secret", "format": "uuid", "pattern": "^[0-9]+$",
	   "max_length": 3, "allowed_values": ["123"]},
	  {"name": "wanted", "type": "secret", "required": true},
	  {"name": "wanted_with", "required_with": ["uri"]},
	  {"name": "tags", "type": "array"}, {"name": "extra", "type": "object"},
	  {"name": "wanted_unless", "required_unless": ["hostname"]}]');
CREATE TABLE planted (name text PRIMARY KEY, document jsonb);
CREATE TABLE planted_schemas (name text PRIMARY KEY, document jsonb);
});

# Every integration's secrets, as the catalogue has them now.
my $secrets = decode_json(
	$node->safe_psql(
		'postgres', q{
SET client_min_messages = warning;
SELECT json_object_agg(id, names)
  FROM (SELECT s.id, json_object_agg(f->>'name', coalesce(f->>'pattern', f->>'format')) AS names
		  FROM integration_schemas AS s, jsonb_array_elements(s.fields) AS f
		 WHERE f->>'type' = 'secret' GROUP BY s.id) AS found}));
is(scalar(grep { $_ ne 'vault' } keys %$secrets), 23, 'every built-in integration has a secret');

# secrets_are VALUE: a document in which each secret is that.
sub secrets_are
{
	my ($value) = @_;
	my %entries;

	for my $id (keys %$secrets)
	{
		$entries{$id}{config}{$_} = $value for keys %{ $secrets->{$id} };
	}
	return { integrations => \%entries };
}

# valid: a document with each secret as its rules want it; the built-in
# integrations alone have values that can be told by a mark.
sub valid
{
	my $document = secrets_are($marker);

	delete $document->{integrations}{vault};
	for my $id (keys %{ $document->{integrations} })
	{
		for my $name (keys %{ $secrets->{$id} })
		{
			my $rule = $secrets->{$id}{$name} // next;
			$document->{integrations}{$id}{config}{$name} =
				$rule =~ /^(?:uri|http-url)$/ ? "https://example.com/$marker"
			  : $rule =~ /^\^(?:\([^()]*\)\?)?([a-z]+-)$/ ? "$1$marker"
			  :                            die "do not know how to follow $rule";
		}
	}
	return $document;
}

my $deep = $marker;
$deep = [$deep] for 1 .. 3000;

my %planted = (
	valid => valid(),
	string => secrets_are($marker),
	long_string => secrets_are($marker x 250),
	lines => secrets_are("$marker\n$marker\r\t\e[1m\"'\\$marker"),
	number => secrets_are(JSON::PP->new->allow_bignum->decode($number)),
	array => secrets_are([ $marker, [$marker] ]),
	object => secrets_are({ $marker => $marker, deeper => { $marker => [$marker] } }),
	deep => secrets_are($deep),
	# nearly a secret's name, and nothing like one
	unknown_field => {
		integrations => {
			map {
				my $id = $_;
				$id => { config =>
					  { other => $marker, map { ("${_}x" => $marker) } keys %{ $secrets->{$id} } } }
			} keys %$secrets
		}
	},
	unknown_integration => {
		integrations => {
			map { ("${_}x" => { config => { api_key => $marker }, other => $marker }) }
			  keys %$secrets
		}
	},
	unknown_wrong => { integrations => { nobody => $marker, nowhere => [$marker], nothing => { config => $marker } } },
	beside => {
		integrations => {
			map { ($_ => { other => [$marker], map { ($_ => $marker) } keys %{ $secrets->{$_} } }) }
			  keys %$secrets
		}
	},
	entry_string => { integrations => { map { ($_ => $marker) } keys %$secrets } },
	entry_array => { integrations => { map { ($_ => [$marker]) } keys %$secrets } },
	config_string => { integrations => { map { ($_ => { config => $marker }) } keys %$secrets } },
	config_array => { integrations => { map { ($_ => { config => [$marker] }) } keys %$secrets } },
	# a locked array's strings are names, not values
	members => {
		integrations => {
			map {
				($_ => { enabled => $marker, description => { x => $marker },
						locked => [ { x => $marker }, [$marker] ] })
			} keys %$secrets
		}
	},
	members_2 => { integrations => { map { ($_ => { enabled => [$marker], description => [$marker], locked => $marker }) } keys %$secrets } },
	integrations_string => { integrations => $marker },
	integrations_array => { integrations => [$marker] },
	document_array => [ $marker, secrets_are($marker) ],
	document_string => $marker,
	# what outer layers do to an inner one's secrets
	locks => { integrations => { map { ($_ => { locked => JSON::PP::true, config => { map { ($_ => $marker) } keys %{ $secrets->{$_} } } }) } keys %$secrets } },
	lock_names => { integrations => { map { ($_ => { locked => [ keys %{ $secrets->{$_} } ] }) } grep { $_ ne 'openai' } keys %$secrets } },
	nulls => secrets_are(undef),
	# meant for "integrations"
	near_miss => { map { ($_ => { slack => { config => { bot_token => $marker }, api_key => $marker } }) } qw(integration Integrations INTEGRATIONS integratoins iintegrations) },
	near_miss_wrong => { integration => $marker, Integrations => [ { slack => $marker } ] },
	ids_on_top => { %{ secrets_are($marker)->{integrations} }, mine => 1 },
	flat_on_top => { map { my $id = $_; ($id => { other => $marker, config => { api_key => $marker }, map { ($_ => $marker) } keys %{ $secrets->{$id} } }) } keys %$secrets },
	# a secret that is a part of what is shown, wherever it is
	uri_password => {
		integrations => {
			github => { description => "see https://me:$marker\@example.com", config => { base_url => "https://ci:$marker\@ghe.example.com", organization => "git+ssh://x:$marker\@h/y and http://:$marker\@i" } },
			vault => { config => { wanted_with => "postgres://u:$marker\@db/x", tags => [ "https://u:$marker\@h" ] } },
			nobody => { description => "ftp://u:$marker\@h", locked => ["ftp://u:$marker\@h"] } },
		mine => { deep => [ { url => "amqp://guest:$marker\@mq" } ] } },
	sealed => { integrations => { github => { description => "sealed:1:$marker", config => { base_url => "sealed:1:k:$marker" } } }, mine => ["sealed:1:k:$marker"] },
	free_form => { integrations => { vault => { config => { extra => { token => $marker, deep => [ $marker, { er => $marker } ] }, tags => [ { token => $marker } ], wanted_with => { a => $marker } } } } });

# Answers, which are no documents: as such their keys would be the caller's own
my %answers = (
	answer_values => { vault => { uri => $marker, extra => { a => $marker }, unknown => $marker }, slack => { bot_token => $marker } },
	answer_resolve => { enabled => JSON::PP::true, configured => JSON::PP::false, in_use => JSON::PP::true, missing => [], config => { uri => $marker, wanted_with => "https://u:$marker\@h", unknown => $marker } },
	answer_part => { configured => JSON::PP::true, config => { bot_token => $marker } });

# Definitions with values that are nobody's to see
my @definitions = (
	[ { name => 'a', type => 'secret', default_value => $marker } ],
	[ { name => 'a', type => 'secret', default_value => [$marker] } ],
	[ { name => 'a', type => 'secret', default_value => { a => $marker } } ],
	[ { name => 'a', type => 'secret', default => $marker } ],
	[ { name => 'a', type => 'secret', value => $marker } ],
	[ { name => 'a', type => 'secret', required => $marker } ],
	[ { name => 'a', type => 'secret' }, $marker ],
	$marker);
my @schemas = (
	{ type => 'object', properties => { a => { type => 'string', writeOnly => JSON::PP::true, default => $marker } } },
	{ type => 'object', properties => { a => { type => 'string', format => 'password', default => $marker } } },
	{ type => 'object', properties => { a => { type => 'string', writeOnly => JSON::PP::true, default => [$marker] } } },
	{ type => 'object', properties => { a => { type => 'string', writeOnly => JSON::PP::true, const => $marker, not => { const => $marker } } } },
	{ type => 'object', properties => { a => { type => 'string', writeOnly => JSON::PP::true, examples => [$marker], default => JSON::PP::true } } },
	{ type => 'object', default => { a => $marker }, properties => { a => { type => 'string', writeOnly => JSON::PP::true } } },
	{ type => 'object', examples => [ { a => $marker } ], properties => { a => { type => 'string', writeOnly => JSON::PP::true, minimum => 1 } } });

my $json = JSON::PP->new->ascii->canonical->allow_nonref->allow_bignum->max_depth(4000);

# copied VALUE...: a line of COPY's text format
sub copied
{
	return join("\t", map { s/([\\\t\n\r])/{"\\"=>"\\\\","\t"=>"\\t","\n"=>"\\n","\r"=>"\\r"}->{$1}/ger } @_) . "\n";
}

# copy TABLE-AND-COLUMNS, LINE...: a COPY with its data, for psql
sub copy
{
	my ($table, @lines) = @_;
	return "COPY $table FROM STDIN;\n" . join('', @lines) . "\\.\n";
}

$node->safe_psql(
	'postgres',
	copy('planted',
		(map { copied($_, $json->encode($planted{$_})) } sort keys %planted),
		(map { copied($_, $json->encode($answers{$_})) } sort keys %answers))
	  . copy('planted_schemas',
		(map { copied("definition $_", $json->encode($definitions[$_])) } 0 .. $#definitions),
		(map { copied("schema $_", $json->encode($schemas[$_])) } 0 .. $#schemas)));

#
# How it is provoked, and looked at
#

my $seen = 0;

sub log_since
{
	my $log = slurp_file($node->logfile, $seen);

	$seen += length($log);
	return $log;
}

# leaks TEXT: the lines that have the mark in them
sub leaks
{
	my ($text) = @_;
	return join('', map { substr($_, 0, 1000) . "\n" } grep { /$leak/ } split(/\n/, $text));
}

# hidden NAME, SQL, EXPECTED...: run a script, see in its output that what was to
# be provoked has been, and the mark nowhere.
sub hidden
{
	my ($name, $sql, @expected) = @_;
	my ($stdout, $stderr, $told);

	$node->psql('postgres', "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT always\n$sql",
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	my $output = "$stdout\n$stderr";

	for my $expected (@expected)
	{
		next if ok($output =~ $expected, "$name: provoked") || $told;
		diag("there is no $expected among the following:\n",
			join("\n", grep { /^(psql|\w+:)/ } split(/\n/, substr($output, -20000))));
		$told = 1;
	}
	is(leaks("$stdout\n$stderr"), '', "$name: nothing in the output");
	is(leaks(log_since()), '', "$name: nothing in the log");
	return;
}

# for_each FORMAT: the statement for each of the planted documents, in place of
# %s, and with its name for %n.
sub for_each
{
	my ($format, @names) = @_;
	my $sql = '';

	for my $name (@names ? @names : sort keys %planted)
	{
		my $document = "(SELECT document FROM planted WHERE name = '$name')";
		my $line = $format;

		$line =~ s/%s/$document/g;
		$line =~ s/%n/$name/g;
		$sql .= "$line\n";
	}
	return $sql;
}

log_since();

# Would it be seen?
{
	my ($stdout, $stderr);
	my $sql = for_each(q{DO $$ BEGIN RAISE WARNING '%', %s; END $$;}, 'string');

	$node->psql('postgres', $sql, stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	isnt(leaks($stderr), '', 'a secret in a warning would be seen');
	isnt(leaks(log_since()), '', 'a secret in the log would be seen');
}

#
# The pure functions
#

for my $level (qw(platform org unit team effective))
{
	my @codes = qw(structure unknown_integration unknown_key unknown_field type allowed_values
	  pattern format length);

	push @codes, 'locked' if $level eq 'unit' || $level eq 'team';
	push @codes, 'required' if $level eq 'effective';
	hidden(
		"violations at level $level",
		for_each("SELECT * FROM integration_schema_validate(%s, '$level');")
		  . for_each("SELECT integration_schema_is_valid(%s, '$level');"),
		map { qr/\|$_\|/ } @codes);
}

hidden('violations of merged documents',
	for_each(q{SELECT * FROM integration_schema_validate(integration_schema_config(%s), 'effective');},
		grep { !/^document_/ } sort keys %planted),
	qr/\|type\|/, qr/\|required\|/);

hidden('explain',
	for_each('SELECT * FROM integration_schema_explain(%s);')
	  . for_each(q{SELECT * FROM integration_schema_explain(%s, (SELECT document FROM planted WHERE name = 'valid'));})
	  . for_each(q{SELECT * FROM integration_schema_explain((SELECT document FROM planted WHERE name = 'locks'), %s);}),
	qr/^slack\|bot_token\|"\*{8}"\|2\|org\|/m, qr/\|\{2\}(?:\||$)/m,
	qr/22023: .* layer|22023: layer/);

hidden('redact',
	for_each('SELECT integration_schema_redact(%s);')
	  . for_each(q{SELECT integration_schema_redact(integration_schema_config(%s));},
		grep { !/^document_/ } sort keys %planted)
	  . for_each(q{SELECT integration_schema_redact(integration_schema_config(%s,
				   (SELECT document FROM planted WHERE name = 'unknown_integration')));},
		grep { !/^document_/ } sort keys %planted),
	qr/"bot_token": "\*{8}"/, qr/"nobody": "\*{8}"/);

hidden('redact: answers',
	for_each(q{
SELECT integration_schema_redact(%s);
SELECT integration_schema_redact(%s, 'vault');
SELECT integration_schema_redact(%s, 'slakc');}, sort keys %planted, sort keys %answers)
	  . for_each(q{
SELECT integration_schema_redact(integration_schema_values(%s));
SELECT integration_schema_redact(integration_schema_resolve('vault', %s));
SELECT integration_schema_redact(integration_schema_resolve('vault', %s), 'vault');},
		grep { !/^document_/ } sort keys %planted),
	qr/22023: an answer of integration_schema_resolve/, qr/42704: integration "slakc"/,
	qr/"uri": "\*{8}"/, qr/"wanted_with": "https:\/\/u:\*{8}\@h"/);

hidden('masks that come back',
	for_each(q{
SELECT length(integration_schema_unmask(integration_schema_redact(d), d)::text),
	   integration_schema_unmask(integration_schema_redact(d), d) = d FROM (SELECT %s) AS s (d);
SELECT length(integration_schema_unmask(%s, %s)::text);
SELECT integration_schema_redact(integration_schema_unmask(integration_schema_redact(%s),
														   (SELECT document FROM planted WHERE name = 'valid')));
SELECT * FROM integration_schema_validate(integration_schema_unmask(integration_schema_redact(%s), '{}'));}),
	qr/^\d+\|t$/m, qr/"bot_token": "\*{8}"/);

hidden('history: what is shown of the past',
	for_each(q{
SELECT integration_schemas_internal.redact_past(%s, '{"vault": ["wanted_with", "extra"], "slack": ["bot_token"]}',
	'{/integrations/slack/config/bot_token,/integrations/github}');
SELECT integration_schemas_internal.config_diff(d, v, integration_schema_redact(d), integration_schema_redact(v)),
	   integration_schemas_internal.config_diff(v, d, integration_schema_redact(v), integration_schema_redact(d)),
	   integration_schemas_internal.config_diff(NULL, d, NULL, integration_schema_redact(d)),
	   integration_schemas_internal.config_diff(d, NULL, integration_schema_redact(d), NULL)
  FROM (SELECT %s, (SELECT document FROM planted WHERE name = 'valid')) AS s (d, v);},
		sort keys %planted),
	qr/"bot_token": "\(erased\)"/, qr/"after": "\*{8}"/);

hidden('a layer that is no object, an id that is unknown',
	for_each(q{
SELECT length(integration_schema_config('{}', %s)::text);
SELECT length(integration_schema_values('{}', %s)::text);
SELECT length(integration_schema_resolve('slack', %s)::text);
SELECT length(integration_schema_resolve('slakc', %s)::text);
SELECT length(integration_schema_config_array(ARRAY['{}', %s])::text);
SELECT length(integration_schema_resolve_array('slakc', ARRAY[%s])::text);
SELECT * FROM integration_schema_explain_array(ARRAY['{}', %s]);
SELECT * FROM integration_schema_validate(%s, 'squad');
SELECT integration_schema_is_valid(%s, 'squad');}),
	qr/22023: .*layer/, qr/42704: /, qr/22023: .*level/);

hidden('limits',
	for_each(q{
SET max_stack_depth = '100kB';
SELECT length(integration_schema_config(%s)::text);
SELECT length(integration_schema_config(%s, %s)::text);
SELECT * FROM integration_schema_explain(%s);
SELECT * FROM integration_schema_validate(%s);
SELECT length(integration_schema_redact(d)::text), length(integration_config_merge_patch(d, d)::text)
  FROM (SELECT jsonb_build_object('own', %s -> 'integrations')) AS t (d);},
		'deep', 'string'),
	qr/54001: stack depth limit exceeded/);

hidden('no catalogue',
	"BEGIN;\nALTER EXTENSION integration_schemas DROP TABLE integration_schemas;\n"
	  . "DROP TABLE integration_schemas CASCADE;\n"
	  . for_each(q{
SAVEPOINT s;
SELECT integration_schema_redact(integration_schema_config(%s));
ROLLBACK TO s;
SELECT * FROM integration_schema_explain(%s);
ROLLBACK TO s;
SELECT * FROM integration_schema_validate(%s);
ROLLBACK TO s;
SELECT integration_schema_redact(%s);
ROLLBACK TO s;})
	  . "ROLLBACK;\n",
	qr/WARNING: /);

#
# The trigger
#

$node->safe_psql(
	'postgres', q{
SET client_min_messages = warning;
CREATE TABLE nodes (id text PRIMARY KEY, level text, document jsonb);
CREATE TRIGGER check_document BEFORE INSERT OR UPDATE ON nodes
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document', 'level');
CREATE TABLE parted (id text, document jsonb) PARTITION BY LIST (id);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
CREATE TRIGGER check_document BEFORE INSERT OR UPDATE ON parted
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document', 'level=unit');
CREATE TABLE checked_after (id text, document jsonb);
CREATE TRIGGER check_document AFTER INSERT OR UPDATE ON checked_after
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document');
CREATE TABLE wrong_use (id text, document jsonb);
CREATE TRIGGER check_document BEFORE INSERT OR UPDATE ON wrong_use
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('documents');
CREATE TRIGGER check_document_2 BEFORE INSERT OR UPDATE ON wrong_use
	FOR EACH ROW EXECUTE FUNCTION integration_schema_check('document', 'level=squad');
CREATE VIEW nodes_view AS SELECT * FROM nodes;
-- a service's own function, which writes what it got
CREATE FUNCTION write_node(given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	found jsonb := (SELECT document FROM planted WHERE name = given);
BEGIN
	INSERT INTO nodes VALUES (given, 'org', found);
END $$;
CREATE FUNCTION write_node_dynamically(given text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'INSERT INTO nodes SELECT $1, $2, $3'
	  USING given, 'org', (SELECT document FROM planted WHERE name = given);
END $$;
CREATE FUNCTION write_node_and_tell(given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	what text; detail text; hint text; context text; names text;
BEGIN
	PERFORM write_node(given);
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT, names = CONSTRAINT_NAME;
	RAISE WARNING '% % % % %', what, detail, hint, context, names;
END $$;
-- what a column's own table says of it
CREATE TABLE staging (document jsonb);
CREATE FUNCTION staging_to_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO nodes VALUES ('staged', 'org', NEW.document);
	RETURN NULL;
END $$;
CREATE TRIGGER staging_to_nodes BEFORE INSERT ON staging
	FOR EACH ROW EXECUTE FUNCTION staging_to_nodes();
});

my $refused = qr/23514: .*integration/;
my $located = qr/SCHEMA NAME:  public\n.*TABLE NAME:  nodes\n.*COLUMN NAME:  document\n.*CONSTRAINT NAME:  check_document\n/s;

hidden('the trigger: INSERT, UPDATE, ON CONFLICT',
	"INSERT INTO nodes VALUES ('n', 'team', '{}');\n"
	  . for_each(q{
INSERT INTO nodes VALUES ('%n', 'org', %s);
INSERT INTO nodes SELECT name, 'team', document FROM planted WHERE name = '%n';
INSERT INTO nodes VALUES ('%n', 'squad', %s);
UPDATE nodes SET document = %s WHERE id = 'n';
UPDATE nodes SET (level, document) = ('squad', %s) WHERE id = 'n';
INSERT INTO nodes VALUES ('n', 'team', '{}')
	ON CONFLICT (id) DO UPDATE SET document = %s;
INSERT INTO nodes_view VALUES ('%n', 'org', %s);
WITH added AS (INSERT INTO nodes VALUES ('%n', 'unit', %s) RETURNING id) SELECT * FROM added;
PREPARE write AS INSERT INTO nodes VALUES ('%n', $1, %s);
EXECUTE write('team');
DEALLOCATE write;}),
	$refused, $located, qr/23514: .*does not hold a level/, qr/CONSTRAINT NAME:  check_document/);

hidden('the trigger: MERGE',
	for_each(q{
MERGE INTO nodes AS n USING (SELECT 'n', %s) AS s (id, document) ON n.id = s.id
	WHEN MATCHED THEN UPDATE SET document = s.document
	WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'org', s.document);
MERGE INTO nodes AS n USING (SELECT 'm', %s) AS s (id, document) ON n.id = s.id
	WHEN MATCHED THEN UPDATE SET document = s.document
	WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'team', s.document);}),
	$refused, $located);

hidden('the trigger: in functions',
	for_each(q{
SELECT write_node('%n');
SELECT write_node_dynamically('%n');
SELECT write_node_and_tell('%n');}),
	$refused, qr/PL\/pgSQL function write_node/, qr/WARNING: .*integration/);

hidden('the trigger: partitioned tables, AFTER, wrong use',
	for_each(q{
INSERT INTO parted VALUES ('a', %s);
INSERT INTO parted_a VALUES ('b', %s);
INSERT INTO parted_rest VALUES ('b', %s);
INSERT INTO checked_after VALUES ('a', %s);
INSERT INTO wrong_use VALUES ('a', %s);
ALTER TABLE wrong_use DISABLE TRIGGER check_document;
INSERT INTO wrong_use VALUES ('a', %s);
ALTER TABLE wrong_use ENABLE TRIGGER check_document;},
		# a row that belongs into another partition is shown by the server,
		# which checks that after the trigger
		grep { !/^(valid|nulls|lock_names|sealed)$/ } sort keys %planted),
	$refused, qr/TABLE NAME:  parted_a/, qr/TABLE NAME:  parted_rest/, qr/TABLE NAME:  checked_after/,
	qr/column "documents"/, qr/level "squad"/);

# COPY's own errors quote the row that it has read
{
	# A function is first called on rows without a secret: since 18 the server says
	# at DEBUG3 where it looks for its library, with the row, before that can act.
	my $sql = copy('nodes', copied('first call', 'org', '{}')) . copy('staging', copied('{}'));

	for my $name (sort keys %planted)
	{
		my $text = $json->encode($planted{$name});

		# also as a second row, and as one that a key refuses
		$sql .= copy('nodes', copied("copied $name", 'org', $text));
		$sql .= copy('nodes', copied("first $name", 'org', '{}'), copied('n', 'org', $text));
		$sql .= copy('nodes', copied("copied $name", 'squad', $text));
		$sql .= copy('parted', copied('a', $text));
		$sql .= copy('checked_after', copied('a', $text));
		$sql .= copy('wrong_use', copied('a', $text));
		$sql .= copy('staging', copied($text));
		$sql .= "COPY nodes FROM STDIN (FORMAT csv, QUOTE '''');\n'csv $name','org','"
		  . ($text =~ s/'/''/gr) . "'\n\\.\n";
	}
	hidden('the trigger: COPY', $sql,
		$refused, $located, qr/COPY nodes, line 2/, qr/COPY parted, line 1/, qr/COPY staging, line 1/,
		qr/23505: duplicate key/, qr/does not hold a level/);
}

#
# The store
#

$node->safe_psql(
	'postgres', q{
SET client_min_messages = warning;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
SELECT 'acme', 'root', NULL, 'org', document FROM planted WHERE name = 'valid';
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type)
VALUES ('acme', 'unit', 'root', 'unit'), ('acme', 'team', 'unit', 'team');
});

hidden('the store: set and replace',
	"LISTEN integration_schemas;\nSET integration_schemas.notify = on;\n"
	  . for_each(q{
SELECT integration_config_set('acme', 'root', %s);
SELECT integration_config_set('acme', 'team', %s, reason => 'try %n', author => 'somebody');
SELECT integration_config_set('acme', 'team', %s, expected_version => 1000000);
SELECT integration_config_set('acme', 'nobody', %s);
SELECT integration_config_set(NULL, 'team', %s);
SELECT integration_config_replace('acme', 'root', %s);
SELECT integration_config_replace('acme', 'unit', %s);
SELECT integration_config_replace('acme', 'team', %s, expected_version => 1000000);
SELECT integration_config_replace('acme', 'nobody', %s);}),
	$refused, qr/40001: /, qr/42704: /, qr/22023: (patch|document) is not a JSON object/,
	qr/CONSTRAINT NAME:  node_configurations_check/,
	qr/Asynchronous notification "integration_schemas" with payload/);

# now with values at every node
$node->psql('postgres', for_each(q{SELECT integration_config_replace('acme', 'root', %s);}, 'valid'));
$node->psql('postgres', q{SELECT integration_config_replace('acme', 'unit', document #- '{integrations,openai}')
	FROM planted WHERE name = 'valid'});
$node->psql('postgres', q{SELECT integration_config_replace('acme', 'team', document #- '{integrations,openai}')
	FROM planted WHERE name = 'valid'});
log_since();

my $reading = q{
SELECT * FROM integration_config_history('acme', 'root');
SELECT * FROM integration_config_history('acme', 'team');
SELECT * FROM integration_config_explain('acme', 'root');
SELECT * FROM integration_config_explain('acme', 'team');
SELECT * FROM integration_config_status('acme');
SELECT length(integration_config_effective('acme', 'team')::text),
	   length(integration_config_resolve('acme', 'team', 'slack')::text),
	   (SELECT sum(length(config::text)) FROM integration_config_effective_all('acme'));
SELECT integration_schema_redact(integration_config_effective('acme', 'team'));
SELECT node_id, integration_schema_redact(config) FROM integration_config_effective_all('acme');
SELECT integration_config_resolve('acme', 'team', 'slakc');
SELECT integration_config_effective('acme', 'nobody');
};

hidden('the store: history, explain, status',
	$reading,
	qr/"bot_token": "\*{8}"/, qr/^slack\|bot_token\|"\*{8}"\|team\|/m, qr/\{root,unit\}/, qr/42704: /);

hidden('the store: rollback',
	q{
SELECT integration_config_rollback('acme', 'team', 1);
SELECT integration_config_rollback('acme', 'team', 2, 1000000);
SELECT integration_config_rollback('acme', 'team', 2);
SELECT integration_config_rollback('acme', 'team', 1000000);
SELECT integration_config_rollback('acme', 'nobody', 1);},
	qr/40001: /, qr/42704: /);

hidden('the store: locks of outer layers',
	for_each(q{
BEGIN;
UPDATE node_configurations SET config_json = '{}' WHERE org_id = 'acme';
UPDATE node_configurations SET config_json = (SELECT document FROM planted WHERE name = 'lock_names')
 WHERE (org_id, node_id) = ('acme', 'unit');
SELECT integration_config_set('acme', 'team', %s #- '{integrations,openai}');
ROLLBACK;
BEGIN;
UPDATE node_configurations SET config_json = '{}' WHERE (org_id, node_id) = ('acme', 'team');
SELECT integration_config_set('acme', 'root', '{"integrations": {"slack": {"locked": true}}}');
SELECT integration_config_replace('acme', 'team', %s #- '{integrations,openai}');
ROLLBACK;}, 'valid', 'string', 'object'),
	qr/23514: .*is locked by node "unit"/, qr/23514: .*is locked by node "root"/);

# The rules of the tree: the server would show the whole row where one of the
# table's constraints is broken
my $rows = '';
my @columns = qw(org_id node_id parent_id node_type config_json version created_at updated_at updated_by);
my $columns = join(', ', @columns);
for my $row (
	[ "NULL", "'x'", "'root'", "'team'" ],
	[ "'acme'", "NULL", "'root'", "'team'" ],
	[ "'acme'", "'x'", "'root'", "NULL" ],
	[ "'acme'", "'x'", "'root'", "'squad'" ],
	[ "'acme'", "'x'", "NULL", "'team'" ],
	[ "'acme'", "'x'", "'root'", "'org'" ],
	[ "'acme'", "'x'", "NULL", "'org'" ],
	[ "'acme'", "'team'", "'root'", "'team'" ],
	[ "'acme'", "'x'", "'x'", "'team'" ],
	[ "'acme'", "'x'", "'nobody'", "'team'" ],
	[ "'acme'", "repeat('x', 256)", "'root'", "'team'" ],
	[ "''", "'x'", "'root'", "'team'" ],
	[ "repeat('x', 100000)", "'x'", "'root'", "'team'" ],
	[ "'acme'", "'*'", "'root'", "'team'" ],
	[ "'*'", "'x'", "NULL", "'platform'" ],
	[ "'*'", "'*'", "NULL", "'org'" ],
	[ "'acme'", "'x'", "'root'", "'platform'" ])
{
	my $values = join(', ', @$row);
	my $copied = join("\t", map { s/^'(.*)'$/$1/r } map { /^NULL$/ ? '\N' : /^repeat\('x', (\d+)\)/ ? 'x' x $1 : $_ } @$row);

	$rows .= "INSERT INTO node_configurations ($columns)
			  SELECT $values, document #- '{integrations,openai}', NULL, NULL, NULL, NULL
				FROM planted WHERE name = 'valid';\n"
	  . copy('node_configurations (org_id, node_id, parent_id, node_type, config_json)',
		"$copied\t" . copied($json->encode({ integrations => { slack => { config => { signing_secret => $marker } } } })));
}
hidden('the store: rows that the tree refuses',
	$rows . q{
UPDATE node_configurations SET node_id = 'other' WHERE node_id = 'team';
UPDATE node_configurations SET org_id = NULL WHERE node_id = 'team';
UPDATE node_configurations SET config_json = NULL WHERE node_id = 'team';
UPDATE node_configurations SET node_type = 'org' WHERE node_id = 'team';
UPDATE node_configurations SET parent_id = 'team' WHERE node_id = 'team';
UPDATE node_configurations SET parent_id = 'team' WHERE node_id = 'unit';
UPDATE node_configurations SET parent_id = NULL WHERE node_id = 'unit';
UPDATE node_configurations SET (version, created_at, updated_at, updated_by) = (NULL, NULL, NULL, NULL)
 WHERE node_id = 'team';
SET integration_schemas.max_depth = 2;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json)
SELECT 'acme', 'x', 'team', 'team', config_json FROM node_configurations WHERE node_id = 'team';
RESET integration_schemas.max_depth;
DELETE FROM node_configurations WHERE node_id = 'unit';},
	qr/23502: /, qr/23514: .*unknown type of node/, qr/23514: .*without a parent/, qr/23514: .*1 to 255/,
	qr/23514: .*its own ancestor/, qr/23514: .*too deep/,
	qr/23503: /, qr/23505: .*_pkey/, qr/0A000: /);

hidden('the store: history that does not stand',
	join('', map { "INSERT INTO node_configuration_history
		(org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation)
		SELECT $_, document, 'a', 'r', now(), now(), 1 FROM planted WHERE name = 'valid';\n" }
		  "'acme', 'team', 1, 'insert', 'team'", "'acme', NULL, 1, 'insert', 'team'",
		"'acme', 'new', 1, 'invent', 'team'", "'acme', 'new', 1, 'delete', 'team'")
	  . join('', map { copy('node_configuration_history (org_id, node_id, version, operation, node_type, config_json, author, role, changed_at, created_at, incarnation)',
			copied(@$_, $json->encode(valid()), 'a', 'r', 'now', 'now', 1)) }
		  [ 'acme', 'team', 1, 'insert', 'team' ], [ 'acme', 'new', 1, 'invent', 'team' ])
	  . q{
UPDATE node_configuration_history SET config_json = '{}';
DELETE FROM node_configuration_history;},
	qr/23505: /, qr/23514: /, qr/42501: /);

# Documents that came in while nobody checked them, or for which the catalogue
# has since changed, are as secret as others
hidden('the store: unchecked documents',
	"BEGIN;\nALTER TABLE node_configurations DISABLE TRIGGER node_configurations_check;\n"
	  . for_each(q{
SAVEPOINT s;
SELECT integration_config_replace('acme', 'team', %s);
UPDATE node_configurations SET config_json = %s WHERE (org_id, node_id) = ('acme', 'team');}
		  . join('', map { "SAVEPOINT t;\n$_;\nROLLBACK TO t;\n" } grep { /\S/ } split(/;\n/, $reading))
		  . q{ROLLBACK TO s;})
	  . "ROLLBACK;\n",
	qr/"bot_token": "\*{8}"/, qr/is not a JSON object/);

hidden('the store: the catalogue changes afterwards',
	qq{
BEGIN;
DELETE FROM integration_schemas WHERE id = 'slack';
UPDATE integration_schemas SET fields = '[{"name": "other", "type": "secret"}]' WHERE id <> 'openai';
$reading
ROLLBACK;
BEGIN;
DELETE FROM integration_schemas;
$reading
ROLLBACK;
},
	qr/"slack": "\*{8}"|"bot_token": "\*{8}"/);

# Another platform's tables, also with documents kept as text, also with such
# that are no JSON
$node->safe_psql(
	'postgres', q{
SET client_min_messages = warning;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.as_jsonb AS
	SELECT 'moved' AS org_id, 'root' AS node_id, NULL AS parent_id, document AS config_json
	  FROM planted LIMIT 0;
CREATE TABLE elsewhere.as_text AS
	SELECT org_id, node_id, parent_id, config_json::text AS config_json FROM elsewhere.as_jsonb;
});
hidden('moving in',
	for_each(q{
INSERT INTO elsewhere.as_jsonb VALUES ('moved', 'root', NULL, %s);
SELECT * FROM integration_config_import('elsewhere.as_jsonb');
DELETE FROM elsewhere.as_jsonb;
INSERT INTO elsewhere.as_text VALUES ('moved', 'root', NULL, (%s)::text);
SELECT * FROM integration_config_import('elsewhere.as_text');
UPDATE elsewhere.as_text SET config_json = left(config_json, -1);
SELECT * FROM integration_config_import('elsewhere.as_text');
UPDATE elsewhere.as_text SET config_json = '["\u0000", ' || config_json || ']';
SELECT * FROM integration_config_import('elsewhere.as_text');
UPDATE elsewhere.as_text SET config_json = '{}', org_id = NULL;
SELECT * FROM integration_config_import('elsewhere.as_text');
DELETE FROM elsewhere.as_text;}),
	qr/23514: node "root" of organisation "moved": /, qr/22P02: .*is not JSON/);

# Row security, for whom a row is another's
$node->safe_psql(
	'postgres', q{
SET client_min_messages = warning;
CREATE ROLE tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_configurations, nodes TO tenant;
GRANT SELECT ON node_configuration_history, planted TO tenant;
ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON node_configurations USING (org_id = 'other');
});
hidden('row security',
	"SET ROLE tenant;\n" . for_each(q{
INSERT INTO node_configurations (org_id, node_id, node_type, config_json) VALUES ('third', 'x', 'org', %s);
SELECT integration_config_set('acme', 'root', %s);
SELECT integration_config_explain('acme', 'root');
INSERT INTO nodes VALUES ('tenant', 'org', %s);}),
	qr/42501: new row violates row-level security policy/, qr/42704: /, $refused);
$node->safe_psql('postgres', 'ALTER TABLE node_configurations DISABLE ROW LEVEL SECURITY');
log_since();

#
# Definitions
#

hidden('definitions with a value for a secret',
	join('', map { "INSERT INTO integration_schemas (id, name, category, description, fields)
		SELECT 'x', 'X', 'x', 'x', document FROM planted_schemas WHERE name = 'definition $_';
		INSERT INTO integration_schemas (id, name, category, description, fields, display_order)
		SELECT 'x', NULL, 'x', 'x', document, NULL FROM planted_schemas WHERE name = 'definition $_';
		UPDATE integration_schemas SET name = NULL, fields = document
		  FROM planted_schemas AS p WHERE id = 'slack' AND p.name = 'definition $_';\n" }
		  0 .. $#definitions)
	  . join('', map { copy('integration_schemas (id, name, category, description, fields)',
			copied('x', 'X', 'x', 'x', $json->encode($_))) } @definitions),
	qr/23514: .*definition/, qr/COPY integration_schemas, line 1/);

hidden('JSON Schemas with a value for a secret',
	join('', map { "SELECT * FROM integration_schema_from_json_schema('x', 'X', 'x',
		(SELECT document FROM planted_schemas WHERE name = 'schema $_'));\n" } 0 .. $#schemas)
	  . "SELECT integration_schema_json_schema(id) FROM integration_schemas;\n"
	  . "SELECT integration_schema_json_schema('slakc');\n",
	qr/22023: /, qr/42704: /, qr/"writeOnly": true/);

#
# Parameters: pgbench's variables, which are parameters in the protocol
#

$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->reload;
for my $mode (qw(extended prepared))
{
	for my $name (qw(string object))
	{
		my $document = $json->encode($planted{$name});

		for my $statement (
			q{SELECT integration_config_set('acme', 'team', :document)},
			q{SELECT integration_config_replace('acme', 'team', :document)},
			q{INSERT INTO nodes VALUES ('p', 'org', :document)},
			q{UPDATE nodes SET document = :document WHERE id = 'n'},
			q{SELECT integration_schema_resolve('slakc', :document)},
			q{SELECT count(*) FROM integration_schema_explain('{}', :document)})
		{
			my $script = $PostgreSQL::Test::Utils::tmp_check . '/050_parameter.sql';
			my ($stdout, $stderr);

			open(my $fh, '>', $script) or die "could not write $script: $!";
			print $fh "$statement;\n";
			close($fh) or die "could not write $script: $!";
			run_log([ 'pgbench', '-n', '-t', '1', '-M', $mode, '-D', "document=$document",
					'-f', $script, '-h', $node->host, '-p', $node->port, 'postgres' ],
				'>', \$stdout, '2>', \$stderr);
			is(leaks("$stdout\n$stderr"), '', "$mode, $name: nothing in the output of $statement");
		}
	}
}
my $log = log_since();
like($log, qr/23514: /, 'documents as parameters: refused');
is(leaks($log), '', 'documents as parameters: nothing in the log');

$node->stop;
done_testing();
