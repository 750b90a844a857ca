/*-------------------------------------------------------------------------
 *
 * server/announce.h
 *	  Announcing changes with NOTIFY.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_ANNOUNCE_H
#define SERVER_ANNOUNCE_H

#include "jsonb/reader.h"

extern void announce_integration(const char *operation, JsonbRef id);
extern void announce_node(const char *operation, JsonbRef org_id, JsonbRef node_id);

#endif							/* SERVER_ANNOUNCE_H */
