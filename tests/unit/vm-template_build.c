/* SPDX-License-Identifier: Apache-2.0 */
/* vm-template_build.c - tests of src/vm/template_build.c. */
#include "vm/template_build.h"

#include "base/str.h"
#include "fake/vm_world.h"
#include "scratch.h"

static void note(void *data, const char *doing)
{
	struct hp_strv *said = data;

	hp_strv_add(said, doing);
}

static struct hp_build build_of(const struct vm_world *w, struct hp_strv *said)
{
	return (struct hp_build){
		.config = &w->config,
		.shape = {.memory_bytes = 128u << 20, .cpus = 1},
		.progress = said ? note : NULL,
		.data = said,
	};
}

static void builds_once(void **state)
{
	AUTO(hp_strv_free) struct hp_strv said = {0};
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY] = "";
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	const struct hp_build b = build_of(&w, &said);
	if (hp_template_build(&b, key, &err) != 1)
		fail_msg("%s", err.msg);
	assert_true(hp_strv_has(&said, HP_BUILD_IMAGES));
	assert_true(hp_strv_has(&said, "booting a machine"));
	assert_true(hp_template_there(&w.config, key));
	assert_int_equal(hp_template_build(&b, key, &err), 0);
	vm_world_close(&w);
}

/* Each of them finds it made; only one made it. */
static void builds_beside_others(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY];
	struct vm_world w;
	pid_t pids[3];
	int made = 0;

	(void)state;
	vm_world_open(&w, "fake");
	const struct hp_build b = build_of(&w, NULL);
	for (size_t i = 0; i < HP_ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(hp_template_build(&b, key, &err) + 1);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(pids); i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= 1);
		made += WEXITSTATUS(status) == 2;
	}
	assert_int_equal(made, 1);
	vm_world_close(&w);
}

static void fails_and_leaves_nothing(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY] = "";
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "dies");
	const struct hp_build b = build_of(&w, NULL);
	assert_int_equal(hp_template_build(&b, key, &err), -1);
	assert_false(hp_template_there(&w.config, key));
	hp_error_clear(&err);
	free(w.config.vmm);
	w.config.vmm = hp_strdup("fake");
	assert_int_equal(hp_template_build(&b, key, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(builds_once),
		FDS_TEST(builds_beside_others),
		FDS_TEST(fails_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
