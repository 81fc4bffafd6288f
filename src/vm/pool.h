/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - the process that keeps templates in memory, once for all of their clones, and hands them
 * out at run_dir/pool.sock. Whoever needs it starts it; it ends by itself when nobody has. */
#pragma once
#include "vm/template.h"
#include "vm/warm.h"

/* What a client wants, and is given. */
struct hp_pool_request {
	char key[HP_VM_KEY];
	struct hp_shape shape; /* for the process that makes the template, when there is none */
	bool warm;             /* a clone that stands ready is welcome */
};

enum hp_pool_kind {
	HP_POOL_CLONE, /* of this template */
	HP_POOL_COLD,  /* there is none yet: the images to boot from are made */
	HP_POOL_WARM,  /* a clone that stands ready */
};

struct hp_pool_answer {
	enum hp_pool_kind kind;
	struct hp_template template; /* HP_POOL_CLONE; owned */
	struct hp_warm warm;         /* HP_POOL_WARM; owned */
};

#define HP_POOL_ANSWER_INIT                                                                    \
	{                                                                                      \
		.template = HP_TEMPLATE_INIT, .warm = HP_WARM_INIT                             \
	}
void hp_pool_answer_clear(struct hp_pool_answer *a);
HP_AUTO_VALUE(struct hp_pool_answer, hp_pool_answer_clear);

/* Client. @done is called once, also when it fails, and never from inside of hp_pool_ask(). It may
 * free the client, and take what it wants of the answer. */
struct hp_pool_client;
typedef void (*hp_pool_done_fn)(void *data, struct hp_pool_answer *answer,
				const struct hp_error *why);
struct hp_pool_client *hp_pool_ask(struct hp_loop *l, const struct hp_vm_config *c,
				   const struct hp_pool_request *request, hp_pool_done_fn done,
				   void *data);
void hp_pool_client_free(struct hp_pool_client *p); /* NULL is fine */
HP_AUTO_PTR(struct hp_pool_client, hp_pool_client_free);

/* Ask a pool that runs, and wait for its answer for @wait_ms at most.
 * Returns: 1 when it has answered, 0 when it has not, or there is none. Fails: with its failure. */
int hp_pool_try(const struct hp_vm_config *c, const struct hp_pool_request *request,
		int64_t wait_ms, struct hp_pool_answer *ret, struct hp_error *err) MUST_CHECK;

/* Server. */
struct hp_pool_options {
	const struct hp_vm_config *config;
	bool follow; /* they are those of the file of settings: take what it says later too */
	const char *program; /* that makes templates: harpoon */
	int64_t idle_ms;     /* without clients until it ends; 0: never */
};
/* Serve until nobody has asked for idle_ms, until SIGTERM or SIGINT, or until the settings name
 * another run_dir.
 * Fails: HP_EEXISTS - another one runs. */
int hp_pool_serve(const struct hp_pool_options *o, struct hp_error *err) MUST_CHECK;

char *hp_pool_address(const struct hp_vm_config *c); /* Owns: the caller */
