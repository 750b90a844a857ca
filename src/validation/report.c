/*-------------------------------------------------------------------------
 *
 * validation/report.c
 *	  What a walk over a document reports.
 *
 * Whether a value was there before is looked up when there is something to be
 * said of it: a right document costs nothing here.
 *
 * No message shows a value of the document: what looks like a misplaced
 * channel name may well be a token.  Names do appear, and what the catalogue
 * says of a field.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "validation/report.h"

/* The codes of the rules, in the order of their bits. */
static const char *const rule_codes[] = {
	"type", "characters", "masked", "allowed_values", "pattern", "format",
	"range", "length", "multiple_of", "unique_items", "uri_password", "deprecated",
};

/*
 * compare_bytes: qsort comparator of values, by type and bytes.
 *
 * Equal values have equal bytes but for the scale of numbers.
 */
static int
compare_bytes(const void *a, const void *b)
{
	const JsonbRef *left = a;
	const JsonbRef *right = b;

	CHECK_FOR_INTERRUPTS();
	if (left->type != right->type)
		return (int) left->type - (int) right->type;
	if (left->type == JREF_NULL)
		return 0;
	if (left->type == JREF_BOOL)
		return (int) left->boolean - (int) right->boolean;
	return jsonb_key_compare(left->ptr, left->len, right->ptr, right->len);
}

/*
 * was_element: was the value an element of the array before, which lies in so
 * many arrays?  Its place says nothing: those before it may have come or gone.
 */
static bool
was_element(Validation *v, int depth, JsonbRef before, JsonbRef value)
{
	OldElements *old;

	if (before.type != JREF_ARRAY)
		return false;
	if (v->old == NULL)
		v->old = palloc0(sizeof(OldElements) * (DEFINITION_DEPTH + 1));
	old = &v->old[depth];
	if (old->array != before.ptr)
	{
		JsonbWalk	walk;

		if (old->elements != NULL)
			pfree(old->elements);
		old->elements = palloc_extended(sizeof(JsonbRef) *
										((Size) jsonb_ref_count(before) + 1),
										MCXT_ALLOC_HUGE);
		old->array = before.ptr;
		old->count = 0;
		jsonb_walk_begin(&walk, before);
		while (jsonb_walk_element(&walk, &old->elements[old->count]))
			old->count++;
		qsort(old->elements, old->count, sizeof(JsonbRef), compare_bytes);
	}
	return bsearch(&value, old->elements, old->count, sizeof(JsonbRef),
				   compare_bytes) != NULL;
}

/*
 * step: the value that a document had one step further down.
 */
static inline JsonbRef
step(JsonbRef value, JsonbRef key)
{
	return key.type == JREF_NONE ? value :
		jsonb_ref_member(value, key.ptr, key.len);
}

/*
 * has_more: has a value anything that was not there before, or was another one?
 * What was taken out of an object is nothing.
 */
static bool
has_more(JsonbRef before, JsonbRef value)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	member;

	if (before.type != JREF_OBJECT || value.type != JREF_OBJECT)
		return !jsonb_ref_equal(before, value);
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_member(&walk, &key, &member))
	{
		CHECK_FOR_INTERRUPTS();
		if (has_more(step(before, key), member))
			return true;
	}
	return false;
}

/*
 * element_of: an array's element of that index, or JREF_NONE.
 */
static JsonbRef
element_of(JsonbRef array, int index)
{
	JsonbRef	element = {0};
	JsonbWalk	walk;

	if (array.type != JREF_ARRAY || (uint32) index >= jsonb_ref_count(array))
		return element;
	jsonb_walk_begin(&walk, array);
	while (index-- >= 0)
		jsonb_walk_element(&walk, &element);
	return element;
}

/*
 * step_inside: go on to what a document had where the step leads; false where
 * it leads into an element that the array had before.
 */
static bool
step_inside(Validation *v, const InsideStep *to, JsonbRef *before, int *depth)
{
	if (to->outer != NULL && !step_inside(v, to->outer, before, depth))
		return false;
	if (to->key.type != JREF_NONE)
	{
		*before = step(*before, to->key);
		return true;
	}
	if (was_element(v, (*depth)++, *before, to->value))
		return false;
	*before = element_of(*before, to->index);
	return true;
}

/*
 * is_changed: was the value where we are added or changed by the write?
 */
static bool
is_changed(Validation *v, JsonbRef value)
{
	JsonbRef	before;
	int			depth = 0;

	if (v->is_new)
		return true;
	if (value.type == JREF_NONE)
		return false;			/* taken away, or never there */
	before = step(step(step(step(v->before, v->top), v->id), v->key), v->member);
	if (v->element >= 0)
		return !was_element(v, 0, before, value);
	if (v->step != NULL && !step_inside(v, v->step, &before, &depth))
		return false;
	return has_more(before, value);
}

