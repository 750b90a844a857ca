/*-------------------------------------------------------------------------
 *
 * secrets/keep.c
 *	  An older document with the secrets of today.
 *
 * A rollback is about settings.  The secrets of that time have been replaced
 * since, or taken away because somebody knows them, and must not come back with
 * it.  So at each place that the definitions say is a secret's stands what the
 * document of today has there, be it nothing.  As far as the older document goes:
 * an integration, an object or an array's element that it has not takes its
 * secrets along.
 *
 * An array's element has the secrets of one of today that is otherwise the same,
 * wherever that stands; one that is not there any more has none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/walk.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "secrets/keep.h"
#include "secrets/unmask.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* What stands at a member of an object. */
typedef enum KeptKind
{
	KEPT_VALUE,					/* a field's, or what nobody defines */
	KEPT_INTEGRATIONS,
	KEPT_ENTRY,
	KEPT_CONFIG
} KeptKind;

/* A member of an object that is written. */
typedef struct KeptMember
{
	KeptKind	kind;
	JsonbRef	key;
	JsonbRef	old;			/* or of a secret what it is today */
	JsonbRef	now;			/* JREF_NONE: nothing */
	const Field *field;			/* NULL: to be written as it is */
	const Integration *integration; /* of an entry and its config */
} KeptMember;

/* The definitions of an object's members. */
typedef struct MemberFields
{
	const Field *field;			/* the object's; NULL for an entry's config */
	const FieldSet *set;
	bool		open;			/* it names no choice: any may be meant */
	bool		switched;		/* today's names another one */
} MemberFields;

/* Elements of today that are otherwise the same, by the hash of what they are. */
typedef struct SameElements
{
	uint64		hash;
	int			first;			/* -1: all are taken */
	int			last;
} SameElements;

/* An array's elements of today. */
typedef struct TodaysElements
{
	HTAB	   *by_hash;
	JsonbRef   *elements;
	Jsonb	  **otherwise;		/* each without its secrets */
	int		   *next;			/* of the same hash; -1: none */
} TodaysElements;

static void write_kept(JsonbWriter *writer, JsonbFrame *frame, const Field *field,
					   JsonbRef old, JsonbRef now);
static void write_member(JsonbWriter *writer, JsonbFrame *frame, const Catalogue *catalogue,
						 const KeptMember *member);

/*
 * is_all_secret: is a field's value a secret, or an array or a map of nothing
 * else?
 */
static bool
is_all_secret(const Field *field)
{
	while (field != NULL && field->type != FIELD_SECRET)
	{
		const FieldExtra *extra = field->extra;

		if (extra == NULL || extra->fields != NULL)
			return false;
		field = extra->items != NULL ? extra->items : extra->values;
	}
	return field != NULL;
}

/*
 * member_field: the definition of a member, NULL for none.
 */
static const Field *
member_field(const MemberFields *fields, JsonbRef key)
{
	if (fields->field == NULL)
		return field_set_find(fields->set, key.ptr, key.len);
	return field_meant(fields->field, fields->set, fields->open, key);
}

/*
 * is_same_place: is what the object of today has at a key at the same place?
 */
static bool
is_same_place(const MemberFields *fields, JsonbRef key)
{
	return !fields->switched ||
		field_set_find(fields->field->extra->fields, key.ptr, key.len) != NULL;
}

/*
 * write_members: an object of those members, which are in key order.
 */
static void
write_members(JsonbWriter *writer, JsonbFrame *outer, const Catalogue *catalogue,
			  const KeptMember *members, int count)
{
	JsonbFrame	object;

	jsonb_write_object(writer, outer, &object, count);
	for (int i = 0; i < count; i++)
		jsonb_write_key(writer, &object, members[i].key.ptr, members[i].key.len);
	for (int i = 0; i < count; i++)
		write_member(writer, &object, catalogue, &members[i]);
	jsonb_write_end(writer, &object);
}

/*
 * write_object: an object whose members are defined; now may be anything.
 *
 * Both have their members in key order.
 */
