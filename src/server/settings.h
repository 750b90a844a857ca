/*-------------------------------------------------------------------------
 *
 * server/settings.h
 *	  The settings integration_schemas.*, defined in server/module.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

extern int	setting_max_depth;	/* levels that a tree may have */
extern int	setting_max_document_size;	/* kB that a stored document may have */
extern bool setting_notify;		/* announce changes with NOTIFY? */
/* who changes something, and why; NULL or empty where it is not said */
extern char *setting_author;
extern char *setting_reason;
extern char *setting_key_command;	/* NULL or empty: nothing is sealed */

#endif							/* SERVER_SETTINGS_H */
