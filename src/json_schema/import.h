/*-------------------------------------------------------------------------
 *
 * json_schema/import.h
 *	  A JSON Schema on its way to field definitions: what the parts of the
 *	  import share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSON_SCHEMA_IMPORT_H
#define JSON_SCHEMA_IMPORT_H

#include "json_schema/names.h"
#include "lib/stringinfo.h"
#include "server/compat.h"

/* The keywords that a property's schema is read by. */
typedef enum Keyword
{
	KEYWORD_TYPE,
	KEYWORD_ENUM,
	KEYWORD_CONST,
	KEYWORD_PATTERN,
	KEYWORD_FORMAT,
	KEYWORD_MINIMUM,
	KEYWORD_MAXIMUM,
	KEYWORD_MIN_LENGTH,
	KEYWORD_MAX_LENGTH,
	KEYWORD_MIN_ITEMS,
	KEYWORD_MAX_ITEMS,
	/* those before are rules, those from here on annotations */
	KEYWORD_TITLE,
	KEYWORD_DESCRIPTION,
	KEYWORD_DEFAULT,
	KEYWORD_EXAMPLES,
	KEYWORD_ORDER,
	KEYWORD_MULTILINE,
	NKEYWORDS
} Keyword;

#define KEYWORD_FIRST_ANNOTATION KEYWORD_TITLE

/* Sets of FieldTypes, for the keywords that speak of some only. */
#define OF(type) (1 << (type))
#define OF_STRINGS (OF(FIELD_STRING) | OF(FIELD_SECRET))
#define OF_NUMBERS (OF(FIELD_INTEGER) | OF(FIELD_NUMBER))
#define OF_ARRAYS OF(FIELD_ARRAY)
#define OF_OBJECTS OF(FIELD_OBJECT)
#define OF_SCALARS (OF_STRINGS | OF_NUMBERS | OF(FIELD_BOOLEAN))
#define OF_ALL (OF_SCALARS | OF_ARRAYS | OF_OBJECTS)

/* Advice that several errors give. */
#define HINT_REFERENCE "Put the schema that it refers to in its place."
#define HINT_ONE_FORM "Import one of the alternatives, or state the conditions with \"if\" and \"then\"."

/* A schema that a property's schema is made of. */
typedef struct FieldSource
{
	JsonbRef	schema;
	char	   *path;			/* JSON Pointer to it, by way of the property */
} FieldSource;

/* A property on its way to a field definition. */
typedef struct FieldImport
{
	JsonbRef	name;
	List	   *sources;		/* FieldSource *: its schema, and those that it
								 * refers to first */
	int			nschemas;		/* that were begun to be read for it */
	JsonbRef	given[NKEYWORDS];
	FieldType	type;
	FieldFormat format;
	bool		secret;			/* one of its schemas marks it as one */
	char	   *pattern;		/* in PostgreSQL's dialect, or NULL */
	bool		required;
	List	   *required_with;	/* numbers of fields, each once at the end */
	List	   *required_unless;
	bool		team_level;
	int			place;			/* in our own order; INT_MAX: not in it */
	double		order;			/* as Airbyte's "order" has it */
} FieldImport;

typedef struct Import
{
	JsonbRef	root;
	StringInfoData path;		/* JSON Pointer to what is being read */
	Size		referred;		/* bytes that references brought in */
	int			nfields;
	FieldImport *fields;		/* in key order of their names */
} Import;

/* json_schema/import.c */
extern int	import_enter(Import *import, JsonbRef member);
extern int	import_enter_name(Import *import, const char *member);
extern int	import_enter_index(Import *import, int index);
extern void import_leave(Import *import, int before);
extern char *import_path(const Import *import);
pg_noreturn extern void import_refuse(Import *import, const char *reason, const char *hint);
extern int	import_field(const Import *import, JsonbRef name);

/* json_schema/keywords.c */
extern void import_keywords(Import *import, FieldImport *field, JsonbRef schema);
extern const char *import_keyword_name(const FieldImport *field, JsonbRef key);

/* json_schema/other_keywords.c */
extern void import_check_keyword(Import *import, JsonbRef key, JsonbRef value,
								 FieldType type);
extern void import_leave_out(Import *import, JsonbRef key, FieldType type);

/* json_schema/secret_marks.c */
extern bool import_secret_mark(Import *import, JsonbRef key, JsonbRef value);

/* json_schema/conditions.c */
extern bool import_is_demand(JsonbRef keyword);
extern void import_demands(Import *import);

/* json_schema/definitions.c */
extern Jsonb *import_definitions(Import *import);

#endif							/* JSON_SCHEMA_IMPORT_H */
