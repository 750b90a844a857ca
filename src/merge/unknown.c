/*-------------------------------------------------------------------------
 *
 * merge/unknown.c
 *	  Entries for integrations that the catalogue does not know.
 *
 * They are merged by the same rules, null fields and locks included, and kept
 * whatever keys and whatever shape they have: another extension's version, or
 * a row that will be added later, may know them.  An inner layer that has
 * something else than an object where a locked field, or a locked "enabled",
 * has a value is left out, since it would undo the lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/deep_merge.h"
#include "merge/fold.h"
#include "merge/unknown.h"
#include "miscadmin.h"

typedef struct UnknownEntry
{
	FoldedEntry fold;			/* its config, where that is an object */
	bool		has_config;
	JsonbRef	other_config;	/* a config that is no object */
	JsonbRef	other_entry;	/* an entry that is no object */
	JsonbRef   *objects;		/* the layers' entries */
	int			nobjects;
	JsonbRef   *enabled;		/* what they have for "enabled", until that is
								 * locked */
	int			nenabled;
} UnknownEntry;

/*
 * holds_locked: would a lock be undone if the entry became something else?
 */
static bool
holds_locked(UnknownEntry *unknown)
{
	return (unknown->nenabled > 0 && unknown->fold.enabled_locked_by >= 0) ||
		fold_holds_locked(&unknown->fold);
}

/*
 * add_config: a layer's config.
 */
static void
add_config(UnknownEntry *unknown, JsonbRef config, int layer)
{
	if (config.type == JREF_NONE)
		return;
	if (config.type == JREF_OBJECT)
	{
		unknown->other_config = (JsonbRef) {0};
		fold_config(&unknown->fold, config, layer);
	}
	else if (!fold_holds_locked(&unknown->fold))
	{
		unknown->other_config = config;
		fold_forget_values(&unknown->fold);
	}
	unknown->has_config = true;
}

/*
 * write_config: SpecialMemberWriter for the merged config.
 */
static void
write_config(JsonbWriter *writer, JsonbFrame *object, void *arg)
{
	UnknownEntry *unknown = arg;

	if (unknown->other_config.type != JREF_NONE)
		jsonb_write_value(writer, object, unknown->other_config);
	else
	{
		fold_end(&unknown->fold);
		fold_write_config(writer, object, &unknown->fold);
	}
}

/*
 * write_enabled: SpecialMemberWriter for the merged "enabled".
 */
static void
write_enabled(JsonbWriter *writer, JsonbFrame *object, void *arg)
{
	UnknownEntry *unknown = arg;

	deep_merge_value(writer, object, unknown->enabled, unknown->nenabled);
}

/*
 * unknown_write_entry: the merged entry, as the next value of outer.
 *
 * entries are the layers' for one id, outermost first.  The result has no
 * "locked", which the merge spends.
 */
void
unknown_write_entry(JsonbWriter *writer, JsonbFrame *outer,
					const LayerEntry *entries, int nentries)
{
	UnknownEntry unknown = {0};
	SpecialMember specials[3] = {0};

	fold_begin(&unknown.fold, NULL, NULL, NULL, false);
	unknown.objects = palloc_extended(sizeof(JsonbRef) * 2 * (Size) nentries,
									  MCXT_ALLOC_HUGE);
	unknown.enabled = unknown.objects + nentries;
	for (int i = 0; i < nentries && unknown.fold.locked_by < 0; i++)
	{
		JsonbRef	entry = entries[i].entry;
		JsonbRef	enabled;

		CHECK_FOR_INTERRUPTS();
		if (entry.type != JREF_OBJECT)
		{
			if (holds_locked(&unknown))
				continue;
			unknown.other_entry = entry;
			unknown.other_config = (JsonbRef) {0};
			unknown.has_config = false;
			fold_forget_values(&unknown.fold);
			unknown.nobjects = unknown.nenabled = 0;
			continue;
		}
		unknown.other_entry = (JsonbRef) {0};
		unknown.objects[unknown.nobjects++] = entry;
		enabled = JREF_MEMBER(entry, "enabled");
		if (enabled.type != JREF_NONE && unknown.fold.enabled_locked_by < 0)
			unknown.enabled[unknown.nenabled++] = enabled;
		add_config(&unknown, JREF_MEMBER(entry, "config"), entries[i].layer);
		if (i < nentries - 1)
			fold_locked(&unknown.fold, JREF_MEMBER(entry, "locked"), entries[i].layer);
	}

	if (unknown.other_entry.type != JREF_NONE)
	{
		jsonb_write_value(writer, outer, unknown.other_entry);
		fold_release(&unknown.fold);
		pfree(unknown.objects);
		return;
	}
	specials[0].key = jsonb_ref_string("locked", 6);
	specials[1].key = jsonb_ref_string("config", 6);
	if (unknown.has_config)
	{
		specials[1].write = write_config;
		specials[1].arg = &unknown;
	}
	specials[2].key = jsonb_ref_string("enabled", 7);
	if (unknown.nenabled > 0)
	{
		specials[2].write = write_enabled;
		specials[2].arg = &unknown;
	}
	deep_merge_objects(writer, outer, unknown.objects, unknown.nobjects, specials, 3);
	fold_release(&unknown.fold);
	pfree(unknown.objects);
}
