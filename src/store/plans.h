/*-------------------------------------------------------------------------
 *
 * store/plans.h
 *	  The store's prepared queries.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_PLANS_H
#define STORE_PLANS_H

#include "executor/spi.h"

#define STORE_TABLE "node_configurations"

typedef enum StoreQuery
{
	STORE_NODE,					/* parent and document of a node */
	STORE_ANCESTOR,				/* the same, for the trigger */
	STORE_NODES,				/* all nodes of an organisation */
	STORE_HEIGHT,				/* levels below a node */
	STORE_QUERIES				/* how many there are */
} StoreQuery;

extern SPIPlanPtr store_plan(Oid namespace, StoreQuery query);
extern uint64 store_execute(Oid namespace, StoreQuery query, Datum *values);
extern char *store_qualified(Oid namespace, const char *name);

#endif							/* STORE_PLANS_H */
