/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - what a container to be made, or a process to be run in one, shall look like.
 *
 * These structures are inputs: the caller owns all strings and arrays, a zeroed structure means
 * "the defaults", and arrays of strings end with NULL (a NULL array is an empty one). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <harpoon/error.h>

/* Where the content of a mount comes from. */
enum hp_mount_type {
	HP_MOUNT_BIND, /* source: absolute path on the host */
	HP_MOUNT_VOLUME, /* source: name of a volume, made when it does not exist; "" is anonymous */
	HP_MOUNT_TMPFS, /* source is ignored */
};

/* One mount. target: absolute path in the container.
 * options: words for mount(8), comma separated ("rprivate,nosuid", "size=64m"), NULL is none.
 * create_source: make a missing host directory, as docker's --volume does and --mount does not. */
struct hp_mount {
	enum hp_mount_type type;
	const char *source;
	const char *target;
	const char *options;
	bool read_only;
	bool create_source;
};

/* A device node of the host. cgroup_rwm: "rwm", "r", ...; NULL is "rwm". */
struct hp_device {
	const char *host_path;
	const char *container_path; /* NULL: the same path */
	const char *cgroup_rwm;
};

/* name: as in "nofile", without RLIMIT_. UINT64_MAX is unlimited. */
struct hp_ulimit {
	const char *name;
	uint64_t soft;
	uint64_t hard;
};

/* Limits. 0 means "not limited" (create) or "as it is" (update) everywhere. */
struct hp_resources {
	int64_t memory_bytes;
	int64_t memory_swap_bytes; /* memory and swap together; -1: unlimited swap */
	int64_t cpu_nano;          /* CPUs in 1e-9: 500,000,000 is half a core */
	uint64_t cpu_shares;
	const char *cpuset_cpus; /* "0-1,3"; NULL as 0 */
	int64_t pids_limit;      /* -1: unlimited */
};

/* Where the output of a container goes, beside those attached to it. */
enum hp_log_driver {
	HP_LOG_JSON_FILE, /* docker's json-file format; hp_engine_logs() reads it */
	HP_LOG_NONE,      /* nowhere: hp_engine_logs() fails with HP_EUNSUPPORTED */
};

/* A container to make. Empty image: HP_EINVALID. Fields that an engine cannot honour make
 * hp_engine_create() fail with HP_EUNSUPPORTED; nothing is dropped silently. */
struct hp_container_spec {
	const char *image;
	const char *name;              /* NULL: the engine invents one */
	const char *const *args;       /* after the image; they replace the image's cmd */
	const char *const *entrypoint; /* NULL: the image's; {"", NULL} clears it */
	const char *const *env;        /* "KEY=VALUE" */
	const struct hp_label *labels; /* n_labels of them */
	size_t n_labels;               /* kept with the container, for people and tools */
	const struct hp_label *annotations;
	size_t n_annotations; /* given to the runtime, in config.json */
	const char *workdir;  /* NULL: the image's, else "/" */
	const char *user;     /* "name|uid[:group|gid]"; NULL: the image's */
	const char *hostname; /* NULL: made from the id, or the host's with its uts_mode */
	const struct hp_mount *mounts;
	size_t n_mounts;
	const struct hp_device *devices;
	size_t n_devices; /* beside the usual ones */
	const struct hp_ulimit *ulimits;
	size_t n_ulimits;
	const struct hp_label *sysctls;
	size_t n_sysctls;
	const char *const *cap_add; /* "NET_ADMIN", "CAP_NET_ADMIN", "ALL" */
	const char *const *cap_drop;
	struct hp_resources resources;
	bool tty;          /* its stdio is a terminal; stderr is then part of stdout */
	bool stdin_open;   /* keep a stdin that clients can write to */
	bool stdin_once;   /* the first client's end of stdin is the process' end of stdin */
	bool privileged;   /* all capabilities and devices, no confinement */
	bool read_only;    /* its root filesystem */
	bool init;         /* run a small init as PID 1 that reaps and forwards signals */
	bool no_new_privs; /* --security-opt no-new-privileges */
	bool remove;       /* it is meant to be removed when it ends; kept as a label */
	const char
		*seccomp; /* NULL: default profile; "unconfined"; or a path of docker's JSON */
	const char *apparmor; /* NULL: default where the host has it; "unconfined"; or a name */
	/* NULL or "none", "host", "container:NAME" for that of a running container, "ns:PATH" for the
	 * namespace of that name; what else an engine knows, as docker's "bridge". */
	const char *network;
	const char *pid_mode; /* NULL: its own; "host" */
	const char *ipc_mode;
	const char *uts_mode;
	const char
		*runtime; /* NULL: the engine's default; "runc", "crun", "io.containerd.x.v1" */
	const char *snapshotter;  /* NULL: the engine's default */
	const char *stop_signal;  /* NULL: the image's, else SIGTERM */
	uint32_t stop_timeout_ms; /* grace before SIGKILL; 0: 10 s */
	enum hp_log_driver log_driver;
};

/* A process to run in a running container. Empty args: HP_EINVALID. */
struct hp_exec_spec {
	const char *const *args;
	const char *const *env; /* added to the container's */
	const char *workdir;    /* NULL: the container's */
	const char *user;       /* NULL: the container's */
	bool tty;
	bool stdin_open;
	bool detach; /* no stream: its output goes nowhere */
	bool privileged;
	uint16_t cols; /* first size of the terminal, 0: none */
	uint16_t rows;
};

/* Parse docker's texts. All fail with HP_EINVALID, naming the text and the form expected; the
 * strings in *ret_* are owned by the caller and freed by the matching _clear(). */

/* "[HOST|NAME:]TARGET[:OPTIONS]" of --volume. */
HP_API int hp_mount_parse_volume(const char *text, struct hp_mount *ret_mount,
				 struct hp_error *err);
/* "type=bind,source=S,target=T,readonly,..." of --mount. Unknown keys are refused, so that a
 * misspelt option is never a mount without it. */
HP_API int hp_mount_parse(const char *text, struct hp_mount *ret_mount, struct hp_error *err);
/* "TARGET[:OPTIONS]" of --tmpfs. */
HP_API int hp_mount_parse_tmpfs(const char *text, struct hp_mount *ret_mount,
				struct hp_error *err);
/* "HOST[:CONTAINER][:rwm]" of --device. Nothing is looked up: whether there is such a device shows
 * at hp_engine_create(). */
HP_API int hp_device_parse(const char *text, struct hp_device *ret_device,
			   struct hp_error *err);
/* "NAME=SOFT[:HARD]" of --ulimit; -1 is unlimited. */
HP_API int hp_ulimit_parse(const char *text, struct hp_ulimit *ret_ulimit,
			   struct hp_error *err);

/* Free the strings that a parse call above made, and zero the structure. Only for what such a call
 * filled: a structure that borrows its strings needs no clearing. */
HP_API void hp_mount_clear(struct hp_mount *mount);
HP_API void hp_device_clear(struct hp_device *device);
HP_API void hp_ulimit_clear(struct hp_ulimit *ulimit);
