/*-------------------------------------------------------------------------
 *
 * server/own_table.h
 *	  What we may rely on in the extension's own tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_OWN_TABLE_H
#define SERVER_OWN_TABLE_H

#include "access/attnum.h"
#include "access/htup.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* A column as our install script makes it. */
typedef struct OwnColumn
{
	const char *name;
	Oid			type;
} OwnColumn;

extern void own_columns(Relation relation, const OwnColumn *wanted, int nwanted,
						AttrNumber *numbers);
extern int	own_column(Relation relation, const char *name, Oid type);
extern HeapTuple own_row(Relation relation, ItemPointer place, Snapshot snapshot);
extern Oid	own_key_index(Relation table, int nkeys, const AttrNumber *key);
extern Oid	own_index(Relation table, int nkeys, const AttrNumber *key);

#endif							/* SERVER_OWN_TABLE_H */
