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
#include "catalogue/shown.h"
#include "catalogue/top_level.h"
#include "miscadmin.h"
#include "server/suggest.h"
#include "validation/report.h"

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
	KEY("integration"), KEY("instance"),
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
 * check_rules: a value against the rules of its field.
 */
static bool
check_rules(Validation *v, Field *field, JsonbRef value)
{
	uint32		broken;

	if (v->stored && field->type == FIELD_SECRET && shown_is_sealed(value))
		return true;
	broken = field_rules_broken(field, value);
	for (int i = 0; broken >> i != 0; i++)
		if (broken & (1 << i) &&
			!report_rule(v, field, (FieldRule) (1 << i), value))
			return false;
	return true;
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
 * in_value, in_unknown, in_inapplicable, in_missing: InsideVisitor's, for what
 * definitions describe in a field's value.
 */
static bool
in_value(void *arg, const InsideStep *step, Field *field, JsonbRef value)
{
	Validation *v = arg;

	v->step = step;
	return check_rules(v, field, value);
}

static bool
in_unknown(void *arg, const InsideStep *step, const Field *field,
		   const FieldSet *set, JsonbRef value)
{
	Validation *v = arg;

	v->step = step;
	if (set != NULL)
		return report_unknown_field(v, set, step->key, value);
	return field_rules_broken(field->extra->keys, step->key) == 0 ||
		report_key(v, field, value);
}

static bool
in_inapplicable(void *arg, const InsideStep *step, const FieldSet *set,
				const Field *field, JsonbRef value)
{
	Validation *v = arg;

	v->step = step;
	return report_inapplicable(v, set, field, value);
}

static bool
in_missing(void *arg, const InsideStep *step, const FieldSet *set,
		   const Field *field, const bool *present)
{
	Validation *v = arg;

	v->step = step;
	return report_required(v, set, field, present, step->value);
}

/*
 * check_value: the value of a field of the integration, and what is in it.
 *
 * Null is no value, and neither is the empty string, of which nothing is asked
 * but its type.
 */
static bool
check_value(Validation *v, const Integration *integration, Field *field,
			JsonbRef value, bool applies)
{
	bool		go_on;

	if (value.type == JREF_NULL)
		return true;
	if (!applies && !report_inapplicable(v, &integration->config, field, value))
		return false;
	if (field_is_defined(field))
	{
		InsideVisitor visitor = {
			.value = in_value,.unknown = in_unknown,.inapplicable = in_inapplicable,
			.arg = v,.whole = v->level == LEVEL_EFFECTIVE
		};

		go_on = inside_visit(&visitor, NULL, field, value);
		v->step = NULL;
	}
	else
		go_on = check_rules(v, field, value);
	if (!go_on || !is_out_of_reach(v, integration) ||
		!field_type_matches(field->type, value) ||
		(value.type == JREF_STRING && value.len == 0))
		return go_on;
	return report_catalogue_lock(v, field->name, value);
}

/*
 * check_field: a member of an entry's "config".  Which fields apply is known in
 * states where that depends on others; what there is is noted there otherwise,
 * if anybody asks.
 */
static bool
check_field(Validation *v, const Integration *integration, JsonbRef value,
			FieldStates *states)
{
	Field	   *field = integration_field(integration, v->member.ptr, v->member.len);

	if (field == NULL)
		return report_unknown_field(v, &integration->config, v->member, value);
	if (integration->config.nconditional > 0)
		return check_value(v, integration, field, value, states->applies[field->index]);
	if (states != NULL && value.type != JREF_NULL)
	{
		states->values[field->index] = value;
		states->given[field->index] = true;
	}
	return check_value(v, integration, field, value, true);
}

/*
 * is_differing: has any field that applies a value other than its default?
 */
static bool
is_differing(const FieldSet *config, const FieldStates *states)
{
	for (int i = 0; i < config->nfields; i++)
		if (states->given[i] && states->present[i] &&
			value_differs(&config->fields[i], states->values[i], config->fields[i].fill))
			return true;
	return false;
}

/*
 * check_fields: the members of an entry's "config".
 */
static bool
check_fields(Validation *v, const Integration *integration, JsonbRef config,
			 FieldStates *states)
{
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &v->member, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (integration != NULL &&
			!check_field(v, integration, value, states))
			return false;
		if (v->locks != NULL && !check_field_lock(v, value))
			return false;
	}
	v->member = none;
	return true;
}

