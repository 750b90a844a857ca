/*-------------------------------------------------------------------------
 *
 * store/forget.h
 *	  Organisations that are gone for good.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_FORGET_H
#define STORE_FORGET_H

#include "fmgr.h"

extern int32 forgotten_version(FunctionCallInfo fcinfo, text *org_id);

#endif							/* STORE_FORGET_H */
