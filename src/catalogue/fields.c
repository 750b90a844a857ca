/*-------------------------------------------------------------------------
 *
 * catalogue/fields.c
 *	  Compiling field definitions, to any depth, and finding fields.
 *
 * Reading is lenient: a definition that could not be written today (a row
 * restored with triggers disabled, say) gives a field with the rules that can
 * be understood, rather than an error in every call of everyone.  The strict
 * check is catalogue/definition.c's, on write.
 *
 * Each definition is compiled once, whatever choices it stands beside, so that
 * the time is linear in the definitions: a choice's fields lie in a set of
 * their own, behind which the object's other fields are found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/overlay.h"
#include "jsonb/build.h"
#include "jsonb/writer.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

static void compile_set(FieldSet *set, const FieldSet *outer, JsonbRef by,
						JsonbRef definitions, bool team_level, int depth);
static void compile_field(Field *field, JsonbRef definition, bool team_level,
						  int depth);

/*
 * field_set_find: the field of that name in a set or those outside of it, or
 * NULL.
 */
Field *
field_set_find(const FieldSet *set, const char *name, int len)
{
	for (; set != NULL; set = set->outer)
	{
		int			place = key_search(&set->fields->name, set->nfields,
									   sizeof(Field), name, len);

		if (place < set->nfields && jsonb_ref_is(set->fields[place].name, name, len))
			return &set->fields[place];
	}
	return NULL;
}

/*
 * field_set_by: the fields that an object of that field has where its "by" has
 * this value: those of the choice, or of none; NULL where it is free-form, or a
 * map.
 */
const FieldSet *
field_set_by(const Field *field, JsonbRef by)
{
	const FieldExtra *extra = field->extra;
	int			place;

	if (by.type != JREF_STRING)
		return extra->fields;
	place = key_search(&extra->choices->value, extra->nchoices,
					   sizeof(FieldChoice), by.ptr, by.len);
	if (place < extra->nchoices &&
		jsonb_ref_is(extra->choices[place].value, by.ptr, by.len))
		return &extra->choices[place].fields;
	return extra->fields;
}

/*
 * field_set_of: the same for an object as it lies.
 */
const FieldSet *
field_set_of(const Field *field, JsonbRef object)
{
	const FieldExtra *extra = field->extra;

	if (extra == NULL || extra->nchoices == 0)
		return extra == NULL ? NULL : extra->fields;
	return field_set_by(field, jsonb_ref_member(object, extra->by.ptr, extra->by.len));
}

/*
 * field_choice_is_open: does an object of that field leave it to others which
 * choice of its variants it is of?
 */
bool
field_choice_is_open(const Field *field, JsonbRef object)
{
	const FieldExtra *extra = field->extra;

	return extra != NULL && extra->nchoices > 0 &&
		jsonb_ref_member(object, extra->by.ptr, extra->by.len).type <= JREF_NULL;
}

/*
 * field_of_any_choice: a field of that name of any choice, a secret if it is one in
 * any; NULL where none has it.
 */
Field *
field_of_any_choice(const Field *field, JsonbRef key)
{
	Field	   *found = NULL;

	for (int i = 0; i < field->extra->nchoices; i++)
	{
		FieldSet	own = field->extra->choices[i].fields;
		Field	   *inner;

		CHECK_FOR_INTERRUPTS();
		own.outer = NULL;
		inner = field_set_find(&own, key.ptr, key.len);
		if (inner != NULL && (found == NULL || inner->type == FIELD_SECRET))
			found = inner;
		if (found != NULL && found->type == FIELD_SECRET)
			break;
	}
	return found;
}

/*
 * flag_of: a boolean of a definition, false where it is none.
 */
static bool
flag_of(JsonbRef definition, const char *key)
{
	JsonbRef	flag = jsonb_ref_member(definition, key, strlen(key));

	return flag.type == JREF_BOOL && flag.boolean;
}

/*
 * member_of: a member of a definition that has that JSON type, or JREF_NONE.
 */
static JsonbRef
member_of(JsonbRef definition, const char *key, JsonbRefType type)
{
	JsonbRef	member = jsonb_ref_member(definition, key, strlen(key));

	return member.type == type ? member : (JsonbRef) {0};
}

/*
 * compile_length: a number of characters or items, -1 where none is given.
 */
static int64
compile_length(JsonbRef number)
{
	Numeric		value;

	if (number.type != JREF_NUMERIC)
		return -1;
	value = JREF_NUMERIC_VALUE(number);
	/* beyond what any value can have, so that no cast can fail */
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, NumericGetDatum(value),
										 DirectFunctionCall1(int4_numeric, Int32GetDatum(PG_INT32_MAX)))))
		return PG_INT32_MAX;
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(value),
										 DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))))
		return -1;
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value)));
}

