/* SPDX-License-Identifier: Apache-2.0 */
/* wire-x509.c - tests of src/wire/x509.c. */
#include "wire/x509.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "fds.h"
#include "wire/base64.h"

static void reads_a_real_one(void **state)
{
	AUTO_FREE char *path = hp_path_join(getenv("HP_TEST_CORPUS"), "x509/certificate");
	AUTO(hp_buf_free) struct hp_buf pem;
	struct hp_error err = HP_ERROR_INIT;
	int64_t before = 0, after = 0;

	(void)state;
	hp_buf_init(&pem, 1 << 16);
	assert_int_equal(hp_file_read(path, 1 << 16, &pem, &err), 0);
	assert_int_equal(hp_x509_validity(hp_buf_bytes(&pem), &before, &after, &err), 0);
	/* As openssl says: from Nov 30 03:23:48 2026 for two days. */
	assert_int_equal(before, 1796009028);
	assert_int_equal(after - before, 2 * 86400);
}

/* A certificate with these times, and nothing after them. Owns: the caller. */
static char *made(const char *from, const char *until)
{
	uint8_t der[256];
	uint8_t times[64];
	AUTO_FREE char *digits = NULL;
	size_t n = 0;
	const char *const both[] = {from, until};

	for (size_t i = 0; i < 2; i++) {
		const size_t len = strlen(both[i]);
		times[n++] = len == 15 ? 0x18 : 0x17;
		times[n++] = (uint8_t)len;
		memcpy(times + n, both[i], len);
		n += len;
	}
	const uint8_t head[] = {
		0x30, (uint8_t)(11 + n), 0x30, (uint8_t)(9 + n), 0x02, 1, 5, 0x30, 0, 0x30, 0,
		0x30, (uint8_t)n};
	memcpy(der, head, sizeof(head));
	memcpy(der + sizeof(head), times, n);
	digits = hp_base64_text(HP_BYTES(der, sizeof(head) + n));
	return hp_sprintf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
			  digits);
}

static void reads_both_forms_of_time(void **state)
{
	AUTO_FREE char *text = made("700101000001Z", "20500101000000Z");
	AUTO_FREE char *general = made("19700101000001Z", "491231235959Z");
	struct hp_error err = HP_ERROR_INIT;
	int64_t before = 0, after = 0;

	(void)state;
	/* A wrong length is no time: "20500101000000Z" has 15 bytes and is the general form. */
	if (hp_x509_validity(hp_bytes_str(text), &before, &after, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(before, 1);
	assert_int_equal(after, 2524608000);
	assert_int_equal(hp_x509_validity(hp_bytes_str(general), &before, &after, &err), 0);
	assert_int_equal(before, 1);
	assert_int_equal(after, 2524607999);
}

static void refuses_what_is_none(void **state)
{
	AUTO_FREE char *letters = made("7001010000xxZ", "700101000001Z");
	AUTO_FREE char *local = made("7001010000010", "700101000001Z");
	const char *const rows[] = {
		"",
		"-----BEGIN CERTIFICATE-----",
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
		"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
		"-----BEGIN CERTIFICATE-----\nMIIBczCC\n-----END CERTIFICATE-----",
		letters,
		local,
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t before = 0, after = 0;
		assert_int_equal(hp_x509_validity(hp_bytes_str(rows[i]), &before, &after, &err),
				 -1);
		assert_int_equal(err.code, HP_ECORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_a_real_one),
		FDS_TEST(reads_both_forms_of_time),
		FDS_TEST(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
