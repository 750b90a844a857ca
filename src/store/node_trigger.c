/*-------------------------------------------------------------------------
 *
 * store/node_trigger.c
 *	  The triggers of node_configurations for rows.
 *
 * Before a row is written: what is no node is refused without being shown, a
 * mask is replaced by the secret that it stands for, and what is the database's
 * to set is set.  After it: what the write adds or changes is validated, with
 * the locks of the layers above; the tree is kept a tree; the version goes into
 * the history; and the change is announced.  All of that looks at the row as it
 * lies in the table, whatever other triggers made of it, and is done for each
 * row, so that it holds for rows that come through a parent table.
 *
 * A restored node is taken as it is: see store/restore.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "commands/trigger.h"
#include "jsonb/reader.h"
#include "secrets/unmask.h"
#include "server/actor.h"
#include "server/announce.h"
#include "server/copy_context.h"
#include "server/extension.h"
#include "server/row_guard.h"
#include "server/trigger_call.h"
#include "store/choices.h"
#include "store/forget.h"
#include "store/history.h"
#include "store/node_check.h"
#include "store/node_rules.h"
#include "store/node_seal.h"
#include "store/restore.h"
#include "store/store.h"
#include "store/tree_rules.h"
#include "store/write_context.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(node_before);
PG_FUNCTION_INFO_V1(node_after);

/* A row's columns, in the order of NodeColumn. */
typedef struct NodeValues
{
	Datum		values[NODE_COLUMNS];
	bool		nulls[NODE_COLUMNS];
} NodeValues;

/* What the calls of node_before() for a statement share. */
typedef struct NodeStatement
{
	AttrNumber	columns[NODE_COLUMNS];
	RowGuard   *guard;
	Jsonb	   *inserted;		/* the last document that was sealed for an
								 * INSERT, which may turn into an UPDATE */
} NodeStatement;

/* Columns that are to be set. */
typedef struct NodeChange
{
	int			count;
	int			columns[NODE_COLUMNS];
	Datum		values[NODE_COLUMNS];
	bool		nulls[NODE_COLUMNS];
} NodeChange;

/*
 * node_statement: what a statement's calls share; made in the first.
 *
 * checked names the constraints that are checked here; see row_guard_begin().
 */
static NodeStatement *
node_statement(FunctionCallInfo fcinfo, Relation nodes, ConstraintFilter checked)
{
	NodeStatement *statement = fcinfo->flinfo->fn_extra;

	if (statement == NULL)
	{
		statement = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(NodeStatement));
		node_columns_find(nodes, statement->columns);
		statement->guard = row_guard_begin(nodes, checked, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = statement;
	}
	return statement;
}

/*
 * read_values: the columns of a row.
 */
static void
read_values(HeapTuple row, Relation nodes, const AttrNumber *columns,
			NodeValues *values)
{
	for (int i = 0; i < NODE_COLUMNS; i++)
		values->values[i] = heap_getattr(row, columns[i], RelationGetDescr(nodes),
										 &values->nulls[i]);
}

/*
 * text_at: a text column; NULL for a null.
 */
static text *
text_at(const NodeValues *values, NodeColumn column)
{
	return values->nulls[column] ? NULL : DatumGetTextPP(values->values[column]);
}

/*
 * document_at: the document; NULL for a null.
 */
static Jsonb *
document_at(const NodeValues *values)
{
	return values->nulls[NODE_CONFIG_JSON] ? NULL :
		DatumGetJsonbP(values->values[NODE_CONFIG_JSON]);
}

/*
 * as_version: what a row says of its node, as a version of the history has it.
 */
static void
as_version(const NodeValues *values, NodeVersion *version)
{
	memset(version, 0, sizeof(*version));
	version->org_id = text_at(values, NODE_ORG_ID);
	version->node_id = text_at(values, NODE_NODE_ID);
	version->version = DatumGetInt32(values->values[NODE_VERSION]);
	version->parent_id = text_at(values, NODE_PARENT_ID);
	version->node_type = text_at(values, NODE_TYPE);
	version->name = text_at(values, NODE_NAME);
	version->document = document_at(values);
	version->author = text_at(values, NODE_UPDATED_BY);
	version->changed_at = DatumGetTimestampTz(values->values[NODE_UPDATED_AT]);
	version->created_at = DatumGetTimestampTz(values->values[NODE_CREATED_AT]);
	version->incarnation = DatumGetInt32(values->values[NODE_INCARNATION]);
}

