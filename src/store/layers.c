/*-------------------------------------------------------------------------
 *
 * store/layers.c
 *	  A node's layers: its own document and those of the nodes above it.
 *
 * One look-up by the primary key a level, and one for the platform's node, all
 * under one snapshot.  They are read before a merge begins, and are used where
 * they lie until it has ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "store/layers.h"
#include "store/store.h"
#include "utils/builtins.h"

/*
 * layers_add: add a node's document, inside those that are there.
 *
 * Errors: invalid_parameter_value where it is no JSON object, which can only
 * have been written past the triggers.
 */
static void
layers_add(NodeLayers *layers, const NodeRow *row)
{
	if (layers->count == layers->allocated)
	{
		layers->allocated = layers->allocated > 0 ? layers->allocated * 2 : 8;
		if (layers->documents == NULL)
		{
			layers->documents = palloc(sizeof(JsonbRef) * layers->allocated);
			layers->names = palloc(sizeof(JsonbRef) * layers->allocated);
		}
		else
		{
			layers->documents = repalloc(layers->documents,
										 sizeof(JsonbRef) * layers->allocated);
			layers->names = repalloc(layers->names, sizeof(JsonbRef) * layers->allocated);
		}
	}
	layers->names[layers->count] = store_text_ref(row->node_id);
	layers->documents[layers->count] = store_layer(row);
	layers->count++;
}

/*
 * reverse: put the layers the other way round.
 */
static void
reverse(NodeLayers *layers)
{
	for (int i = 0, j = layers->count - 1; i < j; i++, j--)
	{
		JsonbRef	document = layers->documents[i];
		JsonbRef	name = layers->names[i];

		layers->documents[i] = layers->documents[j];
		layers->names[i] = layers->names[j];
		layers->documents[j] = document;
		layers->names[j] = name;
	}
}

/*
 * layers_above: add what is above a node with that parent (NULL: none), to its
 * own layer or to none; then the layers are outermost first.
 *
 * What is read is palloc'd in the current memory context.  Errors:
 * object_not_in_prerequisite_state where a parent is not there, data_corrupted
 * where there is no end of them.
 */
static void
layers_above(NodeLayers *layers, const NodeTable *table, text *org_id,
			 text *node_id, text *parent_id, Snapshot snapshot)
{
	NodeRow		row;

	while (parent_id != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (layers->count > STORE_MAX_LEVELS)
			store_cycle(store_text_ref(org_id));
		if (!node_find(table, org_id, parent_id, snapshot, &row))
			store_no_parent(store_text_ref(org_id), store_text_ref(node_id),
							store_text_ref(parent_id));
		layers_add(layers, &row);
		node_id = parent_id;
		parent_id = row.parent_id;
	}
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");

		if (node_find(table, star, star, snapshot, &row))
			layers_add(layers, &row);
	}
	reverse(layers);
}

/*
 * layers_read: the layers of the node that a function's first two arguments
 * name, palloc'd in the current memory context.
 *
 * Errors: those of reader_begin, reader_find and layers_above.
 */
void
layers_read(NodeLayers *layers, FunctionCallInfo fcinfo)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID, NODE_CONFIG_JSON
	};
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	NodeReader	reader;
	NodeRow		row;

	memset(layers, 0, sizeof(*layers));
	reader_begin(&reader, fcinfo, lengthof(columns), columns);
	reader_find(&reader, org_id, node_id, &row);
	layers_add(layers, &row);
	layers_above(layers, &reader.table, org_id, node_id, row.parent_id, reader.snapshot);
	reader_end(&reader);
}
