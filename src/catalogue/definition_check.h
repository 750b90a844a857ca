/*-------------------------------------------------------------------------
 *
 * catalogue/definition_check.h
 *	  The parts of the strict check of field definitions.
 *
 * catalogue/definition.c goes through the definitions, each of whose keys
 * catalogue/definition_keys.c checks by itself, with those of
 * catalogue/definition_inside.c; what several say together is
 * catalogue/definition_tree.c's, once all are known to be right by themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_DEFINITION_CHECK_H
#define CATALOGUE_DEFINITION_CHECK_H

#include "catalogue/definition.h"
#include "catalogue/field_rules.h"
#include "jsonb/sorted_refs.h"
#include "lib/stringinfo.h"

/* Names that definitions may refer to: of one list, and of those around it. */
typedef struct NameScope
{
	const struct NameScope *outer;
	SortedRef  *names;			/* in key order */
	int			nnames;
} NameScope;

/* What a definition is of. */
typedef enum DefinitionKind
{
	OF_FIELD,
	OF_ITEMS,			/* an array's elements */
	OF_VALUES					/* a map's values */
} DefinitionKind;

/* Where we are in the definitions. */
typedef struct DefinitionCheck
{
	Relation	catalogue;		/* NULL where there is no row yet */
	JsonbRef	integration_id;
	DefinitionRefusal refusal;	/* NULL: 23514, of the catalogue */
	void	   *refusal_arg;
	JsonbRef	fields;
	uint32		nfields;		/* definitions so far, at any depth */
	int			depth;
	StringInfoData path;		/* to the definition, from the row on */
	JsonbRef	key;			/* in it; JREF_NONE none */
	int			element;		/* of the key's value; -1 none */
	const NameScope *scope;
	DefinitionKind kind;
	JsonbRef	definition;
	Field		field;			/* what of it is known so far */
} DefinitionCheck;

/* catalogue/definition.c */
extern void refuse(const DefinitionCheck *check, const char *hint, const char *detail);
extern void refuse_wrong_type(const DefinitionCheck *check, JsonbRef value,
							  const char *subject, const char *right);
extern void refuse_number(uint32 count, const char *what, uint32 limit);
extern char *quoted(JsonbRef name);
extern const char *suggestion(JsonbRef wanted, const JsonbRef *names, int count,
							  Size stride, const char *otherwise);
extern int	path_step(DefinitionCheck *check, const char *step);
extern int	path_step_index(DefinitionCheck *check, int index);
extern void path_back(DefinitionCheck *check, int length);
extern const NameScope *check_list(DefinitionCheck *check, JsonbRef definitions,
								   const NameScope *outer, JsonbRef by);
extern void check_single(DefinitionCheck *check, JsonbRef definition,
						 DefinitionKind kind);

/* catalogue/definition_keys.c */
extern void check_text(DefinitionCheck *check, JsonbRef value);
extern void check_type(DefinitionCheck *check, JsonbRef value);
extern void check_name(DefinitionCheck *check, JsonbRef name);
extern void check_key(DefinitionCheck *check, JsonbRef value);

/* catalogue/definition_inside.c */
extern void check_fields(DefinitionCheck *check, JsonbRef value);
extern void check_variants(DefinitionCheck *check, JsonbRef value);
extern void check_values(DefinitionCheck *check, JsonbRef value);
extern void check_items(DefinitionCheck *check, JsonbRef value);

/* catalogue/definition_tree.c */
extern void check_tree(DefinitionCheck *check);

#endif							/* CATALOGUE_DEFINITION_CHECK_H */
