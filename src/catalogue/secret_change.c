/*-------------------------------------------------------------------------
 *
 * catalogue/secret_change.c
 *	  A field that was a secret stays one while a document has a value there.
 *
 * With another type the value would be shown to whoever may see the document.
 * The same where the field was taken out of the definitions in between, or its
 * integration out of the catalogue: the catalogue's history knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/history.h"
#include "catalogue/missing.h"
#include "catalogue/secret_change.h"
#include "catalogue/secret_paths.h"
#include "catalogue/walk.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "server/compat.h"
#include "server/extension.h"
#include "server/messages.h"
#include "server/own_table.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/*
 * compiled: the fields of definitions that may be none.
 */
static void
compiled(FieldSet *set, const Jsonb *fields)
{
	JsonbRef	none = {0};

	memset(set, 0, sizeof(*set));
	fields_compile(set, fields != NULL ? jsonb_ref_root(fields) : none);
}

/*
 * exposed_marks: marks of the places that were secrets and may be shown by the
 * new definitions; JREF_NONE for none.
 *
 * What the old definitions have is as they have it; of what they have not, the
 * history knows.
 */
static JsonbRef
exposed_marks(Relation catalogue, const char *id, const FieldSet *old, const FieldSet *new)
{
	int			nwas;
	JsonbRef   *was = secret_paths(old, &nwas);
	JsonbRef	ever = history_secrets(catalogue, id);
	JsonbRef   *exposed = palloc_extended(sizeof(JsonbRef) *
										  ((Size) nwas + jsonb_ref_count(ever) + 1),
										  MCXT_ALLOC_HUGE);
	int			count = 0;
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	path;

	for (int i = 0; i < nwas; i++)
		if (path_may_be_shown(new, was[i]))
			exposed[count++] = was[i];
	jsonb_walk_begin(&walk, ever);
	while (jsonb_walk_element(&walk, &path))
	{
		CHECK_FOR_INTERRUPTS();
		if (path.type == JREF_STRING && !path_is_defined(old, path) &&
			path_may_be_shown(new, path))
			exposed[count++] = path;
	}
	return count == 0 ? none : marks_of_paths(exposed, count);
}

/*
 * is_shown: is a value that stands there no longer a secret's?  Where something
 * free-form stands around it, redaction may hide it all the same.
 */
static bool
is_shown(const Field *field, JsonbRef value, Place place)
{
	if (field != NULL)
		return value_present(value) && field->type != FIELD_SECRET;
	return value_present(value) && place != PLACE_HIDDEN &&
		!(place == PLACE_INSIDE && value.type == JREF_STRING);
}

/*
 * marks_inside: the marks of what is at a key, or in any element (JREF_NONE).
 */
static JsonbRef
marks_inside(JsonbRef marks, JsonbRef key)
{
	JsonbRef	inside = {0};

	if (key.type != JREF_NONE)
		inside = jsonb_ref_member(marks, key.ptr, key.len);
	return inside.type != JREF_NONE ? inside : JREF_MEMBER(marks, "*");
}

/*
 * shows_marked: has a value anything at a marked place that would be shown, and
 * that is not in the value before?
 *
 * field is its definition, and NULL where place tells what is inside of
 * something free-form.  It goes as deep as the marks, which are as deep as
 * definitions nest.
 */
static bool
shows_marked(const Field *field, Place place, JsonbRef marks, JsonbRef value,
			 JsonbRef before)
{
	const FieldSet *set = NULL;
	JsonbWalk	walk;
	JsonbRef	key = {0};
	JsonbRef	inner;

	if (marks.type == JREF_NONE || jsonb_ref_equal(value, before))
		return false;
	if (marks.type != JREF_OBJECT)
		return is_shown(field, value, place);
	if (JREF_IS_SCALAR(value))
		return false;
	check_stack_depth();
	if (place == PLACE_DEFINED && value.type == JREF_OBJECT)
		set = field_set_of(field, value);
	jsonb_walk_begin(&walk, value);
	while (value.type == JREF_ARRAY ? jsonb_walk_element(&walk, &inner) :
		   jsonb_walk_member(&walk, &key, &inner))
	{
		const Field *at = NULL;
		Place		inside = place;
		JsonbRef	was = {0};

		CHECK_FOR_INTERRUPTS();
		if (value.type == JREF_OBJECT)
			was = jsonb_ref_member(before, key.ptr, key.len);
		if (place == PLACE_DEFINED)
		{
			at = value.type == JREF_ARRAY ? field->extra->items :
				field_inside(field, set, key);
			inside = walk_place_of_value(at, inner);
		}
		else if (place == PLACE_FIELD && value.type == JREF_OBJECT)
			inside = PLACE_INSIDE;
		if (shows_marked(at, inside, marks_inside(marks, key), inner, was))
			return true;
	}
	return false;
}

/*
 * shown_field: the name of a field of a config in which something would be shown
 * that is marked, and that is not in the config before; JREF_NONE for none.
 */
static JsonbRef
shown_field(const FieldSet *fields, JsonbRef marks, JsonbRef config, JsonbRef before)
{
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	value;

	if (config.type != JREF_OBJECT)
		return none;
	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &name, &value))
	{
		const Field *field = field_set_find(fields, name.ptr, name.len);

		CHECK_FOR_INTERRUPTS();
		if (field != NULL &&
			shows_marked(field, walk_place_of_value(field, value),
						 marks_inside(marks, name), value,
						 jsonb_ref_member(before, name.ptr, name.len)))
			return name;
	}
	return none;
}

