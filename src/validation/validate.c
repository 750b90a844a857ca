/*-------------------------------------------------------------------------
 *
 * validation/validate.c
 *	  A document against the catalogue, and against the locks of the layers
 *	  above it.
 *
 * One walk over the document, in the order in which it lies.  Services check
 * every document that they write, nearly all of which are right, so nothing
 * is allocated and no text is built until there is a violation, and without a
 * callback the walk ends at the first error.
 *
 * Of a document that takes another's place only what was added or changed is
 * reported: what the catalogue, a lock or the node's place has made wrong since
 * is no offence of the write.
 *
 * The functions that check a part return false when the walk is to end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "catalogue/text_rules.h"
#include "catalogue/top_level.h"
#include "miscadmin.h"
#include "server/suggest.h"
#include "validation/report.h"

/* Fields whose presence is noted without an allocation. */
#define FIELDS_ON_STACK 64

#define KEY(name) {JREF_STRING, false, sizeof(name) - 1, name}

static const JsonbRef none = {0};
static const JsonbRef key_integrations = KEY("integrations");
static const JsonbRef key_config = KEY("config");

/* What an entry may have: first what one writes, then what a merge adds. */
static const JsonbRef entry_keys[] = {
	KEY("config"), KEY("enabled"), KEY("locked"), KEY("description"),
	KEY("name"), KEY("category"), KEY("level"), KEY("required"),
	KEY("configured"), KEY("in_use"), KEY("missing"), KEY("order"),
	KEY("display_order"), KEY("config_schema"), KEY("team_config_schema"),
};

#define WRITTEN_KEYS 4

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
 *
 * Null is no value, and neither is the empty string, of which nothing is asked
 * but its type.
 */
static bool
check_value(Validation *v, const Integration *integration, Field *field,
			JsonbRef value)
{
	uint32		broken;

	if (value.type == JREF_NULL)
		return true;
	broken = field_rules_broken(field, value);
	for (int i = 0; broken >> i != 0; i++)
		if (broken & (1 << i) &&
			!report_rule(v, field, (FieldRule) (1 << i), value))
			return false;
	if (broken & RULE_TYPE || (value.type == JREF_STRING && value.len == 0) ||
		!is_out_of_reach(v, integration))
		return true;
	return report_catalogue_lock(v, field->name, value);
}

/*
 * check_field_lock, check_key_lock: a field, a key of an entry or (where there
 * is no key) all of it against the locks of the layers above.
 */
static bool
check_field_lock(Validation *v, JsonbRef value)
{
	const NamedLayer *by = layer_lock_of_field(v->locks, v->member);

	return by == NULL || report_layer_lock(v, by->node_id, value);
}

static bool
check_key_lock(Validation *v, JsonbRef value)
{
	const NamedLayer *by = layer_lock_of_key(v->locks, v->key);

	return by == NULL || report_layer_lock(v, by->node_id, value);
}

/*
 * check_field: a member of an entry's "config".
 */
static bool
check_field(Validation *v, const Integration *integration, JsonbRef value,
			bool *present, bool *in_use)
{
	Field	   *field = integration_field(integration, v->member.ptr, v->member.len);

	if (field == NULL)
		return report_unknown_field(v, integration, v->member, value);
	if (present != NULL && value.type != JREF_NULL)
	{
		/* one that is blank has none, whatever its default is */
		bool		has_value = value_present(value);

		present[field - integration->fields] = has_value;
		if (has_value && !jsonb_ref_equal(value, field->default_value))
			*in_use = true;
	}
	return check_value(v, integration, field, value);
}

/*
 * check_config: an entry's "config"; integration is NULL for an unknown one.
 *
 * present, where it is not NULL, has a flag a field that says whether it has a
 * value; *in_use becomes true where one differs from its default.
 */
static bool
check_config(Validation *v, const Integration *integration, JsonbRef config,
			 bool *present, bool *in_use)
{
	JsonbWalk	walk;
	JsonbRef	value;

	if (config.type != JREF_OBJECT)
		return integration == NULL ||
			report_structure(v, config, "object", "an object");
	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &v->member, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (integration != NULL &&
			!check_field(v, integration, value, present, in_use))
			return false;
		if (v->locks != NULL && !check_field_lock(v, value))
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
	bool		go_on = true;

	if (locked.type == JREF_BOOL)
		return true;
	if (locked.type != JREF_ARRAY)
		return report_structure(v, locked, "boolean,array",
								"true, false or an array of field names");
	jsonb_walk_begin(&walk, locked);
	for (v->element = 0; go_on && jsonb_walk_element(&walk, &element); v->element++)
	{
		CHECK_FOR_INTERRUPTS();
		if (element.type != JREF_STRING)
			go_on = report_structure(v, element, "string", "a field's name");
		else if (!JREF_IS(element, "enabled") &&
				 integration_field(integration, element.ptr, element.len) == NULL)
			go_on = report_unknown_field(v, integration, element, element);
	}
	v->element = -1;
	if (v->old_elements != NULL)
		pfree(v->old_elements);
	v->old_elements = NULL;
	return go_on;
}

