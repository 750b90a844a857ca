/*-------------------------------------------------------------------------
 *
 * catalogue/walk.c
 *	  The walk over a document and what the catalogue says of each place in it.
 *
 * What may be shown is what we know to be no secret; all else is hidden, since
 * a value in the wrong place (beside "config", in a field misspelt, in an
 * integration that the catalogue does not have) is as secret as it would be in
 * the right one.  Redaction, masks that are written back and all that is done
 * to secrets later go by this one judgement, so that no two of them differ.
 *
 * The levels of the walk are in memory, not on the stack: whatever depth a
 * document has, it can be shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/top_level.h"
#include "catalogue/walk.h"
#include "miscadmin.h"

/* A container that is being walked. */
typedef struct Level
{
	struct Level *outer;
	JsonbFrame	frame;
	JsonbWalk	members;		/* or elements */
	JsonbRef	beside;
	JsonbWalk	beside_elements;	/* where both are arrays */
	uint32		index;			/* of an array's next element */
	bool		is_array;
	bool		shorter;		/* than the array beside */
	bool		same;			/* in an array's element that is the same */
	Place		place;
} Level;

/* A value in such a container. */
typedef struct Inner
{
	JsonbRef	value;
	JsonbRef	beside;
	Place		place;
	bool		same;
} Inner;

/*
 * holds_names: is it an array of nothing but strings?
 */
static bool
holds_names(JsonbRef value)
{
	JsonbWalk	walk;
	JsonbRef	element;

	if (value.type != JREF_ARRAY)
		return false;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
		if (element.type != JREF_STRING)
			return false;
	return true;
}

/*
 * place_of_entry_member: of a member of an entry.
 *
 * One that holds no field's value is shown if it has the shape that it must
 * have.  What a merge takes from the catalogue is shown where it is the
 * catalogue's indeed, since a layer may have anything there.
 */
static Place
place_of_entry_member(const Integration *integration, JsonbRef key,
					  JsonbRef value)
{
	bool		known = integration != NULL;

	if (JREF_IS(key, "config"))
		return value.type == JREF_OBJECT ? PLACE_CONFIG : PLACE_HIDDEN;
	if (value.type == JREF_BOOL &&
		(JREF_IS(key, "enabled") || JREF_IS(key, "locked") ||
		 (known && (JREF_IS(key, "required") || JREF_IS(key, "configured") ||
					JREF_IS(key, "in_use")))))
		return PLACE_OPEN;
	if (value.type == JREF_STRING && JREF_IS(key, "description"))
		return PLACE_OPEN;
	if ((JREF_IS(key, "locked") || (known && JREF_IS(key, "missing"))) &&
		holds_names(value))
		return PLACE_OPEN;
	if (known && value.type != JREF_NULL &&
		jsonb_ref_equal(value, jsonb_ref_member(integration->entry, key.ptr, key.len)))
		return PLACE_CATALOGUE;
	return PLACE_HIDDEN;
}

/*
 * enter_integration: from here on we are in that one.
 */
static void
enter_integration(Walk *walk, JsonbRef id)
{
	walk->integration = catalogue_integration(walk->catalogue, id.ptr, id.len);
	walk->hidden_fields = jsonb_ref_member(walk->hidden, id.ptr, id.len);
}

/*
 * is_id: is a key at the top of a document an integration's id, or was it, with
 * an object behind it?  Without a catalogue nobody knows, and each may be one.
 */
static bool
is_id(const Walk *walk, JsonbRef key, JsonbRef value)
{
	return value.type == JREF_OBJECT &&
		!JREF_IS(key, "integrations") &&
		(walk->catalogue->is_fallback ||
		 catalogue_integration(walk->catalogue, key.ptr, key.len) != NULL ||
		 jsonb_ref_member(walk->hidden, key.ptr, key.len).type != JREF_NONE);
}

/*
 * place_of_member: what stands at an object's member of that value.
 */
