/* SPDX-License-Identifier: Apache-2.0 */
/* engine_impl.h - what an engine must do; for implementers of engines only.
 *
 * Users go through the hp_engine_*() functions of <harpoon/engine.h>. Those check the
 * capability bit and the arguments, turn "not there" into HP_EUNSUPPORTED naming the engine, and
 * prefix errors with nothing: an op wraps its own errors where it knows a new name. */
#pragma once
#include <harpoon/engine.h>

#include "base/labels.h"

/* A new engine is one file with one of these, and one row in the table of engine.c.
 * Calls block at most engine->timeout_ms (streams and waits aside); none may log.
 * A @ref is resolved by the op. An op whose capability bit is off may be NULL. */
struct hp_engine_ops {
	const char *name;
	unsigned can; /* enum hp_engine_can */
	size_t size;  /* of the implementer's struct, which begins with struct hp_engine */

	/* Fill the rest of a zeroed struct from @config; must not talk to the daemon. */
	int (*open)(struct hp_engine *e, const struct hp_client_config *config,
		    struct hp_error *err);
	void (*close)(struct hp_engine *e); /* also after a failed open */

	int (*version)(struct hp_engine *e, struct hp_version *ret, struct hp_error *err);
	int (*info)(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err);
	int (*list)(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err);
	/* NULL: the wrapper filters what list gives. It filters what this gives too, so that an
	 * op may pass on a part of the filter only. */
	int (*list_some)(struct hp_engine *e, const struct hp_list_filter *filter,
			 struct hp_container_list **ret, struct hp_error *err);
	int (*inspect)(struct hp_engine *e, const char *ref, struct hp_container **ret,
		       struct hp_error *err);
	int (*create)(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		      struct hp_error *err); /* HP_CAN_CREATE */
	int (*start)(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		     struct hp_stream **ret_stream, struct hp_error *err);
	int (*stop)(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		    struct hp_error *err);
	int (*kill)(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		    struct hp_error *err);
	int (*pause)(struct hp_engine *e, const char *ref, struct hp_error *err);
	int (*unpause)(struct hp_engine *e, const char *ref, struct hp_error *err);
	/* NULL: the wrapper stops and starts. */
	int (*restart)(struct hp_engine *e, const char *ref, int64_t grace_ms,
		       struct hp_error *err);
	int (*remove)(struct hp_engine *e, const char *ref, bool force, bool volumes,
		      struct hp_error *err);
	int (*exec)(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		    struct hp_exec **ret, struct hp_error *err);
	/* The engine's record, not *exec. NULL: it keeps none. */
	void (*exec_free)(struct hp_engine *e, struct hp_exec *exec);
	int (*attach)(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		      struct hp_error *err);
	int (*resize)(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		      uint16_t rows, struct hp_error *err);
	int (*logs)(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		    struct hp_stream **ret, struct hp_error *err);
	int (*waiter)(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		      struct hp_error *err);
	int (*update)(struct hp_engine *e, const char *ref,
		      const struct hp_resources *resources, struct hp_error *err);
	int (*stats)(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		     struct hp_error *err);
	int (*events)(struct hp_engine *e, struct hp_events **ret, struct hp_error *err);
	int (*images)(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err);
	int (*import)(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
		      struct hp_error *err);
	int (*pull)(struct hp_engine *e, const struct hp_pull *what,
		    struct hp_pulled *ret_pulled, struct hp_error *err); /* HP_CAN_PULL */
	int (*export)(struct hp_engine *e, const char *const *refs, int fd,
		      struct hp_error *err);
	int (*remove_image)(struct hp_engine *e, const char *ref, bool force,
			    struct hp_error *err);
	int (*tag)(struct hp_engine *e, const char *ref, const char *name,
		   struct hp_error *err);
	int (*census)(struct hp_engine *e, struct hp_census *ret, struct hp_error *err);
};

/* What every engine has; filled by hp_engine_open() from the configuration and ops->open. */
struct hp_engine {
	const struct hp_engine_ops *ops;
	char *address; /* set by ops->open */
	char *ns;      /* set by ops->open; "" when the engine has none */
	uint32_t timeout_ms;
};

/* The engines, one row each; engine.c lists them. */
extern const struct hp_engine_ops hp_engine__fake;
extern const struct hp_engine_ops hp_engine__containerd;
extern const struct hp_engine_ops hp_engine__cri;
extern const struct hp_engine_ops hp_engine__docker;
extern const struct hp_engine_ops hp_engine__podman;

/* Implementations of the three stream handles. Each begins with its ops, so that an engine can
 * have kinds of its own. @next: see the public call of that name. */
