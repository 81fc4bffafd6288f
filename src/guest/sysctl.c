/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.c - owns the setting of kernel parameters. */
#include "guest/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"

char *hp_guest_sysctl_path(const char *key)
{
	char *path = hp_sprintf("/proc/sys/%s", key);
	char *at = path + strlen("/proc/sys/");

	if (at[strcspn(at, "./")] == '/')
		return path;
	for (; *at; at++)
		if (*at == '.' || *at == '/')
			*at = *at == '.' ? '/' : '.';
	return path;
}

int hp_guest_sysctls_set(const Hp__Guest__Container *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->n_sysctls; i++) {
		const Hp__Guest__Sysctl *s = c->sysctls[i];
		AUTO_FREE char *path = hp_guest_sysctl_path(s->key);
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			return hp_fail_errno(err, errno, "sysctl '%s'", s->key);
		if (hp_fd_write_all(fd, s->value, strlen(s->value), err) < 0)
			return hp_wrap(err, "sysctl '%s' to '%s'", s->key, s->value);
	}
	return 0;
}
