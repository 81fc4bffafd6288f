/* SPDX-License-Identifier: Apache-2.0 */
/* device.c - owns the making of device nodes and the links in /dev. */
#include "guest/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/path.h"
#include "guest/place.h"

/* clang-format off: one row a device */
/* From: OCI runtime-spec config-linux.md, "Default Devices"; Linux admin-guide/devices.txt. */
static const struct {
	const char *path;
	uint32_t major, minor;
} default_devices[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static const struct {
	const char *path;
	const char *target;
} links[] = {
	{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
};
/* clang-format on */

static int make_device(int root_fd, const Hp__Guest__Device *d, struct hp_error *err)
{
	const char *name = hp_path_base(d->path);
	AUTO_CLOSE int dir_fd = -1;

	if (hp_guest_place_parent(root_fd, d->path, &dir_fd, err) < 0)
		return hp_wrap(err, "device '%s'", d->path);
	if (mknodat(dir_fd, name, d->type | d->mode, makedev(d->major, d->minor)) < 0) {
		if (errno == EEXIST)
			return 0;
		return hp_fail_errno(err, errno, "make device '%s'", d->path);
	}
	if ((d->uid || d->gid) &&
	    fchownat(dir_fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return hp_fail_errno(err, errno, "set the owner of device '%s'", d->path);
	return 0;
}

static int make_link(int dir_fd, const char *name, const char *target, struct hp_error *err)
{
	if (symlinkat(target, dir_fd, name) < 0 && errno != EEXIST)
		return hp_fail_errno(err, errno, "make link '/dev/%s'", name);
	return 0;
}

static int make_links(int root_fd, struct hp_error *err)
{
	AUTO_CLOSE int dir_fd = -1;

	if (hp_guest_place(root_fd, "/dev", false, &dir_fd, err) < 0)
		return -1;
	/* A ptmx that the image has would open terminals of another devpts than the container's. */
	if (unlinkat(dir_fd, "ptmx", 0) < 0 && errno != ENOENT)
		return hp_fail_errno(err, errno, "remove '/dev/ptmx'");
	for (size_t i = 0; i < HP_ARRAY_LEN(links); i++)
		if (make_link(dir_fd, hp_path_base(links[i].path), links[i].target, err) < 0)
			return -1;
	return 0;
}

int hp_guest_devices_make(int root_fd, const Hp__Guest__Container *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->n_devices; i++)
		if (make_device(root_fd, c->devices[i], err) < 0)
			return -1;
	for (size_t i = 0; i < HP_ARRAY_LEN(default_devices); i++) {
		Hp__Guest__Device d = HP__GUEST__DEVICE__INIT;

		d.path = (char *)default_devices[i].path;
		d.type = S_IFCHR;
		d.major = default_devices[i].major;
		d.minor = default_devices[i].minor;
		d.mode = 0666;
		if (make_device(root_fd, &d, err) < 0)
			return -1;
	}
	return make_links(root_fd, err);
}
