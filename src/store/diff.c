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
#include "server/messages.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(integration_schemas_config_diff);

/* Which part of a document a value is. */
typedef enum Part
{
	PART_DOCUMENT,
	PART_INTEGRATIONS,
	PART_ENTRY,
	PART_CONFIG,
	PART_FIELD,				/* or what is in one: it comes and goes as a whole */
	PART_OTHER
} Part;

/* A value in the documents before and after; JREF_NONE where it is not. */
typedef struct Versions
{
	JsonbRef	before;
	JsonbRef	after;
	JsonbRef	shown_before;	/* the same, redacted */
	JsonbRef	shown_after;
} Versions;

/* The members of one document's object, in key order. */
typedef struct Members
{
	JsonbWalk	walk;
	JsonbRef	key;			/* of the next one; JREF_NONE at the end */
	JsonbRef	value;
} Members;

/* Objects whose members are being compared. */
typedef struct Level
{
	struct Level *outer;
	Members		before;
	Members		after;
	JsonbRef	shown_before;
	JsonbRef	shown_after;
	Part		part;
	int			path_length;	/* to these objects */
} Level;

/* A change of a value, as it is shown. */
typedef struct Change
{
	JsonbRef	before;
	JsonbRef	after;
	int			path;			/* where it begins in the paths of them all */
	int			path_length;
} Change;

/* The changes of one kind: a document may have a million of them. */
typedef struct Changes
{
	Change	   *array;
	int			count;
	int			allocated;
} Changes;

typedef struct Diff
{
	StringInfoData path;		/* JSON Pointer to where we are */
	StringInfoData paths;		/* to all changes, one after the other */
	Changes		added;			/* without "before" */
	Changes		changed;
	Changes		removed;		/* without "after" */
} Diff;

