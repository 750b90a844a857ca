/*-------------------------------------------------------------------------
 *
 * jsonb/build.h
 *	  Building jsonb whose members are not known beforehand.
 *
 * A thin cover over the server's pushJsonbValue: keys in any order, counted
 * and sorted by the server.  What is built often and must be quick is written
 * by jsonb_writer instead.
 *
 *		JsonbBuild	build = {0};
 *
 *		build_object(&build);
 *		build_key(&build, "required");
 *		build_array(&build);
 *		build_value(&build, some_ref);
 *		build_end(&build);
 *		build_end(&build);
 *		result = build_finish(&build);
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_BUILD_H
#define JSONB_BUILD_H

#include "jsonb/reader.h"

#if PG_VERSION_NUM < 190000
/* what of the server's own state of this name we use */
typedef struct JsonbInState
{
	JsonbValue *result;			/* set once the outermost container ends */
	JsonbParseState *parseState;
} JsonbInState;
#endif

typedef JsonbInState JsonbBuild;

extern void build_object(JsonbBuild *build);
extern void build_array(JsonbBuild *build);
extern void build_end(JsonbBuild *build);
extern void build_key(JsonbBuild *build, const char *key);
extern void build_key_ref(JsonbBuild *build, JsonbRef key);
extern void build_value(JsonbBuild *build, JsonbRef value);
extern void build_string(JsonbBuild *build, const char *string);
extern void build_integer(JsonbBuild *build, int64 number);
extern Jsonb *build_finish(JsonbBuild *build);

#endif							/* JSONB_BUILD_H */
