/* SPDX-License-Identifier: Apache-2.0 */
/* vm-machine.c - tests of src/vm/machine.c, with a program that does what QEMU does. */
#include "vm/machine.h"

#include <signal.h>

#include "fake/vm_world.h"
#include "scratch.h"
#include "vm/pool.h"

struct run {
	struct vm_world w;
	struct vm_heard h;
	int control;
	char key[HP_VM_KEY];
};

/* Start a machine; @clone: there is a template. */
static void run_open(struct run *r, const char *qemu, bool clone)
{
	vm_world_open(&r->w, qemu);
	if (clone)
		vm_world_template(&r->w, r->key);
	vm_world_pool(&r->w);
	vm_world_start(&r->w, &r->h);
	r->control = hp_machine_take_port(r->h.machine, HP_PORT_CONTROL);
}

static void run_close(struct run *r)
{
	hp_machine_free(r->h.machine);
	close(r->control);
	vm_world_close(&r->w);
}

static bool is_loaded(void *machine)
{
	return hp_machine_times(machine).loaded > 0;
}

static void clones_a_template(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "fake", true);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_int_equal(hp_machine_origin(r.h.machine), HP_MACHINE_CLONE);
	assert_string_equal(hp_machine_accel(r.h.machine), "tcg");

	/* The guest may answer before QEMU has told that it is loaded. */
	assert_true(vm_world_until(&r.w, is_loaded, r.h.machine));
	const struct hp_machine_times t = hp_machine_times(r.h.machine);
	assert_true(t.asked > 0 && t.asked <= t.spawned && t.spawned <= t.loaded);
	const pid_t pid = hp_machine_pid(r.h.machine);
	assert_int_equal(kill(pid, 0), 0);
	run_close(&r);
	assert_int_equal(kill(pid, 0), -1);
}

static void boots_when_there_is_none(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "fake", false);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_int_equal(hp_machine_origin(r.h.machine), HP_MACHINE_COLD);
	run_close(&r);
}

/* A template that does not load is not tried again, by nobody. */
static void boots_when_it_is_broken(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "picky", true);
	assert_true(hp_template_there(&r.w.config, r.key));
	/* What a cold boot needs is made by the pool, for templates. */
	AUTO(hp_images_clear) struct hp_images images = {0};
	struct hp_error err = HP_ERROR_INIT;
	if (hp_images_find(&r.w.config, &images, &err) < 0 || hp_images_make(&images, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_int_equal(hp_machine_origin(r.h.machine), HP_MACHINE_COLD);
	assert_false(hp_template_there(&r.w.config, r.key));
	run_close(&r);
}

static void expect_end(const char *qemu, bool clone, const char *words)
{
	struct run r;

	run_open(&r, qemu, clone);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_int_equal(r.h.why.code, HP_EABORTED);
	if (!strstr(r.h.why.msg, words))
		fail_msg("%s: %s", qemu, r.h.why.msg);
	run_close(&r);
}

static void tells_why_it_ended(void **state)
{
	(void)state;
	expect_end("panic", true, "Kernel panic - not syncing: no luck");
	expect_end("dies", true, "qemu has ended with status 3: qemu: it cannot");
}

static void hears_of_the_end(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "halts", true);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_non_null(strstr(r.h.why.msg, "switched it off"));
	run_close(&r);

	run_open(&r, "fake", true);
	assert_true(vm_world_hello(&r.w, r.control));
	assert_int_equal(kill(hp_machine_pid(r.h.machine), SIGUSR1), 0);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_non_null(strstr(r.h.why.msg, "killed by signal 10"));
	run_close(&r);
}

static void on_done(void *data, const struct hp_error *why)
{
	*(enum hp_code *)data = why ? why->code : HP_OK;
}

static void kills_when_asked(void **state)
{
	struct run r;

	(void)state;
	run_open(&r, "fake", true);
	assert_true(vm_world_hello(&r.w, r.control));
	hp_machine_kill(r.h.machine);
	assert_false(r.h.ended);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_int_equal(r.h.why.code, HP_ECANCELED);
	/* Once more hurts nobody. */
	hp_machine_kill(r.h.machine);
	run_close(&r);
}

/* With a pool that does not answer. */
static void ends_before_it_has_begun(void **state)
{
	enum hp_code code = HP_OK;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int door = -1;
	struct run r;

	(void)state;
	vm_world_open(&r.w, "fake");
	AUTO_FREE char *address = hp_pool_address(&r.w.config);
	if (hp_mkdirs(r.w.config.run_dir, 0755, &err) < 0 ||
	    hp_unix_listen(address, 0600, &door, &err) < 0)
		fail_msg("%s", err.msg);
	vm_world_start(&r.w, &r.h);
	r.control = hp_machine_take_port(r.h.machine, HP_PORT_CONTROL);
	assert_int_equal(hp_machine_pid(r.h.machine), 0);
	hp_machine_pause(r.h.machine, on_done, &code);
	assert_int_equal(code, HP_ESTATE);
	hp_machine_kill(r.h.machine);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	assert_int_equal(r.h.why.code, HP_ECANCELED);
	run_close(&r);
}

static void pauses(void **state)
{
	enum hp_code code = HP_EINTERNAL;
	struct run r;

	(void)state;
	run_open(&r, "fake", true);
	assert_true(vm_world_hello(&r.w, r.control));
	hp_machine_pause(r.h.machine, on_done, &code);
	for (int i = 0; i < 2000 && code == HP_EINTERNAL; i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_true(hp_loop_once(r.w.loop, 10, &err) >= 0);
	}
	assert_int_equal(code, HP_OK);
	run_close(&r);
}

static void refuses_what_cannot_be(void **state)
{
	const struct hp_machine_spec spec = {.id = "t", .tap_fd = -1, .cgroup_fd = -1};
	const struct hp_machine_events events = {0};
	struct hp_machine *m = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	assert_int_equal(unlink(w.config.init), 0);
	assert_int_equal(hp_machine_start(w.loop, &w.config, &spec, &events, &m, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	free(w.config.vmm);
	w.config.vmm = hp_strdup("bochs");
	assert_int_equal(hp_machine_start(w.loop, &w.config, &spec, &events, &m, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_null(m);
	hp_machine_free(NULL);
	vm_world_close(&w);
}

/* What the pool cannot make, it says why. */
static void tells_what_the_pool_tells(void **state)
{
	struct run r;

	(void)state;
	vm_world_open(&r.w, "fake");
	free(scratch_file(r.w.dir, "vmlinux-1", "no kernel"));
	vm_world_pool(&r.w);
	vm_world_start(&r.w, &r.h);
	r.control = hp_machine_take_port(r.h.machine, HP_PORT_CONTROL);
	assert_true(vm_world_await(&r.w, &r.h.ended));
	if (!strstr(r.h.why.msg, "neither a bzImage nor an ELF file"))
		fail_msg("%s", r.h.why.msg);
	run_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(clones_a_template),        FDS_TEST(boots_when_there_is_none),
		FDS_TEST(boots_when_it_is_broken),  FDS_TEST(tells_why_it_ended),
		FDS_TEST(hears_of_the_end),         FDS_TEST(kills_when_asked),
		FDS_TEST(ends_before_it_has_begun), FDS_TEST(pauses),
		FDS_TEST(refuses_what_cannot_be),   FDS_TEST(tells_what_the_pool_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
