/* SPDX-License-Identifier: Apache-2.0 */
/* vm-program.c - tests of src/vm/program.c. */
#include "vm/program.h"

#include "scratch.h"

static void finds_what_is_beside(void **state)
{
	AUTO_FREE char *own = hp_vm_own_program("test-vm-program", "x");
	AUTO_FREE char *built = hp_vm_own_program("harpoon", "cmd");
	AUTO_FREE char *nothing = hp_vm_own_program("harpoon-nothing", "cmd");

	(void)state;
	assert_non_null(own);
	assert_int_equal(access(own, X_OK), 0);
	assert_non_null(built);
	assert_non_null(strstr(built, "/src/cmd/harpoon"));
	assert_null(nothing);
}

static void finds_in_the_path(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *program = scratch_file(dir, "p", "#!/bin/sh\n");
	AUTO_FREE char *path = hp_sprintf("/nowhere::%s", dir);

	(void)state;
	assert_int_equal(chmod(program, 0755), 0);
	setenv("PATH", path, 1);

	AUTO_FREE char *found = hp_vm_find_program("p");
	AUTO_FREE char *nothing = hp_vm_find_program("q");
	AUTO_FREE char *itself = hp_vm_find_program(program);
	AUTO_FREE char *gone = hp_vm_find_program("/nowhere/p");
	assert_string_equal(found, program);
	assert_null(nothing);
	assert_string_equal(itself, program);
	assert_null(gone);

	unsetenv("PATH");
	AUTO_FREE char *shell = hp_vm_find_program("sh");
	assert_non_null(shell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_what_is_beside),
		FDS_TEST(finds_in_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
