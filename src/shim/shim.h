/* SPDX-License-Identifier: Apache-2.0 */
/* shim.h - one container as its shim has it: what all handlers of calls work on. Everything that a
 * call asks for is answered from here, unless it has to change something in the machine. */
#pragma once
#include "net/ttrpc_server.h"
#include "shim.pb-c.h"
#include "shim/box.h"
#include "shim/cgroup.h"
#include "shim/events.h"
#include "shim/hooks.h"
#include "shim/log.h"
#include "shim/msg.h"
#include "shim/network.h"
#include "shim/pending.h"
#include "shim/record.h"
#include "shim/rootfs.h"
#include "shim/spec.h"
#include "shim/stdio.h"

/* The most processes that are known at once, and calls of Wait for each. */
#define HP_SHIM_PROCESSES_MAX 1024
#define HP_SHIM_WAITS_MAX     1024

enum hp_shim_stage {
	HP_SHIM_CREATING, /* init only: Create is under way */
	HP_SHIM_CREATED,
	HP_SHIM_STARTING, /* the guest has been asked */
	HP_SHIM_RUNNING,
	HP_SHIM_STOPPED, /* ended, its output passed on, its end published */
};

/* The container's first process, or an exec. */
struct hp_shim_process {
	struct hp_shim *shim;
	struct hp_shim_process *next;
	char *exec_id;   /* "" for init */
	uint32_t number; /* that the guest knows it by; 0 for init */
	enum hp_shim_stage stage;
	char *in, *out, *err;
	bool terminal;
	bool outside;           /* not in the container, but beside the guest's init */
	struct hp_buf spec;     /* an exec's OCI Process, as JSON */
	struct hp_strv words;   /* an outside exec's arguments */
	uint32_t width, height; /* of the terminal; 0: not said */
	bool close_stdin;       /* was asked for before there was one */
	uint32_t pid;           /* 0 before it has one */
	struct hp_shim_stdio *io;
	bool exited;            /* its end is known; it is told when stage is STOPPED */
	bool flushing, flushed; /* its output is being, or has been passed on */
	uint32_t status;
	int64_t exited_ns;
	struct hp_shim_pending *start; /* the Start that is under way */
	struct hp_shim_pending **waits;
	size_t n_waits;
	struct hp_timer grace;        /* of SIGKILL: how long the guest has */
	struct hp_shim_pending *kill; /* the Kill that waits with it */
};

/* Moments, hp_clock_ns(); 0: not yet. */
struct hp_shim_times {
	int64_t executed, listening, create, rootfs, created, start, started;
};

struct hp_shim_create; /* a Create under way */

struct hp_shim {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct hp_shim_log *log;
	struct hp_shim_events *events;
	char *id, *ns, *bundle;
	const struct hp_vm_config *config;
	struct hp_shim_record record;
	struct hp_shim_spec *spec;
	struct hp_error spec_why; /* filled: why there is no spec */
	struct hp_shim_box *box;
	struct hp_error box_why;         /* filled: why there is no machine (any more) */
	struct hp_shim_network *network; /* NULL: there is no machine either */
	bool guest_ready;
	uint64_t memory_bytes; /* of the machine */
	unsigned cpus;
	struct hp_shim_cgroup cgroup; /* of the host; empty: the processes are not in one */
	struct hp_shim_rootfs *rootfs;
	bool rootfs_ready;
	struct hp_shim_process *first; /* init, then the execs; NULL: no task */
	size_t n_processes;
	uint32_t last_number;
	struct hp_shim_create *create;
	enum { HP_SHIM_GOES, HP_SHIM_PAUSING, HP_SHIM_PAUSED, HP_SHIM_RESUMING } pace;
	struct hp_shim_pending *pause;   /* the Pause or Resume that is under way */
	struct hp_shim_pending *removal; /* the Delete that is under way */
	struct hp_shim_hooks *start_hooks, *last_hooks; /* poststart, poststop, as they run */
	struct hp_bytes stats; /* packed v2.Metrics, the last that came; owned */
	uint64_t oom_kills;    /* that the guest has told of */
	struct hp_shim_times times;
	struct hp_shim_pending *shutdown;
	struct hp_timer shutdown_due; /* the task is gone */
	void (*finish)(void *data);   /* Shutdown has been asked for, and nothing is left */
	void *finish_data;
};

/* shim.c: free all that is in it. What it was given by its owner stays. */
void hp_shim_clear(struct hp_shim *s);
const char *hp_shim_origin_name(enum hp_machine_origin origin); /* "cold", "clone"...; static */

