/* SPDX-License-Identifier: Apache-2.0 */
/* images_make.c - make what a machine boots from. Apart from images.c, for it needs libarchive. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "vm/images.h"
#include "vm/initramfs.h"

static int make_in(const struct hp_images *i, const char *dir, struct hp_error *err)
{
	AUTO_FREE char *vmlinux = hp_path_join(dir, hp_path_base(i->vmlinux));
	AUTO_FREE char *initrd = hp_path_join(dir, hp_path_base(i->initrd));

	if (hp_kernel_unpack(i->source.image, vmlinux, err) < 0 ||
	    hp_initramfs_write(i->source.modules, i->init, initrd, err) < 0)
		return -1;
	/* The machine's user reads them. */
	if (chmod(dir, 0755) < 0)
		return hp_fail_errno(err, errno, "set the mode of '%s'", dir);
	/* One who was faster has made the same. */
	if (rename(dir, i->dir) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return hp_fail_errno(err, errno, "put '%s' in its place", i->dir);
	return 0;
}

int hp_images_make(const struct hp_images *i, struct hp_error *err)
{
	AUTO_FREE char *parent = hp_path_dir(i->dir);
	AUTO_FREE char *dir = hp_sprintf("%s/new.XXXXXX", parent);
	struct hp_error ignored = HP_ERROR_INIT;
	int rc;

	if (hp_images_made(i))
		return 0;
	if (hp_mkdirs(parent, 0755, err) < 0)
		return -1;
	if (!mkdtemp(dir))
		return hp_fail_errno(err, errno, "make a directory in '%s'", parent);
	rc = make_in(i, dir, err);
	/* Where it was moved from, nothing is left. */
	if (hp_remove_tree(dir, &ignored) < 0 && rc == 0) {
		*err = ignored;
		return -1;
	}
	return rc;
}
