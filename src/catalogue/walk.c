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

#include "catalogue/shown.h"
#include "catalogue/top_level.h"
#include "catalogue/walk.h"
#include "miscadmin.h"
#include "server/messages.h"

/* A container that is being walked. */
typedef struct WalkLevel
{
	struct WalkLevel *outer;
	JsonbFrame	frame;
	JsonbRef	value;			/* itself */
	JsonbWalk	members;		/* or elements */
	JsonbRef	key;			/* of the member that is visited */
	JsonbRef	beside;
	JsonbWalk	beside_elements;	/* where both are arrays */
	uint32		index;			/* of the element after that is visited */
	bool		is_array;
	bool		shorter;		/* than the array beside */
	bool		same;			/* in an array's element that is the same */
	bool		switched;		/* to another choice than the object beside */
	bool		open;			/* it names no choice: any may be meant */
	Place		place;
	const Field *field;			/* at PLACE_DEFINED: whose value it is, */
	const FieldSet *set;		/* and of an object the fields it has */
	OnceNodes	once;			/* what in it was a secret once */
} WalkLevel;

/* A value in such a container. */
typedef struct Inner
{
	JsonbRef	value;
	JsonbRef	beside;
	Place		place;
	const Field *field;
	OnceNodes	once;
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
place_of_entry_member(const Walk *walk, JsonbRef key, JsonbRef value)
{
	const Integration *integration = walk->integration;
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
	if (known && value.type == JREF_STRING && walk->instance.type != JREF_NONE &&
		((JREF_IS(key, "instance") && jsonb_ref_equal(value, walk->instance)) ||
		 (JREF_IS(key, "integration") && jsonb_ref_equal(value, integration->id))))
		return PLACE_CATALOGUE;
	if ((JREF_IS(key, "locked") || (known && JREF_IS(key, "missing"))) &&
		holds_names(value))
		return PLACE_OPEN;
	if (known && value.type != JREF_NULL &&
		jsonb_ref_equal(value, jsonb_ref_member(integration->entry, key.ptr, key.len)))
		return PLACE_CATALOGUE;
	return PLACE_HIDDEN;
}

/*
 * enter_integration: from here on we are in that one, or in its instance.
 */
static void
enter_integration(Walk *walk, JsonbRef key)
{
	JsonbRef	id = entry_id(key);

	walk->entry = key;
	walk->integration = catalogue_entry(walk->catalogue, key.ptr, key.len, &walk->instance);
	walk->once_here = jsonb_ref_member(walk->once_secret, id.ptr, id.len);
}

/*
 * is_id: is a key at the top of a document that of an integration's entry, or was
 * it, with an object behind it?  Without a catalogue nobody knows, and each may be
 * one.
 */
static bool
is_id(const Walk *walk, JsonbRef key, JsonbRef value)
{
	JsonbRef	id = entry_id(key);
	JsonbRef	instance;

	return value.type == JREF_OBJECT &&
		!JREF_IS(key, "integrations") &&
		(walk->catalogue->is_fallback ||
		 catalogue_entry(walk->catalogue, key.ptr, key.len, &instance) != NULL ||
		 jsonb_ref_member(walk->once_secret, id.ptr, id.len).type != JREF_NONE);
}

/*
 * enter_field: what stands where a field's value does; as is what decides, which
 * is the value or what it stands for.  field is NULL for what is not defined.
 */
static void
enter_field(Inner *inner, const Field *field, JsonbRef as)
{
	inner->field = field;
	inner->place = walk_place_of_value(field, as);
}

/*
 * enter_member: what stands at an object's member; as as above.
 */
static void
enter_member(Walk *walk, const WalkLevel *level, JsonbRef key, JsonbRef as, Inner *inner)
{
	const Field *field = NULL;

	inner->field = NULL;
	inner->place = level->place;
	switch (level->place)
	{
		case PLACE_DOCUMENT:
			if (is_id(walk, key, as) ||
				top_level_meant(walk->catalogue, key, as).type != JREF_NONE)
				inner->place = PLACE_HIDDEN;
			else if (!JREF_IS(key, "integrations"))
				inner->place = PLACE_OPEN;
			else
				inner->place = as.type == JREF_OBJECT ? PLACE_INTEGRATIONS : PLACE_HIDDEN;
			break;
		case PLACE_ANSWERS:
			enter_integration(walk, key);
			inner->place = as.type == JREF_OBJECT ? PLACE_CONFIG : PLACE_HIDDEN;
			break;
		case PLACE_INTEGRATIONS:
			enter_integration(walk, key);
			inner->place = as.type == JREF_OBJECT ? PLACE_ENTRY : PLACE_HIDDEN;
			break;
		case PLACE_ENTRY:
			inner->place = place_of_entry_member(walk, key, as);
			break;
		case PLACE_CONFIG:
			if (walk->integration != NULL)
				field = integration_field(walk->integration, key.ptr, key.len);
			enter_field(inner, field, as);
			break;
		case PLACE_DEFINED:
			enter_field(inner, field_meant(level->field, level->set, level->open, key), as);
			break;
		case PLACE_FIELD:
			inner->place = PLACE_INSIDE;
			break;
		default:
			break;
	}
}

/*
 * element_beside: what is beside an array's next element; notes whether it is
 * the same.
 */
static JsonbRef
element_beside(Walk *walk, WalkLevel *level, Inner *inner)
{
	JsonbRef	beside = {0};
	JsonbRef	none = {0};

	if (walk->same == NULL && level->beside.type == JREF_OBJECT)
	{
		char		number[12];

		return jsonb_ref_member(level->beside, number,
								snprintf(number, sizeof(number), "%u", level->index));
	}
	if (level->beside.type != JREF_ARRAY ||
		!jsonb_walk_element(&level->beside_elements, &beside))
		return none;
	if (walk->same == NULL)
		return beside;
	if (!inner->same)
		inner->same = walk->same(level->field != NULL ? level->field->extra->items : NULL,
								 inner->value, beside, level->place, level->shorter);
	return inner->same ? beside : none;
}

/*
 * next_inner: the next value in a container; false where there is no more.
 */
static bool
next_inner(Walk *walk, WalkLevel *level, Inner *inner)
{
	JsonbRef	as;

	inner->same = level->same;
	level->key.type = JREF_NONE;
	if (level->is_array)
	{
		if (!jsonb_walk_element(&level->members, &inner->value))
			return false;
		inner->beside = element_beside(walk, level, inner);
		level->index++;
	}
	else
	{
		JsonbRef	key;

		if (!jsonb_walk_member(&level->members, &key, &inner->value))
			return false;
		level->key = key;
		inner->beside = jsonb_ref_member(level->beside, key.ptr, key.len);
		/* of another choice only what all choices have is the same place */
		if (level->switched &&
			field_set_find(level->field->extra->fields, key.ptr, key.len) == NULL)
			inner->beside.type = JREF_NONE;
	}

	/* a mask stands where that does for which it stands */
	as = walk->same != NULL && walk_is_mask(inner->value) &&
		inner->beside.type != JREF_NONE ? inner->beside : inner->value;
	if (!level->is_array)
		enter_member(walk, level, level->key, as, inner);
	else if (level->place == PLACE_DEFINED)
		enter_field(inner, level->field->extra->items, as);
	else
	{
		inner->place = level->place;
		inner->field = NULL;
	}
	inner->once = level->once.once == ONCE_NOTHING ? (OnceNodes) {0} :
		once_inside(&level->once, level->key);
	return true;
}

/*
 * begin_defined: begin with a container in which fields are defined.
 */
static void
begin_defined(const Walk *walk, WalkLevel *level, const Inner *inner)
{
	const FieldExtra *extra = inner->field->extra;
	JsonbRef	by;
	JsonbRef	beside;

	level->field = inner->field;
	if (level->is_array)
		return;
	level->set = field_set_of(inner->field, inner->value);
	level->open = field_choice_is_open(inner->field, inner->value);
	if (walk->same == NULL || extra->nchoices == 0 || inner->beside.type != JREF_OBJECT)
		return;
	by = jsonb_ref_member(inner->value, extra->by.ptr, extra->by.len);
	beside = jsonb_ref_member(inner->beside, extra->by.ptr, extra->by.len);
	level->switched = !jsonb_ref_equal(by, beside) &&
		!(by.type == JREF_STRING && beside.type == JREF_STRING && shown_is_of(by, beside));
}

/*
 * begin_once: what in a container was a secret once.
 */
static void
begin_once(const Walk *walk, WalkLevel *level, Inner *inner)
{
	if (level->place == PLACE_CONFIG)
		inner->once = once_root(walk->once_here);
	if (inner->once.once == ONCE_NOTHING)
		return;
	level->once = once_within(&inner->once, inner->value);
	once_free(&inner->once);
}

/*
 * begin_level: begin with a container.
 */
static WalkLevel *
begin_level(Walk *walk, WalkLevel *outer, JsonbFrame *frame, Inner *inner)
{
	WalkLevel  *level = palloc(sizeof(WalkLevel));
	uint32		count = jsonb_ref_count(inner->value);

	level->outer = outer;
	level->value = inner->value;
	level->key.type = JREF_NONE;
	level->beside = inner->beside;
	level->is_array = inner->value.type == JREF_ARRAY;
	level->same = inner->same;
	level->place = inner->place;
	level->index = 0;
	level->switched = false;
	level->open = false;
	level->field = NULL;
	level->set = NULL;
	if (level->place == PLACE_DEFINED)
		begin_defined(walk, level, inner);
	level->once = (OnceNodes) {0};
	if (walk->once_here.type != JREF_NONE)
		begin_once(walk, level, inner);
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
write_whole(Walk *walk, WalkLevel *level, JsonbFrame *frame, const Inner *inner)
{
	walk->level = level;
	walk->field = inner->field;
	walk->once = inner->once.once;
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
	WalkLevel  *level;

	if (frame != NULL && write_whole(walk, NULL, frame, inner))
		return;
	level = begin_level(walk, NULL, frame, inner);
	while (level != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (!next_inner(walk, level, inner))
		{
			WalkLevel  *done = level;

			jsonb_write_end(walk->writer, &done->frame);
			level = done->outer;
			once_free(&done->once);
			pfree(done);
		}
		else if (!write_whole(walk, level, &level->frame, inner))
			level = begin_level(walk, level, &level->frame, inner);
		else
			once_free(&inner->once);
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
 * walk_place_of_value: where a field's value stands; NULL for a field that the
 * catalogue does not have.
 *
 * What has another JSON type than the one whose inside is defined is nothing
 * that we know.
 */
Place
walk_place_of_value(const Field *field, JsonbRef value)
{
	if (field == NULL || field->type == FIELD_SECRET)
		return PLACE_HIDDEN;
	if (field_is_defined(field))
		return value.type == (field->type == FIELD_ARRAY ? JREF_ARRAY : JREF_OBJECT) ?
			PLACE_DEFINED : PLACE_HIDDEN;
	if (field->is_public)
		return PLACE_OPEN;
	/* a string where an object belongs may be one that was written as text */
	return field->type == FIELD_OBJECT || field->type == FIELD_JSON ?
		PLACE_INSIDE : PLACE_FIELD;
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
	Inner		inner = {.value = root, .beside = beside, .place = place,
	.field = walk->field};
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

/*
 * way_from_config: the levels from an entry's config to what is visited,
 * outermost first, palloc'd; *count of them.
 */
static const WalkLevel **
way_from_config(const Walk *walk, int *count)
{
	const WalkLevel **way;
	const WalkLevel *level;

	*count = 0;
	for (level = walk->level; level != NULL; level = level->outer)
	{
		(*count)++;
		if (level->place == PLACE_CONFIG)
			break;
	}
	way = palloc_extended(sizeof(WalkLevel *) * ((Size) *count + 1), MCXT_ALLOC_HUGE);
	level = walk->level;
	for (int i = *count; i-- > 0; level = level->outer)
		way[i] = level;
	return way;
}

/*
 * walk_is_in_config: is what is visited in an entry's config?
 */
bool
walk_is_in_config(const Walk *walk)
{
	for (const WalkLevel *level = walk->level; level != NULL; level = level->outer)
		if (level->place == PLACE_CONFIG)
			return true;
	return false;
}

/*
 * is_any: is the step at a level not told, in a path of that form?
 */
static bool
is_any(const WalkLevel *level, WalkPathForm form)
{
	if (level->is_array)
		return form != PATH_EXACT;
	return form == PATH_OF_DEFINITION && level->place != PLACE_CONFIG && level->set == NULL;
}

/*
 * walk_path: append the path of the value that is visited, from its entry's
 * config on: "credentials/api_key".
 */
void
walk_path(const Walk *walk, StringInfo out, WalkPathForm form)
{
	int			begin = out->len;
	int			count;
	const WalkLevel **way = way_from_config(walk, &count);

	for (int i = 0; i < count; i++)
	{
		if (is_any(way[i], form))
			appendStringInfoString(out, "/*");
		else if (way[i]->is_array)
			appendStringInfo(out, "/%u", way[i]->index - 1);
		else
			append_pointer_step(out, way[i]->key);
	}
	pfree(way);
	/* a path is a pointer less the first slash */
	if (out->len > begin)
	{
		memmove(out->data + begin, out->data + begin + 1, out->len - begin);
		out->len--;
	}
}

/*
 * walk_field_of_any_choice: what the value that is visited may be, where it is a
 * member of an object that does not say of which choice it is: some choice's
 * field of that name, if there is one no secret, or NULL.  In another layer the
 * object may say it.
 */
const Field *
walk_field_of_any_choice(const Walk *walk)
{
	const WalkLevel *level = walk->level;
	const Field *found = NULL;
	const FieldExtra *extra;

	if (level == NULL || level->set == NULL || level->field->extra->nchoices == 0)
		return NULL;
	extra = level->field->extra;
	if (jsonb_ref_member(level->value, extra->by.ptr, extra->by.len).type > JREF_NULL)
		return NULL;
	for (int i = 0; i < extra->nchoices; i++)
	{
		const Field *field = field_set_find(&extra->choices[i].fields,
											level->key.ptr, level->key.len);

		if (field != NULL && field->type != FIELD_SECRET)
			return field;
		if (field != NULL)
			found = field;
	}
	return found;
}
