/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - learn what the host can do, and keep it until it boots again. */
#include "vm/host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "vm/kvm.h"
#include "wire/json.h"

#define FILE_MAX   4096
#define MEASURE_MS 20
#define TRIES      16
#define BOOT_ID    "/proc/sys/kernel/random/boot_id"
#define KVM        "/dev/kvm"

struct moment {
	int64_t ns;
	uint64_t cycles;
};

/* Both clocks at once: of some readings the one that was interrupted least. */
static struct moment read_clocks(void)
{
	struct moment best = {0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct timespec t;
		const uint64_t before = HP_CYCLES();
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		const uint64_t took = HP_CYCLES() - before;

		if (took >= least)
			continue;
		least = took;
		best.ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
		best.cycles = before + took / 2;
	}
	return best;
}

unsigned hp_host__measure_tsc(unsigned ms)
{
	const struct moment a = read_clocks();

	hp_clock_sleep_ms(ms);

	const struct moment b = read_clocks();
	const int64_t ns = b.ns - a.ns;
	return ns <= 0 ? 0
		       : (unsigned)((__uint128_t)(b.cycles - a.cycles) * 1000000u /
				    (uint64_t)ns);
}

static int read_boot_id(char ret[64], struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};

	if (hp_file_read(BOOT_ID, 64, &text, err) < 0)
		return -1;

	AUTO_FREE char *line = hp_buf_take_str(&text);
	snprintf(ret, 64, "%.*s", (int)strcspn(line, "\n"), line);
	return 0;
}

/* Returns: whether the file tells of this boot, and of no time before KVM's module was loaded. */
static bool read_known(const char *path, const char *boot, struct hp_host *ret)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_json_free) struct hp_json *top = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_file_read(path, FILE_MAX, &text, &ignored) < 0 ||
	    hp_json_parse(hp_buf_bytes(&text), &top, &ignored) < 0 ||
	    !hp_str_eq(hp_json_get_str(top, "boot"), boot) ||
	    hp_json_bool(hp_json_get(top, "kvm_there"), false) != (access(KVM, F_OK) == 0))
		return false;

	const char *why = hp_json_get_str(top, "kvm_why");
	*ret = (struct hp_host){
		.kvm = hp_json_bool(hp_json_get(top, "kvm"), false),
		.tsc_khz = (unsigned)hp_json_u64(hp_json_get(top, "tsc_khz"), 0),
	};
	snprintf(ret->kvm_why, sizeof(ret->kvm_why), "%s", why ? why : "");
	return true;
}

static int write_known(const char *path, const char *boot, const struct hp_host *h,
		       struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();

	hp_json_set_str(top, "boot", boot);
	hp_json_set_bool(top, "kvm_there", access(KVM, F_OK) == 0);
	hp_json_set_bool(top, "kvm", h->kvm);
	hp_json_set_str(top, "kvm_why", h->kvm_why);
	hp_json_set_u64(top, "tsc_khz", h->tsc_khz);

	AUTO_FREE char *text = hp_json_text(top, true);
	return hp_file_write(path, text, strlen(text), 0644, err);
}

int hp_host_learn(const struct hp_vm_config *c, struct hp_host *ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(c->run_dir, "host.json");
	struct hp_host h = {0};
	char boot[64];

	if (read_boot_id(boot, err) < 0)
		return hp_wrap(err, "learn what the host can do");
	if (read_known(path, boot, ret))
		return 0;
	h.kvm = hp_kvm_works(h.kvm_why, sizeof(h.kvm_why));
	h.tsc_khz = hp_host__measure_tsc(MEASURE_MS);
	if (hp_mkdirs(c->run_dir, 0755, err) < 0 || write_known(path, boot, &h, err) < 0)
		return hp_wrap(err, "keep what the host can do");
	*ret = h;
	return 0;
}

const char *hp_host_accel(const struct hp_host *h, const struct hp_vm_config *c)
{
	if (hp_str_eq(c->accel, "auto"))
		return h->kvm ? "kvm" : "tcg";
	return hp_str_eq(c->accel, "kvm") ? "kvm" : "tcg";
}
