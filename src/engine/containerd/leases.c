/* SPDX-License-Identifier: Apache-2.0 */
/* leases.c - keep what is being written from the daemon's garbage collection until it is named.
 * From: containerd docs/garbage-collection.md. */
#include "engine/containerd/store.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "image/put.h"

#include "leases.pb-c.h"

#define EXPIRE_LABEL "containerd.io/gc.expire"
#define OWNER_LABEL  "harpoon/owner"
#define LEASE_PREFIX "harpoon-lease-"
#define LEASE_HEADER "containerd-lease"
#define DAY_NS       (INT64_C(24) * 3600 * 1000000000)

static int lease_delete(struct containerd *c, const char *id, struct hp_error *err)
{
	Hp__DeleteLeaseRequest request = HP__DELETE_LEASE_REQUEST__INIT;

	/* Synchronous: the daemon collects what the lease alone kept before it answers. */
	request.id = (char *)id;
	request.sync = true;
	if (hp_rpc_call(
		    HP_RPC_TO(c->grpc, HP_SVC_LEASES "Delete", hp_containerd__long_deadline(c)),
		    &request.base, NULL, NULL, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "end lease '%s'", id);
		hp_error_clear(err);
	}
	return 0;
}

/* Who we are: a process number means nothing without its namespace. Owns: the caller. */
static char *owner_text(pid_t pid)
{
	char ns[64];
	const ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof(ns));

	return hp_sprintf("%.*s/%d", n > 0 ? (int)n : 0, ns, (int)pid);
}

/* A process of ours that was killed left its lease. When its number is another's by now, or its
 * namespace is not ours, the lease stays until it expires. */
static bool is_orphan(const Hp__Lease *lease)
{
	struct hp_error ignored = HP_ERROR_INIT;
	const char *owner = hp_containerd__pair(lease->labels, lease->n_labels, OWNER_LABEL);
	const char *slash = owner ? strrchr(owner, '/') : NULL;
	int64_t pid;

	if (!hp_str_starts(lease->id, LEASE_PREFIX) || !slash ||
	    hp_str_i64(slash + 1, &pid, &ignored) < 0 || pid <= 1 || pid > INT32_MAX)
		return false;
	AUTO_FREE char *ours = owner_text((pid_t)pid);
	return hp_str_eq(owner, ours) && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* Best effort: the daemon would do it by itself within a day. */
static void drop_orphans(struct containerd *c)
{
	struct hp_error ignored = HP_ERROR_INIT;
	Hp__ListLeasesRequest request = HP__LIST_LEASES_REQUEST__INIT;
	AUTO_REPLY Hp__ListLeasesResponse *reply = NULL;

	if (hp_containerd__call(c, HP_SVC_LEASES "List", &request.base,
				&hp__list_leases_response__descriptor, &reply, &ignored) < 0)
		return;
	for (size_t i = 0; i < reply->n_leases; i++)
		if (is_orphan(reply->leases[i])) {
			hp_error_clear(&ignored);
			(void)lease_delete(c, reply->leases[i]->id, &ignored);
		}
}

int hp_containerd__hold_begin(struct hp_store *store, struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	AUTO_FREE char *id = hp_put_ref("lease");
	AUTO_FREE char *owner = owner_text(getpid());
	Hp__CreateLeaseRequest request = HP__CREATE_LEASE_REQUEST__INIT;
	Hp__Pair expire = HP__PAIR__INIT, of = HP__PAIR__INIT;
	Hp__Pair *labels[] = {&expire, &of};
	char end[HP_TIME_TEXT];

	hp_time_format(hp_clock_unix_ns() + DAY_NS, end);
	expire.key = (char *)EXPIRE_LABEL;
	expire.value = end;
	of.key = (char *)OWNER_LABEL;
	of.value = owner;
	request.id = id;
	request.labels = labels;
	request.n_labels = HP_ARRAY_LEN(labels);
	drop_orphans(s->c);
	if (hp_containerd__call(s->c, HP_SVC_LEASES "Create", &request.base, NULL, NULL, err) <
	    0)
		return hp_wrap(err, "begin a lease");
	s->lease = TAKE(id);
	hp_grpc_set_header(s->c->grpc, LEASE_HEADER, s->lease);
	return 0;
}

int hp_containerd__hold_end(struct hp_store *store, struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	AUTO_FREE char *id = TAKE(s->lease);

	hp_grpc_set_header(s->c->grpc, LEASE_HEADER, NULL);
	return id ? lease_delete(s->c, id, err) : 0;
}
