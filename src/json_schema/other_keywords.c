/*-------------------------------------------------------------------------
 *
 * json_schema/other_keywords.c
 *	  Keywords that a property is not read by: those that nothing in a field's
 *	  definition is like, and those that say nothing about values of its type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json_schema/import.h"

/* The standard's keywords that field definitions cannot express. */
typedef enum Harmless
{
	HARMLESS_NEVER,
	HARMLESS_OPEN,				/* where it is the schema true, or {} */
	HARMLESS_EMPTY,				/* where it is [] or {} */
	HARMLESS_FALSE
} Harmless;

#define HINT_FLATTEN "Give the object's members as fields of their own, or leave the object without rules for them."
#define HINT_ITEMS "A field of type array has rules for its length only; take the others out."

static const struct
{
	const char *name;
	Harmless	harmless;
	int			speaks_of;		/* FieldTypes */
	const char *hint;			/* NULL for "take it out" */
}			refused_keywords[] = {
	{"oneOf", HARMLESS_NEVER, OF_ALL, HINT_ONE_FORM},
	{"anyOf", HARMLESS_NEVER, OF_ALL, HINT_ONE_FORM},
	{"allOf", HARMLESS_EMPTY, OF_ALL, "Merge its schemas into one."},
	{"not", HARMLESS_NEVER, OF_ALL, NULL},
	{"if", HARMLESS_NEVER, OF_ALL, NULL},
	{"then", HARMLESS_NEVER, OF_ALL, NULL},
	{"else", HARMLESS_NEVER, OF_ALL, NULL},
	{"enum", HARMLESS_NEVER, OF_ALL, NULL},
	{"const", HARMLESS_NEVER, OF_ALL, NULL},
	{"extends", HARMLESS_NEVER, OF_ALL, NULL},
	{"disallow", HARMLESS_NEVER, OF_ALL, NULL},
	{"$ref", HARMLESS_NEVER, OF_ALL, HINT_REFERENCE},
	{"$dynamicRef", HARMLESS_NEVER, OF_ALL, HINT_REFERENCE},
	{"$recursiveRef", HARMLESS_NEVER, OF_ALL, HINT_REFERENCE},
	{"properties", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"required", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"patternProperties", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"additionalProperties", HARMLESS_OPEN, OF_OBJECTS, HINT_FLATTEN},
	{"unevaluatedProperties", HARMLESS_OPEN, OF_OBJECTS, HINT_FLATTEN},
	{"propertyNames", HARMLESS_OPEN, OF_OBJECTS, HINT_FLATTEN},
	{"dependencies", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"dependentRequired", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"dependentSchemas", HARMLESS_EMPTY, OF_OBJECTS, HINT_FLATTEN},
	{"minProperties", HARMLESS_NEVER, OF_OBJECTS, HINT_FLATTEN},
	{"maxProperties", HARMLESS_NEVER, OF_OBJECTS, HINT_FLATTEN},
	{"items", HARMLESS_OPEN, OF_ARRAYS, HINT_ITEMS},
	{"prefixItems", HARMLESS_EMPTY, OF_ARRAYS, HINT_ITEMS},
	{"additionalItems", HARMLESS_OPEN, OF_ARRAYS, HINT_ITEMS},
	{"unevaluatedItems", HARMLESS_OPEN, OF_ARRAYS, HINT_ITEMS},
	{"contains", HARMLESS_NEVER, OF_ARRAYS, HINT_ITEMS},
	{"minContains", HARMLESS_NEVER, OF_ARRAYS, HINT_ITEMS},
	{"maxContains", HARMLESS_NEVER, OF_ARRAYS, HINT_ITEMS},
	{"uniqueItems", HARMLESS_FALSE, OF_ARRAYS, HINT_ITEMS},
	{"exclusiveMinimum", HARMLESS_FALSE, OF_NUMBERS, "Use \"minimum\"."},
	{"exclusiveMaximum", HARMLESS_FALSE, OF_NUMBERS, "Use \"maximum\"."},
	{"multipleOf", HARMLESS_NEVER, OF_NUMBERS, NULL},
	{"divisibleBy", HARMLESS_NEVER, OF_NUMBERS, NULL},
};

/*
 * is_harmless: does the keyword, as it is given, ask for nothing?
 */
static bool
is_harmless(Harmless harmless, JsonbRef value)
{
	bool		empty = !JREF_IS_SCALAR(value) && jsonb_ref_count(value) == 0;

	switch (harmless)
	{
		case HARMLESS_NEVER:
			return false;
		case HARMLESS_OPEN:
			return (value.type == JREF_BOOL && value.boolean) ||
				(value.type == JREF_OBJECT && empty);
		case HARMLESS_EMPTY:
			return empty;
		case HARMLESS_FALSE:
			return value.type == JREF_BOOL && !value.boolean;
	}
	return false;
}

/*
 * import_leave_out: say that a keyword is left out, for it says nothing of values of
 * the field's type.
 */
void
import_leave_out(Import *import, JsonbRef key, FieldType type)
{
	int			before = import_enter(import, key);

	ereport(NOTICE,
			(errmsg("keyword \"%.*s\" says nothing about a field of type %s, and is left out",
					(int) key.len, key.ptr, field_type_name(type)),
			 errdetail("At \"%s\".", import_path(import))));
	import_leave(import, before);
}

/*
 * import_check_keyword: a keyword beside those that a property is read by: an
 * error if fields of that type cannot express what it asks for.
 */
void
import_check_keyword(Import *import, JsonbRef key, JsonbRef value, FieldType type)
{
	for (int i = 0; i < (int) lengthof(refused_keywords); i++)
	{
		const char *name = refused_keywords[i].name;

		if (!jsonb_ref_is(key, name, strlen(name)))
			continue;

		/* some write it beside the type, as draft 3 of the standard had it */
		if (JREF_IS(key, "required") && value.type == JREF_BOOL)
		{
			if (!value.boolean)
				return;
			import_enter(import, key);
			import_refuse(import, "a property does not say itself that it is required",
						  "Name it in \"required\" of the whole schema.");
		}
		if (is_harmless(refused_keywords[i].harmless, value))
			return;
		if ((refused_keywords[i].speaks_of & OF(type)) == 0)
		{
			import_leave_out(import, key, type);
			return;
		}
		import_enter(import, key);
		import_refuse(import,
					  psprintf("there is nothing like \"%s\" for a field", name),
					  refused_keywords[i].hint);
	}
}
