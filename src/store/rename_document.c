/*-------------------------------------------------------------------------
 *
 * store/rename_document.c
 *	  What the renaming of an integration or a field makes of a document.
 *
 * A name is a key on the way to what it names: the one member moves to its new
 * place in key order, and everything else is copied as it lies.  The name of a
 * field stands in the entry's "locked" as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
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
 * value_of: an entry's value for a field; JREF_NONE where there is none.
 */
static JsonbRef
value_of(JsonbRef entry, JsonbRef field)
{
	return jsonb_ref_member(JREF_MEMBER(entry, "config"), field.ptr, field.len);
}

/*
 * rename_concerns: does the document have the name that goes?
 */
bool
rename_concerns(const Rename *rename, JsonbRef document)
{
	JsonbRef	integrations = JREF_MEMBER(document, "integrations");
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	if (integrations.type != JREF_OBJECT)
		return false;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		if (is_entry_of(key, rename->from_id) &&
			(rename->from_field.type == JREF_NONE ||
			 value_of(entry, rename->from_field).type != JREF_NONE ||
			 locks(entry, rename->from_field)))
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
			 const Rename *rename)
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
			write_object(writer, &frame, value, LEVEL_INTEGRATIONS, rename);
		else if (level == LEVEL_INTEGRATIONS && is_object && is_entry_of(key, rename->from_id))
			write_object(writer, &frame, value, LEVEL_ENTRY, rename);
		else if (level == LEVEL_ENTRY && is_object && JREF_IS(key, "config"))
			write_renamed(writer, &frame, value, rename->from_field, rename->to_field);
		else if (level == LEVEL_ENTRY && value.type == JREF_ARRAY && JREF_IS(key, "locked"))
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
	JsonbWriter writer;

	jsonb_write_begin(&writer, (Size) document.len + rename->to_id.len +
					  rename->to_field.len + VARHDRSZ + 16);
	write_object(&writer, NULL, document, LEVEL_DOCUMENT, rename);
	return jsonb_write_finish(&writer);
}
