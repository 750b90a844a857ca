/*-------------------------------------------------------------------------
 *
 * validation/validate.h
 *	  A document against the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALIDATION_VALIDATE_H
#define VALIDATION_VALIDATE_H

#include "catalogue/catalogue.h"

/* Whose document it is; LEVEL_EFFECTIVE is a merged one. */
typedef enum ValidationLevel
{
	LEVEL_PLATFORM,
	LEVEL_ORG,
	LEVEL_UNIT,
	LEVEL_TEAM,
	LEVEL_EFFECTIVE
} ValidationLevel;

#define VALIDATION_LEVELS "platform, org, unit, team, effective"

/*
 * One violation.  All of it is valid during the callback only.  path is exact;
 * message has names clipped and escaped and is one line.
 */
typedef struct Violation
{
	const char *path;			/* JSON Pointer */
	JsonbRef	integration;	/* JREF_NONE where there is none */
	JsonbRef	field;
	const char *code;
	const char *message;
} Violation;

typedef void (*ViolationCallback) (const Violation *violation, void *arg);

extern bool validation_level_parse(const char *name, int len,
								   ValidationLevel *level);
extern bool validate_document(const Catalogue *catalogue, JsonbRef document,
							  ValidationLevel level,
							  ViolationCallback callback, void *arg);

#endif							/* VALIDATION_VALIDATE_H */
