/* SPDX-License-Identifier: Apache-2.0 */
/* vm-boot.c - tests of src/vm/boot.c, with a program that does what QEMU does. */
#include "vm/boot.h"

#include "fake/vm_world.h"
#include "scratch.h"

static int boot(struct vm_world *w, struct hp_template *ret, struct hp_error *err)
{
	AUTO(hp_images_clear) struct hp_images images = {0};
	struct hp_host host = {0};
	const struct hp_boot b = {
		.config = &w->config,
		.host = &host,
		.images = &images,
		.shape = {.memory_bytes = 128u << 20, .cpus = 1},
	};

	if (hp_images_find(&w->config, &images, err) < 0 || hp_images_make(&images, err) < 0)
		fail_msg("%s", err->msg);
	return hp_boot_and_freeze(&b, ret, err);
}

static void freezes_what_has_answered(void **state)
{
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	struct hp_error err = HP_ERROR_INIT;
	char text[64] = "";
	struct vm_world w;
	struct stat st;

	(void)state;
	vm_world_open(&w, "fake");
	if (boot(&w, &t, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fstat(t.memory_fd, &st), 0);
	assert_int_equal(st.st_size, 128 << 20);
	assert_int_equal(pread(t.state_fd, text, sizeof(text) - 1, 0), 22);
	assert_string_equal(text, "the state of a machine");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	vm_world_close(&w);
}

static void expect_failure(const char *qemu, const char *words)
{
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	vm_world_open(&w, qemu);
	assert_int_equal(boot(&w, &t, &err), -1);
	if (!strstr(err.msg, words))
		fail_msg("%s: %s", qemu, err.msg);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	vm_world_close(&w);
}

static void tells_why_it_ended(void **state)
{
	(void)state;
	expect_failure("dies", "it cannot");
	expect_failure("panic", "Kernel panic");
	expect_failure("halts", "ended while it booted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(freezes_what_has_answered),
		FDS_TEST(tells_why_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