/*
 * extra_of: a field's extra part, made when it is first needed.
 */
static FieldExtra *
extra_of(Field *field)
{
	if (field->extra == NULL)
		field->extra = palloc0(sizeof(FieldExtra));
	return field->extra;
}

/*
 * compile_rules: the rules for a value itself that few definitions have.
 */
static void
compile_rules(Field *field, JsonbRef definition)
{
	JsonbRef	multiple_of = member_of(definition, "multiple_of", JREF_NUMERIC);
	JsonbRef	exclusive_min = member_of(definition, "exclusive_min", JREF_NUMERIC);
	JsonbRef	exclusive_max = member_of(definition, "exclusive_max", JREF_NUMERIC);
	JsonbRef	deprecated = JREF_MEMBER(definition, "deprecated");

	if (multiple_of.type != JREF_NONE || exclusive_min.type != JREF_NONE ||
		exclusive_max.type != JREF_NONE)
	{
		extra_of(field)->multiple_of = multiple_of;
		extra_of(field)->exclusive_min = exclusive_min;
		extra_of(field)->exclusive_max = exclusive_max;
	}
	if (deprecated.type == JREF_STRING ||
		(deprecated.type == JREF_BOOL && deprecated.boolean))
		extra_of(field)->deprecated = deprecated;
	if (flag_of(definition, "unique_items"))
		extra_of(field)->unique_items = true;
}

/*
 * compile_single: the definition of a map's values or an array's elements, or
 * NULL where there is none.
 */
static Field *
compile_single(JsonbRef definition, bool team_level, int depth)
{
	Field	   *field;

	if (definition.type != JREF_OBJECT)
		return NULL;
	field = palloc(sizeof(Field));
	compile_field(field, definition, team_level, depth);
	field->name = (JsonbRef) {0};
	return field;
}

/*
 * compile_keys: the pattern of a map's keys, as the field that a key would be.
 */
static Field *
compile_keys(JsonbRef pattern)
{
	JsonbBuild	build = {0};
	Field	   *field;

	if (pattern.type != JREF_STRING)
		return NULL;
	build_object(&build);
	build_key(&build, "pattern");
	build_value(&build, pattern);
	build_end(&build);
	field = palloc(sizeof(Field));
	compile_field(field, jsonb_ref_root(build_finish(&build)), false, 1);
	return field;
}

/*
 * by_definition: the definition of the field that names a choice of variants.
 */
static JsonbRef
by_definition(JsonbRef by, JsonbRef choices)
{
	JsonbBuild	build = {0};
	JsonbWalk	walk;
	JsonbRef	choice;

	build_object(&build);
	build_key(&build, "name");
	build_value(&build, by);
	build_key(&build, "required");
	build_value(&build, jsonb_ref_bool(true));
	build_key(&build, "allowed_values");
	build_array(&build);
	jsonb_walk_begin(&walk, choices);
	while (jsonb_walk_element(&walk, &choice))
	{
		JsonbRef	value = member_of(choice, "value", JREF_STRING);

		if (value.type == JREF_STRING)
			build_value(&build, value);
	}
	build_end(&build);
	build_end(&build);
	return jsonb_ref_root(build_finish(&build));
}

/*
 * compile_choices: the choices of an object's variants, in key order of their
 * values; of two with one value the first.
 */
static void
compile_choices(FieldExtra *extra, JsonbRef choices, bool team_level, int depth)
{
	JsonbMember *named = palloc(sizeof(JsonbMember) * (jsonb_ref_count(choices) + 1));
	int			nnamed = 0;
	JsonbWalk	walk;
	JsonbRef	choice;

	jsonb_walk_begin(&walk, choices);
	while (jsonb_walk_element(&walk, &choice))
	{
		named[nnamed].key = member_of(choice, "value", JREF_STRING);
		named[nnamed].value = choice;
		if (named[nnamed].key.type == JREF_STRING)
			nnamed++;
	}
	jsonb_sort_members(named, nnamed);
	extra->choices = palloc0(sizeof(FieldChoice) * (nnamed + 1));
	for (int i = 0; i < nnamed; i++)
	{
		FieldChoice *compiled = &extra->choices[extra->nchoices];

		if (i > 0 && jsonb_ref_is(named[i].key, named[i - 1].key.ptr, named[i - 1].key.len))
			continue;
		compiled->value = named[i].key;
		compile_set(&compiled->fields, extra->fields, (JsonbRef) {0},
					member_of(named[i].value, "fields", JREF_ARRAY), team_level, depth);
		extra->nchoices++;
	}
	pfree(named);
}

