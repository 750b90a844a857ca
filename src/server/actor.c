/*-------------------------------------------------------------------------
 *
 * server/actor.c
 *	  Who changes something, why and when: what a history says of a change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/actor.h"
#include "server/settings.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

/*
 * actor_role: the name of the role that this session acts as, palloc'd: what
 * SET ROLE said, or else who has logged in.
 *
 * Neither a SECURITY DEFINER function nor server/identity.c hides it.
 */
char *
actor_role(void)
{
	Oid			role = GetCurrentRoleId();
	char	   *name;

	if (!OidIsValid(role))
		role = GetSessionUserId();
	name = GetUserNameFromId(role, true);
	/* a session may outlive its role */
	return name != NULL ? name : psprintf("%u", role);
}

/*
 * actor_author: who a change is said to be by: integration_schemas.author, or
 * else the role.  Valid until that setting changes, or palloc'd.
 */
const char *
actor_author(void)
{
	if (setting_author != NULL && setting_author[0] != '\0')
		return setting_author;
	return actor_role();
}

/*
 * actor_reason: integration_schemas.reason, NULL where it is empty.  Valid
 * until the setting changes.
 */
const char *
actor_reason(void)
{
	return setting_reason != NULL && setting_reason[0] != '\0' ? setting_reason : NULL;
}

/*
 * actor_stamp: the time of this transaction's changes: that of the first one,
 * the same for all.
 */
TimestampTz
actor_stamp(void)
{
	static LocalTransactionId transaction = InvalidLocalTransactionId;
	static TimestampTz stamp;
#if PG_VERSION_NUM >= 170000
	LocalTransactionId current = MyProc->vxid.lxid;
#else
	LocalTransactionId current = MyProc->lxid;
#endif

	if (transaction != current)
	{
		stamp = GetCurrentTimestamp();
		transaction = current;
	}
	return stamp;
}
