/* SPDX-License-Identifier: Apache-2.0 */
/* net-rpc.c - tests of src/net/rpc.c: messages there and back, by the fake peer. */
#include "net/rpc.h"

#include "peer.h"

#include "fds.h"
#include "types.pb-c.h"

/* A pair as the peer sends it back. */
static Hp__Pair pair_of(const char *key, const char *value)
{
	Hp__Pair pair = HP__PAIR__INIT;

	pair.key = (char *)key;
	pair.value = (char *)value;
	return pair;
}

static void brings_messages_back(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	Hp__Pair pair = pair_of("key", "value");
	AUTO_REPLY Hp__Pair *reply = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	if (hp_rpc_call(HP_RPC_TO(p.g, CHAT, hp_deadline_in(PATIENCE_MS)), &pair.base,
			&hp__pair__descriptor, &reply, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(reply->key, "key");
	assert_string_equal(reply->value, "value");
	/* A reply that nobody wants. */
	assert_int_equal(hp_rpc_call(HP_RPC_TO(p.g, CHAT, hp_deadline_in(PATIENCE_MS)),
				     &pair.base, &hp__pair__descriptor, NULL, &err),
			 0);
}

static void goes_on_message_by_message(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_rpc_begin(HP_RPC_TO(p.g, CHAT, hp_deadline_in(PATIENCE_MS)),
				      &hp__pair__descriptor, &rpc, &err),
			 0);
	for (int i = 0; i < 3; i++) {
		AUTO_REPLY Hp__Pair *reply = NULL;
		Hp__Pair pair = pair_of(i ? "later" : "first", "x");

		assert_int_equal(hp_rpc_next(&rpc, &reply, &err), HP_NEXT_WAIT);
		assert_int_equal(hp_rpc_send(&rpc, &pair.base, i == 2, &err), 0);
		assert_int_equal(hp_rpc_recv(&rpc, &reply, &err), HP_NEXT_ITEM);
		assert_string_equal(reply->key, pair.key);
	}
	AUTO_REPLY Hp__Pair *none = NULL;
	assert_int_equal(hp_rpc_recv(&rpc, &none, &err), HP_NEXT_END);
	assert_null(none);
}

static void refuses_what_does_not_decode(void **state)
{
	/* A field of a length that goes beyond the message. */
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_REPLY Hp__Pair *reply = NULL;

	(void)state;
	assert_int_equal(hp_rpc_begin(HP_RPC_TO(p.g, CHAT, hp_deadline_in(PATIENCE_MS)),
				      &hp__pair__descriptor, &rpc, &err),
			 0);
	assert_int_equal(hp_call_send(rpc.call, HP_BYTES("\x0a\x7f", 2), true, &err), 0);
	assert_int_equal(hp_rpc_recv(&rpc, &reply, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_non_null(strstr(err.msg, "Pair"));
	assert_null(reply);
}

static void passes_failures_on(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	Hp__Pair pair = pair_of("", "");
	AUTO_REPLY Hp__Pair *reply = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_rpc_call(HP_RPC_TO(p.g, "/no/Such", hp_deadline_in(PATIENCE_MS)),
				     &pair.base, &hp__pair__descriptor, &reply, &err),
			 -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_null(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(brings_messages_back),
		FDS_TEST(goes_on_message_by_message),
		FDS_TEST(refuses_what_does_not_decode),
		FDS_TEST(passes_failures_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
