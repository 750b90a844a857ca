/*-------------------------------------------------------------------------
 *
 * server/command.h
 *	  What a shell command prints.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

/* A command that is given more time than this hangs. */
#define COMMAND_SECONDS 30

extern Size command_output(const char *command, const char *what, char *buffer, Size size);

#endif							/* SERVER_COMMAND_H */
