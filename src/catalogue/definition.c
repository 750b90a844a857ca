/*-------------------------------------------------------------------------
 *
 * catalogue/definition.c
 *	  The strict check of an integration's field definitions.
 *
 * Everything behind it (the compiled catalogue, the merge, validation) relies
 * on what is checked here, and a rule that is silently dropped for a typo is
 * worse than an error.  So each definition must have a known shape, at every
 * depth.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/definition_check.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#define PATH_SHOWN 1000

/*
 * refuse: refuse the definitions, for what is at the place where we are.
 *
 * detail says what is wrong (a sentence), hint what would be right.
 */
void
refuse(const DefinitionCheck *check, const char *hint, const char *detail)
{
	StringInfoData path;
	StringInfoData id;

	initStringInfo(&path);
	append_escaped(&path, check->path.data, check->path.len, PATH_SHOWN);
	if (check->key.type != JREF_NONE)
	{
		StringInfoData step;

		initStringInfo(&step);
		append_pointer_step(&step, check->key);
		append_escaped(&path, step.data, step.len, FIELD_NAME_LIMIT + 1);
	}
	if (check->element >= 0)
		appendStringInfo(&path, "/%d", check->element);
	if (check->refusal != NULL)
		check->refusal(check->refusal_arg, path.data, detail, hint);
	initStringInfo(&id);
	if (check->integration_id.type == JREF_STRING)
		append_name(&id, check->integration_id);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 id.len > 0 ?
			 errmsg("invalid field definition at %s of integration %s",
					path.data, id.data) :
			 errmsg("invalid field definition at %s", path.data),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint),
			 check->catalogue != NULL ?
			 errtablecolname(check->catalogue, "fields") : 0));
}

/*
 * refuse_number: refuse more of something than there may be.
 */
void
refuse_number(uint32 count, const char *what, uint32 limit)
{
	if (count > limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the definitions of an integration's fields can have at most %u %s",
						limit, what),
				 errdetail("These have %u.", count)));
}

/*
 * refuse_wrong_type: refuse a value for its JSON type.
 */
void
refuse_wrong_type(const DefinitionCheck *check, JsonbRef value,
				  const char *subject, const char *right)
{
	refuse(check, psprintf("Write %s.", right),
		   psprintf("%s must be %s, not %s.", subject, right, value_phrase(value)));
}

/*
 * quoted: a name for a message.
 */
char *
quoted(JsonbRef name)
{
	StringInfoData out;

	initStringInfo(&out);
	append_name(&out, name);
	return out.data;
}

/*
 * suggestion: a hint with the nearest name, and otherwise the one given.
 */
const char *
suggestion(JsonbRef wanted, const JsonbRef *names, int count, Size stride,
		   const char *otherwise)
{
	JsonbRef	nearest = suggest_nearest(wanted, names, count, stride, NULL);

	if (nearest.type == JREF_NONE)
		return otherwise;
	return psprintf("Perhaps you meant %s. %s", quoted(nearest), otherwise);
}

/*
 * path_step, path_step_index: go a step further down.  They return what
 * path_back takes to come back.
 */
int
path_step(DefinitionCheck *check, const char *step)
{
	int			length = check->path.len;

	appendStringInfo(&check->path, "/%s", step);
	return length;
}

int
path_step_index(DefinitionCheck *check, int index)
{
	int			length = check->path.len;

	appendStringInfo(&check->path, "/%d", index);
	return length;
}

void
path_back(DefinitionCheck *check, int length)
{
	check->path.len = length;
	check->path.data[length] = '\0';
}

/*
 * check_definition: one definition, at the path; the check's field, key and
 * element become those of what is outside again.
 */
static void
check_definition(DefinitionCheck *check, JsonbRef definition, DefinitionKind kind,
				 const NameScope *scope)
{
	DefinitionCheck outer = *check;
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	value;

	CHECK_FOR_INTERRUPTS();
	refuse_number(++check->nfields, "fields", DEFINITIONS_FIELDS);
	check->key = none;
	check->element = -1;
	check->kind = kind;
	check->definition = definition;
	check->scope = scope;
	check->depth = outer.depth + 1;
	if (definition.type != JREF_OBJECT)
		refuse_wrong_type(check, definition, "A field definition", "an object");
	if (check->depth > DEFINITION_DEPTH)
		refuse(check, "Take a level out, or leave what is deeper free-form.",
			   psprintf("Definitions nest at most %d deep.", DEFINITION_DEPTH));
	memset(&check->field, 0, sizeof(check->field));
	check->field.min_length = -1;
	check->field.max_length = -1;
	check->field.cxt = CurrentMemoryContext;
	if (kind == OF_FIELD)
		check->field.name = JREF_MEMBER(definition, "name");

	check_type(check, JREF_MEMBER(definition, "type"));
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &check->key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		check->element = -1;
		check_key(check, value);
	}
	outer.nfields = check->nfields;
	outer.path = check->path;
	*check = outer;
}

/*
 * check_names: the names of the definitions in a list, which references are
 * checked against; so they come first.  by is another name in the scope, or
 * JREF_NONE.
 */
