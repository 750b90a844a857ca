/*-------------------------------------------------------------------------
 *
 * jsonb/build.c
 *	  Building jsonb whose members are not known beforehand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/build.h"
#include "utils/builtins.h"

/*
 * in_array: is the container that is being built an array?
 */
static bool
in_array(const JsonbBuild *build)
{
	return build->parseState->contVal.type == jbvArray;
}

/*
 * push: the next token of the document.
 */
static void
push(JsonbBuild *build, JsonbIteratorToken token, JsonbValue *value)
{
#if PG_VERSION_NUM >= 190000
	pushJsonbValue(build, token, value);
#else
	build->result = pushJsonbValue(&build->parseState, token, value);
#endif
}

/*
 * build_object: begin an object, as the document's root, as the next element
 * or as the value of the key just given.
 */
void
build_object(JsonbBuild *build)
{
	push(build, WJB_BEGIN_OBJECT, NULL);
}

/*
 * build_array: begin an array, in the same places.
 */
void
build_array(JsonbBuild *build)
{
	push(build, WJB_BEGIN_ARRAY, NULL);
}

/*
 * build_end: the innermost container is complete.
 */
void
build_end(JsonbBuild *build)
{
	push(build, in_array(build) ? WJB_END_ARRAY : WJB_END_OBJECT, NULL);
}

/*
 * build_key_ref: the key of the value that comes next.  Of a key given twice
 * the last value counts.
 */
void
build_key_ref(JsonbBuild *build, JsonbRef key)
{
	JsonbValue	value;

	jsonb_ref_to_value(key, &value);
	push(build, WJB_KEY, &value);
}

void
build_key(JsonbBuild *build, const char *key)
{
	build_key_ref(build, jsonb_ref_string(key, strlen(key)));
}

/*
 * build_value: the next element, or the value of the key just given.  It is
 * not copied before build_finish.
 */
void
build_value(JsonbBuild *build, JsonbRef ref)
{
	JsonbValue	value;

	jsonb_ref_to_value(ref, &value);
	push(build, in_array(build) ? WJB_ELEM : WJB_VALUE, &value);
}

void
build_string(JsonbBuild *build, const char *string)
{
	build_value(build, jsonb_ref_string(string, strlen(string)));
}

void
build_integer(JsonbBuild *build, int64 number)
{
	Numeric		numeric;
	JsonbRef	ref = {.type = JREF_NUMERIC};

	numeric = DatumGetNumeric(DirectFunctionCall1(int8_numeric,
												  Int64GetDatum(number)));
	ref.ptr = (const char *) numeric;
	ref.len = VARSIZE(numeric);
	build_value(build, ref);
}

/*
 * build_finish: the document, palloc'd.
 */
Jsonb *
build_finish(JsonbBuild *build)
{
	Assert(build->result != NULL && build->parseState == NULL);
	return JsonbValueToJsonb(build->result);
}
