/*-------------------------------------------------------------------------
 *
 * store/node_seal.c
 *	  Sealing what a node's document has of secrets, before it is stored.
 *
 * With a key command every secret is sealed, one that did not change keeps the
 * form that it has.  A sealed secret that is written is taken where the node has
 * it already, at this place in its document or in its history; any other could be
 * somebody else's, and is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/field_path.h"
#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "secrets/held_seals.h"
#include "secrets/master_keys.h"
#include "secrets/sealed.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "store/history.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/node_seal.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "validation/findings.h"

/* How many versions are read at a time: a document may have megabytes. */
#define VERSIONS_FETCHED 50

/* A document that is being sealed, or opened. */
typedef struct Sealing
{
	FunctionCallInfo fcinfo;
	text	   *org_id;
	text	   *node_id;
	SealPlace	place;
	const Catalogue *catalogue;
	Jsonb	   *stored;			/* what the node has; NULL: nothing yet */
	Jsonb	   *upserted;		/* what the statement has sealed for it, or NULL */
	HeldSeals	in_stored;		/* what is sealed in these, once it is asked for */
	HeldSeals	in_upserted;
	HeldSeals	in_history;
	Findings	findings;
	bool		clear;			/* is any secret in clear? */
} Sealing;

/*
 * seal_place: where a secret stands.
 */
static const SealPlace *
seal_place(Sealing *sealing, const EachSecret *secret)
{
	sealing->place.entry = secret->entry;
	sealing->place.path = secret->path;
	return &sealing->place;
}

/*
 * is_in: has a document, or none, that sealed secret at its place?  Elements of
 * arrays are many, and may stand anywhere in theirs: of these a set is made.
 */
static bool
is_in(Sealing *sealing, HeldSeals *held, Jsonb *document, const EachSecret *secret)
{
	FieldPath	steps;
	JsonbRef	entry;

	if (document == NULL)
		return false;
	if (memchr(secret->path.ptr, '*', secret->path.len) == NULL)
	{
		steps = field_path_parse(secret->path);
		entry = JREF_MEMBER(jsonb_ref_root(document), "integrations");
		entry = jsonb_ref_member(entry, secret->entry.ptr, secret->entry.len);
		return field_path_holds(JREF_MEMBER(entry, "config"), &steps, secret->value);
	}
	if (held->table == NULL)
	{
		held_seals_begin(held);
		held_seals_add(held, sealing->catalogue, document);
	}
	return held_seals_have(held, secret);
}

/*
 * read_history: note what is sealed in the versions of the node.
 */
static void
read_history(Sealing *sealing)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Oid			relid = own_table_required(sealing->fcinfo, OWN_HISTORY, AccessShareLock);
	Datum		values[] = {PointerGetDatum(sealing->org_id), PointerGetDatum(sealing->node_id)};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext version = AllocSetContextCreate(caller, "version", ALLOCSET_DEFAULT_SIZES);
	Identity	before;
	SPIPlanPtr	plan;
	Portal		portal;

	held_seals_begin(&sealing->in_history);
	SPI_connect();
	identity_become(&before, relation_owner(relid));
	plan = plan_prepare(psprintf("SELECT h.config_json FROM ONLY %s AS h"
								 " WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								 " AND h.node_id OPERATOR(pg_catalog.=) $2",
								 qualified_name(relid)), lengthof(types), types);
	portal = SPI_cursor_open(NULL, plan, values, NULL, false);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, VERSIONS_FETCHED);
		if (SPI_processed == 0)
			break;
		MemoryContextSwitchTo(version);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool		isnull;
			Datum		document = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
												 &isnull);

			CHECK_FOR_INTERRUPTS();
			if (!isnull)
				held_seals_add(&sealing->in_history, sealing->catalogue,
							   DatumGetJsonbP(document));
			MemoryContextReset(version);
		}
		MemoryContextSwitchTo(caller);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	identity_return(&before);
	SPI_finish();
	MemoryContextDelete(version);
}

/*
 * is_in_history: has a version of the node's history it there?
 */
static bool
is_in_history(Sealing *sealing, const EachSecret *secret)
{
	if (sealing->in_history.table == NULL)
		read_history(sealing);
	return held_seals_have(&sealing->in_history, secret);
}

/*
 * refuse: note a sealed secret that is not this node's.
 */
static void
refuse(Sealing *sealing, const EachSecret *secret)
{
	StringInfoData path;
	Violation	violation = {
		.integration = secret->entry,.field = secret->path,.code = "sealed",
		.message = "sealed secret is not one that this node has, or had, here"
	};

	initStringInfo(&path);
	appendStringInfoString(&path, "/integrations");
	append_pointer_step(&path, secret->entry);
	appendStringInfoString(&path, "/config/");
	appendBinaryStringInfo(&path, secret->path.ptr, secret->path.len);
	violation.path = path.data;
	findings_add(&violation, &sealing->findings);
}

/*
 * is_beside: is a secret in clear the one that is sealed beside it?
 */
static bool
is_beside(Sealing *sealing, const EachSecret *secret, JsonbRef clear)
{
	JsonbRef	beside;
	bool		same;

	if (!shown_is_sealed(secret->beside) ||
		!sealed_try(sealing->fcinfo, seal_place(sealing, secret), secret->beside, &beside))
		return false;
	same = jsonb_ref_equal(beside, clear);
	explicit_bzero(unconstify(char *, beside.ptr), beside.len);
	pfree(unconstify(char *, beside.ptr));
	return same;
}

