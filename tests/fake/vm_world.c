/* SPDX-License-Identifier: Apache-2.0 */
/* vm_world.c - make what tests of machines need, and look at machines. */
#include "fake/vm_world.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "unit/scratch.h"
#include "vm/pool.h"
#include "wire/json.h"

#define SOON_MS 20000

/* A module that depends on nothing. From: Linux scripts/mod/modpost.c. */
static const char module[] = "\177ELF\0license=GPL\0depends=\0name=fuse";
static const char order[] = "kernel/fs/fuse/fuse.ko\nkernel/drivers/virtio/virtio_mmio.ko\n"
			    "kernel/drivers/char/virtio_console.ko\n"
			    "kernel/drivers/net/virtio_net.ko\n"
			    "kernel/drivers/block/virtio_blk.ko\n";
static const char builtin[] = "kernel/fs/overlayfs/overlay.ko\n";

static char *write_file(const char *dir, const char *name, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;
	char *path = hp_path_join(dir, name);
	AUTO_FREE char *parent = hp_path_dir(path);

	if (hp_mkdirs(parent, 0755, &err) < 0 || hp_file_write(path, data, len, 0755, &err) < 0)
		fail_msg("%s", err.msg);
	return path;
}

static void write_modules(const char *dir)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};

	hp_strv_split(&names, order, '\n');
	for (size_t i = 0; i < names.count; i++)
		if (names.items[i][0])
			free(write_file(dir, names.items[i], module, sizeof(module)));
	free(write_file(dir, "modules.order", order, sizeof(order) - 1));
	free(write_file(dir, "modules.builtin", builtin, sizeof(builtin) - 1));
}

/* Linked, so that its name is what it is to do. */
static char *link_qemu(const char *dir, const char *mode)
{
	const char *program = getenv("HP_TEST_QEMU");
	char *path = hp_sprintf("%s/qemu-%s", dir, mode);

	assert_non_null(program);
	assert_int_equal(symlink(program, path), 0);
	return path;
}

void vm_world_settings(struct vm_world *w)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();

	hp_json_set_str(top, "qemu", w->config.qemu);
	hp_json_set_str(top, "kernel", w->config.kernel);
	hp_json_set_str(top, "modules", w->config.modules);
	hp_json_set_str(top, "init", w->config.init);
	hp_json_set_str(top, "state_dir", w->config.state_dir);
	hp_json_set_str(top, "run_dir", w->config.run_dir);
	hp_json_set_str(top, "accel", w->config.accel);
	hp_json_set_u64(top, "memory", w->config.memory_bytes);
	hp_json_set_u64(top, "uid", w->config.uid);
	hp_json_set_u64(top, "gid", w->config.gid);

	AUTO_FREE char *text = hp_json_text(top, true);
	AUTO_FREE char *path = write_file(w->dir, "vm.json", text, strlen(text));
	assert_int_equal(setenv("HARPOON_VM_CONFIG", path, 1), 0);
}

static _Noreturn void serve(struct vm_world *w)
{
	const struct hp_pool_options options = {
		.config = &w->config,
		.follow = w->follow,
		.program = getenv("HP_TEST_HARPOON"),
	};
	struct hp_error err = HP_ERROR_INIT;

	/* A test that fails does not stop it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (hp_pool_serve(&options, &err) < 0)
		fprintf(stderr, "pool: %s\n", err.msg);
	_exit(err.code != HP_OK);
}

void vm_world_pool(struct vm_world *w)
{
	AUTO_FREE char *address = hp_pool_address(&w->config);
	const int64_t deadline = hp_clock_ms() + SOON_MS;

	w->pool_pid = fork();
	assert_true(w->pool_pid >= 0);
	if (w->pool_pid == 0)
		serve(w);
	while (access(address, F_OK) < 0 && hp_clock_ms() < deadline)
		hp_clock_sleep_ms(2);
}

static void end_pool(struct vm_world *w)
{
	int status = -1;

	if (w->pool_pid <= 0)
		return;
	assert_int_equal(kill(w->pool_pid, SIGTERM), 0);
	assert_int_equal(waitpid(w->pool_pid, &status, 0), w->pool_pid);
	assert_int_equal(status, 0);
}

void vm_world_open(struct vm_world *w, const char *qemu)
{
	AUTO_FREE uint8_t *kernel = hp_alloc(1024);
	struct hp_error err = HP_ERROR_INIT;

	*w = (struct vm_world){.dir = scratch_new()};
	assert_int_equal(chmod(w->dir, 0755), 0);
	hp_vm_config_defaults(&w->config);
	memcpy(kernel, "\177ELF", 4);
	w->config.kernel = write_file(w->dir, "vmlinux-1", kernel, 1024);
	w->config.modules = hp_path_join(w->dir, "lib/modules/1");
	write_modules(w->config.modules);
	w->config.init = write_file(w->dir, "init", "init", 4);
	free(w->config.qemu);
	w->config.qemu = link_qemu(w->dir, qemu);
	free(w->config.state_dir);
	w->config.state_dir = hp_path_join(w->dir, "state");
	free(w->config.run_dir);
	w->config.run_dir = hp_path_join(w->dir, "run");
	free(w->config.accel);
	w->config.accel = hp_strdup("tcg");
	/* The build tree may be nobody's to read. */
	w->config.uid = geteuid();
	w->config.gid = getegid();
	w->config.memory_bytes = 128u << 20;
	vm_world_settings(w);
	if (hp_loop_new(&w->loop, &err) < 0)
		fail_msg("%s", err.msg);
}

