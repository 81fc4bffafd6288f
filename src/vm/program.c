/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - find programs of ours. */
#include "vm/program.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

char *hp_vm_own_program(const char *name, const char *folder)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[len > 0 ? len : 0] = '\0';

	AUTO_FREE char *dir = hp_path_dir(exe);
	/* The second is for programs, the third for tests, both of a build tree. */
	char *const places[] = {
		hp_sprintf("%s/%s", dir, name),
		hp_sprintf("%s/../%s/%s", dir, folder, name),
		hp_sprintf("%s/../../src/%s/%s", dir, folder, name),
		hp_sprintf("%s/%s", HP_LIBEXECDIR, name),
	};
	char *found = NULL;

	for (size_t i = 0; i < HP_ARRAY_LEN(places); i++) {
		if (!found && access(places[i], X_OK) == 0)
			found = places[i];
		else
			free(places[i]);
	}

	/* Templates are known by such paths: a program has one, whoever looks for it. */
	AUTO_FREE char *as_found = found;
	char *real = found ? realpath(found, NULL) : NULL;

	return real ? real : TAKE(as_found);
}

char *hp_vm_find_program(const char *name)
{
	const char *path = getenv("PATH");
	AUTO(hp_strv_free) struct hp_strv dirs = {0};

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? hp_strdup(name) : NULL;
	hp_strv_split(&dirs, path ? path : DEFAULT_PATH, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO_FREE char *full = hp_path_join(dirs.items[i], name);

		if (dirs.items[i][0] && access(full, X_OK) == 0)
			return TAKE(full);
	}
	return NULL;
}
