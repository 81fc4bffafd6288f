/* SPDX-License-Identifier: Apache-2.0 */
/* container.h - the container as every engine shows it: one value, one set of states. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <harpoon/error.h>

/* The states, one row each: constant, word as printed. */
#define HP_STATES(X)                                                                           \
	X(HP_STATE_UNKNOWN, "unknown")                                                         \
	X(HP_STATE_CREATED, "created")                                                         \
	X(HP_STATE_RUNNING, "running")                                                         \
	X(HP_STATE_PAUSED, "paused")                                                           \
	X(HP_STATE_STOPPED, "stopped")                                                         \
	X(HP_STATE_RESTARTING, "restarting")                                                   \
	X(HP_STATE_EXITED, "exited")                                                           \
	X(HP_STATE_DEAD, "dead")

/* What a container does at the moment, in words that all engines share; an engine that knows
 * fewer states uses those that fit. */
enum hp_state {
#define HP_STATE_ENUM(name, word) name,
	HP_STATES(HP_STATE_ENUM)
#undef HP_STATE_ENUM
};

/* The word for @state, "unknown" for a number that is none. */
HP_API const char *hp_state_name(enum hp_state state);

/* A label, an annotation or an environment variable. Owns: its list. */
struct hp_label {
	char *key;
	char *value;
};

/* Labels in the order in which the engine gave them. */
struct hp_labels {
	struct hp_label *items;
	size_t count;
};

/* The value of label @key; keys are compared byte by byte. Returns: borrowed from @labels, NULL when there is none. */
HP_API const char *hp_labels_get(const struct hp_labels *labels, const char *key);
/* Free what @labels holds and empty it; it can be filled again. Clearing twice is fine. */
HP_API void hp_labels_clear(struct hp_labels *labels);

/* A container. Strings are never NULL unless said so; the container owns them all.
 * Times are Unix time in nanoseconds, 0 when unknown or not yet. */
struct hp_container {
	char *id;
	char *name;     /* what people call it; the id when it has no other name */
	char *ns;       /* the engine's namespace; "" when it has none */
	char *image;    /* the image's name as given at creation */
	char *image_id; /* the image's digest, "" when unknown */
	char *engine;   /* name of the engine that runs it */
	char *runtime;  /* OCI runtime or shim, "" when unknown */
	char *command;  /* its argument vector as one line, "" when unknown */
	enum hp_state state;
	/* Of its init on this host; 0 when it does not run, and in lists where they do not tell. */
	pid_t pid;
	int exit_code;   /* good in HP_STATE_EXITED only */
	bool oom_killed; /* its memory limit ended it; told by inspect only */
	int64_t created_ns;
	int64_t finished_ns;
	struct hp_labels labels;
	char *network_mode; /* "none", "host", or the engine's own word; "" when unknown */
	char *netns_path;   /* "" when it does not run */
	char *detail_json;  /* the engine's own document; NULL in lists */
	bool tty;           /* its stdio is a terminal; told by inspect only */
	bool stdin_open;    /* it has a stdin that can be written to; told by inspect only */
};

/* Containers in the order of their creation, newest first. */
struct hp_container_list {
	struct hp_container **items;
	size_t count;
};

/* Free a container or a list with all that it holds. NULL is fine. */
HP_API void hp_container_free(struct hp_container *c);
HP_API void hp_container_list_free(struct hp_container_list *list);

/* Find the number of a signal from its name ("TERM", "SIGTERM", "sigterm", "RTMIN+3") or its
 * number in decimal. Fails: HP_EINVALID - no such signal on Linux; ret_signal is 1 to 64. */
HP_API int hp_signal_parse(const char *text, int *ret_signal, struct hp_error *err);

/* The name of signal @number without "SIG". Returns: static; NULL when there is none. */
HP_API const char *hp_signal_name(int number);
