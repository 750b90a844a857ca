/*-------------------------------------------------------------------------
 *
 * catalogue/compile.c
 *	  Compiling the catalogue's rows, and looking things up in them.
 *
 * Reading is lenient: a definition that could not be written today (a row
 * restored with triggers disabled, say) gives a field with the rules that can
 * be understood, rather than an error in every call of everyone.  The strict
 * check is catalogue/definition.c's, on write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/entry.h"
#include "catalogue/missing.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Names of the vocabulary, by the enums' values. */
static const char *const field_types[] = {
	[FIELD_STRING] = "string",
	[FIELD_SECRET] = "secret",
	[FIELD_INTEGER] = "integer",
	[FIELD_NUMBER] = "number",
	[FIELD_BOOLEAN] = "boolean",
	[FIELD_ARRAY] = "array",
	[FIELD_OBJECT] = "object",
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
 * compare_rows: qsort comparator for pointers to rows, by id in key order.
 */
static int
compare_rows(const void *a, const void *b)
{
	const CatalogueRow *ra = *(const CatalogueRow *const *) a;
	const CatalogueRow *rb = *(const CatalogueRow *const *) b;

	return jsonb_key_compare(ra->id.ptr, ra->id.len, rb->id.ptr, rb->id.len);
}

/*
 * integration_field: the integration's field of that name, or NULL.
 */
Field *
integration_field(const Integration *integration, const char *name, int len)
{
	int			place = key_search(&integration->fields->name, integration->nfields,
								   sizeof(Field), name, len);

	return place < integration->nfields &&
		jsonb_ref_is(integration->fields[place].name, name, len) ?
		&integration->fields[place] : NULL;
}

/*
 * catalogue_integration: the integration of that id, or NULL.
 */
const Integration *
catalogue_integration(const Catalogue *catalogue, const char *id, int len)
{
	int			place = key_search(&catalogue->integrations->id, catalogue->nintegrations,
								   sizeof(Integration), id, len);

	return place < catalogue->nintegrations &&
		jsonb_ref_is(catalogue->integrations[place].id, id, len) ?
		&catalogue->integrations[place] : NULL;
}

/*
 * catalogue_require: the integration of that id, or an error
 * (undefined_object) with the nearest id as a hint.
 */
const Integration *
catalogue_require(const Catalogue *catalogue, const char *id, int len)
{
	const Integration *integration = catalogue_integration(catalogue, id, len);

	if (unlikely(integration == NULL))
	{
		JsonbRef	wanted = jsonb_ref_string(id, len);
		JsonbRef	nearest = {0};
		StringInfoData name;

		initStringInfo(&name);
		append_name(&name, wanted);
		if (catalogue->nintegrations > 0)
			nearest = suggest_nearest(wanted, &catalogue->integrations[0].id,
									  catalogue->nintegrations,
									  sizeof(Integration), NULL);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("integration %s does not exist", name.data),
				 nearest.type != JREF_NONE ?
				 errhint("Perhaps you meant \"%s\".", jsonb_ref_cstring(nearest)) :
				 errhint("integration_schema_list() lists the integrations that exist.")));
	}
	return integration;
}

/*
 * compile_references: the fields that a required_with or required_unless
 * names, as indexes into the integration's fields.
 */
static const int *
compile_references(const Integration *integration, JsonbRef names, int *count)
{
	JsonbWalk	walk;
	JsonbRef	name;
	int		   *references;

	*count = 0;
	if (names.type != JREF_ARRAY)
		return NULL;
	references = palloc(sizeof(int) * (jsonb_ref_count(names) + 1));
	jsonb_walk_begin(&walk, names);
	while (jsonb_walk_element(&walk, &name))
	{
		Field	   *field = name.type == JREF_STRING ?
			integration_field(integration, name.ptr, name.len) : NULL;

		if (field)
			references[(*count)++] = field - integration->fields;
	}
	return references;
}

/*
 * compile_length: a number of characters or items, -1 where none is given.
 */
static int64
compile_length(JsonbRef number)
{
	Numeric		value;

	if (number.type != JREF_NUMERIC)
		return -1;
	value = JREF_NUMERIC_VALUE(number);
	/* beyond what any value can have, so that no cast can fail */
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, NumericGetDatum(value),
										 DirectFunctionCall1(int4_numeric, Int32GetDatum(PG_INT32_MAX)))))
		return PG_INT32_MAX;
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(value),
										 DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))))
		return -1;
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value)));
}

