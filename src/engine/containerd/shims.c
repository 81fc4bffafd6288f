/* SPDX-License-Identifier: Apache-2.0 */
/* shims.c - the daemon's shims as processes of this host, found by their command lines. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#define CMDLINE_MAX (1u << 16)

static void close_dir(DIR *dir)
{
	closedir(dir);
}
HP_AUTO_PTR(DIR, close_dir);

/* Is this the command line of a shim of our daemon and namespace, and, with @id not NULL, for
 * that container? Words are NUL-separated.
 * From: containerd runtime/v2/shim/util.go, Command: -namespace NS -address PATH -id ID. */
static bool is_shim(const struct containerd *c, const char *id, const struct hp_buf *cmdline)
{
	const char *wanted[] = {c->base.address, c->base.ns, id ? id : c->base.ns};
	bool seen[HP_ARRAY_LEN(wanted)] = {false};
	const char *at = (const char *)cmdline->data;
	const char *end = at + cmdline->len;

	if (!cmdline->len || !memmem(at, strnlen(at, cmdline->len), "containerd-shim",
				     strlen("containerd-shim")))
		return false;
	for (; at < end; at += strnlen(at, (size_t)(end - at)) + 1)
		for (size_t i = 0; i < HP_ARRAY_LEN(wanted); i++)
			seen[i] = seen[i] || strncmp(at, wanted[i], (size_t)(end - at)) == 0;
	return seen[0] && seen[1] && seen[2];
}

/* The descriptor is opened before its process is looked at, so that no other is ever hit. */
static bool visit(const struct containerd *c, const char *id, int signal, pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/cmdline", (int)pid);
	AUTO(hp_buf_free) struct hp_buf cmdline;
	AUTO_CLOSE int fd = signal ? pidfd_open(pid, 0) : -1;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&cmdline, CMDLINE_MAX);
	if (hp_file_read(path, CMDLINE_MAX, &cmdline, &ignored) < 0 ||
	    !is_shim(c, id, &cmdline))
		return false;
	return !signal || (fd >= 0 && pidfd_send_signal(fd, signal, NULL, 0) == 0);
}

size_t hp_containerd__shims(const struct containerd *c, const char *id, int signal)
{
	AUTO(close_dir) DIR *proc = opendir("/proc");
	size_t count = 0;

	for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			count += visit(c, id, signal, (pid_t)strtol(e->d_name, NULL, 10));
	return count;
}
