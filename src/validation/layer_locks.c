/*-------------------------------------------------------------------------
 *
 * validation/layer_locks.c
 *	  What the layers above a node have locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "validation/layer_locks.h"

/* A field, or "enabled", that an outer layer locks by its name. */
typedef struct LockedName
{
	JsonbRef	name;
	int			layer;
} LockedName;

/*
 * layer_locked: what an outer layer has as "locked" of an integration.
 */
static JsonbRef
layer_locked(const LayerLocks *locks, int layer, JsonbRef id)
{
	JsonbRef	entries = JREF_MEMBER(locks->outer[layer].document, "integrations");

	return JREF_MEMBER(jsonb_ref_member(entries, id.ptr, id.len), "locked");
}

/*
 * compare_names: qsort comparator, by name, then outermost first.
 */
static int
compare_names(const void *a, const void *b)
{
	const LockedName *na = a;
	const LockedName *nb = b;
	int			order = jsonb_key_compare(na->name.ptr, na->name.len,
										  nb->name.ptr, nb->name.len);

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : na->layer - nb->layer;
}

/*
 * add_names: note the names that a layer locks.
 */
static void
add_names(LayerLocks *locks, JsonbRef locked, int layer)
{
	JsonbWalk	walk;
	JsonbRef	name;

	if (locked.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, locked);
	while (jsonb_walk_element(&walk, &name))
		if (name.type == JREF_STRING)
			locks->names[locks->nnames++] = (LockedName) {name, layer};
}

/*
 * layer_locks_begin_entry: find what is locked in the entry of that key.  The
 * locks of the plain entry reach its instances too.
 *
 * A layer's "locked": true leaves nothing for the layers after it to lock.
 * Nothing is allocated where no name is locked.
 */
void
layer_locks_begin_entry(LayerLocks *locks, JsonbRef key)
{
	JsonbRef	plain = entry_id(key);
	bool		is_instance = plain.len < key.len;
	JsonbRef	none = {0};
	Size		total = 0;

	locks->names = NULL;
	locks->nnames = 0;
	for (locks->whole = 0; locks->whole < locks->nouter; locks->whole++)
	{
		JsonbRef	locked = layer_locked(locks, locks->whole, key);
		JsonbRef	by_plain = !is_instance ? none :
			layer_locked(locks, locks->whole, plain);

		CHECK_FOR_INTERRUPTS();
		if ((locked.type == JREF_BOOL && locked.boolean) ||
			(by_plain.type == JREF_BOOL && by_plain.boolean))
			break;
		if (locked.type == JREF_ARRAY)
			total += jsonb_ref_count(locked);
		if (by_plain.type == JREF_ARRAY)
			total += jsonb_ref_count(by_plain);
	}
	if (total == 0)
		return;

	locks->names = palloc_extended(sizeof(LockedName) * total, MCXT_ALLOC_HUGE);
	for (int i = 0; i < locks->whole; i++)
	{
		add_names(locks, layer_locked(locks, i, key), i);
		if (is_instance)
			add_names(locks, layer_locked(locks, i, plain), i);
	}
	qsort(locks->names, locks->nnames, sizeof(LockedName), compare_names);
}

void
layer_locks_end_entry(LayerLocks *locks)
{
	if (locks->names != NULL)
		pfree(locks->names);
	locks->names = NULL;
}

/*
 * layer_lock_of_field: the outermost layer that locks the field of the entry's
 * config; NULL where it is free.
 */
const NamedLayer *
layer_lock_of_field(const LayerLocks *locks, JsonbRef field)
{
	int			place;

	if (locks->nnames > 0)
	{
		place = key_search(&locks->names->name, locks->nnames,
						   sizeof(LockedName), field.ptr, field.len);
		if (place < locks->nnames &&
			jsonb_ref_is(locks->names[place].name, field.ptr, field.len))
			return &locks->outer[locks->names[place].layer];
	}
	return locks->whole < locks->nouter ? &locks->outer[locks->whole] : NULL;
}

/*
 * layer_lock_of_key: the same for a key of the entry, of which "enabled" can be
 * locked by its name; and for JREF_NONE, the entry as a whole.
 */
const NamedLayer *
layer_lock_of_key(const LayerLocks *locks, JsonbRef key)
{
	if (key.type != JREF_NONE && JREF_IS(key, "enabled"))
		return layer_lock_of_field(locks, key);
	return locks->whole < locks->nouter ? &locks->outer[locks->whole] : NULL;
}
