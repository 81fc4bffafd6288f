/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.c - owns the shim's side of the process that serves a container's files. */
#include "shim/rootfs.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "shim/child.h"
#include "shim/rootfs_parts.h"

struct hp_shim_rootfs {
	struct hp_loop *loop;
	struct hp_shim_child child;
	pid_t pid;
	int report_fd;
	struct hp_watch watch;
	struct hp_timer end_timer;
	struct hp_error end_why;
	const struct hp_shim_rootfs_events *events;
	void *data;
	bool told;   /* whether it is ready */
	bool serves; /* it was */
};

/* One report is less than PIPE_BUF, so that it comes whole. Returns: whether there was one. */
static bool read_report(const struct hp_shim_rootfs *r, struct hp_error *ret)
{
	struct hp_error report;

	if (read(r->report_fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
		return false;
	*ret = report;
	return true;
}

/* The last thing that its caller does: the owner may free @r. */
static void tell_ready(struct hp_shim_rootfs *r, const struct hp_error *why)
{
	r->told = true;
	r->serves = why->code == HP_OK;
	r->events->on_ready(r->data, why->code == HP_OK ? NULL : why);
}

static void on_report(void *data, uint32_t events)
{
	struct hp_shim_rootfs *r = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	/* What comes after the first report, or instead of it, is for on_child_end(). */
	hp_watch_stop(&r->watch);
	if (read_report(r, &why))
		tell_ready(r, &why);
}

static void on_end(void *data, uint32_t events)
{
	struct hp_shim_rootfs *r = data;
	struct hp_error why = r->end_why;

	(void)events;
	r->events->on_end(r->data, why.code == HP_OK ? NULL : &why);
}

static void on_child_end(void *data, int status)
{
	struct hp_shim_rootfs *r = data;
	struct hp_error ready = HP_ERROR_INIT;
	bool told = r->told;

	hp_watch_stop(&r->watch);
	if (!told && !read_report(r, &ready))
		hp_fail(&ready, HP_EINTERNAL,
			"the file server died with status %d before it was ready", status);
	if (!read_report(r, &r->end_why) && status != 0)
		hp_fail(&r->end_why, HP_EINTERNAL, "the file server died with status %d",
			status);
	/* What was never ready has no end of its own. */
	if (told ? r->serves : ready.code == HP_OK)
		hp_timer_start(r->loop, &r->end_timer, 0, on_end, r);
	if (!told)
		tell_ready(r, &ready);
}

static int start(struct hp_shim_rootfs *r, const struct hp_shim_rootfs_spec *spec,
		 struct hp_error *err)
{
	AUTO_CLOSE int report_fd = -1;
	pid_t self = getpid();
	int fds[2];

	if (hp_pipe(fds, err) < 0)
		return -1;
	r->report_fd = fds[0];
	report_fd = fds[1];
	if (hp_fd_set_nonblock(r->report_fd, true, err) < 0)
		return -1;
	r->pid = fork();
	if (r->pid == 0)
		hp_shim__rootfs_child(spec, report_fd, self);
	if (r->pid < 0)
		return hp_fail_errno(err, errno, "fork");
	if (hp_shim_child_watch(r->loop, &r->child, r->pid, on_child_end, r, err) < 0)
		return -1;
	return hp_watch_start(r->loop, &r->watch, r->report_fd, EPOLLIN, on_report, r, err);
}

int hp_shim_rootfs_serve(struct hp_loop *l, const struct hp_shim_rootfs_spec *spec,
			 const struct hp_shim_rootfs_events *events, void *data,
			 struct hp_shim_rootfs **ret, struct hp_error *err)
{
	AUTO(hp_shim_rootfs_free) struct hp_shim_rootfs *r = hp_alloc(sizeof(*r));

	r->loop = l;
	r->report_fd = -1;
	r->events = events;
	r->data = data;
	if (start(r, spec, err) < 0)
		return hp_wrap(err, "file server");
	*ret = TAKE(r);
	return 0;
}

pid_t hp_shim_rootfs_pid(const struct hp_shim_rootfs *r)
{
	return r->pid;
}

void hp_shim_rootfs_free(struct hp_shim_rootfs *r)
{
	if (!r)
		return;
	hp_watch_stop(&r->watch);
	hp_timer_stop(&r->end_timer);
	hp_shim_child_end(&r->child);
	if (r->report_fd >= 0)
		close(r->report_fd);
	free(r);
}
