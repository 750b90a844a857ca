/*-------------------------------------------------------------------------
 *
 * own_column.h
 *	  Columns of the extension's own tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OWN_COLUMN_H
#define OWN_COLUMN_H

#include "utils/rel.h"

extern int	own_column(Relation relation, const char *name, Oid type);

#endif							/* OWN_COLUMN_H */
