/*-------------------------------------------------------------------------
 *
 * jsonb/writer.h
 *	  Writing jsonb straight into its on-disk form.
 *
 * The caller knows how many members an object will have and gives its keys
 * in key order (jsonb_key_compare), all keys before the first value:
 *
 *		jsonb_write_begin(&writer, 1024);
 *		jsonb_write_object(&writer, NULL, &object, 2);
 *		jsonb_write_key(&writer, &object, "a", 1);
 *		jsonb_write_key(&writer, &object, "b", 1);
 *		jsonb_write_value(&writer, &object, some_ref);
 *		jsonb_write_array(&writer, &object, &array, 1);
 *		jsonb_write_value(&writer, &array, other_ref);
 *		jsonb_write_end(&writer, &array);
 *		jsonb_write_end(&writer, &object);
 *		result = jsonb_write_finish(&writer);
 *
 * What is written equals, byte for byte, what the server would store for the
 * same text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_WRITER_H
#define JSONB_WRITER_H

#include "jsonb/reader.h"

typedef struct JsonbWriter
{
	char	   *data;			/* palloc'd where jsonb_write_begin was called */
	Size		len;			/* bytes written, the varlena header included */
	Size		size;			/* bytes allocated */
} JsonbWriter;

/* A container that is being written. */
typedef struct JsonbFrame
{
	struct JsonbFrame *outer;	/* NULL for the document's root */
	Size		before;			/* writer's length before the padding */
	Size		start;			/* offset of the container's header */
	uint32		keys;			/* keys yet to come */
	uint32		index;			/* of the next JEntry */
	uint32		entries;		/* JEntries that the container has */
	Size		total;			/* bytes of the entries so far */
} JsonbFrame;

/* A member that is to be written. */
typedef struct JsonbMember
{
	JsonbRef	key;
	JsonbRef	value;
} JsonbMember;

extern void jsonb_write_begin(JsonbWriter *writer, Size size);
extern void jsonb_write_object(JsonbWriter *writer, JsonbFrame *outer,
							   JsonbFrame *object, uint32 members);
extern void jsonb_write_array(JsonbWriter *writer, JsonbFrame *outer,
							  JsonbFrame *array, uint32 elements);
extern void jsonb_write_key(JsonbWriter *writer, JsonbFrame *object,
							const char *key, uint32 len);
extern void jsonb_write_keys_of(JsonbWriter *writer, JsonbFrame *object,
								JsonbRef same_keys);
extern void jsonb_write_value(JsonbWriter *writer, JsonbFrame *frame,
							  JsonbRef value);
extern void jsonb_write_string(JsonbWriter *writer, JsonbFrame *frame,
							   const char *string, uint32 len);
extern void jsonb_write_bool(JsonbWriter *writer, JsonbFrame *frame,
							 bool value);
extern void jsonb_sort_members(JsonbMember *members, int nmembers);
extern void jsonb_write_members(JsonbWriter *writer, JsonbFrame *outer,
								JsonbMember *members, int nmembers);
extern void jsonb_write_end(JsonbWriter *writer, JsonbFrame *frame);
extern Jsonb *jsonb_write_finish(JsonbWriter *writer);
extern Jsonb *jsonb_write_document(JsonbRef value);

#endif							/* JSONB_WRITER_H */
