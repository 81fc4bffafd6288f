/* SPDX-License-Identifier: Apache-2.0 */
/* shim-msg.c - tests of src/shim/msg.c. */
#include "shim/msg.h"

#include <string.h>

#include "fds.h"
#include "shim.pb-c.h"

static void packs_and_unpacks(void **state)
{
	Hp__Shim__KillRequest r = HP__SHIM__KILL_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	r.id = (char *)(uintptr_t) "web";
	r.signal = 9;
	packed = hp_shim_pack(&r.base);
	assert_int_equal(
		hp_shim_unpack(&hp__shim__kill_request__descriptor, packed.bytes, &m, &err), 0);
	assert_string_equal(((Hp__Shim__KillRequest *)(void *)m)->id, "web");
	assert_int_equal(((Hp__Shim__KillRequest *)(void *)m)->signal, 9);
	hp_shim_msg_free(NULL);
}

static void refuses_other_bytes(void **state)
{
	ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_unpack(&hp__shim__kill_request__descriptor,
					hp_bytes_str("\x0a\xff"), &m, &err),
			 -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_non_null(strstr(err.msg, "KillRequest"));
	assert_null(m);
}

static void knows_times_and_types(void **state)
{
	Hp__Any any = HP__ANY__INIT;
	Hp__Timestamp t = hp_shim_time(1700000000123456789);

	(void)state;
	assert_int_equal(t.seconds, 1700000000);
	assert_int_equal(t.nanos, 123456789);
	assert_string_equal(hp_shim_any_type(NULL), "");
	any.type_url = (char *)(uintptr_t) "a.B";
	assert_string_equal(hp_shim_any_type(&any), "a.B");
	any.type_url = (char *)(uintptr_t) "type.googleapis.com/a.B";
	assert_string_equal(hp_shim_any_type(&any), "a.B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(packs_and_unpacks),
		FDS_TEST(refuses_other_bytes),
		FDS_TEST(knows_times_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
