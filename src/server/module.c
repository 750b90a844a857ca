/*-------------------------------------------------------------------------
 *
 * server/module.c
 *	  The module: its magic and its settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "server/settings.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

int			setting_max_depth = 32;
int			setting_max_document_size = 16 * 1024;
bool		setting_notify = false;
char	   *setting_author;
char	   *setting_reason;
char	   *setting_key_command;

void		_PG_init(void);

/*
 * _PG_init: define the settings.
 *
 * The author and the reason are what a history says of a change
 * (server/actor.c).
 */
void
_PG_init(void)
{
	DefineCustomIntVariable("integration_schemas.max_depth",
							"Most levels that an organisation's tree may have.",
							"The root is the first; the platform's node does not count.",
							&setting_max_depth, 32, 1, 1000,
							PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("integration_schemas.max_document_size",
							"Most kilobytes that a node's document may have.",
							NULL,
							&setting_max_document_size, 16 * 1024, 1, 256 * 1024,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomBoolVariable("integration_schemas.notify",
							 "Announces changes of catalogue and documents with NOTIFY.",
							 "The server lets only one transaction at a time commit with a notification.",
							 &setting_notify, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("integration_schemas.author",
							   "Who changes a node's document, for its history.",
							   "Empty: the role.",
							   &setting_author, "",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("integration_schemas.reason",
							   "Why a node's document is changed, for its history.",
							   NULL,
							   &setting_reason, "",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("integration_schemas.key_command",
							   "Shell command that prints the master keys of sealed secrets.",
							   "Empty: secrets are stored in clear.",
							   &setting_key_command, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("integration_schemas");
}
