/*-------------------------------------------------------------------------
 *
 * secrets/search.h
 *	  Looking for a secret that somebody knows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_SEARCH_H
#define SECRETS_SEARCH_H

#include "catalogue/walk.h"
#include "fmgr.h"
#include "secrets/sealed.h"

typedef struct SecretSearch SecretSearch;

/*
 * SecretFound: is told of a string that is the secret, or has it as the password of
 * a URI.  is_shown: readers of today's document are shown it there; of the past they
 * are not where the walk says that the place was a secret's once.  Where it stands
 * search_entry() and search_path() say.
 */
typedef void (*SecretFound) (SecretSearch *search, bool is_shown);

struct SecretSearch
{
	Walk		walk;			/* the first; the catalogue and once_secret are the
								 * caller's to give */
	FunctionCallInfo fcinfo;
	SealPlace	place;			/* the node is the caller's to give */
	JsonbRef	wanted;			/* in clear */
	JsonbRef	instead;		/* what is to take its place; JREF_NONE: nothing */
	SecretFound found;			/* or NULL */
	void	   *arg;			/* the caller's */
	int64		closed;			/* how many sealed ones did not open */
	bool		replaced;		/* did anything change in the last document? */
	StringInfoData path;
};

extern Jsonb *search_document(SecretSearch *search, Jsonb *document);
extern JsonbRef search_entry(const SecretSearch *search);
extern void search_path(const SecretSearch *search, StringInfo out);

#endif							/* SECRETS_SEARCH_H */
