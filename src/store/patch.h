/*-------------------------------------------------------------------------
 *
 * store/patch.h
 *	  A JSON Merge Patch on a node's document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_PATCH_H
#define STORE_PATCH_H

#include "catalogue/catalogue.h"

extern Jsonb *patched_document(const Catalogue *catalogue, Jsonb *stored, JsonbRef patch);

#endif							/* STORE_PATCH_H */
