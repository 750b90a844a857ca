/*-------------------------------------------------------------------------
 *
 * jsonb/merge_patch.h
 *	  JSON Merge Patch (RFC 7396).
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_MERGE_PATCH_H
#define JSONB_MERGE_PATCH_H

#include "jsonb/reader.h"

/* What the caller knows of an object that is patched. */
typedef struct PatchPlace
{
	bool		keeps_nulls;	/* a null that finds no member to remove stays */
	int			place;			/* the rest is the caller's own */
	const void *what;
} PatchPlace;

/*
 * PatchStep: what is at a key of an object that is patched; inner is zeros, as the
 * root is.
 * target is what the object was, patch what is to be made of it.
 */
typedef void (*PatchStep) (const PatchPlace *outer, JsonbRef target, JsonbRef patch,
						   JsonbRef key, PatchPlace *inner, const void *arg);

extern Jsonb *merge_patched(JsonbRef target, JsonbRef patch, PatchStep step,
							const void *arg);

#endif							/* JSONB_MERGE_PATCH_H */
