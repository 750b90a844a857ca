/*-------------------------------------------------------------------------
 *
 * server/identity.h
 *	  Whose rights our code uses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include "nodes/parsenodes.h"

/* Who we were before identity_become(). */
typedef struct Identity
{
	Oid			userid;			/* InvalidOid: nobody else was become */
	int			security;
	int			guc_level;
} Identity;

extern int	search_path_secure(void);
extern void identity_become(Identity *before, Oid userid);
extern void identity_for_table(Identity *before, Oid relid);
extern void identity_for_source(Identity *before, Oid relid, int ncolumns,
								const AttrNumber *columns);
extern AttrNumber source_column(Oid source, const char *name);
extern void identity_return(const Identity *before);
extern Oid	relation_owner(Oid relid);
extern bool rights_checked(Oid relid, AclMode mode, int ncolumns,
						   const AttrNumber *columns, Oid userid, bool fail);

#endif							/* SERVER_IDENTITY_H */
