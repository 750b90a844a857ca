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
	FIELD_OBJECT,
	FIELD_JSON
} FieldType;

#define FIELD_TYPE_LAST FIELD_JSON

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
	FORMAT_HOST,
	FORMAT_HOST_PORT,
	FORMAT_IPV4,
	FORMAT_IPV6,
	FORMAT_CIDR,
	FORMAT_TIME,
	FORMAT_DURATION
} FieldFormat;

/* How an inner layer's value meets an outer one's. */
typedef enum FieldMerge
{
	MERGE_BY_TYPE,				/* objects deep, all else replaced */
	MERGE_REPLACE,
	MERGE_APPEND,
	MERGE_UNION
} FieldMerge;

/* How deep definitions nest: an integration's own fields are the first level. */
#define DEFINITION_DEPTH 16

struct FieldPattern;			/* catalogue/field_rules.c */
struct CatalogueRows;			/* catalogue/rows.h */

struct FieldExtra;

/* One field definition, or that of an array's elements or a map's values. */
typedef struct Field
{
	JsonbRef	name;			/* JREF_NONE for elements and values */
	JsonbRef	definition;		/* the object that defines it */
	FieldType	type;
	FieldFormat format;
	FieldMerge	merge;
	int			index;			/* in its FieldSet */
	bool		team_level;
	bool		required;
	bool		multiline;		/* control characters are allowed */
	bool		is_public;		/* what is free-form in it may be shown */
	bool		demands;		/* it may be required, or something in it */
	bool		structured;		/* its values don't merge as of its JSON type
								 * alone, or are filled */
	bool		conditions_inside;	/* what is in its values may not apply:
									 * it has an extra */
	JsonbRef	default_value;	/* the rest: JREF_NONE where not given */
	JsonbRef	fill;			/* what it has where no layer gives it */
	JsonbRef	allowed_values;
	JsonbRef	min;
	JsonbRef	max;
	int64		min_length;		/* -1 where not given */
	int64		max_length;
	JsonbRef	pattern;
	struct FieldPattern *compiled_pattern;	/* NULL until first used */
	MemoryContext cxt;			/* the catalogue's, for the pattern */
	struct FieldExtra *extra;	/* NULL for most */
} Field;

/*
 * The fields of an object: an integration's config, an object that a
 * definition describes, or one choice of its variants, which has the fields of
 * outer too.
 *
 * A field's index counts outer's first, so that what is known of each field of
 * an object is one array, of field_set_size() elements.
 */
typedef struct FieldSet
{
	const struct FieldSet *outer;	/* NULL for none */
	int			first;			/* index of the first own field */
	int			nfields;		/* own ones */
	bool		by;				/* the first in order tells choices apart */
	Field	   *fields;			/* in key order of their names */
	Field	  **ordered;		/* in the order of the definitions */
	int			ndemanding;		/* fields with "demands" */
	Field	  **demanding;		/* in the order of the definitions */
	int			nconditional;	/* fields that have conditions */
	int			ncircular;		/* the last of them, which wait for each other */
	bool		conditions_inside;	/* any field has some, or has some inside */
	Field	  **conditional;	/* after those that their conditions name */
	int			nstructured;
	Field	  **structured;
} FieldSet;

/* One sibling that applies_when names, and the values it may have. */
typedef struct FieldCondition
{
	int			index;
	JsonbRef	values;
} FieldCondition;

typedef struct FieldChoice
{
	JsonbRef	value;			/* of the field "by" */
	FieldSet	fields;
} FieldChoice;

/* What few definitions have. */
typedef struct FieldExtra
{
	int			nrequired_with;
	int			nrequired_unless;
	int			nconditions;
	const int  *required_with;	/* indexes of siblings */
	const int  *required_unless;
	const FieldCondition *conditions;
	JsonbRef	multiple_of;
	JsonbRef	exclusive_min;
	JsonbRef	exclusive_max;
	bool		unique_items;
	JsonbRef	deprecated;		/* true, or what to use instead */

	/* what is in an object; with variants "by" is the first of the fields */
	FieldSet   *fields;			/* NULL: it is free-form, or a map */
	JsonbRef	by;
	int			nchoices;
	FieldChoice *choices;		/* in key order of their values */
	Field	   *values;			/* of a map */
	Field	   *keys;			/* the rules of its keys, NULL for none */
	Field	   *items;			/* of an array */
	JsonbRef	fill_applying;	/* with conditions_inside: the field's fill less
								 * what does not apply in it */
} FieldExtra;

/* One row. */
typedef struct Integration
{
	JsonbRef	id;
	JsonbRef	name;
	JsonbRef	category;
	JsonbRef	description;
	bool		required;
	bool		locked;
	bool		instances;		/* it may have any */
	FieldSet	config;			/* its fields */

	/* what integration_schema_config gives where no layer says anything */
	JsonbRef	entry;
	JsonbRef	entry_keys[2][2];	/* objects with an entry's keys: without and
								 * with description, plain and of instances */
	JsonbRef	level;			/* parts of the entry */
	JsonbRef	order;			/* names of the fields, as ordered */
	JsonbRef	display_order;
	JsonbRef	config_schema;
	JsonbRef	team_config_schema; /* JREF_NONE where there is none */
	JsonbRef	defaults;		/* its config: the fields' defaults */
	JsonbRef	defaults_applying;	/* the same less what does not apply in them */
	bool		configured;
} Integration;

