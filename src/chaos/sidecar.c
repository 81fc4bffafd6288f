/* SPDX-License-Identifier: Apache-2.0 */
/* sidecar.c - owns the helper container: what it is made of, and that it does not stay.
 * From: Pumba's pkg/container/docker_client.go, the container that it makes. */
#include "chaos/sidecar.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "chaos/run_in.h"

#define SKIP_LABEL "com.gaiaadm.pumba.skip"

const char *hp_sidecar_image(const struct hp_fault *f, const char *otherwise)
{
	const char *named = hp_json_get_str(f->args, "image");

	if (!hp_str_empty(named))
		return named;
	return f->container->pid ? NULL : otherwise;
}

static char *name_of(const struct hp_fault *f)
{
	return hp_sprintf("harpoon-sidecar-%s", f->id);
}

int hp_sidecar_sweep(struct hp_fault *f, struct hp_error *err)
{
	AUTO_FREE char *name = name_of(f);
	struct hp_engine *engine = NULL;

	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	if (hp_engine_remove(engine, name, true, true, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	return 0;
}

/* An image that is there already is good enough when its registry cannot be asked. */
static int need_image(struct hp_engine *engine, const struct hp_sidecar *s,
		      struct hp_error *err)
{
	const struct hp_pull what = {.ref = s->image};
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	struct hp_pulled pulled = {0};
	struct hp_error why = HP_ERROR_INIT;

	if (!s->pull || !(hp_engine_can(engine) & HP_CAN_PULL))
		return 0;
	if (hp_engine_pull(engine, &what, &pulled, &why) == 0) {
		hp_pulled_clear(&pulled);
		return 0;
	}
	if (hp_engine_images(engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (hp_str_eq(list->items[i]->name, s->image))
			return 0;
	*err = why;
	return hp_wrap(err, "image of a sidecar");
}

static int make(struct hp_fault *f, struct hp_engine *engine, const struct hp_sidecar *s,
		struct hp_error *err)
{
	/* One that nobody could remove ends by itself. */
	static const char *const entrypoint[] = {"sleep", NULL};
	static const char *const args[] = {"3600", NULL};
	static const char *const caps[] = {"NET_ADMIN", NULL};
	AUTO(hp_labels_clear) struct hp_labels labels = {0};
	AUTO_FREE char *name = name_of(f);
	AUTO_FREE char *network = hp_sprintf("container:%s", f->container->id);
	AUTO_FREE char *id = NULL;

	hp_labels_add(&labels, SKIP_LABEL, "true");
	const struct hp_container_spec spec = {
		.image = s->image,
		.name = name,
		.entrypoint = entrypoint,
		.args = args,
		.cap_add = caps,
		.labels = labels.items,
		.n_labels = labels.count,
		.network = network,
		.stop_signal = "SIGKILL",
		.log_driver = HP_LOG_NONE,
	};

	if (hp_engine_create(engine, &spec, &id, err) < 0 ||
	    hp_engine_start(engine, id, 0, 0, NULL, err) < 0)
		return hp_wrap(err, "sidecar of container '%s'", f->container->name);
	return 0;
}

/* Run one command in the sidecar. Returns: its exit status, or -1. */
static int run_words(struct hp_engine *engine, const char *name, const struct hp_strv *words,
		     char **ret_output, struct hp_error *err)
{
	const struct hp_exec_spec spec = {.args = hp_strv_view(words), .user = "0"};

	return hp_run_in(engine, name, &spec, ret_output, err);
}

/* Is there what the step would take away? Of a step that takes nothing away, always. */
static int is_there(struct hp_engine *engine, const char *name, const struct hp_strv *words,
		    struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv ask = {0};
	AUTO_FREE char *output = NULL;
	bool takes = false;

	for (size_t i = 0; i < words->count; i++) {
		bool is_d = hp_str_eq(words->items[i], "-D");
		hp_strv_add(&ask, is_d ? "-C" : words->items[i]);
		takes = takes || is_d;
	}
	if (!takes)
		return 1;
	int code = run_words(engine, name, &ask, &output, err);
	return code < 0 ? -1 : code == 0;
}

static int run_step(struct hp_engine *engine, const char *name, const struct hp_sidecar *s,
		    const char *step, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO_FREE char *output = NULL;

	hp_strv_split(&words, step, ' ');
	if (s->checked) {
		int found = is_there(engine, name, &words, err);
		if (found <= 0)
			return found;
	}
	int code = run_words(engine, name, &words, &output, err);
	if (code > 0)
		return hp_fail(err, HP_EFAILED, "'%s' ended with %d in the sidecar: %s", step,
			       code, output ? output : "it said nothing");
	return code;
}

int hp_sidecar_run(struct hp_fault *f, const struct hp_sidecar *s, struct hp_error *err)
{
	AUTO_FREE char *name = name_of(f);
	struct hp_engine *engine = NULL;
	struct hp_error sweep_err = HP_ERROR_INIT;
	int rc = 0;

	if (hp_sidecar_sweep(f, err) < 0 || hp_fault_engine(f, &engine, err) < 0 ||
	    need_image(engine, s, err) < 0)
		return -1;
	rc = make(f, engine, s, err);
	for (size_t i = 0; rc == 0 && i < s->steps->count; i++)
		rc = run_step(engine, name, s, s->steps->items[i], err);
	if (hp_sidecar_sweep(f, &sweep_err) < 0 && rc == 0) {
		*err = sweep_err;
		return hp_wrap(err, "remove the sidecar");
	}
	return rc;
}
