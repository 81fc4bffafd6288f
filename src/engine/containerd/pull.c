/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c - bring an image from a registry into the daemon's storage; containerd 1.6 cannot do it
 * by itself. */
#include "image/pull.h"
#include "engine/containerd/store.h"

/* From: docker's and containerd's own default: three layers at a time. */
#define AT_ONCE 3

static void writers_free(struct hp_store **writers)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		hp_containerd__store_free(writers[i]);
}

/* The stores share the engine's connection, and so the lease that its calls name. */
int hp_containerd__pull(struct hp_engine *e, const struct hp_pull *what,
			struct hp_pulled *ret_pulled, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_containerd__store_free) struct hp_store *s = hp_containerd__store_new(c);
	struct hp_store *writers[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++)
		writers[i] = hp_containerd__store_new(c);
	const struct hp_pull_into into = {.store = s, .writers = writers, .n_writers = AT_ONCE};
	const int rc = hp_image_pull(&into, what, ret_pulled, err);
	writers_free(writers);
	return rc;
}
