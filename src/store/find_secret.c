/*-------------------------------------------------------------------------
 *
 * store/find_secret.c
 *	  The SQL-callable functions for a secret that has leaked: where it is, and
 *	  another one in its place.
 *
 * The secret is the argument, and never shown.  What is sealed is opened to be
 * compared, so whoever asks must be one to whom all would be revealed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/ever_secret.h"
#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "secrets/grants.h"
#include "secrets/search.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "store/access.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/store.h"
#include "store/write.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_config_find_secret);
PG_FUNCTION_INFO_V1(integration_config_replace_secret);

/* How many rows are read at a time. */
#define ROWS_FETCHED 100

/*
 * secret_argument: an argument that must be a secret.
 *
 * Errors: invalid_parameter_value.
 */
static JsonbRef
secret_argument(FunctionCallInfo fcinfo, int number, const char *what)
{
	JsonbRef	secret = {0};

	if (!PG_ARGISNULL(number))
		secret = store_text_ref(PG_GETARG_TEXT_PP(number));
	if (PG_ARGISNULL(number) || string_is_blank(secret) || walk_is_mask(secret) ||
		shown_is_sealed(secret))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a secret in clear", what),
				 errdetail("It is null, blank, a mask or a sealed one.")));
	return secret;
}

/*
 * require_rights: the caller has that right on all of a table and, where anything
 * may be sealed, all secrets would be revealed to him.
 *
 * Errors: insufficient_privilege.
 */
static void
require_rights(FunctionCallInfo fcinfo, OwnTable table, AclMode mode)
{
	Oid			relid = own_table_required(fcinfo, table, AccessShareLock);
	AttrNumber	column = InvalidAttrNumber;
	const GrantSet *grants = grants_of_caller(fcinfo);

	if (mode == ACL_UPDATE)
	{
		Relation	relation = table_open(relid, NoLock);

		column = own_column(relation, "config_json", JSONBOID);
		table_close(relation, NoLock);
	}
	(void) rights_checked(relid, mode, 1, &column, GetUserId(), true);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secrets cannot be looked for under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\".",
						   get_rel_name(relid), GetUserNameFromId(GetUserId(), false))));
	if (!data_keys_any(fcinfo) ||
		access_has_all(own_table_required(fcinfo, OWN_NODES, NoLock)) ||
		(grants != NULL && grants->platform & PRIVILEGE_REVEAL))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to look for sealed secrets"),
			 errdetail("Role \"%s\" neither owns the tables nor has privilege \"%s\" on the platform.",
					   GetUserNameFromId(GetUserId(), false), privilege_name(PRIVILEGE_REVEAL))));
}

/*
 * warn_of_closed: warn of the secrets that could not be looked at.
 */
static void
warn_of_closed(const SecretSearch *search)
{
	if (search->closed > 0)
		ereport(WARNING,
				(errmsg_plural("%lld sealed secret does not open, and was not compared",
							   "%lld sealed secrets do not open, and were not compared",
							   search->closed, (long long) search->closed)));
}

/* A place where the secret was found, in versions of a node. */
typedef struct Found
{
	char	   *entry;			/* NULL: in no entry's config */
	char	   *path;
	bool		shown;			/* are readers shown it there? */
	bool		once_secret;	/* not what is past */
	int32		first;
	int32		last;
	int			next;			/* with the same hash; -1: none */
} Found;

/* The places with a hash. */
typedef struct FoundByHash
{
	uint64		hash;			/* of entry and path */
	int			first;
} FoundByHash;

/* What is found in a node's history. */
typedef struct FoundInNode
{
	MemoryContext cxt;
	text	   *org_id;
	text	   *node_id;
	int32		version;		/* that is looked at */
	bool		deleted;
	int			count;
	int			allocated;
	Found	   *found;
	HTAB	   *by_hash;		/* NULL: nothing is found */
	ReturnSetInfo *result;
} FoundInNode;

/*
 * is_entry: is a place in that entry's config, or in none as that?
 */
static bool
is_entry(const Found *found, JsonbRef entry)
{
	if (found->entry == NULL || entry.type == JREF_NONE)
		return found->entry == NULL && entry.type == JREF_NONE;
	return jsonb_ref_is(entry, found->entry, strlen(found->entry));
}