/*
 * begin: there is a violation where we are, for which value is to blame
 * (JREF_NONE: that there is none).
 *
 * True where it is to be reported: the caller then writes the message and calls
 * report().
 */
static bool
begin(Validation *v, Violation *violation, JsonbRef value, bool warning)
{
	if (warning && v->callback == NULL)
		return false;
	if (!is_changed(v, value))
		return false;
	if (!warning)
		v->valid = false;
	if (v->callback == NULL)
	{
		v->ended = true;
		return false;
	}
	if (v->path.data == NULL)
	{
		initStringInfo(&v->path);
		initStringInfo(&v->message);
	}
	resetStringInfo(&v->message);
	memset(violation, 0, sizeof(*violation));
	violation->warning = warning;
	violation->value = value;
	return true;
}

/*
 * report: hand a violation out, with the path to where we are.
 */
static void
report(Validation *v, Violation *violation, const char *code, JsonbRef field)
{
	resetStringInfo(&v->path);
	if (v->top.type != JREF_NONE)
		append_pointer_step(&v->path, v->top);
	if (v->id.type != JREF_NONE)
		append_pointer_step(&v->path, v->id);
	if (v->key.type != JREF_NONE)
		append_pointer_step(&v->path, v->key);
	if (v->member.type != JREF_NONE)
		append_pointer_step(&v->path, v->member);
	if (v->element >= 0)
		appendStringInfo(&v->path, "/%d", v->element);
	append_inside_path(&v->path, v->step);

	violation->path = v->path.data;
	if (violation->integration.type == JREF_NONE)
		violation->integration = v->id;
	violation->field = field;
	violation->code = code;
	violation->message = v->message.data;
	v->callback(violation, v->arg);
}

/*
 * add_integration: append "integration "y"".
 */
static void
add_integration(Validation *v, JsonbRef id)
{
	appendStringInfoString(&v->message, "integration ");
	append_name(&v->message, id);
}

/*
 * field_here: the field where we are, by its path in the integration; palloc'd
 * where that is more than a name.
 */
static JsonbRef
field_here(Validation *v)
{
	StringInfoData path;

	if (v->step == NULL)
		return v->member;
	initStringInfo(&path);
	if (v->member.type != JREF_NONE)
		append_pointer_step(&path, v->member);
	append_inside_path(&path, v->step);
	return jsonb_ref_string(path.data + 1, path.len - 1);
}

/*
 * add_field: append "field "x" of integration "y"".
 */
static void
add_field(Validation *v, JsonbRef field)
{
	appendStringInfoString(&v->message, "field ");
	append_name(&v->message, field);
	appendStringInfoString(&v->message, " of ");
	add_integration(v, v->id);
}

/*
 * suggest: the nearest of the names, if one is near, in the message and as a
 * fact of the violation.
 */
static void
suggest(Validation *v, Violation *violation, JsonbRef wanted,
		const JsonbRef *names, int count, Size stride)
{
	violation->name = wanted;
	if (count > 0)
		violation->suggestion = suggest_nearest(wanted, names, count, stride,
												&v->suggestions);
	if (violation->suggestion.type == JREF_NONE)
		return;
	appendStringInfoString(&v->message, " (perhaps you meant ");
	append_name(&v->message, violation->suggestion);
	appendStringInfoChar(&v->message, ')');
}

/*
 * report_structure: what is where we are has the wrong JSON type.
 *
 * types are the right ones' names, and right says them in words.
 */
bool
report_structure(Validation *v, JsonbRef value, const char *types, const char *right)
{
	Violation	violation;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	if (v->top.type == JREF_NONE)
		appendStringInfoString(&v->message, "document");
	else if (v->id.type == JREF_NONE)
		append_name(&v->message, v->top);
	else
	{
		if (v->element >= 0)
			appendStringInfo(&v->message, "element %d of ", v->element);
		if (v->key.type != JREF_NONE)
		{
			append_name(&v->message, v->key);
			appendStringInfoString(&v->message, " of ");
		}
		add_integration(v, v->id);
	}
	appendStringInfo(&v->message, " must be %s, not %s", right, value_phrase(value));
	violation.expected = types;
	report(v, &violation, "structure", (JsonbRef) {0});
	return true;
}

/*
 * report_unknown_integration: the catalogue has no integration of the entry's
 * name.
 */
bool
report_unknown_integration(Validation *v, JsonbRef entry)
{
	Violation	violation;

	if (!begin(v, &violation, entry, false))
		return !v->ended;
	appendStringInfoString(&v->message, "unknown ");
	add_integration(v, v->id);
	suggest(v, &violation, v->id, &v->catalogue->integrations[0].id,
			v->catalogue->nintegrations, sizeof(Integration));
	report(v, &violation, "unknown_integration", (JsonbRef) {0});
	return true;
}