typedef struct Catalogue
{
	MemoryContext cxt;
	int			nintegrations;
	Integration *integrations;	/* in key order of their ids */
	Integration **displayed;	/* by display_order and name */
	int			max_fields;		/* that the config of any of them has */
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
	bool		instances;
	Jsonb	   *fields;			/* NULL where it is null */
	int32		display_order;
} CatalogueRow;

/* catalogue/compile.c */
extern Catalogue *catalogue_compile(const CatalogueRow *rows, int nrows,
									MemoryContext cxt);
extern const Integration *catalogue_integration(const Catalogue *catalogue,
												const char *id, int len);
extern const Integration *catalogue_entry(const Catalogue *catalogue,
										  const char *key, int len,
										  JsonbRef *instance);
extern const Integration *catalogue_require(const Catalogue *catalogue,
											const char *id, int len);
extern const Integration *catalogue_require_entry(const Catalogue *catalogue,
												  const char *key, int len,
												  JsonbRef *instance);

/* catalogue/fields.c */
extern void fields_compile(FieldSet *set, JsonbRef definitions);
extern Field *field_set_find(const FieldSet *set, const char *name, int len);
extern const FieldSet *field_set_by(const Field *field, JsonbRef by);
extern const FieldSet *field_set_of(const Field *field, JsonbRef object);
extern bool field_choice_is_open(const Field *field, JsonbRef object);
extern Field *field_of_any_choice(const Field *field, JsonbRef key);

/* catalogue/vocabulary.c */
extern const char *field_type_name(FieldType type);
extern const char *field_format_name(FieldFormat format);
extern const char *field_format_json_schema(FieldFormat format);
extern bool field_type_parse(JsonbRef name, FieldType *type);
extern bool field_format_parse(JsonbRef name, FieldFormat *format);
extern bool field_merge_parse(JsonbRef name, FieldMerge *merge);

static inline int
field_set_size(const FieldSet *set)
{
	return set->first + set->nfields;
}

/*
 * entry_id: the integration's id in the key of an entry, which may be an
 * instance's: "grafana" of "grafana:eu".
 */
static inline JsonbRef
entry_id(JsonbRef key)
{
	const char *colon = memchr(key.ptr, ':', key.len);

	return colon == NULL ? key : jsonb_ref_string(key.ptr, colon - key.ptr);
}

/*
 * is_entry_of: is it the key of an entry of that integration, or of an instance
 * of it?
 */
static inline bool
is_entry_of(JsonbRef key, JsonbRef id)
{
	return key.len >= id.len && memcmp(key.ptr, id.ptr, id.len) == 0 &&
		(key.len == id.len || key.ptr[id.len] == ':');
}

/*
 * field_at: the field of that index.
 */
static inline Field *
field_at(const FieldSet *set, int index)
{
	while (index < set->first)
		set = set->outer;
	return &set->fields[index - set->first];
}

/*
 * integration_field: the integration's field of that name, or NULL.
 */
static inline Field *
integration_field(const Integration *integration, const char *name, int len)
{
	return field_set_find(&integration->config, name, len);
}

/*
 * field_is_defined: is what is in the field's value described, too?
 */
static inline bool
field_is_defined(const Field *field)
{
	return field->extra != NULL &&
		(field->extra->fields != NULL || field->extra->values != NULL ||
		 field->extra->items != NULL);
}

/*
 * field_fill: what a field has where no layer gives it a value; applicable: less
 * what does not apply in it.
 */
static inline JsonbRef
field_fill(const Field *field, bool applicable)
{
	return applicable && field->conditions_inside ? field->extra->fill_applying : field->fill;
}

/*
 * field_inside: the definition of what an object of that field has at a key, or
 * NULL; set is what field_set_of() says of the object.
 */
static inline Field *
field_inside(const Field *field, const FieldSet *set, JsonbRef key)
{
	return set != NULL ? field_set_find(set, key.ptr, key.len) :
		field->extra != NULL ? field->extra->values : NULL;
}

/*
 * field_meant: the same, where an object that is open, which names no choice, may
 * have what any choice has.
 */
static inline const Field *
field_meant(const Field *field, const FieldSet *set, bool open, JsonbRef key)
{
	const Field *inside = field_inside(field, set, key);

	return inside == NULL && open ? field_of_any_choice(field, key) : inside;
}

/* catalogue/cache.c */
extern const Catalogue *catalogue_current(FunctionCallInfo fcinfo);
extern const Catalogue *catalogue_of_owner(FunctionCallInfo fcinfo);
extern const Catalogue *catalogue_for_granted(FunctionCallInfo fcinfo);
extern const Catalogue *catalogue_fallback(void);
extern void catalogue_pin(const Catalogue *catalogue);
extern char *catalogue_source(FunctionCallInfo fcinfo);
extern bool catalogue_unsettle(void);

/* catalogue/trigger.c */
extern void catalogue_move_version(Relation table);

#endif							/* CATALOGUE_CATALOGUE_H */
