/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.h - the containerd engine's own struct, and what its files share. */
#pragma once
#include "base/clock.h"
#include "engine/shared.h"
#include "image/image.h"
#include "net/rpc.h"

#include "containers.pb-c.h"
#include "tasks.pb-c.h"
#include "types.pb-c.h"

/* From: service names, containerd api/services/ (see proto/). */
#define HP_SVC_VERSION       "/containerd.services.version.v1.Version/"
#define HP_SVC_INTROSPECTION "/containerd.services.introspection.v1.Introspection/"
#define HP_SVC_NAMESPACES    "/containerd.services.namespaces.v1.Namespaces/"
#define HP_SVC_CONTAINERS    "/containerd.services.containers.v1.Containers/"
#define HP_SVC_TASKS         "/containerd.services.tasks.v1.Tasks/"
#define HP_SVC_IMAGES        "/containerd.services.images.v1.Images/"
#define HP_SVC_CONTENT       "/containerd.services.content.v1.Content/"
#define HP_SVC_SNAPSHOTS     "/containerd.services.snapshots.v1.Snapshots/"
#define HP_SVC_DIFF          "/containerd.services.diff.v1.Diff/"
#define HP_SVC_LEASES        "/containerd.services.leases.v1.Leases/"
#define HP_SVC_EVENTS        "/containerd.services.events.v1.Events/"

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

/* A unary call within the client's timeout; see hp_rpc_call(). */
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

/* Labels of ours that only this engine has; see engine/shared.h for the others. */
#define HP_LABEL_LOG     "harpoon/log-path"
#define HP_LABEL_VOLUMES "harpoon/anonymous-volumes" /* names, comma separated */
/* Before the key of a label whose value is empty: containerd drops those. From: containerd
 * metadata/boltutil/helpers.go, writeMap(). */
#define HP_LABEL_EMPTY   "harpoon/empty/"

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
