/*-------------------------------------------------------------------------
 *
 * catalogue/once_secret.c
 *	  Places that were secrets once, by the history of the catalogue.
 *
 * Definitions have changed, so several nodes of the tree may speak of one
 * value: what a map of that time had for all keys, and what an object has for
 * one of them now.  All of them are followed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/once_secret.h"

/*
 * add: a node for the value.
 */
static void
add(OnceNodes *nodes, JsonbRef node)
{
	if (node.type == JREF_NONE)
		return;
	if (node.type != JREF_OBJECT)
	{
		nodes->once = ONCE_SECRET;
		return;
	}
	nodes->nodes = nodes->nodes == NULL ? palloc(sizeof(JsonbRef)) :
		repalloc(nodes->nodes, sizeof(JsonbRef) * (nodes->count + 1));
	nodes->nodes[nodes->count++] = node;
	if (nodes->once == ONCE_NOTHING)
		nodes->once = ONCE_AROUND;
}

/*
 * once_root: the nodes for an integration's config, by its tree.
 */
OnceNodes
once_root(JsonbRef tree)
{
	OnceNodes	nodes = {0};

	if (tree.type == JREF_OBJECT)
		add(&nodes, tree);
	return nodes;
}

/*
 * may_be_choice: may the object be of the choice that such a key names?  One that
 * names none may have any that a layer outside of it names.
 */
static bool
may_be_choice(JsonbRef key, JsonbRef object)
{
	const char *equals = memchr(key.ptr, '=', key.len);
	int			len = equals != NULL ? equals - key.ptr : 0;
	JsonbRef	by;

	if (len == 0)
		return false;
	by = jsonb_ref_member(object, key.ptr + 1, len - 1);
	return by.type <= JREF_NULL ||
		(by.type == JREF_STRING && jsonb_ref_is(by, equals + 1, key.len - len - 1));
}

/*
 * once_within: the nodes for a container as they are for what is in it: also
 * those of the choice that it is of.
 */
OnceNodes
once_within(const OnceNodes *outer, JsonbRef container)
{
	OnceNodes	nodes = {.once = outer->once};

	for (int i = 0; i < outer->count; i++)
	{
		JsonbWalk	walk;
		JsonbRef	key;
		JsonbRef	value;

		add(&nodes, outer->nodes[i]);
		/* keys of that kind are few, and so are all of a node's */
		jsonb_walk_begin(&walk, outer->nodes[i]);
		while (jsonb_walk_member(&walk, &key, &value))
			if (key.len > 0 && *key.ptr == '?' && value.type == JREF_OBJECT &&
				may_be_choice(key, container))
				add(&nodes, value);
	}
	return nodes;
}

/*
 * once_inside: the nodes for a member of a container that has those, or with
 * JREF_NONE for an element.
 */
OnceNodes
once_inside(const OnceNodes *outer, JsonbRef key)
{
	OnceNodes	nodes = {0};

	if (outer->once == ONCE_SECRET)
		nodes.once = ONCE_SECRET;
	for (int i = 0; i < outer->count; i++)
	{
		if (key.type != JREF_NONE && (key.len == 0 || *key.ptr != '?'))
			add(&nodes, jsonb_ref_member(outer->nodes[i], key.ptr, key.len));
		if (key.type == JREF_NONE || !JREF_IS(key, "*"))
			add(&nodes, JREF_MEMBER(outer->nodes[i], "*"));
	}
	return nodes;
}

void
once_free(OnceNodes *nodes)
{
	if (nodes->nodes != NULL)
		pfree(nodes->nodes);
}
