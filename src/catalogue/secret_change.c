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

/*
 * is_secret: is a field of that definition a secret?
 */
static bool
is_secret(JsonbRef definition)
{
	JsonbRef	type = JREF_MEMBER(definition, "type");

	return type.type == JREF_STRING && JREF_IS(type, "secret");
}

/*
 * by_name: definitions as an object of them.
 */
static JsonbRef
by_name(const Jsonb *fields)
{
	JsonbBuild	build = {0};
	JsonbWalk	walk;
	JsonbRef	definition;

	build_object(&build);
	jsonb_walk_begin(&walk, jsonb_ref_root(fields));
	while (jsonb_walk_element(&walk, &definition))
	{
		JsonbRef	name = definition.type == JREF_OBJECT ?
			JREF_MEMBER(definition, "name") : (JsonbRef) {0};

		if (name.type == JREF_STRING)
		{
			build_key_ref(&build, name);
			build_value(&build, definition);
		}
	}
	build_end(&build);
	return jsonb_ref_root(build_finish(&build));
}

/*
 * exposed_fields: the names of the fields that are no longer secrets; *count of
 * them.
 */
static JsonbRef *
exposed_fields(Relation catalogue, const char *id, const Jsonb *old,
			   const Jsonb *new, int *count)
{
	JsonbRef	fields = jsonb_ref_root(new);
	JsonbRef	before = old != NULL && JB_ROOT_IS_ARRAY(old) ? by_name(old) : (JsonbRef) {0};
	JsonbRef	ever = {0};
	JsonbRef   *exposed = palloc(sizeof(JsonbRef) * (jsonb_ref_count(fields) + 1));
	JsonbWalk	walk;
	JsonbRef	definition;

	*count = 0;
	jsonb_walk_begin(&walk, fields);
	while (jsonb_walk_element(&walk, &definition))
	{
		JsonbRef	name = JREF_MEMBER(definition, "name");
		JsonbRef	was = {0};

		CHECK_FOR_INTERRUPTS();
		if (is_secret(definition))
			continue;
		if (before.type == JREF_OBJECT)
			was = jsonb_ref_member(before, name.ptr, name.len);
		if (was.type == JREF_OBJECT)
		{
			if (!is_secret(was))
				continue;
		}
		else
		{
			if (ever.type == JREF_NONE)
				ever = history_secrets(catalogue, id);
			if (jsonb_ref_member(ever, name.ptr, name.len).type == JREF_NONE)
				continue;
		}
		exposed[(*count)++] = name;
	}
	return exposed;
}

/*
 * check_document: an error where a node's document has a value in such a field.
 */
static void
check_document(Relation catalogue, const char *id, const Jsonb *document,
			   const JsonbRef *exposed, int count)
{
	static const char *const steps[] = {"integrations", NULL, "config"};
	JsonbRef	at = jsonb_ref_root(document);

	for (int i = 0; i < (int) lengthof(steps); i++)
	{
		const char *step = steps[i] != NULL ? steps[i] : id;

		if (at.type != JREF_OBJECT)
			return;
		at = jsonb_ref_member(at, step, strlen(step));
	}
	if (at.type != JREF_OBJECT)
		return;
	for (int i = 0; i < count; i++)
	{
		if (!value_present(jsonb_ref_member(at, exposed[i].ptr, exposed[i].len)))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field %s of integration \"%s\" must stay a secret",
						name_phrase(exposed[i]), id),
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
	int			count;
	JsonbRef   *exposed;
	Oid			relid;
	Relation	nodes;
	AttrNumber	column;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	MemoryContext row_cxt;

	if (new == NULL)
		return;
	exposed = exposed_fields(catalogue, id, old, new, &count);
	if (count == 0)
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
			check_document(catalogue, id, DatumGetJsonbP(document), exposed, count);
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
 * value_in: what a document has for a field; JREF_NONE where it has nothing.
 */
static JsonbRef
value_in(JsonbRef document, JsonbRef id, JsonbRef field)
{
	JsonbRef	entry = jsonb_ref_member(JREF_MEMBER(document, "integrations"), id.ptr, id.len);

	return jsonb_ref_member(JREF_MEMBER(entry, "config"), field.ptr, field.len);
}

/*
 * refuse_shown: refuse a config of the past with a value that was a secret and
 * would be shown.
 */
static void
refuse_shown(Relation catalogue, const Integration *integration, JsonbRef id,
			 JsonbRef config, JsonbRef before)
{
	JsonbRef	ever = {0};
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	value;

	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &name, &value))
	{
		const Field *field = integration_field(integration, name.ptr, name.len);

		CHECK_FOR_INTERRUPTS();
		if (field == NULL || field->type == FIELD_SECRET || !value_present(value) ||
			jsonb_ref_equal(value, value_in(before, id, name)))
			continue;
		if (ever.type == JREF_NONE)
			ever = history_secrets(catalogue, jsonb_ref_cstring(id));
		if (jsonb_ref_member(ever, name.ptr, name.len).type == JREF_NONE)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field %s of integration %s was a secret once",
						name_phrase(name), name_phrase(id)),
				 errdetail("The document of the past has a value there, which would be shown now."),
				 errhint("Write what is wanted of that document, or erase the value.")));
	}
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
			const Integration *integration = catalogue_integration(catalogue, id.ptr, id.len);
			JsonbRef	config = JREF_MEMBER(entry, "config");

			CHECK_FOR_INTERRUPTS();
			if (integration != NULL && config.type == JREF_OBJECT)
				refuse_shown(table, integration, id, config, before);
		}
	}
	table_close(table, NoLock);
}
