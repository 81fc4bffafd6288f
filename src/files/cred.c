/* SPDX-License-Identifier: Apache-2.0 */
/* cred.c - change ids, umask and capabilities of one thread only. The C library would change ids of
 * the whole process, so the kernel is called directly. */
#include "files/cred.h"

#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int hp_files__cred_init(struct hp_cred *c, int proc_fd)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	if (unshare(CLONE_FS) < 0 || fchdir(proc_fd) < 0)
		return -1;
	/* Supplementary groups of ours would keep a setgid bit that the guest's user may not. */
	if (syscall(SYS_setgroups, 0, NULL) < 0 ||
	    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
		return -1;
	c->umask = 0;
	umask(0);
	return (int)syscall(SYS_capget, &head, c->caps);
}

void hp_files__cred_become(uid_t uid, gid_t gid)
{
	if (gid != 0)
		syscall(SYS_setfsgid, gid);
	if (uid != 0)
		syscall(SYS_setfsuid, uid);
}

void hp_files__cred_back(uid_t uid, gid_t gid)
{
	if (uid != 0)
		syscall(SYS_setfsuid, 0);
	if (gid != 0)
		syscall(SYS_setfsgid, 0);
}

void hp_files__cred_umask(struct hp_cred *c, mode_t mask)
{
	mask &= 0777;
	if (mask == c->umask)
		return;
	umask(mask);
	c->umask = mask;
}

static void set_effective(const struct hp_cred *c, unsigned without)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	memcpy(caps, c->caps, sizeof(caps));
	caps[0].effective &= ~without;
	syscall(SYS_capset, &head, caps);
}

void hp_files__cred_drop_fsetid(const struct hp_cred *c)
{
	set_effective(c, 1U << CAP_FSETID);
}

void hp_files__cred_take_fsetid(const struct hp_cred *c)
{
	set_effective(c, 0);
}