static Place
place_of_member(Walk *walk, Place place, JsonbRef key, JsonbRef value)
{
	const Field *field = NULL;

	switch (place)
	{
		case PLACE_DOCUMENT:
			if (is_id(walk, key, value) ||
				top_level_meant(walk->catalogue, key, value).type != JREF_NONE)
				return PLACE_HIDDEN;
			if (!JREF_IS(key, "integrations"))
				return PLACE_OPEN;
			return value.type == JREF_OBJECT ? PLACE_INTEGRATIONS : PLACE_HIDDEN;
		case PLACE_ANSWERS:
			enter_integration(walk, key);
			return value.type == JREF_OBJECT ? PLACE_CONFIG : PLACE_HIDDEN;
		case PLACE_INTEGRATIONS:
			enter_integration(walk, key);
			return value.type == JREF_OBJECT ? PLACE_ENTRY : PLACE_HIDDEN;
		case PLACE_ENTRY:
			return place_of_entry_member(walk->integration, key, value);
		case PLACE_CONFIG:
			if (jsonb_ref_member(walk->hidden_fields, key.ptr, key.len).type != JREF_NONE)
				return PLACE_HIDDEN;
			if (walk->integration != NULL)
				field = integration_field(walk->integration, key.ptr, key.len);
			return walk_place_of_field(field);
		case PLACE_FIELD:
			return PLACE_INSIDE;
		default:
			return place;
	}
}

/*
 * element_beside: what is beside an array's next element; notes whether it is
 * the same.
 */
static JsonbRef
element_beside(Walk *walk, Level *level, Inner *inner)
{
	JsonbRef	beside = {0};
	JsonbRef	none = {0};

	if (walk->same == NULL)
	{
		char		number[12];

		return level->beside.type != JREF_OBJECT ? none :
			jsonb_ref_member(level->beside, number,
							 snprintf(number, sizeof(number), "%u", level->index));
	}
	if (level->beside.type != JREF_ARRAY ||
		!jsonb_walk_element(&level->beside_elements, &beside))
		return none;
	if (!inner->same)
		inner->same = walk->same(inner->value, beside, level->place, level->shorter);
	return inner->same ? beside : none;
}

/*
 * next_inner: the next value in a container; false where there is no more.
 */
static bool
next_inner(Walk *walk, Level *level, Inner *inner)
{
	JsonbRef	key;

	inner->same = level->same;
	if (level->is_array)
	{
		if (!jsonb_walk_element(&level->members, &inner->value))
			return false;
		inner->beside = element_beside(walk, level, inner);
		inner->place = level->place;
		level->index++;
		return true;
	}
	if (!jsonb_walk_member(&level->members, &key, &inner->value))
		return false;
	inner->beside = jsonb_ref_member(level->beside, key.ptr, key.len);

	/* a mask stands where that does for which it stands */
	inner->place =
		place_of_member(walk, level->place, key,
						walk->same != NULL && walk_is_mask(inner->value) &&
						inner->beside.type != JREF_NONE ? inner->beside : inner->value);
	return true;
}

/*
 * begin_level: begin with a container.
 */
static Level *
begin_level(Walk *walk, Level *outer, JsonbFrame *frame, const Inner *inner)
{
	Level	   *level = palloc(sizeof(Level));
	uint32		count = jsonb_ref_count(inner->value);

	level->outer = outer;
	level->beside = inner->beside;
	level->is_array = inner->value.type == JREF_ARRAY;
	level->same = inner->same;
	level->place = inner->place;
	level->index = 0;
	if (level->is_array)
	{
		jsonb_write_array(walk->writer, frame, &level->frame, count);
		jsonb_walk_begin(&level->beside_elements, inner->beside);
		level->shorter = count < jsonb_ref_count(inner->beside);
	}
	else
	{
		jsonb_write_object(walk->writer, frame, &level->frame, count);
		jsonb_write_keys_of(walk->writer, &level->frame, inner->value);
	}
	jsonb_walk_begin(&level->members, inner->value);
	return level;
}

