/*-------------------------------------------------------------------------
 *
 * store/tree_rules.c
 *	  What keeps an organisation's nodes a tree: parents that are there, no
 *	  cycle, a limit to its depth.
 *
 * Whoever adds, moves or deletes nodes of an organisation first takes its lock
 * and holds it to the end of the transaction, and then looks at the tree under
 * the latest snapshot, as foreign keys do it, not under the transaction's own:
 * two moves that would together make a cycle are seen together by the second,
 * at every isolation level.  There is one lock mode, so that a session that
 * adds a node and then moves one never waits for another that does the same
 * and waits for it.  Roots are added without it: an organisation's first node
 * has nothing above it, and a unique index sees to it that it is one.  A change
 * of a document takes no lock.
 *
 * The parent is no foreign key: a table that refers to itself makes pg_dump
 * warn of circular constraints in every dump of the database.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/settings.h"
#include "storage/lock.h"
#include "store/node_rules.h"
#include "store/reader.h"
#include "store/store.h"
#include "store/tree_rules.h"
#include "utils/builtins.h"
#include "utils/rel.h"

/*
 * How many locks there are: the organisations share them by a hash, so that a
 * statement on any number of organisations does not fill the server's table of
 * locks.  Two of one hash wait for each other, which does no harm.
 */
#define TREE_LOCKS 256

/*
 * The last field of a lock's tag.  pg_advisory_lock uses 1 and 2; nobody gets
 * in the way of a number of our own.
 */
#define TREE_LOCK_CLASS 3

/*
 * tree_lock: keep others from adding, moving and deleting nodes of the
 * organisation until the transaction ends.
 */
void
tree_lock(Relation nodes, text *org_id)
{
	LOCKTAG		tag;
	uint32		hash = hash_bytes((const unsigned char *) VARDATA_ANY(org_id),
								  VARSIZE_ANY_EXHDR(org_id));

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, RelationGetRelid(nodes),
						 hash % TREE_LOCKS, TREE_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * refuse_missing_parent: the error for a parent that is not there.
 */
static void
refuse_missing_parent(const NodeTable *table, const TreePlace *place, text *parent_id)
{
	ereport(ERROR,
			(errcode(place->placed ? ERRCODE_FOREIGN_KEY_VIOLATION :
					 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("parent %s of %s does not exist", name_phrase(store_text_ref(parent_id)),
					node_phrase(place->org_id, place->node_id)),
			 place->placed ?
			 errhint("Insert the nodes above it first, or in the same statement.") :
			 errhint("It went while the triggers of table \"%s\" were disabled; insert it again.",
					 RelationGetRelationName(table->relation)),
			 node_error_fields(table->relation, NODE_PARENT)));
}

/*
 * refuse_depth: the error for a tree that is too deep.
 */
static void
refuse_depth(const NodeTable *table, const TreePlace *place)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s is too deep in its tree", node_phrase(place->org_id, place->node_id)),
			 errdetail("The tree, with what is below the node, would have more than %d levels.",
					   setting_max_depth),
			 errhint("The setting integration_schemas.max_depth is the limit."),
			 node_error_fields(table->relation, NODE_TREE)));
}

/*
 * add_layer: note a layer; they are found innermost first.
 */
static void
add_layer(OuterLayers *outer, int *allocated, text *node_id, const NodeRow *row)
{
	NamedLayer *layer;

	if (outer->count == *allocated)
	{
		*allocated = *allocated ? *allocated * 2 : 8;
		outer->layers = outer->layers ?
			repalloc(outer->layers, sizeof(NamedLayer) * *allocated) :
			palloc(sizeof(NamedLayer) * *allocated);
	}
	layer = &outer->layers[outer->count++];
	layer->node_id = store_text_ref(node_id);
	layer->document = row->document != NULL ? jsonb_ref_root(row->document) : (JsonbRef) {0};
}

/*
 * tree_above: the layers above a node, palloc'd; refuses a parent that is not
 * there and, for a node that the write puts in its place, a parent that row
 * security hides from the caller, a cycle and a tree that is too deep.
 *
 * Errors: foreign_key_violation, check_violation;
 * object_not_in_prerequisite_state for a parent that went missing otherwise.
 */
void
tree_above(const NodeTable *table, const TreePlace *place, Snapshot snapshot,
		   OuterLayers *outer)
{
	text	   *parent_id = place->parent_id;
	int			allocated = 0;
	int			level = 1;
	NodeRow		row;

	memset(outer, 0, sizeof(*outer));

	/* what a node inherits is shown to whoever sees it: not all can be had */
	if (place->placed && parent_id != NULL && !reader_sees(table, place->org_id, parent_id))
		refuse_missing_parent(table, place, parent_id);
	while (parent_id != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (place->placed &&
			jsonb_ref_equal(store_text_ref(parent_id), store_text_ref(place->node_id)))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("%s would be its own ancestor",
							node_phrase(place->org_id, place->node_id)),
					 node_error_fields(table->relation, NODE_TREE)));
		if (!node_find(table, place->org_id, parent_id, snapshot, &row))
			refuse_missing_parent(table, place, parent_id);
		add_layer(outer, &allocated, parent_id, &row);
		level++;

		/* a cycle that this node is not in has no end */
		if (level > setting_max_depth && (place->placed || level > STORE_MAX_LEVELS))
			refuse_depth(table, place);
		parent_id = row.parent_id;
	}
	if (place->placed && !place->made &&
		level + node_levels_below(table, place->org_id, place->node_id, snapshot,
								  setting_max_depth) > setting_max_depth)
		refuse_depth(table, place);
	if (!jsonb_ref_is(store_text_ref(place->org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");

		if (node_find(table, star, star, snapshot, &row))
			add_layer(outer, &allocated, star, &row);
	}
	for (int i = 0, j = outer->count - 1; i < j; i++, j--)
	{
		NamedLayer	swap = outer->layers[i];

		outer->layers[i] = outer->layers[j];
		outer->layers[j] = swap;
	}
}

/*
 * tree_require_parent: refuse a restored node whose parent is not there.
 */
void
tree_require_parent(const NodeTable *table, const TreePlace *place, Snapshot snapshot)
{
	if (place->parent_id != NULL &&
		!node_exists(table, place->org_id, place->parent_id, snapshot))
		refuse_missing_parent(table, place, place->parent_id);
}

/*
 * tree_refuse_parent: refuse that a node which was deleted still is another
 * one's parent.
 */
void
tree_refuse_parent(const NodeTable *table, text *org_id, text *node_id,
				   Snapshot snapshot)
{
	if (node_has_children(table, org_id, node_id, snapshot))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("%s has nodes below it", node_phrase(org_id, node_id)),
				 errhint("Delete or move those first, or in the same statement."),
				 node_error_fields(table->relation, NODE_PARENT)));
}
