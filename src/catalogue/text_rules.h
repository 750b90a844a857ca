/*-------------------------------------------------------------------------
 *
 * catalogue/text_rules.h
 *	  What the strings of a field's value are made of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_TEXT_RULES_H
#define CATALOGUE_TEXT_RULES_H

#include "catalogue/catalogue.h"

extern uint32 text_rules_broken(const Field *field, JsonbRef value);
extern bool has_masked_uri(JsonbRef value);
extern bool field_has_control(const Field *field, JsonbRef value);

#endif							/* CATALOGUE_TEXT_RULES_H */
