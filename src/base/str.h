/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strings: tests, numbers with units, and vectors of strings. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

bool hp_str_eq(const char *a, const char *b); /* two NULLs are equal */
bool hp_str_starts(const char *s, const char *prefix);
bool hp_str_ends(const char *s, const char *suffix);
bool hp_str_empty(const char *s); /* NULL or "" */

/* The length of the character that begins @text of @len bytes, 0 when there is none or its bytes are
 * no UTF-8. From: RFC 3629 section 4. */
size_t hp_str_utf8_len(const void *text, size_t len);

/* Parse a whole text. Fails: HP_EINVALID, naming the text and the form expected; HP_ERANGE when it
 * does not fit. */
int hp_str_u64(const char *s, uint64_t *ret, struct hp_error *err) MUST_CHECK;
int hp_str_i64(const char *s, int64_t *ret, struct hp_error *err) MUST_CHECK;
/* "64m", "1.5g", "512", "1GiB": units b k m g t, powers of 1024 as docker's limits. */
int hp_str_size(const char *s, int64_t *ret_bytes, struct hp_error *err) MUST_CHECK;
/* "1.5" to 1,500,000,000; at most 9 digits after the point, no sign, no exponent. */
int hp_str_nano(const char *s, int64_t *ret_nano, struct hp_error *err) MUST_CHECK;
/* Go's durations, "1h2m3.5s", "300ms"; a bare number is seconds. */
int hp_str_duration(const char *s, int64_t *ret_ms, struct hp_error *err) MUST_CHECK;
bool hp_str_bool(const char *s, bool *ret); /* true false 1 0 yes no on off; false: is none */

int hp_str_hex_digit(char c); /* its value, -1 when it is none */

/* Bytes for people: "12.3 MiB". Owns: the caller. */
char *hp_str_human_bytes(uint64_t bytes);

/* A NULL-terminated vector of owned strings. items is NULL while empty. */
struct hp_strv {
	char **items;
	size_t count;
};
void hp_strv_add(struct hp_strv *v, const char *s);
void hp_strv_take(struct hp_strv *v, char *take_s);
void hp_strv_addf(struct hp_strv *v, const char *fmt, ...) PRINTF(2, 3);
bool hp_strv_has(const struct hp_strv *v, const char *s);
void hp_strv_free(struct hp_strv *v); /* empties it */
HP_AUTO_VALUE(struct hp_strv, hp_strv_free);
/* Split at each @sep; an empty text gives no item. */
void hp_strv_split(struct hp_strv *v, const char *s, char sep);
/* The words between any of @separators; none of them is empty. */
void hp_strv_words(struct hp_strv *v, const char *s, const char *separators);
char *hp_strv_join(const char *const *items, const char *sep); /* Owns: the caller */
/* The NULL-terminated view for calls that take const char *const *. */
const char *const *hp_strv_view(const struct hp_strv *v);

/* An identifier as containerd accepts it: [A-Za-z0-9]+([._-][A-Za-z0-9]+)*, at most 76 bytes.
 * Fails: HP_EINVALID, saying that @what is wrong. From: containerd/identifiers validate.go. */
int hp_str_check_id(const char *what, const char *id, struct hp_error *err) MUST_CHECK;
