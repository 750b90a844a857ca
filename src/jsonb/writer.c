/*-------------------------------------------------------------------------
 *
 * jsonb/writer.c
 *	  Writing jsonb straight into its on-disk form.
 *
 * The server builds a tree of JsonbValues and converts it in a second pass
 * (jsonb_util.c: pushJsonbValue, convertToJsonb).  Most of what we answer is
 * bytes that lie finished in the compiled catalogue or in a layer; a
 * container's bytes do not depend on where it lies, but for the padding to
 * four bytes in front of it, so they are laid into the result as they are.
 *
 * The layout is that of convertJsonbObject, convertJsonbArray and
 * convertJsonbScalar:
 *
 * - a container begins on a four-byte boundary; its header word has the
 *	 number of elements or members and what it is;
 * - then come the JEntries, for an object those of all keys and then those of
 *	 all values; each has the length of its data, but each JB_OFFSET_STRIDE'th
 *	 has the offset of its data's end instead;
 * - then the data in the same order; a numeric and a container are padded to
 *	 four bytes, and the padding counts as part of their data.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/writer.h"
#include "utils/memutils.h"

/*
 * reserve: make room for more bytes, of which the caller writes each one.
 */
static inline char *
reserve(JsonbWriter *writer, Size bytes)
{
	char	   *place;

	if (unlikely(bytes > writer->size - writer->len))
	{
		Size		size = Max(writer->size * 2, writer->len + bytes);

		if (size > MaxAllocSize)
			size = MaxAllocSize;
		if (bytes > size - writer->len)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("jsonb document exceeds the maximum of %zu bytes",
							(Size) MaxAllocSize)));
		writer->data = repalloc(writer->data, size);
		writer->size = size;
	}
	place = writer->data + writer->len;
	writer->len += bytes;
	return place;
}

/*
 * pad: align the end of what is written to four bytes, as jsonb_util.c:
 * padBufferToInt.
 */
static inline void
pad(JsonbWriter *writer)
{
	Size		padding = INTALIGN(writer->len) - writer->len;

	if (padding > 0)
		memset(reserve(writer, padding), 0, padding);
}

/*
 * set_entry: fill the next JEntry of a container, for data of that length.
 */
static inline void
set_entry(JsonbWriter *writer, JsonbFrame *frame, uint32 type, Size length)
{
	JsonbContainer *container = (JsonbContainer *) (writer->data + frame->start);
	JEntry		entry;

	Assert(frame->index < frame->entries);
	frame->total += length;
	if (unlikely(frame->total > JENTRY_OFFLENMASK))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("total size of jsonb container elements exceeds the maximum of %u bytes",
						JENTRY_OFFLENMASK)));

	if (frame->index % JB_OFFSET_STRIDE == 0)
		entry = type | JENTRY_HAS_OFF | (uint32) frame->total;
	else
		entry = type | (uint32) length;
	container->children[frame->index++] = entry;
}

/*
 * begin_container: what the beginnings of objects and arrays share.
 */
static void
begin_container(JsonbWriter *writer, JsonbFrame *outer, JsonbFrame *frame,
				uint32 header, uint32 entries)
{
	frame->outer = outer;
	frame->before = writer->len;
	pad(writer);
	frame->start = writer->len;
	frame->keys = 0;
	frame->index = 0;
	frame->entries = entries;
	frame->total = 0;
	*(uint32 *) reserve(writer, sizeof(uint32)) = header;
	reserve(writer, sizeof(JEntry) * (Size) entries);
}

/*
 * jsonb_write_begin: start a document.
 *
 * size is a guess at the document's bytes; a good one saves reallocations.
 * The document is allocated in the current memory context.
 */
void
jsonb_write_begin(JsonbWriter *writer, Size size)
{
	writer->size = Min(Max(size, 64), MaxAllocSize);
	writer->data = palloc(writer->size);
	writer->len = VARHDRSZ;
}

/*
 * jsonb_write_object: start an object of that many members, as the next value
 * of outer or, with NULL, as the document's root.
 *
 * Errors: program_limit_exceeded where the count or the size is more than
 * jsonb can hold.
 */
void
jsonb_write_object(JsonbWriter *writer, JsonbFrame *outer, JsonbFrame *object,
				   uint32 members)
{
	if (members > JB_CMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("number of jsonb object pairs exceeds the maximum allowed (%u)",
						JB_CMASK)));
	begin_container(writer, outer, object, members | JB_FOBJECT, members * 2);
	object->keys = members;
}

/*
 * jsonb_write_array: start an array of that many elements, as the next value
 * of outer or, with NULL, as the document's root.
 */
void
jsonb_write_array(JsonbWriter *writer, JsonbFrame *outer, JsonbFrame *array,
				  uint32 elements)
{
	if (elements > JB_CMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("number of jsonb array elements exceeds the maximum allowed (%u)",
						JB_CMASK)));
	begin_container(writer, outer, array, elements | JB_FARRAY, elements);
}

/*
 * jsonb_write_key: the object's next key, in key order.
 */
void
jsonb_write_key(JsonbWriter *writer, JsonbFrame *object, const char *key,
				uint32 len)
{
	Assert(object->keys > 0);
	object->keys--;
	memcpy(reserve(writer, len), key, len);
	set_entry(writer, object, JENTRY_ISSTRING, len);
}

