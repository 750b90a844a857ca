/*-------------------------------------------------------------------------
 *
 * catalogue/format_parts.h
 *	  What formats are made of: parsers that take from the front of a string.
 *
 * Each returns false where what it takes is not next.  They allocate nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_FORMAT_PARTS_H
#define CATALOGUE_FORMAT_PARTS_H

/* What is left of a string. */
typedef struct Rest
{
	const char *p;
	const char *end;
} Rest;

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * is_one_of: is it one of these ASCII characters?
 *
 * Not strchr() alone, which would find the NUL.
 */
static inline bool
is_one_of(char c, const char *characters)
{
	return c != '\0' && strchr(characters, c) != NULL;
}

/*
 * take: take that character, if it is next.
 */
static inline bool
take(Rest *rest, char c)
{
	if (rest->p >= rest->end || *rest->p != c)
		return false;
	rest->p++;
	return true;
}

/* catalogue/format_hosts.c */
extern bool take_hostname(Rest *rest);
extern bool take_ipv4(Rest *rest);
extern bool take_ipv6(Rest *rest);
extern bool take_client_name(Rest *rest);
extern bool take_host(Rest *rest);
extern bool take_port(Rest *rest);
extern bool take_host_port(Rest *rest);
extern bool take_cidr(Rest *rest);

/* catalogue/format_times.c */
extern bool take_date(Rest *rest);
extern bool take_time(Rest *rest);
extern bool take_date_time(Rest *rest);
extern bool take_duration(Rest *rest);

#endif							/* CATALOGUE_FORMAT_PARTS_H */
