/*-------------------------------------------------------------------------
 *
 * merge/gather.h
 *	  What the layers say, sorted by integration.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_GATHER_H
#define MERGE_GATHER_H

#include "merge/fold.h"
#include "merge/unknown.h"

/* What the layers say of one instance of an integration. */
typedef struct InstanceEntry
{
	JsonbRef	key;			/* "grafana:eu" */
	JsonbRef	name;			/* "eu" */
	const Integration *integration;
	const LayerEntry *own;		/* outermost first */
	int			nown;
	int			next;			/* index of the integration's next one, or -1 */
} InstanceEntry;

typedef struct Layers
{
	const Catalogue *catalogue;
	const ValueOpener *opener;	/* NULL: none */
	LayerEntry *entries;		/* of integrations that the catalogue knows */
	int		   *first;			/* an integration's outermost entry, or -1 */
	int		   *last;
	LayerEntry *unknown;		/* by id, then outermost first */
	int			nunknown;
	int			nunknown_ids;	/* different ones */
	LayerEntry *own;			/* of instances: by key, then outermost first */
	int			nown;
	InstanceEntry *instances;	/* those that there are, in key order */
	int			ninstances;
	int		   *first_instance; /* an integration's, or -1; NULL without any */
	Size		bytes;			/* of all layers */

	/* room for one integration's fold, used for one after the other */
	FoldedField *fields;
	FieldStates states;
	IntegrationStatus status;
} Layers;

/*
 * layer_integrations: the object "integrations" of a layer; what is none has
 * no members.
 */
static inline JsonbRef
layer_integrations(JsonbRef layer)
{
	JsonbRef	integrations = JREF_MEMBER(layer, "integrations");

	if (integrations.type != JREF_OBJECT)
		integrations = (JsonbRef) {0};
	return integrations;
}

extern void layers_begin_fields(Layers *layers, int max_fields);
extern void layers_gather(Layers *layers, const Catalogue *catalogue,
						  const JsonbRef *documents, int ndocuments);
extern void layers_fold(Layers *layers, FoldedEntry *fold, int index,
						bool applicable, bool traced);
extern void layers_fold_instance(Layers *layers, FoldedEntry *fold,
								 const InstanceEntry *instance,
								 bool applicable, bool traced);
extern bool layers_required(Layers *layers, const Integration *integration);

#endif							/* MERGE_GATHER_H */
