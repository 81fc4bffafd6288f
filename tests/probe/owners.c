/* SPDX-License-Identifier: Apache-2.0 */
/* owners.c - checks of owners, modes, who may do what, and extended attributes. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static mode_t mode_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? st.st_mode & 07777 : (mode_t)-1;
}

static int modes(void)
{
	static const mode_t all[] = {0, 0644, 0755, 01777, 02755, 04755, 07777};

	WANT(probe_write("a", "x") == 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		WANT(chmod("a", all[i]) == 0 && mode_of("a") == all[i]);
	umask(027);
	WANT(mkdir("d", 0777) == 0 && mode_of("d") == 0750);
	WANT(open("f", O_CREAT | O_RDWR, 0666) >= 0 && mode_of("f") == 0640);
	umask(0);
	WANT(mkdir("e", 0777) == 0 && mode_of("e") == 0777);
	return 0;
}

static int owners(void)
{
	struct stat st;

	WANT(probe_write("a", "x") == 0 && symlink("a", "s") == 0);
	WANT(chown("a", 7, 8) == 0 && stat("a", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	WANT(chown("a", (uid_t)-1, 9) == 0 && stat("a", &st) == 0 && st.st_uid == 7 &&
	     st.st_gid == 9);
	WANT(lchown("s", 5, 6) == 0 && lstat("s", &st) == 0 && st.st_uid == 5);
	WANT(stat("a", &st) == 0 && st.st_uid == 7);
	WANT(chown("a", 4000000000U, 4000000000U) == 0 && stat("a", &st) == 0 &&
	     st.st_uid == 4000000000U);
	return 0;
}

static int make_as_user(const void *arg)
{
	const char *name = arg;
	struct stat st;

	WANT(mkdir(name, 0755) == 0 && chdir(name) == 0);
	WANT(probe_write("f", "x") == 0 && symlink("f", "s") == 0 && mkfifo("p", 0600) == 0);
	WANT(stat("f", &st) == 0 && st.st_uid == PROBE_USER && st.st_gid == PROBE_USER);
	WANT(lstat("s", &st) == 0 && st.st_uid == PROBE_USER);
	WANT(stat("p", &st) == 0 && st.st_uid == PROBE_USER);
	WANT(stat(".", &st) == 0 && st.st_uid == PROBE_USER);
	WANT_ERRNO(chown("f", 0, 0), EPERM);
	WANT(chmod("f", 0600) == 0);
	return 0;
}

static int users_own_what_they_make(void)
{
	WANT(chmod(".", 0777) == 0);
	WANT(probe_as_user(make_as_user, "d") == 0);
	return 0;
}

static int be_refused(const void *arg)
{
	(void)arg;
	WANT_ERRNO(open("secret", O_RDONLY), EACCES);
	WANT_ERRNO(open("readable", O_RDWR), EACCES);
	WANT(open("readable", O_RDONLY) >= 0);
	WANT_ERRNO(open("closed/file", O_RDONLY), EACCES);
	WANT_ERRNO(mkdir("new", 0755), EACCES);
	WANT_ERRNO(unlink("readable"), EACCES);
	WANT_ERRNO(chmod("readable", 0777), EPERM);
	WANT_ERRNO(truncate("readable", 0), EACCES);
	WANT_ERRNO(access("secret", R_OK), EACCES);
	return 0;
}

static int permissions(void)
{
	WANT(probe_write("secret", "x") == 0 && chmod("secret", 0600) == 0);
	WANT(probe_write("readable", "x") == 0 && mkdir("closed", 0700) == 0);
	WANT(probe_write("closed/file", "x") == 0);
	WANT(access("readable", X_OK) < 0 && access("secret", R_OK) == 0);
	return probe_as_user(be_refused, NULL) == 0 ? 0 : __LINE__;
}

static int fail_in_sticky(const void *arg)
{
	(void)arg;
	WANT(unlink("sticky/other") < 0 && (errno == EPERM || errno == EACCES));
	WANT(rename("sticky/other", "sticky/mine") < 0);
	WANT(probe_write("sticky/mine", "x") == 0 && unlink("sticky/mine") == 0);
	return 0;
}

static int sticky_directories(void)
{
	WANT(mkdir("sticky", 0755) == 0 && chmod("sticky", 01777) == 0);
	WANT(probe_write("sticky/other", "x") == 0);
	return probe_as_user(fail_in_sticky, NULL) == 0 ? 0 : __LINE__;
}

static int setgid_directories(void)
{
	struct stat st;

	WANT(mkdir("d", 0755) == 0 && chown("d", 0, 42) == 0 && chmod("d", 02775) == 0);
	WANT(probe_write("d/f", "x") == 0 && stat("d/f", &st) == 0 && st.st_gid == 42);
	WANT(mkdir("d/e", 0755) == 0 && stat("d/e", &st) == 0 && st.st_gid == 42);
	WANT(st.st_mode & S_ISGID);
	return 0;
}

static int chown_clears_setuid(void)
{
	WANT(probe_write("a", "x") == 0 && chmod("a", 06755) == 0 && chown("a", 7, 8) == 0);
	WANT(mode_of("a") == 0755);
	return 0;
}

static int write_it(const void *arg)
{
	int fd = open(arg, O_WRONLY);

	return fd >= 0 && write(fd, "y", 1) == 1 ? 0 : 1;
}

static int shorten_it(const void *arg)
{
	return truncate(arg, 0) == 0 ? 0 : 1;
}

static int empty_it(const void *arg)
{
	return open(arg, O_WRONLY | O_TRUNC) >= 0 ? 0 : 1;
}

static int writing_clears_setuid(void)
{
	static int (*const ways[])(const void *) = {write_it, shorten_it, empty_it};

	WANT(probe_write("a", "x") == 0 && chmod("a", 06777) == 0);
	/* Root keeps them. */
	WANT(write_it("a") == 0 && mode_of("a") == 06777);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		WANT(probe_write("a", "x") == 0 && chmod("a", 06777) == 0);
		WANT(probe_as_user(ways[i], "a") == 0 && mode_of("a") == 0777);
	}
	return 0;
}

