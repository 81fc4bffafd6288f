/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the promises of proto/guest.proto, held against the real init in namespaces of its own:
 *   HP_TEST_INIT     the program
 *   HP_TEST_ROOTFS   what makes a root of busybox, tests/lib/rootfs
 *   HP_TEST_MACHINE  set: in a machine of $HARPOON_VM_CONFIG instead
 *   HP_TEST_ONLY     only the tests whose names fit this pattern */
#include "suite.h"

int suite_open(void **state)
{
	struct world *w = hp_alloc(sizeof(*w));

	*state = w;
	world_open(w);
	return 0;
}

int suite_close(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

void suite_run(struct world *w, struct box *b, uint32_t status, const char *output)
{
	AUTO_FREE char *errors = NULL;
	AUTO_FREE char *out = NULL;

	box_run(w, b);
	world_exit(w, 0);
	out = world_output(w, 0, 1);
	errors = world_output(w, 0, 2);
	assert_string_equal(errors, "");
	assert_string_equal(out, output);
	assert_int_equal(w->status[0], status);
}

int main(void)
{
	const struct {
		const struct CMUnitTest *tests;
		size_t count;
	} tables[] = {
		{suite_life, suite_life_count}, {suite_identity, suite_identity_count},
		{suite_exec, suite_exec_count}, {suite_streams, suite_streams_count},
		{suite_root, suite_root_count},
	};
	struct CMUnitTest all[128];
	size_t n = 0;

	cmocka_set_test_filter(getenv("HP_TEST_ONLY"));
	for (size_t t = 0; t < HP_ARRAY_LEN(tables); t++)
		for (size_t i = 0; i < tables[t].count && n < HP_ARRAY_LEN(all); i++)
			all[n++] = tables[t].tests[i];
	return _cmocka_run_group_tests("guest", all, n, NULL, NULL);
}