void vm_world_close(struct vm_world *w)
{
	end_pool(w);
	hp_loop_free(w->loop);
	hp_vm_config_clear(&w->config);
	scratch_free(w->dir);
}

bool vm_world_until(struct vm_world *w, bool (*is)(void *data), void *data)
{
	const int64_t deadline = hp_clock_ms() + SOON_MS;

	while (!is(data) && hp_clock_ms() < deadline) {
		struct hp_error err = HP_ERROR_INIT;

		if (hp_loop_once(w->loop, 5, &err) < 0)
			fail_msg("%s", err.msg);
	}
	return is(data);
}

static bool is_set(void *flag)
{
	return *(const bool *)flag;
}

bool vm_world_await(struct vm_world *w, const bool *done)
{
	return vm_world_until(w, is_set, (bool *)done);
}

static void make_template(struct vm_world *w, bool net, char ret_key[HP_VM_KEY])
{
	const struct hp_machine_spec spec = {
		.id = "t", .tap_fd = net ? 0 : -1, .cgroup_fd = -1};
	const struct hp_shape shape = hp_shape_for(&w->config, &spec);
	AUTO(hp_images_clear) struct hp_images images = {0};
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	static const char state[] = "the state of a machine";
	struct hp_error err = HP_ERROR_INIT;
	struct hp_host host;

	if (hp_host_learn(&w->config, &host, &err) < 0 ||
	    hp_images_find(&w->config, &images, &err) < 0 ||
	    hp_template_key(&w->config, &host, &images, &shape, ret_key, &err) < 0 ||
	    hp_template_new_file("memory", 1 << 20, &t.memory_fd, &err) < 0 ||
	    hp_template_new_file("state", 0, &t.state_fd, &err) < 0 ||
	    hp_fd_write_all(t.state_fd, state, sizeof(state) - 1, &err) < 0 ||
	    hp_template_store(&w->config, ret_key, &t, "{}", &err) < 0)
		fail_msg("%s", err.msg);
}

void vm_world_template(struct vm_world *w, char ret_key[HP_VM_KEY])
{
	make_template(w, false, ret_key);
}

void vm_world_template_net(struct vm_world *w, char ret_key[HP_VM_KEY])
{
	make_template(w, true, ret_key);
}

void vm_world_warm(struct vm_world *w, unsigned n)
{
	w->config.warm = n;
}

static void on_end(void *data, const struct hp_error *why)
{
	struct vm_heard *h = data;

	assert_false(h->ended);
	h->ended = true;
	h->why = *why;
}

void vm_world_start(struct vm_world *w, struct vm_heard *h)
{
	vm_world_start_net(w, h, -1);
}

void vm_world_start_net(struct vm_world *w, struct vm_heard *h, int tap_fd)
{
	const struct hp_machine_spec spec = {.id = "t", .tap_fd = tap_fd, .cgroup_fd = -1};
	const struct hp_machine_events events = {.data = h, .on_end = on_end};
	struct hp_error err = HP_ERROR_INIT;

	*h = (struct vm_heard){0};
	if (hp_machine_start(w->loop, &w->config, &spec, &events, &h->machine, &err) < 0)
		fail_msg("%s", err.msg);
}

bool vm_world_hello(struct vm_world *w, int port)
{
	/* A request of no payload, on stream 1. From: containerd/ttrpc PROTOCOL.md. */
	static const uint8_t call[10] = {[7] = 1, [8] = 1};
	const int64_t deadline = hp_clock_ms() + SOON_MS;
	uint8_t reply[10];

	assert_int_equal(write(port, call, sizeof(call)), sizeof(call));
	while (hp_clock_ms() < deadline) {
		struct pollfd p = {.fd = port, .events = POLLIN};
		struct hp_error err = HP_ERROR_INIT;

		if (hp_loop_once(w->loop, 10, &err) < 0)
			fail_msg("%s", err.msg);
		if (poll(&p, 1, 0) > 0)
			return read(port, reply, sizeof(reply)) == sizeof(reply) &&
			       reply[7] == 1;
	}
	return false;
}
