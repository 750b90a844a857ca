/*-------------------------------------------------------------------------
 *
 * store/choices.c
 *	  What a document loses where a write switches a choice of variants.
 *
 * What belonged to the choice before would stay in the document, where nothing
 * knows it any more: a secret that nobody sees, and that comes back with the
 * choice.  So it goes with the choice.
 *
 * A patch is applied to a document that no longer has it; what the patch itself
 * gives is the new choice's.  Of a document that is written whole, only what the
 * new choice does not have goes, and only if it is as it was, or a mask: all else is
 * its writer's word, for validation to judge.  Elements of arrays are written
 * whole, and are left alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/walk.h"
#include "miscadmin.h"
#include "store/choices.h"

/* Objects of which one is written anew, seen beside the other. */
typedef struct Switching
{
	const Catalogue *catalogue;
	bool		is_stored;		/* the one that is written is the stored one */
} Switching;

/* What an object is, seen from the document. */
typedef enum Level
{
	LEVEL_DOCUMENT,
	LEVEL_INTEGRATIONS,
	LEVEL_ENTRY,
	LEVEL_CONFIG,
	LEVEL_DEFINED
} Level;

/* An object of the document at a level, and the one beside it. */
typedef struct Pair
{
	Level		level;
	const Integration *integration;
	const Field *field;			/* at LEVEL_DEFINED */
	JsonbRef	object;
	JsonbRef	beside;
	JsonbRef	patch;			/* what makes the other of the stored one */
} Pair;

/*
 * inside: the pair that a member of an object is in, if it is an object in which a
 * choice may have been switched.
 */
static bool
inside(const Switching *switching, const Pair *outer, JsonbRef key, JsonbRef value,
	   Pair *inner)
{
	JsonbRef	instance;

	inner->object = value;
	inner->beside = jsonb_ref_member(outer->beside, key.ptr, key.len);
	inner->patch = jsonb_ref_member(outer->patch, key.ptr, key.len);
	inner->integration = outer->integration;
	inner->field = NULL;
	inner->level = outer->level + 1;
	if (value.type != JREF_OBJECT || inner->beside.type != JREF_OBJECT)
		return false;
	switch (outer->level)
	{
		case LEVEL_DOCUMENT:
			return JREF_IS(key, "integrations");
		case LEVEL_INTEGRATIONS:
			inner->integration = catalogue_entry(switching->catalogue, key.ptr, key.len, &instance);
			return inner->integration != NULL && inner->integration->config.nstructured > 0;
		case LEVEL_ENTRY:
			return JREF_IS(key, "config");
		case LEVEL_CONFIG:
			inner->field = integration_field(outer->integration, key.ptr, key.len);
			break;
		case LEVEL_DEFINED:
			inner->level = LEVEL_DEFINED;
			inner->field = field_inside(outer->field, field_set_of(outer->field, outer->object), key);
			break;
	}
	return inner->field != NULL && inner->field->type == FIELD_OBJECT &&
		field_is_defined(inner->field);
}

/*
 * is_switched: is another choice named before than after?
 */
static bool
is_switched(const Pair *pair)
{
	const FieldExtra *extra = pair->field != NULL ? pair->field->extra : NULL;

	return extra != NULL && extra->nchoices > 0 &&
		!jsonb_ref_equal(jsonb_ref_member(pair->object, extra->by.ptr, extra->by.len),
						 jsonb_ref_member(pair->beside, extra->by.ptr, extra->by.len));
}

/*
 * goes: does a member of an object whose choice is switched go with the choice
 * before?
 */
static bool
goes(const Switching *switching, const Pair *pair, JsonbRef key, JsonbRef value)
{
	const FieldSet *own = field_set_of(pair->field, pair->object);
	const FieldSet *other = field_set_of(pair->field, pair->beside);
	const FieldSet *before = switching->is_stored ? own : other;

	if (field_set_find(pair->field->extra->fields, key.ptr, key.len) != NULL ||
		field_set_find(before, key.ptr, key.len) == NULL)
		return false;			/* all choices have it, or the one before has not */
	/* a null of the patch takes it away by itself, and must find it */
	if (switching->is_stored)
		return jsonb_ref_member(pair->patch, key.ptr, key.len).type != JREF_NULL;
	return (field_set_find(own, key.ptr, key.len) == NULL &&
		 (walk_is_mask(value) ||
		  jsonb_ref_equal(value, jsonb_ref_member(pair->beside, key.ptr, key.len))));
}

/*
 * loses: does anything in an object go?
 */
static bool
loses(const Switching *switching, const Pair *pair)
{
	bool		switched = is_switched(pair);
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;
	Pair		inner;

	jsonb_walk_begin(&walk, pair->object);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (switched && goes(switching, pair, key, value))
			return true;
		if (inside(switching, pair, key, value, &inner) && loses(switching, &inner))
			return true;
	}
	return false;
}

/*
 * write_pair: an object without what goes, as the next value of outer or as the
 * document's root.
 */
static void
write_pair(JsonbWriter *writer, JsonbFrame *outer, const Switching *switching,
		   const Pair *pair)
{
	bool		switched = is_switched(pair);
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;
	uint32		count = 0;

	jsonb_walk_begin(&walk, pair->object);
	while (jsonb_walk_member(&walk, &key, &value))
		count += !(switched && goes(switching, pair, key, value));
	jsonb_write_object(writer, outer, &frame, count);
	jsonb_walk_begin(&walk, pair->object);
	while (jsonb_walk_member(&walk, &key, &value))
		if (!(switched && goes(switching, pair, key, value)))
			jsonb_write_key(writer, &frame, key.ptr, key.len);
	jsonb_walk_begin(&walk, pair->object);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		Pair		inner;

		CHECK_FOR_INTERRUPTS();
		if (switched && goes(switching, pair, key, value))
			continue;
		if (inside(switching, pair, key, value, &inner))
			write_pair(writer, &frame, switching, &inner);
		else
			jsonb_write_value(writer, &frame, value);
	}
	jsonb_write_end(writer, &frame);
}

/*
 * written: a document without what goes, palloc'd, or the document itself.
 */
static Jsonb *
written(const Catalogue *catalogue, Jsonb *document, JsonbRef beside, JsonbRef patch,
		bool is_stored)
{
	Switching	switching = {catalogue, is_stored};
	Pair		pair = {.level = LEVEL_DOCUMENT,.object = jsonb_ref_root(document),
	.beside = beside,.patch = patch};
	JsonbWriter writer;

	if (pair.object.type != JREF_OBJECT || beside.type != JREF_OBJECT ||
		!loses(&switching, &pair))
		return document;
	jsonb_write_begin(&writer, VARSIZE(document));
	write_pair(&writer, NULL, &switching, &pair);
	return jsonb_write_finish(&writer);
}

/*
 * without_old_choices: a stored document without what belongs to choices that
 * are others in what a patch makes of it; palloc'd, or the document itself.
 */
Jsonb *
without_old_choices(const Catalogue *catalogue, Jsonb *stored, JsonbRef becomes, JsonbRef patch)
{
	return written(catalogue, stored, becomes, patch, true);
}

/*
 * without_stale_choices: a document that is to be written, without what it still
 * has of choices that the stored one names and it does not; palloc'd, or the
 * document itself.
 */
Jsonb *
without_stale_choices(const Catalogue *catalogue, Jsonb *document, JsonbRef stored)
{
	return written(catalogue, document, stored, (JsonbRef) {0}, false);
}