/*
 * compile_field: what a definition says, but for its references.
 */
static void
compile_field(Field *field, JsonbRef definition)
{
	JsonbRef	flag;

	memset(field, 0, sizeof(*field));
	field->name = JREF_MEMBER(definition, "name");
	field->definition = definition;
	field->cxt = CurrentMemoryContext;
	if (!field_type_parse(JREF_MEMBER(definition, "type"), &field->type))
		field->type = FIELD_STRING;
	if (!field_format_parse(JREF_MEMBER(definition, "format"), &field->format))
		field->format = FORMAT_NONE;
	flag = JREF_MEMBER(definition, "required");
	field->required = flag.type == JREF_BOOL && flag.boolean;
	flag = JREF_MEMBER(definition, "multiline");
	field->multiline = flag.type == JREF_BOOL && flag.boolean;
	flag = JREF_MEMBER(definition, "public");
	field->is_public = flag.type == JREF_BOOL && flag.boolean;
	flag = JREF_MEMBER(definition, "level");
	field->team_level = flag.type == JREF_STRING && JREF_IS(flag, "team");
	field->default_value = JREF_MEMBER(definition, "default_value");
	if (field->default_value.type == JREF_NULL || field->type == FIELD_SECRET)
		field->default_value.type = JREF_NONE;
	field->allowed_values = JREF_MEMBER(definition, "allowed_values");
	if (field->allowed_values.type != JREF_ARRAY)
		field->allowed_values.type = JREF_NONE;
	field->min = JREF_MEMBER(definition, "min");
	if (field->min.type != JREF_NUMERIC)
		field->min.type = JREF_NONE;
	field->max = JREF_MEMBER(definition, "max");
	if (field->max.type != JREF_NUMERIC)
		field->max.type = JREF_NONE;
	field->min_length = compile_length(JREF_MEMBER(definition, "min_length"));
	field->max_length = compile_length(JREF_MEMBER(definition, "max_length"));
	field->pattern = JREF_MEMBER(definition, "pattern");
	if (field->pattern.type != JREF_STRING)
		field->pattern.type = JREF_NONE;
}

/*
 * compile_fields: the fields of an integration, by name and in the order of
 * their definitions.
 */
static void
compile_fields(Integration *integration, JsonbRef definitions)
{
	JsonbWalk	walk;
	JsonbRef	definition;
	uint32		count = definitions.type == JREF_ARRAY ? jsonb_ref_count(definitions) : 0;
	JsonbMember *named = palloc(sizeof(JsonbMember) * (count + 1));
	int			nnamed = 0;
	int			nfields = 0;

	integration->fields = palloc(sizeof(Field) * (count + 1));
	integration->ordered = palloc(sizeof(Field *) * (count + 1));
	integration->demanding = palloc(sizeof(Field *) * (count + 1));

	jsonb_walk_begin(&walk, definitions);
	while (count > 0 && jsonb_walk_element(&walk, &definition))
	{
		named[nnamed].key = JREF_MEMBER(definition, "name");
		named[nnamed].value = definition;
		if (named[nnamed].key.type == JREF_STRING)
			nnamed++;
	}
	jsonb_sort_members(named, nnamed);
	for (int i = 0; i < nnamed; i++)
		if (i == 0 || !jsonb_ref_is(named[i].key, named[i - 1].key.ptr, named[i - 1].key.len))
			compile_field(&integration->fields[integration->nfields++], named[i].value);
	pfree(named);

	/* A field stands at its definition's place; a second of its name does not. */
	nfields = 0;
	jsonb_walk_begin(&walk, definitions);
	while (count > 0 && jsonb_walk_element(&walk, &definition))
	{
		JsonbRef	name = JREF_MEMBER(definition, "name");
		Field	   *field = name.type == JREF_STRING ?
			integration_field(integration, name.ptr, name.len) : NULL;

		if (field == NULL || field->definition.ptr != definition.ptr)
			continue;
		integration->ordered[nfields++] = field;
		field->required_with =
			compile_references(integration, JREF_MEMBER(definition, "required_with"),
							   &field->nrequired_with);
		field->required_unless =
			compile_references(integration, JREF_MEMBER(definition, "required_unless"),
							   &field->nrequired_unless);

		/* "Defaults count as values": such a field is never missing. */
		if ((field->required || field->nrequired_with > 0 ||
			 field->nrequired_unless > 0) && !value_present(field->default_value))
			integration->demanding[integration->ndemanding++] = field;
	}
}

