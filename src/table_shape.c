/*-------------------------------------------------------------------------
 *
 * table_shape.c
 *	  Is a table of ours still as it was made?
 *
 * Where a table is read without the executor, nobody else asks.  Its owner,
 * who need not be a superuser, may have altered it, and a value taken for one
 * of another type would be the end of the server.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_am.h"
#include "table_shape.h"
#include "utils/relcache.h"

/*
 * table_has_column: has the table's column of that number that type?
 */
bool
table_has_column(Relation table, AttrNumber attnum, Oid type)
{
	TupleDesc	desc = RelationGetDescr(table);
	Form_pg_attribute attribute;

	if (attnum > desc->natts)
		return false;
	attribute = TupleDescAttr(desc, attnum - 1);
	return !attribute->attisdropped && attribute->atttypid == type;
}

/*
 * table_key_index: the index of the table's primary key, if that has just
 * these columns in this order; InvalidOid if not.
 */
Oid
table_key_index(Relation table, int nkeys, const AttrNumber *key)
{
	Oid			oid;
	Relation	index;
	bool		right;

	/* rd_pkindex is set with the list */
	list_free(RelationGetIndexList(table));
	oid = table->rd_pkindex;
	if (!OidIsValid(oid))
		return InvalidOid;
	index = index_open(oid, AccessShareLock);

	/* with indcheckxmin an older snapshot may not use it: see plancat.c */
	right = index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_index->indisvalid && !index->rd_index->indcheckxmin &&
		IndexRelationGetNumberOfKeyAttributes(index) == nkeys;
	for (int i = 0; i < nkeys && right; i++)
		right = index->rd_index->indkey.values[i] == key[i];
	index_close(index, NoLock);
	return right ? oid : InvalidOid;
}
