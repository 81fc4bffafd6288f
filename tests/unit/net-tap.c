/* SPDX-License-Identifier: Apache-2.0 */
/* net-tap.c - tests of src/net/tap.c. */
#include "net/tap.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "net/netns.h"
#include "nets.h"
#include "torture.h"

static void is_there_while_its_descriptor_is(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	char first[IF_NAMESIZE];
	char second[IF_NAMESIZE];
	AUTO_CLOSE int one = -1;
	int two = -1;

	(void)state;
	nets_socket(-1, &n);
	assert_int_equal(hp_tap_open("harpoon%d", first, &one, &err), 0);
	assert_string_equal(first, "harpoon0");
	assert_int_equal(fcntl(one, F_GETFD), FD_CLOEXEC);
	assert_int_equal(hp_tap_open("harpoon%d", second, &two, &err), 0);
	assert_string_equal(second, "harpoon1");
	assert_int_not_equal(nets_index(&n, "harpoon1"), 0);
	close(two);

	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	nets_view(&n, &v);
	assert_string_equal(nets_find(&v, "harpoon0")->kind, "tun");
	assert_int_equal(nets_find(&v, "harpoon0")->flags & IFF_UP, 0);
	for (size_t i = 0; i < v.n_links; i++)
		assert_string_not_equal(v.links[i].name, "harpoon1");
}

static void frames_have_the_machines_header(void **state)
{
	/* 10 bytes of struct virtio_net_hdr, then a frame to all, of a type for experiments. */
	uint8_t out[10 + 60] = {[10 + 12] = 0x88, [10 + 13] = 0xb5};
	uint8_t seen[128];
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO_CLOSE int listener = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));
	struct pollfd soon = {.fd = listener, .events = POLLIN};
	char name[IF_NAMESIZE];
	AUTO_CLOSE int fd = -1;

	(void)state;
	nets_socket(-1, &n);
	assert_int_equal(hp_tap_open("cable", name, &fd, &err), 0);
	assert_string_equal(name, "cable");
	nets_up(&n, nets_index(&n, name));
	memset(out + 10, 0xff, 6);
	assert_int_equal(write(fd, out, sizeof(out)), sizeof(out));
	assert_int_equal(poll(&soon, 1, 2000), 1);
	assert_int_equal(recv(listener, seen, sizeof(seen), 0), 60);
	assert_memory_equal(seen, out + 10, 60);
}

/* How many frames have come out of a tap by now. */
static size_t heard(int fd)
{
	uint8_t frame[2048];
	size_t count = 0;

	while (read(fd, frame, sizeof(frame)) > 0)
		count++;
	return count;
}

static void write_sysctl(const char *path, const char *value)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(hp_fd_write_all(fd, value, strlen(value), &err), 0);
}

static void says_nothing_of_itself(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	char name[IF_NAMESIZE];
	AUTO_CLOSE int quiet = -1;
	AUTO_CLOSE int loud = -1;
	size_t noise = 0;

	(void)state;
	nets_socket(-1, &n);
	/* A router says more than a host. */
	write_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	assert_int_equal(hp_tap_open("quiet", name, &quiet, &err), 0);
	assert_int_equal(hp_tap_open("loud", name, &loud, &err), 0);
	write_sysctl("/proc/sys/net/ipv6/conf/loud/disable_ipv6", "0");
	nets_up(&n, nets_index(&n, "quiet"));
	nets_up(&n, nets_index(&n, "loud"));
	for (int i = 0; i < 50 && noise == 0; i++) {
		hp_clock_sleep_ms(100);
		noise = heard(loud);
	}
	assert_int_not_equal(noise, 0);
	hp_clock_sleep_ms(300);
	assert_int_equal(heard(quiet), 0);
}

static void refuses_names_that_are_none(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char name[IF_NAMESIZE] = "untouched";
	int fd = -7;

	(void)state;
	assert_int_equal(hp_tap_open("sixteen.letters.", name, &fd, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_tap_open("a/b", name, &fd, &err), -1);
	assert_non_null(strstr(err.msg, "'a/b'"));
	hp_error_clear(&err);
	assert_int_equal(hp_tap_open("lo", name, &fd, &err), -1);
	assert_int_equal(fd, -7);
	assert_string_equal(name, "untouched");
}

static void says_when_the_kernel_has_none(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char name[IF_NAMESIZE];
	int fd = -1;

	(void)state;
	if (!HP_FAULTS_ON)
		return;
	hp_fault_arm(1, ENODEV);
	assert_int_equal(hp_tap_open("harpoon%d", name, &fd, &err), -1);
	hp_fault_arm(0, 0);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "modprobe tun"));
}

static void one_that_is_hidden_is_nowhere(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	AUTO_CLOSE int fd = -1;

	(void)state;
	nets_socket(-1, &n);
	assert_int_equal(hp_tap_open_hidden(&fd, &err), 0);
	assert_true(fd >= 0);
	nets_view(&n, &v);
	for (size_t i = 0; i < v.n_links; i++)
		assert_string_not_equal(v.links[i].name, "hidden");
}

static int open_and_close(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];
	AUTO_CLOSE int fd = -1;
	AUTO_CLOSE int hidden = -1;

	(void)data;
	if (hp_tap_open("harpoon%d", name, &fd, err) < 0)
		return -1;
	return hp_tap_open_hidden(&hidden, err);
}

static void survives_each_failure(void **state)
{
	(void)state;
	torture_all(open_and_close, NULL, 10);
}

static int open_there(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];

	return hp_tap_open("harpoon%d", name, data, err);
}

/* What a namespace has: the one by the name, and the other out of its way. */
static int look_there(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	(void)err;
	nets_socket(-1, &n);
	nets_view(&n, &v);
	*(unsigned *)data = 0;
	for (size_t i = 0; i < v.n_links; i++)
		*(unsigned *)data |= strcmp(v.links[i].name, "harpoon0") == 0  ? 1
				     : strcmp(v.links[i].name, "unused0") == 0 ? 2
				     : v.links[i].flags & IFF_LOOPBACK         ? 0
									       : 4;
	return 0;
}

static int replace(void *arg, struct hp_error *err)
{
	const int *fds = arg;

	return hp_tap_replace(fds[0], fds[1], err);
}

static void takes_the_place_of_another(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	unsigned seen = 0;
	int fds[2] = {-1, -1};
	int netns_fd = -1;

	(void)state;
	if (hp_netns_new(&netns_fd, &err) < 0 ||
	    hp_netns_call(netns_fd, open_there, &fds[0], &err) < 0 ||
	    hp_tap_open_hidden(&fds[1], &err) < 0 || replace(fds, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(hp_netns_call(netns_fd, look_there, &seen, &err), 0);
	assert_int_equal(seen, 1 | 2);
	close(fds[0]);
	assert_int_equal(hp_netns_call(netns_fd, look_there, &seen, &err), 0);
	assert_int_equal(seen, 1);
	close(fds[1]);
	close(netns_fd);

	assert_int_equal(hp_tap_replace(STDIN_FILENO, STDIN_FILENO, &err), -1);
	assert_non_null(strstr(err.msg, "tap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_there_while_its_descriptor_is),
		FDS_TEST(frames_have_the_machines_header),
		FDS_TEST(says_nothing_of_itself),
		FDS_TEST(refuses_names_that_are_none),
		FDS_TEST(says_when_the_kernel_has_none),
		FDS_TEST(one_that_is_hidden_is_nowhere),
		FDS_TEST(takes_the_place_of_another),
		FDS_TEST(survives_each_failure),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
