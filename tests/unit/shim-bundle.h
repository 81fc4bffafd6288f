/* SPDX-License-Identifier: Apache-2.0 */
/* shim-bundle.h - what tests of the shim share: bundles, their specs unpacked, a loop to turn. */
#pragma once
#include "base/clock.h"
#include "base/loop.h"
#include "guest.pb-c.h"
#include "scratch.h"
#include "shim/spec.h"

/* Turn the loop until @flag is set, at most 20 s. */
static inline void turn_until(struct hp_loop *l, const bool *flag)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t deadline = hp_deadline_in(20000);

	while (!*flag && hp_deadline_left_ms(deadline) > 0)
		if (hp_loop_once(l, 100, &err) < 0)
			fail_msg("%s", err.msg);
	assert_true(*flag);
}

/* Turn it for so long. */
static inline void turn_for(struct hp_loop *l, int64_t ms)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t deadline = hp_deadline_in(ms);

	while (hp_deadline_left_ms(deadline) > 0)
		if (hp_loop_once(l, hp_deadline_left_ms(deadline), &err) < 0)
			fail_msg("%s", err.msg);
}

/* A process, root and namespace that nothing is wrong with. Their end is not closed, so that more can
 * be put after them. */
#define CONFIG_BEGIN                                                                           \
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"                            \
	"\"process\":{\"args\":[\"true\"],\"cwd\":\"/\"}"

/* Read @config as a bundle's. Returns: NULL with @err filled. */
static inline struct hp_shim_spec *spec_try(const char *config, struct hp_error *err)
{
	AUTO(scratch_free) char *bundle = scratch_new();
	AUTO_FREE char *path = scratch_file(bundle, "config.json", config);
	struct hp_shim_spec *spec = NULL;

	if (hp_shim_spec_read(bundle, &spec, err) < 0)
		return NULL;
	return spec;
}

static inline struct hp_shim_spec *spec_of(const char *config)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_spec *spec = spec_try(config, &err);

	if (!spec)
		fail_msg("%s", err.msg);
	return spec;
}

/* Does reading @config fail with @code and a message that has @words? */
static inline void spec_refused(const char *config, enum hp_code code, const char *words)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_spec *spec = spec_try(config, &err);

	assert_null(spec);
	if (err.code != code || !strstr(err.msg, words))
		fail_msg("code %d, '%s' and not '%s'", err.code, err.msg, words);
}

/* What the guest is asked for. Owns: the caller, hp__guest__create_request__free_unpacked(). */
static inline Hp__Guest__CreateRequest *spec_create(const struct hp_shim_spec *spec,
						    struct hp_shim_streams streams)
{
	AUTO(hp_buf_free) struct hp_buf packed;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__CreateRequest *request;

	hp_buf_init(&packed, 1 << 20);
	if (hp_shim_spec_create(spec, "c1", &streams, NULL, &packed, &err) < 0)
		fail_msg("%s", err.msg);
	request = hp__guest__create_request__unpack(NULL, packed.len, packed.data);
	assert_non_null(request);
	return request;
}

static inline Hp__Guest__CreateRequest *create_of(const char *config)
{
	AUTO(hp_shim_spec_free) struct hp_shim_spec *spec = spec_of(config);

	return spec_create(spec, (struct hp_shim_streams){0});
}

static inline void create_free(Hp__Guest__CreateRequest *request)
{
	hp__guest__create_request__free_unpacked(request, NULL);
}
HP_AUTO_PTR(Hp__Guest__CreateRequest, create_free);

/* Is there a warning with @words? */
static inline bool warned(const struct hp_shim_spec *spec, const char *words)
{
	const struct hp_strv *list = hp_shim_spec_warnings(spec);

	for (size_t i = 0; i < list->count; i++)
		if (strstr(list->items[i], words))
			return true;
	return false;
}
