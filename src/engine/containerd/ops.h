/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - the operations of the containerd engine on containers, by file, and their helpers.
 * What each operation does is said at the call of its name in <harpoon/engine.h>. */
#pragma once
#include "engine/containerd/containerd.h"
#include "wire/passwd.h"

/* create.c, remove.c */
int hp_containerd__create(struct hp_engine *e, const struct hp_container_spec *spec,
			  char **ret_id, struct hp_error *err);
int hp_containerd__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
			  struct hp_error *err);
int hp_containerd__update(struct hp_engine *e, const char *ref,
			  const struct hp_resources *resources, struct hp_error *err);

/* lock.c: wait, at most the client's timeout, until no other client makes, starts or removes
 * container @id; the lock is held until *ret_fd is closed.
 * Returns: 1 when it had to wait, so that the container may be another one by now, 0, -1. */
int hp_containerd__lock(const struct containerd *c, const char *id, int *ret_fd,
			struct hp_error *err);
/* remove.c: the same as hp_containerd__remove(), for whoever holds the lock already. */
int hp_containerd__remove_locked(struct containerd *c, const Hp__Container *container,
				 bool force, bool volumes, struct hp_error *err);

/* remove.c: remove anonymous volumes by their names. */
int hp_containerd__volumes_remove(const struct containerd *c, const struct hp_strv *names,
				  struct hp_error *err);

/* create.c: replace the spec of container @id by @text. */
int hp_containerd__put_spec(struct containerd *c, const char *id, const char *text,
			    struct hp_error *err);

/* start.c */
int hp_containerd__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
			 struct hp_stream **ret_stream, struct hp_error *err);
int hp_containerd__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret_stream,
			  struct hp_error *err);

/* task.c */
int hp_containerd__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
			struct hp_error *err);
int hp_containerd__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
			struct hp_error *err);
int hp_containerd__pause(struct hp_engine *e, const char *ref, struct hp_error *err);
int hp_containerd__unpause(struct hp_engine *e, const char *ref, struct hp_error *err);
int hp_containerd__resize(struct hp_engine *e, const char *ref, const char *exec_id,
			  uint16_t cols, uint16_t rows, struct hp_error *err);

/* logs.c */
int hp_containerd__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
			struct hp_stream **ret_stream, struct hp_error *err);

/* exec.c */
int hp_containerd__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
			struct hp_exec **ret_exec, struct hp_error *err);
void hp_containerd__exec_free(struct hp_engine *e, struct hp_exec *exec);

/* waiter.c, stats.c, events.c, census.c */
int hp_containerd__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret_waiter,
			  struct hp_error *err);
int hp_containerd__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret_stats,
			 struct hp_error *err);
int hp_containerd__events(struct hp_engine *e, struct hp_events **ret_events,
			  struct hp_error *err);
int hp_containerd__census(struct hp_engine *e, struct hp_census *ret_census,
			  struct hp_error *err);

/* stats.c: those of container @id, ended or not; @pid 0 leaves the network out.
 * Fails: HP_ESTATE - it has no cgroup any more. */
int hp_containerd__stats_of(struct containerd *c, const char *id, pid_t pid,
			    struct hp_stats *ret_stats, struct hp_error *err);

/* Did the memory limit of container @id end it, with @status? After SIGKILL from an unknown hand
 * the cgroup tells, which lives until the task is deleted. */
bool hp_containerd__oom_killed(struct containerd *c, const char *id, int status);

/* waiter.c: a wait for container @id, or for process @exec_id in it, which may be NULL. */
int hp_containerd__waiter_new(struct containerd *c, const char *id, const char *exec_id,
			      struct hp_waiter **ret_waiter, struct hp_error *err);

/* task.c: the task of container @id; Fails: HP_ESTATE - it has none, so it does not run. */
int hp_containerd__task(struct containerd *c, const char *id, Hp__GetTaskResponse **ret,
			struct hp_error *err);
/* Take the task of container @id away: kill it when @force, then delete it. None: success.
 * Fails: HP_ESTATE - it runs and @force is not set. */
