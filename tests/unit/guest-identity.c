/* SPDX-License-Identifier: Apache-2.0 */
/* guest-identity.c - tests of src/guest/identity.c, each in a process that has no way back. */
#include "guest/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "apart.h"
#include "base/str.h"

static int limits_are_set(void *arg)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	Hp__Guest__Rlimit r = HP__GUEST__RLIMIT__INIT;
	Hp__Guest__Rlimit *rows[] = {&r};
	struct hp_error err = HP_ERROR_INIT;
	struct rlimit now;

	(void)arg;
	r.resource = RLIMIT_NOFILE;
	r.soft = 100;
	r.hard = 200;
	p.rlimits = rows;
	p.n_rlimits = 1;
	APART_DONE(hp_guest_limits_set(&p, &err), &err);
	APART_CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0);
	APART_CHECK(now.rlim_cur == 100 && now.rlim_max == 200);
	r.soft = 201;
	APART_CHECK(hp_guest_limits_set(&p, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "set resource limit 7 to 201:200"));
	return 0;
}

static void sets_limits(void **state)
{
	(void)state;
	assert_int_equal(apart(limits_are_set, NULL), 0);
}

static bool has_capability(const char *set, unsigned cap)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	const char *at;

	if (hp_file_read("/proc/self/status", 1 << 16, &buf, &err) < 0)
		return false;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	at = strstr(text, set);
	return at && (strtoull(at + strlen(set), NULL, 16) >> cap & 1);
}

static int becomes_another(void *arg)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	Hp__Guest__Capabilities caps = HP__GUEST__CAPABILITIES__INIT;
	uint32_t groups[] = {4, 20};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *cwd = NULL;
	gid_t have[8];
	struct stat st;

	/* Its output was made by root. */
	APART_CHECK(dup2(open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600), 1) == 1);
	p.uid = 1000;
	p.gid = 1001;
	p.additional_gids = groups;
	p.n_additional_gids = 2;
	p.cwd = arg;
	p.capabilities = &caps;
	caps.bounding = 1u << CAP_NET_BIND_SERVICE | 1u << CAP_KILL;
	caps.permitted = caps.effective = caps.inheritable = caps.ambient =
		1u << CAP_NET_BIND_SERVICE;
	APART_DONE(hp_guest_identity_assume(&p, &err), &err);
	APART_CHECK(getuid() == 1000 && geteuid() == 1000 && getgid() == 1001);
	APART_CHECK(getgroups(8, have) == 2 && have[0] == 4 && have[1] == 20);
	APART_CHECK((cwd = getcwd(NULL, 0)) && hp_str_eq(cwd, arg));
	APART_CHECK(fstat(1, &st) == 0 && st.st_uid == 1000);
	APART_CHECK(has_capability("\nCapEff:\t", CAP_NET_BIND_SERVICE));
	APART_CHECK(has_capability("\nCapAmb:\t", CAP_NET_BIND_SERVICE));
	APART_CHECK(!has_capability("\nCapEff:\t", CAP_KILL));
	APART_CHECK(has_capability("\nCapBnd:\t", CAP_KILL));
	APART_CHECK(!has_capability("\nCapBnd:\t", CAP_CHOWN));
	APART_CHECK(setuid(0) < 0);
	return 0;
}

static int in_dir(int (*fn)(void *arg))
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *before = getcwd(NULL, 0);
	int rc;

	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chdir(dir), 0);
	rc = apart(fn, dir);
	assert_int_equal(chdir(before), 0);
	return rc;
}

static void becomes_the_user(void **state)
{
	(void)state;
	assert_int_equal(in_dir(becomes_another), 0);
}

static int has_no_directory(void *arg)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	p.cwd = (char *)"/nowhere";
	APART_CHECK(hp_guest_identity_assume(&p, &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND && err.sys == ENOENT);
	APART_CHECK(hp_str_eq(err.msg, "chdir to cwd (\"/nowhere\") set in config.json failed: "
				       "no such file or directory"));
	return 0;
}

/* Without capabilities root may do no more than others. */
static int is_kept_off(void *arg)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct hp_error err = HP_ERROR_INIT;

	APART_CHECK(mkdir("closed", 0) == 0);
	APART_CHECK(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0);
	p.cwd = arg;
	APART_DONE(hp_guest_identity_assume(&p, &err), &err);
	APART_CHECK(!has_capability("\nCapEff:\t", CAP_DAC_OVERRIDE));
	p.cwd = (char *)"closed";
	APART_CHECK(hp_guest_identity_assume(&p, &err) < 0);
	return 0;
}

static void needs_its_directory(void **state)
{
	(void)state;
	assert_int_equal(apart(has_no_directory, NULL), 0);
	assert_int_equal(in_dir(is_kept_off), 0);
}

static int is_filtered(void *arg)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	APART_DONE(hp_guest_no_new_privileges(&err), &err);
	APART_CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	APART_DONE(hp_guest_seccomp_load(HP_BYTES(NULL, 0), 0, &err), &err);
	APART_CHECK(syscall(SYS_getppid) > 0);
	/* A program that does not end. */
	APART_CHECK(hp_guest_seccomp_load(HP_BYTES(filter, sizeof(*filter)), 0, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "load the seccomp filter of 1 instructions"));
	hp_error_clear(&err);
	APART_DONE(hp_guest_seccomp_load(HP_BYTES(filter, sizeof(filter)), 0, &err), &err);
	APART_CHECK(syscall(SYS_getppid) < 0 && errno == EXDEV);
	APART_CHECK(getpid() > 0);
	return 0;
}

static void filters_system_calls(void **state)
{
	(void)state;
	assert_int_equal(apart(is_filtered, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(sets_limits),
		FDS_TEST(becomes_the_user),
		FDS_TEST(needs_its_directory),
		FDS_TEST(filters_system_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
