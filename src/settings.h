/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings integration_schemas.*, defined in integration_schemas.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SETTINGS_H
#define SETTINGS_H

extern int	setting_max_depth;	/* levels that a tree may have */
extern bool setting_notify;		/* announce changes with NOTIFY? */

#endif							/* SETTINGS_H */
