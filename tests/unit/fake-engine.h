/* SPDX-License-Identifier: Apache-2.0 */
/* fake-engine.h - a fake engine for unit tests, and containers in it. What it has in common with
 * every engine is tested by the contract suite; the unit tests look at what is its own. */
#pragma once
#include "engine/fake.h"
#include "keeper-output.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline struct hp_engine *fake_open(void)
{
	struct hp_engine *e = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_engine_open("fake", NULL, &e, &err) < 0)
		fail_msg("%s", err.msg);
	return e;
}

static inline char *fake_create(struct hp_engine *e, const char *const *args)
{
	const struct hp_container_spec spec = {
		.image = "busybox", .args = args, .stdin_open = true};
	struct hp_error err = HP_ERROR_INIT;
	char *id = NULL;

	if (hp_engine_create(e, &spec, &id, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}

static inline char *fake_start(struct hp_engine *e, const char *const *args,
			       struct hp_stream **ret)
{
	struct hp_error err = HP_ERROR_INIT;
	char *id = fake_create(e, args);

	if (hp_engine_start(e, id, 0, 0, ret, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}
