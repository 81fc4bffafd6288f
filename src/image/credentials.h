/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.h - who we are to a registry: docker's config.json and credential helpers. */
#pragma once
#include "wire/docker_config.h"

/* Find what there is for registry @host. dir: of config.json; NULL: $DOCKER_CONFIG, then
 * ~/.docker. A file that is not there is no credentials.
 * Returns: 1 found, 0 none, -1. Fails: HP_ECORRUPT, HP_EDENIED; HP_ENOCMD - the helper that
 * config.json names is missing; HP_ETIMEOUT - it does not answer. */
int hp_credentials_find(const char *dir, const char *host, struct hp_credentials *ret,
			struct hp_error *err) MUST_CHECK;