/*
 * seal_visit: a SecretVisitor.
 */
static JsonbRef
seal_visit(const EachSecret *secret, void *arg)
{
	Sealing    *sealing = arg;
	JsonbRef	clear;

	if (walk_is_mask(secret->value) || string_is_blank(secret->value))
		return secret->value;
	if (shown_is_sealed(secret->value))
	{
		if (jsonb_ref_equal(secret->value, secret->beside) ||
			is_in(sealing, &sealing->in_stored, sealing->stored, secret))
			return secret->value;
		if (is_in(sealing, &sealing->in_upserted, sealing->upserted, secret))
			return sealed_try(sealing->fcinfo, seal_place(sealing, secret), secret->value, &clear) &&
				is_beside(sealing, secret, clear) ? secret->beside : secret->value;
		if (!is_in_history(sealing, secret))
			refuse(sealing, secret);
		return secret->value;
	}
	/* an organisation that has a key never goes back to secrets in clear */
	if (!master_keys_are_set() && !data_keys_of(sealing->fcinfo, sealing->org_id))
		return secret->value;
	if (is_beside(sealing, secret, secret->value))
		return secret->beside;
	return sealed_make(data_key_active(sealing->fcinfo, sealing->org_id),
					   seal_place(sealing, secret), secret->value);
}

/*
 * sealing_begin: of that node.
 */
static void
sealing_begin(Sealing *sealing, FunctionCallInfo fcinfo, text *org_id, text *node_id,
			  Jsonb *stored)
{
	memset(sealing, 0, sizeof(*sealing));
	sealing->fcinfo = fcinfo;
	sealing->org_id = org_id;
	sealing->node_id = node_id;
	sealing->place.org_id = store_text_ref(org_id);
	sealing->place.node_id = store_text_ref(node_id);
	sealing->catalogue = catalogue_of_owner(fcinfo);
	catalogue_pin(sealing->catalogue);
	sealing->stored = stored;
}

/*
 * stored_root: the root of a document; JREF_NONE for none.
 */
static JsonbRef
stored_root(const Jsonb *stored)
{
	return stored != NULL ? jsonb_ref_root(stored) : (JsonbRef) {0};
}

/*
 * sealing_end: refuse what was found.
 */
static void
sealing_end(Sealing *sealing, Relation nodes)
{
	AttrNumber	columns[NODE_COLUMNS];

	if (!findings_refused(&sealing->findings))
		return;
	node_columns_find(nodes, columns);
	findings_refuse(&sealing->findings, nodes, columns[NODE_CONFIG_JSON], NODE_CHECK);
}

/*
 * node_sealed: a document as it is to be stored, with its secrets sealed; palloc'd,
 * or the document itself where nothing is to be.
 *
 * stored is what the node has, NULL for a new one; upserted what an INSERT that
 * turned into this UPDATE had sealed, or NULL.  Errors: check_violation for sealed
 * secrets of somewhere else; object_not_in_prerequisite_state where a secret is to
 * be sealed and the key is not to be had.
 */
Jsonb *
node_sealed(FunctionCallInfo fcinfo, Relation nodes, text *org_id, text *node_id,
			Jsonb *document, Jsonb *stored, Jsonb *upserted)
{
	Sealing		sealing;

	if (!master_keys_are_set() && !holds_sealed(jsonb_ref_root(document)) &&
		!data_keys_any(fcinfo))
		return document;
	sealing_begin(&sealing, fcinfo, org_id, node_id, stored);
	sealing.upserted = upserted;
	document = each_secret(sealing.catalogue, document, stored_root(stored), (JsonbRef) {0},
						   seal_visit, &sealing);
	sealing_end(&sealing, nodes);
	return document;
}

/*
 * open_visit: a SecretVisitor that opens what the stored document does not have.
 */
static JsonbRef
open_visit(const EachSecret *secret, void *arg)
{
	Sealing    *sealing = arg;
	JsonbRef	clear = secret->value;

	if (!shown_is_sealed(secret->value))
	{
		sealing->clear |= !walk_is_mask(secret->value) && !string_is_blank(secret->value);
		return secret->value;
	}
	if (jsonb_ref_equal(secret->value, secret->beside) || is_in(sealing, &sealing->in_stored, sealing->stored, secret))
		return secret->value;
	if (!sealed_try(sealing->fcinfo, seal_place(sealing, secret), secret->value, &clear))
		refuse(sealing, secret);
	return clear;
}

/*
 * node_opened: a document that was stored, with what is sealed in it and was not
 * there before in clear, to be validated; palloc'd, or the document itself.
 *
 * NULL where a secret is in clear that node_sealed() would not have left so:
 * another trigger put it there.
 */
Jsonb *
node_opened(FunctionCallInfo fcinfo, Relation nodes, text *org_id, text *node_id,
			Jsonb *document, Jsonb *stored)
{
	Sealing		sealing;

	if (!master_keys_are_set() && !holds_sealed(jsonb_ref_root(document)))
		return document;
	sealing_begin(&sealing, fcinfo, org_id, node_id, stored);
	document = each_secret(sealing.catalogue, document, stored_root(stored), (JsonbRef) {0},
						   open_visit, &sealing);
	sealing_end(&sealing, nodes);
	return sealing.clear && master_keys_are_set() ? NULL : document;
}
