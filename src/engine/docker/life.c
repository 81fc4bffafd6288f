/* SPDX-License-Identifier: Apache-2.0 */
/* life.c - start, signal and freeze docker's containers. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* A plain "/containers/REF/VERB". Returns: the status, 304 when there was nothing to do. */
static int post_verb(struct docker *d, const char *ref, const char *verb, struct hp_error *err)
{
	AUTO_FREE char *path = NULL;

	if (hp_docker__container_path(ref, verb, &path, err) < 0)
		return -1;
	const int status = hp_docker__post(d, path, err);
	return status < 0 ? hp_wrap(err, "container '%s'", ref) : status;
}

/* Docker looks up users and devices only now. */
static int explain_start(struct hp_error *err)
{
	if (strstr(err->msg, "unable to find user") ||
	    strstr(err->msg, "unable to find group") ||
	    strstr(err->msg, "error gathering device information"))
		err->code = HP_ENOTFOUND;
	return hp_runtime_failed(err, NULL);
}

int hp_docker__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		     struct hp_stream **ret_stream, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;
	AUTO(hp_stream_free) struct hp_stream *stream = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	/* Attached first, so that nothing of its output is missed. */
	if (ret_stream && (hp_docker__look(d, ref, &document, err) < 0 ||
			   hp_docker__attach_to(d, document, &stream, err) < 0))
		return -1;
	const int status = post_verb(d, ref, "start", err);
	if (status == 304)
		return hp_fail(err, HP_ESTATE, "container '%s' is running already", ref);
	if (status < 0)
		return explain_start(err);
	/* What has ended already has no terminal, and no size. */
	if (cols && rows && document &&
	    hp_json_bool(hp_json_path(document, "Config.Tty"), false) &&
	    hp_docker__resize(e, ref, NULL, cols, rows, &ignored) < 0)
		hp_error_clear(&ignored);
	if (ret_stream)
		*ret_stream = TAKE(stream);
	return 0;
}

int hp_docker__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		    struct hp_error *err)
{
	AUTO_FREE char *verb = hp_sprintf("kill?signal=%d", signal);

	(void)exec_id; /* HP_CAN_EXEC_KILL is off */
	return post_verb(hp_docker__of(e), ref, verb, err) < 0 ? -1 : 0;
}

/* Do @verb; where the daemon refuses since it is so already, that is a success. */
static int freeze(struct hp_engine *e, const char *ref, const char *verb, enum hp_state already,
		  struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	struct docker *d = hp_docker__of(e);

	if (post_verb(d, ref, verb, err) >= 0)
		return 0;
	if (err->code == HP_ENOTFOUND || err->code == HP_EUNAVAILABLE ||
	    hp_docker__look(d, ref, &document, &ignored) < 0)
		return -1;
	const enum hp_state state =
		hp_docker__state(hp_json_str(hp_json_path(document, "State.Status")));
	if (state == already) {
		hp_error_clear(err);
		return 0;
	}
	/* Docker says 500 to what does not run. */
	if (state != HP_STATE_RUNNING && state != HP_STATE_PAUSED)
		err->code = HP_ESTATE;
	return -1;
}

int hp_docker__pause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	return freeze(e, ref, "pause", HP_STATE_PAUSED, err);
}

int hp_docker__unpause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	return freeze(e, ref, "unpause", HP_STATE_RUNNING, err);
}
