/* SPDX-License-Identifier: Apache-2.0 */
/* shim-fifos.h - processes at the other ends of FIFOs: one reads to the end, one writes the pattern. */
#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pattern.h"
#include "shim-bundle.h"

/* A process that reads @path to its end, and has it open. Returns: a descriptor that what it read
 * comes from. */
static inline int start_reader(const char *path)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];
	char opened;
	pid_t pid;

	assert_int_equal(hp_pipe(fds, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sum sum = {.hash = HASH_BEGIN};
		uint8_t chunk[65536];
		int report = dup2(fds[1], 3);
		int fd;
		ssize_t n;

		close_range(4, ~0u, 0);
		fd = open(path, O_RDONLY);
		if (write(report, "r", 1) < 0)
			_exit(1);
		while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
			sum.hash = hash_add(sum.hash, chunk, (size_t)n);
			sum.len += (size_t)n;
		}
		if (write(report, &sum, sizeof(sum)) < 0)
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &opened, 1), 1);
	return fds[0];
}

static inline struct sum end_reader(int take_fd)
{
	struct sum sum = {0};

	assert_int_equal(read(take_fd, &sum, sizeof(sum)), sizeof(sum));
	close(take_fd);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return sum;
}

/* A process that writes so much of the pattern. */
static inline void start_writer(const char *path, size_t len)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct hp_error err = HP_ERROR_INIT;
		int fd;

		close_range(3, ~0u, 0);
		fd = open(path, O_WRONLY);
		for (size_t at = 0; at < len; at += 4096) {
			uint8_t chunk[4096];

			for (size_t i = 0; i < sizeof(chunk); i++)
				chunk[i] = pattern_at(at + i);
			if (hp_fd_write_all(fd, chunk, sizeof(chunk), &err) < 0)
				_exit(1);
		}
		_exit(0);
	}
}
