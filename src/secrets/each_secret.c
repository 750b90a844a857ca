/*-------------------------------------------------------------------------
 *
 * secrets/each_secret.c
 *	  The secrets in a document, one after the other.
 *
 * A secret is a string where the catalogue's definition has type "secret", at
 * any depth, in instances too, and whether or not the field applies; of an object
 * that does not say of which choice it is, also in any of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "secrets/cipher.h"
#include "secrets/each_secret.h"
#include "server/messages.h"

/* The walk. */
typedef struct SecretWalk
{
	Walk		walk;			/* the first: its visitor is given this */
	SecretVisitor visit;
	void	   *arg;
	bool		changed;		/* is anything another one? */
	StringInfoData path;
	int			prefix;			/* what of the path leads to that value */
} SecretWalk;

/*
 * holds_sealed: are the bytes that a sealed secret begins with anywhere in a
 * container, or at the beginning of a string?
 */
bool
holds_sealed(JsonbRef value)
{
	if (JREF_IS_SCALAR(value))
		return shown_is_sealed(value);
	return memmem(value.ptr, value.len, SEALED_PREFIX, strlen(SEALED_PREFIX)) != NULL;
}

/*
 * is_secret: is a value at a place a secret?
 */
static bool
is_secret(const Walk *walk, JsonbRef value, Place place)
{
	if (place == PLACE_HIDDEN && walk->field != NULL && walk->field->type == FIELD_SECRET)
		return true;
	return walk->once_secret.type != JREF_NONE && walk->level != NULL &&
		(walk->once == ONCE_SECRET || shown_is_sealed(value)) && walk_is_in_config(walk);
}

/*
 * secret_visit: WalkVisitor that finds secrets.
 */
static bool
secret_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef beside, Place place)
{
	SecretWalk *secrets = (SecretWalk *) walk;
	EachSecret	secret;
	JsonbRef	other;

	if (value.type != JREF_STRING || !is_secret(walk, value, place))
		return false;
	secrets->path.len = secrets->prefix;
	walk_path(walk, &secrets->path, PATH_ANY_ELEMENT);
	secret.entry = walk->entry;
	secret.path = jsonb_ref_string(secrets->path.data, secrets->path.len);
	secret.value = value;
	secret.beside = beside;
	secret.walk = walk;
	other = secrets->visit(&secret, secrets->arg);
	if (other.ptr == value.ptr)
		return false;
	secrets->changed = true;
	jsonb_write_value(walk->writer, frame, other);
	return true;
}

/*
 * begin: make a walk ready.
 */
static void
begin(SecretWalk *secrets, SecretVisitor visit, void *arg)
{
	memset(secrets, 0, sizeof(*secrets));
	secrets->walk.visit = secret_visit;
	secrets->visit = visit;
	secrets->arg = arg;
	initStringInfo(&secrets->path);
}

/*
 * each_secret: let a visitor see each secret of a node's document, and put what it
 * says in its place; palloc'd, or the document itself where nothing changes.
 *
 * beside is another document, of which the visitor is told what it has at the
 * same place, or JREF_NONE.  For a document of the past once_secret has the places
 * that ever were secrets' (ever_secret_places()): strings there are secrets too,
 * and whatever is sealed.  JREF_NONE for one of today.
 */
Jsonb *
each_secret(const Catalogue *catalogue, Jsonb *document, JsonbRef beside,
			JsonbRef once_secret, SecretVisitor visit, void *arg)
{
	JsonbRef	root = jsonb_ref_root(document);
	SecretWalk	secrets;
	Jsonb	   *result;

	if (root.type != JREF_OBJECT)
		return document;
	begin(&secrets, visit, arg);
	secrets.walk.catalogue = catalogue;
	secrets.walk.once_secret = once_secret;
	result = walk_document(&secrets.walk, root, beside, PLACE_DOCUMENT);
	cipher_forget();
	pfree(secrets.path.data);
	if (secrets.changed)
		return result;
	pfree(result);
	return document;
}

/*
 * each_secret_of_field: the same for the value of one of an integration's fields,
 * an object or an array; NULL where nothing changes.
 */
Jsonb *
each_secret_of_field(const Field *field, JsonbRef value, JsonbRef entry,
					 SecretVisitor visit, void *arg)
{
	SecretWalk	secrets;
	Jsonb	   *result;

	begin(&secrets, visit, arg);
	secrets.walk.field = field;
	secrets.walk.entry = entry;
	append_pointer_step(&secrets.path, field->name);
	memmove(secrets.path.data, secrets.path.data + 1, secrets.path.len);
	secrets.path.data[secrets.path.len - 1] = '/';
	secrets.prefix = secrets.path.len;
	result = walk_document(&secrets.walk, value, (JsonbRef) {0},
						   walk_place_of_value(field, value));
	pfree(secrets.path.data);
	return secrets.changed ? result : NULL;
}
