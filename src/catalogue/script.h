/*-------------------------------------------------------------------------
 *
 * catalogue/script.h
 *	  What the extension's own script writes into its tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SCRIPT_H
#define CATALOGUE_SCRIPT_H

extern bool script_is_writing(void);

#endif							/* CATALOGUE_SCRIPT_H */
