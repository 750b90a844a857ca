# pgaudit sees each read of documents, whichever function makes it, and wherever that is called from.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('audit');
$node->init;
plan skip_all => 'pgaudit is not installed' unless -e `$ENV{PG_CONFIG} --pkglibdir` =~ s/\n//r . '/pgaudit.so';
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pgaudit'\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION integration_schemas;
	CREATE EXTENSION pgaudit;
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
		('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
		('acme', 'sre', 'acme', 'team', '{}');
	CREATE ROLE auditor;
	CREATE ROLE reader;
	GRANT SELECT ON node_configurations TO auditor, reader;
	CREATE ROLE nobody;
	CREATE TABLE note (t text);
});

# audited SQL [SETTING...]: how many reads of the table pgaudit tells of.
sub audited
{
	my ($sql, @settings) = @_;
	my ($status, $out, $err) = $node->psql('postgres',
		join(' ', map { "SET $_;" } "pgaudit.role = 'auditor'", @settings, 'client_min_messages = log', 'pgaudit.log_client = on')
		. " $sql");
	is($status, 0, "$sql runs") or diag $err;
	return scalar(() = $err =~ /AUDIT: OBJECT,\d+,\d+,READ,SELECT,TABLE,public\.node_configurations,/g);
}

for my $call (
	q{integration_config_effective('acme', 'sre')},
	q{integration_config_resolve('acme', 'sre', 'slack')},
	q{integration_config_values('acme', 'sre')},
	q{integration_config_explain('acme', 'sre')},
	q{integration_config_effective_all('acme')},
	q{integration_config_status('acme')},
	q{integration_config_get('acme', 'sre')},
	q{integration_config_violations()},
	q{integration_schema_impact('slack', NULL)},
) {
	is(audited("SELECT count(*) FROM $call;"), 1, "$call is seen, once");
	is(audited("SET ROLE reader; SELECT count(*) FROM $call;"), 1, 'also as another role');
	is(audited("SELECT count(*) FROM $call;", 'pgaudit.log_rows = on'), 1, 'also where pgaudit counts rows');
}

my $effective = q{integration_config_effective('acme', 'sre')};
is(audited("SELECT count($effective) FROM generate_series(1, 3);"), 3, 'a read for each call');
is(audited("DO \$\$BEGIN PERFORM $effective; END\$\$;"), 1, 'in PL/pgSQL');
is(audited("BEGIN; DECLARE c CURSOR FOR SELECT $effective FROM generate_series(1, 3); FETCH c; FETCH c; COMMIT;",
	'pgaudit.log_rows = on'), 2, 'by a cursor, as it is fetched');
is(audited("PREPARE p (jsonb) AS SELECT \$1 ? 'x'; EXECUTE p ($effective);"), 1, 'in an argument');
cmp_ok(audited("EXPLAIN SELECT FROM note WHERE t = ($effective)::text;"), '>=', 1, 'by the planner');
is(audited("CREATE TABLE answer AS SELECT $effective;", 'pgaudit.log_rows = on'), 1, 'in CREATE TABLE AS');

# A role that has privileges at the node, and rights on no table: the owner reads for it.
$node->safe_psql('postgres', q{
	CREATE ROLE granted;
	SELECT integration_config_grant('granted', 'acme', 'acme', '{read,reveal,write}');
});
for my $call (
	q{integration_config_effective('acme', 'sre')},
	q{integration_config_resolve('acme', 'sre', 'slack')},
	q{integration_config_values('acme', 'sre')},
	q{integration_config_explain('acme', 'sre')},
	q{integration_config_effective_all('acme')},
	q{integration_config_status('acme')},
	q{integration_config_get('acme', 'sre')},
	q{integration_config_violations()},
	q{integration_config_set('acme', 'sre', '{}')},
) {
	is(audited("SET ROLE granted; SELECT count(*) FROM $call;"), $call =~ /_set/ ? 2 : 1, "$call is seen as a granted role calls it");
}

my ($status, undef, $err) = $node->psql('postgres', "SET ROLE nobody; SELECT $effective;");
isnt($status, 0, 'a role without rights is refused');
like($err, qr/permission denied for table node_configurations/, 'with the error of a SELECT');

# Row security: the caller's own query is seen too.
$node->safe_psql('postgres', q{
	ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
	CREATE POLICY teams ON node_configurations TO reader USING (node_type = 'team');
});
is(audited("SET ROLE reader; SELECT $effective;"), 2, 'under row security');

$node->stop;
done_testing();
