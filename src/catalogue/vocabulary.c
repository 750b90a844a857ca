/*-------------------------------------------------------------------------
 *
 * catalogue/vocabulary.c
 *	  The words of a field definition, and what they stand for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"

/* Names, by the enums' values. */
static const char *const field_types[] = {
	[FIELD_STRING] = "string",
	[FIELD_SECRET] = "secret",
	[FIELD_INTEGER] = "integer",
	[FIELD_NUMBER] = "number",
	[FIELD_BOOLEAN] = "boolean",
	[FIELD_ARRAY] = "array",
	[FIELD_OBJECT] = "object",
	[FIELD_JSON] = "json",
};

static const char *const field_formats[] = {
	[FORMAT_NONE] = "",
	[FORMAT_URI] = "uri",
	[FORMAT_HOSTNAME] = "hostname",
	[FORMAT_EMAIL] = "email",
	[FORMAT_UUID] = "uuid",
	[FORMAT_DATE] = "date",
	[FORMAT_DATE_TIME] = "date-time",
	[FORMAT_HTTP_URL] = "http-url",
	[FORMAT_HOST] = "host",
	[FORMAT_HOST_PORT] = "host-port",
	[FORMAT_IPV4] = "ipv4",
	[FORMAT_IPV6] = "ipv6",
	[FORMAT_CIDR] = "cidr",
	[FORMAT_TIME] = "time",
	[FORMAT_DURATION] = "duration",
};

/*
 * name_index: where a string stands among names, from first on, or -1.
 */
static int
name_index(JsonbRef string, const char *const *names, int nnames, int first)
{
	if (string.type == JREF_STRING)
		for (int i = first; i < nnames; i++)
			if (jsonb_ref_is(string, names[i], strlen(names[i])))
				return i;
	return -1;
}

const char *
field_type_name(FieldType type)
{
	return field_types[type];
}

const char *
field_format_name(FieldFormat format)
{
	return field_formats[format];
}

/*
 * field_format_json_schema: the format of JSON Schema that is nearest to it,
 * one that every value of ours has; NULL where there is none.
 */
const char *
field_format_json_schema(FieldFormat format)
{
	switch (format)
	{
		case FORMAT_NONE:
		case FORMAT_HOST:
		case FORMAT_HOST_PORT:
		case FORMAT_CIDR:
			return NULL;
		case FORMAT_HTTP_URL:
			return field_formats[FORMAT_URI];
		default:
			return field_formats[format];
	}
}

/*
 * field_type_parse: the type of that name; false where there is none.
 */
bool
field_type_parse(JsonbRef name, FieldType *type)
{
	int			index = name_index(name, field_types, lengthof(field_types), 0);

	if (index < 0)
		return false;
	*type = (FieldType) index;
	return true;
}

/*
 * field_format_parse: the format of that name; false where there is none.
 */
bool
field_format_parse(JsonbRef name, FieldFormat *format)
{
	int			index = name_index(name, field_formats, lengthof(field_formats), 1);

	if (index < 0)
		return false;
	*format = (FieldFormat) index;
	return true;
}

/*
 * field_merge_parse: the way to merge of that name; false where there is none.
 * "deep" is what objects do anyway.
 */
bool
field_merge_parse(JsonbRef name, FieldMerge *merge)
{
	static const char *const merges[] = {
		[MERGE_BY_TYPE] = "deep",
		[MERGE_REPLACE] = "replace",
		[MERGE_APPEND] = "append",
		[MERGE_UNION] = "union",
	};
	int			index = name_index(name, merges, lengthof(merges), 0);

	if (index < 0)
		return false;
	*merge = (FieldMerge) index;
	return true;
}
