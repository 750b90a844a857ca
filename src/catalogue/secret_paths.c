/*-------------------------------------------------------------------------
 *
 * catalogue/secret_paths.c
 *	  Where in an integration's config secrets are, as paths.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/secret_paths.h"
#include "catalogue/walk.h"
#include "jsonb/build.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(secret_paths_of);

/* Paths that are being collected. */
typedef struct Paths
{
	StringInfoData path;		/* to where we are */
	JsonbRef   *found;
	int			count;
	int			room;
} Paths;

static void collect_set(Paths *paths, const FieldSet *set);

/*
 * collect_field: the secrets in a field's value, whose last step is given.
 */
static void
collect_field(Paths *paths, const Field *field, JsonbRef step)
{
	const FieldExtra *extra = field->extra;
	int			length = paths->path.len;

	CHECK_FOR_INTERRUPTS();
	if (length > 0)
		appendStringInfoChar(&paths->path, '/');
	appendBinaryStringInfo(&paths->path, step.ptr, step.len);
	if (field->type == FIELD_SECRET)
	{
		if (paths->count == paths->room)
		{
			paths->room = Max(16, paths->room * 2);
			paths->found = paths->found == NULL ?
				palloc(sizeof(JsonbRef) * paths->room) :
				repalloc_huge(paths->found, sizeof(JsonbRef) * (Size) paths->room);
		}
		paths->found[paths->count++] =
			jsonb_ref_string(pnstrdup(paths->path.data, paths->path.len), paths->path.len);
	}
	else if (extra != NULL)
	{
		if (extra->items != NULL)
			collect_field(paths, extra->items, jsonb_ref_string("*", 1));
		if (extra->values != NULL)
			collect_field(paths, extra->values, jsonb_ref_string("*", 1));
		if (extra->fields != NULL)
			collect_set(paths, extra->fields);
		for (int i = 0; i < extra->nchoices; i++)
			collect_set(paths, &extra->choices[i].fields);
	}
	paths->path.len = length;
}

static void
collect_set(Paths *paths, const FieldSet *set)
{
	for (int i = 0; i < set->nfields; i++)
		collect_field(paths, &set->fields[i], set->fields[i].name);
}

/*
 * secret_paths: the paths of the secrets, of all choices; palloc'd.
 */
JsonbRef *
secret_paths(const FieldSet *config, int *count)
{
	Paths		paths = {0};

	initStringInfo(&paths.path);
	collect_set(&paths, config);
	*count = paths.count;
	return paths.found;
}

/*
 * secret_paths_of(fields jsonb) returns text[]: the same of definitions as the
 * catalogue has them.
 */
