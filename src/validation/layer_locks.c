/*-------------------------------------------------------------------------
 *
 * validation/layer_locks.c
 *	  A node's document against the locks of the layers above it.
 *
 * Only what a write adds or changes is looked at: an outer layer may have
 * locked a field after inner ones gave it values, which the merge then drops,
 * and a write elsewhere in such a document is no one's offence.  To remove a
 * value is always allowed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "validation/layer_locks.h"

/* A field that an outer layer locks by its name. */
typedef struct LockedName
{
	JsonbRef	name;
	int			layer;
} LockedName;

/* One entry of the document that is written, as it is checked. */
typedef struct LockCheck
{
	const NamedLayer *outer;
	int			nouter;
	LayerLock	lock;			/* integration and, in turn, the rest */
	JsonbRef	before;			/* the entry before the write */
	JsonbRef	after;			/* and after it */
	LockedName *names;			/* in key order, then outermost first */
	int			nnames;
	LayerLockCallback callback;
	void	   *arg;
} LockCheck;

/*
 * layer_entry: a document's entry of an integration.
 */
static JsonbRef
layer_entry(JsonbRef document, JsonbRef integration)
{
	return jsonb_ref_member(JREF_MEMBER(document, "integrations"),
							integration.ptr, integration.len);
}

/*
 * layer_locked: what an outer layer has as "locked" of the entry's integration.
 */
static JsonbRef
layer_locked(const LockCheck *check, int layer)
{
	return JREF_MEMBER(layer_entry(check->outer[layer].document,
								   check->lock.integration), "locked");
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
 * gather_names: the fields of an entry that outer layers lock by name, in key
 * order, each with the outermost layer that does.
 */
static void
gather_names(LockCheck *check)
{
	Size		total = 0;
	JsonbWalk	walk;
	JsonbRef	name;

	for (int i = 0; i < check->nouter; i++)
		total += jsonb_ref_count(layer_locked(check, i));
	check->nnames = 0;
	check->names = palloc_extended(sizeof(LockedName) * (total + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < check->nouter; i++)
	{
		JsonbRef	locked = layer_locked(check, i);

		if (locked.type != JREF_ARRAY)
			continue;
		jsonb_walk_begin(&walk, locked);
		while (jsonb_walk_element(&walk, &name))
			if (name.type == JREF_STRING)
				check->names[check->nnames++] = (LockedName) {name, i};
	}
	qsort(check->names, check->nnames, sizeof(LockedName), compare_names);
}

/*
 * first_locker: the outermost layer that locks the field by its name, or -1.
 */
static int
first_locker(const LockCheck *check, JsonbRef field)
{
	int			place = key_search(&check->names->name, check->nnames,
								   sizeof(LockedName), field.ptr, field.len);

	if (place < check->nnames &&
		jsonb_ref_is(check->names[place].name, field.ptr, field.len))
		return check->names[place].layer;
	return -1;
}

/*
 * report_fields: report the fields of config that the write adds or changes
 * and that a layer locks: by their names or, with all, every one.
 *
 * Fields that an earlier layer has named are its own to report.
 */
static void
report_fields(LockCheck *check, int locker, bool all)
{
	JsonbRef	before = JREF_MEMBER(check->before, "config");
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, JREF_MEMBER(check->after, "config"));
	while (jsonb_walk_member(&walk, &check->lock.field, &value))
	{
		JsonbRef	field = check->lock.field;
		int			first = first_locker(check, field);

		CHECK_FOR_INTERRUPTS();
		/* all leaves to earlier layers what they have named */
		if (all ? first >= 0 && first < locker : first != locker)
			continue;
		if (!jsonb_ref_equal(jsonb_ref_member(before, field.ptr, field.len), value))
			check->callback(&check->lock, check->arg);
	}
	check->lock.field.type = JREF_NONE;
}

/*
 * report_entry: report all that the write adds to an entry or changes in it.
 */
static void
report_entry(LockCheck *check, int locker)
{
	JsonbWalk	walk;
	JsonbRef	value;

	if (check->after.type != JREF_OBJECT)
	{
		check->callback(&check->lock, check->arg);
		return;
	}
	jsonb_walk_begin(&walk, check->after);
	while (jsonb_walk_member(&walk, &check->lock.member, &value))
	{
		JsonbRef	member = check->lock.member;

		if (JREF_IS(member, "config") && value.type == JREF_OBJECT)
			report_fields(check, locker, true);
		else if (!jsonb_ref_equal(jsonb_ref_member(check->before, member.ptr,
												   member.len), value))
			check->callback(&check->lock, check->arg);
	}
	check->lock.member.type = JREF_NONE;
}

/*
 * check_entry: an entry against the locks of all outer layers, the outermost
 * first.
 *
 * A layer's "locked": true leaves nothing for the layers after it to lock.
 */
static void
check_entry(LockCheck *check)
{
	gather_names(check);
	for (int i = 0; i < check->nouter; i++)
	{
		JsonbRef	locked = layer_locked(check, i);

		CHECK_FOR_INTERRUPTS();
		check->lock.by = check->outer[i].node_id;
		if (locked.type == JREF_BOOL && locked.boolean)
		{
			report_entry(check, i);
			break;
		}
		if (locked.type == JREF_ARRAY)
		{
			check->lock.member = jsonb_ref_string("config", strlen("config"));
			report_fields(check, i, false);
			check->lock.member.type = JREF_NONE;
		}
	}
	pfree(check->names);
}

/*
 * layer_locks_check: report what a write gives that an outer layer has
 * locked, in the document's order.
 *
 * outer is outermost first; before is the document before the write,
 * JREF_NONE for a new one, after the one after it.
 */
void
layer_locks_check(const NamedLayer *outer, int nouter,
				  JsonbRef before, JsonbRef after,
				  LayerLockCallback callback, void *arg)
{
	LockCheck	check = {0};
	JsonbWalk	walk;

	check.outer = outer;
	check.nouter = nouter;
	check.callback = callback;
	check.arg = arg;

	jsonb_walk_begin(&walk, JREF_MEMBER(after, "integrations"));
	while (jsonb_walk_member(&walk, &check.lock.integration, &check.after))
	{
		check.before = layer_entry(before, check.lock.integration);
		if (!jsonb_ref_equal(check.before, check.after))
			check_entry(&check);
	}
}
