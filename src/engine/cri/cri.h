/* SPDX-License-Identifier: Apache-2.0 */
/* cri.h - the CRI engine's own struct, and what its files share.
 *
 * A container of CRI lives in a pod sandbox. Those that kubelet made keep theirs; those that are made
 * here have one of their own, which comes and goes with them. */
#pragma once
#include "base/clock.h"
#include "engine/shared.h"
#include "net/remote.h"
#include "net/rpc.h"

#include "cri.pb-c.h"

/* From: kubernetes/cri-api pkg/apis/runtime/v1/api.proto, the services. */
#define HP_SVC_RUNTIME "/runtime.v1.RuntimeService/"
#define HP_SVC_IMAGE   "/runtime.v1.ImageService/"

/* Kubernetes' own labels of containers. From: kubernetes pkg/kubelet/types/labels.go. */
#define HP_LABEL_POD_NAME  "io.kubernetes.pod.name"
#define HP_LABEL_POD_NS    "io.kubernetes.pod.namespace"
#define HP_LABEL_CONTAINER "io.kubernetes.container.name"

/* Ours: on a pod that was made for one container, and that container's name. */
#define HP_LABEL_OWN_POD "harpoon/own-pod"
#define HP_LABEL_NAME    "harpoon/name"
/* The namespace of pods that are made here, and the uid of all of them, so that the runtime itself
 * keeps two from having one name. */
#define HP_POD_NAMESPACE "harpoon"
#define HP_POD_UID       "harpoon"

struct cri {
	struct hp_engine base;
	struct hp_grpc *grpc;
	char *data_root;        /* of this runtime: logs */
	struct cri_exec *execs; /* with a terminal, for hp_engine_resize() */
};

static inline struct cri *hp_cri__of(struct hp_engine *e)
{
	return container_of(e, struct cri, base);
}

/* A unary call within the client's timeout; see hp_rpc_call(). */
int hp_cri__call(struct cri *c, const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *type, void *ret_reply, struct hp_error *err);
/* The same for a call that takes @more_ms longer than others, as one that waits for a process. */
int hp_cri__call_long(struct cri *c, const char *method, int64_t more_ms,
		      const ProtobufCMessage *request, struct hp_error *err);
int64_t hp_cri__deadline(const struct cri *c);
const char *hp_cri__pair(Hp__Pair *const *pairs, size_t n, const char *key); /* or NULL */

/* container.c: a container, and the lists that it and its pod are in. */
struct hp_cri__found {
	Hp__CriListContainersResponse *containers;
	Hp__CriListSandboxResponse *pods;
	const Hp__CriContainer *container; /* borrowed from the lists, as is @pod */
	const Hp__CriSandbox *pod;         /* NULL: it went away */
};
void hp_cri__found_clear(struct hp_cri__found *f);
HP_AUTO_VALUE(struct hp_cri__found, hp_cri__found_clear);
/* Find by id, its unique beginning, or name: the one that it was given here, or
 * "namespace/pod/container", of which the newest attempt is meant. Fails: HP_ENOTFOUND, HP_EINVALID. */
int hp_cri__find(struct cri *c, const char *ref, struct hp_cri__found *ret,
		 struct hp_error *err);
/* How a container stands. @verbose: with the runtime's own document. */
int hp_cri__status(struct cri *c, const char *id, bool verbose,
		   Hp__CriContainerStatusResponse **ret, struct hp_error *err);
/* Its init, as the verbose status tells; 0 when it does not run or the runtime does not say. */
pid_t hp_cri__pid(const Hp__CriContainerStatusResponse *status);
/* It was never started, or its start failed. */
bool hp_cri__never_ran(const Hp__CriContainerStatus *status);
const char *hp_cri__annotation(const Hp__CriContainer *container,
			       const char *key); /* or NULL */
/* Find it and see that it runs. ret_status: verbose. Fails: HP_ESTATE. */
int hp_cri__find_running(struct cri *c, const char *ref, struct hp_cri__found *ret,
			 Hp__CriContainerStatusResponse **ret_status, struct hp_error *err);

/* process.c: a descriptor of process @pid, once it is sure that it belongs to container @id.
 * Returns: the descriptor; -1 when it is gone, or is no process of that container on this host. */
