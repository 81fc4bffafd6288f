/* SPDX-License-Identifier: Apache-2.0 */
/* podman_logs.c - podman's logs, read where they lie.
 *
 * What podman 4 tells of a log through its API has whole seconds for times, and joins a last line
 * without a newline to the one before. Its k8s-file log is that of kubelet. From: conmon(8),
 * --log-path. Logs that are not on this host, or of another driver, are left to the API. */
#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "engine/docker/podman.h"
#include "engine/log_kind.h"
#include "engine/shared.h"
#include "wire/cri_log.h"

/* Podman knows that a container has ended a moment after its log was closed. */
#define CLOSE_MS 20
#define CLOSES   50

struct follower {
	struct docker *docker;
	char *id;
};

static bool lives(int fd, void *arg)
{
	struct follower *f = arg;
	AUTO(hp_json_free) struct hp_json *document = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_engine__log_is_written(fd) > 0)
		return true;
	if (hp_docker__look(f->docker, f->id, &document, &ignored) < 0)
		return ignored.code == HP_EUNAVAILABLE;
	return hp_json_bool(hp_json_path(document, "State.Running"), false);
}

static void follower_free(void *arg)
{
	struct follower *f = arg;

	free(f->id);
	free(f);
}

static const struct hp_log_kind k8s_file = {
	.parse = hp_cri_log_parse,
	.lives = lives,
	.free = follower_free,
	.rotates = true,
	.close_ms = CLOSE_MS,
	.closes = CLOSES,
};

/* The log's path, NULL when it is for the API to read it. */
static const char *path_of(const struct docker *d, const struct hp_json *document)
{
	const char *driver = hp_json_str(hp_json_path(document, "HostConfig.LogConfig.Type"));
	const char *path = hp_json_get_str(document, "LogPath");

	/* By docker's API podman calls its k8s-file so. */
	if (!hp_str_eq(driver, "json-file") && !hp_str_eq(driver, "k8s-file"))
		return NULL;
	return d->at.path && !hp_str_empty(path) && access(path, R_OK) == 0 ? path : NULL;
}

int hp_podman__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		    struct hp_stream **ret, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	const char *path = path_of(d, document);
	if (!path)
		return hp_docker__logs(e, ref, what, ret, err);
	if (!what->follow && !hp_json_bool(hp_json_path(document, "State.Running"), false))
		hp_engine__log_await_end(path);
	struct follower *f = hp_alloc(sizeof(*f));
	f->docker = d;
	f->id = hp_strdup(hp_json_get_str(document, "Id"));
	if (hp_stream__from_log(path, what, &k8s_file, f, ret, err) < 0)
		return hp_wrap(err, "logs of '%s'", ref);
	return 0;
}
