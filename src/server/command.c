/*-------------------------------------------------------------------------
 *
 * server/command.c
 *	  What a shell command prints.
 *
 * popen() would do but for one thing: nobody could cancel a command that hangs.
 * So the command is a child of ours in a process group of its own, its output
 * comes through a pipe that is waited for together with the latch, and whatever
 * ends the wait ends the group.  A backend that is killed outright leaves the
 * command behind: it finds its output closed when it next writes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "server/command.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* A command that is running. */
typedef struct Command
{
	const char *what;			/* it is for, in messages */
	pid_t		pid;			/* 0: it has ended */
	int			output;			/* the pipe's end that we read; -1 closed */
} Command;

/*
 * become: in the child: be the command.  Only what a signal handler may call is
 * called here.
 */
static void
become(const char *command, int output)
{
	int			nothing = open("/dev/null", O_RDONLY);
	sigset_t	none;

	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) signal(SIGPIPE, SIG_DFL);
	(void) setpgid(0, 0);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
		_exit(126);
	(void) execl("/bin/sh", "sh", "-c", command, (char *) NULL);
	_exit(127);
}

/*
 * begin: start it.
 */
static void
begin(Command *running, const char *command)
{
	int			ends[2];

	if (pipe(ends) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create a pipe for the %s: %m", running->what)));
	(void) fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void) fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void) fflush(NULL);
	running->pid = fork();
	if (running->pid == 0)
		become(command, ends[1]);
	(void) close(ends[1]);
	running->output = ends[0];
	if (running->pid < 0)
	{
		running->pid = 0;
		(void) close(ends[0]);
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("could not start the %s: %m", running->what)));
	}
	/* in both processes, since nobody knows which is the first to run */
	(void) setpgid(running->pid, running->pid);
}

/*
 * end: it is over, or has to be; returns its status, as waitpid() gives it.
 */
static int
end(Command *running, bool kill_it)
{
	int			status = 0;

	if (running->output >= 0)
		(void) close(running->output);
	running->output = -1;
	if (running->pid == 0)
		return 0;
	if (kill_it)
		(void) kill(-running->pid, SIGKILL);
	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		;
	running->pid = 0;
	return status;
}

/*
 * wait_for_output: until there is some, or the end of it.
 */
static void
wait_for_output(const Command *running, TimestampTz deadline)
{
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
	int			events;

	if (left <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s did not end in %d seconds", running->what, COMMAND_SECONDS)));
	events = WaitLatchOrSocket(MyLatch,
							   WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							   running->output, left, PG_WAIT_EXTENSION);
	if (events & WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * read_all: read what it prints, to its end.
 */
static Size
read_all(const Command *running, char *buffer, Size size)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													   COMMAND_SECONDS * 1000);
	Size		length = 0;

	for (;;)
	{
		ssize_t		got = read(running->output, buffer + length, size - length);

		if (got == 0)
			return length;
		if (got > 0)
			length += got;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			wait_for_output(running, deadline);
		else if (errno != EINTR)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read the output of the %s: %m", running->what)));
		if (length == size)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the %s printed more than %zu bytes", running->what, size - 1)));
	}
}

/*
 * command_output: run a shell command as the server's user, and read what it
 * prints into a buffer of that size, of which the last byte is not used; returns
 * how many bytes there are.
 *
 * what is the command in messages.  What it prints to its standard error goes
 * where the server's goes.  The statement's cancellation and timeout end it.
 * Errors: object_not_in_prerequisite_state where it fails, takes longer than
 * COMMAND_SECONDS or prints more than there is room for; never with anything that
 * it printed.
 */
Size
command_output(const char *command, const char *what, char *buffer, Size size)
{
	Command		running = {.what = what,.output = -1};
	volatile Size length = 0;
	int			status;

	CHECK_FOR_INTERRUPTS();
	begin(&running, command);
	PG_TRY();
	{
		length = read_all(&running, buffer, size);
	}
	PG_CATCH();
	{
		(void) end(&running, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	status = end(&running, false);
	if (status != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s failed", what),
				 errdetail_internal("%s", wait_result_to_str(status))));
	return length;
}
