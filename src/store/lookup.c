/*-------------------------------------------------------------------------
 *
 * store/lookup.c
 *	  Looking nodes up by their names.
 *
 * A look-up is what "SELECT parent_id, config_json FROM node_configurations
 * WHERE org_id = $1 AND node_id = $2" gives: the same rights, the same
 * snapshot, the same locks.  For four such rows a request, most of the time
 * would go into starting and ending the executor.  So where the query would
 * come down to a probe of the primary key, the index is probed directly; where
 * row security has its say, or the key is not what it was made as, the
 * executor is asked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/own_table.h"
#include "store/lookup.h"
#include "store/plans.h"
#include "store/store.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

/* Columns of node_configurations, as sql/60_store.sql declares them. */
enum
{
	COLUMN_ORG_ID = 1,
	COLUMN_NODE_ID = 2,
	COLUMN_PARENT_ID = 3,
	COLUMN_CONFIG_JSON = 5
};

/*
 * may_select: may the user read the whole table?  Rights on single columns are
 * left to the executor.
 */
static bool
may_select(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(relid, InvalidOid, true) == RLS_NONE;
}

/*
 * as_declared: has the table the columns that probe() reads where it reads
 * them?  Its owner may have altered it.
 */
static bool
as_declared(Relation table)
{
	static const struct
	{
		int			number;
		const char *name;
		Oid			type;
	}			columns[] = {
		{COLUMN_ORG_ID, "org_id", TEXTOID},
		{COLUMN_NODE_ID, "node_id", TEXTOID},
		{COLUMN_PARENT_ID, "parent_id", TEXTOID},
		{COLUMN_CONFIG_JSON, "config_json", JSONBOID},
	};
	TupleDesc	desc = RelationGetDescr(table);

	if (table->rd_rel->relkind != RELKIND_RELATION || table->rd_rel->relhassubclass)
		return false;
	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		Form_pg_attribute attribute;

		if (columns[i].number > desc->natts)
			return false;
		attribute = TupleDescAttr(desc, columns[i].number - 1);
		if (attribute->atttypid != columns[i].type ||
			strcmp(NameStr(attribute->attname), columns[i].name) != 0)
			return false;
	}
	return true;
}

/*
 * node_lookup_begin: open the table.
 *
 * The caller is connected to SPI.  as_owner chooses the prepared query that is
 * used where the executor is asked: under row security a plan that changes
 * hands is made anew each time, and the trigger reads as the owner.
 */
void
node_lookup_begin(NodeLookup *lookup, Oid namespace, bool as_owner)
{
	static const AttrNumber key[] = {COLUMN_ORG_ID, COLUMN_NODE_ID};
	Oid			relid = get_relname_relid(STORE_TABLE, namespace);

	lookup->namespace = namespace;
	lookup->as_owner = as_owner;
	lookup->table = NULL;
	lookup->index = InvalidOid;
	if (!OidIsValid(relid) || !may_select(relid))
		return;

	lookup->table = try_relation_open(relid, AccessShareLock);
	if (lookup->table == NULL)
		return;
	if (as_declared(lookup->table))
		lookup->index = own_key_index(lookup->table, lengthof(key), key);
	if (!OidIsValid(lookup->index))
	{
		table_close(lookup->table, NoLock);
		lookup->table = NULL;
	}
}

/*
 * probe: the look-up in the index.
 */
static bool
probe(NodeLookup *lookup, text *org_id, text *node_id,
	  text **parent_id, Datum *document)
{
	TupleDesc	desc = RelationGetDescr(lookup->table);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyEntryInitialize(&keys[0], 0, COLUMN_ORG_ID, BTEqualStrategyNumber,
						   InvalidOid, TupleDescAttr(desc, COLUMN_ORG_ID - 1)->attcollation,
						   F_TEXTEQ, PointerGetDatum(org_id));
	ScanKeyEntryInitialize(&keys[1], 0, COLUMN_NODE_ID, BTEqualStrategyNumber,
						   InvalidOid, TupleDescAttr(desc, COLUMN_NODE_ID - 1)->attcollation,
						   F_TEXTEQ, PointerGetDatum(node_id));
	scan = systable_beginscan(lookup->table, lookup->index, true, GetActiveSnapshot(),
							  2, keys);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool		isnull;
		Datum		value;

		value = heap_getattr(row, COLUMN_PARENT_ID, desc, &isnull);
		*parent_id = isnull ? NULL : DatumGetTextPCopy(value);
		value = heap_getattr(row, COLUMN_CONFIG_JSON, desc, &isnull);
		*document = isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	}
	systable_endscan(scan);
	return HeapTupleIsValid(row);
}

/*
 * node_lookup: a node's parent (NULL: none) and document; false where there is
 * no such node, or none that the user may see.
 *
 * Both are palloc'd, or live until SPI_finish.
 */
bool
node_lookup(NodeLookup *lookup, text *org_id, text *node_id,
			text **parent_id, Datum *document)
{
	Datum		values[2] = {PointerGetDatum(org_id), PointerGetDatum(node_id)};
	Datum		value;
	bool		isnull;

	if (lookup->table != NULL)
	{
		if (!probe(lookup, org_id, node_id, parent_id, document))
			return false;
	}
	else
	{
		if (store_execute(lookup->namespace,
						  lookup->as_owner ? STORE_ANCESTOR : STORE_NODE, values) == 0)
			return false;
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		*parent_id = isnull ? NULL : DatumGetTextPP(value);
		*document = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
		if (isnull)
			*document = (Datum) 0;
	}
	if (*document == (Datum) 0)
		store_no_document(store_text_ref(node_id));
	return true;
}

/*
 * node_lookup_end: close the table; as after a SELECT its lock is kept.
 */
void
node_lookup_end(NodeLookup *lookup)
{
	if (lookup->table != NULL)
		table_close(lookup->table, NoLock);
	lookup->table = NULL;
}
