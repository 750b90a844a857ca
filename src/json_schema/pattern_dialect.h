/*-------------------------------------------------------------------------
 *
 * json_schema/pattern_dialect.h
 *	  A regular expression from PostgreSQL's dialect to JSON Schema's
 *	  (ECMA-262, with its u flag) and back.
 *
 * What both read alike is handed on as it is.  The two still differ where a
 * value has a line break (ECMA-262's "." stops there) or, for \d, \w, \s and
 * the named classes, characters beyond ASCII.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSON_SCHEMA_PATTERN_DIALECT_H
#define JSON_SCHEMA_PATTERN_DIALECT_H

extern char *pattern_to_ecma(const char *pattern, int len);
extern char *pattern_from_ecma(const char *pattern, int len,
							   const char **problem);

#endif							/* JSON_SCHEMA_PATTERN_DIALECT_H */
