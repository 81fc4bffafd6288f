/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_seccomp.c - docker's profile format turned into the runtimes', and what it may say. */
#include "wire-oci.h"

static const char *const admin[] = {"CAP_CHOWN", "CAP_SYS_ADMIN", NULL};
static const char *const chown_only[] = {"CAP_CHOWN", NULL};

/* Convert a profile; the text of what came out, or "" and @ret_err. */
static char *convert(const char *profile, const char *const *caps, struct hp_error *ret_err)
{
	AUTO(hp_json_free) struct hp_json *in = oci_parse(profile);
	AUTO(hp_json_free) struct hp_json *out = NULL;

	*ret_err = (struct hp_error)HP_ERROR_INIT;
	if (hp_oci_seccomp_from_docker(in, caps, &out, ret_err) < 0)
		return hp_strdup("");
	return hp_json_text(out, false);
}

static void assert_converts(const char *profile, const char *const *caps, const char *expected)
{
	struct hp_error err;
	AUTO_FREE char *got = convert(profile, caps, &err);

	if (err.code != HP_OK)
		fail_msg("%s", err.msg);
	assert_string_equal(got, expected);
}

static void test_plain(void **state)
{
	(void)state;
	assert_converts(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"comment\":\"x\",\"syscalls\":["
		"{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":null},"
		"{\"name\":\"kill\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,"
		"\"args\":[{\"index\":1,\"value\":9,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		NULL,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":["
		"{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,"
		"\"args\":[{\"index\":1,\"value\":9,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}");
}

/* Whether a call with these filters is kept. */
static void assert_kept(const char *filters, const char *const *caps, bool kept)
{
	AUTO_FREE char *profile = hp_sprintf("{\"defaultAction\":\"SCMP_ACT_ERRNO\","
					     "\"syscalls\":[{\"names\":[\"mount\"],"
					     "\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
					     filters);
	struct hp_error err;
	AUTO_FREE char *got = convert(profile, caps, &err);

	assert_int_equal(err.code, HP_OK);
	if ((strstr(got, "mount") != NULL) != kept)
		fail_msg("%s gives %s", filters, got);
}

static void test_filters(void **state)
{
	AUTO_FREE char *here =
		hp_sprintf("\"includes\":{\"arches\":[\"other\",\"%s\"]}", hp_machine_arch());
	AUTO_FREE char *not_here =
		hp_sprintf("\"excludes\":{\"arches\":[\"%s\"]}", hp_machine_arch());

	(void)state;
	assert_kept("\"includes\":{}", NULL, true);
	assert_kept("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", admin, true);
	assert_kept("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", chown_only, false);
	assert_kept("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", NULL, false);
	assert_kept("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}", admin, false);
	assert_kept("\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", admin, false);
	assert_kept("\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", chown_only, true);
	assert_kept(here, NULL, true);
	assert_kept(not_here, NULL, false);
	assert_kept("\"includes\":{\"arches\":[\"other\"]}", NULL, false);
	assert_kept("\"includes\":{\"minKernel\":\"3.0\"}", NULL, true);
	assert_kept("\"includes\":{\"minKernel\":\"999.1\"}", NULL, false);
	assert_kept("\"excludes\":{\"minKernel\":\"3.0\"}", NULL, false);
}

static void test_arch_map(void **state)
{
	struct hp_error err;
	AUTO(hp_json_free) struct hp_json *ours = hp_oci_seccomp_default(NULL);
	const char *native = hp_json_str(hp_json_at(hp_json_get(ours, "architectures"), 0));
	AUTO_FREE char *profile = hp_sprintf(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":["
		"{\"architecture\":\"SCMP_ARCH_NONE\",\"subArchitectures\":[\"X\"]},"
		"{\"architecture\":\"%s\",\"subArchitectures\":[\"SCMP_ARCH_SUB\"]}]}",
		native);
	AUTO_FREE char *expected =
		hp_sprintf("\"architectures\":[\"%s\",\"SCMP_ARCH_SUB\"]", native);
	AUTO_FREE char *got = convert(profile, NULL, &err);

	(void)state;
	assert_non_null(strstr(got, expected));
}

static void test_refused(void **state)
{
#define CALL(text) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" text "]}"
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"defaultAction\":\"ALLOW\"}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":-1}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"A\"],"
		"\"archMap\":[{}]}",
		CALL("7"),
		CALL("{\"action\":\"SCMP_ACT_ALLOW\"}"),
		CALL("{\"names\":[\"a\"]}"),
		CALL("{\"names\":[7],\"action\":\"SCMP_ACT_ALLOW\"}"),
		CALL("{\"names\":[\"\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
		CALL("{\"names\":[\"a\"],\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\"}"),
		CALL("{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{}]}"),
		CALL("{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\","
		     "\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}"),
		CALL("{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\","
		     "\"args\":[{\"index\":4294967296,\"op\":\"SCMP_CMP_EQ\"}]}"),
		CALL("{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\","
		     "\"args\":[{\"index\":1,\"op\":\"==\"}]}"),
	};
#undef CALL

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err;
		AUTO_FREE char *got = convert(bad[i], NULL, &err);

		if (err.code != HP_EINVALID)
			fail_msg("'%s' gives '%s' %s", bad[i], got, err.msg);
		assert_non_null(strstr(err.msg, "seccomp profile"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_arch_map),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
