/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - read what a container has written, all of it when it has ended. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

/* How long a keeper may take to write the rest once its container has ended. */
#define KEEPER_REST_MS       2000
#define KEEPER_REST_PAUSE_MS 2

/* Has the writer of the log given its lock up? */
static bool log_is_free(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno != EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return true;
}

/* Of a container that has ended, all of the log is wanted, though its keeper may need an instant
 * to write the rest. It may also stay, for a child that outlived the container: then what there
 * is must do. */
static int await_keeper(struct containerd *c, const char *id, const char *path,
			struct hp_error *err)
{
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	int64_t deadline = hp_deadline_in(KEEPER_REST_MS);
	AUTO_CLOSE int fd = -1;

	if (hp_containerd__task(c, id, &task, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
	}
	if (task && task->process->status != HP__TASK_STATUS__TASK_STOPPED)
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	while (fd >= 0 && !log_is_free(fd) && hp_deadline_left_ms(deadline) > 0)
		hp_clock_sleep_ms(KEEPER_REST_PAUSE_MS);
	return 0;
}

int hp_containerd__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
			struct hp_stream **ret_stream, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	const char *path;

	if (hp_containerd__find(c, ref, &found, err) < 0)
		return -1;
	path = hp_containerd__pair(found->container->labels, found->container->n_labels,
				   HP_LABEL_LOG);
	if (!path)
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"container '%s' keeps no log: it was made with another log driver "
			"than json-file, or by another tool",
			ref);
	if (!what->follow && await_keeper(c, found->container->id, path, err) < 0)
		return hp_wrap(err, "logs of '%s'", ref);
	if (hp_stream_from_log(path, what, ret_stream, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return hp_wrap(err, "logs of '%s'", ref);
	hp_error_clear(err); /* created and never started: an empty log */
	*ret_stream = hp_stream_from_fds(-1, -1, -1, NULL);
	return 0;
}
