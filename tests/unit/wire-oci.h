/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci.h - a container to describe, and shorthand to look into what came out. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "wire/oci_parts.h"

static const char *const oci_true[] = {"/bin/true", NULL};

/* A complete input; tests change what they are about. */
struct oci_case {
	struct hp_container_spec spec;
	struct hp_image_config image;
	struct hp_user user;
	struct hp_oci_input in;
};

static inline void oci_case_init(struct oci_case *c)
{
	*c = (struct oci_case){
		.spec = {.image = "i", .args = oci_true},
		.image = {.user = (char *)(uintptr_t) "", .workdir = (char *)(uintptr_t) ""},
		.user = {.home = (char *)(uintptr_t) "/root"},
	};
	c->in = (struct hp_oci_input){
		.spec = &c->spec,
		.image = &c->image,
		.user = &c->user,
		.id = "c1",
		.cgroups_path = "/default/c1",
		.hostname = "box",
	};
}

static inline struct hp_json *oci_parse(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	if (hp_json_parse(hp_bytes_str(text), &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

/* The whole document; fails the test when there is none. */
static inline struct hp_json *oci_build(struct oci_case *c)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	if (hp_oci_spec_build(&c->in, &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

/* It must be refused, saying @why. */
static inline void oci_refuse(struct oci_case *c, const char *why)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	assert_int_equal(hp_oci_spec_build(&c->in, &v, &err), -1);
	assert_null(v);
	assert_int_equal(err.code, HP_EINVALID);
	if (!strstr(err.msg, why))
		fail_msg("'%s' does not say '%s'", err.msg, why);
}

/* The text of what @path leads to. */
static inline void assert_at(const struct hp_json *v, const char *path, const char *text)
{
	AUTO_FREE char *found = hp_json_text(hp_json_path(v, path), false);

	assert_string_equal(found, text);
}

/* The text of the entry of @list whose member @key is @value; "null" when there is none. */
static inline char *entry_text(const struct hp_json *list, const char *key, const char *value)
{
	for (size_t i = 0; i < hp_json_count(list); i++)
		if (hp_str_eq(hp_json_get_str(hp_json_at(list, i), key), value))
			return hp_json_text(hp_json_at(list, i), false);
	return hp_strdup("null");
}

static inline void assert_mount(const struct hp_json *config, const char *target,
				const char *text)
{
	AUTO_FREE char *found =
		entry_text(hp_json_get(config, "mounts"), "destination", target);

	assert_string_equal(found, text);
}
