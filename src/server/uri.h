/*-------------------------------------------------------------------------
 *
 * server/uri.h
 *	  The password inside a URI.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_URI_H
#define SERVER_URI_H

#include "lib/stringinfo.h"

extern bool uri_password_find(const char *s, int len, int *start, int *length);
extern bool uri_password_is(const char *s, int len, const char *text, int text_len);
extern void uri_password_append(StringInfo out, const char *text, int len);

#endif							/* SERVER_URI_H */
