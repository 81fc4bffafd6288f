/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_bpf.c - tests of src/shim/spec_bpf.c: the programs are given to this kernel. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "shim-bundle.h"
#include "shim/spec_parts.h"
#include "wire/oci_spec.h"

static int compile(const char *text, struct hp_buf *program, uint32_t *flags,
		   struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;

	hp_buf_init(program, 1 << 16);
	if (hp_json_parse(hp_bytes_str(text), &v, err) < 0)
		fail_msg("%s", err->msg);
	return hp_shim__seccomp_compile(HP_SHIM_SECCOMP_LIBRARY, v, program, flags, err);
}

/* Run @check, which tells by its result, below the filter. */
static int below(const char *profile, int (*check)(void))
{
	AUTO(hp_buf_free) struct hp_buf program;
	struct hp_error err = HP_ERROR_INIT;
	uint32_t flags = 0;
	pid_t pid;
	int status = 0;

	if (compile(profile, &program, &flags, &err) < 0)
		fail_msg("%s", err.msg);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct sock_fprog prog = {.len = (unsigned short)(program.len / 8),
					  .filter = (struct sock_filter *)program.data};

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0)
			_exit(100);
		_exit(check());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int call_uname(void)
{
	struct utsname name;

	return uname(&name) == 0 ? 0 : errno;
}

static int lseek_high(void)
{
	return lseek(-1, 0, 7) < 0 ? errno : 0;
}

static int lseek_low(void)
{
	return lseek(-1, 0, 1) < 0 ? errno : 0;
}

#define ALLOW_BUT(rule) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rule "]}"

static void filters(void **state)
{
	(void)state;
	assert_int_equal(below(ALLOW_BUT("{\"names\":[\"uname\",\"call_of_tomorrow\"],"
					 "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}"),
			       call_uname),
			 ENOSYS);
	/* Not said: EPERM. */
	assert_int_equal(
		below(ALLOW_BUT("{\"names\":[\"uname\"],\"action\":\"SCMP_ACT_ERRNO\"}"),
		      call_uname),
		EPERM);
	assert_int_equal(
		below(ALLOW_BUT("{\"names\":[\"uname\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}"),
		      call_uname),
		128 + SIGSYS);
	assert_int_equal(
		below(ALLOW_BUT("{\"names\":[\"uname\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
		      call_uname),
		0);
}

#define LSEEK(args)                                                                            \
	ALLOW_BUT("{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":77,"      \
		  "\"args\":[" args "]}")

static void compares_arguments(void **state)
{
	(void)state;
	assert_int_equal(
		below(LSEEK("{\"index\":2,\"value\":5,\"op\":\"SCMP_CMP_GT\"}"), lseek_high),
		77);
	assert_int_equal(
		below(LSEEK("{\"index\":2,\"value\":5,\"op\":\"SCMP_CMP_GT\"}"), lseek_low),
		EBADF);
	/* Mask first, then what is to be left of it. */
	assert_int_equal(below(LSEEK("{\"index\":2,\"value\":6,\"valueTwo\":6,"
				     "\"op\":\"SCMP_CMP_MASKED_EQ\"}"),
			       lseek_high),
			 77);
	/* Both must hold... */
	assert_int_equal(below(LSEEK("{\"index\":2,\"value\":7,\"op\":\"SCMP_CMP_EQ\"},"
				     "{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"),
			       lseek_high),
			 EBADF);
	/* ...but of one argument, either. */
	assert_int_equal(below(LSEEK("{\"index\":2,\"value\":7,\"op\":\"SCMP_CMP_EQ\"},"
				     "{\"index\":2,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"),
			       lseek_low),
			 77);
}

static void takes_dockers_profile(void **state)
{
	const char *const caps[] = {"CAP_CHOWN", "CAP_KILL", NULL};
	AUTO(hp_json_free) struct hp_json *v = hp_oci_seccomp_default(caps);
	AUTO_FREE char *text = hp_json_text(v, false);
	AUTO(hp_buf_free) struct hp_buf program;
	struct hp_error err = HP_ERROR_INIT;
	uint32_t flags = 0;

	(void)state;
	if (compile(text, &program, &flags, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(program.len % 8, 0);
	assert_true(program.len > 1000);
	assert_int_equal(below(text, call_uname), 0);
}

static void passes_on_flags(void **state)
{
	AUTO(hp_buf_free) struct hp_buf program;
	struct hp_error err = HP_ERROR_INIT;
	uint32_t flags = 0;

	(void)state;
	assert_int_equal(compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
				 "\"SECCOMP_FILTER_FLAG_LOG\","
				 "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],"
				 "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]}",
				 &program, &flags, &err),
			 0);
	assert_int_equal(flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		enum hp_code code;
		const char *words;
	} wrong[] = {
		{"{}", HP_EINVALID, "action"},
		{"{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", HP_EINVALID, "SCMP_ACT_MAYBE"},
		{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", HP_EUNSUPPORTED, "listener"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":5000}", HP_EINVALID,
		 "defaultErrnoRet"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"VAX\"]}",
		 HP_EINVALID, "VAX"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
		 HP_EINVALID, "VAX"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"FAST\"]}", HP_EINVALID,
		 "FAST"},
		{ALLOW_BUT("{\"names\":[1],\"action\":\"SCMP_ACT_KILL\"}"), HP_EINVALID,
		 "syscalls[0]"},
		{ALLOW_BUT("{\"names\":\"x\",\"action\":\"SCMP_ACT_KILL\"}"), HP_EINVALID,
		 "names"},
		{LSEEK("{\"index\":6,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}"), HP_EINVALID,
		 "args.index"},
		{LSEEK("{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_IS\"}"), HP_EINVALID,
		 "SCMP_CMP_IS"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		AUTO(hp_buf_free) struct hp_buf program;
		struct hp_error err = HP_ERROR_INIT;
		uint32_t flags = 0;

		assert_int_equal(compile(wrong[i].text, &program, &flags, &err), -1);
		assert_int_equal(err.code, wrong[i].code);
		if (!strstr(err.msg, wrong[i].words))
			fail_msg("'%s' and not '%s'", err.msg, wrong[i].words);
	}
}

static void needs_its_library(void **state)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	AUTO(hp_buf_free) struct hp_buf program;
	struct hp_error err = HP_ERROR_INIT;
	uint32_t flags = 0;

	(void)state;
	hp_buf_init(&program, 100);
	assert_int_equal(hp_shim__seccomp_compile("libnone.so.9", v, &program, &flags, &err),
			 -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "libseccomp2"));
	hp_error_clear(&err);
	assert_int_equal(hp_shim__seccomp_compile("libc.so.6", v, &program, &flags, &err), -1);
	assert_non_null(strstr(err.msg, "seccomp_init"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(filters),
		FDS_TEST(compares_arguments),
		FDS_TEST(takes_dockers_profile),
		FDS_TEST(passes_on_flags),
		FDS_TEST(refuses),
		FDS_TEST(needs_its_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
