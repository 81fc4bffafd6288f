/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - JSON values: read, built and printed. Numbers keep all 64 bits, signed or not. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct hp_json; /* a value; reading one borrowed from its parent needs no free */

/* Parse a whole text. JSON's null is a NULL pointer.
 * Limits: 16 MiB, 32 levels, 65,536 arrays and objects, 4,096 members of an object.
 * Fails: HP_ECORRUPT, with the offset - no JSON, over a limit, a key twice in one object, a NUL
 * inside a string, bytes that are no UTF-8, text after the value. From: RFC 8259. */
int hp_json_parse(struct hp_bytes text, struct hp_json **ret, struct hp_error *err) MUST_CHECK;
void hp_json_free(struct hp_json *v); /* NULL is fine */
HP_AUTO_PTR(struct hp_json, hp_json_free);

/* Read. All take NULL and values of another type, and then give the "nothing" result. What is
 * returned is borrowed from @v. */
const struct hp_json *hp_json_get(const struct hp_json *v, const char *key);
/* Follow "a.b.c" through objects. */
const struct hp_json *hp_json_path(const struct hp_json *v, const char *path);
size_t hp_json_count(const struct hp_json *v); /* items of an array or object, else 0 */
const struct hp_json *hp_json_at(const struct hp_json *array, size_t i);
const char *hp_json_key_at(const struct hp_json *object, size_t i);
const struct hp_json *hp_json_value_at(const struct hp_json *object, size_t i);
const char *hp_json_str(const struct hp_json *v); /* NULL when it is no string */
const char *hp_json_get_str(const struct hp_json *v, const char *key);
int64_t hp_json_i64(const struct hp_json *v, int64_t otherwise);
uint64_t hp_json_u64(const struct hp_json *v, uint64_t otherwise);
double hp_json_double(const struct hp_json *v, double otherwise); /* integers, too */
bool hp_json_bool(const struct hp_json *v, bool otherwise);
bool hp_json_is_object(const struct hp_json *v);
bool hp_json_is_array(const struct hp_json *v);
bool hp_json_is_null(const struct hp_json *v); /* also true for what is not there */

/* Build. A value that is added to another belongs to it from then on. Bytes of strings that are no
 * UTF-8 become U+FFFD, so that the text is always JSON. */
struct hp_json *hp_json_object(void);
struct hp_json *hp_json_array(void);
struct hp_json *hp_json_new_str(const char *s); /* NULL gives null */
struct hp_json *hp_json_new_i64(int64_t n);
struct hp_json *hp_json_new_u64(uint64_t n);
struct hp_json *hp_json_new_bool(bool b);
struct hp_json *hp_json_new_double(double d);          /* infinite or not a number: null */
struct hp_json *hp_json_copy(const struct hp_json *v); /* deep */
void hp_json_set(struct hp_json *object, const char *key, struct hp_json *take_value);
void hp_json_remove(struct hp_json *object, const char *key); /* missing is fine */
void hp_json_add(struct hp_json *array, struct hp_json *take_value);
void hp_json_set_str(struct hp_json *object, const char *key, const char *s);
void hp_json_set_i64(struct hp_json *object, const char *key, int64_t n);
void hp_json_set_u64(struct hp_json *object, const char *key, uint64_t n);
void hp_json_set_bool(struct hp_json *object, const char *key, bool b);
void hp_json_set_strs(struct hp_json *object, const char *key, const char *const *strings);

/* The text. Owns: the caller. @pretty indents by two. */
char *hp_json_text(const struct hp_json *v, bool pretty);
