/* SPDX-License-Identifier: Apache-2.0 */
/* census.c - count what the daemon holds, so that a leak shows as a number. */
#include <dirent.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#include "leases.pb-c.h"
#include "snapshots.pb-c.h"

/* More than any host has in a file of /proc that is read whole. */
#define PROC_MAX (16u << 20)

static int count_objects(struct containerd *c, struct hp_census *to, struct hp_error *err)
{
	Hp__ListContainersRequest containers = HP__LIST_CONTAINERS_REQUEST__INIT;
	Hp__ListTasksRequest tasks = HP__LIST_TASKS_REQUEST__INIT;
	Hp__ListLeasesRequest leases = HP__LIST_LEASES_REQUEST__INIT;
	AUTO_REPLY Hp__ListContainersResponse *container_list = NULL;
	AUTO_REPLY Hp__ListTasksResponse *task_list = NULL;
	AUTO_REPLY Hp__ListLeasesResponse *lease_list = NULL;

	if (hp_containerd__call(c, HP_SVC_CONTAINERS "List", &containers.base,
				&hp__list_containers_response__descriptor, &container_list,
				err) < 0 ||
	    hp_containerd__call(c, HP_SVC_TASKS "List", &tasks.base,
				&hp__list_tasks_response__descriptor, &task_list, err) < 0 ||
	    hp_containerd__call(c, HP_SVC_LEASES "List", &leases.base,
				&hp__list_leases_response__descriptor, &lease_list, err) < 0)
		return -1;
	to->containers = container_list->n_containers;
	to->tasks = task_list->n_tasks;
	to->leases = lease_list->n_leases;
	return 0;
}

static int count_snapshots(struct containerd *c, struct hp_census *to, struct hp_error *err)
{
	Hp__ListSnapshotsRequest request = HP__LIST_SNAPSHOTS_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};
	int got;

	request.snapshotter = c->snapshotter;
	if (hp_rpc_begin(
		    HP_RPC_TO(c->grpc, HP_SVC_SNAPSHOTS "List", hp_containerd__deadline(c)),
		    &hp__list_snapshots_response__descriptor, &rpc, err) < 0 ||
	    hp_rpc_send(&rpc, &request.base, true, err) < 0)
		return -1;
	for (;;) {
		AUTO_REPLY Hp__ListSnapshotsResponse *reply = NULL;

		got = hp_rpc_recv(&rpc, &reply, err);
		if (got != HP_NEXT_ITEM)
			return got;
		to->snapshots += reply->n_info;
	}
}

static void close_dir(DIR *dir)
{
	closedir(dir);
}
HP_AUTO_PTR(DIR, close_dir);

/* Only those that nobody listens on: the directory is shared with all daemons of the host, whose
 * shims come and go meanwhile. From: proc(5), /proc/net/unix has the path of each bound socket. */
static void count_sockets(struct hp_census *to)
{
	AUTO(close_dir) DIR *dir = opendir(HP_SHIM_SOCKETS);
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *bound = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&text, PROC_MAX);
	if (!dir || hp_file_read("/proc/net/unix", PROC_MAX, &text, &ignored) < 0)
		return;
	bound = hp_buf_take_str(&text);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		AUTO_FREE char *path = hp_sprintf(HP_SHIM_SOCKETS "/%s", e->d_name);

		/* One that was made after the list was read is no leak, so look at it twice. */
		to->sockets += e->d_name[0] != '.' && !strstr(bound, path) &&
			       hp_containerd__shim_socket_is_dead(path);
	}
}

/* A rootfs of a bundle of this namespace; the daemon's state directory is not told by its API,
 * but each bundle lies in a directory named after the runtime plugin and the namespace. */
static void count_mounts(const struct containerd *c, struct hp_census *to)
{
	AUTO_FREE char *part = hp_sprintf("/io.containerd.runtime.v2.task/%s/", c->base.ns);
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *mounts = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&text, PROC_MAX);
	if (hp_file_read("/proc/self/mountinfo", PROC_MAX, &text, &ignored) < 0)
		return;
	mounts = hp_buf_take_str(&text);
	for (const char *at = strstr(mounts, part); at; at = strstr(at + 1, part))
		to->mounts++;
}

int hp_containerd__census(struct hp_engine *e, struct hp_census *ret_census,
			  struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	struct hp_census census = {0};

	if (count_objects(c, &census, err) < 0 || count_snapshots(c, &census, err) < 0)
		return hp_wrap(err, "census");
	census.shims = hp_containerd__shims(c, NULL, 0);
	count_sockets(&census);
	count_mounts(c, &census);
	*ret_census = census;
	return 0;
}