/*
 * write_field_schema: a field's definition as an entry shows it: less its name
 * and level, default_value as default, type and required always there.
 */
static void
write_field_schema(JsonbWriter *writer, JsonbFrame *outer, const Field *field)
{
	JsonbMember *members;
	int			nmembers = 0;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	members = palloc(sizeof(JsonbMember) * (jsonb_ref_count(field->definition) + 2));
	members[nmembers].key = jsonb_ref_string("type", 4);
	members[nmembers++].value = jsonb_ref_string(field_type_name(field->type),
												 strlen(field_type_name(field->type)));
	members[nmembers].key = jsonb_ref_string("required", 8);
	members[nmembers++].value = jsonb_ref_bool(field->required);
	jsonb_walk_begin(&walk, field->definition);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (JREF_IS(key, "name") || JREF_IS(key, "level") ||
			JREF_IS(key, "type") || JREF_IS(key, "required"))
			continue;
		if (JREF_IS(key, "default_value"))
		{
			if (field->default_value.type == JREF_NONE)
				continue;
			key = jsonb_ref_string("default", 7);
		}
		else if (JREF_IS(key, "default"))
			continue;			/* no key of the vocabulary */
		members[nmembers].key = key;
		members[nmembers++].value = value;
	}
	jsonb_write_members(writer, outer, members, nmembers);
	pfree(members);
}

/*
 * build_schema: the schemas of the integration's fields of one level.
 */
