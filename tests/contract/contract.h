/* SPDX-License-Identifier: Apache-2.0 */
/* contract.h - what the tests of the engine contract share. They run unchanged against every
 * engine; the environment says which one:
 *
 *   HP_CONTRACT_ENGINE       its name; "fake" without it
 *   HP_CONTRACT_ADDRESS      where it listens
 *   HP_CONTRACT_IMAGE        an image with busybox in it, which the engine has
 *   HP_CONTRACT_RUNTIME      OCI runtime; the engine's default without it
 *   HP_CONTRACT_SNAPSHOTTER  the same
 *   HP_CONTRACT_LIBEXEC      the folder of harpoon-keeper
 *   HP_CONTRACT_TESTS        only the tests whose names fit this pattern
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <harpoon/harpoon.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "engine/engine_impl.h"

/* Longest wait for anything; whoever needs it has failed. */
#define PATIENCE_MS 30000

/* What every test gets as its state. before: the census before the first test. */
struct contract {
	struct hp_client_config config;
	struct hp_engine *engine;
	const char *name;
	const char *image;
	const char *runtime;
	char *scratch; /* a directory for the engine's data and state, and for ours */
	unsigned made; /* containers, which are named by it */
	struct hp_census before;
};

/* The tests, a table a file. */
extern const struct CMUnitTest contract_lifecycle[];
extern const size_t contract_lifecycle_count;
extern const struct CMUnitTest contract_refusal[];
extern const size_t contract_refusal_count;
extern const struct CMUnitTest contract_stdio[];
extern const size_t contract_stdio_count;
extern const struct CMUnitTest contract_logs[];
extern const size_t contract_logs_count;
extern const struct CMUnitTest contract_exec[];
extern const size_t contract_exec_count;
extern const struct CMUnitTest contract_watch[];
extern const size_t contract_watch_count;
extern const struct CMUnitTest contract_image[];
extern const size_t contract_image_count;

/* Around every test: containers that it leaves are its failure, and are removed. */
int contract_clean(void **state);
#define CONTRACT_TEST(fn) cmocka_unit_test_teardown(fn, contract_clean)

/* Succeed, or fail the test with the engine's words. */
#define OK(call)                                                                               \
	do {                                                                                   \
		struct hp_error err = HP_ERROR_INIT;                                           \
		if ((call) < 0)                                                                \
			fail_msg("%s: %s: %s", #call, hp_code_name(err.code), err.msg);        \
		assert_int_equal(err.code, HP_OK);                                             \
	} while (0)
/* Fail with this code, and with a message. */
#define FAILS(want, call)                                                                      \
	do {                                                                                   \
		struct hp_error err = HP_ERROR_INIT;                                           \
		if ((call) >= 0)                                                               \
			fail_msg("%s: it succeeded", #call);                                   \
		if (err.code != (want))                                                        \
			fail_msg("%s: %s: %s", #call, hp_code_name(err.code), err.msg);        \
		assert_true(err.msg[0]);                                                       \
	} while (0)

/* An argument vector, for make() and specs. */
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What a process wrote; each ends with a NUL. Owns: the caller, until output_clear(). */
struct output {
	char *out;
	char *err;
	size_t out_len;
	size_t err_len;
};
void output_clear(struct output *o);
HP_AUTO_VALUE(struct output, output_clear);

/* A spec with the image, the runtime and a name of its own. */
struct hp_container_spec spec_of(struct contract *c, const char *const *args);
/* Make a container from it. Returns: its id, owned by the caller. */
char *make_spec(struct contract *c, const struct hp_container_spec *spec);
char *make(struct contract *c, const char *const *args);
/* Make one and start it, without a stream. */
char *make_started(struct contract *c, const char *const *args);
void drop(struct contract *c, const char *id); /* remove it by force */
/* Wait for its end. Returns: the exit status. */
int await_exit(struct contract *c, const char *ref);
enum hp_state state_of(struct contract *c, const char *ref);

/* Take the next piece of a stream, waiting for it. Returns: HP_NEXT_ITEM or HP_NEXT_END. */
int next_chunk(struct hp_stream *s, struct hp_chunk *ret);
/* Read it to its end. */
void read_all(struct hp_stream *s, struct output *ret);
/* Read it until @text was there; fails when it ends first. */
void read_until(struct hp_stream *s, const char *text);
/* Write all, waiting for room. */
void write_all(struct hp_stream *s, const char *data, size_t len);
/* Run a container from start to end and remove it. Returns: the exit status. */
int run(struct contract *c, const struct hp_container_spec *spec, struct output *ret);
