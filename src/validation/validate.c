/*-------------------------------------------------------------------------
 *
 * validation/validate.c
 *	  A document against the catalogue.
 *
 * One walk over the document, in the order in which it lies.  Services check
 * every document that they write, nearly all of which are right, so nothing
 * is allocated and no text is built until there is a violation, and without a
 * callback the walk ends at the first.
 *
 * No message shows a value of the document: what looks like a misplaced
 * channel name may well be a token.  Names do appear, and what the catalogue
 * says of a field.
 *
 * The functions that check a part return false when the walk is to end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_rules.h"
#include "catalogue/missing.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "validation/validate.h"

/* Fields whose presence is noted without an allocation. */
#define FIELDS_ON_STACK 64

/* A walk and where it is. */
typedef struct Validation
{
	const Catalogue *catalogue;
	ValidationLevel level;
	ViolationCallback callback;
	void	   *arg;
	bool		valid;
	int			suggestions;	/* budget of suggest_nearest */
	JsonbRef	id;				/* of the entry; JREF_NONE outside of one */
	JsonbRef	key;			/* in it */
	JsonbRef	member;			/* of that key's value */
	int			element;		/* or element of it; -1 none */
	StringInfoData path;		/* data is NULL before the first violation */
	StringInfoData message;
} Validation;

#define KEY(name) {JREF_STRING, false, sizeof(name) - 1, name}

static const JsonbRef none = {0};
static const JsonbRef key_integrations = KEY("integrations");
static const JsonbRef key_config = KEY("config");

/* What an entry may have: first what one writes, then what a merge adds. */
static const JsonbRef entry_keys[] = {
	KEY("config"), KEY("enabled"), KEY("locked"), KEY("description"),
	KEY("name"), KEY("category"), KEY("level"), KEY("required"),
	KEY("configured"), KEY("missing"), KEY("config_schema"),
	KEY("team_config_schema"),
};

#define WRITTEN_KEYS 4

/* The codes of the rules, in the order of their bits. */
static const char *const rule_codes[] = {
	"type", "allowed_values", "pattern", "format", "range", "length",
};

/*
 * validation_level_parse: a level by its name.
 */
bool
validation_level_parse(const char *name, int len, ValidationLevel *level)
{
	static const JsonbRef levels[] = {
		[LEVEL_PLATFORM] = KEY("platform"),
		[LEVEL_ORG] = KEY("org"),
		[LEVEL_UNIT] = KEY("unit"),
		[LEVEL_TEAM] = KEY("team"),
		[LEVEL_EFFECTIVE] = KEY("effective"),
	};

	for (int i = 0; i < (int) lengthof(levels); i++)
		if (jsonb_ref_is(levels[i], name, len))
		{
			*level = (ValidationLevel) i;
			return true;
		}
	return false;
}

/*
 * begin: there is a violation where we are.
 *
 * False where nobody wants to know which, and the walk ends; otherwise the
 * caller writes the message and calls report().
 */
static bool
begin(Validation *v)
{
	v->valid = false;
	if (v->callback == NULL)
		return false;
	if (v->path.data == NULL)
	{
		initStringInfo(&v->path);
		initStringInfo(&v->message);
	}
	resetStringInfo(&v->message);
	return true;
}

/*
 * report: hand a violation out, with the path to where we are.
 */
static void
report(Validation *v, const char *code, JsonbRef field, bool at_root)
{
	Violation	violation;

	resetStringInfo(&v->path);
	if (!at_root)
		append_pointer_step(&v->path, key_integrations);
	if (v->id.type != JREF_NONE)
		append_pointer_step(&v->path, v->id);
	if (v->key.type != JREF_NONE)
		append_pointer_step(&v->path, v->key);
	if (v->member.type != JREF_NONE)
		append_pointer_step(&v->path, v->member);
	if (v->element >= 0)
		appendStringInfo(&v->path, "/%d", v->element);

	violation.path = v->path.data;
	violation.integration = v->id;
	violation.field = field;
	violation.code = code;
	violation.message = v->message.data;
	v->callback(&violation, v->arg);
}

/*
 * add_field: append "field "x" of integration "y"".
 */
static void
add_field(Validation *v, JsonbRef field)
{
	appendStringInfoString(&v->message, "field ");
	append_name(&v->message, field);
	appendStringInfoString(&v->message, " of integration ");
	append_name(&v->message, v->id);
}

/*
 * add_suggestion: append the nearest of the names, if one is near.
 */
