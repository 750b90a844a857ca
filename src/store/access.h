/*-------------------------------------------------------------------------
 *
 * store/access.h
 *	  What the caller of a function may do at a node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "catalogue/catalogue.h"
#include "secrets/grants.h"
#include "store/lookup.h"

/* How the caller comes to read, and what he may see of it. */
typedef struct Access
{
	const GrantSet *grants;		/* NULL: nothing is granted to him */
	bool		table;			/* he has the rights on the table */
	bool		row_security;	/* and it applies to him there */
	bool		reveal;			/* secrets in clear */
	bool		granted_reveal; /* sealed ones too, as it is granted to him */
} Access;

extern bool access_has_all(Oid nodes);
extern int	access_at(FunctionCallInfo fcinfo, const GrantSet *grants,
					  const NodeTable *table, text *org_id, text *node_id,
					  Snapshot snapshot);
extern int	access_everywhere(const GrantSet *grants, const NodeTable *table,
							  text *org_id, Snapshot snapshot);
extern void access_refuse(const GrantSet *grants, Oid table, text *org_id,
						  text *node_id, int privilege);
extern int	access_granted(FunctionCallInfo fcinfo, text *org_id, text *node_id,
						   Snapshot snapshot);
extern int	access_granted_now(FunctionCallInfo fcinfo, text *org_id, text *node_id);
extern int	access_of_caller(FunctionCallInfo fcinfo, text *org_id, text *node_id);
extern void access_require(FunctionCallInfo fcinfo, text *org_id, text *node_id,
						   int privilege);
extern bool access_reveals(bool by_table, int privileges);
extern const Catalogue *access_catalogue(FunctionCallInfo fcinfo, const Access *access);

#endif							/* STORE_ACCESS_H */