/*
 * check_config: an entry's "config"; integration is NULL for an unknown one.
 *
 * states gets what is known of its fields; NULL where nobody asks.
 */
static bool
check_config(Validation *v, const Integration *integration, JsonbRef config,
			 FieldStates *states)
{
	FieldStates own;
	bool		go_on;

	if (config.type != JREF_OBJECT)
		return integration == NULL ||
			report_structure(v, config, "object", "an object");
	if (integration == NULL)
		return check_fields(v, integration, config, NULL);
	if (integration->config.nconditional == 0)
	{
		go_on = check_fields(v, integration, config, states);
		if (states != NULL)
			field_states_judge(states, &integration->config, true);
		return go_on;
	}
	if (states == NULL)
		field_states_begin(&own, integration->config.nfields);
	field_states_read(states ? states : &own, &integration->config, config,
					  v->level == LEVEL_EFFECTIVE);
	go_on = check_fields(v, integration, config, states ? states : &own);
	if (states == NULL)
		field_states_end(&own);
	return go_on;
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
			go_on = report_unknown_field(v, &integration->config, element, element);
	}
	v->element = -1;
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
 * check_member: a key of an entry; integration is NULL for an unknown one, and
 * then only what layers above have locked is looked at.
 */
static bool
check_member(Validation *v, const Integration *integration, JsonbRef value,
			 FieldStates *states)
{
	if (JREF_IS(v->key, "config"))
		return check_config(v, integration, value, states);
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
			  FieldStates *states)
{
	JsonbWalk	walk;
	JsonbRef	value;

	jsonb_walk_begin(&walk, entry);
	while (jsonb_walk_member(&walk, &v->key, &value))
	{
		if (!check_member(v, integration, value, states))
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
 * is_enabled: is an entry not switched off?
 */
static bool
is_enabled(JsonbRef entry)
{
	JsonbRef	enabled = JREF_MEMBER(entry, "enabled");

	return enabled.type != JREF_BOOL || enabled.boolean;
}

/*
 * stop_missing: InsideVisitor's, for whether anything is missing at all.
 */
static bool
stop_missing(void *arg, const InsideStep *step, const FieldSet *set,
			 const Field *field, const bool *present)
{
	(void) arg;
	(void) step;
	(void) set;
	(void) field;
	(void) present;
	return false;
}

/*
 * is_configured: is nothing missing in an entry?
 */
static bool
is_configured(const Integration *integration, JsonbRef entry)
{
	InsideVisitor visitor = {.missing = stop_missing,.whole = true};
	FieldStates states;
	bool		configured;

	field_states_begin(&states, integration->config.nfields);
	field_states_read(&states, &integration->config, JREF_MEMBER(entry, "config"), true);
	configured = inside_missing(&visitor, NULL, &integration->config, &states);
	field_states_end(&states);
	return configured;
}

/*
 * is_required: must the plain entry be configured?  Where the catalogue has the
 * integration as required, and no instance of it is enabled and configured.
 */
static bool
is_required(const Validation *v, const Integration *integration, JsonbRef integrations)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	entry;

	if (!integration->required || !integration->instances)
		return integration->required;
	jsonb_walk_begin(&walk, integrations);
	while (jsonb_walk_member(&walk, &key, &entry))
	{
		JsonbRef	instance;

		CHECK_FOR_INTERRUPTS();
		if (entry.type == JREF_OBJECT &&
			catalogue_entry(v->catalogue, key.ptr, key.len, &instance) == integration &&
			instance.type != JREF_NONE && is_enabled(entry) &&
			is_configured(integration, entry))
			return false;
	}
	return true;
}

/*
 * check_merged_entry: the entry of a merged document, or JREF_NONE for a
 * required integration that the document does not have.
 */
static bool
check_merged_entry(Validation *v, const Integration *integration, JsonbRef entry,
				   bool required)
{
	const FieldSet *config = &integration->config;
	FieldStates states;
	bool		go_on;

	field_states_begin(&states, config->nfields);
	go_on = check_members(v, integration, entry, &states);
	if (go_on && JREF_MEMBER(entry, "config").type != JREF_OBJECT)
		field_states_judge(&states, config, true);
	if (go_on && is_enabled(entry) && (required || is_differing(config, &states)))
	{
		InsideVisitor visitor = {.missing = in_missing,.arg = v,.whole = true};

		v->key = key_config;
		go_on = inside_missing(&visitor, NULL, config, &states);
		v->key = none;
		v->step = NULL;
	}
	field_states_end(&states);
	return go_on;
}

/*
 * check_key: the key of an entry: of an integration, or of an instance that it
 * may have.  integration is NULL where it is neither.
 */
static bool
check_key(Validation *v, const Integration *integration, JsonbRef instance,
		  JsonbRef entry)
{
	if (v->catalogue == NULL)
		return true;
	if (integration == NULL)
	{
		JsonbRef	id = entry_id(v->id);

		if (id.len < v->id.len)
			integration = catalogue_integration(v->catalogue, id.ptr, id.len);
		return integration != NULL ? report_bad_instance(v, integration, entry) :
			report_unknown_integration(v, entry);
	}
	if (instance.type == JREF_NONE)
		return true;
	if (!integration->instances)
		return report_bad_instance(v, integration, entry);
	return !is_out_of_reach(v, integration) || report_catalogue_lock(v, none, entry);
}

/*
 * check_entry: the entry of an integration; NULL for an unknown one.
 */
static bool
check_entry(Validation *v, const Integration *integration, JsonbRef instance,
			JsonbRef entry, JsonbRef integrations)
{
	if (!check_key(v, integration, instance, entry))
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
		return check_merged_entry(v, integration, entry, instance.type == JREF_NONE &&
								  is_required(v, integration, integrations));
	if (integration == NULL && v->locks == NULL)
		return true;
	return check_members(v, integration, entry, NULL);
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
		JsonbRef	instance = none;

		CHECK_FOR_INTERRUPTS();
		if (v->catalogue != NULL)
			integration = catalogue_entry(v->catalogue, v->id.ptr, v->id.len, &instance);
		if (v->locks != NULL)
		{
			/* to look the locks of every layer up costs more than this */
			if (jsonb_ref_equal(jsonb_ref_member(before, v->id.ptr, v->id.len), entry))
				continue;
			layer_locks_begin_entry(v->locks, v->id);
		}
		go_on = check_entry(v, integration, instance, entry, integrations);
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
		if (!is_required(v, integration, integrations))
			continue;
		v->id = integration->id;
		if (!check_merged_entry(v, integration, none, true))
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
 * validate: validate_document() and validate_change().
 */
static bool
validate(const Catalogue *catalogue, JsonbRef document,
		 JsonbRef before, ValidationLevel level,
		 const NamedLayer *outer, int nouter, bool stored,
		 ViolationCallback callback, void *arg)
{
	LayerLocks	locks = {.outer = outer, .nouter = nouter};
	Validation	v;

	memset(&v, 0, sizeof(v));
	v.catalogue = catalogue;
	v.stored = stored;
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
	return validate(catalogue, document, before, level, NULL, 0, false, callback, arg);
}

/*
 * validate_change: the same for a document of the store, whose sealed secrets
 * break no rule, with what the layers above have locked, which are given
 * outermost first.
 *
 * catalogue is NULL for nothing but those locks.
 */
bool
validate_change(const Catalogue *catalogue, JsonbRef document,
				JsonbRef before, ValidationLevel level,
				const NamedLayer *outer, int nouter,
				ViolationCallback callback, void *arg)
{
	return validate(catalogue, document, before, level, outer, nouter, true, callback, arg);
}
