# The store on a hot standby: every function that reads it answers as on the primary, also under row security.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION integration_schemas;
	INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) VALUES
		('*', '*', NULL, 'platform', '{"platform": true}'),
		('acme', 'acme', NULL, 'org', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}'),
		('acme', 'sre', 'acme', 'team', '{"integrations": {"slack": {"config": {"default_channel": "#sre"}}}}');
	CREATE ROLE team;
	GRANT SELECT ON node_configurations TO team;
	ALTER TABLE node_configurations ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON node_configurations TO team USING (node_id = 'sre');
});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

for my $call (
	q{integration_config_effective('acme', 'sre')},
	q{integration_config_resolve('acme', 'sre', 'slack')},
	q{integration_config_values('acme', 'sre')},
	q{integration_config_get('acme', 'sre')},
	q{integration_config_explain('acme', 'sre')},
	q{integration_config_effective_all('acme')},
	q{integration_config_status('acme')},
	q{integration_config_violations()},
	q{integration_schema_impact('slack', NULL)},
) {
	for my $role ('postgres', 'team') {
		my $ask = ($role eq 'team' ? 'SET ROLE team; ' : '') . "SELECT * FROM $call AS answer;";
		is($standby->safe_psql('postgres', $ask), $primary->safe_psql('postgres', $ask), "$call, as $role");
	}
}
is($standby->safe_psql('postgres', q{SET ROLE team; SELECT integration_config_effective('acme', 'sre') -> 'platform'}), 'true',
	'a hidden platform is inherited from');

$standby->stop;
$primary->stop;
done_testing();
