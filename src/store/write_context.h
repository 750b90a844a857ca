/*-------------------------------------------------------------------------
 *
 * store/write_context.h
 *	  What a function that writes a node tells the triggers of the table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_WRITE_CONTEXT_H
#define STORE_WRITE_CONTEXT_H

#include "jsonb/reader.h"

/*
 * A write that is being made by one of our own functions.  It holds for the
 * one node that it names, and only until the function returns or throws.
 */
typedef struct WriteContext
{
	JsonbRef	org_id;
	JsonbRef	node_id;
	const char *reason;			/* NULL: the setting's */
	const char *author;			/* NULL: the setting's, or else the role */
	bool		accepted;		/* was accepted once: only warn of what no
								 * longer conforms */
	bool		renames;		/* only names change: nothing to check */
	bool		reseals;		/* secrets are sealed anew: nothing changes */
} WriteContext;

/* The write that is being made; NULL for a statement of the caller's own. */
extern WriteContext *write_context;

extern const WriteContext *context_of(text *org_id, text *node_id);

#endif							/* STORE_WRITE_CONTEXT_H */
