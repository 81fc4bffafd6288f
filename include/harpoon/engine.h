/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - one way to talk to every container engine.
 *
 * Calls block until the engine has answered or the client's timeout has passed; each returns 0
 * (or a count) or -1 with *err filled. Every call may fail with
 *   HP_EUNAVAILABLE  no socket, nobody listening, not this kind of engine, connection lost
 *   HP_EDENIED       the socket or the engine refuses this user
 *   HP_ETIMEOUT      no answer within the timeout
 *   HP_EUNSUPPORTED  this engine cannot do it, or is too old
 *   HP_EPROTO        the engine's answer makes no sense
 * beside what is said at the call. A container is named by id, by a unique beginning of its
 * id, or by name; HP_ENOTFOUND when there is none, HP_EINVALID when several fit.
 * An engine handle is for one thread at a time. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <harpoon/container.h>
#include <harpoon/error.h>
#include <harpoon/event.h>
#include <harpoon/figures.h>
#include <harpoon/image.h>
#include <harpoon/spec.h>
#include <harpoon/stream.h>

/* A connection to an engine, or what it takes to make one at the first call. Opaque. */
struct hp_engine;

/* How to reach an engine. Zero is the default everywhere; strings are borrowed for the call. */
struct hp_client_config {
	const char
		*address; /* socket path or URL; NULL: the engine's environment, then default */
	const char *ns;   /* namespace; NULL: the engine's environment, then "default" */
	/* TLS, for engines reached by TCP; files in PEM. An https:// address is TLS, too. */
	bool tls;             /* speak it, and believe any certificate */
	bool tls_verify;      /* speak it, and look at the certificate */
	const char *tls_ca;   /* who may sign it; NULL: those whom the system trusts */
	const char *tls_cert; /* our own; NULL: none */
	const char *tls_key;
	uint32_t timeout_ms;     /* for each call; 0: 30,000 */
	const char *snapshotter; /* NULL: the engine's default */
	const char *data_root;   /* logs and volumes; NULL: /var/lib/harpoon */
	const char *state_root;  /* FIFOs and sockets; NULL: /run/harpoon */
	const char *libexec_dir; /* where harpoon-keeper is; NULL: beside the program, then the
				  * installed place */
};

/* What an engine can do beyond the basics. */
enum hp_engine_can {
	HP_CAN_PAUSE = 1u << 0,       /* pause and unpause */
	HP_CAN_UPDATE = 1u << 1,      /* change limits */
	HP_CAN_STATS = 1u << 2,       /* tell what a container uses */
	HP_CAN_EVENTS = 1u << 3,      /* tell what happens */
	HP_CAN_ATTACH = 1u << 4,      /* give the stdio of a running container */
	HP_CAN_LOGS = 1u << 5,        /* keep output for later */
	HP_CAN_EXEC = 1u << 6,        /* run further processes */
	HP_CAN_EXEC_KILL = 1u << 7,   /* signal such a process */
	HP_CAN_RESIZE = 1u << 8,      /* change the size of a terminal */
	HP_CAN_IMPORT = 1u << 9,      /* take images from archives */
	HP_CAN_EXPORT = 1u << 10,     /* write images to archives */
	HP_CAN_TAG = 1u << 11,        /* give images further names */
	HP_CAN_NAMESPACES = 1u << 12, /* keep containers apart by namespace */
	HP_CAN_CENSUS = 1u << 13,     /* count all that it holds */
	HP_CAN_CREATE = 1u << 14,     /* make containers */
	HP_CAN_PULL = 1u << 15,       /* take images from registries */
	HP_CAN_LOOK_UP = 1u << 16,    /* create finds users and devices; else start may */
	HP_CAN_LOG_BYTES = 1u << 17, /* logs keep any bytes; else U+FFFD for what is no UTF-8 */
	HP_CAN_RESTART = 1u << 18,   /* start again what has ended; restart needs it too */
	HP_CAN_ISOLATE = 1u << 19,   /* make containers without a network (network "none") */
	HP_CAN_LIMIT_PIDS = 1u << 20,  /* limit the number of processes */
	HP_CAN_LOG_NONE = 1u << 21,    /* make containers whose output is kept nowhere */
	HP_CAN_EXEC_AS = 1u << 22,     /* give an exec an environment, a directory, a user */
	HP_CAN_EXEC_DETACH = 1u << 23, /* let an exec go on without its client */
};

