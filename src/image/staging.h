/* SPDX-License-Identifier: Apache-2.0 */
/* staging.h - a store for images that are on their way elsewhere: in files without a name, which are
 * gone with the process, however it ends. It unpacks nothing. */
#pragma once
#include "image/store.h"

/* Fails: HP_EEXHAUSTED, HP_EDENIED, HP_EIO - no file can be made in $TMPDIR, else /var/tmp. */
int hp_staging_new(struct hp_store **ret, struct hp_error *err) MUST_CHECK;
void hp_staging_free(struct hp_store *s); /* NULL is fine */
HP_AUTO_PTR(struct hp_store, hp_staging_free);

/* A new file of that kind, for reading and writing. */
int hp_staging_file(int *ret_fd, struct hp_error *err) MUST_CHECK;
