/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - further processes, and signals. */
#include <signal.h>
#include <sys/mount.h>

#include "suite.h"

static void exec(struct world *w, struct box *b, uint32_t number, const char *script)
{
	Hp__Guest__Process p;
	char *args[4];

	box_process(b, script, &p, args);
	box_exec(w, number, &p);
}

static void run_idle(struct world *w, struct box *b)
{
	box_init(b, "trap 'exit 5' TERM; echo up; while :; do sleep 0.02; done");
	box_run(w, b);
	/* Before that the kernel would keep the signal from it, as from any init. */
	world_expect(w, 1, "up\n");
}

static void joins_the_container(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	struct box b;

	run_idle(w, &b);
	exec(w, &b, 1,
	     "hostname; test $$ != 1 && readlink /proc/1/exe; echo $HOME;"
	     "test $(readlink /proc/self/ns/mnt) = $(readlink /proc/1/ns/mnt) && echo same;"
	     "cmp /proc/self/cgroup /proc/1/cgroup && exit 6");
	assert_int_equal(world_exit(w, 1), 6);
	out = world_output(w, 1, 1);
	assert_string_equal(out, "boxed\n/bin/busybox\n/root\nsame\n");
}

/* Once it has turned on controllers for cgroups of its own, there can be no process beside those. */
static void joins_where_init_has_gone(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	struct box b;

	box_init(&b, "cd /sys/fs/cgroup && mkdir init && echo $$ >init/cgroup.procs;"
		     "for c in $(cat cgroup.controllers); do echo +$c >cgroup.subtree_control;"
		     "done 2>/tmp/errors; echo up; while :; do sleep 0.02; done");
	box_mount(&b, "/sys", "sysfs", "sysfs")->flags = MS_RDONLY;
	box_mount(&b, "/sys/fs/cgroup", "cgroup", "cgroup")->data = (char *)"nsdelegate,none";
	box_run(w, &b);
	world_expect(w, 1, "up\n");
	exec(w, &b, 1,
	     "test -s /sys/fs/cgroup/cgroup.subtree_control || exit 7;"
	     "grep ^0 /proc/self/cgroup; exit 6");
	/* Where cgroups of version 1 have all controllers, there is nothing to be turned on. */
	if (world_exit(w, 1) == 7)
		return;
	out = world_output(w, 1, 1);
	assert_string_equal(out, "0::/init\n");
}

static void refuses_what_cannot_run(void **state)
{
	struct world *w = *state;
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	box_init(&b, "exec cat");
	box_process(&b, "", &p, args);
	request.number = 1;
	request.process = &p;
	box_refused(w, "Exec", &request.base, HP_ESTATE, "the container does not run");
	box_run(w, &b);
	args[0] = (char *)"nope";
	box_refused(w, "Exec", &request.base, HP_ENOTFOUND,
		    "exec: \"nope\": executable file not found in $PATH");
	/* Its number is free again, for nobody has heard of it. */
	args[0] = (char *)"/bin/sh";
	box_exec(w, 1, &p);
	assert_int_equal(world_exit(w, 1), 0);
	request.number = 0;
	box_refused(w, "Exec", &request.base, HP_EINVALID,
		    "Exec: process number 0 is the container's init");
}

static void refuses_a_number_that_is_taken(void **state)
{
	struct world *w = *state;
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	run_idle(w, &b);
	box_process(&b, "exec cat", &p, args);
	box_exec(w, 1, &p);
	request.number = 1;
	request.process = &p;
	box_refused(w, "Exec", &request.base, HP_EEXISTS, "process 1 is there already");
}

/* Clients take the end of init for the end of all. */
static void ends_before_init(void **state)
{
	struct world *w = *state;
	uint32_t order[4];
	size_t n = 0;
	struct box b;

	box_init(&b, "exec cat");
	box_run(w, &b);
	for (uint32_t i = 1; i < 4; i++)
		exec(w, &b, i, "exec sleep 60");
	box_signal(w, 0, SIGKILL, false);
	while (n < 4) {
		world_news(w);
		for (size_t i = 0; i < w->news->n_exits; i++) {
			assert_true(n < 4);
			assert_int_equal(w->news->exits[i]->status, 137);
			order[n++] = w->news->exits[i]->number;
		}
	}
	assert_int_equal(order[3], 0);
}

