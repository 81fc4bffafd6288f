/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.h - the containerd engine's own struct, and what its files share. */
#pragma once
#include "base/clock.h"
#include "engine/containerd/rpc.h"
#include "engine/engine_impl.h"
#include "image/image.h"

#include "containers.pb-c.h"
#include "tasks.pb-c.h"
#include "types.pb-c.h"

struct containerd {
	struct hp_engine base;
	struct hp_grpc *grpc;
	char *snapshotter; /* "overlayfs" unless configured */
	char *data_root;   /* of this daemon: logs and volumes */
	char *state_root;  /* of this daemon: FIFOs and keepers' sockets */
	char *libexec_dir; /* where harpoon-keeper is; NULL: look for it */
};

static inline struct containerd *hp_containerd__of(struct hp_engine *e)
{
	return container_of(e, struct containerd, base);
}

/* A client for the daemon at @address in namespace @ns; it connects at its first call. */
struct hp_grpc *hp_containerd__connect(const char *address, const char *ns);

/* A unary call within the client's timeout; see hp_rpc__call(). */
int hp_containerd__call(struct containerd *c, const char *method,
			const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
			void *ret_reply, struct hp_error *err);
/* The deadline of a call that begins now. */
int64_t hp_containerd__deadline(const struct containerd *c);

/* Values of the protocol. */
int64_t
hp_containerd__time(const Hp__Timestamp *t); /* Unix ns; 0 for NULL and Go's zero time */
const char *hp_containerd__pair(Hp__Pair *const *pairs, size_t n,
				const char *key); /* or NULL */

/* Labels that Harpoon puts on its containers. Their values are what `inspect` and the other
 * verbs need and containerd has no field for. */
#define HP_LABEL_OWN          "harpoon/"
#define HP_LABEL_LOG          "harpoon/log-path"
#define HP_LABEL_STOP_SIGNAL  "harpoon/stop-signal"
#define HP_LABEL_STOP_TIMEOUT "harpoon/stop-timeout-ms"
#define HP_LABEL_STDIN        "harpoon/stdin" /* "open" or "once"; absent: none */
#define HP_LABEL_TTY          "harpoon/tty"
#define HP_LABEL_REMOVE       "harpoon/auto-remove"
#define HP_LABEL_NETWORK      "harpoon/network-mode"
#define HP_LABEL_VOLUMES      "harpoon/anonymous-volumes" /* names, comma separated */
/* The argument vector as one line, so that a list need not read every spec. */
#define HP_LABEL_COMMAND      "harpoon/command"
#define HP_LABEL_IMAGE_ID     "harpoon/image-id"
/* Before the key of a label whose value is empty: containerd drops those. From: containerd
 * metadata/boltutil/helpers.go, writeMap(). */
#define HP_LABEL_EMPTY        "harpoon/empty/"
/* A human name other than the id. From: nerdctl pkg/labels; docker's namespace moby has none. */
#define HP_LABEL_NERDCTL_NAME "nerdctl/name"

/* container.c: which container @ref means, as containerd has it. */
int hp_containerd__find(struct containerd *c, const char *ref, Hp__GetContainerResponse **ret,
			struct hp_error *err);
int hp_containerd__list(struct hp_engine *e, struct hp_container_list **ret,
			struct hp_error *err);
int hp_containerd__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
			   struct hp_error *err);

/* store.c: the image storage of the daemon. Owns: the caller, until hp_containerd__store_free(). */
struct hp_store *hp_containerd__store_new(struct containerd *c);
void hp_containerd__store_free(struct hp_store *s);
/* Unpack with @snapshotter, which must outlive the store, and not with the client's. */
void hp_containerd__store_use(struct hp_store *s, const char *snapshotter);
HP_AUTO_PTR(struct hp_store, hp_containerd__store_free);
/* images.c: find an image by name, expanded name, id or unique beginning of an id.
 * Owns: *ret_name, the full name. Fails: HP_ENOTFOUND, saying how to get it; HP_EINVALID. */
int hp_containerd__image_find(struct containerd *c, const char *ref, char **ret_name,
			      struct hp_descriptor *ret_target, struct hp_error *err);
int hp_containerd__images(struct hp_engine *e, struct hp_image_list **ret,
			  struct hp_error *err);
int hp_containerd__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
			  struct hp_error *err);
int hp_containerd__export(struct hp_engine *e, const char *const *refs, int fd,
			  struct hp_error *err);
int hp_containerd__remove_image(struct hp_engine *e, const char *ref, bool force,
				struct hp_error *err);
int hp_containerd__pull(struct hp_engine *e, const struct hp_pull *what,
			struct hp_pulled *ret_pulled, struct hp_error *err); /* pull.c */
int hp_containerd__tag(struct hp_engine *e, const char *ref, const char *name,
		       struct hp_error *err);
/* snapshots.c: writable snapshots of containers. The mounts are those of the reply. */
int hp_containerd__snapshot_prepare(struct containerd *c, const char *snapshotter,
				    const char *key, const char *parent, struct hp_error *err);
int hp_containerd__snapshot_mounts(struct containerd *c, const char *snapshotter,
				   const char *key, void *ret_mounts_response,
				   struct hp_error *err);
/* There is none any more: success. */
int hp_containerd__snapshot_remove(struct containerd *c, const char *snapshotter,
				   const char *key, struct hp_error *err);