/* Open engine @name ("containerd", "cri", "fake"); NULL is "containerd". Fails: HP_EINVALID - no such
 * engine; the message lists them. Nothing is sent yet, so a dead daemon shows at the first call. */
HP_API int hp_engine_open(const char *name, const struct hp_client_config *config,
			  struct hp_engine **ret_engine, struct hp_error *err);
/* Close the connection and free the handle. Streams, waiters and subscriptions that came from it
 * must be freed before. NULL is fine. */
HP_API void hp_engine_free(struct hp_engine *engine);

/* The engine's name as given to hp_engine_open(), where it is reached, and the namespace that its
 * calls work in; all three as they are in use, with defaults filled in. Returns: borrowed from
 * @engine, never NULL; "" for an engine without namespaces. */
HP_API const char *hp_engine_name(const struct hp_engine *engine);
HP_API const char *hp_engine_address(const struct hp_engine *engine);
HP_API const char *hp_engine_namespace(const struct hp_engine *engine);
/* What it can do. Returns: bits of enum hp_engine_can. A call whose bit is off fails with
 * HP_EUNSUPPORTED and sends nothing. */
HP_API unsigned hp_engine_can(const struct hp_engine *engine);

/* The engine's own words about itself. Owns: the caller, until hp_version_clear(). */
struct hp_version {
	char *version;  /* such as "1.6.20" */
	char *revision; /* of its source */
	char *api;      /* "" when the engine has no such number */
};
/* Ask for them. This is the cheapest call that shows whether an engine is there at all. */
HP_API int hp_engine_version(struct hp_engine *engine, struct hp_version *ret_version,
			     struct hp_error *err);
/* Free what @version holds, not the structure itself. */
HP_API void hp_version_clear(struct hp_version *version);

/* The state of the engine as pairs in a fixed order ("containers" = "3", ...), for people.
 * Owns: the caller, until hp_labels_clear(). */
HP_API int hp_engine_info(struct hp_engine *engine, struct hp_labels *ret_info,
			  struct hp_error *err);

/* All containers of the namespace, in whatever state; also those that others made.
 * Owns: the caller, until hp_container_list_free(). */
HP_API int hp_engine_list(struct hp_engine *engine, struct hp_container_list **ret_list,
			  struct hp_error *err);

/* Which containers a list shall have. Zero is those that have processes. */
struct hp_list_filter {
	const char *const *labels; /* "KEY" or "KEY=VALUE", NULL-terminated; all must fit */
	bool all;                  /* also those that are neither running nor paused */
};
/* Only some of them; an engine that can do so is asked for no others. Owns: as above. */
HP_API int hp_engine_list_some(struct hp_engine *engine, const struct hp_list_filter *filter,
			       struct hp_container_list **ret_list, struct hp_error *err);
/* One container with detail_json. Owns: the caller, until hp_container_free(). */
HP_API int hp_engine_inspect(struct hp_engine *engine, const char *ref,
			     struct hp_container **ret_container, struct hp_error *err);

/* Make a container. Owns: the caller frees *ret_id.
 * Fails: HP_ENOTFOUND - no such image, user, device or runtime (HP_CAN_LOOK_UP); HP_EEXISTS - the name is taken;
 * HP_EINVALID - the spec contradicts itself. Then nothing is left of it. */
HP_API int hp_engine_create(struct hp_engine *engine, const struct hp_container_spec *spec,
			    char **ret_id, struct hp_error *err);