/*
 * check_enabled: an entry's "enabled".
 */
static bool
check_enabled(Validation *v, const Integration *integration, JsonbRef enabled)
{
	if (enabled.type != JREF_BOOL)
		return report_structure(v, enabled, "boolean", "true or false");
	if (is_out_of_reach(v, integration))
		return report_catalogue_lock(v, none, enabled);
	return true;
}

/*
 * check_unknown_key: a key of an entry that is none of those that one writes.
 */
static bool
check_unknown_key(Validation *v, const Integration *integration, JsonbRef value)
{
	if (v->level == LEVEL_EFFECTIVE)
		for (int i = WRITTEN_KEYS; i < (int) lengthof(entry_keys); i++)
			if (jsonb_ref_equal(entry_keys[i], v->key))
				return true;
	return report_unknown_key(v, integration, entry_keys, WRITTEN_KEYS, value);
}

/*
 * check_required: the required fields that have no value.
 */
static bool
check_required(Validation *v, const Integration *integration, JsonbRef entry,
			   const bool *present)
{
	const Field *on_stack[FIELDS_ON_STACK];
	const Field **missing = on_stack;
	JsonbRef	config = JREF_MEMBER(entry, "config");
	bool		go_on = true;
	int			nmissing;

	if (integration->ndemanding > FIELDS_ON_STACK)
		missing = palloc(sizeof(Field *) * integration->ndemanding);
	nmissing = missing_fields(integration, present, missing);
	v->key = key_config;
	for (int i = 0; i < nmissing && go_on; i++)
	{
		v->member = missing[i]->name;
		go_on = report_required(v, integration, missing[i], present,
								jsonb_ref_member(config, v->member.ptr, v->member.len));
	}
	v->key = v->member = none;
	if (missing != on_stack)
		pfree(missing);
	return go_on;
}

/*
 * check_member: a key of an entry; integration is NULL for an unknown one, and
 * then only what layers above have locked is looked at.
 */
static bool
check_member(Validation *v, const Integration *integration, JsonbRef value,
			 bool *present, bool *in_use)
{
	if (JREF_IS(v->key, "config"))
		return check_config(v, integration, value, present, in_use);
	if (integration == NULL)
		return true;
	if (JREF_IS(v->key, "enabled"))
		return check_enabled(v, integration, value);
	if (JREF_IS(v->key, "locked"))
		return check_locked(v, integration, value);
	if (!JREF_IS(v->key, "description"))
		return check_unknown_key(v, integration, value);
	if (value.type != JREF_STRING)
		return report_structure(v, value, "string", "a string");
	return !has_masked_uri(value) || report_masked(v, value);
}

/*
 * check_members: the keys of an entry.
 */
static bool
check_members(Validation *v, const Integration *integration, JsonbRef entry,
			  bool *present, bool *in_use)
{
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, entry);
	while (jsonb_walk_member(&walk, &v->key, &value))
	{
		if (!check_member(v, integration, value, present, in_use))
			return false;
		/* the fields have been looked at one by one */
		if (v->locks != NULL &&
			!(value.type == JREF_OBJECT && JREF_IS(v->key, "config")) &&
			!check_key_lock(v, value))
			return false;
	}
	v->key = none;
	return true;
}

/*
 * check_merged_entry: the entry of a merged document, or JREF_NONE for a
 * required integration that the document does not have.
 */
static bool
check_merged_entry(Validation *v, const Integration *integration, JsonbRef entry)
{
	JsonbRef	enabled = JREF_MEMBER(entry, "enabled");
	bool		on_stack[FIELDS_ON_STACK];
	bool	   *present = on_stack;
	bool		in_use = integration->required;
	bool		go_on;

	if (integration->nfields > FIELDS_ON_STACK)
		present = palloc(integration->nfields);
	for (int i = 0; i < integration->nfields; i++)
		present[i] = value_present(integration->fields[i].default_value);

	go_on = check_members(v, integration, entry, present, &in_use);
	if (go_on && in_use && (enabled.type != JREF_BOOL || enabled.boolean))
		go_on = check_required(v, integration, entry, present);
	if (present != on_stack)
		pfree(present);
	return go_on;
}

/*
 * check_entry: the entry of an integration; NULL for an unknown one.
 */
