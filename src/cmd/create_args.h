/* SPDX-License-Identifier: Apache-2.0 */
/* create_args.h - the options of run and create, and the container that they describe. */
#pragma once
#include <harpoon/harpoon.h>

#include "cmd/cli.h"
#include "cmd/limit_args.h"
#include "cmd/opt.h"
#include "cmd/pull_missing.h"

struct hp_create_args {
	struct hp_limit_args limits;
	struct hp_strv env, env_files, label_files, mounts, volumes, tmpfs, devices, ulimits;
	struct hp_strv cap_add, cap_drop, security;
	struct hp_labels labels, annotations, sysctls;
	const char *name, *workdir, *user, *hostname, *entrypoint, *cidfile, *pull;
	const char *network, *pid_mode, *ipc_mode, *uts_mode;
	const char *runtime, *snapshotter, *stop_signal, *log_driver;
	int64_t stop_timeout_s;
	bool interactive, tty, remove, privileged, read_only, init;
	bool stdin_once; /* no option: run sets it when it stays with the container */
};

/* The rows for a member @m of type struct hp_create_args in the arguments @s. */
/* clang-format off: one row an option */
#define HP_CREATE_OPTS(s, m)                                                                   \
	HP_OPT_PAIRS(0, "annotation", s, m.annotations, "KEY=VALUE",                           \
		     "an annotation for the OCI runtime"),                                     \
		HP_OPT_LIST(0, "cap-add", s, m.cap_add, "CAP", "one more capability, or ALL"), \
		HP_OPT_LIST(0, "cap-drop", s, m.cap_drop, "CAP",                               \
			    "one capability less, or ALL"),                                    \
		HP_OPT_STR(0, "cidfile", s, m.cidfile, "FILE",                                 \
			   "write the container's id to a new file"),                          \
		HP_LIMIT_OPTS(s, m.limits),                                                    \
		HP_OPT_LIST(0, "device", s, m.devices, "HOST[:TARGET][:rwm]",                  \
			    "a device of the host"),                                           \
		HP_OPT_STR(0, "entrypoint", s, m.entrypoint, "COMMAND",                        \
			   "run this in place of the image's entrypoint; '' for none"),        \
		HP_OPT_LIST('e', "env", s, m.env, "KEY[=VALUE]",                               \
			    "an environment variable; without a value, ours"),                 \
		HP_OPT_LIST(0, "env-file", s, m.env_files, "FILE",                             \
			    "environment variables from a file"),                              \
		HP_OPT_STR('h', "hostname", s, m.hostname, "NAME", "its host name"),           \
		HP_OPT_FLAG(0, "init", s, m.init,                                              \
			    "run a small init that reaps and forwards signals"),               \
		HP_OPT_FLAG('i', "interactive", s, m.interactive, "keep its stdin open"),      \
		HP_OPT_STR(0, "ipc", s, m.ipc_mode, "MODE", "host: the host's IPC namespace"), \
		HP_OPT_PAIRS('l', "label", s, m.labels, "KEY=VALUE", "a label"),               \
		HP_OPT_LIST(0, "label-file", s, m.label_files, "FILE", "labels from a file"),  \
		HP_OPT_WORD(0, "log-driver", s, m.log_driver, "json-file|none",                \
			    "where its output is kept (json-file)"),                           \
		HP_OPT_LIST(0, "mount", s, m.mounts, "type=T,source=S,target=T,...",           \
			    "a bind mount, volume or tmpfs"),                                  \
		HP_OPT_STR(0, "name", s, m.name, "NAME", "its name"),                          \
		HP_OPT_STR(0, "net", s, m.network, "MODE", "the same as --network"),           \
		HP_OPT_STR(0, "network", s, m.network, "MODE",                                 \
			   "none, host, container:NAME, ns:PATH, or the engine's own word"),   \
		HP_OPT_STR(0, "pid", s, m.pid_mode, "MODE", "host: the host's PID namespace"), \
		HP_OPT_FLAG(0, "privileged", s, m.privileged,                                  \
			    "all capabilities and devices, no confinement"),                   \
		HP_OPT_WORD(0, "pull", s, m.pull, HP_PULL_WORDS,                               \
			    "when to pull its image (missing, if it names a registry)"),       \
		HP_OPT_FLAG(0, "read-only", s, m.read_only,                                    \
			    "its root filesystem cannot be written"),                          \
		HP_OPT_FLAG(0, "rm", s, m.remove, "remove it when it ends"),                   \
		HP_OPT_STR(0, "runtime", s, m.runtime, "NAME",                                 \
			   "runc, crun, or a shim such as io.containerd.runc.v2"),             \
		HP_OPT_LIST(0, "security-opt", s, m.security, "OPTION",                        \
			    "seccomp=FILE, apparmor=NAME (or unconfined), no-new-privileges"), \
		HP_OPT_STR(0, "snapshotter", s, m.snapshotter, "NAME",                         \
			   "containerd's snapshotter"),                                        \
		HP_OPT_STR(0, "stop-signal", s, m.stop_signal, "SIGNAL",                       \
			   "what asks it to end (the image's, SIGTERM)"),                      \
		HP_OPT_INT(0, "stop-timeout", s, m.stop_timeout_s,                             \
			   "seconds from that to SIGKILL (10)", 0, 4000000, -1),               \
		HP_OPT_PAIRS(0, "sysctl", s, m.sysctls, "KEY=VALUE",                           \
			     "a kernel setting in its namespaces"),                            \
		HP_OPT_LIST(0, "tmpfs", s, m.tmpfs, "TARGET[:OPTIONS]",                        \
			    "an empty filesystem in memory"),                                  \
		HP_OPT_FLAG('t', "tty", s, m.tty, "give it a terminal"),                       \
		HP_OPT_LIST(0, "ulimit", s, m.ulimits, "NAME=SOFT[:HARD]",                     \
			    "a resource limit of its processes"),                              \
		HP_OPT_STR('u', "user", s, m.user, "USER[:GROUP]",                             \
			   "who runs it, by name or number"),                                  \
		HP_OPT_STR(0, "uts", s, m.uts_mode, "MODE", "host: the host's UTS namespace"), \
		HP_OPT_LIST('v', "volume", s, m.volumes, "[SOURCE:]TARGET[:OPTIONS]",          \
			    "a bind mount or a volume"),                                       \
		HP_OPT_STR('w', "workdir", s, m.workdir, "DIR", "where its program starts")
/* clang-format on */

/* What the options describe, with all that the spec points to. */
struct hp_create {
	struct hp_container_spec spec;
	struct hp_strv env;
	struct hp_labels labels;
	struct hp_mount *mounts;
	struct hp_device *devices;
	struct hp_ulimit *ulimits;
	const char *entrypoint[2];
};

/* Fill @ret from options and operands (IMAGE [COMMAND [ARGUMENT...]]); borrows from both.
 * Owns: the caller, hp_create_clear() also after a failure. Fails: HP_EUSAGE and what the parsers
 * of single options say. */
int hp_create_build(const struct hp_create_args *args, const char *const *operands,
		    struct hp_create *ret, struct hp_error *err) MUST_CHECK;
void hp_create_clear(struct hp_create *create);
HP_AUTO_VALUE(struct hp_create, hp_create_clear);

/* Build it, make it, and write the cidfile. Owns: the caller frees *ret_id. */
int hp_create_make(struct hp_engine *engine, const struct hp_create_args *args,
		   const char *const *operands, char **ret_id, struct hp_error *err) MUST_CHECK;
