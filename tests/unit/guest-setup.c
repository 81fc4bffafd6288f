/* SPDX-License-Identifier: Apache-2.0 */
/* guest-setup.c - tests of src/guest/setup.c, where this host's own clock is left alone. */
#include "guest/setup.h"

#include <errno.h>
#include <sys/random.h>

#include "apart.h"
#include "base/str.h"

static int is_named(void *arg)
{
	Hp__Guest__SetupRequest r = HP__GUEST__SETUP_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	char name[65] = "";

	(void)arg;
	r.hostname = (char *)"machine-7";
	APART_DONE(hp_guest_setup(&r, &err), &err);
	APART_CHECK(gethostname(name, sizeof(name)) == 0 && hp_str_eq(name, "machine-7"));
	/* What is not said stays. */
	r.hostname = (char *)"";
	APART_DONE(hp_guest_setup(&r, &err), &err);
	APART_CHECK(gethostname(name, sizeof(name)) == 0 && hp_str_eq(name, "machine-7"));
	r.hostname =
		(char *)"a-name-that-is-longer-than-the-sixty-four-bytes-which-linux-takes-at-most";
	APART_CHECK(hp_guest_setup(&r, &err) < 0);
	APART_CHECK(hp_str_starts(err.msg, "set hostname 'a-name"));
	return 0;
}

static void names_the_machine(void **state)
{
	(void)state;
	assert_int_equal(apart(is_named, NULL), 0);
}

/* More chance hurts no host. */
static void credits_entropy(void **state)
{
	Hp__Guest__SetupRequest r = HP__GUEST__SETUP_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	uint8_t bytes[32];

	(void)state;
	assert_int_equal(getrandom(bytes, sizeof(bytes), 0), sizeof(bytes));
	r.entropy = (ProtobufCBinaryData){.data = bytes, .len = sizeof(bytes)};
	if (hp_guest_setup(&r, &err) < 0)
		fail_msg("%s", err.msg);
}

static int may_not(void *arg)
{
	Hp__Guest__SetupRequest r = HP__GUEST__SETUP_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	uint8_t bytes[4] = {0};

	(void)arg;
	APART_CHECK(setresuid(65534, 65534, 65534) == 0);
	r.unix_ns = 1;
	APART_CHECK(hp_guest_setup(&r, &err) < 0);
	APART_CHECK(err.code == HP_EDENIED && hp_str_starts(err.msg, "set the clock"));
	hp_error_clear(&err);
	r.unix_ns = 0;
	r.entropy = (ProtobufCBinaryData){.data = bytes, .len = sizeof(bytes)};
	APART_CHECK(hp_guest_setup(&r, &err) < 0);
	APART_CHECK(err.sys == EPERM && hp_str_starts(err.msg, "credit entropy"));
	return 0;
}

static void tells_what_it_may_not(void **state)
{
	(void)state;
	assert_int_equal(apart(may_not, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_the_machine),
		FDS_TEST(credits_entropy),
		FDS_TEST(tells_what_it_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
