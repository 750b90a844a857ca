/*-------------------------------------------------------------------------
 *
 * validation/findings.h
 *	  What is wrong with a document, as an error or a warning.
 *
 *		Findings	findings = {0};
 *
 *		validate_document(catalogue, document, before, level,
 *						  findings_add, &findings);
 *		if (findings_refused(&findings))
 *			findings_refuse(&findings, relation, column, constraint);
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALIDATION_FINDINGS_H
#define VALIDATION_FINDINGS_H

#include "lib/stringinfo.h"
#include "server/compat.h"
#include "utils/relcache.h"
#include "validation/validate.h"

typedef struct Findings
{
	const char *prefix;			/* of the message and of each line, or NULL:
								 * which of several documents it is */
	MemoryContext cxt;			/* where they are kept, or NULL: the one that
								 * is current at the first */
	int			count;
	int			errors;			/* of them, those that are no warnings */
	StringInfoData first;		/* message of the first error, or warning */
	StringInfoData lines;
} Findings;

extern void findings_add(const Violation *violation, void *arg);
extern bool findings_refused(const Findings *findings);
pg_noreturn extern void findings_refuse(Findings *findings, Relation relation,
										AttrNumber column, const char *constraint);
extern void findings_warn(Findings *findings, const char *message_prefix);

#endif							/* VALIDATION_FINDINGS_H */
