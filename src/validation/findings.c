/*-------------------------------------------------------------------------
 *
 * validation/findings.c
 *	  What is wrong with a document, as an error or a warning.
 *
 * Each line of the detail is
 *
 *		"/integrations/slack/config/x" unknown_field: integration "slack" ...
 *
 * that is the path as a JSON string, the code, a colon and the message, so that
 * a program needs to guess nothing.  A path that is too long to be shown is
 * cut, and says so behind the string, where no path can say it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "server/messages.h"
#include "utils/rel.h"
#include "validation/findings.h"

/* Lines of a detail, and bytes of a path that one of them shows. */
#define DETAIL_LINES 100
#define PATH_SHOWN 2000

/*
 * append_path: append a path as a JSON string.
 *
 * What could end a line or steer a terminal is written as JSON has it, too:
 * append_escaped does so, and quotes and backslashes are done here.
 */
static void
append_path(StringInfo out, const char *path)
{
	int			len = strlen(path);
	int			shown = len <= PATH_SHOWN ? len : pg_mbcliplen(path, len, PATH_SHOWN);
	int			start = 0;

	appendStringInfoChar(out, '"');
	for (int i = 0; i < shown; i++)
		if (path[i] == '"' || path[i] == '\\')
		{
			append_escaped(out, path + start, i - start, shown);
			appendStringInfo(out, "\\%c", path[i]);
			start = i + 1;
		}
	append_escaped(out, path + start, shown - start, shown);
	appendStringInfoChar(out, '"');
	if (shown < len)
		appendStringInfoString(out, "...");
}

/*
 * findings_add: a ViolationCallback that collects what it is told of.
 */
void
findings_add(const Violation *violation, void *arg)
{
	Findings   *findings = arg;
	const char *prefix = findings->prefix != NULL ? findings->prefix : "";

	if (findings->count++ == 0)
	{
		MemoryContext caller = CurrentMemoryContext;

		if (findings->cxt != NULL)
			MemoryContextSwitchTo(findings->cxt);
		initStringInfo(&findings->first);
		initStringInfo(&findings->lines);
		MemoryContextSwitchTo(caller);
	}
	if (!violation->warning)
		findings->errors++;
	if (findings->count == 1 || (!violation->warning && findings->errors == 1))
	{
		resetStringInfo(&findings->first);
		appendStringInfo(&findings->first, "%s%s", prefix, violation->message);
	}
	if (findings->count > DETAIL_LINES)
		return;
	if (findings->lines.len > 0)
		appendStringInfoChar(&findings->lines, '\n');
	appendStringInfoString(&findings->lines, prefix);
	append_path(&findings->lines, violation->path);
	appendStringInfo(&findings->lines, " %s: %s", violation->code, violation->message);
}

/*
 * findings_refused: is there anything that a write is refused for?
 */
bool
findings_refused(const Findings *findings)
{
	return findings->errors > 0;
}

/*
 * detail: all lines, and how many more there are.
 */
static const char *
detail(Findings *findings)
{
	if (findings->count > DETAIL_LINES)
		appendStringInfo(&findings->lines, "\n... and %d more",
						 findings->count - DETAIL_LINES);
	return findings->lines.data;
}

/*
 * findings_refuse: refuse a row for its document, in that column.
 *
 * The error's fields are those of a violated check constraint, so that a
 * client library maps it to the column.
 */
void
findings_refuse(Findings *findings, Relation relation, AttrNumber column,
				const char *constraint)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg_internal("%s", findings->first.data),
			 errdetail_internal("%s", detail(findings)),
			 errtablecol(relation, column),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint)));
	pg_unreachable();
}

/*
 * findings_warn: tell of what was found, if anything was, in one WARNING.
 *
 * message_prefix goes before the message: where it was found.
 */
void
findings_warn(Findings *findings, const char *message_prefix)
{
	if (findings->count > 0)
		ereport(WARNING,
				(errmsg_internal("%s%s", message_prefix, findings->first.data),
				 errdetail_internal("%s", detail(findings))));
}
