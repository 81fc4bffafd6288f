/* SPDX-License-Identifier: Apache-2.0 */
/* passwd.h - resolve "user[:group]" against the texts of a passwd and a group file.
 * From: passwd(5), group(5); docker's rules for --user. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

struct hp_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t *gids; /* additional groups, gid not among them; n_gids */
	size_t n_gids;
	char *home; /* "/" when unknown */
};
/* @user: "", "name", "uid", "name:group", "uid:gid"; "" is root. @extra_groups: names or numbers,
 * may be NULL. Numbers need no entry. Additional groups come from the group file only when no
 * group was given.
 * Fails: HP_ENOTFOUND - no such user or group; HP_EINVALID - a number over 2^31-1. */
int hp_user_resolve(const char *user, struct hp_bytes passwd, struct hp_bytes group,
		    const char *const *extra_groups, struct hp_user *ret,
		    struct hp_error *err) MUST_CHECK;
void hp_user_clear(struct hp_user *u);
HP_AUTO_VALUE(struct hp_user, hp_user_clear);