static void
add_suggestion(Validation *v, JsonbRef wanted, const JsonbRef *names, int count,
			   Size stride)
{
	JsonbRef	nearest = suggest_nearest(wanted, names, count, stride,
										  &v->suggestions);

	if (nearest.type == JREF_NONE)
		return;
	appendStringInfoString(&v->message, " (perhaps you meant ");
	append_name(&v->message, nearest);
	appendStringInfoChar(&v->message, ')');
}

/*
 * wrong_structure: what is where we are has the wrong JSON type.
 */
static bool
wrong_structure(Validation *v, JsonbRef value, const char *right, bool at_root)
{
	if (!begin(v))
		return false;
	if (at_root)
		appendStringInfoString(&v->message, "document");
	else if (v->id.type == JREF_NONE)
		append_name(&v->message, key_integrations);
	else if (v->key.type != JREF_NONE)
	{
		if (v->element >= 0)
			appendStringInfo(&v->message, "element %d of ", v->element);
		append_name(&v->message, v->key);
		appendStringInfoString(&v->message, " of ");
	}
	if (v->id.type != JREF_NONE)
	{
		appendStringInfoString(&v->message, "integration ");
		append_name(&v->message, v->id);
	}
	appendStringInfo(&v->message, " must be %s, not %s", right, value_phrase(value));
	report(v, "structure", none, at_root);
	return true;
}

/*
 * unknown_field: the integration has no field of that name.
 */
static bool
unknown_field(Validation *v, const Integration *integration, JsonbRef name)
{
	if (!begin(v))
		return false;
	appendStringInfoString(&v->message, "integration ");
	append_name(&v->message, v->id);
	appendStringInfoString(&v->message, " has no field ");
	append_name(&v->message, name);
	if (v->element >= 0)
		appendStringInfoString(&v->message, ", which its \"locked\" names");
	if (integration->nfields > 0)
		add_suggestion(v, name, &integration->fields[0].name,
					   integration->nfields, sizeof(Field));
	report(v, "unknown_field", name, false);
	return true;
}

/*
 * may_not_set: the catalogue locks the integration, and this is the document
 * of a node below the organisation.
 */
static bool
may_not_set(Validation *v, JsonbRef field)
{
	if (!begin(v))
		return false;
	if (field.type != JREF_NONE)
		add_field(v, field);
	else
	{
		appendStringInfoString(&v->message, "\"enabled\" of integration ");
		append_name(&v->message, v->id);
	}
	appendStringInfo(&v->message,
					 " breaks rule \"locked\": it can't be set at level \"%s\", as the catalogue locks the integration",
					 v->level == LEVEL_UNIT ? "unit" : "team");
	report(v, "locked", field, false);
	return true;
}

/*
 * is_out_of_reach: does the catalogue's lock keep this document from setting
 * anything in the integration?
 */
static inline bool
is_out_of_reach(const Validation *v, const Integration *integration)
{
	return integration->locked &&
		(v->level == LEVEL_UNIT || v->level == LEVEL_TEAM);
}

/*
 * check_value: the value of a known field.
 */
static bool
check_value(Validation *v, const Integration *integration, Field *field,
			JsonbRef value)
{
	uint32		broken;

	if (value.type == JREF_NULL)
		return true;
	broken = field_rules_broken(field, value);
	if (broken != 0 && v->callback == NULL)
		return begin(v);
	for (int i = 0; broken >> i != 0; i++)
	{
		if ((broken & (1 << i)) == 0 || !begin(v))
			continue;
		add_field(v, field->name);
		appendStringInfo(&v->message, " breaks rule \"%s\": it ", rule_codes[i]);
		field_rule_describe(&v->message, field, (FieldRule) (1 << i), value);
		report(v, rule_codes[i], field->name, false);
	}
	if ((broken & RULE_TYPE) == 0 && is_out_of_reach(v, integration))
		return may_not_set(v, field->name);
	return true;
}

/*
 * check_config: an entry's "config".
 *
 * present, where it is not NULL, has a flag a field that is set for each that
 * has a value here; *in_use becomes true where one differs from its default.
 */
static bool
check_config(Validation *v, const Integration *integration, JsonbRef config,
			 bool *present, bool *in_use)
{
	JsonbWalk	walk;
	JsonbRef	value;

	if (config.type != JREF_OBJECT)
		return wrong_structure(v, config, "an object", false);
	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &v->member, &value))
	{
		Field	   *field = integration_field(integration, v->member.ptr,
											  v->member.len);

		CHECK_FOR_INTERRUPTS();
		if (field == NULL)
		{
			if (!unknown_field(v, integration, v->member))
				return false;
			continue;
		}
		if (present != NULL && value_present(value))
		{
			present[field - integration->fields] = true;
			if (!jsonb_ref_equal(value, field->default_value))
				*in_use = true;
		}
		if (!check_value(v, integration, field, value))
			return false;
	}
	v->member = none;
	return true;
}