/*
 * place_found: the place in a node that has that path in an entry's config; a new
 * one begins with the version that is looked at.
 */
static Found *
place_found(FoundInNode *node, JsonbRef entry, StringInfo path)
{
	FoundByHash *same;
	Found	   *found;
	uint64		hash = hash_bytes_extended((const unsigned char *) path->data, path->len, 0);
	bool		known;

	if (entry.type != JREF_NONE)
		hash = hash_bytes_extended((const unsigned char *) entry.ptr, entry.len, hash);
	if (node->by_hash == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(FoundByHash),
		.hcxt = node->cxt};

		node->by_hash = hash_create("places of a secret", 8, &ctl,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	same = hash_search(node->by_hash, &hash, HASH_ENTER, &known);
	if (!known)
		same->first = -1;
	for (int i = same->first; i >= 0; i = node->found[i].next)
		if (strcmp(node->found[i].path, path->data) == 0 && is_entry(&node->found[i], entry))
			return &node->found[i];
	if (node->count == node->allocated)
	{
		node->allocated = Max(8, 2 * node->allocated);
		node->found = node->found == NULL ? palloc(sizeof(Found) * node->allocated) :
			repalloc_huge(node->found, sizeof(Found) * node->allocated);
	}
	found = &node->found[node->count];
	memset(found, 0, sizeof(*found));
	found->entry = entry.type == JREF_NONE ? NULL : jsonb_ref_cstring(entry);
	found->path = pstrdup(path->data);
	found->first = node->version;
	found->next = same->first;
	same->first = node->count++;
	return found;
}

/*
 * note_found: the secret is in a version of a node.
 */
static void
note_found(SecretSearch *search, bool is_shown)
{
	FoundInNode *node = search->arg;
	MemoryContext caller = MemoryContextSwitchTo(node->cxt);
	StringInfoData path;
	Found	   *found;

	initStringInfo(&path);
	search_path(search, &path);
	found = place_found(node, search_entry(search), &path);
	pfree(path.data);
	found->last = node->version;
	found->shown = is_shown;
	found->once_secret = search->walk.once != ONCE_NOTHING;
	MemoryContextSwitchTo(caller);
}

/*
 * give_found: the rows of a node.
 */
static void
give_found(FoundInNode *node)
{
	for (int i = 0; i < node->count; i++)
	{
		const Found *found = &node->found[i];
		bool		live = !node->deleted && found->last == node->version;
		Datum		values[8];
		bool		nulls[8] = {false};

		CHECK_FOR_INTERRUPTS();

		values[0] = PointerGetDatum(node->org_id);
		values[1] = PointerGetDatum(node->node_id);
		nulls[2] = found->entry == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(found->entry);
		values[3] = CStringGetTextDatum(found->path);
		values[4] = Int32GetDatum(found->first);
		values[5] = Int32GetDatum(found->last);
		values[6] = BoolGetDatum(live);
		values[7] = BoolGetDatum(found->shown && (live || !found->once_secret));
		tuplestore_putvalues(node->result->setResult, node->result->setDesc, values, nulls);
	}
	MemoryContextReset(node->cxt);
	node->found = NULL;
	node->by_hash = NULL;
	node->count = node->allocated = 0;
	node->org_id = node->node_id = NULL;
}

/*
 * begin_node: the next version is another node's.
 */
static void
begin_node(FoundInNode *node, SecretSearch *search, Datum org_id, Datum node_id)
{
	MemoryContext caller;

	if (node->org_id != NULL)
		give_found(node);
	caller = MemoryContextSwitchTo(node->cxt);
	node->org_id = DatumGetTextPCopy(org_id);
	node->node_id = DatumGetTextPCopy(node_id);
	MemoryContextSwitchTo(caller);
	search->place.org_id = store_text_ref(node->org_id);
	search->place.node_id = store_text_ref(node->node_id);
}

/*
 * is_node: is the node that is looked at that one?
 */
static bool
is_node(const FoundInNode *node, Datum org_id, Datum node_id)
{
	return node->org_id != NULL &&
		jsonb_ref_equal(store_text_ref(node->org_id), store_text_ref(DatumGetTextPP(org_id))) &&
		jsonb_ref_equal(store_text_ref(node->node_id), store_text_ref(DatumGetTextPP(node_id)));
}

/*
 * search_history: look through every version of every node; with SPI connected.
 */
static void
search_history(SecretSearch *search, FoundInNode *node, Oid history)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "version", ALLOCSET_DEFAULT_SIZES);
	Identity	before;
	SPIPlanPtr	plan;
	Portal		portal;

	identity_become(&before, relation_owner(history));
	plan = plan_prepare(psprintf("SELECT h.org_id, h.node_id, h.version, h.config_json FROM ONLY %s AS h"
								 " ORDER BY h.org_id, h.node_id, h.version",
								 qualified_name(history)), 0, NULL);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, ROWS_FETCHED);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			Datum		values[4];
			bool		nulls[4];

			CHECK_FOR_INTERRUPTS();
			heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
			MemoryContextSwitchTo(row);
			if (!is_node(node, values[0], values[1]))
				begin_node(node, search, values[0], values[1]);
			node->version = DatumGetInt32(values[2]);
			node->deleted = nulls[3];
			if (!nulls[3])
				(void) search_document(search, DatumGetJsonbP(values[3]));
			MemoryContextSwitchTo(caller);
			MemoryContextReset(row);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	if (node->org_id != NULL)
		give_found(node);
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	identity_return(&before);
	MemoryContextDelete(row);
}