static void
write_object(JsonbWriter *writer, JsonbFrame *outer, const MemberFields *fields,
			 JsonbRef old, JsonbRef now)
{
	Size		most = (Size) jsonb_ref_count(old) + jsonb_ref_count(now);
	KeptMember *members = palloc_extended(sizeof(KeptMember) * (most + 1), MCXT_ALLOC_HUGE);
	int			count = 0;
	JsonbWalk	old_walk;
	JsonbWalk	now_walk;
	JsonbRef	old_key;
	JsonbRef	now_key;
	JsonbRef	old_value;
	JsonbRef	now_value;
	bool		old_more;
	bool		now_more;

	if (now.type != JREF_OBJECT)
		now.type = JREF_NONE;
	jsonb_walk_begin(&old_walk, old);
	jsonb_walk_begin(&now_walk, now);
	old_more = jsonb_walk_member(&old_walk, &old_key, &old_value);
	now_more = now.type != JREF_NONE && jsonb_walk_member(&now_walk, &now_key, &now_value);
	while (old_more || now_more)
	{
		KeptMember *member = &members[count];
		int			order = !now_more ? -1 : !old_more ? 1 :
			jsonb_key_compare(old_key.ptr, old_key.len, now_key.ptr, now_key.len);

		CHECK_FOR_INTERRUPTS();
		member->kind = KEPT_VALUE;
		member->key = order <= 0 ? old_key : now_key;
		member->old = order <= 0 ? old_value : (JsonbRef) {0};
		member->now = order >= 0 && is_same_place(fields, member->key) ? now_value : (JsonbRef) {0};
		member->field = member_field(fields, member->key);
		if (is_all_secret(member->field))
		{
			/* as it is today, whatever it was */
			member->old = member->now;
			member->field = NULL;
		}
		if (member->old.type != JREF_NONE)
			count++;
		if (order <= 0)
			old_more = jsonb_walk_member(&old_walk, &old_key, &old_value);
		if (order >= 0)
			now_more = jsonb_walk_member(&now_walk, &now_key, &now_value);
	}
	write_members(writer, outer, NULL, members, count);
	pfree(members);
}

/*
 * without_secrets: an array's element without its secrets, palloc'd.
 */
static Jsonb *
without_secrets(const Field *items, JsonbRef element)
{
	JsonbWriter writer;
	JsonbFrame	array;
	JsonbRef	none = {0};

	jsonb_write_begin(&writer, VARHDRSZ + element.len + 64);
	jsonb_write_array(&writer, NULL, &array, 1);
	write_kept(&writer, &array, items, element, none);
	jsonb_write_end(&writer, &array);
	return jsonb_write_finish(&writer);
}

/*
 * hash_of: the hash of an element without its secrets.
 */
static uint64
hash_of(const Jsonb *otherwise)
{
	return hash_bytes_extended((const unsigned char *) VARDATA(otherwise),
							   VARSIZE(otherwise) - VARHDRSZ, 0);
}

/*
 * todays_elements: an array's elements of today, to be found by what they are
 * but for their secrets.
 */
static void
todays_elements(TodaysElements *today, const Field *items, JsonbRef now)
{
	Size		count = jsonb_ref_count(now);
	HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(SameElements),
	.hcxt = CurrentMemoryContext};
	JsonbWalk	walk;
	JsonbRef	element;
	int			i = 0;

	today->by_hash = hash_create("elements of today", Max(count, 1), &ctl,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	today->elements = palloc_extended(sizeof(JsonbRef) * (count + 1), MCXT_ALLOC_HUGE);
	today->otherwise = palloc_extended(sizeof(Jsonb *) * (count + 1), MCXT_ALLOC_HUGE);
	today->next = palloc_extended(sizeof(int) * (count + 1), MCXT_ALLOC_HUGE);
	jsonb_walk_begin(&walk, now);
	while (jsonb_walk_element(&walk, &element))
	{
		SameElements *same;
		bool		found;
		uint64		hash;

		CHECK_FOR_INTERRUPTS();
		today->elements[i] = element;
		today->otherwise[i] = without_secrets(items, element);
		today->next[i] = -1;
		hash = hash_of(today->otherwise[i]);
		same = hash_search(today->by_hash, &hash, HASH_ENTER, &found);
		if (found)
			today->next[same->last] = i;
		else
			same->first = i;
		same->last = i++;
	}
}

