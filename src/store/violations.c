/*-------------------------------------------------------------------------
 *
 * store/violations.c
 *	  The SQL-callable functions that hold the stored documents against the
 *	  catalogue.
 *
 * What was right when it was written need not be so any more: the catalogue,
 * a lock or the node's place may have changed since, and no write is refused
 * for it.  Here it is found.  Organisations are read one after the other, and
 * forgotten.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/supposed.h"
#include "miscadmin.h"
#include "server/sql_result.h"
#include "store/opened.h"
#include "store/store.h"
#include "store/tree.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_config_violations);
PG_FUNCTION_INFO_V1(integration_schema_impact);

/* Where violations are looked for, and where their rows go. */
typedef struct Search
{
	NodeReader	reader;
	FunctionCallInfo fcinfo;
	const Catalogue *catalogue;
	const Catalogue *opening;	/* says what is a secret in the documents */
	JsonbRef	integration;	/* that alone; JREF_NONE: all */
	ReturnSetInfo *result;
	MemoryContext organisation_cxt;
	MemoryContext row_cxt;		/* reset for each row */
	text	   *org_id;
	const TreeNode *node;
} Search;

/* Names of organisations; many may be there more than once. */
typedef struct NameList
{
	int			count;
	int			allocated;
	text	  **names;
} NameList;

/*
 * search_begin: open the table for a function that looks for violations in an
 * organisation, or with NULL in all.
 */
static void
search_begin(Search *search, FunctionCallInfo fcinfo, text *org_id)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID, NODE_TYPE, NODE_CONFIG_JSON
	};

	memset(search, 0, sizeof(*search));
	search->fcinfo = fcinfo;
	search->result = result_begin(fcinfo);
	search->organisation_cxt = AllocSetContextCreate(CurrentMemoryContext,
													 "nodes of an organisation",
													 ALLOCSET_DEFAULT_SIZES);
	search->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "violation",
											ALLOCSET_DEFAULT_SIZES);
	reader_begin_all(&search->reader, fcinfo, org_id, lengthof(columns), columns);
	search->opening = access_catalogue(fcinfo, &search->reader.access);
	catalogue_pin(search->opening);
}

/*
 * search_end: close it.
 */
static void
search_end(Search *search)
{
	reader_end(&search->reader);
	MemoryContextDelete(search->row_cxt);
	MemoryContextDelete(search->organisation_cxt);
}

/*
 * add_violation: a ViolationCallback.
 */
static void
add_violation(const Violation *violation, void *arg)
{
	Search	   *search = arg;
	MemoryContext caller;
	Datum		values[2 + VIOLATION_COLUMNS];
	bool		nulls[2 + VIOLATION_COLUMNS] = {false};

	if (search->integration.type != JREF_NONE &&
		(violation->integration.type == JREF_NONE ||
		 !jsonb_ref_equal(entry_id(violation->integration), search->integration)))
		return;
	caller = MemoryContextSwitchTo(search->row_cxt);
	values[0] = PointerGetDatum(search->org_id);
	values[1] = PointerGetDatum(search->node->row.node_id);
	violation_columns(violation, values + 2, nulls + 2);
	tuplestore_putvalues(search->result->setResult, search->result->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(search->row_cxt);
}

/*
 * search_node: look through one node, whose layers are the tree's.
 *
 * A type of node that there is not, which only a table without its triggers and
 * constraints can hold, has the rules of a team.
 */
static void
search_node(Search *search, const Tree *tree, const TreeNode *node)
{
	const text *type = node->row.node_type;
	ValidationLevel level = LEVEL_TEAM;
	Jsonb	   *document;
	Shown		shown;

	search->node = node;
	if (node->row.document == NULL)
		return;
	if (type != NULL)
		(void) validation_level_parse(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), &level);
	document = node->row.document;
	shown = shown_to(node->reveal, node->privileges & PRIVILEGE_REVEAL);
	if (shown != SHOWN_REDACTED && shown_opened(search->fcinfo, &shown))
		document = opened_document(search->fcinfo, search->opening,
								   store_text_ref(search->org_id), node->node_id, document);
	(void) validate_change(search->catalogue, jsonb_ref_root(document),
						   (JsonbRef) {0}, level, tree->named, tree->nlayers - 1,
						   add_violation, search);
}

/*
 * search_organisation: look through the nodes of an organisation that the
 * caller sees; false where there is none.
 */
static bool
search_organisation(Search *search, text *org_id)
{
	MemoryContext caller = MemoryContextSwitchTo(search->organisation_cxt);
	Tree		tree = {.any_document = true};
	bool		found;

	search->org_id = org_id;
	found = tree_read(&tree, &search->reader, org_id);
	if (found)
		for (TreeNode *node = tree_next(&tree, NULL); node != NULL;
			 node = tree_next(&tree, node))
			search_node(search, &tree, node);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(search->organisation_cxt);
	return found;
}

