/*-------------------------------------------------------------------------
 *
 * catalogue/marks.c
 *	  Marks to be walked beside a document: which places in it are special.
 *
 * Marks have the form of the document that they are for: an object for what
 * has members, or elements, with marks, and true for a place that is marked,
 * with all that is in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "jsonb/build.h"
#include "miscadmin.h"
#include "catalogue/marks.h"
#include "utils/builtins.h"

/*
 * compare_pointers: qsort comparator, by which what is in a place comes right
 * after it: "/" is before any other character.
 */
static int
compare_pointers(const void *a, const void *b)
{
	const unsigned char *pa = *(const unsigned char *const *) a;
	const unsigned char *pb = *(const unsigned char *const *) b;

	while (*pa != '\0' && *pa == *pb)
	{
		pa++;
		pb++;
	}
	if (*pa == *pb)
		return 0;
	if (*pa == '\0' || *pb == '\0')
		return *pa == '\0' ? -1 : 1;
	if (*pa == '/' || *pb == '/')
		return *pa == '/' ? -1 : 1;
	return *pa < *pb ? -1 : 1;
}

/*
 * common_steps: how many bytes of whole steps two pointers begin with.
 */
static Size
common_steps(const char *a, const char *b)
{
	Size		common = 0;
	Size		i;

	for (i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '/')
			common = i;
	if ((a[i] == '\0' || a[i] == '/') && (b[i] == '\0' || b[i] == '/'))
		common = i;
	return common;
}

/*
 * count_steps: how many steps are in so many bytes of a pointer.
 */
static int
count_steps(const char *pointer, Size bytes)
{
	int			steps = 0;

	for (Size i = 0; i < bytes; i++)
		if (pointer[i] == '/')
			steps++;
	return steps;
}

/*
 * build_step: the key that a pointer's step names (RFC 6901, section 4), which
 * begins at its "/".  Returns where the next one begins.
 */
static const char *
build_step(JsonbBuild *build, const char *step)
{
	char	   *key = palloc(strlen(step) + 1);
	int			len = 0;

	for (step++; *step != '\0' && *step != '/'; step++)
	{
		char		c = *step;

		if (c == '~' && (step[1] == '0' || step[1] == '1'))
			c = *++step == '0' ? '~' : '/';
		key[len++] = c;
	}
	build_key_ref(build, jsonb_ref_string(key, len));
	return step;
}

/*
 * sorted_pointers: the array's elements, in order; nulls are left out.
 */
static char **
sorted_pointers(ArrayType *array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	int			nelements;
	char	  **pointers;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &nelements);
	pointers = palloc(sizeof(char *) * (nelements + 1));
	*count = 0;
	for (int i = 0; i < nelements; i++)
	{
		char	   *pointer;

		if (nulls[i])
			continue;
		pointer = TextDatumGetCString(elements[i]);
		if (*pointer != '\0' && *pointer != '/')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("place of an erased value is not a JSON Pointer")));
		pointers[(*count)++] = pointer;
	}
	qsort(pointers, *count, sizeof(char *), compare_pointers);
	return pointers;
}

/*
 * build_places: an object of the places that sorted pointers name; none is
 * empty.
 */
static void
build_places(JsonbBuild *build, char **pointers, int count)
{
	const char *before = "";
	int			open = 0;		/* steps of the one before */

	build_object(build);
	for (int i = 0; i < count; i++)
	{
		Size		common = common_steps(before, pointers[i]);
		const char *step = pointers[i] + common;
		int			keep = count_steps(before, common);

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && before[common] == '\0')
			continue;			/* in a place that is marked */

		/* the last step of the one before has a value, and no object */
		for (; open > keep + 1; open--)
			build_end(build);
		for (open = keep;; open++)
		{
			step = build_step(build, step);
			if (*step == '\0')
				break;
			build_object(build);
		}
		open++;
		build_value(build, jsonb_ref_bool(true));
		before = pointers[i];
	}
	for (; open > 1; open--)
		build_end(build);
	build_end(build);
}

/*
 * marks_of_pointers: marks at the places that JSON Pointers name, palloc'd.
 *
 * Errors: invalid_parameter_value for what is no JSON Pointer.
 */
JsonbRef
marks_of_pointers(ArrayType *array)
{
	int			count;
	char	  **pointers = sorted_pointers(array, &count);
	JsonbBuild	build = {0};

	if (count > 0 && *pointers[0] == '\0')
		return jsonb_ref_bool(true);
	build_places(&build, pointers, count);
	return jsonb_ref_root(build_finish(&build));
}

/*
 * marks_of_paths: marks in the objects that have those keys, from {"key":
 * ["path/of/a/place", ...]}, palloc'd.  A path is a JSON Pointer less its first
 * slash.
 *
 * What has another shape marks nothing.
 */
JsonbRef
marks_of_paths(JsonbRef paths)
{
	JsonbBuild	build = {0};
	JsonbWalk	keys;
	JsonbRef	key;
	JsonbRef	array;

	build_object(&build);
	jsonb_walk_begin(&keys, paths);
	while (jsonb_walk_member(&keys, &key, &array))
	{
		char	  **pointers = palloc(sizeof(char *) * (jsonb_ref_count(array) + 1));
		int			count = 0;
		JsonbWalk	walk;
		JsonbRef	path;

		build_key_ref(&build, key);
		if (array.type == JREF_ARRAY)
		{
			jsonb_walk_begin(&walk, array);
			while (jsonb_walk_element(&walk, &path))
				if (path.type == JREF_STRING)
					pointers[count++] = psprintf("/%.*s", (int) path.len, path.ptr);
		}
		qsort(pointers, count, sizeof(char *), compare_pointers);
		build_places(&build, pointers, count);
	}
	build_end(&build);
	return jsonb_ref_root(build_finish(&build));
}
