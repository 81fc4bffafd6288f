/* SPDX-License-Identifier: Apache-2.0 */
/* wire-digest.c - digests against published values, chain IDs, and texts that are no digest. */
#include "wire/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* From: FIPS 180-2 appendix B.1, and the well-known digest of nothing. */
#define OF_NOTHING "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ABC     "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_known_values(void **state)
{
	char text[HP_DIGEST_TEXT];

	(void)state;
	hp_digest_of(HP_BYTES(NULL, 0), text);
	assert_string_equal(text, OF_NOTHING);
	hp_digest_of(hp_bytes_str("abc"), text);
	assert_string_equal(text, OF_ABC);
}

static void test_in_pieces(void **state)
{
	AUTO(hp_digest_free) struct hp_digest *d = hp_digest_new();
	char text[HP_DIGEST_TEXT];

	(void)state;
	hp_digest_add(d, "a", 1);
	hp_digest_add(d, "", 0);
	hp_digest_add(d, "bc", 2);
	hp_digest_end(d, text);
	assert_string_equal(text, OF_ABC);
	hp_digest_free(NULL);
}

static void test_valid(void **state)
{
	static const char *const bad[] = {
		"",
		"sha256:",
		"sha256:e3b0",
		"sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		OF_NOTHING "0",
		OF_NOTHING "/../x",
		" " OF_NOTHING,
	};

	(void)state;
	assert_true(hp_digest_valid(OF_NOTHING));
	assert_false(hp_digest_valid(NULL));
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++)
		assert_false(hp_digest_valid(bad[i]));
}

static void test_chain(void **state)
{
	char text[HP_DIGEST_TEXT];
	char by_hand[HP_DIGEST_TEXT];

	(void)state;
	hp_digest_chain(NULL, OF_ABC, text);
	assert_string_equal(text, OF_ABC);
	hp_digest_chain(OF_ABC, OF_NOTHING, text);
	hp_digest_of(hp_bytes_str(OF_ABC " " OF_NOTHING), by_hand);
	assert_string_equal(text, by_hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
