/* SPDX-License-Identifier: Apache-2.0 */
/* stress.c - use up what a container may have, from its own cgroup or from one below it. args:
 * {"stressors": ["--cpu", "4", "--timeout", "60s"], "inject": false, "image": ""}; apply adds "place",
 * "leader" with "started", and "base", what the target's cgroup had counted before. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "chaos/stress.h"

#define PROGRAM  "stress-ng"
#define PATH_OF  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define UNDO_MS  2000 /* for all to die; then the guard tries again */
#define PAUSE_MS 5
#define NONE     UINT64_MAX

/* What the kernel counts, and how it is told. */
static const struct {
	const char *name;
	size_t at;
	uint64_t unit;
	bool grows; /* told as what was added; else as it is */
} counters[] = {
	{"cpu_ms", offsetof(struct hp_stress_counts, cpu_us), 1000, true},
	{"memory_peak_bytes", offsetof(struct hp_stress_counts, memory_peak), 1, false},
	{"oom_kills", offsetof(struct hp_stress_counts, oom_kills), 1, true},
	{"io_bytes", offsetof(struct hp_stress_counts, io_bytes), 1, true},
};

static uint64_t counted(const struct hp_stress_counts *c, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)c + counters[i].at, sizeof(value));
	return value;
}

static void read_words(const struct hp_json *args, struct hp_strv *ret)
{
	const struct hp_json *list = hp_json_get(args, "stressors");

	for (size_t i = 0; i < hp_json_count(list); i++) {
		const char *word = hp_json_str(hp_json_at(list, i));

		if (!hp_str_empty(word))
			hp_strv_add(ret, word);
	}
}

/* Owns: the caller; NULL: it is not installed. */
static char *find_program(void)
{
	const char *path = getenv("PATH");
	AUTO(hp_strv_free) struct hp_strv dirs = {0};

	hp_strv_split(&dirs, path ? path : PATH_OF, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO_FREE char *file = hp_path_join(dirs.items[i], PROGRAM);

		if (file[0] == '/' && access(file, X_OK) == 0)
			return TAKE(file);
	}
	return NULL;
}

static bool is_inject(const struct hp_fault *f)
{
	return hp_json_bool(hp_json_get(f->args, "inject"), false);
}

/* From the host's view, and of the very process: a pid may be another's a moment later. */
static int find_place(struct hp_fault *f, struct hp_stress_place *ret, struct hp_error *err)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};
	AUTO_FREE char *child = hp_sprintf("harpoon-%s", f->id);
	int fd;

	if (hp_fault_pidfd(f, &fd, err) < 0 ||
	    hp_cgroup_places_of(f->container->pid, &places, err) < 0 ||
	    hp_fault_pidfd(f, &fd, err) < 0)
		return -1;
	return hp_stress_place_find(&places, is_inject(f) ? NULL : child, ret, err);
}

static void note_base(struct hp_json *args, const struct hp_strv *target)
{
	struct hp_json *base = hp_json_object();
	struct hp_stress_counts counts;

	hp_stress_count(target, &counts);
	for (size_t i = 0; i < HP_ARRAY_LEN(counters); i++)
		if (counted(&counts, i) != NONE)
			hp_json_set_u64(base, counters[i].name, counted(&counts, i));
	hp_json_set(args, "base", base);
}

/* Write down what undo needs, then let it have effects. */
static int place_it(struct hp_fault *f, struct hp_stress_start *s,
		    const struct hp_stress_place *place, struct hp_error *err)
{
	hp_json_set(f->args, "place", hp_stress_place_to_json(place));
	hp_json_set_i64(f->args, "leader", f->workload);
	hp_json_set_u64(f->args, "started", hp_proc_start_ticks(f->workload));
	note_base(f->args, &place->target);
	if (hp_fault_save(f, err) < 0 || hp_stress_place_make(place, err) < 0 ||
	    hp_stress_place_join(place, f->workload, err) < 0)
		return -1;
	return hp_stress_go(s, f->workload, err);
}

static int start(struct hp_fault *f, const struct hp_stress_place *place, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO_FREE char *program = find_program();
	struct hp_stress own;
	struct hp_stress_start s = {.own = &own, .go_fd = -1};
	int rc;

	if (program)
		hp_strv_add(&words, program);
	read_words(f->args, &words);
	if (program)
		s.argv = hp_strv_view(&words);
	else if (hp_stress_parse(hp_strv_view(&words), &own, err) < 0)
		return -1;
	s.memory_bytes = hp_stress_memory_limit(&place->target);
	if (hp_stress_start(&s, &f->workload, err) < 0)
		return -1;
	rc = place_it(f, &s, place, err);
	if (s.go_fd >= 0)
		close(s.go_fd);
	return rc;
}

static int stress_apply(struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place place = {.own = false};

	if (!hp_str_empty(hp_json_get_str(f->args, "image")))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "stress from an image is not in this version: without "
			       "--stress-image it comes from the host");
	if (find_place(f, &place, err) < 0 || start(f, &place, err) < 0)
		return hp_wrap(err, "stress on container '%s'", f->container->name);
	return 0;
}