/* process.c: the table of processes. */
struct hp_shim_process *hp_shim_process_new(struct hp_shim *s, const char *exec_id);
void hp_shim_process_streams(struct hp_shim_process *p, const char *in, const char *out,
			     const char *err, bool terminal);
void hp_shim_process_free(struct hp_shim_process *p); /* and take it out of the table */
/* Find init (@exec_id is "") or an exec. A task whose Create has not ended is not there.
 * Fails: HP_ENOTFOUND. */
int hp_shim_find(struct hp_shim *s, const char *id, const char *exec_id,
		 struct hp_shim_process **ret, struct hp_error *err) MUST_CHECK;
/* The same, of the task alone. */
int hp_shim_find_task(struct hp_shim *s, const char *id, struct hp_error *err) MUST_CHECK;
struct hp_shim_process *hp_shim_by_number(struct hp_shim *s, uint32_t number);
Hp__Shim__Status hp_shim_status(const struct hp_shim_process *p);
/* The process of the host that stands for the container; 0: none yet. */
uint32_t hp_shim_task_pid(const struct hp_shim *s);
/* Which of its streams there are, for the guest. */
struct hp_shim_streams hp_shim_streams_of(const struct hp_shim_process *p);
/* Open on the host what hp_shim_process_streams() has named. */
int hp_shim_process_open(struct hp_shim_process *p, struct hp_error *err) MUST_CHECK;
/* Answer those who wait for its end. */
void hp_shim_process_tell(struct hp_shim_process *p);

/* exit.c: what ends, and in which order it is told. */
/* The process has ended, or will not begin any more. Told at once, or when its Start has been. */
void hp_shim_exit(struct hp_shim_process *p, uint32_t status, int64_t unix_ns);
/* Start has been answered: go on with an end that came meanwhile. */
void hp_shim_exit_go_on(struct hp_shim_process *p);
/* Start has failed: it is stopped without an event, as it has never begun. */
void hp_shim_exit_never_began(struct hp_shim_process *p, uint32_t status);
/* The machine has ended. */
void hp_shim_exit_all(struct hp_shim *s, const struct hp_error *why);
/* Write down what `delete` needs to know. */
void hp_shim_save(struct hp_shim *s);

/* place.c: put the shim and its children into the host's cgroup, once the machine runs; leave it, and
 * remove it, when all but the shim have ended. What fails is told in the log, and keeps nobody. */
void hp_shim_place(struct hp_shim *s);
void hp_shim_place_leave(struct hp_shim *s);

/* news.c: what the box of a shim tells; its data is the shim. */
const struct hp_shim_box_events *hp_shim_news(void);

/* create.c: what the loop tells a Create that is under way. */
void hp_shim_create_step(struct hp_shim *s);
void hp_shim_create_fail(struct hp_shim *s, const struct hp_error *why);
void hp_shim_create_forget(struct hp_shim *s); /* the shim ends */
/* delete.c: forget the task's processes; the shim ends soon, whether Shutdown is called or not. */
void hp_shim_task_gone(struct hp_shim *s);
/* The machine has ended, which a Delete may have waited for. */
void hp_shim_delete_step(struct hp_shim *s);

/* The handlers of calls: each answers @call, now or later. */
void hp_shim_on_state(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request);
void hp_shim_on_create(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
void hp_shim_on_start(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request);
void hp_shim_on_delete(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
void hp_shim_on_pids(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request);
void hp_shim_on_pause(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request);
void hp_shim_on_resume(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
void hp_shim_on_kill(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request);
void hp_shim_on_exec(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request);
void hp_shim_on_resize(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
void hp_shim_on_close_io(struct hp_shim *s, struct hp_ttrpc_call *call,
			 const ProtobufCMessage *request);
void hp_shim_on_update(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
void hp_shim_on_wait(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request);
void hp_shim_on_stats(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request);
void hp_shim_on_connect(struct hp_shim *s, struct hp_ttrpc_call *call,
			const ProtobufCMessage *request);
void hp_shim_on_shutdown(struct hp_shim *s, struct hp_ttrpc_call *call,
			 const ProtobufCMessage *request);
void hp_shim_on_info(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request);
void hp_shim_on_console(struct hp_shim *s, struct hp_ttrpc_call *call,
			const ProtobufCMessage *request);
void hp_shim_on_kernel_log(struct hp_shim *s, struct hp_ttrpc_call *call,
			   const ProtobufCMessage *request);
void hp_shim_on_shell(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request);

/* service.c: all methods of the shim's socket. */
const struct hp_ttrpc_method *hp_shim_methods(void);
