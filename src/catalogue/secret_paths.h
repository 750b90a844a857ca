/*-------------------------------------------------------------------------
 *
 * catalogue/secret_paths.h
 *	  Where in an integration's config secrets are, as paths.
 *
 * A path is the names from a field on, with "/" between them, and "*" for any
 * element of an array and any key of a map: "login/key", "hosts/" "*" "/token".
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SECRET_PATHS_H
#define CATALOGUE_SECRET_PATHS_H

#include "catalogue/catalogue.h"

extern JsonbRef *secret_paths(const FieldSet *config, int *count);
extern JsonbRef marks_of_paths(JsonbRef *paths, int count);
extern bool path_is_defined(const FieldSet *config, JsonbRef path);
extern bool path_may_be_shown(const FieldSet *config, JsonbRef path);

#endif							/* CATALOGUE_SECRET_PATHS_H */
