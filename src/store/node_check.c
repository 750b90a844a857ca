/*-------------------------------------------------------------------------
 *
 * store/node_check.c
 *	  A node's document against the catalogue and the layers above it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/history.h"
#include "store/node_check.h"
#include "store/node_rules.h"
#include "store/write_context.h"
#include "utils/builtins.h"
#include "validation/findings.h"

/* What note_violation needs. */
typedef struct DocumentCheck
{
	FunctionCallInfo fcinfo;
	bool		made;			/* is the node a new one? */
	Findings	findings;
} DocumentCheck;

/*
 * note_violation: a ViolationCallback.
 *
 * A new node may be the copy of one that was there while the catalogue had an
 * integration, or a field, that it has no longer: what it once had does not
 * stand in the way of a copy, as it does not in that of a write elsewhere.
 */
static void
note_violation(const Violation *violation, void *arg)
{
	DocumentCheck *check = arg;
	Violation	copy = *violation;
	bool		field = strcmp(violation->code, "unknown_field") == 0;

	if (check->made && (field || strcmp(violation->code, "unknown_integration") == 0))
	{
		JsonbRef	id = field ? violation->integration : violation->name;

		copy.warning = history_once_had(check->fcinfo, id,
										field ? violation->field : (JsonbRef) {0});
	}
	findings_add(&copy, &check->findings);
}

/*
 * node_check_document: validate what a write adds to a node's document or
 * changes in it, with the locks of the layers above.
 *
 * before is the document that the node had, NULL for a new one.  What was
 * accepted once (a rollback) is only warned of.  Errors: check_violation.
 */
void
node_check_document(FunctionCallInfo fcinfo, const NodeTable *table,
					const NodeVersion *node, const Jsonb *before,
					const OuterLayers *outer)
{
	const Catalogue *catalogue = catalogue_of_owner(fcinfo, true);
	const WriteContext *context = context_of(node->org_id, node->node_id);
	ValidationLevel level = LEVEL_TEAM;
	DocumentCheck check = {fcinfo, before == NULL, {0}};

	/* note_violation runs a query */
	catalogue_pin(catalogue);
	(void) validation_level_parse(VARDATA_ANY(node->node_type),
								  VARSIZE_ANY_EXHDR(node->node_type), &level);
	validate_change(catalogue, jsonb_ref_root(node->document),
					before != NULL ? jsonb_ref_root(before) : (JsonbRef) {0},
					level, outer->layers, outer->count, note_violation, &check);
	if (findings_refused(&check.findings) && !(context != NULL && context->accepted))
		findings_refuse(&check.findings, table->relation,
						table->columns[NODE_CONFIG_JSON], NODE_CHECK);
	if (check.findings.count > 0)
		findings_warn(&check.findings, psprintf("%s: ", node_phrase(node->org_id, node->node_id)));
}