/*
 * take_same: an element of today that is otherwise the same as that one, which
 * no other one gets then; JREF_NONE where there is none.
 */
static JsonbRef
take_same(TodaysElements *today, const Field *items, JsonbRef element)
{
	Jsonb	   *otherwise = without_secrets(items, element);
	uint64		hash = hash_of(otherwise);
	SameElements *same = hash_search(today->by_hash, &hash, HASH_FIND, NULL);
	JsonbRef	found = {0};

	if (same != NULL && same->first >= 0 &&
		VARSIZE(today->otherwise[same->first]) == VARSIZE(otherwise) &&
		memcmp(today->otherwise[same->first], otherwise, VARSIZE(otherwise)) == 0)
	{
		found = today->elements[same->first];
		same->first = today->next[same->first];
	}
	pfree(otherwise);
	return found;
}

/*
 * write_array: an array whose elements are defined; now may be anything.
 */
static void
write_array(JsonbWriter *writer, JsonbFrame *outer, const Field *items, JsonbRef old,
			JsonbRef now)
{
	bool		match = now.type == JREF_ARRAY;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt = NULL;
	TodaysElements today;
	JsonbFrame	array;
	JsonbWalk	walk;
	JsonbRef	element;

	if (match)
	{
		cxt = AllocSetContextCreate(caller, "elements of today", ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(cxt);
		todays_elements(&today, items, now);
		MemoryContextSwitchTo(caller);
	}
	jsonb_write_array(writer, outer, &array, jsonb_ref_count(old));
	jsonb_walk_begin(&walk, old);
	while (jsonb_walk_element(&walk, &element))
	{
		JsonbRef	same = {0};

		CHECK_FOR_INTERRUPTS();
		if (match)
			same = take_same(&today, items, element);
		write_kept(writer, &array, items, element, same);
	}
	jsonb_write_end(writer, &array);
	if (match)
		MemoryContextDelete(cxt);
}

/*
 * write_string: a string, in which the passwords of URIs are those of today.
 */
static void
write_string(JsonbWriter *writer, JsonbFrame *frame, JsonbRef old, JsonbRef now)
{
	JsonbRef	kept = now.type == JREF_STRING ? unmask_keep_passwords(old, now) : old;

	jsonb_write_value(writer, frame, kept);
	if (kept.ptr != old.ptr && kept.ptr != now.ptr)
		pfree(unconstify(char *, kept.ptr));
}

/*
 * write_kept: a value of the older document that is no secret itself, as the
 * frame's next; field is its definition, NULL for none.  now is what stands there
 * today.  Definitions nest to a limited depth.
 */
static void
write_kept(JsonbWriter *writer, JsonbFrame *frame, const Field *field, JsonbRef old,
		   JsonbRef now)
{
	Place		place = walk_place_of_value(field, old);

	if (field != NULL && place == PLACE_DEFINED && old.type == JREF_ARRAY)
		write_array(writer, frame, field->extra->items, old, now);
	else if (field != NULL && place == PLACE_DEFINED)
	{
		const FieldExtra *extra = field->extra;
		MemberFields fields = {.field = field,.set = field_set_of(field, old)};

		fields.open = field_choice_is_open(field, old);
		fields.switched = extra->nchoices > 0 && now.type == JREF_OBJECT &&
			!jsonb_ref_equal(jsonb_ref_member(old, extra->by.ptr, extra->by.len),
							 jsonb_ref_member(now, extra->by.ptr, extra->by.len));
		write_object(writer, frame, &fields, old, now);
	}
	else if (field != NULL && old.type == JREF_STRING && place != PLACE_HIDDEN)
		write_string(writer, frame, old, now);
	else
		jsonb_write_value(writer, frame, old);
}

/*
 * holds_secret: has a config a value in a place that the definitions say is a
 * secret's, outside of other values?
 */
static bool
holds_secret(const FieldSet *set, JsonbRef config)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (config.type != JREF_OBJECT)
		return false;
	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &key, &value))
		if (is_all_secret(field_set_find(set, key.ptr, key.len)))
			return true;
	return false;
}

