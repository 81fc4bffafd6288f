/* SPDX-License-Identifier: Apache-2.0 */
/* image-registry.h - a registry of the test's for the repository "a/b". */
#pragma once
#include "base/alloc.h"
#include "fake/http_peer.h"
#include "image/registry.h"
#include "scratch.h"

struct registry_world {
	struct http_peer peer;
	char *host;
	char *dir; /* of config.json */
	struct hp_endpoint where;
	struct hp_registry_config config;
	struct hp_registry *registry;
};

static inline void world_open(struct registry_world *w, const struct http_answer *answers,
			      size_t count)
{
	const struct hp_endpoint_how how = {0};
	struct hp_error err = HP_ERROR_INIT;

	*w = (struct registry_world){.dir = scratch_new()};
	http_peer_start(&w->peer, answers, count);
	w->host = hp_strdup(w->peer.url + strlen("http://"));
	AUTO_FREE char *full = hp_sprintf("%s/a/b:1", w->host);
	w->config.config_dir = w->dir;
	if (hp_endpoint_of(full, &how, &w->where, &err) < 0 ||
	    hp_registry_open(&w->where, &w->config, &w->registry, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Who we are to the registry: "u" with password "p". */
static inline void world_login(const struct registry_world *w)
{
	AUTO_FREE char *text = hp_sprintf("{\"auths\":{\"%s\":{\"auth\":\"dTpw\"}}}", w->host);

	free(scratch_file(w->dir, "config.json", text));
}

static inline void world_close(struct registry_world *w)
{
	hp_registry_free(w->registry);
	hp_endpoint_clear(&w->where);
	http_peer_stop(&w->peer);
	scratch_free(w->dir);
	free(w->host);
}

static inline int world_append(void *arg, struct hp_bytes data, struct hp_error *err)
{
	return hp_buf_add(arg, data.data, data.len, err);
}

/* Fetch blob "x" of @size bytes with digest @digest (NULL: any) into @body, which is empty. */
static inline int world_fetch(struct registry_world *w, int64_t size, const char *digest,
			      struct hp_buf *body, struct hp_error *err)
{
	struct hp_fetch f = {.what = "layer",
			     .path = "blobs/x",
			     .digest = digest,
			     .size = size,
			     .max = 1000,
			     .data = world_append,
			     .arg = body};

	hp_buf_init(body, 1000);
	return hp_registry_fetch(w->registry, &f, err);
}
