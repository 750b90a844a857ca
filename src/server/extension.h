/*-------------------------------------------------------------------------
 *
 * server/extension.h
 *	  The extension's own objects: from the function that was called to the
 *	  schema and the tables of the extension that it belongs to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_EXTENSION_H
#define SERVER_EXTENSION_H

#include "fmgr.h"
#include "storage/lockdefs.h"

typedef enum OwnTable
{
	OWN_CATALOGUE,
	OWN_REMOVED,
	OWN_CHANGES,
	OWN_VERSION,
	OWN_NODES,
	OWN_HISTORY,
	OWN_RENAMES,
	OWN_KEYS,
	OWN_GRANTS,
	OWN_GRANT_HISTORY,
	OWN_REVEALS,
	OWN_FORGOTTEN,
	OWN_TABLES					/* how many there are */
} OwnTable;

extern const char *own_table_name(OwnTable table);
extern Oid	own_extension(FunctionCallInfo fcinfo);
extern Oid	own_namespace(FunctionCallInfo fcinfo);
extern Oid	own_table(FunctionCallInfo fcinfo, OwnTable table, LOCKMODE lockmode);
extern Oid	own_table_required(FunctionCallInfo fcinfo, OwnTable table,
							   LOCKMODE lockmode);

#endif							/* SERVER_EXTENSION_H */
