/*-------------------------------------------------------------------------
 *
 * store/tree_check.c
 *	  The trigger node_configurations_tree: what of the tree's rules takes a
 *	  walk through the tree.
 *
 * The walk must see the tree as it will be when this transaction has
 * committed.  So a transaction that adds nodes to an organisation's tree
 * holds a lock that those that move nodes of it are kept out by, and the
 * other way round, to its end (moves also keep each other out); and the walk
 * is made under the latest snapshot, as foreign keys do it, not under the
 * transaction's: two moves that would together make a cycle are then seen
 * together by the second, at every isolation level.  A change of a document
 * takes no such lock.
 *
 * The trigger runs after the statement, when a child that came before its
 * parent has it, and as the owner, so that row security hides nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/own_table.h"
#include "server/settings.h"
#include "server/trigger_call.h"
#include "storage/lock.h"
#include "store/lookup.h"
#include "store/plans.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "validation/findings.h"
#include "validation/layer_locks.h"

PG_FUNCTION_INFO_V1(node_configurations_tree);

/* A change of a node, and what is above it. */
typedef struct TreeChange
{
	TriggerData *trigger;
	NodeLookup	lookup;
	text	   *org_id;
	text	   *node_id;
	int			nlayers;
	int			allocated;
	NamedLayer *layers;			/* innermost first while walking */
} TreeChange;

/*
 * column: a column of a row, with NULL for a null.
 */
static Datum
column(Relation relation, HeapTuple row, const char *name, Oid type)
{
	int			number = own_column(relation, name, type);
	bool		isnull;
	Datum		value = heap_getattr(row, number, RelationGetDescr(relation), &isnull);

	return isnull ? PointerGetDatum(NULL) : value;
}

/*
 * set_error_fields: let an error name the table and the trigger, for use in
 * an ereport.
 */
static int
set_error_fields(TreeChange *change)
{
	Relation	rel = change->trigger->tg_relation;

	err_generic_string(PG_DIAG_SCHEMA_NAME,
					   get_namespace_name(RelationGetNamespace(rel)));
	err_generic_string(PG_DIAG_TABLE_NAME, RelationGetRelationName(rel));
	return err_generic_string(PG_DIAG_CONSTRAINT_NAME,
							  change->trigger->tg_trigger->tgname);
}

/*
 * node_phrase: 'node "a" of organisation "b"', for a message.
 */
static char *
node_phrase(JsonbRef org_id, JsonbRef node_id)
{
	StringInfoData phrase;

	initStringInfo(&phrase);
	appendStringInfoString(&phrase, "node ");
	append_name(&phrase, node_id);
	appendStringInfoString(&phrase, " of organisation ");
	append_name(&phrase, org_id);
	return phrase.data;
}

/*
 * lock_tree: keep others from moving nodes of the organisation, or, to move
 * one, from moving and adding, until the transaction ends.
 *
 * An advisory lock, by the table and a hash of the organisation: two
 * organisations of one hash wait for each other, which does no harm.
 */
static void
lock_tree(TreeChange *change, bool moving)
{
	LOCKTAG		tag;
	uint32		hash = hash_bytes((const unsigned char *) VARDATA_ANY(change->org_id),
								  VARSIZE_ANY_EXHDR(change->org_id));

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId,
						 RelationGetRelid(change->trigger->tg_relation), hash, 2);
	(void) LockAcquire(&tag, moving ? ExclusiveLock : ShareLock, false, false);
}

/*
 * add_layer: look a node up and add its document to the layers above; false
 * where it is not there.
 */
static bool
add_layer(TreeChange *change, text *org_id, text *node_id, text **parent_id)
{
	Datum		document;

	if (!node_lookup(&change->lookup, org_id, node_id, parent_id, &document))
		return false;
	if (change->nlayers == change->allocated)
	{
		change->allocated = change->allocated ? change->allocated * 2 : 8;
		if (change->layers == NULL)
			change->layers = palloc(sizeof(NamedLayer) * change->allocated);
		else
			change->layers = repalloc(change->layers,
									  sizeof(NamedLayer) * change->allocated);
	}
	change->layers[change->nlayers].node_id = store_text_ref(node_id);
	change->layers[change->nlayers].document = jsonb_ref_root(DatumGetJsonbP(document));
	change->nlayers++;
	return true;
}

/*
 * levels_below: how many levels of nodes are below the node; more than limit
 * are not counted.
 */
static int
levels_below(TreeChange *change, int limit)
{
	Datum		values[3] = {
		PointerGetDatum(change->org_id),
		PointerGetDatum(change->node_id),
		Int32GetDatum(limit)
	};
	bool		isnull;

	if (store_execute(change->lookup.namespace, STORE_HEIGHT, values) != 1)
		elog(ERROR, "could not measure a subtree");
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * refuse_depth: the error for a tree that is too deep.
 */
static void
refuse_depth(TreeChange *change)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s is too deep in its tree",
					node_phrase(store_text_ref(change->org_id), store_text_ref(change->node_id))),
			 errdetail("The tree, with what is below the node, would have more than %d levels.",
					   setting_max_depth),
			 errhint("The setting integration_schemas.max_depth is the limit."),
			 set_error_fields(change)));
}

