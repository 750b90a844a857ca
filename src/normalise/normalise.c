/*-------------------------------------------------------------------------
 *
 * normalise/normalise.c
 *	  Documents of other systems, in the form that ours have.
 *
 * There an entry's values stand in "config", "team_config", "config_values" or in
 * the entry itself; what is inherited is "__INHERIT__", and numbers are text. Here
 * they stand in "config", each of its field's type.  What has no place here is told,
 * and left out: nothing is guessed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalogue/catalogue.h"
#include "funcapi.h"
#include "jsonb/build.h"
#include "jsonb/number.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(integration_schema_normalise);

#define INHERIT "__INHERIT__"

/* How many violations are told one by one. */
#define VIOLATIONS_TOLD 1000

/* Where an entry's values may stand; the first that has one counts. */
static const char *const containers[] = {"config", "team_config", "config_values"};

#define CONTAINERS ((int) lengthof(containers))
#define SOURCES (CONTAINERS + 1)	/* and the entry itself */

/* What is written beside them. */
static const char *const written[] = {"enabled", "description", "locked"};

/* What other systems copy there from their catalogues. */
static const char *const facts[] = {
	"id", "name", "category", "level", "required", "configured", "in_use", "missing",
	"order", "display_order", "featured", "docs_url", "icon_url", "config_schema",
	"team_config_schema", "fields", "integration", "instance"
};

/* A document that is being normalised. */
typedef struct Normalise
{
	const Catalogue *catalogue;
	JsonbBuild	violations;
	int64		nviolations;	/* also those that are not told */
	JsonbRef	key;			/* of the entry */
} Normalise;

/*
 * is_one_of: is a key one of these names?
 */
static bool
is_one_of(JsonbRef key, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (jsonb_ref_is(key, names[i], strlen(names[i])))
			return true;
	return false;
}

/*
 * is_no_word: does it say nothing, but that the value is inherited?
 */
static bool
is_no_word(JsonbRef value)
{
	return value.type == JREF_NONE || (value.type == JREF_STRING && JREF_IS(value, INHERIT));
}

/*
 * violate: tell of something in the entry that has no place; the message's %s is
 * its name.
 */
static void
violate(Normalise *normalise, const char *container, JsonbRef name, const char *code,
		bool warning, const char *format)
{
	JsonbBuild *build = &normalise->violations;
	StringInfoData path;

	if (normalise->nviolations++ >= VIOLATIONS_TOLD)
		return;
	initStringInfo(&path);
	appendStringInfoString(&path, "/integrations");
	if (normalise->key.type != JREF_NONE)
		append_pointer_step(&path, normalise->key);
	if (container != NULL)
		append_pointer_step(&path, jsonb_ref_string(container, strlen(container)));
	if (name.type != JREF_NONE)
		append_pointer_step(&path, name);
	build_object(build);
	build_key(build, "path");
	build_value(build, jsonb_ref_string(path.data, path.len));
	if (normalise->key.type != JREF_NONE)
	{
		build_key(build, "integration");
		build_value(build, normalise->key);
	}
	build_key(build, "code");
	build_string(build, code);
	build_key(build, "message");
	build_string(build, psprintf(format, name_phrase(name.type != JREF_NONE ? name : normalise->key)));
	build_key(build, "severity");
	build_string(build, warning ? "warning" : "error");
	build_end(build);
}

/*
 * text_number: the number that a string says; JREF_NONE where it says none, or one
 * that is no integer where that is wanted.
 */
static JsonbRef
text_number(JsonbRef string, bool integer)
{
	JsonbRef	none = {0};
	uint32		i = string.len > 0 && string.ptr[0] == '-' ? 1 : 0;
	uint32		digits = 0;
	JsonbRef	number;
	Numeric		numeric;

	/* a JSON number without an exponent, of a length that is one's */
	for (; i < string.len && string.ptr[i] >= '0' && string.ptr[i] <= '9'; i++)
		digits++;
	if (digits > 0 && !integer && i < string.len && string.ptr[i] == '.')
	{
		uint32		fraction = ++i;

		for (; i < string.len && string.ptr[i] >= '0' && string.ptr[i] <= '9'; i++)
			;
		digits = i > fraction ? digits : 0;
	}
	if (digits == 0 || i != string.len || string.len > 100)
		return none;
	numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in,
												  CStringGetDatum(jsonb_ref_cstring(string)),
												  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	number = (JsonbRef) {.type = JREF_NUMERIC,.ptr = (const char *) numeric,.len = VARSIZE_ANY(numeric)};
	return number;
}