/* The same without the kernel's help, when the container has no PID namespace of its own. */
static void takes_all_along(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "exec sleep 60 & exec cat");
	b.container.pid_namespace = false;
	box_run(w, &b);
	exec(w, &b, 1, "sleep 60 & exec sleep 60");
	box_signal(w, 0, SIGKILL, false);
	assert_int_equal(world_exit(w, 1), 137);
	assert_int_equal(world_exit(w, 0), 137);
	world_wait(w, &w->streams[1].ended);
}

static void signals_all(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "trap 'echo told' USR1; echo up; while :; do sleep 0.02; done");
	box_run(w, &b);
	world_expect(w, 1, "up\n");
	exec(w, &b, 1, "trap 'exit 6' USR1; echo up; while :; do sleep 0.02; done");
	world_expect(w, 5, "up\n");
	box_signal(w, 0, SIGUSR1, true);
	assert_int_equal(world_exit(w, 1), 6);
	world_expect(w, 1, "up\ntold\n");
}

static void signals_one(void **state)
{
	struct world *w = *state;
	Hp__Guest__SignalRequest request = HP__GUEST__SIGNAL_REQUEST__INIT;
	struct box b;

	run_idle(w, &b);
	exec(w, &b, 1, "exec sleep 60");
	box_signal(w, 1, SIGINT, false);
	assert_int_equal(world_exit(w, 1), 130);
	request.number = 1;
	request.signal = SIGKILL;
	box_refused(w, "Signal", &request.base, HP_ENOTFOUND, "process already finished");
	request.signal = 65;
	box_refused(w, "Signal", &request.base, HP_EINVALID, "Signal: signal 65");
	request.number = 0;
	request.signal = 64;
	box_signal(w, 0, 34, false);
	box_signal(w, 0, SIGKILL, true);
	assert_int_equal(world_exit(w, 0), 137);
}

/* For whoever looks into the machine, with or without a container. */
static void runs_outside(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	run_idle(w, &b);
	exec(w, &b, 1, "exit 3");
	assert_int_equal(world_exit(w, 1), 3);
	box_process(&b, "", &p, args);
	args[0] = (char *)"/run/harpoon/shares/rootfs/bin/busybox";
	args[1] = (char *)"ls";
	args[2] = (char *)"/run/harpoon";
	p.outside = true;
	box_exec(w, 2, &p);
	assert_int_equal(world_exit(w, 2), 0);
	out = world_output(w, 2, 1);
	assert_string_equal(out, "root\nshares\n");
	exec(w, &b, 3, "exit 4");
	assert_int_equal(world_exit(w, 3), 4);
	box_signal(w, 0, SIGTERM, false);
	assert_int_equal(world_exit(w, 0), 5);
}

static void takes_many(void **state)
{
	struct world *w = *state;
	struct box b;

	run_idle(w, &b);
	for (uint32_t i = 1; i < 15; i++)
		exec(w, &b, i, "exit $((40 + 2))");
	for (uint32_t i = 1; i < 15; i++)
		world_wait(w, &w->streams[i * 4 + 1].marked);
	box_signal(w, 0, SIGTERM, false);
	assert_int_equal(world_exit(w, 0), 5);
}

const struct CMUnitTest suite_exec[] = {
	GUEST_TEST(joins_the_container),
	GUEST_TEST(joins_where_init_has_gone),
	GUEST_TEST(refuses_what_cannot_run),
	GUEST_TEST(refuses_a_number_that_is_taken),
	GUEST_TEST(ends_before_init),
	GUEST_TEST(takes_all_along),
	GUEST_TEST(signals_all),
	GUEST_TEST(signals_one),
	GUEST_TEST(runs_outside),
	GUEST_TEST(takes_many),
};
const size_t suite_exec_count = HP_ARRAY_LEN(suite_exec);
