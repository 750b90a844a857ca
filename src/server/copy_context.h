/*-------------------------------------------------------------------------
 *
 * server/copy_context.h
 *	  Keeps rows that COPY reads out of its errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_COPY_CONTEXT_H
#define SERVER_COPY_CONTEXT_H

/*
 * For a row trigger, first thing: a COPY that fired it, at any remove, shows
 * no row in its errors from here on.
 */
extern void hide_rows_of_copy(void);

#endif
