/*-------------------------------------------------------------------------
 *
 * layer_locks.c
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

#include "layer_locks.h"

/* One entry of the document that is written, as it is checked. */
typedef struct LockCheck
{
	const NamedLayer *outer;
	int			nouter;
	LayerLock	lock;			/* integration and, in turn, the rest */
	JsonbRef	before;			/* the entry before the write */
	JsonbRef	after;			/* and after it */
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
 * array_has: is that string an element of the array?
 */
static bool
array_has(JsonbRef array, JsonbRef string)
{
	JsonbWalk	walk;
	JsonbRef	element;

	jsonb_walk_begin(&walk, array);
	while (jsonb_walk_element(&walk, &element))
		if (element.type == JREF_STRING &&
			jsonb_ref_is(element, string.ptr, string.len))
			return true;
	return false;
}

/*
 * report_member: report a member of the entry that the write adds or changes;
 * of config, the fields that it does, if they are named in only (an array, or
 * JREF_NONE for all).
 *
 * Fields that an earlier layer has named are its own to report.
 */
static void
report_fields(LockCheck *check, int locker, JsonbRef only)
{
	JsonbRef	before = JREF_MEMBER(check->before, "config");
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, JREF_MEMBER(check->after, "config"));
	while (jsonb_walk_member(&walk, &check->lock.field, &value))
	{
		JsonbRef	field = check->lock.field;
		bool		reported = false;

		if (only.type == JREF_ARRAY && !array_has(only, field))
			continue;
		if (jsonb_ref_equal(jsonb_ref_member(before, field.ptr, field.len), value))
			continue;
		for (int i = 0; i < locker && !reported; i++)
			reported = array_has(JREF_MEMBER(layer_entry(check->outer[i].document,
														 check->lock.integration),
											 "locked"), field);
		if (!reported)
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
	JsonbRef	all = {0};

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
			report_fields(check, locker, all);
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
	for (int i = 0; i < check->nouter; i++)
	{
		JsonbRef	locked;

		locked = JREF_MEMBER(layer_entry(check->outer[i].document,
										 check->lock.integration), "locked");
		check->lock.by = check->outer[i].node_id;
		if (locked.type == JREF_BOOL && locked.boolean)
		{
			report_entry(check, i);
			break;
		}
		if (locked.type == JREF_ARRAY)
		{
			check->lock.member = jsonb_ref_string("config", strlen("config"));
			report_fields(check, i, locked);
			check->lock.member.type = JREF_NONE;
		}
	}
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
	if (JREF_MEMBER(after, "integrations").type != JREF_OBJECT)
		return;
	while (jsonb_walk_member(&walk, &check.lock.integration, &check.after))
	{
		check.before = layer_entry(before, check.lock.integration);
		if (!jsonb_ref_equal(check.before, check.after))
			check_entry(&check);
	}
}
