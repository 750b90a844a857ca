/*-------------------------------------------------------------------------
 *
 * store/rename_document.c
 *	  What the renaming of an integration or a field makes of a document.
 *
 * A name is a key on the way to what it names: the one member moves to its new
 * place in key order, and everything else is copied as it lies.  A field may
 * stand deep in a value, in each element of an array, or at each key of a map.
 * The name of an integration's own field stands in the entry's "locked" as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/writer.h"
#include "miscadmin.h"
#include "store/rename.h"

/* What an object is, seen from the document. */
typedef enum Level
{
	LEVEL_DOCUMENT,
	LEVEL_INTEGRATIONS,
	LEVEL_ENTRY
} Level;

/* The members of an object in which one has another key, in key order. */
typedef struct RenamedWalk
{
	JsonbWalk	walk;
	JsonbRef	from;
	JsonbRef	to;
	JsonbRef	moved;			/* the value that moves; JREF_NONE: it is given
								 * already */
	JsonbRef	key;			/* the walk's next; JREF_NONE: not read yet */
	JsonbRef	value;
} RenamedWalk;

/*
 * same: are two names the same?
 */
static bool
same(JsonbRef a, JsonbRef b)
{
	return jsonb_ref_is(a, b.ptr, b.len);
}

/*
 * locks: is the name in an entry's "locked"?
 */
static bool
locks(JsonbRef entry, JsonbRef name)
{
	JsonbRef	locked = JREF_MEMBER(entry, "locked");
	JsonbWalk	walk;
	JsonbRef	element;

	if (locked.type != JREF_ARRAY)
		return false;
	jsonb_walk_begin(&walk, locked);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		if (element.type == JREF_STRING && same(element, name))
			return true;
	}
	return false;
}

/*
 * has_at: has a value a member at the end of the steps?
 */
static bool
has_at(JsonbRef value, const JsonbRef *steps, int nsteps)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	for (; nsteps > 0 && !JREF_IS(*steps, "*"); steps++, nsteps--)
		value = jsonb_ref_member(value, steps->ptr, steps->len);
	if (nsteps == 0 || JREF_IS_SCALAR(value))
		return nsteps == 0 && value.type != JREF_NONE;
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	while (value.type == JREF_ARRAY ? jsonb_walk_element(&walk, &inner) :
		   jsonb_walk_member(&walk, &key, &inner))
	{
		CHECK_FOR_INTERRUPTS();
		if (has_at(inner, steps + 1, nsteps - 1))
			return true;
	}
	return false;
}

/*
 * entry_has: has an entry the field, or does it lock it?
 */
static bool
entry_has(JsonbRef entry, const FieldPath *path)
{
	return has_at(JREF_MEMBER(entry, "config"), path->steps, path->nsteps) ||
		(path->nsteps == 1 && locks(entry, *path->steps));
}

/*
 * rename_concerns: does the document have the name that goes?
 */
bool
rename_concerns(const Rename *rename, JsonbRef document)
{
	JsonbRef	integrations = JREF_MEMBER(document, "integrations");
	FieldPath	path = {0};
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	if (rename->from_field.type != JREF_NONE)
		path = field_path_parse(rename->from_field);
	if (integrations.type != JREF_OBJECT)
		return false;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		if (is_entry_of(key, rename->from_id) &&
			(rename->from_field.type == JREF_NONE || entry_has(entry, &path)))
			return true;
	}
	return false;
}

/*
 * rename_collides: does it have the new name already?  It would get a meaning
 * there, also for the nodes below.
 */
bool
rename_collides(const Rename *rename, JsonbRef document)
{
	Rename		back = {rename->to_id, rename->from_id, rename->to_field, rename->from_field};

	return rename_concerns(&back, document);
}

static void
renamed_walk_begin(RenamedWalk *walk, JsonbRef object, JsonbRef from, JsonbRef to)
{
	jsonb_walk_begin(&walk->walk, object);
	walk->from = from;
	walk->to = to;
	walk->moved = jsonb_ref_member(object, from.ptr, from.len);
	walk->key.type = JREF_NONE;
}

/*
 * renamed_walk_next: the next member; the one that moves takes the place of one
 * that has its new name.
 */
