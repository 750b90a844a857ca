/*-------------------------------------------------------------------------
 *
 * jsonb/reader.h
 *	  Reading jsonb where it lies, without a copy or an allocation.
 *
 * The format is the server's own, described in utils/jsonb.h: a container is
 * a header word, an array of JEntries and the data they describe.  A
 * JsonbRef points into such a container; it is valid as long as the
 * container is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_READER_H
#define JSONB_READER_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/numeric.h"

typedef enum JsonbRefType
{
	JREF_NONE,					/* there is no value; zero, so {0} is none */
	JREF_NULL,
	JREF_BOOL,
	JREF_NUMERIC,
	JREF_STRING,
	JREF_ARRAY,
	JREF_OBJECT
} JsonbRefType;

/* A value where it lies, in two machine words. */
typedef struct JsonbRef
{
	JsonbRefType type:8;
	bool		boolean;		/* of a JREF_BOOL */
	uint32		len;			/* bytes at ptr, without padding */
	const char *ptr;			/* string's bytes (no NUL), Numeric, or
								 * JsonbContainer */
} JsonbRef;

/* A walk over the members of an object or the elements of an array. */
typedef struct JsonbWalk
{
	const JsonbContainer *container;
	const char *data;			/* where the entries' data begin */
	uint32		count;			/* members or elements */
	uint32		index;			/* of the next one */
	uint32		key_offset;		/* of the next key (objects only) */
	uint32		value_offset;	/* of the next value */
} JsonbWalk;

#define JREF_IS_SCALAR(ref) ((ref).type < JREF_ARRAY)
#define JREF_NUMERIC_VALUE(ref) ((Numeric) (ref).ptr)
#define JREF_CONTAINER(ref) ((JsonbContainer *) (ref).ptr)

extern const JsonbRef jsonb_empty_object;

extern JsonbRef jsonb_ref_root(const Jsonb *document);
extern JsonbRef jsonb_ref_container(const JsonbContainer *container, uint32 len);
extern JsonbRef jsonb_ref_string(const char *string, int len);
extern JsonbRef jsonb_ref_bool(bool value);
extern uint32 jsonb_ref_count(JsonbRef ref);
extern JsonbRef jsonb_ref_member(JsonbRef object, const char *key, int len);
extern bool jsonb_ref_equal(JsonbRef a, JsonbRef b);
extern char *jsonb_ref_cstring(JsonbRef string);
extern void jsonb_ref_to_value(JsonbRef ref, JsonbValue *value);
extern const char *jsonb_ref_type_name(JsonbRef ref);

extern void jsonb_walk_begin(JsonbWalk *walk, JsonbRef ref);
extern bool jsonb_walk_member(JsonbWalk *walk, JsonbRef *key, JsonbRef *value);
extern bool jsonb_walk_element(JsonbWalk *walk, JsonbRef *value);

/*
 * jsonb_key_compare: order of two keys in a jsonb object: the shorter first,
 * then by bytes (jsonb_util.c: lengthCompareJsonbString).
 */
static inline int
jsonb_key_compare(const char *a, int alen, const char *b, int blen)
{
	if (alen != blen)
		return alen < blen ? -1 : 1;
	return memcmp(a, b, alen);
}

/*
 * jsonb_ref_is: is this string, a key say, that name?
 */
static inline bool
jsonb_ref_is(JsonbRef string, const char *name, int len)
{
	return string.len == (uint32) len && memcmp(string.ptr, name, len) == 0;
}

/*
 * key_search: where a key stands, or would stand, among sorted ones.
 *
 * keys points to the first of count keys in key order, each stride bytes after
 * the one before, so that structs can be searched by the key in them.  Returns
 * the first place whose key is not before the wanted one; count where there is
 * none.
 */
static inline int
key_search(const JsonbRef *keys, int count, Size stride, const char *key, int len)
{
	int			low = 0;
	int			high = count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		const JsonbRef *at = (const JsonbRef *) ((const char *) keys + middle * stride);

		if (jsonb_key_compare(at->ptr, at->len, key, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same for a name that is a literal in the source. */
#define JREF_IS(ref, literal) jsonb_ref_is((ref), (literal), sizeof(literal) - 1)
#define JREF_MEMBER(ref, literal) \
	jsonb_ref_member((ref), (literal), sizeof(literal) - 1)

#endif							/* JSONB_READER_H */
