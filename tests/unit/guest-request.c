/* SPDX-License-Identifier: Apache-2.0 */
/* guest-request.c - tests of src/guest/request.c. */
#include "guest/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <string.h>

#include "base/alloc.h"

/* A request that is right; each test makes one thing of it wrong. */
struct sample {
	Hp__Guest__CreateRequest request;
	Hp__Guest__Container container;
	Hp__Guest__Process process;
	Hp__Guest__Mount mount, *mounts[1];
	Hp__Guest__Sysctl sysctl, *sysctls[1];
	Hp__Guest__Device device, *devices[1];
	char *args[1], *env[1], *masked[1];
	uint8_t filter[sizeof(struct sock_filter)];
};

static void sample_init(struct sample *s)
{
	*s = (struct sample){.request = HP__GUEST__CREATE_REQUEST__INIT,
			     .container = HP__GUEST__CONTAINER__INIT,
			     .process = HP__GUEST__PROCESS__INIT,
			     .mount = HP__GUEST__MOUNT__INIT,
			     .sysctl = HP__GUEST__SYSCTL__INIT,
			     .device = HP__GUEST__DEVICE__INIT};
	s->request.container = &s->container;
	s->container.process = &s->process;
	s->container.rootfs = (char *)"rootfs";
	s->args[0] = (char *)"true";
	s->env[0] = (char *)"A=1";
	s->process.args = s->args;
	s->process.env = s->env;
	s->process.n_args = s->process.n_env = 1;
	s->process.cwd = (char *)"/";
	s->mount.type = (char *)"bind";
	s->mount.source = (char *)"1";
	s->mount.destination = (char *)"/data";
	s->mounts[0] = &s->mount;
	s->container.mounts = s->mounts;
	s->sysctl.key = (char *)"net.ipv4.ip_forward";
	s->sysctl.value = (char *)"1";
	s->sysctls[0] = &s->sysctl;
	s->container.sysctls = s->sysctls;
	s->device.path = (char *)"/dev/null";
	s->device.type = 0020000; /* S_IFCHR */
	s->devices[0] = &s->device;
	s->container.devices = s->devices;
	s->masked[0] = (char *)"/proc/kcore";
	s->container.masked_paths = s->masked;
	s->container.n_mounts = s->container.n_sysctls = s->container.n_devices =
		s->container.n_masked_paths = 1;
	s->container.seccomp =
		(ProtobufCBinaryData){.data = s->filter, .len = sizeof(s->filter)};
}

/* Send it as Create. Returns: what was wrong, for the caller to free; NULL: nothing. */
static char *ask(const struct sample *s)
{
	size_t len = protobuf_c_message_get_packed_size(&s->request.base);
	AUTO_FREE uint8_t *bytes = hp_alloc(len);
	ProtobufCMessage *read = NULL;
	struct hp_error err = HP_ERROR_INIT;

	protobuf_c_message_pack(&s->request.base, bytes);
	if (hp_guest_request_read("Create", HP_BYTES(bytes, len), &read, &err) == 0) {
		assert_non_null(read);
		protobuf_c_message_free_unpacked(read, NULL);
		return NULL;
	}
	assert_int_equal(err.code, HP_EINVALID);
	return hp_strdup(err.msg);
}

static void takes_what_is_right(void **state)
{
	struct sample s;

	(void)state;
	sample_init(&s);
	assert_null(ask(&s));
}

static void refuses_ways_out_of_the_shares(void **state)
{
	static const char *const ways[] = {"", "/etc", "..", "a/../../b", "../rootfs"};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(ways); i++) {
		sample_init(&s);
		s.container.rootfs = (char *)(uintptr_t)ways[i];
		AUTO_FREE char *root = ask(&s);
		assert_non_null(root);

		sample_init(&s);
		s.mount.source = (char *)(uintptr_t)ways[i];
		AUTO_FREE char *source = ask(&s);
		assert_non_null(source);
		assert_non_null(strstr(source, "bind"));
	}
}

static void names_what_is_wrong(void **state)
{
	struct sample s;

	(void)state;
	sample_init(&s);
	s.process.n_args = 0;
	AUTO_FREE char *args = ask(&s);
	assert_non_null(args);
	assert_non_null(strstr(args, "arguments"));

	sample_init(&s);
	s.env[0] = (char *)"novalue";
	AUTO_FREE char *env = ask(&s);
	assert_non_null(env);
	assert_non_null(strstr(env, "novalue"));

	sample_init(&s);
	s.sysctl.key = (char *)"../../etc/passwd";
	AUTO_FREE char *sysctl = ask(&s);
	assert_non_null(sysctl);
	assert_non_null(strstr(sysctl, "sysctl"));

	sample_init(&s);
	s.device.type = 0040000; /* S_IFDIR */
	AUTO_FREE char *device = ask(&s);
	assert_non_null(device);
	assert_non_null(strstr(device, "/dev/null"));

	sample_init(&s);
	s.container.seccomp.len = sizeof(s.filter) - 1;
	AUTO_FREE char *filter = ask(&s);
	assert_non_null(filter);
	assert_non_null(strstr(filter, "seccomp"));

	sample_init(&s);
	s.masked[0] = (char *)"relative";
	AUTO_FREE char *masked = ask(&s);
	assert_non_null(masked);
	assert_non_null(strstr(masked, "relative"));
}

static void knows_its_methods(void **state)
{
	ProtobufCMessage *read = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_guest_request_read("Format", HP_BYTES("", 0), &read, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	hp_error_clear(&err);
	assert_int_equal(hp_guest_request_read("Start", HP_BYTES("\xff", 1), &read, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_null(read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_right),
		cmocka_unit_test(refuses_ways_out_of_the_shares),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(knows_its_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
