/*-------------------------------------------------------------------------
 *
 * catalogue/inside.h
 *	  A value and its definition, side by side.
 *
 * What is in a defined value is seen here once, for all that judge it:
 * validation, the check of defaults, what is missing, what is in use.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_INSIDE_H
#define CATALOGUE_INSIDE_H

#include "catalogue/catalogue.h"
#include "lib/stringinfo.h"

/* One step of the way to a value; the steps are on the stack. */
typedef struct InsideStep
{
	const struct InsideStep *outer;
	JsonbRef	key;			/* JREF_NONE: an element */
	int			index;
	JsonbRef	value;			/* that the step leads to */
} InsideStep;

/* Fields whose states need no allocation. */
#define STATES_INLINE 16

/*
 * What is known of the fields of one object, by their indexes.  It points into
 * itself, and can't be copied.
 */
typedef struct FieldStates
{
	JsonbRef   *values;			/* the default where there is none */
	bool	   *given;			/* it is the object's own */
	bool	   *applies;
	bool	   *present;		/* it applies and has a value */
	JsonbRef	few_values[STATES_INLINE];
	bool		few[STATES_INLINE * 3];
} FieldStates;

typedef struct InsideVisitor InsideVisitor;

/*
 * Each returns false to end the walk, and may be NULL.  step leads to what it
 * is about.
 */
struct InsideVisitor
{
	/* a value of a field; what is in it comes next */
	bool		(*value) (void *arg, const InsideStep *step, Field *field,
						  JsonbRef value);

	/*
	 * a value in the field's that has no definition; also each value of a map
	 * whose keys have rules, before it is visited: then the set is NULL
	 */
	bool		(*unknown) (void *arg, const InsideStep *step,
							const Field *field, const FieldSet *set,
							JsonbRef value);

	/* a value of a field that does not apply, before it is visited all the
	 * same */
	bool		(*inapplicable) (void *arg, const InsideStep *step,
								 const FieldSet *set, const Field *field,
								 JsonbRef value);

	/* a required field that has no value: where this is set, nothing else is
	 * told */
	bool		(*missing) (void *arg, const InsideStep *step,
							const FieldSet *set, const Field *field,
							const bool *present);
	void	   *arg;
	int			nmissing;		/* so far */
	bool		whole;			/* the value is a merged one: what it does not
								 * give has its default */
};

extern void field_states_begin(FieldStates *states, int nfields);
extern void field_states_end(FieldStates *states);
extern void field_states_judge(FieldStates *states, const FieldSet *set, bool whole);
extern void field_states_read(FieldStates *states, const FieldSet *set,
							  JsonbRef object, bool whole);
extern bool inside_visit(InsideVisitor *visitor, const InsideStep *step,
						 Field *field, JsonbRef value);
extern bool inside_missing(InsideVisitor *visitor, const InsideStep *outer,
						   const FieldSet *set, const FieldStates *states);
extern bool value_differs(const Field *field, JsonbRef value, JsonbRef unset);
extern void append_inside_path(StringInfo out, const InsideStep *step);

#endif							/* CATALOGUE_INSIDE_H */