static Part
part_of_member(Part part, JsonbRef key)
{
	switch (part)
	{
		case PART_DOCUMENT:
			return JREF_IS(key, "integrations") ? PART_INTEGRATIONS : PART_OTHER;
		case PART_INTEGRATIONS:
			return PART_ENTRY;
		case PART_ENTRY:
			return JREF_IS(key, "config") ? PART_CONFIG : PART_OTHER;
		case PART_CONFIG:
		case PART_FIELD:
			return PART_FIELD;
		default:
			return PART_OTHER;
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
 * members_next: go on to the next member.
 */
static void
members_next(Members *members)
{
	if (!jsonb_walk_member(&members->walk, &members->key, &members->value))
		members->key.type = members->value.type = JREF_NONE;
}

static void
members_begin(Members *members, JsonbRef object)
{
	jsonb_walk_begin(&members->walk, object);
	members_next(members);
}

/*
 * members_take: the value of the next member if it has that key, after which
 * the one behind it is the next.
 */
static JsonbRef
members_take(Members *members, JsonbRef key)
{
	JsonbRef	value = {0};

	if (members->key.type != JREF_NONE &&
		jsonb_ref_is(members->key, key.ptr, key.len))
	{
		value = members->value;
		members_next(members);
	}
	return value;
}

/*
 * next_member: the next member that either document has; false at the end.
 */
static bool
next_member(Level *level, JsonbRef *key, Versions *member)
{
	JsonbRef	before = level->before.key;
	JsonbRef	after = level->after.key;

	if (before.type == JREF_NONE && after.type == JREF_NONE)
		return false;
	if (before.type == JREF_NONE)
		*key = after;
	else if (after.type == JREF_NONE)
		*key = before;
	else
		*key = jsonb_key_compare(before.ptr, before.len, after.ptr, after.len) <= 0 ?
			before : after;
	member->before = members_take(&level->before, *key);
	member->after = members_take(&level->after, *key);
	member->shown_before = shown_member(level->shown_before, *key);
	member->shown_after = shown_member(level->shown_after, *key);
	return true;
}

/*
 * note_change: the value at the path has changed.
 */
static void
note_change(Diff *diff, const Versions *versions)
{
	Changes    *changes = &diff->changed;
	Change	   *change;

	if (versions->before.type == JREF_NONE)
		changes = &diff->added;
	else if (versions->after.type == JREF_NONE)
		changes = &diff->removed;

	/* what the answer cannot hold must not first be held here */
	if (diff->paths.len + diff->path.len > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("changes of a document are too many to be listed")));
	if (changes->count == changes->allocated)
	{
		changes->allocated = Max(16, changes->allocated * 2);
		changes->array = changes->array == NULL ?
			palloc(sizeof(Change) * changes->allocated) :
			repalloc_huge(changes->array, sizeof(Change) * (Size) changes->allocated);
	}
	change = &changes->array[changes->count++];
	change->before = versions->shown_before;
	change->after = versions->shown_after;
	change->path = diff->paths.len;
	change->path_length = diff->path.len;
	appendBinaryStringInfo(&diff->paths, diff->path.data, diff->path.len);
}

/*
 * is_shown_inside: are both versions of a field's value objects of which the
 * members are shown?  The keys in what is masked as a whole are not told.
 */
static bool
is_shown_inside(const Versions *versions)
{
	return versions->before.type == JREF_OBJECT && versions->after.type == JREF_OBJECT &&
		versions->shown_before.type == JREF_OBJECT && versions->shown_after.type == JREF_OBJECT;
}

/*
 * compare: compare the value at the path.  Of objects, the members are to be
 * compared: that is the level returned; NULL where nothing is left to compare.
 *
 * One that is not there has no members, like an empty one, but for a field's,
 * which comes and goes as a whole.  An empty document has no field that could
 * have come or gone.  Two objects are not compared as
 * a whole first, since all in them would be once more on each level.
 */
static Level *
compare(Diff *diff, Level *outer, const Versions *versions, Part part)
{
	JsonbRef	before = versions->before;
	JsonbRef	after = versions->after;
	Level	   *level;

	if ((part == PART_FIELD && !is_shown_inside(versions)) ||
		(before.type != JREF_OBJECT && before.type != JREF_NONE) ||
		(after.type != JREF_OBJECT && after.type != JREF_NONE) ||
		(part != PART_DOCUMENT && before.type != after.type &&
		 jsonb_ref_count(before) + jsonb_ref_count(after) == 0))
	{
		if (!jsonb_ref_equal(before, after))
			note_change(diff, versions);
		return NULL;
	}
	level = palloc(sizeof(Level));
	level->outer = outer;
	members_begin(&level->before, before);
	members_begin(&level->after, after);
	level->shown_before = versions->shown_before;
	level->shown_after = versions->shown_after;
	level->part = part;
	level->path_length = diff->path.len;
	return level;
}

/*
 * compare_documents: note what changed of a document.
 *
 * The levels are in memory, not on the stack, so that a document's depth is
 * no limit.
 */
static void
compare_documents(Diff *diff, const Versions *documents)
{
	Level	   *level = compare(diff, NULL, documents, PART_DOCUMENT);

	while (level != NULL)
	{
		JsonbRef	key;
		Versions	member;
		Level	   *done = level;

		CHECK_FOR_INTERRUPTS();
		diff->path.len = level->path_length;
		diff->path.data[level->path_length] = '\0';
		if (next_member(level, &key, &member))
		{
			append_pointer_step(&diff->path, key);
			level = compare(diff, level, &member, part_of_member(level->part, key));
			if (level == NULL)
				level = done;
		}
		else
		{
			level = level->outer;
			pfree(done);
		}
	}
}

/*
 * write_changes: the changes of one kind, as an array.
 */
static void
write_changes(const Diff *diff, JsonbWriter *writer, JsonbFrame *outer, const Changes *changes)
{
	JsonbFrame	array;

	jsonb_write_array(writer, outer, &array, changes->count);
	for (int i = 0; i < changes->count; i++)
	{
		const Change *change = &changes->array[i];
		JsonbMember members[3];
		int			count = 0;

		CHECK_FOR_INTERRUPTS();
		members[count].key = jsonb_ref_string("path", 4);
		members[count++].value = jsonb_ref_string(diff->paths.data + change->path,
												  change->path_length);
		if (changes != &diff->added)
		{
			members[count].key = jsonb_ref_string("before", 6);
			members[count++].value = change->before;
		}
		if (changes != &diff->removed)
		{
			members[count].key = jsonb_ref_string("after", 5);
			members[count++].value = change->after;
		}
		jsonb_write_members(writer, &array, members, count);
	}
	jsonb_write_end(writer, &array);
}

/*
 * config_diff(before jsonb, after jsonb, shown_before jsonb, shown_after jsonb)
 * returns jsonb: the fields that were added, changed and removed.
 *
 * A NULL document is one that is not there.
 */
Datum
integration_schemas_config_diff(PG_FUNCTION_ARGS)
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
	initStringInfo(&diff.paths);
	compare_documents(&diff, &versions);

	jsonb_write_begin(&writer, 1024);
	jsonb_write_object(&writer, NULL, &object, 3);
	jsonb_write_key(&writer, &object, "added", 5);
	jsonb_write_key(&writer, &object, "changed", 7);
	jsonb_write_key(&writer, &object, "removed", 7);
	write_changes(&diff, &writer, &object, &diff.added);
	write_changes(&diff, &writer, &object, &diff.changed);
	write_changes(&diff, &writer, &object, &diff.removed);
	jsonb_write_end(&writer, &object);
	PG_RETURN_JSONB_P(jsonb_write_finish(&writer));
}
