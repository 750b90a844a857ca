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

my ($passed, $failed, $skipped) = (0, 0, 0);

# What a file printed that is no TAP, an error of psql's say: worth seeing only
# where the file failed.
my %noise;
my $harness = TAP::Harness->new(
	{
		exec => sub { my ($harness, $file) = @_; return [ @command, $file ]; },
		# what a test says on stderr belongs beside its result
		merge => 1,
		failures => 1,
		comments => 1,
		errors => 1,
		color => 0,
	});
$harness->callback(
	made_parser => sub {
		my ($parser, $job) = @_;
		$parser->callback(
			unknown => sub { push @{ $noise{ $job->[0] } }, $_[0]->raw; });
	});
my $aggregate = $harness->runtests(@files);

for my $file (@files)
{
	my ($parser) = $aggregate->parsers($file);

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

	if ($bad && $noise{$file})
	{
		my @lines = @{ $noise{$file} };
		@lines = @lines[ -50 .. -1 ] if @lines > 50;
		print "What else $file printed:\n", map { "  $_\n" } @lines;
	}
}

open(my $fh, '>', $counts) or die "could not write $counts: $!\n";
print $fh "$passed $failed $skipped\n";
close($fh) or die "could not write $counts: $!\n";
exit($failed ? 1 : 0);
