/*-------------------------------------------------------------------------
 *
 * secrets/grants.h
 *	  Privileges at nodes: what they are called, and which a role has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_GRANTS_H
#define SECRETS_GRANTS_H

#include "fmgr.h"

#include "jsonb/reader.h"
#include "utils/array.h"

/* Privileges, in the order in which they are written down; a set is their sum. */
#define PRIVILEGE_READ		1
#define PRIVILEGE_REVEAL	2
#define PRIVILEGE_WRITE		4
#define PRIVILEGE_ADMIN		8
#define PRIVILEGES			4	/* how many there are */

/* What is granted at a node and all below it. */
typedef struct Grant
{
	JsonbRef	org_id;
	JsonbRef	node_id;
	int32		incarnation;	/* the node's, then */
	int			privileges;
} Grant;

/* All that counts for a role: what it, or one that it is a member of, has. */
typedef struct GrantSet
{
	Oid			userid;
	int			platform;		/* what it has everywhere */
	int			count;
	Grant	   *grants;			/* in key order of organisation and node */
} GrantSet;

extern const char *privilege_name(int privilege);
extern int	privileges_parse(ArrayType *names, const char **unknown);
extern ArrayType *privileges_array(int privileges);
extern const GrantSet *grants_of_caller(FunctionCallInfo fcinfo);
extern int	grants_at(const GrantSet *set, JsonbRef org_id, JsonbRef node_id,
					  int32 incarnation);
extern int	grants_of_organisation(const GrantSet *set, JsonbRef org_id, int *count);

/*
 * privileges_implied: a set with all that is in it by itself: who administers
 * nodes may do all with them.
 */
static inline int
privileges_implied(int privileges)
{
	return privileges & PRIVILEGE_ADMIN ?
		PRIVILEGE_READ | PRIVILEGE_REVEAL | PRIVILEGE_WRITE | PRIVILEGE_ADMIN : privileges;
}

#endif							/* SECRETS_GRANTS_H */