static bool
renamed_walk_next(RenamedWalk *walk, JsonbRef *key, JsonbRef *value)
{
	CHECK_FOR_INTERRUPTS();
	while (walk->key.type == JREF_NONE)
	{
		if (!jsonb_walk_member(&walk->walk, &walk->key, &walk->value))
			break;
		if (same(walk->key, walk->from) || same(walk->key, walk->to))
			walk->key.type = JREF_NONE;
	}
	if (walk->moved.type != JREF_NONE &&
		(walk->key.type == JREF_NONE ||
		 jsonb_key_compare(walk->to.ptr, walk->to.len, walk->key.ptr, walk->key.len) < 0))
	{
		*key = walk->to;
		*value = walk->moved;
		walk->moved.type = JREF_NONE;
		return true;
	}
	*key = walk->key;
	*value = walk->value;
	walk->key.type = JREF_NONE;
	return key->type != JREF_NONE;
}

/*
 * write_renamed: an object in which a member has another key, where it has that
 * member.
 */
static void
write_renamed(JsonbWriter *writer, JsonbFrame *outer, JsonbRef object,
			  JsonbRef from, JsonbRef to)
{
	JsonbFrame	frame;
	RenamedWalk walk;
	JsonbRef	key;
	JsonbRef	value;
	bool		collides = jsonb_ref_member(object, to.ptr, to.len).type != JREF_NONE;

	if (jsonb_ref_member(object, from.ptr, from.len).type == JREF_NONE)
	{
		jsonb_write_value(writer, outer, object);
		return;
	}
	jsonb_write_object(writer, outer, &frame, jsonb_ref_count(object) - collides);
	renamed_walk_begin(&walk, object, from, to);
	while (renamed_walk_next(&walk, &key, &value))
		jsonb_write_key(writer, &frame, key.ptr, key.len);
	renamed_walk_begin(&walk, object, from, to);
	while (renamed_walk_next(&walk, &key, &value))
		jsonb_write_value(writer, &frame, value);
	jsonb_write_end(writer, &frame);
}

/*
 * write_at: a value in which the member at the end of the steps has another key.
 */
