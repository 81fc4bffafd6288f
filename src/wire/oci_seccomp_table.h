/* SPDX-License-Identifier: Apache-2.0 */
/* oci_seccomp_table.h - the default profile's rows; for this folder only. */
#pragma once
#include <stdint.h>

/* A condition on an argument; op is NULL when there is none.
 * From: seccomp_rule_add(3); OCI runtime-spec config-linux.md, "Seccomp", args. */
struct hp_seccomp_arg {
	unsigned index;
	uint64_t value;
	uint64_t value_two;
	const char *op;
};

/* System calls, by names with one space between. They are allowed, or refused with an error number.
 * What libseccomp or the kernel does not know, the runtimes pass over. */
struct hp_seccomp_row {
	const char *names;
	const char *arch; /* only on this architecture, in Go's words */
	const char *without_arch;
	const char *cap;         /* only with this capability */
	const char *without_cap; /* only without that one */
	struct hp_seccomp_arg arg;
	unsigned refused_with;
};

extern const struct hp_seccomp_row hp_seccomp__rows[]; /* ends with names NULL */