/*
 * set: give a column another value.
 */
static void
set(NodeChange *change, const AttrNumber *columns, NodeColumn column,
	Datum value, bool isnull)
{
	change->columns[change->count] = columns[column];
	change->values[change->count] = value;
	change->nulls[change->count++] = isnull;
}

/*
 * set_author: the version's author and time.
 */
static void
set_author(NodeChange *change, const AttrNumber *columns, text *org_id, text *node_id)
{
	set(change, columns, NODE_UPDATED_AT, TimestampTzGetDatum(actor_stamp()), false);
	set(change, columns, NODE_UPDATED_BY,
		CStringGetTextDatum(author_of(org_id, node_id)), false);
}

/*
 * changed: the row with the columns that are to be set.
 */
static HeapTuple
changed(HeapTuple row, Relation nodes, NodeChange *change)
{
	if (change->count == 0)
		return row;
	return heap_modify_tuple_by_cols(row, RelationGetDescr(nodes), change->count,
									 change->columns, change->values, change->nulls);
}

/*
 * same_value: are two values of a column the same, to the byte?
 */
static bool
same_value(const NodeValues *a, const NodeValues *b, NodeColumn column)
{
	bool		number = column == NODE_VERSION || column == NODE_INCARNATION ||
		column == NODE_CREATED_AT || column == NODE_UPDATED_AT;

	if (a->nulls[column] || b->nulls[column])
		return a->nulls[column] && b->nulls[column];
	return datumIsEqual(a->values[column], b->values[column], number, number ? 8 : -1);
}

/*
 * same_string: are two texts the same, however they are stored?
 */
static bool
same_string(const NodeValues *a, const NodeValues *b, NodeColumn column)
{
	return same_value(a, b, column) ||
		(!a->nulls[column] && !b->nulls[column] &&
		 jsonb_ref_equal(store_text_ref(text_at(a, column)),
						 store_text_ref(text_at(b, column))));
}

/*
 * same_document: are two documents the same, however they are stored?
 *
 * In the table the server may have moved one out of a row that has grown.
 */
static bool
same_document(const NodeValues *a, const NodeValues *b)
{
	return same_value(a, b, NODE_CONFIG_JSON) ||
		(!a->nulls[NODE_CONFIG_JSON] && !b->nulls[NODE_CONFIG_JSON] &&
		 jsonb_ref_equal(jsonb_ref_root(document_at(a)), jsonb_ref_root(document_at(b))));
}

/*
 * keep_inserted: keep a document that was sealed for an INSERT until the next.
 */
static void
keep_inserted(FunctionCallInfo fcinfo, NodeStatement *statement, Jsonb *document)
{
	if (statement->inserted != NULL)
		pfree(statement->inserted);
	statement->inserted = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, VARSIZE(document));
	memcpy(statement->inserted, document, VARSIZE(document));
}

/*
 * inserted: what becomes of a new row.
 *
 * Where the history says that the node is there, this is an upsert of it or
 * follows its deletion in the same statement, whose version is not written yet:
 * the next number is left for that.
 */