/*
 * compile_object: what is in an object, where its definition says so.
 */
static void
compile_object(Field *field, JsonbRef definition, int depth)
{
	JsonbRef	fields = member_of(definition, "fields", JREF_ARRAY);
	JsonbRef	variants = member_of(definition, "variants", JREF_OBJECT);
	JsonbRef	by = member_of(variants, "by", JREF_STRING);
	JsonbRef	choices = member_of(variants, "choices", JREF_ARRAY);
	JsonbRef	values = member_of(definition, "values", JREF_OBJECT);
	FieldExtra *extra;

	if (by.type == JREF_NONE || choices.type == JREF_NONE)
		by.type = choices.type = JREF_NONE;
	if (fields.type != JREF_NONE || by.type != JREF_NONE)
	{
		extra = extra_of(field);
		extra->by = by;
		if (by.type != JREF_NONE)
			by = by_definition(by, choices);
		extra->fields = palloc0(sizeof(FieldSet));
		compile_set(extra->fields, NULL, by, fields, field->team_level, depth + 1);
		if (by.type != JREF_NONE)
			compile_choices(extra, choices, field->team_level, depth + 1);
	}
	else if (values.type != JREF_NONE)
	{
		extra = extra_of(field);
		extra->values = compile_single(values, field->team_level, depth + 1);
		extra->keys = compile_keys(JREF_MEMBER(definition, "keys"));
	}
}

/*
 * inside_demands: may anything in the field's value be required?
 */
static bool
inside_demands(const FieldExtra *extra)
{
	if (extra->values != NULL && extra->values->demands)
		return true;
	if (extra->items != NULL && extra->items->demands)
		return true;
	if (extra->fields != NULL && extra->fields->ndemanding > 0)
		return true;
	for (int i = 0; i < extra->nchoices; i++)
		if (extra->choices[i].fields.ndemanding > 0)
			return true;
	return false;
}

/*
 * inside_conditions: does anything in the field's value apply only at times?
 */
static bool
inside_conditions(const FieldExtra *extra)
{
	if (extra->values != NULL && extra->values->conditions_inside)
		return true;
	if (extra->items != NULL && extra->items->conditions_inside)
		return true;
	if (extra->fields != NULL && extra->fields->conditions_inside)
		return true;
	for (int i = 0; i < extra->nchoices; i++)
		if (extra->choices[i].fields.conditions_inside)
			return true;
	return false;
}

/*
 * compile_field: what a definition says, but for what it says of its siblings.
 *
 * Deeper than definitions may nest, what is inside is free-form.
 */
static void
compile_field(Field *field, JsonbRef definition, bool team_level, int depth)
{
	JsonbRef	level = JREF_MEMBER(definition, "level");

	CHECK_FOR_INTERRUPTS();
	memset(field, 0, sizeof(*field));
	field->name = member_of(definition, "name", JREF_STRING);
	field->definition = definition;
	field->cxt = CurrentMemoryContext;
	if (!field_type_parse(JREF_MEMBER(definition, "type"), &field->type))
		field->type = FIELD_STRING;
	if (!field_format_parse(JREF_MEMBER(definition, "format"), &field->format))
		field->format = FORMAT_NONE;
	if (!field_merge_parse(JREF_MEMBER(definition, "merge"), &field->merge) ||
		(field->type == FIELD_ARRAY && field->merge == MERGE_REPLACE) ||
		(field->type != FIELD_ARRAY && field->merge > MERGE_REPLACE))
		field->merge = MERGE_BY_TYPE;
	field->required = flag_of(definition, "required");
	field->multiline = flag_of(definition, "multiline");
	field->is_public = flag_of(definition, "public");
	field->team_level = level.type == JREF_STRING ? JREF_IS(level, "team") : team_level;
	field->default_value = JREF_MEMBER(definition, "default_value");
	if (field->default_value.type == JREF_NULL || field->type == FIELD_SECRET)
		field->default_value.type = JREF_NONE;
	field->allowed_values = member_of(definition, "allowed_values", JREF_ARRAY);
	field->min = member_of(definition, "min", JREF_NUMERIC);
	field->max = member_of(definition, "max", JREF_NUMERIC);
	field->min_length = compile_length(JREF_MEMBER(definition, "min_length"));
	field->max_length = compile_length(JREF_MEMBER(definition, "max_length"));
	field->pattern = member_of(definition, "pattern", JREF_STRING);
	compile_rules(field, definition);
	if (depth < DEFINITION_DEPTH)
	{
		JsonbRef	items = JREF_MEMBER(definition, "items");

		if (field->type == FIELD_OBJECT)
			compile_object(field, definition, depth);
		else if (field->type == FIELD_ARRAY && items.type == JREF_OBJECT)
			extra_of(field)->items = compile_single(items, field->team_level, depth + 1);
	}
	field->structured = field->merge != MERGE_BY_TYPE || field_is_defined(field);
	field->demands = field->required ||
		(field->extra != NULL && inside_demands(field->extra));
	field->conditions_inside = field->extra != NULL && inside_conditions(field->extra);
}

