/* SPDX-License-Identifier: Apache-2.0 */
/* cred.h - as whom a thread works: files belong to whom the request names. */
#pragma once
#include <linux/capability.h>
#include <sys/types.h>

/* Of one thread. */
struct hp_cred {
	mode_t umask; /* the thread's at present */
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
};

/* Make the calling thread ready: a umask and directory of its own, and capabilities that do not
 * depend on the file system's uid. It works in @proc_fd (/proc/self/fd), so that what only takes a
 * path can be given the number of a descriptor. Returns: 0, or -1 with errno. */
int hp_files__cred_init(struct hp_cred *c, int proc_fd);

/* New files belong to @uid and @gid, as long as their directory does not say otherwise. */
void hp_files__cred_become(uid_t uid, gid_t gid);
void hp_files__cred_back(uid_t uid, gid_t gid); /* from these */

/* The umask for the files made next; the host leaves it alone where there is a default ACL. */
void hp_files__cred_umask(struct hp_cred *c, mode_t mask);

/* Without CAP_FSETID, as a guest's ordinary user, writing clears setuid and setgid. */
void hp_files__cred_drop_fsetid(const struct hp_cred *c);
void hp_files__cred_take_fsetid(const struct hp_cred *c);
