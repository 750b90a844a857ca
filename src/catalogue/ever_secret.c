/*-------------------------------------------------------------------------
 *
 * catalogue/ever_secret.c
 *	  Which places of documents are, or ever were, secrets', by the history of
 *	  the catalogue.
 *
 * A place has a path, whose steps are the keys of catalogue/once_secret.h's
 * trees: "credentials/?method=oauth/client_secret".  What was renamed since is a
 * secret's under each name that it has had.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/ever_secret.h"
#include "catalogue/field_path.h"
#include "catalogue/marks.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(ever_secret);
PG_FUNCTION_INFO_V1(secret_paths);
PG_FUNCTION_INFO_V1(field_paths);
PG_FUNCTION_INFO_V1(renamed_path);

/*
 * The places that are or ever were secrets', as a query s of id and path that
 * follows WITH RECURSIVE; %1$s is the history, %2$s the extension's schema.  which
 * says of which integrations the definitions are looked at.
 */
#define EVER_SECRET(which) \
	"s (id, path) AS (" \
	" SELECT h.id, p.path FROM %1$s AS h," \
	"  unnest(integration_schemas_internal.secret_paths(h.entry -> 'fields')) AS p (path)" \
	"  WHERE " which \
	" UNION" \
	" SELECT r.to_id, p.path" \
	" FROM s JOIN %2$s.integration_schema_renames AS r ON r.from_id = s.id" \
	"  CROSS JOIN LATERAL (SELECT CASE WHEN r.from_field IS NULL THEN s.path" \
	"   ELSE integration_schemas_internal.renamed_path(s.path, r.from_field, r.to_field) END) AS p (path)" \
	" WHERE p.path IS NOT NULL) "

/* The same of the integration $1, whatever it was called. */
#define EVER_SECRET_OF_ONE \
	"WITH RECURSIVE ids (id) AS (" \
	" SELECT $1 UNION SELECT r.from_id FROM ids JOIN %2$s.integration_schema_renames AS r" \
	"  ON r.to_id = ids.id AND r.from_field IS NULL), " \
	EVER_SECRET("h.id IN (SELECT ids.id FROM ids)")

/* The paths of secrets, or of all fields, as they are found. */
typedef struct PathList
{
	bool		all;			/* of all fields, and without their choices */
	ArrayBuildState *paths;
	StringInfoData path;		/* of the definition that is looked at */
} PathList;

static void find_in_fields(PathList *list, JsonbRef definitions, int depth);

/*
 * found: the path is one that is looked for.  It is a pointer less the first
 * slash.
 */
static void
found(PathList *list)
{
	list->paths = accumArrayResult(list->paths,
								   PointerGetDatum(cstring_to_text_with_len(list->path.data + 1,
																			list->path.len - 1)),
								   false, TEXTOID, CurrentMemoryContext);
}

/*
 * find_in_choices: the secrets in the choices of an object's variants.
 */
static void
find_in_choices(PathList *list, JsonbRef variants, int depth)
{
	JsonbRef	by = JREF_MEMBER(variants, "by");
	JsonbRef	choices = JREF_MEMBER(variants, "choices");
	JsonbWalk	walk;
	JsonbRef	choice;
	int			length = list->path.len;

	if (by.type != JREF_STRING || choices.type != JREF_ARRAY)
		return;
	if (list->all)
	{
		append_pointer_step(&list->path, by);
		found(list);
		list->path.len = length;
	}
	jsonb_walk_begin(&walk, choices);
	while (jsonb_walk_element(&walk, &choice))
	{
		JsonbRef	value = JREF_MEMBER(choice, "value");
		char	   *step;

		if (value.type != JREF_STRING)
			continue;
		step = psprintf("?%.*s=%.*s", (int) by.len, by.ptr, (int) value.len, value.ptr);
		append_pointer_step(&list->path, jsonb_ref_string(step, strlen(step)));
		pfree(step);
		find_in_fields(list, JREF_MEMBER(choice, "fields"), depth);
		list->path.len = length;
	}
}

/*
 * find_in: the secrets in what a definition describes, itself included.
 *
 * Versions hold whatever was restored: what is no definition has none, and
 * deeper than definitions may nest nothing is one (catalogue/fields.c).
 */
static void
find_in(PathList *list, JsonbRef definition, int depth)
{
	JsonbRef	type = JREF_MEMBER(definition, "type");
	int			length = list->path.len;

	CHECK_FOR_INTERRUPTS();
	if (definition.type == JREF_OBJECT &&
		(list->all || (type.type == JREF_STRING && JREF_IS(type, "secret"))))
		found(list);
	if (type.type != JREF_STRING || depth >= DEFINITION_DEPTH)
		return;
	if (JREF_IS(type, "object"))
	{
		find_in_fields(list, JREF_MEMBER(definition, "fields"), depth + 1);
		find_in_choices(list, JREF_MEMBER(definition, "variants"), depth + 1);
	}
	if (JREF_IS(type, "object") || JREF_IS(type, "array"))
	{
		appendStringInfoString(&list->path, "/*");
		find_in(list, JREF_IS(type, "object") ? JREF_MEMBER(definition, "values") :
				JREF_MEMBER(definition, "items"), depth + 1);
		list->path.len = length;
	}
}

