/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.h - the process that has the container's root file system and serves it to the machine. It
 * is a child without a program of its own, in a mount namespace of its own and in the container's
 * network namespace, so that /proc/PID/root and /proc/PID/ns/net are the container's; nothing that
 * it mounts is left when it dies. */
#pragma once
#include <sys/types.h>

#include "base/loop.h"
#include "shim/spec.h"

struct hp_shim_rootfs;

/* A mount as containerd hands it over; several apply one after the other. */
struct hp_shim_mount {
	const char *type, *source, *target; /* target: below the root; "" or NULL: the root */
	const char *const *options;         /* NULL-terminated */
};

/* All is borrowed for the length of the call, files_fd too. */
struct hp_shim_rootfs_spec {
	const char *bundle; /* absolute */
	const char *root;   /* what is the root when there are no mounts; absolute */
	const struct hp_shim_mount *mounts;
	size_t n_mounts;
	bool on_disk; /* the root is the machine's disk: none is served, whatever the mounts are */
	const struct hp_shim_share *shares;
	size_t n_shares;
	const char *netns; /* as hp_shim_network_path() */
	int files_fd;      /* the host's end of the machine's file port */
};

struct hp_shim_rootfs_events {
	/* It serves (@why is NULL) or cannot; once. */
	void (*on_ready)(void *data, const struct hp_error *why);
	/* It has ended after it was ready; once. */
	void (*on_end)(void *data, const struct hp_error *why);
};

/* Start it. Callbacks never come from inside of this call.
 * Fails: HP_EIO, HP_EEXHAUSTED - no process can be made. */
int hp_shim_rootfs_serve(struct hp_loop *l, const struct hp_shim_rootfs_spec *spec,
			 const struct hp_shim_rootfs_events *events, void *data,
			 struct hp_shim_rootfs **ret, struct hp_error *err) MUST_CHECK;
pid_t hp_shim_rootfs_pid(const struct hp_shim_rootfs *r);
/* Kills and reaps it. NULL is fine. */
void hp_shim_rootfs_free(struct hp_shim_rootfs *r);
HP_AUTO_PTR(struct hp_shim_rootfs, hp_shim_rootfs_free);
