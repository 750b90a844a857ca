/*-------------------------------------------------------------------------
 *
 * json_schema/names.h
 *	  What the export to and the import from JSON Schema share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSON_SCHEMA_NAMES_H
#define JSON_SCHEMA_NAMES_H

#include "catalogue/catalogue.h"
#include "nodes/pg_list.h"

/*
 * Annotations of the schema's root.  Order and level are what a form needs
 * and no standard keyword has.  The last has, by field, those parts of the
 * definition that the standard keywords do not bring back: a field with a
 * default is never missing, so nothing in the schema says that it is required.
 */
#define SCHEMA_ORDER "x-order"
#define SCHEMA_LEVEL "x-level"
#define SCHEMA_DEFINITION "x-definition"

/*
 * When a field must have a value, with all that never makes a difference
 * taken out.  Fields are numbers in the caller's numbering.
 */
typedef struct Demand
{
	bool		always;			/* and then both lists are NIL */
	List	   *with;			/* once one of these has a value */
	List	   *unless;			/* until one of these has a value; NIL: no
								 * such demand */
} Demand;

/* What all fields of an integration have in common for their demands. */
typedef struct DemandScope
{
	bool	   *has_default;	/* by field */
	int		   *seen;			/* by field: the last list that it was in */
	int			nlists;
} DemandScope;

extern void demand_scope_begin(DemandScope *scope, int nfields);
extern List *demand_distinct(DemandScope *scope, List *fields);
extern Demand demand_reduce(DemandScope *scope, int field, bool required,
							List *with, List *unless);
extern bool demand_equal(const Demand *a, const Demand *b);

#endif							/* JSON_SCHEMA_NAMES_H */
