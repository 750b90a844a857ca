#!/usr/bin/perl
# tools/tap.pl: run test files that print TAP, show what failed, and write the
# counts.
#
#   tap.pl COUNTS FILE... -- COMMAND...
#
# Each FILE is run by COMMAND with the file's name as its last argument. COUNTS
# gets one line, "passed failed skipped". A file that dies, that runs fewer tests
# than it planned, or that runs none at all counts as failed, whatever it
# printed before. A skipped test is no passed one.

use strict;
use warnings;

use TAP::Harness;
use TAP::Parser::Aggregator;

my ($counts, @files) = @ARGV;
my @command;

for my $i (0 .. $#files)
{
	next if $files[$i] ne '--';
	@command = @files[ $i + 1 .. $#files ];
	@files = @files[ 0 .. $i - 1 ];
	last;
}
die "usage: tap.pl COUNTS FILE... -- COMMAND...\n" unless @files && @command;

# show_end HEADLINE, LINES...: the last lines of what may be much.
sub show_end
{
	my ($headline, @lines) = @_;

	@lines = @lines[ -60 .. -1 ] if @lines > 60;
	print "$headline\n", map { '  ' . substr($_, 0, 500) . "\n" } @lines
	  if grep { /\S/ } @lines;
	return;
}

sub log_of
{
	my ($file) = @_;
	my ($name) = $file =~ m{([^/]+)\.pl$} or return ();

	open(my $fh, '<', ($ENV{TESTLOGDIR} // '.') . "/regress_log_$name") or return ();
	chomp(my @lines = <$fh>);
	close($fh);
	return @lines;
}

my ($passed, $failed, $skipped) = (0, 0, 0);

# What a file printed but for its passed tests: failed ones, what was said about
# them, and what is no TAP, an error of psql's say. Worth seeing where the file
# failed.
my %noise;
my $harness = TAP::Harness->new(
	{
		exec => sub { my ($harness, $file) = @_; return [ @command, $file ]; },
		# what a test says on stderr belongs beside its result
		merge => 1,
		errors => 1,
		color => 0,
	});
$harness->callback(
	made_parser => sub {
		my ($parser, $job) = @_;
		my $keep = sub { push @{ $noise{ $job->[0] } }, $_[0]->raw };

		$parser->callback($_ => $keep) for qw(comment unknown bailout);
		$parser->callback(test => sub { $keep->(@_) unless $_[0]->is_ok });
	});
# A file that bails out ends the run; those after it then count as failed too.
my $aggregate = TAP::Parser::Aggregator->new;
$aggregate->start;
eval { $harness->aggregate_tests($aggregate, @files); 1 } or print $@;
$aggregate->stop;
$harness->summary($aggregate);

for my $file (@files)
{
	my ($parser) = eval { $aggregate->parsers($file) };

	if (!$parser)
	{
		print "$file: did not finish\n";
		show_end("$file:", @{ $noise{$file} || [] });
		$failed++;
		next;
	}

	if (defined $parser->skip_all)
	{
		$skipped++;
		next;
	}

	my $bad = $parser->failed;
	my $skip = $parser->skipped;
	my $missing = ($parser->tests_planned // 0) - $parser->tests_run;

	$bad += $missing if $missing > 0;
	$bad ||= 1 if $parser->has_problems || $parser->tests_run == 0;
	$failed += $bad;
	$skipped += $skip;
	$passed += $parser->passed - $skip;

	show_end("$file:", @{ $noise{$file} || [] }) if $bad;
	# PostgreSQL::Test::Utils says in a log of its own why a test died
	show_end("The end of its log:", log_of($file)) if $parser->exit && !$parser->failed;
}

open(my $fh, '>', $counts) or die "could not write $counts: $!\n";
print $fh "$passed $failed $skipped\n";
close($fh) or die "could not write $counts: $!\n";
exit($failed ? 1 : 0);