static void
check_names(DefinitionCheck *check, JsonbRef definitions, JsonbRef by, NameScope *scope)
{
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	definition;
	int			duplicate;
	int			earlier;
	int			index = 0;

	scope->names = palloc(sizeof(SortedRef) * ((Size) jsonb_ref_count(definitions) + 1));
	jsonb_walk_begin(&walk, definitions);
	for (; jsonb_walk_element(&walk, &definition); index++)
	{
		int			back = path_step_index(check, index);

		CHECK_FOR_INTERRUPTS();
		check->key = none;
		if (definition.type != JREF_OBJECT)
			refuse_wrong_type(check, definition, "A field definition", "an object");
		check_name(check, JREF_MEMBER(definition, "name"));
		check->key = none;
		path_back(check, back);
		scope->names[index].value = check->field.name;
		scope->names[index].index = index;
		for (const NameScope *outer = scope->outer; outer != NULL; outer = outer->outer)
			if (sorted_refs_have(outer->names, outer->nnames, check->field.name))
			{
				path_step_index(check, index);
				check->key = jsonb_ref_string("name", 4);
				refuse(check, "Give the field of the choice another name.",
					   psprintf("The object has a field %s in each of its choices already.",
								quoted(check->field.name)));
			}
	}
	scope->nnames = index;
	if (by.type == JREF_STRING)
		scope->names[scope->nnames++] = (SortedRef) {by, index};
	duplicate = sort_refs(scope->names, scope->nnames, &earlier);
	if (duplicate >= 0)
	{
		bool		is_by = duplicate == index;
		const char *prefix;

		for (int i = 0; i < scope->nnames; i++)
			if (scope->names[i].index == duplicate)
				check->field.name = scope->names[i].value;
		if (is_by)
			duplicate = earlier;
		prefix = pstrdup(check->path.data);
		path_step_index(check, duplicate);
		check->key = jsonb_ref_string("name", 4);
		refuse(check, is_by ?
			   "Leave the field out: \"variants\" defines it." :
			   "Give each field of an integration a name of its own.",
			   is_by ?
			   psprintf("Field %s tells the choices of \"variants\" apart.",
						quoted(check->field.name)) :
			   psprintf("Field %s is defined at %s/%d already.",
						quoted(check->field.name), prefix, earlier));
	}
}

/*
 * check_list: definitions of the fields of one object, at the path.
 *
 * outer has the fields that the object has beside them, by the name of a field
 * that tells its choices apart, or JREF_NONE.  Returns their scope, for the
 * fields of the choices.
 */
const NameScope *
check_list(DefinitionCheck *check, JsonbRef definitions, const NameScope *outer,
		   JsonbRef by)
{
	NameScope  *scope = palloc(sizeof(NameScope));
	JsonbRef	name = check->field.name;
	JsonbWalk	walk;
	JsonbRef	definition;
	int			index = 0;
	MemoryContext per_field = NULL;
	MemoryContext old = CurrentMemoryContext;

	scope->outer = outer;
	check_names(check, definitions, by, scope);
	check->field.name = name;
	if (check->depth == 0)
		per_field = AllocSetContextCreate(CurrentMemoryContext,
										  "integration_schemas definition",
										  ALLOCSET_DEFAULT_SIZES);
	jsonb_walk_begin(&walk, definitions);
	for (; jsonb_walk_element(&walk, &definition); index++)
	{
		int			back = path_step_index(check, index);

		if (per_field != NULL)
			MemoryContextSwitchTo(per_field);
		check_definition(check, definition, OF_FIELD, scope);
		MemoryContextSwitchTo(old);
		if (per_field != NULL)
			MemoryContextReset(per_field);
		path_back(check, back);
	}
	return scope;
}

/*
 * check_single: the definition of an array's elements or a map's values, at the
 * path.
 */
void
check_single(DefinitionCheck *check, JsonbRef definition, DefinitionKind kind)
{
	check_definition(check, definition, kind, NULL);
}

/*
 * check_all: all definitions.  What is allocated is freed on return.
 */
static void
check_all(DefinitionCheck *check)
{
	JsonbRef	none = {0};
	MemoryContext cxt;
	MemoryContext old;

	check->element = -1;
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"integration_schemas definitions",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	initStringInfo(&check->path);
	appendStringInfoString(&check->path, "/fields");
	if (check->fields.type != JREF_ARRAY)
		refuse_wrong_type(check, check->fields, "\"fields\"", "an array of field definitions");
	refuse_number(check->fields.len, "bytes", DEFINITIONS_SIZE);
	refuse_number(jsonb_ref_count(check->fields), "fields", DEFINITIONS_FIELDS);
	(void) check_list(check, check->fields, NULL, none);
	check_tree(check);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/*
 * definition_check: refuse field definitions that break a rule of the
 * vocabulary, with 23514, and too many of them, with 54000.
 *
 * catalogue is the table that the row is for, and may be NULL, as
 * integration_id may be JREF_NONE.
 */
void
definition_check(Relation catalogue, JsonbRef integration_id, JsonbRef fields)
{
	DefinitionCheck check = {0};

	check.catalogue = catalogue;
	check.integration_id = integration_id;
	check.fields = fields;
	check_all(&check);
}

/*
 * definition_check_with: the same check, with the caller's error for a rule
 * that is broken.
 */
void
definition_check_with(JsonbRef fields, DefinitionRefusal refusal, void *arg)
{
	DefinitionCheck check = {0};

	check.fields = fields;
	check.refusal = refusal;
	check.refusal_arg = arg;
	check_all(&check);
}