/*
 * integration_config_find_secret(value text) returns setof record: which nodes
 * have, or had, this very string: where, from which version to which, and whether
 * it is shown there.
 */
Datum
integration_config_find_secret(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	SecretSearch search = {.fcinfo = fcinfo,.found = note_found};
	FoundInNode node = {.result = result};

	search.wanted = secret_argument(fcinfo, 0, "what is looked for");
	require_rights(fcinfo, OWN_NODES, ACL_SELECT);
	require_rights(fcinfo, OWN_HISTORY, ACL_SELECT);
	search.walk.catalogue = catalogue_of_owner(fcinfo);
	catalogue_pin(search.walk.catalogue);
	search.walk.once_secret = ever_secret_places(fcinfo);
	node.cxt = AllocSetContextCreate(CurrentMemoryContext, "places of a secret",
									 ALLOCSET_DEFAULT_SIZES);
	search.arg = &node;
	SPI_connect();
	search_history(&search, &node, own_table_required(fcinfo, OWN_HISTORY, AccessShareLock));
	SPI_finish();
	warn_of_closed(&search);
	return (Datum) 0;
}

/* The nodes that have the secret. */
typedef struct NodeNames
{
	int64		count;
	int64		allocated;
	text	 *(*names)[2];
} NodeNames;

/*
 * add_node: one more of them.
 */
static void
add_node(NodeNames *nodes, const NodeRow *row)
{
	if (nodes->count == nodes->allocated)
	{
		nodes->allocated = Max(64, 2 * nodes->allocated);
		nodes->names = nodes->names == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(*nodes->names) * nodes->allocated) :
			repalloc_huge(nodes->names, sizeof(*nodes->names) * nodes->allocated);
	}
	nodes->names[nodes->count][0] = DatumGetTextPCopy(PointerGetDatum(row->org_id));
	nodes->names[nodes->count][1] = DatumGetTextPCopy(PointerGetDatum(row->node_id));
	nodes->count++;
}

/*
 * compare_nodes: qsort comparator: by organisation, then node, so that all who
 * lock many lock them in one order.
 */
static int
compare_nodes(const void *a, const void *b)
{
	text	   *const *na = a;
	text	   *const *nb = b;
	int			order = 0;

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < 2 && order == 0; i++)
		order = jsonb_key_compare(VARDATA_ANY(na[i]), VARSIZE_ANY_EXHDR(na[i]),
								  VARDATA_ANY(nb[i]), VARSIZE_ANY_EXHDR(nb[i]));
	return order;
}

/*
 * note_any: the secret is in the document, where another one may take its place.
 */
static void
note_any(SecretSearch *search, bool is_shown)
{
	if (!is_shown)
		*(bool *) search->arg = true;
}

/*
 * nodes_with: the nodes whose document has the secret.
 */
