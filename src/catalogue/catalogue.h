/*-------------------------------------------------------------------------
 *
 * catalogue/catalogue.h
 *	  The compiled catalogue: what the rows of integration_schemas say, in the
 *	  form in which the merge and the validation use it.
 *
 * A Catalogue and all it points to live in one memory context of its own.
 * It is built by catalogue_compile() and not changed afterwards, but for what
 * is added on first use: the compiled patterns by catalogue/field_rules.c, the
 * rows as they are shown by catalogue/rows.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_CATALOGUE_H
#define CATALOGUE_CATALOGUE_H

#include "fmgr.h"

#include "jsonb/reader.h"
#include "utils/relcache.h"

#define CATALOGUE_TABLE "integration_schemas"

/* What stands for a secret's value, and for one that may be a secret's. */
#define REDACTED_VALUE "********"

typedef enum FieldType
{
	FIELD_STRING,
	FIELD_SECRET,
	FIELD_INTEGER,
	FIELD_NUMBER,
	FIELD_BOOLEAN,
	FIELD_ARRAY,
	FIELD_OBJECT
} FieldType;

typedef enum FieldFormat
{
	FORMAT_NONE,
	FORMAT_URI,
	FORMAT_HOSTNAME,
	FORMAT_EMAIL,
	FORMAT_UUID,
	FORMAT_DATE,
	FORMAT_DATE_TIME,
	FORMAT_HTTP_URL,
	FORMAT_HOST
} FieldFormat;

struct FieldPattern;			/* catalogue/field_rules.c */
struct CatalogueRows;			/* catalogue/rows.h */

/* One field definition. */
typedef struct Field
{
	JsonbRef	name;
	JsonbRef	definition;		/* the object that defines it */
	FieldType	type;
	FieldFormat format;
	bool		team_level;
	bool		required;
	bool		multiline;		/* control characters are allowed */
	bool		is_public;		/* strings inside its objects may be shown */
	int			nrequired_with;
	int			nrequired_unless;
	const int  *required_with;	/* indexes into Integration.fields */
	const int  *required_unless;
	JsonbRef	default_value;	/* the rest: JREF_NONE where not given */
	JsonbRef	allowed_values;
	JsonbRef	min;
	JsonbRef	max;
	int64		min_length;		/* -1 where not given */
	int64		max_length;
	JsonbRef	pattern;
	struct FieldPattern *compiled_pattern;	/* NULL until first used */
	MemoryContext cxt;			/* the catalogue's, for the pattern */
} Field;

/* One row. */
typedef struct Integration
{
	JsonbRef	id;
	JsonbRef	name;
	JsonbRef	category;
	JsonbRef	description;
	bool		required;
	bool		locked;
	int			nfields;
	Field	   *fields;			/* in key order of their names */
	Field	  **ordered;		/* in the order of the definitions */
	int			ndemanding;		/* fields that may be required */
	Field	  **demanding;		/* in the order of the definitions */

	/* what integration_schema_config gives where no layer says anything */
	JsonbRef	entry;
	JsonbRef	entry_keys[2];	/* an object with an entry's keys: without and
								 * with description */
	JsonbRef	level;			/* parts of the entry */
	JsonbRef	order;			/* names of the fields, as ordered */
	JsonbRef	display_order;
	JsonbRef	config_schema;
	JsonbRef	team_config_schema; /* JREF_NONE where there is none */
	JsonbRef	defaults;		/* its config: the fields' defaults */
	bool		configured;
} Integration;

typedef struct Catalogue
{
	MemoryContext cxt;
	int			nintegrations;
	Integration *integrations;	/* in key order of their ids */
	Integration **displayed;	/* by display_order and name */
	int			max_fields;		/* that any of them has */
	Jsonb	   *document;		/* what integration_schema_config() gives */
	JsonbRef	entries;		/* the object "integrations" in it */
	bool		is_fallback;	/* it stands in for one that is not there */

	/* catalogue/rows.c's, NULL until first used */
	struct CatalogueRows *rows;
	char	   *version;

	int			pins;			/* catalogue/cache.c's: who still uses it */
	bool		dropped;		/* and that it goes with the last pin */
} Catalogue;

/* A row of the table as it is read, before it is compiled. */
typedef struct CatalogueRow
{
	JsonbRef	id;
	JsonbRef	name;
	JsonbRef	category;
	JsonbRef	description;
	bool		required;
	bool		locked;
	Jsonb	   *fields;			/* NULL where it is null */
	int32		display_order;
} CatalogueRow;

/* catalogue/compile.c */
extern Catalogue *catalogue_compile(const CatalogueRow *rows, int nrows,
									MemoryContext cxt);
extern const Integration *catalogue_integration(const Catalogue *catalogue,
												const char *id, int len);
extern Field *integration_field(const Integration *integration,
								const char *name, int len);
extern const Integration *catalogue_require(const Catalogue *catalogue,
											const char *id, int len);
extern const char *field_type_name(FieldType type);
extern const char *field_format_name(FieldFormat format);
extern const char *field_format_json_schema(FieldFormat format);
extern bool field_type_parse(JsonbRef name, FieldType *type);
extern bool field_format_parse(JsonbRef name, FieldFormat *format);

/* catalogue/cache.c */
extern const Catalogue *catalogue_current(FunctionCallInfo fcinfo);
extern const Catalogue *catalogue_of_owner(FunctionCallInfo fcinfo);
extern const Catalogue *catalogue_fallback(void);
extern void catalogue_pin(const Catalogue *catalogue);
extern char *catalogue_source(FunctionCallInfo fcinfo);
extern bool catalogue_unsettle(void);

/* catalogue/trigger.c */
extern void catalogue_move_version(Relation table);

#endif							/* CATALOGUE_CATALOGUE_H */