/*
 * text_boolean: the boolean that a string says, as YAML 1.1 has it; JREF_NONE where
 * it says none.
 */
static JsonbRef
text_boolean(JsonbRef string)
{
	static const char *const words[][2] = {
		{"false", "true"}, {"no", "yes"}, {"off", "on"}
	};

	for (int i = 0; i < (int) lengthof(words); i++)
		for (int j = 0; j < 2; j++)
			if (string.len == strlen(words[i][j]) &&
				pg_strncasecmp(string.ptr, words[i][j], string.len) == 0)
				return jsonb_ref_bool(j == 1);
	return (JsonbRef) {0};
}

/*
 * scalar: a value as its field wants it; itself where it can't be made so.
 */
static JsonbRef
scalar(const Field *field, JsonbRef value)
{
	JsonbRef	made = {0};
	StringInfoData text;

	if (field == NULL || value.type <= JREF_NULL || !JREF_IS_SCALAR(value))
		return value;
	if (value.type == JREF_STRING)
	{
		if (field->type == FIELD_INTEGER || field->type == FIELD_NUMBER)
			made = text_number(value, field->type == FIELD_INTEGER);
		else if (field->type == FIELD_BOOLEAN)
			made = text_boolean(value);
		return made.type == JREF_NONE ? value : made;
	}
	if (field->type != FIELD_STRING && field->type != FIELD_SECRET)
		return value;
	if (value.type == JREF_BOOL)
		return value.boolean ? jsonb_ref_string("true", 4) : jsonb_ref_string("false", 5);
	initStringInfo(&text);
	append_number(&text, value);
	return jsonb_ref_string(text.data, text.len);
}

/*
 * build_normal: build a field's value, and what is defined in it; field is NULL for
 * what is not.
 *
 * In an object a null says nothing, as "__INHERIT__" does.
 */
