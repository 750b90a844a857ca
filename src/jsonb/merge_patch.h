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

/* In a path: any one key. */
#define PATCH_ANY_KEY "*"

extern Jsonb *merge_patched(JsonbRef target, JsonbRef patch,
							const char *const *null_path);

#endif							/* JSONB_MERGE_PATCH_H */
