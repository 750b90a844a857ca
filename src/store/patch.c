/*-------------------------------------------------------------------------
 *
 * store/patch.c
 *	  A JSON Merge Patch on a node's document.
 *
 * In two things more is done than RFC 7396 says.  A null for a field that finds
 * nothing to remove is kept, since it unsets what the node inherits: of the
 * members of a config, and of objects in it that a definition describes.  And
 * where the patch switches a choice of variants, what belonged to the other one
 * goes (store/choices.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/merge_patch.h"
#include "store/choices.h"
#include "store/patch.h"

/* What an object is; the document is the first. */
typedef enum Level
{
	LEVEL_DOCUMENT,
	LEVEL_OTHER,				/* nothing in it is a field */
	LEVEL_INTEGRATIONS,
	LEVEL_ENTRY,				/* of the integration that "what" is, or of none */
	LEVEL_CONFIG,
	LEVEL_DEFINED				/* a value of the field that it is */
} Level;

/*
 * field_of: the definition of a member of an object that a patch is applied to.
 * Where neither names a choice, another layer does, and any may be meant.
 */
static const Field *
field_of(const Field *field, JsonbRef target, JsonbRef patch, JsonbRef key)
{
	const FieldExtra *extra = field->extra;
	const FieldSet *set = extra->fields;
	const Field *found;
	JsonbRef	by = {0};

	if (extra->nchoices > 0)
	{
		by = jsonb_ref_member(patch, extra->by.ptr, extra->by.len);
		if (by.type == JREF_NONE)
			by = jsonb_ref_member(target, extra->by.ptr, extra->by.len);
		set = field_set_by(field, by);
	}
	found = field_inside(field, set, key);
	for (int i = 0; found == NULL && by.type <= JREF_NULL && i < extra->nchoices; i++)
		found = field_set_find(&extra->choices[i].fields, key.ptr, key.len);
	return found;
}

/*
 * enter_field: an object that is a field's value, NULL where that is not defined.
 */
static void
enter_field(PatchPlace *inner, const Field *field)
{
	if (field == NULL || field->type != FIELD_OBJECT || !field_is_defined(field))
		return;
	inner->place = LEVEL_DEFINED;
	inner->what = field;
	inner->keeps_nulls = true;
}

/*
 * enter: PatchStep of a node's document; arg is the catalogue.
 */
static void
enter(const PatchPlace *outer, JsonbRef target, JsonbRef patch, JsonbRef key,
	  PatchPlace *inner, const void *arg)
{
	JsonbRef	instance;

	inner->place = LEVEL_OTHER;
	switch ((Level) outer->place)
	{
		case LEVEL_DOCUMENT:
			if (JREF_IS(key, "integrations"))
				inner->place = LEVEL_INTEGRATIONS;
			break;
		case LEVEL_OTHER:
			break;
		case LEVEL_INTEGRATIONS:
			inner->place = LEVEL_ENTRY;
			inner->what = catalogue_entry(arg, key.ptr, key.len, &instance);
			break;
		case LEVEL_ENTRY:
			if (!JREF_IS(key, "config"))
				break;
			inner->place = LEVEL_CONFIG;
			inner->what = outer->what;
			inner->keeps_nulls = true;
			break;
		case LEVEL_CONFIG:
			if (outer->what != NULL)
				enter_field(inner, integration_field(outer->what, key.ptr, key.len));
			break;
		case LEVEL_DEFINED:
			enter_field(inner, field_of(outer->what, target, patch, key));
			break;
	}
}

/*
 * patched_document: what a patch makes of a node's document, palloc'd.
 */
Jsonb *
patched_document(const Catalogue *catalogue, Jsonb *stored, JsonbRef patch)
{
	Jsonb	   *document = merge_patched(jsonb_ref_root(stored), patch, enter, catalogue);
	Jsonb	   *kept = without_old_choices(catalogue, stored, jsonb_ref_root(document), patch);

	return kept == stored ? document :
		merge_patched(jsonb_ref_root(kept), patch, enter, catalogue);
}
