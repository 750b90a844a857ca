# An ordinary role owns a database and the extension, and puts code of his own on every table of it, in every way that
# there is. Others then call every function, dump, restore and update. Wherever his code runs it runs as nobody but
# himself, whatever it leaves behind runs as nobody else later, and he stays what he is.

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
my $next = '1.0.3';
my $script = "$folder/integration_schemas--$version--$next.sql";

END { my $status = $?; unlink $script if defined $script; $? = $status; }

my $part = slurp_file("$FindBin::Bin/../../sql/20_builtin.sql");
$part =~ s/"name": "Slack"/"name": "Slack 2"/ or die;
open(my $fh, '>', $script) or die $!;
print $fh $part;
close $fh;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_min_messages = warning\nlog_error_verbosity = terse\nstatement_timeout = 20s\nlog_min_error_statement = panic");
# what seals is looked at as well
$node->append_conf('postgresql.conf', "integration_schemas.key_command = 'echo master MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN');
# somebody else, with rights that mallory has not
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN CREATEROLE CREATEDB');
# for the test's own queries: a database of mallory's says otherwise
$node->safe_psql('postgres', 'ALTER ROLE postgres SET search_path = pg_catalog');

# what his code says is for the log
my $quiet = 'SET client_min_messages = error;';

my @tables = qw(integration_schemas integration_schema_version integration_schema_removed integration_schema_history
  node_configurations node_configuration_history
  integration_config_grants integration_config_grant_history integration_config_reveals);

# What his code does wherever it runs: it says so in the log, where no rollback takes it away, tries to climb, and
# leaves things behind that run later. Nothing of it may fail what it is part of.
my $evil = q{
	CREATE SCHEMA mine;
	GRANT USAGE ON SCHEMA mine TO PUBLIC;
	CREATE TABLE mine.later (x int);
	GRANT ALL ON mine.later TO PUBLIC;
	CREATE FUNCTION mine.say(place text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
	BEGIN
		RAISE WARNING 'NOTED %', concat_ws('|', regexp_replace(place, '[|\n].*', ''), current_user, session_user,
			(SELECT rolsuper FROM pg_roles WHERE rolname = current_user), current_setting('session_replication_role'));
	END $$;
	CREATE FUNCTION mine.try(command text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE command;
		IF command ~ 'ROLE|AUTHORIZATION' AND current_user::text OPERATOR(pg_catalog.<>) 'mallory' THEN
			PERFORM mine.say('climbed by ' || command);
		END IF;
	EXCEPTION WHEN OTHERS THEN NULL;
	END $$;
	CREATE FUNCTION mine.note(place text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM mine.say(place);
		-- in his own statements there is nothing to be had, and much to be left behind that is his
		IF session_user::text OPERATOR(pg_catalog.<>) 'mallory' THEN
			PERFORM mine.try('ALTER ROLE mallory SUPERUSER');
			PERFORM mine.try('SET ROLE ' || quote_ident(session_user));
			PERFORM mine.try('RESET ROLE');
			PERFORM mine.try('SET SESSION AUTHORIZATION ' || quote_ident(session_user));
			PERFORM mine.try('RESET SESSION AUTHORIZATION');
			PERFORM mine.try('ALTER ROLE mallory CREATEROLE');
			IF place OPERATOR(pg_catalog.!~) 'later' THEN
				PERFORM mine.try('INSERT INTO mine.later VALUES (1)');
			END IF;
			PERFORM mine.try('CREATE TEMPORARY TABLE node_configurations ON COMMIT DROP AS SELECT mine.note(''as'')');
			PERFORM mine.try('DECLARE held CURSOR WITH HOLD FOR SELECT mine.say(''held'')');
			PERFORM mine.try('PREPARE prepared AS SELECT mine.say(''prepared'')');
			PERFORM mine.try('SET search_path = mine');
			PERFORM mine.try('SET check_function_bodies = off');
		END IF;
		RETURN true;
	END $$;
	CREATE FUNCTION mine.pure(place text, v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN PERFORM mine.note(place); RETURN v; END $$;
	CREATE FUNCTION mine.child(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN PERFORM mine.say('child'); RETURN v; END $$;
	CREATE FUNCTION mine.fire() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM mine.note(concat(TG_WHEN, ' ', TG_LEVEL, ' ', TG_OP, ' of ', TG_TABLE_NAME));
		IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN RETURN OLD; END IF;
		RETURN NEW;
	END $$;
	CREATE CONSTRAINT TRIGGER later AFTER INSERT ON mine.later DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION mine.fire();
	CREATE FUNCTION mine.equal(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN PERFORM mine.note('operator'); RETURN a OPERATOR(pg_catalog.=) b; END $$;
	CREATE OPERATOR mine.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.equal);
	CREATE FUNCTION mine.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql AS $$ SELECT mine.pure('function', pg_catalog.jsonb_typeof($1)) $$;
	CREATE FUNCTION mine.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() WHERE mine.note('function') $$;
	CREATE DOMAIN mine.jsonb AS pg_catalog.jsonb CHECK (mine.note('domain'));
	-- a better match than ours, in the schema of ours, for calls that leave arguments out
	CREATE FUNCTION public.integration_config_unset(org_id text, node_id text, id text, field text) RETURNS integer
		LANGUAGE sql AS $$ SELECT 1 WHERE mine.note('overload') $$;
	CREATE FUNCTION public.integration_config_unset(org_id text, node_id text, id text, field text, reason text) RETURNS integer
		LANGUAGE sql AS $$ SELECT 1 WHERE mine.note('overload') $$;
	CREATE FUNCTION public.integration_schema_unmask(json, json) RETURNS json LANGUAGE sql AS $$ SELECT $1 WHERE mine.note('overload') $$;
	-- what others are asked to import from
	CREATE TYPE mine.word AS (v text);
	CREATE FUNCTION mine.word_text(mine.word) RETURNS text LANGUAGE sql AS $$ SELECT mine.pure('cast', $1.v) $$;
	CREATE TYPE mine.name AS ENUM ('Slack 3');
	CREATE FUNCTION mine.name_json(mine.name) RETURNS json LANGUAGE sql AS $$ SELECT pg_catalog.to_json(mine.pure('cast to json', 'x')) $$;
	CREATE CAST (mine.word AS text) WITH FUNCTION mine.word_text(mine.word) AS IMPLICIT;
	CREATE CAST (mine.name AS json) WITH FUNCTION mine.name_json(mine.name);
	CREATE TABLE mine.integrations (id text, name mine.name);
	INSERT INTO mine.integrations VALUES ('slack', 'Slack 3');
	CREATE TABLE mine.nodes (org_id text, node_id text, parent_id mine.word, name mine.word);
	INSERT INTO mine.nodes VALUES ('imported', 'imported', NULL, ROW('n')), ('a', 't', ROW('a'), ROW('n'));
	CREATE VIEW mine.integration_view AS SELECT mine.pure('view', 'viewed') AS id, 'Viewed' AS name;
	CREATE VIEW mine.node_view AS SELECT mine.pure('view', 'viewed') AS org_id, 'viewed' AS node_id, NULL::text AS parent_id;
	GRANT SELECT ON mine.integrations, mine.nodes TO PUBLIC;
	ALTER DATABASE %DB% SET search_path = mine, public, pg_catalog;
	ALTER ROLE mallory SET search_path = mine, public, pg_catalog;
};

my $store = q{
	INSERT INTO public.node_configurations (org_id, node_id, parent_id, node_type) VALUES ('a', 'a', NULL, 'org'), ('a', 't', 'a', 'team');
	UPDATE public.node_configurations SET config_json = '{"integrations": {"slack": {"config": {"default_channel": "#a"}}}}' WHERE node_id = 't';
	UPDATE public.integration_schemas SET featured = true WHERE id = 'github';
};

sub each_table { my ($of) = @_; return join('', map { $of->($_) } @tables) }

# his code, by kind. "new" is one more column of ours under its name, with a type of his.
my $new = sub { my ($table, $column) = @_;
	return "ALTER TABLE $table RENAME $column TO old_$column; ALTER TABLE $table ALTER old_$column DROP NOT NULL;"
	  . "ALTER TABLE $table ADD $column mine.word DEFAULT ROW('a');" };
my %code = (
	triggers => each_table(sub { my $table = $_[0];
		join('', map { my ($when, $level) = split / /;
			"CREATE TRIGGER aaa_${when}_$level $when INSERT OR UPDATE OR DELETE ON $table FOR EACH $level EXECUTE FUNCTION mine.fire();" .
			"CREATE TRIGGER zzz_${when}_$level $when INSERT OR UPDATE OR DELETE ON $table FOR EACH $level EXECUTE FUNCTION mine.fire();" .
			"CREATE TRIGGER zzz_replica_${when}_$level $when INSERT OR UPDATE OR DELETE ON $table FOR EACH $level EXECUTE FUNCTION mine.fire();" .
			"ALTER TABLE $table ENABLE ALWAYS TRIGGER aaa_${when}_$level, ENABLE REPLICA TRIGGER zzz_replica_${when}_$level;" }
		  'BEFORE ROW', 'AFTER ROW', 'BEFORE STATEMENT', 'AFTER STATEMENT') .
		"CREATE TRIGGER aaa_truncate BEFORE TRUNCATE ON $table EXECUTE FUNCTION mine.fire();" }),
	'deferred triggers' => each_table(sub {
		"CREATE CONSTRAINT TRIGGER own AFTER INSERT OR UPDATE OR DELETE ON $_[0] DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mine.fire();" }) .
	  'ALTER TABLE node_configurations ALTER CONSTRAINT node_configurations_history_fkey DEFERRABLE INITIALLY DEFERRED;',
	'constraints and columns' => each_table(sub {
		"ALTER TABLE $_[0] ADD CHECK (mine.note('check')) NOT VALID;" .
		"ALTER TABLE $_[0] ADD own boolean; ALTER TABLE $_[0] ALTER own SET DEFAULT mine.note('default');" .
		"ALTER TABLE $_[0] ADD own2 text GENERATED ALWAYS AS (mine.pure('generated', 'x')) STORED;" .
		"ALTER TABLE $_[0] ADD own3 mine.jsonb DEFAULT '{}';" }),
	'domains' => q{
		CREATE DOMAIN mine.words AS text CHECK (mine.note('domain'));
		ALTER TABLE integration_schemas ALTER description TYPE mine.words;
		ALTER TABLE integration_schema_history ALTER author TYPE mine.words, ALTER reason TYPE mine.words;
		ALTER TABLE node_configuration_history ALTER author TYPE mine.words, ALTER reason TYPE mine.words;
		ALTER TABLE node_configurations ALTER updated_by TYPE mine.words, ALTER name TYPE mine.words;},
	'row security' => each_table(sub {
		"ALTER TABLE $_[0] ENABLE ROW LEVEL SECURITY; ALTER TABLE $_[0] FORCE ROW LEVEL SECURITY;" .
		"CREATE POLICY own ON $_[0] USING (mine.note('policy')) WITH CHECK (mine.note('policy'));" }),
	rules => each_table(sub { my $table = $_[0];
		join('', map { "CREATE RULE own_$_ AS ON $_ TO $table DO ALSO SELECT mine.note('rule');" } qw(INSERT UPDATE DELETE)) }),
	'rules instead' => q{
		CREATE RULE own_update AS ON UPDATE TO node_configurations DO INSTEAD SELECT mine.note('rule');
		CREATE RULE own_insert AS ON INSERT TO node_configuration_history DO INSTEAD SELECT mine.note('rule');
		CREATE RULE own_delete AS ON DELETE TO node_configuration_history DO INSTEAD SELECT mine.note('rule');
		CREATE RULE own_update AS ON UPDATE TO integration_schemas DO INSTEAD SELECT mine.note('rule');},
	indexes => join('', map { my ($table, $column) = @$_;
		"CREATE INDEX ON $table (mine.pure('index', $column)); CREATE INDEX ON $table ($column) WHERE mine.pure('predicate', $column) <> '';" .
		"CREATE STATISTICS mine.of_$table ON (mine.pure('statistics', $column)), $column FROM $table;" }
	  ['integration_schemas', 'name'], ['integration_schema_removed', 'id'], ['integration_schema_history', 'id'],
	  ['node_configurations', 'node_id'], ['node_configuration_history', 'author']),
	'columns of his types, read' => 'ALTER TABLE node_configurations DROP CONSTRAINT node_configurations_root_check;' .
	  $new->('node_configurations', 'parent_id') . $new->('node_configurations', 'name') .
	  $new->('node_configuration_history', 'author') . $new->('node_configuration_history', 'reason') .
	  $new->('integration_schemas', 'description') . $new->('integration_schemas', 'origin') .
	  $new->('integration_schema_history', 'author'),
	'views in their place' => each_table(sub {
		"ALTER TABLE $_[0] RENAME TO real_$_[0]; CREATE VIEW $_[0] AS SELECT * FROM real_$_[0] WHERE mine.note('view');" .
		"GRANT ALL ON $_[0] TO PUBLIC;" }),
	'tables of his in their place' => each_table(sub {
		"ALTER EXTENSION integration_schemas DROP TABLE $_[0]; ALTER TABLE $_[0] RENAME TO real_$_[0];" .
		"CREATE TABLE $_[0] (id mine.word, org_id mine.word, node_id mine.word, version mine.word, fields mine.word, config_json mine.word);" .
		"INSERT INTO $_[0] VALUES (ROW('a'), ROW('a'), ROW('t'), ROW('1'), ROW('[]'), ROW('{}')); GRANT ALL ON $_[0] TO PUBLIC;" .
		"ALTER EXTENSION integration_schemas ADD TABLE $_[0];" }),
	'parents and children' => each_table(sub {
		"CREATE TABLE mine.parent_of_$_[0] (LIKE $_[0] INCLUDING DEFAULTS); ALTER TABLE $_[0] INHERIT mine.parent_of_$_[0];" .
		"CREATE TABLE mine.child_of_$_[0] (own text GENERATED ALWAYS AS (mine.child('x')) STORED, CHECK (mine.child('x') IS NOT NULL)) INHERITS ($_[0]);" .
		"CREATE TRIGGER own BEFORE INSERT OR UPDATE OR DELETE ON mine.child_of_$_[0] FOR EACH ROW EXECUTE FUNCTION mine.fire();" .
		"INSERT INTO mine.child_of_$_[0] SELECT * FROM $_[0];" }),
	'functions of ours' => q{
		DO $$ DECLARE f record; BEGIN
			FOR f IN SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc AS p WHERE p.pronamespace IN
					('public'::regnamespace, 'integration_schemas_internal'::regnamespace) LOOP
				PERFORM mine.try(format('ALTER FUNCTION %s SET search_path = mine, public', f.name));
				PERFORM mine.try(format('ALTER FUNCTION %s SECURITY DEFINER', f.name));
				PERFORM mine.try(format('ALTER FUNCTION %s OWNER TO mallory', f.name));
				PERFORM mine.try(format('ALTER EXTENSION integration_schemas DROP FUNCTION %s', f.name));
				PERFORM mine.try(format('DROP FUNCTION %s', f.name));
			END LOOP;
			PERFORM mine.try('CREATE FUNCTION integration_schemas_internal.ever_secret(x int DEFAULT 1) RETURNS jsonb LANGUAGE sql AS ''SELECT NULL::jsonb''');
			PERFORM mine.try('ALTER SCHEMA integration_schemas_internal OWNER TO mallory');
			PERFORM mine.try('CREATE EVENT TRIGGER own ON ddl_command_end EXECUTE FUNCTION mine.fire()');
		END $$;},
);

# Where none of his code is reached: it is looked for, and not found, or turned down.
my $unreached = qr/^(deferred triggers|row security|functions of ours|views in their place|parents and children|columns of his types, read|tables of his in their place)$/;

# noted SINCE: what his code said of itself since then, each once: [place, who, session, superuser, replication]
sub noted
{
	my ($since) = @_;
	my %seen;
	return map { [ split /\|/ ] } grep { !$seen{$_}++ } substr(slurp_file($node->logfile), $since) =~ /WARNING:  NOTED ([^|\n]*\|\w*\|\w*\|\w\|\w+)/g;
}

# as ROLE, DB, SQL: run it, whatever errors there are; returns the errors.
sub as
{
	my ($role, $db, $sql, %more) = @_;
	my ($status, $out, $err) = $node->psql($db, "\\set VERBOSITY verbose\n$quiet\n$sql",
		extra_params => [ '-U', $role ], on_error_stop => 0, %more);
	return $err // '';
}

sub make_database
{
	my ($db) = @_;
	(my $own = $evil) =~ s/%DB%/$db/g;
	$node->safe_psql('postgres', "CREATE DATABASE $db OWNER mallory");
	my ($status, $out, $err) = $node->psql($db, "$quiet $own", extra_params => [ '-U', 'mallory' ], on_error_stop => 1);
	is($err // '', '', "$db: what he prepares");
	($status, $out, $err) = $node->psql($db, "$quiet CREATE EXTENSION integration_schemas SCHEMA public; $store",
		extra_params => [ '-U', 'mallory' ], on_error_stop => 1);
	is($err // '', '', "$db: he makes the extension");
	$node->safe_psql($db, 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk');
	return;
}

# Every function of the extension's, with arguments by name and type: from the catalogue, so that none is forgotten.
my $calls_query = q{
	SELECT format('%s %s(%s);', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT * FROM' END, (p.pronamespace::regnamespace || '.' || p.proname),
		(SELECT string_agg(CASE WHEN p.provariadic <> 0 AND a.n = p.pronargs THEN 'VARIADIC ' ELSE '' END || coalesce(v.value, t.value, 'NULL') || '::pg_catalog.' || y.typname, ', ' ORDER BY a.n)
		   FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n) JOIN pg_type AS y ON y.oid = a.type
		   LEFT JOIN LATERAL (VALUES ('org_id', '$$a$$'), ('node_id', '$$t$$'), ('id', '$$slack$$'), ('field', CASE WHEN p.proname = 'integration_config_reveal' THEN '$$bot_token$$' ELSE '$$default_channel$$' END),
				('role', '$$clerk$$'), ('privileges', '$${read}$$'),
				('level', '$$team$$'), ('expected_version', 'NULL'), ('category', 'NULL'), ('of', CASE WHEN a.type = 'text'::regtype THEN '$$a$$' ELSE '$$public.node_configurations$$::regclass' END),
				('max', '2'), ('before', CASE WHEN a.type = 'timestamptz'::regtype THEN 'pg_catalog.now()' ELSE '$${}$$' END), ('since', '$$-infinity$$'),
				('source', CASE WHEN p.proname = 'integration_schemas_import' THEN '$$mine.integrations$$' WHEN p.proname = 'integration_config_import_history' THEN '$$public.node_configuration_history$$' ELSE '$$mine.nodes$$' END),
				('fields', CASE WHEN a.type = 'jsonb'::regtype THEN '$$[]$$' END), ('command', '$$SELECT 1$$'),
				('from', CASE p.proname WHEN 'integration_schema_rename' THEN '$$gitlab$$' ELSE '$$bot_token$$' END), ('to', '$$renamed$$'), ('secrets', '$$keep$$'), ('new', '$$y$$')) AS v (name, value)
			 ON v.name = p.proargnames[a.n] AND v.value IS NOT NULL
		   LEFT JOIN (VALUES ('jsonb', '$${"integrations": {"slack": {"config": {"default_channel": "#b"}}}}$$'), ('jsonb[]', '$${"{\"integrations\": {}}"}$$'),
				('text', '$$x$$'), ('integer', '1'), ('boolean', 'true'), ('text[]', '$${/x}$$'), ('tid', '$$(0,1)$$'), ('regclass', '$$public.node_configurations$$')) AS t (type, value)
			 ON t.type = a.type::regtype::text))
	  FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'integration_schemas'
	 WHERE p.prorettype <> 'trigger'::regtype
	 ORDER BY p.proname ~ 'forget', p.proname ~ 'erase|prune', p.proname, p.pronargs};
my $extra = q{
	SELECT * FROM public.integration_schemas_import('mine.integration_view');
	SELECT * FROM public.integration_config_import('mine.node_view');
	SELECT public.integration_config_set('a', 't', '{"x": 1}');
	SELECT public.integration_config_erase('a', 't', 'slack', 'default_channel');
};
my $calls = q{SET search_path = mine, public, pg_catalog;
	SELECT public.integration_config_set('a', 't', '{"integrations": {"slack": {"config": {"bot_token": "xoxb-1"}}}}');};

# Where there is none of it on the tables every call works, so that elsewhere it does try.
make_database('plain');
$calls .= $extra . $node->safe_psql('plain', $calls_query);
cmp_ok(scalar(() = $calls =~ /^SELECT/mg), '>', 45, 'every function is called');
{
	my $since = -s $node->logfile;
	my $err = as('postgres', 'plain', $calls);
	# What reads JSON Schema inside touches no table, and says of what is none that it is none.
	my @errors = grep { !/0A000.*|script_execute|row type|22P02: invalid input syntax for type json|22023: (cannot (get array length|extract elements)|field name must not be null|the schema is not valid)/ }
	  $err =~ /ERROR: .*/g;
	is(join("\n", @errors), '', 'all functions work where he has put nothing on the tables');
	is(join("\n", map { "@$_" } grep { $_->[1] ne 'mallory' } noted($since)), '', 'and what he prepared runs as himself alone');
	like(join("\n", map { $_->[0] } noted($since)), qr/cast to json/, 'it did run');
}

my $number = 0;
for my $kind (sort keys %code)
{
	my $db = 'db' . ++$number;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $errors = '';
	my ($since, @noted);

	make_database($db);
	my ($status, $out, $err) = $node->psql($db, "$quiet $code{$kind}", extra_params => [ '-U', 'mallory' ], on_error_stop => 1);
	is($err // '', '', "$kind: he puts it there");

	$since = -s $node->logfile;
	$errors .= as('mallory', $db, $calls);
	$errors .= as('postgres', $db, "$calls; TABLE pg_prepared_statements; TABLE pg_cursors; SHOW search_path;");
	$errors .= as('postgres', $db, "ALTER EXTENSION integration_schemas UPDATE TO '$next'");
	# both in one transaction, where what was left behind in the one could run in the other
	$errors .= as('postgres', $db, "BEGIN; SELECT public.integration_config_set('a', 't', '{\"y\": 1}'); SELECT public.integration_schema_config(); COMMIT;");
	# row security is made for callers like this: his policies run as them, as in any statement of theirs
	$errors .= as('clerk', $db, $calls) unless $kind eq 'row security';

	# dumped by a superuser, and restored by one
	my @dumps = ([ 'p', '-Fp' ], [ 'c', '-Fc' ]);
	# the other formats read and write as one of these does
	push @dumps, [ 'i', '-Fp', '--inserts' ], [ 'd', '-Fd', '-j2' ], [ 't', '-Fp', '-t', 'public.node_configurations' ]
	  if $kind =~ /^(columns of|parents|triggers)/;
	for my $dump (@dumps)
	{
		my ($name, @options) = @$dump;
		IPC::Run::run([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-U', 'postgres', @options, '-f', "$dir/$name", $db ], '>', \my $o, '2>', \my $e);
		$errors .= $e;
	}
	for my $name (qw(p i c d))
	{
		# where what he did to the tables is not in the dump, one restore is like another
		last if $kind !~ /^(columns of|parents|triggers|row security)/;
		next unless -e "$dir/$name";
		my $to = "${db}_$name";
		$node->safe_psql('postgres', "CREATE DATABASE $to OWNER mallory");
		my @program = $name =~ /[pi]/ ? ('psql', '-Xq', '-f', "$dir/$name") : ('pg_restore', ($name eq 'd' ? '-j2' : ()), "$dir/$name");
		IPC::Run::run([ @program, '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-d', $to ], '>', \my $o, '2>', \my $e);
		$errors .= $e;
		$errors .= as('postgres', $to, $calls) if $name eq 'c';
		$node->safe_psql('postgres', "DROP DATABASE $to");
	}

	# what a restore writes into tables of his own is written by who restores: the server's own matter
	@noted = grep { $_->[0] ne 'child' } noted($since);
	is(join("\n", map { "@$_" } grep { $_->[1] ne 'mallory' || $_->[3] ne 'f' || $_->[0] =~ /climbed/ } @noted),
		'', "$kind: it runs as nobody but himself");
	is(join("\n", map { "@$_" } grep { $_->[4] ne 'origin' } @noted), '', "$kind: and as ever");
	cmp_ok(scalar(grep { $_->[0] !~ /^(cast|cast to json|view|operator|later|AFTER ROW INSERT of later)$/ } @noted), '>', 0, "$kind: it did run")
	  unless $kind =~ $unreached;
	unlike($errors, qr/XX\d\d\d|server closed the connection|internal error|cache lookup/, "$kind: no internal error, no crash");
	is($node->safe_psql($db, q{SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'mallory'}), 'f|f', "$kind: he is what he was");
	is($node->safe_psql($db, q{SELECT count(*) FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid JOIN pg_proc AS p ON p.oid = d.objid
		WHERE e.extname = 'integration_schemas' AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass AND p.proowner = 'mallory'::regrole}),
		'0', "$kind: and no function of ours is his");
	if ($kind eq 'row security')
	{
		$since = -s $node->logfile;
		$errors = as('clerk', $db, $calls);
		unlike($errors, qr/XX\d\d\d|server closed the connection/, "$kind: no internal error for others");
		is(join("\n", map { "@$_" } grep { $_->[3] ne 'f' || $_->[1] !~ /^(mallory|clerk)$/ } noted($since)),
			'', "$kind: policies run as the caller, as in his own statements, and as nobody else");
	}
	$node->safe_psql('postgres', "DROP DATABASE $db; ALTER ROLE mallory NOCREATEROLE NOSUPERUSER");
}

$node->stop;
done_testing();
