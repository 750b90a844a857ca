/*-------------------------------------------------------------------------
 *
 * catalogue/once_secret.h
 *	  Places that were secrets once, by the history of the catalogue.
 *
 * They are kept as a tree of an integration's places: an object for a place in
 * which there are such, by the keys of its members, and true for one itself.
 * Two kinds of keys stand for more than one member; no field has such a name:
 *
 *		"*"					any element of an array, and any value of a map
 *		"?method=oauth"		what is beside it, where the object's "method" has
 *							that value, or none
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_ONCE_SECRET_H
#define CATALOGUE_ONCE_SECRET_H

#include "jsonb/reader.h"

/* What a place once was. */
typedef enum OnceSecret
{
	ONCE_NOTHING,
	ONCE_AROUND,				/* there were secrets in it */
	ONCE_SECRET					/* it was one, or was in one */
} OnceSecret;

/* The trees' nodes for one value; nearly always there is one. */
typedef struct OnceNodes
{
	JsonbRef   *nodes;			/* NULL for none */
	int			count;
	OnceSecret	once;
} OnceNodes;

extern OnceNodes once_root(JsonbRef tree);
extern OnceNodes once_within(const OnceNodes *outer, JsonbRef container);
extern OnceNodes once_inside(const OnceNodes *outer, JsonbRef key);
extern void once_free(OnceNodes *nodes);

#endif							/* CATALOGUE_ONCE_SECRET_H */
