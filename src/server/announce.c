/*-------------------------------------------------------------------------
 *
 * server/announce.c
 *	  Announcing changes with NOTIFY, on the channel integration_schemas.
 *
 * An announcement names what changed and has no values; whoever hears one
 * asks again.  It is off unless integration_schemas.notify is on, since the
 * server lets only one transaction at a time commit with a notification.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "server/announce.h"
#include "server/settings.h"
#include "utils/json.h"

#define CHANNEL "integration_schemas"

/*
 * append_string: append a string as JSON writes it.
 */
static void
append_string(StringInfo out, JsonbRef string)
{
	char	   *copy = jsonb_ref_cstring(string);

	escape_json(out, copy);
	pfree(copy);
}

/*
 * append_names: append "key": ["name"], or null for all of them.
 */
static void
append_names(StringInfo out, const char *key, JsonbRef name)
{
	appendStringInfo(out, "\"%s\": ", key);
	if (name.type == JREF_NONE)
	{
		appendStringInfoString(out, "null");
		return;
	}
	appendStringInfoChar(out, '[');
	append_string(out, name);
	appendStringInfoChar(out, ']');
}

/*
 * announce_integration: an integration of the catalogue was inserted, updated
 * or deleted; with JREF_NONE for the id all were truncated.
 */
void
announce_integration(const char *operation, JsonbRef id)
{
	StringInfoData message;

	if (!setting_notify)
		return;
	initStringInfo(&message);
	appendStringInfo(&message, "{\"kind\": \"catalogue\", \"operation\": \"%s\", ", operation);
	append_names(&message, "integrations", id);
	appendStringInfoChar(&message, '}');
	Async_Notify(CHANNEL, message.data);
	pfree(message.data);
}

/*
 * announce_node: the same for a node of an organisation.
 *
 * Names have at most 255 characters each, so the message stays below the
 * server's limit of 8000 bytes.
 */
void
announce_node(const char *operation, JsonbRef org_id, JsonbRef node_id)
{
	StringInfoData message;

	if (!setting_notify)
		return;
	initStringInfo(&message);
	appendStringInfo(&message, "{\"kind\": \"nodes\", \"operation\": \"%s\", \"org_id\": ", operation);
	append_string(&message, org_id);
	appendStringInfoString(&message, ", ");
	append_names(&message, "nodes", node_id);
	appendStringInfoChar(&message, '}');
	Async_Notify(CHANNEL, message.data);
	pfree(message.data);
}
