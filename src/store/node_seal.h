/*-------------------------------------------------------------------------
 *
 * store/node_seal.h
 *	  Sealing what a node's document has of secrets, before it is stored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_NODE_SEAL_H
#define STORE_NODE_SEAL_H

#include "fmgr.h"

#include "catalogue/catalogue.h"
#include "utils/rel.h"

extern Jsonb *node_sealed(FunctionCallInfo fcinfo, Relation nodes, text *org_id, text *node_id,
						  Jsonb *document, Jsonb *stored, Jsonb *upserted);
extern Jsonb *node_opened(FunctionCallInfo fcinfo, Relation nodes, text *org_id, text *node_id,
						  Jsonb *document, Jsonb *stored);

#endif							/* STORE_NODE_SEAL_H */
