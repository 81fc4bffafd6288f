/* SPDX-License-Identifier: Apache-2.0 */
/* shim-box.c - tests of src/shim/box.c. */
#include "shim/box.h"

#include "fake/shim_guest.h"
#include "links.h"

struct world {
	struct hp_loop *loop;
	struct guest guest;
	struct hp_shim_box *box;
	int stdio_fd, files_fd;
	unsigned ready, ended, exits, changed;
	struct hp_error why;
};

static void on_ready(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->ready += !why;
}

static void on_exit_news(void *data, uint32_t number, uint32_t status, int64_t unix_ns)
{
	struct world *w = data;

	(void)number;
	(void)status;
	(void)unix_ns;
	/* Nothing comes after the end. */
	assert_int_equal(w->ended, 0);
	w->exits++;
}

static void on_oom(void *data)
{
	(void)data;
}

static void on_end(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->ended++;
	w->why = *why;
}

static const struct hp_shim_box_events events = {
	.on_ready = on_ready, .on_exit = on_exit_news, .on_oom = on_oom, .on_end = on_end};

static void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int ports[HP_PORTS];
	int fds[2];
	const struct hp_shim_box_spec spec = {
		.ports = ports, .hostname = "box", .events = &events, .data = w};

	*w = (struct world){.loop = links_loop()};
	links_pair(fds);
	ports[HP_PORT_CONTROL] = fds[0];
	guest_open(&w->guest, w->loop, fds[1]);
	links_pair(fds);
	ports[HP_PORT_STDIO] = fds[0];
	w->stdio_fd = fds[1];
	links_pair(fds);
	ports[HP_PORT_FILES] = fds[0];
	w->files_fd = fds[1];
	assert_int_equal(hp_shim_box_open(w->loop, &spec, &w->box, &err), 0);
}

static void world_close(struct world *w)
{
	hp_shim_box_free(w->box);
	guest_close(&w->guest);
	if (w->stdio_fd >= 0)
		close(w->stdio_fd);
	close(w->files_fd);
	hp_loop_free(w->loop);
}

static bool has_ended(void *arg)
{
	const struct world *w = arg;

	return w->ended > 0;
}

static void hands_its_ports_out(void **state)
{
	struct world w;
	int fd;

	(void)state;
	world_open(&w);
	links_settle(w.loop);
	assert_int_equal(w.ready, 1);
	assert_non_null(hp_shim_box_guest(w.box));
	assert_non_null(hp_shim_box_mux(w.box));
	assert_null(hp_shim_box_machine(w.box));
	fd = hp_shim_box_take_files(w.box);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(hp_shim_box_take_files(w.box), -1);
	assert_false(hp_shim_box_ended(w.box));
	world_close(&w);
}

/* Without a machine there is none to be replaced, and what is there stays. */
static void pretends_to_give_a_disk(void **state)
{
	const struct hp_machine_disk disk = {.fd = 0};
	struct hp_error err = HP_ERROR_INIT;
	struct world w;

	(void)state;
	world_open(&w);
	links_settle(w.loop);
	assert_int_equal(hp_shim_box_give_disk(w.box, &disk, &err), 0);
	links_settle(w.loop);
	assert_int_equal(w.ready, 1);
	assert_false(hp_shim_box_ended(w.box));
	world_close(&w);
}

/* What was said before the end is heard before it. */
static void ends_when_both_ports_have(void **state)
{
	static const uint32_t exits[][2] = {{0, 1}};
	struct world w;

	(void)state;
	world_open(&w);
	links_settle(w.loop);
	close(TAKE_FD(w.stdio_fd));
	links_settle(w.loop);
	assert_int_equal(w.ended, 0);
	guest_tell(&w.guest, exits, 1, false);
	guest_die(&w.guest);
	links_until(w.loop, has_ended, &w);
	assert_int_equal(w.exits, 1);
	assert_int_equal(w.ended, 1);
	assert_true(hp_shim_box_ended(w.box));
	assert_int_equal(w.why.code, HP_EUNAVAILABLE);
	hp_shim_box_kill(w.box);
	links_settle(w.loop);
	assert_int_equal(w.ended, 1);
	world_close(&w);
}

static void is_killed(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_shim_box_kill(w.box);
	hp_shim_box_kill(w.box);
	assert_int_equal(w.ended, 0);
	links_until(w.loop, has_ended, &w);
	links_settle(w.loop);
	assert_int_equal(w.ended, 1);
	world_close(&w);
}

static void kills_a_guest_that_breaks_the_protocol(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	w.guest.garble = "Watch";
	links_until(w.loop, has_ended, &w);
	assert_non_null(strstr(w.why.msg, "WatchResponse"));
	world_close(&w);
}

static void on_changed(void *data, const struct hp_error *why)
{
	struct world *w = data;

	assert_null(why);
	w->changed++;
}

static void sets_the_clock_after_a_pause(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	links_settle(w.loop);
	hp_shim_box_pause(w.box, on_changed, &w);
	assert_int_equal(w.changed, 0);
	links_settle(w.loop);
	assert_int_equal(w.changed, 1);
	assert_null(guest_find(&w.guest, "Clock", 0));
	hp_shim_box_resume(w.box, on_changed, &w);
	links_settle(w.loop);
	assert_int_equal(w.changed, 2);
	assert_non_null(guest_find(&w.guest, "Clock", 0));
	world_close(&w);
}

/* A machine that cannot be started is no box. */
static void needs_a_machine(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *loop = links_loop();
	AUTO(hp_vm_config_clear) struct hp_vm_config config = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_box *box = NULL;
	struct hp_shim_box_spec spec = {
		.config = &config,
		.machine = {.id = "web", .cpus = 1, .tap_fd = -1, .cgroup_fd = -1},
		.hostname = "box",
		.events = &events};

	(void)state;
	assert_int_equal(
		hp_vm_config_parse(hp_bytes_str("{\"vmm\":\"qemu\",\"qemu\":\"/no/qemu\"}"),
				   &config, &err),
		0);
	spec.machine.memory_bytes = config.memory_bytes;
	assert_int_equal(hp_shim_box_open(loop, &spec, &box, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_null(box);
	hp_shim_box_free(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(hands_its_ports_out),
		FDS_TEST(pretends_to_give_a_disk),
		FDS_TEST(ends_when_both_ports_have),
		FDS_TEST(is_killed),
		FDS_TEST(kills_a_guest_that_breaks_the_protocol),
		FDS_TEST(sets_the_clock_after_a_pause),
		FDS_TEST(needs_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
