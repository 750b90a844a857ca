/*-------------------------------------------------------------------------
 *
 * server/uri.h
 *	  The password inside a URI.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_URI_H
#define SERVER_URI_H

extern bool uri_password_find(const char *s, int len, int *start, int *length);

#endif							/* SERVER_URI_H */
