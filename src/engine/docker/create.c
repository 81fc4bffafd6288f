/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - make a container in docker. */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* What a refusal means, which its status tells in part only. */
static int explain(const struct hp_container_spec *spec, struct hp_error *err)
{
	if (err->sys == 409)
		err->code = HP_EEXISTS;
	/* From: moby volume/mounts/linux_parser.go, daemon/daemon_unix.go. */
	if (strstr(err->msg, "source path does not exist") ||
	    strstr(err->msg, "invalid runtime name"))
		err->code = HP_ENOTFOUND;
	return spec->name ? hp_wrap(err, "create '%s'", spec->name) : -1;
}

/* Does a warning say that something which was asked for is not done? Docker warns of limits that the
 * kernel cannot keep, and then makes the container without them. */
static bool is_about(const struct hp_resources *r, const char *warning)
{
	const struct {
		bool asked;
		const char *words;
	} rows[] = {
		{r->memory_swap_bytes != 0, "swap"},
		{r->memory_bytes && !strcasestr(warning, "swap"), "memory"},
		{r->cpu_nano || r->cpu_shares, "cpu shares"},
		{r->cpu_nano != 0, "cfs"},
		{r->cpuset_cpus != NULL, "cpuset"},
		{r->pids_limit > 0, "pids limit"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (rows[i].asked && strcasestr(warning, rows[i].words))
			return true;
	return false;
}

static int check_warnings(struct hp_engine *e, const struct hp_container_spec *spec,
			  const struct hp_json *reply, struct hp_error *err)
{
	const struct hp_json *warnings = hp_json_get(reply, "Warnings");
	struct hp_error ignored = HP_ERROR_INIT;

	for (size_t i = 0; i < hp_json_count(warnings); i++) {
		const char *text = hp_json_str(hp_json_at(warnings, i));
		if (!text || !is_about(&spec->resources, text))
			continue;
		(void)hp_fail(err, HP_EUNSUPPORTED, "a limit cannot be kept: %s", text);
		if (hp_docker__remove(e, hp_json_get_str(reply, "Id"), true, true, &ignored) <
		    0)
			return hp_wrap(err, "container %s stays (%s)",
				       hp_json_get_str(reply, "Id"), ignored.msg);
		return -1;
	}
	return 0;
}

int hp_docker__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		      struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	AUTO_FREE char *name = hp_http1_escape(spec->name ? spec->name : "");
	AUTO_FREE char *path =
		hp_sprintf("/containers/create%s%s", name[0] ? "?name=" : "", name);

	if (hp_docker__config(d, spec, &config, err) < 0)
		return -1;
	const struct hp_docker_call call = {.method = "POST", .path = path, .body = config};
	if (hp_docker__call(d, &call, &reply, err) < 0)
		return explain(spec, err);
	const char *id = hp_json_get_str(reply, "Id");
	if (hp_str_empty(id))
		return hp_fail(err, HP_EPROTO, "create: the answer holds no id");
	if (check_warnings(e, spec, reply, err) < 0)
		return -1;
	*ret_id = hp_strdup(id);
	return 0;
}