/* Returns: how many are left, or -1. */
static int end_once(struct hp_fault *f, const struct hp_stress_place *place,
		    struct hp_error *err)
{
	pid_t leader = (pid_t)hp_json_i64(hp_json_get(f->args, "leader"), 0);
	uint64_t started = hp_json_u64(hp_json_get(f->args, "started"), 0);

	if (f->workload) {
		kill(f->workload, SIGKILL);
		if (waitpid(f->workload, NULL, WNOHANG) == f->workload)
			f->workload = 0;
	}
	if (place->own)
		return hp_stress_place_remove(place, err);
	return hp_stress_kill_session(leader, started, &place->dirs, err);
}

static int stress_undo(struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place place = {.own = false};
	const int64_t deadline = hp_clock_ms() + UNDO_MS;

	hp_stress_place_from_json(hp_json_get(f->args, "place"), &place);
	for (;;) {
		int left = end_once(f, &place, err);

		if (left < 0)
			return hp_wrap(err, "stress on container '%s'", f->container->name);
		if (left == 0 && !f->workload)
			return 0;
		if (hp_clock_ms() >= deadline)
			return hp_fail(err, HP_ETIMEOUT,
				       "stress on container '%s': processes of it do not end",
				       f->container->name);
		hp_clock_sleep_ms(PAUSE_MS);
	}
}

static void tell(const struct hp_strv *dirs, const char *prefix, const struct hp_json *base,
		 struct hp_labels *ret)
{
	struct hp_stress_counts counts;

	hp_stress_count(dirs, &counts);
	for (size_t i = 0; i < HP_ARRAY_LEN(counters); i++) {
		uint64_t value = counted(&counts, i);
		uint64_t before = hp_json_u64(hp_json_get(base, counters[i].name), 0);

		if (value == NONE)
			continue;
		if (counters[i].grows)
			value = value > before ? value - before : 0;

		AUTO_FREE char *key = hp_sprintf("%s%s", prefix, counters[i].name);
		AUTO_FREE char *text =
			hp_sprintf("%llu", (unsigned long long)(value / counters[i].unit));

		hp_labels_add(ret, key, text);
	}
}

static int stress_observe(struct hp_fault *f, struct hp_labels *ret_effects,
			  struct hp_error *err)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place place = {.own = false};

	(void)err;
	hp_stress_place_from_json(hp_json_get(f->args, "place"), &place);
	if (place.own)
		tell(&place.dirs, "", NULL, ret_effects);
	tell(&place.target, "target_", hp_json_get(f->args, "base"), ret_effects);
	return 0;
}

/* The keys are Pumba's. */
static void stress_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	const bool inject = hp_json_bool(hp_json_get(args, "inject"), false);
	const char *image = hp_json_get_str(args, "image");
	AUTO(hp_strv_free) struct hp_strv words = {0};

	read_words(args, &words);

	AUTO_FREE char *joined = hp_strv_join(hp_strv_view(&words), " ");
	AUTO_FREE char *list = hp_sprintf("[%s]", joined);

	hp_labels_add(ret_fields, "stressors", list);
	hp_labels_add(ret_fields, "img", image ? image : "");
	hp_labels_add(ret_fields, "inject-cgroup", inject ? "true" : "false");
}

/* As a shell would do it. */
static void stress_steps(const struct hp_fault *f, struct hp_strv *ret_apply,
			 struct hp_strv *ret_undo)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};
	AUTO(hp_stress_place_clear) struct hp_stress_place place = {.own = false};
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO_FREE char *child = hp_sprintf("harpoon-%s", f->id);
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_cgroup_places_of(f->container->pid, &places, &ignored) < 0 ||
	    hp_stress_place_find(&places, is_inject(f) ? NULL : child, &place, &ignored) < 0)
		hp_error_clear(&ignored);
	for (size_t i = 0; place.own && i < place.dirs.count; i++)
		hp_strv_addf(ret_apply, "mkdir %s", place.dirs.items[i]);
	for (size_t i = 0; i < place.dirs.count; i++)
		hp_strv_addf(ret_apply, "echo $$ > %s/cgroup.procs", place.dirs.items[i]);
	read_words(f->args, &words);

	AUTO_FREE char *joined = hp_strv_join(hp_strv_view(&words), " ");

	hp_strv_addf(ret_apply, "exec " PROGRAM " %s", joined);
	hp_strv_add(ret_undo, "kill -KILL -- -$!");
	for (size_t i = 0; place.own && i < place.dirs.count; i++)
		hp_strv_addf(ret_undo, "rmdir %s", place.dirs.items[i]);
}

const struct hp_action hp_action_stress = {
	.name = "stress",
	.doing = "stress testing container",
	.undoing = "stopping stress of container",
	.flags = HP_ACTION_LOCAL,
	.apply = stress_apply,
	.undo = stress_undo,
	.observe = stress_observe,
	.describe = stress_describe,
	.steps = stress_steps,
};
