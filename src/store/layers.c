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
 * add_row: add a node's row, outside those that are there.
 */
static void
add_row(NodeLayers *layers, const NodeRow *row)
{
	if (layers->count == layers->allocated)
	{
		layers->allocated = layers->allocated > 0 ? layers->allocated * 2 : 8;
		layers->rows = layers->rows == NULL ?
			palloc(sizeof(NodeRow) * layers->allocated) :
			repalloc(layers->rows, sizeof(NodeRow) * layers->allocated);
	}
	layers->rows[layers->count++] = *row;
}

/*
 * add_privileges: add those that are granted to the caller at the node of a row
 * itself, until he has all that there is for a reader.
 */
static inline void
add_privileges(NodeReader *reader, const NodeRow *row, int *privileges)
{
	const int	all = PRIVILEGE_READ | PRIVILEGE_REVEAL;

	if (!reader->table.incarnations)
		return;
	*privileges |= grants_at(reader->access.grants, store_text_ref(row->org_id),
							 store_text_ref(row->node_id), row->incarnation);
	if ((*privileges & all) == all)
		reader->table.incarnations = false;
}

/*
 * read_rows: the rows of a node and of what is above it, and the privileges that
 * are granted to the caller there; false where the node is not there, or not his
 * to see.
 *
 * What is read is palloc'd in the current memory context.  A tree that is broken
 * is an error only to whom the node is shown: missing is the parent at which it
 * ends.
 */
static bool
read_rows(NodeLayers *layers, NodeReader *reader, text *org_id, text *node_id,
		  int *privileges, text **missing)
{
	const GrantSet *grants = reader->access.grants;
	text	   *parent_id;
	NodeRow		row;

	*privileges = grants != NULL ? grants->platform : 0;
	if (!reader_find(reader, org_id, node_id, &row))
		return false;
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		add_row(layers, &row);
		add_privileges(reader, &row, privileges);
		parent_id = row.parent_id;
		if (parent_id == NULL)
			break;
		if (layers->count > STORE_MAX_LEVELS ||
			!node_find(&reader->table, org_id, parent_id, reader->snapshot, &row))
		{
			*missing = parent_id;
			break;
		}
	}
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");

		if (node_find(&reader->table, star, star, reader->snapshot, &row))
			add_row(layers, &row);
	}
	return true;
}

/*
 * refuse_broken: the error for a parent that is not there, or for nodes that are
 * each other's ancestors.
 */
static void
refuse_broken(const NodeLayers *layers, text *org_id, text *missing)
{
	int			last = layers->count - 1;

	if (layers->count > STORE_MAX_LEVELS)
		store_cycle(store_text_ref(org_id));
	/* the platform's row may have been added since */
	while (layers->rows[last].parent_id != missing)
		last--;
	store_no_parent(store_text_ref(org_id), store_text_ref(layers->rows[last].node_id),
					store_text_ref(missing));
}

/*
 * lay: make layers of the rows.
 *
 * Errors: invalid_parameter_value where a document is no JSON object, which can
 * only have been written past the triggers.
 */
static void
lay(NodeLayers *layers)
{
	layers->documents = palloc(sizeof(JsonbRef) * layers->count);
	layers->names = palloc(sizeof(JsonbRef) * layers->count);
	for (int i = 0; i < layers->count; i++)
	{
		const NodeRow *row = &layers->rows[layers->count - 1 - i];

		layers->names[i] = store_text_ref(row->node_id);
		layers->documents[i] = store_layer(row);
	}
}

/*
 * layers_read: the layers of the node that a function's first two arguments
 * name, palloc'd in the current memory context, for a caller who has the rights
 * on the table or that privilege.
 *
 * Errors: those of reader_begin and reader_require;
 * object_not_in_prerequisite_state where a parent is not there, data_corrupted
 * where there is no end of them.
 */
void
layers_read(NodeLayers *layers, FunctionCallInfo fcinfo, int privilege)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID, NODE_CONFIG_JSON
	};
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	text	   *missing = NULL;
	int			privileges;
	bool		found;
	NodeReader	reader;

	memset(layers, 0, sizeof(*layers));
	reader_begin(&reader, fcinfo, privilege, lengthof(columns), columns);
	found = read_rows(layers, &reader, org_id, node_id, &privileges, &missing);
	reader_require(&reader, org_id, node_id, found, privileges);
	if (missing != NULL)
		refuse_broken(layers, org_id, missing);
	lay(layers);
	layers->access = reader.access;
	reader_end(&reader);
}
