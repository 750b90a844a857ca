/*-------------------------------------------------------------------------
 *
 * catalogue/read.h
 *	  Reading the catalogue's rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_READ_H
#define CATALOGUE_READ_H

#include "catalogue/catalogue.h"

extern void catalogue_check_select(Oid relid, Oid userid);
extern CatalogueRow *catalogue_read_table(Oid relid, MemoryContext cxt, int *nrows);
extern CatalogueRow *catalogue_read_as_caller(Oid relid, MemoryContext cxt,
											  int *nrows);
extern CatalogueRow *catalogue_read_fallback(MemoryContext cxt, int *nrows);
extern char *catalogue_fallback_source(void);

#endif							/* CATALOGUE_READ_H */
