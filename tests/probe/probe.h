/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - what the checks of the POSIX probe share. It needs the C library only, musl's too. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* One check. It begins in an empty directory of its own, as root, in a process of its own, and may
 * leave anything behind there. Returns: 0, or the line that found a fault, with errno. */
struct probe {
	const char *name;
	int (*run)(void);
};

/* Leave the check, with its line, when something that must hold does not. */
#define WANT(condition)                                                                        \
	do {                                                                                   \
		if (!(condition))                                                              \
			return __LINE__;                                                       \
	} while (0)
/* The call fails, and so. */
#define WANT_ERRNO(call, expected) WANT((call) < 0 && errno == (expected))

/* By file; each list ends with a row without a name. */
extern const struct probe probes_names[];
extern const struct probe probes_owners[];
extern const struct probe probes_data[];
extern const struct probe probes_special[];

/* Make the file @name with @text in it. Returns: 0, or -1 with errno. */
int probe_write(const char *name, const char *text);
/* Does the file @name hold @text and nothing more? */
bool probe_holds(const char *name, const char *text);
/* Run fn(arg) in a child that is an ordinary user, of one group. Returns: what it returned. */
int probe_as_user(int (*fn)(const void *arg), const void *arg);
#define PROBE_USER 1234
