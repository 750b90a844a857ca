/*-------------------------------------------------------------------------
 *
 * catalogue/overlay.h
 *	  What values of one field give, outermost first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_OVERLAY_H
#define CATALOGUE_OVERLAY_H

#include "catalogue/catalogue.h"

extern JsonbRef overlay_values(const Field *field, const JsonbRef *values,
							   int nvalues, bool applicable);
extern void overlay_fill(Field *field);

#endif							/* CATALOGUE_OVERLAY_H */
