/* SPDX-License-Identifier: Apache-2.0 */
/* down.c - harpoon down: end the private containerd of harpoon up. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/daemon.h"
#include "cmd/own.h"

struct down_args {
	const char *root;
	const char *state;
	const char *containerd;
	bool force;
	bool purge;
};

/* clang-format off: one row an option */
static const struct hp_opt down_opts[] = {
	HP_OPT_STR(0, "containerd", struct down_args, containerd, "PATH",
		   "the program, to clear up with when it died (containerd)"),
	HP_OPT_FLAG('f', "force", struct down_args, force, "kill the containers that run"),
	HP_OPT_FLAG(0, "purge", struct down_args, purge,
		    "remove its images and containers too"),
	HP_OPT_STR(0, "root", struct down_args, root, "DIR", "as for harpoon up"),
	HP_OPT_STR(0, "state", struct down_args, state, "DIR", "as for harpoon up"),
	HP_OPT_END,
};
/* clang-format on */

/* Kill what runs in one namespace, or name it in @running. */
static int look_at(const struct hp_daemon *d, const char *ns, bool force,
		   struct hp_strv *running, struct hp_error *err)
{
	AUTO(hp_engine_free) struct hp_engine *engine = NULL;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;

	if (hp_daemon_engine(d, ns, &engine, err) < 0 || hp_engine_list(engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_container *c = list->items[i];
		if (c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED)
			continue;
		if (!force)
			hp_strv_addf(running, "%s/%s", ns, c->name);
		else if (hp_engine_stop(engine, c->id, 0, 0, err) < 0 &&
			 err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
	}
	return 0;
}

/* The namespaces that have tasks. */
static int find_namespaces(const struct hp_daemon *d, struct hp_strv *ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv tasks = {0};

	if (hp_daemon_tasks(d, &tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < tasks.count; i++) {
		tasks.items[i][strcspn(tasks.items[i], "/")] = '\0';
		if (!hp_strv_has(ret, tasks.items[i]))
			hp_strv_add(ret, tasks.items[i]);
	}
	return 0;
}

static const char *program_of(const struct down_args *args)
{
	return args->containerd ? args->containerd : "containerd";
}

/* A daemon that failed to clear up after a shim does not try again until it is started anew. */
static int end_tasks(const struct hp_daemon *d, const char *program, struct hp_error *err)
{
	AUTO_FREE char *version = NULL;

	if (hp_daemon_end_tasks(d, err) == 0)
		return 0;
	if (err->code != HP_ETIMEOUT)
		return -1;
	hp_error_clear(err);
	if (hp_daemon_end(d, err) < 0 || hp_daemon_start(d, program, &version, err) < 0)
		return -1;
	return hp_daemon_end_tasks(d, err);
}

static int end_containers(const struct hp_daemon *d, const struct down_args *args,
			  struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv namespaces = {0};
	AUTO(hp_strv_free) struct hp_strv running = {0};

	if (find_namespaces(d, &namespaces, err) < 0)
		return -1;
	for (size_t i = 0; i < namespaces.count; i++)
		if (look_at(d, namespaces.items[i], args->force, &running, err) < 0)
			return hp_wrap(err, "namespace '%s'", namespaces.items[i]);
	if (running.count == 0)
		return end_tasks(d, program_of(args), err);
	AUTO_FREE char *names = hp_strv_join(hp_strv_view(&running), ", ");
	return hp_fail(err, HP_ESTATE, "%zu containers still run, --force kills them: %s",
		       running.count, names);
}

/* A daemon that died leaves shims that only a daemon can clear up after. */
static int revive(const struct hp_daemon *d, const struct down_args *args, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv tasks = {0};
	AUTO_FREE char *version = NULL;

	if (hp_daemon_pid(d))
		return 0;
	if (hp_daemon_tasks(d, &tasks, err) < 0)
		return -1;
	if (tasks.count == 0)
		return 0;
	return hp_daemon_start(d, program_of(args), &version, err);
}

static int bring_down(struct hp_daemon *d, const struct down_args *args, struct hp_error *err)
{
	if (hp_daemon_lock(d, err) < 0 || revive(d, args, err) < 0)
		return -1;
	if (hp_daemon_pid(d) && end_containers(d, args, err) < 0)
		return -1;
	if (hp_daemon_end(d, err) < 0 || hp_daemon_remove_dir(d->our_state, err) < 0 ||
	    hp_daemon_remove_dir(d->state, err) < 0)
		return -1;
	printf("containerd at %s is down\n", d->address);
	return 0;
}

static int down_run(const struct hp_use *use, struct hp_error *err)
{
	const struct down_args *args = use->args;
	AUTO(hp_daemon_clear) struct hp_daemon d = {.lock_fd = -1};

	if (geteuid() != 0)
		return hp_fail(err, HP_EDENIED, "only root can bring down a containerd");
	if (hp_daemon_init(use->cli, args->root, args->state, &d, err) < 0)
		return -1;
	if (!hp_daemon_made(d.state))
		printf("no containerd of harpoon up is at %s\n", d.address);
	else if (bring_down(&d, args, err) < 0)
		return -1;
	if (!args->purge || !hp_daemon_made(d.root))
		return 0;
	if (hp_daemon_remove_dir(d.our_data, err) < 0 || hp_daemon_remove_dir(d.root, err) < 0)
		return -1;
	printf("removed %s\n", d.root);
	return 0;
}

const struct hp_cmd hp_cmd_down = {
	.name = "down",
	.summary = "end the private containerd of harpoon up",
	.about =
		"Nothing is ended that harpoon up did not start. Images and stopped containers\n"
		"stay in its root for the next harpoon up, unless --purge is given.",
	.opts = down_opts,
	.args_size = sizeof(struct down_args),
	.run = down_run,
};
