/* SPDX-License-Identifier: Apache-2.0 */
/* qemu.c - a program that does what QEMU does as src/vm sees it, without a machine: it speaks QMP, saves
 * and loads a state, and answers each call on the control port as harpoon-init would, with nothing.
 * What follows "qemu-" in its name says how it goes wrong:
 *
 *   fake     not at all
 *   hang     the guest never opens its ports
 *   dies     it ends with status 3 and says why
 *   panic    the guest's kernel panics
 *   picky    it takes no state, but boots
 *   halts    the guest switches its machine off after its first answer
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_TEXT "the state of a machine"

/* From: src/vm/qemu_args.h. */
enum { QMP_FD = 3, CONTROL_FD = 4, CONSOLE_FD = 7, STATE_FD = 8 };

static struct {
	const char *mode;
	bool clone;
	bool stopped;
	bool paused;
	bool open; /* the guest has opened its ports */
	int save_fd;
} q = {.save_fd = -1};

static void say(const char *text)
{
	if (write(QMP_FD, text, strlen(text)) < 0)
		exit(1);
}

static void open_ports(void)
{
	if (q.open || strcmp(q.mode, "hang") == 0)
		return;
	q.open = true;
	say("{\"event\": \"VSERPORT_CHANGE\", \"data\": {\"open\": true, \"id\": "
	    "\"harpoon.control\"}}\r\n");
}

static void load(void)
{
	char text[256];
	ssize_t n = read(STATE_FD, text, sizeof(text));

	if (n != (ssize_t)strlen(STATE_TEXT) || memcmp(text, STATE_TEXT, (size_t)n) != 0 ||
	    strcmp(q.mode, "picky") == 0) {
		fprintf(stderr, "qemu: the state\nis no good\n");
		exit(1);
	}
	say("{\"event\": \"MIGRATION\", \"data\": {\"status\": \"completed\"}}\r\n");
	q.open = true;
	q.paused = q.stopped;
	if (!q.paused)
		say("{\"event\": \"RESUME\"}\r\n");
}

static void save(void)
{
	if (q.save_fd < 0 || write(q.save_fd, STATE_TEXT, strlen(STATE_TEXT)) < 0)
		exit(1);
	close(q.save_fd);
	q.save_fd = -1;
	q.paused = true;
	say("{\"event\": \"MIGRATION\", \"data\": {\"status\": \"completed\"}}\r\n");
}

static void resume(void)
{
	if (q.paused)
		say("{\"event\": \"RESUME\"}\r\n");
	q.paused = false;
}

static void take_command(const char *line)
{
	const char *id = strstr(line, "\"id\":");
	char answer[128];

	if (strstr(line, "\"migrate-incoming\""))
		load();
	else if (strstr(line, "\"stop\""))
		q.paused = true;
	else if (strstr(line, "\"cont\""))
		resume();
	snprintf(answer, sizeof(answer), "{\"return\": {}, \"id\": %ld}\r\n",
		 id ? strtol(id + strlen("\"id\":"), NULL, 10) : 0);
	say(answer);
	if (strstr(line, "\"migrate\""))
		save();
}

/* Take commands, and the descriptor that may come with them. */
static void take_commands(void)
{
	static char lines[65536];
	static size_t len;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = lines + len, .iov_len = sizeof(lines) - 1 - len};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(QMP_FD, &msg, 0);
	char *end;

	if (n <= 0)
		exit(0);
	if (msg.msg_controllen > 0)
		memcpy(&q.save_fd, CMSG_DATA(&control.header), sizeof(int));
	len += (size_t)n;
	lines[len] = '\0';
	while ((end = strchr(lines, '\n'))) {
		*end = '\0';
		take_command(lines);
		len -= (size_t)(end + 1 - lines);
		memmove(lines, end + 1, len + 1);
	}
}

/* Answer a call with nothing, or, when it asks for news, with the end of a process.
 * From: containerd/ttrpc PROTOCOL.md, "Message Frame"; proto/guest.proto, WatchResponse. */
static void answer_call(void)
{
	static const unsigned char news[] = {0x12, 4, 0x0a, 2, 0x08, 1};
	unsigned char call[4096];
	unsigned char reply[10 + sizeof(news)] = {[8] = 2};
	ssize_t n = read(CONTROL_FD, call, sizeof(call));
	size_t len = 10;

	if (n < 10)
		exit(0);
	if (memmem(call, (size_t)n, "Watch", 5)) {
		reply[3] = sizeof(news);
		memcpy(reply + 10, news, sizeof(news));
		len += sizeof(news);
	}
	memcpy(reply + 4, call + 4, 4);
	if (write(CONTROL_FD, reply, len) < 0 || strcmp(q.mode, "halts") == 0)
		exit(0);
}

static void go_wrong(void)
{
	static const char panic[] =
		"[    1.0] Kernel panic - not syncing: no luck\n[ 1.1] RIP\n";

	if (strcmp(q.mode, "dies") == 0) {
		fprintf(stderr, "qemu: it cannot\n");
		exit(3);
	}
	if (strcmp(q.mode, "panic") == 0) {
		if (write(CONSOLE_FD, panic, sizeof(panic) - 1) < 0)
			exit(1);
		exit(0);
	}
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "qemu-");

	q.mode = name ? name + strlen("qemu-") : "fake";
	for (int i = 1; i < argc; i++) {
		q.clone |= strcmp(argv[i], "-incoming") == 0;
		q.stopped |= strcmp(argv[i], "-S") == 0;
	}
	say("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
	go_wrong();
	if (!q.clone)
		open_ports();
	for (;;) {
		struct pollfd fds[] = {
			{.fd = QMP_FD, .events = POLLIN},
			{.fd = q.open && !q.paused ? CONTROL_FD : -1, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0)
			return 1;
		if (fds[0].revents)
			take_commands();
		else if (fds[1].revents)
			answer_call();
	}
}