static void
inserted(FunctionCallInfo fcinfo, Relation nodes, NodeStatement *statement,
		 const NodeValues *new, NodeChange *change)
{
	const AttrNumber *columns = statement->columns;
	text	   *org_id = text_at(new, NODE_ORG_ID);
	text	   *node_id = text_at(new, NODE_NODE_ID);
	Jsonb	   *document = document_at(new);
	Jsonb	   *sealed = node_sealed(fcinfo, nodes, org_id, node_id, document, NULL, NULL);
	int32		next;
	LatestVersion latest = {.deleted = true};

	if (sealed != document)
	{
		set(change, columns, NODE_CONFIG_JSON, JsonbPGetDatum(sealed), false);
		keep_inserted(fcinfo, statement, sealed);
	}

	if (!new->nulls[NODE_PARENT_ID])
		tree_lock(nodes, org_id);
	PushActiveSnapshot(GetLatestSnapshot());
	next = history_latest(fcinfo, org_id, node_id, GetActiveSnapshot(), &latest);
	PopActiveSnapshot();
	if (next == 0)
		next = forgotten_version(fcinfo, org_id);
	next += latest.deleted ? 1 : 2;
	set(change, columns, NODE_VERSION, Int32GetDatum(next), false);
	set(change, columns, NODE_INCARNATION, Int32GetDatum(next), false);
	if (new->nulls[NODE_CREATED_AT])
		set(change, columns, NODE_CREATED_AT, TimestampTzGetDatum(actor_stamp()), false);
	set_author(change, columns, org_id, node_id);
}

/*
 * refuse_rename: the error for a node that would get another name.
 */
static void
refuse_rename(Relation nodes, const NodeValues *old, const NodeValues *new)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("name of a node cannot be changed"),
			 errdetail("%s would become %s.",
					   node_phrase(text_at(old, NODE_ORG_ID), text_at(old, NODE_NODE_ID)),
					   node_phrase(text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID))),
			 errhint("Insert a node of the new name, move the children to it and delete the old one."),
			 node_error_fields(nodes, NULL)));
}

/*
 * unmasked: the document of a changed row with the secrets that its masks stand
 * for, and without what belonged to choices of variants that it switches; NULL
 * where it is what is stored.  In a renaming, masks stay what they are.
 */
static Jsonb *
unmasked(FunctionCallInfo fcinfo, Relation nodes, const NodeValues *old,
		 const NodeValues *new, Jsonb *document)
{
	const WriteContext *context;
	JsonbRef	stored;

	context = context_of(text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID));
	if (context != NULL && context->renames)
		return document;
	node_rules_document(nodes, document);
	if (old->nulls[NODE_CONFIG_JSON])
		return document;
	stored = jsonb_ref_root(document_at(old));
	document = without_stale_choices(catalogue_of_owner(fcinfo), document, stored);
	return unmask_document(catalogue_of_owner(fcinfo), document, stored);
}

/*
 * changed_document: the document of a changed row as it is to be stored; NULL where
 * it is what is stored.
 */
static Jsonb *
changed_document(FunctionCallInfo fcinfo, Relation nodes, const NodeStatement *statement,
				 const NodeValues *old, const NodeValues *new)
{
	Jsonb	   *stored = document_at(old);
	const WriteContext *context;
	Jsonb	   *document;

	if (same_value(old, new, NODE_CONFIG_JSON))
		return NULL;
	document = document_at(new);
	context = context_of(text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID));
	if (context != NULL && context->reseals)
		return document;
	document = unmasked(fcinfo, nodes, old, new, document);
	document = node_sealed(fcinfo, nodes, text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID),
						   document, stored, statement->inserted);
	return stored != NULL &&
		jsonb_ref_equal(jsonb_ref_root(document), jsonb_ref_root(stored)) ? NULL : document;
}

/*
 * updated: what becomes of a changed row.
 *
 * Where nothing of the node changes, what is the database's to set stays, and
 * only columns that the table's owner has added are written.
 */