/*
 * outer_kind: what stands at a member of an object that is no field's value.
 */
static KeptKind
outer_kind(KeptKind outer, JsonbRef key, JsonbRef value)
{
	if (value.type != JREF_OBJECT)
		return KEPT_VALUE;
	if (outer == KEPT_INTEGRATIONS)
		return KEPT_ENTRY;
	return JREF_IS(key, "config") ? KEPT_CONFIG : KEPT_VALUE;
}

/*
 * write_outer: the integrations of a document, or an entry of one of them, member
 * by member.  An entry without a config is one with an empty one.
 */
static void
write_outer(JsonbWriter *writer, JsonbFrame *outer, const Catalogue *catalogue,
			const KeptMember *of)
{
	Size		most = (Size) jsonb_ref_count(of->old) + 1;
	JsonbMember *plain = palloc_extended(sizeof(JsonbMember) * most, MCXT_ALLOC_HUGE);
	KeptMember *members = palloc_extended(sizeof(KeptMember) * most, MCXT_ALLOC_HUGE);
	int			count = 0;
	JsonbWalk	walk;

	jsonb_walk_begin(&walk, of->old);
	while (jsonb_walk_member(&walk, &plain[count].key, &plain[count].value))
		count++;
	if (of->kind == KEPT_ENTRY && JREF_MEMBER(of->old, "config").type == JREF_NONE &&
		holds_secret(&of->integration->config, JREF_MEMBER(of->now, "config")))
	{
		plain[count].key = jsonb_ref_string("config", 6);
		plain[count++].value = jsonb_empty_object;
		jsonb_sort_members(plain, count);
	}
	for (int i = 0; i < count; i++)
	{
		KeptMember *member = &members[i];
		JsonbRef	instance;

		CHECK_FOR_INTERRUPTS();
		*member = (KeptMember) {.key = plain[i].key,.old = plain[i].value};
		member->kind = outer_kind(of->kind, member->key, member->old);
		member->integration = of->integration;
		if (member->kind == KEPT_ENTRY)
			member->integration = catalogue_entry(catalogue, member->key.ptr, member->key.len,
												  &instance);
		if (member->kind != KEPT_VALUE && member->integration == NULL)
			member->kind = KEPT_VALUE;
		member->now = jsonb_ref_member(of->now, member->key.ptr, member->key.len);
	}
	write_members(writer, outer, catalogue, members, count);
	pfree(members);
	pfree(plain);
}

/*
 * write_member: a member of any object, as the frame's next.
 */
static void
write_member(JsonbWriter *writer, JsonbFrame *frame, const Catalogue *catalogue,
			 const KeptMember *member)
{
	MemberFields fields = {0};

	switch (member->kind)
	{
		case KEPT_VALUE:
			write_kept(writer, frame, member->field, member->old, member->now);
			break;
		case KEPT_INTEGRATIONS:
		case KEPT_ENTRY:
			write_outer(writer, frame, catalogue, member);
			break;
		case KEPT_CONFIG:
			fields.set = &member->integration->config;
			write_object(writer, frame, &fields, member->old, member->now);
			break;
	}
}

/*
 * keep_secrets: an older document of a node with the secrets that its document
 * has now; palloc'd.
 *
 * A secret is what the definitions say is one, and the password of a URI that is
 * the same otherwise.  What the catalogue does not know stays as it was.
 */
Jsonb *
keep_secrets(const Catalogue *catalogue, JsonbRef old, JsonbRef now)
{
	JsonbWriter writer;
	JsonbFrame	document;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_write_begin(&writer, VARHDRSZ + old.len + 64);
	jsonb_write_object(&writer, NULL, &document, jsonb_ref_count(old));
	jsonb_write_keys_of(&writer, &document, old);
	jsonb_walk_begin(&walk, old);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		KeptMember	member = {.key = key,.old = value};

		member.now = jsonb_ref_member(now, key.ptr, key.len);
		if (JREF_IS(key, "integrations") && value.type == JREF_OBJECT)
			member.kind = KEPT_INTEGRATIONS;
		write_member(&writer, &document, catalogue, &member);
	}
	jsonb_write_end(&writer, &document);
	return jsonb_write_finish(&writer);
}