static void
write_at(JsonbWriter *writer, JsonbFrame *outer, JsonbRef value, const JsonbRef *steps,
		 int nsteps, JsonbRef to)
{
	bool		any = JREF_IS(*steps, "*");
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	if (nsteps == 1 && value.type == JREF_OBJECT)
	{
		write_renamed(writer, outer, value, *steps, to);
		return;
	}
	if (nsteps == 1 || !(value.type == JREF_OBJECT || (any && value.type == JREF_ARRAY)))
	{
		jsonb_write_value(writer, outer, value);
		return;
	}
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	if (value.type == JREF_ARRAY)
	{
		jsonb_write_array(writer, outer, &frame, jsonb_ref_count(value));
		while (jsonb_walk_element(&walk, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			write_at(writer, &frame, inner, steps + 1, nsteps - 1, to);
		}
	}
	else
	{
		jsonb_write_object(writer, outer, &frame, jsonb_ref_count(value));
		jsonb_write_keys_of(writer, &frame, value);
		while (jsonb_walk_member(&walk, &key, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			if (any || same(key, *steps))
				write_at(writer, &frame, inner, steps + 1, nsteps - 1, to);
			else
				jsonb_write_value(writer, &frame, inner);
		}
	}
	jsonb_write_end(writer, &frame);
}

/*
 * rename_in_value: a value in which the member at a path has another key, palloc'd
 * where it is another one.
 */
JsonbRef
rename_in_value(JsonbRef value, const FieldPath *path, JsonbRef to)
{
	JsonbWriter writer;

	if (JREF_IS_SCALAR(value) || !has_at(value, path->steps, path->nsteps))
		return value;
	jsonb_write_begin(&writer, (Size) value.len + to.len + VARHDRSZ + 16);
	write_at(&writer, NULL, value, path->steps, path->nsteps, to);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * renamed_key: the key of an entry under the integration's other id; palloc'd for
 * an instance's.
 */
static JsonbRef
renamed_key(JsonbRef key, JsonbRef from, JsonbRef to)
{
	int			name_length = key.len - from.len;
	char	   *renamed;

	if (name_length == 0)
		return to;
	renamed = palloc(to.len + name_length);
	memcpy(renamed, to.ptr, to.len);
	memcpy(renamed + to.len, key.ptr + from.len, name_length);
	return jsonb_ref_string(renamed, to.len + name_length);
}

/*
 * write_entries: the entries of a document, in which those of an integration and
 * of its instances have another id.
 */
static void
write_entries(JsonbWriter *writer, JsonbFrame *outer, JsonbRef entries, const Rename *rename)
{
	JsonbMember *members = palloc_extended(sizeof(JsonbMember) *
										   ((Size) jsonb_ref_count(entries) + 1),
										   MCXT_ALLOC_HUGE);
	int			count = 0;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_walk_begin(&walk, entries);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (is_entry_of(key, rename->from_id))
			key = renamed_key(key, rename->from_id, rename->to_id);
		else if (is_entry_of(key, rename->to_id))
		{
			JsonbRef	moves = renamed_key(key, rename->to_id, rename->from_id);

			if (jsonb_ref_member(entries, moves.ptr, moves.len).type != JREF_NONE)
				continue;		/* what moves takes its place */
		}
		members[count].key = key;
		members[count++].value = value;
	}
	jsonb_write_members(writer, outer, members, count);
	pfree(members);
}

/*
 * write_locked: an array of names in which a field has another one.
 *
 * "enabled" there is the entry's own as well, and stays beside the new name of
 * a field that was called that.
 */
static void
write_locked(JsonbWriter *writer, JsonbFrame *outer, JsonbRef locked, const Rename *rename)
{
	bool		stays = JREF_IS(rename->from_field, "enabled");
	uint32		count = jsonb_ref_count(locked);
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	element;

	if (stays)
	{
		jsonb_walk_begin(&walk, locked);
		while (jsonb_walk_element(&walk, &element))
			count += element.type == JREF_STRING && same(element, rename->from_field);
	}
	jsonb_write_array(writer, outer, &frame, count);
	jsonb_walk_begin(&walk, locked);
	while (jsonb_walk_element(&walk, &element))
	{
		bool		renamed = element.type == JREF_STRING && same(element, rename->from_field);

		CHECK_FOR_INTERRUPTS();
		if (!renamed || stays)
			jsonb_write_value(writer, &frame, element);
		if (renamed)
			jsonb_write_value(writer, &frame, rename->to_field);
	}
	jsonb_write_end(writer, &frame);
}

/*
 * write_object: an object on the way to the name.
 */
static void
write_object(JsonbWriter *writer, JsonbFrame *outer, JsonbRef object, Level level,
			 const Rename *rename, const FieldPath *path, JsonbRef name)
{
	bool		whole = rename->from_field.type == JREF_NONE;
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_write_object(writer, outer, &frame, jsonb_ref_count(object));
	jsonb_write_keys_of(writer, &frame, object);
	jsonb_walk_begin(&walk, object);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		bool		is_object = value.type == JREF_OBJECT;

		CHECK_FOR_INTERRUPTS();
		if (level == LEVEL_DOCUMENT && is_object && JREF_IS(key, "integrations") && whole)
			write_entries(writer, &frame, value, rename);
		else if (level == LEVEL_DOCUMENT && is_object && JREF_IS(key, "integrations"))
			write_object(writer, &frame, value, LEVEL_INTEGRATIONS, rename, path, name);
		else if (level == LEVEL_INTEGRATIONS && is_object && is_entry_of(key, rename->from_id))
			write_object(writer, &frame, value, LEVEL_ENTRY, rename, path, name);
		else if (level == LEVEL_ENTRY && is_object && JREF_IS(key, "config"))
			write_at(writer, &frame, value, path->steps, path->nsteps, name);
		else if (level == LEVEL_ENTRY && value.type == JREF_ARRAY && JREF_IS(key, "locked") &&
				 path->nsteps == 1)
			write_locked(writer, &frame, value, rename);
		else
			jsonb_write_value(writer, &frame, value);
	}
	jsonb_write_end(writer, &frame);
}

/*
 * rename_document: the document with the new name, palloc'd.
 *
 * What moves takes the place of what stood under the new name before.
 */
Jsonb *
rename_document(const Rename *rename, JsonbRef document)
{
	FieldPath	from = {0};
	JsonbRef	name = {0};
	JsonbWriter writer;

	if (rename->from_field.type != JREF_NONE)
	{
		FieldPath	to = field_path_parse(rename->to_field);

		from = field_path_parse(rename->from_field);
		name = to.steps[to.nsteps - 1];
	}
	jsonb_write_begin(&writer, (Size) document.len + rename->to_id.len +
					  rename->to_field.len + VARHDRSZ + 16);
	write_object(&writer, NULL, document, LEVEL_DOCUMENT, rename, &from, name);
	return jsonb_write_finish(&writer);
}