int hp_cri__pidfd(const char *id, pid_t pid);
/* What its cgroups tell that CRI does not. Of a process that cannot be seen from here: nothing. */
void hp_cri__cgroup_stats(const char *id, pid_t pid, struct hp_stats *stats);
/* Fail as an exec of @program in the root of process @pid would; succeed when that cannot be told. */
int hp_cri__check_program(pid_t pid, const char *program, const char *path,
			  struct hp_error *err);

/* waiter.c: a wait for container @id. */
int hp_cri__waiter_new(struct cri *c, const char *id, struct hp_waiter **ret,
		       struct hp_error *err);

/* logs.c: the log of a container as a stream; @path "" or NULL: it keeps none. */
int hp_cri__log_stream(struct cri *c, const char *id, const char *path,
		       const struct hp_logs *what, struct hp_stream **ret,
		       struct hp_error *err);
/* The folder of the log of a container that is made here. Owns: the caller. */
char *hp_cri__log_dir(const struct cri *c, const char *name);

/* stdio.c: the stdio of a running container, its output from the beginning when @all. */
int hp_cri__stdio_new(struct cri *c, const struct hp_cri__found *found, bool all,
		      struct hp_stream **ret, struct hp_error *err);
/* Attach to it with the streams of @want, whose URL is found here. */
int hp_cri__attach_remote(struct cri *c, const char *id, const struct hp_remote_want *want,
			  struct hp_remote **ret, struct hp_error *err);
/* The output and stdin of @take_remote as a stream. */
struct hp_stream *hp_cri__remote_stream(struct hp_remote *take_remote);

/* config.c: what a spec asks of a pod and its container. Owns: the caller, who frees both as unpacked
 * messages. Fails: HP_EUNSUPPORTED - CRI has no word for something in it; HP_ENOTFOUND - a directory or
 * device of the host. */
struct hp_cri__plan {
	const struct hp_container_spec *spec;
	const char *name;
	const char *image;    /* as it is called */
	const char *image_id; /* what is made of it */
	const char *log_dir;
};
int hp_cri__pod_config(const struct hp_cri__plan *p, Hp__CriSandboxConfig **ret,
		       struct hp_error *err);
int hp_cri__container_config(const struct hp_cri__plan *p, Hp__CriContainerConfig **ret,
			     struct hp_error *err);
/* Limits as CRI has them. */
int hp_cri__resources(const struct hp_resources *from, Hp__CriResources **ret,
		      struct hp_error *err);

/* images.c: find an image by name, expanded name, id or the unique beginning of one.
 * Owns: both strings. Fails: HP_ENOTFOUND, HP_EINVALID. */
int hp_cri__image_find(struct cri *c, const char *ref, char **ret_name, char **ret_id,
		       struct hp_error *err);

/* The operations, by the name that each has in <harpoon/engine.h>. */
int hp_cri__list(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err);
int hp_cri__list_some(struct hp_engine *e, const struct hp_list_filter *filter,
		      struct hp_container_list **ret, struct hp_error *err);
int hp_cri__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
		    struct hp_error *err);
int hp_cri__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		   struct hp_error *err);
int hp_cri__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		   struct hp_error *err);
int hp_cri__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		  struct hp_stream **ret_stream, struct hp_error *err);
int hp_cri__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		 struct hp_error *err);
int hp_cri__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		 struct hp_error *err);
int hp_cri__update(struct hp_engine *e, const char *ref, const struct hp_resources *resources,
		   struct hp_error *err);
int hp_cri__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		   struct hp_error *err);
int hp_cri__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		   uint16_t rows, struct hp_error *err);
int hp_cri__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		 struct hp_exec **ret, struct hp_error *err);
void hp_cri__exec_free(struct hp_engine *e, struct hp_exec *exec);
int hp_cri__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		 struct hp_stream **ret, struct hp_error *err);
int hp_cri__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		   struct hp_error *err);
int hp_cri__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		  struct hp_error *err);
int hp_cri__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err);
int hp_cri__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err);
int hp_cri__pull(struct hp_engine *e, const struct hp_pull *what, struct hp_pulled *ret,
		 struct hp_error *err);
int hp_cri__remove_image(struct hp_engine *e, const char *ref, bool force,
			 struct hp_error *err);
