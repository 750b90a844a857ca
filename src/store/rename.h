/*-------------------------------------------------------------------------
 *
 * store/rename.h
 *	  Renaming integrations and fields: what becomes of a document, and the
 *	  record of what was renamed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_RENAME_H
#define STORE_RENAME_H

#include "catalogue/field_path.h"
#include "fmgr.h"

/* A renaming: of an integration, or of a field of one. */
typedef struct Rename
{
	JsonbRef	from_id;
	JsonbRef	to_id;			/* the same where a field is renamed */
	JsonbRef	from_field;		/* its path; JREF_NONE: of the integration */
	JsonbRef	to_field;		/* the same with the new name */
} Rename;

/* Definitions in which a field has another name. */
typedef struct RenamedDefinitions
{
	Jsonb	   *fields;			/* NULL where there are none */
	bool		found;			/* one has the name */
	bool		taken;			/* one beside it has the new one */
	bool		tells_choices;	/* it is the one by which variants are told apart */
} RenamedDefinitions;

/* What a field of today was called in the versions between two places. */
typedef struct FieldPeriod
{
	JsonbRef	id;
	JsonbRef	field;
	int64		after;
	int64		before;
} FieldPeriod;

/* store/rename_document.c */
extern bool rename_concerns(const Rename *rename, JsonbRef document);
extern bool rename_collides(const Rename *rename, JsonbRef document);
extern Jsonb *rename_document(const Rename *rename, JsonbRef document);
extern JsonbRef rename_in_value(JsonbRef value, const FieldPath *path, JsonbRef to);

/* store/rename_definitions.c */
extern RenamedDefinitions rename_definitions(JsonbRef fields, const FieldPath *path,
											 JsonbRef to);

/* store/rename_record.c */
extern void rename_record(FunctionCallInfo fcinfo, const Rename *rename);
extern Jsonb *renamed_since(FunctionCallInfo fcinfo, int64 sequence, Jsonb *document);
extern int	field_periods(FunctionCallInfo fcinfo, JsonbRef id, JsonbRef field,
						  FieldPeriod **periods);
extern JsonbRef with_instance(JsonbRef id, JsonbRef key);
extern bool renamed_to(FunctionCallInfo fcinfo, JsonbRef *id, JsonbRef *field);

/* store/rename_secrets.c */
extern Jsonb *secrets_renamed(FunctionCallInfo fcinfo, JsonbRef org_id, JsonbRef node_id,
							  const Rename *rename, Jsonb *document);
extern Jsonb *secrets_renamed_since(FunctionCallInfo fcinfo, JsonbRef org_id,
									JsonbRef node_id, Jsonb *document);

#endif							/* STORE_RENAME_H */