/*
 * walk_up: collect the layers above the node, and refuse a cycle and, where
 * the node is new or moved, a tree that is too deep.
 *
 * A parent that is not there ends the walk: the foreign key refuses it.
 */
static void
walk_up(TreeChange *change, text *parent_id, bool check_depth, bool has_children)
{
	text	   *star = cstring_to_text("*");
	text	   *above;
	int			level = 1;

	while (parent_id != NULL && add_layer(change, change->org_id, parent_id, &above))
	{
		CHECK_FOR_INTERRUPTS();
		if (check_depth &&
			jsonb_ref_equal(store_text_ref(parent_id), store_text_ref(change->node_id)))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("%s would be its own ancestor",
							node_phrase(store_text_ref(change->org_id),
										store_text_ref(change->node_id))),
					 set_error_fields(change)));
		level++;

		/* a cycle that this node is not in has no end */
		if (level > setting_max_depth && (check_depth || level > STORE_MAX_LEVELS))
			refuse_depth(change);
		parent_id = above;
	}
	if (check_depth && has_children &&
		level + levels_below(change, setting_max_depth) > setting_max_depth)
		refuse_depth(change);
	if (!jsonb_ref_is(store_text_ref(change->org_id), "*", 1))
		(void) add_layer(change, star, star, &above);
}

/*
 * check_locks: refuse a write that gives what a layer above has locked.
 */
static void
check_locks(TreeChange *change, Datum before, Datum after)
{
	Relation	table = change->trigger->tg_relation;
	Findings	findings = {0};
	JsonbRef	none = {0};

	/* the walk found the innermost first */
	for (int i = 0, j = change->nlayers - 1; i < j; i++, j--)
	{
		NamedLayer	swap = change->layers[i];

		change->layers[i] = change->layers[j];
		change->layers[j] = swap;
	}
	validate_change(NULL, jsonb_ref_root(DatumGetJsonbP(after)),
					DatumGetPointer(before) == NULL ? none :
					jsonb_ref_root(DatumGetJsonbP(before)),
					LEVEL_TEAM, change->layers, change->nlayers,
					findings_add, &findings);
	if (findings_refused(&findings))
		findings_refuse(&findings, table, own_column(table, "config_json", JSONBOID),
						change->trigger->tg_trigger->tgname);
}

/*
 * same_bytes: are two values of a row the same, to the byte?  A different
 * storage of equal ones is no harm: the check is then made for nothing.
 */
static bool
same_bytes(Datum a, Datum b)
{
	if (DatumGetPointer(a) == NULL || DatumGetPointer(b) == NULL)
		return DatumGetPointer(a) == DatumGetPointer(b);
	return datumIsEqual(a, b, false, -1);
}

/*
 * node_configurations_tree: AFTER INSERT OR UPDATE, for each row.
 */
Datum
node_configurations_tree(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, STORE_TABLE,
											FIRED(AFTER, ROW, INSERT) |
											FIRED(AFTER, ROW, UPDATE),
											"after insert or update, for each row");
	Relation	table = trigger->tg_relation;
	TreeChange	change = {0};
	HeapTuple	row;
	HeapTuple	before;
	Datum		org_id;
	Datum		node_id;
	Datum		document;
	Datum		parent;
	bool		moved;
	bool		written;

	before = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_trigtuple : NULL;
	row = before != NULL ? trigger->tg_newtuple : trigger->tg_trigtuple;
	org_id = column(table, row, "org_id", TEXTOID);
	node_id = column(table, row, "node_id", TEXTOID);
	document = column(table, row, "config_json", JSONBOID);
	parent = column(table, row, "parent_id", TEXTOID);
	if (DatumGetPointer(org_id) == NULL || DatumGetPointer(node_id) == NULL ||
		DatumGetPointer(document) == NULL)
		return PointerGetDatum(NULL);	/* the table's owner lets nulls in */
	moved = before == NULL ||
		!same_bytes(column(table, before, "parent_id", TEXTOID), parent);
	written = before == NULL ||
		!same_bytes(column(table, before, "config_json", JSONBOID), document);
	if (!moved && !written)
		return PointerGetDatum(NULL);

	SPI_connect();
	change.trigger = trigger;
	change.org_id = DatumGetTextPP(org_id);
	change.node_id = DatumGetTextPP(node_id);

	if (moved)
		lock_tree(&change, before != NULL);

	/* under a snapshot taken now, which sees our own work too */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	node_lookup_begin(&change.lookup, RelationGetNamespace(table), true);
	walk_up(&change,
			DatumGetPointer(parent) == NULL ? NULL : DatumGetTextPP(parent),
			moved, before != NULL);
	if (written)
		check_locks(&change,
					before == NULL ? PointerGetDatum(NULL) :
					column(table, before, "config_json", JSONBOID),
					document);
	node_lookup_end(&change.lookup);
	PopActiveSnapshot();
	SPI_finish();
	return PointerGetDatum(NULL);
}