/* Start it. With @ret_stream not NULL, its stdio is attached before its first instruction.
 * cols, rows: first size of a terminal, 0 for none.
 * Fails: HP_ESTATE - it runs already; HP_ENOCMD, HP_ENOEXEC - its program is missing or cannot
 * be executed; HP_ENOTFOUND - no such user or device; the container stays, as before the call. */
HP_API int hp_engine_start(struct hp_engine *engine, const char *ref, uint16_t cols,
			   uint16_t rows, struct hp_stream **ret_stream, struct hp_error *err);

/* Ask it to end with its stop signal (@signal 0) or @signal, and kill it after @grace_ms; a
 * negative grace takes the container's own. Stopping what is stopped succeeds. */
HP_API int hp_engine_stop(struct hp_engine *engine, const char *ref, int signal,
			  int64_t grace_ms, struct hp_error *err);
/* Send @signal to its init, or, with @exec_id not NULL, to that process. Fails: HP_ESTATE - it
 * does not run; HP_EINVALID - no such signal. */
HP_API int hp_engine_kill(struct hp_engine *engine, const char *ref, const char *exec_id,
			  int signal, struct hp_error *err);
/* Freeze and thaw all its processes. Doing it twice succeeds. Fails: HP_ESTATE - not running. */
HP_API int hp_engine_pause(struct hp_engine *engine, const char *ref, struct hp_error *err);
HP_API int hp_engine_unpause(struct hp_engine *engine, const char *ref, struct hp_error *err);
/* Stop, then start. What is stopped is just started. */
HP_API int hp_engine_restart(struct hp_engine *engine, const char *ref, int64_t grace_ms,
			     struct hp_error *err);
/* Remove it with its snapshot, log and FIFOs; with @volumes its anonymous volumes too.
 * Fails: HP_ESTATE - it runs and @force is not set. */
HP_API int hp_engine_remove(struct hp_engine *engine, const char *ref, bool force, bool volumes,
			    struct hp_error *err);

/* A process run by exec. Owns: the caller, until hp_exec_free(), which also takes the process'
 * record out of the engine once it has exited; a running one goes on. */
struct hp_exec {
	char *id;
	char *container_id;
	pid_t pid;
	struct hp_stream *stream; /* NULL when detached */
	struct hp_waiter *waiter; /* NULL when detached */
};
/* Run a process. Fails: HP_ESTATE - the container does not run; HP_ENOCMD, HP_ENOEXEC. */
HP_API int hp_engine_exec(struct hp_engine *engine, const char *ref,
			  const struct hp_exec_spec *spec, struct hp_exec **ret_exec,
			  struct hp_error *err);
/* Let go of a process as said at struct hp_exec. NULL is fine. */
HP_API void hp_exec_free(struct hp_engine *engine, struct hp_exec *exec);

/* Attach to the stdio of a running container; output from before is in its log.
 * Fails: HP_ESTATE - it does not run.
 * Owns: the caller, until hp_stream_free(). */
HP_API int hp_engine_attach(struct hp_engine *engine, const char *ref,
			    struct hp_stream **ret_stream, struct hp_error *err);
/* Set the size of its terminal, or of that of process @exec_id, in characters.
 * Fails: HP_ESTATE - it does not run. */
HP_API int hp_engine_resize(struct hp_engine *engine, const char *ref, const char *exec_id,
			    uint16_t cols, uint16_t rows, struct hp_error *err);

/* Which part of a log. Zero is all of it. */
struct hp_logs {
	bool follow;   /* go on until the container ends */
	bool has_tail; /* only the last @tail lines */
	uint64_t tail;
	int64_t since_ns; /* Unix time; 0: from the start */
	int64_t until_ns; /* 0: to the end */
};
/* Read what it has written. Fails: HP_EUNSUPPORTED - its log driver keeps nothing. */
HP_API int hp_engine_logs(struct hp_engine *engine, const char *ref, const struct hp_logs *what,
			  struct hp_stream **ret_stream, struct hp_error *err);