/*
 * check_locked: an entry's "locked".
 */
static bool
check_locked(Validation *v, const Integration *integration, JsonbRef locked)
{
	JsonbWalk	walk;
	JsonbRef	element;

	if (locked.type == JREF_BOOL)
		return true;
	if (locked.type != JREF_ARRAY)
		return wrong_structure(v, locked, "true, false or an array of field names",
							   false);
	jsonb_walk_begin(&walk, locked);
	for (v->element = 0; jsonb_walk_element(&walk, &element); v->element++)
	{
		CHECK_FOR_INTERRUPTS();
		if (element.type != JREF_STRING)
		{
			if (!wrong_structure(v, element, "a field's name", false))
				return false;
		}
		else if (integration_field(integration, element.ptr, element.len) == NULL)
		{
			if (!unknown_field(v, integration, element))
				return false;
		}
	}
	v->element = -1;
	return true;
}

/*
 * check_enabled: an entry's "enabled".
 */
static bool
check_enabled(Validation *v, const Integration *integration, JsonbRef enabled)
{
	if (enabled.type != JREF_BOOL)
		return wrong_structure(v, enabled, "true or false", false);
	if (is_out_of_reach(v, integration))
		return may_not_set(v, none);
	return true;
}

/*
 * check_unknown_key: a key of an entry that is none of those that one writes.
 */
static bool
check_unknown_key(Validation *v, const Integration *integration)
{
	JsonbRef	field = none;

	if (v->level == LEVEL_EFFECTIVE)
		for (int i = WRITTEN_KEYS; i < (int) lengthof(entry_keys); i++)
			if (jsonb_ref_equal(entry_keys[i], v->key))
				return true;
	if (!begin(v))
		return false;
	if (integration_field(integration, v->key.ptr, v->key.len) != NULL)
	{
		field = v->key;
		add_field(v, field);
		appendStringInfoString(&v->message,
							   " belongs inside \"config\", not beside it");
	}
	else
	{
		appendStringInfoString(&v->message, "integration ");
		append_name(&v->message, v->id);
		appendStringInfoString(&v->message, " has an unknown key ");
		append_name(&v->message, v->key);
		add_suggestion(v, v->key, entry_keys, WRITTEN_KEYS, sizeof(JsonbRef));
	}
	report(v, "unknown_key", field, false);
	return true;
}

/*
 * add_reason: append why a field is required.
 */
static void
add_reason(Validation *v, const Integration *integration, const Field *field,
		   const bool *present)
{
	if (field->required)
		return;
	for (int i = 0; i < field->nrequired_with; i++)
		if (present[field->required_with[i]])
		{
			appendStringInfoString(&v->message, ", as field ");
			append_name(&v->message,
						integration->fields[field->required_with[i]].name);
			appendStringInfoString(&v->message, " has one");
			return;
		}
	appendStringInfoString(&v->message, ", unless one of these fields has one: ");
	for (int i = 0; i < field->nrequired_unless; i++)
	{
		if (i > 0)
			appendStringInfoString(&v->message, ", ");
		append_name(&v->message,
					integration->fields[field->required_unless[i]].name);
	}
}

/*
 * check_required: the required fields that have no value.
 *
 * present has a flag a field for those that have one in the document; those
 * with a default are added here.
 */
static bool
check_required(Validation *v, const Integration *integration, bool *present)
{
	const Field *on_stack[FIELDS_ON_STACK];
	const Field **missing = on_stack;
	int			nmissing;

	for (int i = 0; i < integration->nfields; i++)
		present[i] |= value_present(integration->fields[i].default_value);

	if (integration->ndemanding > FIELDS_ON_STACK)
		missing = palloc(sizeof(Field *) * integration->ndemanding);
	nmissing = missing_fields(integration, present, missing);
	for (int i = 0; i < nmissing; i++)
	{
		if (!begin(v))
			return false;
		v->key = key_config;
		v->member = missing[i]->name;
		add_field(v, v->member);
		appendStringInfoString(&v->message,
							   " breaks rule \"required\": it must have a value");
		add_reason(v, integration, missing[i], present);
		report(v, "required", v->member, false);
	}
	v->key = v->member = none;
	if (missing != on_stack)
		pfree(missing);
	return true;
}

/*
 * check_members: the keys of an entry.
 */
