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
#include "catalogue/field_rules.h"

/* Whose document it is; LEVEL_EFFECTIVE is a merged one. */
typedef enum ValidationLevel
{
	LEVEL_PLATFORM,
	LEVEL_ORG,
	LEVEL_UNIT,
	LEVEL_TEAM,
	LEVEL_EFFECTIVE
} ValidationLevel;

/* Those that a node may have, and all. */
#define NODE_LEVELS "platform, org, unit, team"
#define VALIDATION_LEVELS NODE_LEVELS ", effective"

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
	bool		warning;		/* does not refuse a write */

	/* the facts of the message, for violation_params: those that apply */
	const char *expected;		/* JSON types, with a comma between two */
	JsonbRef	name;			/* that is not known */
	JsonbRef	suggestion;		/* the known one that is nearest */
	const char *belongs_in;		/* the key that it should stand under */
	const Field *definition;	/* of the field whose rule is broken */
	FieldRule	rule;
	JsonbRef	value;			/* that breaks it; no part of the params */
	bool		locked;
	JsonbRef	locked_by;		/* a node; JREF_NONE: the catalogue */
	const char *level;			/* that the catalogue's lock is for */
	const FieldSet *required_in;	/* of a field that is required, whose
									 * definition is given */
	JsonbRef	required_with;	/* the field that asks for it, if one does */
	JsonbRef	applies_when;	/* of a field that does not apply */
} Violation;

typedef void (*ViolationCallback) (const Violation *violation, void *arg);

extern bool validation_level_parse(const char *name, int len,
								   ValidationLevel *level);
extern bool validate_document(const Catalogue *catalogue, JsonbRef document,
							  JsonbRef before, ValidationLevel level,
							  ViolationCallback callback, void *arg);

/* validation/params.c */

/* A violation as columns of a row. */
#define VIOLATION_COLUMNS 7
extern void violation_columns(const Violation *violation, Datum *values, bool *nulls);

#endif							/* VALIDATION_VALIDATE_H */