/*
 * write_whole: write a value that is not to be walked; false for another one.
 */
static bool
write_whole(Walk *walk, JsonbFrame *frame, const Inner *inner)
{
	if (walk->visit(walk, frame, inner->value, inner->beside, inner->place))
		return true;
	if (!JREF_IS_SCALAR(inner->value) && inner->place != PLACE_CATALOGUE)
		return false;
	jsonb_write_value(walk->writer, frame, inner->value);
	return true;
}

/*
 * walk_inner: walk a value, as the frame's next.  A container may be written as
 * the document's root, with no frame, and is not visited itself then.
 */
static void
walk_inner(Walk *walk, JsonbFrame *frame, Inner *inner)
{
	Level	   *level;

	if (frame != NULL && write_whole(walk, frame, inner))
		return;
	level = begin_level(walk, NULL, frame, inner);
	while (level != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (!next_inner(walk, level, inner))
		{
			Level	   *done = level;

			jsonb_write_end(walk->writer, &done->frame);
			level = done->outer;
			pfree(done);
		}
		else if (!write_whole(walk, &level->frame, inner))
			level = begin_level(walk, level, &level->frame, inner);
	}
}

/*
 * walk_place: what a document is: an answer of integration_schema_values if it
 * has integrations' ids with objects behind them and nothing else.
 *
 * A document in which somebody forgot "integrations" looks the same; of its
 * fields nothing is shown that would be hidden in the right place.  What is no
 * object is nothing that we know.
 */
Place
walk_place(const Walk *walk, JsonbRef root)
{
	JsonbWalk	members;
	JsonbRef	key;
	JsonbRef	value;

	if (root.type != JREF_OBJECT)
		return PLACE_HIDDEN;
	if (jsonb_ref_count(root) == 0)
		return PLACE_DOCUMENT;
	jsonb_walk_begin(&members, root);
	while (jsonb_walk_member(&members, &key, &value))
		if (!is_id(walk, key, value))
			return PLACE_DOCUMENT;
	return PLACE_ANSWERS;
}

/*
 * walk_place_of_field: where a field's value stands; NULL for a field that the
 * catalogue does not have.
 */
Place
walk_place_of_field(const Field *field)
{
	if (field == NULL || field->type == FIELD_SECRET)
		return PLACE_HIDDEN;
	if (field->is_public)
		return PLACE_OPEN;
	/* a string where an object belongs may be one that was written as text */
	return field->type == FIELD_OBJECT ? PLACE_INSIDE : PLACE_FIELD;
}

/*
 * walk_document: a whole document as the walk writes it, palloc'd.
 *
 * What is to be written whole gets an array around it, since only there the
 * writer takes a value that is any, and is taken out again.
 */
Jsonb *
walk_document(Walk *walk, JsonbRef root, JsonbRef beside, Place place)
{
	Inner		inner = {.value = root, .beside = beside, .place = place};
	JsonbWriter writer;
	JsonbFrame	array;
	JsonbWalk	elements;
	Jsonb	   *document;

	walk->writer = &writer;
	jsonb_write_begin(&writer, VARHDRSZ + root.len + 64);
	if (!JREF_IS_SCALAR(root) && place != PLACE_HIDDEN)
	{
		walk_inner(walk, NULL, &inner);
		return jsonb_write_finish(&writer);
	}
	jsonb_write_array(&writer, NULL, &array, 1);
	walk_inner(walk, &array, &inner);
	jsonb_write_end(&writer, &array);
	jsonb_walk_begin(&elements, jsonb_ref_root(jsonb_write_finish(&writer)));
	jsonb_walk_element(&elements, &inner.value);
	document = jsonb_write_document(inner.value);
	pfree(writer.data);
	return document;
}
