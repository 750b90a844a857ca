/*-------------------------------------------------------------------------
 *
 * store/diff.c
 *	  What changed from one version of a document to the next, by field.
 *
 * The documents are compared as they are and shown as redacted: where a
 * secret has changed, the change is told and its values are not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "jsonb/writer.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "server/messages.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(integration_config_diff);

/* Where in a document a value is. */
typedef enum Place
{
	PLACE_DOCUMENT,
	PLACE_INTEGRATIONS,
	PLACE_ENTRY,
	PLACE_CONFIG,
	PLACE_FIELD,				/* compared as a whole, an object too */
	PLACE_OTHER
} Place;

/* A value in the documents before and after; JREF_NONE where it is not. */
typedef struct Versions
{
	JsonbRef	before;
	JsonbRef	after;
	JsonbRef	shown_before;	/* the same, redacted */
	JsonbRef	shown_after;
} Versions;

typedef struct Change
{
	char	   *path;
	Versions	versions;
} Change;

typedef struct Diff
{
	StringInfoData path;		/* JSON Pointer to where we are */
	Size		bytes;			/* of all paths so far */
	List	   *added;			/* of Change */
	List	   *changed;
	List	   *removed;
} Diff;

static void compare_values(Diff *diff, const Versions *versions, Place place);

static Place
place_of_member(Place place, JsonbRef key)
{
	switch (place)
	{
		case PLACE_DOCUMENT:
			return JREF_IS(key, "integrations") ? PLACE_INTEGRATIONS : PLACE_OTHER;
		case PLACE_INTEGRATIONS:
			return PLACE_ENTRY;
		case PLACE_ENTRY:
			return JREF_IS(key, "config") ? PLACE_CONFIG : PLACE_OTHER;
		case PLACE_CONFIG:
			return PLACE_FIELD;
		default:
			return PLACE_OTHER;
	}
}

/*
 * shown_member: what is shown of a member: what was redacted as a whole, all
 * of it.
 */
static JsonbRef
shown_member(JsonbRef shown, JsonbRef key)
{
	return shown.type == JREF_OBJECT ?
		jsonb_ref_member(shown, key.ptr, key.len) : shown;
}

/*
 * compare_member: compare one member of the values.
 */
static void
compare_member(Diff *diff, const Versions *versions, JsonbRef key, Place place)
{
	Versions	member;
	int			length = diff->path.len;

	member.before = jsonb_ref_member(versions->before, key.ptr, key.len);
	member.after = jsonb_ref_member(versions->after, key.ptr, key.len);
	member.shown_before = shown_member(versions->shown_before, key);
	member.shown_after = shown_member(versions->shown_after, key);
	append_pointer_step(&diff->path, key);
	compare_values(diff, &member, place_of_member(place, key));
	diff->path.len = length;
	diff->path.data[length] = '\0';
}

/*
 * compare_values: note what changed of a value; of objects, in their members.
 */
static void
compare_values(Diff *diff, const Versions *versions, Place place)
{
	JsonbRef	before = versions->before;
	JsonbRef	after = versions->after;
	Change	   *change;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (jsonb_ref_equal(before, after))
		return;

	/*
	 * One that is not there has no members, like an empty one.  An empty
	 * document has no field that could have come or gone.
	 */
	if (place != PLACE_FIELD &&
		(before.type == JREF_OBJECT || before.type == JREF_NONE) &&
		(after.type == JREF_OBJECT || after.type == JREF_NONE) &&
		(place == PLACE_DOCUMENT ||
		 jsonb_ref_count(before) + jsonb_ref_count(after) > 0))
	{
		JsonbWalk	walk;
		JsonbRef	key;
		JsonbRef	value;

		jsonb_walk_begin(&walk, before);
		while (jsonb_walk_member(&walk, &key, &value))
			compare_member(diff, versions, key, place);
		jsonb_walk_begin(&walk, after);
		while (jsonb_walk_member(&walk, &key, &value))
			if (jsonb_ref_member(before, key.ptr, key.len).type == JREF_NONE)
				compare_member(diff, versions, key, place);
		return;
	}

	/* what the answer cannot hold must not first be held here */
	diff->bytes += diff->path.len;
	if (diff->bytes > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("changes of a document are too many to be listed")));
	change = palloc(sizeof(Change));
	change->path = pstrdup(diff->path.data);
	change->versions = *versions;
	if (before.type == JREF_NONE)
		diff->added = lappend(diff->added, change);
	else if (after.type == JREF_NONE)
		diff->removed = lappend(diff->removed, change);
	else
		diff->changed = lappend(diff->changed, change);
}

/*
 * write_changes: the changes of one kind, as an array.
 */
static void
write_changes(JsonbWriter *writer, JsonbFrame *outer, List *changes)
{
	JsonbFrame	array;
	ListCell   *cell;

	jsonb_write_array(writer, outer, &array, list_length(changes));
	foreach(cell, changes)
	{
		Change	   *change = lfirst(cell);
		JsonbMember members[3];
		int			count = 0;

		members[count].key = jsonb_ref_string("path", 4);
		members[count++].value = jsonb_ref_string(change->path, strlen(change->path));
		if (change->versions.before.type != JREF_NONE)
		{
			members[count].key = jsonb_ref_string("before", 6);
			members[count++].value = change->versions.shown_before;
		}
		if (change->versions.after.type != JREF_NONE)
		{
			members[count].key = jsonb_ref_string("after", 5);
			members[count++].value = change->versions.shown_after;
		}
		jsonb_write_members(writer, &array, members, count);
	}
	jsonb_write_end(writer, &array);
}

/*
 * integration_config_diff(before jsonb, after jsonb, shown_before jsonb,
 * shown_after jsonb) returns jsonb: the fields that were added, changed and
 * removed.
 *
 * A NULL document is one that is not there.
 */
Datum
integration_config_diff(PG_FUNCTION_ARGS)
{
	JsonbRef	documents[4] = {{0}};
	Versions	versions;
	Diff		diff = {0};
	JsonbWriter writer;
	JsonbFrame	object;

	for (int i = 0; i < 4; i++)
		if (!PG_ARGISNULL(i))
			documents[i] = jsonb_ref_root(PG_GETARG_JSONB_P(i));
	versions.before = documents[0];
	versions.after = documents[1];
	versions.shown_before = documents[2];
	versions.shown_after = documents[3];

	initStringInfo(&diff.path);
	compare_values(&diff, &versions, PLACE_DOCUMENT);

	jsonb_write_begin(&writer, 1024);
	jsonb_write_object(&writer, NULL, &object, 3);
	jsonb_write_key(&writer, &object, "added", 5);
	jsonb_write_key(&writer, &object, "changed", 7);
	jsonb_write_key(&writer, &object, "removed", 7);
	write_changes(&writer, &object, diff.added);
	write_changes(&writer, &object, diff.changed);
	write_changes(&writer, &object, diff.removed);
	jsonb_write_end(&writer, &object);
	PG_RETURN_JSONB_P(jsonb_write_finish(&writer));
}