/*
 * report_bad_instance: the integration has no instances, or none of such a name.
 */
bool
report_bad_instance(Validation *v, const Integration *integration, JsonbRef entry)
{
	Violation	violation;

	if (!begin(v, &violation, entry, false))
		return !v->ended;
	if (integration->instances)
	{
		appendStringInfoString(&v->message, "unknown ");
		add_integration(v, v->id);
		appendStringInfoString(&v->message, ": an instance's name has 1 to 64 lower-case letters, digits, hyphens and underscores");
	}
	else
	{
		add_integration(v, integration->id);
		appendStringInfoString(&v->message, " has no instances, as the catalogue has it");
	}
	violation.name = v->id;
	report(v, &violation, "unknown_integration", (JsonbRef) {0});
	return true;
}

/*
 * report_unknown_field: there is no field of that name, or where we are.
 */
bool
report_unknown_field(Validation *v, const FieldSet *set, JsonbRef name, JsonbRef value)
{
	JsonbRef	enabled = jsonb_ref_string("enabled", strlen("enabled"));
	Violation	violation;
	JsonbRef	field;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	field = v->element >= 0 ? name : field_here(v);
	add_integration(v, v->id);
	appendStringInfoString(&v->message, " has no field ");
	append_name(&v->message, field);
	if (v->element >= 0)
		appendStringInfoString(&v->message, ", which its \"locked\" names");
	for (; set != NULL && violation.suggestion.type == JREF_NONE; set = set->outer)
		suggest(v, &violation, name, &set->fields[0].name, set->nfields, sizeof(Field));
	if (v->element >= 0 && violation.suggestion.type == JREF_NONE)
		suggest(v, &violation, name, &enabled, 1, sizeof(JsonbRef));
	report(v, &violation, "unknown_field", field);
	return true;
}

/*
 * report_key: a key of a map does not match the pattern of its keys.
 */
bool
report_key(Validation *v, const Field *map, JsonbRef value)
{
	Violation	violation;
	JsonbRef	field;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	field = field_here(v);
	add_field(v, field);
	appendStringInfoString(&v->message, " breaks rule \"pattern\": its key ");
	field_rule_describe(&v->message, map->extra->keys, RULE_PATTERN, value);
	violation.definition = map->extra->keys;
	violation.rule = RULE_PATTERN;
	report(v, &violation, "pattern", field);
	return true;
}

/*
 * report_inapplicable: a value is given where the field does not apply.
 */
bool
report_inapplicable(Validation *v, const FieldSet *set, const Field *field, JsonbRef value)
{
	Violation	violation;
	JsonbRef	here;

	if (!begin(v, &violation, value, true))
		return !v->ended;
	here = field_here(v);
	add_field(v, here);
	appendStringInfoString(&v->message, " does not apply: it has a meaning only with other values of ");
	for (int i = 0; i < field->extra->nconditions; i++)
	{
		if (i > 0)
			appendStringInfoString(&v->message, ", ");
		append_name(&v->message, field_at(set, field->extra->conditions[i].index)->name);
	}
	violation.applies_when = JREF_MEMBER(field->definition, "applies_when");
	report(v, &violation, "not_applicable", here);
	return true;
}

/*
 * report_unknown_key: an entry has no such key; known are those that one
 * writes.
 */
bool
report_unknown_key(Validation *v, const Integration *integration,
				   const JsonbRef *known, int nknown, JsonbRef value)
{
	Violation	violation;
	JsonbRef	field = {0};

	if (!begin(v, &violation, value, false))
		return !v->ended;
	if (integration_field(integration, v->key.ptr, v->key.len) != NULL)
	{
		field = v->key;
		add_field(v, field);
		appendStringInfoString(&v->message,
							   " belongs inside \"config\", not beside it");
		violation.name = v->key;
		violation.belongs_in = "config";
	}
	else
	{
		add_integration(v, v->id);
		appendStringInfoString(&v->message, " has an unknown key ");
		append_name(&v->message, v->key);
		suggest(v, &violation, v->key, known, nknown, sizeof(JsonbRef));
	}
	report(v, &violation, "unknown_key", field);
	return true;
}

/*
 * report_misplaced: the top-level key stands in the wrong place; meant is what
 * top_level_meant says.
 */
