/*-------------------------------------------------------------------------
 *
 * jsonb/reader.c
 *	  Reading jsonb where it lies, without a copy or an allocation.
 *
 * The server's own iterator (JsonbIteratorNext) allocates a state for each
 * container and hands out copies of every value.  On the path that services
 * call per request we look a few keys up in documents that mostly do not
 * interest us, so we read the containers in place: utils/jsonb.h describes
 * the format, and jsonb_util.c (getJsonbOffset, getJsonbLength,
 * getKeyJsonValueFromContainer, fillJsonbValue) how the server reads it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/reader.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* An object without members, as the server stores it. */
static const JsonbContainer empty_container = {.header = JB_FOBJECT};
const JsonbRef jsonb_empty_object = {
	JREF_OBJECT, false, sizeof(uint32), (const char *) &empty_container
};

/*
 * entry_ref: the value that one JEntry describes.
 *
 * base is where the container's data begin, offset and length are those of
 * the entry.  The length of a numeric or a container includes the padding in
 * front of it (jsonb_util.c: convertJsonbScalar, convertJsonbObject).
 */
static inline JsonbRef
entry_ref(JEntry entry, const char *base, uint32 offset, uint32 length)
{
	JsonbRef	ref = {0};
	uint32		padding;

	if (JBE_ISSTRING(entry))
	{
		ref.type = JREF_STRING;
		ref.ptr = base + offset;
		ref.len = length;
	}
	else if (JBE_ISNUMERIC(entry))
	{
		padding = INTALIGN(offset) - offset;
		ref.type = JREF_NUMERIC;
		ref.ptr = base + offset + padding;
		ref.len = length - padding;
	}
	else if (JBE_ISCONTAINER(entry))
	{
		padding = INTALIGN(offset) - offset;
		ref.ptr = base + offset + padding;
		ref.len = length - padding;
		ref.type = JsonContainerIsObject(JREF_CONTAINER(ref)) ?
			JREF_OBJECT : JREF_ARRAY;
	}
	else if (JBE_ISNULL(entry))
		ref.type = JREF_NULL;
	else
	{
		ref.type = JREF_BOOL;
		ref.boolean = JBE_ISBOOL_TRUE(entry);
	}
	return ref;
}

/*
 * jsonb_ref_root: the value of a whole document.
 *
 * The document must be detoasted with a four-byte header (as DatumGetJsonbP
 * gives it).  A scalar document, which the server stores as an array of one
 * element, gives the scalar.
 */
JsonbRef
jsonb_ref_root(const Jsonb *document)
{
	const JsonbContainer *root = &document->root;
	JsonbRef	ref;

	ref = jsonb_ref_container(root, VARSIZE(document) - VARHDRSZ);
	if (JsonContainerIsScalar(root))
	{
		JsonbWalk	walk;

		jsonb_walk_begin(&walk, ref);
		jsonb_walk_element(&walk, &ref);
	}
	return ref;
}

/*
 * jsonb_ref_container: a reference to a container of len bytes.
 */
JsonbRef
jsonb_ref_container(const JsonbContainer *container, uint32 len)
{
	JsonbRef	ref = {0};

	ref.type = JsonContainerIsObject(container) ? JREF_OBJECT : JREF_ARRAY;
	ref.ptr = (const char *) container;
	ref.len = len;
	return ref;
}

/*
 * jsonb_ref_string: a reference to a string of len bytes that lies anywhere.
 */
JsonbRef
jsonb_ref_string(const char *string, int len)
{
	JsonbRef	ref = {0};

	ref.type = JREF_STRING;
	ref.ptr = string;
	ref.len = len;
	return ref;
}

/*
 * jsonb_ref_bool: a boolean value.
 */
JsonbRef
jsonb_ref_bool(bool value)
{
	JsonbRef	ref = {0};

	ref.type = JREF_BOOL;
	ref.boolean = value;
	return ref;
}

/*
 * jsonb_ref_count: how many members or elements a container has; 0 for what
 * is no container.
 */
uint32
jsonb_ref_count(JsonbRef ref)
{
	if (ref.type < JREF_ARRAY)
		return 0;
	return JsonContainerSize(JREF_CONTAINER(ref));
}

/*
 * entry_offset: offset of the index'th entry's data, as jsonb_util.c:
 * getJsonbOffset: only each JB_OFFSET_STRIDE'th entry stores an end offset,
 * the others a length.
 */
static inline uint32
entry_offset(const JsonbContainer *container, uint32 index)
{
	uint32		offset = 0;

	while (index-- > 0)
	{
		JEntry		entry = container->children[index];

		offset += JBE_OFFLENFLD(entry);
		if (JBE_HAS_OFF(entry))
			break;
	}
	return offset;
}

/*
 * entry_length: length of an entry's data whose offset is known.
 */
static inline uint32
entry_length(JEntry entry, uint32 offset)
{
	return JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) - offset : JBE_OFFLENFLD(entry);
}

/*
 * jsonb_ref_member: an object's member of that name, JREF_NONE where there is
 * none or where the reference is no object.
 *
 * Keys are sorted, so this is a binary search.
 */