static void
build_normal(JsonbBuild *build, const Field *field, JsonbRef value)
{
	const FieldSet *set = NULL;
	bool		open = false;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	if (JREF_IS_SCALAR(value))
	{
		build_value(build, scalar(field, value));
		return;
	}
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	if (value.type == JREF_ARRAY)
	{
		build_array(build);
		while (jsonb_walk_element(&walk, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			build_normal(build, field != NULL && field->extra != NULL ? field->extra->items : NULL,
						 inner);
		}
		build_end(build);
		return;
	}
	if (field != NULL && !field_is_defined(field))
		field = NULL;
	if (field != NULL)
	{
		set = field_set_of(field, value);
		open = field_choice_is_open(field, value);
	}
	build_object(build);
	while (jsonb_walk_member(&walk, &key, &inner))
	{
		Field	   *definition = field != NULL ? field_inside(field, set, key) : NULL;

		CHECK_FOR_INTERRUPTS();
		if (field != NULL && (is_no_word(inner) || inner.type == JREF_NULL))
			continue;
		if (definition == NULL && open)
			definition = field_of_any_choice(field, key);
		build_key_ref(build, key);
		build_normal(build, definition, inner);
	}
	build_end(build);
}

/*
 * normal_document: a value as it becomes, a document of its own, palloc'd.
 */
static Jsonb *
normal_document(const Field *field, JsonbRef value)
{
	JsonbBuild	build = {0};

	build_array(&build);
	build_normal(&build, field, value);
	build_end(&build);
	return build_finish(&build);
}

/*
 * contradicts: does a value become another one than that which counts?
 */
static bool
contradicts(const Field *field, JsonbRef value, JsonbRef counts)
{
	Jsonb	   *a = normal_document(field, value);
	Jsonb	   *b = normal_document(field, counts);
	bool		differs = !jsonb_ref_equal(jsonb_ref_root(a), jsonb_ref_root(b));

	pfree(a);
	pfree(b);
	return differs;
}

/*
 * source_name: a source's key in the entry; NULL for the entry itself.
 */
static const char *
source_name(int source)
{
	return source < CONTAINERS ? containers[source] : NULL;
}

/*
 * build_field: build a field that any source has a value for.
 */
static void
build_field(Normalise *normalise, JsonbBuild *build, const Field *field,
			const JsonbRef *sources)
{
	JsonbRef	counts = {0};

	for (int i = 0; i < SOURCES; i++)
	{
		JsonbRef	value = jsonb_ref_member(sources[i], field->name.ptr, field->name.len);

		if (is_no_word(value))
			continue;
		if (counts.type == JREF_NONE)
			counts = value;
		else if (contradicts(field, value, counts))
			violate(normalise, source_name(i), field->name, "contradiction", false,
					"field %s has another value in a place that counts more");
	}
	if (counts.type == JREF_NONE)
		return;
	build_key_ref(build, field->name);
	build_normal(build, field, counts);
}

/*
 * check_members: tell of what in a source is no field's value.
 */
static void
check_members(Normalise *normalise, const Integration *integration, JsonbRef source, int number)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_walk_begin(&walk, source);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (integration_field(integration, key.ptr, key.len) != NULL)
			continue;
		if (number == CONTAINERS &&
			(is_one_of(key, containers, CONTAINERS) || is_one_of(key, written, lengthof(written))))
			continue;
		if (is_no_word(value))
			continue;
		if (number == CONTAINERS && is_one_of(key, facts, lengthof(facts)))
			violate(normalise, NULL, key, "catalogue", true, "key %s is the catalogue's to say");
		else
			violate(normalise, source_name(number), key, "unknown_field", false,
					"integration has no field %s");
	}
}

/*
 * is_fields: is a key of the entry a field's of the integration, so that it can't be
 * meant otherwise?
 */
static bool
is_fields(const Integration *integration, const char *key)
{
	return integration_field(integration, key, strlen(key)) != NULL;
}

/*
 * build_written: build what stands beside the values.
 */
static void
build_written(JsonbBuild *build, const Integration *integration, JsonbRef entry)
{
	for (int i = 0; i < (int) lengthof(written); i++)
	{
		JsonbRef	key = jsonb_ref_string(written[i], strlen(written[i]));
		JsonbRef	value = jsonb_ref_member(entry, key.ptr, key.len);
		JsonbRef	boolean = value.type == JREF_STRING && i != 1 ? text_boolean(value) : (JsonbRef) {0};

		if (is_no_word(value) || value.type == JREF_NULL || is_fields(integration, written[i]))
			continue;
		build_key_ref(build, key);
		build_value(build, boolean.type != JREF_NONE ? boolean : value);
	}
}

/*
 * find_sources: where the entry's values stand; what is there and can be none is
 * told.
 */
static void
find_sources(Normalise *normalise, const Integration *integration, JsonbRef entry,
			 JsonbRef *sources)
{
	for (int i = 0; i < CONTAINERS; i++)
	{
		JsonbRef	source = jsonb_ref_member(entry, containers[i], strlen(containers[i]));

		sources[i] = (JsonbRef) {0};
		if (is_fields(integration, containers[i]))
			continue;
		if (source.type == JREF_OBJECT)
			sources[i] = source;
		else if (!is_no_word(source) && source.type != JREF_NULL &&
				 !(source.type == JREF_STRING && source.len == 0))
			violate(normalise, NULL, jsonb_ref_string(containers[i], strlen(containers[i])),
					"structure", false, "%s must be an object");
	}
	sources[CONTAINERS] = entry;
}

/*
 * build_entry: build an integration's entry, or an instance's.
 */
