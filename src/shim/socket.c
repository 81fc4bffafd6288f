/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - owns the name of the shim's socket. */
#include "shim/socket.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "wire/digest.h"

/* The longest path that the clients dial. From: containerd pkg/shim/util_unix.go. */
#define PATH_LONGEST 106
#define ALGORITHM    "sha256:"

int hp_shim_socket_path(const char *root, const char *address, const char *ns, const char *id,
			char **ret_path, struct hp_error *err)
{
	AUTO_FREE char *joined = hp_sprintf("%s/%s/%s", address, ns, id);
	AUTO_FREE char *name = hp_path_clean(joined);
	char digest[HP_DIGEST_TEXT];
	AUTO_FREE char *path = NULL;

	hp_digest_of(hp_bytes_str(name), digest);
	path = hp_path_join(root, digest + strlen(ALGORITHM));
	if (strlen(path) > PATH_LONGEST)
		return hp_fail(
			err, HP_EINVALID,
			"the socket '%s' would have a path of more than %d bytes: let the "
			"directory of sockets be a shorter one",
			path, PATH_LONGEST);
	*ret_path = TAKE(path);
	return 0;
}

int hp_shim_socket_listen(const char *path, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *dir = hp_path_dir(path);

	if (hp_mkdirs(dir, 0700, err) < 0)
		return -1;
	return hp_unix_listen(path, 0600, ret_fd, err);
}

void hp_shim_socket_remove(const char *path)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;

	if (hp_unix_connect(path, &fd, &err) < 0)
		unlink(path);
}
