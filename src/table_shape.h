/*-------------------------------------------------------------------------
 *
 * table_shape.h
 *	  Is a table of ours still as it was made?
 *
 *-------------------------------------------------------------------------
 */
#ifndef TABLE_SHAPE_H
#define TABLE_SHAPE_H

#include "utils/rel.h"

extern bool table_has_column(Relation table, AttrNumber attnum, Oid type);
extern Oid	table_key_index(Relation table, int nkeys, const AttrNumber *key);
extern bool table_runs_own_code(Relation table, bool writing);

#endif							/* TABLE_SHAPE_H */
