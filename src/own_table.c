/*-------------------------------------------------------------------------
 *
 * own_table.c
 *	  What we may rely on in the extension's own tables.
 *
 * The tables' owner, who need be no superuser, may alter them.  C code that
 * took a column for what it is not would take the server down, or read what
 * is none of that user's business.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "own_table.h"
#include "utils/builtins.h"
#include "utils/rel.h"

/*
 * own_column: the number of a column of that type, or an error.
 */
int
own_column(Relation relation, const char *name, Oid type)
{
	TupleDesc	desc = RelationGetDescr(relation);
	int			attnum = SPI_fnumber(desc, name);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(relation))));
	if (SPI_gettypeid(desc, attnum) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is not of type %s",
						name, RelationGetRelationName(relation), format_type_be(type))));
	return attnum;
}
