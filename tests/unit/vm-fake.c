/* SPDX-License-Identifier: Apache-2.0 */
/* vm-fake.c - tests of src/vm/fake.c, with a shell script as the guest's init. */
#include <poll.h>
#include <signal.h>

#include "fake/vm_world.h"
#include "scratch.h"

/* Namespaces are root's to make, as machines are. */
static void world_open(struct vm_world *w, const char *script)
{
	assert_int_equal(geteuid(), 0);
	vm_world_open(w, "fake");
	free(w->config.vmm);
	w->config.vmm = hp_strdup("fake");
	free(w->config.init);
	w->config.init = scratch_file(w->dir, "init.sh", script);
	assert_int_equal(chmod(w->config.init, 0755), 0);
}

static void has_no_disks(void **state)
{
	const struct hp_machine_disk disk = {.fd = 0};
	const struct hp_machine_spec spec = {
		.id = "t", .tap_fd = -1, .cgroup_fd = -1, .disk = &disk};
	const struct hp_machine_events events = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_machine *m = NULL;
	struct vm_world w;

	(void)state;
	world_open(&w, "#!/bin/sh\n");
	assert_int_equal(hp_machine_start(w.loop, &w.config, &spec, &events, &m, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	vm_world_close(&w);
}

static void expect_line(struct vm_world *w, int port, const char *want)
{
	char line[256];
	ssize_t n = -1;

	for (int i = 0; i < 2000 && n < 0; i++) {
		struct pollfd p = {.fd = port, .events = POLLIN};
		struct hp_error err = HP_ERROR_INIT;

		if (hp_loop_once(w->loop, 10, &err) < 0)
			fail_msg("%s", err.msg);
		if (poll(&p, 1, 0) > 0)
			n = read(port, line, sizeof(line) - 1);
	}
	assert_true(n > 0);
	line[n] = '\0';
	assert_string_equal(line, want);
}

static bool is_up(void *machine)
{
	return hp_machine_times(machine).loaded > 0;
}

static void runs_init_in_namespaces(void **state)
{
	struct vm_world w;
	struct vm_heard h;

	(void)state;
	world_open(&w, "#!/bin/sh\necho $$ $1 $2 >&3\nread x <&4\necho got $x >&5\n"
		       "echo bye >&2\n");
	vm_world_start(&w, &h);
	AUTO_CLOSE int control = hp_machine_take_port(h.machine, HP_PORT_CONTROL);
	AUTO_CLOSE int io = hp_machine_take_port(h.machine, HP_PORT_STDIO);
	AUTO_CLOSE int files = hp_machine_take_port(h.machine, HP_PORT_FILES);
	assert_int_equal(hp_machine_take_port(h.machine, HP_PORT_FILES), -1);
	/* One that ends before it is up is begun anew, and would wait for another line. */
	assert_true(vm_world_until(&w, is_up, h.machine));
	assert_int_equal(write(io, "it\n", 3), 3);
	expect_line(&w, control, "1 --ports 3,4,5\n");
	expect_line(&w, files, "got it\n");
	assert_true(vm_world_await(&w, &h.ended));
	assert_int_equal(h.why.code, HP_EABORTED);
	assert_non_null(strstr(h.why.msg, "bye"));
	assert_string_equal(hp_machine_accel(h.machine), "none");
	hp_machine_free(h.machine);
	vm_world_close(&w);
}

static char state_of(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/stat", (int)pid);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_file_read(path, 4096, &text, &err) < 0)
		return '-';
	AUTO_FREE char *line = hp_buf_take_str(&text);
	return strrchr(line, ')')[2];
}

static bool is_stopped(void *machine)
{
	return state_of(hp_machine_pid(machine)) == 'T';
}

static bool is_running(void *machine)
{
	return !is_stopped(machine);
}

static void on_done(void *data, const struct hp_error *why)
{
	assert_null(why);
	*(bool *)data = true;
}

static void pauses_all_of_it(void **state)
{
	struct vm_world w;
	struct vm_heard h;
	bool done = false;

	(void)state;
	world_open(&w, "#!/bin/sh\nsleep 1000 &\necho up >&3\nwait\n");
	vm_world_start(&w, &h);
	AUTO_CLOSE int control = hp_machine_take_port(h.machine, HP_PORT_CONTROL);
	expect_line(&w, control, "up\n");
	hp_machine_pause(h.machine, on_done, &done);
	assert_true(vm_world_await(&w, &done));
	/* A signal has been sent by then; the kernel acts on it when it comes to it. */
	assert_true(vm_world_until(&w, is_stopped, h.machine));
	done = false;
	hp_machine_resume(h.machine, on_done, &done);
	assert_true(vm_world_await(&w, &done));
	assert_true(vm_world_until(&w, is_running, h.machine));
	hp_machine_kill(h.machine);
	assert_true(vm_world_await(&w, &h.ended));
	assert_int_equal(h.why.code, HP_ECANCELED);
	hp_machine_free(h.machine);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_no_disks),
		FDS_TEST(runs_init_in_namespaces),
		FDS_TEST(pauses_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