/* Wait for its end in a loop of the caller's; what has ended already is told at once.
 * Fails: HP_ESTATE - it was never started. */
HP_API int hp_engine_waiter(struct hp_engine *engine, const char *ref,
			    struct hp_waiter **ret_waiter, struct hp_error *err);
/* The same, blocking at most @timeout_ms; 0 waits for ever. Fails: HP_ETIMEOUT. */
HP_API int hp_engine_wait(struct hp_engine *engine, const char *ref, uint32_t timeout_ms,
			  struct hp_exit *ret_exit, struct hp_error *err);

/* Change limits of a created or running container; zero fields stay as they are.
 * Fails: HP_EINVALID - limits that contradict each other. */
HP_API int hp_engine_update(struct hp_engine *engine, const char *ref,
			    const struct hp_resources *resources, struct hp_error *err);

/* Take a reading of what it uses. Rates are the caller's to make, from two readings and their time_ns.
 * Fails: HP_ESTATE - it does not run. */
HP_API int hp_engine_stats(struct hp_engine *engine, const char *ref,
			   struct hp_stats *ret_stats, struct hp_error *err);

/* Subscribe to events of the engine's namespace from now on.
 * Owns: the caller, until hp_events_free(). */
HP_API int hp_engine_events(struct hp_engine *engine, struct hp_events **ret_events,
			    struct hp_error *err);

/* Images. A reference is expanded as docker does ("busybox" is docker.io/library/busybox:latest)
 * unless it names an image as it is; an id or a unique beginning of one works too. */
HP_API int hp_engine_images(struct hp_engine *engine, struct hp_image_list **ret_list,
			    struct hp_error *err);
/* Bring images in from an archive. Owns: *ret_names, NULL-terminated, until hp_names_free().
 * Fails: HP_ECORRUPT - the archive or a digest in it is wrong; HP_EEXHAUSTED - the disk is
 * full. Then nothing is left of it. */
HP_API int hp_engine_import(struct hp_engine *engine, const struct hp_import *what,
			    char ***ret_names, struct hp_error *err);
/* Bring an image from its registry. ret_pulled: empty before; hp_pulled_clear() frees it.
 * Fails: HP_ENOTFOUND - no such image, or none for the platform; HP_EDENIED - credentials,
 * certificate; HP_EEXHAUSTED - disk full, too many requests; HP_ECORRUPT; HP_ECANCELED; HP_EIO.
 * Then nothing is left of it, and what had the name before keeps it. */
HP_API int hp_engine_pull(struct hp_engine *engine, const struct hp_pull *what,
			  struct hp_pulled *ret_pulled, struct hp_error *err);
/* Free a vector of names and each name in it. NULL is fine. */
HP_API void hp_names_free(char **names);
/* Write images as an OCI layout tar to @fd, which may be a pipe and stays open.
 * refs: ends with NULL. Fails: HP_EIO, HP_EEXHAUSTED - writing; what was written is no archive. */
HP_API int hp_engine_export(struct hp_engine *engine, const char *const *refs, int fd,
			    struct hp_error *err);
/* Remove the name; content and snapshots that nothing else uses go with it. Fails: HP_ESTATE -
 * a container uses it and @force is not set. */
HP_API int hp_engine_remove_image(struct hp_engine *engine, const char *ref, bool force,
				  struct hp_error *err);
/* Give image @ref the further name @name, which another image loses if it had it. */
HP_API int hp_engine_tag(struct hp_engine *engine, const char *ref, const char *name,
			 struct hp_error *err);

/* Count what the engine holds. Fails: HP_EUNSUPPORTED - it cannot be seen from here, as with a remote engine. */
HP_API int hp_engine_census(struct hp_engine *engine, struct hp_census *ret_census,
			    struct hp_error *err);