static void
updated(FunctionCallInfo fcinfo, Relation nodes, const NodeStatement *statement,
		const NodeValues *old, const NodeValues *new, NodeChange *change)
{
	static const NodeColumn ours[] = {
		NODE_VERSION, NODE_CREATED_AT, NODE_UPDATED_AT, NODE_UPDATED_BY, NODE_INCARNATION
	};
	const AttrNumber *columns = statement->columns;
	bool		placed = !same_string(old, new, NODE_PARENT_ID);
	const WriteContext *context;
	Jsonb	   *document;

	if (!old->nulls[NODE_ORG_ID] && !old->nulls[NODE_NODE_ID] &&
		(!same_string(old, new, NODE_ORG_ID) || !same_string(old, new, NODE_NODE_ID)))
		refuse_rename(nodes, old, new);
	document = changed_document(fcinfo, nodes, statement, old, new);
	if (document == NULL && !same_value(old, new, NODE_CONFIG_JSON))
		set(change, columns, NODE_CONFIG_JSON, old->values[NODE_CONFIG_JSON], false);
	else if (document != NULL)
		set(change, columns, NODE_CONFIG_JSON, JsonbPGetDatum(document), false);

	context = context_of(text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID));
	if ((context != NULL && context->reseals) ||
		(document == NULL && !placed && same_string(old, new, NODE_TYPE) &&
		 same_string(old, new, NODE_NAME)))
	{
		for (int i = 0; i < (int) lengthof(ours); i++)
			if (!same_value(old, new, ours[i]))
				set(change, columns, ours[i], old->values[ours[i]], old->nulls[ours[i]]);
		return;
	}
	if (placed)
		tree_lock(nodes, text_at(new, NODE_ORG_ID));
	set(change, columns, NODE_VERSION,
		Int32GetDatum(DatumGetInt32(old->values[NODE_VERSION]) + 1), false);
	set(change, columns, NODE_CREATED_AT, old->values[NODE_CREATED_AT],
		old->nulls[NODE_CREATED_AT]);
	set(change, columns, NODE_INCARNATION, old->values[NODE_INCARNATION],
		old->nulls[NODE_INCARNATION]);
	set_author(change, columns, text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID));
}

/*
 * node_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each row.
 *
 * It fires ALWAYS: where session_replication_role is replica a row is written
 * as it comes, but still no error shows it.
 */
Datum
node_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_NODES,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE),
											"before insert, update or delete, for each row");
	TriggerEvent event = trigger->tg_event;
	Relation	nodes = trigger->tg_relation;
	bool		replica = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
	NodeStatement *statement = node_statement(fcinfo, nodes,
											  replica ? NULL : node_rules_declared);
	const AttrNumber *columns = statement->columns;
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(event) ? trigger->tg_newtuple :
		trigger->tg_trigtuple;
	NodeChange	change = {0};
	NodeValues	old;
	NodeValues	new;

	if (TRIGGER_FIRED_BY_DELETE(event))
	{
		read_values(row, nodes, columns, &old);
		if (!replica && !old.nulls[NODE_ORG_ID])
			tree_lock(nodes, text_at(&old, NODE_ORG_ID));
		return PointerGetDatum(row);
	}

	hide_rows_of_copy();
	read_values(row, nodes, columns, &new);
	if (!replica)
	{
		node_rules_row(nodes, new.values, new.nulls);
		if (TRIGGER_FIRED_BY_UPDATE(event))
		{
			read_values(trigger->tg_trigtuple, nodes, columns, &old);
			updated(fcinfo, nodes, statement, &old, &new, &change);
		}
		else
		{
			node_rules_document(nodes, document_at(&new));
			if (restore_is_on(fcinfo))
				restore_lock(fcinfo);
			else
				inserted(fcinfo, nodes, statement, &new, &change);
		}
		row = changed(row, nodes, &change);
	}
	row_guard_check(statement->guard, nodes, row);
	return PointerGetDatum(row);
}

/*
 * refuse_other_trigger: the error for a row that another trigger has changed
 * after ours gave it its version.
 */
static void
refuse_other_trigger(Relation nodes, const NodeValues *new)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("%s was changed by another trigger after it got its version",
					node_phrase(text_at(new, NODE_ORG_ID), text_at(new, NODE_NODE_ID))),
			 errhint("Triggers fire in the order of their names: give it a name before \"%s\".",
					 NODE_CHECK),
			 node_error_fields(nodes, NODE_CHECK)));
}

/*
 * refuse_concurrent: the error for a version that another transaction has
 * written meanwhile.
 */
static void
refuse_concurrent(Relation nodes)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to a concurrent change of the same node"),
			 errhint("The transaction might succeed if retried."),
			 node_error_fields(nodes, NODE_CHECK)));
}

/*
 * written: a row was inserted or updated.
 */
