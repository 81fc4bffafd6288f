/* SPDX-License-Identifier: Apache-2.0 */
/* action_delete.c - owns `delete`, which finds out from the bundle what there was and leaves nothing
 * of it: first processes, then mounts, then names. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "shim.pb-c.h"
#include "shim/action.h"
#include "shim/cgroup.h"
#include "shim/hooks.h"
#include "shim/msg.h"
#include "shim/network.h"
#include "shim/record.h"
#include "shim/socket.h"

/* containerd kills this process after five seconds. */
#define LIMIT_MS      4000
#define LEAVE_MS      300 /* for a shim that ends by itself */
#define HOOKS_MS      3000
#define LOOK_EACH_MS  5
#define MOUNTS_MAX    64
#define KILLED_STATUS 137 /* 128 + SIGKILL */

static int kill_one(struct hp_shim_pid p, int64_t until_ms, struct hp_error *err)
{
	if (!hp_shim_pid_kill(p, until_ms))
		return hp_fail(err, HP_ETIMEOUT, "process %d does not end", (int)p.pid);
	return 0;
}

/* Read what the shim has written down, if it has. */
static void read_record(const char *bundle, struct hp_shim_record *r)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_shim_record_clear(r);
	if (hp_shim_record_read(bundle, r, &err) == 0)
		return;
	if (err.code != HP_ENOTFOUND)
		fprintf(stderr, "%s\n", err.msg);
	/* Before it is written nothing is started. */
	r->hooks_done = true;
}

/* The shim first, as it writes until then; what it had written last says who else is left. */
static int kill_all(const char *bundle, struct hp_shim_record *r, struct hp_error *err)
{
	int64_t now_ms = hp_clock_ms();

	read_record(bundle, r);
	/* After Shutdown it is about to end, with its own order. */
	while (hp_shim_pid_alive(r->shim) && hp_clock_ms() < now_ms + LEAVE_MS)
		hp_clock_sleep_ms(LOOK_EACH_MS);
	if (kill_one(r->shim, now_ms + LIMIT_MS, err) < 0)
		return -1;
	read_record(bundle, r);
	if (kill_one(r->vmm, now_ms + LIMIT_MS, err) < 0)
		return -1;
	return kill_one(r->files, now_ms + LIMIT_MS, err);
}

/* The shim mounts the root where nobody else sees it; this is for mounts of others. */
static void unmount(const char *bundle)
{
	AUTO_FREE char *rootfs = hp_path_join(bundle, "rootfs");
	int n = 0;

	while (n < MOUNTS_MAX && umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		n++;
}

static void on_hooks(void *data, const struct hp_error *why)
{
	if (why)
		fprintf(stderr, "%s\n", why->msg);
	hp_loop_stop(data);
}

static void on_hooks_limit(void *data, uint32_t events)
{
	(void)events;
	hp_loop_stop(data);
}

static int run_hooks(const struct hp_shim_args *args, const char *bundle,
		     const struct hp_shim_spec *spec, struct hp_error *err)
{
	static const enum hp_shim_hook_kind kind = HP_SHIM_HOOK_POSTSTOP;
	AUTO(hp_loop_free) struct hp_loop *loop = NULL;
	struct hp_shim_hooks_spec what = {.spec = spec,
					  .kinds = &kind,
					  .n_kinds = 1,
					  .id = args->id,
					  .bundle = bundle,
					  .status = "stopped"};
	struct hp_shim_hooks *hooks;
	struct hp_timer limit = {0};
	int rc;

	if (hp_loop_new(&loop, err) < 0)
		return -1;
	hooks = hp_shim_hooks_run(loop, &what, on_hooks, loop);
	hp_timer_start(loop, &limit, HOOKS_MS, on_hooks_limit, loop);
	rc = hp_loop_run(loop, err);
	hp_timer_stop(&limit);
	hp_shim_hooks_free(hooks);
	return rc;
}

/* What the shim does at the end of a Delete, and did not come to. */
static void finish(const struct hp_shim_args *args, const char *bundle)
{
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_spec_read_undo(bundle, &spec, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return;
	}
	if (hp_shim_network_clear(hp_shim_spec_netns(spec), &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		hp_error_clear(&err);
	}
	if (run_hooks(args, bundle, spec, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
}

/* Whoever has been in there has been killed. */
static void remove_cgroup(const struct hp_shim_record *r)
{
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_cgroup_find(r->cgroup, &c, &err) < 0 || hp_shim_cgroup_remove(&c, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
}

static void remove_names(const struct hp_shim_args *args, const struct hp_shim_record *r)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *socket = NULL;

	if (!hp_str_empty(r->socket))
		hp_shim_socket_remove(r->socket);
	else if (hp_shim_socket_path(HP_SHIM_SOCKET_ROOT, args->address, args->ns, args->id,
				     &socket, &ignored) == 0)
		hp_shim_socket_remove(socket);
	if (r->link)
		unlink(r->link);
}

static int print(const struct hp_shim_record *r, struct hp_error *err)
{
	Hp__Shim__DeleteResponse reply = HP__SHIM__DELETE_RESPONSE__INIT;
	Hp__Timestamp at = hp_shim_time(r->exited ? r->exited_at_ns : hp_clock_unix_ns());
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	reply.pid = (uint32_t)r->files.pid;
	reply.exit_status = r->exited ? r->exit_status : KILLED_STATUS;
	reply.exited_at = &at;
	packed = hp_shim_pack(&reply.base);
	return hp_fd_write_all(STDOUT_FILENO, packed.bytes.data, packed.bytes.len, err);
}

int hp_shim_action_delete(const struct hp_shim_args *args, struct hp_error *err)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	AUTO_FREE char *bundle = NULL;

	if (hp_path_absolute(*args->bundle ? args->bundle : ".", &bundle, err) < 0)
		return -1;
	if (kill_all(bundle, &r, err) < 0)
		return -1;
	unmount(bundle);
	remove_cgroup(&r);
	remove_names(args, &r);
	if (!r.hooks_done)
		finish(args, bundle);
	return print(&r, err);
}