/*
 * compile_references: the siblings that a required_with or required_unless
 * names, by their indexes.
 */
static const int *
compile_references(const FieldSet *set, JsonbRef names, int *count)
{
	JsonbWalk	walk;
	JsonbRef	name;
	int		   *references = palloc(sizeof(int) * (jsonb_ref_count(names) + 1));

	*count = 0;
	jsonb_walk_begin(&walk, names);
	while (jsonb_walk_element(&walk, &name))
	{
		Field	   *field = name.type == JREF_STRING ?
			field_set_find(set, name.ptr, name.len) : NULL;

		if (field)
			references[(*count)++] = field->index;
	}
	return references;
}

/*
 * compile_conditions: when the field applies, by the values of its siblings.
 */
static void
compile_conditions(const FieldSet *set, Field *field, JsonbRef conditions)
{
	FieldCondition *compiled = palloc(sizeof(FieldCondition) *
									  (jsonb_ref_count(conditions) + 1));
	int			count = 0;
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	values;

	jsonb_walk_begin(&walk, conditions);
	while (jsonb_walk_member(&walk, &name, &values))
	{
		const Field *sibling = field_set_find(set, name.ptr, name.len);

		if (sibling == NULL || sibling == field || values.type != JREF_ARRAY)
			continue;
		compiled[count].index = sibling->index;
		compiled[count++].values = values;
	}
	if (count == 0)
		return;
	extra_of(field)->conditions = compiled;
	field->extra->nconditions = count;
}

/*
 * compile_siblings: what a definition says of its siblings.
 */
static void
compile_siblings(const FieldSet *set, Field *field)
{
	JsonbRef	with = member_of(field->definition, "required_with", JREF_ARRAY);
	JsonbRef	unless = member_of(field->definition, "required_unless", JREF_ARRAY);
	JsonbRef	conditions = member_of(field->definition, "applies_when", JREF_OBJECT);

	if (with.type != JREF_NONE)
		extra_of(field)->required_with =
			compile_references(set, with, &extra_of(field)->nrequired_with);
	if (unless.type != JREF_NONE)
		extra_of(field)->required_unless =
			compile_references(set, unless, &extra_of(field)->nrequired_unless);
	if (conditions.type != JREF_NONE)
		compile_conditions(set, field, conditions);
	if (field->extra != NULL &&
		(field->extra->nrequired_with > 0 || field->extra->nrequired_unless > 0))
		field->demands = true;
}

/*
 * order_conditional: put the fields that have conditions after those that these
 * name, so that they can be judged one after the other (Kahn, Topological
 * sorting of large networks, 1962).  Those in a circle come last.
 */
static void
order_conditional(FieldSet *set)
{
	int		   *waits = palloc0(sizeof(int) * (set->nfields + 1));
	int		   *head = palloc(sizeof(int) * (set->nfields + 1));
	int		   *next;
	int		   *waiting;
	int			nedges = 0;
	int			ordered = 0;

	for (int i = 0; i < set->nfields; i++)
	{
		head[i] = -1;
		if (set->fields[i].extra != NULL)
			nedges += set->fields[i].extra->nconditions;
	}
	next = palloc(sizeof(int) * (nedges + 1));
	waiting = palloc(sizeof(int) * (nedges + 1));
	nedges = 0;
	set->conditional = palloc(sizeof(Field *) * (set->nfields + 1));
	for (int i = 0; i < set->nfields; i++)
	{
		const FieldExtra *extra = set->fields[i].extra;

		for (int j = 0; extra != NULL && j < extra->nconditions; j++)
		{
			int			sibling = extra->conditions[j].index - set->first;

			if (sibling < 0 || set->fields[sibling].extra == NULL ||
				set->fields[sibling].extra->nconditions == 0)
				continue;
			waiting[nedges] = i;
			next[nedges] = head[sibling];
			head[sibling] = nedges++;
			waits[i]++;
		}
		if (extra != NULL && extra->nconditions > 0)
		{
			set->nconditional++;
			if (waits[i] == 0)
				set->conditional[ordered++] = &set->fields[i];
		}
	}
	for (int i = 0; i < ordered; i++)
	{
		int			done = set->conditional[i] - set->fields;

		for (int edge = head[done]; edge >= 0; edge = next[edge])
			if (--waits[waiting[edge]] == 0)
				set->conditional[ordered++] = &set->fields[waiting[edge]];
	}
	set->ncircular = set->nconditional - ordered;
	for (int i = 0; i < set->nfields && set->ncircular > 0; i++)
		if (waits[i] > 0)
			set->conditional[ordered++] = &set->fields[i];
	pfree(waits);
	pfree(head);
	pfree(next);
	pfree(waiting);
}