static NodeNames
nodes_with(SecretSearch *search, Oid relid)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row_cxt = AllocSetContextCreate(caller, "node", ALLOCSET_DEFAULT_SIZES);
	NodeNames	nodes = {0};
	NodeTable	table;
	NodeScan	scan;
	NodeRow		row;
	bool		any;

	search->found = note_any;
	search->arg = &any;
	node_table_open(&table, relid, NoLock);
	PushActiveSnapshot(GetLatestSnapshot());
	node_scan_begin(&scan, &table, NULL, true, GetActiveSnapshot());
	MemoryContextSwitchTo(row_cxt);
	while (node_scan_next(&scan, &row))
	{
		any = false;
		if (row.org_id != NULL && row.node_id != NULL && row.document != NULL)
		{
			search->place.org_id = store_text_ref(row.org_id);
			search->place.node_id = store_text_ref(row.node_id);
			(void) search_document(search, row.document);
		}
		MemoryContextSwitchTo(caller);
		if (any)
			add_node(&nodes, &row);
		MemoryContextReset(row_cxt);
		MemoryContextSwitchTo(row_cxt);
	}
	MemoryContextSwitchTo(caller);
	node_scan_end(&scan);
	PopActiveSnapshot();
	node_table_close(&table);
	MemoryContextDelete(row_cxt);
	if (nodes.count > 1)
		qsort(nodes.names, nodes.count, sizeof(*nodes.names), compare_nodes);
	return nodes;
}

/*
 * tell_node: ErrorContextCallback's: one node of many is the one that is refused.
 */
static void
tell_node(void *arg)
{
	const NodeWrite *write = arg;

	errcontext("replacement of a secret in %s", node_phrase(write->org_id, write->node_id));
}

/*
 * replace_in_node: write a node's document with the other secret; false where the
 * node has it no more.
 */
static bool
replace_in_node(SecretSearch *search, Oid relid, bool ruled, text *const *names)
{
	FunctionCallInfo fcinfo = search->fcinfo;
	NodeWrite	write = {.relid = relid,.org_id = names[0],.node_id = names[1],.ruled = ruled};
	ErrorContextCallback context = {.previous = error_context_stack,.callback = tell_node,
	.arg = &write};
	Jsonb	   *document;
	bool		changed = false;

	error_context_stack = &context;
	SPI_connect();
	write.context.org_id = search->place.org_id = store_text_ref(names[0]);
	write.context.node_id = search->place.node_id = store_text_ref(names[1]);
	write.context.reason = write_text_argument(fcinfo, 2);
	if (write.context.reason == NULL)
		write.context.reason = "secret replaced";
	write.context.author = write_text_argument(fcinfo, 3);
	if (write_lock_node(&write))
	{
		document = search_document(search, write.document);
		changed = document != write.document;
		if (changed && !write_update(&write, document))
			write_refused(&write);
	}
	SPI_finish();
	error_context_stack = context.previous;
	return changed;
}

/*
 * integration_config_replace_secret(old text, new text, reason text, author text)
 * returns bigint: put another secret in the place of one, in every node that has it
 * where it is not shown, each a version of its own; returns in how many.
 */
Datum
integration_config_replace_secret(PG_FUNCTION_ARGS)
{
	SecretSearch search = {.fcinfo = fcinfo};
	JsonbRef	instead;
	NodeNames	nodes;
	NodeTable	table;
	Oid			relid;
	bool		ruled;
	int64		changed = 0;

	search.wanted = secret_argument(fcinfo, 0, "the old secret");
	instead = secret_argument(fcinfo, 1, "the new secret");
	if (jsonb_ref_equal(search.wanted, instead))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the new secret must be another one than the old one")));
	require_rights(fcinfo, OWN_NODES, ACL_SELECT);
	require_rights(fcinfo, OWN_NODES, ACL_UPDATE);
	relid = own_table_required(fcinfo, OWN_NODES, RowExclusiveLock);
	node_table_open(&table, relid, NoLock);
	ruled = table.relation->rd_rules != NULL;
	node_table_close(&table);
	search.walk.catalogue = catalogue_of_owner(fcinfo);
	catalogue_pin(search.walk.catalogue);
	nodes = nodes_with(&search, relid);
	search.found = NULL;
	search.instead = instead;
	for (int64 i = 0; i < nodes.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		changed += replace_in_node(&search, relid, ruled, nodes.names[i]);
	}
	warn_of_closed(&search);
	PG_RETURN_INT64(changed);
}
