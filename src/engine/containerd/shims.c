/* SPDX-License-Identifier: Apache-2.0 */
/* shims.c - the daemon's shims as processes of this host, found by their command lines. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "wire/digest.h"

#define CMDLINE_MAX (1u << 16)

static void close_dir(DIR *dir)
{
	closedir(dir);
}
HP_AUTO_PTR(DIR, close_dir);

/* Is this the command line of a shim of our daemon and namespace, and, with @id not NULL, for
 * that container? Each word of @text ends with a NUL. The words' places matter: a container may be
 * named as its namespace is.
 * From: containerd runtime/v2/shim/util.go, Command: -namespace NS -address PATH -id ID. */
static bool is_shim(const struct containerd *c, const char *id, const char *text, size_t len)
{
	const struct {
		const char *option, *value;
	} wanted[] = {
		{"-address", c->base.address},
		{"-namespace", c->base.ns},
		{"-id", id},
	};
	const char *end = text + len;
	size_t seen = id ? 0 : 1;

	if (!strstr(text, "containerd-shim"))
		return false;
	for (const char *word = text, *next; word < end; word = next) {
		next = word + strlen(word) + 1;
		for (size_t i = 0; i < HP_ARRAY_LEN(wanted) && next < end; i++)
			seen += wanted[i].value && hp_str_eq(word, wanted[i].option) &&
				hp_str_eq(next, wanted[i].value);
	}
	return seen == HP_ARRAY_LEN(wanted);
}

/* The descriptor is opened before its process is looked at, so that no other is ever hit. */
static bool visit(const struct containerd *c, const char *id, int signal, pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/cmdline", (int)pid);
	AUTO(hp_buf_free) struct hp_buf cmdline;
	AUTO_CLOSE int fd = signal ? pidfd_open(pid, 0) : -1;
	AUTO_FREE char *text = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	size_t len;

	hp_buf_init(&cmdline, CMDLINE_MAX);
	if (hp_file_read(path, CMDLINE_MAX, &cmdline, &ignored) < 0)
		return false;
	len = cmdline.len;
	text = hp_buf_take_str(&cmdline);
	if (!is_shim(c, id, text, len))
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

bool hp_containerd__shim_socket_is_dead(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	       errno == ECONNREFUSED;
}

/* From: containerd runtime/v2/shim/util_unix.go, SocketAddress: the digest of address, namespace
 * and id, joined as a path. */
void hp_containerd__shim_socket_clear(const struct containerd *c, const char *id)
{
	AUTO_FREE char *name = hp_sprintf("%s/%s/%s", c->base.address, c->base.ns, id);
	AUTO_FREE char *path = NULL;
	char digest[HP_DIGEST_TEXT];

	hp_digest_of(hp_bytes_str(name), digest);
	path = hp_sprintf(HP_SHIM_SOCKETS "/%s", digest + strlen("sha256:"));
	if (hp_containerd__shim_socket_is_dead(path))
		unlink(path);
}