/*
 * jsonb_write_keys_of: all keys at once, from an object that has the same.
 *
 * Keys come first in an object's data, and their JEntries do not depend on
 * the values, so both are copied as they lie.
 */
void
jsonb_write_keys_of(JsonbWriter *writer, JsonbFrame *object, JsonbRef same_keys)
{
	const JsonbContainer *source = JREF_CONTAINER(same_keys);
	JsonbContainer *target = (JsonbContainer *) (writer->data + object->start);
	uint32		count = JsonContainerSize(source);
	uint32		length = 0;

	Assert(same_keys.type == JREF_OBJECT);
	Assert(object->index == 0 && object->keys == count);
	memcpy(target->children, source->children, sizeof(JEntry) * count);
	for (uint32 index = count; index-- > 0;)
	{
		length += JBE_OFFLENFLD(source->children[index]);
		if (JBE_HAS_OFF(source->children[index]))
			break;
	}
	memcpy(reserve(writer, length), &source->children[count * 2], length);
	object->keys = 0;
	object->index = count;
	object->total = length;
}

/*
 * jsonb_write_value: the frame's next value, copied from where it lies.
 */
void
jsonb_write_value(JsonbWriter *writer, JsonbFrame *frame, JsonbRef value)
{
	Size		before = writer->len;

	Assert(frame->keys == 0);
	switch (value.type)
	{
		case JREF_NONE:
		case JREF_NULL:
			set_entry(writer, frame, JENTRY_ISNULL, 0);
			break;
		case JREF_BOOL:
			set_entry(writer, frame,
					  value.boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE, 0);
			break;
		case JREF_STRING:
			memcpy(reserve(writer, value.len), value.ptr, value.len);
			set_entry(writer, frame, JENTRY_ISSTRING, value.len);
			break;
		case JREF_NUMERIC:
		case JREF_ARRAY:
		case JREF_OBJECT:
			pad(writer);
			memcpy(reserve(writer, value.len), value.ptr, value.len);
			set_entry(writer, frame,
					  value.type == JREF_NUMERIC ? JENTRY_ISNUMERIC : JENTRY_ISCONTAINER,
					  writer->len - before);
			break;
	}
}

/*
 * jsonb_write_string: the frame's next value is that string.
 */
void
jsonb_write_string(JsonbWriter *writer, JsonbFrame *frame, const char *string,
				   uint32 len)
{
	jsonb_write_value(writer, frame, jsonb_ref_string(string, len));
}

/*
 * jsonb_write_bool: the frame's next value is that boolean.
 */
void
jsonb_write_bool(JsonbWriter *writer, JsonbFrame *frame, bool value)
{
	jsonb_write_value(writer, frame, jsonb_ref_bool(value));
}

/*
 * compare_members: qsort comparator, by key order.
 */
static int
compare_members(const void *a, const void *b)
{
	const JsonbMember *ma = a;
	const JsonbMember *mb = b;

	return jsonb_key_compare(ma->key.ptr, ma->key.len, mb->key.ptr, mb->key.len);
}

/*
 * jsonb_sort_members: members in key order.
 */
void
jsonb_sort_members(JsonbMember *members, int nmembers)
{
	qsort(members, nmembers, sizeof(JsonbMember), compare_members);
}

/*
 * jsonb_write_members: an object, as the next value of outer or as the root,
 * of members that come in any order, no key twice.  Sorts the array.
 */
void
jsonb_write_members(JsonbWriter *writer, JsonbFrame *outer,
					JsonbMember *members, int nmembers)
{
	JsonbFrame	object;

	jsonb_sort_members(members, nmembers);
	jsonb_write_object(writer, outer, &object, nmembers);
	for (int i = 0; i < nmembers; i++)
		jsonb_write_key(writer, &object, members[i].key.ptr, members[i].key.len);
	for (int i = 0; i < nmembers; i++)
		jsonb_write_value(writer, &object, members[i].value);
	jsonb_write_end(writer, &object);
}

/*
 * jsonb_write_end: the container is complete.
 */
void
jsonb_write_end(JsonbWriter *writer, JsonbFrame *frame)
{
	Assert(frame->index == frame->entries);
	if (frame->outer != NULL)
		set_entry(writer, frame->outer, JENTRY_ISCONTAINER,
				  writer->len - frame->before);
}

/*
 * jsonb_write_finish: the document, in the context in which it was begun.
 */
Jsonb *
jsonb_write_finish(JsonbWriter *writer)
{
	SET_VARSIZE(writer->data, writer->len);
	return (Jsonb *) writer->data;
}

/*
 * jsonb_write_document: a document of its own from a value that lies
 * anywhere, palloc'd.
 *
 * A scalar becomes an array of one element that is marked as a scalar
 * (jsonb_util.c: JsonbValueToJsonb).
 */
Jsonb *
jsonb_write_document(JsonbRef value)
{
	JsonbWriter writer;

	jsonb_write_begin(&writer, VARHDRSZ + 2 * sizeof(uint32) + value.len);
	if (JREF_IS_SCALAR(value))
	{
		JsonbFrame	array;

		begin_container(&writer, NULL, &array, 1 | JB_FARRAY | JB_FSCALAR, 1);
		jsonb_write_value(&writer, &array, value);
		jsonb_write_end(&writer, &array);
	}
	else
		memcpy(reserve(&writer, value.len), value.ptr, value.len);
	return jsonb_write_finish(&writer);
}
