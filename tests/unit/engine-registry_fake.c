/* SPDX-License-Identifier: Apache-2.0 */
/* engine-registry_fake.c - tests of src/engine/registry_fake.c. */
#include "engine/registry.h"

#include <string.h>

#include "fds.h"

static void has_the_fake_engine_only(void **state)
{
	struct hp_engine *e = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_ptr_equal(hp_engine__registry[0], &hp_engine__fake);
	assert_null(hp_engine__registry[1]);
	assert_int_equal(hp_engine_open(NULL, NULL, &e, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_non_null(strstr(err.msg, "'containerd'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {FDS_TEST(has_the_fake_engine_only)};

	return cmocka_run_group_tests_name("engine-registry_fake", tests, NULL, NULL);
}