static int xattrs_user(void)
{
	char value[4096];
	char seen[8192];

	memset(value, 'v', sizeof(value));
	WANT(probe_write("a", "x") == 0 && mkdir("d", 0755) == 0);
	WANT(setxattr("a", "user.one", "1", 1, XATTR_CREATE) == 0);
	WANT_ERRNO(setxattr("a", "user.one", "1", 1, XATTR_CREATE), EEXIST);
	WANT_ERRNO(setxattr("a", "user.two", "1", 1, XATTR_REPLACE), ENODATA);
	WANT(setxattr("a", "user.empty", "", 0, 0) == 0);
	WANT(getxattr("a", "user.empty", seen, sizeof(seen)) == 0);
	WANT(setxattr("d", "user.big", value, 2000, 0) == 0);
	WANT(getxattr("d", "user.big", NULL, 0) == 2000);
	WANT_ERRNO(getxattr("d", "user.big", seen, 1999), ERANGE);
	WANT(getxattr("d", "user.big", seen, sizeof(seen)) == 2000);
	WANT(memcmp(seen, value, 2000) == 0);
	WANT(listxattr("a", seen, sizeof(seen)) >= (ssize_t)sizeof("user.one"));
	WANT(removexattr("a", "user.one") == 0);
	WANT_ERRNO(getxattr("a", "user.one", seen, sizeof(seen)), ENODATA);
	return 0;
}

static int xattrs_trusted(void)
{
	char seen[8];

	WANT(probe_write("a", "x") == 0 && symlink("none", "s") == 0);
	WANT(setxattr("a", "trusted.harpoon", "v", 1, 0) == 0);
	WANT(getxattr("a", "trusted.harpoon", seen, sizeof(seen)) == 1 && seen[0] == 'v');
	/* The link's own, and not those of where it leads. */
	WANT(lsetxattr("s", "trusted.harpoon", "w", 1, 0) == 0);
	WANT(lgetxattr("s", "trusted.harpoon", seen, sizeof(seen)) == 1 && seen[0] == 'w');
	return 0;
}