/*
 * check_document: an error where a node's document has a value at a marked place
 * that the fields show.
 */
static void
check_document(Relation catalogue, const char *id, const Jsonb *document,
			   const FieldSet *fields, JsonbRef marks)
{
	JsonbRef	integrations = JREF_MEMBER(jsonb_ref_root(document), "integrations");
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	if (integrations.type != JREF_OBJECT)
		return;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		JsonbRef	field;

		CHECK_FOR_INTERRUPTS();
		if (!is_entry_of(key, jsonb_ref_string(id, strlen(id))))
			continue;
		field = shown_field(fields, marks, JREF_MEMBER(entry, "config"), none);
		if (field.type == JREF_NONE)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field %s of integration \"%s\" must stay a secret",
						name_phrase(field), id),
				 errdetail("A stored document has a value there, which another type would show."),
				 errhint("Take the value out of the documents first, or give the new field another name."),
				 errtable(catalogue)));
	}
}

/*
 * secret_stays_secret: refuse new definitions of an integration that show what
 * a stored document has in a field that was a secret, by the old definitions
 * (NULL: there are none) or by the history; with SPI connected.
 *
 * Writers of documents wait until the transaction has ended, and what others
 * have committed is seen.  Errors: object_not_in_prerequisite_state.
 */
void
secret_stays_secret(FunctionCallInfo fcinfo, Relation catalogue, const char *id,
					const Jsonb *old, const Jsonb *new)
{
	FieldSet	before;
	FieldSet	after;
	JsonbRef	marks;
	Oid			relid;
	Relation	nodes;
	AttrNumber	column;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	MemoryContext row_cxt;

	if (new == NULL)
		return;
	compiled(&before, old);
	compiled(&after, new);
	marks = exposed_marks(catalogue, id, &before, &after);
	if (marks.type == JREF_NONE)
		return;
	relid = own_table(fcinfo, OWN_NODES, ShareLock);
	if (!OidIsValid(relid))
		return;

	nodes = table_open(relid, NoLock);
	column = own_column(nodes, "config_json", JSONBOID);
	row_cxt = AllocSetContextCreate(CurrentMemoryContext, "document",
									ALLOCSET_DEFAULT_SIZES);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(nodes, NULL);
	scan = scan_table(nodes, snapshot);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		document = slot_getattr(slot, column, &isnull);
		MemoryContext caller = MemoryContextSwitchTo(row_cxt);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			check_document(catalogue, id, DatumGetJsonbP(document), &after, marks);
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
 * config_in: the config that a document has in an entry; JREF_NONE where it has
 * none.
 */
static JsonbRef
config_in(JsonbRef document, JsonbRef key)
{
	return JREF_MEMBER(jsonb_ref_member(JREF_MEMBER(document, "integrations"),
										key.ptr, key.len), "config");
}

/*
 * refuse_shown: refuse a config of the past with a value that was a secret and
 * would be shown.
 */
static void
refuse_shown(Relation catalogue, const Integration *integration, JsonbRef key,
			 JsonbRef config, JsonbRef before)
{
	JsonbRef	ever = history_secrets(catalogue, jsonb_ref_cstring(integration->id));
	JsonbRef   *paths = palloc_extended(sizeof(JsonbRef) * ((Size) jsonb_ref_count(ever) + 1),
										MCXT_ALLOC_HUGE);
	int			count = 0;
	JsonbWalk	walk;
	JsonbRef	field;

	jsonb_walk_begin(&walk, ever);
	while (jsonb_walk_element(&walk, &paths[count]))
		if (paths[count].type == JREF_STRING &&
			path_may_be_shown(&integration->config, paths[count]))
			count++;
	if (count == 0)
		return;
	field = shown_field(&integration->config, marks_of_paths(paths, count), config,
						config_in(before, key));
	if (field.type == JREF_NONE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("field %s of integration %s was a secret once",
					name_phrase(field), name_phrase(key)),
			 errdetail("The document of the past has a value there, which would be shown now."),
			 errhint("Write what is wanted of that document, or erase the value.")));
}

/*
 * secret_stays_hidden: refuse a document of the past that brings values, which
 * the one before has not, to fields that were secrets and are none now; with SPI
 * connected.
 *
 * Errors: object_not_in_prerequisite_state.
 */
void
secret_stays_hidden(FunctionCallInfo fcinfo, JsonbRef before, JsonbRef after)
{
	const Catalogue *catalogue = catalogue_of_owner(fcinfo);
	Relation	table = table_open(own_table_required(fcinfo, OWN_CATALOGUE, AccessShareLock), NoLock);
	JsonbRef	integrations = JREF_MEMBER(after, "integrations");
	JsonbWalk	walk;
	JsonbRef	id;
	JsonbRef	entry;

	catalogue_pin(catalogue);
	if (integrations.type == JREF_OBJECT)
	{
		jsonb_walk_begin(&walk, integrations);
		while (jsonb_walk_member(&walk, &id, &entry))
		{
			JsonbRef	instance;
			const Integration *integration = catalogue_entry(catalogue, id.ptr, id.len, &instance);
			JsonbRef	config = JREF_MEMBER(entry, "config");

			CHECK_FOR_INTERRUPTS();
			if (integration != NULL && config.type == JREF_OBJECT &&
				!jsonb_ref_equal(config, config_in(before, id)))
				refuse_shown(table, integration, id, config, before);
		}
	}
	table_close(table, NoLock);
}
