# The extension is trusted: an ordinary role owns its tables, and puts code of its own on them in every way that
# there is. The script of CREATE EXTENSION and of ALTER EXTENSION UPDATE runs as the bootstrap superuser: no code of
# the owner's may.

use strict;
use warnings;

use FindBin;
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

my ($version) = slurp_file($control) =~ /^default_version = '([^']+)'/m;
my $next = '1.0.2';
my $script = "$folder/integration_schemas--$version--$next.sql";

END { my $status = $?; unlink $script if defined $script; $? = $status; }

# The next version: one row changed, one gone, one new, by the part as it stands.
my $part = slurp_file("$FindBin::Bin/../../sql/20_builtin.sql");
$part =~ s/"name": "Slack"/"name": "Slack 2"/ or die;
$part =~ s/"id": "sentry", "name": "Sentry"/"id": "sentinel", "name": "Sentinel"/ or die;
open(my $fh, '>', $script) or die $!;
print $fh $part;
close $fh;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN');
# for the test's own queries: a database of mallory's says otherwise
$node->safe_psql('postgres', 'ALTER ROLE postgres SET search_path = pg_catalog');

# What mallory's code does wherever it runs: it notes who it runs as, and tries to climb.
my $evil = q{
	CREATE SCHEMA mine;
	CREATE TABLE mine.catalogue (id text, name text);
	INSERT INTO mine.catalogue VALUES ('slack', 'Slack 3'), ('brand-new', 'New');
	CREATE TABLE mine.log (place text, who name, replication text, climbed text);
	CREATE FUNCTION mine.climb(command text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE command;
		RETURN current_user;
	EXCEPTION WHEN OTHERS THEN
		RETURN NULL;
	END $$;
	CREATE FUNCTION mine.note(place text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO mine.log VALUES (place, current_user, current_setting('session_replication_role'),
			concat_ws(',', mine.climb('ALTER ROLE mallory SUPERUSER'),
				CASE WHEN current_user <> 'mallory' THEN current_user END));
		PERFORM mine.climb(format('SET ROLE %I', 'postgres')), mine.climb('RESET ROLE'),
			mine.climb('RESET SESSION AUTHORIZATION'), mine.climb('ALTER ROLE mallory SUPERUSER');
		RETURN true;
	END $$;
	CREATE FUNCTION mine.fire() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM mine.note(format('%s %s %s of %s', TG_WHEN, TG_LEVEL, TG_OP, TG_TABLE_NAME));
		RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
	END $$;
	CREATE FUNCTION mine.value(place text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN mine.note(place) THEN 'v' END $$;
	CREATE FUNCTION mine.pure(place text, v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN PERFORM mine.note(place); RETURN v; END $$;
	CREATE FUNCTION mine.equal(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN PERFORM mine.note('operator'); RETURN a OPERATOR(pg_catalog.=) b; END $$;
	CREATE OPERATOR mine.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.equal);
	ALTER DATABASE %DB% SET search_path = mine, public, pg_catalog;
	ALTER ROLE mallory SET search_path = mine, public, pg_catalog;
};
my @tables = qw(integration_schemas integration_schema_version integration_schema_removed integration_schema_history
	integration_schema_renames);
my %code = (
	triggers => join('', map { my $table = $_;
		map { my ($when, $level) = split / /;
			"CREATE TRIGGER aaa_${when}_$level $when INSERT OR UPDATE OR DELETE ON $table FOR EACH $level EXECUTE FUNCTION mine.fire();" .
			"ALTER TABLE $table ENABLE ALWAYS TRIGGER aaa_${when}_$level;" }
		  'BEFORE ROW', 'AFTER ROW', 'BEFORE STATEMENT', 'AFTER STATEMENT' } @tables),
	constraints => q{
		ALTER TABLE integration_schemas ADD CHECK (mine.note('check') OR name = '') NOT VALID;
		ALTER TABLE integration_schema_version ADD CHECK (mine.note('check')) NOT VALID;
		ALTER TABLE integration_schema_history ADD CHECK (mine.note('check')) NOT VALID;},
	defaults => q{
		ALTER TABLE integration_schemas ADD own text; ALTER TABLE integration_schemas ALTER own SET DEFAULT mine.value('default');
		ALTER TABLE integration_schema_history ADD own text; ALTER TABLE integration_schema_history ALTER own SET DEFAULT mine.value('default');},
	'generated columns' => q{
		ALTER TABLE integration_schemas ADD own text GENERATED ALWAYS AS (mine.pure('generated', name)) STORED;
		ALTER TABLE integration_schema_history ADD own text GENERATED ALWAYS AS (mine.pure('generated', id)) STORED;},
	'row security' => join('', map {
		"ALTER TABLE $_ ENABLE ROW LEVEL SECURITY; ALTER TABLE $_ FORCE ROW LEVEL SECURITY;" .
		"CREATE POLICY own ON $_ USING (mine.note('policy')) WITH CHECK (mine.note('policy'));" } @tables),
	indexes => q{
		CREATE INDEX ON integration_schemas (mine.pure('index', name));
		CREATE INDEX ON integration_schemas (id) WHERE mine.pure('predicate', name) <> '';
		CREATE INDEX ON integration_schema_history (mine.pure('index', id));},
	domains => q{
		CREATE DOMAIN mine.words AS text CHECK (mine.note('domain'));
		ALTER TABLE integration_schemas ALTER description TYPE mine.words;
		ALTER TABLE integration_schema_history ALTER author TYPE mine.words;},
	rules => q{
		CREATE RULE own AS ON UPDATE TO integration_schema_version DO ALSO SELECT mine.note('rule');
		CREATE RULE own AS ON INSERT TO integration_schema_history DO ALSO SELECT mine.note('rule');},
	'deferred triggers' => q{
		CREATE CONSTRAINT TRIGGER own AFTER INSERT OR UPDATE ON integration_schemas DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION mine.fire();
		CREATE CONSTRAINT TRIGGER own AFTER UPDATE ON integration_schema_version DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION mine.fire();},
	'functions that he may alter' => q{
		DO $$ DECLARE f regprocedure; BEGIN
			FOR f IN SELECT p.oid FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e'
					WHERE p.proowner = 'mallory'::regrole LOOP
				EXECUTE format('ALTER FUNCTION %s SET search_path = mine, public', f);
			END LOOP;
		END $$;});

# refused: what stops the statement, where it cannot be done in a restricted operation
my %refused = ('deferred triggers' => qr/deferred trigger within security-restricted operation/);

my $number = 0;
for my $kind (sort keys %code)
{
	my $db = 'db' . ++$number;
	my $mallory = sub { my ($sql) = @_;
		return $node->psql($db, $sql, extra_params => [ '-U', 'mallory' ], on_error_stop => 1, stderr => \my $ignored) };
	my $log = sub { return $node->safe_psql($db, "SELECT count(*) $_[0] mine.log") };
	(my $own = $evil) =~ s/%DB%/$db/g;

	$node->safe_psql('postgres', 'ALTER ROLE mallory NOSUPERUSER');
	$node->safe_psql('postgres', "CREATE DATABASE $db OWNER mallory");
	is($mallory->($own), 0, "$kind: mallory has a database");
	is($mallory->('CREATE EXTENSION integration_schemas SCHEMA public'), 0, "$kind: and the extension");
	is($node->safe_psql($db, 'SELECT count(*) FROM mine.log'), '0', "$kind: none of his code ran as it was made");

	my ($status, $out, $err) = $node->psql($db, $code{$kind}, extra_params => [ '-U', 'mallory' ], on_error_stop => 1);
	is($err // '', '', "$kind: he puts his code on its tables");
	$node->safe_psql($db, 'TRUNCATE mine.log');

	($status, $out, $err) = $node->psql($db, "ALTER EXTENSION integration_schemas UPDATE TO '$next'",
		extra_params => [ '-U', 'mallory' ], on_error_stop => 1);
	if ($refused{$kind})
	{
		like($err, $refused{$kind}, "$kind: he cannot update it");
	}
	else
	{
		is($err // '', '', "$kind: he updates it");
		is($node->safe_psql($db, q{SELECT name FROM public.integration_schemas WHERE id IN ('slack', 'sentry', 'sentinel') ORDER BY id}),
			"Sentinel\nSlack 2", "$kind: and has what is new");
	}
	# the next superuser who comes along, with the search_path of the database
	for my $call ("ALTER EXTENSION integration_schemas UPDATE TO '$next'",
		'SELECT public.integration_schema_config()', 'SELECT public.integration_schema_resolve($$slack$$)',
		'SELECT public.integration_schema_list(), public.integration_schema_categories()',
		'SELECT public.integration_schemas_import($$mine.catalogue$$)',
		'SELECT * FROM public.integration_schema_changes($$-infinity$$)',
		'SELECT integration_schemas_internal.ever_secret()',
		'SELECT public.integration_schema_rename_field($$sentry$$, $$organization$$, $$org$$)',
		'SELECT public.integration_schema_rename($$sentry$$, $$sentries$$)')
	{
		$node->psql($db, "SET search_path = mine, public, pg_catalog; $call");
	}

	cmp_ok($node->safe_psql($db, 'SELECT count(*) FROM mine.log'), '>', 0, "$kind: his code ran")
	  unless $kind =~ /deferred|row security|alter/;
	is($node->safe_psql($db, q{SELECT DISTINCT place, who, climbed FROM mine.log WHERE who <> 'mallory' OR climbed <> ''}),
		'', "$kind: as nobody but himself");
	is($node->safe_psql($db, q{SELECT DISTINCT replication FROM mine.log WHERE replication <> 'origin'}), '', "$kind: as ever");
	is($node->safe_psql($db, q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', "$kind: he is no superuser");
	is($node->safe_psql($db, q{SELECT count(*) FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
		WHERE e.extname = 'integration_schemas' AND d.deptype = 'e' AND d.objid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'mine'::regnamespace)}),
		'0', "$kind: and nothing of his is the extension's");
}

$node->stop;
done_testing();