static void
build_entry(Normalise *normalise, JsonbBuild *build, const Integration *integration,
			JsonbRef entry)
{
	const FieldSet *config = &integration->config;
	JsonbRef	sources[SOURCES];

	find_sources(normalise, integration, entry, sources);
	for (int i = 0; i < SOURCES; i++)
		check_members(normalise, integration, sources[i], i);
	build_object(build);
	build_written(build, integration, entry);
	build_key(build, "config");
	build_object(build);
	for (int i = 0; i < config->nfields; i++)
		build_field(normalise, build, &config->fields[i], sources);
	build_end(build);
	build_end(build);
}

/*
 * build_entries: build the object "integrations".
 */
static void
build_entries(Normalise *normalise, JsonbBuild *build, JsonbRef integrations)
{
	JsonbWalk	walk;
	JsonbRef	entry;
	JsonbRef	key;

	build_object(build);
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		JsonbRef	instance;
		const Integration *integration = catalogue_entry(normalise->catalogue, key.ptr, key.len,
														 &instance);

		CHECK_FOR_INTERRUPTS();
		normalise->key = key;
		if (is_no_word(entry) || entry.type == JREF_NULL)
			continue;
		if (integration == NULL)
			violate(normalise, NULL, (JsonbRef) {0}, "unknown_integration", false,
					"unknown integration %s");
		else if (entry.type == JREF_BOOL)
		{
			build_key_ref(build, key);
			build_object(build);
			build_key(build, "enabled");
			build_value(build, entry);
			build_end(build);
		}
		else if (entry.type != JREF_OBJECT)
			violate(normalise, NULL, (JsonbRef) {0}, "structure", false, "%s must be an object");
		else
		{
			build_key_ref(build, key);
			build_entry(normalise, build, integration, entry);
		}
	}
	normalise->key = (JsonbRef) {0};
	build_end(build);
}

/*
 * build_document: build the whole of it; what is not in "integrations" is the
 * caller's own.
 */
static void
build_document(Normalise *normalise, JsonbBuild *build, JsonbRef root)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	build_object(build);
	jsonb_walk_begin(&walk, root);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (!JREF_IS(key, "integrations"))
		{
			build_key_ref(build, key);
			build_normal(build, NULL, value);
		}
		else if (value.type == JREF_OBJECT)
		{
			build_key_ref(build, key);
			build_entries(normalise, build, value);
		}
		else if (value.type != JREF_NULL)
			violate(normalise, NULL, key, "structure", false, "%s must be an object");
	}
	build_end(build);
}

/*
 * tell_more: say how many more violations there are.
 */
static void
tell_more(Normalise *normalise)
{
	JsonbBuild *build = &normalise->violations;

	if (normalise->nviolations <= VIOLATIONS_TOLD)
		return;
	build_object(build);
	build_key(build, "code");
	build_string(build, "more");
	build_key(build, "message");
	build_string(build, psprintf("and %lld more", (long long) (normalise->nviolations - VIOLATIONS_TOLD)));
	build_key(build, "severity");
	build_string(build, "error");
	build_end(build);
}

/*
 * integration_schema_normalise(document jsonb) returns record: a document of
 * another system in our form, and what of it has no place there.
 *
 * Errors: invalid_parameter_value for what is no object; statement_too_complex for
 * one that nests deeper than the stack allows.
 */
Datum
integration_schema_normalise(PG_FUNCTION_ARGS)
{
	JsonbRef	root = jsonb_ref_root(PG_GETARG_JSONB_P(0));
	Normalise	normalise = {.catalogue = catalogue_current(fcinfo)};
	JsonbBuild	build = {0};
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (root.type != JREF_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("document is not a JSON object"),
				 errdetail("It is a JSON %s.", jsonb_ref_type_name(root))));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	build_array(&normalise.violations);
	build_document(&normalise, &build, root);
	tell_more(&normalise);
	build_end(&normalise.violations);
	values[0] = JsonbPGetDatum(build_finish(&build));
	values[1] = JsonbPGetDatum(build_finish(&normalise.violations));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