static void
written(FunctionCallInfo fcinfo, const NodeTable *table, const NodeValues *old,
		const NodeValues *new)
{
	Snapshot	snapshot = GetActiveSnapshot();
	const WriteContext *context;
	bool		document;
	TreePlace	place;
	OuterLayers outer;
	NodeVersion version;

	place.org_id = text_at(new, NODE_ORG_ID);
	place.node_id = text_at(new, NODE_NODE_ID);
	place.parent_id = text_at(new, NODE_PARENT_ID);
	place.made = old == NULL;
	place.placed = old == NULL || !same_string(old, new, NODE_PARENT_ID);
	context = context_of(place.org_id, place.node_id);
	if (context != NULL && context->reseals)
		return;
	document = old == NULL || !same_document(old, new);
	as_version(new, &version);
	version.operation = old == NULL ? "insert" : "update";
	if (old != NULL)
	{
		bool		any = document || place.placed || !same_string(old, new, NODE_TYPE) ||
			!same_string(old, new, NODE_NAME);

		if (version.version != DatumGetInt32(old->values[NODE_VERSION]) + any)
			refuse_other_trigger(table->relation, new);
		if (!any)
			return;
	}

	version.restored = old == NULL && restore_is_on(fcinfo);
	if (version.restored)
	{
		if (version.version != version.incarnation)
			version.operation = "update";
		(void) history_write(fcinfo, &version);
		tree_require_parent(table, &place, snapshot);
		return;
	}
	if (!history_write(fcinfo, &version))
		refuse_concurrent(table->relation);
	if (document)
	{
		version.document = node_opened(fcinfo, table->relation, place.org_id, place.node_id,
									   version.document, old != NULL ? document_at(old) : NULL);
		if (version.document == NULL)
			refuse_other_trigger(table->relation, new);
	}
	if (context != NULL && context->renames)
		document = false;
	if (document || place.placed)
		tree_above(table, &place, snapshot, &outer);
	if (document)
		node_check_document(fcinfo, table, &version, old != NULL ? document_at(old) : NULL,
							&outer);
	announce_node(version.operation, store_text_ref(place.org_id),
				  store_text_ref(place.node_id));
}

/*
 * deleted: a row was deleted.
 */
static void
deleted(FunctionCallInfo fcinfo, const NodeTable *table, const NodeValues *old)
{
	NodeVersion version;

	as_version(old, &version);
	tree_refuse_parent(table, version.org_id, version.node_id, GetActiveSnapshot());
	version.version++;
	version.operation = "delete";
	version.document = NULL;
	version.changed_at = actor_stamp();
	version.author = cstring_to_text(author_of(version.org_id, version.node_id));
	if (!history_write(fcinfo, &version))
		refuse_concurrent(table->relation);
	announce_node("delete", store_text_ref(version.org_id), store_text_ref(version.node_id));
}

/*
 * node_after() returns trigger: AFTER INSERT, UPDATE or DELETE, for each row.
 */
Datum
node_after(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_NODES,
											FIRED(AFTER, ROW, INSERT) |
											FIRED(AFTER, ROW, UPDATE) |
											FIRED(AFTER, ROW, DELETE),
											"after insert, update or delete, for each row");
	TriggerEvent event = trigger->tg_event;
	NodeTable	table;
	NodeValues	old;
	NodeValues	new;

	node_table_open(&table, RelationGetRelid(trigger->tg_relation), AccessShareLock);
	read_values(trigger->tg_trigtuple, table.relation, table.columns, &old);
	if (old.nulls[NODE_ORG_ID] || old.nulls[NODE_NODE_ID])
	{
		/* the table's owner let nulls in, and takes them out again */
		node_table_close(&table);
		return PointerGetDatum(NULL);
	}

	/* under a snapshot taken now, which sees the statement's own work too */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	if (TRIGGER_FIRED_BY_DELETE(event))
		deleted(fcinfo, &table, &old);
	else if (TRIGGER_FIRED_BY_UPDATE(event))
	{
		read_values(trigger->tg_newtuple, table.relation, table.columns, &new);
		written(fcinfo, &table, &old, &new);
	}
	else
		written(fcinfo, &table, NULL, &old);
	PopActiveSnapshot();
	node_table_close(&table);
	return PointerGetDatum(NULL);
}
