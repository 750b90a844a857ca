/*-------------------------------------------------------------------------
 *
 * catalogue/field_rules.h
 *	  A value against the rules of one field.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_FIELD_RULES_H
#define CATALOGUE_FIELD_RULES_H

#include "catalogue/catalogue.h"
#include "lib/stringinfo.h"

/* The rules, a bit each, in the order in which they are reported. */
typedef enum FieldRule
{
	RULE_TYPE = 1 << 0,
	RULE_CHARACTERS = 1 << 1,
	RULE_MASKED = 1 << 2,
	RULE_ALLOWED_VALUES = 1 << 3,
	RULE_PATTERN = 1 << 4,
	RULE_FORMAT = 1 << 5,
	RULE_RANGE = 1 << 6,
	RULE_LENGTH = 1 << 7,
	RULE_MULTIPLE_OF = 1 << 8,
	RULE_UNIQUE_ITEMS = 1 << 9,
	RULE_URI_PASSWORD = 1 << 10,
	RULE_DEPRECATED = 1 << 11
} FieldRule;

#define FIELD_RULE_LAST RULE_DEPRECATED

/* Of these a person is told, and the value is accepted all the same. */
#define FIELD_RULE_WARNINGS (RULE_URI_PASSWORD | RULE_DEPRECATED)

extern bool field_type_matches(FieldType type, JsonbRef value);
extern uint32 field_rules_broken(Field *field, JsonbRef value);
extern void field_rule_describe(StringInfo out, const Field *field,
								FieldRule rule, JsonbRef value);
extern bool field_rule_is_minimum(const Field *field, FieldRule rule,
								  JsonbRef value);
extern const char *field_type_phrase(FieldType type);

extern bool pattern_check(JsonbRef pattern, char *error, Size error_size);

#endif							/* CATALOGUE_FIELD_RULES_H */