bool
report_misplaced(Validation *v, JsonbRef meant, JsonbRef value)
{
	Violation	violation;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	violation.name = v->top;
	if (jsonb_ref_equal(meant, v->top))
	{
		violation.integration = meant;
		violation.belongs_in = "integrations";
		add_integration(v, meant);
		appendStringInfoString(&v->message,
							   " belongs inside \"integrations\", not beside it");
	}
	else
	{
		violation.suggestion = meant;
		appendStringInfoString(&v->message, "unknown key ");
		append_name(&v->message, v->top);
		appendStringInfoString(&v->message, " (perhaps you meant ");
		append_name(&v->message, meant);
		appendStringInfoChar(&v->message, ')');
	}
	report(v, &violation, "unknown_key", (JsonbRef) {0});
	return true;
}

/*
 * report_masked: what is no field's value has the mask where the password of a
 * URI belongs.
 */
bool
report_masked(Validation *v, JsonbRef value)
{
	Violation	violation;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	append_name(&v->message, v->key.type != JREF_NONE ? v->key : v->top);
	if (v->id.type != JREF_NONE)
	{
		appendStringInfoString(&v->message, " of ");
		add_integration(v, v->id);
	}
	appendStringInfoString(&v->message,
						   " breaks rule \"masked\": it holds the mask in place of the password of a URI");
	report(v, &violation, "masked", (JsonbRef) {0});
	return true;
}

/*
 * report_rule: the value breaks a rule of its field.
 */
bool
report_rule(Validation *v, const Field *field, FieldRule rule, JsonbRef value)
{
	Violation	violation;
	bool		warning = (rule & FIELD_RULE_WARNINGS) != 0;
	const char *code = rule_codes[pg_rightmost_one_pos32(rule)];
	JsonbRef	here;

	if (!begin(v, &violation, value, warning))
		return !v->ended;
	here = field_here(v);
	add_field(v, here);
	if (warning)
		appendStringInfoChar(&v->message, ' ');
	else
		appendStringInfo(&v->message, " breaks rule \"%s\": it ", code);
	field_rule_describe(&v->message, field, rule, value);
	violation.definition = field;
	violation.rule = rule;
	report(v, &violation, code, here);
	return true;
}

/*
 * add_locked: append what is locked: a field, a key of the entry, or all of it.
 */
static void
add_locked(Validation *v, JsonbRef field)
{
	if (field.type != JREF_NONE)
		add_field(v, field);
	else
	{
		if (v->key.type != JREF_NONE)
		{
			append_name(&v->message, v->key);
			appendStringInfoString(&v->message, " of ");
		}
		add_integration(v, v->id);
	}
	appendStringInfoString(&v->message, " breaks rule \"locked\": it ");
}

/*
 * report_catalogue_lock: the catalogue locks the integration, and this is the
 * document of a node below the organisation.
 */
bool
report_catalogue_lock(Validation *v, JsonbRef field, JsonbRef value)
{
	Violation	violation;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	violation.locked = true;
	violation.level = v->level == LEVEL_UNIT ? "unit" : "team";
	add_locked(v, field);
	appendStringInfo(&v->message,
					 "can't be set at level \"%s\", as the catalogue locks the integration",
					 violation.level);
	report(v, &violation, "locked", field);
	return true;
}

/*
 * report_layer_lock: a layer above has locked what is where we are.
 */
bool
report_layer_lock(Validation *v, JsonbRef by, JsonbRef value)
{
	Violation	violation;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	violation.locked = true;
	violation.locked_by = by;
	add_locked(v, v->member);
	appendStringInfoString(&v->message, "is locked by node ");
	append_name(&v->message, by);
	report(v, &violation, "locked", v->member);
	return true;
}

/*
 * report_required: a required field has no value.
 *
 * present has a flag a field of the set for those that have one.
 */
bool
report_required(Validation *v, const FieldSet *set, const Field *field,
				const bool *present, JsonbRef value)
{
	const FieldExtra *extra = field->extra;
	Violation	violation;
	JsonbRef	here;

	if (!begin(v, &violation, value, false))
		return !v->ended;
	here = field_here(v);
	add_field(v, here);
	appendStringInfoString(&v->message,
						   " breaks rule \"required\": it must have a value");
	violation.definition = field;
	violation.required_in = set;
	for (int i = 0; !field->required && i < extra->nrequired_with; i++)
		if (present[extra->required_with[i]])
		{
			violation.required_with = field_at(set, extra->required_with[i])->name;
			appendStringInfoString(&v->message, ", as field ");
			append_name(&v->message, violation.required_with);
			appendStringInfoString(&v->message, " has one");
			break;
		}
	if (!field->required && violation.required_with.type == JREF_NONE)
	{
		appendStringInfoString(&v->message, ", unless one of these fields has one: ");
		for (int i = 0; i < extra->nrequired_unless; i++)
		{
			if (i > 0)
				appendStringInfoString(&v->message, ", ");
			append_name(&v->message, field_at(set, extra->required_unless[i])->name);
		}
	}
	report(v, &violation, "required", here);
	return true;
}
