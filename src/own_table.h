/*-------------------------------------------------------------------------
 *
 * own_table.h
 *	  What we may rely on in the extension's own tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OWN_TABLE_H
#define OWN_TABLE_H

#include "utils/relcache.h"

extern int	own_column(Relation relation, const char *name, Oid type);

#endif							/* OWN_TABLE_H */
