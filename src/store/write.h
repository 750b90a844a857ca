/*-------------------------------------------------------------------------
 *
 * store/write.h
 *	  What the functions that write one node's document share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include "fmgr.h"

#include "catalogue/field_path.h"
#include "server/kept_plan.h"
#include "store/write_context.h"

/* A node's row, locked, and what is going to be written to it. */
typedef struct NodeWrite
{
	Oid			relid;
	text	   *org_id;
	text	   *node_id;
	int32		version;		/* that it has now */
	Jsonb	   *document;		/* that it has now; NULL: there is no such
								 * node */
	bool		ruled;			/* has the table rules? */
	bool		granted;		/* by a privilege: it is written as the owner */
	WriteContext context;
} NodeWrite;

/* A field of an integration or an instance, as arguments name it. */
typedef struct FieldName
{
	JsonbRef	id;				/* the key of the entry */
	JsonbRef	field;			/* its path, and the same in steps */
	FieldPath	path;
} FieldName;

extern char *write_text_argument(FunctionCallInfo fcinfo, int number);
extern void write_lock(NodeWrite *write, FunctionCallInfo fcinfo, int first,
					   int privilege);
extern bool write_lock_node(NodeWrite *write);
extern void write_expect(const NodeWrite *write, FunctionCallInfo fcinfo, int number);
extern uint64 write_run(KeptPlan *kept, Oid relid, bool granted, const char *text,
						int nargs, const Oid *argtypes, Datum *values);
extern Datum write_result(int column, const NodeWrite *write);
extern bool write_update(NodeWrite *write, Jsonb *document);
extern void write_refused(const NodeWrite *write);
extern int32 write_end(NodeWrite *write, Jsonb *document);
extern const Catalogue *write_catalogue(const NodeWrite *write, FunctionCallInfo fcinfo);
extern FieldName field_name(JsonbRef id, JsonbRef field);
extern FieldName field_argument(FunctionCallInfo fcinfo);
extern void require_field(const Catalogue *catalogue, FieldName name);

#endif							/* STORE_WRITE_H */
