/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - run a program with its output put away; print its milliseconds, peak KiB, status.
 *
 * A process inherits the peak memory of what it was forked from, so the parent has to be small. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void become(char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	double began = now_ms();
	pid_t pid = argc > 1 ? vfork() : -1;

	if (pid == 0)
		become(argv + 1);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 1;
	printf("%.3f %ld %d\n", now_ms() - began, usage.ru_maxrss, status);
	return 0;
}
