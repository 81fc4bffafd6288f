/* SPDX-License-Identifier: Apache-2.0 */
/* modules.h - a kernel's modules: where they are, what they need, in which order they are loaded. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

struct hp_module {
	char *name;         /* with "_", never "-" */
	char *path;         /* below the directory of modules, without a compression's suffix */
	struct hp_buf data; /* unpacked */
};

struct hp_module_list {
	struct hp_module *items;
	size_t count;
};

void hp_module_list_clear(struct hp_module_list *l);
HP_AUTO_VALUE(struct hp_module_list, hp_module_list_clear);

/* Read the modules @names, ended by NULL, of @dir and what they depend on, in an order in which
 * they can be loaded. Those that are built in are left out, and those that the kernel does not
 * have when their name begins with "?".
 * Reads the modules themselves, as depmod(8) does, for an unpacked package has no modules.dep.
 * Limits: 64 modules of 16 MiB. Fails: HP_ENOTFOUND - there is no such module; HP_ECORRUPT. */
int hp_module_list_read(const char *dir, const char *const *names, struct hp_module_list *ret,
			struct hp_error *err) MUST_CHECK;
