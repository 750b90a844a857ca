/*-------------------------------------------------------------------------
 *
 * jsonb/merge_patch.c
 *	  JSON Merge Patch (RFC 7396).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/merge_patch.h"
#include "jsonb/writer.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(integration_config_merge_patch);

/* The members of two objects together, in key order. */
typedef struct PatchWalk
{
	JsonbWalk	target;
	JsonbWalk	patch;
	bool		keeps_nulls;	/* of members that the target has not */
	bool		have_target;	/* target_key and target_value are unused yet */
	bool		have_patch;
	JsonbRef	target_key;
	JsonbRef	target_value;
	JsonbRef	patch_key;
	JsonbRef	patch_value;
} PatchWalk;

static void
patch_walk_begin(PatchWalk *walk, JsonbRef target, JsonbRef patch, bool keeps_nulls)
{
	walk->keeps_nulls = keeps_nulls;
	jsonb_walk_begin(&walk->target, target);
	jsonb_walk_begin(&walk->patch, patch);
	walk->have_target = walk->have_patch = false;
}

/*
 * patch_walk_next: the next member of the patched object: one that the patch
 * leaves alone has no patch, one that it adds no target.
 */
static bool
patch_walk_next(PatchWalk *walk, JsonbRef *key, JsonbRef *target, JsonbRef *patch)
{
	for (;;)
	{
		int			order;

		if (!walk->have_target)
			walk->have_target = jsonb_walk_member(&walk->target, &walk->target_key,
												  &walk->target_value);
		if (!walk->have_patch)
			walk->have_patch = jsonb_walk_member(&walk->patch, &walk->patch_key,
												 &walk->patch_value);
		if (!walk->have_target && !walk->have_patch)
			return false;
		if (!walk->have_patch)
			order = -1;
		else if (!walk->have_target)
			order = 1;
		else
			order = jsonb_key_compare(walk->target_key.ptr, walk->target_key.len,
									  walk->patch_key.ptr, walk->patch_key.len);

		target->type = patch->type = JREF_NONE;
		if (order <= 0)
		{
			*key = walk->target_key;
			*target = walk->target_value;
			walk->have_target = false;
		}
		if (order >= 0)
		{
			*key = walk->patch_key;
			*patch = walk->patch_value;
			walk->have_patch = false;
			if (patch->type == JREF_NULL &&
				!(walk->keeps_nulls && target->type == JREF_NONE))
				continue;		/* removed */
		}
		return true;
	}
}

/* What the objects that are patched have in common. */
typedef struct Patching
{
	JsonbWriter writer;
	PatchStep	step;			/* NULL: no null stays anywhere */
	const void *arg;
} Patching;

/*
 * write_patched: write the object that a patch, an object too, makes of the
 * target, whatever that is, as the next value of outer or as the root.
 *
 * As RFC 7396, section 2, has it: what is no object is taken as an empty one.
 */
static void
write_patched(Patching *patching, JsonbFrame *outer, JsonbRef target, JsonbRef patch,
			  const PatchPlace *place)
{
	JsonbWriter *writer = &patching->writer;
	bool		keeps_nulls = place->keeps_nulls;
	PatchWalk	walk;
	JsonbFrame	object;
	JsonbRef	key;
	JsonbRef	before;
	JsonbRef	change;
	uint32		members = 0;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (target.type != JREF_OBJECT)
		target.type = JREF_NONE;

	patch_walk_begin(&walk, target, patch, keeps_nulls);
	while (patch_walk_next(&walk, &key, &before, &change))
		members++;
	jsonb_write_object(writer, outer, &object, members);

	patch_walk_begin(&walk, target, patch, keeps_nulls);
	while (patch_walk_next(&walk, &key, &before, &change))
		jsonb_write_key(writer, &object, key.ptr, key.len);

	patch_walk_begin(&walk, target, patch, keeps_nulls);
	while (patch_walk_next(&walk, &key, &before, &change))
	{
		if (change.type == JREF_NONE)
			jsonb_write_value(writer, &object, before);
		else if (change.type == JREF_OBJECT)
		{
			PatchPlace	inner = {0};

			if (patching->step != NULL)
				patching->step(place, target, patch, key, &inner, patching->arg);
			write_patched(patching, &object, before, change, &inner);
		}
		else
			jsonb_write_value(writer, &object, change);
	}
	jsonb_write_end(writer, &object);
}

/*
 * merge_patched: what a patch, which is an object, makes of the target,
 * palloc'd.
 *
 * step says where a null of the patch that finds no member to remove is kept as a
 * value; with NULL for it this is RFC 7396 to the letter.
 */
Jsonb *
merge_patched(JsonbRef target, JsonbRef patch, PatchStep step, const void *arg)
{
	Patching	patching = {.step = step,.arg = arg};
	PatchPlace	root = {0};

	jsonb_write_begin(&patching.writer, (Size) target.len + patch.len + VARHDRSZ);
	write_patched(&patching, NULL, target, patch, &root);
	return jsonb_write_finish(&patching.writer);
}

/*
 * integration_config_merge_patch(target jsonb, patch jsonb) returns jsonb.
 */
Datum
integration_config_merge_patch(PG_FUNCTION_ARGS)
{
	Jsonb	   *target = PG_GETARG_JSONB_P(0);
	Jsonb	   *patch = PG_GETARG_JSONB_P(1);

	if (jsonb_ref_root(patch).type != JREF_OBJECT)
		PG_RETURN_JSONB_P(patch);
	PG_RETURN_JSONB_P(merge_patched(jsonb_ref_root(target), jsonb_ref_root(patch), NULL, NULL));
}
