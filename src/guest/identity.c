/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - owns limits, users, capabilities and the filter of system calls. */
#include "guest/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"
#include "guest/program.h"

int hp_guest_limits_set(const Hp__Guest__Process *p, struct hp_error *err)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const Hp__Guest__Rlimit *r = p->rlimits[i];
		const struct rlimit limit = {.rlim_cur = r->soft, .rlim_max = r->hard};

		if (setrlimit((int)r->resource, &limit) < 0)
			return hp_fail_errno(err, errno, "set resource limit %u to %llu:%llu",
					     r->resource, (unsigned long long)r->soft,
					     (unsigned long long)r->hard);
	}
	return 0;
}

/* What the kernel does not know is not there to be dropped: it says EINVAL at the first such. */
static int drop_bounding(uint64_t kept, struct hp_error *err)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		if (kept >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return hp_fail_errno(err, errno, "drop capability %u from the bounding set",
				     cap);
	}
	return 0;
}

static int set_capabilities(const Hp__Guest__Capabilities *c, struct hp_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned i = 0; i < HP_ARRAY_LEN(data); i++) {
		data[i].effective = (uint32_t)(c->effective >> 32 * i);
		data[i].permitted = (uint32_t)(c->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(c->inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return hp_fail_errno(err, errno, "set capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "clear ambient capabilities");
	for (unsigned cap = 0; cap < 64; cap++)
		if ((c->ambient >> cap & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return hp_fail_errno(err, errno, "raise ambient capability %u", cap);
	return 0;
}

/* From: runc, fixStdioPermissions: so that the user can open /dev/stdout anew. */
static int own_streams(uid_t uid, struct hp_error *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return hp_fail_errno(err, errno, "look at stream %d", fd);
		if (st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM &&
		    errno != EROFS)
			return hp_fail_errno(err, errno, "give stream %d to the user", fd);
	}
	return 0;
}

static int become_user(const Hp__Guest__Process *p, struct hp_error *err)
{
	AUTO_FREE gid_t *groups = hp_alloc_array(p->n_additional_gids, sizeof(*groups));

	for (size_t i = 0; i < p->n_additional_gids; i++)
		groups[i] = p->additional_gids[i];
	if (own_streams(p->uid, err) < 0)
		return -1;
	/* The system calls themselves: C libraries would look for threads to take along. */
	if (syscall(SYS_setgroups, p->n_additional_gids, groups) < 0)
		return hp_fail_errno(err, errno, "set additional groups");
	if (syscall(SYS_setresgid, p->gid, p->gid, p->gid) < 0)
		return hp_fail_errno(err, errno, "set group %u", p->gid);
	if (syscall(SYS_setresuid, p->uid, p->uid, p->uid) < 0)
		return hp_fail_errno(err, errno, "set user %u", p->uid);
	return 0;
}

static int fail_cwd(const char *cwd, int sys, struct hp_error *err)
{
	/* From: runc, finalizeNamespace. */
	hp_fail(err, hp_code_from_errno(sys),
		"chdir to cwd (\"%s\") set in config.json failed: %s", cwd,
		hp_guest_errno_text(sys));
	err->sys = sys;
	return -1;
}

int hp_guest_identity_assume(const Hp__Guest__Process *p, struct hp_error *err)
{
	const Hp__Guest__Capabilities none = HP__GUEST__CAPABILITIES__INIT;
	const Hp__Guest__Capabilities *caps = p->capabilities ? p->capabilities : &none;
	const char *cwd = *p->cwd ? p->cwd : "/";
	int cwd_errno = 0;

	if (drop_bounding(caps->bounding, err) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "keep capabilities");
	/* Some directories only root can enter, and some, on network file systems, only the user. */
	if (chdir(cwd) < 0)
		cwd_errno = errno;
	if (cwd_errno && cwd_errno != EPERM && cwd_errno != EACCES)
		return fail_cwd(cwd, cwd_errno, err);
	if (become_user(p, err) < 0)
		return -1;
	if (cwd_errno && chdir(cwd) < 0)
		return fail_cwd(cwd, errno, err);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "keep capabilities no longer");
	return set_capabilities(caps, err);
}

int hp_guest_no_new_privileges(struct hp_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return hp_fail_errno(err, errno, "set no_new_privs");
	return 0;
}

int hp_guest_seccomp_load(struct hp_bytes filter, uint32_t flags, struct hp_error *err)
{
	const struct sock_fprog program = {
		.len = (unsigned short)(filter.len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)filter.data,
	};

	if (filter.len == 0)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0)
		return hp_fail_errno(err, errno, "load the seccomp filter of %u instructions",
				     program.len);
	return 0;
}
