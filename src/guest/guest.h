/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - what the parts of the machine's first process share: the loop, the channels to the host,
 * the one container and its processes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest.pb-c.h"
#include "guest/cgroup.h"
#include "guest/streams.h"
#include "net/mux.h"
#include "net/netlink.h"
#include "net/ttrpc_server.h"

/* How far the container is. */
enum hp_guest_stage {
	HP_GUEST_EMPTY,    /* none yet */
	HP_GUEST_CREATING, /* its init sets it up */
	HP_GUEST_CREATED,  /* its init waits for Start */
	HP_GUEST_STARTING, /* its init was let go, and has not executed yet */
	HP_GUEST_RUNNING,
	HP_GUEST_ENDED,
};

struct hp_guest;

/* A process that the host knows by its number. */
struct hp_guest_process {
	struct hp_guest *guest;
	struct hp_guest_process *next;
	uint32_t number;
	pid_t pid;     /* 0: it has ended and been reaped */
	bool outside;  /* of the container: it does not end with it */
	int report_fd; /* from the child before its exec; -1: closed */
	struct hp_watch report;
	struct hp_ttrpc_call *call; /* that waits for it; NULL: none */
	struct hp_error failure;    /* why it could not be started, when it could not */
	struct hp_guest_streams streams;
};

/* What the Watch call tells. */
struct hp_guest_news {
	struct hp_ttrpc_call *watch; /* that waits; NULL: none */
	Hp__Guest__Exit **exits;     /* not told yet */
	size_t n_exits;
	bool oom;
};

struct hp_guest {
	struct hp_loop *loop;
	struct hp_mux *mux;
	struct hp_ttrpc_server *server;
	struct hp_guest_cgroup cgroup;
	struct hp_netlink devices; /* where the machine's network devices are */
	int null_fd;
	int own_pid_ns;    /* descriptors of PID namespaces: ours... */
	int init_pidfd;    /* ...and of the container's init, -1: none */
	bool forks_inside; /* children are born in the container's PID namespace */
	enum hp_guest_stage stage;
	Hp__Guest__CreateRequest *request; /* the container as it was asked for; NULL: none */
	struct hp_guest_process *processes;
	Hp__Guest__Exit *held_exit; /* of init, as long as others of the container still end */
	struct hp_guest_news news;
	struct hp_watch oom;
	int oom_fd;
	uint64_t oom_kills; /* that were told */
	pid_t pump;         /* of files; 0: none */
	int files_fd;       /* readable when the files answer; -1: they do, or there are none */
	struct hp_watch files;
	struct hp_ttrpc_call *settling; /* a Hello that waits for the files; NULL: none */
	struct hp_watch signals;
	int signal_fd;
	bool broken; /* the host is gone, or the pump: nothing is left to be done */
};