JsonbRef
jsonb_ref_member(JsonbRef object, const char *key, int len)
{
	const JsonbContainer *container;
	const char *base;
	uint32		count;
	uint32		low = 0;
	uint32		high;
	JsonbRef	none = {0};

	if (object.type != JREF_OBJECT)
		return none;
	container = JREF_CONTAINER(object);
	count = high = JsonContainerSize(container);
	base = (const char *) &container->children[count * 2];

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		uint32		offset = entry_offset(container, middle);
		uint32		length = entry_length(container->children[middle], offset);
		int			order = jsonb_key_compare(base + offset, length, key, len);

		if (order == 0)
		{
			uint32		index = middle + count;

			offset = entry_offset(container, index);
			return entry_ref(container->children[index], base, offset,
							 entry_length(container->children[index], offset));
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return none;
}

/*
 * jsonb_ref_equal: are the two values equal, as jsonb's own = has it?
 *
 * Containers are compared by the server (numbers by value, so 1.0 is 1).
 */
bool
jsonb_ref_equal(JsonbRef a, JsonbRef b)
{
	if (a.type != b.type)
		return false;
	switch (a.type)
	{
		case JREF_NONE:
		case JREF_NULL:
			return true;
		case JREF_BOOL:
			return a.boolean == b.boolean;
		case JREF_STRING:
			return jsonb_ref_is(a, b.ptr, b.len);
		case JREF_NUMERIC:
			return DatumGetBool(DirectFunctionCall2(numeric_eq,
													PointerGetDatum(a.ptr),
													PointerGetDatum(b.ptr)));
		case JREF_ARRAY:
		case JREF_OBJECT:
			if (a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0)
				return true;
			return compareJsonbContainers(JREF_CONTAINER(a), JREF_CONTAINER(b)) == 0;
	}
	return false;
}

/*
 * jsonb_ref_cstring: a palloc'd, NUL-terminated copy of a string.
 */
char *
jsonb_ref_cstring(JsonbRef string)
{
	Assert(string.type == JREF_STRING);
	return pnstrdup(string.ptr, string.len);
}

/*
 * jsonb_ref_to_value: the server's form of a value, for its own functions.
 *
 * Nothing is copied: the JsonbValue points to where the reference does.
 */
void
jsonb_ref_to_value(JsonbRef ref, JsonbValue *value)
{
	switch (ref.type)
	{
		case JREF_NONE:
		case JREF_NULL:
			value->type = jbvNull;
			break;
		case JREF_BOOL:
			value->type = jbvBool;
			value->val.boolean = ref.boolean;
			break;
		case JREF_NUMERIC:
			value->type = jbvNumeric;
			value->val.numeric = JREF_NUMERIC_VALUE(ref);
			break;
		case JREF_STRING:
			value->type = jbvString;
			value->val.string.val = unconstify(char *, ref.ptr);
			value->val.string.len = ref.len;
			break;
		case JREF_ARRAY:
		case JREF_OBJECT:
			value->type = jbvBinary;
			value->val.binary.data = JREF_CONTAINER(ref);
			value->val.binary.len = ref.len;
			break;
	}
}

/*
 * jsonb_ref_type_name: what JSON calls the type, for messages.
 */
const char *
jsonb_ref_type_name(JsonbRef ref)
{
	static const char *const names[] = {
		[JREF_NONE] = "nothing",
		[JREF_NULL] = "null",
		[JREF_BOOL] = "boolean",
		[JREF_NUMERIC] = "number",
		[JREF_STRING] = "string",
		[JREF_ARRAY] = "array",
		[JREF_OBJECT] = "object",
	};

	return names[ref.type];
}

/*
 * jsonb_walk_begin: start a walk; over what is no container it ends at once.
 */
void
jsonb_walk_begin(JsonbWalk *walk, JsonbRef ref)
{
	memset(walk, 0, sizeof(*walk));
	if (JREF_IS_SCALAR(ref))
		return;
	walk->container = JREF_CONTAINER(ref);
	walk->count = JsonContainerSize(walk->container);
	if (ref.type == JREF_OBJECT)
	{
		walk->data = (const char *) &walk->container->children[walk->count * 2];
		walk->value_offset = entry_offset(walk->container, walk->count);
	}
	else
		walk->data = (const char *) &walk->container->children[walk->count];
}

/*
 * jsonb_walk_element: the next element of an array; false at its end.
 */
bool
jsonb_walk_element(JsonbWalk *walk, JsonbRef *value)
{
	JEntry		entry;
	uint32		length;

	if (walk->index >= walk->count)
		return false;
	entry = walk->container->children[walk->index++];
	length = entry_length(entry, walk->value_offset);
	*value = entry_ref(entry, walk->data, walk->value_offset, length);
	walk->value_offset += length;
	return true;
}

/*
 * jsonb_walk_member: the next member of an object, in key order; false at its
 * end.  What is no object has no members.
 */
bool
jsonb_walk_member(JsonbWalk *walk, JsonbRef *key, JsonbRef *value)
{
	JEntry		entry;
	uint32		length;

	if (walk->index >= walk->count || !JsonContainerIsObject(walk->container))
		return false;

	entry = walk->container->children[walk->index];
	length = entry_length(entry, walk->key_offset);
	*key = jsonb_ref_string(walk->data + walk->key_offset, length);
	walk->key_offset += length;

	entry = walk->container->children[walk->index + walk->count];
	length = entry_length(entry, walk->value_offset);
	*value = entry_ref(entry, walk->data, walk->value_offset, length);
	walk->value_offset += length;

	walk->index++;
	return true;
}