static JsonbRef
build_schema(const Integration *integration, bool team_level)
{
	JsonbWriter writer;
	JsonbFrame	object;
	uint32		count = 0;

	for (int i = 0; i < integration->nfields; i++)
		if (integration->fields[i].team_level == team_level)
			count++;
	if (count == 0 && team_level)
		return (JsonbRef) {0};

	jsonb_write_begin(&writer, 512);
	jsonb_write_object(&writer, NULL, &object, count);
	for (int i = 0; i < integration->nfields; i++)
		if (integration->fields[i].team_level == team_level)
			jsonb_write_key(&writer, &object, integration->fields[i].name.ptr,
							integration->fields[i].name.len);
	for (int i = 0; i < integration->nfields; i++)
		if (integration->fields[i].team_level == team_level)
			write_field_schema(&writer, &object, &integration->fields[i]);
	jsonb_write_end(&writer, &object);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * build_defaults: the config object that the defaults give.
 */
static JsonbRef
build_defaults(const Integration *integration)
{
	JsonbWriter writer;
	JsonbMember *members = palloc(sizeof(JsonbMember) * (integration->nfields + 1));
	int			nmembers = 0;

	for (int i = 0; i < integration->nfields; i++)
	{
		const Field *field = &integration->fields[i];

		if (field->default_value.type == JREF_NONE)
			continue;
		members[nmembers].key = field->name;
		members[nmembers++].value = field->default_value;
	}
	jsonb_write_begin(&writer, 256);
	jsonb_write_members(&writer, NULL, members, nmembers);
	pfree(members);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * write_untouched: an integration's entry where no layer says anything, with
 * what of it is kept to be laid into answers.
 */
static void
write_untouched(JsonbWriter *writer, JsonbFrame *outer, Integration *integration)
{
	JsonbFrame	entry;
	bool	   *present = palloc(sizeof(bool) * (integration->nfields + 1));
	const Field **missing = palloc(sizeof(Field *) * (integration->ndemanding + 1));
	int			nmissing;
	JsonbRef	none = {0};

	for (int i = 0; i < integration->nfields; i++)
		present[i] = value_present(integration->fields[i].default_value);
	nmissing = missing_fields(integration, present, missing);
	integration->configured = nmissing == 0;

	entry_begin(writer, outer, &entry, integration, false);
	jsonb_write_value(writer, &entry, integration->defaults);
	entry_end(writer, &entry, integration, true, missing, nmissing, none);
	pfree(present);
	pfree(missing);
}

/*
 * compile_integration: all of one row but its finished entry.
 *
 * What becomes part of the entry's bytes is made in the scratch context.
 */
static void
compile_integration(Integration *integration, const CatalogueRow *row,
					MemoryContext scratch)
{
	MemoryContext caller;

	memset(integration, 0, sizeof(*integration));
	integration->id = row->id;
	integration->name = row->name;
	integration->category = row->category;
	integration->description = row->description;
	integration->required = row->required;
	integration->locked = row->locked;
	compile_fields(integration, row->fields ? jsonb_ref_root(row->fields) : (JsonbRef) {0});

	caller = MemoryContextSwitchTo(scratch);
	integration->config_schema = build_schema(integration, false);
	integration->team_config_schema = build_schema(integration, true);
	integration->defaults = build_defaults(integration);
	MemoryContextSwitchTo(caller);
	integration->level = jsonb_ref_string("org", 3);
	if (integration->nfields > 0 && jsonb_ref_count(integration->config_schema) == 0)
		integration->level = jsonb_ref_string("team", 4);
}

/*
 * build_document: the answer where there are no layers, of whose bytes most
 * other answers are made.  bytes is a guess at its size.
 */
static void
build_document(Catalogue *catalogue, Size bytes)
{
	JsonbWriter writer;
	JsonbFrame	root;
	JsonbFrame	object;
	JsonbWalk	walk;
	JsonbRef	key;

	jsonb_write_begin(&writer, bytes);
	jsonb_write_object(&writer, NULL, &root, 1);
	jsonb_write_key(&writer, &root, "integrations", 12);
	jsonb_write_object(&writer, &root, &object, catalogue->nintegrations);
	for (int i = 0; i < catalogue->nintegrations; i++)
		jsonb_write_key(&writer, &object, catalogue->integrations[i].id.ptr,
						catalogue->integrations[i].id.len);
	for (int i = 0; i < catalogue->nintegrations; i++)
		write_untouched(&writer, &object, &catalogue->integrations[i]);
	jsonb_write_end(&writer, &object);
	jsonb_write_end(&writer, &root);
	catalogue->document = repalloc(jsonb_write_finish(&writer), writer.len);

	/* From now on the finished bytes are where the parts are read. */
	catalogue->entries = JREF_MEMBER(jsonb_ref_root(catalogue->document), "integrations");
	jsonb_walk_begin(&walk, catalogue->entries);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		Integration *integration = &catalogue->integrations[i];

		jsonb_walk_member(&walk, &key, &integration->entry);
		integration->config_schema = JREF_MEMBER(integration->entry, "config_schema");
		integration->team_config_schema = JREF_MEMBER(integration->entry, "team_config_schema");
		integration->defaults = JREF_MEMBER(integration->entry, "config");
		integration->missing = JREF_MEMBER(integration->entry, "missing");
	}
}

/*
 * catalogue_compile: compile rows, which come in the order of display.
 *
 * The rows' contents (not the array) lie in cxt, a memory context of their own,
 * which becomes the catalogue's: the caller frees it by deleting that.
 */
Catalogue *
catalogue_compile(const CatalogueRow *rows, int nrows, MemoryContext cxt)
{
	MemoryContext scratch = AllocSetContextCreate(cxt, "integration_schemas scratch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	Catalogue  *catalogue = palloc0(sizeof(Catalogue));
	const CatalogueRow **by_key = palloc(sizeof(CatalogueRow *) * (nrows + 1));
	JsonbRef	keys[2][2];
	Size		bytes = 1024;

	catalogue->cxt = cxt;
	catalogue->nintegrations = nrows;
	catalogue->integrations = palloc(sizeof(Integration) * (nrows + 1));
	catalogue->displayed = palloc(sizeof(Integration *) * (nrows + 1));
	for (int described = 0; described < 2; described++)
		for (int team_fields = 0; team_fields < 2; team_fields++)
			keys[described][team_fields] = entry_keys(described, team_fields);

	for (int i = 0; i < nrows; i++)
		by_key[i] = &rows[i];
	qsort(by_key, nrows, sizeof(CatalogueRow *), compare_rows);
	for (int i = 0; i < nrows; i++)
	{
		Integration *integration = &catalogue->integrations[i];
		bool		team_fields;

		CHECK_FOR_INTERRUPTS();
		compile_integration(integration, by_key[i], scratch);
		catalogue->displayed[by_key[i] - rows] = integration;
		catalogue->max_fields = Max(catalogue->max_fields, integration->nfields);
		team_fields = integration->team_config_schema.type != JREF_NONE;
		for (int described = 0; described < 2; described++)
			integration->entry_keys[described] = keys[described][team_fields];
		bytes += 512 + integration->config_schema.len +
			integration->team_config_schema.len + integration->defaults.len;
	}
	pfree(by_key);
	build_document(catalogue, bytes);
	MemoryContextDelete(scratch);

	MemoryContextSwitchTo(caller);
	return catalogue;
}
