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
	KEYWORD_WRITE_ONLY,
	KEYWORD_AIRBYTE_SECRET,
	KEYWORD_ORDER,
	NKEYWORDS
} Keyword;

#define KEYWORD_FIRST_ANNOTATION KEYWORD_TITLE

/* A property on its way to a field definition. */
typedef struct FieldImport
{
	JsonbRef	name;
	List	   *sources;		/* JsonbRef *: its schema, and those that it
								 * refers to first */
	JsonbRef	given[NKEYWORDS];
	FieldType	type;
	FieldFormat format;
	char	   *pattern;		/* in PostgreSQL's dialect, or NULL */
	bool		required;
	List	   *required_with;	/* numbers of fields */
	List	   *required_unless;
	bool		team_level;
	int			place;			/* in our own order; INT_MAX: not in it */
	double		order;			/* as Airbyte's "order" has it */
} FieldImport;

typedef struct Import
{
	JsonbRef	root;
	StringInfoData path;		/* JSON Pointer to what is being read */
	int			nfields;
	FieldImport *fields;		/* in key order of their names */
} Import;

/* json_schema/import.c */
extern int	import_enter(Import *import, JsonbRef member);
extern int	import_enter_name(Import *import, const char *member);
extern int	import_enter_index(Import *import, int index);
extern void import_leave(Import *import, int before);
extern void import_refuse(Import *import, const char *reason, const char *hint);
extern int	import_field(const Import *import, JsonbRef name);

/* json_schema/keywords.c */
extern void import_keywords(Import *import, FieldImport *field, JsonbRef schema);
extern void import_refuse_keyword(Import *import, JsonbRef key, JsonbRef value);

/* json_schema/conditions.c */
extern bool import_is_demand(JsonbRef keyword);
extern void import_demands(Import *import);

/* json_schema/definitions.c */
extern Jsonb *import_definitions(Import *import);

#endif							/* JSON_SCHEMA_IMPORT_H */