/* From: linux/capability.h, struct vfs_cap_data of revision 2: CAP_NET_BIND_SERVICE, effective. */
static const uint32_t file_caps[5] = {0x02000001, 1 << 10, 0, 0, 0};

static int capabilities_of_files(void)
{
	uint32_t seen[5];

	WANT(probe_write("a", "x") == 0 && chmod("a", 0777) == 0);
	WANT(setxattr("a", "security.capability", file_caps, sizeof(file_caps), 0) == 0);
	WANT(getxattr("a", "security.capability", seen, sizeof(seen)) == sizeof(seen));
	WANT(memcmp(seen, file_caps, sizeof(seen)) == 0);
	/* Whoever changes the file takes them away. */
	WANT(probe_as_user(write_it, "a") == 0);
	WANT_ERRNO(getxattr("a", "security.capability", seen, sizeof(seen)), ENODATA);
	return 0;
}

/* From: linux/posix_acl_xattr.h, version 2: entries of tag, permissions and id, little-endian. */
struct acl {
	uint32_t version;
	struct {
		uint16_t tag;
		uint16_t may;
		uint32_t id;
	} entries[5];
};

/* The owner everything, PROBE_USER what is said, the rest nothing. */
static struct acl acl_for_user(uint16_t may)
{
	return (struct acl){2,
			    {{0x01, 7, (uint32_t)-1},
			     {0x02, may, PROBE_USER},
			     {0x04, 0, (uint32_t)-1},
			     {0x10, 7, (uint32_t)-1},
			     {0x20, 0, (uint32_t)-1}}};
}

static int read_it(const void *arg)
{
	return probe_holds(arg, "x") ? 0 : 1;
}

static int acls(void)
{
	struct acl may = acl_for_user(6);
	struct acl may_not = acl_for_user(0);

	WANT(probe_write("a", "x") == 0 && chmod("a", 0600) == 0);
	WANT(probe_as_user(read_it, "a") == 1);
	WANT(setxattr("a", "system.posix_acl_access", &may, sizeof(may), 0) == 0);
	WANT(probe_as_user(read_it, "a") == 0 && mode_of("a") == 0770);
	WANT(setxattr("a", "system.posix_acl_access", &may_not, sizeof(may_not), 0) == 0);
	WANT(probe_as_user(read_it, "a") == 1);
	return 0;
}

static int default_acls(void)
{
	struct acl may = acl_for_user(7);
	char seen[256];

	umask(077);
	WANT(mkdir("d", 0755) == 0 && chmod("d", 0755) == 0);
	WANT(setxattr("d", "system.posix_acl_default", &may, sizeof(may), 0) == 0);
	WANT(probe_write("d/f", "x") == 0);
	/* Where there is a default ACL, the umask is not applied. */
	WANT(mode_of("d/f") == 0640 && probe_as_user(read_it, "d/f") == 0);
	WANT(mkdir("d/e", 0777) == 0);
	WANT(getxattr("d/e", "system.posix_acl_default", seen, sizeof(seen)) == sizeof(may));
	return 0;
}

const struct probe probes_owners[] = {
	{"modes", modes},
	{"owners", owners},
	{"users-own-what-they-make", users_own_what_they_make},
	{"permissions", permissions},
	{"sticky-directories", sticky_directories},
	{"setgid-directories", setgid_directories},
	{"chown-clears-setuid", chown_clears_setuid},
	{"writing-clears-setuid", writing_clears_setuid},
	{"xattrs-user", xattrs_user},
	{"xattrs-trusted", xattrs_trusted},
	{"capabilities-of-files", capabilities_of_files},
	{"acls", acls},
	{"default-acls", default_acls},
	{0},
};
