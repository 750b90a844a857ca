# A name from a document can't begin a line of the log, or steer the terminal of
# who reads it, in any encoding of the server; and what is a letter there stays.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "log_min_messages = warning\nlog_min_error_statement = panic\n");
$node->start;

my $seen = 0;

# log_since: what the log has had since the last time
sub log_since
{
	my $log = slurp_file($node->logfile, $seen);

	$seen += length($log);
	return $log;
}

# By encoding: bytes of a name, in hexadecimal, and how a message shows them
my %shown = (
	LATIN1 => [
		[ '610a62', 'a\\u000ab' ], [ '610d621b5b316d7f', 'a\\u000db\\u001b[1m\\u007f' ],
		[ '6185629b316d', 'a\\u0085b\\u009b1m' ], [ '809f', '\\u0080\\u009f' ], [ 'a0e9ff', "\xa0\xe9\xff" ] ],
	ISO_8859_5 => [ [ '619b62', 'a\\u009bb' ], [ 'd0d1', "\xd0\xd1" ] ],
	LATIN9 => [ [ '619b62', 'a\\u009bb' ], [ 'a4', "\xa4" ] ],
	WIN1252 => [ [ '610a62', 'a\\u000ab' ], [ '80859b9f', "\x80\x85\x9b\x9f" ] ],
	WIN1251 => [ [ '8090859b', "\x80\x90\x85\x9b" ] ],
	KOI8R => [ [ '80859b9f', "\x80\x85\x9b\x9f" ], [ 'c1c2', "\xc1\xc2" ] ],
	EUC_JP => [
		[ '610a62', 'a\\u000ab' ], [ 'c6fccbdc', "\xc6\xfc\xcb\xdc" ], [ '8eb18fb0a1', "\x8e\xb1\x8f\xb0\xa1" ],
		[ 'c6fc0aa4a2', "\xc6\xfc\\u000a\xa4\xa2" ] ],
	UTF8 => [
		[ '61c28562', 'a\\u0085b' ], [ 'e280a8e280ae', '\\u2028\\u202e' ], [ 'e281a6', '\\u2066' ], [ 'c3a9e697a5f09f9880', "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80" ],
		[ 'c2a0e280a7e280af', "\xc2\xa0\xe2\x80\xa7\xe2\x80\xaf" ] ],
	# nobody knows what they are, but for what is UTF-8
	SQL_ASCII => [
		[ '619b62', 'a\\u009bb' ], [ '6185', 'a\\u0085' ], [ 'e9ff', "\xe9\xff" ], [ 'c380e697a5', "\xc3\x80\xe6\x97\xa5" ], [ 'c285', '\\u0085' ], [ 'e280ae', '\\u202e' ],
		[ 'c3', "\xc3" ], [ 'e29b', "\xe2\\u009b" ], [ 'c09b', "\xc0\\u009b" ], [ 'f09f98', "\xf0\\u009f\\u0098" ] ]);

for my $encoding (sort keys %shown)
{
	$node->safe_psql('postgres',
		qq{CREATE DATABASE "in_$encoding" TEMPLATE template0 ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'});
	$node->safe_psql("in_$encoding", 'SET client_min_messages = warning; CREATE EXTENSION integration_schemas');
	log_since();
	for my $case (@{ $shown{$encoding} })
	{
		my ($bytes, $expected) = @$case;
		my $stderr;

		$node->psql("in_$encoding",
			"SET client_encoding = '$encoding';\n"
			  . "SELECT integration_schema_resolve(convert_from('\\x$bytes', '$encoding'));",
			stderr => \$stderr);
		like($stderr, qr/ERROR:  integration "\Q$expected\E" does not exist\n/, "$encoding: $bytes to the client");
		like(log_since(), qr/ERROR:  integration "\Q$expected\E" does not exist\n/, "$encoding: $bytes in the log");
	}
}

# Clipped between two characters, in each of them
for my $case ([ 'EUC_JP', 'c6fc', "\xc6\xfc" ], [ 'UTF8', 'e697a5', "\xe6\x97\xa5" ], [ 'LATIN1', 'e9', "\xe9" ])
{
	my ($encoding, $bytes, $character) = @$case;
	my $stderr;

	$node->psql("in_$encoding",
		"SET client_encoding = '$encoding';\nSELECT integration_schema_resolve('x' || repeat(convert_from('\\x$bytes', '$encoding'), 100));",
		stderr => \$stderr);
	like($stderr, qr/ERROR:  integration "x(?:\Q$character\E){21,63}\.\.\." does not exist\n/, "$encoding: a long name");
}

$node->stop;
done_testing();
