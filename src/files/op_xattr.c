/* SPDX-License-Identifier: Apache-2.0 */
/* op_xattr.c - extended attributes, among them ACLs and capabilities. They are reached by path, the
 * number of the descriptor in /proc/self/fd, where the thread works: O_PATH has no other way. */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "files/call.h"
#include "files/proc.h"

int hp_files__setxattr(struct hp_files_call *c)
{
	const struct fuse_setxattr_in *in = &c->r->in.setxattr;
	bool kill = (in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID) != 0;
	char name[HP_PROC_NAME];
	const char *self = hp_files__proc_name(c->node->fd, name);
	int rc;

	/* The host then clears the setgid bit as for the guest's user, who is not of the group. */
	if (kill) {
		hp_files__cred_become(0, c->r->gid);
		hp_files__cred_drop_fsetid(c->cred);
	}
	rc = setxattr(self, c->r->name, c->r->data.data, c->r->data.len, (int)in->flags) < 0
		     ? errno
		     : 0;
	if (kill) {
		hp_files__cred_take_fsetid(c->cred);
		hp_files__cred_back(0, c->r->gid);
	}
	return rc;
}

/* The body of the answer is the value, or its size when that was asked for. */
static int reply_value(struct hp_files_call *c, ssize_t size)
{
	struct fuse_getxattr_out out = {.size = (uint32_t)size};

	if (c->r->in.getxattr.size == 0)
		return hp_files__reply(c, &out, sizeof(out));
	c->len = (size_t)size;
	return 0;
}

/* Where a file system has no ACLs, there is none. From: Linux fs/fuse/acl.c, fuse_get_acl(): any
 * error but ENODATA refuses the access that it is asked for. */
static int no_value(const struct hp_files_call *c, int sys)
{
	bool is_acl = strncmp(c->r->name, "system.posix_acl_", 17) == 0;

	return sys == EOPNOTSUPP && is_acl ? ENODATA : sys;
}

int hp_files__getxattr(struct hp_files_call *c)
{
	size_t size = c->r->in.getxattr.size;
	char name[HP_PROC_NAME];
	ssize_t n;

	if (!c->node)
		return ENODATA;
	if (size > c->room)
		return EINVAL;
	n = getxattr(hp_files__proc_name(c->node->fd, name), c->r->name, c->out, size);
	return n < 0 ? no_value(c, errno) : reply_value(c, n);
}

int hp_files__listxattr(struct hp_files_call *c)
{
	size_t size = c->r->in.getxattr.size;
	char name[HP_PROC_NAME];
	ssize_t n;

	if (!c->node)
		return reply_value(c, 0);
	if (size > c->room)
		return EINVAL;
	n = listxattr(hp_files__proc_name(c->node->fd, name), (char *)c->out, size);
	return n < 0 ? errno : reply_value(c, n);
}

int hp_files__removexattr(struct hp_files_call *c)
{
	char name[HP_PROC_NAME];

	return removexattr(hp_files__proc_name(c->node->fd, name), c->r->name) < 0 ? errno : 0;
}
