/* SPDX-License-Identifier: Apache-2.0 */
/* vm-machine_warm.c - tests of src/vm/machine_warm.c, with a program that does what QEMU does. */
#include <signal.h>

#include "base/clock.h"
#include "fake/vm_world.h"
#include "net/netns.h"
#include "net/tap.h"
#include "scratch.h"

struct run {
	struct vm_world w;
	struct vm_heard h;
	int control;
	int netns_fd;
	int tap_fd;
};

static int open_tap(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];

	return hp_tap_open("harpoon%d", name, data, err);
}

static void start(struct run *r)
{
	vm_world_start_net(&r->w, &r->h, r->tap_fd);
	r->control = hp_machine_take_port(r->h.machine, HP_PORT_CONTROL);
}

static void stop(struct run *r)
{
	hp_machine_free(TAKE(r->h.machine));
	close(r->control);
}

/* A world in which the next machine is one that stood ready. */
static void run_open(struct run *r, bool net)
{
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY];

	*r = (struct run){.netns_fd = -1, .tap_fd = -1};
	vm_world_open(&r->w, "fake");
	vm_world_warm(&r->w, 1);
	if (net && (hp_netns_new(&r->netns_fd, &err) < 0 ||
		    hp_netns_call(r->netns_fd, open_tap, &r->tap_fd, &err) < 0))
		fail_msg("%s", err.msg);
	if (net)
		vm_world_template_net(&r->w, key);
	else
		vm_world_template(&r->w, key);
	vm_world_pool(&r->w);
	start(r);
	for (int i = 0; i < 60 && hp_machine_origin(r->h.machine) != HP_MACHINE_WARM; i++) {
		assert_true(vm_world_hello(&r->w, r->control));
		stop(r);
		hp_clock_sleep_ms(2000);
		start(r);
	}
	assert_int_equal(hp_machine_origin(r->h.machine), HP_MACHINE_WARM);
}

static void run_close(struct run *r)
{
	stop(r);
	if (r->netns_fd >= 0) {
		close(r->netns_fd);
		close(r->tap_fd);
	}
	vm_world_close(&r->w);
}

static void runs_at_once(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, false);
	const pid_t pid = hp_machine_pid(r.h.machine);
	assert_int_equal(kill(pid, 0), 0);
	assert_true(vm_world_hello(&r.w, r.control));
	const struct hp_machine_times t = hp_machine_times(r.h.machine);
	assert_true(t.asked <= t.spawned && t.spawned <= t.loaded);
	assert_int_equal(hp_machine_take_port(r.h.machine, HP_PORT_CONTROL), -1);
	run_close(&r);
	/* Its parent reaps it. */
	for (int i = 0; i < 2000 && kill(pid, 0) == 0; i++)
		hp_clock_sleep_ms(5);
	assert_int_equal(kill(pid, 0), -1);
}

static void hears_of_its_end(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, false);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_int_equal(kill(hp_machine_pid(r.h.machine), SIGUSR1), 0);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_int_equal(r.h.why.code, HP_EABORTED);
	if (!strstr(r.h.why.msg, "killed by signal 10"))
		fail_msg("%s", r.h.why.msg);
	run_close(&r);
}

static void kills_when_asked(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, false);
	hp_machine_kill(r.h.machine);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_int_equal(r.h.why.code, HP_ECANCELED);
	run_close(&r);
}

static int find_tap(void *data, struct hp_error *err)
{
	(void)err;
	*(unsigned *)data = if_nametoindex("harpoon0");
	return 0;
}

/* Its network device has come to where the one is that the machine was asked for. */
static void brings_its_network_along(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	unsigned index = 0;
	struct run r;

	(void)state;
	run_open(&r, true);
	assert_true(vm_world_hello(&r.w, r.control));
	/* Ours is out of the way: what has its name stays when it goes. */
	close(TAKE_FD(r.tap_fd));
	assert_int_equal(hp_netns_call(r.netns_fd, find_tap, &index, &err), 0);
	assert_int_not_equal(index, 0);
	stop(&r);
	close(r.netns_fd);
	vm_world_close(&r.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(runs_at_once),
		FDS_TEST(hears_of_its_end),
		FDS_TEST(kills_when_asked),
		FDS_TEST(brings_its_network_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
