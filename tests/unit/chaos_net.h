/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_net.h - what tests of rules share: a namespace at the other end of a veth pair, packets that
 * are counted where they arrive, and what the host's own tools say. */
#pragma once
#include <sys/wait.h>

#include "base/alloc.h"
#include "chaos/iptables.h"
#include "chaos_packets.h"

/* "outer0" here has 10.9.0.1 and fd09::1; "eth0" there has 10.9.0.2 and fd09::2. */
struct chaos_net {
	int netns_fd;
	struct hp_netlink nft; /* there */
	struct hp_netlink ours;
	uint32_t outer;
};

static inline int chaos_net__open(void *data, struct hp_error *err)
{
	return hp_nft_open(data, err);
}

static inline void chaos_net_close(struct chaos_net *w)
{
	hp_netlink_close(&w->nft);
	hp_netlink_close(&w->ours);
	close(w->netns_fd);
}
HP_AUTO_VALUE(struct chaos_net, chaos_net_close);

/* What a shell command prints in a namespace, but for lines that begin with "#". Owns: the caller. */
static inline char *chaos_net_shell(int netns_fd, const char *command)
{
	int fds[2];
	size_t len = 0;
	char *text = hp_alloc(65536);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);

	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		AUTO_FREE char *whole = hp_sprintf("{ %s; } 2>&1 | grep -v '^#'", command);

		if (setns(netns_fd, CLONE_NEWNET) == 0 && dup2(fds[1], 1) == 1) {
			close(fds[0]);
			close(fds[1]);
			execl("/bin/sh", "sh", "-c", whole, NULL);
		}
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + len, 65535 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	text[len] = '\0';
	return text;
}

/* All rules there, as every tool says them. Owns: the caller. */
static inline char *chaos_net_all(const struct chaos_net *w)
{
	return chaos_net_shell(w->netns_fd, "iptables-save; ip6tables-save; nft list ruleset");
}

/* A link that was set up passes packets a moment later. */
static inline void chaos_net__wait(const struct chaos_net *w, const char *to)
{
	struct chaos_packets p = {.to = to, .to_port = 9, .count = 1};

	for (int i = 0; i < 50 && p.arrived == 0; i++)
		chaos_packets_send(w->netns_fd, &p);
	assert_true(p.arrived > 0);
}

static inline void chaos_net_open(struct chaos_net *w)
{
	AUTO(hp_netlink_close) struct hp_netlink theirs = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	nets_leave();
	*w = (struct chaos_net){.netns_fd = -1};
	assert_int_equal(hp_netns_new(&w->netns_fd, &err), 0);
	if (hp_netns_call(w->netns_fd, chaos_net__open, &w->nft, &err) < 0)
		fail_msg("%s", err.msg);
	nets_socket(-1, &w->ours);
	nets_socket(w->netns_fd, &theirs);
	/* Two ends whose indices differ are seen to be connected at once, and not in a second.
	 * From: Linux net/core/link_watch.c, linkwatch_urgent_event(). */
	nets_device(&w->ours, "other0", "bridge");
	nets_veth(&w->ours, "outer0", "eth0", w->netns_fd);
	w->outer = nets_index(&w->ours, "outer0");

	uint32_t eth0 = nets_index(&theirs, "eth0");

	nets_up(&w->ours, w->outer);
	nets_up(&theirs, eth0);
	nets_up(&theirs, 1);
	nets_address(&w->ours, w->outer, "10.9.0.1", 24);
	nets_address(&w->ours, w->outer, "fd09::1", 64);
	nets_address(&theirs, eth0, "10.9.0.2", 24);
	nets_address(&theirs, eth0, "fd09::2", 64);
	chaos_net__wait(w, "10.9.0.2");
	chaos_net__wait(w, "fd09::2");
}

static inline void chaos_net_send(const struct chaos_net *w, struct chaos_packets *p)
{
	chaos_packets_send(w->netns_fd, p);
}

/* Arguments of the action, with ' for ". Owns: the caller. */
static inline struct hp_json *chaos_net_args(const char *text)
{
	AUTO_FREE char *quoted = hp_strdup(text);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *args = NULL;

	for (char *c = quoted; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	if (hp_json_parse(hp_bytes_str(quoted), &args, &err) < 0)
		fail_msg("%s", err.msg);
	return args;
}