static bool
check_entry(Validation *v, const Integration *integration, JsonbRef entry)
{
	if (integration == NULL && v->catalogue != NULL &&
		!report_unknown_integration(v, entry))
		return false;
	if (entry.type != JREF_OBJECT)
	{
		if (integration != NULL &&
			!report_structure(v, entry, "object", "an object"))
			return false;
		if (v->locks != NULL && !check_key_lock(v, entry))
			return false;
	}
	if (integration != NULL && v->level == LEVEL_EFFECTIVE)
		return check_merged_entry(v, integration, entry);
	if (integration == NULL && v->locks == NULL)
		return true;
	return check_members(v, integration, entry, NULL, NULL);
}

/*
 * check_entries: all entries of "integrations".
 */
static bool
check_entries(Validation *v, JsonbRef integrations)
{
	JsonbRef	before = JREF_MEMBER(v->before, "integrations");
	JsonbWalk	walk;
	JsonbRef	entry;
	bool		go_on = true;

	if (integrations.type != JREF_OBJECT)
		return v->catalogue == NULL ||
			report_structure(v, integrations, "object", "an object");

	jsonb_walk_begin(&walk, integrations);
	while (go_on && jsonb_walk_member(&walk, &v->id, &entry))
	{
		const Integration *integration = NULL;

		CHECK_FOR_INTERRUPTS();
		if (v->catalogue != NULL)
			integration = catalogue_integration(v->catalogue, v->id.ptr, v->id.len);
		if (v->locks != NULL)
		{
			/* to look the locks of every layer up costs more than this */
			if (jsonb_ref_equal(jsonb_ref_member(before, v->id.ptr, v->id.len), entry))
				continue;
			layer_locks_begin_entry(v->locks, v->id);
		}
		go_on = check_entry(v, integration, entry);
		if (v->locks != NULL)
			layer_locks_end_entry(v->locks);
	}
	v->id = none;
	return go_on;
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
		if (!check_merged_entry(v, integration, none))
			return false;
	}
	v->id = none;
	return true;
}

/*
 * check_top_level: the keys of the document.
 */
static bool
check_top_level(Validation *v, JsonbRef document)
{
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, document);
	while (jsonb_walk_member(&walk, &v->top, &value))
	{
		JsonbRef	meant;

		CHECK_FOR_INTERRUPTS();
		if (JREF_IS(v->top, "integrations"))
		{
			if (!check_entries(v, value))
				return false;
			continue;
		}
		if (v->catalogue == NULL)
			continue;
		meant = top_level_meant(v->catalogue, v->top, value);
		if (meant.type != JREF_NONE ? !report_misplaced(v, meant, value) :
			has_masked_uri(value) && !report_masked(v, value))
			return false;
	}
	v->top = key_integrations;
	return true;
}

/*
 * validate_document: is the document right?
 *
 * before is the document whose place it takes: then only violations at, or
 * above, a value that was added or changed count; JREF_NONE for a new one, in
 * which all do.  Warnings are reported, but leave a document right.
 *
 * callback is called for each violation, in document order, and may be NULL;
 * it runs in the caller's memory context, and what it is given is gone when it
 * returns.
 */
bool
validate_document(const Catalogue *catalogue, JsonbRef document,
				  JsonbRef before, ValidationLevel level,
				  ViolationCallback callback, void *arg)
{
	return validate_change(catalogue, document, before, level, NULL, 0,
						   callback, arg);
}

/*
 * validate_change: the same, with what the layers above have locked, which are
 * given outermost first.
 *
 * catalogue is NULL for nothing but those locks.
 */
bool
validate_change(const Catalogue *catalogue, JsonbRef document,
				JsonbRef before, ValidationLevel level,
				const NamedLayer *outer, int nouter,
				ViolationCallback callback, void *arg)
{
	LayerLocks	locks = {.outer = outer, .nouter = nouter};
	Validation	v;

	memset(&v, 0, sizeof(v));
	v.catalogue = catalogue;
	v.level = level;
	v.is_new = before.type == JREF_NONE;
	v.before = before;
	v.locks = nouter > 0 ? &locks : NULL;
	v.callback = callback;
	v.arg = arg;
	v.valid = true;
	v.suggestions = SUGGEST_BUDGET;
	v.element = -1;

	if (document.type != JREF_OBJECT)
	{
		if (catalogue != NULL)
			report_structure(&v, document, "object", "an object");
	}
	else if (check_top_level(&v, document) && level == LEVEL_EFFECTIVE)
		check_absent(&v, JREF_MEMBER(document, "integrations"));

	if (v.path.data != NULL)
	{
		pfree(v.path.data);
		pfree(v.message.data);
	}
	return v.valid;
}
