/*-------------------------------------------------------------------------
 *
 * catalogue/secret_change.c
 *	  A field that was a secret stays one while a document has a value there.
 *
 * With another type the value would be shown to whoever may see the document.
 * The same where the field was taken out of the definitions in between, or its
 * integration out of the catalogue: the catalogue's history knows.  It holds at
 * every depth, and for instances: a place is a secret's by its path, and what is
 * stored there is judged by where it would stand under the new definitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/ever_secret.h"
#include "catalogue/missing.h"
#include "catalogue/secret_change.h"
#include "catalogue/walk.h"
#include "executor/tuptable.h"
#include "jsonb/build.h"
#include "miscadmin.h"
#include "server/compat.h"
#include "server/extension.h"
#include "server/messages.h"
#include "server/own_table.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* How much of a path a message shows. */
#define PATH_SHOWN 256

/* Steps of a path in a tree of places: each of a definition has two at most. */
#define PATH_STEPS (DEFINITION_DEPTH * 2)

/* A walk over configs, looking for values that would be shown. */
typedef struct Search
{
	Walk		walk;			/* by the definitions that are to hold */
	Relation	catalogue;
	JsonbRef	id;				/* of the integration */
	bool		returns;		/* what is there comes from the past */
} Search;

/* The places of secrets that other definitions show. */
typedef struct Exposure
{
	const FieldSet *old;
	const FieldSet *new;
	JsonbBuild	build;			/* a tree of those that these show and those
								 * did not */
	int			count;			/* of them */
	JsonbRef	path[PATH_STEPS];	/* to where we are */
	int			length;
} Exposure;

/*
 * may_show: may a value be seen at a place that was a secret's, to which that
 * path leads from the field's value?  choice is what the path says of it so far.
 */
static bool
may_show(const Field *field, const FieldSet *choice, const JsonbRef *path, int length)
{
	const FieldExtra *extra;
	const char *equals;
	bool		shows;

	if (field == NULL || field->type == FIELD_SECRET)
		return false;
	if (length == 0 || !field_is_defined(field))
		return true;
	extra = field->extra;
	equals = *path->ptr == '?' ? memchr(path->ptr, '=', path->len) : NULL;
	if (equals != NULL)
	{
		int			name = equals - path->ptr - 1;

		if (extra->nchoices > 0 && jsonb_ref_is(extra->by, path->ptr + 1, name))
			choice = field_set_by(field, jsonb_ref_string(equals + 1, path->len - name - 2));
		return may_show(field, choice, path + 1, length - 1);
	}
	if (extra->items != NULL || extra->values != NULL)
		return may_show(extra->items != NULL ? extra->items : extra->values, NULL,
						path + 1, length - 1);
	if (JREF_IS(*path, "*"))
		return true;			/* any of its fields had that place */
	shows = may_show(field_set_find(choice != NULL ? choice : extra->fields, path->ptr, path->len),
					 NULL, path + 1, length - 1);
	for (int i = 0; choice == NULL && i < extra->nchoices && !shows; i++)
		shows = may_show(field_set_find(&extra->choices[i].fields, path->ptr, path->len),
						 NULL, path + 1, length - 1);
	return shows;
}

/*
 * may_show_in: the same, from an integration's config on.
 */
static bool
may_show_in(const FieldSet *config, const JsonbRef *path, int length)
{
	return length > 0 &&
		may_show(field_set_find(config, path->ptr, path->len), NULL, path + 1, length - 1);
}

/*
 * find_exposed: of a node of a tree, those places that become visible.
 */
static void
find_exposed(Exposure *exposure, JsonbRef node)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	build_object(&exposure->build);
	jsonb_walk_begin(&walk, node);
	while (exposure->length < PATH_STEPS && jsonb_walk_member(&walk, &key, &inner))
	{
		CHECK_FOR_INTERRUPTS();
		exposure->path[exposure->length++] = key;
		if (inner.type == JREF_OBJECT)
		{
			build_key_ref(&exposure->build, key);
			find_exposed(exposure, inner);
		}
		else if (may_show_in(exposure->new, exposure->path, exposure->length) &&
				 !may_show_in(exposure->old, exposure->path, exposure->length))
		{
			build_key_ref(&exposure->build, key);
			build_value(&exposure->build, inner);
			exposure->count++;
		}
		exposure->length--;
	}
	build_end(&exposure->build);
}

/*
 * is_shown: is what is visited a value that was a secret's, and may be seen now?
 */
static bool
is_shown(const Walk *walk, JsonbRef value, Place place)
{
	const Field *field = walk->field;

	if (walk->once != ONCE_SECRET || !value_present(value))
		return false;
	if (field == NULL)
		field = walk_field_of_any_choice(walk);
	if (field != NULL)
		return field->type != FIELD_SECRET;
	if (place == PLACE_INSIDE)
		return value.type == JREF_BOOL || value.type == JREF_NUMERIC;
	return place == PLACE_OPEN || place == PLACE_FIELD;
}

/*
 * path_phrase: the path of what is visited as messages name it, palloc'd.
 *
 * Who changes the catalogue need not be one who may read the documents.
 */
static const char *
path_phrase(const Walk *walk, WalkPathForm form)
{
	StringInfoData path;
	StringInfoData out;

	initStringInfo(&path);
	walk_path(walk, &path, form);
	initStringInfo(&out);
	appendStringInfoChar(&out, '"');
	append_escaped(&out, path.data, path.len, PATH_SHOWN);
	appendStringInfoChar(&out, '"');
	return out.data;
}

/*
 * search_visit: WalkVisitor that refuses a value that would be shown.
 */
