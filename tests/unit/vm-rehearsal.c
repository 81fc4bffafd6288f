/* SPDX-License-Identifier: Apache-2.0 */
/* vm-rehearsal.c - tests of src/vm/rehearsal.c. */
#include "vm/rehearsal.h"

#include <linux/filter.h>

#include "fds.h"
#include "guest.pb-c.h"
#include "guest/request.h"

/* It is what a container has, and the guest takes it. */
static void is_a_container(void **state)
{
	AUTO_FREE unsigned char *bytes = NULL;
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = NULL;
	size_t len = 0;

	(void)state;
	bytes = hp_rehearsal_create(&len);
	assert_int_equal(hp_guest_request_read("Create", HP_BYTES(bytes, len), &m, &err), 0);

	const Hp__Guest__Container *c = ((const Hp__Guest__CreateRequest *)m)->container;
	assert_true(c->rehearsal);
	assert_true(c->pid_namespace && c->ipc_namespace && c->uts_namespace &&
		    c->cgroup_namespace);
	assert_string_equal(c->mounts[0]->destination, "/proc");
	assert_true(c->n_masked_paths > 0 && c->n_readonly_paths > 0);
	assert_true(c->seccomp.len >= sizeof(struct sock_filter));
	assert_false(c->process->outside);
	protobuf_c_message_free_unpacked(m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(is_a_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
