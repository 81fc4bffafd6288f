/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - docker's operations, one for each op of the table; see engine_impl.h. */
#pragma once
#include "engine/engine_impl.h"

/* docker.c */
int hp_docker__open_engine(struct hp_engine *e, const struct hp_client_config *config,
			   struct hp_error *err);
void hp_docker__close_engine(struct hp_engine *e);
int hp_docker__version(struct hp_engine *e, struct hp_version *ret, struct hp_error *err);
int hp_docker__info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err);
/* container.c */
int hp_docker__list(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err);
int hp_docker__list_some(struct hp_engine *e, const struct hp_list_filter *filter,
			 struct hp_container_list **ret, struct hp_error *err);
int hp_docker__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
		       struct hp_error *err);
/* life.c */
int hp_docker__start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		     struct hp_stream **ret_stream, struct hp_error *err);
int hp_docker__kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		    struct hp_error *err);
int hp_docker__pause(struct hp_engine *e, const char *ref, struct hp_error *err);
int hp_docker__unpause(struct hp_engine *e, const char *ref, struct hp_error *err);
/* stop.c */
int hp_docker__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		    struct hp_error *err);
int hp_docker__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		      struct hp_error *err);
/* waiter.c */
int hp_docker__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		      struct hp_error *err);
/* images.c */
int hp_docker__images(struct hp_engine *e, struct hp_image_list **ret, struct hp_error *err);
int hp_docker__remove_image(struct hp_engine *e, const char *ref, bool force,
			    struct hp_error *err);
int hp_docker__tag(struct hp_engine *e, const char *ref, const char *name,
		   struct hp_error *err);
/* create.c */
int hp_docker__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		      struct hp_error *err);
/* stdio.c */
int hp_docker__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		      struct hp_error *err);
int hp_docker__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		      uint16_t rows, struct hp_error *err);
/* exec.c */
int hp_docker__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		    struct hp_exec **ret, struct hp_error *err);
/* logs.c */
int hp_docker__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		    struct hp_stream **ret, struct hp_error *err);
/* stats.c */
int hp_docker__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		     struct hp_error *err);
int hp_docker__update(struct hp_engine *e, const char *ref,
		      const struct hp_resources *resources, struct hp_error *err);
/* events.c */
int hp_docker__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err);
/* transfer.c */
int hp_docker__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
		      struct hp_error *err);
int hp_docker__export(struct hp_engine *e, const char *const *refs, int fd,
		      struct hp_error *err);
/* pull.c */
int hp_docker__pull(struct hp_engine *e, const struct hp_pull *what,
		    struct hp_pulled *ret_pulled, struct hp_error *err);
