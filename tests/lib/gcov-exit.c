/* SPDX-License-Identifier: Apache-2.0 */
/* gcov-exit.c - what tests/coverage links into each program, so that children that end by _exit(2), or
 * share their parent's memory until they execute, write down what they have counted too. */
#include <sys/syscall.h>
#include <unistd.h>

/* From: gcc/libgcc/libgcov-interface.c, whose own of the last two keep a parent from ever writing. */
void __gcov_dump(void);
void __gcov_reset(void);
int __gcov_execve(const char *path, char *const argv[], char *const env[]);
int __gcov_execv(const char *path, char *const argv[]);

/* In another root, or as a user who may not, gcov would only speak up in between. */
static void put_down(void)
{
	if (access(HP_COVERAGE_DIR, W_OK) < 0)
		return;
	__gcov_dump();
	__gcov_reset();
}

/* Weak, as a static program may have the C library's. */
__attribute__((weak)) void _exit(int status)
{
	put_down();
	for (;;)
		syscall(SYS_exit_group, status);
}

int __gcov_execve(const char *path, char *const argv[], char *const env[])
{
	put_down();
	return execve(path, argv, env);
}

int __gcov_execv(const char *path, char *const argv[])
{
	put_down();
	return execv(path, argv);
}
