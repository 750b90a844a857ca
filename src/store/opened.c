/*-------------------------------------------------------------------------
 *
 * store/opened.c
 *	  Stored secrets in answers: opened for whom they may be shown to.
 *
 * A secret is bound to the node at which it was given.  An answer is merged from
 * the documents of several, so it has to be known which one a sealed value is of:
 * the innermost layer that has it at its place.  A secret that was copied past the
 * triggers from a node to one below it is thus tried as that one's, and does not
 * open.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_path.h"
#include "catalogue/shown.h"
#include "miscadmin.h"
#include "secrets/held_seals.h"
#include "secrets/sealed.h"
#include "server/extension.h"
#include "store/access.h"
#include "store/opened.h"

/* A value of an answer that is being opened. */
typedef struct Opening
{
	LayersOpener *opener;
	const EntryOrigin *origin;
	const Field *field;			/* whose value it is */
	int			layer;			/* the innermost that gave some of the value */
	HeldSeals  *held;			/* by layer less one; NULL: not worth it */
} Opening;

/*
 * From how many bytes on a value's secrets are looked up in sets of what the layers
 * have: some dozens of sealed ones, among which looking at each takes longer.
 */
#define MANY_SEALED 4096

/*
 * place_in_layer: a place in a layer's entry, whichever that is.
 */
static SealPlace
place_in_layer(const Opening *opening, int layer, JsonbRef path)
{
	const LayersOpener *opener = opening->opener;
	const EntryOrigin *origin = opening->origin;
	SealPlace	place = {
		.org_id = opener->org_id,
		.node_id = opener->names[layer - 1],
		.entry = layer < origin->own_from ? origin->id : origin->key,
		.path = path
	};

	if (JREF_IS(place.node_id, "*"))
		place.org_id = place.node_id;
	return place;
}

/*
 * layer_config: the config of a layer's entry, whichever that is.
 */
static JsonbRef
layer_config(const Opening *opening, int layer, JsonbRef entry)
{
	JsonbRef	value = JREF_MEMBER(opening->opener->documents[layer - 1], "integrations");

	value = jsonb_ref_member(value, entry.ptr, entry.len);
	return JREF_MEMBER(value, "config");
}

/*
 * is_held: has a layer's entry a sealed secret at its place?  Asked of the set of
 * what it has, which is made for the first one.
 */
static bool
is_held(const Opening *opening, int layer, const EachSecret *secret, JsonbRef entry)
{
	HeldSeals  *held = &opening->held[layer - 1];
	JsonbRef	name = opening->field->name;
	EachSecret	there = *secret;

	if (held->table == NULL)
	{
		held_seals_begin(held);
		held_seals_add_value(held, opening->field,
							 jsonb_ref_member(layer_config(opening, layer, entry), name.ptr, name.len),
							 entry);
	}
	there.entry = entry;
	return held_seals_have(held, &there);
}

/*
 * layer_of: the innermost layer that has a sealed secret at its place; 0 where
 * none has.
 */
static int
layer_of(const Opening *opening, const EachSecret *secret)
{
	FieldPath	steps = field_path_parse(secret->path);

	for (int layer = opening->layer; layer > 0; layer--)
	{
		JsonbRef	entry = place_in_layer(opening, layer, secret->path).entry;

		if (opening->held != NULL ? is_held(opening, layer, secret, entry) :
			field_path_holds(layer_config(opening, layer, entry), &steps, secret->value))
			return layer;
	}
	return 0;
}

/*
 * mask: what stands for a secret that is not shown.
 */
static JsonbRef
mask(void)
{
	return jsonb_ref_string(REDACTED_VALUE, strlen(REDACTED_VALUE));
}

/*
 * open_inside: a SecretVisitor, for what is in a value.
 */
static JsonbRef
open_inside(const EachSecret *secret, void *arg)
{
	const Opening *opening = arg;
	SealPlace	place;

	if (!shown_is_sealed(secret->value))
		return secret->value;
	if (!shown_opened(opening->opener->fcinfo, &opening->opener->shown))
		return mask();
	place = place_in_layer(opening, Max(layer_of(opening, secret), 1), secret->path);
	return sealed_open(opening->opener->fcinfo, &place, secret->value);
}