/*
 * compile_set: a set of fields, by name and in the order of their definitions.
 *
 * by is the definition of a field that comes before them, or JREF_NONE.  The
 * set is zeros.
 */
static void
compile_set(FieldSet *set, const FieldSet *outer, JsonbRef by,
			JsonbRef definitions, bool team_level, int depth)
{
	uint32		count = jsonb_ref_count(definitions) + 1;
	JsonbMember *named = palloc(sizeof(JsonbMember) * (count + 1));
	JsonbMember *sorted;
	int			nnamed = 0;
	int			nordered = 0;
	bool		conditional = false;
	JsonbWalk	walk;
	JsonbRef	definition;

	set->outer = outer;
	set->first = outer != NULL ? field_set_size(outer) : 0;
	set->by = by.type != JREF_NONE;
	if (by.type != JREF_NONE)
	{
		named[nnamed].key = JREF_MEMBER(by, "name");
		named[nnamed++].value = by;
	}
	jsonb_walk_begin(&walk, definitions);
	while (jsonb_walk_element(&walk, &definition))
	{
		named[nnamed].key = member_of(definition, "name", JREF_STRING);
		named[nnamed].value = definition;
		if (named[nnamed].key.type == JREF_STRING)
			nnamed++;
	}
	sorted = palloc(sizeof(JsonbMember) * (nnamed + 1));
	memcpy(sorted, named, sizeof(JsonbMember) * nnamed);
	jsonb_sort_members(sorted, nnamed);

	set->fields = palloc(sizeof(Field) * (nnamed + 1));
	for (int i = 0; i < nnamed; i++)
	{
		if (i > 0 && jsonb_ref_is(sorted[i].key, sorted[i - 1].key.ptr, sorted[i - 1].key.len))
			continue;
		compile_field(&set->fields[set->nfields], sorted[i].value, team_level, depth);
		set->fields[set->nfields].index = set->first + set->nfields;
		set->nfields++;
	}
	pfree(sorted);

	/* A field stands at its definition's place; a second of its name does not. */
	set->ordered = palloc(sizeof(Field *) * (set->nfields + 1));
	for (int i = 0; i < nnamed; i++)
	{
		Field	   *field = field_set_find(set, named[i].key.ptr, named[i].key.len);

		if (field->definition.ptr != named[i].value.ptr)
			continue;
		set->ordered[nordered++] = field;
		compile_siblings(set, field);
		set->ndemanding += field->demands;
		set->nstructured += field->structured;
		conditional |= field->extra != NULL && field->extra->nconditions > 0;
		set->conditions_inside |= conditional || field->conditions_inside;
	}
	pfree(named);

	/* One with a default demands too: a layer may blank it. */
	set->demanding = palloc(sizeof(Field *) * (set->ndemanding + 1));
	set->structured = palloc(sizeof(Field *) * (set->nstructured + 1));
	set->ndemanding = set->nstructured = 0;
	for (int i = 0; i < set->nfields; i++)
	{
		if (set->ordered[i]->demands)
			set->demanding[set->ndemanding++] = set->ordered[i];
		if (set->ordered[i]->structured)
			set->structured[set->nstructured++] = set->ordered[i];
	}
	if (conditional)
		order_conditional(set);
	for (int i = 0; i < set->nfields; i++)
		overlay_fill(&set->fields[i]);
}

/*
 * fields_compile: the fields that an integration's definitions describe.
 *
 * What is allocated stays in the current memory context, and the definitions
 * must stay as long as the set.  set is zeros.
 */
void
fields_compile(FieldSet *set, JsonbRef definitions)
{
	JsonbRef	none = {0};

	if (definitions.type != JREF_ARRAY)
		definitions = none;
	compile_set(set, NULL, none, definitions, false, 1);
}
