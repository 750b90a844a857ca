/*-------------------------------------------------------------------------
 *
 * catalogue/supposed.c
 *	  The catalogue as it would be after a change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalogue/definition.h"
#include "catalogue/read.h"
#include "catalogue/supposed.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"

/*
 * catalogue_supposed: the catalogue as the caller sees it, but that one
 * integration had those fields or, with NULL, were not there.
 *
 * It lives as long as the current memory context.  Errors: those of
 * catalogue_current and of an UPDATE with those fields, and undefined_object
 * where there is no such integration.
 */
const Catalogue *
catalogue_supposed(FunctionCallInfo fcinfo, JsonbRef id, Jsonb *fields)
{
	Oid			relid = own_table_required(fcinfo, OWN_CATALOGUE, AccessShareLock);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "integration_schemas supposed catalogue",
											  ALLOCSET_DEFAULT_SIZES);
	CatalogueRow *rows;
	int			nrows;
	int			kept = 0;

	(void) catalogue_require(catalogue_current(fcinfo), id.ptr, id.len);
	if (fields != NULL)
	{
		Relation	table = table_open(relid, NoLock);

		definition_check(table, id, jsonb_ref_root(fields));
		table_close(table, NoLock);
	}
	rows = check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED ?
		catalogue_read_as_caller(relid, cxt, &nrows) :
		catalogue_read_table(relid, cxt, &nrows);
	for (int i = 0; i < nrows; i++)
	{
		if (jsonb_ref_is(rows[i].id, id.ptr, id.len))
		{
			if (fields == NULL)
				continue;
			rows[i].fields = fields;
		}
		rows[kept++] = rows[i];
	}
	return catalogue_compile(rows, kept, cxt);
}
