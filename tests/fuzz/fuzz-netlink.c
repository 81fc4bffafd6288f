/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-netlink.c - what rtnetlink dumps, and verdicts. */
#include "fuzz.h"
#include "net/view.h"

static void check(const struct hp_net_view *v)
{
	for (size_t i = 0; i < v->n_links; i++) {
		const struct hp_net_link *l = &v->links[i];

		FUZZ_CHECK(strnlen(l->name, sizeof(l->name)) < sizeof(l->name));
		FUZZ_CHECK(strnlen(l->kind, sizeof(l->kind)) < sizeof(l->kind));
		FUZZ_CHECK(l->mac_len <= sizeof(l->mac));
	}
	for (size_t i = 0; i < v->n_addresses; i++)
		FUZZ_CHECK(v->addresses[i].ip.len == 4 || v->addresses[i].ip.len == 16);
	for (size_t i = 0; i < v->n_routes; i++)
		FUZZ_CHECK(v->routes[i].gateway.len <= 16 &&
			   v->routes[i].destination.len <= 16);
	for (size_t i = 0; i < v->n_neighbours; i++)
		FUZZ_CHECK(v->neighbours[i].mac_len <= sizeof(v->neighbours[i].mac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct hp_bytes in = HP_BYTES(data, size);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;
	char words[16];
	int sys;

	if (hp_net_view_add(&v, in, &err) < 0)
		FUZZ_CHECK(err.code == HP_EPROTO);
	check(&v);
	hp_error_clear(&err);
	while (hp_netlink_next(&in, &m, &err) > 0) {
		struct hp_error verdict = HP_ERROR_INIT;

		if (hp_netlink_verdict(&m, &sys, words, sizeof(words), &verdict) == 0)
			FUZZ_CHECK(sys >= 0 && strnlen(words, sizeof(words)) < sizeof(words));
	}
	return 0;
}
