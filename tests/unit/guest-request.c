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

/* A Setup with a network that is right; each row of the next test makes one thing of it wrong. */
struct net {
	Hp__Guest__SetupRequest request;
	Hp__Guest__Network network;
	Hp__Guest__Interface interface, *interfaces[1];
	Hp__Guest__Address address, *addresses[1];
	Hp__Guest__Route route, *routes[1];
	Hp__Guest__Neighbour neighbour, *neighbours[1];
	uint8_t bytes[16];
};

static void net_init(struct net *n)
{
	*n = (struct net){.request = HP__GUEST__SETUP_REQUEST__INIT,
			  .network = HP__GUEST__NETWORK__INIT,
			  .interface = HP__GUEST__INTERFACE__INIT,
			  .address = HP__GUEST__ADDRESS__INIT,
			  .route = HP__GUEST__ROUTE__INIT,
			  .neighbour = HP__GUEST__NEIGHBOUR__INIT};
	n->request.network = &n->network;
	n->interfaces[0] = &n->interface;
	n->addresses[0] = &n->address;
	n->routes[0] = &n->route;
	n->neighbours[0] = &n->neighbour;
	n->network.interfaces = n->interfaces;
	n->network.routes = n->routes;
	n->network.neighbours = n->neighbours;
	n->interface.addresses = n->addresses;
	n->network.n_interfaces = n->network.n_routes = n->network.n_neighbours =
		n->interface.n_addresses = 1;
	n->interface.name = n->route.device = n->neighbour.device = (char *)"eth0";
	n->interface.mac.data = n->neighbour.mac.data = n->address.address.data =
		n->neighbour.address.data = n->route.destination.data = n->route.gateway.data =
			n->route.source.data = n->bytes;
	n->interface.mac.len = n->neighbour.mac.len = 6;
	n->address.address.len = n->neighbour.address.len = n->route.gateway.len = 4;
	n->address.prefix = 24;
}

/* Returns: what was wrong, for the caller to free; NULL: nothing. */
static char *ask_net(const char *method, const ProtobufCMessage *request)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	AUTO_FREE uint8_t *bytes = hp_alloc(len);
	ProtobufCMessage *read = NULL;
	struct hp_error err = HP_ERROR_INIT;

	protobuf_c_message_pack(request, bytes);
	if (hp_guest_request_read(method, HP_BYTES(bytes, len), &read, &err) < 0) {
		assert_int_equal(err.code, HP_EINVALID);
		return hp_strdup(err.msg);
	}
	protobuf_c_message_free_unpacked(read, NULL);
	return NULL;
}

static void expect_net(struct net *n, const char *words)
{
	AUTO_FREE char *wrong = ask_net("Setup", &n->request.base);

	if (!words)
		assert_null(wrong);
	else if (!wrong || !strstr(wrong, words))
		fail_msg("%s: %s", words, wrong ? wrong : "nothing is wrong");
	net_init(n);
}

static void takes_networks_that_can_be(void **state)
{
	struct net n;

	(void)state;
	net_init(&n);
	expect_net(&n, NULL);
	/* An IPv4 route by way of IPv6, and one of IPv6. */
	n.route.gateway.len = 16;
	expect_net(&n, NULL);
	n.route.ipv6 = true;
	n.route.gateway.len = n.route.destination.len = 16;
	n.route.prefix = 64;
	expect_net(&n, NULL);
}

static void refuses_networks_that_cannot_be(void **state)
{
	struct net n;

	(void)state;
	net_init(&n);
	n.interface.slot = 1000;
	expect_net(&n, "network device 1000");
	n.interface.name = (char *)"a-name-far-too-long";
	expect_net(&n, "a-name-far-too-long");
	n.interface.name = (char *)"../x";
	expect_net(&n, "../x");
	n.interface.mac.len = 5;
	expect_net(&n, "a MAC of 5 bytes");
	n.address.address.len = 5;
	expect_net(&n, "address of 5 bytes");
	n.address.prefix = 33;
	expect_net(&n, "prefix 33");
	n.route.destination.len = 16;
	expect_net(&n, "another family");
	n.route.source.len = 16;
	expect_net(&n, "another family");
	n.route.ipv6 = true;
	expect_net(&n, "another family");
	n.route.prefix = 1;
	expect_net(&n, "prefix 1");
	n.route.device = (char *)"a b";
	expect_net(&n, "a b");
	n.neighbour.mac.len = 0;
	expect_net(&n, "a MAC of 0 bytes");
	n.neighbour.address.len = 3;
	expect_net(&n, "neighbour of 3 bytes");
}

static void refuses_times_before_the_epoch(void **state)
{
	Hp__Guest__ClockRequest clock = HP__GUEST__CLOCK_REQUEST__INIT;
	AUTO_FREE char *never = NULL;

	(void)state;
	never = ask_net("Clock", &clock.base);
	assert_non_null(never);
	assert_non_null(strstr(never, "before 1970"));
	clock.unix_ns = 1;
	assert_null(ask_net("Clock", &clock.base));
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
		cmocka_unit_test(takes_networks_that_can_be),
		cmocka_unit_test(refuses_networks_that_cannot_be),
		cmocka_unit_test(refuses_times_before_the_epoch),
		cmocka_unit_test(knows_its_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
