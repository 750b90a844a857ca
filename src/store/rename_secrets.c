/*-------------------------------------------------------------------------
 *
 * store/rename_secrets.c
 *	  Sealed secrets under names that have changed.
 *
 * A secret is bound to the names of its integration and its field.  Where these
 * change, and where a document comes back from before they did, what is sealed is
 * opened under the old names; the node's trigger seals it under the new ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "executor/spi.h"
#include "secrets/each_secret.h"
#include "secrets/sealed.h"
#include "store/rename.h"

/* A document that has new names. */
typedef struct Renamed
{
	FunctionCallInfo fcinfo;
	SealPlace	place;
	const Rename *rename;		/* NULL: any that there has been */
} Renamed;

/*
 * old_names: the place that a secret had before a renaming; false where it was
 * none of its.
 */
static bool
old_names(const Rename *rename, const EachSecret *secret, SealPlace *place)
{
	place->path = secret->path;
	if (!is_entry_of(secret->entry, rename->to_id))
		return false;
	place->entry = with_instance(rename->from_id, secret->entry);
	if (rename->from_field.type == JREF_NONE)
		return true;
	place->path = field_path_renamed(secret->path, rename->to_field, rename->from_field);
	return place->path.type != JREF_NONE;
}

/*
 * renamed_visit: a SecretVisitor, in a document that is being renamed.
 */
static JsonbRef
renamed_visit(const EachSecret *secret, void *arg)
{
	Renamed    *renamed = arg;

	if (!shown_is_sealed(secret->value) ||
		!old_names(renamed->rename, secret, &renamed->place))
		return secret->value;
	return sealed_open(renamed->fcinfo, &renamed->place, secret->value);
}

/*
 * past_visit: the same, in a document of the past that has today's names.
 */
static JsonbRef
past_visit(const EachSecret *secret, void *arg)
{
	Renamed    *renamed = arg;
	JsonbRef	clear = secret->value;
	FieldPeriod *periods;
	int			count;

	if (!shown_is_sealed(secret->value))
		return secret->value;
	count = field_periods(renamed->fcinfo, secret->entry, secret->path, &periods);
	for (int i = 1; i < count; i++)
	{
		renamed->place.entry = periods[i].id;
		renamed->place.path = periods[i].field;
		if (sealed_try(renamed->fcinfo, &renamed->place, secret->value, &clear))
			break;
	}
	return clear;
}

/*
 * secrets_renamed: a node's document that a renaming has just given new names, with
 * what was sealed under the old ones in clear.
 *
 * Errors: those of sealed_open().
 */
Jsonb *
secrets_renamed(FunctionCallInfo fcinfo, JsonbRef org_id, JsonbRef node_id,
				const Rename *rename, Jsonb *document)
{
	Renamed		renamed = {fcinfo, {.org_id = org_id,.node_id = node_id}, rename};

	if (!holds_sealed(jsonb_ref_root(document)))
		return document;
	return each_secret(catalogue_of_owner(fcinfo), document, (JsonbRef) {0}, (JsonbRef) {0},
					   renamed_visit, &renamed);
}

/*
 * secrets_renamed_since: the same for a document of the past that was given today's
 * names.  With SPI connected, in its memory.
 */
Jsonb *
secrets_renamed_since(FunctionCallInfo fcinfo, JsonbRef org_id, JsonbRef node_id,
					  Jsonb *document)
{
	Renamed		renamed = {fcinfo, {.org_id = org_id,.node_id = node_id}, NULL};

	if (!holds_sealed(jsonb_ref_root(document)))
		return document;
	return each_secret(catalogue_of_owner(fcinfo), document, (JsonbRef) {0}, (JsonbRef) {0},
					   past_visit, &renamed);
}