int hp_containerd__task_delete(struct containerd *c, const char *id, bool force,
			       struct hp_error *err);
/* The same, once it is clear whether there is one: what a client left that was killed while it
 * made the task is waited for or ended. @thorough: also when there is no sign of such a client.
 * Returns: 1 with the task, 0 when there is none, -1. */
int hp_containerd__task_settled(struct containerd *c, const char *id, bool thorough,
				Hp__GetTaskResponse **ret, struct hp_error *err);
/* Send CloseIO for stdin. */
int hp_containerd__close_stdin(struct containerd *c, const char *id, const char *exec_id,
			       struct hp_error *err);
/* shims.c: how many shims this daemon has on this host in our namespace, of container @id only
 * when that is not NULL; each is sent @signal when that is not 0. */
size_t hp_containerd__shims(const struct containerd *c, const char *id, int signal);
/* Does nobody listen on the socket at @path? */
bool hp_containerd__shim_socket_is_dead(const char *path);
/* Remove the socket of container @id's shim if nobody listens on it: a daemon that kills a shim in
 * the middle of its start leaves it behind. */
void hp_containerd__shim_socket_clear(const struct containerd *c, const char *id);
/* Where shims put their sockets. From: containerd runtime/v2/shim/util_unix.go, SocketAddress;
 * the directory is fixed at build time, whatever state directory the daemon has. */
#define HP_SHIM_SOCKETS "/run/containerd/s"

/* stdio.c: the directories of a container, with its FIFOs and its log. Owns: the caller. */
char *hp_containerd__state_dir(const struct containerd *c, const char *id);
char *hp_containerd__data_dir(const struct containerd *c, const char *id);
char *hp_containerd__volume_dir(const struct containerd *c, const char *name);

/* What a process' stdio needs. */
struct hp_stdio_plan {
	char *dir; /* holds the FIFOs */
	char *in;  /* paths of the FIFOs, "" for none */
	char *out;
	char *err_;
	bool tty;
	bool running; /* the process is there: its keeper takes up what another one left */
};
void hp_containerd__stdio_clear(struct hp_stdio_plan *p);
HP_AUTO_VALUE(struct hp_stdio_plan, hp_containerd__stdio_clear);
/* Make the FIFOs in @dir; those of an earlier start are replaced. */
int hp_containerd__stdio_make(const char *dir, bool with_stdin, bool tty,
			      struct hp_stdio_plan *ret, struct hp_error *err);
/* Start the keeper of a container. log: NULL keeps none. ret_pid: of the keeper. */
int hp_containerd__keeper_start(const struct containerd *c, const struct hp_stdio_plan *p,
				const char *log, pid_t *ret_pid, struct hp_error *err);
/* Is there a keeper in @dir, and the end of one that waits for a task that never came. */
bool hp_containerd__keeper_waits(const char *dir);
void hp_containerd__keeper_end(const char *dir);
/* Attach to it: read ends of pipes for its output. ret_err_fd is -1 for a terminal. */
int hp_containerd__keeper_attach(const struct hp_stdio_plan *p, int *ret_out_fd,
				 int *ret_err_fd, struct hp_error *err);
/* Open the stdin FIFO for writing, once the shim has it open for reading, which may take until
 * @deadline. ret_fd: -1 when nobody reads it, as after its end. */
int hp_containerd__stdin_open(const struct hp_stdio_plan *p, int64_t deadline, int *ret_fd,
			      struct hp_error *err);
/* A stream that sends CloseIO when its stdin is closed; takes the descriptors. */
struct hp_stream *hp_containerd__stream_new(struct containerd *c, const char *id,
					    const char *exec_id, const int take_fds[3]);

/* rootfs.c: resolve "user[:group]" against /etc/passwd and /etc/group of a root filesystem that
 * is mounted for the purpose, unseen by anybody else, or that is already there at @root. */
int hp_containerd__user_in_mounts(const char *user, Hp__Mount *const *mounts, size_t n_mounts,
				  struct hp_user *ret_user, struct hp_error *err);
int hp_containerd__user_in_root(const char *user, const char *root, struct hp_user *ret_user,
				struct hp_error *err);
