/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - a proof from its first row to its clean-up, and what the phases share. */
#include "proof/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"

/* Names tell whose a container is: PREFIX, the pid of the run, a number. */
#define PREFIX "harpoon-validate-"

const char *const hp_run__sleeper[] = {
	"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done", NULL};

char *hp_run__ms(int64_t ns)
{
	return hp_sprintf("%.1f ms", (double)ns / 1e6);
}

int64_t hp_run__begin(struct hp_run *r, const char *name)
{
	if (r->options->progress)
		r->options->progress(r->options->progress_arg, name, 0, 0);
	return hp_clock_ns();
}

static void add_row(struct hp_run *r, struct hp_proof_row row)
{
	struct hp_proof *p = r->proof;

	p->rows = hp_realloc_array(p->rows, p->count + 1, sizeof(*p->rows));
	p->rows[p->count++] = row;
}

void hp_run__pass(struct hp_run *r, const char *phase, const char *name, int64_t began_ns,
		  char *take_measured, const char *target)
{
	add_row(r, (struct hp_proof_row){
			   .phase = phase,
			   .name = name,
			   .pass = true,
			   .time_ns = hp_clock_ns() - began_ns,
			   .measured = take_measured,
			   .target = hp_strdup(target),
		   });
}

void hp_run__fail(struct hp_run *r, const char *phase, const char *name, int64_t began_ns,
		  struct hp_error *err, const char *target)
{
	add_row(r, (struct hp_proof_row){
			   .phase = phase,
			   .name = name,
			   .time_ns = hp_clock_ns() - began_ns,
			   .measured = hp_strdup(err->msg),
			   .target = hp_strdup(target),
		   });
	hp_error_clear(err);
}

void hp_run__check(struct hp_run *r, const char *phase, const char *name, bool ok,
		   char *take_measured, const char *target)
{
	add_row(r, (struct hp_proof_row){
			   .phase = phase,
			   .name = name,
			   .pass = ok,
			   .measured = take_measured,
			   .target = hp_strdup(target),
		   });
}

bool hp_run__interrupted(const struct hp_run *r)
{
	return r->options->interrupted && *r->options->interrupted;
}

int hp_run__create(struct hp_run *r, const char *const *args, const struct hp_resources *limits,
		   char **ret_id, struct hp_error *err)
{
	AUTO_FREE char *name = hp_sprintf("%s%u", r->prefix, ++r->made);
	struct hp_container_spec spec = {
		.image = r->options->image,
		.name = name,
		.args = args,
		.entrypoint = (const char *const[]){"", NULL},
		.runtime = r->options->runtime,
		.snapshotter = r->options->snapshotter,
		.log_driver = HP_LOG_NONE,
	};

	if (limits)
		spec.resources = *limits;
	return hp_engine_create(r->engine, &spec, ret_id, err);
}

/* Is @name of this run, or of one whose process is gone? */
static bool is_ours(const struct hp_run *r, const char *name)
{
	char *end;
	long pid;

	if (hp_str_starts(name, r->prefix))
		return true;
	if (!hp_str_starts(name, PREFIX))
		return false;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	return *end == '-' && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

int hp_run__clean(struct hp_run *r, struct hp_error *err)
{
	struct hp_container_list *list = NULL;
	int status = 0;

	if (hp_engine_list(r->engine, &list, err) < 0)
		return hp_wrap(err, "clean up");
	for (size_t i = 0; i < list->count; i++) {
		struct hp_error one = HP_ERROR_INIT;

		if (!is_ours(r, list->items[i]->name) ||
		    hp_engine_remove(r->engine, list->items[i]->id, true, true, &one) == 0 ||
		    one.code == HP_ENOTFOUND)
			continue;
		if (status == 0) { /* the first failure is told, the rest is still removed */
			*err = one;
			status = hp_wrap(err, "clean up");
		}
	}
	hp_container_list_free(list);
	return status;
}

static void run_phases(struct hp_run *r)
{
	if (hp_run__lifecycle(r) && hp_run__leaks(r) && hp_run__limits(r))
		hp_run__targets(r);
}

int hp_proof_run(struct hp_engine *engine, const struct hp_proof_options *options,
		 struct hp_proof *ret_proof, struct hp_error *err)
{
	struct hp_proof proof = {0};
	struct hp_run r = {.engine = engine, .options = options, .proof = &proof};
	struct hp_error ignored = HP_ERROR_INIT;
	int status;

	snprintf(r.prefix, sizeof(r.prefix), PREFIX "%d-", (int)getpid());
	/* Leftovers of a run that was killed; a dead daemon is told by the first row. */
	if (hp_run__clean(&r, &ignored) < 0)
		hp_error_clear(&ignored);
	run_phases(&r);
	proof.interrupted = hp_run__interrupted(&r);
	*ret_proof = proof;
	status = hp_run__clean(&r, err);
	/* Nothing was made on a daemon that could not be reached at all. */
	if (status < 0 && proof.count && !proof.rows[0].pass) {
		hp_error_clear(err);
		return 0;
	}
	return status;
}

bool hp_proof_passed(const struct hp_proof *proof)
{
	for (size_t i = 0; i < proof->count; i++)
		if (!proof->rows[i].pass)
			return false;
	return proof->count > 0 && !proof->interrupted;
}

void hp_proof_clear(struct hp_proof *proof)
{
	for (size_t i = 0; i < proof->count; i++) {
		free(proof->rows[i].measured);
		free(proof->rows[i].target);
	}
	free(proof->rows);
	*proof = (struct hp_proof){0};
}
