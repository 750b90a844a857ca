/*-------------------------------------------------------------------------
 *
 * catalogue/field_path.c
 *	  Paths of fields: "credentials/api_key".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_path.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"

/*
 * step_length: how many bytes the first step of a path has.
 */
static int
step_length(const char *path, const char *end)
{
	const char *slash = memchr(path, '/', end - path);

	return (slash != NULL ? slash : end) - path;
}

/*
 * unescaped: a step as the key that it names (RFC 6901, section 4); palloc'd where
 * that is another string.
 */
static JsonbRef
unescaped(const char *step, int len)
{
	char	   *key;
	int			key_len = 0;

	if (memchr(step, '~', len) == NULL)
		return jsonb_ref_string(step, len);
	key = palloc(len);
	for (int i = 0; i < len; i++)
	{
		char		c = step[i];

		if (c == '~' && i + 1 < len && (step[i + 1] == '0' || step[i + 1] == '1'))
			c = step[++i] == '0' ? '~' : '/';
		key[key_len++] = c;
	}
	return jsonb_ref_string(key, key_len);
}

/*
 * field_path_parse: the steps of a path, palloc'd; they point into it.
 */
FieldPath
field_path_parse(JsonbRef path)
{
	const char *p = path.ptr;
	const char *end = p + path.len;
	FieldPath	result = {0};
	int			count = 1;

	for (const char *q = p; q < end; q++)
		count += *q == '/';
	result.steps = palloc_extended(sizeof(JsonbRef) * (Size) count, MCXT_ALLOC_HUGE);
	for (;;)
	{
		int			length = step_length(p, end);

		CHECK_FOR_INTERRUPTS();
		result.steps[result.nsteps++] = unescaped(p, length);
		p += length;
		if (p == end)
			return result;
		p++;
	}
}

/*
 * is_position: does a step name an array's element by its position?
 */
static bool
is_position(JsonbRef step)
{
	for (uint32 i = 0; i < step.len; i++)
		if (step.ptr[i] < '0' || step.ptr[i] > '9')
			return false;
	return step.len > 0;
}

/*
 * end_in_array: what the rest of a path leads to, once an element is chosen.
 */
static FieldPathEnd
end_in_array(JsonbRef step, FieldPathEnd end)
{
	if (end == FIELD_PATH_NOWHERE || (!JREF_IS(step, "*") && !is_position(step)))
		return FIELD_PATH_NOWHERE;
	return end == FIELD_PATH_POSITION || is_position(step) ? FIELD_PATH_POSITION :
		FIELD_PATH_ELEMENT;
}

/*
 * end_in: what the rest of a path leads to in the field's value, and whose
 * definition that has.
 */
static FieldPathEnd
end_in(const Field *field, const JsonbRef *steps, int nsteps, const Field **last)
{
	const FieldExtra *extra;
	FieldPathEnd end;

	if (field == NULL)
		return FIELD_PATH_NOWHERE;
	if (nsteps == 0)
	{
		*last = field;
		return FIELD_PATH_MEMBER;
	}
	if (!field_is_defined(field))
		return FIELD_PATH_NOWHERE;
	extra = field->extra;
	if (extra->items != NULL)
		return end_in_array(*steps, end_in(extra->items, steps + 1, nsteps - 1, last));
	if (extra->values != NULL)
		return end_in(extra->values, steps + 1, nsteps - 1, last);
	end = end_in(field_set_find(extra->fields, steps->ptr, steps->len), steps + 1, nsteps - 1, last);
	for (int i = 0; i < extra->nchoices && end == FIELD_PATH_NOWHERE; i++)
	{
		FieldSet	own = extra->choices[i].fields;

		own.outer = NULL;
		end = end_in(field_set_find(&own, steps->ptr, steps->len), steps + 1, nsteps - 1, last);
	}
	return end;
}

/*
 * field_path_end: what a path leads to in an integration's config.
 */
FieldPathEnd
field_path_end(const FieldSet *config, const FieldPath *path)
{
	const Field *last;

	return end_in(field_set_find(config, path->steps->ptr, path->steps->len),
				  path->steps + 1, path->nsteps - 1, &last);
}

/*
 * field_path_field: the definition that a path leads to; NULL for none.
 */
const Field *
field_path_field(const FieldSet *config, const FieldPath *path)
{
	const Field *last = NULL;

	(void) end_in(field_set_find(config, path->steps->ptr, path->steps->len),
				  path->steps + 1, path->nsteps - 1, &last);
	return last;
}

/*
 * nearest_in: the name that is nearest to a step, of a set's own.
 */
static JsonbRef
nearest_in(const FieldSet *set, JsonbRef step)
{
	return set->nfields == 0 ? (JsonbRef) {0} :
		suggest_nearest(step, &set->fields[0].name, set->nfields, sizeof(Field), NULL);
}

/*
 * field_path_nearest: of a path that leads nowhere, the nearest one that leads on
 * where it ends; palloc'd.  JREF_NONE where none is near.
 */