struct hp_stream_ops {
	int (*fd)(const struct hp_stream *s);
	int (*next)(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err);
	int (*stdin_fd)(const struct hp_stream *s);
	ssize_t (*write)(struct hp_stream *s, const void *data, size_t len,
			 struct hp_error *err);
	int (*close_stdin)(struct hp_stream *s, struct hp_error *err);
	void (*free)(struct hp_stream *s); /* all of it, the handle too */
};
struct hp_stream {
	const struct hp_stream_ops *ops;
};

struct hp_waiter_ops {
	int (*fd)(const struct hp_waiter *w);
	int (*next)(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err);
	void (*free)(struct hp_waiter *w);
};
struct hp_waiter {
	const struct hp_waiter_ops *ops;
};

struct hp_events_ops {
	int (*fd)(const struct hp_events *e);
	int (*next)(struct hp_events *e, struct hp_event *ret, struct hp_error *err);
	void (*free)(struct hp_events *e);
};
struct hp_events {
	const struct hp_events_ops *ops;
};

/* How an engine hears that stdin was closed. @close (NULL is fine) is called once, after the
 * stream has closed its own end; @free (NULL is fine) when the stream is freed. */
struct hp_stdin_closer {
	int (*close)(void *arg, struct hp_error *err);
	void (*free)(void *arg);
	void *arg;
};

/* A stream over descriptors: output is read from @take_out and @take_err (-1: none) until both
 * end, stdin goes to @take_in (-1: none). All three are made non-blocking and are owned by the
 * stream from then on. @closer is copied; NULL when there is nobody to tell. */
struct hp_stream *hp_stream_from_fds(int take_in, int take_out, int take_err,
				     const struct hp_stdin_closer *closer);

/* Read a docker json-file log as a stream. The writer holds a flock(LOCK_EX) on the file for as
 * long as it may write; a follower ends when the lock is gone and all was read.
 * Fails: HP_ENOTFOUND - no such file. */
int hp_stream_from_log(const char *path, const struct hp_logs *what, struct hp_stream **ret,
		       struct hp_error *err);

/* Give a failed create or start of a process the code that its text tells: HP_ENOCMD when the
 * program is missing, HP_ENOEXEC when it cannot be executed; and take the names of the layers that
 * it came through from the text. Always returns -1. */
int hp_runtime_failed(struct hp_error *err, const char *program);

/* Values for implementers: a container or image with every string set to "". */
struct hp_container *hp_container_new(void);
/* Name it by the labels that orchestrators give their containers, when there are any: "NAMESPACE/POD/
 * CONTAINER" of Kubernetes (or as much of it as there is), nerdctl's name, compose's service; else
 * by @otherwise. From: kubelet's CRI labels, nerdctl pkg/labels, the order as in Pumba. */
void hp_container_name_by_labels(struct hp_container *c, const char *otherwise);
struct hp_image *hp_image_new(void);
void hp_container_list_add(struct hp_container_list *list, struct hp_container *take_container);
void hp_container_list_sort(struct hp_container_list *list); /* newest first, then by id */
void hp_image_list_add(struct hp_image_list *list, struct hp_image *take_image);
void hp_image_list_sort(struct hp_image_list *list); /* by name */

/* Is @c what @filter asks for? */
bool hp_list_filter_fits(const struct hp_list_filter *filter, const struct hp_container *c);
/* Drop from @list what @filter does not ask for; the others keep their order. */
void hp_container_list_filter(struct hp_container_list *list,
			      const struct hp_list_filter *filter);

/* Which container of @list @ref means: id, name, or a unique beginning of an id.
 * Fails: HP_ENOTFOUND, HP_EINVALID (several fit). Returns in *ret_container: borrowed. */
int hp_container_list_find(const struct hp_container_list *list, const char *ref,
			   const struct hp_container **ret_container, struct hp_error *err);

/* Owned variables of the public types, for code inside the library. */
HP_AUTO_PTR(struct hp_engine, hp_engine_free);
HP_AUTO_PTR(struct hp_container, hp_container_free);
HP_AUTO_PTR(struct hp_container_list, hp_container_list_free);
HP_AUTO_PTR(struct hp_image, hp_image_free);
HP_AUTO_PTR(struct hp_image_list, hp_image_list_free);
HP_AUTO_PTR(struct hp_stream, hp_stream_free);
HP_AUTO_PTR(struct hp_waiter, hp_waiter_free);
HP_AUTO_PTR(struct hp_events, hp_events_free);
HP_AUTO_VALUE(struct hp_event, hp_event_clear);
HP_AUTO_VALUE(struct hp_version, hp_version_clear);
HP_AUTO_VALUE(struct hp_pulled, hp_pulled_clear);
