/*-------------------------------------------------------------------------
 *
 * jsonb/characters.h
 *	  White space and control characters in a document's strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_CHARACTERS_H
#define JSONB_CHARACTERS_H

#include "jsonb/reader.h"

extern int	white_space_length(const char *p, const char *end);
extern int	control_length(const char *p, const char *end, unsigned int *code);
extern bool string_is_blank(JsonbRef string);

#endif							/* JSONB_CHARACTERS_H */
