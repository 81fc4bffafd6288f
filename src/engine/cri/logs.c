/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - the log that the runtime writes for kubelet, read where it lies. */
#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"
#include "engine/log_kind.h"
#include "wire/cri_log.h"

/* The runtime says that a container has ended a moment after it has closed the log. */
#define CLOSE_MS 10
#define CLOSES   50

struct follower {
	struct cri *c;
	char *id;
};

/* A runtime that is away, or restarts, has the log closed while the container goes on. */
static bool lives(int fd, void *arg)
{
	struct follower *f = arg;
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_engine__log_is_written(fd) > 0)
		return true;
	if (hp_cri__status(f->c, f->id, false, &status, &ignored) < 0)
		return ignored.code == HP_EUNAVAILABLE;
	return status->status->state == HP__CRI_CONTAINER_STATE__CRI_RUNNING;
}

static void follower_free(void *arg)
{
	struct follower *f = arg;

	free(f->id);
	free(f);
}

static const struct hp_log_kind cri_log = {
	.parse = hp_cri_log_parse,
	.lives = lives,
	.free = follower_free,
	.rotates = true,
	.close_ms = CLOSE_MS,
	.closes = CLOSES,
};

char *hp_cri__log_dir(const struct cri *c, const char *name)
{
	return hp_sprintf("%s/logs/%s", c->data_root, name);
}

int hp_cri__log_stream(struct cri *c, const char *id, const char *path,
		       const struct hp_logs *what, struct hp_stream **ret, struct hp_error *err)
{
	if (hp_str_empty(path))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "container '%s' keeps no log: its pod has no folder for logs",
			       id);
	struct follower *f = hp_alloc(sizeof(*f));
	f->c = c;
	f->id = hp_strdup(id);
	return hp_stream__from_log(path, what, &cri_log, f, ret, err);
}

int hp_cri__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		 struct hp_stream **ret, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find(c, ref, &found, err) < 0 ||
	    hp_cri__status(c, found.container->id, false, &status, err) < 0)
		return -1;
	const char *path = status->status->log_path;
	if (!what->follow && !hp_str_empty(path) &&
	    status->status->state == HP__CRI_CONTAINER_STATE__CRI_EXITED)
		hp_engine__log_await_end(path);
	if (hp_cri__log_stream(c, found.container->id, path, what, ret, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return hp_wrap(err, "logs of '%s'", ref);
	hp_error_clear(err); /* created and never started: an empty log */
	*ret = hp_stream_from_fds(-1, -1, -1, NULL);
	return 0;
}