static bool
search_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef beside, Place place)
{
	Search	   *search = (Search *) walk;

	(void) frame;
	if (!is_shown(walk, value, place))
		return false;
	if (!search->returns)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field %s of integration %s must stay a secret",
						path_phrase(walk, PATH_OF_DEFINITION), name_phrase(search->id)),
				 errdetail("A stored document has a value there, which another type would show."),
				 errhint("Take the value out of the documents first, or give the new field another name."),
				 errtable(search->catalogue)));
	if (!jsonb_ref_equal(value, beside))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field %s of integration %s was a secret once",
						path_phrase(walk, PATH_EXACT), name_phrase(search->id)),
				 errdetail("The document of the past has a value there, which would be shown now."),
				 errhint("Write what is wanted of that document, or erase the value.")));
	return false;
}

/*
 * config_of: the config that a document has in the entry of that key, or
 * JREF_NONE.
 */
static JsonbRef
config_of(JsonbRef document, JsonbRef key)
{
	JsonbRef	entry = jsonb_ref_member(JREF_MEMBER(document, "integrations"), key.ptr, key.len);
	JsonbRef	config = JREF_MEMBER(entry, "config");

	return config.type == JREF_OBJECT ? config : (JsonbRef) {0};
}

/*
 * check_document: an error where a node's document has a value in such a place.
 */
static void
check_document(Search *search, const Jsonb *document)
{
	JsonbRef	root = jsonb_ref_root(document);
	JsonbRef	integrations = JREF_MEMBER(root, "integrations");
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	if (integrations.type != JREF_OBJECT)
		return;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		JsonbRef	config;

		CHECK_FOR_INTERRUPTS();
		if (!is_entry_of(key, search->id))
			continue;
		config = config_of(root, key);
		if (config.type != JREF_NONE)
			(void) walk_document(&search->walk, config, none, PLACE_CONFIG);
	}
}

/*
 * check_documents: the same for all that are stored.
 */
static void
check_documents(Search *search, Oid relid)
{
	Relation	nodes = table_open(relid, NoLock);
	AttrNumber	column = own_column(nodes, "config_json", JSONBOID);
	MemoryContext row_cxt = AllocSetContextCreate(CurrentMemoryContext, "document",
												  ALLOCSET_DEFAULT_SIZES);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(nodes, NULL);
	TableScanDesc scan = scan_table(nodes, snapshot);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		document = slot_getattr(slot, column, &isnull);
		MemoryContext caller = MemoryContextSwitchTo(row_cxt);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			check_document(search, DatumGetJsonbP(document));
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_cxt);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	MemoryContextDelete(row_cxt);
	table_close(nodes, NoLock);
}

/*
 * secret_stays_secret: refuse new definitions of an integration that show what
 * a stored document has in a place that was a secret's, by the history, and that
 * the old definitions (NULL: there are none) do not show; with SPI connected.
 *
 * Writers of documents wait until the transaction has ended, and what others
 * have committed is seen.  Errors: object_not_in_prerequisite_state.
 */
void
secret_stays_secret(FunctionCallInfo fcinfo, Relation catalogue, const char *id,
					const Jsonb *old, const Jsonb *new)
{
	Integration integration = {.required = false};
	FieldSet	before = {0};
	Exposure	exposure = {.old = &before,.new = &integration.config};
	Search		search = {.walk = {.visit = search_visit,.integration = &integration},
	.catalogue = catalogue,.id = jsonb_ref_string(id, strlen(id))};
	JsonbRef	ever;
	Oid			relid;

	if (new == NULL ||
		(old != NULL && jsonb_ref_equal(jsonb_ref_root(old), jsonb_ref_root(new))))
		return;
	ever = ever_secret_tree(catalogue, id);
	if (ever.type == JREF_NONE)
		return;
	fields_compile(&integration.config, jsonb_ref_root(new));
	if (old != NULL)
		fields_compile(&before, jsonb_ref_root(old));
	find_exposed(&exposure, ever);
	if (exposure.count == 0)
		return;
	relid = own_table(fcinfo, OWN_NODES, ShareLock);
	if (!OidIsValid(relid))
		return;
	search.walk.once_here = jsonb_ref_root(build_finish(&exposure.build));
	check_documents(&search, relid);
}

/*
 * secret_stays_hidden: refuse a document of the past that brings values, which
 * the one before has not, to places that were secrets' and are none's now; with
 * SPI connected.
 *
 * Errors: object_not_in_prerequisite_state.
 */
void
secret_stays_hidden(FunctionCallInfo fcinfo, JsonbRef before, JsonbRef after)
{
	const Catalogue *catalogue = catalogue_of_owner(fcinfo);
	Relation	table = table_open(own_table_required(fcinfo, OWN_CATALOGUE, AccessShareLock), NoLock);
	JsonbRef	integrations = JREF_MEMBER(after, "integrations");
	Search		search = {.walk = {.catalogue = catalogue,.visit = search_visit},
	.catalogue = table,.returns = true};
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	catalogue_pin(catalogue);
	if (integrations.type != JREF_OBJECT)
		integrations.type = JREF_NONE;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		JsonbRef	config = config_of(after, key);
		JsonbRef	today = config_of(before, key);
		JsonbRef	instance;

		CHECK_FOR_INTERRUPTS();
		search.walk.integration = catalogue_entry(catalogue, key.ptr, key.len, &instance);
		if (search.walk.integration == NULL || config.type == JREF_NONE ||
			jsonb_ref_equal(config, today))
			continue;
		search.id = search.walk.integration->id;
		search.walk.once_here = ever_secret_tree(table, jsonb_ref_cstring(search.id));
		if (search.walk.once_here.type != JREF_NONE)
			(void) walk_document(&search.walk, config, today, PLACE_CONFIG);
	}
	table_close(table, NoLock);
}
