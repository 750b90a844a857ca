/*-------------------------------------------------------------------------
 *
 * server/copy_context.c
 *	  Keeps rows that COPY reads out of its errors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/copyfrom_internal.h"
#include "server/copy_context.h"

/*
 * copy_context: what remains of copyfrom.c: CopyFromErrorCallback.
 */
static void
copy_context(void *arg)
{
	CopyFromState cstate = arg;

	if (cstate->cur_attname != NULL)
		errcontext("COPY %s, line %llu, column %s", cstate->cur_relname,
				   (unsigned long long) cstate->cur_lineno, cstate->cur_attname);
	else
		errcontext("COPY %s, line %llu", cstate->cur_relname,
				   (unsigned long long) cstate->cur_lineno);
}

/*
 * hide_rows_of_copy: take the row's text out of the context that COPY adds to
 * every error until it has ended.
 *
 * That context quotes the line of the input that COPY has read last: the row
 * that a trigger is just looking at, with its secrets, whether it is the
 * trigger that refuses it or a unique index later.  The line's number will do.
 * The callback is the COPY's own, and goes when it ends.
 */
void
hide_rows_of_copy(void)
{
	for (ErrorContextCallback *context = error_context_stack;
		 context != NULL; context = context->previous)
		if (context->callback == CopyFromErrorCallback)
			context->callback = copy_context;
}
