/*-------------------------------------------------------------------------
 *
 * catalogue/rows.h
 *	  The catalogue's rows with all their columns, as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_ROWS_H
#define CATALOGUE_ROWS_H

#include "catalogue/catalogue.h"
#include "pgtime.h"

/* A row by its id. */
typedef struct RowById
{
	JsonbRef	id;
	JsonbRef	row;
} RowById;

typedef struct CatalogueRows
{
	MemoryContext cxt;			/* it and its contents are in */
	int			count;
	JsonbRef   *displayed;		/* by display_order and name */
	RowById    *by_id;			/* in key order */
	const pg_tz *timezone;		/* in which it shows times */
} CatalogueRows;

extern const CatalogueRows *catalogue_rows(FunctionCallInfo fcinfo);
extern const char *catalogue_version_text(FunctionCallInfo fcinfo);

#endif							/* CATALOGUE_ROWS_H */
