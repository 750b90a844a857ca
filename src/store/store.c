/*-------------------------------------------------------------------------
 *
 * store/store.c
 *	  What the store says of nodes, and the names and documents in its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/extension.h"
#include "server/messages.h"
#include "store/store.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_config_shown);

/*
 * store_text_ref: a text where it lies.
 */
JsonbRef
store_text_ref(text *string)
{
	return jsonb_ref_string(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

/*
 * store_layer: a node's document as a layer.
 *
 * The triggers let no other document in than an object, but they may have been
 * disabled.
 */
JsonbRef
store_layer(const NodeRow *row)
{
	JsonbRef	layer;

	if (unlikely(row->document == NULL))
		store_no_document(store_text_ref(row->node_id));
	layer = jsonb_ref_root(row->document);
	if (unlikely(layer.type != JREF_OBJECT))
	{
		StringInfoData name;

		initStringInfo(&name);
		append_name(&name, store_text_ref(row->node_id));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("document of node %s is not a JSON object", name.data),
				 errdetail("It is a JSON %s.", jsonb_ref_type_name(layer))));
	}
	return layer;
}

/*
 * store_no_document: the error for a node whose document is null, which the
 * table as it was made lets nobody write.
 */
void
store_no_document(JsonbRef node_id)
{
	StringInfoData name;

	initStringInfo(&name);
	append_name(&name, node_id);
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("document of node %s is null", name.data)));
}

/*
 * append_node: 'node "a" of organisation "b"', or with JREF_NONE for the node
 * 'organisation "b"'.
 */
void
append_node(StringInfo message, JsonbRef org_id, JsonbRef node_id)
{
	if (node_id.type != JREF_NONE)
	{
		appendStringInfoString(message, "node ");
		append_name(message, node_id);
		appendStringInfoString(message, " of ");
	}
	appendStringInfoString(message, "organisation ");
	append_name(message, org_id);
}

/*
 * store_no_such: the error for a node, or with JREF_NONE an organisation, that
 * is not there, or that row security does not let the caller see.
 */
void
store_no_such(JsonbRef org_id, JsonbRef node_id)
{
	StringInfoData node;

	initStringInfo(&node);
	append_node(&node, org_id, node_id);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s does not exist", node.data)));
}

/*
 * store_no_parent: the error for a node whose parent is not there.
 */
void
store_no_parent(JsonbRef org_id, JsonbRef node_id, JsonbRef parent_id)
{
	StringInfoData node;
	StringInfoData parent;

	initStringInfo(&node);
	initStringInfo(&parent);
	append_node(&node, org_id, node_id);
	append_name(&parent, parent_id);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("parent %s of %s does not exist", parent.data, node.data),
			 errdetail("What the node inherits cannot be told."),
			 errhint("The tree was changed while triggers or foreign keys of table \"%s\" were disabled. Insert the parent, or give the node another one.",
					 own_table_name(OWN_NODES))));
}

/*
 * store_cycle: the error for nodes that are each other's ancestors.
 */
void
store_cycle(JsonbRef org_id)
{
	StringInfoData organisation;

	initStringInfo(&organisation);
	append_node(&organisation, org_id, (JsonbRef) {0});
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("tree of nodes has a cycle"),
			 errdetail("It is in %s.", organisation.data),
			 errhint("It was changed while the triggers of table \"%s\" were disabled.",
					 own_table_name(OWN_NODES))));
}

/*
 * integration_config_shown(name text) returns text: a name as messages show
 * it, for those that are written in PL/pgSQL.
 */
Datum
integration_config_shown(PG_FUNCTION_ARGS)
{
	StringInfoData shown;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text("null"));
	initStringInfo(&shown);
	append_name(&shown, store_text_ref(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(shown.data, shown.len));
}
