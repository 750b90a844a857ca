/*-------------------------------------------------------------------------
 *
 * store/node_rules.c
 *	  What a row of node_configurations must be to be a node.
 *
 * These are the table's own constraints once more: where those refuse a row
 * themselves, the server shows the whole row, and with it the document.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "jsonb/reader.h"
#include "mb/pg_wchar.h"
#include "server/messages.h"
#include "server/settings.h"
#include "store/node_rules.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* Most characters of a name. */
#define NAME_LIMIT 255

/*
 * Most levels of a stored document: what it takes to read one grows with them,
 * and each of our functions can read this many in a stack of half a megabyte.
 */
#define DOCUMENT_LEVELS 1000

/* A rule, and the constraint that declares it. */
typedef struct NodeRule
{
	const char *constraint;
	const char *message;
	const char *hint;
} NodeRule;

static const NodeRule org_id_rule = {
	"node_configurations_org_id_check",
	"name of an organisation must have 1 to 255 characters",
	"Use a key of the organisation that your application has."
};
static const NodeRule node_id_rule = {
	"node_configurations_node_id_check",
	"name of a node must have 1 to 255 characters",
	"Use a key of the node that your application has."
};
static const NodeRule name_rule = {
	"node_configurations_name_check",
	"display name of a node must have 1 to 255 characters",
	"Leave it null where the node has none."
};
static const NodeRule type_rule = {
	"node_configurations_node_type_check",
	"unknown type of node",
	"The types are platform, org, unit and team."
};
static const NodeRule platform_rule = {
	"node_configurations_platform_check",
	"node ('*', '*') is the platform's, and the platform has no other",
	"Give the node another name or another type."
};
static const NodeRule orphan_rule = {
	"node_configurations_root_check",
	"node without a parent is neither organisation nor platform",
	"Only nodes of type org and platform have no parent."
};
static const NodeRule root_rule = {
	"node_configurations_root_check",
	"organisation or platform cannot have a parent",
	"Only nodes of type org and platform have no parent."
};

/*
 * node_rules_declared: is that one of the constraints that are checked here?
 */
bool
node_rules_declared(const char *constraint)
{
	static const NodeRule *const rules[] = {
		&org_id_rule, &node_id_rule, &name_rule, &type_rule, &platform_rule, &root_rule
	};

	for (int i = 0; i < (int) lengthof(rules); i++)
		if (strcmp(rules[i]->constraint, constraint) == 0)
			return true;
	return false;
}

/*
 * node_phrase: 'node "a" of organisation "b"', for a message.
 */
char *
node_phrase(text *org_id, text *node_id)
{
	StringInfoData phrase;

	initStringInfo(&phrase);
	append_node(&phrase, store_text_ref(org_id), store_text_ref(node_id));
	return phrase.data;
}

/*
 * node_error_fields: let an error name the table and a constraint (NULL: none),
 * for use in an ereport.
 */
int
node_error_fields(Relation nodes, const char *constraint)
{
	err_generic_string(PG_DIAG_SCHEMA_NAME,
					   get_namespace_name(RelationGetNamespace(nodes)));
	err_generic_string(PG_DIAG_TABLE_NAME, RelationGetRelationName(nodes));
	return constraint != NULL ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint) : 0;
}

/*
 * refuse: refuse a row that breaks a rule.
 */
static void
refuse(Relation nodes, const NodeRule *rule, text *org_id, text *node_id, text *type)
{
	StringInfoData type_name;

	initStringInfo(&type_name);
	append_name(&type_name, store_text_ref(type));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg_internal("%s", rule->message),
			 errdetail("It is %s, of type %s.", node_phrase(org_id, node_id), type_name.data),
			 errhint("%s", rule->hint),
			 node_error_fields(nodes, rule->constraint)));
}

/*
 * has_length: has a name 1 to 255 characters?
 */
static bool
has_length(text *name)
{
	int			bytes = VARSIZE_ANY_EXHDR(name);

	return bytes > 0 &&
		(bytes <= NAME_LIMIT ||
		 pg_mbstrlen_with_len(VARDATA_ANY(name), bytes) <= NAME_LIMIT);
}

static bool
is(text *string, const char *literal)
{
	return jsonb_ref_is(store_text_ref(string), literal, strlen(literal));
}

/*
 * node_rules_row: refuse a row that is no node.
 *
 * values and nulls are in the order of NodeColumn.  Errors:
 * not_null_violation, check_violation.
 */
void
node_rules_row(Relation nodes, const Datum *values, const bool *nulls)
{
	static const struct
	{
		NodeColumn	column;
		const char *name;
	}			required[] = {
		{NODE_ORG_ID, "org_id"},
		{NODE_NODE_ID, "node_id"},
		{NODE_TYPE, "node_type"},
		{NODE_CONFIG_JSON, "config_json"},
	};
	text	   *org_id;
	text	   *node_id;
	text	   *type;
	const NodeRule *broken = NULL;
	bool		platform;
	bool		root;

	for (int i = 0; i < (int) lengthof(required); i++)
		if (nulls[required[i].column])
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of a node", required[i].name),
					 node_error_fields(nodes, NULL),
					 err_generic_string(PG_DIAG_COLUMN_NAME, required[i].name)));

	org_id = DatumGetTextPP(values[NODE_ORG_ID]);
	node_id = DatumGetTextPP(values[NODE_NODE_ID]);
	type = DatumGetTextPP(values[NODE_TYPE]);
	platform = is(type, "platform");
	root = platform || is(type, "org");
	if (!has_length(org_id))
		broken = &org_id_rule;
	else if (!has_length(node_id))
		broken = &node_id_rule;
	else if (!nulls[NODE_NAME] && !has_length(DatumGetTextPP(values[NODE_NAME])))
		broken = &name_rule;
	else if (!root && !is(type, "unit") && !is(type, "team"))
		broken = &type_rule;
	else if (is(org_id, "*") != platform || is(org_id, "*") != is(node_id, "*"))
		broken = &platform_rule;
	else if (nulls[NODE_PARENT_ID] != root)
		broken = root ? &root_rule : &orphan_rule;
	if (broken != NULL)
		refuse(nodes, broken, org_id, node_id, type);
}

/*
 * nests_deeper: has a value more than that many levels of objects and arrays?
 */
static bool
nests_deeper(JsonbRef value, int levels)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	member;

	if (JREF_IS_SCALAR(value))
		return false;
	if (levels == 0)
		return true;
	jsonb_walk_begin(&walk, value);
	while (value.type == JREF_OBJECT ? jsonb_walk_member(&walk, &key, &member) :
		   jsonb_walk_element(&walk, &member))
		if (nests_deeper(member, levels - 1))
			return true;
	return false;
}

/*
 * node_rules_document: refuse a document that is too large to be kept, or too
 * deep to be read by all functions.
 *
 * Errors: program_limit_exceeded.
 */
void
node_rules_document(Relation nodes, const Jsonb *document)
{
	if (VARSIZE(document) > (Size) setting_max_document_size * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document of a node is too large"),
				 errdetail("It has %zu kB, and may have %d kB.",
						   (Size) VARSIZE(document) / 1024, setting_max_document_size),
				 errhint("The setting integration_schemas.max_document_size is the limit."),
				 node_error_fields(nodes, NODE_CHECK)));
	if (nests_deeper(jsonb_ref_root(document), DOCUMENT_LEVELS))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document of a node is too deep"),
				 errdetail("It has more than %d levels of objects and arrays.",
						   DOCUMENT_LEVELS),
				 node_error_fields(nodes, NODE_CHECK)));
}
