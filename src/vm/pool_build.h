/* SPDX-License-Identifier: Apache-2.0 */
/* pool_build.h - a process that makes a template, and how far it is. */
#pragma once
#include "vm/pool.h"

struct hp_pool_build;

struct hp_pool_build_events {
	void *data;
	/* It can be told more than before: the images are made, or it has ended. */
	void (*on_news)(void *data, const struct hp_pool_build *b);
};

/* Run @program to make the template that @request is for. */
int hp_pool_build_start(struct hp_loop *l, const char *program,
			const struct hp_pool_request *request,
			const struct hp_pool_build_events *events, struct hp_pool_build **ret,
			struct hp_error *err) MUST_CHECK;
/* Ends the process too. NULL is fine. */
void hp_pool_build_free(struct hp_pool_build *b);
HP_AUTO_PTR(struct hp_pool_build, hp_pool_build_free);

const char *hp_pool_build_key(const struct hp_pool_build *b);
bool hp_pool_build_has_images(const struct hp_pool_build *b);
/* Returns: when it ended, hp_clock_ms(); 0: it still runs. */
int64_t hp_pool_build_ended(const struct hp_pool_build *b);
/* Why it failed; code HP_OK: it did not. */
const struct hp_error *hp_pool_build_why(const struct hp_pool_build *b);
