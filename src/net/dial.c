/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - open the socket of a daemon, and say what to do when it cannot be opened. */
#include <errno.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "net/call.h"

static bool is_other_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

/* What connecting to @address ended in, for people. */
static int explain(const char *address, const struct hp_error *cause, struct hp_error *err)
{
	switch (cause->sys) {
	case ENOENT:
	case ENOTDIR:
		return hp_fail(err, HP_EUNAVAILABLE,
			       "there is no socket '%s': is containerd running? Start one with "
			       "'harpoon up', or name its socket with --address",
			       address);
	case EACCES:
	case EPERM:
		return hp_fail(
			err, HP_EDENIED,
			"no access to the socket '%s': run as root, or have its owner give "
			"you access",
			address);
	case ECONNREFUSED:
		if (is_other_file(address))
			return hp_fail(err, HP_EUNAVAILABLE,
				       "'%s' is not a socket: name containerd's with --address",
				       address);
		return hp_fail(
			err, HP_EUNAVAILABLE,
			"nobody listens on the socket '%s': containerd has stopped and left "
			"it behind; start it, or one of your own with 'harpoon up'",
			address);
	case EPROTOTYPE:
		return hp_fail(
			err, HP_EUNAVAILABLE,
			"what listens on '%s' does not speak gRPC: it is no stream socket; "
			"name containerd's with --address",
			address);
	default:
		return hp_fail(err, HP_EUNAVAILABLE, "connect to '%s': %s", address,
			       cause->msg);
	}
}

int hp_grpc__dial(const char *address, int *ret_fd, struct hp_error *err)
{
	struct hp_error cause = HP_ERROR_INIT;

	if (address[0] == '\0')
		return hp_fail(err, HP_EUNAVAILABLE,
			       "the address is empty: name containerd's socket with --address");
	if (hp_unix_connect(address, ret_fd, &cause) == 0)
		return 0;
	return explain(address, &cause, err);
}