/*
 * find_in_fields: the secrets in an array of definitions.
 */
static void
find_in_fields(PathList *list, JsonbRef definitions, int depth)
{
	JsonbWalk	walk;
	JsonbRef	definition;
	int			length = list->path.len;

	if (definitions.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, definitions);
	while (jsonb_walk_element(&walk, &definition))
	{
		JsonbRef	name = JREF_MEMBER(definition, "name");

		if (name.type != JREF_STRING)
			continue;
		append_pointer_step(&list->path, name);
		find_in(list, definition, depth);
		list->path.len = length;
	}
}

/*
 * paths_in: the paths in an integration's definitions, as an array.
 */
static Datum
paths_in(Jsonb *fields, bool all)
{
	PathList	list = {.all = all};

	initStringInfo(&list.path);
	find_in_fields(&list, jsonb_ref_root(fields), 1);
	if (list.paths == NULL)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	return makeArrayResult(list.paths, CurrentMemoryContext);
}

/*
 * integration_schemas_internal.secret_paths(fields jsonb) returns text[]: the
 * paths of the secrets in an integration's definitions.
 */
Datum
secret_paths(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(paths_in(PG_GETARG_JSONB_P(0), false));
}

/*
 * integration_schemas_internal.field_paths(fields jsonb) returns text[]: the
 * paths of all fields that they define, of whatever choice.
 */
Datum
field_paths(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(paths_in(PG_GETARG_JSONB_P(0), true));
}

/*
 * integration_schemas_internal.renamed_path(path text, "from" text, "to" text)
 * returns text: the path of a secret once a field on its way, or itself, has
 * another name; null where none of these has the old one.
 *
 * "from" is the path of a field's definition, without choices.
 */
Datum
renamed_path(PG_FUNCTION_ARGS)
{
	JsonbRef	refs[3];
	JsonbRef	renamed;

	for (int i = 0; i < 3; i++)
	{
		text	   *argument = PG_GETARG_TEXT_PP(i);

		refs[i] = jsonb_ref_string(VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument));
	}
	renamed = field_path_renamed(refs[0], refs[1], refs[2]);
	if (renamed.type == JREF_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(renamed.ptr, renamed.len));
}

/*
 * ever_secret_tree: the places of an integration that are or ever were secrets',
 * as a tree of catalogue/once_secret.h, JREF_NONE where there is none; with SPI
 * connected, in its memory.
 */
JsonbRef
ever_secret_tree(Relation catalogue, const char *id)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(catalogue));
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id)};
	bool		isnull;
	Datum		paths;

	own_execute(NULL, RelationGetForm(catalogue)->relowner,
				psprintf(EVER_SECRET_OF_ONE
						 "SELECT jsonb_build_object($1, jsonb_agg(s.path)) FROM s WHERE s.id = $1 HAVING count(*) > 0",
						 quote_qualified_identifier(schema, own_table_name(OWN_CHANGES)),
						 quote_identifier(schema)),
				lengthof(types), types, values, NULL, GetLatestSnapshot());
	if (SPI_processed == 0)
		return (JsonbRef) {0};
	paths = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return jsonb_ref_member(marks_of_paths(jsonb_ref_root(DatumGetJsonbP(paths))),
							id, strlen(id));
}

/*
 * ever_secret_paths: the places that are or ever were secrets', by integration:
 * {"id": ["path", ...]}.
 */
static Jsonb *
ever_secret_paths(FunctionCallInfo fcinfo)
{
	Jsonb	   *copy = NULL;
	bool		isnull;
	Datum		value;
	MemoryContext caller = CurrentMemoryContext;

	SPI_connect();
	own_select(fcinfo, OWN_CHANGES,
			   "WITH RECURSIVE " EVER_SECRET("true")
			   "SELECT coalesce(jsonb_object_agg(i.id, i.paths), '{}') FROM ("
			   " SELECT s.id, jsonb_agg(s.path) AS paths FROM s GROUP BY s.id) AS i",
			   0, NULL, NULL, NULL);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
	{
		MemoryContextSwitchTo(caller);
		copy = DatumGetJsonbPCopy(value);
	}
	SPI_finish();
	return copy;
}

/*
 * integration_schemas_internal.ever_secret() returns jsonb: the same.
 */
Datum
ever_secret(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(ever_secret_paths(fcinfo));
}

/*
 * ever_secret_places: the same as trees of catalogue/once_secret.h by
 * integration, palloc'd.
 */
JsonbRef
ever_secret_places(FunctionCallInfo fcinfo)
{
	return marks_of_paths(jsonb_ref_root(ever_secret_paths(fcinfo)));
}