static int
compare_names(const void *a, const void *b)
{
	text	   *na = *(text *const *) a;
	text	   *nb = *(text *const *) b;

	CHECK_FOR_INTERRUPTS();
	return jsonb_key_compare(VARDATA_ANY(na), VARSIZE_ANY_EXHDR(na),
							 VARDATA_ANY(nb), VARSIZE_ANY_EXHDR(nb));
}

/*
 * sort_names: put a list in key order, each name once.
 */
static void
sort_names(NameList *list)
{
	int			kept = 0;

	if (list->count == 0)
		return;
	qsort(list->names, list->count, sizeof(text *), compare_names);
	for (int i = 1; i < list->count; i++)
	{
		if (compare_names(&list->names[kept], &list->names[i]) == 0)
			pfree(list->names[i]);
		else
			list->names[++kept] = list->names[i];
	}
	list->count = kept + 1;
}

/*
 * add_name: a NameCallback.
 *
 * There is a name for every node, most of them beside others of the same
 * organisation, and the list takes no more than a few for each.
 */
static void
add_name(text *name, void *arg)
{
	NameList   *list = arg;

	if (list->count > 0 && compare_names(&list->names[list->count - 1], &name) == 0)
		return;
	if (list->count == list->allocated)
	{
		sort_names(list);
		if (list->count > list->allocated / 2)
		{
			list->allocated *= 2;
			list->names = repalloc_huge(list->names, sizeof(text *) * list->allocated);
		}
	}
	list->names[list->count++] = DatumGetTextPCopy(PointerGetDatum(name));
}

/*
 * granted_organisations: those in which the caller may read a node.
 */
static void
granted_organisations(const GrantSet *grants, NameList *list)
{
	for (int i = 0; i < grants->count; i++)
		if (grants->grants[i].privileges & PRIVILEGE_READ)
			add_name(DatumGetTextPP(text_from_ref(grants->grants[i].org_id)), list);
}

/*
 * visible_organisations: those of which the caller may see a node, in key order
 * of their names.
 */
static NameList
visible_organisations(Search *search)
{
	const Access *access = &search->reader.access;
	bool		all = (access->table && !access->row_security) ||
		(access->grants != NULL && access->grants->platform & PRIVILEGE_READ);
	NameList	list = {.allocated = 1024};

	list.names = palloc(sizeof(text *) * list.allocated);
	if (!all && access->row_security)
		reader_visible_organisations(&search->reader, add_name, &list);
	if (!all && access->grants != NULL)
		granted_organisations(access->grants, &list);
	if (all)
	{
		MemoryContext caller = CurrentMemoryContext;
		NodeScan	scan;
		NodeRow		row;

		node_scan_begin(&scan, &search->reader.table, NULL, false, search->reader.snapshot);
		MemoryContextSwitchTo(search->row_cxt);
		while (node_scan_next(&scan, &row))
		{
			MemoryContextSwitchTo(caller);
			if (row.org_id != NULL)
				add_name(row.org_id, &list);
			MemoryContextReset(search->row_cxt);
			MemoryContextSwitchTo(search->row_cxt);
		}
		MemoryContextSwitchTo(caller);
		node_scan_end(&scan);
	}
	sort_names(&list);
	return list;
}

/*
 * search_all: look through all organisations.
 *
 * Errors: insufficient_privilege for a caller who has no rights on the table, and
 * may read no node.
 */
static void
search_all(Search *search)
{
	const Access *access = &search->reader.access;
	NameList	organisations = visible_organisations(search);
	bool		any = access->table || access->grants->platform & PRIVILEGE_READ;

	for (int i = 0; i < organisations.count; i++)
		any |= search_organisation(search, organisations.names[i]);
	if (!any)
		reader_refuse_all(&search->reader, NULL);
}

/*
 * integration_config_violations(org_id text) returns setof record: what is
 * wrong with the stored documents of one organisation, or with null of all.
 */
Datum
integration_config_violations(PG_FUNCTION_ARGS)
{
	Search		search;

	search_begin(&search, fcinfo, PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0));
	search.catalogue = search.opening;
	if (PG_ARGISNULL(0))
		search_all(&search);
	else if (!search_organisation(&search, PG_GETARG_TEXT_PP(0)))
		reader_refuse_all(&search.reader, PG_GETARG_TEXT_PP(0));
	search_end(&search);
	return (Datum) 0;
}

/*
 * integration_schema_impact(id text, fields jsonb) returns setof record: what
 * would be wrong with the stored documents if an integration had those fields
 * or, with null, were not there.
 */
Datum
integration_schema_impact(PG_FUNCTION_ARGS)
{
	Search		search;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("id of an integration must not be null")));
	search_begin(&search, fcinfo, NULL);
	search.integration = store_text_ref(PG_GETARG_TEXT_PP(0));
	search.catalogue = catalogue_supposed(fcinfo, search.integration,
										  PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	search_all(&search);
	search_end(&search);
	return (Datum) 0;
}
