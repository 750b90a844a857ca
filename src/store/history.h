/*-------------------------------------------------------------------------
 *
 * store/history.h
 *	  The versions of nodes: reading the latest, writing a new one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "fmgr.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* What a version says of a node; what it points to is palloc'd. */
typedef struct NodeVersion
{
	text	   *org_id;
	text	   *node_id;
	int32		version;
	const char *operation;		/* "insert", "update" or "delete" */
	text	   *parent_id;		/* NULL: none */
	text	   *node_type;
	text	   *name;			/* NULL: none */
	Jsonb	   *document;		/* NULL: a deletion */
	text	   *author;
	TimestampTz changed_at;
	TimestampTz created_at;
	int32		incarnation;
	bool		restored;		/* comes with its node from a dump */
} NodeVersion;

/* What the latest version says of a node's place; the text is palloc'd. */
typedef struct LatestVersion
{
	bool		deleted;
	text	   *parent_id;		/* NULL: none */
	int32		incarnation;
} LatestVersion;

extern int32 history_latest(FunctionCallInfo fcinfo, text *org_id, text *node_id,
							Snapshot snapshot, LatestVersion *latest);
extern bool history_write(FunctionCallInfo fcinfo, const NodeVersion *version);
extern void history_write_all_deleted(FunctionCallInfo fcinfo, Relation nodes);
extern uint64 history_change(Oid relid, const char *query, int nargs,
							 const Oid *argtypes, const Datum *values, const char *nulls);
extern const char *author_of(text *org_id, text *node_id);
extern bool history_is_open(void);

#endif							/* STORE_HISTORY_H */