static bool
check_members(Validation *v, const Integration *integration, JsonbRef entry,
			  bool *present, bool *in_use, bool *enabled)
{
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, entry);
	while (jsonb_walk_member(&walk, &v->key, &value))
	{
		bool		go_on = true;

		if (JREF_IS(v->key, "config"))
			go_on = check_config(v, integration, value, present, in_use);
		else if (JREF_IS(v->key, "enabled"))
		{
			go_on = check_enabled(v, integration, value);
			*enabled = value.type != JREF_BOOL || value.boolean;
		}
		else if (JREF_IS(v->key, "locked"))
			go_on = check_locked(v, integration, value);
		else if (JREF_IS(v->key, "description"))
		{
			if (value.type != JREF_STRING)
				go_on = wrong_structure(v, value, "a string", false);
		}
		else
			go_on = check_unknown_key(v, integration);
		if (!go_on)
			return false;
	}
	v->key = none;
	return true;
}

/*
 * check_entry: the entry of a known integration.
 *
 * entry is JREF_NONE for a required one that the document does not have.
 */
static bool
check_entry(Validation *v, const Integration *integration, JsonbRef entry)
{
	bool		on_stack[FIELDS_ON_STACK];
	bool	   *present = NULL;
	bool		in_use = integration->required;
	bool		enabled = true;
	bool		go_on = true;

	if (v->level == LEVEL_EFFECTIVE)
	{
		present = on_stack;
		if (integration->nfields > FIELDS_ON_STACK)
			present = palloc(integration->nfields);
		memset(present, 0, integration->nfields);
	}

	if (entry.type == JREF_OBJECT)
		go_on = check_members(v, integration, entry, present, &in_use, &enabled);
	else if (entry.type != JREF_NONE)
		go_on = wrong_structure(v, entry, "an object", false);

	if (go_on && present != NULL && in_use && enabled)
		go_on = check_required(v, integration, present);
	if (present != NULL && present != on_stack)
		pfree(present);
	return go_on;
}

/*
 * check_entries: all entries of "integrations".
 */
static bool
check_entries(Validation *v, JsonbRef integrations)
{
	JsonbWalk	walk;
	JsonbRef	entry;

	if (integrations.type == JREF_NONE)
		return true;
	if (integrations.type != JREF_OBJECT)
		return wrong_structure(v, integrations, "an object", false);

	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &v->id, &entry))
	{
		const Integration *integration;

		CHECK_FOR_INTERRUPTS();
		integration = catalogue_integration(v->catalogue, v->id.ptr, v->id.len);
		if (integration != NULL)
		{
			if (!check_entry(v, integration, entry))
				return false;
			continue;
		}
		if (!begin(v))
			return false;
		appendStringInfoString(&v->message, "unknown integration ");
		append_name(&v->message, v->id);
		if (v->catalogue->nintegrations > 0)
			add_suggestion(v, v->id, &v->catalogue->integrations[0].id,
						   v->catalogue->nintegrations, sizeof(Integration));
		report(v, "unknown_integration", none, false);
	}
	v->id = none;
	return true;
}

/*
 * check_absent: the required integrations that a merged document does not
 * have, in the order in which a UI shows them.
 */
static bool
check_absent(Validation *v, JsonbRef integrations)
{
	for (int i = 0; i < v->catalogue->nintegrations; i++)
	{
		const Integration *integration = v->catalogue->displayed[i];

		if (!integration->required ||
			jsonb_ref_member(integrations, integration->id.ptr,
							 integration->id.len).type != JREF_NONE)
			continue;
		v->id = integration->id;
		if (!check_entry(v, integration, none))
			return false;
	}
	return true;
}

/*
 * validate_document: is the document right?
 *
 * callback is called for each violation, in document order, and may be NULL;
 * it runs in the caller's memory context, and what it is given is gone when it
 * returns.
 */
bool
validate_document(const Catalogue *catalogue, JsonbRef document,
				  ValidationLevel level, ViolationCallback callback, void *arg)
{
	Validation	v;
	JsonbRef	integrations;

	memset(&v, 0, sizeof(v));
	v.catalogue = catalogue;
	v.level = level;
	v.callback = callback;
	v.arg = arg;
	v.valid = true;
	v.suggestions = SUGGEST_BUDGET;
	v.element = -1;

	if (document.type != JREF_OBJECT)
		wrong_structure(&v, document, "an object", true);
	else
	{
		integrations = jsonb_ref_member(document, key_integrations.ptr,
										key_integrations.len);
		if (check_entries(&v, integrations) && level == LEVEL_EFFECTIVE)
			check_absent(&v, integrations);
	}
	if (v.path.data != NULL)
	{
		pfree(v.path.data);
		pfree(v.message.data);
	}
	return v.valid;
}
