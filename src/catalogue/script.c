/*-------------------------------------------------------------------------
 *
 * catalogue/script.c
 *	  What the extension's own script writes into its tables.
 *
 * The script of a trusted extension runs as the bootstrap superuser, whoever
 * calls CREATE EXTENSION or ALTER EXTENSION.  The tables belong to somebody
 * else, who may have put triggers on them, constraints, rules, policies and
 * expressions: a plain statement of the script's would run all that as
 * superuser.  So it gives such a statement to script_execute(), which runs it
 * as the tables' owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalogue/script.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(script_execute);

/* Is a statement of the script's running?  Reset whatever becomes of it. */
static bool writing;

/*
 * script_is_writing: are the rows that are written now the extension's own?
 *
 * The triggers ask: such a row is "builtin".
 */
bool
script_is_writing(void)
{
	return writing;
}

/*
 * integration_schemas_internal.script_execute(command text) returns void: run
 * a statement as the owner of the extension's tables.
 *
 * To be called by the extension's own script.  While the statement runs, what
 * the owner's code may make is no part of the extension.
 */
Datum
script_execute(PG_FUNCTION_ARGS)
{
	char	   *command = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			extension = own_extension(fcinfo);
	Oid			owner;

	if (!creating_extension || CurrentExtensionObject != extension)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("script_execute() is for the script of the extension alone")));
	owner = relation_owner(own_table_required(fcinfo, OWN_CATALOGUE, RowExclusiveLock));

	SPI_connect();
	creating_extension = false;
	CurrentExtensionObject = InvalidOid;
	writing = true;
	PG_TRY();
	{
		own_execute(NULL, owner, command, 0, NULL, NULL, NULL, GetLatestSnapshot());
	}
	PG_FINALLY();
	{
		writing = false;
		creating_extension = true;
		CurrentExtensionObject = extension;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}
