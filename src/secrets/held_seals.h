/*-------------------------------------------------------------------------
 *
 * secrets/held_seals.h
 *	  Which sealed secrets documents hold, and where.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_HELD_SEALS_H
#define SECRETS_HELD_SEALS_H

#include "secrets/each_secret.h"
#include "utils/hsearch.h"

/* A set of sealed secrets with their places; zero: not begun. */
typedef struct HeldSeals
{
	HTAB	   *table;
} HeldSeals;

extern void held_seals_begin(HeldSeals *held);
extern void held_seals_add(HeldSeals *held, const Catalogue *catalogue, Jsonb *document);
extern void held_seals_add_value(HeldSeals *held, const Field *field, JsonbRef value,
								 JsonbRef entry);
extern bool held_seals_have(const HeldSeals *held, const EachSecret *secret);
extern void held_seals_end(HeldSeals *held);

#endif							/* SECRETS_HELD_SEALS_H */
