/*-------------------------------------------------------------------------
 *
 * store/node_check.c
 *	  What a write adds to a node's document, held against the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_path.h"
#include "catalogue/history.h"
#include "miscadmin.h"
#include "store/node_check.h"
#include "store/node_rules.h"
#include "store/write_context.h"
#include "utils/rel.h"
#include "validation/findings.h"

/* What note_violation needs. */
typedef struct DocumentCheck
{
	FunctionCallInfo fcinfo;
	MemoryContext cxt;			/* of the check */
	bool		made;			/* is the node a new one? */
	JsonbRef	ids;			/* that the catalogue ever had; JREF_NONE:
								 * not asked yet */
	JsonbRef	id;				/* of the integration that was last asked for */
	JsonbRef	fields;			/* that it ever had */
	Findings	findings;
} DocumentCheck;

/*
 * once_defined: is the path in a document that of a definition, one of these?
 */
static bool
once_defined(JsonbRef paths, JsonbRef path)
{
	JsonbWalk	walk;
	JsonbRef	defined;
	JsonbRef	value;

	if (memchr(path.ptr, '/', path.len) == NULL)
		return false;
	jsonb_walk_begin(&walk, paths);
	while (jsonb_walk_member(&walk, &defined, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (field_path_matches(defined, path))
			return true;
	}
	return false;
}

/*
 * once_had: did the catalogue once have that integration or, unless field is
 * JREF_NONE, that field of it?
 *
 * A document may have any number of either: the history is asked once for all
 * integrations, and once for the fields of one.
 */
static bool
once_had(DocumentCheck *check, JsonbRef id, JsonbRef field)
{
	bool		of_field = field.type != JREF_NONE;
	JsonbRef   *names = of_field ? &check->fields : &check->ids;
	JsonbRef	name = of_field ? field : id;

	if (names->type == JREF_NONE || (of_field && !jsonb_ref_equal(id, check->id)))
	{
		MemoryContext caller = MemoryContextSwitchTo(check->cxt);

		*names = history_names(check->fcinfo, of_field ? id : (JsonbRef) {0}, false);
		if (of_field)
			check->id = id;
		MemoryContextSwitchTo(caller);
	}
	return jsonb_ref_member(*names, name.ptr, name.len).type != JREF_NONE ||
		(of_field && once_defined(*names, field));
}

/*
 * note_violation: a ViolationCallback.
 *
 * A new node may be the copy of one that was there while the catalogue had an
 * integration, or a field, that it has no longer: what it once had does not
 * stand in the way of a copy, as it does not in that of a write elsewhere.  What
 * only has another name now is none of that.
 */
static void
note_violation(const Violation *violation, void *arg)
{
	DocumentCheck *check = arg;
	Violation	copy = *violation;
	bool		field = strcmp(violation->code, "unknown_field") == 0;

	if (check->made && (field || strcmp(violation->code, "unknown_integration") == 0))
	{
		JsonbRef	key = field ? violation->integration : violation->name;

		copy.warning = once_had(check, entry_id(key), field ? violation->field : (JsonbRef) {0});
	}
	findings_add(&copy, &check->findings);
}

/*
 * node_check_document: validate what a version adds to its node's document
 * before it (NULL: none) or changes in it, with the locks of the layers above.
 *
 * What was accepted once (a rollback) is only warned of.
 */
void
node_check_document(FunctionCallInfo fcinfo, const NodeTable *table,
					const NodeVersion *version, const Jsonb *before,
					const OuterLayers *outer)
{
	const text *type = version->node_type;
	const WriteContext *context = context_of(version->org_id, version->node_id);
	ValidationLevel level = LEVEL_TEAM;
	const Catalogue *catalogue = catalogue_of_owner(fcinfo);
	DocumentCheck check = {.fcinfo = fcinfo,.cxt = CurrentMemoryContext,.made = before == NULL};

	(void) validation_level_parse(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type), &level);
	catalogue_pin(catalogue);
	validate_change(catalogue, jsonb_ref_root(version->document),
					before != NULL ? jsonb_ref_root(before) : (JsonbRef) {0},
					level, outer->layers, outer->count, note_violation, &check);
	if (findings_refused(&check.findings) && !(context != NULL && context->accepted))
		findings_refuse(&check.findings, table->relation,
						table->columns[NODE_CONFIG_JSON], NODE_CHECK);
	if (check.findings.count > 0)
		findings_warn(&check.findings, psprintf("%s: ", node_phrase(version->org_id, version->node_id)));
}