JsonbRef
field_path_nearest(const FieldSet *config, const FieldPath *path)
{
	const FieldSet *set = config;
	const Field *outer = NULL;
	StringInfoData result;

	initStringInfo(&result);
	for (int i = 0; i < path->nsteps; i++)
	{
		JsonbRef	step = path->steps[i];
		const FieldExtra *extra = outer != NULL ? outer->extra : NULL;
		const Field *field = set != NULL ? field_set_find(set, step.ptr, step.len) : NULL;
		JsonbRef	nearest = {0};

		if (set == NULL)
			field = extra->items != NULL ? extra->items : extra->values;
		else
		{
			for (int j = 0; extra != NULL && j < extra->nchoices && field == NULL; j++)
				field = field_set_find(&extra->choices[j].fields, step.ptr, step.len);
			if (field == NULL)
				nearest = nearest_in(set, step);
			for (int j = 0; extra != NULL && j < extra->nchoices && field == NULL &&
				 nearest.type == JREF_NONE; j++)
				nearest = nearest_in(&extra->choices[j].fields, step);
		}
		if (field == NULL && nearest.type == JREF_NONE)
			break;
		append_pointer_step(&result, nearest.type != JREF_NONE ? nearest : step);
		if (nearest.type != JREF_NONE)
			return jsonb_ref_string(result.data + 1, result.len - 1);
		if (!field_is_defined(field))
			break;
		outer = field;
		set = field->extra->fields;
	}
	return (JsonbRef) {0};
}

/*
 * skip_choice: a path in a tree of secrets' places says of which choice of an
 * object it is; in documents that is no step.
 */
static const char *
skip_choice(const char *path, const char *end)
{
	while (path < end && *path == '?' && path + step_length(path, end) < end)
		path += step_length(path, end) + 1;
	return path;
}

/*
 * follow: follow a path as far as the pattern goes, whose "*" is any step; where
 * its last step begins, or NULL where it is another one.
 */
static const char *
follow(JsonbRef pattern, JsonbRef path)
{
	const char *p = path.ptr;
	const char *end = p + path.len;
	const char *want = pattern.ptr;
	const char *want_end = want + pattern.len;

	for (;;)
	{
		int			length;
		int			wanted = step_length(want, want_end);

		p = skip_choice(p, end);
		length = step_length(p, end);
		if (!(wanted == 1 && *want == '*') &&
			(length != wanted || memcmp(p, want, length) != 0))
			return NULL;
		want += wanted;
		if (want == want_end)
			return p;
		p += length;
		if (p == end)
			return NULL;
		want++;
		p++;
	}
}

/*
 * field_path_matches: is a path that of a definition, in which "*" is any step?
 */
bool
field_path_matches(JsonbRef pattern, JsonbRef path)
{
	const char *last = follow(pattern, path);

	return last != NULL && memchr(last, '/', path.ptr + path.len - last) == NULL;
}

/*
 * field_path_renamed: what a path is once a field on its way, or its last one, has
 * another name; palloc'd.  JREF_NONE where none of them is the one.
 *
 * from is the path of the field's definition, and to the same with the new name.
 */
JsonbRef
field_path_renamed(JsonbRef path, JsonbRef from, JsonbRef to)
{
	const char *step = follow(from, path);
	const char *end = path.ptr + path.len;
	const char *name = to.ptr;
	const char *to_end = to.ptr + to.len;
	StringInfoData renamed;

	if (step == NULL)
		return (JsonbRef) {0};
	for (const char *p = name; p < to_end; p++)
		if (*p == '/')
			name = p + 1;
	initStringInfo(&renamed);
	appendBinaryStringInfo(&renamed, path.ptr, step - path.ptr);
	appendBinaryStringInfo(&renamed, name, to_end - name);
	step += step_length(step, end);
	appendBinaryStringInfo(&renamed, step, end - step);
	return jsonb_ref_string(renamed.data, renamed.len);
}

/*
 * holds: is the string at a path in a value, from that step on?
 *
 * At an array a step stands for any of its elements, whatever it says.
 */
static bool
holds(JsonbRef value, const FieldPath *path, int step, JsonbRef string)
{
	check_stack_depth();
	for (; step < path->nsteps; step++)
	{
		if (value.type == JREF_ARRAY)
		{
			JsonbWalk	walk;
			JsonbRef	element;

			jsonb_walk_begin(&walk, value);
			while (jsonb_walk_element(&walk, &element))
			{
				CHECK_FOR_INTERRUPTS();
				if (holds(element, path, step + 1, string))
					return true;
			}
			return false;
		}
		value = jsonb_ref_member(value, path->steps[step].ptr, path->steps[step].len);
	}
	return jsonb_ref_equal(value, string);
}

/*
 * field_path_holds: has an entry's config that string at a path, at any of the
 * positions in arrays?
 */
bool
field_path_holds(JsonbRef config, const FieldPath *path, JsonbRef string)
{
	return holds(config, path, 0, string);
}