/*
 * open_value: ValueOpener's.
 */
static JsonbRef
open_value(const ValueOpener *arg, const EntryOrigin *origin, const Field *field,
		   JsonbRef value, int layer)
{
	Opening		opening = {(LayersOpener *) unconstify(ValueOpener *, arg), origin, field, layer, NULL};
	Jsonb	   *opened;

	if (layer == 0 || JREF_IS_SCALAR(value) != (field->type == FIELD_SECRET) ||
		!holds_sealed(value))
		return value;
	if (field->type != FIELD_SECRET)
	{
		if (value.len >= MANY_SEALED)
			opening.held = palloc0(sizeof(HeldSeals) * layer);
		opened = each_secret_of_field(field, value, origin->key, open_inside, &opening);
		for (int i = 0; opening.held != NULL && i < layer; i++)
			held_seals_end(&opening.held[i]);
		return opened == NULL ? value : jsonb_ref_root(opened);
	}
	if (!shown_opened(opening.opener->fcinfo, &opening.opener->shown))
		return mask();
	else
	{
		SealPlace	place = place_in_layer(&opening, layer, field->name);

		return sealed_open(opening.opener->fcinfo, &place, value);
	}
}

/*
 * layers_opener_begin: the opener for a function's caller, of a node's layers; with
 * NULL these and what is shown are still to be set.
 */
void
layers_opener_begin(LayersOpener *opener, FunctionCallInfo fcinfo, JsonbRef org_id,
					const NodeLayers *layers)
{
	memset(opener, 0, sizeof(*opener));
	opener->opener.open = open_value;
	opener->fcinfo = fcinfo;
	opener->org_id = org_id;
	if (layers == NULL)
		return;
	opener->documents = layers->documents;
	opener->names = layers->names;
	opener->count = layers->count;
	opener->shown = shown_to(layers->access.reveal, layers->access.granted_reveal);
}

/*
 * shown_to: how secrets are shown to a caller who may see them in clear, by his
 * rights on the table or as it is granted to him.
 */
Shown
shown_to(bool reveal, bool granted)
{
	if (!reveal)
		return SHOWN_REDACTED;
	return granted ? SHOWN_OPENED : SHOWN_UNKNOWN;
}

/*
 * shown_opened: are sealed secrets opened for him?  Asked where there is one.
 */
bool
shown_opened(FunctionCallInfo fcinfo, Shown *shown)
{
	if (*shown == SHOWN_UNKNOWN)
		*shown = access_has_all(own_table_required(fcinfo, OWN_NODES, NoLock)) ?
			SHOWN_OPENED : SHOWN_STORED;
	return *shown == SHOWN_OPENED;
}

/* A node's own document that is being opened. */
typedef struct OwnOpening
{
	FunctionCallInfo fcinfo;
	SealPlace	place;
} OwnOpening;

/*
 * open_own: a SecretVisitor.
 */
static JsonbRef
open_own(const EachSecret *secret, void *arg)
{
	OwnOpening *opening = arg;

	if (!shown_is_sealed(secret->value))
		return secret->value;
	opening->place.entry = secret->entry;
	opening->place.path = secret->path;
	return sealed_open(opening->fcinfo, &opening->place, secret->value);
}

/*
 * opened_document: a node's own document with its secrets opened; palloc'd, or
 * the document itself where there are none.
 *
 * Errors: those of sealed_open().
 */
Jsonb *
opened_document(FunctionCallInfo fcinfo, const Catalogue *catalogue, JsonbRef org_id,
				JsonbRef node_id, Jsonb *document)
{
	OwnOpening	opening = {fcinfo, {.org_id = org_id, .node_id = node_id}};

	if (!holds_sealed(jsonb_ref_root(document)))
		return document;
	return each_secret(catalogue, document, (JsonbRef) {0}, (JsonbRef) {0}, open_own, &opening);
}
