/* SPDX-License-Identifier: Apache-2.0 */
/* vm-qemu.c - tests of src/vm/qemu.c, with a program that does what QEMU does. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "fake/vm_world.h"
#include "scratch.h"
#include "vm/vmm.h"

struct heard {
	bool up, done;
	enum hp_code code;
};

static void on_up(void *data)
{
	struct heard *h = data;

	assert_false(h->up);
	h->up = true;
}

static void on_done(void *data, const struct hp_error *why)
{
	struct heard *h = data;

	h->done = true;
	h->code = why ? why->code : HP_OK;
}

struct ends {
	int ours[HP_PORTS];
	int console;
	struct hp_vmm_spawn spawn;
	struct hp_host host;
};

static void ends_open(struct ends *e, const struct vm_world *w)
{
	int pair[2];

	*e = (struct ends){
		.spawn =
			{
				.id = "t",
				.config = &w->config,
				.host = &e->host,
				.shape = {.memory_bytes = 128u << 20, .cpus = 1},
				.tap_fd = -1,
				.cgroup_fd = -1,
				.kernel_fd = -1,
				.initrd_fd = -1,
				.memory_fd = -1,
				.save_fd = -1,
				.state_fd = -1,
			},
	};
	for (int i = 0; i < HP_PORTS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		e->ours[i] = pair[0];
		e->spawn.ports[i] = pair[1];
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	e->console = pair[0];
	e->spawn.console_fd = pair[1];
}

static void ends_close(struct ends *e)
{
	for (int i = 0; i < HP_PORTS; i++) {
		close(e->ours[i]);
		close(e->spawn.ports[i]);
	}
	close(e->console);
	close(e->spawn.console_fd);
}

static struct hp_vmm *spawn(struct vm_world *w, struct ends *e, struct heard *h)
{
	static const struct hp_vmm_events events = {.on_up = on_up};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_vmm *v = NULL;

	*h = (struct heard){0};
	if (hp_vmm_spawn(w->loop, &e->spawn, &events, h, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void drop(struct hp_vmm *v)
{
	assert_int_equal(kill(hp_vmm_pid(v), SIGKILL), 0);
	assert_int_equal(waitpid(hp_vmm_pid(v), NULL, 0), hp_vmm_pid(v));
	hp_vmm_free(v);
}

static void boots_pauses_and_saves(void **state)
{
	struct vm_world w;
	struct ends e;
	struct heard h;
	char text[64] = "";
	int fds[2];

	(void)state;
	vm_world_open(&w, "fake");
	ends_open(&e, &w);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	e.spawn.save_fd = fds[1];
	struct hp_vmm *v = spawn(&w, &e, &h);
	close(fds[1]);
	assert_true(vm_world_await(&w, &h.up));
	assert_true(vm_world_hello(&w, e.ours[HP_PORT_CONTROL]));
	hp_vmm_pause(v, true, on_done, &h);
	assert_true(vm_world_await(&w, &h.done));
	assert_int_equal(h.code, HP_OK);
	h.done = false;
	hp_vmm_pause(v, false, on_done, &h);
	assert_true(vm_world_await(&w, &h.done));
	h.done = false;
	hp_vmm_save(v, on_done, &h);
	assert_true(vm_world_await(&w, &h.done));
	assert_int_equal(h.code, HP_OK);
	/* All of it, and then its end. */
	assert_int_equal(read(fds[0], text, sizeof(text)), 22);
	assert_int_equal(read(fds[0], text, sizeof(text)), 0);
	close(fds[0]);
	/* Freed with something under way. */
	hp_vmm_pause(v, true, on_done, &h);
	drop(v);
	ends_close(&e);
	vm_world_close(&w);
}

static void clones_stopped(void **state)
{
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY];
	struct vm_world w;
	struct ends e;
	struct heard h;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	if (hp_template_load(&w.config, key, &t, &err) < 0)
		fail_msg("%s", err.msg);
	ends_open(&e, &w);
	e.spawn.state_fd = t.state_fd;
	e.spawn.memory_fd = t.memory_fd;
	e.spawn.stopped = true;
	struct hp_vmm *v = spawn(&w, &e, &h);
	assert_true(vm_world_await(&w, &h.up));
	hp_vmm_pause(v, false, on_done, &h);
	assert_true(vm_world_await(&w, &h.done));
	assert_true(vm_world_hello(&w, e.ours[HP_PORT_CONTROL]));
	assert_string_equal(hp_vmm_words(v), "");
	drop(v);
	ends_close(&e);
	vm_world_close(&w);
}

static void keeps_its_words(void **state)
{
	struct vm_world w;
	struct ends e;
	struct heard h;
	int status = 0;

	(void)state;
	vm_world_open(&w, "dies");
	ends_open(&e, &w);
	struct hp_vmm *v = spawn(&w, &e, &h);
	assert_int_equal(waitpid(hp_vmm_pid(v), &status, 0), hp_vmm_pid(v));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_string_equal(hp_vmm_words(v), "qemu: it cannot");
	hp_vmm_pause(v, true, on_done, &h);
	assert_true(vm_world_await(&w, &h.done));
	assert_int_equal(h.code, HP_EUNAVAILABLE);
	hp_vmm_free(v);
	ends_close(&e);
	vm_world_close(&w);
}

static void says_how_to_get_it(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_vmm *v = NULL;
	struct vm_world w;
	struct ends e;

	(void)state;
	vm_world_open(&w, "fake");
	ends_open(&e, &w);
	free(w.config.qemu);
	w.config.qemu = hp_strdup("/nowhere/qemu");
	assert_int_equal(hp_vmm_spawn(w.loop, &e.spawn, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "apt-get install qemu-system-x86"));
	assert_null(v);
	ends_close(&e);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(boots_pauses_and_saves),
		FDS_TEST(clones_stopped),
		FDS_TEST(keeps_its_words),
		FDS_TEST(says_how_to_get_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
