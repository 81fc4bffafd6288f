/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-iptables.c - what iptables-save prints, arguments of rules, and rules that the kernel sends. */
#include <string.h>

#include "base/alloc.h"
#include "chaos/iptables.h"
#include "fuzz.h"

static void read_saved(const char *text)
{
	AUTO(hp_buf_free) struct hp_buf removals = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_nft_count dropped;

	hp_buf_init(&removals, 4096);
	if (hp_iptables_read_save(text, "harpoon:r-1", &removals, &dropped, &err) < 0)
		FUZZ_CHECK(err.code == HP_EEXHAUSTED);
	else if (removals.len > 0)
		FUZZ_CHECK(memcmp(removals.data, "-D ", 3) == 0);
}

static void read_args(const uint8_t *data, size_t size)
{
	AUTO(hp_json_free) struct hp_json *args = NULL;
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_json_parse(HP_BYTES(data, size), &args, &err) < 0 ||
	    hp_iptables_read(args, &t, &err) < 0)
		return;
	FUZZ_CHECK(t.count > 0 && t.count <= HP_IPTABLES_RULES_MAX);
	for (size_t i = 0; i < t.count; i++)
		free(hp_iptables_line(&t, &t.rules[i], "m"));
}

static void read_messages(const uint8_t *data, size_t size)
{
	struct hp_bytes in = HP_BYTES(data, size);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;

	while (hp_netlink_next(&in, &m, &err) > 0) {
		struct hp_nft_table table;
		struct hp_nft_chain chain;
		struct hp_nft_rule rule;
		uint32_t generation;

		if (hp_nft_read_table(&m, &table, &err) < 0 ||
		    hp_nft_read_chain(&m, &chain, &err) < 0 ||
		    hp_nft_read_generation(&m, &generation, &err) < 0 ||
		    hp_nft_read_rule(&m, &rule, &err) < 0)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup(size > 0 ? (const char *)data : "", size);

	read_saved(text);
	read_args(data, size);
	read_messages(data, size);
	return 0;
}