Datum
secret_paths_of(PG_FUNCTION_ARGS)
{
	FieldSet	config = {0};
	int			count;
	JsonbRef   *paths;
	Datum	   *elements;

	fields_compile(&config, jsonb_ref_root(PG_GETARG_JSONB_P(0)));
	paths = secret_paths(&config, &count);
	elements = palloc_extended(sizeof(Datum) * ((Size) count + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		elements[i] = PointerGetDatum(cstring_to_text_with_len(paths[i].ptr, paths[i].len));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * compare_paths: qsort comparator, by which what is in a place comes right after
 * it: "/" is before any other character.
 */
static int
compare_paths(const void *a, const void *b)
{
	const JsonbRef *pa = a;
	const JsonbRef *pb = b;
	uint32		common = 0;

	while (common < pa->len && common < pb->len && pa->ptr[common] == pb->ptr[common])
		common++;
	if (common == pa->len || common == pb->len)
		return (int) (pa->len > common) - (int) (pb->len > common);
	if (pa->ptr[common] == '/' || pb->ptr[common] == '/')
		return pa->ptr[common] == '/' ? -1 : 1;
	return (unsigned char) pa->ptr[common] < (unsigned char) pb->ptr[common] ? -1 : 1;
}

/*
 * next_step: the step of a path that begins there; *after is where the next one
 * begins, beyond the path where there is none.
 */
static JsonbRef
next_step(JsonbRef path, uint32 at, uint32 *after)
{
	const char *slash = memchr(path.ptr + at, '/', path.len - at);
	uint32		end = slash != NULL ? slash - path.ptr : path.len;

	*after = end + 1;
	return jsonb_ref_string(path.ptr + at, end - at);
}

/*
 * build_marks: the members for paths that have all steps before that place in
 * common.
 */
static void
build_marks(JsonbBuild *build, const JsonbRef *paths, int count, uint32 at)
{
	check_stack_depth();
	build_object(build);
	for (int i = 0; i < count;)
	{
		uint32		after;
		JsonbRef	step = next_step(paths[i], at, &after);
		int			first = i;
		bool		ends = after > paths[i].len;

		CHECK_FOR_INTERRUPTS();
		while (++i < count)
		{
			uint32		other;

			if (!jsonb_ref_equal(next_step(paths[i], at, &other), step))
				break;
		}
		build_key_ref(build, step);
		if (ends)
			build_value(build, jsonb_ref_bool(true));
		else
			build_marks(build, &paths[first], i - first, after);
	}
	build_end(build);
}

/*
 * marks_of_paths: marks of the places at these paths, as catalogue/walk.h has
 * them: {"login": {"key": true}}; palloc'd.  The paths are put in order.
 */
JsonbRef
marks_of_paths(JsonbRef *paths, int count)
{
	JsonbBuild	build = {0};

	if (count > 1)
		qsort(paths, count, sizeof(JsonbRef), compare_paths);
	build_marks(&build, paths, count, 0);
	return jsonb_ref_root(build_finish(&build));
}

/*
 * A question about the definition at a path's end, or the one on the way there
 * in which nothing is defined.
 */
typedef bool (*PathQuestion) (const Field *field, bool ends);

static bool ask_set(const FieldSet *set, JsonbRef path, uint32 at, PathQuestion question);

/*
 * ask_inside: the question about what is at the rest of a path in a field's value:
 * yes for any of its choices.
 */
static bool
ask_inside(const Field *field, JsonbRef path, uint32 at, PathQuestion question)
{
	const FieldExtra *extra = field->extra;
	uint32		after;
	JsonbRef	step;

	if (at > path.len || !field_is_defined(field))
		return question(field, at > path.len);
	step = next_step(path, at, &after);
	if (extra->items != NULL || extra->values != NULL)
		return JREF_IS(step, "*") &&
			ask_inside(extra->items != NULL ? extra->items : extra->values, path, after, question);
	if (ask_set(extra->fields, path, at, question))
		return true;
	for (int i = 0; i < extra->nchoices; i++)
	{
		FieldSet	own = extra->choices[i].fields;

		own.outer = NULL;
		if (ask_set(&own, path, at, question))
			return true;
	}
	return false;
}

static bool
ask_set(const FieldSet *set, JsonbRef path, uint32 at, PathQuestion question)
{
	uint32		after;
	JsonbRef	step = next_step(path, at, &after);
	const Field *field = field_set_find(set, step.ptr, step.len);

	return field != NULL && ask_inside(field, path, after, question);
}

static bool
is_there(const Field *field, bool ends)
{
	(void) field;
	(void) ends;
	return true;
}

/*
 * may_be_shown: is it another type than a secret's, or something free-form of
 * which strings are shown?
 */
static bool
may_be_shown(const Field *field, bool ends)
{
	return field->type != FIELD_SECRET &&
		(ends || field->is_public ||
		 (field->type != FIELD_OBJECT && field->type != FIELD_JSON));
}

/*
 * path_is_defined: is anything defined at the path, or free-form around it?
 */
bool
path_is_defined(const FieldSet *config, JsonbRef path)
{
	return ask_set(config, path, 0, is_there);
}

/*
 * path_may_be_shown: may what is at the path be shown, if there is anything?
 */
bool
path_may_be_shown(const FieldSet *config, JsonbRef path)
{
	return ask_set(config, path, 0, may_be_shown);
}
